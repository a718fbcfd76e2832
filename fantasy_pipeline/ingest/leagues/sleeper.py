"""Read leagues of Sleeper: public JSON, without a login.

A league has an id per season; `previous_league_id` leads to the season before. Rosters of a week
are in its match-ups; injured reserve and taxi squad are known as of today only. Before 2021 the
match-ups have no points per player, and `starters_points` is not in the order of `starters`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from fantasy_pipeline.errors import LastingError, NotPublishedError, PipelineError
from fantasy_pipeline.football.slots import starting_slots
from fantasy_pipeline.football.teams import CURRENT_CODE
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.base import (
    DATASET,
    LAST_WEEK,
    Json,
    LeagueSeason,
    LeagueWeek,
    Playoffs,
    Spot,
    Team,
    TeamGame,
    opponents_by_team,
    require,
    without_wrong_weeks,
)

URL = "https://api.sleeper.app/v1/league/{league}"
PLAYERS_URL = "https://api.sleeper.app/v1/players/nfl"
TRENDING_URL = f"{PLAYERS_URL}/trending/add?lookback_hours=24&limit=10"
EMPTY = "0"
"""Sleeper's id of a slot without a player."""
_SPORT = "nfl"
_TWO_WEEK_ROUNDS = 2
_NOT_DRAWN = ("pre_draft", "drafting")
"""Status of a league whose rosters and pairings do not exist yet."""


class Sleeper:
    """The adapter; each address is requested once per instance."""

    id_column = "sleeper_id"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def season(self, league_id: str, season: int | None = None) -> LeagueSeason:
        if not re.fullmatch(r"\d{1,30}", league_id):
            raise PipelineError(
                f"league {league_id!r}: a Sleeper league id is a number; copy it from the league's "
                "address, sleeper.com/leagues/ID."
            )
        url = URL.format(league=league_id)
        league = self._get(url, season)
        if league is None:
            raise _unknown(league_id)
        league = require(league, dict, f"league {league_id}")
        if (sport := league.get("sport", _SPORT)) != _SPORT:
            raise PipelineError(f"league {league_id} is a league of the sport {sport}: check it")
        number = int(league["season"])
        rosters = require(self._get(f"{url}/rosters", number), list, "rosters")
        settings = league.get("settings") or {}
        teams = self._teams(league_id, number, rosters, bool(settings.get("divisions")))
        playoff_week = settings.get("playoff_week_start") or None
        previous = str(league.get("previous_league_id") or "")
        return LeagueSeason(
            platform="sleeper",
            league_id=str(league.get("league_id") or league_id),
            season=number,
            title=str(league.get("name") or league_id),
            slots=[str(slot) for slot in league.get("roster_positions") or []],
            scoring=require(league.get("scoring_settings") or {}, dict, "scoring_settings"),
            teams=teams,
            playoff_week=playoff_week,
            median_game=bool(settings.get("league_average_match")),
            previous=previous if previous.strip("0") else None,
            playoffs=_playoffs(settings),
            opponents=self._pairings(league, number, teams, playoff_week),
            more={
                "status": league.get("status"),
                "best_ball": bool(settings.get("best_ball")),
                "playoff_round_type": settings.get("playoff_round_type") or 0,
                "reserve": {str(row["roster_id"]): row.get("reserve") or [] for row in rosters},
                "taxi": {str(row["roster_id"]): row.get("taxi") or [] for row in rosters},
            },
        )

    def week(self, of: LeagueSeason, week: int) -> LeagueWeek:
        if week > LAST_WEEK:
            return LeagueWeek()
        url = f"{URL.format(league=of.league_id)}/matchups/{week}"
        rows = require(self._get(url, of.season, week) or [], list, f"matchups {week}")
        if not any(row.get("players") for row in rows):
            return LeagueWeek()
        opponents = _opponents(rows)
        rounds = self._playoff_rounds(of, week)
        found = LeagueWeek()
        for row in rows:
            team = str(row["roster_id"])
            spots, empty = _spots(row, of)
            found.spots += spots
            custom = row.get("custom_points")
            points = row.get("points") if custom is None else custom
            found.games.append(
                TeamGame(
                    team, opponents.get(team), points, empty, rounds.get(team), custom is not None
                )
            )
        return found

    def current(self, of: LeagueSeason) -> LeagueWeek:
        url = f"{URL.format(league=of.league_id)}/rosters"
        rows = require(self._get(url, of.season), list, "rosters")
        return LeagueWeek([spot for row in rows for spot in _spots(row, of)[0]])

    def _pairings(
        self, league: Json, season: int, teams: list[Team], playoff_week: int | None
    ) -> dict[str, list[str]]:
        """Return the opponents of the regular season; Sleeper draws them before week 1."""
        if playoff_week is None or league.get("status") in _NOT_DRAWN:
            return {}
        pairs: list[tuple[int, str, str | None]] = []
        for week in range(1, playoff_week):
            url = f"{URL.format(league=league['league_id'])}/matchups/{week}"
            with without_wrong_weeks():
                rows = require(self._get(url, season, week) or [], list, f"matchups {week}")
                pairs += [(week, team, other) for team, other in _opponents(rows).items()]
        return opponents_by_team([team.team_id for team in teams], playoff_week - 1, pairs)

    def players(self) -> dict[str, Json]:
        """Return Sleeper's list of all players by id; empty if it cannot be had."""
        try:
            answer = self._get(PLAYERS_URL, None)
        except NotPublishedError:
            return {}
        return dict(require(answer, dict, "players"))

    def trending_adds(self) -> dict[str, int]:
        """Return how many managers of Sleeper added each player in the last day, by Sleeper's id.

        Raises:
            SourceError: Sleeper failed, or its answer has another format.
        """
        rows = require(self._get(TRENDING_URL, None), list, "trending")
        try:
            return {str(row["player_id"]): int(row["count"]) for row in rows}
        except (KeyError, TypeError, ValueError) as error:
            raise LastingError(
                "trending", f"an answer of Sleeper lacks {error}", "Update fantasy_pipeline."
            ) from error

    def _teams(
        self, league_id: str, season: int, rosters: list[Json], has_divisions: bool
    ) -> list[Team]:
        users = require(self._get(f"{URL.format(league=league_id)}/users", season), list, "users")
        by_id = {user["user_id"]: user for user in users}
        teams = []
        for row in rosters:
            owners = (row.get("owner_id"), *(row.get("co_owners") or []))
            users_of = [by_id[owner] for owner in owners if owner in by_id]
            user = users_of[0] if users_of else {}
            name = (user.get("metadata") or {}).get("team_name") or user.get("display_name")
            managers = [str(one["display_name"]) for one in users_of if one.get("display_name")]
            division = (row.get("settings") or {}).get("division")
            teams.append(
                Team(
                    str(row["roster_id"]),
                    name,
                    ", ".join(managers) or None,
                    str(division) if division and has_divisions else None,
                )
            )
        return teams

    def _playoff_rounds(self, of: LeagueSeason, week: int) -> dict[str, int]:
        """Return the round of each team that plays in the winners' bracket in a week."""
        if of.playoff_week is None or week < of.playoff_week:
            return {}
        try:
            url = f"{URL.format(league=of.league_id)}/winners_bracket"
            bracket = require(self._get(url, of.season) or [], list, "winners_bracket")
        except NotPublishedError:
            return {}
        rounds = max((game["r"] for game in bracket), default=0)
        weeks = week - of.playoff_week
        kind = of.more.get("playoff_round_type", 0)
        # Types: one week per round; a final of two weeks; two weeks per round.
        number = 1 + (weeks // 2 if kind == _TWO_WEEK_ROUNDS else weeks)
        if kind == 1:
            number = min(number, rounds)
        games = [game for game in bracket if game["r"] == number]
        teams = [game.get(side) for game in games for side in ("t1", "t2")]
        return {str(team): number for team in teams if team is not None}

    def _get(self, url: str, season: int | None, week: int | None = None) -> Any:
        try:
            fetched = self._transport.fetch(url, DATASET, season, week)
        except NotPublishedError as error:
            if url.count("/") == URL.count("/"):
                raise _unknown(url.rpartition("/")[2]) from error
            raise
        return json.loads(fetched.path.read_bytes())


def _playoffs(settings: Json) -> Playoffs:
    teams = settings.get("playoff_teams") or None
    kind = settings.get("playoff_round_type") or 0
    rounds = 0 if teams is None else (int(teams) - 1).bit_length()
    # Types: one week per round; a final of two weeks; two weeks per round.
    weeks = [2 if kind == _TWO_WEEK_ROUNDS else 1] * rounds
    if weeks and kind == 1:
        weeks[-1] = 2
    return Playoffs(teams, weeks, bool(settings.get("playoff_seed_type")))


def _unknown(league_id: str) -> NotPublishedError:
    return NotPublishedError(
        DATASET,
        f"Sleeper has no league {league_id}",
        "Check the id in the league's address, sleeper.com/leagues/ID.",
    )


def _opponents(rows: list[Json]) -> dict[str, str]:
    """Return each team's opponent; a team without a match-up has none.

    Raises:
        PipelineError: more than two teams share a match-up.
    """
    by_game: dict[Any, list[str]] = {}
    for row in rows:
        if row.get("matchup_id") is not None:
            by_game.setdefault(row["matchup_id"], []).append(str(row["roster_id"]))
    for game, teams in by_game.items():
        if len(teams) > 2:
            raise PipelineError(f"match-up {game} has {len(teams)} teams, not 2")
    pairs = [teams for teams in by_game.values() if len(teams) == 2]
    return {team: other for a, b in pairs for team, other in ((a, b), (b, a))}


def _spots(row: Json, of: LeagueSeason) -> tuple[list[Spot], int]:
    """Return a team's players in one week, and the number of its empty slots."""
    team = str(row["roster_id"])
    slots = starting_slots(of.slots)
    starters = [str(player) for player in row.get("starters") or []]
    points = row.get("players_points") or {}
    # A player may be in two slots of a wrong answer: the first one counts.
    number_of: dict[str, int] = {}
    for at, player in enumerate(starters):
        if player != EMPTY:
            number_of.setdefault(player, at)
    players = dict.fromkeys([*map(str, row.get("players") or []), *number_of])
    out = {
        str(player): slot
        for slot, key in (("TAXI", "taxi"), ("IR", "reserve"))
        for player in of.more.get(key, {}).get(team, [])
    }
    spots = []
    for player in players:
        number = number_of.get(player)
        slot = out.get(player, "BN")
        if number is not None:
            slot = slots[number] if number < len(slots) else "BN"
        is_defence = player.isalpha()
        spots.append(
            Spot(
                team,
                player,
                slot,
                number,
                points.get(player),
                team=CURRENT_CODE.get(player, player) if is_defence else None,
                positions=("DEF",) if is_defence else (),
            )
        )
    return spots, starters.count(EMPTY)

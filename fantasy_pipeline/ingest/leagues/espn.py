"""Read leagues of ESPN: one id for all seasons; a private league needs two cookies of a login.

A box score has the whole roster of a week, with the points of each player.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fantasy_pipeline.errors import NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.football.slots import slot_numbers
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.base import (
    DATASET,
    HEAD_TO_HEAD,
    POINTS,
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

URL = (
    "https://lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/{season}/segments/0/leagues"
    "/{league}"
)
BOX_SCORES = (
    "?scoringPeriodId={week}&view=mMatchupScore&view=mBoxscore&view=mSettings&view=mRosterSettings"
)
SLOTS: Mapping[int, str] = {
    0: "QB",
    2: "RB",
    3: "WRRB_FLEX",
    4: "WR",
    5: "REC_FLEX",
    6: "TE",
    7: "SUPER_FLEX",
    8: "DL",
    9: "DL",
    10: "LB",
    11: "DL",
    12: "DB",
    13: "DB",
    14: "DB",
    15: "IDP_FLEX",
    16: "DEF",
    17: "K",
    18: "P",
    20: "BN",
    21: "IR",
    23: "FLEX",
    24: "DL",
}
"""Slots by ESPN's id; those of head coaches and team quarterbacks keep ESPN's number as name."""
_POSITIONS = {0: "QB", 2: "RB", 4: "WR", 6: "TE", 10: "LB", 11: "DL", 14: "DB", 16: "DEF", 17: "K"}
_TEAM_OF_DEFENCE: Mapping[int, str] = dict(
    enumerate(
        (
            *("", "ATL", "BUF", "CHI", "CIN", "CLE", "DAL", "DEN", "DET", "GB", "TEN", "IND"),
            *("KC", "LV", "LA", "MIA", "MIN", "NE", "NO", "NYG", "NYJ", "PHI", "ARI", "PIT"),
            *("LAC", "SF", "SEA", "TB", "WAS", "CAR", "JAX", "", "", "BAL", "HOU"),
        )
    )
)
"""NFL teams by ESPN's id; the id of a team's defence is -16000 minus the team's."""
_FIRST_DEFENCE = -16000


class Espn:
    """The adapter; each address is requested once per instance.

    Args:
        cookies: values of the cookies ``espn_s2`` and ``SWID``; None for public leagues.
    """

    id_column = "espn_id"

    def __init__(self, transport: Transport, cookies: tuple[str, str] | None = None) -> None:
        self._transport = transport
        self._headers: dict[str, str] = {}
        if cookies is not None:
            self._headers = {"Cookie": f"espn_s2={cookies[0]}; SWID={cookies[1]}"}

    def season(self, league_id: str, season: int | None = None) -> LeagueSeason:
        if not re.fullmatch(r"\d{1,15}", league_id):
            raise PipelineError(
                f"league {league_id!r}: an ESPN league id is a number; copy it from the league's "
                "address, leagueId=ID."
            )
        if season is None:
            raise PipelineError(
                f"league {league_id}: ESPN answers for one season; name the season."
            )
        url = URL.format(season=season, league=league_id)
        answer = require(self._get(f"{url}?view=mSettings", season), dict, f"league {league_id}")
        teams = require(self._get(f"{url}?view=mTeam", season), dict, "teams")
        settings = require(answer.get("settings"), dict, "settings")
        schedule = settings.get("scheduleSettings") or {}
        playoff_week = _playoff_week(schedule)
        of_teams = _teams(teams, schedule)
        before = list(answer.get("status", {}).get("previousSeasons", []))
        return LeagueSeason(
            platform="espn",
            league_id=str(answer.get("id", league_id)),
            season=int(answer["seasonId"]),
            title=str(settings.get("name") or league_id),
            slots=_slots(settings),
            scoring=require(settings["scoringSettings"]["scoringItems"], list, "scoringItems"),
            teams=of_teams,
            playoff_week=playoff_week,
            playoffs=_playoffs(schedule),
            opponents=self._pairings(url, season, schedule, of_teams, playoff_week),
            matchup_weeks=_matchup_weeks(schedule),
            more={
                "previous_seasons": before,
                "regular_periods": schedule.get("matchupPeriodCount"),
            },
        )

    def week(self, of: LeagueSeason, week: int) -> LeagueWeek:
        url = URL.format(season=of.season, league=of.league_id) + BOX_SCORES.format(week=week)
        answer = require(self._get(url, of.season, week), dict, f"box scores of week {week}")
        at = answer.get("seasonId", of.season), answer.get("scoringPeriodId", week)
        if at != (of.season, week):
            raise PipelineError(f"the answer is about season {at[0]} week {at[1]}")
        found = LeagueWeek()
        for game in answer.get("schedule", []):
            sides = [game[side] for side in ("home", "away") if side in game]
            played = [side for side in sides if "rosterForCurrentScoringPeriod" in side]
            for side in played:
                others = [str(other["teamId"]) for other in sides if other is not side]
                spots = _spots(
                    of.slots, str(side["teamId"]), side["rosterForCurrentScoringPeriod"], week
                )
                found.spots += spots
                found.games.append(
                    TeamGame(
                        str(side["teamId"]),
                        others[0] if others else None,
                        _points_of(side, week),
                        of.empty_slots(spots),
                        _playoff_round(game, of),
                        bool(side.get("adjustment")),
                    )
                )
        return found

    def current(self, of: LeagueSeason) -> LeagueWeek:
        url = f"{URL.format(season=of.season, league=of.league_id)}?view=mRoster"
        answer = require(self._get(url, of.season), dict, "rosters")
        teams = require(answer.get("teams"), list, "teams")
        return LeagueWeek(
            [
                spot
                for team in teams
                if "roster" in team
                for spot in _spots(of.slots, str(team["id"]), team["roster"], 0)
            ]
        )

    def _pairings(
        self, url: str, season: int, schedule: Json, teams: list[Team], playoff_week: int | None
    ) -> dict[str, list[str]]:
        """Return the opponents of the regular season: the box scores of any week have all games."""
        if playoff_week is None:
            return {}
        periods = schedule.get("matchupPeriods") or {}
        pairs: list[tuple[int, str, str | None]] = []
        with without_wrong_weeks():
            answer = self._get(url + BOX_SCORES.format(week=1), season, 1)
            for game in require(answer, dict, "box scores of week 1").get("schedule", []):
                sides = [str(game[side]["teamId"]) for side in ("home", "away") if side in game]
                if len(sides) == 2:
                    for week in periods.get(str(game.get("matchupPeriodId")), []):
                        pairs += [(week, sides[0], sides[1]), (week, sides[1], sides[0])]
        return opponents_by_team([team.team_id for team in teams], playoff_week - 1, pairs)

    def _get(self, url: str, season: int, week: int | None = None) -> Any:
        try:
            fetched = self._transport.fetch(url, DATASET, season, week, self._headers)
        except NotPublishedError as error:
            raise NotPublishedError(
                DATASET,
                f"ESPN has no league at {url.partition('?')[0]}",
                "Check the id (leagueId=ID in the league's address) and the season.",
                season,
                week,
            ) from error
        except SourceError as error:
            if "HTTP 401" in error.cause or "HTTP 403" in error.cause:
                raise SourceError(
                    DATASET,
                    "ESPN refuses to show the league: it is private",
                    "Set FANTASY_ESPN_S2 and FANTASY_ESPN_SWID to the cookies espn_s2 and SWID of "
                    "a member's login.",
                    season,
                    week,
                ) from error
            raise
        return json.loads(fetched.path.read_bytes())


def _slots(settings: Json) -> list[str]:
    """Return the slots of a roster, in the order of ESPN's ids."""
    counts = settings["rosterSettings"]["lineupSlotCounts"]
    return [
        SLOTS.get(int(slot), slot)
        for slot, count in sorted(counts.items(), key=lambda item: int(item[0]))
        for _ in range(int(count))
    ]


def _teams(answer: Json, schedule: Json) -> list[Team]:
    names = {member["id"]: member.get("displayName") for member in answer.get("members", [])}
    divisions = {row["id"]: row.get("name") for row in schedule.get("divisions") or []}
    teams = []
    for row in answer.get("teams", []):
        name = row.get("name") or f"{row.get('location', '')} {row.get('nickname', '')}".strip()
        division = row.get("divisionId") if len(divisions) > 1 else None
        teams.append(
            Team(
                str(row["id"]),
                name or None,
                names.get(row.get("primaryOwner")),
                None if division is None else str(divisions.get(division) or division),
            )
        )
    return teams


def _playoffs(schedule: Json) -> Playoffs:
    """Return the play-off rules: the periods after the regular ones are the rounds."""
    teams = schedule.get("playoffTeamCount") or None
    regular, periods = schedule.get("matchupPeriodCount"), schedule.get("matchupPeriods") or {}
    rounds = 0 if teams is None else (int(teams) - 1).bit_length()
    usual = int(schedule.get("playoffMatchupPeriodLength") or 1)
    weeks = [
        len(periods.get(str((regular or 0) + number)) or [0] * usual)
        for number in range(1, rounds + 1)
    ]
    by_games = schedule.get("playoffSeedingRule") == "H2H_RECORD"
    tie_break = HEAD_TO_HEAD if by_games else POINTS
    return Playoffs(teams, weeks, bool(schedule.get("playoffReseed")), tie_break)


def _matchup_weeks(schedule: Json) -> list[int]:
    """Return the number of weeks of each regular match-up period; empty if all have one."""
    periods = schedule.get("matchupPeriods") or {}
    numbers = range(1, (schedule.get("matchupPeriodCount") or 0) + 1)
    weeks = [len(periods.get(str(number)) or [number]) for number in numbers]
    return weeks if any(count > 1 for count in weeks) else []


def _playoff_week(schedule: Json) -> int | None:
    """Return the first week of the play-offs: the one after the regular match-up periods."""
    regular = schedule.get("matchupPeriodCount")
    weeks = (schedule.get("matchupPeriods") or {}).get(str((regular or 0) + 1))
    return min(weeks) if regular and weeks else None


def _playoff_round(game: Json, of: LeagueSeason) -> int | None:
    regular = of.more.get("regular_periods")
    if game.get("playoffTierType") != "WINNERS_BRACKET" or not regular:
        return None
    return int(game["matchupPeriodId"]) - int(regular)


def _points_of(side: Json, week: int) -> float | None:
    points = (side.get("pointsByScoringPeriod") or {}).get(str(week))
    return None if points is None else round(float(points), 2)


def _spots(slots: Sequence[str], team_id: str, roster: Json, week: int) -> list[Spot]:
    """Return a team's players in one week, in the order of their slots."""
    entries = sorted(roster.get("entries", []), key=lambda entry: int(entry["lineupSlotId"]))
    taken = [SLOTS.get(int(entry["lineupSlotId"]), str(entry["lineupSlotId"])) for entry in entries]
    spots = []
    for entry, slot, number in zip(entries, taken, slot_numbers(slots, taken), strict=True):
        player = entry["playerPoolEntry"]["player"]
        identity = int(entry["playerId"])
        eligible = [_POSITIONS[i] for i in player.get("eligibleSlots", []) if i in _POSITIONS]
        spots.append(
            Spot(
                team_id,
                str(identity),
                slot,
                number,
                _applied(player, week),
                _TEAM_OF_DEFENCE.get(_FIRST_DEFENCE - identity) if identity < 0 else None,
                player.get("fullName"),
                tuple(eligible),
            )
        )
    return spots


def _applied(player: Json, week: int) -> float:
    """Return a player's points of a week; 0 if he has no stat line."""
    for line in player.get("stats", []):
        kind = line["statSourceId"], line["statSplitTypeId"], line["scoringPeriodId"]
        if kind == (0, 1, week):
            return round(float(line["appliedTotal"]), 2)
    return 0.0

"""Build the tables of leagues: teams, points, match-ups and projections in a league's scoring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import ELIGIBLE, starting_slots
from fantasy_pipeline.football.tables.leagues import (
    AGREE,
    LEAGUE_MATCHUPS,
    LEAGUE_POINTS,
    LEAGUE_PROJECTIONS,
    LEAGUE_TEAMS,
)
from fantasy_pipeline.football.tables.week_rows import codes, of_players
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, TeamGame
from fantasy_pipeline.leagues.amounts import Floats
from fantasy_pipeline.leagues.lineup import best_lineup
from fantasy_pipeline.leagues.projected import projected_points
from fantasy_pipeline.leagues.scoring import Scoring, of_espn, of_sleeper
from fantasy_pipeline.leagues.stat_lines import TeamWeek
from fantasy_pipeline.leagues.team_defence import team_scoring
from fantasy_pipeline.leagues.team_keys import NOT_COMPUTED as OF_TEAM_DEFENCES
from fantasy_pipeline.leagues.team_keys import left_out

DEFENCE = "DEF"
"""Position of a team's defence on a fantasy team."""
NOT_MAPPED = "not mapped"
NO_DEFENCE = "team_defense_stats lack the week"
NO_LINE = "no stat line"
TO_PLAY = "his game is not over, or the lake has no stats of it"
_ASSISTED = "def_tackles_with_assist"
_MOST, _MOST_OF_TEAM = 2, 5
"""Times that a key that cannot be computed pays a player and a team defence in a game, at most."""


def scoring_of(season: LeagueSeason) -> Scoring:
    """Return the scoring of a league's season.

    Raises:
        PipelineError: a key pays no number.
    """
    if isinstance(season.scoring, list):
        return of_espn(season.scoring)
    return of_sleeper(season.scoring, season.season)


def league_teams(seasons: Mapping[str, Sequence[LeagueSeason]]) -> pa.Table:
    """Return `LEAGUE_TEAMS` rows of the seasons of each league."""
    rows = []
    for league, of_league in seasons.items():
        for season in of_league:
            scoring = scoring_of(season)
            of_defences = _keys(team_scoring(scoring.team_defence))
            about = {
                "season": season.season,
                "league": league,
                "platform": season.platform,
                "platform_league_id": season.league_id,
                "title": season.title,
                "slots": " ".join(season.slots),
                "playoff_week": season.playoff_week,
                "median_game": season.median_game,
                "playoff_teams": season.playoffs.teams,
                "playoff_round_weeks": " ".join(map(str, season.playoffs.round_weeks)) or None,
                "reseeds": season.playoffs.reseeds,
                "tie_break": season.playoffs.tie_break,
                "scoring": _keys(scoring)
                + (f"; team defences: {of_defences}" if of_defences else ""),
                "not_scored": "; ".join(scoring.notes) or None,
            }
            rows += [
                {
                    **about,
                    "team_id": team.team_id,
                    "team_name": team.name,
                    "manager": team.manager,
                    "division": team.division,
                    "opponents": "; ".join(season.opponents.get(team.team_id, [])) or None,
                }
                for team in season.teams
            ]
    table = pa.Table.from_pylist(rows, schema=LEAGUE_TEAMS.arrow_schema)
    return LEAGUE_TEAMS.shaped(table)


def _keys(scoring: Scoring) -> str:
    keys = sorted((rule.key, rule.points) for rule in scoring.rules)
    return ", ".join(f"{key} {points:g}" for key, points in keys)


def league_points(
    rosters: pa.Table,
    lines: pa.Table,
    defences: pa.Table,
    scoring: Scoring,
    to_play: Collection[TeamWeek] = (),
) -> pa.Table:
    """Return the points of the rostered players of one league.

    Args:
        rosters: `LEAGUE_ROSTERS` rows of one league and season.
        lines: stat lines of those weeks; see `with_players`.
        defences: `TEAM_DEFENSE_STATS` rows of those weeks; a week without any is not scored.
        scoring: the league's.
        to_play: teams whose players have not played yet; see `teams_to_play`.

    Returns:
        `LEAGUE_POINTS` rows, one per row of `rosters`.
    """
    # Most players of a week are on no fantasy team.
    is_rostered = pc.is_in(lines["player_id"], rosters["player_id"].combine_chunks())
    players = _Paid(lines.filter(is_rostered), "player_id", scoring)
    teams = _Paid(defences, "team", team_scoring(scoring.team_defence))
    rows = []
    for code, row in zip(codes(rosters).tolist(), rosters.to_pylist(), strict=True):
        waits = (code, row["team"]) in to_play
        if row["position"] == DEFENCE:
            absent = TO_PLAY if waits else None if code in teams.weeks else NO_DEFENCE
            rows.append({**row, **teams.points_of(code, row["team"], row, absent)})
        else:
            absent = NOT_MAPPED if row["player_id"] is None else TO_PLAY if waits else None
            rows.append({**row, **players.points_of(code, row["player_id"], row, absent)})
    table = pa.Table.from_pylist(rows, schema=LEAGUE_POINTS.arrow_schema)
    return LEAGUE_POINTS.shaped(table)


class _Paid:
    """Stat lines with their points.

    Args:
        lines: one row per week and player, or per week and team.
        identity: column that names the player or team.
        scoring: the rules for these lines.
    """

    def __init__(self, lines: pa.Table, identity: str, scoring: Scoring) -> None:
        self._scoring, self._lines = scoring, lines
        self._points, self._parts = scoring.points_and_parts(lines)
        # Lines of team defences lack the column.
        has_column = _ASSISTED in lines.column_names
        self._assisted = (
            pc.fill_null(lines[_ASSISTED], 0).to_numpy() if has_column else np.zeros(len(lines))
        )
        weeks = codes(lines).tolist()
        self.weeks = frozenset(weeks)
        # The line of each week and player.
        keys = zip(weeks, lines[identity].to_pylist(), strict=True)
        self._line_of = {key: number for number, key in enumerate(keys)}

    def points_of(
        self, week: int, identity: str | None, row: Mapping[str, Any], absent: str | None
    ) -> dict[str, Any]:
        """Return the columns of points of one rostered player.

        Args:
            week: code of the week.
            identity: the player or team.
            row: his row of `LEAGUE_ROSTERS`.
            absent: why he cannot be scored; None: he can.
        """
        if absent is not None:
            return {"points": None, "difference": None, "not_scored": absent}
        line = self._line_of.get((week, identity or ""))
        own = 0.0 if line is None else float(self._points[line])
        stated = row["platform_points"]
        if stated is None:
            return {"points": own, "difference": None}
        difference = round(own - stated, 2) + 0.0
        explained = None
        if abs(difference) >= AGREE:
            explained = NO_LINE if line is None else self._explanation(difference, line)
        return {"points": own, "difference": difference, "explained_by": explained}

    def _explanation(self, difference: float, line: int) -> str | None:
        parts = {key: float(part[line]) for key, part in self._parts.items()}
        withheld = {key: int(units[line]) for key, units in self._withheld.items()}
        return explanation(difference, parts, self._scoring, bool(self._assisted[line]), withheld)

    @cached_property
    def _withheld(self) -> Mapping[str, Floats]:
        return self._scoring.withheld(self._lines)


def explanation(
    difference: float,
    parts: Mapping[str, float],
    scoring: Scoring,
    is_assisted: bool = False,
    withheld: Mapping[str, int] | None = None,
) -> str | None:
    """Return the key that would explain a difference between our points and the platform's.

    The first of these that fits: the platform paid what we lack, of which two reasons are named if
    both fit; we paid a key that the platform did not; the platform paid one unit of a key more or
    less. We may lack tackles of the offence that we take for tackles on kick returns, shared
    tackles for loss, and a key that cannot be computed.

    Args:
        difference: our points less the platform's.
        parts: our points by key.
        scoring: the rules.
        is_assisted: whether the player has a tackle that another player assisted. Of those, the
            weekly file seems to lack the ones for a loss until 2023.
        withheld: units by key that we do not pay; see `Scoring.withheld`.
    """
    worth = {rule.key: rule.points for rule in scoring.rules}
    most = {key: _MOST_OF_TEAM if key in OF_TEAM_DEFENCES else _MOST for key in scoring.unpaid}
    lacking = [key for key in most if _is_lacking(difference, scoring.unpaid[key], most[key])][:1]
    if is_assisted and _is_lacking(difference, worth.get("idp_tkl_loss", 0.0), _MOST):
        lacking.insert(0, "idp_tkl_loss")
    own = [
        key for key, units in (withheld or {}).items() if _is_lacking(difference, worth[key], units)
    ]
    if named := [*own[:1], *lacking][:2]:
        return " or ".join(named)
    for key, paid in parts.items():
        if paid and abs(difference - paid) < AGREE:
            return key
    # A key that pays the player's line comes before those of other positions.
    for rule in sorted(scoring.rules, key=lambda rule: not parts.get(rule.key)):
        if any(abs(difference - times * rule.points) < AGREE for times in (-1, 1)):
            return rule.key
    return None


def _is_lacking(difference: float, worth: float, most: int) -> bool:
    """Return whether we lack `worth` once, or up to `most` times."""
    return any(abs(difference + times * worth) < AGREE for times in range(1, most + 1))


def league_matchups(
    points: pa.Table, rosters: pa.Table, games: Mapping[int, Sequence[TeamGame]], of: LeagueSeason
) -> pa.Table:
    """Return the match-ups of one league and season.

    Args:
        points: `LEAGUE_POINTS` rows of one league and season.
        rosters: `LEAGUE_ROSTERS` rows of the same players, in the same order.
        games: the platform's games by week.
        of: the season's settings.
    """
    slots = starting_slots(of.slots)
    unpaid = left_out(scoring_of(of).team_defence)
    by_team: dict[tuple[int, str], list[dict[str, Any]]] = {}
    more = rosters.select(["slot", "fantasy_positions"]).to_pylist()
    for row, on_roster in zip(points.to_pylist(), more, strict=True):
        by_team.setdefault((row["week"], row["team_id"]), []).append({**row, **on_roster})
    rows, with_players = [], {week for week, _ in by_team}
    for week in with_players.intersection(games):
        for game in games[week]:
            # A team without an owner may have no player left.
            players = by_team.get((week, game.team_id), [])
            rows.append(
                {
                    "season": of.season,
                    "week": week,
                    "league": points["league"][0].as_py(),
                    "team_id": game.team_id,
                    "opponent_id": game.opponent_id,
                    "platform_points": game.points,
                    "empty_slots": game.empty_slots,
                    "playoff_round": game.playoff_round,
                    "median_game": of.has_median_game(week),
                    "custom_points": game.is_custom,
                    **_of_team(slots, players, unpaid, of.is_best_ball),
                }
            )
    return LEAGUE_MATCHUPS.shaped(pa.Table.from_pylist(rows, schema=LEAGUE_MATCHUPS.arrow_schema))


def coming_matchups(
    league: str, at: SeasonWeek, games: Sequence[TeamGame], of: LeagueSeason
) -> pa.Table:
    """Return the match-ups of a week of which no game is over: pairings without points."""
    rows = [
        {
            "season": at.season,
            "week": at.week,
            "league": league,
            "team_id": game.team_id,
            "opponent_id": game.opponent_id,
            "empty_slots": game.empty_slots,
            "playoff_round": game.playoff_round,
            "median_game": of.has_median_game(at.week),
            "custom_points": False,
        }
        for game in games
    ]
    return LEAGUE_MATCHUPS.shaped(pa.Table.from_pylist(rows, schema=LEAGUE_MATCHUPS.arrow_schema))


def _of_team(
    slots: Sequence[str],
    players: Sequence[Mapping[str, Any]],
    unpaid: Collection[str],
    is_best_ball: bool,
) -> dict[str, float]:
    """Return a team's points, what the platform pays beyond those rules, and the best line-up's.

    The starters count, or the best line-up in a best-ball league, whose managers set none.
    """
    chosen, worth = best_of_week(slots, players)
    starters = [row for row in players if row["started"]]
    if is_best_ball:
        starters = [players[player] for player in chosen.values()]
    sums = {
        "points": sum(row["points"] or 0 for row in starters),
        "not_scored_points": sum(_not_scored(row, unpaid) for row in starters),
        "optimal_points": sum(worth[player] for player in chosen.values()),
    }
    return {name: round(total, 2) + 0.0 for name, total in sums.items()}


def _not_scored(row: Mapping[str, Any], unpaid: Collection[str]) -> float:
    """Return the platform's points of a player that no rule gives.

    Args:
        row: his row of `LEAGUE_POINTS`.
        unpaid: keys of team defences that cannot be computed.
    """
    if row["not_scored"] == TO_PLAY:
        return 0.0
    if row["points"] is None:
        return float(row["platform_points"] or 0)
    is_explained = row["position"] == DEFENCE and row["explained_by"] in unpaid
    return -float(row["difference"]) if is_explained else 0.0


def best_of_week(
    slots: Sequence[str], players: Sequence[Mapping[str, Any]]
) -> tuple[dict[int, int], list[float]]:
    """Return a team's line-up with the most points scored: the player of each filled slot.

    Args:
        slots: slots of a line-up.
        players: `LEAGUE_POINTS` rows of the team's week, with `fantasy_positions` and `slot`.

    Returns:
        Numbers of players by number of slot, and the points of each player.
    """
    # The whole roster counts, as in Sleeper's own figure: who was on reserve then is not known.
    positions = [eligible(row) for row in players]
    worth = [_worth(row) for row in players]
    return best_lineup(slots, positions, worth), worth


def eligible(row: Mapping[str, Any]) -> list[str]:
    """Return the positions of a player, with that of the slot in which the platform let him start.

    Platforms change positions in the course of a season; rosters and id tables state one of them.
    """
    stated = (row["fantasy_positions"] or row["position"] or "").split("/")
    of_slot = ELIGIBLE.get(row["slot"], ())
    return [*stated, *of_slot] if row["started"] and len(of_slot) == 1 else stated


def _worth(row: Mapping[str, Any]) -> float:
    points = row["platform_points"] if row["points"] is None else row["points"]
    return float(points or 0.0)


def league_projections(
    league: str, projections: pa.Table, scoring: Scoring, defences: pa.Table
) -> pa.Table:
    """Return the projections of some weeks in a league's scoring.

    Args:
        projections: `PROJECTIONS` rows.
        defences: `TEAM_DEFENSE_STATS` rows; see `projected_points`.
    """
    if not team_scoring(scoring.team_defence).rules:
        projections = of_players(projections)
    points = projected_points(projections, scoring, defences)
    table = projections.select(["season", "week", "player_id", "player_name", "position", "team"])
    table = table.append_column("league", pa.array([league] * table.num_rows, pa.string()))
    for name, values in points.items():
        table = table.append_column(name, pa.array(values))
    return LEAGUE_PROJECTIONS.shaped(table)

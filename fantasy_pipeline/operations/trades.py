"""Judge a trade between two teams of a registered league, from the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fantasy_pipeline.decisions.players import find_player
from fantasy_pipeline.decisions.scored import projected
from fantasy_pipeline.decisions.trade import Change, Owned, trade
from fantasy_pipeline.errors import InvalidArgumentError, NotMaterializedError, PipelineError
from fantasy_pipeline.football.scoring import suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import starting_slots
from fantasy_pipeline.football.tables import REST_OF_SEASON
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import Team
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import week_projections
from fantasy_pipeline.leagues.projected import usual_of
from fantasy_pipeline.leagues.scoring import Scoring
from fantasy_pipeline.leagues.tables import scoring_of
from fantasy_pipeline.operations.league_season import season_for
from fantasy_pipeline.operations.lineups import rosters_until

_RESERVED = ("IR", "TAXI")
_LEAST = 0.5
"""Projected points from which a player's points are scaled to the league's scoring."""


@dataclass(frozen=True)
class Trade:
    """A trade: each team with the players that it gives, and what changes for it."""

    week: SeasonWeek
    weeks: int
    sides: Sequence[tuple[Team, list[str], Change]]


def judge_trade(
    lake: Lake, league: str, week: SeasonWeek, give: Sequence[str], get: Sequence[str]
) -> Trade:
    """Return what a trade changes for both teams over the remaining weeks of the season.

    Args:
        give, get: players of one team, and players of another.

    Raises:
        InvalidArgumentError: a player is unknown, nobody owns him, the players are not those of
            two teams, or a team would have more players than spots.
        NotMaterializedError: the lake lacks the rosters or the rest of the season.
        PipelineError: the season is over.
    """
    of = season_for(lake, registry.find(lake, league), week.season)
    _, rosters = rosters_until(lake, league, week)
    first, given = _side(rosters, give, "--give")
    second, gotten = _side(rosters, get, "--get")
    if first == second:
        raise InvalidArgumentError("--give and --get are players of the same team; name two teams.")
    points = _points(lake, week, scoring_of(of))
    teams = {team: _owned(rosters, team, points) for team in (first, second)}
    _check_sizes(rosters, of.slots, first, given, gotten)
    _check_sizes(rosters, of.slots, second, gotten, given)
    ids = [{row["platform_player_id"] for row in rows} for rows in (given, gotten)]
    changes = trade(starting_slots(of.slots), teams[first], teams[second], *ids)
    by_id = {team.team_id: team for team in of.teams}
    sides = [
        (by_id.get(team, Team(team)), [row["player_name"] for row in rows], change)
        for team, rows, change in zip((first, second), (given, gotten), changes, strict=True)
    ]
    return Trade(week, len(next(iter(points.values()))), sides)


def _side(
    rosters: Sequence[dict[str, Any]], names: Sequence[str], option: str
) -> tuple[str, list[dict[str, Any]]]:
    """Return the team of some players, and their rows."""
    where = "is on a team of the league"
    rows = [dict(find_player(rosters, name, where)) for name in names]
    owners = {row["team_id"] for row in rows}
    if len(owners) != 1:
        listed = ", ".join(f"{row['player_name']} (team {row['team_id']})" for row in rows)
        raise InvalidArgumentError(f"{option}: the players are not of one team: {listed}.")
    if len({row["platform_player_id"] for row in rows}) < len(rows):
        raise InvalidArgumentError(f"{option}: the same player is named twice.")
    return owners.pop(), rows


def _points(lake: Lake, week: SeasonWeek, scoring: Scoring) -> dict[str, tuple[float, ...]]:
    """Return the points of each player in each remaining week, in the league's scoring.

    They are those of the usual scoring that pays catches most alike, in the proportion of both in
    the week's projection.
    """
    if not lake.has(REST_OF_SEASON, week):
        raise NotMaterializedError(
            f"rest_of_season {week}: not in the lake. Make it with `fantasy-pipeline trigger "
            f"--season {week.season} --week {week.week} --wait`."
        )
    end = suffix(usual_of(scoring))
    rest = lake.read(REST_OF_SEASON, [week])
    if not rest.num_rows:
        raise PipelineError(
            f"rest_of_season {week}: the regular season is over. Choose an earlier week."
        )
    projections = week_projections(lake, week)
    usual = projections.select(["player_id", f"projected_points{end}"]).to_pylist()
    scale = {
        row["player_id"]: own.expected / row[f"projected_points{end}"]
        for row, own in zip(usual, projected(projections, scoring), strict=True)
        if row[f"projected_points{end}"] >= _LEAST
    }
    found: dict[str, list[float]] = {}
    for row in rest.select(["player_id", "target_week", f"points{end}"]).to_pylist():
        points = row[f"points{end}"] * scale.get(row["player_id"], 1.0)
        found.setdefault(row["player_id"], []).append(points)
    return {id_: tuple(weeks) for id_, weeks in found.items()}


def _owned(
    rosters: Sequence[dict[str, Any]], team: str, points: dict[str, tuple[float, ...]]
) -> list[Owned]:
    nothing = (0.0,) * len(next(iter(points.values())))
    return [
        Owned(
            row["platform_player_id"],
            row["player_name"] or row["platform_player_id"],
            tuple((row["fantasy_positions"] or row["position"] or "").split("/")),
            points.get(row["player_id"], nothing),
        )
        for row in rosters
        if row["team_id"] == team
    ]


def _check_sizes(
    rosters: Sequence[dict[str, Any]],
    slots: Sequence[str],
    team: str,
    leaving: Sequence[dict[str, Any]],
    coming: Sequence[dict[str, Any]],
) -> None:
    """Check that a team has a spot for each player after the trade.

    Raises:
        InvalidArgumentError: it has too few.
    """
    gone = {row["platform_player_id"] for row in leaving}
    stay = sum(
        row["team_id"] == team
        and row["slot"] not in _RESERVED
        and row["platform_player_id"] not in gone
        for row in rosters
    )
    spots = sum(slot not in _RESERVED for slot in slots)
    if stay + len(coming) > spots and len(coming) > len(leaving):
        raise InvalidArgumentError(
            f"team {team} would have {stay + len(coming)} players and has {spots} spots; let it "
            "give more players."
        )

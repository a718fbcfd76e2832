"""Points of a league's players in each remaining week of its season: what decisions count with."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.decisions.scored import projected
from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.positions import DEFENDER_GROUPS, DST
from fantasy_pipeline.football.scoring import suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import DEFENDER_PROJECTIONS, GAMES, REST_OF_SEASON
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import week_projections
from fantasy_pipeline.leagues.defenders import with_defenders
from fantasy_pipeline.leagues.projected import usual_of
from fantasy_pipeline.leagues.tables import scoring_of
from fantasy_pipeline.leagues.team_defence import scored_defences
from fantasy_pipeline.projections.model_projections import BYE, CANCELLED

KEPT = {DST: 0.15}
KEPT_OF_OTHERS = 0.9
"""Share of what a team defence and a defender are projected above the mean of the position that is
left in later weeks. Measured on 2021-2024: 11,047 pairs of a team defence's projection and its
points one to eight weeks later; 93,000 pairs of a defender's mean of six games and his points."""
_PASSING = (BYE, CANCELLED, "out")
"""Reasons of a projection of 0 that do not last."""
_OF_DEFENDERS = ["player_id", "projected_points", "usual_points"]
_LEAST = 0.5
"""Projected points from which a player's points are scaled to the league's scoring."""


def rest_points(
    lake: Lake,
    week: SeasonWeek,
    of: LeagueSeason,
    replaced: bool = False,
    of_teams: bool = True,
) -> dict[str, tuple[float, ...]]:
    """Return the points of each player in each week from `week` to the league's last one.

    A player of the offence has those of `rest_of_season` in the usual scoring that pays catches
    most alike, in the proportion of both scorings in the week's projection. A team defence and a
    defender have the week's projection; in later weeks, a part of what it is above the position's
    mean remains. A league that plays on after the NFL's regular season has its weeks only.

    Args:
        replaced: in later weeks, a team defence or a defender who has a bye or is out counts with
            the mean of the position: managers pick up another one.
        of_teams: whether team defences are in the league's scoring, which takes their games of all
            seasons; otherwise they are in ESPN's.

    Raises:
        NotMaterializedError: the lake lacks the rest of the season, or the week's projections.
        PipelineError: the regular season is over.
    """
    rest = lake.read_if_stored(REST_OF_SEASON, week)
    if rest is None:
        raise NotMaterializedError(
            f"rest_of_season {week}: not in the lake. Make it with `fantasy-pipeline trigger "
            f"--season {week.season} --week {week.week} --wait`."
        )
    if of.last_week is not None:
        rest = rest.filter(pc.less_equal(rest["target_week"], of.last_week))
    if not rest.num_rows:
        raise PipelineError(
            f"rest_of_season {week}: the regular season is over. Choose an earlier week."
        )
    scoring = scoring_of(of)
    usual = suffix(usual_of(scoring))
    projections = with_defenders(week_projections(lake, week), lake, [week], of.slots)
    defences = scored_defences(lake) if of_teams else None
    expected = [one.expected for one in projected(projections, scoring, defences)]
    ids = projections["player_id"].to_pylist()
    in_usual = projections[f"projected_points{usual}"].to_pylist()
    scale = {
        id_: own / points
        for id_, own, points in zip(ids, expected, in_usual, strict=True)
        if points >= _LEAST
    }
    found: dict[str, list[float]] = {}
    for row in rest.select(["player_id", "target_week", f"points{usual}"]).to_pylist():
        points = row[f"points{usual}"] * scale.get(row["player_id"], 1.0)
        found.setdefault(row["player_id"], []).append(points)
    others = projections.append_column("expected", pa.array(expected, pa.float64()))
    others = others.filter(pc.is_in(others["position"], pa.array([DST, *DEFENDER_GROUPS])))
    later = sorted(set(rest["target_week"].to_pylist()) - {week.week})
    coming = [SeasonWeek(week.season, number) for number in later]
    byes = [set[str]() for _ in coming] if replaced else _byes(lake, coming)
    now = _if_known(others) if replaced else _when_fit(lake, week, others)
    return {id_: tuple(weeks) for id_, weeks in found.items()} | {
        row["player_id"]: (
            row["expected"],
            *(0.0 if row["team"] in resting else then for resting in byes),
        )
        for row, then in zip(others.to_pylist(), _later(others, now), strict=True)
    }


def _byes(lake: Lake, weeks: Sequence[SeasonWeek]) -> list[set[str]]:
    """Return the teams without a game in each week; none of a week that is not in the schedule."""
    schedule = lake.read_if_stored(GAMES, seasons={week.season for week in weeks})
    if schedule is None:
        return [set() for _ in weeks]
    playing = (set(team_games(of_week(schedule, week))["team"].to_pylist()) for week in weeks)
    return [set(TEAMS) - teams if teams else set() for teams in playing]


def _if_known(others: pa.Table) -> list[float | None]:
    """Return what each of them is expected to score; None for those who do not play."""
    return [value or None for value in others["expected"].to_pylist()]


def _when_fit(lake: Lake, week: SeasonWeek, others: pa.Table) -> list[float | None]:
    """Return what each of them is expected to score if he plays; None if that is not known.

    A defender who has a bye or is out has his usual points, in the proportion in which the league's
    points of his position and NFL.com's are.
    """
    stored = lake.read_if_stored(DEFENDER_PROJECTIONS, week)
    rows = [] if stored is None else stored.select(_OF_DEFENDERS).to_pylist()
    usual = {row["player_id"]: row["usual_points"] or 0.0 for row in rows}
    at_site = {row["player_id"]: row["projected_points"] for row in rows}
    columns = ["player_id", "position", "reason", "expected"]
    listed = others.select(columns).to_pylist()
    sums: dict[str, list[float]] = {}
    for row in listed:
        of_position = sums.setdefault(row["position"], [0.0, 0.0])
        of_position[0] += row["expected"]
        of_position[1] += at_site.get(row["player_id"], 0.0)
    found: list[float | None] = []
    for row in listed:
        own, others_points = sums[row["position"]]
        if row["expected"]:
            found.append(row["expected"])
        elif row["player_id"] not in usual:
            found.append(None)
        elif row["reason"] in _PASSING and others_points:
            found.append(usual[row["player_id"]] * own / others_points)
        else:
            found.append(0.0)
    return found


def _later(others: pa.Table, when_fit: Sequence[float | None]) -> list[float]:
    """Return what each player is expected to score in a later week with a game.

    Args:
        when_fit: of `_when_fit`. A player of whom it is not known has the mean of his position, and
            one who will not play counts 0.
    """
    positions = others["position"].to_pylist()
    projected_of: dict[str, list[float]] = {}
    for position, value in zip(positions, others["expected"].to_pylist(), strict=True):
        # Of a bye nothing is known.
        projected_of.setdefault(position, []).extend([value] if value else [])
    means = {name: sum(values) / max(len(values), 1) for name, values in projected_of.items()}
    found = []
    for position, value in zip(positions, when_fit, strict=True):
        mean = means[position]
        kept = KEPT.get(position, KEPT_OF_OTHERS)
        then = mean if value is None else mean + kept * (value - mean)
        found.append(0.0 if value == 0.0 else then)
    return found

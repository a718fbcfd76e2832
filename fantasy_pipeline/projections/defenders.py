"""Project single defenders (IDP): stats per snap, times expected snaps, and a consensus.

A defender's stats per defensive snap are the recency-weighted means of his games, mixed with those
of his position. They count for the snaps that he usually plays, by what defenders do against the
opponent and by the betting lines. The constants are of 2015-2020; nothing else is learnt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DEFENDER_GROUPS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import DEFENDER_PROJECTIONS, PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import codes, of_weeks
from fantasy_pipeline.football.team_games import of_seasons, team_games
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.defender_careers import (
    IS_TACKLE,
    STATS,
    WORTH,
    Known,
    groups,
    known_before,
)
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.intervals import QUANTILES
from fantasy_pipeline.projections.model_projections import (
    MODEL,
    naming_cancelled,
    reasons,
    with_reason,
)

_T = TypeVar("_T")
KEY = list(PLAYER_WEEK)
OF_LISTED = (
    *("player_name", "position", "team", "opponent", "is_home", "on_bye", "roster_status"),
    *("injury_status", "injury_modified_at", "draft_pick"),
)
"""Columns of `RAW_PLAYERS` that are read of the projected weeks, beside the key."""
CHANCE, FIT = {"Doubtful": 0.05, "Questionable": 0.7}, 0.95
"""Chance to play by game status, and without one."""
USUAL_TOTAL = 22.8
SCRIPT = np.array([[0.0, -0.0032], [-0.0138, 0.002]])
"""Change of the logarithm of tackles and of other stats, per point of the opponent's implied total
beyond `USUAL_TOTAL`, and per point by which the team is favoured."""
SPREAD = np.array([-1.95, -0.32, 2.2])
"""Floor, median and ceiling: differences from the expected points, in square roots of these."""
NFLCOM_WEIGHT = 0.3
"""Share of the way from our points to NFL.com's."""
OLDER_TACKLES = {1.5: 1.7, 0.6: 0.8}
"""Points of tackles and assists at NFL.com until `LAST_OLDER` by those of today."""
LAST_OLDER = 2022


def defender_projections(
    past: pa.Table,
    raw_players: pa.Table,
    games: pa.Table,
    source_projections: pa.Table,
    weeks: Sequence[SeasonWeek],
    label: str | None,
    cancelled: Collection[tuple[int, int, str]] = (),
) -> pa.Table:
    """Project the defenders of some weeks. Only weeks before each week are read.

    Args:
        past: games of defenders, see `defender_careers.games_of`.
        raw_players: key and `OF_LISTED` of `RAW_PLAYERS` of the weeks; the rows of other positions
            are ignored.
        games: `GAMES`.
        source_projections: `SOURCE_PROJECTIONS` of the weeks; rows of other positions are ignored.
        label: text to add to the source column, e.g. that the data are synthetic.
        cancelled: season, week and team of cancelled games.

    Returns:
        `DEFENDER_PROJECTIONS` rows, one per rostered defender. A week before which no game of a
        defender is known has none.
    """
    first = codes(past).min(initial=SeasonWeek(9999, 1).code)
    listed = of_weeks(raw_players, [week for week in weeks if week.code > first])
    listed = listed.filter(pa.array(groups(listed) >= 0))
    if not listed.num_rows:
        return DEFENDER_PROJECTIONS.arrow_schema.empty_table()
    sides = team_games(of_seasons(games, set(listed["season"].to_pylist())))
    listed = _before_kickoff(listed, sides)
    # (rows, `STATS`) usual stats of each player, and (rows, 2) the betting lines
    known, lines = known_before(past, listed), _lines(listed, sides)
    stated = reasons(listed)
    plays = _chances(listed, stated)
    # (rows,): share of the line that counts: 1 for a player who may play, his chance if doubtful
    is_doubtful = as_texts(listed["injury_status"]) == "Doubtful"
    share = np.where(is_doubtful, plays, plays > 0)
    line = known.line * _script(lines) * share[:, None]
    # (rows,): the model's points, moved towards NFL.com's where it projects the player
    own = line @ WORTH
    stated_points = nflcom_points(listed, source_projections, line)
    moved = own + NFLCOM_WEIGHT * (np.where(own > 0, stated_points, np.nan) - own)
    points = np.where(np.isnan(moved), own, moved)
    # (rows, `STATS`): the line moves in proportion to the points
    line = line * (points / np.where(own > 0, own, 1.0))[:, None]
    more = {"model_points": own, "nflcom_points": stated_points, "plays": plays}
    is_moved = ~np.isnan(moved)
    rows = _shaped(listed, known, line, lines[:, 0], more, label, is_moved)
    named = with_reason(stated, rows["projected_points"].to_numpy())
    rows = rows.set_column(rows.column_names.index("reason"), "reason", named)
    return DEFENDER_PROJECTIONS.shaped(naming_cancelled(rows, cancelled))


def weeks_without(
    rows: pa.Table, weeks: Sequence[SeasonWeek], imported: Collection[SeasonWeek]
) -> dict[int, list[str]]:
    """Return warnings, by season, about projected weeks without defenders.

    Before the first week of a lake nothing is known: that is no warning.

    Args:
        rows: what `defender_projections` made of the weeks.
        imported: weeks with stat lines in the lake.
    """
    present, first = set(codes(rows).tolist()), min(imported, default=None)
    lacking = [w for w in sorted(weeks) if w.code not in present and first and first < w]
    return {
        season: [
            f"defender_projections {season} week "
            f"{', '.join(str(week.week) for week in lacking if week.season == season)}: the weeks "
            "before have no defensive snaps or no tackles, as those of nfl_data_py and of earlier "
            "versions; import them again with source auto"
        ]
        for season in {week.season for week in lacking}
    }


def nflcom_points(
    listed: pa.Table, source_projections: pa.Table, line: np.ndarray | None = None
) -> np.ndarray:
    """Return NFL.com's projections of defenders in its scoring of today, (rows,); NaN without one.

    Until `LAST_OLDER` NFL.com paid more for tackles. Those points are scaled by what the expected
    line is worth in both scorings.

    Args:
        line: expected stats of each row, (rows, `STATS`); None: the points stay as stated.
    """
    keyed = listed.select(KEY).append_column("receptions", pa.nulls(listed.num_rows, pa.float64()))
    is_defender = pc.is_in(source_projections["position"], pa.array(DEFENDER_GROUPS))
    known = consensus.Stated.of(source_projections.filter(is_defender), with_copies=True)
    stated = consensus.points_by_source(keyed, known)
    points = stated.get(NFLCOM, np.full(listed.num_rows, np.nan))
    if line is None:
        return points
    older = np.array([OLDER_TACKLES.get(worth, worth) for worth in WORTH])
    ratio = (line @ WORTH) / np.maximum(line @ older, 1e-9)
    return np.where(listed["season"].to_numpy() <= LAST_OLDER, points * ratio, points)


def _before_kickoff(listed: pa.Table, sides: pa.Table) -> pa.Table:
    """Return the players as they were known before their games.

    Players whom the roster of the week states as inactive on game day count as active, and injury
    reports that changed after kick-off do not count.
    """
    status = listed["roster_status"]
    inactive = pc.fill_null(pc.equal(status, "INA"), False)
    kickoffs = _of_team_week(sides, sides["kickoff"].to_pylist())
    keys = zip(codes(listed).tolist(), listed["team"].to_pylist(), strict=True)
    kickoff = pa.array([kickoffs.get(key) for key in keys], pa.timestamp("us", "UTC"))
    late = pc.fill_null(pc.greater(listed["injury_modified_at"], kickoff), False)
    none = pa.scalar(None, pa.string())
    for name, values in (
        ("roster_status", pc.if_else(inactive, "ACT", status)),
        ("injury_status", pc.if_else(late, none, listed["injury_status"])),
    ):
        at = listed.column_names.index(name)
        listed = listed.set_column(at, listed.schema.field(at), values)
    return listed


def _of_team_week(sides: pa.Table, values: Sequence[_T]) -> dict[tuple[int, str], _T]:
    """Return a value of each game of a team, by `SeasonWeek.code` and team."""
    keys = zip(codes(sides).tolist(), sides["team"].to_pylist(), strict=True)
    return dict(zip(keys, values, strict=True))


def _lines(listed: pa.Table, sides: pa.Table) -> np.ndarray:
    """Return the opponent's implied total and the points by which the team is favoured, (rows, 2).

    NaN without betting lines and on a bye.
    """
    total, spread = as_floats(sides["total_line"]), as_floats(sides["spread_line"])
    values = np.column_stack([(total - spread) / 2, spread])
    number = _of_team_week(sides, range(sides.num_rows))
    wanted = zip(codes(listed).tolist(), listed["team"].to_pylist(), strict=True)
    at = [number.get(key, len(number)) for key in wanted]
    return np.vstack([values, [np.nan, np.nan]])[at]


def _script(lines: np.ndarray) -> np.ndarray:
    """Return the factor of each stat by the betting lines, (rows, `STATS`); 1 without lines."""
    factors = np.exp(np.nan_to_num(lines - [USUAL_TOTAL, 0.0]) @ SCRIPT.T)
    return np.where(IS_TACKLE, factors[:, :1], factors[:, 1:])


def _chances(listed: pa.Table, stated: Sequence[str | None]) -> np.ndarray:
    """Return the chance to play of each row, (rows,); 0 for players who are ruled out."""
    status = listed["injury_status"].to_pylist()
    uncertain = {None, *(name.lower() for name in CHANCE)}
    return np.array(
        [
            CHANCE.get(injury or "", FIT) if reason in uncertain else 0.0
            for injury, reason in zip(status, stated, strict=True)
        ]
    )


def _shaped(
    listed: pa.Table,
    known: Known,
    line: np.ndarray,
    totals: np.ndarray,
    more: Mapping[str, np.ndarray],
    label: str | None,
    is_moved: np.ndarray,
) -> pa.Table:
    """Return `DEFENDER_PROJECTIONS` rows without reasons; points are those of the rounded line."""
    line = np.round(line, 4)
    points = np.round(line @ WORTH, 2)
    levels = np.maximum(points[:, None] + np.sqrt(points)[:, None] * SPREAD, 0.0)
    end = f" ({label})" if label else ""
    sources = [f"{'consensus' if moved else MODEL}{end}" for moved in is_moved]
    position = [DEFENDER_GROUPS[group] for group in groups(listed)]
    values = {
        **more,
        **dict(zip(STATS, line.T, strict=True)),
        **dict(zip(QUANTILES, levels.T, strict=True)),
        "projected_points": points,
        "opponent_total": totals,
        "opponent_factor": known.allowed,
        "snaps": known.snaps,
        "usual_snaps": known.usual_snaps,
        "usual_points": known.usual_points,
    }
    digits = dict.fromkeys(("plays", *STATS), 4)
    names = DEFENDER_PROJECTIONS.column_names
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        **{name: listed[name] for name in names if name in listed.column_names},
        **{
            name: pa.array(np.round(array, digits.get(name, 2)) + 0.0, from_pandas=True)
            for name, array in values.items()
        },
        "position": pa.array(position, pa.string()),
        "source": pa.array(sources, pa.string()),
        "reason": pa.nulls(listed.num_rows, pa.string()),
        "games": pa.array(known.games),
    }
    return pa.table({name: columns[name] for name in names})

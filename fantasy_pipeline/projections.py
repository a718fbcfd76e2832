"""`model_projections` and `projections`: what our model expects, and the consensus of all sources.

A player likelier than not to play is projected as if he plays; one less likely is cut in
proportion, one ruled out is 0. `plays` tells the chance itself. Football only; the learning is in
`fantasy_pipeline.model`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.model import consensus, features
from fantasy_pipeline.model.baseline import baseline_plays, baseline_points
from fantasy_pipeline.model.intervals import quantile_table, quantiles
from fantasy_pipeline.model.predict import expect
from fantasy_pipeline.model.stat_line import points
from fantasy_pipeline.model.training import Model
from fantasy_pipeline.scoring import SCORINGS, suffix
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.source_projections import NFLCOM
from fantasy_pipeline.source_record import known
from fantasy_pipeline.tables import (
    FANTASY_POSITIONS,
    MODEL_PROJECTIONS,
    PROJECTIONS,
    TARGET_STATS,
)
from fantasy_pipeline.week_rows import codes, of_weeks, weeks_in

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MODEL, BASELINE, CONSENSUS = "model", "baseline", "consensus"
LIKELY = 0.5
"""Chance to play from which on a player is projected as if he plays."""
LEVELS = (0.1, 0.5, 0.9)
QUANTILES = ("p10", "p50", "p90")

ROSTER_REASONS = {
    "RES": "reserve list",
    "PUP": "physically unable to perform",
    "NFI": "non-football injury list",
    "SUS": "suspended",
    "DEV": "practice squad",
    "CUT": "released",
    "RET": "retired",
    "EXE": "exempt list",
    "NWT": "not with team",
}
"""Why a player who is not on the active roster is projected 0."""
NOTHING = "nothing known yet"
"""Why a player whom nothing rules out is projected 0."""


def model_projections(
    history: pa.Table,
    weeks: Sequence[SeasonWeek],
    model_of: Callable[[int], Model],
    label: str | None,
) -> pa.Table:
    """Project some weeks by our model alone.

    Args:
        history: `PLAYER_HISTORY` of those weeks, or more.
        weeks: weeks to project.
        model_of: the model that may project a season.
        label: what to add to the source column, e.g. that the data are synthetic.

    Returns:
        `MODEL_PROJECTIONS` rows, one per listed player of a fantasy position.

    Raises:
        PipelineError: the history has no players of a week.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = of_weeks(history, weeks)
    chosen = _listed(rows)
    if absent := sorted(set(weeks) - set(weeks_in(chosen))):
        raise PipelineError(
            f"projections {absent[0]}: player_history knows no players of that week. "
            f"Materialize raw_players of it, then player_history, then projections."
        )
    frames = []
    for season in np.unique(rows["season"].to_numpy()):
        of_season = rows.filter(pc.equal(rows["season"], season))
        kept = np.flatnonzero(_is_listed(of_season))
        # A player's room is all rows of his week, those not listed included.
        matrix = features.matrix(of_season)[kept]
        frames.append(_project_season(of_season.take(kept), matrix, model_of(int(season)), label))
    if not frames:
        return MODEL_PROJECTIONS.arrow_schema.empty_table()
    return MODEL_PROJECTIONS.conform(pa.concat_tables(frames))


def _project_season(
    rows: pa.Table, matrix: np.ndarray, model: Model, label: str | None
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    size = rows.num_rows
    columns = {f"projected_points{suffix(s)}": np.zeros(size) for s in SCORINGS}
    columns |= {f"{q}{suffix(s)}": np.zeros(size) for s in SCORINGS for q in QUANTILES}
    columns |= {name: np.full(size, np.nan) for name in TARGET_STATS}
    columns["plays"] = np.zeros(size)
    columns["usual_half"] = matrix[:, features.NAMES.index("shrunken_points")]
    place = features.texts(rows, "position")
    source = np.full(size, BASELINE, dtype=object)
    for position in FANTASY_POSITIONS:
        these = np.flatnonzero(place == position)
        if not len(these):
            continue
        part = _project_position(rows.take(these), matrix[these], position, model)
        for name, values in part.items():
            columns[name][these] = values
        if position in model.positions:
            source[these] = MODEL
    own = {name: rows[name] for name in MODEL_PROJECTIONS.column_names if name in rows.column_names}
    return pa.table(
        {
            **own,
            **{
                name: pa.array(
                    np.round(values, 4 if name in ("plays", *TARGET_STATS) else 2), from_pandas=True
                )
                for name, values in columns.items()
            },
            "source": [f"{name} ({label})" if label else name for name in source],
            "reason": _with_reason(reasons(rows), columns["projected_points"]),
            "opponent_factor": rows["opponent_factor_fantasy_points_ppr"],
        }
    ).select(MODEL_PROJECTIONS.column_names)


def _project_position(
    rows: pa.Table, matrix: np.ndarray, position: str, model: Model
) -> dict[str, np.ndarray]:
    """Points, quantiles and stat line of rows of one position."""
    import numpy as np

    learnt = model.positions.get(position)
    nothing = np.empty(0)
    if learnt is None:
        plays, line = baseline_plays(rows), {}
        expected = {s: baseline_points(rows, s) for s in SCORINGS}
        tables = dict.fromkeys(SCORINGS, quantile_table(nothing, nothing))
    else:
        seen = expect(learnt, position, rows, matrix)
        plays, line = seen.plays, seen.line
        tables = {s: learnt.tables[s] for s in SCORINGS}
        expected = {s: np.maximum(points(line, s), 0.0) for s in SCORINGS}
    share = np.minimum(1.0, plays / LIKELY)
    out = {"plays": plays, **{name: values * share for name, values in line.items()}}
    for scoring in SCORINGS:
        out[f"projected_points{suffix(scoring)}"] = expected[scoring] * share
        levels = quantiles(tables[scoring], expected[scoring], share, LEVELS)
        for name, values in zip(QUANTILES, levels.T, strict=True):
            out[f"{name}{suffix(scoring)}"] = np.where(share > 0, values, 0.0)
    return out


def projections(
    ours: pa.Table,
    source_projections: pa.Table,
    model_of: Callable[[int], Model | None],
    label: str | None,
) -> pa.Table:
    """The consensus of our model and the other sources.

    Args:
        ours: `MODEL_PROJECTIONS` of some weeks.
        source_projections: `SOURCE_PROJECTIONS` of those weeks.
        model_of: the model of a season, for what the sources are worth; None: not known.
        label: what to add to the source column.

    Returns:
        `PROJECTIONS`, one row per row of `ours`. Who is ruled out stays at 0, whatever other
        sources say. Stat lines and quantiles move in proportion to the points.
    """
    import numpy as np
    import pyarrow as pa

    others = consensus.beside(ours, source_projections)
    half = ours["projected_points_half"].to_numpy()
    place, season = features.texts(ours, "position"), ours["season"].to_numpy()
    weeks = codes(ours)
    usual, total = (features.floats(ours, name) for name in ("usual_half", "implied_team_total"))
    together, width = half.copy(), np.ones(len(half))
    told = np.column_stack([half, *others.values()])
    base = _as_others_see_it(half, ours["plays"].to_numpy(), told[:, 1:])
    hints = consensus.hints(base, usual, total)
    models = {int(year): model_of(int(year)) for year in np.unique(season)}
    # Week by week: who is heard in one must not depend on which others are projected with it.
    for week in np.unique(weeks):
        model = models[SeasonWeek.of_code(week).season]
        for position in FANTASY_POSITIONS:
            these = (weeks == week) & (place == position)
            theirs, beside = (
                {name: values[these] for name, values in told.items()} for told in (others, hints)
            )
            weights = model.source_weights.get(position, {}) if model else {}
            together[these] = consensus.combine(base[these], theirs, weights, weeks[these], beside)
            width[these] = model.width.get(position, consensus.PRIOR_WIDTH) if model else 1.0
    width[np.isnan(told[:, 1:]).all(axis=1)] = 1.0
    together[ours["plays"].to_numpy() == 0] = 0.0
    columns = {name: ours[name] for name in ours.column_names}
    columns |= _moved(ours, half, together, width)
    points_now = columns["projected_points"].to_numpy()
    columns["reason"] = _with_reason(ours["reason"].to_pylist(), points_now)
    columns["sources"] = pa.array((~np.isnan(told)).sum(axis=1))
    columns["spread"] = pa.array(np.round(np.nanmax(told, axis=1) - np.nanmin(told, axis=1), 2))
    columns["model_half"] = ours["projected_points_half"]
    nflcom = others.get(NFLCOM, np.full(len(half), np.nan))
    columns["nflcom_half"] = pa.array(nflcom, from_pandas=True)
    columns["source"] = pa.array(
        [
            _named(source, told > 1, label)
            for source, told in zip(
                ours["source"].to_pylist(), columns["sources"].to_pylist(), strict=True
            )
        ]
    )
    return PROJECTIONS.conform(pa.table(columns))


def _as_others_see_it(half: np.ndarray, plays: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Our points, cut less where we doubt that a player plays and others do not.

    A starter hurt after the report is news that others have and the model has not: between what
    we expect with the cut and without it, the others' mean decides.
    """
    import numpy as np

    counts = (~np.isnan(others)).sum(axis=1)
    mean = np.nansum(others, axis=1) / np.maximum(counts, 1)
    share = np.clip(plays / LIKELY, 0.01, 1.0)
    return np.where(counts > 0, np.clip(mean, half, half / share), half)


def _named(source: str, more: bool, label: str | None) -> str:
    """Name of the consensus; of our model where nobody else projects the player."""
    if not more:
        return source
    name = CONSENSUS if source.startswith(MODEL) else f"{CONSENSUS} with {BASELINE}"
    return f"{name} ({label})" if label else name


def _moved(
    ours: pa.Table, half: np.ndarray, together: np.ndarray, width: np.ndarray
) -> dict[str, pa.Array]:
    """Points, quantiles and stat lines, moved with the half-PPR points."""
    import numpy as np
    import pyarrow as pa

    apart = together - half
    # Where our model has next to nothing, a factor would turn cents into fortunes.
    small = half < 1.0
    std = ours["projected_points_std"].to_numpy()
    # The sources differ in yards and touchdowns; receptions stay, unless that leaves too little.
    kept = (std >= 1.0) & (std + apart >= std / 3)
    whole = np.where(half > 0, together / np.maximum(half, 0.01), 1.0)
    factor = np.where(kept, (std + apart) / np.maximum(std, 0.01), whole)
    usual = quantile_table(np.empty(0), np.empty(0))
    out: dict[str, np.ndarray] = {}
    for scoring in SCORINGS:
        end = suffix(scoring)
        expected = ours[f"projected_points{end}"].to_numpy()
        moved = np.where(small | kept, np.maximum(expected + apart, 0.0), expected * whole)
        moved = np.where(together > 0, moved, 0.0)
        out[f"projected_points{end}"] = moved
        grown = moved / np.maximum(expected, 0.01)
        levels = quantiles(usual, moved, np.ones(len(half)), LEVELS)
        for name, plain in zip(QUANTILES, levels.T, strict=True):
            middle = ours[f"p50{end}"].to_numpy() * grown
            scaled = middle + (ours[f"{name}{end}"].to_numpy() * grown - middle) * width
            out[f"{name}{end}"] = np.where(together > 0, np.where(small, plain, scaled), 0.0)
    for name in TARGET_STATS:
        line = features.floats(ours, name)
        catches = kept & (name in ("receptions", "targets"))
        out[name] = np.where(small, np.nan, line * np.where(catches, 1.0, factor))
    return {
        name: pa.array(np.round(values, 4 if name in TARGET_STATS else 2), from_pandas=True)
        for name, values in out.items()
    }


def consensus_gaps(ours: pa.Table, source_projections: pa.Table) -> dict[int, list[str]]:
    """Warnings, by season, about weeks that no other source projects."""
    told = set(weeks_in(known(source_projections)))
    alone: dict[int, list[int]] = {}
    for season, week in weeks_in(ours):
        if (season, week) in told:
            continue
        alone.setdefault(season, []).append(week)
    return {
        season: [
            f"projections {season}: no other source, our model alone, in week "
            + ", ".join(map(str, numbers))
        ]
        for season, numbers in alone.items()
    }


def pool_warnings(raw_players: pa.Table) -> dict[int, list[str]]:
    """Warnings, by season, about weeks whose players are only known from their own stat lines."""
    import pyarrow.compute as pc

    weeks = raw_players.group_by(["season", "week"]).aggregate(
        [("roster_source", "min"), ("roster_source", "max")]
    )
    only = weeks.filter(
        pc.and_(
            pc.equal(weeks["roster_source_min"], "stats"),
            pc.equal(weeks["roster_source_max"], "stats"),
        )
    )
    return {
        row["season"]: [
            f"projections {row['season']} week {row['week']}: no rosters; the players listed are "
            f"those who then played"
        ]
        for row in only.to_pylist()
    }


def _is_listed(rows: pa.Table) -> np.ndarray:
    """Rows of players known before the week; in a week 1 without rosters, those who played."""
    import numpy as np

    source = features.texts(rows, "roster_source")
    week = codes(rows)
    known = np.isin(source, ["weekly_roster", "carried_forward"])
    return known | ((source == "stats") & ~np.isin(week, np.unique(week[known])))


def _listed(rows: pa.Table) -> pa.Table:
    import pyarrow as pa

    return rows.filter(pa.array(_is_listed(rows)))


def _with_reason(why: Sequence[str | None], projected: np.ndarray) -> pa.Array:
    """Reasons, so that each 0 has one."""
    import numpy as np
    import pyarrow as pa

    nothing = np.round(projected, 2) == 0
    known = [None if reason == NOTHING else reason for reason in why]
    whole = [r or (NOTHING if zero else None) for r, zero in zip(known, nothing, strict=True)]
    return pa.array(whole, pa.string())


def reasons(rows: pa.Table) -> list[str | None]:
    """Why each row is projected 0, or less than usual; None where there is no reason."""
    out: list[str | None] = []
    for bye, roster, injury in zip(
        rows["on_bye"].to_pylist(),
        rows["roster_status"].to_pylist(),
        rows["injury_status"].to_pylist(),
        strict=True,
    ):
        if bye:
            out.append("bye")
        elif roster not in (None, "ACT"):
            out.append(ROSTER_REASONS.get(roster, f"roster status {roster}"))
        elif injury in ("Out", "Doubtful", "Questionable"):
            out.append(injury.lower())
        else:
            out.append(None)
    return out

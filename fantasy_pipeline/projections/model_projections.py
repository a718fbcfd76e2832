"""`model_projections`: what our model expects of each listed player, no other source read.

A player likelier than not to play is projected as if he plays; one less likely is cut in
proportion, one ruled out is 0. `plays` tells the chance itself. Football only; the learning is in
`fantasy_pipeline.projections.model`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, MODEL_PROJECTIONS, TARGET_STATS
from fantasy_pipeline.football.tables.week_rows import codes, of_weeks, weeks_in
from fantasy_pipeline.projections.model import features
from fantasy_pipeline.projections.model.baseline import baseline_plays, baseline_points
from fantasy_pipeline.projections.model.intervals import (
    LEVELS,
    QUANTILES,
    quantile_table,
    quantiles,
)
from fantasy_pipeline.projections.model.predict import expect
from fantasy_pipeline.projections.model.stat_line import points
from fantasy_pipeline.projections.model.training import Model

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MODEL, BASELINE = "model", "baseline"
LIKELY = 0.5
"""Chance to play from which on a player is projected as if he plays."""

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
    return MODEL_PROJECTIONS.shaped(pa.concat_tables(frames))


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
            "reason": with_reason(reasons(rows), columns["projected_points"]),
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


def warnings_without_rosters(raw_players: pa.Table) -> dict[int, list[str]]:
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


def with_reason(why: Sequence[str | None], projected: np.ndarray) -> pa.Array:
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

"""Project team defences (D/ST): a ridge regression of ESPN's standard points, and a consensus.

A defence has no stat line of the offence, so that its points are the same in every scoring. The
features are what the betting lines imply, and what `player_history` knows of both teams.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENCE_STATS,
    MODEL_PROJECTIONS,
    PLAYER_WEEK,
    PROJECTIONS,
    TARGET_STATS,
)
from fantasy_pipeline.football.tables.week_rows import of_defences, of_weeks, weeks_in
from fantasy_pipeline.ingest.sites import ESPN
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.history.defences import USUAL
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.intervals import LEVELS, QUANTILES
from fantasy_pipeline.projections.model_projections import BASELINE, BYE, MODEL, naming_cancelled

POINTS = "points_espn"
"""Column of `TEAM_DEFENSE_STATS` that is projected: the only scoring of which a source's past
projections exist."""
_LINES = ("implied_team_total", "spread_line", "is_home", "indoors")
_OWN, _AGAINST = (
    tuple(f"{prefix}_{name}" for name in DEFENCE_STATS) for prefix in ("defence", "against")
)
HISTORY_COLUMNS = (
    *PLAYER_WEEK,
    *("player_name", "position", "team", "opponent", "on_bye", "roster_source", "games"),
    *_LINES,
    *_OWN,
    *_AGAINST,
    "target_half",
)
"""Columns of `PLAYER_HISTORY` that the projection reads."""
FEATURES = ("opponent_total", "own_total", "is_home", "dome", *_OWN, *_AGAINST)
CENTRE = np.array([22.8, 22.8, 0.5, 0.25, *USUAL, *USUAL])
SCALE = np.array([4.3, 4.3, 0.5, 0.43, *(1.2, 0.4, 0.2, 0.15, 2.2, 20.0) * 2])
"""Usual value and spread of each feature, so that a penalty means the same for all of them."""
PENALTY = 200.0
PRIOR = np.zeros(len(FEATURES))
PRIOR[0] = -0.45 * 4.3
"""Coefficients that the ridge starts from: 0.45 points less per point that the opponent's total is
higher. They project alone where no earlier season is known."""
SPREAD = np.array([-6.6, -0.7, 8.0])
"""Usual difference of the actual points from the projection at p10, p50 and p90."""
MIN_GAMES = 200
"""Team-games of earlier seasons from which their own differences count."""
SOURCE_WEIGHT = 0.25
"""Share of the way from our points to the mean of the sources in the same scoring."""
SAME_SCORING = (ESPN,)
"""Sources whose D/ST points are in the scoring of `POINTS`."""


def model_rows(
    history: pa.Table,
    raw_players: pa.Table,
    weeks: Sequence[SeasonWeek],
    label: str | None,
    cancelled: Collection[tuple[int, int, str]] = (),
) -> pa.Table:
    """Project the team defences of some weeks with our model alone.

    The coefficients of a season are learnt from the seasons before it.

    Args:
        history: `HISTORY_COLUMNS` of `PLAYER_HISTORY`, of those weeks and of all earlier seasons;
            the rows of other positions are ignored.
        raw_players: `RAW_PLAYERS` of the weeks: which of them list defences.
        label: text to add to the source column, e.g. that the data are synthetic.
        cancelled: season, week and team of cancelled games.

    Returns:
        `MODEL_PROJECTIONS` rows, one per listed team and week; a bye is projected 0.

    Raises:
        PipelineError: the history lacks the defences of one of the weeks.
    """
    known = of_defences(history)
    rows = of_weeks(known.filter(pc.is_valid(known["roster_source"])), weeks)
    stated = weeks_in(of_defences(of_weeks(raw_players, weeks)))
    if absent := sorted(set(stated) - set(weeks_in(rows))):
        raise PipelineError(
            f"projections {absent[0]}: player_history has no team defences of that week. "
            f"Materialize player_history, then projections."
        )
    parts = [MODEL_PROJECTIONS.arrow_schema.empty_table()]
    for season in sorted(set(rows["season"].to_pylist())):
        ridge = _Ridge.of(known.filter(pc.less(known["season"], season)))
        parts.append(_season(rows.filter(pc.equal(rows["season"], season)), ridge, label))
    return MODEL_PROJECTIONS.shaped(naming_cancelled(pa.concat_tables(parts), cancelled))


def _features(rows: pa.Table) -> np.ndarray:
    """Return the features of `HISTORY_COLUMNS` rows, (rows, `FEATURES`); NaN if not known."""
    total, spread, is_home, indoors = (as_floats(rows[name]) for name in _LINES)
    # A roof that can open is closed or open only on the day of the game.
    lines = (total - spread, total, is_home, np.nan_to_num(indoors))
    return np.column_stack([*lines, *(as_floats(rows[name]) for name in (*_OWN, *_AGAINST))])


@dataclass(frozen=True)
class _Ridge:
    """A season's coefficients, and the spread of the actual points around the projection."""

    mean: float
    weights: np.ndarray
    spread: np.ndarray
    learnt: bool

    @classmethod
    def of(cls, past: pa.Table) -> _Ridge:
        """Learn from `HISTORY_COLUMNS` rows of earlier seasons."""
        played = past.filter(pc.is_valid(past["target_half"]))
        if played.num_rows < MIN_GAMES:
            return cls(float(USUAL[0]), PRIOR, SPREAD, learnt=False)
        x, y = _standard(_features(played)), as_floats(played["target_half"])
        mean = float(y.mean())
        # Ridge towards `PRIOR`: the penalty holds for what differs from it.
        left = x.T @ x + PENALTY * np.eye(x.shape[1])
        weights = PRIOR + np.linalg.solve(left, x.T @ (y - mean - x @ PRIOR))
        spread = np.quantile(y - mean - x @ weights, LEVELS)
        return cls(mean, weights, spread, learnt=True)

    def points(self, features: np.ndarray) -> np.ndarray:
        """Return the projected points, (rows,)."""
        return np.maximum(self.mean + _standard(features) @ self.weights, 0.0)


def _standard(features: np.ndarray) -> np.ndarray:
    """Return features in spreads from their usual value; 0 where they are not known."""
    return np.nan_to_num((features - CENTRE) / SCALE)


def _season(rows: pa.Table, ridge: _Ridge, label: str | None) -> pa.Table:
    """Return `MODEL_PROJECTIONS` columns of one season's defences."""
    size, plays = rows.num_rows, ~rows["on_bye"].to_numpy()
    features = _features(rows)
    points = np.where(plays, ridge.points(features), 0.0)
    levels = np.where(plays[:, None], points[:, None] + ridge.spread, 0.0)
    usual, against = (as_floats(rows[names[0]]) for names in (_OWN, _AGAINST))
    source = MODEL if ridge.learnt else BASELINE
    name = f"{source} ({label})" if label else source
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        **{n: rows[n] for n in MODEL_PROJECTIONS.column_names if n in rows.column_names},
        **_points(points, levels),
        "source": pa.array([name] * size),
        "reason": pa.array([None if playing else BYE for playing in plays], pa.string()),
        "injury_status": pa.nulls(size, pa.string()),
        "implied_team_total": _rounded(features[:, 1], plays),
        "opponent_factor": _rounded(np.maximum(against, 0.0) / USUAL[0], plays),
        "games": pa.array(np.where(plays, as_floats(rows["games"]), 0).astype(np.int64)),
        "plays": pa.array(plays.astype(float)),
        "usual_half": _rounded(usual, plays),
    }
    columns |= {name: pa.nulls(size, pa.float64()) for name in ("starts", *TARGET_STATS)}
    return MODEL_PROJECTIONS.shaped(pa.table(columns))


def _rounded(values: np.ndarray, stated: np.ndarray) -> pa.Array:
    """Return values with two decimals, null where they are not stated or not known."""
    return pa.array(np.round(np.where(stated, values, np.nan), 2), from_pandas=True)


def _points(points: np.ndarray, levels: np.ndarray) -> dict[str, pa.Array]:
    """Return points and quantiles by column name; they are the same in every scoring."""
    out = {}
    for scoring in SCORINGS:
        end = suffix(scoring)
        out[f"projected_points{end}"] = pa.array(np.round(points, 2) + 0.0)
        for name, values in zip(QUANTILES, levels.T, strict=True):
            out[f"{name}{end}"] = pa.array(np.round(values, 2) + 0.0)
    return out


def consensus_rows(ours: pa.Table, source_projections: pa.Table, label: str | None) -> pa.Table:
    """Return the consensus of our model and the sources in the same scoring.

    Args:
        ours: `MODEL_PROJECTIONS` of defences.
        source_projections: `SOURCE_PROJECTIONS` of those weeks.

    Returns:
        `PROJECTIONS` rows, one per row of `ours`. Quantiles move with the points.
    """
    if not ours.num_rows:
        return PROJECTIONS.arrow_schema.empty_table()
    others = stated_points(ours, source_projections)
    own, plays = as_floats(ours["projected_points"]), as_floats(ours["plays"]) > 0
    count = (~np.isnan(others)).sum(axis=1) * plays
    mean = np.nansum(others, axis=1) / np.maximum(count, 1)
    points = np.where(count > 0, own + SOURCE_WEIGHT * (mean - own), own)
    levels = np.column_stack([as_floats(ours[name]) for name in QUANTILES])
    levels = levels + (points - own)[:, None]
    together = np.column_stack([own, others])
    spread = np.where(plays, np.nanmax(together, axis=1) - np.nanmin(together, axis=1), 0.0)
    names = [
        _name(source, number > 0, label)
        for source, number in zip(ours["source"].to_pylist(), count.tolist(), strict=True)
    ]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        **{name: ours[name] for name in PROJECTIONS.column_names if name in ours.column_names},
        **_points(points, levels),
        "source": pa.array(names),
        "nflcom_half": pa.nulls(ours.num_rows, pa.float64()),
        "model_half": ours["projected_points_half"],
        "sources": pa.array(count + 1),
        "spread": pa.array(np.round(spread, 2)),
    }
    return PROJECTIONS.shaped(pa.table(columns))


def _name(source: str, others: bool, label: str | None) -> str:
    if not others:
        return source
    name = "consensus" if source.startswith(MODEL) else f"consensus with {BASELINE}"
    return f"{name} ({label})" if label else name


def stated_points(rows: pa.Table, source_projections: pa.Table) -> np.ndarray:
    """Return the points that `SAME_SCORING` state before kick-off, (rows, sources)."""
    keyed = rows.select(["season", "week", "player_id"]).append_column(
        "receptions", pa.nulls(rows.num_rows, pa.float64())
    )
    known = consensus.Stated.of(of_defences(source_projections), with_copies=True)
    stated = consensus.points_by_source(keyed, known)
    missing = np.full(rows.num_rows, np.nan)
    return np.column_stack([stated.get(name, missing) for name in SAME_SCORING])

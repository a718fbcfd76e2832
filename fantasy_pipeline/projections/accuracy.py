"""`projection_accuracy`: the errors of each source's projections, by week and position.

The protocol is the same for every source; docs/projections.md states it. NFL.com and a neutral
baseline choose the players that are scored, never the projections under test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.scoring import Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK, PROJECTION_ACCURACY
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.features import shrunken_mean
from fantasy_pipeline.projections.model.intervals import LEVELS

POOL = {"QB": 24, "RB": 50, "WR": 60, "TE": 24, "K": 24}
"""Players per week and position who are scored."""
COUNTED = ("QB", "RB", "WR", "TE")
"""Positions that count in ALL."""
ALL = "ALL"
SCORED: tuple[Scoring, ...] = ("half", "ppr")
LAST_WEEK = 17
"""Last week that counts in pooled figures; the table has all weeks."""
NAIVE = {
    "naive last game": "last_points",
    "naive last 4": "last4_points",
    "naive season to date": "season_points",
    "naive recency-weighted": "avg_fantasy_points",
}
"""Naive baselines, and the stem of their columns in `player_history`."""
KEY = list(PLAYER_WEEK)
SCORES = ("fantasy_points", "fantasy_points_half", "fantasy_points_ppr")
HISTORY_COLUMNS = (
    "position",
    "weight",
    "avg_receptions",
    *(f"{kind}_{name}" for kind in ("avg", "prior") for name in SCORES),
    *(f"{kind}_points_{name}" for kind in ("last", "last4", "season") for name in SCORED),
    "target_played",
    *(f"target_{name}" for name in SCORED),
)
"""Columns of `player_history` that are read, beside the key."""
_RECEPTION_GAMES = 1.0
"""Games without a reception that each player's mean is shrunken with."""


@dataclass(frozen=True)
class Projected:
    """One source's points, (rows,), and quantiles p10, p50, p90, (rows, 3), if it states any."""

    points: np.ndarray
    quantiles: np.ndarray | None = None


def projection_accuracy(
    history: pa.Table,
    projections: pa.Table,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> pa.Table:
    """Score the projections of some weeks.

    Args:
        history: key and `HISTORY_COLUMNS` of `PLAYER_HISTORY`, of those weeks or more: the actual
            points and the naive baselines.
        projections: `PROJECTIONS` of those weeks.
        model_projections: `MODEL_PROJECTIONS` of those weeks.
        source_projections: `SOURCE_PROJECTIONS` of those weeks; may be empty.

    Returns:
        `PROJECTION_ACCURACY` rows; none for weeks that are not projected or not played yet.
    """
    wanted = projections.select(KEY)
    rows = history.select([*KEY, *HISTORY_COLUMNS])
    rows = rows.join(wanted, KEY, join_type="inner").sort_by([(name, "ascending") for name in KEY])
    rows = rows.filter(pc.is_valid(rows["target_played"]))
    if not rows.num_rows:
        return PROJECTION_ACCURACY.arrow_schema.empty_table()
    pool = pool_rows(rows, source_projections)
    rows = rows.take(np.flatnonzero(pool))
    out: list[dict[str, object]] = []
    for scoring in SCORED:
        sources = dict(_sources(rows, scoring, projections, model_projections, source_projections))
        actual = np.nan_to_num(as_floats(rows[f"target_{scoring}"]))
        out += _measure_weeks(rows, scoring, actual, sources)
    return PROJECTION_ACCURACY.shaped(
        pa.Table.from_pylist(out, schema=PROJECTION_ACCURACY.arrow_schema)
    )


def expected_receptions(rows: pa.Table) -> np.ndarray:
    """Return receptions to expect, one per row, to convert points between half-PPR and PPR.

    They use the player's past only: his recency-weighted mean, shrunken by `_RECEPTION_GAMES`.
    """
    weight = np.nan_to_num(as_floats(rows["weight"]))
    return np.nan_to_num(as_floats(rows["avg_receptions"])) * weight / (weight + _RECEPTION_GAMES)


def _source_points(
    rows: pa.Table, source_projections: pa.Table, scoring: Scoring
) -> dict[str, np.ndarray]:
    """Return each source's points, (rows,), as stated; converted if it does not state a scoring."""
    keyed = rows.select(KEY).append_column("receptions", pa.array(expected_receptions(rows)))
    return consensus.points_by_source(keyed, source_projections, with_copies=True, scoring=scoring)


def pool_rows(rows: pa.Table, source_projections: pa.Table) -> np.ndarray:
    """Return a mask of the rows that are scored: the best `POOL` per week and position, (rows,).

    The order is the mean, in PPR, of NFL.com's projection and the player's shrunken mean points.
    NFL.com must project the player; in a week without NFL.com the shrunken mean alone decides.
    """
    nflcom = _source_points(rows, source_projections, "ppr").get(NFLCOM)
    neutral = shrunken_mean(rows, "ppr")
    week = codes(rows)
    merit = neutral
    if nflcom is not None:
        # NaN in weeks with NFL.com for players that NFL.com does not project: they are not scored.
        covered = np.isin(week, np.unique(week[~np.isnan(nflcom)]))
        merit = np.where(covered, (nflcom + neutral) / 2, neutral)
    positions = as_texts(rows["position"])
    pool = np.zeros(rows.num_rows, dtype=bool)
    for position, count in POOL.items():
        for number in np.unique(week):
            in_group = (positions == position) & (week == number)
            candidates = np.flatnonzero(in_group & ~np.isnan(merit))
            best = np.argsort(-merit[candidates], kind="stable")[:count]
            pool[candidates[best]] = True
    return pool


def _sources(
    rows: pa.Table,
    scoring: Scoring,
    projections: pa.Table,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> Iterator[tuple[str, Projected]]:
    """Yield every source's name and projections in one scoring, in the order of `rows`."""
    for name, values in _source_points(rows, source_projections, scoring).items():
        yield name, Projected(values)
    for name, table in (("consensus", projections), ("model", model_projections)):
        yield name, _own_points(rows, table, scoring)
    usual = shrunken_mean(rows, scoring)
    for name, column in NAIVE.items():
        values = as_floats(rows[f"{column}_{scoring}"])
        # Players without such a game are projected their shrunken mean.
        yield name, Projected(np.where(np.isnan(values), usual, values))


def _own_points(rows: pa.Table, table: pa.Table, scoring: str) -> Projected:
    """Return points and quantiles of `projections` or `model_projections`; NaN without a row."""
    names = [f"{name}{suffix(scoring)}" for name in ("projected_points", "p10", "p50", "p90")]
    keyed = rows.select(KEY).append_column("row", pa.array(np.arange(rows.num_rows)))
    both = keyed.join(table.select([*KEY, *names]), KEY, join_type="inner")
    # (rows, points and p10, p50, p90)
    values = np.full((rows.num_rows, 4), np.nan)
    values[both["row"].to_numpy()] = np.column_stack([as_floats(both[name]) for name in names])
    return Projected(values[:, 0], values[:, 1:])


def _measure_weeks(
    rows: pa.Table, scoring: Scoring, actual: np.ndarray, sources: Mapping[str, Projected]
) -> Iterator[dict[str, object]]:
    """Yield one row of measures per week, source, pool and position, ALL after the positions."""
    positions, played = as_texts(rows["position"]), as_floats(rows["target_played"]) == 1
    weeks = codes(rows)
    nflcom = sources[NFLCOM].points if NFLCOM in sources else np.full(len(actual), np.nan)
    for number in np.unique(weeks):
        # Per pool and position, the indices of the week's rows.
        in_week = weeks == number
        pools = {
            "played": {p: np.flatnonzero(in_week & played & (positions == p)) for p in POOL},
            "all": {p: np.flatnonzero(in_week & (positions == p)) for p in POOL},
        }
        for source, projected in sources.items():
            for pool, by_position in pools.items():
                measures = _measure_positions(by_position, projected, actual, nflcom)
                for position, values in measures.items():
                    yield {
                        **SeasonWeek.of_code(number)._asdict(),
                        "source": source,
                        "position": position,
                        "scoring": scoring,
                        "pool": pool,
                        **values,
                    }


def _measure_positions(
    by_position: Mapping[str, np.ndarray],
    projected: Projected,
    actual: np.ndarray,
    nflcom: np.ndarray,
) -> dict[str, dict[str, float | None]]:
    """Return one source's measures by position, and of ALL, on the players that it projects."""
    out = {}
    stated = ~np.isnan(projected.points)
    for position, listed in by_position.items():
        players = listed[stated[listed]]
        if len(players):
            out[position] = measure(
                projected.points[players],
                actual[players],
                None if projected.quantiles is None else projected.quantiles[players],
                nflcom[players],
            )
    counted = [out[position] for position in COUNTED if position in out]
    if counted:
        out[ALL] = pooled(counted)
    return out


def measure(
    projected: np.ndarray,
    actual: np.ndarray,
    quantiles: np.ndarray | None,
    nflcom: np.ndarray | None = None,
) -> dict[str, float | None]:
    """Return the measures of one week and position, from points (players,).

    Args:
        quantiles: p10, p50, p90, (players, 3); None if the source states none.
        nflcom: NFL.com's projections of the same players, (players,). NFL.com projects every player
            of the pool, or has no file of the week and none.
    """
    error = projected - actual
    out: dict[str, float | None] = {
        "players": len(error),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "nflcom_mae": None,
        "nflcom_rmse": None,
        "bias": float(error.mean()),
        "spearman": _spearman(_ranks(projected), _ranks(actual)),
        **_start_sit(projected, actual),
        "coverage": None,
        "pinball": None,
    }
    if nflcom is not None and not np.isnan(nflcom).any():
        nflcom_error = nflcom - actual
        out["nflcom_mae"] = float(np.abs(nflcom_error).mean())
        out["nflcom_rmse"] = float(np.sqrt((nflcom_error**2).mean()))
    if quantiles is not None:
        inside = (actual >= quantiles[:, 0]) & (actual <= quantiles[:, 2])
        # Pinball loss: an actual above the quantile costs `level` a point, one below 1 - `level`.
        losses = [
            np.maximum(level * (actual - column), (level - 1) * (actual - column)).mean()
            for level, column in zip(LEVELS, quantiles.T, strict=True)
        ]
        out["coverage"], out["pinball"] = float(inside.mean()), float(np.mean(losses))
    return out


def _start_sit(projected: np.ndarray, actual: np.ndarray) -> dict[str, float | None]:
    """Return the share of pairs put in the right order, and the number of pairs."""
    # (players, players): the row's player is projected, or has scored, more than the column's.
    ahead = projected[:, None] > projected
    better = actual[:, None] > actual
    pairs = int(np.count_nonzero(better))
    # Equal projections count half, as the toss of a coin.
    won = int(np.count_nonzero(better & ahead))
    lost = int(np.count_nonzero(better & ahead.T))
    return {"start_sit": (0.5 * (pairs + won - lost)) / pairs if pairs else None, "pairs": pairs}


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return twice each value's distance from the mean rank, (values,); ties share a rank."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return below + up_to - len(values)


def _spearman(ranks: np.ndarray, others: np.ndarray) -> float | None:
    """Return the correlation of ranks; None below 3 values or if all values of one are equal."""
    spread = float(ranks @ ranks) * float(others @ others)
    if len(ranks) < 3 or spread == 0:
        return None
    return float((ranks @ others) / spread**0.5)


def headlines(accuracy: pa.Table) -> dict[SeasonWeek, dict[str, float]]:
    """Return the headline numbers of each week: PPR, players who played, all positions.

    These are MAE of the consensus and of NFL.com, the ratio of the consensus's RMSE to NFL.com's
    on the same players, and the share of players within p10-p90. Missing numbers are left out.
    """
    out: dict[SeasonWeek, dict[str, float]] = {}
    for row in accuracy.to_pylist():
        source = row["source"]
        if (row["position"], row["scoring"], row["pool"]) != (ALL, "ppr", "played"):
            continue
        if source not in ("consensus", NFLCOM):
            continue
        numbers = out.setdefault(SeasonWeek(row["season"], row["week"]), {})
        numbers[f"mae_{source}"] = round(row["mae"], 3)
        if row["coverage"] is not None:
            numbers["coverage_p10_p90"] = round(row["coverage"], 3)
        # No ratio without a projection of NFL.com's, or if its projections had no error.
        if source == "consensus" and row["nflcom_rmse"]:
            numbers["rmse_ratio_to_nflcom"] = round(row["rmse"] / row["nflcom_rmse"], 4)
    return out


_WEIGHTS = {
    "mae": "players",
    "nflcom_mae": "players",
    "bias": "players",
    "coverage": "players",
    "pinball": "players",
    "start_sit": "pairs",
    "spearman": None,
}
"""The weight of each measure in a mean; None: each week and position counts the same.
`sql/scoreboard.sql` pools by the same weights."""


def pooled(parts: list[dict[str, float | None]]) -> dict[str, float | None]:
    """Return the measures of several weeks or positions as one.

    Means are weighted by `_WEIGHTS`, RMSE is pooled over players; None if no part has the measure.
    """
    players = [part["players"] or 0 for part in parts]
    out: dict[str, float | None] = {
        "players": sum(players),
        "pairs": sum(part["pairs"] or 0 for part in parts),
    }
    for name in ("rmse", "nflcom_rmse"):
        present = [
            (value, n)
            for part, n in zip(parts, players, strict=True)
            if (value := part[name]) is not None
        ]
        total = sum(n for _, n in present)
        out[name] = (sum(n * value**2 for value, n in present) / total) ** 0.5 if total else None
    for name, by in _WEIGHTS.items():
        present = [
            (value, 1.0 if by is None else float(part[by] or 0))
            for part in parts
            if (value := part[name]) is not None
        ]
        total = sum(weight for _, weight in present)
        out[name] = sum(value * weight for value, weight in present) / total if total else None
    return out

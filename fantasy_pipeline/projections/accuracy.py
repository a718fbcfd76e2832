"""`projection_accuracy`: how far each source's projections were from what happened.

The protocol is public and the same for every source; docs/projections.md states it. Who is scored
is decided by NFL.com and a neutral baseline, never by the projections on trial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.football.scoring import Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK, PROJECTION_ACCURACY
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.baseline import shrunken_mean
from fantasy_pipeline.projections.model.features import floats, texts
from fantasy_pipeline.projections.model.intervals import LEVELS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

POOL = {"QB": 24, "RB": 50, "WR": 60, "TE": 24, "K": 24}
"""Players per week and position who are scored."""
COUNTED = ("QB", "RB", "WR", "TE")
"""Positions that ALL is made of."""
ALL = "ALL"
SCORED: tuple[Scoring, ...] = ("half", "ppr")
LAST_WEEK = 17
"""Last week that the pooled figures take in; the table has all weeks."""
NAIVE = {
    "naive last game": "last_points",
    "naive last 4": "last4_points",
    "naive season to date": "season_points",
    "naive recency-weighted": "avg_fantasy_points",
}
"""Baselines that anybody has for free, and the column of `player_history` that they are."""
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


@dataclass(frozen=True)
class Projected:
    """One source's points of each row, and its quantiles if it gives any (rows x 3)."""

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
        history: key and `HISTORY_COLUMNS` of `PLAYER_HISTORY`, those weeks or more: what
            happened, and the naive baselines.
        projections: `PROJECTIONS` of those weeks.
        model_projections: `MODEL_PROJECTIONS` of those weeks.
        source_projections: `SOURCE_PROJECTIONS` of those weeks, possibly none.

    Returns:
        `PROJECTION_ACCURACY` rows; none for a week not projected, or not played yet.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

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
        actual = np.nan_to_num(floats(rows, f"target_{scoring}"))
        out += _measure_weeks(rows, scoring, actual, sources)
    return PROJECTION_ACCURACY.shaped(
        pa.Table.from_pylist(out, schema=PROJECTION_ACCURACY.arrow_schema)
    )


def expected_receptions(rows: pa.Table) -> np.ndarray:
    """Receptions to expect, from the player's past only: to turn half-PPR into PPR and back."""
    import numpy as np

    weight = np.nan_to_num(floats(rows, "weight"))
    return np.nan_to_num(floats(rows, "avg_receptions")) * weight / (weight + _RECEPTION_GAMES)


def _source_points(
    rows: pa.Table, source_projections: pa.Table, scoring: Scoring
) -> dict[str, np.ndarray]:
    """Points of each source, as it says them where it knows the scoring."""
    import pyarrow as pa

    keyed = rows.select(KEY).append_column("receptions", pa.array(expected_receptions(rows)))
    return consensus.points_by_source(keyed, source_projections, with_copies=True, scoring=scoring)


def pool_rows(rows: pa.Table, source_projections: pa.Table) -> np.ndarray:
    """Which rows are scored: the best `POOL` per week and position.

    Best by the mean, in PPR, of NFL.com's projection and the recency-weighted mean of the player's
    own points. NFL.com must project him; in a week without NFL.com the baseline alone decides.
    """
    import numpy as np

    nflcom = _source_points(rows, source_projections, "ppr").get(NFLCOM)
    neutral = shrunken_mean(rows, "ppr")
    week = codes(rows)
    merit = neutral
    if nflcom is not None:
        covered = np.isin(week, np.unique(week[~np.isnan(nflcom)]))
        merit = np.where(covered, (nflcom + neutral) / 2, neutral)
    place = texts(rows, "position")
    pool = np.zeros(rows.num_rows, dtype=bool)
    for position, count in POOL.items():
        for number in np.unique(week):
            these = np.flatnonzero((place == position) & (week == number) & ~np.isnan(merit))
            pool[these[np.argsort(-merit[these], kind="stable")][:count]] = True
    return pool


def _sources(
    rows: pa.Table,
    scoring: Scoring,
    projections: pa.Table,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> Iterator[tuple[str, Projected]]:
    """Every source by name, in one scoring, in the order of `rows`."""
    import numpy as np

    for name, values in _source_points(rows, source_projections, scoring).items():
        yield name, Projected(values)
    for name, table in (("consensus", projections), ("model", model_projections)):
        yield name, _own_points(rows, table, scoring)
    usual = shrunken_mean(rows, scoring)
    for name, column in NAIVE.items():
        values = floats(rows, f"{column}_{scoring}")
        # Who has no such game is projected what the likes of him score.
        yield name, Projected(np.where(np.isnan(values), usual, values))


def _own_points(rows: pa.Table, table: pa.Table, scoring: str) -> Projected:
    """Points and quantiles of one of our tables."""
    import numpy as np
    import pyarrow as pa

    names = [f"{name}{suffix(scoring)}" for name in ("projected_points", "p10", "p50", "p90")]
    keyed = rows.select(KEY).append_column("row", pa.array(np.arange(rows.num_rows)))
    both = keyed.join(table.select([*KEY, *names]), KEY, join_type="inner")
    values = np.full((rows.num_rows, 4), np.nan)
    values[both["row"].to_numpy()] = np.column_stack([floats(both, name) for name in names])
    return Projected(values[:, 0], values[:, 1:])


def _measure_weeks(
    rows: pa.Table, scoring: str, actual: np.ndarray, sources: Mapping[str, Projected]
) -> Iterator[dict[str, object]]:
    """Measures of all weeks, sources, positions and both pools."""
    import numpy as np

    place, played = texts(rows, "position"), floats(rows, "target_played") == 1
    code = codes(rows)
    for number in np.unique(code):
        now = code == number
        pools = {
            "played": {p: np.flatnonzero(now & played & (place == p)) for p in POOL},
            "all": {p: np.flatnonzero(now & (place == p)) for p in POOL},
        }
        nflcom = sources[NFLCOM].points if NFLCOM in sources else np.full(len(actual), np.nan)
        for source, projected in sources.items():
            told = ~np.isnan(projected.points)
            for pool, positions in pools.items():
                parts = {}
                for position, listed in positions.items():
                    these = listed[told[listed]]
                    if len(these):
                        parts[position] = measure(
                            projected.points[these],
                            actual[these],
                            None if projected.quantiles is None else projected.quantiles[these],
                            nflcom[these],
                        )
                counted = [parts[position] for position in COUNTED if position in parts]
                if counted:
                    parts[ALL] = pooled(counted)
                for position, measures in parts.items():
                    yield {
                        **SeasonWeek.of_code(number)._asdict(),
                        "source": source,
                        "position": position,
                        "scoring": scoring,
                        "pool": pool,
                        **measures,
                    }


def measure(
    projected: np.ndarray,
    actual: np.ndarray,
    quantiles: np.ndarray | None,
    nflcom: np.ndarray | None = None,
) -> dict[str, float | None]:
    """Measures of one week and position.

    Args:
        quantiles: p10, p50, p90 as columns, if there are any.
        nflcom: what NFL.com projects the same players. It projects every player of the pool, or
            has no file of the week and none.
    """
    import numpy as np

    error = projected - actual
    ahead = projected[:, None] > projected
    better = actual[:, None] > actual
    pairs = int(np.count_nonzero(better))
    # Equal projections leave the choice to a coin.
    won, lost = (int(np.count_nonzero(better & said)) for said in (ahead, ahead.T))
    out: dict[str, float | None] = {
        "players": len(error),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "nflcom_mae": None,
        "nflcom_rmse": None,
        "bias": float(error.mean()),
        "spearman": _spearman(_ranks(projected), _ranks(actual)),
        "start_sit": (0.5 * (pairs + won - lost)) / pairs if pairs else None,
        "pairs": pairs,
        "coverage": None,
        "pinball": None,
    }
    if nflcom is not None and not np.isnan(nflcom).any():
        theirs = nflcom - actual
        out["nflcom_mae"] = float(np.abs(theirs).mean())
        out["nflcom_rmse"] = float(np.sqrt((theirs**2).mean()))
    if quantiles is not None:
        inside = (actual >= quantiles[:, 0]) & (actual <= quantiles[:, 2])
        losses = [
            np.maximum(level * (actual - column), (level - 1) * (actual - column)).mean()
            for level, column in zip(LEVELS, quantiles.T, strict=True)
        ]
        out["coverage"], out["pinball"] = float(inside.mean()), float(np.mean(losses))
    return out


def _ranks(values: np.ndarray) -> np.ndarray:
    """Twice each value's distance from the mean rank, ties sharing their mean rank."""
    import numpy as np

    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return below + up_to - len(values)


def _spearman(ranks: np.ndarray, others: np.ndarray) -> float | None:
    """Correlation of ranks; None where it has no meaning."""
    spread = float(ranks @ ranks) * float(others @ others)
    if len(ranks) < 3 or spread == 0:
        return None
    return float((ranks @ others) / spread**0.5)


def headlines(accuracy: pa.Table) -> dict[SeasonWeek, dict[str, float]]:
    """The few numbers of each week that are watched over time: PPR, who played, all positions.

    By week: MAE of the consensus and of NFL.com, the consensus's RMSE over NFL.com's on the same
    players, and the share of players within p10-p90; what a week lacks is left out.
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
        if source == "consensus" and (ratio := ratio_to_nflcom(row, "rmse")) is not None:
            numbers["rmse_ratio_to_nflcom"] = round(ratio, 4)
    return out


def ratio_to_nflcom(measures: Mapping[str, Any], name: str) -> float | None:
    """`mae` or `rmse` over NFL.com's on the same players; None where NFL.com has none, or is
    without error."""
    theirs = measures[f"nflcom_{name}"]
    return measures[name] / theirs if theirs else None


_WEIGHTS = {
    "mae": "players",
    "nflcom_mae": "players",
    "bias": "players",
    "coverage": "players",
    "pinball": "players",
    "start_sit": "pairs",
    "spearman": None,
}
"""What each measure is averaged by; None: each week and position counts the same."""


def pooled(parts: list[dict[str, float | None]]) -> dict[str, float | None]:
    """Measures of several weeks or positions as one."""
    players = [part["players"] or 0 for part in parts]
    out: dict[str, float | None] = {
        "players": sum(players),
        "pairs": sum(part["pairs"] or 0 for part in parts),
    }
    for name in ("rmse", "nflcom_rmse"):
        known = [
            (value, n)
            for part, n in zip(parts, players, strict=True)
            if (value := part[name]) is not None
        ]
        total = sum(n for _, n in known)
        out[name] = (sum(n * value**2 for value, n in known) / total) ** 0.5 if total else None
    for name, by in _WEIGHTS.items():
        known = [
            (value, 1.0 if by is None else float(part[by] or 0))
            for part in parts
            if (value := part[name]) is not None
        ]
        total = sum(weight for _, weight in known)
        out[name] = sum(value * weight for value, weight in known) / total if total else None
    return out

"""Compare two backtests of the same weeks: `python scripts/compare_backtests.py BEFORE AFTER`.

The files are those of `fantasy-pipeline backtest --scores`. Prints the errors of AFTER relative to
BEFORE, with 90% intervals of a paired bootstrap over weeks: weeks are drawn with replacement, and
both backtests are pooled over the same draw.
"""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.projections.accuracy import COUNTED, LAST_WEEK

DRAWS = 4000


def errors_by_week(
    accuracy: pa.Table, source: str, scoring: str = "ppr", pool: str = "played"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weeks' codes, (weeks,), and their sums of errors, (weeks, 3).

    The sums are of absolute errors, squared errors and players, over the positions in the totals.

    Args:
        accuracy: `PROJECTION_ACCURACY` rows.
    """
    wanted = pc.and_(pc.equal(accuracy["source"], source), pc.equal(accuracy["scoring"], scoring))
    wanted = pc.and_(wanted, pc.equal(accuracy["pool"], pool))
    wanted = pc.and_(wanted, pc.is_in(accuracy["position"], pa.array(COUNTED)))
    rows = accuracy.filter(pc.and_(wanted, pc.less_equal(accuracy["week"], LAST_WEEK)))
    players = rows["players"].to_numpy()
    sums = np.column_stack(
        [rows["mae"].to_numpy() * players, rows["rmse"].to_numpy() ** 2 * players, players]
    )
    weeks, week = np.unique(codes(rows), return_inverse=True)
    return weeks, np.column_stack([np.bincount(week, column) for column in sums.T])


def compare(before: np.ndarray, after: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """Return each error of `after` relative to `before`, with its 90% interval, by name.

    Args:
        before, after: sums of the same weeks from `errors_by_week`, (weeks, 3).
    """
    # (draws, weeks): the weeks of each draw; the first is all weeks once
    count = len(before)
    drawn = np.random.default_rng(0).integers(count, size=(DRAWS, count))
    drawn = np.concatenate([np.arange(count)[None], drawn])
    # (draws, 3): pooled sums
    old, new = before[drawn].sum(axis=1), after[drawn].sum(axis=1)
    # (draws, 2): mean absolute and mean squared errors, relative to before
    ratios = (new[:, :2] / new[:, 2:]) / (old[:, :2] / old[:, 2:])
    ratios[:, 1] **= 0.5
    low, high = np.quantile(ratios[1:], (0.05, 0.95), axis=0)
    return {
        name: (float(ratios[0, at]), float(low[at]), float(high[at]))
        for at, name in enumerate(("MAE", "RMSE"))
    }


def main(before: str, after: str) -> None:
    """Print the comparison of the consensus and of the model, in both pools that have totals."""
    tables = [pq.read_table(path, partitioning=None) for path in (before, after)]
    for source in ("consensus", "model"):
        for pool in ("played", "all"):
            (weeks, old), (others, new) = (errors_by_week(t, source, "ppr", pool) for t in tables)
            if not np.array_equal(weeks, others) or not np.array_equal(old[:, 2], new[:, 2]):
                sys.exit(f"{source}, {pool}: the backtests are not of the same weeks and players")
            for name, (ratio, low, high) in compare(old, new).items():
                print(f"{source:10} {pool:8} {name:5} {ratio:.4f}  90%: {low:.4f}-{high:.4f}")
            seasons = np.unique(weeks // 100)
            if pool == "played" and len(seasons) > 1:
                for season in seasons:
                    here = weeks // 100 == season
                    texts = [
                        f"{name} {ratio:.4f} ({low:.4f}-{high:.4f})"
                        for name, (ratio, low, high) in compare(old[here], new[here]).items()
                    ]
                    print(f"{source:10} {season}     {', '.join(texts)}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How good the projections have been, in the form that the report shows it: PPR, who played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.accuracy import ALL, LAST_WEEK
from fantasy_pipeline.scoreboard import scoreboard
from fantasy_pipeline.source_projections import NFLCOM

if TYPE_CHECKING:
    import pyarrow as pa

OURS = ("consensus", "model")
NAMES = {
    "consensus": "Consensus",
    "model": "Our model alone",
    NFLCOM: "NFL.com",
    "naive recency-weighted": "Recency-weighted mean",
    "naive season to date": "Season to date",
    "naive last 4": "Last 4 games",
    "naive last game": "Last game",
}
"""What readers are told the sources are."""
_YARDSTICK = "naive recency-weighted"


@dataclass(frozen=True)
class Scores:
    """Accuracy of a season's scored weeks, PPR, players who played.

    Args:
        rows: one per source, best RMSE first: name, ours, mae, rmse, bias, spearman, start_sit,
            coverage, rmse_ratio (to NFL.com on the same players; None where it projects nothing).
        base: name of the source that the others are compared with: NFL.com where there is one,
            else the best free baseline.
        weekly: mean absolute error by name and week: ours, the base, a baseline.
        coverage: share of players within p10-p90, by position.
    """

    weeks: tuple[int, int]
    players: int
    rows: Sequence[Mapping[str, Any]]
    base: str
    weekly: Mapping[str, Mapping[int, float]]
    coverage: Mapping[str, float]

    @property
    def consensus(self) -> Mapping[str, Any]:
        return next(row for row in self.rows if row["source"] == "consensus")

    @property
    def against_base(self) -> float:
        """RMSE of the consensus relative to the base, percent; negative is better."""
        if (ratio := self.consensus["rmse_ratio"]) is None:
            base = next(row for row in self.rows if row["name"] == self.base)
            ratio = self.consensus["rmse"] / base["rmse"]
        return 100 * (ratio - 1)


def scores_of(accuracy: pa.Table) -> Scores | None:
    """Scores of `PROJECTION_ACCURACY` rows; None if no week of the regular season is among them."""
    import pyarrow.compute as pc

    accuracy = accuracy.filter(pc.less_equal(accuracy["week"], LAST_WEEK))
    if not accuracy.num_rows:
        return None
    rows = [
        {**row, "name": NAMES.get(row["source"], row["source"]), "ours": row["source"] in OURS}
        for row in scoreboard(accuracy).to_pylist()
    ]
    sources = {row["source"] for row in rows}
    if "consensus" not in sources:
        return None
    base = NFLCOM if NFLCOM in sources else _YARDSTICK
    counted = [
        row for row in accuracy.to_pylist() if row["scoring"] == "ppr" and row["pool"] == "played"
    ]
    weekly: dict[str, dict[int, float]] = {}
    for source in dict.fromkeys(("consensus", base, _YARDSTICK)):
        weekly[NAMES[source]] = {
            row["week"]: row["mae"]
            for row in counted
            if row["source"] == source and row["position"] == ALL
        }
    by_position = scoreboard(accuracy, "position").to_pylist()
    coverage = {
        row["position"]: row["coverage"]
        for row in by_position
        if row["source"] == "consensus" and row["coverage"] is not None
    }
    weeks = [row["week"] for row in counted]
    return Scores(
        weeks=(min(weeks), max(weeks)),
        players=next(row["players"] for row in rows if row["source"] == "consensus"),
        rows=rows,
        base=NAMES[base],
        weekly=weekly,
        coverage=coverage,
    )

"""How good the projections have been, in the form that the report shows it: PPR, who played."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.accuracy import LAST_WEEK
from fantasy_pipeline.projections.scoreboard import scoreboard

if TYPE_CHECKING:
    import pyarrow as pa

OURS = ("consensus", "model")
NAMES = {
    "consensus": "Consensus",
    "model": "Our model alone",
    NFLCOM: "NFL.com",
    "sleeper": "Sleeper",
    "fantasypros": "FantasyPros",
    "espn": "ESPN",
    "naive recency-weighted": "Recency-weighted mean",
    "naive season to date": "Season to date",
    "naive last 4": "Last 4 games",
    "naive last game": "Last game",
}
"""What readers are told the sources are."""
PROMISED = 0.8
"""Share of players within p10-p90, if floors and ceilings are right."""
_LEAST_OFF = 0.03
_YARDSTICK = "naive recency-weighted"


@dataclass(frozen=True)
class Scores:
    """Accuracy of a season's scored weeks, PPR, players who played.

    Args:
        weeks: first and last of the weeks that count.
        players: player-weeks of the consensus.
        rows: one per source, best RMSE first: name, ours, players, mae, rmse, bias, spearman,
            start_sit, coverage, rmse_ratio (to the base on the very players that a source projects,
            None where that is not known).
        base: name of the source that the others are compared with: NFL.com where there is one,
            else the best free baseline.
        weekly: mean absolute error by name and week: ours, the base, a baseline.
        positions: the consensus by position: players, mae, rmse, mae_ratio, rmse_ratio, coverage.
        coverage: share of players within p10-p90, by position.
    """

    weeks: tuple[int, int]
    players: int
    rows: Sequence[Mapping[str, Any]]
    base: str
    weekly: Mapping[str, Mapping[int, float]]
    positions: Sequence[Mapping[str, Any]]

    @property
    def coverage(self) -> Mapping[str, float]:
        return {
            row["position"]: row["coverage"]
            for row in self.positions
            if row["coverage"] is not None
        }

    @property
    def coverage_off(self) -> Mapping[str, float]:
        """Positions whose coverage is off by 3 percent and more than chance (2 standard errors)."""
        players = {row["position"]: row["players"] for row in self.positions}
        return {
            position: share
            for position, share in self.coverage.items()
            if abs(share - PROMISED)
            > max(_LEAST_OFF, 2 * (PROMISED * (1 - PROMISED) / players[position]) ** 0.5)
        }

    @property
    def consensus(self) -> Mapping[str, Any]:
        return next(row for row in self.rows if row["source"] == "consensus")

    @property
    def against_base(self) -> float:
        """RMSE of the consensus relative to the base, percent; negative is better."""
        return 100 * float(self.consensus["rmse_ratio"] - 1)


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
    by_position = scoreboard(accuracy, "position").to_pylist()
    if base != NFLCOM:
        _compare_with(base, rows, lambda row: "all")
        _compare_with(base, by_position, lambda row: row["position"])
    # By week as in the totals: weeks that NFL.com has no file of do not count where others do.
    by_week = scoreboard(accuracy, "week").to_pylist()
    weekly = {
        NAMES[source]: {int(row["week"]): row["mae"] for row in by_week if row["source"] == source}
        for source in dict.fromkeys(("consensus", base, _YARDSTICK))
    }
    weeks = [int(row["week"]) for row in by_week]
    return Scores(
        weeks=(min(weeks), max(weeks)),
        players=next(row["players"] for row in rows if row["source"] == "consensus"),
        rows=rows,
        base=NAMES[base],
        weekly=weekly,
        positions=[row for row in by_position if row["source"] == "consensus"],
    )


def _compare_with(
    base: str, rows: Sequence[dict[str, Any]], group: Callable[[dict[str, Any]], str]
) -> None:
    """Fill the rows' ratios with those to a baseline.

    A baseline projects everybody: who projects fewer has no ratio, its error on those is not known.
    """
    bases = {group(row): row for row in rows if row["source"] == base}
    for row in rows:
        own = bases.get(group(row))
        if own is not None and own["players"] != row["players"]:
            own = None
        for name in ("mae", "rmse"):
            row[f"{name}_ratio"] = row[name] / own[name] if own else None

"""Accuracy of a season's projections as the report shows it, in PPR points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DEFENDER_GROUPS
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.accuracy import LAST_WEEK, NEUTRAL
from fantasy_pipeline.projections.scoreboard import scoreboard, team_board

OWN_SOURCES = ("consensus", "model")
DISPLAY_NAMES = {
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
"""Names of the sources in the report."""
NOMINAL_COVERAGE = 0.8
"""Share of players who score within p10-p90 if floors and ceilings are right."""
_MIN_DEVIATION = 0.03
_OF_TEAMS = ("starter_right", "two_starters", "sum_off")
_BASELINE = NEUTRAL


@dataclass(frozen=True)
class SeasonAccuracy:
    """Accuracy in a season's scored weeks: PPR points of players who played.

    Args:
        weeks: first and last week.
        players: player-weeks of the consensus.
        rows: one row per source, lowest RMSE first: name, is_own, players, mae, rmse, bias,
            spearman, start_sit, coverage, rmse_ratio. The ratio is to the base's RMSE on the same
            players; None if that is not known.
        base: display name of the source that the others are compared with: NFL.com if it has
            projections, otherwise the recency-weighted baseline.
        weekly: mean absolute error by display name and week, of the consensus, the base and the
            baseline.
        positions: rows of the consensus by position: players, mae, rmse, mae_ratio, rmse_ratio,
            coverage.
        everyone: one row per source that is no baseline, as in `rows`, about everyone whom any
            source projects at 8 points or more: name, is_own, players, mae, rmse, rmse_ratio; of
            the quarterbacks among them qb_mae; of teams starter_right, two_starters and sum_off of
            `scoreboard.team_board`. Empty if an older version scored the weeks.
    """

    weeks: tuple[int, int]
    players: int
    rows: Sequence[Mapping[str, Any]]
    base: str
    weekly: Mapping[str, Mapping[int, float]]
    positions: Sequence[Mapping[str, Any]]
    everyone: Sequence[Mapping[str, Any]]

    @property
    def coverage(self) -> Mapping[str, float]:
        """Share of the consensus's players within p10-p90, by position."""
        return {
            row["position"]: row["coverage"]
            for row in self.positions
            if row["coverage"] is not None
        }

    @property
    def coverage_off(self) -> Mapping[str, float]:
        """Positions whose coverage misses 80% by over 3 points and over 2 standard errors."""
        players = {row["position"]: row["players"] for row in self.positions}
        return {
            position: share
            for position, share in self.coverage.items()
            if abs(share - NOMINAL_COVERAGE)
            > max(
                _MIN_DEVIATION,
                2 * (NOMINAL_COVERAGE * (1 - NOMINAL_COVERAGE) / players[position]) ** 0.5,
            )
        }

    @property
    def consensus(self) -> Mapping[str, Any]:
        return next(row for row in self.rows if row["source"] == "consensus")

    @property
    def against_base(self) -> float:
        """RMSE of the consensus relative to the base's, in percent; negative is better."""
        return 100 * float(self.consensus["rmse_ratio"] - 1)


def season_accuracy(accuracy: pa.Table) -> SeasonAccuracy | None:
    """Return the accuracy in `PROJECTION_ACCURACY` rows; the report has no single defenders.

    None if the rows have no week of the regular season, or no consensus.
    """
    accuracy = accuracy.filter(pc.less_equal(accuracy["week"], LAST_WEEK))
    is_single = pc.is_in(accuracy["position"], pa.array(DEFENDER_GROUPS))
    accuracy = accuracy.filter(pc.invert(is_single))
    if not accuracy.num_rows:
        return None
    rows = _shown(scoreboard(accuracy))
    sources = {row["source"] for row in rows}
    if "consensus" not in sources:
        return None
    base = NFLCOM if NFLCOM in sources else _BASELINE
    by_position = scoreboard(accuracy, "position").to_pylist()
    if base != NFLCOM:
        _compare_with(base, rows, lambda row: "all")
        _compare_with(base, by_position, lambda row: row["position"])
    weeks, weekly = _by_week(accuracy, dict.fromkeys(("consensus", base, _BASELINE)))
    return SeasonAccuracy(
        weeks=weeks,
        players=next(row["players"] for row in rows if row["source"] == "consensus"),
        rows=rows,
        base=DISPLAY_NAMES[base],
        weekly=weekly,
        positions=[row for row in by_position if row["source"] == "consensus"],
        everyone=_everyone(accuracy),
    )


def _shown(board: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a scoreboard with the sources' display names."""
    return [
        {
            **row,
            "name": DISPLAY_NAMES.get(row["source"], row["source"]),
            "is_own": row["source"] in OWN_SOURCES,
        }
        for row in board.to_pylist()
    ]


def _everyone(accuracy: pa.Table) -> list[dict[str, Any]]:
    """Return the rows about the pool *everyone*, with the measures of quarterbacks' teams."""
    by_position = scoreboard(accuracy, "position", pool="everyone").to_pylist()
    passers = {row["source"]: row["mae"] for row in by_position if row["position"] == "QB"}
    teams = {
        row["source"]: row for row in team_board(accuracy).to_pylist() if row["position"] == "QB"
    }
    return [
        {
            **row,
            "qb_mae": passers.get(row["source"]),
            **{name: teams.get(row["source"], {}).get(name) for name in _OF_TEAMS},
        }
        for row in _shown(scoreboard(accuracy, pool="everyone"))
        if not row["source"].startswith("naive")
    ]


def _by_week(
    accuracy: pa.Table, sources: Iterable[str]
) -> tuple[tuple[int, int], dict[str, dict[int, float]]]:
    """Return the first and the last week, and the MAE by display name and week.

    As in the totals, a week without NFL.com counts only if no week has NFL.com.
    """
    rows = scoreboard(accuracy, "week").to_pylist()
    weeks = [int(row["week"]) for row in rows]
    weekly = {
        DISPLAY_NAMES[source]: {
            int(row["week"]): row["mae"] for row in rows if row["source"] == source
        }
        for source in sources
    }
    return (min(weeks), max(weeks)), weekly


def _compare_with(
    base: str, rows: Sequence[dict[str, Any]], group: Callable[[dict[str, Any]], str]
) -> None:
    """Set the rows' MAE and RMSE ratios to the base, a baseline, in place.

    A baseline projects every player. The ratio of a source with fewer players is None: the
    baseline's error on those players alone is not known.

    Args:
        group: returns the group of a row; rows are compared with the base's row of their group.
    """
    bases = {group(row): row for row in rows if row["source"] == base}
    for row in rows:
        base_row = bases.get(group(row))
        if base_row is not None and base_row["players"] != row["players"]:
            base_row = None
        for name in ("mae", "rmse"):
            row[f"{name}_ratio"] = row[name] / base_row[name] if base_row else None

"""Rules about the tables of leagues."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fantasy_pipeline.checks.base import Evidence, Facts, Problem
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import codes

AGREE = 0.005
"""Points apart from which on two numbers with 2 decimals differ."""
_NAMED = 3


def agreement(points: pa.Table) -> float | None:
    """Return the share of player-weeks with the platform's points, 0-1; None if none compare."""
    differences = points["difference"].drop_null().to_numpy()
    return float(np.mean(np.abs(differences) < AGREE)) if len(differences) else None


def league_point_differences(points: pa.Table) -> list[Problem]:
    """Return one warning per league and week with points that differ from the platform's.

    It names the three largest differences, each with the scoring key that would explain it.
    """
    gaps = points["difference"].fill_null(0.0).to_numpy()
    rows = points.take(pa.array(np.flatnonzero(np.abs(gaps) >= AGREE))).to_pylist()
    compared = points.filter(points["difference"].is_valid())
    total = _counts(compared)
    by_week: dict[tuple[str, int], list[dict[str, object]]] = {}
    for row in rows:
        by_week.setdefault((row["league"], row["season"] * 100 + row["week"]), []).append(row)
    problems = []
    for (league, code), found in by_week.items():
        worst = sorted(found, key=lambda row: -abs(float(str(row["difference"]))))[:_NAMED]
        named = "; ".join(_in_words(row) for row in worst)
        count = total[league, code]
        problems.append(
            Problem(
                SeasonWeek.of_code(code),
                f"league {league}: {count - len(found)} of {count} players have the platform's "
                f"points; the largest differences: {named}",
                serious=False,
            )
        )
    return problems


def agreement_facts(evidence: Evidence) -> Facts:
    """Return the number of compared rows, the share that agrees, and the share of each league."""
    rows = evidence.rows
    share = agreement(rows)
    facts: dict[str, str | int | float | dict[str, float] | dict[str, str]] = {
        "compared": rows.num_rows - rows["difference"].null_count
    }
    if share is not None:
        facts["share"] = round(share, 4)
    return facts


def _in_words(row: dict[str, object]) -> str:
    key = f" ({row['explained_by']})" if row["explained_by"] else ""
    name = row["player_name"] or row["platform_player_id"]
    return f"{name} {row['points']} instead of {row['platform_points']}{key}"


def _counts(points: pa.Table) -> dict[tuple[str, int], int]:
    """Return the number of rows by league and week."""
    counts: dict[tuple[str, int], int] = {}
    for key in zip(points["league"].to_pylist(), codes(points).tolist(), strict=True):
        counts[key] = counts.get(key, 0) + 1
    return counts

"""Rules about the tables of leagues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from fantasy_pipeline.checks.base import Evidence, Facts, Problem
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import codes

AGREE = 0.005
"""Points apart from which on two numbers with 2 decimals differ."""
_NAMED = 3
_COMPARED = 20
"""Players with points from which a week shows whether points and scoring are of one league."""
_SAME_RATIO, _MOST = 0.02, 0.7
"""Two ratios of points that are the same, and the share of players that have the same one."""
Row: TypeAlias = Mapping[str, Any]
"""A row of `LEAGUE_POINTS`."""


def agreement(points: pa.Table) -> float | None:
    """Return the share of player-weeks with the platform's points, 0-1; None if none compare."""
    differences = points["difference"].drop_null().to_numpy()
    return float(np.mean(np.abs(differences) < AGREE)) if len(differences) else None


def league_point_differences(points: pa.Table) -> list[Problem]:
    """Return one problem per league and week with points that differ from the platform's.

    It names the three largest differences, each with the scoring key that would explain them. It is
    serious if most players who scored differ: the answer or the scoring is then another league's.
    """
    compared = points.filter(points["difference"].is_valid())
    by_week: dict[tuple[str, int], list[Row]] = {}
    for code, row in zip(codes(compared).tolist(), compared.to_pylist(), strict=True):
        by_week.setdefault((row["league"], code), []).append(row)
    problems = []
    for (league, code), rows in by_week.items():
        apart = [row for row in rows if abs(row["difference"]) >= AGREE]
        if not apart:
            continue
        start = f"league {league}: {len(rows) - len(apart)} of {len(rows)} players have the "
        start += "platform's points; "
        scored = sum(bool(row["points"] or row["platform_points"]) for row in rows)
        serious = scored >= _COMPARED and 2 * len(apart) > scored
        if serious:
            text = f"{start}{_in_proportion(apart)}. Compare `league show {league}` with the "
            text += "platform's settings, and run `league add` again"
        else:
            worst = sorted(apart, key=lambda row: -abs(row["difference"]))[:_NAMED]
            text = f"{start}the largest differences: {'; '.join(map(_in_words, worst))}"
        problems.append(Problem(SeasonWeek.of_code(code), text, serious))
    return problems


def _in_proportion(apart: Sequence[Row]) -> str:
    """Return how the platform's points of most players compare with ours."""
    ratios = np.array([r["platform_points"] / r["points"] for r in apart if abs(r["points"]) >= 1])
    usual = float(np.median(ratios)) if len(ratios) else 1.0
    near = np.mean(np.abs(ratios - usual) < _SAME_RATIO) if len(ratios) else 0.0
    if near >= _MOST and abs(usual - 1) >= _SAME_RATIO:
        return f"the platform's points are {usual:.2f} times those of the league's scoring"
    return "most players differ, so the points or the scoring are not this league's"


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


def _in_words(row: Row) -> str:
    key = f" ({row['explained_by']})" if row["explained_by"] else ""
    name = row["player_name"] or row["platform_player_id"]
    return f"{name} {row['points']} instead of {row['platform_points']}{key}"

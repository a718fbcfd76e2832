"""Rules about the tables of leagues, and the checks of these tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Check, Evidence, Facts, Problem, TableChecks
from fantasy_pipeline.checks.contracts import contract, keys
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import ELIGIBLE
from fantasy_pipeline.football.tables.leagues import AGREE
from fantasy_pipeline.football.tables.week_rows import codes

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


def twice_in_a_lineup(lineups: pa.Table) -> list[Problem]:
    """Return one problem per line-up of `OPTIMAL_LINEUPS` that has a player twice."""
    keys = ["season", "week", "league", "team_id", "kind"]
    counted = lineups.group_by([*keys, "platform_player_id"]).aggregate([("slot", "count")])
    return [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"league {row['league']}, team {row['team_id']}: {row['platform_player_id']} is in "
            f"{row['slot_count']} slots of the {row['kind']} line-up",
        )
        for row in counted.filter(pc.greater(counted["slot_count"], 1)).to_pylist()
    ]


def wrong_positions(lineups: pa.Table) -> list[Problem]:
    """Return one problem per player of `OPTIMAL_LINEUPS` in a slot that his positions cannot fill.

    Players whose positions are not known are left out.
    """
    return [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"league {row['league']}, team {row['team_id']}: {row['player_name']} "
            f"({row['fantasy_positions']}) is in slot {row['slot']}",
        )
        for row in lineups.to_pylist()
        if row["fantasy_positions"]
        and not set(row["fantasy_positions"].split("/")) & set(ELIGIBLE.get(row["slot"], ()))
    ]


def below_the_started(lineups: pa.Table, points: pa.Table) -> list[Problem]:
    """Return one warning per team whose best actual line-up has fewer points than it started.

    Args:
        lineups: `OPTIMAL_LINEUPS` rows.
        points: `LEAGUE_POINTS` rows of the same weeks.
    """
    best = _sums(lineups.filter(pc.equal(lineups["kind"], "actual")))
    of_starters = points.filter(points["started"])
    own = pc.coalesce(of_starters["points"], of_starters["platform_points"], 0.0)
    at = of_starters.schema.get_field_index("points")
    started = _sums(of_starters.set_column(at, "points", own))
    return [
        Problem(
            SeasonWeek(season, week),
            f"league {league}, team {team}: the best line-up has {best[key]:.2f} points, and the "
            f"started one {total:.2f}; a starter has a position that the rosters do not state",
            serious=False,
        )
        for key, total in sorted(started.items())
        for season, week, league, team in [key]
        if key in best and best[key] < total - AGREE
    ]


def _sums(rows: pa.Table) -> dict[tuple[int, int, str, str], float]:
    """Return the points by season, week, league and fantasy team."""
    sums = rows.group_by(["season", "week", "league", "team_id"]).aggregate([("points", "sum")])
    return {
        (row["season"], row["week"], row["league"], row["team_id"]): row["points_sum"]
        for row in sums.to_pylist()
    }


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


LEAGUE_POINTS = TableChecks(
    tables.LEAGUE_POINTS,
    (
        Check(
            "league_points_agree",
            "Points by our scoring equal the platform's to 0.01 for every rostered player. The "
            "result has the share that agrees, and names the largest differences with the scoring "
            "key that would explain them. It is an error if most players differ.",
            {
                "keys": keys(tables.LEAGUE_POINTS),
                "points": lambda e: league_point_differences(e.rows),
            },
            blocking=False,
            facts=agreement_facts,
        ),
    ),
)

OPTIMAL_LINEUPS = TableChecks(
    tables.OPTIMAL_LINEUPS,
    (
        Check(
            "optimal_lineups_legal",
            "Every player of a line-up may fill his slot, and none is in two slots. A warning "
            "names teams that started a line-up with more points than their best one.",
            {
                "keys": keys(tables.OPTIMAL_LINEUPS),
                "contract": contract(tables.OPTIMAL_LINEUPS),
                "positions": lambda e: wrong_positions(e.rows),
                "twice": lambda e: twice_in_a_lineup(e.rows),
                "started": lambda e: below_the_started(e.rows, e.other_tables["league_points"]),
            },
        ),
    ),
    optional_tables={
        "league_points": (
            *tables.LEAGUE_POINTS.key,
            *("points", "platform_points", "started"),
        )
    },
)

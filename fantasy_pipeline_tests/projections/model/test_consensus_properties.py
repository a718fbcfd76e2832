"""Properties of every consensus: it lies within its sources and ignores their order.

Its points are those of its stat line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fantasy_pipeline.checks.projections import stat_line_mismatches
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.tables import MODEL_PROJECTIONS, SOURCE_PROJECTIONS
from fantasy_pipeline.projections.consensus_projections import projections
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.stat_line import STATS, points

POINTS = st.floats(0.0, 45.0).map(lambda value: round(value, 2))
STATED = st.one_of(st.just(float("nan")), POINTS.map(lambda value: value + 0.01))
NAMES = ("a", "b", "c", "d")
WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.floats(0.0, 1.5), max_size=4)


@st.composite
def opinions(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw our points and those of up to four sources, of one week; NaN without a projection."""
    size = draw(st.integers(1, 6))
    model = np.array(draw(st.lists(POINTS, min_size=size, max_size=size)))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    statements = st.lists(STATED, min_size=size, max_size=size)
    return model, {name: np.array(draw(statements)) for name in names}


def combined(
    model: np.ndarray, sources: dict[str, np.ndarray], weights: dict[str, float]
) -> np.ndarray:
    """Return the consensus of players who usually score 10, on teams that score a lot."""
    same = np.ones(len(model))
    hints = consensus.hints(model, 10 * same, 28 * same)
    return consensus.combine(model, sources, weights, weeks=same, hints=hints)


@given(opinions(), WEIGHTS)
def test_combined_points_are_within_the_sources(
    given: tuple[np.ndarray, dict[str, np.ndarray]], weights: dict[str, float]
) -> None:
    model, sources = given
    together = combined(model, sources, weights)
    everybody = np.column_stack([model, *sources.values()])
    assert np.all(together >= np.nanmin(everybody, axis=1) - 1e-9)
    assert np.all(together <= np.nanmax(everybody, axis=1) + 1e-9)


@given(opinions(), WEIGHTS, st.randoms(use_true_random=False))
def test_combined_points_do_not_depend_on_the_order(
    given: tuple[np.ndarray, dict[str, np.ndarray]], weights: dict[str, float], random: Any
) -> None:
    model, sources = given
    names = list(sources)
    random.shuffle(names)
    again = combined(model, {name: sources[name] for name in names}, weights)
    np.testing.assert_allclose(combined(model, sources, weights), again, atol=1e-9)


def ours(half: list[float], plays: float) -> pa.Table:
    rows = [
        {
            "season": 2024,
            "week": 3,
            "player_id": f"P{number}",
            "position": "WR",
            "source": "model",
            "plays": plays,
            **{
                f"{name}{end}": round(points * by * share, 2)
                for name, by in (("projected_points", 1), ("p10", 0.3), ("p50", 0.9), ("p90", 2))
                for end, share in (("_std", 0.8), ("_half", 1.0), ("", 1.2))
            },
            "receptions": round(points * 0.4, 4),
            "receiving_yards": round(points * 8, 4),
        }
        for number, points in enumerate(half)
    ]
    return pa.Table.from_pylist(rows, schema=MODEL_PROJECTIONS.arrow_schema)


@given(opinions(), st.sampled_from([0.0, 0.2, 0.6, 1.0]), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_table_is_within_its_sources_in_any_order(
    given: tuple[np.ndarray, dict[str, np.ndarray]], plays: float, random: Any
) -> None:
    half, sources = given
    statements = [
        {
            "season": 2024,
            "week": 3,
            "source": name,
            "player_id": f"P{number}",
            "points_half": round(float(points), 2),
        }
        for name, values in sources.items()
        for number, points in enumerate(values)
        if not np.isnan(points)
    ]
    table = ours(half.tolist(), plays)
    schema = SOURCE_PROJECTIONS.arrow_schema

    def made(rows: list[dict[str, Any]]) -> pa.Table:
        others = pa.Table.from_pylist(rows, schema=schema)
        return projections(table, others, lambda season: None, None)

    one = made(statements)
    for row in one.to_pylist():
        number = int(row["player_id"][1:])
        stated = [half[number], *(v[number] for v in sources.values() if v[number] > 0)]
        if plays == 0:
            assert row["projected_points_half"] == 0
        else:
            assert min(stated) - 0.011 <= row["projected_points_half"] <= max(stated) + 0.011
        for end in ("", "_half", "_std"):
            assert row[f"p10{end}"] <= row[f"p50{end}"] <= row[f"p90{end}"]
    random.shuffle(statements)
    assert made(statements).equals(one)


AMOUNTS = st.one_of(st.just(0.0), st.floats(0.0, 0.3), st.floats(0.0, 40.0))
"""Values of a stat; small ones make lines of which only one scoring is worth anything."""


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a row of our projections with any stat line of its position."""
    position = draw(st.sampled_from(sorted(STATS)))
    line = {name: round(draw(AMOUNTS), 4) for name in STATS[position]}
    starts = draw(st.sampled_from([0.05, 0.9])) if position in ("QB", "K") else None
    return of_line(line, position, starts, draw(st.sampled_from([0.3, 0.95, 1.0])))


def of_line(
    line: dict[str, float], position: str, starts: float | None = None, plays: float = 1.0
) -> dict[str, Any]:
    """Return a row of our projections with a stat line and its exact points."""
    worth = {name: np.array([value]) for name, value in line.items()}
    row: dict[str, Any] = {
        "season": 2024,
        "week": 3,
        "player_id": "P0",
        "position": position,
        "source": "model",
        "plays": plays,
        "starts": starts,
        "games": 5,
        **line,
    }
    for scoring in SCORINGS:
        total = round(max(float(points(worth, scoring)[0]), 0.0), 2)
        names = (f"{name}{suffix(scoring)}" for name in ("projected_points", "p10", "p50", "p90"))
        row |= dict.fromkeys(names, total)
    return row


@given(lines(), st.one_of(st.none(), st.floats(0.01, 30.0)))
@example(of_line({"receptions": 0.1, "targets": 0.2, "fumbles_lost": 0.025}, "WR"), None)
def test_points_are_those_of_the_stat_line(row: dict[str, Any], stated: float | None) -> None:
    said = {"season": 2024, "week": 3, "source": "a", "player_id": "P0", "points_half": stated}
    table = projections(
        pa.Table.from_pylist([row], schema=MODEL_PROJECTIONS.arrow_schema),
        pa.Table.from_pylist([said] if stated else [], schema=SOURCE_PROJECTIONS.arrow_schema),
        lambda season: None,
        None,
    )
    assert stat_line_mismatches(table) == []

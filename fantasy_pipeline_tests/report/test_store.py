"""Test stored reports, and the state that a refresh stores for the next one."""

from datetime import datetime, timezone

import pytest

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTIONS, RAW_PLAYERS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report import store
from fantasy_pipeline.report.rows import read_rows
from fantasy_pipeline.report.store import Refresh, State, advance
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2025, 10)
TUESDAY, THURSDAY, FRIDAY = (datetime(2025, 11, day, 9, tzinfo=timezone.utc) for day in (4, 6, 7))


def points(value: float) -> store.PointsById:
    return {"ppr": {"a": value}, "half": {"a": value - 1}, "std": {"a": value - 2}}


def test_only_other_projections_are_a_refresh() -> None:
    first = advance(None, points(10.0), TUESDAY)
    assert first == State(Refresh(TUESDAY, points(10.0)))
    assert advance(first, points(10.0), THURSDAY) == first
    second = advance(first, points(12.0), THURSDAY)
    assert second.before == Refresh(TUESDAY, points(10.0))
    # A report made again shows the same movers.
    assert advance(second, points(12.0), FRIDAY) == second
    # A report as of an earlier moment does not become the one to compare with.
    assert advance(second, points(7.0), TUESDAY) == second


def test_a_report_is_read_as_it_was_written(lake: Lake) -> None:
    assert store.read(lake, WEEK, "report.html") is None
    assert store.read_state(lake, WEEK) is None
    state = State(Refresh(THURSDAY, points(12.0)), Refresh(TUESDAY, points(10.0)))
    store.write(lake, WEEK, {"report.html": "<p>é", "report-half.md": "# é"}, state, "digest")
    stored = store.read_state(lake, WEEK)
    assert stored is not None
    assert stored.made_from == "digest"
    assert store.read(lake, WEEK, "report.html") == "<p>é"
    assert store.read(lake, WEEK, store.file_of("md", "half")) == "# é"
    assert store.read_state(lake, WEEK) == state
    path = store.path(lake, WEEK, store.file_of("md"))
    assert path == f"{lake.root}/reports/season=2025/week=10/report.md"


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"shown": 1, "before": null}', '{"shown": null, "before": null}']
)
def test_a_broken_state_says_what_to_do(lake: Lake, text: str) -> None:
    lake.write_bytes(store.name(WEEK, "state.json"), text.encode())
    with pytest.raises(PipelineError, match=r"2025 week 10: .*state\.json is broken\. Delete it"):
        store.read_state(lake, WEEK)


def scored(ppr: float, half: float, std: float) -> dict[str, float]:
    return {
        "projected_points": ppr,
        "projected_points_half": half,
        "projected_points_std": std,
    }


def test_points_are_those_in_the_lake(lake: Lake, rows: Rows) -> None:
    with pytest.raises(NotMaterializedError, match="projections 2025 week 10"):
        read_rows(lake, WEEK)
    table = rows(
        PROJECTIONS,
        {"season": 2025, "week": 10, "player_id": "a", **scored(7.5, 6.0, 4.5)},
        {"season": 2025, "week": 10, "player_id": "b", **scored(0.0, 0.0, 0.0)},
    )
    lake.write_weeks(PROJECTIONS, table, [WEEK])
    with pytest.raises(NotMaterializedError, match="raw_players 2025 week 10"):
        read_rows(lake, WEEK)
    lake.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS), [WEEK])
    assert store.projected_points(read_rows(lake, WEEK).projections) == {
        "ppr": {"a": 7.5, "b": 0.0},
        "half": {"a": 6.0, "b": 0.0},
        "std": {"a": 4.5, "b": 0.0},
    }


def test_a_state_of_ppr_alone_is_read(lake: Lake) -> None:
    """Earlier versions stored PPR points only; only these are compared."""
    text = (
        '{"shown": {"as_of": "2025-11-04T09:00:00+00:00", "points": {"a": 10.0}}, "before": null}'
    )
    lake.write_bytes(store.name(WEEK, "state.json"), text.encode())
    state = store.read_state(lake, WEEK)
    assert state == State(Refresh(TUESDAY, {"ppr": {"a": 10.0}}))
    assert advance(state, points(10.0), FRIDAY) == State(Refresh(TUESDAY, points(10.0)))
    moved = advance(state, points(12.0), FRIDAY)
    assert moved.before == Refresh(TUESDAY, {"ppr": {"a": 10.0}})

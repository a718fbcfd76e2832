"""Reports in the lake, and what a refresh remembers of the one before."""

from datetime import datetime, timezone

import pytest

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report import store
from fantasy_pipeline.report.store import Refresh, State, advance
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.tables import PROJECTIONS
from fantasy_pipeline_tests.conftest import Rows

WEEK = SeasonWeek(2025, 10)
TUESDAY, THURSDAY, FRIDAY = (datetime(2025, 11, day, 9, tzinfo=timezone.utc) for day in (4, 6, 7))


def test_only_other_projections_are_a_refresh() -> None:
    first = advance(None, {"a": 10.0}, TUESDAY)
    assert first == State(Refresh(TUESDAY, {"a": 10.0}))
    assert advance(first, {"a": 10.0}, THURSDAY) == first
    second = advance(first, {"a": 12.0}, THURSDAY)
    assert second.before == Refresh(TUESDAY, {"a": 10.0})
    # A report made again shows the same movers.
    assert advance(second, {"a": 12.0}, FRIDAY) == second


def test_a_report_is_read_as_it_was_written(lake: Lake) -> None:
    assert store.read(lake, WEEK, "html") is None
    assert store.read_state(lake, WEEK) is None
    state = State(Refresh(THURSDAY, {"a": 12.0}), Refresh(TUESDAY, {"a": 10.0}))
    store.write(lake, WEEK, {"html": "<p>é", "md": "# é"}, state)
    assert store.read(lake, WEEK, "html") == "<p>é"
    assert store.read(lake, WEEK, "md") == "# é"
    assert store.read_state(lake, WEEK) == state
    assert store.path(lake, WEEK, "md") == f"{lake.root}/reports/season=2025/week=10/report.md"


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"shown": 1, "before": null}', '{"shown": null, "before": null}']
)
def test_a_broken_state_says_what_to_do(lake: Lake, text: str) -> None:
    lake.write_bytes(store.name(WEEK, "state.json"), text.encode())
    with pytest.raises(PipelineError, match=r"2025 week 10: .*state\.json is broken\. Delete it"):
        store.read_state(lake, WEEK)


def test_points_are_those_in_the_lake(lake: Lake, rows: Rows) -> None:
    with pytest.raises(NotMaterializedError, match="projections 2025 week 10"):
        store.projected_points(lake, WEEK)
    table = rows(
        PROJECTIONS,
        {"season": 2025, "week": 10, "player_id": "a", "projected_points": 7.5},
        {"season": 2025, "week": 10, "player_id": "b", "projected_points": 0.0},
    )
    lake.write_weeks(PROJECTIONS, table, [WEEK])
    assert store.projected_points(lake, WEEK) == {"a": 7.5, "b": 0.0}

"""Tags of runs: the moment that a run stands for."""

from datetime import datetime, timezone

import pytest

from fantasy_pipeline.orchestration.runs.tags import moment_of

TUESDAY, THURSDAY = (datetime(2025, 11, day, 8, tzinfo=timezone.utc) for day in (4, 6))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, THURSDAY),
        # Dagster's own tag of a run that a schedule started.
        ({".dagster/scheduled_execution_time": TUESDAY.isoformat()}, TUESDAY),
        ({"as_of": TUESDAY.isoformat()}, TUESDAY),
        (
            {
                "as_of": TUESDAY.isoformat(),
                ".dagster/scheduled_execution_time": THURSDAY.isoformat(),
            },
            TUESDAY,
        ),
    ],
)
def test_a_run_stands_for_its_moment(tags: dict[str, str], expected: datetime) -> None:
    assert moment_of(tags, THURSDAY) == expected

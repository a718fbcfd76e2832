"""A week that one thread rewrites while another reads it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pyarrow as pa

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTION_ACCURACY
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

W5 = SeasonWeek(2024, 5)


def assert_readers_see_whole_versions(
    lake: Lake,
    accuracy: Callable[..., pa.Table],
    read: Callable[[Lake], list[float]],
    fewest_reads: int = 100,
) -> None:
    """Read a week while it is rewritten; each read must see one version, and not always the same.

    Version n has n + 1 rows, all of them n. A loaded machine may stop the writer during many reads,
    so reading goes on until two versions were seen.
    """
    versions = [
        accuracy(*((5, "QB", float(number), f"m{row:03d}") for row in range(number + 1)))
        for number in range(40)
    ]
    lake.write_weeks(PROJECTION_ACCURACY, versions[0], [W5])
    done = threading.Event()

    def rewrite() -> None:
        while not done.is_set():
            for version in versions:
                lake.write_weeks(PROJECTION_ACCURACY, version, [W5])

    writer = threading.Thread(target=rewrite)
    writer.start()
    seen: set[int] = set()
    reads, deadline = 0, time.monotonic() + LONGEST_SECONDS
    try:
        while reads < fewest_reads or len(seen) < 2:
            assert time.monotonic() < deadline, f"{reads} reads saw versions of {seen} rows"
            values = read(lake)
            assert set(values) == {float(len(values) - 1)}
            seen.add(len(values))
            reads += 1
    finally:
        done.set()
        writer.join()
    assert len(seen) > 1

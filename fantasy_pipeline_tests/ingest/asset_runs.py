"""Runs of one asset as of a moment, with the sites replayed on this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import summarize
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT, Sites
from fantasy_pipeline_tests.orchestration.runs.empty_history import instance

__all__ = ["instance"]

WEEK = SeasonWeek(2025, 11)


Run = Callable[..., RunOutcome]
"""`run(first, last, at=…)`: materialize a week, or the weeks from `first` to `last`."""


@pytest.fixture
def run(
    asset: tuple[str, str],
    sites: Sites,
    lake: Lake,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Return the runs of an asset that a job has; the module's fixture `asset` names the two."""
    job, name = asset
    monkeypatch.setenv("NFLVERSE_MIRROR", sites.base)
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FANTASY_CACHE", str(tmp_path / "cache"))

    def execute(
        first: SeasonWeek = WEEK, last: SeasonWeek | None = None, at: datetime = STATED_AT
    ) -> RunOutcome:
        sites.requests.clear()
        tags = {"trigger": "manual"}
        if last:
            tags["dagster/asset_partition_range_start"] = first.key
            tags["dagster/asset_partition_range_end"] = last.key
        nfl = {"config": {"source": "auto", "at": at.isoformat()}}
        return summarize(
            defs.resolve_job_def(job).execute_in_process(
                instance=instance,
                partition_key=None if last else first.key,
                asset_selection=[dg.AssetKey(name)],
                run_config={
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                    "resources": {"nfl": nfl},
                },
                tags=tags,
                raise_on_error=False,
            )
        )

    return execute

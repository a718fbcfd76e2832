"""Provide a small sample league with reports: two weeks scored, the next one projected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.sample import SAMPLE_NOW
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.orchestration.runs.tags import run_tags
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.orchestration.runs.empty_history import opened

UPCOMING = SeasonWeek(2025, 10)
PLAYED = SeasonWeek(2025, 8), SeasonWeek(2025, 9)


class League:
    """The sample league in a separate Dagster home."""

    def __init__(self, home: Path, instance: dg.DagsterInstance) -> None:
        self.home = home
        self.instance = instance
        self.lake = Lake(str(home / "data" / "sample"), SAMPLE_LABEL)

    def run(self, job: str, *weeks: SeasonWeek) -> RunOutcome:
        tags = run_tags(weeks[0], "sample", "manual", as_of=SAMPLE_NOW)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAGSTER_HOME", str(self.home))
            return execute(self.instance, job, "sample", tags, weeks[0], weeks[-1])


@pytest.fixture(scope="package")
def league(tmp_path_factory: pytest.TempPathFactory) -> Iterator[League]:
    """Return the league in 2025: weeks 8 and 9 scored, week 10 projected, reports of 9 and 10."""
    home = tmp_path_factory.mktemp("league")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with opened(home) as instance:
        league = League(home, instance)
        assert league.run("whole_week", *PLAYED).errors == ()
        assert league.run("weekly_projections", UPCOMING).errors == ()
        for week in (UPCOMING, PLAYED[1]):
            assert league.run("report_week", week).errors == ()
        yield league

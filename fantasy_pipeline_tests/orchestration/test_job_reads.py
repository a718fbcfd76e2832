"""Test which files the jobs read ahead; `lake/test_requests.py` counts what that saves."""

from __future__ import annotations

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import BY_NAME
from fantasy_pipeline.orchestration.job_reads import read_by
from fantasy_pipeline.orchestration.jobs import ASSET_JOBS

WEEKS = [SeasonWeek(2024, 5), SeasonWeek(2024, 6)]


def test_jobs_read_folders_of_the_lake_ahead() -> None:
    reads = {job.name: read_by(job.name, WEEKS) for job in ASSET_JOBS}
    jobs = {"weekly_import", "weekly_projections", "whole_week", "report_week"}
    assert {name for name, starts in reads.items() if starts} == jobs
    others = ("states/player_history/", "models/projection/season=2024/")
    for starts in reads.values():
        assert len(starts) == len(set(starts))
        for start in starts:
            assert start.endswith("/")
            assert start in others or start.split("/")[0] in BY_NAME


def test_files_of_the_runs_weeks_and_seasons() -> None:
    starts = read_by("weekly_import", WEEKS)
    assert "weekly_stats/" in starts
    assert "projections/season=2024/week=05/" in starts
    assert "projections/season=2024/week=06/" in starts
    assert "projection_accuracy/season=2024/" in read_by("report_week", WEEKS)
    assert read_by("__ASSET_JOB", WEEKS) == []

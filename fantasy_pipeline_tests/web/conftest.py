"""Provide a deployment of the sample league for the web interface: weeks, reports, a league."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fantasy_pipeline.operations.leagues import register_sample
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.orchestration.runs.empty_history import opened
from fantasy_pipeline_tests.report.conftest import PLAYED, UPCOMING, League
from fantasy_pipeline_tests.shared_folder import shared_folder
from fantasy_pipeline_tests.web.servers import Client, serving


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[League]:
    """Return the sample league in 2025, and a fantasy league.

    Weeks 8 and 9 are scored, week 10 is projected, and weeks 9 and 10 have reports.
    """
    home = shared_folder(tmp_path_factory, "deployment", _make)
    with _opened(home) as league:
        yield league


@contextmanager
def _opened(home: Path) -> Iterator[League]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FANTASY_SOURCE", "sample")
        with opened(home) as instance:
            yield League(home, instance)


def _make(home: Path) -> None:
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    with _opened(home) as league:
        register_sample(Session())
        assert league.run("whole_week", *PLAYED).errors == ()
        assert league.run("weekly_projections", UPCOMING).errors == ()
        for week in (UPCOMING, PLAYED[1]):
            assert league.run("report_week", week).errors == ()


@pytest.fixture
def deployed(deployment: League, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Return a session of the deployment. Tests of it write nothing."""
    monkeypatch.setenv("DAGSTER_HOME", str(deployment.home))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    return Session()


@pytest.fixture
def site(deployed: Session) -> Iterator[Client]:
    """Return a client of a server of the deployment."""
    with serving(deployed) as client:
        yield client

"""The metrics: a real scrape, the dashboard and the alert rules that use them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    NEWS,
    PROJECTION_ACCURACY,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.sample import SAMPLE_NOW
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.web.metrics import PipelineCollector
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.rows import rows_of
from fantasy_pipeline_tests.web.servers import Client, serving
from fantasy_pipeline_tests.web.test_api import client, session

__all__ = ["client", "session"]

pytestmark = pytest.mark.loopback
WEEK = SeasonWeek(2025, 9)
DEPLOY = ROOT / "deploy"
Found = dict[tuple[str, tuple[str, ...]], float]


def labels_of(sample: Sample) -> tuple[str, ...]:
    """Return the values of the labels, in the order of the labels' names."""
    return tuple(sample.labels[name] for name in sorted(sample.labels))


def values(text: str) -> Found:
    """Return the values by name and labels' values."""
    return {
        (sample.name, labels_of(sample)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(client: Client) -> Found:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return values(answer.text)


@pytest.fixture
def filled(session: Session) -> Session:
    of_week = WEEK._asdict()
    lake = session.lake
    lake.write_weeks(
        WEEKLY_STATS,
        rows_of(WEEKLY_STATS, *({**of_week, "player_id": str(n)} for n in range(3))),
        [WEEK],
    )
    hours = {"espn": 5, "sleeper": 2}
    stated = [
        {**of_week, "source": name, "player_id": "a", "as_of": SAMPLE_NOW - timedelta(hours=ago)}
        for name, ago in hours.items()
    ]
    lake.write_weeks(SOURCE_PROJECTIONS, rows_of(SOURCE_PROJECTIONS, *stated), [WEEK])
    item = {**of_week, "source": "sample", "item": "1", "player_id": "a", "as_of": SAMPLE_NOW}
    lake.write_weeks(NEWS, rows_of(NEWS, item), [WEEK])
    shared = {**of_week, "position": "WR", "scoring": "ppr", "pool": "played", "players": 10}
    accuracy = [
        {**shared, "source": source, "mae": mae, "rmse": mae + 1}
        for source, mae in (("consensus", 4.0), ("nflcom", 5.0))
    ]
    lake.write_weeks(PROJECTION_ACCURACY, rows_of(PROJECTION_ACCURACY, *accuracy), [WEEK])
    return session


def test_lake_sources_and_accuracy(client: Client, filled: Session) -> None:
    found = scraped(client)
    assert found["fantasy_table_rows", ("2025", "weekly_stats", "9")] == 3
    assert found["fantasy_table_partitions", ("weekly_stats",)] == 1
    assert found["fantasy_table_partitions", ("raw_players",)] == 0
    assert found["fantasy_table_bytes", ("weekly_stats",)] > 100
    assert found["fantasy_table_bytes", ("games",)] == 0
    total = sum(value for (name, _), value in found.items() if name == "fantasy_table_bytes")
    assert found["fantasy_lake_bytes", ()] >= total
    assert found["fantasy_source_age_seconds", ("espn", "source_projections")] == 5 * 3600
    assert found["fantasy_source_age_seconds", ("sample", "news")] == 0
    assert found["fantasy_accuracy_mae", ("2025", "consensus")] == 4.0
    assert found["fantasy_accuracy_rmse", ("2025", "nflcom")] == pytest.approx(6.0)
    assert found["fantasy_accuracy_players", ("2025", "consensus")] == 10
    assert all(
        found["fantasy_part_up", (part,)] == 1
        for part in ("runs", "health", "daemons", "sources", "lake", "accuracy")
    )
    assert any(name == "fantasy_health_level" for name, _ in found)
    # No daemon runs here.
    assert found["fantasy_daemon_healthy", ("scheduler",)] == 0


def test_runs_of_the_history(client: Client, session: Session) -> None:
    before = scraped(client)
    assert ("fantasy_runs", ("games_refresh", "success")) not in before
    assert execute(session.instance, "games_refresh", "sample", {"trigger": "manual"}).success
    collector = PipelineCollector(session)
    text = client.get("/metrics").text
    # Scrapes within seconds share what was read.
    assert values(text).keys() == before.keys()
    found = {
        (sample.name, labels_of(sample)): sample.value
        for family in collector.collect()
        for sample in family.samples
    }
    assert found["fantasy_runs", ("games_refresh", "success")] == 1
    assert found["fantasy_run_duration_seconds", ("games_refresh",)] > 0
    ended = found["fantasy_last_success_timestamp_seconds", ("games_refresh",)]
    assert abs(ended - time.time()) < 600
    assert found["fantasy_check_failures", ("news_readable", "error")] == 0


def test_part_that_cannot_be_read_costs_no_other(client: Client, filled: Session) -> None:
    path = Path(filled.lake.path(WEEKLY_STATS, WEEK))
    path.write_bytes(b"no parquet")
    found = scraped(client)
    assert found["fantasy_part_up", ("lake",)] == 0
    assert not [name for name, _ in found if name == "fantasy_table_rows"]
    assert found["fantasy_part_up", ("runs",)] == found["fantasy_part_up", ("accuracy",)] == 1


def test_parameters_are_refused(client: Client) -> None:
    assert client.get("/metrics?job=x").status_code == 422


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[str]]:
    """Return the names of all metrics, those of an empty deployment included."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("FANTASY_SOURCE", "sample")
        (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
        with serving(Session()) as client:
            text = client.get("/metrics").text
        yield {found[1] for found in re.finditer(r"^# TYPE (\w+) ", text, re.MULTILINE)}


def used_by(expression: str) -> set[str]:
    """Return the names of metrics in an expression of PromQL."""
    return set(re.findall(r"\bfantasy_\w+", re.sub(r'"[^"]*"', '""', expression)))


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "fantasy-pipeline.json").read_text())
    return found


def test_every_query_of_the_dashboard_is_of_a_metric(names: set[str]) -> None:
    panels = dashboard()["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(queries) > 15
    for query in queries:
        assert used_by(query), query
        assert used_by(query) <= names, query
    # Every metric is on the dashboard.
    assert {name for query in queries for name in used_by(query)} == names


def test_the_dashboard_fits_its_grid() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert grid["x"] + grid["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_alert_rule_is_of_a_metric_and_says_what_to_do(names: set[str]) -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert used_by(rule["expr"]) <= names, rule["alert"]
        assert used_by(rule["expr"]) or rule["alert"] == "FantasyApiDown"
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"].keys() == {"summary", "description"}
        assert re.fullmatch(r"\d+[mhd]", rule.get("for", "1m"))


def test_promtool_accepts_the_alert_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; Debian's package prometheus has it")
    done = subprocess.run(
        [promtool, "check", "rules", DEPLOY / "prometheus" / "alerts.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_promtool_accepts_the_metrics(client: Client) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; Debian's package prometheus has it")
    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=client.get("/metrics").text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_scrapes_are_shared_for_some_seconds(filled: Session) -> None:
    shared, own = PipelineCollector(filled), PipelineCollector(filled, 0, 0)
    for collector, sees in ((shared, False), (own, True)):
        list(collector.collect())
        path = Path(filled.lake.path(WEEKLY_STATS, WEEK))
        content = path.read_bytes()
        path.unlink()
        found = {family.name: family for family in collector.collect()}
        rows = {s.labels["table"] for s in found["fantasy_table_rows"].samples}
        assert ("weekly_stats" not in rows) is sees
        path.write_bytes(content)

"""The asset of the news with real adapters and servers, run after run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, NEWS, PROJECTIONS, RAW_PLAYERS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.ingest.asset_runs import WEEK, Run, instance, run
from fantasy_pipeline_tests.ingest.news.answers import (
    LATEST,
    PAGES,
    injured,
    serve_news,
    story,
)
from fantasy_pipeline_tests.ingest.sites.conftest import sites
from fantasy_pipeline_tests.ingest.sites.sites import FIRST, LAST, STATED_AT, Sites, player

__all__ = ["instance", "run", "sites"]

pytestmark = pytest.mark.loopback
DAY = timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path, rows: Callable[..., pa.Table]) -> Lake:
    """Weeks 10 to 12 of 2025, players of weeks 10 and 11."""
    lake = Lake(str(tmp_path / "data" / "lake"), "nfl")
    games = [
        {
            "season": 2025,
            "week": week,
            "game_id": f"2025_{week}_{kickoff:%a}",
            "game_type": "REG",
            "kickoff": kickoff + (week - 11) * 7 * DAY,
            "home_team": "BUF",
            "away_team": "TB",
        }
        for week in (10, 11, 12)
        for kickoff in (FIRST, LAST)
    ]
    lake.write(GAMES, rows(GAMES, *games))
    for week in (10, 11):
        found = rows(RAW_PLAYERS, *(player(n, week, roster_status="ACT") for n in range(1, 11)))
        lake.write_weeks(RAW_PLAYERS, found, [SeasonWeek(2025, week)])
    return lake


@pytest.fixture
def asset() -> tuple[str, str]:
    return ("news_refresh", "news")


def headlines(lake: Lake, week: SeasonWeek = WEEK) -> list[str]:
    found: list[str] = lake.read(NEWS, [week]).sort_by("published")["headline"].to_pylist()
    return found


def facts(instance: dg.DagsterInstance, week: SeasonWeek = WEEK) -> dict[str, Any]:
    filters = dg.AssetRecordsFilter(dg.AssetKey("news"), asset_partitions=[week.key])
    [record] = instance.fetch_materializations(filters, limit=1).records
    assert record.asset_materialization
    return {k: v.value for k, v in record.asset_materialization.metadata.items()}


def checked(instance: dg.DagsterInstance) -> dg.AssetCheckEvaluation:
    key = dg.AssetCheckKey(dg.AssetKey("news"), "news_readable")
    record = instance.get_latest_asset_check_evaluation_record(key)
    assert record is not None
    assert record.event is not None
    found = record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
    return found


def test_items_of_all_sources_are_joined_and_none_is_lost(
    run: Run, sites: Sites, lake: Lake, instance: dg.DagsterInstance
) -> None:
    stories = [story(1, "Player C ruled out", 2), story(2, "Player D questionable", 3, 999)]
    serve_news(sites, stories, {4: injured(4)})
    outcome = run()
    assert outcome.success, outcome.errors
    assert outcome.warnings == ()
    rows = {(row["item"], row["player_id"]): row for row in lake.read(NEWS, [WEEK]).to_pylist()}
    assert {key: row["stated_status"] for key, row in rows.items()} == {
        ("1", "00-2"): "Out",
        ("2", "00-3"): "Questionable",
        (f"injury-{STATED_AT - timedelta(hours=1):%Y%m%dT%H%M%S}", "00-4"): "Out",
        (f"trending-{STATED_AT:%Y%m%d}", "00-5"): None,
    }
    assert rows["1", "00-2"]["url"] == "https://www.espn.com/nfl/story/_/id/1/x"
    assert rows["1", "00-2"]["team"] == "BUF"
    assert facts(instance)["sources"] == "espn, sleeper"
    # The sites show other items a day later.
    serve_news(sites, [story(3, "Player C to play", 2, at=STATED_AT)], added={6: 10})
    assert run(at=STATED_AT + DAY).success
    assert len(headlines(lake)) == 6
    assert set(rows) < {
        (row["item"], row["player_id"]) for row in lake.read(NEWS, [WEEK]).to_pylist()
    }


def test_contradictions_are_in_the_result_of_the_check(
    run: Run, sites: Sites, instance: dg.DagsterInstance
) -> None:
    serve_news(sites, [story(1, "Player D ruled out", 3)])
    assert run().success
    result = checked(instance)
    assert result.passed
    assert result.metadata["contradictions"].value == 1
    assert result.metadata["contradicted"].value == {
        "Player D": "news of espn: Out; injury report: nothing"
    }


@pytest.mark.parametrize("failing", ["espn", "sleeper"])
def test_source_that_fails_is_a_gap_with_a_warning(
    run: Run, sites: Sites, lake: Lake, instance: dg.DagsterInstance, failing: str
) -> None:
    serve_news(sites, [story(1, "Player C ruled out", 2)])
    for path in [path for path in sites.answers if failing in path]:
        sites.serve(path, "", 400)
    outcome = run()
    assert outcome.success
    [warning] = [text for text in outcome.warnings if text.startswith(f"{failing} news 2025")]
    assert "HTTP 400" in warning
    assert facts(instance)["sources failed"] == failing
    assert headlines(lake)


def test_when_all_sources_fail_no_empty_week_is_written(
    run: Run, sites: Sites, lake: Lake, instance: dg.DagsterInstance
) -> None:
    for path in ("/site.api.espn.com/", "/api.sleeper.app/"):
        sites.serve(path, "", 400)
    outcome = run()
    assert outcome.success
    assert len(outcome.warnings) == 2
    assert not lake.has(NEWS, WEEK)
    assert facts(instance)["not made"] == "no source has news about its players"
    serve_news(sites, [story(1, "Player C ruled out", 2)])
    assert run().success
    before = headlines(lake)
    for path in ("/site.api.espn.com/", "/api.sleeper.app/"):
        sites.answers.clear()
        sites.serve(path, "", 400)
    assert run().success
    assert headlines(lake) == before


def test_past_weeks_ask_nobody(
    run: Run, sites: Sites, lake: Lake, instance: dg.DagsterInstance, rows: Any
) -> None:
    serve_news(sites, [story(1, "Player C ruled out", 2)])
    outcome = run(SeasonWeek(2025, 10), at=STATED_AT)
    assert (outcome.success, outcome.warnings) == (True, ())
    assert sites.requests == []
    assert not lake.has(NEWS, SeasonWeek(2025, 10))
    reason = facts(instance, SeasonWeek(2025, 10))["not made"]
    assert reason == "only the weeks to project get news, and this week is not projected now"
    # Of three weeks, the one that is projected gets news; what the others have stays.
    stored = rows(
        NEWS,
        {"season": 2025, "week": 10, "source": "espn", "item": "9", "player_id": "00-1"},
    )
    lake.write_weeks(NEWS, stored, [SeasonWeek(2025, 10)])
    assert run(SeasonWeek(2025, 10), WEEK, at=STATED_AT).success
    assert lake.read(NEWS, [SeasonWeek(2025, 10)]).equals(NEWS.shaped(stored))
    assert lake.has(NEWS, WEEK)


def test_week_without_rosters_takes_those_before_it(run: Run, sites: Sites, lake: Lake) -> None:
    serve_news(sites, [story(1, "Player C ruled out", 2)])
    week = SeasonWeek(2025, 12)
    assert run(week, at=LAST + timedelta(hours=1)).success
    assert "Player C ruled out" in headlines(lake, week)


def test_pages_of_the_best_players_are_asked_for(
    run: Run, sites: Sites, lake: Lake, rows: Any
) -> None:
    projected = [
        {"season": 2025, "week": 10, "player_id": f"00-{n}", "projected_points": float(n)}
        for n in (1, 7, 3)
    ]
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, *projected), [SeasonWeek(2025, 10)])
    serve_news(sites, [])
    sites.serve(f"{PAGES}1007/", {"news": [story(7, "Player H to start", 7)]})
    assert run().success
    asked = [path for path, _ in sites.requests if path.endswith("/overview")]
    assert asked == [f"{PAGES}100{n}/overview" for n in (7, 3, 1)]
    assert "Player H to start" in headlines(lake)
    assert [path for path, _ in sites.requests if path.startswith(LATEST)]


def test_without_rosters_the_error_says_what_to_do(
    run: Run, sites: Sites, lake: Lake, tmp_path: Path
) -> None:
    serve_news(sites, [])
    for file in (tmp_path / "data" / "lake" / "raw_players").rglob("*.parquet"):
        file.unlink()
    outcome = run()
    assert not outcome.success
    assert "raw_players is not in the lake. Materialize it first." in outcome.errors[0]

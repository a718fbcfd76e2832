"""Test the asset and the command with the sample league and a real instance."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline import cli
from fantasy_pipeline.definitions import defs
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_HISTORY, PROJECTIONS
from fantasy_pipeline.orchestration.metadata import link_to_report
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.report import store
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.report.conftest import PLAYED, UPCOMING, League
from fantasy_pipeline_tests.system.replay import followed
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS


@pytest.fixture(autouse=True)
def in_its_home(league: League, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(league.home))


def metadata(league: League, week: SeasonWeek, asset: str = "weekly_report") -> dict[str, Any]:
    records = league.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[week.key]),
        limit=1,
    ).records
    assert records[0].asset_materialization is not None
    return dict(records[0].asset_materialization.metadata)


class Command:
    """Runs `fantasy-pipeline report …` in this process and returns its output."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        cli.app(["report", *arguments], standalone_mode=False)
        return self._capsys.readouterr().out


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    return Command(capsys)


def test_the_ui_links_the_report_and_charts_its_numbers(league: League) -> None:
    found = metadata(league, UPCOMING)
    path = Path(str(found["report"].value))
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert len(text) < 1_500_000
    assert isinstance(found["report"], dg.PathMetadataValue)
    assert isinstance(found["summary"], dg.MarkdownMetadataValue)
    assert "synthetic sample league" in str(found["summary"].value)
    assert found["data"].value == "synthetic sample league"
    assert found["players"].value > 300
    assert isinstance(found["rmse_against_NFL.com_percent"].value, float)


@pytest.mark.parametrize("week", [UPCOMING, PLAYED[1]])
def test_the_report_names_every_table_that_it_shows(league: League, week: SeasonWeek) -> None:
    text = store.read(league.lake, week, "report.html")
    assert text is not None
    [section] = re.findall(r'<section id="sources".*?</section>', text, flags=re.S)
    named = dict(re.findall(r'<th scope="row">(\w+)</th><td>(.*?)</td>', section))
    of_week = ("raw_players", "source_projections", "model_projections", "projections")
    so_far = ("weekly_stats", "stat_corrections", "projection_accuracy")
    # A past week has no news.
    news = {"news"} if week == UPCOMING else set()
    of_week = (*of_week, *news)
    assert named == {
        **dict.fromkeys(("games", "player_history"), "all"),
        **dict.fromkeys(of_week, str(week)),
        **dict.fromkeys(so_far, "2025 weeks 8-9"),
    }
    links = re.findall('href="http(?!s://news.example/)', text)
    assert not links, "the address of the UI is not set"
    graph, key = defs.resolve_asset_graph(), dg.AssetKey("weekly_report")
    reads, behind = graph.get(key).parent_keys, graph.get_ancestor_asset_keys(key)
    wanted = {one.path[-1] for one in reads} - {"news"} | news
    assert wanted <= set(named) <= {one.path[-1] for one in behind}


def test_the_report_passes_over_records_of_the_other_league(league: League) -> None:
    """A newer record of the same week, as early versions let into one home."""
    facts = {"phase": "of the other league", "reader": "of the other league"}
    league.instance.report_runless_asset_event(
        dg.AssetMaterialization("weekly_stats", partition=PLAYED[1].key, metadata=facts)
    )
    assert league.run("report_week", UPCOMING).success
    text = store.read(league.lake, UPCOMING, "report.html")
    assert text is not None
    assert "of the other league" not in text
    assert '<th scope="row">weekly_stats</th>' in text


def test_a_projection_leads_to_its_report(league: League) -> None:
    link = metadata(league, UPCOMING, "projections")["report"]
    assert link == dg.MetadataValue.asset(dg.AssetKey("weekly_report"))
    assert link == link_to_report(UPCOMING, "")
    assert link_to_report(UPCOMING, "https://dagster.example.org/") == dg.MetadataValue.url(
        "https://dagster.example.org/assets/weekly_report?view=partitions&partition=2025%7C10"
    )


def test_the_report_leads_to_its_runs_if_it_knows_where_the_ui_is(
    league: League, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_ALERT_UI_URL", "https://dagster.example.org/")
    # An invalid mail setting stops mails, not the report.
    monkeypatch.setenv("FANTASY_ALERT_SMTP_PORT", "tls")
    try:
        outcome = league.run("report_week", UPCOMING)
        text = store.read(league.lake, UPCOMING, "report.html")
        assert text is not None
        assert f'href="https://dagster.example.org/runs/{outcome.run_id}"' in text
    finally:
        monkeypatch.delenv("FANTASY_ALERT_UI_URL")
        monkeypatch.delenv("FANTASY_ALERT_SMTP_PORT")
        league.run("report_week", UPCOMING)


def test_the_report_says_where_it_comes_from(league: League) -> None:
    text = store.read(league.lake, UPCOMING, "report.html")
    assert text is not None
    runs = {run.run_id[:8]: run.job_name for run in league.instance.get_runs()}
    named = {runs[run_id] for run_id in runs if f"<code>{run_id}</code>" in text}
    assert named == {"report_week", "weekly_projections", "whole_week"}
    assert "As of 2025-11-04 08:00 UTC" in text
    assert "NFL.com as of" in text


def test_a_range_of_weeks_is_one_run_and_shows_what_happened(league: League) -> None:
    outcome = league.run("report_week", *PLAYED)
    assert outcome.errors == ()
    for week in PLAYED:
        text = store.read(league.lake, week, "report.html")
        assert text is not None
        assert "Week played: actual points are shown next to the projections." in text
    assert metadata(league, PLAYED[0])["players"].value > 300


def test_a_week_without_games_is_recorded_as_such(league: League) -> None:
    week = SeasonWeek(2015, 22)
    league.lake.write_weeks(PROJECTIONS, PROJECTIONS.arrow_schema.empty_table(), [week])
    assert league.run("report_week", week).errors == ()
    assert metadata(league, week)["games"].value.startswith("no such week")
    assert store.read(league.lake, week, "report.html") is None


def test_a_week_not_projected_fails_and_says_what_to_do(league: League) -> None:
    (error,) = league.run("report_week", SeasonWeek(2025, 3)).errors
    assert error.startswith("weekly_report: projections 2025 week 3: not in the lake")
    assert "Materialize projections" in error


def test_a_refresh_shows_who_moved_until_the_next(league: League) -> None:
    kept = league.lake.read(PROJECTIONS, [UPCOMING])
    best = kept.sort_by([("projected_points", "descending")])["player_name"][0].as_py()
    names = kept["player_name"].to_pylist()
    points = [
        value + 5 if name == best else value
        for name, value in zip(names, kept["projected_points"].to_pylist(), strict=True)
    ]
    index = kept.schema.get_field_index("projected_points")
    moved = kept.set_column(index, "projected_points", pa.array(points))
    try:
        league.lake.write_weeks(PROJECTIONS, moved, [UPCOMING])
        for _ in range(2):
            assert league.run("report_week", UPCOMING).errors == ()
            text = store.read(league.lake, UPCOMING, "report.md")
            assert text is not None
            assert "## Movers since 2025-11-04 08:00 UTC" in text
            assert f"- +5.0 {best} " in text
    finally:
        league.lake.write_weeks(PROJECTIONS, kept, [UPCOMING])
        league.run("report_week", UPCOMING)


def test_projecting_a_week_asks_for_its_report(league: League) -> None:
    requests = followed(
        league.instance, "weekly_projections", "report_projected_week", NflData(source="sample")
    )
    assert isinstance(requests, list)
    (request,) = requests
    assert request.partition_key == UPCOMING.key
    (run,) = league.instance.get_runs(dg.RunsFilter(job_name="weekly_projections"))
    assert request.run_key == run.run_id
    assert request.run_config == {"resources": {"nfl": {"config": {"source": "sample"}}}}
    assert request.tags["as_of"] == "2025-11-04T08:00:00+00:00"


def test_the_command_prints_the_path_and_makes_only_what_is_stale(
    league: League, command: Command
) -> None:
    facts = json.loads(command("--json"))
    path = store.path(league.lake, UPCOMING, "report.html")
    assert facts == {"season": 2025, "week": 10, "path": path, "format": "html", "made": False}
    state = store.name(UPCOMING, "state.json")
    league.lake.write_bytes(state, b'{"shown": null}')
    with pytest.raises(PipelineError, match=r"state\.json is broken\. Delete it"):
        command()
    Path(f"{league.lake.root}/{state}").unlink()
    assert json.loads(command("--json"))["made"] is True


def test_a_report_is_made_again_once_its_week_was_played(league: League, command: Command) -> None:
    words = ("--season", "2025", "--week", "10", "--at", "2025-11-12T08:00Z", "--json")
    assert json.loads(command(*words))["made"] is True
    assert json.loads(command(*words))["made"] is False
    kept = league.lake.read(PLAYER_HISTORY)
    index = kept.schema.get_field_index("target_ppr")
    upcoming = pc.and_(pc.equal(kept["season"], 2025), pc.equal(kept["week"], UPCOMING.week))
    scored = kept.set_column(index, kept.field(index), pc.if_else(upcoming, 9.0, kept[index]))
    try:
        league.lake.write(PLAYER_HISTORY, scored)
        assert json.loads(command(*words))["made"] is True
        assert json.loads(command(*words))["made"] is False
    finally:
        league.lake.write(PLAYER_HISTORY, kept)
        league.run("report_week", UPCOMING)


@pytest.mark.slow
def test_a_report_as_of_friday_shows_no_result_of_sunday(league: League, command: Command) -> None:
    """LV-WAS was played on Thursday, the other games of week 9 on Sunday and Monday."""
    week = ("--season", "2025", "--week", "9")
    friday, saturday = ((*week, "--at", f"2025-{day}T12:00Z") for day in ("10-31", "11-01"))

    def made(words: tuple[str, ...]) -> bool:
        return bool(json.loads(command(*words, "--json"))["made"])

    def page(words: tuple[str, ...]) -> str:
        return Path(json.loads(command(*words, "--json"))["path"]).read_text()

    def results(text: str) -> int:
        return len(re.findall(r'<td class="num actual">[-\d]', text))

    refreshes = store.read_state(league.lake, PLAYED[1])
    whole = page(week)
    assert "weeks 8-9, PPR" in whole
    assert "Week played: " in whole
    try:
        assert made(friday) is True
        assert made(friday) is False
        text = page(friday)
        assert "As of 2025-10-31 12:00" in text
        assert "Week played so far: " in text
        # Two of 30 teams.
        assert 0 < results(text) < results(whole) / 8
        assert "weeks 8-8, PPR" in text
        # The same results, and another moment.
        assert made(saturday) is True
        assert results(page(saturday)) == results(text)
        # The present is another moment, too. Its movers are not affected.
        assert made(week) is True
        assert results(page(week)) == results(whole)
        assert store.read_state(league.lake, PLAYED[1]) == refreshes
    finally:
        league.run("report_week", PLAYED[1])


def test_the_command_writes_a_file_and_markdown(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "week.html"
    assert str(file) in command("--output", str(file))
    assert file.read_text().startswith("<!doctype html>")
    assert command("--format", "md").startswith("# Week 10, 2025 - synthetic sample league")
    assert "Half-PPR points" in command("--format", "md", "--scoring", "half")


def test_markdown_that_an_earlier_version_did_not_write_is_made(
    league: League, command: Command
) -> None:
    Path(store.path(league.lake, UPCOMING, "report-std.md")).unlink()
    assert json.loads(command("--json"))["made"] is False
    assert "Standard points" in command("--format", "md", "--scoring", "std")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--season", "2025", "--week", "3"], "projections 2025 week 3: not in the lake"),
        (["--week", "3"], "--season and --week go together"),
        (["--output", "no/such/folder/x.html"], "cannot write no/such/folder/x.html: No such"),
        (["--at", "2026-03-01T00:00Z"], "projections 2025 week 18: not in the lake"),
    ],
)
def test_errors_say_what_to_do(command: Command, arguments: list[str], error: str) -> None:
    with pytest.raises(PipelineError, match=re.escape(error)):
        command(*arguments)


def test_open_shows_the_page_in_the_browser(
    league: League, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = tmp_path / "shown"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {shown}\n')
    program.chmod(0o755)
    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setenv("BROWSER", str(program))
    command("--open")
    page = Path(store.path(league.lake, UPCOMING, "report.html"))
    assert shown.read_text().strip() == page.as_uri()


def test_the_installed_program_has_it(league: League) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fantasy_pipeline.cli", "report", "--week", "3"],
        env={**os.environ, "FANTASY_SOURCE": "sample", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: --season and --week go together")

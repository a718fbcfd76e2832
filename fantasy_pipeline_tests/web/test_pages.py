"""The pages as text: what they say, and that nothing is inline or from another host."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from html import unescape
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.health_rules import RULES
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.status import instigators
from fantasy_pipeline.operations.week_states import STATES
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.report import store
from fantasy_pipeline.web.charts import Bar, Point, bar_chart, range_chart
from fantasy_pipeline.web.pages import status
from fantasy_pipeline.web.pages.documents import Files, as_page
from fantasy_pipeline.web.pages.site import duration, with_code
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.operations.test_execute import run as run_some_job
from fantasy_pipeline_tests.web.servers import FIRST_PAINT_BYTES, Client, first_paint

pytestmark = pytest.mark.loopback

PAGES = (
    "/",
    "/runs/{run}",
    "/weeks/2025/9",
    "/weeks/2025/10",
    "/players",
    "/players?q=stub",
    "/players/{player}",
    "/compare?ids={players}",
    "/accuracy",
    "/leagues/sample-fantasy",
    "/leagues/sample-fantasy/teams/Dune%20Devils",
    "/login",
    "/docs",
    "/nowhere",
)


def path_of(site: Client, session: Session, page: str) -> str:
    """Return the path of one of `PAGES`."""
    best = site.get("/api/projections?limit=3").json()["rows"]
    return page.format(
        run=next(executions(session.instance)).run.run_id,
        player=best[0]["player_id"],
        players=",".join(row["player_id"] for row in best),
    )


@pytest.mark.parametrize("page", PAGES)
def test_no_page_has_anything_inline_or_from_elsewhere(
    site: Client, deployed: Session, page: str
) -> None:
    answer = site.page(path_of(site, deployed, page))
    assert answer.status_code == (404 if page == "/nowhere" else 200)
    assert answer.headers["Content-Type"].startswith("text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.text.startswith("<!doctype html>")
    assert "<style" not in answer.text
    scripts = re.findall(r"<script([^>]*)>", answer.text)
    assert all(" src=" in one or 'type="application/json"' in one for one in scripts)
    assert re.findall(r"<[^>]* (?:style|on\w+)=", answer.text) == []
    files = re.findall(r'<(?:link|script|img)[^>]* (?:href|src)="([^"]+)"', answer.text)
    assert len(files) >= 3
    for file in files:
        assert file.startswith("/static/")
        assert site.get(file).status_code == 200


@pytest.mark.parametrize("page", PAGES[:-1])
def test_first_paint_is_small(site: Client, deployed: Session, page: str) -> None:
    assert first_paint(site, path_of(site, deployed, page)) <= FIRST_PAINT_BYTES


def test_the_status_page_says_what_is_due_and_what_ran(site: Client, deployed: Session) -> None:
    text = site.page("/").text
    assert "2025 week 9" in text
    assert 'href="/weeks/2025/10"' in text
    assert 'aria-label="2025 week 9: provisional"' in text
    assert "2025 week 7: missing" in text
    run = next(executions(deployed.instance))
    assert f'href="/runs/{run.run.run_id}"' in text
    assert run.title in text
    assert "tuesday_import" in text
    assert 'href="/leagues/sample-fantasy"' in text
    assert re.search(r"NFL\.com</th><td><span class=\"state ok\">up<", text)
    assert "runs of the last 14 days succeeded" in text
    assert "Import and project the due week" not in text


def test_the_status_page_lists_every_schedule_and_source(site: Client, deployed: Session) -> None:
    text = site.page("/").text
    jobs = instigators(deployed.instance, datetime.now(timezone.utc))
    off = [job for job in jobs if job.kind == "schedule" and not job.is_on]
    assert off
    for job in off:
        row = rf'{job.name}</th><td class="meta"><span class="state off">off<'
        assert re.search(row, text)
    # The sample league asks no site but NFL.com, and has news of its own.
    for name, state in {"NFL.com": "ok", "ESPN": "off", "Sleeper": "off", "sample": "ok"}.items():
        assert re.search(rf'{name}</th><td><span class="state {state}">', text), name
    assert "News of 2025 week 10" in text
    assert "silent" not in text


def test_the_chart_counts_every_run(
    deployed: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        for fail in (False, True, False):
            run_some_job(instance, fail=fail)
        clock = datetime.now(timezone.utc)
        whole = status.daily_results(instance, list(executions(instance)), clock)
        # As if there were more runs than are read: the history counts the runs of the day.
        monkeypatch.setattr(status, "_CHARTED_RUNS", 1)
        found = status.daily_results(instance, list(executions(instance, limit=1)), clock)
    assert found == whole
    assert list(found.values()) == [(0, 0)] * 13 + [(2, 1)]
    assert "2 of the 3 runs of the last 14 days succeeded" in status.results_chart(found)


def test_the_documentation_has_every_operation(site: Client) -> None:
    text = unescape(re.sub(r"<[^>]*>", "", site.page("/docs").text))
    document = site.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in text
            assert operation["description"].replace("`", "") in text
            for parameter in operation.get("parameters", ()):
                assert parameter["name"] in text
    for answered in ("text/csv", "chance_to_win", "409 Conflict", "integer 1999-2", "list of"):
        assert answered in text


def test_code_in_texts_is_shown_as_code(site: Client) -> None:
    assert with_code("with `find` <b>") == "with <code>find</code> &lt;b&gt;"
    assert "`" not in site.page("/docs").text


def test_every_state_and_health_rule_is_in_words() -> None:
    assert set(status._LETTERS) == set(STATES)
    assert {rule.__name__ for rule in RULES} <= set(status.RULES)
    text = (ROOT / "docs" / "web.md").read_text()
    for state, letter in status._LETTERS.items():
        assert state == "to come" or f"| {letter} | {state} |" in text


def test_a_run_has_its_result_and_log(site: Client, deployed: Session) -> None:
    run = next(executions(deployed.instance, job="whole_week"))
    text = site.page(f"/runs/{run.run.run_id}").text
    assert "players" in text
    assert "weekly_stats" in text
    log = site.get(f"/api/jobs/history/{run.run.run_id}/log?limit=3").json()
    assert len(log["lines"]) == 3
    assert not log["is_over"]
    found = list(log["lines"])
    while not log["is_over"]:
        cursor = log["cursor"]
        log = site.get(f"/api/jobs/history/{run.run.run_id}/log?cursor={cursor}").json()
        found += log["lines"]
    assert found == sorted(found, key=lambda line: line["at"])
    assert any(line["step"] == "weekly_stats" for line in found)
    refused = site.get(f"/api/jobs/history/{run.run.run_id}/log?cursor=abcd")
    assert refused.status_code == 422
    assert "is not a cursor" in refused.json()["detail"]


def test_a_report_is_the_stored_one(site: Client, deployed: Session) -> None:
    stored = store.read(deployed.lake, SeasonWeek(2025, 9), "report.html") or ""
    text = site.page("/weeks/2025/9").text
    rows = re.findall(r"<tr data-i=.*?</tr>", stored, re.S)
    assert len(rows) > 200
    assert len(re.findall(r"<tr data-i=", text)) == len(rows)
    assert "unsafe-inline" in stored
    assert "unsafe-inline" not in text


def test_inline_styles_become_rules_of_the_style_sheet() -> None:
    files = Files()
    html = (
        "<head><style>a{}</style></head><body>"
        '<b style="--a:1;color:red">x</b><i style="--a:1;color:red"></i>'
        '<u style="font: 1px &#39;A B&#39;"></u><script>go()</script>'
        '<script type="application/json" id="x">[1]</script>'
        '<script type="application/json" id="y" data-later>[2]</script></body>'
    )
    page = as_page(html, files, "<nav></nav>").body.decode()
    assert page.count('data-s="s0"') == 2
    assert "<body>\n<nav></nav>" in page
    found = re.findall(r'/static/(\w{20}\.(?:css|js))"', page)
    sheet, script = (files.get(name) for name in found)
    assert sheet is not None
    assert sheet.body == (b'a{}\n[data-s="s0"]{--a:1;color:red}\n[data-s="s1"]{font: 1px \'A B\'}')
    assert script is not None
    assert script.body == b"go()"
    assert '<script type="application/json" id="x">[1]</script>' in page
    [later] = re.findall(r'id="y" data-later="/static/(\w{20}\.json)"></script>', page)
    data = files.get(later)
    assert data is not None
    assert (data.body, data.media_type) == (b"[2]", "application/json")


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("/runs/00000000-0000-0000-0000-000000000000", 404, "There is no run"),
        ("/weeks/2025/2", 404, "2025 week 2 is not projected: run fantasy-pipeline trigger"),
        ("/weeks/2025/8", 404, "there is no report of 2025 week 8 yet"),
        ("/weeks/2031/1", 422, "2031"),
        ("/weeks/2025/40", 422, "less than or equal to 22"),
        ("/weeks/2025/x", 422, "valid integer"),
        ("/players/00-0000000", 404, "The lake has no player"),
        ("/players?q=qqqqq", 404, "No player of the lake"),
        ("/players?colour=red", 422, "Extra inputs"),
        ("/compare?ids=SAMPLE-0100", 422, "Compare takes 2 to 8 players, not 1"),
        ("/compare?ids=SAMPLE-0100,nobody", 422, "nobody"),
        ("/accuracy?season=2001", 404, "2001"),
        ("/leagues/nobody", 404, "There is no league"),
        ("/leagues/sample-fantasy/teams/99", 404, "has no team"),
        ("/static/nothing.css", 404, "There is no file"),
    ],
)
def test_refusals_are_pages_in_one_sentence(site: Client, path: str, code: int, text: str) -> None:
    answer = site.page(path)
    shown = re.sub(r"&#39;", "'", answer.text)
    assert (answer.status_code, text.lower() in shown.lower()) == (code, True), shown
    assert answer.headers["Content-Type"].startswith("text/html")
    for_programs = site.get(path)
    assert for_programs.status_code == code


def test_names_are_text_in_charts() -> None:
    nasty = "</svg><script>"
    assert "<script" not in bar_chart(nasty, [Bar(nasty, [("good", 1.0)], nasty)], nasty)
    assert "<script" not in range_chart(nasty, [Point(nasty, 1.0, 2.0, 3.0, 2.5)], nasty)


def test_charts_without_data_are_drawn() -> None:
    for chart in (bar_chart("none", [], "s"), range_chart("none", [], "")):
        assert chart.startswith("<svg")
        assert "nan" not in chart


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\N{EN DASH}"),
        (1.23, "1.2 s"),
        (59.4, "59 s"),
        (61, "1 min 1 s"),
        (7322, "2 h 2 min"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_every_template_and_file_is_packaged() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for folder in ("web/templates", "web/static"):
        assert f'"{folder}/*"' in text
        assert any(Path(ROOT, "fantasy_pipeline", folder).iterdir())

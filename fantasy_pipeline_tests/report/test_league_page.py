"""Test a league's report in a browser: rankings on a phone, and players compared."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fantasy_pipeline.decisions.outcomes import Points, chances_of_most
from fantasy_pipeline.operations.league_report import league_report
from fantasy_pipeline.operations.leagues import register_sample, remove
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.report import league_page
from fantasy_pipeline.report.league_page import LeagueReport
from fantasy_pipeline_tests.browsing import violations
from fantasy_pipeline_tests.report.conftest import UPCOMING, League
from fantasy_pipeline_tests.report.test_browser import DESKTOP, SUNDAYS_PHONE, add, compared

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The file is made first: while Playwright runs, Dagster's runs fail.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("league_file")]

SUNDAY = datetime(2025, 11, 9, 18, tzinfo=timezone.utc)


def test_a_leagues_report_has_kickoffs_in_the_readers_zone_and_two_lines_per_player(
    chromium: Browser, tmp_path: Path
) -> None:
    row: dict[str, Any] = {
        **{"rank": 1, "tier": 1, "player_name": "Aspen Samplewood", "team": "CHI"},
        **{"opponent": "MIN", "is_home": False, "kickoff": SUNDAY, "status": "Questionable"},
        **{"projected_points": 21.4, "p10": 9.7, "p90": 35.0, "value": 11.9},
        **{"implied_team_total": 25.5, "opponent_factor": 1.06, "rostered_by": "Team 02"},
        **{"player_id": "a", "p50": 20.0, "actual_points": None},
    }
    made = LeagueReport(
        "Friends: 2025 week 10", None, "About.", ["Not scored: x"], {"RB": [row] * 3}
    )
    path = tmp_path / "league.html"
    path.write_text(league_page.html(made), encoding="utf-8")
    context = chromium.new_context(
        viewport=SUNDAYS_PHONE, offline=True, timezone_id="America/New_York"
    )
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(f"file://{path}")
    first = page.locator("tbody tr").first
    assert re.sub(r"\s", " ", first.inner_text()).startswith("RB1 ")
    assert "Sun 1:00 PM" in re.sub(r"\s", " ", first.inner_text())
    box = first.bounding_box()
    assert box is not None
    assert box["height"] < 60
    assert page.evaluate("document.documentElement.scrollWidth") == SUNDAYS_PHONE["width"]
    page.get_by_role("link", name="Not scored").click()
    assert page.locator("#not-scored").is_visible()
    assert messages == []
    context.close()


@pytest.fixture(scope="module")
def league_file(league: League, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of the sample fantasy league."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(league.home))
        patch.setenv("FANTASY_SOURCE", "sample")
        session = Session()
        name = register_sample(session)
        report = league_report(session, name, UPCOMING)
        remove(session, name)
    path = tmp_path_factory.mktemp("league") / "league.html"
    path.write_text(league_page.html(report), encoding="utf-8")
    return path


def open_file(browser: Browser, path: Path, size: dict[str, int]) -> tuple[Page, list[str]]:
    """Open a page without network; return it and its messages, to which errors are added."""
    page = browser.new_context(viewport=size, offline=True).new_page()  # type: ignore[arg-type]
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(f"file://{path}")
    return page, messages


def test_players_are_compared_in_a_leagues_report(chromium: Browser, league_file: Path) -> None:
    page, messages = open_file(chromium, league_file, DESKTOP)
    names = page.locator(".ranking .name").all_text_contents()
    positions = page.locator(".ranking tbody tr").evaluate_all(
        "rows => rows.map(row => row.dataset.position)"
    )
    back, linebacker = (names[positions.index(name)] for name in ("RB", "LB"))
    page.locator(f"tr:has(.name:text-is('{back}'))").get_by_role(
        "button", name=f"Compare {back}"
    ).click()
    assert add(page, linebacker) == f"{linebacker} added: 2 of 4 players."
    cells = compared(page)
    assert cells[""] == [back, linebacker]
    numbers = page.evaluate("JSON.parse(document.getElementById('numbers').textContent)")
    points = [Points(*numbers["league"]["rows"][names.index(name)][:4]) for name in cells[""]]
    assert cells["Points"] == [f"{one.expected:.1f}" for one in points]
    chances = chances_of_most(points)
    assert cells["Most points"] == [f"{100 * chance:.0f}%" for chance in chances]
    assert all(
        re.fullmatch(r"\d+ \(\d+.\d+\) in \d games?", cell) for cell in cells["Rest of season"]
    )
    assert all(cell.strip() for cell in cells["Week 15"])
    assert all(re.match(r"-?\d+\.\d", cell) for cell in cells["Last game"])
    assert cells["def tackles solo"][0] == "\N{EN DASH}"
    assert float(cells["def tackles solo"][1]) > 1
    assert any("half-PPR" in cell for cell in cells["our model says"])
    assert any("NFL.com" in cell for cell in cells["our model says"])
    page.reload()
    assert compared(page)[""] == [back, linebacker], "the choice was not kept"
    assert messages == []
    page.context.close()


@pytest.mark.parametrize("size", [DESKTOP, SUNDAYS_PHONE], ids=["desktop", "phone"])
def test_a_comparison_in_a_leagues_report_is_accessible(
    chromium: Browser, league_file: Path, size: dict[str, int]
) -> None:
    page, messages = open_file(chromium, league_file, size)
    for name in dict.fromkeys(page.locator(".ranking .name").all_text_contents()[:4]):
        add(page, name)
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert violations(page) == []
    assert messages == []
    page.context.close()

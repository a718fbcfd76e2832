"""Test the report in a browser, opened from a file without network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from fantasy_pipeline.report import store
from fantasy_pipeline_tests.report.conftest import PLAYED, UPCOMING, League

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


class Reader:
    """Opens reports; records console messages, errors and requests of the page."""

    def __init__(self, browser: Browser, league: League) -> None:
        self._browser = browser
        self._league = league
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._contexts: list[Any] = []

    def open(self, size: dict[str, int] = DESKTOP, week: Any = UPCOMING, **more: Any) -> Page:
        context = self._browser.new_context(viewport=size, offline=True, **more)  # type: ignore[arg-type]
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(f"file://{store.path(self._league.lake, week, 'report.html')}")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def reader(chromium: Browser, league: League) -> Iterator[Reader]:
    reader = Reader(chromium, league)
    yield reader
    reader.close()
    assert reader.messages == []
    assert len(reader.requests) == len(reader._contexts), "a page made a request"
    assert all(url.startswith("file://") for url in reader.requests)


def rows(page: Page) -> list[dict[str, str]]:
    """Return the contents of the visible rows."""
    return page.eval_on_selector_all(
        "#ranked-players tbody tr:not([hidden])",
        """rows => rows.map(row => ({
            name: row.querySelector('.name').textContent,
            position: row.dataset.position,
            points: Number(row.querySelector('td.points').textContent),
            value: Number(row.querySelector('td.value').textContent.replace('\\u2212', '-')),
            tier: row.querySelector('td.tier').textContent,
            rank: row.cells[0].textContent,
            separated: row.classList.contains('new-tier'),
        }))""",
    )


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"label:has(input[name={name}][value={value}])").click()


def test_the_best_come_first_and_the_rest_on_demand(reader: Reader) -> None:
    page = reader.open()
    shown = rows(page)
    assert len(shown) == 40
    values = [row["value"] for row in shown]
    assert values == sorted(values, reverse=True)
    assert [row["rank"] for row in shown[:2]] == ["1", "2"]
    page.get_by_role("button", name=re.compile("Show all")).click()
    assert len(rows(page)) == page.locator("#ranked-players tbody tr").count() > 200


def test_filter_by_position_search_and_flex(reader: Reader) -> None:
    page = reader.open()
    choose(page, "position", "TE")
    ends = rows(page)
    assert {row["position"] for row in ends} == {"TE"}
    tiers = [row["tier"] for row in ends]
    changes = [one != other for one, other in pairwise(tiers)]
    assert [row["separated"] for row in ends] == [False, *changes]
    choose(page, "position", "Flex")
    assert {row["position"] for row in rows(page)} == {"RB", "WR", "TE"}
    choose(page, "position", "All")
    page.get_by_role("searchbox").fill(ends[3]["name"].lower())
    assert [row["name"] for row in rows(page)] == [ends[3]["name"]]
    page.get_by_role("searchbox").fill("nobody of this name")
    assert rows(page) == []
    assert page.locator("#count").text_content() == "No players match."


def test_another_scoring_is_another_ranking(reader: Reader) -> None:
    page = reader.open()
    choose(page, "position", "WR")
    before = {row["name"]: row["points"] for row in rows(page)}
    choose(page, "scoring", "std")
    after = {row["name"]: row["points"] for row in rows(page)}
    both = before.keys() & after.keys()
    assert len(both) > 20
    assert all(after[name] < before[name] for name in both)
    page.reload()
    reader.requests.pop()
    choose(page, "position", "WR")
    assert {row["name"]: row["points"] for row in rows(page)} == after, "the choice was not kept"
    choose(page, "scoring", "ppr")
    assert {row["name"]: row["points"] for row in rows(page)} == before


def test_the_scoring_is_that_of_the_whole_page(reader: Reader) -> None:
    page = reader.open()

    def text_of(section: str) -> str:
        return page.locator(f"#{section}").inner_text()

    words = {"ppr": "PPR", "half": "half-PPR", "std": "standard"}
    texts: dict[str, tuple[str, ...]] = {}
    for scoring, word in words.items():
        choose(page, "scoring", scoring)
        for section in ("close-calls", "value"):
            shown = page.locator(f"#{section} [class^=in-]:visible").all()
            assert {one.get_attribute("class") for one in shown} == {f"in-{scoring}"}
        assert f"almost equal projections, {word}." in text_of("close-calls")
        assert f"Value by rank within each position, {word}." in text_of("value")
        texts[scoring] = (text_of("close-calls"), text_of("value"), text_of("injuries"))
        best = page.locator(".facts .in-" + scoring)
        assert best.is_visible()
        top = max(rows(page), key=lambda row: float(row["value"]))["name"]
        assert top in best.inner_text()
    for section in range(3):
        assert len({text[section] for text in texts.values()}) == 3


def test_my_players_are_remembered(reader: Reader) -> None:
    page = reader.open()
    names = [row["name"] for row in rows(page)]
    stars = page.locator("#ranked-players tbody tr:not([hidden]) .star")
    for number in (3, 1):
        stars.nth(number).click()
    page.reload()
    assert len(rows(page)) == len(names)
    page.locator("label:has(input[name=mine])").click()
    assert [row["name"] for row in rows(page)] == [names[1], names[3]]
    stars.first.click()
    assert [row["name"] for row in rows(page)] == [names[3]]
    reader.requests.pop()


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin"])
def test_kickoffs_are_in_the_readers_time_zone(reader: Reader, zone: str) -> None:
    page = reader.open(timezone_id=zone)
    time = page.locator("time.when").first
    at = datetime.fromisoformat(str(time.get_attribute("datetime")).replace("Z", "+00:00"))
    local = at.astimezone(ZoneInfo(zone))
    text = re.sub(r"\s", " ", time.inner_text())
    assert text == f"{local:%a}, {local.hour % 12 or 12}:{local:%M %p}" or text == (
        f"{local:%a} {local.hour % 12 or 12}:{local:%M %p}"
    )


def test_columns_sort_both_ways_and_say_so(reader: Reader) -> None:
    page = reader.open()
    head = page.locator("th[data-sort='0']")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    points = [row["points"] for row in rows(page)]
    assert points == sorted(points, reverse=True)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    points = [row["points"] for row in rows(page)]
    assert points == sorted(points)
    page.locator("th[data-sort=name]").get_by_role("button").click()
    names = [row["name"] for row in rows(page)]
    assert names == sorted(names, key=str.casefold)
    assert page.locator("#ranked-players th[aria-sort]").count() == 1


def test_dark_by_preference_and_by_choice(reader: Reader) -> None:
    def ground(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    light, dark = reader.open(color_scheme="light"), reader.open(color_scheme="dark")
    assert ground(light) > 600
    assert ground(dark) < 120
    light.get_by_role("button", name="Dark colours").click()
    assert ground(light) < 120
    light.reload()
    reader.requests.pop()
    assert ground(light) < 120, "the choice was not kept"
    light.get_by_role("button", name="Light colours").click()
    assert ground(light) > 600


@pytest.mark.parametrize("week", [UPCOMING, PLAYED[1]])
def test_a_phone_needs_no_sideways_scrolling(reader: Reader, week: Any) -> None:
    page = reader.open(PHONE, week)
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        first = page.locator("#ranked-players tbody tr:not([hidden])").first
        assert first.locator("td.points").is_visible()
        # In a played week, actual points replace the value column.
        assert first.locator("td.value").is_visible() == (week == UPCOMING)
        assert first.locator(".bar").is_visible()
        assert first.locator(".meta .narrow").is_visible()
        choose(page, "position", "QB")


def test_a_long_name_stays_on_its_line_until_it_is_opened(reader: Reader) -> None:
    page = reader.open(PHONE)
    name = page.locator("#ranked-players tbody tr:not([hidden]) summary .name").first
    usual = name.bounding_box()
    name.evaluate("one => one.textContent = 'Bartholomew Featherstonehaugh-Cholmondeley'")
    long = name.bounding_box()
    assert usual is not None
    assert long is not None
    assert long["height"] == usual["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    name.click()
    opened = name.bounding_box()
    assert opened is not None
    assert opened["height"] > usual["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("week", [UPCOMING, PLAYED[1]], ids=["upcoming", "played"])
def test_accessible(reader: Reader, week: Any, size: dict[str, int], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = reader.open(size, week, color_scheme=scheme)
    # axe is slow per row: test about a dozen rows, those with the most content.
    page.get_by_role("searchbox").fill("questionable")
    assert 2 < len(rows(page)) < 30
    page.locator("#ranked-players tbody tr:not([hidden]) summary").first.click()
    found = Axe().run(page).response["violations"]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []


def test_the_keyboard_is_enough(reader: Reader) -> None:
    page = reader.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("input[name=position][value=All]").focus()
    page.keyboard.press("ArrowRight")
    assert {row["position"] for row in rows(page)} == {"QB"}


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_name_opens_what_is_behind_the_points(reader: Reader, size: dict[str, int]) -> None:
    page = reader.open(size)
    first = page.locator("#ranked-players tbody tr:not([hidden])").first
    assert not first.locator(".basis").is_visible()
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert re.search(r"\d source", first.locator(".basis").inner_text())
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_headings_stay_in_sight(reader: Reader) -> None:
    page = reader.open()
    page.locator("#ranked-players tbody tr:not([hidden])").nth(30).scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    page.wait_for_function("scrollY > 300")
    controls = page.locator("#controls").bounding_box()
    head = page.locator("#ranked-players thead th.player").bounding_box()
    assert controls is not None
    assert head is not None
    assert controls["y"] == pytest.approx(0, abs=1)
    assert head["y"] == pytest.approx(controls["height"], abs=1)


def test_print_shows_all_without_controls_on_white(reader: Reader) -> None:
    # A printed page is as wide as a tablet.
    page = reader.open({"width": 703, "height": 900}, color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("#controls").is_visible()
    shown = rows(page)
    assert len(shown) > 200
    assert page.locator("#ranked-players td.low:visible").count() == len(shown)
    assert page.locator("#ranked-players td.high:visible").count() == len(shown)
    positions = [row["position"] for row in shown]
    assert positions == sorted(positions, key=["QB", "RB", "WR", "TE", "K", "DST"].index)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(rows(page)) == 40
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")

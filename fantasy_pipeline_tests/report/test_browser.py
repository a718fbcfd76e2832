"""Test the report in a browser, opened from a file without network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from fantasy_pipeline.decisions.outcomes import Points, chance_to_outscore, chances_of_most
from fantasy_pipeline.report import store
from fantasy_pipeline_tests.browsing import violations
from fantasy_pipeline_tests.report.conftest import PLAYED, UPCOMING, League

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
TABLETS = [
    {"width": 645, "height": 900},
    {"width": 768, "height": 900},
    {"width": 1000, "height": 700},
]
SUNDAYS_PHONE = {"width": 390, "height": 844}


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
    page.get_by_role("searchbox", name="Player or team").fill(ends[3]["name"].lower())
    assert [row["name"] for row in rows(page)] == [ends[3]["name"]]
    page.get_by_role("searchbox", name="Player or team").fill("nobody of this name")
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
        best = page.locator(f"#value .in-{scoring} tbody tr").first
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
    page = reader.open(size, week, color_scheme=scheme)
    # axe is slow per row: test about a dozen rows, those with the most content.
    page.get_by_role("searchbox", name="Player or team").fill("questionable")
    assert 2 < len(rows(page)) < 30
    page.locator("#ranked-players tbody tr:not([hidden]) summary").first.click()
    assert violations(page) == []


def test_the_keyboard_is_enough(reader: Reader) -> None:
    page = reader.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("input[name=position][value=All]").focus()
    page.keyboard.press("ArrowRight")
    assert {row["position"] for row in rows(page)} == {"QB"}


@pytest.mark.parametrize("size", [DESKTOP, *TABLETS, PHONE])
def test_a_name_opens_what_is_behind_the_points(reader: Reader, size: dict[str, int]) -> None:
    page = reader.open(size)
    first = page.locator("#ranked-players tbody tr:not([hidden])").first
    assert not first.locator(".basis").is_visible()
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert re.search(r"\d source", first.locator(".basis").inner_text())
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


@pytest.mark.parametrize("size", [DESKTOP, *TABLETS, PHONE])
def test_headings_stay_in_sight(reader: Reader, size: dict[str, int]) -> None:
    page = reader.open(size)
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


def test_the_first_players_are_on_a_phones_first_screen(reader: Reader) -> None:
    page = reader.open(SUNDAYS_PHONE)
    seen = page.locator("#ranked-players tbody tr:not([hidden])").all()[:8]
    for row in seen:
        box = row.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= SUNDAYS_PHONE["height"]
        assert box["height"] < 54, "a player has two lines"
    accuracy = page.locator("dl.facts").bounding_box()
    assert accuracy is not None
    assert accuracy["y"] > SUNDAYS_PHONE["height"]


def compared(page: Page) -> dict[str, list[str]]:
    """Return the cells of the comparison by label; the names are those of the label `""`."""
    return dict(
        page.eval_on_selector_all(
            "#compared tr",
            """rows => rows.map(row => [
                row.querySelector('th[scope=row]')?.textContent ?? '',
                [...row.querySelectorAll('th[scope=col] .name, tbody td')]
                    .map(cell => cell.textContent.trim()),
            ])""",
        )
    )


def add(page: Page, name: str) -> str:
    """Add a player by his name and return what the page says."""
    page.get_by_label("Player to compare").fill(name)
    page.keyboard.press("Enter")
    return page.locator("#compare-said").inner_text()


def ranges(page: Page) -> dict[str, Points]:
    """Return the points of the listed players by name, as the page rounds them."""
    found = page.eval_on_selector_all(
        "#ranked-players tbody tr",
        """rows => rows.map(row => [
            row.querySelector('.name').textContent,
            JSON.parse(document.getElementById('numbers').textContent).ppr.rows[row.dataset.i],
        ])""",
    )
    return {name: Points(*numbers[:4]) for name, numbers in found}


def test_compare_has_the_chances_of_the_command(reader: Reader) -> None:
    page = reader.open()
    assert not page.locator("#compared").is_visible()
    first, second, third = (row["name"] for row in rows(page)[2:5])
    points = ranges(page)
    said = add(page, first)
    assert said == f"{first} added: 1 of 4 players."
    add(page, second)
    cells = compared(page)
    assert cells[""] == [first, second]
    chances = chances_of_most([points[first], points[second]])
    assert cells["Most points"] == [f"{100 * chance:.0f}%" for chance in chances]
    assert f"Over {first}" not in cells
    add(page, third)
    cells = compared(page)
    three = [points[name] for name in (first, second, third)]
    assert cells["Most points"] == [f"{100 * chance:.0f}%" for chance in chances_of_most(three)]
    over = [chance_to_outscore(one, three[0]) for one in three[1:]]
    assert cells[f"Over {first}"] == ["\N{EN DASH}", *(f"{100 * chance:.0f}%" for chance in over)]
    assert cells["Points"] == [f"{one.expected:.1f}" for one in three]
    for label in ("Game", "Implied total", "Spread", "Opponent allows", "Status", "Last game"):
        assert len(cells[label]) == 3, label
    assert any("in 9 games" in cell or "in 8 games" in cell for cell in cells["Rest of season"])
    assert "our model says" in cells
    page.reload()
    reader.requests.pop()
    assert compared(page)[""] == [first, second, third], "the choice was not kept"


def test_compare_follows_the_scoring(reader: Reader) -> None:
    page = reader.open()
    choose(page, "position", "WR")
    for row in rows(page)[:2]:
        add(page, row["name"])
    before = compared(page)
    choose(page, "scoring", "std")
    after = compared(page)
    for label in ("Points", "Rest of season", "Last game"):
        assert after[label] != before[label]
    assert float(after["Points"][0]) < float(before["Points"][0])


def test_compare_says_what_a_name_does(reader: Reader) -> None:
    page = reader.open()
    names = [row["name"] for row in rows(page)]
    assert add(page, "nobody of this name") == "No listed player has this name."
    assert add(page, " ") == "Type a name."
    assert re.match(r"\d+ players: .*, .*", add(page, "a"))
    assert not page.locator("#compared").is_visible()
    for name in names[:4]:
        add(page, name)
    assert add(page, names[4]) == f"Up to 4 players: remove one to add {names[4]}."
    assert add(page, names[0]) == f"{names[0]} is compared already."
    page.get_by_role("button", name=f"Remove {names[1]}").click()
    assert compared(page)[""] == [names[0], *names[2:4]]
    page.get_by_role("button", name="Clear").click()
    assert not page.locator("#compared").is_visible()
    assert page.evaluate("document.activeElement.name") == "player"


def test_players_are_picked_in_the_rankings_and_from_a_close_call(reader: Reader) -> None:
    page = reader.open(SUNDAYS_PHONE)
    row = page.locator("#ranked-players tbody tr:not([hidden]):has(summary)").nth(1)
    name = str(row.locator(".name").text_content())
    row.locator("summary").click()
    button = row.get_by_role("button", name=f"Compare {name}", exact=True)
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    tray = page.get_by_role("region", name="Chosen players")
    assert name in tray.inner_text()
    tray.get_by_role("link").click()
    page.locator("#tray.near").wait_for(state="attached")
    assert not tray.is_visible()
    assert compared(page)[""] == [name]
    call = page.locator("[data-compare]:visible").first
    label = str(call.get_attribute("aria-label"))
    call.click()
    assert f"Compare {' and '.join(compared(page)[''])}" == label
    assert page.evaluate("document.documentElement.scrollWidth") == SUNDAYS_PHONE["width"]


@pytest.mark.parametrize("size", [DESKTOP, SUNDAYS_PHONE], ids=["desktop", "phone"])
def test_a_comparison_is_accessible(reader: Reader, size: dict[str, int]) -> None:
    page = reader.open(size)
    for row in rows(page)[:4]:
        add(page, row["name"])
    page.get_by_role("searchbox", name="Player or team").fill("nobody of this name")
    assert page.get_by_role("rowheader", name="Most points").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert violations(page) == []


def test_a_comparison_is_printed_and_an_empty_one_not(reader: Reader) -> None:
    page = reader.open({"width": 703, "height": 900}, color_scheme="dark")
    page.emulate_media(media="print")
    assert not page.locator("#compare").is_visible()
    page.emulate_media(media="screen")
    add(page, rows(page)[0]["name"])
    page.emulate_media(media="print")
    assert page.locator("#compared").is_visible()
    assert not page.locator("#compare-form").is_visible()
    assert not page.locator("#tray").is_visible()


def test_without_scripts_the_page_says_that_a_comparison_needs_them(reader: Reader) -> None:
    page = reader.open(java_script_enabled=False)
    assert page.get_by_text("A comparison needs scripts").is_visible()
    assert not page.locator("#compare-form").is_visible()

"""The pages in a real browser, from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from fantasy_pipeline.operations.session import Session
from fantasy_pipeline_tests.browsing import violations
from fantasy_pipeline_tests.web.servers import Client, serving
from fantasy_pipeline_tests.web.test_access import TOKEN
from fantasy_pipeline_tests.web.test_pages import PAGES, path_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.loopback]

SIZES = {"phone": 360, "tablet": 768, "desktop": 1280}
# The report has a test of its own, with fewer rows.
_OTHERS = {"/weeks/2025/9", "/weeks/2025/10"}


class Reader:
    """Opens pages of a server; records console messages, errors and requests."""

    def __init__(self, browser: Browser, site: Client) -> None:
        self._browser = browser
        self.site = site
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._contexts: list[Any] = []

    def open(self, path: str, width: int = 1280, **more: Any) -> Page:
        size: Any = {"width": width, "height": 900}
        context = self._browser.new_context(viewport=size, **more)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(self.site.url + path)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def reader(deployed: Session, chromium: Browser) -> Iterator[Reader]:
    with serving(deployed) as site:
        reader = Reader(chromium, site)
        yield reader
        reader.close()
    assert reader.messages == []
    assert all(url.startswith((site.url, "data:")) for url in reader.requests)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "/nowhere"])
def test_pages_show_without_an_error_and_fit(reader: Reader, deployed: Session, page: str) -> None:
    path = path_of(reader.site, deployed, page)
    for width in SIZES.values():
        shown = reader.open(path, width)
        if page not in _OTHERS:
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert len(reader.requests) >= 3 * len(SIZES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", [page for page in PAGES[:-1] if page not in _OTHERS])
def test_accessible(reader: Reader, deployed: Session, page: str, scheme: str) -> None:
    path = path_of(reader.site, deployed, page)
    for width in (SIZES["phone"], SIZES["desktop"]):
        shown = reader.open(path, width, color_scheme=scheme)
        assert violations(shown) == []


def test_the_report_works_on_the_server(reader: Reader) -> None:
    page = reader.open("/weeks/2025/9")
    points = page.locator("#ranked-players tbody tr:not([hidden]) td.points").first
    before = points.text_content()
    page.locator("label:has(input[name=scoring][value=std])").click()
    assert points.text_content() != before
    box = page.locator("#ranked-players tbody tr:not([hidden]) .bar i").first.bounding_box()
    assert box is not None
    assert box["width"] > 5
    assert page.locator("#close-calls .in-std .bar i").first.evaluate("e => e.offsetWidth") > 5
    # What is compared comes after the page, as a file.
    page.locator("[data-compare]:visible").first.click()
    assert page.locator("#compared").is_visible()
    assert page.locator("#compared tbody tr").count() > 8
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Status").click()
    assert page.get_by_role("heading", level=1).text_content() == "Status"


def test_the_keyboard_is_enough(reader: Reader) -> None:
    page = reader.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/players")
    page.get_by_role("searchbox").fill("stub")
    page.keyboard.press("Enter")
    page.wait_for_url("**/players?q=stub")
    boxes = page.get_by_role("checkbox")
    for number in (0, 1):
        boxes.nth(number).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Compare the chosen players").press("Enter")
    page.wait_for_url("**/compare?ids=*")
    assert page.get_by_role("heading", name="Who outscores whom").is_visible()


def test_the_choice_of_colours_is_kept(reader: Reader) -> None:
    page = reader.open("/", color_scheme="light")
    page.get_by_role("button", name="Dark colours").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto(reader.site.url + "/accuracy")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.goto(reader.site.url + "/weeks/2025/9")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_pages_work_without_scripts(reader: Reader) -> None:
    page = reader.open("/", java_script_enabled=False)
    assert page.get_by_role("table").count() >= 5
    assert page.get_by_role("img", name="runs of the last 14 days succeeded").is_visible()
    assert not page.locator("#theme").is_visible()


def test_a_login_shows_the_buttons(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    page = reader.open("/")
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Token of the server").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    button = page.get_by_role("button", name="Import and project the due week")
    assert button.is_visible()
    page.get_by_role("button", name="Log out").click()
    assert page.get_by_role("link", name="Log in").is_visible()
    assert button.count() == 0

"""Start a headless Chromium for tests: the system's own, otherwise Playwright's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


# Module scope: while Playwright runs, this thread has an event loop, in which Dagster's runs fail.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return the browser. Tests are skipped where there is none; in CI, they fail."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    with sync_playwright() as playwright:
        if program is None and not os.path.exists(playwright.chromium.executable_path):
            reason = "no Chromium: apt-get install chromium, or playwright install chromium"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        # Chromium's sandbox does not start as root, the user of containers.
        browser = playwright.chromium.launch(
            executable_path=program, chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


def violations(page: Page) -> list[tuple[str, str]]:
    """Return what axe finds wrong with a page: the rule, and the first element that breaks it."""
    from axe_playwright_python.sync_playwright import Axe

    # axe is put into the page by the browser, which the policy of the page does not stop.
    found = Axe().run(page).response["violations"]
    return [(item["id"], item["nodes"][0]["html"]) for item in found]

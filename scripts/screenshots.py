"""Takes the screenshots docs/images/*.png of the report, the web interface and the Dagster UI.

usage: screenshots.py [DAGSTER_HOME]; the default is .demo, the data of `make demo`. Needs the
extra [dev] and Chromium.
"""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
BIN = Path(sys.executable).parent
LARGEST = 300_000
UPCOMING, PLAYED = ("2025", "10"), ("2025", "8")
GROUPS = ("ingest", "features", "projections", "report")


def save(image: bytes, name: str) -> None:
    """Write a PNG with a palette, which is a third of the size and looks the same."""
    from PIL import Image

    picture = Image.open(io.BytesIO(image)).convert("RGB")
    path = IMAGES / f"{name}.png"
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(
        f"{path.relative_to(ROOT)}: {picture.width} x {picture.height}, {size / 1000:.0f} kB",
        flush=True,
    )
    if size > LARGEST:
        sys.exit(f"error: {path} is larger than {LARGEST} bytes")


def report(home: Path, week: tuple[str, str]) -> str:
    """Return the address of a week's report, after making it again."""
    command = ["report", "--season", week[0], "--week", week[1], "--refresh"]
    done = subprocess.run(
        [BIN / "fantasy-pipeline", *command], env=environment(home), stdout=subprocess.PIPE
    )
    if done.returncode:
        sys.exit(done.returncode)
    return Path(done.stdout.decode().strip()).as_uri()


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample", "COLUMNS": "500"}


@contextmanager
def page_of(browser: "Browser", width: int, height: int, **more: Any) -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": width, "height": height}, **more)
    page = context.new_page()
    page.set_default_timeout(180_000)
    yield page
    context.close()


def shoot_reports(browser: "Browser", home: Path) -> None:
    upcoming, played = report(home, UPCOMING), report(home, PLAYED)
    with page_of(browser, 1200, 860) as page:
        page.goto(upcoming)
        save(page.screenshot(), "report")
        shown = page.locator("#ranked-players tbody tr:not([hidden]) .name")
        names = shown.all_text_contents()[:3]
        for name in names:
            page.get_by_label("Player to compare").fill(name)
            page.get_by_role("button", name="Add").click()
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        for section in ("compare", "close-calls", "injuries", "accuracy"):
            box = page.locator(f"#{section}").bounding_box()
            height = min(box["height"] + 20, 860)
            clip = {"x": 0, "y": box["y"], "width": 1200, "height": height}
            save(page.screenshot(full_page=True, clip=clip), f"report-{section}")
    with page_of(browser, 1200, 860, color_scheme="dark") as page:
        page.goto(played)
        page.locator("label:has(input[value=RB])").click()
        save(page.screenshot(), "report-dark")
    with page_of(browser, 390, 844, device_scale_factor=2, is_mobile=True) as page:
        page.goto(upcoming)
        save(page.screenshot(), "report-phone")


def shoot_web(browser: "Browser", home: Path) -> None:
    command = [BIN / "fantasy-pipeline", "api"]
    with serving(command, home, "/login") as url:
        with urlopen(f"{url}/api/projections?limit=1", timeout=60) as answer:
            best = json.load(answer)["rows"][0]["player_id"]
        with page_of(browser, 1200, 860) as page:
            page.goto(url)
            save(page.screenshot(), "web-status")
        with page_of(browser, 768, 860, color_scheme="dark") as page:
            page.goto(f"{url}/players/{best}")
            save(page.screenshot(), "web-player")
        with page_of(browser, 390, 844, device_scale_factor=2, is_mobile=True) as page:
            page.goto(url)
            save(page.screenshot(), "web-phone")


def wait_for(url: str, seconds: float = 300) -> None:
    """Return when the web server answers; exit after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urlopen(url, timeout=5)
            return
        except (URLError, TimeoutError):
            time.sleep(1)
    sys.exit(f"error: {url} did not answer within {seconds:.0f} s")


@contextmanager
def serving(command: list[str | Path], home: Path, probe: str) -> Iterator[str]:
    """Run a server on a free port and yield its address, once its page `probe` answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env=environment(home),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url + probe)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def shoot_ui(browser: "Browser", home: Path) -> None:
    command = [BIN / "dg", "dev", "-w", ROOT / "workspace.yaml"]
    with serving(command, home, "/server_info") as url, page_of(browser, 1440, 900) as page:
        page.goto(url)
        settle(page)
        page.set_viewport_size({"width": 2000, "height": 1250})
        expanded = "%2C".join(f"global%40global%3A{group}" for group in GROUPS)
        page.goto(f"{url}/asset-groups?expanded={expanded}")
        page.get_by_text("weekly_report", exact=True).first.wait_for()
        settle(page)
        save(page.screenshot(), "ui-lineage")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(f"{url}/assets/weekly_stats?view=partitions")
        page.get_by_text("2025", exact=True).first.click()
        page.get_by_text("08", exact=True).first.click()
        page.get_by_text("dagster/partition_row_count").first.wait_for()
        settle(page)
        save(page.screenshot(), "ui-partitions")
        page.goto(f"{url}/assets/projection_accuracy")
        page.get_by_role("button", name="Plots").click()
        page.get_by_text("rmse_ratio_to_nflcom").first.scroll_into_view_if_needed()
        settle(page)
        save(page.screenshot(), "ui-accuracy")


def settle(page: "Page") -> None:
    """Wait until the UI has finished drawing."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2_000)


def main() -> None:
    from playwright.sync_api import sync_playwright

    home = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".demo").absolute()
    if not (home / "data" / "sample").is_dir():
        sys.exit(f"error: no sample league in {home}; run `make demo` first")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=os.geteuid() != 0
        )
        shoot_reports(browser, home)
        shoot_web(browser, home)
        shoot_ui(browser, home)
        browser.close()


if __name__ == "__main__":
    main()

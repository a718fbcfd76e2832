"""Test that charts are inline SVG with the page's colours and font, without a file header."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from fantasy_pipeline.report import charts

ROWS = [
    {"name": "Consensus", "rmse": 7.0, "rmse_ratio": 0.972, "is_own": True},
    {"name": "NFL.com", "rmse": 7.2, "rmse_ratio": 1.0, "is_own": False},
    {"name": "Last <game> & more", "rmse": 9.9, "rmse_ratio": 1.375, "is_own": False},
]
DRAWN = {
    "errors": lambda: charts.error_chart(ROWS, "NFL.com"),
    "weeks": lambda: charts.weekly_chart({"Consensus": {1: 5.0, 2: 5.5}, "NFL.com": {1: 5.1}}),
    "coverage": lambda: charts.coverage_chart({"QB": 0.81, "K": 0.7}),
    "value-ppr": lambda: charts.value_chart({"QB": [5.0, 1.0, -2.0], "RB": [5.1, 0.0], "K": []}),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_is_inline_svg(name: str) -> None:
    draw: Callable[[], str] = DRAWN[name]
    svg = draw()
    assert svg == draw(), "the same numbers give other bytes"
    root = ET.fromstring(svg)  # noqa: S314
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert root.get("viewBox")
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert ids
    assert all(found.startswith(f"{name}-") for found in ids)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r"url\(#([^)]*)\)", svg)) <= set(ids)
    assert not re.findall(r"#0[0-9a-f]0[0-9a-f]0[0-9a-f]", svg), "a placeholder colour is left"
    assert "xlink" not in svg
    assert "DejaVu" not in svg


def test_the_coverage_chart_says_what_was_promised() -> None:
    assert "80% expected" in DRAWN["coverage"]()


def test_the_error_chart_says_percent_and_escapes_names() -> None:
    svg = charts.error_chart(ROWS, "NFL.com")
    assert "+37.5%" in svg
    assert "\N{MINUS SIGN}2.8%" in svg
    assert "Last &lt;game&gt; &amp; more" in svg


def test_the_error_chart_compares_on_the_same_players() -> None:
    """A source may project easy players only, or no players of the base."""
    fewer = {"name": "Few", "rmse": 6.0, "rmse_ratio": 1.05, "is_own": False}
    alone = {"name": "Alone", "rmse": 5.0, "rmse_ratio": None, "is_own": False}
    svg = charts.error_chart([alone, fewer, *ROWS], "NFL.com")
    assert "+5.0%" in svg
    assert ">Few<" in svg
    assert "Alone" not in svg
    # The worst source is at the bottom of the axis; matplotlib writes the bottom first.
    names = re.findall(r">(Few|Consensus|NFL\.com)<", svg)
    assert names == ["Few", "NFL.com", "Consensus"]

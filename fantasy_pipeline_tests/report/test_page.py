"""The page and its Markdown, as text; how a browser shows it is in `test_browser`."""

import json
import re

import pytest

from fantasy_pipeline.report import page
from fantasy_pipeline.report.board import Points
from fantasy_pipeline.report.contents import Origin
from fantasy_pipeline.report.movers import Move
from fantasy_pipeline_tests.report.players import AS_OF, player, report

SAMPLE = Origin("synthetic sample league", AS_OF, "run", "http://127.0.0.1:3000/runs/")
NASTY = player("</script><img src=x onerror=alert(1)>|*_", "RB", injury="</td>", reason="out")


def numbers(text: str) -> dict[str, dict[str, list[list[float]]]]:
    found = re.search(r'<script type="application/json" id="numbers">(.*?)</script>', text)
    assert found is not None
    parsed: dict[str, dict[str, list[list[float]]]] = json.loads(found[1])
    return parsed


def test_names_are_text_wherever_they_come_from() -> None:
    made = report([NASTY], absent=[NASTY], rises=[Move(NASTY, 1.0, 10.0)], before=AS_OF)
    text = page.html(made)
    assert "<img" not in text
    assert text.count("&lt;/script&gt;&lt;img") >= 3
    markdown = page.markdown(made)
    assert "<img" not in markdown.replace("\\<img", "")
    assert "\\|\\*\\_" in markdown


def test_the_page_asks_for_nothing() -> None:
    text = page.html(report([player("a")], origin=SAMPLE))
    assert "default-src 'none'" in text
    assert not re.findall(r"""(?:src|url)\s*[=(]\s*["']?(?:https?:)?//""", text)
    assert "@import" not in text
    assert "<link" not in text
    links = set(re.findall(r'href="(http[^"]*)"', text))
    assert links == {"http://127.0.0.1:3000/runs/run"}


def test_every_section_is_in_the_navigation() -> None:
    text = page.html(report([player("a")], rises=[Move(player("b"), 1.0, 10.0)], before=AS_OF))
    sections = re.findall(r'<section id="([\w-]+)"', text)
    [nav] = re.findall(r'<nav class="sections".*?</nav>', text, flags=re.S)
    assert re.findall(r'href="#([\w-]+)"', nav) == sections
    assert len(sections) > 5


def test_synthetic_data_are_called_so_and_real_ones_not() -> None:
    made = report([player("a")])
    for text in (page.html(made), page.markdown(made)):
        assert "synthetic" not in text
    made = report([player("a")], origin=SAMPLE)
    for text in (page.html(made), page.markdown(made)):
        assert "synthetic sample league" in text


def test_the_numbers_of_all_scorings_are_in_the_page() -> None:
    points = Points(12.34, 5.0, 11.0, 27.0)
    scored = {"ppr": 20.06, "half": 19.0, "std": 18.0}
    found = numbers(page.html(report([player("a", points=points, actual=scored)])))
    assert set(found) == {"ppr", "half", "std"}
    assert found["ppr"] == {"scale": 30.0, "rows": [[12.3, 5.0, 11.0, 27.0, 7.3, 1, 20.1]]}
    assert found["std"]["rows"][0][-1] == 18.0


def test_a_ceiling_beyond_the_scale_ends_with_it() -> None:
    star = player("star", expected=20.0)
    backup = player("backup", points=Points(3.0, 0.0, 0.0, 90.0))
    made = report([star, backup])
    assert page.scale(made) == 40.0
    assert "--b:100.0" in page.html(made)


@pytest.mark.parametrize(
    ("value", "text"), [(1.25, "+1.2"), (-0.55, "\N{MINUS SIGN}0.6"), (-0.01, "0.0"), (0, "0.0")]
)
def test_signs(value: float, text: str) -> None:
    assert page.signed(value) == text


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, ""),
        ({"expected": 0.0, "on_bye": True, "reason": "bye"}, "Bye"),
        ({"expected": 0.0, "reason": "reserve list"}, "Reserve list"),
        ({"injury_status": "Questionable", "reason": "questionable"}, "Questionable"),
    ],
)
def test_status(facts: dict[str, object], word: str) -> None:
    assert page.status(player("a", **facts)) == word  # type: ignore[arg-type]


def test_markdown_has_each_position_and_says_who_moved() -> None:
    one, other = player("One", "QB", 20.0), player("Other", "TE", 9.0)
    made = report([one, other], rises=[Move(one, 15.0, 20.0)], before=AS_OF)
    text = page.markdown(made)
    assert "| 1 | One (KC) | v BUF | 20.0 | 10-40 | +15.0 | 1 |  |" in text
    assert "## TE" in text
    assert "## WR" not in text
    assert "- +5.0 One (QB KC): 15.0 to 20.0" in text
    assert "\n\n\n\n" not in text

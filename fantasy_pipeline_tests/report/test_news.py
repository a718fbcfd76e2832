"""Test the news of the report: what it has, and how it looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fantasy_pipeline.checks.news import Contradiction
from fantasy_pipeline.football.tables import NEWS
from fantasy_pipeline.report import page
from fantasy_pipeline.report.news import NewsItem, latest_news
from fantasy_pipeline_tests.report.players import AS_OF, player, report
from fantasy_pipeline_tests.report.test_page import cells
from fantasy_pipeline_tests.rows import Rows

HOUR = timedelta(hours=1)


def item(name: str, who: str, hours: int, **more: Any) -> dict[str, Any]:
    return {
        "source": "espn",
        "item": name,
        "player_id": who,
        "kind": "story",
        "published": AS_OF - hours * HOUR,
        "headline": f"Headline {name}",
    } | more


def test_latest_items_about_listed_players(rows: Rows) -> None:
    news = rows(
        NEWS,
        item("1", "Low", 3),
        item("1", "High", 3),
        item("2", "Low", 1),
        item("3", "Unlisted", 0),
        item("4", "Low", 0, kind="injury"),
        item("t", "Low", 2, kind="trending", headline="Added by 5"),
        item("t", "High", 2, kind="trending", headline="Added by 9"),
    )
    listed = [player("High", expected=20.0), player("Low", expected=5.0)]
    found = latest_news(news, listed)
    assert [(one.headline, [p.name for p in one.players]) for one in found] == [
        ("Headline 2", ["Low"]),
        ("Added by 9", ["High"]),
        ("Added by 5", ["Low"]),
        ("Headline 1", ["High", "Low"]),
    ]
    assert latest_news(news, listed, most=1) == found[:1]


def test_section_has_contradictions_first_and_links() -> None:
    players = [player(name) for name in "ABCDE"]
    contradiction = Contradiction(
        *("A", "A <i>x</i>", "WR", None, "sleeper", AS_OF, "A ruled | out", None, "Out", None)
    )
    address = "https://news.example/a_(b)?c=1&d=<2>"
    made = report(
        players,
        contradictions=[contradiction],
        news=[NewsItem("espn", AS_OF, "Five [things]", address, tuple(players))],
    )
    text, markdown = page.html(made), page.markdown(made)
    assert cells(text, "news") == [
        [
            "A &lt;i&gt;x&lt;/i&gt; WR",
            "Out",
            "nothing",
            "A ruled | out Sleeper, 2025-11-04 08:00 UTC",
        ],
        [
            "A WR KC , B WR KC , C WR KC and 2 more",
            "Five [things]",
            "ESPN",
            "2025-11-04 08:00 UTC",
        ],
    ]
    assert '<a href="https://news.example/a_(b)?c=1&amp;d=&lt;2&gt;" rel="noreferrer">' in text
    assert (
        "- Warning: A \\<i\\>x\\</i\\> (WR ), news of sleeper: Out; injury report: nothing: "
        "A ruled \\| out, 2025-11-04 08:00 UTC"
    ) in markdown
    assert (
        "- A, B, C and 2 more: [Five \\[things\\]](<https://news.example/a_(b)?c=1&d=%3C2%3E>) "
        "(ESPN, 2025-11-04 08:00 UTC)"
    ) in markdown


def test_section_without_news_says_so() -> None:
    made = report([player("A")])
    assert "No news about the listed players." in page.html(made)
    assert "## News" not in page.markdown(made)

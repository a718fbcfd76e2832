"""Test the adapter of ESPN's news, on answers of its format and on a real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import SourceError, UnusableAnswerError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.news import espn
from fantasy_pipeline.ingest.news.espn import EspnNews, items_in, page_items
from fantasy_pipeline_tests.ingest.news.answers import LATEST, PAGES, story
from fantasy_pipeline_tests.ingest.sites.conftest import players, sites, transport
from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT, Sites

__all__ = ["players", "sites", "transport"]

MakeTransport = Callable[..., Transport]
REAL = "site.web.api.espn.com/apis/common/v3/sports/football/nfl/athletes/0/overview"


@pytest.mark.real
def test_real_page_has_thirteen_items(nfl_mirror: Path) -> None:
    answer = json.loads((nfl_mirror / REAL).read_bytes())
    now = datetime(2021, 7, 29, tzinfo=timezone.utc)
    [latest] = items_in(answer, now)
    assert latest.headline == (
        "Kansas City Chiefs' 53-man roster projection has them heavy on offensive line"
    )
    assert latest.url is not None
    assert latest.url.startswith("https://www.espn.com/nfl/insider/story/_/id/31732458/")
    assert latest.published == datetime(2021, 7, 28, 11, 4, 7, tzinfo=timezone.utc)
    # Mahomes and Kelce are among the 53.
    assert {"3139477", "15847"} <= set(latest.players)
    # The others are older than two weeks then. Each was news on its day.
    moments = [datetime.fromisoformat(row["published"][:19]) for row in answer["news"]]
    found = [items_in(answer, at.replace(tzinfo=timezone.utc)) for at in moments]
    assert len(moments) == 13
    assert all(found)
    assert len({item.id for items in found for item in items}) == 13


@pytest.mark.real
def test_real_page_has_a_note_about_its_player(nfl_mirror: Path) -> None:
    answer = json.loads((nfl_mirror / REAL).read_bytes())
    [note] = page_items(answer, "2577773", datetime(2022, 1, 5, tzinfo=timezone.utc))
    assert note.kind == "note"
    assert note.headline.startswith("Remmers (knee) is making progress")
    assert note.published == datetime(2022, 1, 4, 20, 42, tzinfo=timezone.utc)
    assert note.players == ("2577773",)
    assert note.url is None


def fetch(transport: MakeTransport, players: pa.Table, *wanted: str) -> Any:
    return EspnNews(transport()).fetch(players, wanted, STATED_AT)


def test_pages_of_the_wanted_players_are_asked_for(
    transport: MakeTransport, sites: Sites, players: pa.Table
) -> None:
    sites.serve(LATEST, {"articles": [story(1, "Player A ruled out", 1)]})
    sites.serve(f"{PAGES}1002/", {"news": [story(2, "Player B to start", 2)]})
    found = fetch(transport, players, "1002", "1003")
    assert [item.id for item in found.items] == ["1", "2"]
    # The page of 1003 does not exist, which is no failure.
    assert found.warnings == []
    asked = [path for path, _ in sites.requests]
    assert [path for path in asked if path.endswith("/overview")] == [
        f"{PAGES}{number}/overview" for number in (1002, 1003)
    ]


def test_number_of_pages_is_bounded(
    transport: MakeTransport, sites: Sites, players: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(espn, "MOST_PAGES", 3)
    sites.serve(LATEST, {"articles": []})
    fetch(transport, players, *map(str, range(1000, 1020)))
    assert len([path for path, _ in sites.requests if path.endswith("/overview")]) == 3


def test_without_the_latest_news_those_of_the_pages_remain(
    transport: MakeTransport, sites: Sites, players: pa.Table
) -> None:
    sites.serve(f"{PAGES}1002/", {"news": [story(2, "Player B to start", 2)]})
    found = fetch(transport, players, "1002")
    assert [item.id for item in found.items] == ["2"]
    [gap] = found.absent
    assert "the latest news is missing" in gap
    assert "HTTP 404" in gap


def test_a_host_that_fails_is_not_asked_for_pages(
    transport: MakeTransport, sites: Sites, players: pa.Table
) -> None:
    sites.serve(LATEST, "", 500)
    with pytest.raises(SourceError, match="HTTP 500"):
        fetch(transport, players, "1002")
    assert not [path for path, _ in sites.requests if path.startswith(PAGES)]


def test_pages_that_fail_are_one_warning(
    transport: MakeTransport, sites: Sites, players: pa.Table
) -> None:
    sites.serve(LATEST, {"articles": [story(1, "Player A ruled out", 1)]})
    sites.serve(f"{PAGES}1002/", {"news": 7})
    sites.serve(f"{PAGES}1003/", "", 500)
    found = fetch(transport, players, "1002", "1003", "1004")
    assert found.warnings == [
        "espn news: 2 of 3 players' pages failed: the answer has no list of news"
    ]
    assert not [path for path, _ in sites.requests if "1004" in path]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ([], "the answer is a list, not an object"),
        ({"articles": 5}, "the answer has no list of news"),
        ({"articles": [5]}, "an item is not an object"),
        ({"articles": [{"headline": "x", "id": 1}]}, "no id or no date of publication"),
        ({"articles": [{"headline": "x", "published": "2025-11-12T13:00Z"}]}, "no id or no date"),
        ({"articles": [story(1, "x", 1, published="yesterday")]}, "no id or no date"),
    ],
)
def test_other_format_is_refused(answer: object, says: str) -> None:
    with pytest.raises(UnusableAnswerError, match=says):
        items_in(answer, STATED_AT)


@pytest.mark.parametrize(
    "row",
    [
        story(1, "", 1),
        {"type": "Media", "id": 1},
        story(1, "About nobody"),
        story(1, "Of a month ago", 1, published="2025-10-01T10:00:00.000+0000"),
        story(1, "Of tomorrow", 1, published="2025-11-13T14:00:00Z"),
    ],
)
def test_item_that_is_no_news_about_a_player_is_left_out(row: dict[str, Any]) -> None:
    assert items_in({"articles": [row]}, STATED_AT) == []


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "//evil.example/x",
        "https://user@evil.example/x",
        "https://[::1",
        "ftp://x/y",
        "https://a b/",
        f"https://x/{'y' * 2000}",
        7,
    ],
)
def test_address_that_no_page_should_link_to_is_dropped(href: object) -> None:
    [item] = items_in({"articles": [story(1, "x", 1, links={"web": {"href": href}})]}, STATED_AT)
    assert item.url is None


def test_headline_is_one_printable_line() -> None:
    headline = "Player\u202e A\x00 \ud800 ruled\n out " + "x" * 400
    [item] = items_in({"articles": [story(1, headline, 1)]}, STATED_AT)
    assert item.headline.startswith("Player A ruled out xxx")
    assert len(item.headline) == 300
    item.headline.encode()


@pytest.mark.parametrize(
    "published", ["Wed Nov 12 05:00:00 PST 2025", "Wed Nov 12 08:00:00 EST 2025"]
)
def test_note_is_dated_in_utc(published: str) -> None:
    note = {"rotowire": {"headline": "A is fine", "published": published, "story": "never stored"}}
    [item] = page_items(note, "1001", STATED_AT)
    assert item.published == datetime(2025, 11, 12, 13, tzinfo=timezone.utc)


@pytest.mark.parametrize("published", ["Wed Nov 31 05:00:00 PST 2025", "soon", None])
def test_note_without_a_date_is_left_out(published: str | None) -> None:
    note = {"news": [], "rotowire": {"headline": "A is fine", "published": published}}
    assert page_items(note, "1001", STATED_AT) == []

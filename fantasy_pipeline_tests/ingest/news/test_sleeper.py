"""Test the adapter of Sleeper's news."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import SourceError, UnusableAnswerError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.ingest.news.sleeper import SleeperNews, injuries_in
from fantasy_pipeline_tests.ingest.news.answers import ADDED, ALL_PLAYERS, injured
from fantasy_pipeline_tests.ingest.sites.conftest import players, sites, transport
from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT, Sites

__all__ = ["players", "sites", "transport"]

MakeTransport = Callable[..., Transport]


def fetch(transport: MakeTransport, players: pa.Table) -> Any:
    return SleeperNews(Sleeper(transport())).fetch(players, (), STATED_AT)


def test_injury_report_and_trending_adds(
    transport: MakeTransport, sites: Sites, players: pa.Table
) -> None:
    sites.serve(ALL_PLAYERS, {"1": injured(1), "999": injured(999)})
    sites.serve(ADDED, [{"player_id": "2", "count": 14287}])
    found = fetch(transport, players)
    # 999 is on no roster of the week.
    assert [(item.kind, item.headline, item.players, item.status) for item in found.items] == [
        ("injury", "Out: Knee, Surgery", ("1",), "Out"),
        ("trending", "Added by 14,287 Sleeper managers in 24 hours", ("2",), None),
    ]
    assert found.warnings == []


@pytest.mark.parametrize(
    ("served", "missing"),
    [(ALL_PLAYERS, "the trending adds are missing"), (ADDED, "the injury report is missing")],
)
def test_one_of_two_that_fails_is_a_warning(
    transport: MakeTransport, sites: Sites, players: pa.Table, served: str, missing: str
) -> None:
    sites.serve(ALL_PLAYERS, {"1": injured(1)})
    sites.serve(ADDED, [{"player_id": "2", "count": 14287}])
    failing = ADDED if served == ALL_PLAYERS else ALL_PLAYERS
    sites.serve(failing, "", 400)
    found = fetch(transport, players)
    assert len(found.items) == 1
    [warning] = found.warnings
    assert warning.startswith(f"sleeper news: {missing}: ")


def test_both_that_fail_are_an_error(transport: MakeTransport, players: pa.Table) -> None:
    with pytest.raises(SourceError, match="list of players is empty"):
        fetch(transport, players)


@pytest.mark.parametrize(
    ("status", "stated"),
    [
        ("Questionable", "Questionable"),
        ("Doubtful", "Doubtful"),
        ("IR", "Out"),
        ("PUP", "Out"),
        ("NA", None),
    ],
)
def test_statuses_of_sleeper(status: str, stated: str | None) -> None:
    [item] = injuries_in({"1": injured(1, injury_status=status)}, {"1"}, STATED_AT)
    assert item.status == stated


@pytest.mark.parametrize(
    "more",
    [
        {"injury_status": None},
        {"injury_status": ""},
        {"news_updated": None},
        {"news_updated": 1e300},
        {"news_updated": int((STATED_AT - timedelta(days=30)).timestamp() * 1000)},
    ],
)
def test_player_without_news_of_an_injury_is_left_out(more: dict[str, Any]) -> None:
    assert injuries_in({"1": injured(1, **more)}, {"1"}, STATED_AT) == []


def test_details_that_are_missing_are_left_out() -> None:
    rows = {
        "1": injured(1, injury_body_part=None, injury_notes=""),
        "2": injured(2, injury_notes=3),
    }
    items = injuries_in(rows, {"1", "2"}, STATED_AT)
    assert [item.headline for item in items] == ["Out", "Out: Knee"]


def test_other_format_is_refused() -> None:
    wrong: Any = {"1": 5}
    with pytest.raises(UnusableAnswerError, match="player 1 is not an object"):
        injuries_in(wrong, {"1"}, STATED_AT)

"""Test what headlines state about a player's next game."""

from __future__ import annotations

import pytest

from fantasy_pipeline.ingest.news.status import is_named, stated_status


@pytest.mark.parametrize(
    ("headline", "status"),
    [
        ("Chiefs' Travis Kelce ruled out for Sunday", "Out"),
        ("Sources: Kelce (ankle) out indefinitely", "Out"),
        ("Kelce is out with a knee injury", "Out"),
        ("Reid: Kelce won\N{RIGHT SINGLE QUOTATION MARK}t play against Broncos", "Out"),
        ("Kelce to miss 4-6 weeks with ankle sprain", "Out"),
        ("Chiefs placed on injured reserve: TE Kelce", "Out"),
        ("Kelce has season-ending surgery", "Out"),
        ("Kelce suspended for three games", "Out"),
        ("Kelce doubtful for Sunday", "Doubtful"),
        ("Kelce (ankle) questionable for Broncos", "Questionable"),
        ("Kelce a game-time decision", "Questionable"),
        ("Kelce expected to play Sunday", "Playing"),
        ("Chiefs' Kelce activated from injured reserve", "Playing"),
        # The gravest statement counts.
        ("Kelce questionable, Hill ruled out", "Out"),
        ("Kelce has not been ruled out", None),
        ("Kelce isn't ruled out for Sunday", None),
        ("Kelce is out of walking boot", None),
        ("Kelce to miss practice Wednesday", None),
        ("Chiefs regroup after starters Damien Williams, Laurent Duvernay-Tardif opt out", None),
        ("Why Kansas City Chiefs' offensive line depth could decide Super Bowl", None),
        ("Outlook for Kelce's fantasy season", None),
    ],
)
def test_status_that_a_headline_states(headline: str, status: str | None) -> None:
    assert stated_status(headline) == status


@pytest.mark.parametrize(
    ("name", "is_in"),
    [
        ("Travis Kelce", True),
        ("Odell KELCE Jr.", True),
        ("Jason Kel", False),
        ("", False),
        (None, False),
    ],
)
def test_player_is_named_by_his_last_name(name: str | None, is_in: bool) -> None:
    assert is_named(name, "Chiefs' Kelce ruled out for Sunday") is is_in

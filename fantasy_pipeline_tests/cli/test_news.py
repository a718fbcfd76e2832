"""The command `news`, on the sample league."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import NEWS, RAW_PLAYERS
from fantasy_pipeline.ingest.sample import SAMPLE_NOW
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.rows import rows_of

WEEK = SeasonWeek(2025, 10)


def item(number: int, name: str, week: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "season": 2025,
        "week": week,
        "source": "sample",
        "item": str(number),
        "player_id": f"SAMPLE-{number:04}",
        "player_name": name,
        "position": "WR",
        "team": "BUF",
        "kind": "story",
        "published": SAMPLE_NOW - timedelta(days=number),
        "headline": f"{name} does something",
        "url": f"https://news.example/{number}",
    } | more


@pytest.fixture(scope="module")
def with_news(home: Path) -> Path:
    lake = Lake(str(home / "data" / "sample"), SAMPLE_LABEL)
    known = {"season": 2025, "week": 10, "player_id": "SAMPLE-0001", "roster_status": "ACT"}
    lake.write_weeks(RAW_PLAYERS, rows_of(RAW_PLAYERS, known), [WEEK])
    out = {"stated_status": "Out", "headline": "Fauxworth ruled out"}
    now = [item(1, "Heath Fauxworth", **out), item(3, "Ember Fauxwood")]
    lake.write_weeks(NEWS, rows_of(NEWS, *now), [WEEK])
    lake.write_weeks(NEWS, rows_of(NEWS, item(9, "Birch Stubwood", week=9)), [SeasonWeek(2025, 9)])
    return home


def news(home: Path, *words: str) -> tuple[dict[str, Any], str]:
    code, out, err = call(home, ["news", "--season", "2025", "--week", "10", "--json", *words])
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found, err


def test_news_of_a_week_newest_first(with_news: Path) -> None:
    found, err = news(with_news)
    assert found["data"] == SAMPLE_LABEL
    assert [row["player_name"] for row in found["news"]] == ["Heath Fauxworth", "Ember Fauxwood"]
    assert found["news"][0]["url"] == "https://news.example/1"
    assert [one["player_id"] for one in found["contradictions"]] == ["SAMPLE-0001"]
    assert (
        "warning Heath Fauxworth: news of sample: Out; injury report: nothing (Fauxworth ruled out)"
    ) in err


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--player", "faux"], ["Heath Fauxworth", "Ember Fauxwood"]),
        (["--player", "SAMPLE-0003"], ["Ember Fauxwood"]),
        (["--player", "nobody"], []),
        (["--since", "2025-10-25"], ["Heath Fauxworth", "Ember Fauxwood", "Birch Stubwood"]),
        (["--since", "2025-11-02"], ["Heath Fauxworth"]),
        (["--since", "2025-10-25", "--player", "stub"], ["Birch Stubwood"]),
        (["--top", "1"], ["Heath Fauxworth"]),
    ],
)
def test_choice_of_news(with_news: Path, words: list[str], names: list[str]) -> None:
    found, _ = news(with_news, *words)
    assert [row["player_name"] for row in found["news"]] == names


def test_contradictions_are_those_of_the_chosen_player(with_news: Path) -> None:
    found, err = news(with_news, "--player", "ember")
    assert found["contradictions"] == []
    assert "warning" not in err


def test_table_for_people(with_news: Path) -> None:
    code, out, err = call(with_news, ["news", "--season", "2025", "--week", "10", "--top", "1"])
    assert code == 0
    assert "News of 2025 week 10, the newest 1 of 2; times are UTC" in err
    published = datetime(2025, 11, 3, 8)
    assert f"{published:%Y-%m-%d %H:%M}" in out
    assert "Fauxworth ruled out" in out
    code, out, err = call(
        with_news, ["news", "--season", "2025", "--week", "10", "--player", "nobody"]
    )
    assert (code, out) == (0, "")
    assert "No news of 2025 week 10 about 'nobody'." in err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--season", "2025", "--week", "8"], 1, "news: none of 2025 week 8 in the lake."),
        (["--since", "yesterday"], 2, "--since 'yesterday' is not an ISO 8601 time"),
        (["--player", " "], 2, "the value is empty"),
    ],
)
def test_wrong_questions(with_news: Path, words: list[str], code: int, says: str) -> None:
    answered, _, err = call(with_news, ["news", *words])
    assert answered == code
    assert says in err

"""The section *Your team* of a league's report, from the lake to HTML and Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from markupsafe import escape

from fantasy_pipeline.decisions.odds import in_percent
from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import REST_OF_SEASON
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.league_report import league_report
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.report import league_page
from fantasy_pipeline_tests.loopback import Upstream
from fantasy_pipeline_tests.operations.test_odds import home, odds
from fantasy_pipeline_tests.operations.test_waivers import (
    AT_WEEK,
    SUNDAY,
    WEEK,
    filled,
    sleeper,
)

__all__ = ["filled", "home", "sleeper"]

Rows = Callable[..., pa.Table]


def session(home: Path, monkeypatch: pytest.MonkeyPatch, later: timedelta) -> Session:
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return Session("auto", SUNDAY + later)


def test_the_page_begins_with_your_team(
    filled: Lake, sleeper: Upstream, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest: list[dict[str, Any]] = [
        {**AT_WEEK, "player_id": name, "target_week": week, "bye": name == "cook" and week == 17}
        | {f"points{end}": points for end in ("", "_half", "_std")}
        for name, points in (("cook", 12.0), ("allen", 20.0), ("free", 15.0))
        for week in (16, 17)
    ]
    filled.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *rest), [WEEK])
    before = session(tmp_path, monkeypatch, -timedelta(days=5))
    report = league_report(before, "friends", WEEK, "ours")
    assert report.team is not None
    assert (report.team.name, report.team.byes) == ("Ours", {17: ["Cook"]})
    assert report.team.lineup.total() == 35.0
    assert [row["player"] for row in report.team.free_agents] == ["Free", "Dst-Den"]
    page = league_page.html(report)
    text = league_page.markdown(report)
    assert page.index("Your team: Ours") < page.index('id="rb"')
    sections = ["your-team", *(position.lower() for position in report.rankings)]
    assert re.findall(r'<a href="#([\w-]+)">', page)[: len(sections)] == sections
    assert '<time datetime="2024-' in page
    for words in ("Your team: Ours", "Allen", "start Cook", "Free", "Week 17", "drop"):
        assert words.lower() in page.lower(), words
    assert "Free agent: Free (RB), +3.0 this week" in text
    assert "Bye in week 17: Cook." in text
    without = league_report(before, "friends", WEEK)
    assert without.team is None
    assert "Your team" not in league_page.html(without)


def test_your_team_has_the_odds_of_the_command(
    home: Path, sleeper: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = odds(home, "--json")
    assert code == 0, err
    chances = {row["team_id"]: row for row in json.loads(out)["teams"]}
    monkeypatch.setenv("FANTASY_DATA", str(home / "data"))
    monkeypatch.setenv("FANTASY_CACHE", str(home / "cache"))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    now = Session("auto", datetime(2024, 9, 17, tzinfo=timezone.utc))
    for team in ("1", "2"):
        report = league_report(now, "friends", SeasonWeek(2024, 3), team)
        play, title = (in_percent(chances[team][name]) for name in ("playoffs", "title"))
        line = f"Odds before the week: play-offs {play}, title {title}."
        assert f'<p class="sub">{escape(line)}</p>' in league_page.html(report)
        assert f"\n\n{line}\n\n| slot |" in league_page.markdown(report)


def test_a_league_whose_play_offs_are_not_stored_has_no_odds(
    filled: Lake, sleeper: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = session(tmp_path, monkeypatch, -timedelta(days=5))
    report = league_report(before, "friends", WEEK, "ours")
    assert report.team is not None
    assert report.team.odds is None
    for text in (league_page.html(report), league_page.markdown(report)):
        assert "Odds before" not in text
        assert "None" not in text


def test_what_cannot_be_made_is_a_note(
    filled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = session(tmp_path, monkeypatch, timedelta(days=1))
    report = league_report(over, "friends", WEEK, "1")
    assert report.team is not None
    assert report.team.free_agents == []
    assert any("every game has kicked off" in note for note in report.team.notes)
    assert "The lake does not have the opponent yet." in report.team.notes
    with pytest.raises(InvalidArgumentError, match="there is no team 'x'"):
        league_report(over, "friends", WEEK, "x")

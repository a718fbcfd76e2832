"""Test the rules for the injury report of a week."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, injuries
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline_tests.checks.test_rosters import week
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
KICKOFF = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
LATER = KICKOFF + timedelta(days=1)
CODES = sorted(TEAMS)


@pytest.mark.parametrize(
    ("out_of_five", "serious"), [(2, None), (5, False)], ids=["as usual", "all five"]
)
def test_reports_are_like_those_of_other_weeks(
    rows: Rows, out_of_five: int, serious: bool | None
) -> None:
    report = week(rows, injury_status=lambda _, place: "Out" if place < out_of_five else None)
    text = "5.0 players per team are Out; the most of any week is 2.72"
    expected = [] if serious is None else [Problem(WEEK, text, serious)]
    assert injuries.unusual_injury_reports(report) == expected


def test_everybody_doubtful_is_refused(rows: Rows) -> None:
    [problem] = injuries.unusual_injury_reports(week(rows, injury_status="Doubtful"))
    assert problem.serious


def test_a_team_with_everybody_questionable_is_named(rows: Rows) -> None:
    many = [
        {
            **{"season": 2024, "week": 5, "player_id": f"KC-{number}", "team": "KC"},
            **{"injury_status": "Questionable", "on_bye": False},
        }
        for number in range(45)
    ]
    both = pa.concat_tables([week(rows), rows(tables.RAW_PLAYERS, *many)])
    [problem] = injuries.unusual_injury_reports(both)
    text = "KC has 45 players Questionable; the most is 19"
    assert problem == Problem(WEEK, text)


def test_a_report_has_game_statuses_when_the_games_begin(rows: Rows) -> None:
    kickoff = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
    one = rows(tables.GAMES, {"season": 2024, "week": 5, "game_id": "g", "kickoff": kickoff})
    practice_only = week(rows, practice_status="DNP")
    later = kickoff + timedelta(days=1)
    [problem] = injuries.reports_without_status(practice_only, one, later)
    text = "100% of the players on the injury report are without a game status"
    assert problem == Problem(WEEK, text, False)
    assert injuries.reports_without_status(practice_only, one, kickoff - timedelta(days=1)) == []
    sound = week(rows, practice_status="DNP", injury_status="Questionable")
    assert injuries.reports_without_status(sound, one, later) == []


def games(rows: Rows, kickoffs: dict[str, datetime] | None = None) -> pa.Table:
    """Return the week's games; some home teams have another kick-off."""
    records = [
        {
            **{"season": 2024, "week": 5, "game_id": home, "home_team": home, "away_team": away},
            "kickoff": (kickoffs or {}).get(home, KICKOFF),
        }
        for home, away in zip(CODES[::2], CODES[1::2], strict=True)
    ]
    return rows(tables.GAMES, *records)


def report(rows: Rows, number: int = 5, **values: Any) -> pa.Table:
    """Return a week with a full report: all five players of each team are on it."""
    usual = {
        "injury_status": lambda _, place: ("Out", "Questionable", None, None, None)[place],
        "practice_status": lambda _, place: ("DNP", "Limited", "Full", "Full", "DNP")[place],
        "position": lambda _, place: ("QB", "RB", "WR", "TE", "LB")[place],
        "injury_modified_at": KICKOFF - timedelta(days=2),
    }
    return week(rows, number, **{**usual, **values})


def test_a_full_report_is_usual(rows: Rows) -> None:
    full, fixtures = report(rows), games(rows)
    assert injuries.teams_without_report(full, fixtures, LATER) == []
    assert injuries.one_sided_reports(full, fixtures, LATER) == []
    assert injuries.misdated_reports(full, fixtures) == []
    assert injuries.short_reports(full, report(rows, 4), fixtures, LATER) == []


@pytest.mark.parametrize("count", [1, 2, 10, 31])
def test_teams_without_a_report_are_named(rows: Rows, count: int) -> None:
    def of_others(status: str) -> Any:
        return lambda team, _: status if team >= count else None

    part = report(rows, injury_status=of_others("Out"), practice_status=of_others("DNP"))
    [problem] = injuries.teams_without_report(part, games(rows), LATER)
    named = ", ".join(CODES[:count])
    assert problem == Problem(WEEK, f"no player of {named} is on the injury report", False)


def test_a_report_is_due_a_day_before_the_kick_off(rows: Rows) -> None:
    def of_others(team: int, _: int) -> str | None:
        return "Questionable" if team > 1 else None

    part = report(rows, injury_status=of_others, practice_status=of_others)
    late = games(rows, {CODES[0]: KICKOFF + timedelta(days=1)})
    assert injuries.teams_without_report(part, late, KICKOFF - timedelta(hours=3)) == []
    assert len(injuries.teams_without_report(part, late, KICKOFF + timedelta(hours=3))) == 1


def test_a_report_of_few_players_may_lack_teams(rows: Rows) -> None:
    """Week 1 of 2015-2020, and the sample league."""

    def few(team: int, place: int) -> str | None:
        return "Out" if team > 3 and place < 2 else None

    short = report(rows, injury_status=few, practice_status=few)
    assert injuries.teams_without_report(short, games(rows), LATER) == []


def test_a_report_is_about_as_long_as_the_week_befores(rows: Rows) -> None:
    many = pa.concat_tables(
        [
            report(rows, 4, player_id=lambda team, place, half=half: f"{team}-{place}-{half}")
            for half in range(2)
        ]
    )
    [problem] = injuries.short_reports(report(rows), many, games(rows), LATER)
    text = "the injury report has 50% as many players per team as the week before"
    assert problem == Problem(WEEK, text, False)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"injury_status": "Questionable"},
            "0.0 players per team are Out; the fewest of any week is 0.5",
        ),
        (
            {"injury_status": "Out"},
            "0.0 players per team are Questionable; the fewest of any week is 0.97",
        ),
        (
            {"practice_status": "DNP"},
            "100% of the players on the injury report have the practice status DNP "
            "(usual: 10%-60%)",
        ),
        ({"position": "LB"}, "no QB is on the injury report"),
    ],
)
def test_a_report_has_all_statuses_and_positions(
    rows: Rows, values: dict[str, str], text: str
) -> None:
    found = injuries.one_sided_reports(report(rows, **values), games(rows), LATER)
    assert Problem(WEEK, text, False) in found


@pytest.mark.parametrize(("days", "is_reported"), [(-4, True), (-1, False), (9, False), (11, True)])
def test_a_report_is_of_the_week(rows: Rows, days: int, is_reported: bool) -> None:
    dated = report(rows, injury_modified_at=KICKOFF - timedelta(days=days))
    text = "100% of the injury reports are dated in another week"
    expected = [Problem(WEEK, text, False)] if is_reported else []
    assert injuries.misdated_reports(dated, games(rows)) == expected

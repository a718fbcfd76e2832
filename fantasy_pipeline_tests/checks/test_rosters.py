"""Test the rules for the state of a week's players: statuses, injuries, snaps and ids."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, rosters
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
STATUSES = ("ACT", "ACT", "ACT", "RES", "DEV")
"""Statuses of each team's five players."""


def week(rows: Rows, number: int = 5, teams: int = 32, **values: Any) -> pa.Table:
    """Return five players of each team; a value may be a function of team and place."""
    records = []
    for at, team in enumerate(sorted(TEAMS)[:teams]):
        for place, status in enumerate(STATUSES):
            given = {
                name: value(at, place) if callable(value) else value
                for name, value in values.items()
            }
            records.append(
                {
                    **{"season": 2024, "week": number, "player_id": f"{team}-{place}"},
                    **{"player_name": f"{place} of {team}", "team": team, "on_bye": False},
                    **{"roster_source": "weekly_roster", "roster_status": status, **given},
                }
            )
    return rows(tables.RAW_PLAYERS, *records)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("RES", "0% of the players have the roster status ACT; 35%-97% is possible"),
        ("ACT", "100% of the players have the roster status ACT; 35%-97% is possible"),
        (None, "100% of the players have the roster status null; 0%-5% is possible"),
    ],
)
def test_statuses_are_like_those_of_other_weeks(rows: Rows, status: str | None, text: str) -> None:
    assert rosters.unusual_statuses(week(rows)) == []
    found = rosters.unusual_statuses(week(rows, roster_status=status))
    assert Problem(WEEK, text) in found
    on_bye = week(rows, roster_status=status, on_bye=True)
    assert rosters.unusual_statuses(on_bye) == []


def test_every_team_has_active_players(rows: Rows) -> None:
    def first_team_hurt(team: int, place: int) -> str:
        return "RES" if team == 0 else STATUSES[place]

    [problem] = rosters.unusual_statuses(week(rows, roster_status=first_team_hurt))
    assert problem == Problem(WEEK, "nearly no active player on the roster of ARI")


@pytest.mark.parametrize(
    ("same", "serious"), [(10, None), (24, False), (32, True)], ids=["a third", "most", "all"]
)
def test_a_report_is_not_last_weeks(rows: Rows, same: int, serious: bool | None) -> None:
    def status(team: int, _: int) -> str:
        return "Out" if team < same else "Questionable"

    now, before = week(rows, injury_status=status), week(rows, 4, injury_status="Out")
    text = f"{same / 32:.0%} of the injury report are those of the week before"
    expected = [] if serious is None else [Problem(WEEK, text, serious)]
    assert rosters.repeated_reports(now, before) == expected
    assert rosters.repeated_reports(now, week(rows, 3, injury_status="Out")) == []


def test_snaps_are_not_last_weeks(rows: Rows) -> None:
    def snaps(team: int, place: int) -> int:
        return 20 + team + place

    now, before = (week(rows, number, offense_snaps=snaps) for number in (5, 4))
    [problem] = rosters.repeated_reports(now, before)
    assert problem == Problem(WEEK, "100% of the players have as many snaps as the week before")
    other = week(rows, offense_snaps=lambda team, place: 60 - team - place)
    assert rosters.repeated_reports(other, before) == []


@pytest.mark.parametrize(
    ("snaps", "text", "serious"),
    [
        (60, None, False),
        (0, "nobody of a team has the snaps of a whole game: ARI 0, ATL 0, BAL 0, BUF 0", True),
    ],
)
def test_snaps_are_those_of_a_game(rows: Rows, snaps: int, text: str, serious: bool) -> None:
    found = rosters.impossible_snaps(week(rows, offense_snaps=snaps))
    assert found == ([] if text is None else [Problem(WEEK, text, serious)])


def test_snaps_and_shares_are_of_one_game(rows: Rows) -> None:
    def snaps(**other: Any) -> pa.Table:
        usual = {"offense_snaps": lambda _, place: 60 - 10 * place, "st_snaps": 20}
        shares = {"defense_snaps": 60, "snap_share": lambda _, place: 1 - place / 6}
        return week(rows, **{**usual, **shares, **other})

    assert rosters.unlike_snaps(snaps()) == []
    # A release without these columns is not compared.
    assert rosters.unlike_snaps(snaps(st_snaps=None, defense_snaps=None, snap_share=None)) == []
    [problem] = rosters.unlike_snaps(snaps(defense_snaps=0))
    assert problem.serious
    assert problem.text.endswith(": fewer than 50 defense_snaps")
    of_one = snaps(st_snaps=lambda team, _: 20 if team else 0)
    assert rosters.unlike_snaps(of_one) == [Problem(WEEK, "ARI: fewer than 30 st_snaps", False)]
    [problem] = rosters.unlike_snaps(snaps(snap_share=0.0))
    assert problem.serious
    assert problem.text.endswith(": snap shares that are not those of the snaps")


def test_some_rosters_of_an_earlier_week_are_named(rows: Rows) -> None:
    some = week(rows, roster_week=lambda team, _: 5 if team > 1 else 4)
    text = "the rosters of ARI, ATL are those of an earlier week; others have the week's"
    assert rosters.earlier_rosters(some) == [Problem(WEEK, text, False)]
    for number in (4, 5, None):
        assert rosters.earlier_rosters(week(rows, roster_week=number)) == []


def test_eleven_are_on_the_field(rows: Rows) -> None:
    thirteen = [
        {
            **{"season": 2024, "week": 5, "player_id": f"KC+{number}", "team": "KC"},
            **{"offense_snaps": 60, "on_bye": False},
        }
        for number in range(8)
    ]
    both = pa.concat_tables([week(rows, offense_snaps=60), rows(tables.RAW_PLAYERS, *thirteen)])
    [problem] = rosters.impossible_snaps(both)
    assert problem == Problem(WEEK, "more than 11 players are on the field: KC 13.0", False)


def test_ids_belong_to_one_player(rows: Rows) -> None:
    own = week(rows, espn_id=lambda team, place: f"{team}-{place}")
    assert rosters.shared_ids(own) == []
    [problem] = rosters.shared_ids(week(rows, teams=8, espn_id=lambda team, _: f"{team}"))
    assert problem == Problem(
        WEEK, "espn_id: 8 ids belong to several players, e.g. 0, 1, 2, 3", False
    )
    assert rosters.shared_ids(week(rows, espn_id=lambda team, place: f"{team * 5 + place // 2}"))[
        0
    ].serious


def test_ids_do_not_change(rows: Rows) -> None:
    before = week(rows, 4, yahoo_id=lambda team, place: f"{team}-{place}")
    same = week(rows, yahoo_id=lambda team, place: f"{team}-{place}")
    assert rosters.changed_ids(same, before) == []
    shifted = week(rows, yahoo_id=lambda team, place: f"{team + 1}-{place}")
    [problem] = rosters.changed_ids(shifted, before)
    assert problem.serious
    assert problem.text.startswith("yahoo_id: 100% of the players have another id than the week")


def test_positions_do_not_change(rows: Rows) -> None:
    before = week(rows, 4, position="WR")
    assert rosters.changed_positions(week(rows, position="WR"), before) == []

    def moved(most: int) -> pa.Table:
        """Return the week with backs in the first places of every team."""
        return week(rows, position=lambda _, place: "RB" if place < most else "WR")

    [problem] = rosters.changed_positions(moved(1000), before)
    assert problem.serious
    assert problem.text.startswith("100% of the players have another position than the week before")
    assert "(WR, now RB)" in problem.text


@pytest.mark.parametrize(("most", "serious"), [(2, None), (3, False), (4, True)])
def test_few_players_of_a_team_change_between_fantasy_positions(
    rows: Rows, most: int, serious: bool | None
) -> None:
    def places(count: int) -> pa.Table:
        return week(
            rows,
            4 if count == 0 else 5,
            position=lambda team, place: "TE" if team == 0 and place < count else "QB",
        )

    found = rosters.changed_positions(places(most), places(0))
    assert [problem.serious for problem in found] == ([] if serious is None else [serious])
    for problem in found:
        assert problem.text.startswith(f"{most} players of ")
        assert "(QB, now TE)" in problem.text

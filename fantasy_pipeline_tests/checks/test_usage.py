"""Test the rules that compare stat lines with rosters and snaps."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, usage
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
KICKOFF = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
POSITIONS = {"Mahomes": "QB", "Hunt": "RB", "Rice": "WR", "Worthy": "WR", "Kelce": "TE"}


def key(player: str) -> dict[str, Any]:
    return {"season": 2024, "week": 5, "player_id": player, "player_name": player, "team": "KC"}


def roster(rows: Rows, source: str = "weekly_roster", **changed: dict[str, Any]) -> pa.Table:
    """Return five players of KC with 60 snaps each; `changed` are other values, by player."""
    sound = {"roster_status": "ACT", "offense_snaps": 60, "roster_source": source}
    return rows(
        tables.RAW_PLAYERS,
        *(
            {**key(name), **sound, "position": position, "pfr_id": name, **changed.get(name, {})}
            for name, position in POSITIONS.items()
        ),
    )


def games(rows: Rows) -> pa.Table:
    game = {"season": 2024, "week": 5, "home_team": "KC", "away_team": "NO", "kickoff": KICKOFF}
    return rows(tables.GAMES, game)


def lines(rows: Rows, *players: str, plays: float = 5.0) -> pa.Table:
    return rows(tables.WEEKLY_STATS, *({**key(name), "targets": plays} for name in players))


@pytest.mark.parametrize(
    ("plays", "snaps", "found"),
    [(5.0, 60, False), (2.0, None, False), (3.0, None, True), (3.0, 2, False), (4.0, 2, True)],
)
def test_a_play_needs_a_snap(rows: Rows, plays: float, snaps: int | None, found: bool) -> None:
    players = roster(rows, Rice={"offense_snaps": snaps})
    text = f"1 player has more passes, carries and targets than snaps, e.g. Rice (KC) {plays:g} "
    expected = [Problem(WEEK, f"{text}plays, {snaps or 0} snaps", False)]
    assert usage.plays_without_snaps(lines(rows, "Rice", plays=plays), players) == expected * found


def test_snaps_that_are_unknown_prove_nothing(rows: Rows) -> None:
    unknown = roster(rows, Rice={"offense_snaps": None, "pfr_id": None})
    assert usage.plays_without_snaps(lines(rows, "Rice"), unknown) == []
    no_roster = roster(rows, "stats", Rice={"offense_snaps": None})
    assert usage.plays_without_snaps(lines(rows, "Rice"), no_roster) == []
    nobody = {name: {"offense_snaps": None} for name in POSITIONS}
    assert usage.plays_without_snaps(lines(rows, "Rice"), roster(rows, **nobody)) == []


def test_many_plays_without_snaps_are_an_error(rows: Rows) -> None:
    players = roster(rows, **{name: {"offense_snaps": 0} for name in ("Hunt", "Rice", "Kelce")})
    [problem] = usage.plays_without_snaps(lines(rows, "Hunt", "Rice", "Kelce"), players)
    assert problem.serious
    assert problem.text.startswith("3 players have more passes, carries and targets than snaps")


def test_who_plays_has_a_line(rows: Rows) -> None:
    players = roster(rows)
    assert usage.snaps_without_lines(lines(rows, "Mahomes", "Hunt"), players) == []
    [problem] = usage.snaps_without_lines(lines(rows, "Hunt", "Rice"), players)
    assert problem.serious
    assert problem.text.startswith("KC: no stat line of Mahomes (QB, 60 snaps), Kelce (TE, ")
    [problem] = usage.snaps_without_lines(lines(rows, "Mahomes"), players)
    assert problem.text.startswith("KC: no stat line of Hunt (RB, 60 snaps), Kelce (TE, 60 snaps)")
    assert usage.snaps_without_lines(lines(rows), players) == []


def test_who_has_a_line_is_active(rows: Rows) -> None:
    both = lines(rows, "Mahomes", "Hunt")
    assert usage.lines_of_inactive_players(both, roster(rows), games(rows)) == []
    reserve = roster(rows, Hunt={"roster_status": "RES"})
    [problem] = usage.lines_of_inactive_players(both, reserve, games(rows))
    text = "1 player has a stat line without being active on a roster, e.g. Hunt (KC, RES)"
    assert problem == Problem(WEEK, text, False)
    unknown = lines(rows, *"abcd")
    [problem] = usage.lines_of_inactive_players(unknown, roster(rows), games(rows))
    assert problem.serious
    assert "a (KC, on no roster)" in problem.text
    assert usage.lines_of_inactive_players(unknown, roster(rows, "stats"), games(rows)) == []


@pytest.mark.parametrize(
    ("modified", "found"), [(None, True), (KICKOFF, True), (KICKOFF + timedelta(hours=1), False)]
)
def test_who_is_out_has_no_line(rows: Rows, modified: datetime | None, found: bool) -> None:
    """A report that changed after the kick-off is about an injury of the game itself."""
    report = {"injury_status": "Out", "injury_modified_at": modified}
    out = roster(rows, **dict.fromkeys(POSITIONS, report))
    assert usage.lines_of_inactive_players(lines(rows, "Hunt"), out, games(rows)) == []
    problems = usage.lines_of_inactive_players(lines(rows, *POSITIONS), out, games(rows))
    text = "5 players have a stat line and are out on the injury report, e.g. "
    shown = "Hunt (KC); Kelce (KC); Mahomes (KC); Rice (KC)"
    assert problems == [Problem(WEEK, text + shown)] * found


def test_lines_have_the_names_of_the_roster(rows: Rows) -> None:
    same = lines(rows, "Mahomes", "Hunt", "Rice", "Worthy", "Kelce")
    assert usage.lines_under_other_names(same, roster(rows)) == []
    written = roster(rows, Rice={"player_name": "RICE."})
    assert usage.lines_under_other_names(same, written) == []
    # One name of five is not more than 20%, two are.
    one = roster(rows, Rice={"player_name": "Rashee Rice"})
    assert usage.lines_under_other_names(same, one) == []
    two = roster(rows, Rice={"player_name": "Kelce"}, Kelce={"player_name": "Rice"})
    assert usage.lines_under_other_names(same, two) == [
        Problem(
            WEEK,
            "2 of 5 stat lines have another name than the player's roster, e.g. "
            "Kelce (Kelce, Rice); Rice (Rice, Kelce)",
        )
    ]


def test_a_team_without_snap_counts_is_named(rows: Rows) -> None:
    counted = roster(rows)
    other = rows(
        tables.RAW_PLAYERS,
        {**key("Ford"), "team": "CLE", "roster_source": "weekly_roster", "roster_status": "ACT"},
    )
    both = pa.concat_tables([lines(rows, "Rice"), lines(rows, "Ford")])
    team = pa.array(["KC", "CLE"], pa.string())
    both = both.set_column(both.schema.get_field_index("team"), "team", team)
    assert usage.teams_without_snaps(both, pa.concat_tables([counted, other])) == [
        Problem(WEEK, "no snap counts of CLE", serious=False)
    ]
    assert usage.teams_without_snaps(lines(rows, "Rice"), counted) == []
    # No team has any: another rule's problem.
    assert usage.teams_without_snaps(lines(rows, "Ford"), other) == []

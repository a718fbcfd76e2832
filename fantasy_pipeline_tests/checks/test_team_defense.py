"""Rules for team defences: each passes on valid rows and fires on its fault."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, team_defense
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline_tests.checks.test_checks import fixture, line
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
PAIRS = (("KC", "LV"), ("LV", "KC"), ("BUF", "MIA"), ("MIA", "BUF"))


@pytest.fixture(scope="module")
def games(rows: Rows) -> pa.Table:
    """Two games of week 5, and one of week 6 that is not played."""
    to_come = fixture("KC", "BUF", week=6, score=None)
    return rows(tables.GAMES, fixture("KC", "LV"), fixture("BUF", "MIA"), to_come)


def defence(team: str, opponent: str, **more: Any) -> dict[str, Any]:
    side = {"team": team, "opponent": opponent, "player_id": f"DST-{team}"}
    return {"season": 2024, "week": 5, "score": 24, "opponent_score": 24, **side, **more}


@pytest.fixture(scope="module")
def defences(rows: Rows) -> pa.Table:
    """Valid team defences of week 5."""
    return rows(tables.TEAM_DEFENSE_STATS, *(defence(*pair) for pair in PAIRS))


def defenders(rows: Rows, **of_kc: float) -> pa.Table:
    """Return stat lines of week 5 with a defence in them."""
    teams = (("KC", "LV"), ("LV", "KC"), ("BUF", "MIA"), ("MIA", "BUF"))
    return rows(
        tables.WEEKLY_STATS,
        *(
            line(*pair, fumble_recovery_opp=0, **(of_kc if pair[0] == "KC" else {}))
            for pair in teams
        ),
    )


def test_team_defences_agree(rows: Rows, defences: pa.Table, games: pa.Table) -> None:
    lines = defenders(rows)
    assert team_defense.one_sided_games(defences) == []
    assert team_defense.missing_defences(defences, games, lines) == []
    assert team_defense.unlike_stat_lines(defences, lines) == []


def test_a_defence_without_its_opponent_fires(rows: Rows, defences: pa.Table) -> None:
    text = "BUF: MIA has no row or another score of the game"
    assert team_defense.one_sided_games(defences.slice(0, 3)) == [Problem(WEEK, text)]
    other = rows(
        tables.TEAM_DEFENSE_STATS, defence("BUF", "MIA"), defence("MIA", "BUF", opponent_score=21)
    )
    assert len(team_defense.one_sided_games(other)) == 2


def test_a_game_without_defences_fires_unless_its_lines_have_none(
    rows: Rows, defences: pa.Table, games: pa.Table
) -> None:
    lines = rows(tables.WEEKLY_STATS, *(line(*pair) for pair in PAIRS))
    part = defences.slice(0, 2)
    found = team_defense.missing_defences(part, games, defenders(rows))
    texts = sorted(problem.text for problem in found)
    assert texts == ["BUF played, but has no row", "MIA played, but has no row"]
    assert team_defense.missing_defences(part, games, lines) == []


def test_interceptions_and_sacks_of_a_defence_are_those_of_the_lines(
    rows: Rows, defences: pa.Table
) -> None:
    [found] = team_defense.unlike_stat_lines(defences, defenders(rows, passing_interceptions=2))
    assert found == Problem(WEEK, "LV has 0 interceptions, but KC threw 2")
    assert team_defense.unlike_stat_lines(defences, defenders(rows, def_sacks=2)) == []
    [found] = team_defense.unlike_stat_lines(defences, defenders(rows, def_sacks=3))
    assert found == Problem(WEEK, "KC has 0 sacks, but its players have 3", serious=False)

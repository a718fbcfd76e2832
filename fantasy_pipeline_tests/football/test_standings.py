"""Standings: who is certain to play on, from the games before the week."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football.standings import standings
from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.football.teams import AFC

ORDER = AFC
"""In each of the past weeks the earlier of two teams wins."""


def season(weeks: int, year: int = 2024) -> list[dict[str, Any]]:
    """Return a season in which sixteen teams meet in turn; the last week is still to be played."""
    rows: list[dict[str, Any]] = []
    for week in range(1, weeks + 1):
        turn = [ORDER[0], *(ORDER[1:][(i + week) % 15] for i in range(15))]
        for home, away in zip(turn[:8], reversed(turn[8:]), strict=True):
            first = ORDER.index(home) < ORDER.index(away)
            score = {} if week == weeks else {"home_score": 10 + 7 * first, "away_score": 13}
            rows.append(
                {
                    "season": year,
                    "week": week,
                    "game_type": "REG",
                    "game_id": f"{year}_{week}_{home}",
                    "home_team": home,
                    "away_team": away,
                    **score,
                }
            )
    return rows


def flags(rows: list[dict[str, Any]], week: int) -> dict[str, tuple[bool, bool, bool]]:
    table = standings(pa.Table.from_pylist(rows, schema=GAMES.arrow_schema)).to_pylist()
    return {
        row["team"]: (row["clinched"], row["eliminated"], row["last_week"])
        for row in table
        if row["week"] == week
    }


def test_the_best_have_clinched_and_the_worst_are_out() -> None:
    found = flags(season(16), 16)
    assert found[ORDER[0]] == (True, False, True)
    assert found[ORDER[-1]] == (False, True, True)
    # Team 7 of 16 has eight wins, team 8 seven: one can still reach the other.
    assert found[ORDER[6]] == found[ORDER[7]] == (False, False, True)
    clinched = [team for team in ORDER if found[team][0]]
    assert clinched == list(ORDER[: len(clinched)])


def test_before_2020_six_teams_play_on() -> None:
    assert flags(season(16, 2020), 16)[ORDER[5]][0]
    assert not flags(season(16, 2019), 16)[ORDER[5]][0]


def test_nothing_is_certain_at_first() -> None:
    assert set(flags(season(16), 1).values()) == {(False, False, False)}


@pytest.mark.parametrize("week", [10, 15])
def test_the_week_itself_is_not_known(week: int) -> None:
    whole = season(16)
    before = [
        {k: v for k, v in row.items() if row["week"] < week or not k.endswith("_score")}
        for row in whole
    ]
    assert flags(before, week) == flags(whole, week)


def test_a_tie_is_half_a_win() -> None:
    """Team 8 has a tie instead of its seventh win, so it cannot reach the eight of team 7."""
    rows = season(16)
    won = next(
        row
        for row in rows
        if "home_score" in row
        and ORDER[7] in (row["home_team"], row["away_team"])
        and min(map(ORDER.index, (row["home_team"], row["away_team"]))) == 7
    )
    won["away_score"] = won["home_score"]
    assert flags(rows, 16)[ORDER[6]][0]

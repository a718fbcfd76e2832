from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pyarrow as pa

from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.football.team_games import cancelled, team_games

KICKOFF = datetime(2024, 9, 6, 0, 20, tzinfo=timezone.utc)
GAME = {
    "season": 2024,
    "week": 1,
    "game_id": "2024_01_BAL_KC",
    "game_type": "REG",
    "kickoff": KICKOFF,
    "home_team": "KC",
    "away_team": "BAL",
    "home_score": 27,
    "away_score": 20,
    "spread_line": 3.0,
    "total_line": 46.0,
    "home_rest": 7,
    "away_rest": 10,
    "roof": "outdoors",
}
Rows = Callable[..., pa.Table]


def test_each_team_has_a_row_from_its_own_side(rows: Rows) -> None:
    both = {
        "season": 2024,
        "week": 1,
        "game_id": "2024_01_BAL_KC",
        "game_type": "REG",
        "kickoff": KICKOFF,
        "total_line": 46.0,
        "roof": "outdoors",
    }
    home, away = team_games(rows(GAMES, GAME)).to_pylist()
    assert home == both | {
        "team": "KC",
        "opponent": "BAL",
        "is_home": True,
        "score": 27,
        "opponent_score": 20,
        "rest": 7,
        "spread_line": 3.0,
    }
    assert away == both | {
        "team": "BAL",
        "opponent": "KC",
        "is_home": False,
        "score": 20,
        "opponent_score": 27,
        "rest": 10,
        "spread_line": -3.0,
    }


def test_home_teams_come_first_in_the_order_of_the_games(rows: Rows) -> None:
    other = GAME | {"game_id": "2024_01_GB_PHI", "home_team": "PHI", "away_team": "GB"}
    assert team_games(rows(GAMES, GAME, other))["team"].to_pylist() == ["KC", "PHI", "BAL", "GB"]


def test_a_game_that_is_not_played_has_null_scores_and_lines(rows: Rows) -> None:
    unplayed = GAME | dict.fromkeys(["home_score", "away_score", "spread_line", "total_line"])
    for row in team_games(rows(GAMES, unplayed)).to_pylist():
        assert (row["score"], row["opponent_score"]) == (None, None)
        assert (row["spread_line"], row["total_line"]) == (None, None)


def test_columns_that_the_games_do_not_have_are_left_out(rows: Rows) -> None:
    games = rows(GAMES, GAME).select(["season", "week", "home_team", "away_team", "home_score"])
    assert team_games(games).column_names == ["season", "week", "team", "opponent", "is_home"]


def test_no_games_are_no_rows_with_the_same_columns(rows: Rows) -> None:
    games = rows(GAMES, GAME)
    empty = team_games(GAMES.arrow_schema.empty_table())
    assert empty.num_rows == 0
    assert empty.schema == team_games(games).schema


def season(rows: Rows, *pairings: str) -> pa.Table:
    """A schedule with one week per text, e.g. ``"A-B C-D"``; teams by their first letters."""
    teams = dict(zip("ABCDEF", ("ARI", "BUF", "CIN", "DAL", "GB", "HOU"), strict=True))
    return rows(
        GAMES,
        *(
            GAME | {"week": week, "game_id": f"{week} {game}", "home_team": home, "away_team": away}
            for week, text in enumerate(pairings, 1)
            for game in text.split()
            for home, away in [[teams[letter] for letter in game.split("-")]]
        ),
    )


def test_a_week_that_two_teams_miss_beside_their_byes_is_a_cancelled_game(rows: Rows) -> None:
    # Byes: A and D in week 1, B and E in week 2, C and F in week 3.
    weeks = ["B-C E-F", "A-C D-F", "A-B D-E", "A-E B-C D-F", "A-D B-F C-E"]
    assert cancelled(season(rows, *weeks)) == set()
    weeks[3] = "A-E D-F"
    assert cancelled(season(rows, *weeks)) == {(2024, 4, "BUF"), (2024, 4, "CIN")}
    # Nothing is known of a schedule that lacks two games of a week.
    weeks[3] = "A-E"
    assert cancelled(season(rows, *weeks)) == set()
    # A play-off week is no regular one.
    weeks[3] = "A-E B-C D-F"
    final = GAME | {"week": 6, "game_id": "WC", "game_type": "WC"}
    assert cancelled(pa.concat_tables([season(rows, *weeks), rows(GAMES, final)])) == set()

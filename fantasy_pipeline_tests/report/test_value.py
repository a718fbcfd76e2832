"""Test replacement levels of small leagues."""

from fantasy_pipeline.report.value import League, replacement, starters

TWO_TEAMS = League(teams=2, starters={"QB": 1, "RB": 1, "WR": 1, "TE": 1, "K": 1}, flex=1)
POINTS = {
    "QB": [22.0, 20.0, 18.0],
    "RB": [18.0, 16.0, 9.0, 5.0],
    "WR": [17.0, 15.0, 14.0, 13.0, 8.0],
    "TE": [12.0, 8.0, 7.0],
    "K": [9.0, 8.0],
}


def test_the_flex_goes_to_the_best_who_are_left() -> None:
    # Two flex spots: WR 14 and 13 beat RB 9 and TE 7.
    assert starters(POINTS, TWO_TEAMS) == {"QB": 2, "RB": 2, "WR": 4, "TE": 2, "K": 2}


def test_replacement_is_the_best_whom_nobody_starts() -> None:
    levels = replacement(POINTS, TWO_TEAMS)
    assert levels == {"QB": 18.0, "RB": 9.0, "WR": 8.0, "TE": 7.0, "K": 0.0}


def test_no_players_no_levels() -> None:
    assert replacement({"RB": []}, TWO_TEAMS) == {"RB": 0.0}


def test_the_league_says_what_it_is() -> None:
    assert str(League()) == "12 teams starting 1 QB, 2 RB, 2 WR, 1 TE, 1 K, 1 DST and 1 flex"

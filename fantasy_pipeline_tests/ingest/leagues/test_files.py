"""Test the league files that users write."""

from __future__ import annotations

from pathlib import Path

import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.ingest.leagues.answers import season_of_file
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.ingest.leagues.files import File, read_file

LEAGUE = "season: 2025\nslots: [QB]\nscoring: {rec: 1}\nrosters: rosters.csv\n"


@pytest.mark.parametrize("points", ["inf", "-Infinity", "nan", "many"])
def test_points_that_are_no_number_are_named_with_their_line(tmp_path: Path, points: str) -> None:
    rosters = f"week,team,player,slot,points\n1,A,00-1,QB,4.5\n1,A,00-2,QB,{points}\n"
    (tmp_path / "rosters.csv").write_text(rosters)
    (tmp_path / "league.yaml").write_text(LEAGUE)
    with pytest.raises(PipelineError, match=rf"rosters\.csv, line 3: .*{points}"):
        read_file(tmp_path / "league.yaml")


@pytest.mark.parametrize("season", ["1950", "last"])
def test_a_season_before_the_first_is_refused(tmp_path: Path, season: str) -> None:
    (tmp_path / "rosters.csv").write_text("week,team,player,slot\n1,A,00-1,QB\n")
    (tmp_path / "league.yaml").write_text(LEAGUE.replace("2025", season))
    with pytest.raises(PipelineError, match=r"season must be a year, 1999 or later\.$"):
        read_file(tmp_path / "league.yaml")


ROSTERS = "week,team,player,slot,points\n1,A,00-1,QB,4.5\n1,B,00-2,QB,3\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (LEAGUE, "", r"league\.yaml is empty\. Write at least the keys season, slots, scoring, ro"),
        (LEAGUE, "- 2025", r"league\.yaml has no keys\. Write at least the keys season"),
        ("[QB]", "[QB, FLEXX]", r"league\.yaml: slots that are not known: FLEXX\. Use QB, RB, WR,"),
        ("[QB]", "QB", r"league\.yaml: slots must be a list, e\.g\. \[QB"),
        ("{rec: 1}", "{rec: abc}", r"league\.yaml: the scoring key rec is 'abc', not a number"),
        ("{rec: 1}", "rec", r"league\.yaml: scoring must be keys with points, e\.g\. \{pass_td: 4"),
        ("1,B", "xx,B", r"rosters\.csv, line 3: there is no week xx\. Write a number from 1 to 22"),
        (",3\n", ",abc\n", r"rosters\.csv, line 3: abc is not a number of points\. Write a number"),
        ("season", "divisions: [A, B]\nseason", r"league\.yaml: divisions must be lists of teams"),
        ("season", "divisions: {East: A}\nseason", r"league\.yaml: divisions must be lists of te"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in LEAGUE or old in ROSTERS
    (tmp_path / "league.yaml").write_text(LEAGUE.replace(old, new))
    (tmp_path / "rosters.csv").write_text(ROSTERS.replace(old, new))
    with pytest.raises(PipelineError, match=message):
        read_file(tmp_path / "league.yaml")


def league_of_four(tmp_path: Path, games: str) -> LeagueSeason:
    rosters = "".join(f"{week},{team},00-{team},QB\n" for week in (1, 2) for team in "ABCD")
    (tmp_path / "rosters.csv").write_text(f"week,team,player,slot\n{rosters}")
    (tmp_path / "games.csv").write_text(f"week,team,opponent,points\n{games}")
    (tmp_path / "league.yaml").write_text(f"{LEAGUE}matchups: games.csv\nplayoff_week: 4\n")
    return season_of_file(tmp_path / "league.yaml")


def test_a_row_per_pair_is_enough(tmp_path: Path) -> None:
    season = league_of_four(tmp_path, "1,A,B,90.5\n1,C,D,80\n1,D,C,70\n2,D,A,\n3,A,C,\n")
    found = {game.team_id: (game.opponent_id, game.points) for game in File().week(season, 1).games}
    assert found == {"A": ("B", 90.5), "B": ("A", None), "C": ("D", 80), "D": ("C", 70)}
    found = {game.team_id: (game.opponent_id, game.points) for game in File().week(season, 2).games}
    assert found == dict.fromkeys("BC", (None, None)) | {"A": ("D", None), "D": ("A", None)}
    assert season.opponents == {
        "A": ["B", "D", "C"],
        "B": ["A", "-", "-"],
        "C": ["D", "-", "A"],
        "D": ["C", "A", "-"],
    }


@pytest.mark.parametrize(
    ("games", "message"),
    [
        ("1,A,B,\n1,B,C,\n", "line 3: team B plays against C in week 1, but against A in line 2"),
        ("1,A,B,\n1,C,B,\n", "line 3: team B plays against C in week 1, but against A in line 2"),
        ("3,A,B,\n3,C,A,\n", "line 3: team A plays against C in week 3, but against B in line 2"),
        ("1,C,D,\n1,A,A,\n", r"line 3: team A plays against A in week 1\. Correct the line"),
        ("3,A,B,\n3,C,E,\n", "line 3: team E is not in the league, which has A, B, C, D"),
    ],
)
def test_pairs_that_contradict_each_other(tmp_path: Path, games: str, message: str) -> None:
    with pytest.raises(PipelineError, match=rf"games\.csv, {message}"):
        league_of_four(tmp_path, games)


def test_a_starter_has_the_number_of_his_slot_in_any_order_of_the_lines(tmp_path: Path) -> None:
    """They had the numbers of their lines: a kicker in the first one was shown as quarterback."""
    (tmp_path / "league.yaml").write_text(LEAGUE.replace("[QB]", "[QB, FLEX, K, BN]"))
    lines = ["week,team,player,slot", "1,A,00-3,K", "1,A,00-4,BN", "1,A,00-1,QB"]
    (tmp_path / "rosters.csv").write_text("\n".join(lines))
    week = File().week(read_file(tmp_path / "league.yaml"), 1)
    assert {spot.slot: spot.number for spot in week.spots} == {"K": 2, "BN": None, "QB": 0}
    assert [game.empty_slots for game in week.games] == [1]

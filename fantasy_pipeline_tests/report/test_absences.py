"""Test absences and vacated usage on a few players."""

from typing import Any

from fantasy_pipeline.report.absences import absent, doubtful, on_bye, vacated
from fantasy_pipeline.report.players import Player
from fantasy_pipeline_tests.report.players import player


def out(name: str, position: str = "WR", **more: Any) -> Player:
    facts = {"usual": 12.0, "weeks_since_game": 1, "reason": "out", "injury_status": "Out"}
    return player(name, position, 0.0, **{**facts, **more})


PLAYERS = [
    out("star", targets=9.0, carries=0.5),
    out("back", "RB", usual=15.0, targets=2.0, carries=14.0, team="BUF"),
    out("long gone", weeks_since_game=9, targets=8.0),
    out("rookie", weeks_since_game=None, usual=5.0),
    out("spare", reason="practice squad", team="SEA"),
    out("nobody", usual=1.0, targets=0.2),
    out("resting", on_bye=True, team="SF", usual=20.0),
    # The usual points of backup quarterbacks are too high: they rarely play.
    out("backup", "QB", on_bye=True, team="SF", usual=14.0, mean=1.0),
    out("gone since September", "QB", on_bye=True, team="SF", weeks_since_game=9),
    out("rookie passer", "QB", on_bye=True, team="NYJ", mean=0.0),
    out("passer who is out", "QB", usual=13.0, mean=2.0, carries=5.0, team="BUF"),
    player("mate", expected=11.0),
    player("other mate", "TE", 12.0),
    player("passer", "QB", 20.0),
    player("next back", "RB", 9.0, team="BUF"),
    player("limping", expected=8.0, injury_status="Questionable"),
    player("backup in doubt", "QB", 0.5, injury_status="Doubtful", usual=13.0, mean=0.5),
    player("returning", "WR", 7.0, injury_status="Questionable", weeks_since_game=12),
]


def test_absent_are_those_of_note_who_played_lately() -> None:
    assert [p.name for p in absent(PLAYERS)] == ["back", "star"]


def test_doubtful_play_perhaps() -> None:
    assert [p.name for p in doubtful(PLAYERS)] == ["limping", "returning"]


def test_byes_by_team() -> None:
    teams = on_bye(PLAYERS)
    assert {team: [p.name for p in own] for team, own in teams.items()} == {
        "NYJ": [],
        "SF": ["resting"],
    }


def test_usage_vacated_goes_to_those_of_the_kind() -> None:
    first, second = vacated(PLAYERS)
    assert (first.team, first.targets, first.carries) == ("BUF", 2.0, 14.0)
    assert [p.name for p in first.beneficiaries] == ["next back"]
    # A quarterback's carries are not vacated, so he is not listed either.
    assert [p.name for p in first.absent] == ["back"]
    # Only carries of running backs count; quarterbacks do not inherit targets.
    assert (second.team, second.targets, second.carries) == ("KC", 9.2, 0.0)
    assert [p.name for p in second.beneficiaries] == ["other mate", "mate", "limping"]
    assert [p.name for p in second.absent] == ["star"]

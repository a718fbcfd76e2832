"""Test the rules of one game: a whole game passes, and each fault in it is named."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.checks import Problem, game
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.stats import OLD_READER
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)

PASSER = {
    **{"attempts": 30.0, "completions": 20.0, "passing_yards": 210.0, "passing_tds": 2.0},
    **{"passing_first_downs": 11.0, "passing_interceptions": 1.0, "sacks_suffered": 3.0},
    "passing_2pt_conversions": 1.0,
}
RECEIVER = {
    **{"receptions": 20.0, "targets": 29.0, "receiving_yards": 210.0, "receiving_tds": 2.0},
    **{"receiving_first_downs": 11.0, "receiving_2pt_conversions": 1.0, "target_share": 1.0},
}
KICKER = {"fg_made": 1.0, "pat_made": 1.0}
DEFENDER = {"def_interceptions": 1.0, "def_sacks": 2.5, "def_tds": 0.0, "fumble_recovery_tds": 0.0}
LINES = {"passer": PASSER, "receiver": RECEIVER, "kicker": KICKER, "defender": DEFENDER}
SCORE = 2 * 6 + 2 + 1 + 3
"""Both teams of the game have these lines and this score."""


def whole_game(rows: Rows, source: str = "nflreadpy", **changed: dict[str, float]) -> pa.Table:
    """Return the lines of KC and LV; `changed` are other stats of KC's players, by their role."""
    records: list[dict[str, Any]] = [
        {
            "season": 2024,
            "week": 5,
            "player_id": f"{team}-{role}",
            "player_name": f"{role} of {team}",
            "team": team,
            "opponent": opponent,
            "source": source,
            **stats,
            **(changed.get(role, {}) if team == "KC" else {}),
        }
        for team, opponent in (("KC", "LV"), ("LV", "KC"))
        for role, stats in LINES.items()
    ]
    return rows(tables.WEEKLY_STATS, *records)


def schedule(rows: Rows, score: int | None = SCORE) -> pa.Table:
    game_of_week = {
        **{"season": 2024, "week": 5, "game_id": "2024_05_LV_KC", "game_type": "REG"},
        **{"home_team": "KC", "away_team": "LV", "home_score": score, "away_score": SCORE},
        "kickoff": datetime(2024, 10, 6, 17, tzinfo=timezone.utc),
    }
    return rows(tables.GAMES, game_of_week)


@pytest.mark.parametrize(
    ("changed", "texts"),
    [
        ({}, []),
        ({"receiver": {"receptions": 0.0}}, ["KC has 20 completions, but 0 receptions"]),
        ({"receiver": {"receiving_yards": 211.0}}, []),
        (
            {"passer": {"passing_yards": 420.0}},
            ["KC has 420 passing_yards, but 210 receiving_yards"],
        ),
        ({"passer": {"passing_tds": 0.0}}, ["KC has 0 passing_tds, but 2 receiving_tds"]),
    ],
    ids=["whole", "no catches", "a yard", "yards doubled", "no touchdowns"],
)
def test_what_is_passed_is_caught(
    rows: Rows, changed: dict[str, dict[str, float]], texts: list[str]
) -> None:
    found = game.passes_not_caught(whole_game(rows, **changed))
    assert found == [Problem(WEEK, text) for text in texts]
    assert not any(
        p.serious for p in game.passes_not_caught(whole_game(rows, OLD_READER, **changed))
    )


def test_no_team_has_more_targets_than_passes(rows: Rows) -> None:
    assert game.targets_not_thrown(whole_game(rows, receiver={"targets": 30.0})) == []
    more = {"targets": 31.0}
    [problem] = game.targets_not_thrown(whole_game(rows, receiver=more))
    assert problem == Problem(WEEK, "KC has 31 targets, but 30 attempts only")
    [problem] = game.targets_not_thrown(whole_game(rows, OLD_READER, receiver=more))
    assert not problem.serious


def test_receivers_have_all_targets(rows: Rows) -> None:
    assert game.incomplete_target_shares(whole_game(rows)) == []
    [problem] = game.incomplete_target_shares(whole_game(rows, receiver={"target_share": 0.7}))
    assert problem == Problem(WEEK, "the target shares of KC add up to 70%")


def test_what_one_team_loses_the_other_takes(rows: Rows) -> None:
    assert game.losses_nobody_took(whole_game(rows)) == []
    found = game.losses_nobody_took(whole_game(rows, passer={"passing_interceptions": 3.0}))
    text = "KC has 3 passing_interceptions, but its opponent LV has 1 def_interceptions"
    assert found == [Problem(WEEK, text)]
    old = whole_game(rows, passer={"passing_interceptions": 3.0})
    for name in DEFENDER:
        at = old.schema.get_field_index(name)
        old = old.set_column(at, name, pa.nulls(old.num_rows, pa.float64()))
    assert game.losses_nobody_took(old) == []


@pytest.mark.parametrize(
    ("sacks", "is_found"), [(0.5, True), (1.0, False), (4.0, False), (4.5, True)]
)
def test_defenders_have_few_sacks_more_than_the_passers(
    rows: Rows, sacks: float, is_found: bool
) -> None:
    """The passers of the opponent took three."""
    found = game.losses_nobody_took(whole_game(rows, defender={"def_sacks": sacks}))
    text = f"LV has 3 sacks_suffered, but its opponent KC has {sacks:g} def_sacks"
    assert found == ([Problem(WEEK, text)] if is_found else [])


@pytest.mark.parametrize(
    ("score", "changed", "accounted"),
    [
        (SCORE, {}, None),
        (SCORE + 2, {}, None),
        (SCORE + 3, {}, SCORE),
        (SCORE - 1, {}, SCORE),
        (SCORE + 6, {"defender": {"def_tds": 1.0}}, None),
        (SCORE + 6, {"defender": {"fumble_recovery_tds": 1.0}}, None),
        # Two tacklers share one safety, and each is credited with a whole one.
        (SCORE + 2, {"defender": {"def_safeties": 2.0}}, None),
        (SCORE, {"kicker": {"fg_made": 0.0, "pat_made": 0.0}}, SCORE - 4),
        (None, {}, None),
    ],
)
def test_lines_account_for_the_score(
    rows: Rows, score: int | None, changed: dict[str, dict[str, float]], accounted: int | None
) -> None:
    found = game.unexplained_scores(whole_game(rows, **changed), schedule(rows, score))
    text = f"KC scored {score} points, but its stat lines account for {accounted}"
    assert found == ([] if accounted is None else [Problem(WEEK, text)])


def test_lines_without_defence_may_be_short_of_the_score(rows: Rows) -> None:
    lines = whole_game(rows, OLD_READER)
    without = lines.filter(pa.array(["defender" not in p for p in lines["player_id"].to_pylist()]))
    assert game.unexplained_scores(without, schedule(rows, SCORE + 7)) == []
    [problem] = game.unexplained_scores(without, schedule(rows, SCORE - 3))
    assert not problem.serious


def test_counts_and_yards_are_whole_numbers(rows: Rows) -> None:
    assert game.broken_units(whole_game(rows)) == []
    [problem] = game.broken_units(whole_game(rows, receiver={"receiving_yards": 192.024}))
    assert problem == Problem(
        WEEK, "receiving_yards of 1 players is not a whole number, e.g. receiver of KC 192.024"
    )


@pytest.mark.parametrize(
    ("passer", "defender", "found"),
    [
        ({}, {}, []),
        ({"rushing_fumbles_lost": 2.0}, {}, []),
        (
            {"rushing_fumbles_lost": 3.0},
            {},
            ["KC lost 3 fumbles, but its opponent LV recovered 0"],
        ),
        (
            {},
            {"fumble_recovery_opp": 3.0},
            ["LV lost 0 fumbles, but its opponent KC recovered 3"],
        ),
        (
            {"receiving_fumbles_lost": 1.0},
            {"fumble_recovery_opp": 2.0},
            [],
        ),
    ],
)
def test_the_opponent_recovered_the_fumbles_that_a_team_lost(
    rows: Rows, passer: dict[str, float], defender: dict[str, float], found: list[str]
) -> None:
    lines = whole_game(rows, passer=passer, defender={"fumble_recovery_opp": 0.0, **defender})
    assert [problem.text for problem in game.fumbles_nobody_lost(lines)] == found


@pytest.mark.parametrize(
    ("total", "recovered", "found"),
    [
        (0.0, 0.0, []),
        (1.0, 0.0, []),
        (2.0, 0.0, ["KC lost 2 fumbles, but its opponent LV recovered 0"]),
        (0.0, 1.0, ["LV lost 0 fumbles, but its opponent KC recovered 1"]),
        # The parts and the total are wrong, which is one problem.
        (0.0, 3.0, ["LV lost 0 fumbles, but its opponent KC recovered 3"]),
    ],
)
def test_with_returners_nobody_recovers_more_than_was_lost(
    rows: Rows, total: float, recovered: float, found: list[str]
) -> None:
    every = {"fumbles_lost_total": 0.0, "fumble_recovery_opp": 0.0}
    changed = {"fumbles_lost_total": total, "fumble_recovery_opp": recovered}
    lines = whole_game(rows, defender={**every, **changed})
    opponent = pa.array([name == "defender of LV" for name in lines["player_name"].to_pylist()])
    for name, value in every.items():
        filled = pc.if_else(opponent, value, lines[name])
        lines = lines.set_column(lines.schema.get_field_index(name), name, filled)
    assert [problem.text for problem in game.fumbles_nobody_lost(lines)] == found


def test_a_week_without_lost_fumbles_is_refused_although_each_team_may_have_none(
    rows: Rows,
) -> None:
    """Two fumbles a game are within what one team may differ by."""
    games = [
        {"season": 2024, "week": 5, "team": team, "opponent": opponent, "source": "nflreadpy"}
        for number in range(5)
        for team, opponent in ((f"A{number}", f"B{number}"), (f"B{number}", f"A{number}"))
    ]
    lines = rows(
        tables.WEEKLY_STATS,
        *({"player_id": one["team"], **one, "fumble_recovery_opp": 1.0} for one in games),
    )
    text = "the teams lost 0 fumbles, but their opponents recovered 10"
    assert game.fumbles_nobody_lost(lines) == [Problem(WEEK, text)]
    # Seven, of half a week or of the play-offs, may all be of returners.
    fewer = rows(
        tables.WEEKLY_STATS,
        *(
            {"player_id": one["team"], **one, "fumble_recovery_opp": float(n < 7)}
            for n, one in enumerate(games)
        ),
    )
    assert game.fumbles_nobody_lost(fewer) == []
    # The old release has no recovered fumbles.
    old = rows(tables.WEEKLY_STATS, *({"player_id": one["team"], **one} for one in games))
    assert game.fumbles_nobody_lost(old) == []


def test_passers_and_receivers_have_about_the_same_air_yards(rows: Rows) -> None:
    def air(passed: float) -> pa.Table:
        stats = {"receiver": {"receiving_air_yards": 250.0}}
        return whole_game(rows, passer={"passing_air_yards": passed}, **stats)

    assert game.unlike_air_yards(air(360.0)) == []
    text = "passers and receivers have other air yards: KC"
    assert game.unlike_air_yards(air(50.0)) == [Problem(WEEK, text, False)]


@pytest.mark.parametrize(("wopr", "is_found"), [(1.85, False), (0.4, True), (None, False)])
def test_the_weighted_share_is_that_of_the_shares(
    rows: Rows, wopr: float | None, is_found: bool
) -> None:
    line = {"season": 2024, "week": 5, "player_id": "r", "target_share": 1.0, "wopr": wopr}
    lines = rows(tables.WEEKLY_STATS, {**line, "air_yards_share": 0.5})
    text = "1 lines have a wopr that is not that of their shares"
    expected = [Problem(WEEK, text, False)] if is_found else []
    assert game.wrong_weighted_shares(lines) == expected

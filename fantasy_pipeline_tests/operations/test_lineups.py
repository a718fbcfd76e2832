"""A team's line-up from the lake: rosters, opponent, games that are over, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import InvalidArgumentError, NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    GAMES,
    LEAGUE_MATCHUPS,
    LEAGUE_POINTS,
    LEAGUE_ROSTERS,
    PROJECTIONS,
    RAW_PLAYERS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Playoffs, Team
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.lineups import team_lineup
from fantasy_pipeline_tests.cli.calling import call

Rows = Callable[..., pa.Table]
WEEK, BEFORE = SeasonWeek(2024, 5), SeasonWeek(2024, 4)
AT_WEEK = {"season": WEEK.season, "week": WEEK.week}
THURSDAY = datetime(2024, 10, 4, 0, 15, tzinfo=timezone.utc)
SUNDAY = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
SLOTS = ["QB", "RB", "FLEX", "DEF", "BN", "BN"]
OUR_TEAM = Team("1", "Ours", "Ann")
OURS = {
    "allen": ("QB", "BUF", "QB", 20.0),
    "cook": ("RB", "BUF", "RB", 12.0),
    "chubb": ("RB", "CLE", "FLEX", 6.0),
    "hunt": ("RB", "KC", "BN", 9.0),
    "kelce": ("TE", "KC", "BN", 11.0),
}


def spot(
    player: str, position: str, team: str, slot: str, of: str, week: SeasonWeek
) -> dict[str, Any]:
    number = None if slot == "BN" else SLOTS.index(slot)
    return {
        "season": week.season,
        "week": week.week,
        "league": "friends",
        "team_id": of,
        "player_id": None if position == "DEF" else player,
        "platform_player_id": player,
        "player_name": player.title(),
        "position": position,
        "fantasy_positions": position,
        "team": team,
        "slot": slot,
        "slot_number": number,
        "started": number is not None,
        "platform_points": 8.0 if position == "DEF" else None,
    }


def projected(player: str, position: str, team: str, yards: float) -> dict[str, Any]:
    """Return a player whose points are his yards / 10 in any scoring."""
    points = {
        f"{name}{end}": yards / 10 + more
        for end in ("", "_half", "_std")
        for name, more in (("projected_points", 0), ("p10", -4), ("p50", 0), ("p90", 6))
    }
    about = {"player_id": player, "player_name": player.title(), "position": position}
    more = {"rushing_yards": yards, "source": "consensus", "team": team, "opponent": "MIA"}
    return {**AT_WEEK, **about, **points, **more}


def game(home: str, away: str, kickoff: datetime) -> dict[str, Any]:
    teams = {"home_team": home, "away_team": away, "kickoff": kickoff}
    return {**AT_WEEK, "game_id": home, "game_type": "REG", **teams}


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    return fill(lake, rows)


def fill(lake: Lake, rows: Rows) -> Lake:
    """Write a league of two teams, and a week with three games."""
    teams = [OUR_TEAM, Team("2", "Theirs", "Bob")]
    season = LeagueSeason("file", "x", 2024, "Friends", SLOTS, {"rush_yd": 0.1}, teams)
    registry.store(lake, "friends", [season])
    everybody = {**OURS, "hurts": ("QB", "PHI", "QB", 25.0)}
    for week in (BEFORE, WEEK):
        ours = [spot(name, *about[:3], "1", week) for name, about in OURS.items()]
        others = [
            spot("CLE", "DEF", "CLE", "DEF", "1", week),
            spot("hurts", "QB", "PHI", "QB", "2", week),
        ]
        lake.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *ours, *others), [week])
    lines = [projected(name, at, team, 10 * x) for name, (at, team, _, x) in everybody.items()]
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, *lines), [WEEK])
    games = [game("BUF", "PHI", THURSDAY), game("KC", "NO", SUNDAY), game("CLE", "WAS", SUNDAY)]
    lake.write(GAMES, rows(GAMES, *games))
    pair = [{"league": "friends", "team_id": "1", "opponent_id": "2", **AT_WEEK}]
    lake.write_weeks(LEAGUE_MATCHUPS, rows(LEAGUE_MATCHUPS, *pair), [WEEK])
    return lake


def starters(found: Any) -> dict[str, str]:
    lineup = found.lineup
    return {lineup.slots[number]: one.id for number, one in lineup.starters.items()}


def test_the_best_lineup_its_swaps_and_the_chance_to_win(filled: Lake) -> None:
    found = team_lineup(filled, "friends", "ours", WEEK, THURSDAY - timedelta(hours=1))
    assert starters(found) == {"QB": "allen", "RB": "cook", "FLEX": "kelce", "DEF": "CLE"}
    (swap,) = found.lineup.swaps
    assert (swap.into.id, swap.out.id, swap.gain) == ("kelce", "chubb", 5.0)  # type: ignore[union-attr]
    assert found.opponent == (Team("2", "Theirs", "Bob"), 25.0)
    assert found.lineup.chance > found.lineup.current_chance > 0.5  # type: ignore[operator]
    assert (found.rosters_of, found.estimated) == (WEEK, [])


def test_games_that_are_over_count_with_the_points_scored(filled: Lake, rows: Rows) -> None:
    stats = {**AT_WEEK, "player_id": "allen", "team": "BUF", "rushing_yards": 311}
    filled.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, stats), [WEEK])
    filled.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, {**AT_WEEK, "player_id": "allen"}), [WEEK])
    found = team_lineup(filled, "friends", "ours", WEEK, THURSDAY + timedelta(hours=12))
    points = {one.id: one.points for one in found.lineup.starters.values()}
    assert (points["allen"].p10, points["allen"].p90) == (31.1, 31.1)
    assert points["cook"].expected == 0.0, "no stat line"
    assert points["kelce"].p10 < points["kelce"].p90
    assert starters(found)["RB"] == "cook", "he cannot be taken out any more"
    assert found.opponent is not None
    assert found.opponent[1] == 0.0


@pytest.mark.parametrize(
    ("at", "is_over"), [("2024-10-06T12:00Z", False), ("2024-10-08T12:00Z", True)]
)
def test_a_week_whose_games_are_over_prints_no_advice(
    tmp_path: Path, rows: Rows, at: str, is_over: bool
) -> None:
    """Kelce would have been the better starter, and nobody can start him any more."""
    lake = fill(Lake(str(tmp_path / "data" / "lake"), "nfl"), rows)
    scored = {"allen": 311, "cook": 50, "chubb": 10, "hunt": 0, "kelce": 90}
    stats = [
        {**AT_WEEK, "player_id": name, "team": OURS[name][1], "rushing_yards": yards}
        for name, yards in scored.items()
    ]
    lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, *stats), [WEEK])
    lake.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, {**AT_WEEK, "player_id": "allen"}), [WEEK])
    of_week = ["--season", "2024", "--week", "5", "--at", at, "--source", "auto"]
    words = ["lineup", "--league", "friends", "--team", "ours", *of_week]
    code, out, err = call(tmp_path, words)
    assert code == 0, err
    last = out.splitlines()[-1]
    assert (last == "Every game has kicked off: these started.") is is_over, out
    # 31.1 + 5 + 1 of the starters; the lake does not have the defence's stats.
    assert ("Points: 37.1" in out.splitlines()) is is_over
    for advice in ("Expected points", "start Kelce and bench Chubb", "Chance to win"):
        assert (advice not in out) is is_over, advice
    assert (json.loads(call(tmp_path, [*words, "--json"])[1])["swaps"] == []) is is_over


def test_a_game_that_is_over_and_not_in_the_lake_yet_keeps_its_projections(
    filled: Lake, rows: Rows
) -> None:
    # Thursday's game is in the lake. Sunday's are over, and the next import brings them.
    stats = {**AT_WEEK, "player_id": "allen", "team": "BUF", "rushing_yards": 311}
    filled.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, stats), [WEEK])
    filled.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, {**AT_WEEK, "player_id": "allen"}), [WEEK])
    found = team_lineup(filled, "friends", "ours", WEEK, SUNDAY + timedelta(hours=12))
    points = {one.id: one.points for one in found.lineup.starters.values()}
    assert points["allen"].expected == 31.1
    assert points["chubb"].expected == 6.0, "his game has kicked off, so he stays"


def test_a_defender_whose_game_is_over_counts_with_the_points_scored(
    filled: Lake, rows: Rows
) -> None:
    season = LeagueSeason("file", "x", 2024, "Friends", ["LB"], {"rush_yd": 0.1}, [OUR_TEAM])
    registry.store(filled, "friends", [season])
    for week in (BEFORE, WEEK):
        milano = {**spot("milano", "LB", "BUF", "QB", "1", week), "slot": "LB"}
        filled.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, milano), [week])
        names = [name for name in LEAGUE_POINTS.column_names if name in milano]
        own = {**{name: milano[name] for name in names}, "platform_points": 5.0}
        filled.write_weeks(LEAGUE_POINTS, rows(LEAGUE_POINTS, own), [week])
    of_week = {**AT_WEEK, "player_id": "milano", "position": "LB"}
    stats = {**of_week, "team": "BUF", "rushing_yards": 20}
    filled.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, stats), [WEEK])
    filled.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, of_week), [WEEK])
    for hours, points, estimated in ((-1, 5.0, ["LB"]), (12, 2.0, [])):
        found = team_lineup(filled, "friends", "1", WEEK, THURSDAY + timedelta(hours=hours))
        (starter,) = found.lineup.starters.values()
        assert (starter.points.expected, found.estimated) == (points, estimated)


def test_a_defender_has_his_projection_in_the_leagues_scoring(filled: Lake, rows: Rows) -> None:
    scoring = {"idp_tkl_solo": 1.0, "idp_sack": 4.0}
    season = LeagueSeason("file", "x", 2024, "Friends", ["IDP_FLEX", "BN"], scoring, [OUR_TEAM])
    registry.store(filled, "friends", [season])
    spots = [
        {**spot("milano", "LB", "BUF", "QB", "1", WEEK), "slot": "IDP_FLEX"},
        spot("poyer", "DB", "BUF", "BN", "1", WEEK),
    ]
    filled.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    projections = [
        {
            **{**AT_WEEK, "player_id": player, "position": position, "team": "BUF"},
            **{"opponent": "PHI", "projected_points": 8.0, "p10": 3.0, "p50": 7.0, "p90": 14.0},
            **{"def_tackles_solo": tackles, "def_sacks": 0.5},
        }
        for player, position, tackles in (("milano", "LB", 4.0), ("poyer", "DB", 5.0))
    ]
    table = rows(DEFENDER_PROJECTIONS, *projections)
    filled.write_weeks(DEFENDER_PROJECTIONS, table, [WEEK])
    found = team_lineup(filled, "friends", "1", WEEK, THURSDAY - timedelta(hours=1))
    (starter,) = found.lineup.starters.values()
    assert (starter.id, starter.points.expected, found.estimated) == ("poyer", 7.0, [])
    assert starter.points.p10 < starter.points.p50 < starter.points.p90


def test_positions_without_projections_have_the_leagues_mean(filled: Lake, rows: Rows) -> None:
    scored = [
        {**spot(f"D{n}", "DEF", "CLE", "DEF", "1", BEFORE), "platform_points": float(n)}
        for n in range(11)
    ]
    names = LEAGUE_POINTS.column_names
    own = [{name: row[name] for name in names if name in row} for row in scored]
    filled.write_weeks(LEAGUE_POINTS, rows(LEAGUE_POINTS, *own), [BEFORE])
    found = team_lineup(filled, "friends", "ours", WEEK, THURSDAY - timedelta(hours=1))
    (defence,) = [one for one in found.lineup.starters.values() if one.position == "DEF"]
    assert vars(defence.points) == {"expected": 5.0, "p10": 1.0, "p50": 5.0, "p90": 9.0}
    assert found.estimated == ["DEF"]


def test_a_team_defence_has_its_projection(filled: Lake, rows: Rows) -> None:
    stored = filled.read(PROJECTIONS, [WEEK])
    points = {f"projected_points{end}": 7.0 for end in ("", "_half", "_std")}
    defence = {**projected("DST-CLE", "DST", "CLE", 0.0), **points, "rushing_yards": None}
    table = pa.concat_tables([stored, rows(PROJECTIONS, defence)])
    filled.write_weeks(PROJECTIONS, table, [WEEK])
    found = team_lineup(filled, "friends", "ours", WEEK, THURSDAY - timedelta(hours=1))
    (chosen,) = [one for one in found.lineup.starters.values() if one.id == "CLE"]
    assert (chosen.points.expected, found.estimated) == (7.0, [])


@pytest.mark.parametrize("is_projected", [True, False])
def test_a_team_defence_whose_game_is_over_counts_with_the_points_scored(
    filled: Lake, rows: Rows, is_projected: bool
) -> None:
    keys = {"sack": 2.0, "int": 2.0, "rush_yd": 0.1}
    season = LeagueSeason("file", "x", 2024, "Friends", SLOTS, keys, [OUR_TEAM])
    registry.store(filled, "friends", [season])
    if is_projected:
        defence = {**projected("DST-CLE", "DST", "CLE", 70.0), "rushing_yards": None}
        table = pa.concat_tables([filled.read(PROJECTIONS, [WEEK]), rows(PROJECTIONS, defence)])
        filled.write_weeks(PROJECTIONS, table, [WEEK])
    stats = {**AT_WEEK, "player_id": "chubb", "team": "CLE", "rushing_yards": 40}
    filled.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, stats), [WEEK])
    filled.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, {**AT_WEEK, "player_id": "chubb"}), [WEEK])

    def points_of(name: str) -> dict[str, float]:
        found = team_lineup(filled, "friends", "1", WEEK, SUNDAY + timedelta(hours=12))
        return {one.id: vars(one.points) for one in found.lineup.starters.values()}[name]

    # The lake has the players' stats of the game, and not the defence's.
    assert points_of("CLE")["expected"] == (7.0 if is_projected else 0.0)
    line = {**AT_WEEK, "player_id": "DST-CLE", "team": "CLE", "sacks": 2.0, "interceptions": 0.5}
    filled.write_weeks(TEAM_DEFENSE_STATS, rows(TEAM_DEFENSE_STATS, line), [WEEK])
    assert points_of("CLE") == dict.fromkeys(("expected", "p10", "p50", "p90"), 5.0)
    assert points_of("chubb")["expected"] == 4.0


def test_without_the_weeks_rosters_and_match_up(filled: Lake, rows: Rows) -> None:
    filled.write_weeks(LEAGUE_ROSTERS, LEAGUE_ROSTERS.arrow_schema.empty_table(), [WEEK])
    filled.write_weeks(LEAGUE_MATCHUPS, LEAGUE_MATCHUPS.arrow_schema.empty_table(), [WEEK])
    found = team_lineup(filled, "friends", "1", WEEK, THURSDAY)
    assert (found.rosters_of, found.opponent, found.lineup.chance) == (BEFORE, None, None)
    named = team_lineup(filled, "friends", "1", WEEK, THURSDAY, "win", opponent="bob")
    assert named.opponent is not None
    assert named.lineup.chance is not None


def test_a_team_whose_name_is_its_id_is_listed_once(filled: Lake) -> None:
    teams = [Team("Devils", "Devils"), OUR_TEAM]
    season = LeagueSeason("file", "x", 2024, "Friends", SLOTS, {"rush_yd": 0.1}, teams)
    registry.store(filled, "friends", [season])
    with pytest.raises(InvalidArgumentError, match=r"the league has Devils, Ours \(1\)\.$"):
        team_lineup(filled, "friends", "x", WEEK, SUNDAY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"league": "nobody"}, "there is no league 'nobody'; registered: friends"),
        ({"team": "x"}, r"there is no team 'x'; the league has Ours \(1\), Theirs \(2\)\."),
        ({"team": "s"}, r"team 's' names 2 teams: Ours \(1\), Theirs \(2\); give the id\."),
        ({"opponent": "x"}, "there is no team 'x'"),
        ({"lock": ["hurts"]}, "no player named 'hurts' is on the team"),
        ({"exclude": ["h"]}, "'h' names 2 players: Chubb"),
        ({"lock": ["allen", "cook", "chubb", "hunt"]}, "Hunt|Chubb|Cook"),
        ({"week": SeasonWeek(2023, 5)}, "league friends has no season 2023; it has 2024"),
    ],
)
def test_wrong_arguments(filled: Lake, changes: dict[str, Any], message: str) -> None:
    wanted = {"league": "friends", "team": "ours", "week": WEEK, **changes}
    with pytest.raises(InvalidArgumentError, match=message):
        team_lineup(filled, now=THURSDAY - timedelta(hours=1), **wanted)


def test_a_season_that_ended_has_no_lineup(filled: Lake) -> None:
    season = registry.stored_season(filled, "friends", 2024)
    assert season is not None
    registry.keep(filled, "friends", replace(season, playoff_week=4, playoffs=Playoffs(2)))
    with pytest.raises(PipelineError, match=r"friends 2024: the season ended with week 4\. Choose"):
        team_lineup(filled, "friends", "1", WEEK, SUNDAY)


def test_what_the_lake_lacks(filled: Lake) -> None:
    with pytest.raises(NotMaterializedError, match="projections 2024 week 6"):
        team_lineup(filled, "friends", "1", SeasonWeek(2024, 6), SUNDAY)
    filled.write_weeks(LEAGUE_ROSTERS, LEAGUE_ROSTERS.arrow_schema.empty_table(), [BEFORE, WEEK])
    with pytest.raises(NotMaterializedError, match="league_rosters 2024 week 5: the lake has no"):
        team_lineup(filled, "friends", "1", WEEK, SUNDAY)

"""`team_defense_stats`: what team defences did, from the stat lines of both teams and the score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from fantasy_pipeline.football.tables import GAMES, WEEKLY_STATS
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.team_defense import team_defense_stats, without_defence
from fantasy_pipeline_tests.rows import Rows

HOME = {"team": "KC", "opponent": "LV"}
AWAY = {"team": "LV", "opponent": "KC"}


def game(home_score: int | None, away_score: int | None) -> dict[str, Any]:
    scores = {"home_score": home_score, "away_score": away_score}
    return {
        "season": 2024,
        "week": 5,
        "game_id": "g",
        "home_team": "KC",
        "away_team": "LV",
        **scores,
    }


def line(side: dict[str, str], player: str, position: str, **stats: float) -> dict[str, Any]:
    about = {"season": 2024, "week": 5, "player_id": side["team"] + player, "position": position}
    return {**about, **side, "fumble_recovery_opp": 0, "def_interceptions": 0, **stats}


def of(
    rows: Rows, scores: tuple[int | None, int | None], *lines: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the rows by team; both teams have at least one line."""
    filled = rows(WEEKLY_STATS, line(HOME, "0", "QB"), line(AWAY, "0", "QB"), *lines)
    table = team_defense_stats(rows(GAMES, game(*scores)), filled)
    return {row["team"]: row for row in table.to_pylist()}


def test_sums_of_both_teams_lines(rows: Rows) -> None:
    found = of(
        rows,
        (20, 3),
        line(HOME, "1", "LB", def_qb_hits=2, def_tackles_solo=3, def_tackles_with_assist=4),
        line(HOME, "2", "CB", def_interceptions=1, def_interception_yards=31, def_fumbles_forced=1),
        line(AWAY, "1", "QB", passing_yards=210, sacks_suffered=3, sack_yards_lost=-18),
        line(AWAY, "2", "RB", rushing_yards=44),
        line(AWAY, "3", "K", fg_made=1, fg_blocked=1, pat_blocked=1),
        line(AWAY, "4", "P", pt_blocked=1),
    )
    home = found["KC"]
    assert (home["player_id"], home["opponent"], home["is_home"]) == ("DST-KC", "LV", True)
    assert (home["score"], home["opponent_score"], home["points_allowed"]) == (20, 3, 3)
    assert (home["yards_allowed"], home["sacks"], home["sack_yards"]) == (236, 3, 18)
    assert (home["interceptions"], home["interception_yards"]) == (1, 31)
    assert (home["qb_hits"], home["tackles_solo"], home["blocked_kicks"]) == (2, 7, 3)
    assert (found["LV"]["yards_allowed"], found["LV"]["sacks"]) == (0, 0)


def test_points_allowed_are_those_of_offence_and_kicks(rows: Rows) -> None:
    """An interception and a fumble returned, and a safety, are not the other defence's fault."""
    found = of(
        rows,
        (0, 29),
        line(AWAY, "1", "CB", def_tds=1, def_interceptions=1),
        line(AWAY, "2", "DE", fumble_recovery_tds=1, fumble_recovery_opp=1),
        line(AWAY, "3", "WR", special_teams_tds=1),
        line(AWAY, "4", "K", fg_made=2, pat_made=3),
    )
    assert found["KC"]["points_allowed"] == 29 - 12 - 2
    away = found["LV"]
    assert (away["interception_tds"], away["fumble_tds"], away["special_teams_tds"]) == (1, 1, 1)
    assert (away["safeties"], away["two_point_returns"]) == (1, 0)


def test_a_teammates_fumble_recovered_for_a_touchdown_is_no_defence(rows: Rows) -> None:
    found = of(rows, (0, 6), line(AWAY, "1", "WR", fumble_recovery_tds=1, fumble_recovery_own=1))
    assert found["KC"]["points_allowed"] == 6
    assert found["LV"]["fumble_tds"] == 0


def test_a_safety_is_what_the_score_has(rows: Rows) -> None:
    """Upstream credits players with safeties that were none, and misses those of nobody."""
    credited = of(
        rows, (3, 0), line(HOME, "1", "K", fg_made=1), line(HOME, "2", "DT", def_safeties=1)
    )
    assert credited["KC"]["safeties"] == 0
    missed = of(rows, (5, 0), line(HOME, "1", "K", fg_made=1))
    assert (missed["KC"]["safeties"], missed["LV"]["points_allowed"]) == (1, 3)


def test_a_blocked_extra_point_returned(rows: Rows) -> None:
    blocked = line(AWAY, "1", "K", pat_blocked=1)
    touchdown = line(AWAY, "2", "RB", rushing_tds=1)
    found = of(rows, (2, 6), blocked, touchdown)["KC"]
    assert (found["two_point_returns"], found["safeties"], found["blocked_kicks"]) == (1, 0, 1)
    credited = of(rows, (2, 6), blocked, touchdown, line(HOME, "1", "DT", def_safeties=1))["KC"]
    assert (credited["two_point_returns"], credited["safeties"]) == (0, 1)


def test_fumbles_of_the_offence_and_others(rows: Rows) -> None:
    """A fumble that the opponent's runners and passers did not lose is one of special teams."""
    found = of(
        rows,
        (0, 0),
        line(HOME, "1", "LB", fumble_recovery_opp=1, def_fumbles_forced=2),
        line(HOME, "2", "WR", fumble_recovery_opp=1, def_fumbles_forced=1),
        line(AWAY, "1", "RB", rushing_fumbles_lost=1),
        line(AWAY, "2", "WR", fumbles_lost_total=1),
    )["KC"]
    assert (found["fumbles_recovered"], found["special_teams_fumbles_recovered"]) == (1, 1)
    assert (found["fumbles_forced"], found["special_teams_fumbles_forced"]) == (2, 1)


@pytest.mark.parametrize("scores", [(None, None), (7, None)])
def test_a_game_without_a_score_has_no_row_and_is_named(
    rows: Rows, scores: tuple[int | None, int | None]
) -> None:
    games = rows(GAMES, game(*scores))
    lines = rows(WEEKLY_STATS, line(HOME, "0", "QB"), line(AWAY, "0", "QB"))
    table = team_defense_stats(games, lines)
    assert table.num_rows == 0
    [warning] = without_defence(games, lines, table, 2024, [5])
    assert warning == "team_defense_stats 2024 week 5: no score or no stat lines of KC, LV"


def test_lines_of_one_team_only_make_no_row(rows: Rows) -> None:
    games = rows(GAMES, game(20, 3))
    lines = rows(WEEKLY_STATS, line(HOME, "0", "QB"))
    table = team_defense_stats(games, lines)
    assert table.num_rows == 0
    assert len(without_defence(games, lines, table, 2024, [5])) == 1


def test_a_week_without_games_is_no_warning(rows: Rows) -> None:
    games, lines = rows(GAMES, game(20, 3)), rows(WEEKLY_STATS)
    assert without_defence(games, lines, team_defense_stats(games, lines), 2024, [22]) == []


def test_lines_without_a_defence_make_no_row_of_zeros(rows: Rows) -> None:
    games = rows(GAMES, game(20, 3))
    nothing = {"fumble_recovery_opp": None, "def_interceptions": None}
    lines = rows(
        WEEKLY_STATS, {**line(HOME, "0", "QB"), **nothing}, {**line(AWAY, "0", "QB"), **nothing}
    )
    table = team_defense_stats(games, lines)
    assert table.num_rows == 0
    [warning] = without_defence(games, lines, table, 2024, [5])
    assert "the stat lines have no defence, as those of nfl_data_py" in warning


def test_sample_league_has_every_team_that_played(sample: SampleLeague) -> None:
    games, lines = sample.schedule(), sample.weekly_stats(2024)
    table = team_defense_stats(games, lines)
    played = pc.count_distinct(
        pc.binary_join_element_wise(lines["week"].cast("string"), lines["team"], "-")
    )
    assert table.num_rows == played.as_py()
    # The score of the sample league is made of its stat lines.
    assert pc.sum(table["safeties"]).as_py() == pc.sum(lines["def_safeties"]).as_py() > 0
    assert pc.min(table["points_allowed"]).as_py() >= 0


def _source(mirror: Path, tmp_path: Path, name: Any) -> Nflverse:
    return Nflverse(Transport(tmp_path / "cache", mirror=str(mirror), offline=True), name)


@pytest.mark.parametrize("season", [2016, 2022])
def test_real_season_has_every_team_that_played(
    nfl_mirror: Path, tmp_path: Path, season: int
) -> None:
    """The schedule of 2016 has the codes OAK and SD; LA played its first season."""
    source = _source(nfl_mirror, tmp_path, "auto")
    games, lines = source.schedule(), source.weekly_stats(season)
    table = team_defense_stats(games, lines)
    weeks = sorted(pc.unique(lines["week"]).to_pylist())
    assert without_defence(games, lines, table, season, weeks) == []
    assert set(table["team"].to_pylist()) == set(TEAMS)
    # Pairs of points that no line explains: 13-24 safeties a season.
    assert 10 <= pc.sum(table["safeties"]).as_py() <= 30
    assert pc.max(table["two_point_returns"]).as_py() <= 1


def test_the_old_release_has_no_defence(
    nfl_mirror: Path, tmp_path: Path, upstream: Any, rows: Rows
) -> None:
    source = _source(nfl_mirror, tmp_path, "nfl_data_py")
    games, lines = source.schedule(), source.weekly_stats(2022)
    table = team_defense_stats(games, lines)
    assert table.num_rows == 0
    [warning] = without_defence(games, lines, table, 2022, [3])
    assert "no defence" in warning

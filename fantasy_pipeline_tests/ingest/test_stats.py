"""`weekly_stats`: stat lines of some weeks, with recomputed points beside upstream's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, RAW_PLAYERS, WEEKLY_STATS
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.stats import (
    games_so_far,
    import_phases,
    point_differences,
    unplayed_games,
    weekly_stats,
)
from fantasy_pipeline.settings import SAMPLE_LABEL

Rows = Callable[..., pa.Table]
SEASON = 2024
STATS = [name for name in WEEKLY_STATS.column_names if name.startswith(("fantasy", "kicking"))]


@pytest.fixture(scope="module")
def games(rows: Rows) -> pa.Table:
    """Weeks 1 to 3 of two games each; week 22 of another season."""
    fixtures = [
        (SEASON, week, *teams) for week in (1, 2, 3) for teams in (("BUF", "KC"), ("SF", "LV"))
    ]
    return rows(
        GAMES,
        *(
            {
                "season": season,
                "week": week,
                "game_id": f"{season}_{week}_{away}",
                "away_team": away,
                "home_team": home,
            }
            for season, week, away, home in [*fixtures, (2023, 22, "SF", "KC")]
        ),
    )


@pytest.fixture(scope="module")
def no_players(rows: Rows) -> pa.Table:
    return rows(RAW_PLAYERS)


def line(week: int, player: str, team: str = "BUF", **more: Any) -> dict[str, Any]:
    return {
        "season": SEASON,
        "week": week,
        "player_id": player,
        "player_name": player.title(),
        "position": "WR",
        "team": team,
        "opponent": "KC",
        "season_type": "REG",
    } | more


def by_player(table: pa.Table) -> dict[str, dict[str, Any]]:
    assert table.schema == WEEKLY_STATS.arrow_schema
    return {row["player_id"]: row for row in table.to_pylist()}


def test_points_are_recomputed_and_upstreams_kept(
    upstream: Callable[..., Any], games: pa.Table, no_players: pa.Table
) -> None:
    allen = line(
        1,
        "allen",
        position="QB",
        passing_yards=148,
        passing_tds=2,
        rushing_yards=18,
        rushing_tds=1,
        receptions=1,
        receiving_yards=7,
        receiving_tds=1,
        fantasy_points=20.72,
        fantasy_points_ppr=21.72,
    )
    kicker = line(
        1, "kicker", position="K", fg_made_20_29=1, fg_made_50_59=1, pat_made=3, fantasy_points=0.0
    )
    source = upstream(weekly_stats=[allen, kicker])
    found = by_player(weekly_stats(source, games, no_players, SEASON, [1]))
    # 5.92 + 8 + 1.8 + 6 + 0.7 + 6
    assert [found["allen"][name] for name in STATS] == [28.42, 28.92, 29.42, 0.0]
    assert found["allen"]["upstream_fantasy_points"] == 20.72
    assert found["allen"]["upstream_fantasy_points_ppr"] == 21.72
    assert [found["kicker"][name] for name in STATS] == [0.0, 0.0, 0.0, 11.0]
    assert found["kicker"]["fg_made_0_19"] is None
    assert found["allen"]["source"] == "memory"


def test_only_the_weeks_asked_for(
    upstream: Callable[..., Any], games: pa.Table, no_players: pa.Table
) -> None:
    source = upstream(weekly_stats=[line(week, "a") for week in (1, 2, 3)])
    table = weekly_stats(source, games, no_players, SEASON, [3, 1])
    assert table["week"].to_pylist() == [1, 3]


def test_stats_of_no_player_are_kept(
    upstream: Callable[..., Any], games: pa.Table, no_players: pa.Table
) -> None:
    penalties = line(1, "NO_PLAYER", player_name=None, position=None)
    table = weekly_stats(
        upstream(weekly_stats=[line(1, "a"), penalties]), games, no_players, SEASON, [1]
    )
    assert table["player_id"].to_pylist() == ["NO_PLAYER", "a"]


@pytest.mark.parametrize(
    ("in_stats", "on_roster", "source", "expected"),
    [
        ("CB", "WR", "weekly_roster", "WR"),
        ("TE", "QB", "weekly_roster", "QB"),
        ("WR", "CB", "weekly_roster", "WR"),
        ("WR", "TE", "carried_forward", "WR"),
        ("CB", "WR", "stats", "CB"),
        ("FB", None, None, "RB"),
        ("HB", None, None, "RB"),
        ("LB", None, None, "LB"),
        ("FB", "RB", "weekly_roster", "RB"),
    ],
)
def test_the_position_comes_from_the_roster_of_the_week(
    upstream: Callable[..., Any],
    games: pa.Table,
    rows: Rows,
    in_stats: str,
    on_roster: str | None,
    source: str | None,
    expected: str,
) -> None:
    player = {"player_id": "a", "season": SEASON, "roster_source": source, "position": on_roster}
    other_week = {"week": 2, "roster_source": "weekly_roster", "position": "K"}
    players = [player | other_week] + ([player | {"week": 1}] if source else [])
    table = weekly_stats(
        upstream(weekly_stats=[line(1, "a", position=in_stats)]),
        games,
        rows(RAW_PLAYERS, *players),
        SEASON,
        [1],
    )
    assert table["position"].to_pylist() == [expected]


def test_a_name_missing_in_the_stats_comes_from_the_roster(
    upstream: Callable[..., Any], games: pa.Table, rows: Rows
) -> None:
    player = {"season": SEASON, "week": 1, "player_id": "a", "player_name": "Of Roster"}
    source = upstream(weekly_stats=[line(1, "a", player_name=None), line(1, "b")])
    found = by_player(weekly_stats(source, games, rows(RAW_PLAYERS, player), SEASON, [1]))
    assert found["a"]["player_name"] == "Of Roster"
    assert found["b"]["player_name"] == "B"


@pytest.mark.parametrize(("season", "weeks"), [(2023, [21]), (2023, [1])])
def test_a_week_without_games_is_empty_and_downloads_nothing(
    upstream: Callable[..., Any],
    games: pa.Table,
    no_players: pa.Table,
    season: int,
    weeks: list[int],
) -> None:
    table = weekly_stats(upstream(), games, no_players, season, weeks)
    assert table.num_rows == 0
    assert table.schema == WEEKLY_STATS.arrow_schema


def test_a_week_that_upstream_does_not_have_yet_is_named(
    upstream: Callable[..., Any], games: pa.Table, no_players: pa.Table
) -> None:
    source = upstream(weekly_stats=[line(1, "a")])
    with pytest.raises(NotPublishedError) as missing:
        weekly_stats(source, games, no_players, SEASON, [1, 2, 3])
    error = missing.value
    assert (error.dataset, error.season, error.week) == ("weekly_stats", SEASON, 2)
    assert "weeks 1-1 only" in error.cause
    assert "re-run" in error.advice


def test_a_season_that_upstream_does_not_have_is_named(
    upstream: Callable[..., Any], games: pa.Table, no_players: pa.Table
) -> None:
    with pytest.raises(NotPublishedError, match="weekly_stats 2023: HTTP 404"):
        weekly_stats(upstream(weekly_stats=[line(1, "a")]), games, no_players, 2023, [22])


def test_stats_do_not_depend_on_the_weeks_asked_for_together(sample: SampleLeague) -> None:
    games = sample.schedule()
    players, _ = raw_players(sample, games, SEASON, [1, 2, 3])
    together = weekly_stats(sample, games, players, SEASON, [1, 2, 3])
    alone = [weekly_stats(sample, games, players, SEASON, [week]) for week in (1, 2, 3)]
    assert together.equals(pa.concat_tables(alone).combine_chunks())
    assert set(together["source"].to_pylist()) == {SAMPLE_LABEL}
    assert point_differences(together) == []


# A week in progress: BUF-KC is played on Thursday, SF-LV on Sunday

THURSDAY = datetime(2024, 9, 6, 0, 20, tzinfo=timezone.utc)
FRIDAY, SUNDAY = THURSDAY + timedelta(hours=12), THURSDAY + timedelta(days=2, hours=17)
TUESDAY = datetime(2024, 9, 10, 8, tzinfo=timezone.utc)
WEEK_1 = SeasonWeek(SEASON, 1)


@pytest.fixture(scope="module")
def week(rows: Rows) -> pa.Table:
    at = {"season": SEASON, "week": 1, "game_type": "REG", "home_score": 20, "away_score": 17}
    return rows(
        GAMES,
        {**at, "game_id": "a", "away_team": "BUF", "home_team": "KC", "kickoff": THURSDAY},
        {**at, "game_id": "b", "away_team": "SF", "home_team": "LV", "kickoff": SUNDAY},
    )


@pytest.mark.parametrize(
    ("now", "teams"),
    [
        (THURSDAY + timedelta(hours=4, minutes=30), {"BUF", "KC"}),
        # Upstream's file of a later day has the game that is being played.
        (SUNDAY + timedelta(hours=4), {"BUF", "KC"}),
        (SUNDAY + timedelta(hours=5), {"BUF", "KC", "SF", "LV"}),
        # The provisional import takes what upstream has.
        (TUESDAY, {"BUF", "KC", "SF", "LV"}),
    ],
)
def test_a_week_in_progress_has_the_games_that_are_over(
    upstream: Callable[..., Any],
    week: pa.Table,
    no_players: pa.Table,
    now: datetime,
    teams: set[str],
) -> None:
    source = upstream(weekly_stats=[line(1, team, team) for team in ("BUF", "KC", "SF", "LV")])
    table = weekly_stats(source, week, no_players, SEASON, [1], now)
    assert set(table["team"].to_pylist()) == teams
    assert games_so_far(week, table, WEEK_1) == (len(teams) // 2, 2)
    phase = "provisional" if now == TUESDAY else "in_progress"
    assert import_phases(now, week, table, [WEEK_1]) == {WEEK_1: phase}


@pytest.mark.parametrize(
    ("teams", "now", "cause"),
    [
        # Upstream is a week behind, has another game only, or the week has not begun.
        ((), FRIDAY, "the schedule has games, but upstream's file has weeks 2-2 only"),
        (("SF", "LV"), FRIDAY, "upstream has no stat line yet of the games that are over"),
        (("BUF",), THURSDAY, "no game of the week is over at 2024-09-06 00:20 UTC"),
    ],
)
def test_a_week_in_progress_without_stats_is_named(
    upstream: Callable[..., Any],
    week: pa.Table,
    no_players: pa.Table,
    teams: tuple[str, ...],
    now: datetime,
    cause: str,
) -> None:
    lines = [line(2, "x"), *(line(1, team, team) for team in teams)]
    with pytest.raises(NotPublishedError, match="weekly_stats 2024 week 1") as caught:
        weekly_stats(upstream(weekly_stats=lines), week, no_players, SEASON, [1], now)
    assert caught.value.cause == cause
    assert caught.value.weeks == (1,)


# Warnings


def test_games_without_stats_are_named_by_week(
    upstream: Callable[..., Any], games: pa.Table, no_players: pa.Table
) -> None:
    lines = [line(1, team, team) for team in ("BUF", "KC", "SF", "LV")]
    source = upstream(weekly_stats=[*lines, line(2, "BUF", "BUF"), line(2, "KC", "KC")])
    table = weekly_stats(source, games, no_players, SEASON, [1, 2])
    assert unplayed_games(games, table, SEASON, [1, 2]) == [
        "weekly_stats 2024 week 2: no stats yet of 1 of 2 games: SF-LV"
    ]
    assert unplayed_games(games, table, SEASON, [1]) == []


def test_a_game_of_which_one_team_has_stats_is_not_done(
    upstream: Callable[..., Any], games: pa.Table, no_players: pa.Table
) -> None:
    source = upstream(weekly_stats=[line(1, team, team) for team in ("BUF", "SF", "LV")])
    table = weekly_stats(source, games, no_players, SEASON, [1])
    [warning] = unplayed_games(games, table, SEASON, [1])
    assert warning.endswith("1 of 2 games: BUF-KC")


def test_weeks_without_games_need_no_stats(games: pa.Table, rows: Rows) -> None:
    assert unplayed_games(games, rows(WEEKLY_STATS), SEASON, [4, 22]) == []


def scored(points: float, upstream: float | None, **more: Any) -> dict[str, Any]:
    return {
        "season": SEASON,
        "week": 13,
        "player_id": "allen",
        "player_name": "Josh Allen",
        "fantasy_points": 1.0,
        "upstream_fantasy_points": 1.0,
        "fantasy_points_ppr": points,
        "upstream_fantasy_points_ppr": upstream,
    } | more


@pytest.mark.parametrize(
    ("computed", "stated", "count"),
    [(28.42, 28.42, 0), (28.42, 28.415, 0), (28.42, 28.40, 1), (28.42, 21.72, 1), (1.0, None, 1)],
)
def test_points_that_differ_are_reported(
    rows: Rows, computed: float, stated: float | None, count: int
) -> None:
    different = point_differences(rows(WEEKLY_STATS, scored(computed, stated)))
    assert len(different) == count
    for week, text in different:
        assert week == SeasonWeek(2024, 13)
        assert text == f"Josh Allen: fantasy_points_ppr {computed}, upstream {stated}"


def test_both_scorings_are_compared(rows: Rows) -> None:
    other = scored(2.0, 3.0, upstream_fantasy_points=5.0)
    different = point_differences(rows(WEEKLY_STATS, other))
    assert [text.split(": ")[1].split()[0] for _, text in different] == [
        "fantasy_points",
        "fantasy_points_ppr",
    ]

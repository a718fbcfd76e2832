"""Box scores and projections of the sample league: they add up and have realistic sizes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fantasy_pipeline.football.tables import LIST_COLUMNS, STAT_COLUMNS
from fantasy_pipeline.ingest.sample import SEASONS, SampleLeague


@pytest.fixture(scope="module")
def league() -> SampleLeague:
    return SampleLeague()


@pytest.fixture(scope="module")
def games(league: SampleLeague) -> pd.DataFrame:
    return league.schedule().to_pandas()


@pytest.fixture(scope="module")
def projected(league: SampleLeague) -> pd.DataFrame:
    tables = [league.nflcom_projections(season, range(1, 23)) for season in SEASONS]
    return pa.concat_tables(tables).to_pandas()


@pytest.fixture(scope="module")
def stats(league: SampleLeague) -> pd.DataFrame:
    return pa.concat_tables([league.weekly_stats(season) for season in SEASONS]).to_pandas()


@pytest.fixture(scope="module")
def team_games(stats: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of every stat, one row per team and game."""
    names = [column.name for column in STAT_COLUMNS]
    return stats.groupby(["season", "week", "team"])[names].sum()


@pytest.fixture(scope="module")
def scores(games: pd.DataFrame) -> pd.DataFrame:
    """Return points for and against, one row per team and game played."""
    played = games.dropna(subset=["home_score"])
    sides = [
        played.rename(columns={f"{us}_team": "team", f"{us}_score": "own", f"{them}_score": "foe"})
        for us, them in (("home", "away"), ("away", "home"))
    ]
    rows = pd.concat(side[["season", "week", "team", "own", "foe"]] for side in sides)
    return rows.set_index(["season", "week", "team"]).sort_index()


# Box scores


def test_fantasy_points_are_upstreams_formula(stats: pd.DataFrame) -> None:
    lost = stats[["sack_fumbles_lost", "rushing_fumbles_lost", "receiving_fumbles_lost"]].sum(
        axis=1
    )
    two = stats[[f"{play}_2pt_conversions" for play in ("passing", "rushing", "receiving")]]
    points = (
        stats["passing_yards"] / 25
        + 4 * stats["passing_tds"]
        - 2 * stats["passing_interceptions"]
        + (stats["rushing_yards"] + stats["receiving_yards"]) / 10
        + 6 * (stats["rushing_tds"] + stats["receiving_tds"] + stats["special_teams_tds"])
        + 2 * two.sum(axis=1)
        - 2 * lost
    )
    np.testing.assert_array_equal(stats["fantasy_points"], points.round(2))
    np.testing.assert_array_equal(
        stats["fantasy_points_ppr"], (points + stats["receptions"]).round(2)
    )


def test_passers_and_receivers_agree(stats: pd.DataFrame, team_games: pd.DataFrame) -> None:
    for passing, receiving in (
        ("passing_yards", "receiving_yards"),
        ("passing_tds", "receiving_tds"),
        ("completions", "receptions"),
        ("passing_air_yards", "receiving_air_yards"),
        ("passing_first_downs", "receiving_first_downs"),
        ("passing_2pt_conversions", "receiving_2pt_conversions"),
    ):
        assert (team_games[passing] == team_games[receiving]).all(), passing
    assert (team_games["targets"] <= team_games["attempts"]).all()
    assert (stats["receptions"] <= stats["targets"]).all()
    assert (stats["receiving_tds"] <= stats["receptions"]).all()
    assert (stats["rushing_tds"] <= stats["carries"]).all()
    for play in ("sack", "rushing", "receiving"):
        assert (stats[f"{play}_fumbles_lost"] <= stats[f"{play}_fumbles"]).all()
    assert (stats["sack_yards_lost"] <= 0).all()
    np.testing.assert_allclose(team_games["target_share"], 1)
    np.testing.assert_allclose(
        stats["wopr"], 1.5 * stats["target_share"] + 0.7 * stats["air_yards_share"]
    )


def test_defenders_get_what_the_opponent_suffers(
    stats: pd.DataFrame, team_games: pd.DataFrame
) -> None:
    opponent = stats.groupby(["season", "week", "team"])["opponent"].agg(["nunique", "first"])
    assert (opponent["nunique"] == 1).all()
    keys = [(s, w, foe) for (s, w, _), foe in opponent["first"].items()]
    foes = team_games.loc[keys]
    for made, suffered in (
        ("def_sacks", "sacks_suffered"),
        ("def_interceptions", "passing_interceptions"),
    ):
        np.testing.assert_array_equal(team_games[made], foes[suffered])
    defenders = stats[stats["def_tackles_solo"] > 0]
    assert set(defenders["position"]) == {"CB", "DE", "LB", "S"}


def test_scores_are_what_the_stats_put_on_the_board(
    team_games: pd.DataFrame, scores: pd.DataFrame
) -> None:
    touchdowns = team_games[["rushing_tds", "receiving_tds", "special_teams_tds", "def_tds"]]
    points = (
        6 * touchdowns.sum(axis=1)
        + 3 * team_games["fg_made"]
        + team_games["pat_made"]
        + 2 * (team_games["rushing_2pt_conversions"] + team_games["receiving_2pt_conversions"])
        + 2 * team_games["def_safeties"]
    )
    assert points.index.equals(scores.index)
    np.testing.assert_array_equal(points, scores["own"])
    assert (scores["own"] != scores["foe"]).all()
    assert (team_games["pat_att"] <= touchdowns.sum(axis=1)).all()


FG_RANGES = ("0_19", "20_29", "30_39", "40_49", "50_59", "60_")


def test_kicks_add_up(stats: pd.DataFrame) -> None:
    kicks = stats[stats["position"] == "K"]
    ranges = [f"fg_made_{yards}" for yards in FG_RANGES]
    assert (kicks["fg_made"] == kicks[ranges].sum(axis=1)).all()
    assert (kicks["fg_att"] == kicks[["fg_made", "fg_missed", "fg_blocked"]].sum(axis=1)).all()
    assert (kicks["pat_att"] == kicks[["pat_made", "pat_missed", "pat_blocked"]].sum(axis=1)).all()
    assert (stats["fg_long"].isna() == (stats["fg_made"] == 0)).all()
    missed = kicks[[f"fg_missed_{yards}" for yards in FG_RANGES]].sum(axis=1)
    assert (kicks["fg_missed"] == missed).all()
    for result in ("made", "missed", "blocked"):
        listed = kicks[f"fg_{result}_list"].str.count(";").add(1).fillna(0)
        assert (kicks[f"fg_{result}"] == listed).all(), result
    longest = kicks.dropna(subset=["fg_long"])
    assert (
        longest["fg_long"].ge(50) == (longest["fg_made_50_59"] + longest["fg_made_60_"] > 0)
    ).all()
    assert stats.loc[stats["position"] != "K", ["fg_att", "pat_att"]].eq(0).all(axis=None)


def test_stats_are_never_null_but_for_the_lengths_of_field_goals(stats: pd.DataFrame) -> None:
    lists = {column.name for column in LIST_COLUMNS}
    assert set(stats.columns[stats.isna().any()]) == {"fg_long", *lists}


# Realistic sizes, so that models have something to learn


@pytest.mark.parametrize("season", [2023, 2024])
def test_points_per_game_look_like_the_real_ones(stats: pd.DataFrame, season: int) -> None:
    of_season = stats[(stats["season"] == season) & (stats["week"] <= 18)]
    kicking = 3 * of_season["fg_made"] + of_season["pat_made"]
    per_game = (
        of_season.assign(points=of_season["fantasy_points_ppr"] + kicking)
        .groupby(["position", "player_id"])["points"]
        .agg(["mean", "size"])
        .query("size >= 10")["mean"]
    )
    top = {p: per_game[p].nlargest(12).mean() for p in ("QB", "RB", "WR", "TE", "K")}
    assert 17 < top["QB"] < 24
    assert 14 < top["RB"] < 22
    assert 14 < top["WR"] < 22
    assert 9 < top["TE"] < 16
    assert 7 < top["K"] < 11


def test_betting_lines_and_scores_look_like_the_real_ones(games: pd.DataFrame) -> None:
    played = games.dropna(subset=["home_score"])
    margin = played["home_score"] - played["away_score"]
    assert 0.3 < np.corrcoef(margin, played["spread_line"])[0, 1] < 0.6
    assert 40 < played["total_line"].mean() < 50
    assert abs((played["home_score"] + played["away_score"] - played["total_line"]).mean()) < 2
    assert (played["spread_line"] * 2 % 1 == 0).all()
    assert (played["temp"].notna() == (played["roof"] == "outdoors")).all()


def test_projections_beat_the_average_of_earlier_weeks(
    stats: pd.DataFrame, projected: pd.DataFrame
) -> None:
    stats = stats.sort_values(["season", "week"])
    half = (stats["fantasy_points"] + stats["fantasy_points_ppr"]) / 2
    stats = stats.assign(actual=half)
    by_player = stats.groupby(["season", "player_id"])["actual"]
    earlier = by_player.cumcount()
    stats["average"] = (by_player.cumsum() - stats["actual"]) / earlier.where(earlier > 0)
    projected = projected.rename(columns={"name": "player_name"})
    key = ["season", "week", "player_name", "position"]
    both = stats.merge(projected[[*key, "points_half"]], on=key).dropna(subset=["average"])
    both = both[both["position"] != "K"]
    assert len(both) > 6000
    error = (both["points_half"] - both["actual"]).abs().mean()
    naive = (both["average"] - both["actual"]).abs().mean()
    assert 0.85 * naive < error < naive


def test_projections_come_on_fridays_and_only_for_teams_that_play(
    games: pd.DataFrame, projected: pd.DataFrame
) -> None:
    past = projected[(projected["season"] < 2025) | (projected["week"] < 10)]
    assert set(past["as_of"].dt.day_name()) == {"Friday"}
    sundays = games.groupby(["season", "week"])["kickoff"].max()
    lead = past.set_index(["season", "week"])["as_of"].sub(sundays).dropna().unique()
    assert all(timedelta(days=-5) < pd.Timedelta(x) < timedelta(0) for x in lead)
    playing = pd.concat(
        games[["season", "week", f"{side}_team"]].set_axis(["season", "week", "team"], axis=1)
        for side in ("home", "away")
    )
    assert len(projected.merge(playing)) == len(projected)
    assert set(projected["position"]) == {"QB", "RB", "WR", "TE", "K"}
    assert (projected["points_half"] > 0).all()

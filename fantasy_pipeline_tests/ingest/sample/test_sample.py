"""The sample league: deterministic, in the contracts, consistent, and marked as synthetic."""

from __future__ import annotations

import hashlib
import inspect
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime, timezone

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football.calendar import games_from_table, week_status
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import LIST_COLUMNS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.ingest.sample import SAMPLE_NOW, SEASONS, SampleLeague
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.settings import SAMPLE_LABEL

ALL_WEEKS = range(1, 23)
BY_SEASON = ("weekly_stats", "weekly_rosters", "injuries", "snap_counts", "nflcom_projections")
CONTRACTS = {
    **schema.BY_SEASON,
    "nflcom_projections": schema.NFLCOM_PROJECTIONS,
    "schedule": schema.SCHEDULE,
    "player_ids": schema.PLAYER_IDS,
    "players": schema.PLAYERS,
}


def read(league: SampleLeague, dataset: str, season: int) -> pa.Table:
    if dataset == "nflcom_projections":
        return league.nflcom_projections(season, ALL_WEEKS)
    table: pa.Table = getattr(league, dataset)(season)
    return table


def digest(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


@pytest.fixture(scope="module")
def league() -> SampleLeague:
    return SampleLeague()


@pytest.fixture(scope="module")
def games(league: SampleLeague) -> pd.DataFrame:
    return league.schedule().to_pandas()


@pytest.fixture(scope="module")
def frames(league: SampleLeague) -> dict[str, pd.DataFrame]:
    """Return each data set with one table per season, all seasons in one frame."""
    return {
        dataset: pa.concat_tables([read(league, dataset, s) for s in SEASONS]).to_pandas()
        for dataset in BY_SEASON
    }


# The same call returns the same bytes


def test_order_of_calls_does_not_matter(league: SampleLeague) -> None:
    other = SampleLeague()
    backwards = {
        (dataset, season): digest(read(other, dataset, season))
        for season in reversed(SEASONS)
        for dataset in reversed(BY_SEASON)
    }
    forwards = {(d, s): digest(read(league, d, s)) for d, s in backwards}
    assert backwards == forwards
    assert other.schedule().equals(league.schedule())
    assert other.player_ids().equals(league.player_ids())
    assert other.players().equals(league.players())


def test_another_process_gets_the_same_and_importing_loads_neither_numpy_nor_pyarrow(
    league: SampleLeague,
) -> None:
    code = (
        "import sys\n"
        "from fantasy_pipeline.ingest.sample import SampleLeague\n"
        "print(sorted({'numpy', 'pandas', 'pyarrow'} & set(sys.modules)))\n"
        "stats = SampleLeague().weekly_stats(2025)\n"
        "import hashlib, pyarrow as pa\n"
        f"{inspect.getsource(digest)}\n"
        "print(digest(stats))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.splitlines() == ["[]", digest(league.weekly_stats(2025))]


def test_tables_are_generated_once(league: SampleLeague) -> None:
    assert league.weekly_stats(2024) is league.weekly_stats(2024)
    assert league.schedule() is league.schedule()


# Contracts


@pytest.mark.parametrize("dataset", BY_SEASON)
@pytest.mark.parametrize("season", SEASONS)
def test_data_set_of_a_season_is_in_its_contract(
    league: SampleLeague, dataset: str, season: int
) -> None:
    table = read(league, dataset, season)
    assert_conforms(table, CONTRACTS[dataset])
    assert set(table["season"].to_pylist()) == {season}


@pytest.mark.parametrize("dataset", ["schedule", "player_ids", "players"])
def test_data_set_without_seasons_is_in_its_contract(league: SampleLeague, dataset: str) -> None:
    assert_conforms(getattr(league, dataset)(), CONTRACTS[dataset])


def assert_conforms(table: pa.Table, contract: Table) -> None:
    assert table.num_rows > 0
    assert table.schema == contract.arrow_schema
    assert contract.conform(table).equals(table)
    optional = {"injury_status", *(name for name in table.column_names if name.endswith("_id"))}
    # As upstream: a player without a field goal has no longest one, and no list of them.
    optional |= {"fg_long", *(column.name for column in LIST_COLUMNS)}
    for column in contract.columns:
        if column.required and column.name not in optional - set(contract.key):
            assert table[column.name].null_count == 0, column.name


def test_it_is_a_source(league: SampleLeague) -> None:
    source: Source = league
    methods = [name for name in vars(Source) if not name.startswith("_")]
    assert methods
    assert all(callable(getattr(source, name)) for name in methods)


# Marked as synthetic


def test_readers_carry_the_label_and_nothing_is_left_out(league: SampleLeague) -> None:
    assert {league.reader_of(dataset) for dataset in CONTRACTS} == {SAMPLE_LABEL}
    assert league.notes("weekly_stats", 2024) == []


@pytest.mark.parametrize("season", [2022, 2026])
@pytest.mark.parametrize("dataset", BY_SEASON)
def test_another_season_is_refused_with_the_seasons_there_are(
    league: SampleLeague, dataset: str, season: int
) -> None:
    with pytest.raises(NotPublishedError) as caught:
        read(league, dataset, season)
    message = str(caught.value)
    assert message.startswith(f"{dataset} {season}: the {SAMPLE_LABEL} has the seasons 2023, 2024")
    assert "2025" in message


def test_no_id_looks_real(league: SampleLeague, games: pd.DataFrame) -> None:
    ids = league.player_ids().to_pandas()
    players = league.players().to_pandas()
    assert players["player_id"].str.fullmatch(r"SAMPLE-\d{4}").all()
    assert players["pfr_id"].str.fullmatch(r"Smpl[A-Z][a-z]\d{2}").all()
    assert players["pfr_id"].is_unique
    assert players["esb_id"].str.startswith("SMP").all()
    for name in ("sleeper_id", "espn_id", "yahoo_id", "fantasypros_id", "mfl_id"):
        assert ids[name].dropna().str.fullmatch(r"s-[a-z]{2}-\d{4}").all(), name
        assert ids[name].dropna().is_unique
    assert games["stadium"].str.startswith("Sample Stadium ").all()


def test_last_names_say_that_they_are_invented(league: SampleLeague) -> None:
    names = league.players()["player_name"].to_pylist()
    assert len(set(names)) == len(names)
    stems = r"\w+ (Sample|Mock|Faux|Synth|Fict|Stub|Null|Proto)[a-z]+"
    assert all(re.fullmatch(stems, name) for name in names)


def test_most_ids_are_known_and_rookies_lack_some(league: SampleLeague) -> None:
    ids = league.player_ids().to_pandas()
    rookies = league.players().filter(pc.field("rookie_season") == 2025)["player_id"].to_pylist()
    is_rookie = ids["player_id"].isin(rookies)
    assert ids.loc[~is_rookie, "sleeper_id"].notna().mean() > 0.9
    assert 0.2 < ids.loc[is_rookie, "sleeper_id"].isna().mean() < 0.9
    assert 0.2 < ids.loc[is_rookie, "yahoo_id"].isna().mean() < 0.9


# Schedule


@pytest.mark.parametrize("season", SEASONS)
def test_17_games_and_one_bye_for_each_of_32_teams(games: pd.DataFrame, season: int) -> None:
    regular = games[(games["season"] == season) & (games["game_type"] == "REG")]
    assert len(regular) == 272
    home = Counter(regular["home_team"])
    weeks_of: dict[str, list[int]] = {}
    for game in regular.itertuples():
        weeks_of.setdefault(game.home_team, []).append(game.week)
        weeks_of.setdefault(game.away_team, []).append(game.week)
    assert len(weeks_of) == 32
    for team, weeks in weeks_of.items():
        assert len(weeks) == len(set(weeks)) == 17, team
        (bye,) = set(range(1, 19)) - set(weeks)
        assert 5 <= bye <= 14, team
        assert home[team] in (8, 9), team
    assert regular["div_game"].sum() == 96


@pytest.mark.parametrize("season", [2023, 2024])
def test_play_offs_are_a_bracket_of_14_teams(games: pd.DataFrame, season: int) -> None:
    post = games[(games["season"] == season) & (games["game_type"] != "REG")]
    by_type = post.groupby(["week", "game_type"]).size().to_dict()
    assert by_type == {(19, "WC"): 6, (20, "DIV"): 4, (21, "CON"): 2, (22, "SB"): 1}
    assert len(set(post["home_team"]) | set(post["away_team"])) == 14
    losers: set[str] = set()
    for game in post.sort_values("kickoff").itertuples():
        assert losers.isdisjoint({game.home_team, game.away_team})
        losers.add(game.away_team if game.home_score > game.away_score else game.home_team)
    assert len(losers) == 13
    assert post.loc[post["game_type"] == "SB", "neutral_site"].all()


def test_kickoffs_are_where_television_wants_them(games: pd.DataFrame) -> None:
    eastern = games["kickoff"].dt.tz_convert("America/New_York")
    openers = eastern[games["week"] == 1].groupby(games["season"]).max().dt.strftime("%m-%d")
    assert openers.to_dict() == {2023: "09-11", 2024: "09-09", 2025: "09-08"}
    slots = set(eastern[games["week"] < 18].dt.strftime("%a %H:%M"))
    assert slots == {
        "Thu 20:15",
        *("Sun 13:00", "Sun 16:05", "Sun 16:25", "Sun 20:20"),
        "Mon 20:15",
    }
    assert games[["home_rest", "away_rest"]].min().min() >= 4


def test_the_present_is_the_tuesday_after_week_9_of_2025(league: SampleLeague) -> None:
    assert datetime(2025, 11, 4, 8, tzinfo=timezone.utc) == SAMPLE_NOW
    status = week_status(games_from_table(league.schedule()), SAMPLE_NOW)
    assert status.due == SeasonWeek(2025, 9)
    assert status.complete
    assert status.upcoming == SeasonWeek(2025, 10)


def test_nothing_of_the_future_is_known(
    games: pd.DataFrame, frames: dict[str, pd.DataFrame]
) -> None:
    is_played = games["kickoff"] < SAMPLE_NOW
    assert (games["home_score"].notna() == is_played).all()
    assert (games["away_score"].notna() == is_played).all()
    has_line = is_played | ((games["season"] == 2025) & (games["week"] == 10))
    assert (games["spread_line"].notna() == has_line).all()
    last = {
        name: frame.loc[frame["season"] == 2025, "week"].max() for name, frame in frames.items()
    }
    assert last == {
        "weekly_stats": 9,
        "weekly_rosters": 9,
        "snap_counts": 9,
        "injuries": 10,
        "nflcom_projections": 10,
    }
    assert (frames["injuries"]["modified_at"] < SAMPLE_NOW).all()
    assert (frames["nflcom_projections"]["as_of"] < SAMPLE_NOW).all()


def test_weeks_without_projections_give_no_rows(league: SampleLeague) -> None:
    assert league.nflcom_projections(2025, [11, 12]).num_rows == 0
    assert league.nflcom_projections(2024, [19, 22]).num_rows == 0
    assert set(league.nflcom_projections(2024, iter([5, 3, 5]))["week"].to_pylist()) == {3, 5}


# Rosters, injuries, snaps


def test_rosters_hold_exactly_the_teams_that_play(
    games: pd.DataFrame, frames: dict[str, pd.DataFrame]
) -> None:
    rosters = frames["weekly_rosters"]
    listed = set(rosters[["season", "week", "team"]].itertuples(index=False, name=None))
    played = games[games["kickoff"] < SAMPLE_NOW]
    playing = {
        (game.season, game.week, team)
        for game in played.itertuples()
        for team in (game.home_team, game.away_team)
    }
    assert listed == playing
    size = rosters.groupby(["season", "week", "team", "position"]).size().unstack()
    assert {p: set(size[p]) for p in ("QB", "RB", "WR", "TE", "K")} == {
        "QB": {3},
        "RB": {4},
        "WR": {6},
        "TE": {3},
        "K": {1},
    }
    assert {"ACT", "DEV", "INA", "RES"} == set(rosters["status"])


def test_injured_players_play_as_their_status_says(frames: dict[str, pd.DataFrame]) -> None:
    key = ["season", "week", "player_id"]
    reports = frames["injuries"].merge(frames["weekly_rosters"][[*key, "status"]], on=key)
    plays = reports["status"].eq("ACT").groupby(reports["injury_status"].fillna("-")).mean()
    assert plays["Out"] == 0
    assert plays["Doubtful"] < 0.2
    assert 0.65 < plays["Questionable"] < 0.85
    assert plays["-"] == 1
    out = frames["injuries"].query("injury_status == 'Out'")
    assert len(out) > 300
    assert out.merge(frames["weekly_stats"], on=key).empty
    assert set(frames["injuries"]["practice_status"]) == {"DNP", "Limited", "Full"}


def test_injuries_last_for_weeks(frames: dict[str, pd.DataFrame]) -> None:
    reports = frames["injuries"]
    key = ["season", "week", "player_id"]
    again = reports.assign(week=reports["week"] + 1).merge(reports, on=key)
    assert len(again) > 0.2 * len(reports)


def test_only_active_players_have_stats_and_snaps(
    league: SampleLeague, frames: dict[str, pd.DataFrame]
) -> None:
    key = ["season", "week", "player_id", "team"]
    active = frames["weekly_rosters"].query("status == 'ACT'")[key]
    stats = frames["weekly_stats"]
    assert len(stats.merge(active, on=key)) == len(stats)
    ids = league.player_ids().to_pandas()[["pfr_id", "player_id"]]
    linemen = league.players().to_pandas().query("position == 'OT'")[["pfr_id", "player_id"]]
    snaps = frames["snap_counts"].merge(pd.concat([ids, linemen]), on="pfr_id")
    assert len(snaps) == len(frames["snap_counts"])
    assert len(snaps.merge(active, on=key)) == len(snaps)
    touched = stats[stats["attempts"] + stats["carries"] + stats["targets"] > 0]
    both = touched.merge(snaps, on=key)
    assert len(both) == len(touched)
    assert (both["offense_snaps"] >= both["carries"] + both["targets"]).all()
    assert snaps["snap_share"].between(0, 1).all()


def test_some_players_change_team_and_some_are_rookies(
    league: SampleLeague, frames: dict[str, pd.DataFrame]
) -> None:
    teams = frames["weekly_rosters"].groupby(["season", "player_id"])["team"].nunique()
    traded = (teams > 1).groupby("season").sum()
    assert traded.between(4, 12).all()
    rookies = frames["weekly_rosters"].query("season == rookie_season")
    assert (rookies.groupby("season")["draft_pick"].nunique() > 20).all()
    assert rookies["draft_pick"].isna().any()

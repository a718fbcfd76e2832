"""Projections of single defenders: no leak, gaps of the data, NFL.com, accuracy, the targets."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.football.positions import DEFENDER_GROUPS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import codes, of_week, of_weeks
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.defender_accuracy import (
    defender_accuracy,
    stored_accuracy,
)
from fantasy_pipeline.projections.defender_careers import STATS, WORTH, games_of, stored_games
from fantasy_pipeline.projections.defenders import (
    NFLCOM_WEIGHT,
    defender_projections,
    weeks_without,
)
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 6)
SEASONS = (2023, 2024)
EARLY, LATE = (datetime(2024, month, 1, tzinfo=timezone.utc) for month in (9, 12))
NOBODY = SOURCE_PROJECTIONS.arrow_schema.empty_table()


@pytest.fixture(scope="module")
def games(sample: SampleLeague) -> pa.Table:
    return sample.schedule()


@pytest.fixture(scope="module")
def players(sample: SampleLeague, games: pa.Table) -> pa.Table:
    weeks = list(range(1, 18))
    return pa.concat_tables([raw_players(sample, games, one, weeks)[0] for one in SEASONS])


@pytest.fixture(scope="module")
def lines(sample: SampleLeague, games: pa.Table, players: pa.Table) -> pa.Table:
    return pa.concat_tables(
        [
            weekly_stats(sample, games, of_season(players, one), one, list(range(1, 18)))
            for one in SEASONS
        ]
    )


def of_season(table: pa.Table, season: int) -> pa.Table:
    return table.filter(pc.equal(table["season"], season))


def projected(
    players: pa.Table,
    lines: pa.Table,
    games: pa.Table,
    week: SeasonWeek = WEEK,
    stated: pa.Table = NOBODY,
) -> pa.Table:
    past = games_of(players, lines)
    listed = of_week(players, week)
    return defender_projections(past, listed, games, stated, [week], None)


def changed(table: pa.Table, name: str, mask: pa.Array, more: float) -> pa.Table:
    """Return a table with more of a stat in some rows."""
    column = table[name]
    values = pc.if_else(mask, pc.add(column, pa.scalar(more, column.type)), column)
    return table.set_column(table.column_names.index(name), name, values)


def test_every_rostered_defender_is_projected(
    players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    table = projected(players, lines, games)
    DEFENDER_PROJECTIONS.validated(table)
    listed = of_week(players, WEEK)
    defends = pc.is_in(listed["position"], pa.array(["DE", "LB", "CB", "S"]))
    assert set(table["player_id"].to_pylist()) == set(
        listed.filter(defends)["player_id"].to_pylist()
    )
    assert set(table["position"].to_pylist()) == set(DEFENDER_GROUPS)
    points = table["projected_points"].to_numpy()
    line = np.column_stack([table[name].to_numpy() for name in STATS])
    assert np.abs(points - line @ WORTH).max() <= 0.006
    playing = points > 0
    assert playing.mean() > 0.6
    assert 2 < points[playing].mean() < 20
    floor, middle, ceiling = (table[name].to_numpy() for name in ("p10", "p50", "p90"))
    assert (floor <= middle).all()
    assert (middle <= ceiling).all()


def test_projections_do_not_know_what_came_later(
    players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    """What happens in the week or later, and whether it is known at all, changes no byte."""
    expected = projected(players, lines, games)
    late = pa.array(codes(lines) >= WEEK.code)
    assert projected(players, changed(lines, "def_sacks", late, 3.0), games).equals(expected)
    snaps = changed(players, "defense_snaps", pa.array(codes(players) >= WEEK.code), 20)
    assert projected(snaps, lines, games).equals(expected)
    assert projected(players, lines.filter(pc.invert(late)), games).equals(expected)
    without_scores = games
    for name in ("home_score", "away_score", "temp", "wind"):
        coming = pa.array(codes(games) >= WEEK.code)
        values = pc.if_else(coming, pa.scalar(None, games.schema.field(name).type), games[name])
        at = games.column_names.index(name)
        without_scores = without_scores.set_column(at, games.schema.field(name), values)
    assert projected(players, lines, without_scores).equals(expected)


def test_projections_know_the_week_before(
    players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    last = pa.array(codes(lines) == WEEK.code - 1)
    expected = projected(players, lines, games)
    assert not projected(players, changed(lines, "def_sacks", last, 3.0), games).equals(expected)
    last = pa.array(codes(players) == WEEK.code - 1)
    more_snaps = changed(players, "defense_snaps", last, 20)
    assert not projected(more_snaps, lines, games).equals(expected)


def test_weeks_of_the_old_release_are_no_zeros(
    players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    """A file without defenders, or without snaps, is no game without a tackle."""
    at = lines.column_names.index("def_tackles_solo")
    none = pa.nulls(lines.num_rows, pa.float64())
    without = lines.set_column(at, lines.schema.field(at), none)
    assert games_of(players, without).num_rows == 0
    assert projected(players, without, games).num_rows == 0
    at = players.column_names.index("defense_snaps")
    none = pa.nulls(players.num_rows, pa.int32())
    assert games_of(players.set_column(at, players.schema.field(at), none), lines).num_rows == 0
    # One such week among others leaves the means as they were.
    early = pc.equal(lines["week"], 3)
    some = pc.if_else(early, pa.scalar(None, pa.float64()), lines["def_tackles_solo"])
    at = lines.column_names.index("def_tackles_solo")
    past = games_of(players, lines.set_column(at, lines.schema.field(at), some))
    assert 3 not in past["week"].to_pylist()
    assert past.num_rows > 0


def test_a_game_without_a_score_is_no_game_without_a_tackle(
    players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    """An abandoned game has snaps, and neither a score nor stat lines: nothing is known of it."""
    at = SeasonWeek(2024, 5)
    team = of_week(team_games(games), at)["team"][0].as_py()
    opponent = next(
        row["opponent"] for row in of_week(team_games(games), at).to_pylist() if row["team"] == team
    )
    of_both = pc.is_in(lines["team"], pa.array([team, opponent]))
    abandoned = pc.and_(of_both, pa.array(codes(lines) == at.code))
    past = games_of(players, lines.filter(pc.invert(abandoned)))
    known = of_week(past, at)
    assert known.num_rows > 0
    assert not {team, opponent} & set(known["team"].to_pylist())
    # The projections are those of defenders who did not have the game at all.
    of_both = pc.is_in(players["team"], pa.array([team, opponent]))
    without_snaps = pc.and_(of_both, pa.array(codes(players) == at.code))
    at_column = players.column_names.index("defense_snaps")
    none = pc.if_else(without_snaps, pa.scalar(None, pa.int32()), players["defense_snaps"])
    never = players.set_column(at_column, players.schema.field(at_column), none)
    expected = projected(never, lines, games)
    assert projected(players, lines.filter(pc.invert(abandoned)), games).equals(expected)
    names = ("home_score", "away_score")
    for name in names:
        unscored = pa.array(codes(games) == at.code)
        values = pc.if_else(unscored, pa.scalar(None, games.schema.field(name).type), games[name])
        place = games.column_names.index(name)
        games = games.set_column(place, games.schema.field(place), values)
    assert projected(never, lines, games).equals(expected)


def test_a_week_without_defenders_is_named(players: pa.Table, lines: pa.Table) -> None:
    nothing = DEFENDER_PROJECTIONS.arrow_schema.empty_table()
    imported = [SeasonWeek(2024, 4), SeasonWeek(2024, 5)]
    [(season, [text])] = weeks_without(nothing, [SeasonWeek(2024, 5), WEEK], imported).items()
    assert season == 2024
    assert text == (
        "defender_projections 2024 week 5, 6: the weeks before have no defensive snaps or no "
        "tackles, as those of nfl_data_py and of earlier versions; import them again with source "
        "auto"
    )
    assert weeks_without(nothing, [SeasonWeek(2024, 4)], imported) == {}
    assert weeks_without(nothing, [WEEK], []) == {}


def test_a_defender_without_a_stat_line_did_nothing(rows: Rows) -> None:
    about = {"season": 2024, "week": 1, "position": "CB", "opponent": "MIA"}
    about |= {"team": "BUF", "defense_snaps": 60}
    listed = rows(RAW_PLAYERS, {**about, "player_id": "a"}, {**about, "player_id": "b"})
    more = {**about, "player_id": "a", "def_tackles_solo": 5.0}
    del more["defense_snaps"]
    first, second = games_of(listed, rows(WEEKLY_STATS, more)).to_pylist()
    assert (first["def_tackles_solo"], first["def_sacks"]) == (5.0, 0.0)
    assert (second["def_tackles_solo"], second["def_sacks"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "reason", "share"),
    [
        ({"injury_status": "Questionable"}, "questionable", 1.0),
        ({"injury_status": "Doubtful"}, "doubtful", 0.05),
        ({"injury_status": "Out"}, "out", 0.0),
        ({"roster_status": "INA"}, None, 1.0),
        ({"injury_status": "Out", "injury_modified_at": LATE}, None, 1.0),
        ({"injury_status": "Out", "injury_modified_at": EARLY}, "out", 0.0),
        ({"roster_status": "RES"}, "reserve list", 0.0),
        ({"roster_status": "DEV"}, "practice squad", 0.0),
        ({"on_bye": True, "opponent": None}, "bye", 0.0),
        ({"on_bye": True, "opponent": None, "roster_status": "RES"}, "reserve list", 0.0),
    ],
)
def test_what_is_known_before_kickoff(
    rows: Rows, games: pa.Table, change: dict[str, Any], reason: str | None, share: float
) -> None:
    row = {
        **{"season": 2024, "player_id": "a", "position": "LB", "team": "BUF", "opponent": "MIA"},
        **{"roster_status": "ACT", "on_bye": False, "defense_snaps": 60},
    }
    line = {"season": 2024, "week": 5, "player_id": "a", "team": "BUF", "def_tackles_solo": 8.0}
    found = []
    for one in ({}, change):
        listed = rows(RAW_PLAYERS, {**row, "week": 5}, {**row, "week": 6, **one})
        [found_row] = projected(listed, rows(WEEKLY_STATS, line), games).to_pylist()
        found.append(found_row)
    fit, other = found
    assert (fit["reason"], other["reason"]) == (None, reason)
    assert other["projected_points"] == pytest.approx(share * fit["projected_points"], abs=0.02)


def test_a_rookie_plays_by_his_draft_pick(rows: Rows, games: pa.Table) -> None:
    row = {"season": 2024, "position": "S", "team": "BUF", "opponent": "MIA", "on_bye": False}
    old = {**row, "week": 5, "player_id": "old", "defense_snaps": 60}
    new = [
        {**row, "week": 6, "player_id": name, "roster_status": "ACT", "draft_pick": pick}
        for name, pick in (("first", 5), ("second", 60), ("undrafted", None))
    ]
    line = {"season": 2024, "week": 5, "player_id": "old", "team": "BUF", "def_tackles_solo": 8.0}
    table = projected(rows(RAW_PLAYERS, old, *new), rows(WEEKLY_STATS, line), games)
    assert table["snaps"].to_pylist() == [40.0, 26.0, 10.0]
    assert table["usual_snaps"].to_pylist() == [0.0, 0.0, 0.0]


def stated_by_nflcom(rows: Rows, player: str, week: SeasonWeek, points: float) -> pa.Table:
    about = {"season": week.season, "week": week.week, "source": "nflcom", "player_id": player}
    return rows(SOURCE_PROJECTIONS, {**about, "position": "LB", "points_half": points})


def test_nflcom_moves_the_points_and_the_line(
    rows: Rows, players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    ours = projected(players, lines, games)
    best = ours.sort_by([("projected_points", "descending")]).to_pylist()[0]
    said = stated_by_nflcom(rows, best["player_id"], WEEK, best["projected_points"] + 5)
    both = projected(players, lines, games, stated=said)
    at = both["player_id"].to_pylist().index(best["player_id"])
    row = both.slice(at, 1).to_pylist()[0]
    moved = row["projected_points"] - best["projected_points"]
    assert moved == pytest.approx(5 * NFLCOM_WEIGHT, abs=0.02)
    assert row["model_points"] == best["projected_points"]
    assert (row["source"], best["source"]) == ("consensus", "model")
    ratio = row["projected_points"] / best["projected_points"]
    for name in STATS:
        assert row[name] == pytest.approx(best[name] * ratio, abs=0.002)


def test_older_points_of_nflcom_are_put_in_its_scoring_of_today(
    rows: Rows, games: pa.Table
) -> None:
    """Until 2022 a tackle paid 1.7 points and an assist 0.8, since then 1.5 and 0.6."""
    found = {}
    for season in (2022, 2023):
        about = {"season": season, "player_id": "a", "position": "LB", "team": "BUF"}
        about |= {"opponent": "MIA", "on_bye": False, "roster_status": "ACT", "defense_snaps": 60}
        listed = rows(RAW_PLAYERS, {**about, "week": 5}, {**about, "week": 6})
        line = {"season": season, "week": 5, "player_id": "a", "team": "BUF"}
        line |= {"def_tackles_solo": 8.0}
        week = SeasonWeek(season, 6)
        said = stated_by_nflcom(rows, "a", week, 10.0)
        [row] = projected(listed, rows(WEEKLY_STATS, line), games, week, said).to_pylist()
        found[season] = row["nflcom_points"]
    assert found[2023] == 10.0
    assert 8.5 < found[2022] < 9.5


def test_accuracy_scores_those_with_the_most_snaps(
    players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    past = games_of(players, lines)
    weeks = [SeasonWeek(2024, 6), SeasonWeek(2024, 7)]
    listed = of_weeks(players, weeks)
    table = defender_projections(past, listed, games, NOBODY, weeks, None)
    accuracy = defender_accuracy(table, of_weeks(past, weeks))
    assert set(accuracy["position"].to_pylist()) == set(DEFENDER_GROUPS)
    assert set(accuracy["source"].to_pylist()) == {"consensus", "model", "naive recency-weighted"}
    counts = {
        (row["pool"], row["position"]): row["players"]
        for row in accuracy.to_pylist()
        if row["week"] == 6
    }
    assert counts["all", "LB"] == 36
    assert counts["played", "LB"] <= 36
    # A line-up has one DE per team.
    assert counts["all", "DL"] <= len(set(team_games(of_week(games, weeks[0]))["team"].to_pylist()))
    assert defender_accuracy(table, past.slice(0, 0)).num_rows == 0


def test_games_and_accuracy_come_from_the_lake(
    lake: Lake, players: pa.Table, lines: pa.Table, games: pa.Table
) -> None:
    assert stored_games(lake, [WEEK]).num_rows == 0
    assert stored_accuracy(lake, [WEEK]).num_rows == 0
    weeks = [SeasonWeek(season, week) for season in SEASONS for week in range(1, 8)]
    lake.write_weeks(RAW_PLAYERS, of_weeks(players, weeks), weeks)
    lake.write_weeks(WEEKLY_STATS, of_weeks(lines, weeks), weeks)
    stored = stored_games(lake, [WEEK])
    assert stored.equals(
        games_of(*(of_weeks(t, [w for w in weeks if w < WEEK]) for t in (players, lines)))
    )
    table = projected(players, lines, games)
    lake.write_weeks(DEFENDER_PROJECTIONS, table, [WEEK])
    of_the_week = of_week(games_of(players, lines), WEEK)
    assert stored_accuracy(lake, [WEEK]).equals(defender_accuracy(table, of_the_week))


@pytest.mark.parametrize(("season", "of_the_time"), [(2015, "STL"), (2016, "SD"), (2019, "OAK")])
def test_defenders_of_a_team_with_a_code_of_the_time_have_their_snaps(
    nfl_mirror: Path, tmp_path: Path, season: int, of_the_time: str
) -> None:
    """Snap counts have the code of the time, and stat lines that of today."""
    source = Nflverse(Transport(tmp_path / "cache", mirror=str(nfl_mirror), offline=True), "auto")
    games = source.schedule()
    assert of_the_time not in TEAMS
    listed, _ = raw_players(source, games, season, [3], asks_nflcom=False)
    past = games_of(listed, weekly_stats(source, games, listed, season, [3]))
    counts = {
        row["team"]: row["player_id_count"]
        for row in past.group_by("team").aggregate([("player_id", "count")]).to_pylist()
    }
    played = set(of_week(team_games(games), SeasonWeek(season, 3))["team"].to_pylist())
    assert set(counts) == played == played & set(TEAMS)
    assert min(counts.values()) >= 11, counts


@pytest.mark.slow
def test_real_seasons_reach_the_targets(nfl_mirror: Path, tmp_path: Path) -> None:
    """The 36 with the most snaps per position and week who play: 2023 and 2024, weeks 1-17."""
    source = Nflverse(Transport(tmp_path / "cache", mirror=str(nfl_mirror), offline=True), "auto")
    games, weeks = source.schedule(), list(range(1, 18))
    parts = []
    for season in (2021, 2022, 2023, 2024):
        listed, _ = raw_players(source, games, season, weeks, asks_nflcom=False)
        parts.append((listed, weekly_stats(source, games, listed, season, weeks)))
    players, lines = (pa.concat_tables(tables) for tables in zip(*parts, strict=True))
    past = games_of(players, lines)
    wanted = [SeasonWeek(season, week) for season in (2023, 2024) for week in weeks]
    listed = of_weeks(players, wanted)
    table = defender_projections(past, listed, games, NOBODY, wanted, None)
    accuracy = defender_accuracy(table, of_weeks(past, wanted)).to_pylist()
    played = [row for row in accuracy if (row["pool"], row["scoring"]) == ("played", "ppr")]
    means = {}
    for source_name in ("model", "naive recency-weighted"):
        rows = [row for row in played if row["source"] == source_name]
        weights = [row["players"] for row in rows]
        assert sum(weights) > 3000
        mae = np.average([row["mae"] for row in rows], weights=weights)
        means[source_name] = mae, np.mean([row["spearman"] for row in rows])
    mae, rank = means["model"]
    assert mae <= 3.95
    assert rank >= 0.16
    usual_mae, usual_rank = means["naive recency-weighted"]
    assert mae < usual_mae
    assert rank > usual_rank

"""Projections of team defences: no leak, byes, the consensus, and the targets on real seasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    PLAYER_HISTORY,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    TEAM_DEFENSE_STATS,
)
from fantasy_pipeline.football.tables.week_rows import codes, of_week, of_weeks, weeks_in
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sites.espn import espn
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.team_defense import rostered_defences, team_defense_stats
from fantasy_pipeline.lake.duck import database
from fantasy_pipeline.leagues.team_defence import with_standard_points
from fantasy_pipeline.projections import team_defense
from fantasy_pipeline.projections.history import INPUTS, player_history
from fantasy_pipeline.projections.history.defences import USUAL
from fantasy_pipeline.projections.scoreboard import scoreboard
from fantasy_pipeline.projections.team_defense_accuracy import ACTUAL, defence_accuracy
from fantasy_pipeline_tests.rows import Rows

SEASONS, WEEK = (2023, 2024), SeasonWeek(2024, 6)
Tables = tuple[pa.Table, pa.Table, pa.Table, pa.Table]
STATED_AT = datetime(2024, 10, 1, tzinfo=timezone.utc)


def listed_in(games: pa.Table, weeks: Sequence[SeasonWeek]) -> pa.Table:
    """Return `RAW_PLAYERS` rows of the defences that play in some weeks."""
    sides = team_games(games).select(["season", "week", "team", "opponent", "is_home"])
    sides = sides.filter(pa.array(np.isin(codes(sides), [week.code for week in weeks])))
    on_bye = pa.array(np.zeros(sides.num_rows, dtype=bool))
    return rostered_defences(sides.append_column("on_bye", on_bye))


@pytest.fixture(scope="module")
def games(sample: SampleLeague) -> pa.Table:
    return sample.schedule()


@pytest.fixture(scope="module")
def defences(sample: SampleLeague, games: pa.Table) -> pa.Table:
    lines = pa.concat_tables([sample.weekly_stats(season) for season in SEASONS])
    return with_standard_points(team_defense_stats(games, lines))


def history_of(defences: pa.Table, games: pa.Table, listed: pa.Table) -> pa.Table:
    """Return the `PLAYER_HISTORY` rows of defences."""
    with database() as connection:
        for table in INPUTS:
            connection.register(table.name, table.arrow_schema.empty_table())
        for table, rows in ((GAMES, games), (RAW_PLAYERS, listed), (TEAM_DEFENSE_STATS, defences)):
            connection.register(table.name, rows)
        return player_history(connection)


def projected(defences: pa.Table, games: pa.Table, week: SeasonWeek = WEEK) -> pa.Table:
    listed = listed_in(games, [one for one in weeks_in(games) if one.season in SEASONS])
    history = history_of(defences, games, listed)
    return team_defense.model_rows(history, listed, [week], None)


def changed(defences: pa.Table, mask: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Return defences with 20 more points and 5 more sacks in some rows."""
    for name, more in ((team_defense.POINTS, 20.0), ("sacks", 5.0)):
        values = pc.if_else(mask, pc.add(defences[name], more), defences[name])
        defences = defences.set_column(defences.column_names.index(name), name, values)
    return defences


def test_every_team_with_a_game_is_projected(defences: pa.Table, games: pa.Table) -> None:
    table = projected(defences, games)
    playing = set(team_games(of_week(games, WEEK))["team"].to_pylist())
    assert set(table["team"].to_pylist()) == playing
    assert set(table["source"].to_pylist()) == {"model"}
    points = table["projected_points"].to_numpy()
    assert 3 < points.mean() < 10
    assert points.std() > 0.5
    # Points are those of one scoring: receptions cannot change them.
    assert table["projected_points"].equals(table["projected_points_half"])
    assert table["receptions"].null_count == table.num_rows


def test_projections_do_not_know_what_came_later(defences: pa.Table, games: pa.Table) -> None:
    """What happens in the week or later, and whether it is known at all, changes no byte."""
    expected = projected(defences, games)
    later = pa.array(codes(defences) >= WEEK.code)
    assert projected(changed(defences, later), games).equals(expected)
    before = defences.filter(pc.invert(later))
    without_scores = games
    for name in ("home_score", "away_score", "temp", "wind"):
        late = pa.array(codes(games) >= WEEK.code)
        values = pc.if_else(late, pa.scalar(None, games.schema.field(name).type), games[name])
        at = games.column_names.index(name)
        without_scores = without_scores.set_column(at, games.schema.field(name), values)
    assert projected(before, without_scores).equals(expected)


def test_a_roof_that_can_open_is_not_known_before(defences: pa.Table, games: pa.Table) -> None:
    """Upstream states on the day of the game whether it is open."""
    movable = pc.is_in(games["roof"], pa.array(["open", "closed"]))
    assert pc.any(movable).as_py()
    at = games.column_names.index("roof")
    unknown = pc.if_else(movable, pa.scalar(None, pa.string()), games["roof"])
    later = games.set_column(at, games.schema.field(at), unknown)
    assert projected(defences, later).equals(projected(defences, games))


def test_projections_know_the_week_before(defences: pa.Table, games: pa.Table) -> None:
    last = pc.equal(pa.array(codes(defences)), WEEK.code - 1)
    assert not projected(changed(defences, last), games).equals(projected(defences, games))


def test_a_season_is_learnt_from_the_seasons_before(defences: pa.Table, games: pa.Table) -> None:
    """Games of this season change what is known of a team, but no coefficient."""
    first = SeasonWeek(2024, 1)
    this = pc.equal(defences["season"], 2024)
    expected = projected(defences, games, first)
    assert projected(changed(defences, this), games, first).equals(expected)


def test_a_lower_total_of_the_opponent_is_worth_more(defences: pa.Table, games: pa.Table) -> None:
    table = projected(defences, games)
    total, name = games["total_line"], "total_line"
    in_week = pa.array(codes(games) == WEEK.code)
    less = pc.if_else(in_week, pc.subtract(total, 6.0), total)
    lower = games.set_column(games.column_names.index(name), name, less)
    difference = pc.subtract(
        projected(defences, lower)["projected_points"], table["projected_points"]
    )
    assert pc.min(difference).as_py() > 0


def test_without_lines_and_without_stats_the_usual_is_projected(
    defences: pa.Table, games: pa.Table
) -> None:
    unknown = games
    for name in ("total_line", "spread_line"):
        nulls = pa.nulls(games.num_rows, pa.float64())
        unknown = unknown.set_column(games.column_names.index(name), name, nulls)
    table = projected(defences.slice(0, 0), unknown)
    assert set(table["source"].to_pylist()) == {"baseline"}
    assert set(table["projected_points"].to_pylist()) == {USUAL[0]}
    assert table["implied_team_total"].null_count == table.num_rows
    assert projected(defences, unknown)["projected_points"].null_count == 0


def test_a_bye_is_0_with_its_reason(defences: pa.Table, games: pa.Table) -> None:
    listed = listed_in(games, [WEEK]).slice(0, 1)
    free = games.filter(pc.invert(pc.equal(pa.array(codes(games)), WEEK.code)))
    history = history_of(defences, free, listed)
    row = team_defense.model_rows(history, listed, [WEEK], None).to_pylist()[0]
    assert (row["projected_points"], row["p10"], row["p90"], row["plays"]) == (0, 0, 0, 0)
    assert row["reason"] == "bye"


def stated(rows: Rows, week: SeasonWeek, source: str, team: str, points: float) -> pa.Table:
    about = {"season": week.season, "week": week.week, "source": source, "position": "DST"}
    kickoff = datetime(2024, 10, 13, 17, tzinfo=timezone.utc)
    said = {"as_of": STATED_AT, "kickoff": kickoff, "basis": "before kick-off"}
    every = {f"points_{name}": points for name in ("std", "half", "ppr")}
    return rows(SOURCE_PROJECTIONS, {**about, **said, **every, "player_id": f"DST-{team}"})


def test_the_consensus_moves_towards_espn_only(
    rows: Rows, defences: pa.Table, games: pa.Table
) -> None:
    ours = projected(defences, games)
    one, two = ours.to_pylist()[:2]
    said = pa.concat_tables(
        [
            stated(rows, WEEK, "espn", one["team"], one["projected_points"] + 4),
            stated(rows, WEEK, "sleeper", two["team"], two["projected_points"] + 4),
        ]
    )
    table = team_defense.consensus_rows(ours, said, "test")
    first, second = table.to_pylist()[:2]
    moved = 4 * team_defense.SOURCE_WEIGHT
    assert first["projected_points"] == pytest.approx(one["projected_points"] + moved, abs=0.011)
    assert first["p90_std"] == pytest.approx(one["p90"] + moved, abs=0.011)
    assert (first["source"], first["sources"], first["spread"]) == ("consensus (test)", 2, 4.0)
    # Sleeper's points are in another scoring.
    assert second["projected_points"] == two["projected_points"]
    assert (second["source"], second["sources"], second["spread"]) == ("model", 1, 0.0)


def test_a_history_of_an_earlier_version_has_no_defences(
    rows: Rows, defences: pa.Table, games: pa.Table
) -> None:
    listed = listed_in(games, [WEEK])
    older = rows(PLAYER_HISTORY, {**WEEK._asdict(), "player_id": "a", "position": "QB"})
    text = f"projections {WEEK}: player_history has no team defences of that week"
    with pytest.raises(PipelineError, match=text):
        team_defense.model_rows(older, listed, [WEEK], None)
    # Neither has raw_players of an earlier version.
    assert team_defense.model_rows(older, listed.slice(0, 0), [WEEK], None).num_rows == 0


def test_accuracy_scores_every_defence_that_played(
    rows: Rows, defences: pa.Table, games: pa.Table
) -> None:
    ours = projected(defences, games)
    history = history_of(defences, games, listed_in(games, [WEEK]))
    team = ours["team"][0].as_py()
    said = stated(rows, WEEK, "espn", team, 9.0)
    both = team_defense.consensus_rows(ours, said, None)
    table = defence_accuracy(history, both, ours, said)
    found = {
        row["source"]: row
        for row in table.to_pylist()
        if (row["scoring"], row["pool"]) == ("ppr", "played")
    }
    assert set(found) == {"consensus", "model", "espn", "naive recency-weighted"}
    assert found["model"]["players"] == ours.num_rows
    actual = of_week(defences, WEEK).filter(pc.equal(of_week(defences, WEEK)["team"], team))
    assert found["espn"]["mae"] == abs(9.0 - actual[team_defense.POINTS][0].as_py())
    assert 0 <= found["consensus"]["coverage"] <= 1
    assert {row["position"] for row in table.to_pylist()} == {"DST"}
    assert defence_accuracy(history.slice(0, 0), both, ours, said).num_rows == 0


def test_rostered_defences_have_the_ids_of_sleeper_and_espn(games: pa.Table) -> None:
    table = listed_in(games, [WEEK])
    RAW_PLAYERS.validated(table)
    ids = {row["team"]: (row["sleeper_id"], row["espn_id"]) for row in table.to_pylist()}
    known = {"LA": ("LAR", "-16014"), "BUF": ("BUF", "-16002"), "HOU": ("HOU", "-16034")}
    assert {team: found for team, found in ids.items() if team in known} == {
        team: known[team] for team in known if team in ids
    }


@pytest.fixture(scope="module")
def walk_forward(nfl_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Return the history since 2015; of 2021-2024 consensus, model and ESPN, walk-forward."""
    cache = tmp_path_factory.mktemp("cache")
    transport = Transport(cache, mirror=str(nfl_mirror), offline=True)
    source = Nflverse(transport, "auto")
    games = source.schedule()
    defences = pa.concat_tables(
        [
            with_standard_points(team_defense_stats(games, source.weekly_stats(season)))
            for season in range(2015, 2025)
        ]
    )
    every = listed_in(games, weeks_in(defences))
    history = history_of(defences, games, every)
    weeks = [SeasonWeek(season, week) for season in range(2021, 2025) for week in range(1, 18)]
    listed = of_weeks(every, weeks)
    said = []
    for season in range(2021, 2025):
        of_season = [ScheduledWeek(week, True, {}) for week in weeks if week.season == season]
        said += espn(transport).fetch(of_season, listed).parts
    stated = pa.concat_tables(said)
    kickoff = pa.repeat(pa.scalar(STATED_AT, pa.timestamp("us", "UTC")), stated.num_rows)
    for name, values in (("kickoff", kickoff), ("basis", pa.repeat("shown since", len(kickoff)))):
        at = stated.column_names.index(name)
        stated = stated.set_column(at, stated.schema.field(name), values)
    ours = team_defense.model_rows(history, listed, weeks, None)
    return history, team_defense.consensus_rows(ours, stated, None), ours, stated


@pytest.mark.slow
def test_real_seasons_reach_the_targets(walk_forward: Tables) -> None:
    """On ESPN's team-weeks: correlation at least .34, RMSE at most .985 of ESPN's."""
    history, *projections, said = walk_forward
    keys = ["season", "week", "player_id"]
    names = [*keys, "projected_points", "p10", "p90"]
    actual = history.select([*keys, ACTUAL])
    espns = said.select([*keys, "points_ppr"]).join(actual, keys, join_type="inner")
    for table in projections:
        rows = table.select(names).join(espns, keys, join_type="inner")
        points, low, high, stated, scored = (
            rows[name].to_numpy() for name in (*names[3:], "points_ppr", ACTUAL)
        )
        assert len(points) > 1900
        assert np.corrcoef(points, scored)[0, 1] >= 0.34
        ours, theirs = (np.mean((one - scored) ** 2) ** 0.5 for one in (points, stated))
        assert ours / theirs <= 0.985
        assert 0.78 <= np.mean((scored >= low) & (scored <= high)) <= 0.82


@pytest.mark.slow
def test_defences_are_scored_apart_from_players(walk_forward: Tables) -> None:
    accuracy = defence_accuracy(*walk_forward)
    [consensus] = [
        row for row in scoreboard(accuracy, "position").to_pylist() if row["source"] == "consensus"
    ]
    assert consensus["position"] == "DST"
    assert 0.78 <= consensus["coverage"] <= 0.82
    # The figure of all positions is that of QB, RB, WR and TE.
    assert scoreboard(accuracy).num_rows == 0

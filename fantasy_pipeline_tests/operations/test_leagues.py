"""A league from `league add` to `league remove`, on the sample league and its fantasy league."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import games_from_table, week_status
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    LEAGUE_MATCHUPS,
    LEAGUE_POINTS,
    LEAGUE_ROSTERS,
    LEAGUE_TEAMS,
    OPTIMAL_LINEUPS,
    PROJECTIONS,
    RAW_PLAYERS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.espn import Espn
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SAMPLE_NOW, SampleLeague
from fantasy_pipeline.ingest.sample.fantasy import SLOTS, TEAMS, write_fantasy_league
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.team_defence import with_standard_points
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.league_add import JOB, espn_seasons, rectangles
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.tags import run_tags
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.ingest.leagues import invented
from fantasy_pipeline_tests.lake.places import FolderPlace
from fantasy_pipeline_tests.previous_version import code_of
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

WEEKS = [SeasonWeek(2025, week) for week in (1, 2)]
BEFORE_THE_LEAGUES = "3dbec0276f0e91ba4ee6ba65b3aa88b0304a38db"
"""The last commit whose weekly_stats lack the stats that leagues score."""
NAME = "sample-fantasy-league"


@pytest.fixture(scope="module")
def made(sample: SampleLeague, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose lake has two weeks of stats of the sample league."""
    made, league, numbers = tmp_path_factory.mktemp("made"), sample, [week.week for week in WEEKS]
    lake, games = lake_of(made), league.schedule()
    players, _ = raw_players(league, games, 2025, numbers)
    lake.write(GAMES, games)
    lake.write_weeks(RAW_PLAYERS, players, WEEKS)
    stats = weekly_stats(league, games, players, 2025, numbers)
    lake.write_weeks(WEEKLY_STATS, stats, WEEKS)
    defences = with_standard_points(team_defense_stats(games, stats))
    lake.write_weeks(TEAM_DEFENSE_STATS, defences, WEEKS)
    write_fantasy_league(made / "files", league.weekly_stats(2025), 2025)
    return made


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that home, which the test may change."""
    return shutil.copytree(made, tmp_path / "home")


def lake_of(home: Path) -> Lake:
    return Lake(str(home / "data" / "sample"), SAMPLE_LABEL)


def done(home: Path, *words: str) -> Any:
    code, out, err = call(home, ["league", *words, "--json"])
    assert code == 0, err
    return json.loads(out)


def test_a_league_is_added_checked_and_removed(home: Path) -> None:
    file = str(home / "files" / "fantasy.yaml")
    assert done(home, "add", "file", file) == {"league": NAME, "seasons": [2025], "weeks": 2}
    [listed] = done(home, "list")
    assert (listed["league"], listed["weeks"]) == (NAME, 2)
    assert len(done(home, "show", NAME)["teams"]) == len(TEAMS)
    shown = done(home, "show", NAME)
    # A team defence has a point per sack, and two per interception; no player has.
    assert (shown["team_defence"]["sack"], shown["team_defence"]["int"]) == (1, 2)
    assert not {"sack", "int"}.intersection(shown["scoring"])
    _, out, _ = call(home, ["league", "show", NAME])
    assert "Scoring of team defences: " in out
    assert ", sack 1" in " ".join(out.split())
    [season] = done(home, "check", NAME)["seasons"]
    assert season == {"season": 2025, "compared": 136, "equal": 136, "share": 1.0}

    lake = lake_of(home)
    teams = lake.read(LEAGUE_TEAMS).to_pylist()
    assert len(teams) == len(TEAMS)
    of_players, of_defences = teams[0]["scoring"].split("; team defences: ")
    assert "rec 0.5" in of_players.split(", ")
    assert {"int 2", "sack 1"} <= set(of_defences.split(", "))
    assert lake.read(LEAGUE_ROSTERS).num_rows == 2 * len(TEAMS) * len(SLOTS)
    for row in lake.read(LEAGUE_MATCHUPS).to_pylist():
        assert row["points"] == row["platform_points"]
        assert row["optimal_points"] >= row["points"]
        assert row["opponent_id"] in TEAMS

    # The lake has no projections, so only the actual line-ups.
    lineups = lake.read(OPTIMAL_LINEUPS).to_pylist()
    assert {row["kind"] for row in lineups} == {"actual"}
    for row in lake.read(LEAGUE_MATCHUPS).to_pylist():
        own = [x for x in lineups if (x["week"], x["team_id"]) == (row["week"], row["team_id"])]
        assert [x["slot"] for x in own] == [slot for slot in SLOTS if slot != "BN"]
        assert sum(x["points"] for x in own) == pytest.approx(row["optimal_points"])

    # The same league again changes nothing.
    before = lake.read(LEAGUE_POINTS)
    done(home, "add", "file", file)
    assert lake.read(LEAGUE_POINTS).equals(before)

    assert done(home, "remove", NAME) == {"league": NAME, "weeks": 2}
    assert done(home, "list") == []
    assert lake.read(LEAGUE_POINTS).num_rows == lake.read(LEAGUE_TEAMS).num_rows == 0
    assert lake.read(OPTIMAL_LINEUPS).num_rows == 0


def test_play_offs_divisions_and_pairings_are_in_league_teams(home: Path) -> None:
    path = home / "files" / "fantasy.yaml"
    east, west = TEAMS[:2], TEAMS[2:]
    path.write_text(
        path.read_text()
        + f"divisions: {{East: {list(east)}, West: {list(west)}}}\nplayoff_round_weeks: [2]\n"
        + "tie_break: head_to_head\nreseeds: true\n"
    )
    done(home, "add", "file", str(path))
    rows = {row["team_id"]: row for row in lake_of(home).read(LEAGUE_TEAMS).to_pylist()}
    assert [rows[team]["division"] for team in TEAMS] == ["East", "East", "West", "West"]
    row = rows[TEAMS[0]]
    assert (row["playoff_teams"], row["playoff_round_weeks"]) == (2, "2")
    assert (row["reseeds"], row["tie_break"]) == (True, "head_to_head")
    # Weeks to come have their pairings: a team meets each other one in turn, up to week 14.
    opponents = row["opponents"].split("; ")
    assert opponents[:4] == [TEAMS[2], TEAMS[3], TEAMS[1], TEAMS[2]]
    assert len(opponents) == 14


def test_a_week_without_rosters_before_others_is_named(home: Path) -> None:
    rosters = home / "files" / "rosters.csv"
    header, *lines = rosters.read_text().splitlines()
    at = header.split(",").index("week")
    later = [line for line in lines if line.split(",")[at] != "1"]
    rosters.write_text("\n".join([header, *later]) + "\n")
    code, out, err = call(home, ["league", "add", "file", str(home / "files" / "fantasy.yaml")])
    assert code == 0
    assert f"gave no rosters of 2025 week 1 for league {NAME}" in err
    assert f"League {NAME}: 1 week imported, 2025 week 2." in out
    assert lake_of(home).weeks(LEAGUE_POINTS) == WEEKS


def test_weeks_of_an_earlier_version_are_named(home: Path) -> None:
    lake = lake_of(home)
    [older, _] = WEEKS
    rows = lake.read(WEEKLY_STATS, [older]).drop_columns(sorted(WEEKLY_STATS.added_columns))
    pq.write_table(rows, sink := pa.BufferOutputStream())
    name = "weekly_stats/season=2025/week=01/part.parquet"
    FolderPlace(home / "data" / "sample").put(name, sink.getvalue().to_pybytes())
    file = str(home / "files" / "fantasy.yaml")
    code, _, err = call(home, ["league", "add", "file", file])
    assert code == 0
    assert "weekly_stats of 2025 week 1 lack stats that leagues score" in err
    assert "`fantasy-pipeline backfill --seasons 2025`" in err
    assert lake.weeks(LEAGUE_POINTS) == [WEEKS[1]]


def test_a_week_to_come_has_rosters_and_pairings(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(home, "add", "file", str(home / "files" / "fantasy.yaml"))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    monkeypatch.chdir(home)
    lake, week = lake_of(home), WEEKS[1]
    games = of_week(lake.read(GAMES), week)
    before = min(games["kickoff"].to_pylist()) - timedelta(days=1)
    session = Session("sample")
    tags = run_tags(week, "sample", "manual", as_of=before)
    outcome = execute(session.instance, JOB, "sample", tags, week)
    assert (outcome.success, outcome.errors) == (True, ())
    rosters = lake.read(LEAGUE_ROSTERS, [week])
    assert rosters.num_rows == len(TEAMS) * len(SLOTS)
    assert rosters["platform_points"].null_count == rosters.num_rows
    assert lake.read(LEAGUE_POINTS, [week]).num_rows == 0
    for row in lake.read(LEAGUE_MATCHUPS, [week]).to_pylist():
        assert row["opponent_id"] in TEAMS
        assert (row["points"], row["platform_points"], row["optimal_points"]) == (None, None, None)


def test_projected_weeks_are_imported_unless_they_are_over_without_stats(home: Path) -> None:
    """The import of a week that is over brings its stats; before that, its points would fail."""
    lake, league = lake_of(home), SampleLeague()
    status = week_status(games_from_table(lake.read(GAMES)), SAMPLE_NOW)
    over, to_come = status.last_completed, status.upcoming
    assert over is not None
    assert to_come is not None
    assert over > WEEKS[-1]
    players, _ = raw_players(league, league.schedule(), 2025, [over.week, to_come.week])
    lake.write_weeks(RAW_PLAYERS, players, [over, to_come])
    lake.write_weeks(PROJECTIONS, PROJECTIONS.arrow_schema.empty_table(), [over, to_come])
    added = done(home, "add", "file", str(home / "files" / "fantasy.yaml"))
    assert added["weeks"] == len(WEEKS)
    assert lake.weeks(LEAGUE_ROSTERS) == [*WEEKS, to_come]
    assert lake.read(LEAGUE_ROSTERS, [to_come]).num_rows == len(TEAMS) * len(SLOTS)


@pytest.mark.parametrize("platform", ["sleeper", "espn"])
def test_sample_data_take_no_league_of_real_players(home: Path, platform: str) -> None:
    code, out, err = call(home, ["league", "add", platform, "1"])
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].endswith("unset FANTASY_SOURCE, or add --source auto.")
    assert done(home, "list") == []


def test_seasons_with_the_same_weeks_are_one_run() -> None:
    weeks = [SeasonWeek(season, week) for season in (2020, 2021, 2022) for week in range(1, 19)]
    whole = [week for week in weeks if week != SeasonWeek(2020, 18)]
    later = [SeasonWeek(2024, 1), SeasonWeek(2024, 2), SeasonWeek(2024, 4)]
    assert rectangles(whole + later) == [
        (SeasonWeek(2020, 1), SeasonWeek(2020, 17)),
        (SeasonWeek(2021, 1), SeasonWeek(2022, 18)),
        (SeasonWeek(2024, 1), SeasonWeek(2024, 2)),
        (SeasonWeek(2024, 4), SeasonWeek(2024, 4)),
    ]


@pytest.fixture
def espn(home: Path, monkeypatch: pytest.MonkeyPatch) -> Espn:
    """Return ESPN with an invented league of 2023 and 2024; the schedule has 2025, too."""
    invented.espn_league(home / "espn", 2023, [2022])
    invented.espn_league(home / "espn", 2024, [2022, 2023])
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    return Espn(Transport(home / "cache", str(home / "espn")))


def test_espns_latest_season_is_searched_and_earlier_ones_are_named(espn: Espn) -> None:
    found, warnings = espn_seasons(Session("sample"), espn, "800", {2023, 2024})
    assert [season.season for season in found] == [2023, 2024]
    assert warnings == [
        "ESPN also has season 2022 of the league, of which the lake has no stats: run "
        "`fantasy-pipeline backfill --seasons 2022`, then `league add` again"
    ]


def test_a_season_that_espn_states_and_does_not_have_is_left_out(espn: Espn) -> None:
    found, [warning] = espn_seasons(Session("sample"), espn, "800", {2022, 2023, 2024})
    assert [season.season for season in found] == [2023, 2024]
    assert warning.startswith("season 2022 is left out: league 2022: ESPN has no league at ")


def test_a_league_that_espn_has_in_no_season(espn: Espn) -> None:
    with pytest.raises(PipelineError, match=r"ESPN has no league 801 in the seasons 2018-2025"):
        espn_seasons(Session("sample"), espn, "801", set())


def test_a_league_without_imported_weeks_has_no_next_step_but_the_backfill(home: Path) -> None:
    path = home / "files" / "fantasy.yaml"
    path.write_text(path.read_text().replace("season: 2025", "season: 2024"))
    code, out, err = call(home, ["league", "add", "file", str(path)])
    assert code == 0, err
    assert "run `fantasy-pipeline backfill --seasons 2024`, then `league add` again" in err
    assert out.splitlines() == [f"League {NAME}: no week of 2024 imported."]
    code, _, err = call(home, ["league", "check", NAME])
    assert code == 1
    assert (
        f"the lake has no week of league {NAME}. It lacks the stats of 2024: run `fantasy-pipeline "
        "backfill --seasons 2024`, which imports the league as well."
    ) in err


def test_a_file_with_a_season_after_the_coming_one_is_refused(home: Path) -> None:
    path = home / "files" / "fantasy.yaml"
    path.write_text(path.read_text().replace("season: 2025", "season: 2030"))
    code, out, err = call(home, ["league", "add", "file", str(path)])
    assert (code, out) == (1, "")
    assert "season 2030 is later than the coming one, 2025. Correct `season`." in err
    assert done(home, "list") == []


def test_a_corrected_season_replaces_the_wrong_one_unless_it_has_rows(home: Path) -> None:
    path = home / "files" / "fantasy.yaml"
    text = path.read_text()

    def add(season: int) -> str:
        path.write_text(text.replace("season: 2025", f"season: {season}"))
        code, _, err = call(home, ["league", "add", "file", str(path)])
        assert code == 0, err
        return err

    add(2023)
    assert "season 2023 of" in add(2024)
    assert [league["seasons"] for league in done(home, "list")] == [[2024]]
    assert "season 2025 replaces it" in add(2025)
    assert [league["seasons"] for league in done(home, "list")] == [[2025]]
    # Next year's file of a league with imported weeks keeps them.
    assert "replaces it" not in add(2024)
    assert [league["seasons"] for league in done(home, "list")] == [[2024, 2025]]


OLDER_IMPORT = """
import sys
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, RAW_PLAYERS, WEEKLY_STATS
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SAMPLE_NOW, SampleLeague
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake

lake, league, weeks = Lake(sys.argv[1], sys.argv[2]), SampleLeague(), [SeasonWeek(2025, 1)]
games = league.schedule()
players, _ = raw_players(league, games, 2025, [1])
lake.write(GAMES, games)
lake.write_weeks(RAW_PLAYERS, players, weeks)
lake.write_weeks(WEEKLY_STATS, weekly_stats(league, games, players, 2025, [1]), weeks)
"""


@pytest.mark.slow
def test_a_lake_of_the_commit_before_reads_null_and_says_what_to_import(tmp_path: Path) -> None:
    root = tmp_path / "data" / "sample"
    code = code_of(BEFORE_THE_LEAGUES, tmp_path / "code")
    subprocess.run(
        [sys.executable, "-c", OLDER_IMPORT, str(root), SAMPLE_LABEL],
        env={**os.environ, "PYTHONPATH": str(code)},
        cwd=code,
        check=True,
        timeout=LONGEST_SECONDS,
    )
    league = SampleLeague()
    path = write_fantasy_league(tmp_path / "files", league.weekly_stats(2025), 2025)
    lines = lake_of(tmp_path).read(WEEKLY_STATS)
    assert lines.num_rows
    for name in WEEKLY_STATS.added_columns:
        assert lines[name].null_count == lines.num_rows, name
    exit_code, _, err = call(tmp_path, ["league", "add", "file", str(path)])
    assert exit_code == 0, err
    assert "`fantasy-pipeline backfill --seasons 2025`, then `league add` again" in err
    # The command that it names imports the weeks again.
    words = ["backfill", "--seasons", "2025", "--weeks", "1", "--workers", "1"]
    exit_code, _, err = call(tmp_path, words)
    assert exit_code == 0, err
    lake = lake_of(tmp_path)
    assert lake.weeks_without(WEEKLY_STATS, "fumbles_total") == []
    # Its last stage imports the registered league.
    assert lake.weeks(LEAGUE_POINTS) == [WEEKS[0]]
    assert lake.read(LEAGUE_POINTS).num_rows == len(TEAMS) * len(SLOTS)
    assert done(tmp_path, "add", "file", str(path))["weeks"] == 1
    assert done(tmp_path, "check", NAME)["seasons"][0]["share"] == 1.0


def test_differences_that_a_key_which_is_not_scored_explains_are_counted(home: Path) -> None:
    settings, rosters = home / "files" / "fantasy.yaml", home / "files" / "rosters.csv"
    text = settings.read_text()
    settings.write_text(text.replace("scoring:\n", "scoring:\n  def_4_and_stop: 2.0\n"))
    lines = rosters.read_text().splitlines()
    [at] = [
        n for n, line in enumerate(lines) if line.startswith(f"1,{TEAMS[0]},") and ",DEF," in line
    ]
    start, points = lines[at].rsplit(",", 1)
    lines[at] = f"{start},{float(points) + 6:.2f}"
    rosters.write_text("\n".join(lines) + "\n")
    done(home, "add", "file", str(settings))
    [row] = done(home, "check", NAME)["missing_keys"]
    assert (row["key"], row["points"], row["whose"]) == ("def_4_and_stop", 2.0, "team defences")
    # Two weeks of four teams with two defences each.
    assert (row["compared"], row["equal"], row["explained"], row["share"]) == (16, 15, 1, 1.0)
    code, out, _ = call(home, ["league", "check", NAME])
    assert code == 0
    assert "def_4_and_stop (2 points, not scored) may explain 1 of the 1 that differ" in out


def test_a_difference_is_named_with_the_key_that_would_explain_it(home: Path) -> None:
    rosters = home / "files" / "rosters.csv"
    lines = rosters.read_text().splitlines()
    [at] = [
        n for n, line in enumerate(lines) if line.startswith(f"1,{TEAMS[0]},") and ",QB," in line
    ]
    week, team, player, slot, points = lines[at].split(",")
    lines[at] = f"{week},{team},{player},{slot},{float(points) + 4:.2f}"
    rosters.write_text("\n".join(lines) + "\n")
    done(home, "add", "file", str(home / "files" / "fantasy.yaml"))
    found = done(home, "check", NAME)
    assert found["seasons"][0]["equal"] == 135
    [difference] = found["differences"]
    assert (difference["week"], difference["explained_by"]) == (1, "pass_td")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "is empty. Write at least the keys season, slots"),
        (lambda text: text.replace("slots:", "slotz:"), "no key slots"),
        (lambda text: text + "jersey: 1\n", "unknown key jersey"),
        (lambda text: text.replace("rosters.csv", "nowhere.csv"), "cannot be read"),
        (lambda text: text.replace("rec: 0.5", "rec: half"), "the scoring key rec is 'half'"),
        (lambda text: "a: [", "cannot be read"),
        (lambda text: text + "tie_break: coin\n", "tie_break 'coin' is none of points, head_to"),
        (
            lambda text: text + "playoff_round_weeks: 2\n",
            "must be a list of numbers, one per round",
        ),
        (
            lambda text: text + "matchup_weeks: [1, zwei]\n",
            "matchup_weeks must be a list of numbers, one per match-up of the regular season",
        ),
        (
            lambda text: text.replace("playoff_teams: 2", "playoff_teams: none"),
            "playoff_teams must be a whole number above 0",
        ),
        (
            lambda text: text + "divisions: {East: [Dune Devils]}\n",
            "divisions must name each team of the rosters once: Dune Devils, Ember",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(home: Path, change: Any, message: str) -> None:
    path = home / "files" / "fantasy.yaml"
    path.write_text(change(path.read_text()))
    code, out, err = call(home, ["league", "add", "file", str(path)])
    assert (code, out) == (1, "")
    assert message in err
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1
    assert done(home, "list") == []

"""`--league` of `projections`, `report` and `accuracy`, on the sample league's fantasy league."""

from __future__ import annotations

import json
import shutil
import webbrowser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    LEAGUE_ROSTERS,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    REST_OF_SEASON,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.files import read_file
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sample.fantasy import TEAMS, TITLE, write_fantasy_league
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.lake.places import FolderPlace
from fantasy_pipeline_tests.rows import rows_of

WEEK = SeasonWeek(2025, 1)
NAME = "friends"
CHOSEN = ["--league", NAME, "--season", "2025", "--week", "1"]
_LINE = ("passing_yards", "passing_tds", "rushing_yards", "rushing_tds", "receptions")
AGAIN = "`fantasy-pipeline backfill --seasons 2025`"


@pytest.fixture(scope="module")
def made(home: Path, sample: SampleLeague, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one week of the sample league: each projection is twice the stat line."""
    made = tmp_path_factory.mktemp("made") / "home"
    made.mkdir()
    (made / "dagster.yaml").write_text((home / "dagster.yaml").read_text())
    lake = Lake(str(made / "data" / "sample"), SAMPLE_LABEL)
    league, games = sample, sample.schedule()
    players, _ = raw_players(league, games, 2025, [1])
    stats = weekly_stats(league, games, players, 2025, [1])
    lake.write(GAMES, games)
    lake.write_weeks(RAW_PLAYERS, players, [WEEK])
    lake.write_weeks(WEEKLY_STATS, stats, [WEEK])
    rows = [_projected(row) for row in stats.to_pylist() if row["position"] in ("QB", "RB", "WR")]
    lake.write_weeks(PROJECTIONS, rows_of(PROJECTIONS, *rows), [WEEK])
    path = write_fantasy_league(made / "files", league.weekly_stats(2025), 2025)
    registry.store(lake, NAME, [read_file(path)])
    return made


@pytest.fixture
def league_home(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that home, which the test may change."""
    return shutil.copytree(made, tmp_path / "home")


def _projected(row: dict[str, Any]) -> dict[str, Any]:
    about = {name: row[name] for name in ("season", "week", "player_id", "player_name", "position")}
    line = {name: 2.0 * (row[name] or 0) for name in _LINE}
    return {**about, "team": row["team"], **line, "projected_points_half": 5.0, "p90_half": 9.0}


def expected(row: dict[str, Any]) -> float:
    """Return twice the points of a stat line in the league's scoring."""
    worth = {"passing_yards": 0.04, "passing_tds": 4, "rushing_yards": 0.1, "rushing_tds": 6}
    return 2 * sum(points * (row[name] or 0) for name, points in worth.items()) + row["receptions"]


def done(home: Path, *words: str) -> tuple[str, str]:
    code, out, err = call(home, list(words))
    assert code == 0, err
    return out, err


def test_projections_are_in_the_leagues_scoring(league_home: Path) -> None:
    out, err = done(league_home, "projections", *CHOSEN, "--position", "QB", "--json")
    lines = pq.read_table(league_home / "data/sample/weekly_stats/season=2025/week=01").to_pylist()
    lines_of = {row["player_id"]: row for row in lines}
    found = json.loads(out)
    assert found
    for row in found:
        points = max(expected(lines_of[row["player_id"]]), 0)
        assert row["projected_points"] == pytest.approx(points, abs=0.006)
    # Four teams start a quarterback each: the fifth is the replacement.
    assert found[len(TEAMS)]["value"] == 0
    assert AGAIN not in err


def test_accuracy_is_that_of_the_leagues_points(league_home: Path) -> None:
    out, err = done(league_home, "accuracy", "--league", NAME, "--json")
    rows = json.loads(out)
    assert {row["position"] for row in rows} == {"QB", "RB", "WR"}
    assert all(row["mae"] > 0 for row in rows)
    assert AGAIN not in err


@pytest.mark.parametrize("words", [["accuracy"], ["accuracy", "--league", NAME]])
def test_the_accuracy_of_a_week_in_progress_is_so_far(league_home: Path, words: list[str]) -> None:
    lake = Lake(str(league_home / "data" / "sample"), SAMPLE_LABEL)
    of = {"season": 2025, "week": 1, "source": "consensus", "position": "QB"}
    row = {**of, "scoring": "ppr", "pool": "played", "players": 5, "mae": 4.0, "rmse": 5.0}
    lake.write_weeks(PROJECTION_ACCURACY, rows_of(PROJECTION_ACCURACY, row), [WEEK])
    whole = "".join(done(league_home, *words))
    assert "so far" not in whole
    stats = lake.read(WEEKLY_STATS, [WEEK])
    lines = stats.filter(pc.not_equal(stats["team"], stats["team"][0]))
    lake.write_weeks(WEEKLY_STATS, lines, [WEEK])
    games = of_week(lake.read(GAMES), WEEK).num_rows
    out, err = (" ".join(text.split()) for text in done(league_home, *words))
    count = f"{games - 1} of {games} games"
    assert f"2025 week 1 so far: {count}" in out
    assert f"The accuracy counts 2025 week 1 so far: stats of {count}." in err
    out, err = done(league_home, *words, "--json")
    assert "so far" not in out
    assert count in " ".join(err.split())


def test_a_report_has_the_chosen_format(league_home: Path) -> None:
    text, _ = done(league_home, "report", *CHOSEN, "--format", "md")
    assert text.startswith(f"# {TITLE}: 2025 week 1\n")
    assert f"Data: {SAMPLE_LABEL}." in text
    assert "\n## QB\n\n| rank | tier | player " in text
    assert "\n| QB1 | 1 | " in text

    out, _ = done(league_home, "report", *CHOSEN)
    # A narrow terminal wraps the path.
    page = Path("".join(out.split()))
    assert page.parts[-2:] == ("reports", f"{NAME}-2025-01.html")
    html = page.read_text()
    assert "<!doctype html>" in html
    assert SAMPLE_LABEL in html
    assert "://" not in html
    # Both have the same rows.
    assert html.count("<tr data-i=") == text.count("\n| ") - text.count("| rank |")

    target = league_home / "week.html"
    out, _ = done(league_home, "report", *CHOSEN, "--output", str(target), "--json")
    assert json.loads(out)["path"] == str(target)
    assert target.read_text() == html


def test_a_report_is_opened_in_the_browser(
    league_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, opened = league_home / "browser", league_home / "opened"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    program.chmod(0o755)
    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setenv("BROWSER", str(program))
    done(league_home, "report", *CHOSEN, "--open")
    assert opened.read_text().endswith(f"reports/{NAME}-2025-01.html")


@pytest.mark.parametrize(
    "words", [["projections", *CHOSEN, "--json"], ["report", *CHOSEN, "--format", "md"]]
)
def test_weeks_of_an_earlier_version_are_named(league_home: Path, words: list[str]) -> None:
    make_older(league_home)
    out, err = done(league_home, *words)
    assert "weekly_stats of 2025 week 1 lack stats that leagues score" in " ".join(err.split())
    assert AGAIN in " ".join(err.split())
    if words[0] == "projections":
        assert {row["actual_points"] for row in json.loads(out)} == {None}


@pytest.mark.parametrize(
    "words", [["projections", *CHOSEN], ["compare", *CHOSEN], ["report", *CHOSEN, "--format", "md"]]
)
def test_players_without_a_stat_line_are_counted(league_home: Path, words: list[str]) -> None:
    lake = Lake(str(league_home / "data" / "sample"), SAMPLE_LABEL)
    ids = lake.read(PROJECTIONS, [WEEK])["player_id"].to_pylist()
    players = ids[:2] if words[0] == "compare" else []
    assert "no stat line" not in "".join(done(league_home, *words, *players))
    remove_lines(lake)
    text = " ".join("".join(done(league_home, *words, *players)).split())
    assert text.count(f"2025 week 1: {len(ids)} players have no stat line") == 1
    assert "`fantasy-pipeline backfill --seasons 2015-2025`" in text


def test_the_import_and_decisions_count_players_without_a_stat_line(league_home: Path) -> None:
    lake = Lake(str(league_home / "data" / "sample"), SAMPLE_LABEL)
    ids = remove_lines(lake)
    points = {f"points{end}": 5.0 for end in ("", "_half", "_std")}
    coming = [
        {"season": 2025, "week": 1, "player_id": id_, "target_week": number, **points}
        for id_ in ids
        for number in range(1, 18)
    ]
    lake.write_weeks(REST_OF_SEASON, rows_of(REST_OF_SEASON, *coming), [WEEK])
    file = str(league_home.parent / "files" / "fantasy.yaml")
    write_fantasy_league(Path(file).parent, SampleLeague().weekly_stats(2025), 2025)
    note = f"2025 week 1: {len(ids)} players have no stat line"
    _, err = done(league_home, "league", "add", "file", file, "--name", NAME)
    assert " ".join(err.split()).count(note) == 1
    rosters = lake.read(LEAGUE_ROSTERS, [WEEK]).to_pylist()
    give, get = (
        next(row["player_id"] for row in rosters if row["team_id"] == team) for team in TEAMS[:2]
    )
    at = [*CHOSEN, "--at", "2025-08-30T00:00Z"]
    for words in (
        ["lineup", "--team", TEAMS[0]],
        ["waivers", "--team", TEAMS[0]],
        ["odds", "--sims", "100"],
        ["trade", "--give", give, "--get", get],
        ["trade", "--find"],
    ):
        _, err = done(league_home, *words, *at)
        assert " ".join(err.split()).count(note) == 1, words


def remove_lines(lake: Lake) -> list[str]:
    """Give the projections points without stat lines, as without a model; return the players."""
    about = ("season", "week", "player_id", "player_name", "position", "team")
    points = {f"projected_points{end}": 5.0 for end in ("", "_half", "_std")}
    rows = [{**row, **points} for row in lake.read(PROJECTIONS, [WEEK]).select(about).to_pylist()]
    lake.write_weeks(PROJECTIONS, rows_of(PROJECTIONS, *rows), [WEEK])
    return [row["player_id"] for row in rows]


def test_compare_names_weeks_of_an_earlier_version(league_home: Path) -> None:
    out, _ = done(league_home, "projections", *CHOSEN, "--position", "QB", "--json")
    players = [row["player_id"] for row in json.loads(out)[:2]]
    _, err = done(league_home, "compare", *players, *CHOSEN)
    assert AGAIN not in " ".join(err.split())
    make_older(league_home)
    _, err = done(league_home, "compare", *players, *CHOSEN)
    assert AGAIN in " ".join(err.split())


def test_accuracy_leaves_out_weeks_of_an_earlier_version(league_home: Path) -> None:
    make_older(league_home)
    code, _, err = call(league_home, ["accuracy", "--league", NAME])
    assert code == 1
    assert AGAIN in " ".join(err.split())
    assert "no week of league friends that is projected and played" in " ".join(err.split())


def make_older(home: Path) -> None:
    """Give the lake's stats the columns that an earlier version stored."""
    lake = Lake(str(home / "data" / "sample"), SAMPLE_LABEL)
    stats = lake.read(WEEKLY_STATS, [WEEK]).drop_columns(sorted(WEEKLY_STATS.added_columns))
    pq.write_table(stats, sink := pa.BufferOutputStream())
    name = "weekly_stats/season=2025/week=01/part.parquet"
    FolderPlace(home / "data" / "sample").put(name, sink.getvalue().to_pybytes())

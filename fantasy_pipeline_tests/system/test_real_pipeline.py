"""Test seasons and a month of real data through the command line and Dagster, then a coming week.

The long tier has ten seasons; the short one has the last season without rosters and two with them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import numpy as np
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.checks import ALL_CHECKS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    MODEL_PROJECTIONS,
    NEWS,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import weeks_in
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS
from fantasy_pipeline_tests.web.servers import FIRST_PAINT_BYTES, first_paint, serving
from scripts.odds_accuracy import read, scores_of_others

pytestmark = [pytest.mark.real, pytest.mark.slow]

_GAP = re.compile(r"\d{4} week \d+: no player of \w+ is on the injury report")
MOST_GAPS = 6
"""Upstream's injury reports of 2015-2025 that lack one team; 203 reports are full."""
CONTRADICTION = (
    "2021 week 11: espn and nflcom state each other's points of Trevor Siemian and Mike White (QB)"
)
"""The one week of 72 in which two sites name each other's quarterback."""
LEAGUE = "9110030000000000000"
"""A league of 12 teams, 2022-2024."""
RELEASE = "github.com/nflverse/nflverse-data/releases/download"
WEEKLY = (
    RAW_PLAYERS,
    WEEKLY_STATS,
    SOURCE_PROJECTIONS,
    MODEL_PROJECTIONS,
    PROJECTIONS,
    PROJECTION_ACCURACY,
)


TIERS = [
    pytest.param((2020, 2021, 2022), id="3 seasons"),
    pytest.param(tuple(range(2015, 2025)), id="10 seasons", marks=pytest.mark.soak),
]
ENOUGH_SEASONS = 5
"""Seasons of a lake that no run warns of."""
MONTH = (2025, 4)
"""The season that has begun, and its last week with stats."""


def command(home: Path, mirror: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("fantasy-pipeline")), *words],
        env={**os.environ, "DAGSTER_HOME": str(home), "NFLVERSE_MIRROR": str(mirror)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )


@pytest.fixture(scope="module", params=TIERS)
def seasons(request: pytest.FixtureRequest) -> tuple[int, ...]:
    """Return the whole seasons of the backfill."""
    return tuple(request.param)


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory, nfl_mirror: Path, seasons: tuple[int, ...]
) -> Path:
    """Return a Dagster home with all tables of those seasons and of a month."""
    home = tmp_path_factory.mktemp("real")
    shutil.copy(ROOT / "dagster.yaml", home)
    month = ("--seasons", str(MONTH[0]), "--weeks", f"1-{MONTH[1]}")
    for words in (("--seasons", f"{seasons[0]}-{seasons[-1]}"), month):
        done = command(home, nfl_mirror, "backfill", *words, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["failures"] == {}
        few = [text for text in found["warnings"] if text.startswith("the lake has ")]
        assert len(few) == (len(seasons) < ENOUGH_SEASONS)
    return home


@pytest.fixture(scope="module")
def real_lake(home: Path) -> Lake:
    return Lake(str(home / "data" / "lake"), "nfl")


def scheduled(mirror: Path, seasons: tuple[int, ...]) -> list[SeasonWeek]:
    rows = duckdb.execute(
        "select distinct season, week from read_parquet(?) where season between ? and ?"
        " or (season = ? and week <= ?) order by all",
        [str(mirror / RELEASE / "schedules" / "games.parquet"), seasons[0], seasons[-1], *MONTH],
    ).fetchall()
    return [SeasonWeek(*row) for row in rows]


def test_no_week_is_skipped(
    home: Path,
    real_lake: Lake,
    nfl_mirror: Path,
    seasons: tuple[int, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weeks = scheduled(nfl_mirror, seasons)
    assert len(weeks) == sum(22 if season > 2020 else 21 for season in seasons) + MONTH[1]
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        for table in WEEKLY:
            assert real_lake.weeks(table) == weeks, table.name
            done = instance.get_materialized_partitions(dg.AssetKey(table.name))
            assert done == {week.key for week in weeks}, table.name
    have = real_lake.read(PROJECTIONS, columns=["season", "week"])
    assert set(zip(*(have[name].to_pylist() for name in have.column_names), strict=True)) == set(
        weeks
    )


def test_gaps_are_warnings_on_the_partition(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        [record] = instance.fetch_materializations(
            dg.AssetRecordsFilter(
                asset_key=dg.AssetKey("raw_players"), asset_partitions=["2020|05"]
            ),
            limit=1,
        ).records
    assert record.asset_materialization is not None
    warnings = record.asset_materialization.metadata["warnings"].value
    assert any("weekly_rosters 2020" in str(text) for text in warnings)  # type: ignore[union-attr]


def test_no_check_cries_wolf(
    home: Path, seasons: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every check ran on the real data of every season, and found only known facts."""
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        for part in ALL_CHECKS:
            if "league" in part.table.column_names or part.table is NEWS:
                # No league is registered, and past weeks have no news.
                continue
            for check in part.checks:
                key = dg.AssetCheckKey(dg.AssetKey(part.table.name), check.name)
                history = instance.event_log_storage.get_asset_check_execution_history(key, 1000)
                done = [
                    record.evaluation
                    for record in history
                    if isinstance(record.evaluation, dg.AssetCheckEvaluation)
                ]
                texts = [found.description or "" for found in done if not found.passed]
                unknown = [text for text in texts if text != CONTRADICTION]
                gaps = [text for text in unknown if _GAP.fullmatch(text)]
                assert unknown == gaps, check.name
                assert len(gaps) <= MOST_GAPS, check.name
                # Two commands; the schedule is refreshed once in each.
                assert len(done) >= (len(seasons) + 1 if part.table.weekly else 2), check.name


def test_points_and_rows_equal_upstreams(
    real_lake: Lake, nfl_mirror: Path, seasons: tuple[int, ...]
) -> None:
    with real_lake.connect([WEEKLY_STATS]) as connection:
        rows = connection.execute(
            """
            with stored as (
                select season, week, count(*) as n, sum(fantasy_points_ppr) as points
                from weekly_stats group by all
            ), upstream as (
                select season, week, count(*) as n, sum(fantasy_points_ppr) as points
                from read_parquet(?) group by all
            )
            select season, sum(o.n), sum(t.n), sum(o.points), sum(t.points),
                list(week order by week) filter (o.n is distinct from t.n)
            from stored o full join upstream t using (season, week) group by season order by season
            """,
            [
                [
                    str(
                        nfl_mirror
                        / RELEASE
                        / "stats_player"
                        / f"stats_player_week_{season}.parquet"
                    )
                    for season in (*seasons, MONTH[0])
                ]
            ],
        ).fetchall()
    assert [row[0] for row in rows] == [*seasons, MONTH[0]]
    for season, stored_rows, upstream_rows, points, upstream_points, unequal_weeks in rows:
        # A week that only one side has is different too.
        assert unequal_weeks is None, season
        assert stored_rows == upstream_rows, season
        assert points == pytest.approx(upstream_points, abs=0.01), season


def test_a_normal_backfill_gets_the_past_weeks_of_both_archives(
    real_lake: Lake, seasons: tuple[int, ...]
) -> None:
    stated = as_known_at(real_lake.read(SOURCE_PROJECTIONS))
    # The mirror has ESPN's answers up to week 17.
    expected = {(season, week) for season in seasons if season > 2020 for week in range(1, 18)}
    expected |= {(MONTH[0], week) for week in range(1, MONTH[1] + 1)}
    for source, basis in (("espn", "shown since"), ("nflcom", "frozen file")):
        of_source = stated.filter(pc.equal(stated["source"], source))
        assert set(weeks_in(of_source)) == expected, source
        # The game of BUF and CIN that was cancelled in 2022 has no kick-off.
        counts = {
            one["values"]: one["counts"] for one in of_source["basis"].value_counts().to_pylist()
        }
        assert counts.keys() <= {basis, "before kick-off"}, source
        # Its defenders make up half of them.
        assert counts.get("before kick-off", 0) <= 80, source
    espn = stated.filter(pc.equal(stated["source"], "espn"))
    assert pc.min(espn["points_ppr"]).as_py() > 0


def test_a_week_and_the_coming_one(home: Path, nfl_mirror: Path) -> None:
    done = command(home, nfl_mirror, "run", "--season", "2025", "--week", "4", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["imported"] == {"season": 2025, "week": 4}
    assert result["projected"] == {"season": 2025, "week": 5}
    done = command(
        home,
        nfl_mirror,
        *("projections", "--season", "2025", "--week", "5", "--format", "json"),
    )
    rows = json.loads(done.stdout)
    assert list(rows[0])[:13] == [
        *("season", "week", "player_id", "player_name", "position", "team", "opponent"),
        *("projected_points", "p10", "p50", "p90", "source", "reason"),
    ]
    # Byes of 2025 week 5.
    byes = {row["team"] for row in rows if row["reason"] == "bye"}
    assert byes == {"ATL", "CHI", "GB", "PIT"}
    assert len({row["team"] for row in rows}) == 32
    assert all(row["projected_points"] == 0 for row in rows if row["reason"] == "bye")
    assert rows[0]["projected_points"] > 10


def test_a_week_that_upstream_does_not_have_says_so(home: Path, nfl_mirror: Path) -> None:
    done = command(home, nfl_mirror, "run", "--season", "2025", "--week", "9")
    assert done.returncode == 1
    [error] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.stderr.endswith(f"{error}\n")
    assert "2025 week 9" in error
    assert "Traceback" not in done.stderr


@pytest.mark.loopback
def test_every_page_of_a_whole_season_is_small(
    home: Path, nfl_mirror: Path, seasons: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    season, week = seasons[-1], 9
    done = command(home, nfl_mirror, "report", "--season", str(season), "--week", str(week))
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("NFLVERSE_MIRROR", str(nfl_mirror))
    with serving(Session()) as client:
        at = f"season={season}&week={week}"
        best = client.get(f"/api/projections?{at}&limit=8").json()["rows"]
        ids = [row["player_id"] for row in best]
        pages = [
            *("/", "/players", "/accuracy", "/docs", f"/weeks/{season}/{week}"),
            f"/players/{ids[0]}?season={season}",
            f"/compare?{at}&ids={','.join(ids)}",
        ]
        sizes = {page: first_paint(client, page) for page in pages}
    assert {page: size for page, size in sizes.items() if size > FIRST_PAINT_BYTES} == {}


def test_only_missing_has_nothing_left(
    home: Path, nfl_mirror: Path, seasons: tuple[int, ...]
) -> None:
    words = ("--seasons", f"{seasons[0]}-{seasons[-1]}", "--only-missing")
    done = command(home, nfl_mirror, "backfill", *words)
    assert done.returncode == 0
    assert "the lake already has these weeks" in done.stdout


def test_the_odds_are_as_good_as_promised(
    home: Path, nfl_mirror: Path, seasons: tuple[int, ...]
) -> None:
    """Brier scores were .1041, .0838 and .0743 with the numbers of the other two seasons."""
    if len(seasons) < ENOUGH_SEASONS:
        pytest.skip("the projections of 2022 need earlier seasons")
    done = command(home, nfl_mirror, "league", "add", "sleeper", LEAGUE, "--name", "friends")
    assert done.returncode == 0, done.stderr
    lake = Lake(str(home / "data" / "lake"), "nfl")
    found = scores_of_others([read(lake, "friends", season) for season in (2022, 2023, 2024)])
    brier = {name: np.nanmean(rows, axis=(0, 1)).tolist() for name, rows in found.items()}
    playoffs, bye, title = brier["odds, fitted on the other seasons"]
    assert playoffs <= 0.105
    assert playoffs < min(
        brier["the past alone, shrunken"][0], brier["every game is a coin flip"][0]
    )
    assert bye < brier["every game is a coin flip"][1]
    # One champion of three had 1% to 15% before each week: the title is no better than coin flips.
    assert title <= 0.0755

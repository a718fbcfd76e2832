"""The asset with real adapters and servers: complete, partial and failed runs, day after day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, RAW_PLAYERS, SOURCE_PROJECTIONS
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.ingest.asset_runs import WEEK, Run, instance, run
from fantasy_pipeline_tests.ingest.sites.sites import (
    FANTASYPROS,
    HOSTS,
    HVPKOD,
    LAST,
    STATED_AT,
    Sites,
    player,
    serve_espn,
    serve_fantasypros,
    serve_nflcom,
    serve_sleeper,
    spelt,
)

__all__ = ["instance", "run"]

pytestmark = pytest.mark.loopback

SUNDAY = datetime(2025, 11, 16, 18, tzinfo=timezone.utc)
NUMBERS = range(1, 61)
DAY = timedelta(days=1)
SERVE = {
    "nflcom": serve_nflcom,
    "sleeper": serve_sleeper,
    "espn": serve_espn,
    "fantasypros": serve_fantasypros,
}


def game(week: int, kickoff: datetime, home: str, away: str, season: int = 2025) -> dict[str, Any]:
    return {
        "season": season,
        "week": week,
        "game_id": f"{season}_{week:02}_{away}_{home}",
        "game_type": "REG" if week < 19 else "WC",
        "kickoff": kickoff,
        "home_team": home,
        "away_team": away,
    }


@pytest.fixture
def lake(tmp_path: Path, rows: Callable[..., pa.Table]) -> Lake:
    """Weeks 10 to 12 of 2025: odd players of BUF play on Sunday, even ones of DAL on Monday."""
    lake = Lake(str(tmp_path / "data" / "lake"), "nfl")
    games = [game(5, datetime(2020, 10, 11, 17, tzinfo=timezone.utc), "BUF", "DAL", season=2020)]
    for week in (10, 11, 12, 19):
        shift = 7 * (week - 11) * DAY
        games += [
            game(week, SUNDAY + shift, "BUF", "TB"),
            game(week, LAST + shift, "LV", "DAL"),
        ]
    lake.write(GAMES, rows(GAMES, *games))
    for week in (10, 11, 12, 19):
        teams = {n: "BUF" if n % 2 else "DAL" for n in NUMBERS}
        found = rows(RAW_PLAYERS, *(player(n, week, team=team) for n, team in teams.items()))
        lake.write_weeks(RAW_PLAYERS, found, [SeasonWeek(2025, week)])
    old = rows(RAW_PLAYERS, player(1, 5, season=2020))
    lake.write_weeks(RAW_PLAYERS, old, [SeasonWeek(2020, 5)])
    return lake


@pytest.fixture
def asset() -> tuple[str, str]:
    return ("season_ingest", "source_projections")


@pytest.fixture
def report(instance: dg.DagsterInstance) -> Callable[..., dict[str, Any]]:
    """Return a function that reads the metadata of a week's latest materialization."""

    def read(week: SeasonWeek = WEEK) -> dict[str, Any]:
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(
                asset_key=dg.AssetKey("source_projections"), asset_partitions=[week.key]
            ),
            limit=1,
        ).records
        assert records[0].asset_materialization
        return {k: v.value for k, v in records[0].asset_materialization.metadata.items()}

    return read


def points(shift: float = 0.0, numbers: range = NUMBERS) -> dict[int, float]:
    return {number: round(5 + number / 10 + shift, 2) for number in numbers}


def serve_all(sites: Sites, but: str = "") -> None:
    for shift, (name, serve) in enumerate(SERVE.items()):
        if name != but:
            # No two sources have equal points in any scoring.
            serve(sites, points(0.7 * shift))


def fail(sites: Sites, *sources: str) -> None:
    for name in sources:
        SERVE[name](sites, points(), status=400)


def record(lake: Lake, week: SeasonWeek = WEEK) -> pa.Table:
    return lake.read(SOURCE_PROJECTIONS, [week])


def content(lake: Lake) -> bytes:
    return Path(lake.path(SOURCE_PROJECTIONS, WEEK)).read_bytes()


def test_every_source_is_recorded(run: Run, sites: Sites, lake: Lake, report: Any) -> None:
    serve_all(sites)
    outcome = run()
    assert outcome.success, outcome.errors
    found = record(lake)
    assert found.num_rows == 4 * len(NUMBERS)
    assert set(found["as_of"].to_pylist()) == {STATED_AT}
    facts = report()
    assert facts["sources"] == "espn, fantasypros, nflcom, sleeper"
    assert not {"sources missing", "sources late", "copies"} & set(facts)
    before = content(lake)
    assert run().success
    assert content(lake) == before
    kickoffs = dict(zip(found["player_id"].to_pylist(), found["kickoff"].to_pylist(), strict=True))
    assert (kickoffs["00-1"], kickoffs["00-2"]) == (SUNDAY, LAST)


@pytest.mark.parametrize("failing", SERVE)
def test_one_source_that_fails_is_a_gap(
    run: Run, sites: Sites, lake: Lake, report: Any, failing: str
) -> None:
    serve_all(sites, but=failing)
    fail(sites, failing)
    outcome = run()
    assert outcome.success, outcome.errors
    assert record(lake).num_rows == 3 * len(NUMBERS)
    assert report()["sources missing"] == report()["sources failed"] == failing
    [warning] = [text for text in outcome.warnings if text.startswith(f"{failing} 2025")]
    assert "failed for week 11" in warning
    assert "HTTP 400" in warning


@pytest.mark.parametrize("together", [False, True])
def test_a_file_of_one_position_that_is_last_weeks_is_named(
    run: Run, sites: Sites, lake: Lake, rows: Callable[..., pa.Table], together: bool
) -> None:
    """The week before is imported in the same run or in an earlier one."""
    weeks = [SeasonWeek(2025, 10), WEEK]
    players = [
        player(n, at.week, position="QB" if n <= 20 else "WR") for at in weeks for n in NUMBERS
    ]
    lake.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, *players), weeks)
    for at, shift in zip(weeks, (0.0, 1.0), strict=True):
        serve_nflcom(sites, points(shift, range(21, 61)), at.week)
        header = "PlayerName,Team,PlayerWeekProjectedPts\n"
        old = [f"Player {spelt(n)},BUF,{value}\n" for n, value in points(0, range(1, 21)).items()]
        sites.serve(f"{HVPKOD}{at.week}/projected/QB_projected.csv", header + "".join(old))
    outcomes = [run(*weeks)] if together else [run(weeks[0]), run(weeks[1])]
    assert all(outcome.success for outcome in outcomes)
    found = [text for outcome in outcomes for text in outcome.warnings if "week before" in text]
    assert found == [
        "nflcom 2025 week 11: its QB projections are those of the week before: the file is old. "
        "Run the week again when upstream has the right one"
    ]


def test_all_sources_failing_is_a_failure(run: Run, sites: Sites, lake: Lake) -> None:
    fail(sites, *SERVE)
    outcome = run()
    assert not outcome.success
    [error] = outcome.errors
    assert "source_projections 2025 week 11: every source failed: " in error
    for name in ("nflcom_projections", "sleeper", "espn", "fantasypros"):
        assert f"{name}: " in error
    assert not lake.has(SOURCE_PROJECTIONS, WEEK)


def test_all_sources_failing_leaves_what_is_recorded(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    serve_all(sites)
    assert run().success
    before = content(lake)
    fail(sites, *SERVE)
    outcome = run()
    assert outcome.success, outcome.errors
    assert content(lake) == before
    assert len([w for w in outcome.warnings if "failed for week 11" in w]) == 4
    assert report()["sources failed"] == "nflcom, sleeper, fantasypros, espn"


def test_nothing_published_yet_is_an_empty_week_with_warnings(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    outcome = run()
    assert outcome.success, outcome.errors
    assert record(lake).num_rows == 0
    facts = report()
    assert facts["sources"] == "none"
    assert facts["sources missing"] == "nflcom, sleeper, fantasypros, espn"
    starts = {w.split(":")[0] for w in outcome.warnings if "player_ids" not in w}
    assert starts == {
        "nflcom_projections 2025",
        "sleeper 2025",
        "fantasypros 2025",
        "espn 2025",
        "source_projections_fresh",
    }


def test_statements_before_kickoff_are_frozen(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    serve_sleeper(sites, points())
    assert run().success
    monday = SUNDAY + 0.5 * DAY
    serve_sleeper(sites, points(3.0), Last_Modified="Mon, 17 Nov 2025 06:00:00 GMT")
    assert run(at=monday).success
    found = record(lake)
    assert found.num_rows == 2 * len(NUMBERS)
    known = as_known_at(found)
    half = dict(zip(known["player_id"].to_pylist(), known["points_half"].to_pylist(), strict=True))
    # 00-1 had played on Sunday, 00-2 was to play on Monday.
    assert (half["00-1"], half["00-2"]) == (points()[1], points(3.0)[2])
    before = content(lake)
    serve_sleeper(sites, points(3.0), Last_Modified="Mon, 17 Nov 2025 20:00:00 GMT")
    assert run(at=monday + 0.5 * DAY).success
    assert content(lake) == before
    assert "sources late" not in report()


def test_a_past_week_is_asked_about_once_and_reported_as_late(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    late = "Tue, 25 Nov 2025 06:00:00 GMT"
    serve_nflcom(sites, points(), Last_Modified=late)
    serve_sleeper(sites, points(1.0), Last_Modified=late)
    at = SUNDAY + 30 * DAY
    outcome = run(at=at)
    assert outcome.success, outcome.errors
    assert report()["sources late"] == "sleeper"
    assert "sources as shown since" not in report()
    assert report()["sources missing"] == "espn"
    assert set(as_known_at(record(lake))["source"].to_pylist()) == {"nflcom"}
    assert len(sites.asked(HOSTS[0])) == 1
    assert not sites.asked(HOSTS[2] + "/dynastyprocess/data/master/files/fp_latest")
    assert run(at=at).success
    assert sites.asked(HOSTS[0]) == []


def test_espn_is_asked_about_a_past_week_once_and_counts(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    late = "Tue, 25 Nov 2025 06:00:00 GMT"
    serve_nflcom(sites, points(), Last_Modified=late)
    # ESPN states 2 points of catches beside the half-PPR points: -2 makes a total of 0.
    serve_espn(sites, points(3.0) | {7: -2.0}, Last_Modified=late)
    at = SUNDAY + 30 * DAY
    assert run(at=at).success
    facts = report()
    assert (facts["sources"], facts["sources as shown since"]) == ("espn, nflcom", "espn")
    assert "sources late" not in facts
    known = as_known_at(record(lake)).to_pylist()
    assert {(one["source"], one["basis"]) for one in known} == {
        ("espn", "shown since"),
        ("nflcom", "frozen file"),
    }
    # 0 is silence: ESPN has no row of the player.
    assert {one["player_id"] for one in known if one["source"] == "espn"} == {
        f"00-{n}" for n in NUMBERS if n != 7
    }
    before = content(lake)
    serve_espn(sites, points(9.0), Last_Modified="Wed, 26 Nov 2025 06:00:00 GMT")
    sites.requests.clear()
    assert run(at=at + DAY).success
    assert sites.asked(HOSTS[1]) == []
    assert content(lake) == before


def test_failures_of_live_sources_do_not_fail_past_weeks(
    run: Run, sites: Sites, lake: Lake
) -> None:
    fail(sites, "sleeper", "espn")
    outcome = run(at=SUNDAY + 30 * DAY)
    assert outcome.success, outcome.errors
    assert record(lake).num_rows == 0


def test_a_broken_file_of_a_past_week_is_a_gap_beside_others_and_else_a_failure(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    for week in (10, 11, 12):
        serve_nflcom(sites, points(), week)
    te = f"{HVPKOD}11/projected/TE_projected.csv"
    sites.serve(te, "PlayerName,Team\nNobody,BUF\n")
    at = SUNDAY + 300 * DAY
    alone = run(at=at)
    assert not alone.success
    assert "the TE file has no column PlayerWeekProjectedPts" in alone.errors[0]
    assert not lake.has(SOURCE_PROJECTIONS, WEEK)
    all_three = SeasonWeek(2025, 10), SeasonWeek(2025, 12)
    outcome = run(*all_three, at=at)
    assert outcome.success, outcome.errors
    counts = {week: record(lake, SeasonWeek(2025, week)).num_rows for week in (10, 11, 12)}
    assert counts == {10: 60, 11: 0, 12: 60}
    assert (report()["sources"], report()["sources failed"]) == ("none", "nflcom")
    [warning] = [w for w in outcome.warnings if w.startswith("nflcom 2025: failed for week 11")]
    assert "the TE file has no column PlayerWeekProjectedPts" in warning
    # After a failure of the network, a retry may get the whole week.
    sites.serve(te, "", status=400)
    assert not run(*all_three, at=at).success


def test_a_host_that_fails_is_asked_once_in_a_run_of_many_weeks(
    run: Run, sites: Sites, lake: Lake
) -> None:
    for week in (10, 11, 12):
        serve_nflcom(sites, points(), week)
        serve_sleeper(sites, points(), week, status=400)
    outcome = run(SeasonWeek(2025, 10), SeasonWeek(2025, 12))
    assert outcome.success, outcome.errors
    assert len(sites.asked(HOSTS[0])) == 1
    lines = [w for w in outcome.warnings if w.startswith(("sleeper", "espn"))]
    assert [line.split(":")[1][:40] for line in lines] == [
        " failed for week 10-12",
        " has nothing about week 10-12",
    ]


def test_weeks_that_no_source_covers_are_empty_without_a_request(
    run: Run, sites: Sites, lake: Lake
) -> None:
    old = SeasonWeek(2020, 5)
    outcome = run(old)
    assert outcome.success, outcome.errors
    assert record(lake, old).num_rows == 0
    assert outcome.warnings == ("nflcom_projections 2020: upstream begins with 2021",)
    assert sites.requests == []


def test_play_off_weeks_are_asked_of_the_archive_only(run: Run, sites: Sites, lake: Lake) -> None:
    week = SeasonWeek(2025, 19)
    assert run(week).success
    assert record(lake, week).num_rows == 0
    assert not sites.asked(HOSTS[0])
    assert not sites.asked(HOSTS[1])


def test_the_setting_chooses_who_is_asked(
    run: Run, sites: Sites, lake: Lake, report: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_all(sites)
    monkeypatch.setenv("FANTASY_PROJECTION_SOURCES", "Sleeper, nflcom")
    assert run().success
    assert report()["sources"] == "nflcom, sleeper"
    assert not sites.asked(HOSTS[1])


def test_a_copy_is_reported(run: Run, sites: Sites, report: Any) -> None:
    serve_nflcom(sites, points())
    serve_sleeper(sites, points(0.01))
    serve_espn(sites, points(2.0))
    assert run().success
    assert report()["copies"] == "sleeper = nflcom"


@pytest.mark.parametrize(
    ("source", "value", "clause"),
    [
        ("nflcom", 85.0, "not between -20 and 80 points: points_half"),
        ("sleeper", 85.0, "points_half: 1 of 60 rows outside -20 to 80, e.g. 85.0"),
        ("espn", -85.0, "points_std: 1 of 60 rows outside -20 to 80, e.g. -87.0"),
        ("fantasypros", 1000.0, "points_ppr: 1 of 60 rows outside -20 to 80, e.g. 1000.0"),
    ],
)
def test_an_impossible_value_costs_only_its_source_the_week(
    run: Run, sites: Sites, lake: Lake, report: Any, source: str, value: float, clause: str
) -> None:
    serve_all(sites)
    SERVE[source](sites, points() | {3: value})
    outcome = run()
    assert outcome.success, outcome.errors
    others = set(SERVE) - {source}
    found = record(lake)
    assert set(found["source"].to_pylist()) == others
    assert found.num_rows == 3 * len(NUMBERS)
    assert report()["sources failed"] == source
    [warning] = [w for w in outcome.warnings if w.startswith(f"{source} 2025: failed for week 11")]
    assert clause in warning


def test_an_impossible_rank_costs_only_its_source_the_week(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    serve_all(sites, but="fantasypros")
    sites.serve(FANTASYPROS, "page,scrape_date,fantasypros_id,ecr\nppr-wr,2025-11-12,2001,0\n")
    outcome = run()
    assert outcome.success, outcome.errors
    assert report()["sources"] == "espn, nflcom, sleeper"
    assert report()["sources failed"] == "fantasypros"
    assert any("ecr: 1 of 1 rows outside 1 to any" in w for w in outcome.warnings)


def test_an_invalid_week_does_not_cost_the_other_weeks(
    run: Run, sites: Sites, lake: Lake, report: Any
) -> None:
    for week in (10, 11, 12):
        serve_nflcom(sites, points() | ({3: 85.0} if week == 11 else {}), week)
        serve_sleeper(sites, points(2.0), week)
    outcome = run(SeasonWeek(2025, 10), SeasonWeek(2025, 12))
    assert outcome.success, outcome.errors
    sources = {week: report(SeasonWeek(2025, week))["sources"] for week in (10, 11, 12)}
    assert sources == {10: "nflcom, sleeper", 11: "sleeper", 12: "nflcom, sleeper"}


def test_an_answer_that_has_lost_most_players_is_not_recorded(
    run: Run, sites: Sites, lake: Lake
) -> None:
    serve_sleeper(sites, points())
    assert run().success
    before = content(lake)
    few = points(numbers=range(1, 21))
    serve_sleeper(sites, few, Last_Modified="Thu, 13 Nov 2025 14:00:00 GMT")
    outcome = run(at=STATED_AT + DAY)
    assert outcome.success, outcome.errors
    assert content(lake) == before
    assert any("40 of 60 players are gone from its answer" in w for w in outcome.warnings)


def test_a_record_of_an_older_layout_is_kept(run: Run, sites: Sites, lake: Lake) -> None:
    serve_sleeper(sites, points())
    assert run().success
    path = lake.path(SOURCE_PROJECTIONS, WEEK)
    pq.write_table(record(lake).drop_columns(["kickoff", "receptions"]), path)
    serve_sleeper(sites, points(2.0), Last_Modified="Thu, 13 Nov 2025 14:00:00 GMT")
    assert run(at=STATED_AT + DAY).success
    found = record(lake)
    assert found.num_rows == 2 * len(NUMBERS)
    assert set(found["kickoff"].to_pylist()) == {SUNDAY, LAST}
    earlier = as_known_at(found, STATED_AT + 0.5 * DAY)
    assert sorted(earlier["points_half"].to_pylist()) == sorted(points().values())


def test_a_folder_without_the_sites_is_one_line_per_source(
    run: Run, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror").mkdir()
    monkeypatch.setenv("NFLVERSE_MIRROR", str(tmp_path / "mirror"))
    outcome = run(SeasonWeek(2025, 10), SeasonWeek(2025, 12), at=SUNDAY + 300 * DAY)
    assert outcome.success, outcome.errors
    starts = sorted(w.split(": ")[0] for w in outcome.warnings if "player_ids" not in w)
    assert starts == [
        *("espn 2025", "nflcom_projections 2025", "sleeper 2025", "source_projections_fresh")
    ]

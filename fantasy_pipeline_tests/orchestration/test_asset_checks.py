"""Asset checks as Dagster runs them: what blocks, what warns, and what a result says."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.checks import ALL_CHECKS
from fantasy_pipeline.checks.projections import PLATFORMS
from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    MODEL_PROJECTIONS,
    NEWS,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    PROVISIONAL_STATS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute, summarize
from fantasy_pipeline.orchestration.asset_checks import ASSET_CHECKS
from fantasy_pipeline.orchestration.assets.base import weekly_table
from fantasy_pipeline.orchestration.io_manager import LakeIOManager
from fantasy_pipeline.orchestration.partitions import season_week
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.results import RunOutcome, made_check
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.orchestration.runs.empty_history import opened

WEEKS = [SeasonWeek(2024, 5), SeasonWeek(2024, 6)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of the sample league, imported and projected."""
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return home


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with opened(home) as instance:
        if not instance.get_runs(limit=1):
            assert run(instance, "games_refresh").success
            assert run(instance, "season_ingest").success
            assert run(instance, "history_rebuild").success
            assert run(instance, "season_projections").success
        yield instance


@pytest.fixture
def lake(home: Path) -> Lake:
    return Lake(str(home / "data" / "sample"), SAMPLE_LABEL)


def run(instance: dg.DagsterInstance, job: str) -> RunOutcome:
    bounds = () if job == "games_refresh" else (WEEKS[0], WEEKS[-1])
    return execute(instance, job, "sample", {}, *bounds)


def evaluations(
    instance: dg.DagsterInstance, week: SeasonWeek | None = WEEKS[1]
) -> dict[str, dg.AssetCheckEvaluation]:
    """Results of the checks of the latest run about a week, by name; None: about no week."""
    [latest] = instance.get_runs(limit=1)
    found = {}
    for entry in instance.all_logs(latest.run_id):
        event = entry.dagster_event
        if event and event.event_type_value == "ASSET_CHECK_EVALUATION":
            data = event.event_specific_data
            assert isinstance(data, dg.AssetCheckEvaluation)
            if data.partition == (week.key if week else None):
                found[data.check_name] = data
    return found


@pytest.fixture
def spoilt(lake: Lake) -> Iterator[Callable[[Table, SeasonWeek, pa.Table], None]]:
    """`spoilt(table, week, rows)` overwrites a week in the lake; afterwards it is as before."""
    before: list[tuple[Table, SeasonWeek, pa.Table]] = []

    def overwrite(table: Table, week: SeasonWeek, rows: pa.Table) -> None:
        before.append((table, week, lake.read(table, [week])))
        lake.write_weeks(table, rows, [week])

    yield overwrite
    for table, week, rows in before:
        lake.write_weeks(table, rows, [week])


def check_then_downstream(
    instance: dg.DagsterInstance, table: Table, downstream: Table
) -> dg.ExecuteInProcessResult:
    """Run the checks of a table as it is in the lake, and what is made of the table after them."""
    checks = dg.AssetSelection.checks_for_assets(dg.AssetKey(table.name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        job = dg.define_asset_job(
            "checked", checks | dg.AssetSelection.assets(dg.AssetKey(downstream.name))
        )
        with_job = dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
    return with_job.resolve_job_def("checked").execute_in_process(
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": WEEKS[0].key,
            "dagster/asset_partition_range_end": WEEKS[-1].key,
        },
        run_config={"resources": {"nfl": {"config": {"source": "sample"}}}},
        raise_on_error=False,
    )


def test_every_checked_table_passes_on_sample_data(instance: dg.DagsterInstance) -> None:
    """One result per check and week."""
    counts = {}
    for job in ("games_refresh", "season_ingest", "season_projections", "league_import"):
        outcome = run(instance, job)
        assert outcome.success, outcome.errors
        found = evaluations(instance, None if job == "games_refresh" else WEEKS[1])
        if job != "games_refresh":
            assert set(evaluations(instance, WEEKS[0])) == set(found)
            assert not evaluations(instance, None)
        assert all(result.passed for result in found.values()), {
            name: result.description for name, result in found.items() if not result.passed
        }
        counts[job] = len(found)
    assert counts == {
        "games_refresh": 1,
        "season_ingest": 16,
        "season_projections": 6,
        "league_import": 4,
    }
    # And one per weekly table that the run made its weeks. These weeks are past and have no news.
    checked = [part for part in ALL_CHECKS if part.table is not NEWS]
    weekly = sum(part.table.weekly for part in checked)
    assert sum(len(part.checks) for part in checked) + weekly == sum(counts.values())


def test_downstream_runs_when_the_checks_pass(instance: dg.DagsterInstance) -> None:
    result = check_then_downstream(instance, RAW_PLAYERS, SOURCE_PROJECTIONS)
    assert result.success
    assert result.asset_materializations_for_node(SOURCE_PROJECTIONS.name)


def test_a_blocking_check_stops_what_is_made_of_the_table(
    instance: dg.DagsterInstance, lake: Lake, spoilt: Callable[..., None]
) -> None:
    rows = lake.read(RAW_PLAYERS, [WEEKS[1]])
    team = rows["team"][0].as_py()
    spoilt(RAW_PLAYERS, WEEKS[1], rows.filter(pc.not_equal(rows["team"], team)))
    result = check_then_downstream(instance, RAW_PLAYERS, SOURCE_PROJECTIONS)
    assert not result.success
    found = evaluations(instance)["raw_players_against_schedule"]
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert found.metadata["failing_partitions"].value == [WEEKS[1].key]
    assert found.metadata["rules"].value["teams"] == 1  # type: ignore[index, call-overload]
    assert f"no rows for teams with a game: {team}" in str(found.description)
    assert not [e for e in result.all_events if e.is_step_materialization]


def test_a_warning_does_not_stop_it(
    instance: dg.DagsterInstance, lake: Lake, spoilt: Callable[..., None]
) -> None:
    rows = lake.read(RAW_PLAYERS, [WEEKS[0]])
    at = rows.schema.get_field_index("sleeper_id")
    spoilt(
        RAW_PLAYERS, WEEKS[0], rows.set_column(at, "sleeper_id", pa.nulls(len(rows), pa.string()))
    )
    result = check_then_downstream(instance, RAW_PLAYERS, SOURCE_PROJECTIONS)
    assert result.success
    assert evaluations(instance, WEEKS[1])["raw_players_ids"].passed
    found = evaluations(instance, WEEKS[0])["raw_players_ids"]
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert "without:" in str(found.description)
    coverage = found.metadata["coverage"].value
    assert isinstance(coverage, dict)
    assert set(coverage) == set(PLATFORMS)
    assert coverage["sleeper_id"] == 0
    without = found.metadata["without"].value
    assert isinstance(without, dict)
    number, _, names = str(without["sleeper_id"]).partition(": ")
    assert len(names.split(", ")) == int(number) > 100, "all of them"


@pytest.mark.parametrize("table", [MODEL_PROJECTIONS, PROJECTIONS], ids=lambda table: table.name)
def test_a_player_left_out_stops_the_run(
    instance: dg.DagsterInstance, lake: Lake, spoilt: Callable[..., None], table: Table
) -> None:
    rows = lake.read(table, [WEEKS[0]])
    players = rows.filter(pc.not_equal(rows["position"], "DST"))
    plays = players.filter(pc.is_valid(players["opponent"]))["player_id"][0].as_py()
    spoilt(table, WEEKS[0], rows.filter(pc.not_equal(rows["player_id"], plays)))
    downstream = PROJECTIONS if table is MODEL_PROJECTIONS else PROJECTION_ACCURACY
    result = check_then_downstream(instance, table, downstream)
    assert not result.success
    assert not [e for e in result.all_events if e.is_step_materialization]
    found = evaluations(instance, WEEKS[0])[f"{table.name}_complete"]
    assert plays in str(found.description)


def passing_17_times(rows: pa.Table) -> pa.Table:
    """A season's total instead of a game."""
    at = rows.schema.get_field_index("passing_yards")
    return rows.set_column(at, "passing_yards", pc.multiply(rows["passing_yards"], 17.0))


def without_a_team(rows: pa.Table) -> pa.Table:
    team = rows.filter(pc.is_valid(rows["opponent"]))["team"][0]
    return rows.filter(pc.not_equal(rows["team"], team))


@pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run")  # Dagster's own use of it
@pytest.mark.parametrize(
    ("table", "spoil", "text"),
    [
        (WEEKLY_STATS, passing_17_times, "passing_yards: .* outside -99 to 800"),
        (WEEKLY_STATS, without_a_team, "weekly_stats 2024 week 5: no rows for teams with a game: "),
        (RAW_PLAYERS, without_a_team, "raw_players 2024 week 5: no rows for teams with a game: "),
        (PROJECTIONS, without_a_team, "projections 2024 week 5: .* without a projection"),
    ],
    ids=["contract", "stats", "players", "projections"],
)
def test_wrong_rows_are_not_written(
    instance: dg.DagsterInstance,
    lake: Lake,
    table: Table,
    spoil: Callable[[pa.Table], pa.Table],
    text: str,
) -> None:
    """What breaks the contract, or a blocking check, is refused before the lake changes."""
    before = lake.read(table, WEEKS)

    @dg.asset(name=table.name, partitions_def=season_week)
    def wrong() -> pa.Table:
        return spoil(lake.read(table, WEEKS[:1]))

    nfl = NflData(source="sample")
    result = dg.materialize(
        [wrong],
        instance=instance,
        partition_key=WEEKS[0].key,
        resources={"nfl": nfl, "io_manager": LakeIOManager(nfl=nfl)},
        raise_on_error=False,
    )
    [error] = summarize(result).errors
    assert re.search(text, error), error
    assert "Nothing was written" in error
    assert lake.read(table, WEEKS).equals(before)


@pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`")  # beta, and accepted
@pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run")  # Dagster's own use of it
@pytest.mark.parametrize(
    ("table", "spoil", "text"),
    [
        (WEEKLY_STATS, passing_17_times, "passing_yards: .* outside -99 to 800"),
        (WEEKLY_STATS, lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "1 repeated keys"),
        (RAW_PLAYERS, without_a_team, "no rows for teams with a game: "),
    ],
    ids=["contract", "repeated line", "players"],
)
def test_a_wrong_week_costs_only_itself(
    instance: dg.DagsterInstance,
    lake: Lake,
    table: Table,
    spoil: Callable[[pa.Table], pa.Table],
    text: str,
) -> None:
    """The other week is written, the wrong one is named, and the run ends as failed."""
    wrong, right = (lake.read(table, [week]) for week in WEEKS)
    # So that writing the week again shows.
    lake.write_weeks(table, right.slice(0, 0), WEEKS[1:])

    @weekly_table(table, "ingest", {"parquet"})
    def one_is_wrong() -> pa.Table:
        return pa.concat_tables([spoil(wrong), right])

    [made] = [
        check
        for check in ASSET_CHECKS
        if made_check(table.name) in {key.name for key in check.check_keys}
    ]
    # Configured at launch, because only then the I/O manager and the checks share it.
    nfl = NflData.configure_at_launch()
    result = dg.materialize(
        [one_is_wrong, made],
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": WEEKS[0].key,
            "dagster/asset_partition_range_end": WEEKS[1].key,
        },
        resources={"nfl": nfl, "io_manager": LakeIOManager(nfl=nfl)},
        run_config={"resources": {"nfl": {"config": {"source": "sample"}}}},
        raise_on_error=False,
    )
    outcome = summarize(result)
    assert not outcome.success
    assert outcome.unmade == (WEEKS[0],)
    [error] = outcome.errors
    assert re.search(rf"{table.name} {WEEKS[0]}: refused: .*{text}", error), error
    assert lake.read(table, WEEKS).equals(pa.concat_tables([wrong, right]))


@pytest.mark.parametrize(
    ("as_of", "phase"),
    [("2024-10-15T08:00:00+00:00", "provisional"), ("2024-10-17T12:00:00+00:00", "final")],
)
def test_a_week_is_marked_until_it_is_final(
    instance: dg.DagsterInstance, as_of: str, phase: str
) -> None:
    outcome = execute(instance, "season_ingest", "sample", {"as_of": as_of}, WEEKS[1], WEEKS[1])
    assert outcome.success, outcome.errors
    found = evaluations(instance)["weekly_stats_final"]
    assert found.passed == (phase == "final")
    assert found.severity == dg.AssetCheckSeverity.WARN
    mark = f"weekly_stats {WEEKS[1]}: {phase}, not final: the league may still correct these stats"
    told = [warning for warning in outcome.warnings if "not final" in warning]
    assert told == ([] if found.passed else [f"weekly_stats_final: {mark}"])


def test_a_failed_check_is_told_in_one_line(
    instance: dg.DagsterInstance, lake: Lake, spoilt: Callable[..., None]
) -> None:
    """Points other than upstream's in every line: the outcome of the run says which and where."""
    rows = lake.read(WEEKLY_STATS, [WEEKS[0]])
    at = rows.schema.get_field_index("fantasy_points_ppr")
    points = pc.add(rows["fantasy_points_ppr"], 1.0)
    spoilt(WEEKLY_STATS, WEEKS[0], rows.set_column(at, "fantasy_points_ppr", points))
    outcome = summarize(check_then_downstream(instance, WEEKLY_STATS, PROVISIONAL_STATS))
    assert not outcome.success
    [error] = outcome.errors
    assert error.startswith("points_match_upstream: weekly_stats 2024 week 5: ")
    assert not outcome.rows


def half(rows: pa.Table) -> pa.Table:
    """Every other line: a half of every team."""
    return rows.take(pa.array(range(0, rows.num_rows, 2)))


def of_the_week_after(rows: pa.Table) -> pa.Table:
    at = rows.schema.get_field_index("week")
    return rows.set_column(at, rows.field(at), pc.add(rows["week"], pa.scalar(1, pa.int32())))


@pytest.mark.parametrize(
    ("table", "check", "spoil", "text", "severity"),
    [
        (
            WEEKLY_STATS,
            "weekly_stats_against_schedule",
            without_a_team,
            "no rows for teams with a game: ",
            dg.AssetCheckSeverity.ERROR,
        ),
        (
            WEEKLY_STATS,
            "weekly_stats_bounds",
            None,
            "have the same stat line as in 2024 week 5",
            dg.AssetCheckSeverity.ERROR,
        ),
        (
            WEEKLY_STATS,
            "weekly_stats_anomalies",
            half,
            "rows per team ",
            dg.AssetCheckSeverity.WARN,
        ),
        (
            SOURCE_PROJECTIONS,
            "source_projections_fresh",
            None,
            "repeats its projections of the week before",
            dg.AssetCheckSeverity.WARN,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)
@pytest.mark.usefixtures("season_before")
def test_a_fault_in_the_lake_is_shown(
    instance: dg.DagsterInstance,
    lake: Lake,
    spoilt: Callable[..., None],
    table: Table,
    check: str,
    spoil: Callable[[pa.Table], pa.Table] | None,
    text: str,
    severity: dg.AssetCheckSeverity,
) -> None:
    """Each check as Dagster shows it: failed, how badly, in which week, and why."""
    first, last = (lake.read(table, [week]) for week in WEEKS)
    spoilt(table, WEEKS[1], spoil(last) if spoil else of_the_week_after(first))
    downstream = PROVISIONAL_STATS if table is WEEKLY_STATS else PROJECTIONS
    check_then_downstream(instance, table, downstream)
    found = evaluations(instance)[check]
    assert not found.passed
    assert found.severity == severity
    assert WEEKS[1].key in found.metadata["failing_partitions"].value  # type: ignore[operator]
    assert text in str(found.metadata["problems"].value)


@pytest.fixture
def season_before(instance: dg.DagsterInstance, lake: Lake) -> Iterator[None]:
    """Stat lines of nine weeks of the season before, with which a week is compared."""
    sample, weeks = SampleLeague(), [SeasonWeek(2023, number) for number in range(9, 18)]
    nobody = RAW_PLAYERS.arrow_schema.empty_table()
    numbers = [week.week for week in weeks]
    lines = weekly_stats(sample, lake.read(GAMES), nobody, 2023, numbers)
    lake.write_weeks(WEEKLY_STATS, lines, weeks)
    yield
    for week in weeks:
        Path(lake.path(WEEKLY_STATS, week)).unlink()


def test_a_week_with_nothing_before_it_is_not_compared(instance: dg.DagsterInstance) -> None:
    """And not called ok."""
    assert run(instance, "season_ingest").success
    found = evaluations(instance)["weekly_stats_anomalies"]
    assert found.passed
    assert found.metadata["rules"].value == {}
    told = str(found.metadata["not compared"].value)
    assert told == "trailing: 2024 week 6: fewer than 8 earlier weeks in the lake"


def test_played_weeks_that_are_not_in_the_lake_are_a_warning(
    instance: dg.DagsterInstance,
) -> None:
    """On the partitions, and in what the run came to."""
    outcome = run(instance, "season_projections")
    assert outcome.success
    [text] = [text for text in outcome.warnings if "no stats of week" in text]
    assert "no stats of weeks 1, 2, 3, 4, although games were played; week 6 is projected" in text
    assert text.endswith("fantasy-pipeline backfill --seasons 2024 --weeks 1,2,3,4")


def test_a_schedule_that_cannot_be_is_shown(instance: dg.DagsterInstance, lake: Lake) -> None:
    before = lake.read(GAMES)
    at = before.schema.get_field_index("home_team")
    alone = before.set_column(at, before.field(at), before["away_team"])
    lake.write(GAMES, alone)
    try:
        check_then_downstream(instance, GAMES, RAW_PLAYERS)
        found = evaluations(instance, None)["games_sound"]
    finally:
        lake.write(GAMES, before)
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert "plays itself" in str(found.description)


def test_games_are_checked_too(instance: dg.DagsterInstance, lake: Lake) -> None:
    assert run(instance, "games_refresh").success
    assert evaluations(instance, None)["games_sound"].passed
    assert lake.read(GAMES).num_rows > 500

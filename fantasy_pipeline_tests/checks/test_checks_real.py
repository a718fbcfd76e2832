"""Test the checks on real upstream data: whole seasons pass, and each injected fault is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.checks import TableChecks, catalogue, schedule
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.real_lake import import_seasons

pytestmark = pytest.mark.real

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
SEASONS = (2018, 2024)
"""One season without upstream rosters, one with all files."""
TRUE = (
    "2018 week 20: no player of LA is on the injury report",
    "2024 week 1: no player of DEN is on the injury report",
)
"""Warnings about gaps that upstream's files really have."""
IMPORTED = (
    catalogue.GAMES,
    catalogue.RAW_PLAYERS,
    catalogue.WEEKLY_STATS,
    catalogue.SOURCE_PROJECTIONS,
)


@pytest.fixture(scope="module")
def lake(nfl_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return import_seasons(nfl_mirror, tmp_path_factory.mktemp("real"), SEASONS)


def found(lake: Lake, part: TableChecks, weeks: list[SeasonWeek]) -> dict[str, list[str]]:
    """Return the problems of stored weeks of a table, by check."""
    evidence = part.evidence(lake, weeks, NOW)
    return {check.name: check.result(evidence).texts for check in part.checks}


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("part", IMPORTED, ids=lambda part: part.table.name)
def test_real_seasons_are_sound(lake: Lake, part: TableChecks, season: int) -> None:
    weeks = [week for week in lake.weeks(tables.WEEKLY_STATS) if week.season == season]
    assert len(weeks) in (21, 22)
    for name, problems in found(lake, part, weeks).items():
        assert [text for text in problems if text not in TRUE] == [], name


@pytest.mark.parametrize("part", IMPORTED[1:], ids=lambda part: part.table.name)
def test_so_is_a_week_by_itself(lake: Lake, part: TableChecks) -> None:
    for name, problems in found(lake, part, [SeasonWeek(2024, 12)]).items():
        assert problems == [], name


def test_the_old_release_has_the_schedules_opponents(nfl_mirror: Path, tmp_path: Path) -> None:
    """In nine weeks of 2023, the old release has a player whose opponent is his own team."""
    transport = Transport(tmp_path, mirror=str(nfl_mirror), offline=True)
    source = Nflverse(transport, "nfl_data_py")
    games, no_players = source.schedule(), tables.RAW_PLAYERS.arrow_schema.empty_table()
    weeks = [SeasonWeek(2023, week) for week in range(1, 23)]
    upstream = source.weekly_stats(2023)
    assert schedule.wrong_opponents(upstream, games, weeks)
    lines = weekly_stats(source, games, no_players, 2023, range(1, 23))
    assert lines.num_rows == upstream.num_rows
    assert schedule.wrong_opponents(lines, games, weeks) == []


@pytest.mark.parametrize("season", [2015, 2023])
def test_the_old_release_has_kickers(nfl_mirror: Path, tmp_path: Path, season: int) -> None:
    """The old release has kickers in a separate file; their lines equal the new release's."""
    transport = Transport(tmp_path, mirror=str(nfl_mirror), offline=True)
    no_players = tables.RAW_PLAYERS.arrow_schema.empty_table()
    kicks = [name for name in tables.WEEKLY_STATS.column_names if name.startswith(("fg_", "pat_"))]
    columns = ["week", "player_id", "team", "opponent", "fantasy_points", "kicking_points", *kicks]
    found = []
    for reader in ("nfl_data_py", "nflreadpy"):
        source = Nflverse(transport, reader)
        lines = weekly_stats(source, source.schedule(), no_players, season, range(1, 23))
        tried = pc.or_(pc.greater(lines["fg_att"], 0), pc.greater(lines["pat_att"], 0))
        keys = [("week", "ascending"), ("player_id", "ascending")]
        found.append(lines.filter(tried).select(columns).sort_by(keys))
    old, new = found
    assert old.num_rows > 500
    # In week 5 of 2015, the new release has a miss from 60 yards in no distance.
    assert old.drop_columns(["fg_missed_60_"]).equals(new.drop_columns(["fg_missed_60_"]))


def test_a_season_whose_kicking_the_old_release_lacks_says_so(
    nfl_mirror: Path, tmp_path: Path
) -> None:
    source = Nflverse(Transport(tmp_path, mirror=str(nfl_mirror), offline=True), "nfl_data_py")
    assert set(source.weekly_stats(2021)["fg_att"].to_pylist()) == {None}
    assert "weekly_stats 2021: upstream has no kicking: kickers have no stat lines" in (
        source.notes("weekly_stats", 2021)
    )


def renumbered(rows: pa.Table, week: int) -> pa.Table:
    at = rows.schema.get_field_index("week")
    return rows.set_column(at, "week", pa.array([week] * len(rows), pa.int32()))


FAULTS: dict[str, tuple[str, Callable[[pa.Table, pa.Table], pa.Table]]] = {
    "a team's lines are gone": (
        "weekly_stats_against_schedule",
        lambda now, before: now.filter(pc.not_equal(now["team"], "DET")),
    ),
    "the week before again": (
        "weekly_stats_bounds",
        lambda now, before: renumbered(before, 12),
    ),
    "last season's lines": (
        "weekly_stats_against_schedule",
        lambda now, before: elsewhere(now),
    ),
    "totals so far": (
        "weekly_stats_bounds",
        lambda now, before: totals(now, before),
    ),
    "half the lines of every team": (
        "weekly_stats_add_up",
        lambda now, before: now.take(pa.array(range(0, len(now), 2))),
    ),
    "a touchdown is worth five": (
        "points_match_upstream",
        lambda now, before: now.set_column(
            now.schema.get_field_index("fantasy_points"),
            "fantasy_points",
            pc.multiply(now["fantasy_points"], 0.9),
        ),
    ),
}


def elsewhere(now: pa.Table) -> pa.Table:
    """Give every tenth line the opponent's team, as if the player had changed teams."""
    pairs = zip(now["team"].to_pylist(), now["opponent"].to_pylist(), strict=True)
    both = [(b, a) if row % 10 == 0 and a and b else (a, b) for row, (a, b) in enumerate(pairs)]
    for name, values in zip(("team", "opponent"), zip(*both, strict=True), strict=True):
        at = now.schema.get_field_index(name)
        now = now.set_column(at, name, pa.array(values, pa.string()))
    return now


def totals(now: pa.Table, before: pa.Table) -> pa.Table:
    """Add each player's usage of the week before to his usage of this week."""
    for name in ("attempts", "carries", "targets", "def_tackles_solo"):
        earlier = dict(zip(before["player_id"].to_pylist(), before[name].to_pylist(), strict=True))
        values = [
            (value or 0.0) + (earlier.get(player) or 0.0)
            for player, value in zip(
                now["player_id"].to_pylist(), now[name].to_pylist(), strict=True
            )
        ]
        now = now.set_column(now.schema.get_field_index(name), name, pa.array(values))
    return now


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_real_week_is_found(lake: Lake, tmp_path: Path, fault: str) -> None:
    """A blocking check refuses the write; every check finds the fault in the lake."""
    check, spoil = FAULTS[fault]
    spoilt = Lake(str(tmp_path / "lake"), "nfl")
    spoilt.write(tables.GAMES, lake.read(tables.GAMES))
    weeks = [SeasonWeek(2024, week) for week in range(1, 12)]
    stats = lake.read(tables.WEEKLY_STATS, weeks)
    spoilt.write_weeks(tables.WEEKLY_STATS, stats, weeks)
    week = SeasonWeek(2024, 12)
    spoilt.write_weeks(tables.RAW_PLAYERS, lake.read(tables.RAW_PLAYERS, [week]), [week])
    rows = spoil(lake.read(tables.WEEKLY_STATS, [week]), lake.read(tables.WEEKLY_STATS, weeks[-1:]))
    checks = catalogue.WEEKLY_STATS
    results = checks.results(checks.evidence(spoilt, [week], NOW, rows), written=True)
    if next(part.blocking for part in checks.checks if part.name == check):
        message = rf"{check}: weekly_stats 2024 week 12: .* Nothing was written\. "
        with pytest.raises(PipelineError, match=message):
            checks.refuse_wrong(results)
    else:
        checks.refuse_wrong(results)
    spoilt.write_weeks(tables.WEEKLY_STATS, rows, [week])
    problems = found(spoilt, checks, [week])
    assert problems[check], problems
    assert problems[check][0].startswith("2024 week 12: ")

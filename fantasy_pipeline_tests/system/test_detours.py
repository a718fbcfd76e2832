"""Test that a weekly run takes no detours: it reads each table once and validates each row once."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import weeks_in
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.week_runs import run_due
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory

MOST_READS = 30
"""Number of lake reads of `fantasy-pipeline run`: an import, a projection and a report, in an empty
lake. Some of them ask for earlier weeks, of which there are none."""


def test_a_weekly_run_reads_and_validates_each_table_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_history: WithHistory
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(with_history(tmp_path)))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    reads: Counter[str] = Counter()
    validated: Counter[tuple[str, str]] = Counter()
    contracts = {table.name: table for table in ALL_TABLES}
    read, violations = Lake.read, Table.violations

    def counted_read(lake: Lake, table: Table, *arguments: Any, **more: Any) -> pa.Table:
        rows = read(lake, table, *arguments, **more)
        # A table that the lake lacks costs no read.
        reads[table.name] += 1
        return rows

    def counted_violations(table: Table, rows: pa.Table, *arguments: Any, **more: Any) -> list[str]:
        # Upstream's frames have contracts too, some under the same name.
        if contracts.get(table.name) is table:
            for week in weeks_in(rows) if table.weekly else ["all"]:
                validated[table.name, str(week)] += 1
        return violations(table, rows, *arguments, **more)

    monkeypatch.setattr(Lake, "read", counted_read)
    monkeypatch.setattr(Table, "violations", counted_violations)
    session = Session()
    result = run_due(session, lambda _text, _left: nullcontext())
    session.instance.dispose()

    assert result.success, result.errors
    assert [name.split()[0] for name in result.runs] == [
        "weekly_import",
        "weekly_projections",
        "report_week",
    ]
    assert sum(reads.values()) <= MOST_READS, reads
    assert reads["games"] <= 2, reads
    # The schedule, leagues and player_history are written by two of the runs. What a source answers
    # is validated before it is merged with what the lake has, so that one bad week costs no other.
    twice = {"games", "league_teams", "player_history", "source_projections"}
    assert {table for table, _ in validated} >= {"raw_players", "weekly_stats", "projections"}
    for (table, week), count in validated.items():
        assert count <= (2 if table in twice else 1), (table, week, count)

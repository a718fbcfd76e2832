"""Decide which weeks of a table may be written: a wrong week costs no other week.

The I/O manager calls `accepted` before every write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from fantasy_pipeline.checks.base import Result, TableChecks
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table, ValidatedRows
from fantasy_pipeline.football.tables.week_rows import of_week, of_weeks
from fantasy_pipeline.lake.reads import Reads


@dataclass(frozen=True)
class Accepted:
    """Rows that satisfy the contract and the blocking checks of a table.

    Args:
        rows: the accepted rows.
        weeks: their weeks; empty for tables without weeks.
        refused: the weeks that are not written, each with the reason.
        results: the result of each check over the accepted rows, by its name.
    """

    rows: ValidatedRows
    weeks: list[SeasonWeek]
    refused: Mapping[SeasonWeek, str] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)


def accepted(
    table: Table,
    checks: TableChecks | None,
    data: pa.Table,
    weeks: Sequence[SeasonWeek],
    now: datetime,
    stored: Reads,
) -> Accepted:
    """Return the weeks of a table that may be written, and the reason for every other week.

    Args:
        checks: the table's checks; None if it has none.
        data: rows of `weeks`.
        now: the moment that the run stands for.
        stored: the lake, with which the checks compare the rows.

    Raises:
        PipelineError: no week may be written, or the problem belongs to no single week.
    """
    found = _valid(table, data, list(weeks))
    while checks is not None:
        evidence = checks.evidence(stored, found.weeks, now, found.rows.rows)
        results = checks.results(evidence, written=True)
        refused = checks.refused_weeks(results) if table.weekly else {}
        left = [week for week in found.weeks if week not in refused]
        if not left or not table.weekly:
            checks.refuse_wrong(results)
        if not refused:
            return replace(found, results=results)
        # Checked again, because the rows of a refused week are no evidence for its neighbours.
        found = Accepted(
            table.validated(of_weeks(found.rows.rows, left)), left, {**found.refused, **refused}
        )
    return found


def _valid(table: Table, data: pa.Table, weeks: list[SeasonWeek]) -> Accepted:
    """Return the weeks whose rows satisfy the contract.

    Raises:
        PipelineError: no week's rows do.
    """
    try:
        return Accepted(table.validated(data), weeks)
    except PipelineError as error:
        if not table.weekly or not weeks:
            raise
        refused = _violations(table, data, weeks)
        if len(refused) == len(weeks):
            text = str(error).removeprefix(f"table {table.name}: ")
            raise PipelineError(f"{table.name} {weeks[0]}: {text}") from error
    left = [week for week in weeks if week not in refused]
    return Accepted(table.validated(of_weeks(data, left)), left, refused)


def _violations(table: Table, data: pa.Table, weeks: Sequence[SeasonWeek]) -> dict[SeasonWeek, str]:
    """Return the weeks whose rows break the contract, each with the error."""
    refused = {}
    for week in weeks:
        try:
            table.validated(of_week(data, week))
        except PipelineError as error:
            refused[week] = str(error)
    return refused

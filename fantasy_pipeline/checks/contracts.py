"""Rules that every table has: stored rows keep the contract of their table."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from fantasy_pipeline.checks.base import Evidence, Problem, Rule
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import of_week


def contract(table: Table, columns: tuple[str, ...] = ()) -> Rule:
    """Return the rule that stored values are those that the contract allows."""
    part = tuple(column for column in table.columns if not columns or column.name in columns)
    of_columns = Table(table.name, table.description, table.key, part, table.weekly)
    return lambda evidence: _by_week(evidence, lambda rows: of_columns.violations(rows, keys=False))


def keys(table: Table) -> Rule:
    """Return the rule that no key is null or repeated, in one week or across weeks."""
    return lambda evidence: _by_week(evidence, lambda rows: table.violations(rows, values=False))


def _by_week(evidence: Evidence, violations: Callable[[pa.Table], list[str]]) -> list[Problem]:
    """Return violations of a contract, each with its week."""
    found = violations(evidence.rows)
    if not found:
        return []
    of_weeks = [
        Problem(week, text)
        for week in evidence.weeks
        for text in violations(of_week(evidence.rows, week))
    ]
    return of_weeks or [Problem(None, text) for text in found]

"""Rows by week, for any Arrow table with the columns season and week."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.season_week import SeasonWeek


def codes(table: pa.Table) -> np.ndarray:
    """Return the `SeasonWeek.code` of each row."""
    return table["season"].to_numpy() * 100 + table["week"].to_numpy()


def weeks_in(table: pa.Table) -> list[SeasonWeek]:
    """Return the weeks that a table has rows of, in order."""
    return [SeasonWeek.of_code(code) for code in np.unique(codes(table)).tolist()]


def of_weeks(table: pa.Table, weeks: Iterable[SeasonWeek]) -> pa.Table:
    """Return the rows of some weeks, in the table's order."""
    return table.filter(pa.array(np.isin(codes(table), [week.code for week in weeks])))


def of_week(table: pa.Table, week: SeasonWeek) -> pa.Table:
    """Return the rows of one week, in the table's order."""
    return table.filter(pa.array(codes(table) == week.code))

"""Rows by week, of players or of team defences, for any Arrow table with such columns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DST
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


def of_defences(table: pa.Table) -> pa.Table:
    """Return the rows of team defences."""
    return table.filter(pc.equal(table["position"], DST))


def of_players(table: pa.Table) -> pa.Table:
    """Return the rows of players, in the table's order; the same table without a defence."""
    return table.filter(pc.not_equal(pc.fill_null(table["position"], ""), DST))

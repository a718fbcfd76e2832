"""Weeks in tables: which a table has, and which of its rows are of one.

For any Arrow table with the columns season and week.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def codes(table: pa.Table) -> np.ndarray:
    """`SeasonWeek.code` of each row."""
    return table["season"].to_numpy() * 100 + table["week"].to_numpy()


def weeks_in(table: pa.Table) -> list[SeasonWeek]:
    """Weeks that a table has rows of, in order."""
    import numpy as np

    return [SeasonWeek.of_code(code) for code in np.unique(codes(table)).tolist()]


def of_weeks(table: pa.Table, weeks: Iterable[SeasonWeek]) -> pa.Table:
    """Rows of some weeks, in the table's order."""
    import numpy as np
    import pyarrow as pa

    return table.filter(pa.array(np.isin(codes(table), [week.code for week in weeks])))


def of_week(table: pa.Table, week: SeasonWeek) -> pa.Table:
    """Rows of one week."""
    return of_weeks(table, [week])

"""What a table is: its columns, types, key and meaning.

`Table` is the one definition from which the writer, the checks, Dagster's column schema and
the docs derive. The lake's tables are in `tables/`; what upstream delivers is in
`sources/schema.py`. Nothing here knows football or Dagster.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import pyarrow as pa

_ARROW_TYPES = {
    "bool": "bool_",
    "date": "date32",
    "float": "float64",
    "int": "int32",
    "string": "string",
    "timestamp": "timestamp",
}


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: column name, an nflverse name where there is one.
        type: ``string``, ``int``, ``float``, ``bool``, ``date`` or ``timestamp`` (UTC).
        description: meaning, with the unit where there is one.
        required: upstream must deliver it; of contracts of sources, the lake's use `nullable`.
        aliases: names that this column has, or had, upstream.
        unit: what a number counts, e.g. ``yards``; empty where it has none.
        lowest, highest: values beyond which a number is an error, not a record.
        allowed: the only values that a text may have; empty: any.
        nullable: whether a row may do without it; key columns never may.
    """

    name: str
    type: str
    description: str
    required: bool = False
    aliases: tuple[str, ...] = ()
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    allowed: tuple[str, ...] = ()
    nullable: bool = True

    @property
    def constraints(self) -> list[str]:
        """What values must be, in words, e.g. ``0 to 1``."""
        words = []
        if self.lowest is not None or self.highest is not None:
            words.append(f"{_bound(self.lowest)} to {_bound(self.highest)}")
        if self.allowed:
            words.append(f"one of {', '.join(self.allowed)}")
        if self.type == "float":
            words.append("never NaN or infinite")
        return words

    @property
    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        if self.type == "timestamp":
            return pa.timestamp("us", tz="UTC")
        return getattr(pa, _ARROW_TYPES[self.type])()


@dataclass(frozen=True)
class Table:
    """One table: one row per `key`; `weekly` if the lake keeps one file per season and week."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    weekly: bool = True

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    def violations(self, data: pa.Table, keys: bool = True, values: bool = True) -> list[str]:
        """What breaks the contract in rows of its columns and types: see `enforcement`."""
        from fantasy_pipeline.enforcement import violations

        return violations(self, data, keys, values)

    def checked(self, data: pa.Table | Checked) -> Checked:
        """Rows in the shape of the contract, with nothing but values that it allows: what may be
        written. What has been checked is not looked at again.

        Raises:
            PipelineError: as `conform`, or values that are not allowed; all columns are named.
        """
        if isinstance(data, Checked) and data.table == self:
            return data
        rows = self._shaped(data.rows if isinstance(data, Checked) else data)
        if wrong := self.violations(rows):
            raise PipelineError(
                f"table {self.name}: {' | '.join(wrong)}. Nothing was written. Upstream is wrong, "
                f"or a column changed its meaning."
            )
        return Checked(self, rows)

    def conform(self, data: pa.Table) -> pa.Table:
        """Select, order and cast the columns to this contract, rows sorted by key.

        Raises:
            PipelineError: a column is missing, does not fit its type, or the key repeats or is
                null.
        """
        rows = self._shaped(data)
        if wrong := self.violations(rows, values=False):
            raise PipelineError(f"table {self.name}: {' | '.join(wrong)}")
        return rows

    def _shaped(self, data: pa.Table) -> pa.Table:
        """The contract's columns in its order and types, rows sorted by key."""
        import pyarrow as pa

        missing = [name for name in self.column_names if name not in data.column_names]
        if missing:
            raise PipelineError(f"table {self.name}: no column {', '.join(missing)}")
        arrays = []
        for column in self.columns:
            try:
                arrays.append(data[column.name].cast(column.arrow_type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise PipelineError(f"table {self.name}: column {column.name}: {error}") from error
        return self._sorted(pa.table(arrays, schema=self.arrow_schema))

    def _sorted(self, table: pa.Table) -> pa.Table:
        """Rows by key; a table that is in order already is not copied."""
        import numpy as np
        import pyarrow.compute as pc

        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in self.key])
        if np.array_equal(order.to_numpy(), np.arange(table.num_rows)):
            return table
        return table.take(order)


@dataclass(frozen=True)
class Checked:
    """Rows that keep a table's contract; only `Table.checked` makes them."""

    table: Table
    rows: pa.Table


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"

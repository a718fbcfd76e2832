"""What a table is: its columns, types, key and meaning.

`Table` is the one definition from which the writer, the checks, Dagster's column schema and
the docs derive. The lake's tables are in `tables.py`; what upstream delivers is in
`sources/schema.py`. Nothing here knows football or Dagster.
"""

from __future__ import annotations

from dataclasses import dataclass
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
        required: upstream must deliver it, and it is never null in a lake table's key.
        aliases: names that this column has, or had, upstream.
    """

    name: str
    type: str
    description: str
    required: bool = False
    aliases: tuple[str, ...] = ()

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

    @property
    def arrow_schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    def conform(self, data: pa.Table) -> pa.Table:
        """Select, order and cast the columns to this contract, rows sorted by key.

        Raises:
            PipelineError: a column is missing, does not fit its type, or the key repeats or is
                null.
        """
        import pyarrow as pa

        missing = [name for name in self.column_names if name not in data.column_names]
        if missing:
            raise PipelineError(f"table {self.name}: no column {', '.join(missing)}")
        arrays = []
        for column in self.columns:
            try:
                array = data[column.name].cast(column.arrow_type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise PipelineError(f"table {self.name}: column {column.name}: {error}") from error
            if column.name in self.key and array.null_count:
                raise PipelineError(
                    f"table {self.name}: {array.null_count} rows without {column.name}"
                )
            arrays.append(array)
        table = pa.table(arrays, schema=self.arrow_schema)
        table = self._sorted(table)
        self._refuse_repeated_keys(table)
        return table

    def _sorted(self, table: pa.Table) -> pa.Table:
        """Rows by key; a table that is in order already is not copied."""
        import numpy as np
        import pyarrow.compute as pc

        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in self.key])
        if np.array_equal(order.to_numpy(), np.arange(table.num_rows)):
            return table
        return table.take(order)

    def _refuse_repeated_keys(self, table: pa.Table) -> None:
        """Raise where two neighbours of the sorted rows have the same key."""
        import pyarrow.compute as pc

        if table.num_rows < 2:
            return
        same = None
        for name in self.key:
            column = table[name].combine_chunks()
            equal = pc.equal(column.slice(1), column.slice(0, len(column) - 1))
            same = equal if same is None else pc.and_(same, equal)
        repeated = table.slice(1).filter(same)
        if repeated.num_rows:
            rows = repeated.slice(0, 3).to_pylist()
            names = "; ".join(", ".join(str(row[key]) for key in self.key) for row in rows)
            raise PipelineError(
                f"table {self.name}: {repeated.num_rows} repeated keys "
                f"({', '.join(self.key)}), e.g. {names}"
            )

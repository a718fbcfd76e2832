"""What a table is: its columns, types, key and meaning.

`Table` is the one definition from which the writer, the checks, Dagster's column schema and
the docs derive. The lake's tables are in `tables/`; what upstream delivers is in
`sources/schema.py`. Nothing here knows football or Dagster.
"""

from __future__ import annotations

from collections.abc import Iterator
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

    @property
    def arrow_schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    def violations(self, data: pa.Table) -> Iterator[str]:
        """What breaks the contract in the values of a table that has its columns and types.

        One clause per column: how many rows, and examples with their key. Arrow's kernels look at
        each column once, whole: a season of weekly_stats takes some 10 ms (pandera: 25 times
        that, and a second of CPU to import).
        """
        import pyarrow.compute as pc

        for column in self.columns:
            values = data[column.name]
            if values.null_count and (column.name in self.key or not column.nullable):
                yield self._clause(data, column, pc.is_null(values), "null")
            if column.type == "float" and not _all(pc.is_finite(values)):
                yield self._clause(data, column, pc.invert(pc.is_finite(values)), "NaN or infinite")
            if column.lowest is not None or column.highest is not None:
                yield from self._outside(data, column)
            if column.allowed:
                unknown = set(pc.unique(values).to_pylist()) - {*column.allowed, None}
                if unknown:
                    wrong = pc.is_in(values, _strings(sorted(unknown)))
                    yield self._clause(data, column, wrong, f"not {column.constraints[0]}")

    def _outside(self, data: pa.Table, column: Column) -> Iterator[str]:
        """A clause if values are below the lowest or above the highest."""
        import pyarrow as pa
        import pyarrow.compute as pc

        values = data[column.name]
        least, most = pc.min_max(values).as_py().values()
        if least is None:
            return
        lowest = least if column.lowest is None else column.lowest
        highest = most if column.highest is None else column.highest
        if least < lowest or most > highest:
            below = pc.less(values, pa.scalar(lowest, values.type))
            above = pc.greater(values, pa.scalar(highest, values.type))
            wrong = pc.or_(below, above)
            yield self._clause(data, column, wrong, f"outside {column.constraints[0]}")

    def _clause(self, data: pa.Table, column: Column, wrong: pa.ChunkedArray, what: str) -> str:
        import pyarrow.compute as pc

        rows = data.filter(pc.fill_null(wrong, False))
        examples = "; ".join(
            f"{row[column.name]} ({', '.join(str(row[key]) for key in self.key)})"
            for row in rows.slice(0, 3).to_pylist()
        )
        return f"{column.name}: {rows.num_rows} of {data.num_rows} rows {what}, e.g. {examples}"

    def checked(self, data: pa.Table) -> pa.Table:
        """`conform`, and every value is one that the contract allows: what may be written.

        Raises:
            PipelineError: as `conform`, or values that are not allowed; all columns are named.
        """
        table = self.conform(data)
        if wrong := list(self.violations(table)):
            raise PipelineError(
                f"table {self.name}: {' | '.join(wrong)}. Nothing was written. Upstream is wrong, "
                f"or a column changed its meaning."
            )
        return table

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
        if repeated := self.repeated_keys(table):
            raise PipelineError(f"table {self.name}: {repeated}")
        return table

    def _sorted(self, table: pa.Table) -> pa.Table:
        """Rows by key; a table that is in order already is not copied."""
        import numpy as np
        import pyarrow.compute as pc

        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in self.key])
        if np.array_equal(order.to_numpy(), np.arange(table.num_rows)):
            return table
        return table.take(order)

    def repeated_keys(self, table: pa.Table) -> str | None:
        """How many rows, sorted by key, repeat one, with examples; None if none does."""
        import pyarrow.compute as pc

        if table.num_rows < 2:
            return None
        same = None
        for name in self.key:
            column = table[name].combine_chunks()
            equal = pc.equal(column.slice(1), column.slice(0, len(column) - 1))
            same = equal if same is None else pc.and_(same, equal)
        repeated = table.slice(1).filter(same)
        if not repeated.num_rows:
            return None
        rows = repeated.slice(0, 3).to_pylist()
        names = "; ".join(", ".join(str(row[key]) for key in self.key) for row in rows)
        return f"{repeated.num_rows} repeated keys ({', '.join(self.key)}), e.g. {names}"


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _all(flags: pa.ChunkedArray) -> bool:
    """Whether no flag is false; null, the flag of a null, is none."""
    import pyarrow.compute as pc

    return bool(pc.all(flags, min_count=0).as_py())


def _strings(values: list[str]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, pa.string())

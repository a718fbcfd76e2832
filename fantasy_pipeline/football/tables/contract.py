"""What a table is: its columns, types, key and meaning.

`Table` is the one definition from which the writer, the checks, Dagster's column schema and
the docs derive. The lake's tables are in `tables/`; what upstream delivers is in
`sources/schema.py`. Nothing here knows football or Dagster.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import dataframely as dy
    import polars as pl
    import pyarrow as pa

_NOT_FINITE = "NaN or infinite"
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
        """What is wrong with rows that have the contract's columns and types.

        One clause for the key and one per column and kind: how many rows, and examples with their
        key.

        Args:
            keys: whether the key must be there and must not repeat.
            values: whether every column's nulls and values are looked at.
        """
        import polars as pl

        schema = _schema(self, keys, values)
        # Lazily: only wrong rows are copied. Numbers stay where Arrow has them.
        frame = pl.from_arrow(data.select(schema.column_names()), rechunk=False)
        _, failure = schema.filter(cast("pl.DataFrame", frame).lazy())
        broken = failure.counts()
        if not broken:
            return []
        details, clauses = failure.details(), []
        if "primary_key" in broken:
            clauses.append(_repeated_keys(self, details))
        for column in self.columns:
            rules = [name for name in broken if name.startswith(f"{column.name}|")]
            clauses += _broken_values(self, column, rules, details, data.num_rows)
        return clauses

    def validated(self, data: pa.Table | ValidatedRows) -> ValidatedRows:
        """Rows in the shape of the contract, with nothing but values that it allows: what may be
        written. What has been checked is not looked at again.

        Raises:
            PipelineError: as `conform`, or values that are not allowed; all columns are named.
        """
        if isinstance(data, ValidatedRows) and data.table == self:
            return data
        rows = self.shaped(data.rows if isinstance(data, ValidatedRows) else data)
        if wrong := self.violations(rows):
            raise PipelineError(
                f"table {self.name}: {' | '.join(wrong)}. Nothing was written. Upstream is wrong, "
                f"or a column changed its meaning."
            )
        return ValidatedRows(self, rows)

    def conform(self, data: pa.Table) -> pa.Table:
        """Select, order and cast the columns to this contract, rows sorted by key.

        Raises:
            PipelineError: a column is missing, does not fit its type, or the key repeats or is
                null.
        """
        rows = self.shaped(data)
        if wrong := self.violations(rows, values=False):
            raise PipelineError(f"table {self.name}: {' | '.join(wrong)}")
        return rows

    def shaped(self, data: pa.Table) -> pa.Table:
        """Select, order and cast the columns to this contract, rows sorted by key; check no value.

        For rows on their way to the lake: `validated` checks them once, where they are written.

        Raises:
            PipelineError: a column is missing or does not fit its type.
        """
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
class ValidatedRows:
    """Rows that keep a table's contract; only `Table.checked` makes them."""

    table: Table
    rows: pa.Table


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _broken_values(
    table: Table, column: Column, rules: list[str], details: pl.DataFrame, total: int
) -> list[str]:
    """Return one clause per kind of wrong value in a column, with up to three examples."""
    import polars as pl

    clauses, rows = [], details
    # NaN also lies beyond every bound: each row is reported once.
    for what, names in _by_kind(column, rules).items():
        wrong = pl.any_horizontal(pl.col(name) == "invalid" for name in names)
        if found := rows.filter(wrong).rows(named=True):
            examples = "; ".join(
                f"{row[column.name]} ({', '.join(str(row[key]) for key in table.key)})"
                for row in found[:3]
            )
            clauses.append(f"{column.name}: {len(found)} of {total} rows {what}, e.g. {examples}")
        rows = rows.filter(~wrong)
    return clauses


def _by_kind(column: Column, rules: list[str]) -> dict[str, list[str]]:
    """Names of broken rules by what is said of them, in the order in which it is said."""
    kind_of = {
        "nullability": "null",
        "nan": _NOT_FINITE,
        "inf": _NOT_FINITE,
        "min": f"outside {column.constraints[0]}" if column.constraints else "",
        "check__allowed": f"not {column.constraints[0]}" if column.constraints else "",
    }
    kind_of["max"] = kind_of["min"]
    kinds: dict[str, list[str]] = {what: [] for what in kind_of.values()}
    for name in rules:
        kinds[kind_of[name.split("|")[1]]].append(name)
    return {what: names for what, names in kinds.items() if names}


def _repeated_keys(table: Table, details: pl.DataFrame) -> str:
    """How many keys occur more than once, with examples."""
    import polars as pl

    rows = details.filter(pl.col("primary_key") == "invalid")
    keys = rows.select(table.key).unique(maintain_order=True).rows()
    names = "; ".join(", ".join(map(str, key)) for key in keys[:3])
    return f"{len(keys)} repeated keys ({', '.join(table.key)}), e.g. {names}"


@cache
def _schema(table: Table, keys: bool, values: bool) -> type[dy.Schema]:
    """The contract, or a part of it, as the library has it."""
    import dataframely as dy

    # As aliases: the name of a column could be that of a method.
    columns = {
        f"column_{number}": _column(column, column.name in table.key, keys)
        for number, column in enumerate(table.columns)
        if values or column.name in table.key
    }
    return type(table.name, (dy.Schema,), columns)


def _column(column: Column, in_key: bool, keys: bool) -> dy.Column:
    import dataframely as dy

    common: dict[str, Any] = {
        "alias": column.name,
        "nullable": column.nullable and not in_key,
        "primary_key": in_key and keys,
    }
    if column.allowed:
        common["check"] = {"allowed": lambda values: values.is_in(column.allowed)}
    lowest, highest = column.lowest, column.highest
    if column.type == "float":
        return dy.Float64(min=lowest, max=highest, **common)
    if column.type == "int":
        return dy.Int32(
            min=None if lowest is None else math.ceil(lowest),
            max=None if highest is None else math.floor(highest),
            **common,
        )
    if column.type == "timestamp":
        return dy.Datetime(time_unit="us", time_zone="UTC", **common)
    return {"bool": dy.Bool, "date": dy.Date, "string": dy.String}[column.type](**common)

"""Contracts of tables: columns, types, key, accepted values and meaning.

The writer, the checks, Dagster's column schema and the data dictionary all derive from a `Table`.
The contracts of the lake's tables are in this package, those of upstream's files in
`ingest/sources/schema.py`. Nothing in this module depends on football or Dagster.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.unused_packages import refused

if TYPE_CHECKING:
    # The functions below import these: they take longer to load than NumPy and Arrow together.
    import dataframely as dy
    import polars as pl

_NOT_FINITE = "NaN or infinite"
_OTHER_SHAPE = (
    "Nothing was written. Update fantasy_pipeline and import the weeks again; if the error stays, "
    "report it as a defect."
)
_ARROW_TYPES = {
    "bool": "bool_",
    "date": "date32",
    "float": "float64",
    "int": "int32",
    "string": "string",
    "timestamp": "timestamp",
}
SQL_TYPES = {
    "bool": "boolean",
    "date": "date",
    "float": "double",
    "int": "integer",
    "string": "varchar",
    "time": "time",
    "timestamp": "timestamptz",
}
"""DuckDB's name of each type; only upstream's files have times."""


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: column name; nflverse's name if nflverse has the column.
        type: ``string``, ``int``, ``float``, ``bool``, ``date`` or ``timestamp`` (UTC).
        description: meaning of a value, and of null where the column may have nulls.
        required: whether upstream must deliver the column. Used in the contracts of upstream's
            files; the lake's contracts use `nullable`.
        aliases: other names that upstream uses, or used, for the column.
        unit: unit of a number, e.g. ``yards``; empty if it has none.
        lowest, highest: smallest and largest accepted number; None: no bound.
        allowed: accepted values of a text; empty: any text.
        nullable: whether a value may be null; a key column's never may.
        added: whether files of an older version may lack the column; it is null in their rows.
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
    added: bool = False

    @property
    def constraints(self) -> list[str]:
        """Return the rules for the column's values in words, e.g. ``0 to 1``."""
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
        if self.type == "timestamp":
            return pa.timestamp("us", tz="UTC")
        return getattr(pa, _ARROW_TYPES[self.type])()


@dataclass(frozen=True)
class Table:
    """One table, with one row per value of `key`.

    Args:
        name: table name.
        description: meaning of the table and of one row.
        key: columns that together identify a row; never null.
        columns: all columns, in the order of the file.
        weekly: whether the lake has one file per season and week, or one file for all.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    weekly: bool = True

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @cached_property
    def added_columns(self) -> frozenset[str]:
        """Names of the columns that files of earlier versions lack."""
        return frozenset(column.name for column in self.columns if column.added)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    def violations(self, data: pa.Table, keys: bool = True, values: bool = True) -> list[str]:
        """Return the violations of the contract in rows that have its columns and types.

        There is one clause for repeated keys, and one per column and kind of violation. Each gives
        the number of rows and up to three examples with their key.

        Args:
            keys: whether to check that no key is null and none repeats.
            values: whether to check the nulls and values of every column.
        """
        import polars as pl

        schema = _schema(self, keys, values)
        # Lazy, so that only wrong rows are copied; numbers stay in the Arrow buffers.
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
        """Return rows in the contract's shape, all of whose values it accepts.

        Rows that were validated against the same contract before are returned as they are.

        Raises:
            PipelineError: an error of `conform`, or values that the contract does not accept. The
                message names all columns with such values.
        """
        if isinstance(data, ValidatedRows) and data.table == self:
            return data
        rows = self.shaped(data.rows if isinstance(data, ValidatedRows) else data)
        if wrong := self.violations(rows):
            raise PipelineError(
                f"table {self.name}: {' | '.join(wrong)}. Nothing was written. The upstream data "
                f"are wrong, or a column changed its meaning: compare the values with upstream's "
                f"file."
            )
        return ValidatedRows(self, rows)

    def conform(self, data: pa.Table) -> pa.Table:
        """Return the contract's columns in its order and types, with the rows sorted by key.

        Raises:
            PipelineError: a column is missing, values do not fit a column's type, or a key repeats
                or is null.
        """
        rows = self.shaped(data)
        if wrong := self.violations(rows, values=False):
            raise PipelineError(f"table {self.name}: {' | '.join(wrong)}. {_OTHER_SHAPE}")
        return rows

    def shaped(self, data: pa.Table) -> pa.Table:
        """Return the contract's columns in its order and types, rows sorted by key; check no value.

        Use it for rows that are about to be written: `validated` checks them when they are.

        Raises:
            PipelineError: a column is missing or does not fit its type.
        """
        missing = [name for name in self.column_names if name not in data.column_names]
        if missing:
            raise PipelineError(
                f"table {self.name}: no column {', '.join(missing)}. {_OTHER_SHAPE}"
            )
        arrays = []
        for column in self.columns:
            try:
                arrays.append(data[column.name].cast(column.arrow_type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise PipelineError(
                    f"table {self.name}: column {column.name}: {error}. {_OTHER_SHAPE}"
                ) from error
        return self._sorted(pa.table(arrays, schema=self.arrow_schema))

    def _sorted(self, table: pa.Table) -> pa.Table:
        """Return the rows sorted by key; a table that is already sorted is not copied."""
        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in self.key])
        if np.array_equal(order.to_numpy(), np.arange(table.num_rows)):
            return table
        return table.take(order)


@dataclass(frozen=True)
class ValidatedRows:
    """Rows that satisfy a table's contract. Only `Table.validated` creates them."""

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
    # NaN also violates every bound. Rows of one kind are dropped, so that each is reported once.
    for kind, names in _by_kind(column, rules).items():
        wrong = pl.any_horizontal(pl.col(name) == "invalid" for name in names)
        if found := rows.filter(wrong).rows(named=True):
            examples = "; ".join(
                f"{row[column.name]} ({', '.join(str(row[key]) for key in table.key)})"
                for row in found[:3]
            )
            clauses.append(f"{column.name}: {len(found)} of {total} rows {kind}, e.g. {examples}")
        rows = rows.filter(~wrong)
    return clauses


def _by_kind(column: Column, rules: list[str]) -> dict[str, list[str]]:
    """Return the names of broken rules by the kind of violation, in the order of the message."""
    kind_of = {
        "nullability": "null",
        "nan": _NOT_FINITE,
        "inf": _NOT_FINITE,
        "min": f"outside {column.constraints[0]}" if column.constraints else "",
        "check__allowed": f"not {column.constraints[0]}" if column.constraints else "",
    }
    kind_of["max"] = kind_of["min"]
    kinds: dict[str, list[str]] = {kind: [] for kind in kind_of.values()}
    for name in rules:
        kinds[kind_of[name.split("|")[1]]].append(name)
    return {kind: names for kind, names in kinds.items() if names}


def _repeated_keys(table: Table, details: pl.DataFrame) -> str:
    """Return a clause with the number of keys that occur more than once, and examples."""
    import polars as pl

    rows = details.filter(pl.col("primary_key") == "invalid")
    keys = rows.select(table.key).unique(maintain_order=True).rows()
    names = "; ".join(", ".join(map(str, key)) for key in keys[:3])
    return f"{len(keys)} repeated keys ({', '.join(table.key)}), e.g. {names}"


@cache
def _schema(table: Table, keys: bool, values: bool) -> type[dy.Schema]:
    """Return the contract as a dataframely schema; keys or values may be left out."""
    # Only its columns of SQL need SQLAlchemy, which takes as long to load as polars.
    with refused("sqlalchemy", "sqlalchemy.dialects.mssql"):
        import dataframely as dy

    # Columns are named by aliases, because a column may have the name of a schema method.
    columns = {
        f"column_{number}": _column(column, column.name in table.key, keys)
        for number, column in enumerate(table.columns)
        if values or column.name in table.key
    }
    return type(table.name, (dy.Schema,), columns)


def _column(column: Column, in_key: bool, keys: bool) -> dy.Column:
    """Return a column with its rules as dataframely has it; `keys` checks that keys are unique."""
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

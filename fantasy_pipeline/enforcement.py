"""What breaks a table's contract, found by dataframely.

Its schema is made of the one `Table`. Only what writes or checks rows imports this module: the
library, and polars under it, take a third of a second of CPU to load.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import dataframely as dy
import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.contracts import Column, Table

_NOT_FINITE = "NaN or infinite"


def violations(table: Table, data: pa.Table, keys: bool, values: bool) -> list[str]:
    """What is wrong with rows that have the contract's columns and types.

    One clause for the key and one per column and kind: how many rows, and examples with their
    key.

    Args:
        keys: whether the key must be there and must not repeat.
        values: whether every column's nulls and values are looked at.
    """
    schema = _schema(table, keys, values)
    # Lazily: only wrong rows are copied. Numbers stay where Arrow has them.
    frame = pl.from_arrow(data.select(schema.column_names()), rechunk=False)
    _, failure = schema.filter(cast("pl.DataFrame", frame).lazy())
    broken = failure.counts()
    if not broken:
        return []
    details, clauses = failure.details(), []
    if "primary_key" in broken:
        clauses.append(_repeated(table, details))
    for column in table.columns:
        rows = details
        rules = [name for name in broken if name.startswith(f"{column.name}|")]
        # NaN is beyond any bound, too: each row is told of once.
        for what, names in _by_kind(column, rules).items():
            wrong = pl.any_horizontal(pl.col(name) == "invalid" for name in names)
            if found := rows.filter(wrong).rows(named=True):
                examples = "; ".join(
                    f"{row[column.name]} ({', '.join(str(row[key]) for key in table.key)})"
                    for row in found[:3]
                )
                clauses.append(
                    f"{column.name}: {len(found)} of {data.num_rows} rows {what}, e.g. {examples}"
                )
            rows = rows.filter(~wrong)
    return clauses


def _by_kind(column: Column, rules: list[str]) -> dict[str, list[str]]:
    """Names of broken rules by what is said of them, in the order in which it is said."""
    told = {
        "nullability": "null",
        "nan": _NOT_FINITE,
        "inf": _NOT_FINITE,
        "min": f"outside {column.constraints[0]}" if column.constraints else "",
        "check__allowed": f"not {column.constraints[0]}" if column.constraints else "",
    }
    told["max"] = told["min"]
    kinds: dict[str, list[str]] = {what: [] for what in told.values()}
    for name in rules:
        kinds[told[name.split("|")[1]]].append(name)
    return {what: names for what, names in kinds.items() if names}


def _repeated(table: Table, details: pl.DataFrame) -> str:
    """How many keys occur more than once, with examples."""
    rows = details.filter(pl.col("primary_key") == "invalid")
    keys = rows.select(table.key).unique(maintain_order=True).rows()
    names = "; ".join(", ".join(map(str, key)) for key in keys[:3])
    return f"{len(keys)} repeated keys ({', '.join(table.key)}), e.g. {names}"


@cache
def _schema(table: Table, keys: bool, values: bool) -> type[dy.Schema]:
    """The contract, or a part of it, as the library has it."""
    # As aliases: the name of a column could be that of a method.
    columns = {
        f"column_{number}": _column(column, column.name in table.key, keys)
        for number, column in enumerate(table.columns)
        if values or column.name in table.key
    }
    return type(table.name, (dy.Schema,), columns)


def _column(column: Column, in_key: bool, keys: bool) -> dy.Column:
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

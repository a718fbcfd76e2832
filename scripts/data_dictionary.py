"""Writes docs/data-dictionary.md from the contracts of the lake's tables.

usage: data_dictionary.py
"""

from collections.abc import Sequence
from pathlib import Path

from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.teams import TEAMS

PAGE = Path(__file__).parents[1] / "docs" / "data-dictionary.md"

_HEAD = """# Data dictionary

This page lists every table of the lake and all its columns. `make docs` writes it from the
contracts in `fantasy_pipeline/football/tables/`. The pipeline enforces the same contracts: it does
not write a row that breaks one. To change this page, change the contract. The
[glossary](glossary.md) explains words such as *provisional*, *consensus* and *value*.

Tables are parquet files below `$FANTASY_DATA/lake` (for the sample league, `$FANTASY_DATA/sample`).
`fantasy-pipeline sql` and the Dagster UI (*Catalog*, column schema) use the same names. `sql` also
has the run history, as `job_executions` ([operations](operations.md#watch)).

- **Type**: `timestamp` is UTC, to the microsecond; `float` has 64 bits, `int` 32.
- **Values**: the smallest and the largest accepted value, or all accepted values. A number is never
  NaN or infinite; an unknown value is null.
- **Null**: whether the value may be missing. Key columns, in **bold**, always have a value.
"""
_COLUMNS = "| column | type | unit | values | null | meaning |\n|---|---|---|---|---|---|\n"


def text(tables: Sequence[Table]) -> str:
    """Return the page for `tables`."""
    parts = [_HEAD, _overview(tables)]
    written: list[Table] = []
    for table in tables:
        parts.append(_section(table, written))
        written.append(table)
    codes = ", ".join(TEAMS)
    parts.append(f"## Team codes\n\nThe current code of each team, for all seasons: {codes}.\n")
    return "\n".join(parts)


def _overview(tables: Sequence[Table]) -> str:
    rows = (
        f"| [{table.name}](#{table.name}) | {'season and week' if table.weekly else 'table'} "
        f"| {', '.join(table.key)} | {len(table.columns)} |\n"
        for table in tables
    )
    return f"| table | one file per | key | columns |\n|---|---|---|---|\n{''.join(rows)}"


def _section(table: Table, before: Sequence[Table]) -> str:
    """Return the section of one table; it refers to an earlier table with the same columns."""
    file = (
        f"One file per season and week, `{table.name}/season=2024/week=05/part.parquet`."
        if table.weekly
        else f"One file, `{table.name}/part.parquet`."
    )
    same = next((other.name for other in before if other.columns == table.columns), None)
    if same:
        columns = f"Columns are those of [{same}](#{same}).\n"
    else:
        columns = _COLUMNS + "".join(_row(table, column) for column in table.columns)
    return (
        f"## {table.name}\n\n{table.description}\n\n"
        f"{file} Key: {', '.join(f'`{name}`' for name in table.key)}.\n\n{columns}"
    )


def _row(table: Table, column: Column) -> str:
    in_key = column.name in table.key
    cells = (
        f"**{column.name}**" if in_key else column.name,
        column.type,
        column.unit,
        _values(column),
        "yes" if column.nullable and not in_key else "no",
        column.description,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _values(column: Column) -> str:
    words = []
    if column.lowest is not None and column.highest is not None:
        words.append(f"{column.lowest:g} to {column.highest:g}")
    elif column.lowest is not None:
        words.append(f"{column.lowest:g} or more")
    elif column.highest is not None:
        words.append(f"{column.highest:g} or less")
    if column.allowed == TEAMS:
        words.append("[a team code](#team-codes)")
    elif column.allowed:
        words.append(", ".join(column.allowed))
    return "; ".join(words)


def main() -> None:
    PAGE.write_text(text(ALL_TABLES), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()

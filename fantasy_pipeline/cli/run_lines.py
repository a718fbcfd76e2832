"""Print the states of runs in colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fantasy_pipeline.cli.output import print_rows

_COLORS = {
    **dict.fromkeys(("success", "ok", "running", "on"), "green"),
    **dict.fromkeys(("failure", "critical", "not running", "off"), "red"),
    "warning": "yellow",
}


def colored(status: str) -> str:
    """Return a status as rich markup in its colour; white for a status without one."""
    from rich.markup import escape

    return f"[{_COLORS.get(status, 'white')}]{escape(status)}[/]"


def print_states(rows: Sequence[Mapping[str, object]], spare: Sequence[str] = ()) -> None:
    """Print rows that have the same keys as a table; statuses in colour.

    Args:
        spare: columns that a narrow terminal omits, the first one first.
    """
    print_rows(rows, spare, ("season", "week"), lambda cell: _COLORS.get(cell, ""))

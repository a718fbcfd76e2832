"""Text that several commands print about a run: its time, its result, its coloured status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fantasy_pipeline.cli.output import print_rows

_COLORS = {
    **dict.fromkeys(("success", "ok", "running", "on"), "green"),
    **dict.fromkeys(("failure", "critical", "not running", "off"), "red"),
    "warning": "yellow",
}


def minute(time: str | None) -> str | None:
    """Return an ISO 8601 time in UTC to the minute, like ``2025-09-30T08:00Z``."""
    return time and time[:16] + "Z"


def result_line(run: Mapping[str, Any]) -> str:
    """Return the result of a run in one line: the first error, else the rows and the phase.

    Args:
        run: `Execution.to_json`.
    """
    result = run["result"]
    if result["errors"]:
        return str(result["errors"][0])
    counts = [
        f"{result[f'{name}_imported']:,} {name}"
        for name in ("players", "stats", "projections")
        if result[f"{name}_imported"]
    ]
    phase = "so far (in progress)" if result["phase"] == "in_progress" else result["phase"]
    return ", ".join([*counts, *([phase] if phase else [])])


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

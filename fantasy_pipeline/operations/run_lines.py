"""Text about a run for people: its time and its result in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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

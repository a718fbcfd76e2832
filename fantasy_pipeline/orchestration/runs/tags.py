"""Tags and config of a run: what the run is for, and the moment that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fantasy_pipeline.football.season_week import SeasonWeek


def run_tags(
    week: SeasonWeek,
    source: str,
    trigger: str,
    phase: str | None = None,
    as_of: datetime | None = None,
) -> Mapping[str, str]:
    """Tags by which a run is found.

    Args:
        trigger: ``schedule``, ``sensor``, ``manual``, ``api`` or ``backfill``.
        phase: phase of the import that the plan asks for.
        as_of: the moment that the run stands for; default: when it runs.
    """
    tags = {
        "season": str(week.season),
        "week": str(week.week),
        "source": source,
        "trigger": trigger,
    }
    if phase:
        tags["phase"] = phase
    if as_of:
        tags["as_of"] = as_of.isoformat()
    return tags


def moment_of(tags: Mapping[str, str], present: datetime) -> datetime:
    """The moment a run stands for: a late tick must not act as of a later week.

    Args:
        present: of the league; what a run stands for whose tags do not say.
    """
    text = tags.get("as_of") or tags.get("dagster/scheduled_execution_time")
    return datetime.fromisoformat(text) if text else present


def run_config(source: str) -> dict[str, Any]:
    """Run config that chooses the source and keeps the console quiet."""
    return {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "resources": {"nfl": {"config": {"source": source}}},
    }

"""Tags and run config: which week a run is for, who started it, and the moment it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fantasy_pipeline.football.season_week import SeasonWeek

FOLLOWS = "follows"
"""Tag of a run that a worker starts after a triggered run; its value is the triggered run's id."""


def run_tags(
    week: SeasonWeek,
    source: str,
    trigger: str,
    phase: str | None = None,
    as_of: datetime | None = None,
) -> Mapping[str, str]:
    """Return the tags by which run history finds a run.

    Args:
        trigger: ``schedule``, ``sensor``, ``manual``, ``api`` or ``backfill``.
        phase: planned phase of the import.
        as_of: moment that the run stands for; default: the moment it runs.
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
    """Return the moment that a run stands for: a late tick must not act as of a later week.

    Args:
        present: the league's present, returned for runs without such a tag.
    """
    text = tags.get("as_of") or tags.get("dagster/scheduled_execution_time")
    return datetime.fromisoformat(text) if text else present


def run_config(source: str) -> dict[str, Any]:
    """Return run config that selects the source and silences the console log."""
    return {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "resources": {"nfl": {"config": {"source": source}}},
    }

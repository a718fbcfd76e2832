"""Tags and run config: which week a run is for, who started it, and the moment it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fantasy_pipeline.football.season_week import SeasonWeek

_HIDDEN = ".dagster/fantasy_"
"""Prefix of internal tags. The Dagster UI hides every tag that begins with ``.dagster/``."""
PROCESS = f"{_HIDDEN}process"
"""Tag of a run that a process of this project executes, see `processes.process_tag`."""
FOLLOWS = f"{_HIDDEN}follows"
"""Tag of a run that a worker starts after a triggered run; its value is the triggered run's id."""
PROJECTED_BY = f"{_HIDDEN}projected_by"
"""Tag of a report's run; its value is the id of the run that projected or imported the week."""
BACKFILL = f"{_HIDDEN}backfill"
"""Tag of the runs of a command-line backfill; its value is the backfill's id."""
BACKFILL_PLAN = f"{_HIDDEN}backfill_plan"
BACKFILL_LAKE = f"{_HIDDEN}backfill_lake"
BACKFILL_WEEKS = f"{_HIDDEN}backfill_weeks"
BACKFILL_WORK = f"{_HIDDEN}backfill_work"
BACKFILL_STEP = f"{_HIDDEN}backfill_step"
BACKFILL_STEP_WORK = f"{_HIDDEN}backfill_step_work"


def _early_name(tag: str) -> str:
    """Return the name of an internal tag in runs of early versions, which had no prefix."""
    return tag.removeprefix(_HIDDEN)


def internal(tags: Mapping[str, str], tag: str) -> str | None:
    """Return the value of an internal tag, also of a run of an early version; None if absent."""
    return tags.get(tag, tags.get(_early_name(tag)))


def spellings(tags: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return internal tags as runs have them today, and as runs of early versions have them."""
    return dict(tags), {_early_name(tag): value for tag, value in tags.items()}


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
    text = tags.get("as_of") or tags.get(".dagster/scheduled_execution_time")
    return datetime.fromisoformat(text) if text else present


def run_config(source: str) -> dict[str, Any]:
    """Return run config that selects the source and silences the console log."""
    return {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "resources": {"nfl": {"config": {"source": source}}},
    }

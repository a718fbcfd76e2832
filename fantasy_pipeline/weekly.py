"""What a week's work is: which jobs run for a week, and for the week due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from fantasy_pipeline.automation import projected_from
from fantasy_pipeline.calendar import Game, check_week, next_week, weeks_of
from fantasy_pipeline.runs import RunOutcome, execute, run_tags
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.session import Session

ShowStep = Callable[[str, int], AbstractContextManager[Any]]
"""Called with a step's name and how many follow it; inside the context, the step is done."""


@dataclass
class WeekResult:
    """Runs of one command.

    Args:
        imported: week whose stats were imported, if any.
        projected: latest week projected, if any.
    """

    imported: SeasonWeek | None = None
    projected: SeasonWeek | None = None
    runs: dict[str, RunOutcome] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        return bool(self.runs) and all(run.success for run in self.runs.values())

    @property
    def warnings(self) -> list[str]:
        return list(dict.fromkeys(text for run in self.runs.values() for text in run.warnings))

    @property
    def errors(self) -> list[str]:
        return [text for run in self.runs.values() for text in run.errors]

    def to_json(self) -> dict[str, Any]:
        return {
            "success": self.success,
            "imported": self.imported._asdict() if self.imported else None,
            "projected": self.projected._asdict() if self.projected else None,
            "runs": {name: run.to_json() for name, run in self.runs.items()},
        }


def _run(
    session: Session, result: WeekResult, job: str, week: SeasonWeek, step: ShowStep, left: int = 0
) -> bool:
    with step(f"{job} {week}", left):
        tags = run_tags(week, session.source, "manual", as_of=session.now)
        outcome = execute(session.instance, job, session.source, tags, week, week)
    result.runs[f"{job} {week}"] = outcome
    return outcome.success


def run_due(session: Session, step: ShowStep) -> WeekResult:
    """Import the week due, then project the upcoming one."""
    with step("reading the schedule", 2):
        status = session.status
    result = WeekResult()
    upcoming = status.upcoming
    # Across the off-season too: the first week of a season follows on the last of the one before.
    follows = upcoming is not None and projected_from(session.games, upcoming) <= session.now
    if _run(session, result, "weekly_import", status.due, step, int(follows)):
        result.imported = status.due
        if upcoming and follows:
            _project(session, result, upcoming, step)
    return result


def run_week(
    session: Session, week: SeasonWeek, projections_only: bool, step: ShowStep
) -> WeekResult:
    """Import a week and project it, and the one after it if that was not played yet.

    Raises:
        NoSuchWeekError: the schedule has no such week.
    """
    with step("reading the schedule", 1):
        games = session.known_games
        if week.week not in weeks_of(games, week.season):
            # The lake's schedule may be older than this season.
            check_week(session.games, week)
        following = week_to_follow(games, week)
    result = WeekResult()
    if projections_only:
        _project(session, result, week, step)
    elif _run(session, result, "whole_week", week, step, int(following is not None)):
        result.imported = result.projected = week
        if following is not None:
            _project(session, result, following, step)
    return result


def week_to_follow(games: Sequence[Game], week: SeasonWeek) -> SeasonWeek | None:
    """The week after one, if it is to be projected too because it was not played yet."""
    following = next_week(games, week)
    played = any(g.has_score for g in games if (g.season, g.week) == following)
    return None if played else following


def _project(session: Session, result: WeekResult, week: SeasonWeek, step: ShowStep) -> None:
    if _run(session, result, "weekly_projections", week, step):
        result.projected = week

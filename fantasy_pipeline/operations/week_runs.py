"""What a week's work is: which jobs run for a week, and for the week due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.football.calendar import (
    Game,
    check_week,
    is_over,
    next_week,
    week_status,
    weeks_of,
)
from fantasy_pipeline.football.import_calendar import PROJECTION_LEAD, projected_from
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTIONS
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.orchestration.runs.tags import run_tags

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from fantasy_pipeline.lake import Lake

FOLLOWS = "follows"
"""On the runs that a triggered one is followed by: that one's id."""
ShowStep = Callable[[str, int], AbstractContextManager[Any]]
"""Called with a step's name and how many follow it; inside the context, the step is done."""


@dataclass
class WeekResult:
    """Runs of one command.

    Args:
        imported: week whose stats were imported, if any.
        projected: latest week projected, if any.
        unprojected: why no week to come was projected, if that is as it should be.
    """

    imported: SeasonWeek | None = None
    projected: SeasonWeek | None = None
    unprojected: str | None = None
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
            "unprojected": self.unprojected,
            "runs": {name: run.to_json() for name, run in self.runs.items()},
        }


class WeekRuns:
    """Runs jobs for weeks, one after the other, and keeps what came out as `result`.

    Args:
        trigger: who asks, as for `run_tags`.
        now: the moment that the runs stand for.
        first_id: of the first run; the others carry it as the tag `FOLLOWS`.
    """

    def __init__(
        self,
        instance: DagsterInstance,
        source: str,
        trigger: str,
        now: datetime,
        step: ShowStep = lambda _text, _left: nullcontext(),
        first_id: str | None = None,
    ) -> None:
        self.result = WeekResult()
        self._instance = instance
        self._source = source
        self._trigger = trigger
        self._now = now
        self._step = step
        self._first_id = first_id

    def run(self, job: str, week: SeasonWeek, left: int = 0) -> bool:
        """Run a job, after which `left` more are to be run; whether it succeeded."""
        tags = dict(run_tags(week, self._source, self._trigger, as_of=self._now))
        run_id = None if self.result.runs else self._first_id
        if self.result.runs and self._first_id:
            tags[FOLLOWS] = self._first_id
        with self._step(f"{job} {week}", left):
            outcome = execute(self._instance, job, self._source, tags, week, week, run_id)
        self.result.runs[f"{job} {week}"] = outcome
        return outcome.success

    def project(self, week: SeasonWeek, left: int = 0) -> None:
        if self.run("weekly_projections", week, left):
            self.result.projected = week

    def report(self, lake: Lake) -> None:
        """Write the reports of the weeks that were imported or projected, if they have any."""
        done = {self.result.imported, self.result.projected}
        weeks = [week for week in lake.weeks(PROJECTIONS) if week in done]
        for left, week in zip(reversed(range(len(weeks))), weeks, strict=True):
            self.run("report_week", week, left)


def run_due(session: Session, step: ShowStep) -> WeekResult:
    """Import the week due, project the upcoming one, and write their reports."""
    with step("reading the schedule", 2):
        due = session.status.due
    following = week_to_follow(session.games, due, session.now)
    runs = _start_runs(session, step)
    if runs.run("weekly_import", due, 1 + int(following is not None)):
        runs.result.imported = due
        if following is None:
            runs.result.unprojected = why_nothing_follows(session.games, session.now)
        else:
            runs.project(following, 1)
        runs.report(session.lake)
    return runs.result


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
        following = week_to_follow(games, week, session.now)
    runs = _start_runs(session, step)
    if projections_only:
        runs.project(week)
    elif runs.run("whole_week", week, int(following is not None)):
        runs.result.imported = runs.result.projected = week
        if following is not None:
            runs.project(following)
    return runs.result


def _start_runs(session: Session, step: ShowStep) -> WeekRuns:
    from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs

    end_dead_runs(session.instance)
    return WeekRuns(session.instance, session.source, "manual", session.now, step)


def why_nothing_follows(games: Sequence[Game], now: datetime) -> str:
    """Why no week is projected after the one due."""
    upcoming = week_status(games, now).upcoming
    if upcoming is None:
        return "the schedule has no week to come"
    begin = projected_from(games, upcoming)
    days = PROJECTION_LEAD.days
    return f"{upcoming} is projected from {begin:%Y-%m-%d} on, {days} days before its first game"


def week_to_follow(games: Sequence[Game], week: SeasonWeek, now: datetime) -> SeasonWeek | None:
    """The week to project after one was imported; None if there is none, or it was played.

    After the week due it is the upcoming one, across the off-season too, from `PROJECTION_LEAD`
    before it on; after another one, the next of its season.
    """
    if any(is_over(game, now) for game in games):
        status = week_status(games, now)
        if week == status.due:
            upcoming = status.upcoming
            near = upcoming is not None and projected_from(games, upcoming) <= now
            return upcoming if near else None
    following = next_week(games, week)
    # By its scores, not by the clock: upstream may not have what happened yet.
    theirs = [game for game in games if (game.season, game.week) == following]
    played = any(game.has_score and is_over(game, now) for game in theirs)
    return None if played else following

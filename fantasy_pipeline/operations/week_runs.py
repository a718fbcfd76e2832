"""Runs the jobs of a week in order: import, projections of the next week, reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg

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
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.orchestration.runs.tags import FOLLOWS, run_tags

ShowStep = Callable[[str, int], AbstractContextManager[object]]
"""Called with a step's name and the number of steps after it; the step runs inside the context."""


@dataclass
class WeekResult:
    """Results of the runs of one command.

    Args:
        imported: week whose stats were imported.
        projected: latest week that was projected.
        unprojected: reason why no upcoming week is to be projected yet; None if one is.
        runs: outcome of each run, by job and week.
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
    """Runs jobs for weeks, one after the other, and collects their outcomes in `result`.

    Args:
        trigger: what starts the runs, as for `run_tags`.
        now: moment that the runs stand for.
        step: called around each run, to show progress.
        first_id: id for the first run; the other runs carry it as the tag `FOLLOWS`.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
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
        """Run a job and return whether it succeeded.

        Args:
            left: jobs still to follow, for the progress bar.
        """
        tags = dict(run_tags(week, self._source, self._trigger, as_of=self._now))
        run_id = None if self.result.runs else self._first_id
        if self.result.runs and self._first_id:
            tags[FOLLOWS] = self._first_id
        with self._step(f"{job} {week}", left):
            outcome = execute(self._instance, job, self._source, tags, week, week, run_id)
        self.result.runs[f"{job} {week}"] = outcome
        return outcome.success

    def project(self, week: SeasonWeek, left: int = 0) -> None:
        """Project a week; see `run`."""
        if self.run("weekly_projections", week, left):
            self.result.projected = week

    def report(self, lake: Lake) -> None:
        """Write the reports of the imported and projected weeks that have projections."""
        done = {self.result.imported, self.result.projected}
        weeks = [week for week in lake.weeks(PROJECTIONS) if week in done]
        for left, week in zip(reversed(range(len(weeks))), weeks, strict=True):
            self.run("report_week", week, left)


def run_due(session: Session, step: ShowStep) -> WeekResult:
    """Import the due week, project the upcoming one, and write their reports."""
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
    """Import a week and project it; project the next week too if it has not been played.

    Raises:
        NoSuchWeekError: the schedule has no such week.
    """
    with step("reading the schedule", 1):
        games = session.known_games
        if week.week not in weeks_of(games, week.season):
            # The lake's schedule may be older than this season: ask upstream for the schedule.
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
    end_dead_runs(session.instance)
    return WeekRuns(session.instance, session.source, "manual", session.now, step)


def why_nothing_follows(games: Sequence[Game], now: datetime) -> str:
    """Return the reason why no upcoming week is projected after the due week."""
    upcoming = week_status(games, now).upcoming
    if upcoming is None:
        return "the NFL schedule has no upcoming week"
    begin = projected_from(games, upcoming)
    days = PROJECTION_LEAD.days
    return f"{upcoming} is projected from {begin:%Y-%m-%d} on, {days} days before its first game"


def week_to_follow(games: Sequence[Game], week: SeasonWeek, now: datetime) -> SeasonWeek | None:
    """Return the week to project after an import; None if there is none or it has been played.

    After the due week this is the upcoming week, also across the off-season, from
    `PROJECTION_LEAD` before its first game on. After any other week it is the season's next week.
    """
    if any(is_over(game, now) for game in games):
        status = week_status(games, now)
        if week == status.due:
            upcoming = status.upcoming
            near = upcoming is not None and projected_from(games, upcoming) <= now
            return upcoming if near else None
    following = next_week(games, week)
    # A week counts as played once upstream has scores: the clock may be ahead of upstream.
    next_games = [game for game in games if (game.season, game.week) == following]
    played = any(game.has_score and is_over(game, now) for game in next_games)
    return None if played else following

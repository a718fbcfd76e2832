"""Run the jobs of a week in order: import, projections of the next week, reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg

from fantasy_pipeline.football.calendar import (
    Game,
    games_by_week,
    is_over,
    next_week,
    week_status,
    weeks_of,
    weeks_to_project,
    why_nothing_is_projected,
    why_projecting,
)
from fantasy_pipeline.football.import_calendar import weeks_in_progress
from fantasy_pipeline.football.named_weeks import check_not_too_early, check_week, weeks_to_come
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
        imported: week whose stats were imported; None if upstream has none yet.
        phase: phase of the import; ``in_progress`` if the week is not over.
        projecting: week to project, report and print by the calendar; None if there is none.
        projected_weeks: weeks that were projected, in the order of the runs.
        unprojected: reason why no week is projected now; None if one is.
        runs: outcome of each run, by job and week.
    """

    imported: SeasonWeek | None = None
    phase: str | None = None
    projecting: SeasonWeek | None = None
    projected_weeks: list[SeasonWeek] = field(default_factory=list)
    unprojected: str | None = None
    runs: dict[str, RunOutcome] = field(default_factory=dict)

    @property
    def projected(self) -> SeasonWeek | None:
        """The week whose projections to print: `projecting`, else the latest that was projected."""
        if self.projecting in self.projected_weeks:
            return self.projecting
        return max(self.projected_weeks, default=None)

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
            "phase": self.phase,
            "projected": self.projected._asdict() if self.projected else None,
            "projected_weeks": [week._asdict() for week in self.projected_weeks],
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

    def import_week(self, job: str, week: SeasonWeek, left: int = 0) -> bool:
        """Run a job that imports a week and return whether it succeeded; see `run`.

        The job succeeds without stats if upstream does not have those of the running week yet.
        """
        success = self.run(job, week, left)
        self.result.phase = self.result.runs[f"{job} {week}"].phase
        if success and self.result.phase:
            self.result.imported = week
        return success

    def project(self, week: SeasonWeek, left: int = 0) -> None:
        """Project a week; see `run`."""
        if self.run("weekly_projections", week, left):
            self.result.projected_weeks.append(week)

    def report(self, lake: Lake) -> None:
        """Write the reports of the imported and projected weeks that have projections."""
        done = {self.result.imported, *self.result.projected_weeks}
        weeks = [week for week in lake.weeks(PROJECTIONS) if week in done]
        for left, week in zip(reversed(range(len(weeks))), weeks, strict=True):
            self.run("report_week", week, left)


def plan_of_due(session: Session) -> str:
    """Return one sentence that says which weeks `run_due` imports and projects, and why."""
    status, games = session.status, session.games
    over = weeks_in_progress(games, session.now).get(status.due)
    if over:
        count = len(games_by_week(games)[status.due])
        state = f"in progress ({len(over)} of its {count} games {_are(len(over))} over)"
    else:
        state = "complete" if status.complete else "not complete"
    importing = f"Importing {status.due}, the week due, which is {state};"
    weeks = weeks_to_project(games, session.now)
    if not weeks:
        why = why_nothing_is_projected(games, session.now)
        return f"{importing} projecting nothing because {why}."
    first, *others = weeks
    projecting = f"projecting {first} because {why_projecting(games, first, session.now)}"
    return f"{importing} {projecting}{''.join(f', and {week} as well' for week in others)}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def run_due(session: Session, step: ShowStep) -> WeekResult:
    """Import the due week, project the weeks to project, and write their reports.

    The running week is projected even if its import fails: the projections of the games to come do
    not need it.
    """
    with step("reading the schedule", 2):
        due, games = session.status.due, session.games
    weeks = weeks_to_project(games, session.now)
    runs = _start_runs(session, step)
    runs.result.projecting = session.status.projecting
    if not runs.import_week("weekly_import", due, 1 + len(weeks)) and due not in weeks:
        return runs.result
    if not weeks:
        runs.result.unprojected = why_nothing_is_projected(games, session.now)
    for left, week in zip(reversed(range(len(weeks))), weeks, strict=True):
        runs.project(week, left + 1)
    runs.report(session.lake)
    return runs.result


def run_week(
    session: Session, week: SeasonWeek, projections_only: bool, step: ShowStep
) -> WeekResult:
    """Import a week and project it; project the next week too until it has been played.

    A week of which no game is over is only projected.

    Raises:
        NoSuchWeekError: the schedule has no such week.
        TooEarlyError: the week cannot be made yet.
    """
    with step("reading the schedule", 1):
        games = session.known_games
        if week.week not in weeks_of(games, week.season):
            # The lake's schedule may be older than this season: ask upstream for the schedule.
            games = session.games
            check_week(games, week)
        check_not_too_early(games, week, session.now)
        following = weeks_to_follow(games, week, session.now)
        is_to_come = week in weeks_to_come(games, [week], session.now)
    runs = _start_runs(session, step)
    runs.result.projecting = next(iter(weeks_to_project(games, session.now)), None)
    if projections_only or is_to_come:
        runs.project(week)
    elif runs.import_week("whole_week", week, len(following)):
        runs.result.projected_weeks.append(week)
        for other in following:
            runs.project(other)
    return runs.result


def _start_runs(session: Session, step: ShowStep) -> WeekRuns:
    end_dead_runs(session.instance)
    return WeekRuns(session.instance, session.source, "manual", session.now, step)


def weeks_to_follow(games: Sequence[Game], week: SeasonWeek, now: datetime) -> list[SeasonWeek]:
    """Return the weeks to project after a week was imported and projected.

    After the due week these are the other weeks of `weeks_to_project`, also across the off-season.
    After any other week it is the season's next week, unless that has been played.
    """
    if any(is_over(game, now) for game in games) and week == week_status(games, now).due:
        return [other for other in weeks_to_project(games, now) if other != week]
    following = next_week(games, week)
    # A game counts as played once upstream has a score: the clock may be ahead of upstream.
    next_games = [game for game in games if (game.season, game.week) == following]
    played = all(game.has_score and is_over(game, now) for game in next_games)
    return [] if following is None or played else [following]

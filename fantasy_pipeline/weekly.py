"""What a week's work is: which jobs run for a week, for the week due, for a backfill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from fantasy_pipeline.automation import projected_from
from fantasy_pipeline.backfill import Plan, make_plan, refresh_schedule
from fantasy_pipeline.calendar import Game, next_week, week_status, weeks_of
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.runs import RunOutcome, execute, run_tags
from fantasy_pipeline.season_week import SeasonWeek, ranges
from fantasy_pipeline.session import Session
from fantasy_pipeline.tables import PROJECTIONS, SOURCE_PROJECTIONS, WEEKLY_STATS

Step = Callable[[str, int], AbstractContextManager[Any]]
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
    session: Session, result: WeekResult, job: str, week: SeasonWeek, step: Step, left: int = 0
) -> bool:
    with step(f"{job} {week}", left):
        tags = run_tags(week, session.source, "manual", as_of=session.now)
        outcome = execute(session.instance, job, session.source, tags, week, week)
    result.runs[f"{job} {week}"] = outcome
    return outcome.success


def run_due(session: Session, step: Step) -> WeekResult:
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


def run_week(session: Session, week: SeasonWeek, projections_only: bool, step: Step) -> WeekResult:
    """Import a week and project it, and the one after it if that was not played yet.

    Raises:
        PipelineError: the schedule has no such week.
    """
    with step("reading the schedule", 1):
        _must_exist(session, week)
        following = week_to_follow(session.known_games, week)
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


def _project(session: Session, result: WeekResult, week: SeasonWeek, step: Step) -> None:
    if _run(session, result, "weekly_projections", week, step):
        result.projected = week


def _must_exist(session: Session, week: SeasonWeek) -> None:
    if week.week in weeks_of(session.known_games, week.season):
        return
    weeks = weeks_of(session.games, week.season)
    if week.week not in weeks:
        seasons = sorted({game.season for game in session.games})
        known = (
            f"{week.season} has weeks {weeks[0]} to {weeks[-1]}"
            if weeks
            else f"the schedule has seasons {seasons[0]} to {seasons[-1]}"
        )
        raise PipelineError(f"there is no {week}: {known}.")


def backfill_weeks(
    session: Session,
    seasons: Sequence[int],
    weeks: Sequence[int],
    only_missing: bool,
    explicit: bool,
) -> Plan:
    """Plan a backfill of the weeks that exist and, unless `explicit`, whose games are over.

    Raises:
        PipelineError: nothing is left to do, or a season is not in the schedule.
    """
    _refresh_schedule(session)
    wanted = []
    for season in seasons:
        exist = weeks_of(session.known_games, season)
        if not exist:
            _must_exist(session, SeasonWeek(season, 1))
        wanted += [SeasonWeek(season, w) for w in exist if w in weeks]
    if not explicit:
        status = week_status(session.known_games, session.now)
        # The week due counts 18 in the off-season, although the play-offs are over.
        last = max(status.due, status.last_completed or status.due)
        wanted = [week for week in wanted if week <= last]
    text = f"{session.source} {ranges(seasons)} weeks {ranges(sorted(set(weeks)))}"
    if only_missing:
        present = set(session.lake.weeks(WEEKLY_STATS)) & set(session.lake.weeks(PROJECTIONS))
        wanted = [week for week in wanted if week not in present]
        text += " missing"
    if not wanted:
        why = "all of it is in the lake" if only_missing else "no such week is over"
        raise PipelineError(f"nothing to do: {why}.")
    return make_plan(text, session.source, wanted)


def _refresh_schedule(session: Session) -> None:
    session.make_home()
    refreshed = refresh_schedule(session.source)
    if not refreshed.success:
        raise PipelineError("; ".join(refreshed.errors))


def import_plan(session: Session, seasons: Iterable[int]) -> Plan:
    """Plan the import of played weeks that are not in the lake, without projecting them."""
    _refresh_schedule(session)
    status = week_status(session.known_games, session.now)
    due = max(status.due, status.last_completed or status.due)
    present = set(session.lake.weeks(WEEKLY_STATS)) & set(session.lake.weeks(SOURCE_PROJECTIONS))
    weeks = [
        SeasonWeek(season, week)
        for season in seasons
        for week in weeks_of(session.known_games, season)
        if SeasonWeek(season, week) <= due and SeasonWeek(season, week) not in present
    ]
    plan = make_plan(f"{session.source} import {ranges(seasons)}", session.source, weeks)
    return Plan(plan.text, plan.source, plan.stages[:1])


def demo_plan(session: Session) -> Plan:
    """The two seasons before the week due, and its own season up to the week before."""
    due = session.status.due
    seasons = [due.season - 2, due.season - 1, due.season]
    plan = backfill_weeks(session, seasons, range(1, 23), False, False)
    weeks = [
        SeasonWeek(season, week)
        for season in seasons
        for week in weeks_of(session.known_games, season)
        if SeasonWeek(season, week) < due
    ]
    return make_plan(f"{plan.text} demo", session.source, weeks)

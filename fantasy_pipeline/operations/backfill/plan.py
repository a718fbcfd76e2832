"""Plan of a backfill: its steps, in stages, for the weeks to import and project.

The stages follow the asset graph: imports from upstream by season; the player history once;
projections and their accuracy by season. Planning reads the schedule and the lake; it runs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.calendar import is_over, week_status, weeks_of
from fantasy_pipeline.football.import_calendar import LOOK_BACK, phases_at
from fantasy_pipeline.football.named_weeks import check_week
from fantasy_pipeline.football.season_week import SeasonWeek, ranges
from fantasy_pipeline.football.tables import (
    LEAGUE_POINTS,
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.leagues.registry import registered
from fantasy_pipeline.ingest.week_so_far import lacking_games

if TYPE_CHECKING:
    from datetime import datetime

    from fantasy_pipeline.football.calendar import Game
    from fantasy_pipeline.lake import Lake
    from fantasy_pipeline.operations.session import Session

GAMES, INGEST, EARLY_INGEST = "games_refresh", "season_ingest", "provisional_ingest"
HISTORY, PROJECT = "history_rebuild", "season_projections"
LEAGUES = "league_import"
_WEEKLY = (
    RAW_PLAYERS,
    WEEKLY_STATS,
    SOURCE_PROJECTIONS,
    MODEL_PROJECTIONS,
    PROJECTIONS,
    PROJECTION_ACCURACY,
)
"""Tables that the lake has for a week that is not missing."""


@dataclass(frozen=True)
class Step:
    """One Dagster run: a job for consecutive weeks of a season, or for no weeks."""

    job: str
    first: SeasonWeek | None = None
    last: SeasonWeek | None = None

    @property
    def name(self) -> str:
        return (
            f"{self.job} {self.first.key}-{self.last.week:02d}"
            if self.first and self.last
            else self.job
        )

    @property
    def weeks(self) -> list[SeasonWeek]:
        if not (self.first and self.last):
            return []
        numbers = range(self.first.week, self.last.week + 1)
        return [SeasonWeek(self.first.season, week) for week in numbers]

    def shares(self, other: Step) -> bool:
        """Return True if the steps have a week in common."""
        return not set(self.weeks).isdisjoint(other.weeks)

    @property
    def work(self) -> int:
        """Size of the step, in weeks; the player history costs about as much as a season."""
        return len(self.weeks) or (22 if self.job == HISTORY else 1)

    def is_in(self, lake: Lake) -> bool:
        """Return True if the lake has the step's rows. Not meant for the step of the schedule."""
        if self.job == HISTORY:
            return lake.has(PLAYER_HISTORY)
        table = {PROJECT: PROJECTIONS, LEAGUES: LEAGUE_POINTS}.get(self.job, WEEKLY_STATS)
        return set(self.weeks) <= set(lake.weeks(table))


@dataclass(frozen=True)
class Plan:
    """A backfill: which weeks of which seasons, from which source.

    Args:
        text: source, seasons and weeks requested; a backfill with the same text is resumed.
        stages: groups of steps; the steps of a stage may run at the same time.
        ahead: requested weeks without a finished game.
        absent: requested weeks that their seasons do not have.
        lake: lake to check for finished steps; None: check run history only.
        as_of: moment that the runs stand for; None: the moment they run.
    """

    text: str
    source: str
    stages: tuple[tuple[Step, ...], ...]
    ahead: tuple[SeasonWeek, ...] = ()
    absent: tuple[SeasonWeek, ...] = ()
    lake: Lake | None = None
    as_of: datetime | None = None

    @property
    def weeks(self) -> int:
        """Number of weeks to import, project, or both."""
        return max(
            (sum(step.work for step in stage if step.first) for stage in self.stages), default=0
        )

    @property
    def work(self) -> int:
        """Size of all steps, in weeks."""
        return sum(step.work for stage in self.stages for step in stage)


def weeks_done(weeks: int, work_done: int, work: int) -> int:
    """Return the number of weeks done, for a plan that visits each week in several stages.

    Args:
        weeks: weeks of the plan.
        work_done: size of the finished steps.
        work: size of all steps.
    """
    return weeks * work_done // work


def contiguous(weeks: Sequence[SeasonWeek]) -> list[tuple[SeasonWeek, SeasonWeek]]:
    """Return the first and last week of each group of consecutive weeks of one season."""
    groups: list[tuple[SeasonWeek, SeasonWeek]] = []
    for week in sorted(weeks):
        if groups and groups[-1][1] == SeasonWeek(week.season, week.week - 1):
            groups[-1] = (groups[-1][0], week)
        else:
            groups.append((week, week))
    return groups


def make_plan(
    text: str, source: str, weeks: Sequence[SeasonWeek], early: Collection[SeasonWeek] = ()
) -> Plan:
    """Return the plan for some weeks, in three stages.

    Args:
        early: weeks whose stats are not final. They get separate steps, which keep a copy of the
            stats for later comparison; upstream may lack such a week, and its step then fails
            without the other weeks.
    """
    final = contiguous([week for week in weeks if week not in early])
    provisional = contiguous([week for week in weeks if week in early])
    return Plan(
        text,
        source,
        (
            (
                *(Step(INGEST, *bounds) for bounds in final),
                *(Step(EARLY_INGEST, *bounds) for bounds in provisional),
            ),
            (Step(HISTORY),),
            # Latest weeks first: their models have most seasons to learn from and take longest, so
            # that at the end no worker waits long for the other.
            tuple(Step(PROJECT, *bounds) for bounds in sorted(final + provisional, reverse=True)),
        ),
    )


def backfill_plan(
    session: Session,
    seasons: Sequence[int],
    weeks: Sequence[int],
    only_missing: bool,
) -> Plan:
    """Return the plan for the requested weeks that exist and have a finished game.

    Args:
        only_missing: leave out weeks that the lake has; the plan has no stage if it has all.

    Raises:
        InvalidArgumentError: no requested week has a finished game, or a season is not in the
            schedule.
    """
    games = session.known_games
    wanted, absent = [], []
    for season in seasons:
        exist = weeks_of(games, season)
        if not exist:
            check_week(games, SeasonWeek(season, 1))
        wanted += [SeasonWeek(season, w) for w in exist if w in weeks]
        absent += [SeasonWeek(season, w) for w in weeks if w not in exist]
    last = _last_over(games, session.now)
    ahead = tuple(week for week in wanted if week > last)
    wanted = [week for week in wanted if week <= last]
    if not wanted:
        raise InvalidArgumentError(
            "nothing to do: no game of these weeks is over; choose --seasons and --weeks up to "
            f"{last}."
        )
    text = f"{session.source} {ranges(seasons)} weeks {ranges(sorted(set(weeks)))}"
    if only_missing:
        present = set.intersection(*(set(session.lake.weeks(table)) for table in _WEEKLY))
        partial = _partial(session, games, present.intersection(wanted))
        wanted = [week for week in wanted if week not in present or week in partial]
        text += " missing"
    plan = Plan(text, session.source, ())
    if wanted:
        plan = make_plan(text, session.source, wanted, _early(games, wanted, session.now))
        plan = _with_leagues(plan, session.lake, wanted)
    return replace(_of_session(plan, session), ahead=ahead, absent=tuple(absent))


def _with_leagues(plan: Plan, lake: Lake, weeks: Sequence[SeasonWeek]) -> Plan:
    """Return the plan with one more stage for the seasons of registered leagues, if there are any.

    The leagues come last: they score the imported stats, and the projections.
    """
    seasons = {season for league in registered(lake) for season in league.seasons}
    groups = contiguous([week for week in weeks if week.season in seasons])
    if not groups:
        return plan
    return replace(plan, stages=(*plan.stages, tuple(Step(LEAGUES, *group) for group in groups)))


def _of_session(plan: Plan, session: Session) -> Plan:
    """Return the plan with the lake and the moment of a command; another moment is another plan."""
    text = plan.text if session.at is None else f"{plan.text} as of {session.at.isoformat()}"
    return replace(plan, text=text, lake=session.lake, as_of=session.at)


def _partial(
    session: Session, games: Sequence[Game], weeks: Collection[SeasonWeek]
) -> set[SeasonWeek]:
    """Return those of `weeks` whose stats in the lake lack a game that is over.

    Weeks older than a year are not looked at.
    """
    recent = [
        game
        for game in games
        if (game.season, game.week) in weeks
        and session.now - LOOK_BACK <= game.kickoff
        and is_over(game, session.now)
    ]
    lacking = lacking_games(session.lake, recent)
    return {SeasonWeek(game.season, game.week) for game in lacking}


def import_plan(session: Session, seasons: Iterable[int]) -> Plan:
    """Return the plan to import, but not project, played weeks that the lake lacks."""
    games = session.known_games
    last = _last_over(games, session.now)
    present = set(session.lake.weeks(WEEKLY_STATS)) & set(session.lake.weeks(SOURCE_PROJECTIONS))
    weeks = [week for week in _all_weeks(games, seasons) if week <= last and week not in present]
    text = f"{session.source} import {ranges(seasons)}"
    plan = make_plan(text, session.source, weeks, _early(games, weeks, session.now))
    return replace(_of_session(plan, session), stages=plan.stages[:1])


def demo_plan(session: Session) -> Plan:
    """Return the plan for the weeks up to the due week: its season and the two seasons before.

    Registered leagues are part of it.
    """
    due = session.status.due
    seasons = range(due.season - 2, due.season + 1)
    weeks = [week for week in _all_weeks(session.known_games, seasons) if week <= due]
    text = f"{session.source} {ranges(seasons)} demo"
    plan = make_plan(text, session.source, weeks, _early(session.known_games, [due], session.now))
    return _of_session(_with_leagues(plan, session.lake, weeks), session)


def _last_over(games: Sequence[Game], now: datetime) -> SeasonWeek:
    """Return the latest week to import.

    In the off-season the due week is the regular season's last, although the play-offs are over.
    """
    status = week_status(games, now)
    return max(status.due, status.last_completed or status.due)


def _early(games: Sequence[Game], weeks: Sequence[SeasonWeek], now: datetime) -> set[SeasonWeek]:
    """Return the weeks whose stats are not final yet."""
    return {week for week, phase in phases_at(games, weeks, now).items() if phase != "final"}


def _all_weeks(games: Sequence[Game], seasons: Iterable[int]) -> list[SeasonWeek]:
    return [SeasonWeek(season, week) for season in seasons for week in weeks_of(games, season)]

"""Dagster schedules: when weeks are imported and projected, and when the NFL schedule is refreshed.

Each schedule turns a tick into the run requests that `football.import_calendar` plans for that
moment. The sensor `catch_up` requests what a tick missed.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg

from fantasy_pipeline.football import import_calendar
from fantasy_pipeline.football.calendar import (
    PROJECTION_LEAD,
    Game,
    games_from_table,
    next_kickoff,
    week_status,
    weeks_to_project,
)
from fantasy_pipeline.football.import_calendar import SO_FAR, ImportPhase
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.week_so_far import weeks_so_far
from fantasy_pipeline.orchestration.jobs import (
    games_refresh,
    news_refresh,
    prune_history,
    weekly_import,
    weekly_projections,
)
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.import_state import IMPORT_JOBS, imported_of, running_weeks
from fantasy_pipeline.orchestration.runs.tags import run_tags

_WEEK = timedelta(days=7)
_THURSDAY_TICKS = timedelta(hours=7)
"""Time between two ticks: 16:00-23:00 UTC, and 23:00 UTC to Friday morning."""
Ticks = Iterator[dg.RunRequest | dg.SkipReason]


@dg.schedule(
    job=weekly_import,
    cron_schedule="0 8 * * 2",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Tuesday 08:00 UTC: import the week that just ended; its stats are provisional.",
)
def tuesday_import(context: dg.ScheduleEvaluationContext, nfl: NflData) -> Ticks:
    yield from _imports(context, nfl, ("provisional", "completed"))


@dg.schedule(
    job=weekly_import,
    cron_schedule="0 12 * * 4",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Thursday 12:00 UTC: import that week again; its stats are corrected and final.",
)
def thursday_final_import(context: dg.ScheduleEvaluationContext, nfl: NflData) -> Ticks:
    yield from _imports(context, nfl, ("final",))


@dg.schedule(
    job=weekly_import,
    # Twice, since upstream may not have the night game at 08:00. Tuesday has its own import.
    cron_schedule=["0 8 * * 0-1,4-6", "0 12 * * 0-1,4-6"],
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Thursday to Monday 08:00 and 12:00 UTC: import the running week so far, if the "
    "lake lacks a game of it that is over. The week does not count as imported.",
)
def running_week_import(context: dg.ScheduleEvaluationContext, nfl: NflData) -> Ticks:
    now, games = _now_and_games(context, nfl)
    weeks = weeks_so_far(nfl.lake, games, now)
    if not weeks:
        yield dg.SkipReason("no week is in progress with a game that is over")
        return
    running = running_weeks(context.instance, IMPORT_JOBS, nfl.source_name)
    wanted = [week for week, imported, over, _ in weeks if imported < over and week not in running]
    if not wanted:
        reasons = (
            f"{item.week} is being imported by run {running[item.week].run_id}"
            if item.week in running
            else item.text
            for item in weeks
        )
        yield dg.SkipReason("; ".join(reasons))
    for week in wanted:
        yield dg.RunRequest(
            run_key=f"{context.scheduled_execution_time:%Y-%m-%dT%H}-{week.key}-{SO_FAR}",
            partition_key=week.key,
            tags=dict(run_tags(week, nfl.source_name, "schedule", SO_FAR, now)),
        )


def _imports(
    context: dg.ScheduleEvaluationContext, nfl: NflData, phases: Sequence[ImportPhase]
) -> Ticks:
    now, games = _now_and_games(context, nfl)
    imported = imported_of(context.instance, nfl.lake, games, now, nfl.label)
    wanted = imports_to_request(games, imported, now, phases)
    if isinstance(wanted, str):
        yield dg.SkipReason(wanted)
        return
    running = running_weeks(context.instance, IMPORT_JOBS, nfl.source_name)
    if all(week in running for week, _ in wanted):
        # Dagster accepts one skip reason per tick, and only without run requests.
        reasons = (f"{week} is being imported by run {running[week].run_id}" for week, _ in wanted)
        yield dg.SkipReason("; ".join(reasons))
    for week, phase in wanted:
        if week in running:
            continue
        yield dg.RunRequest(
            run_key=f"{context.scheduled_execution_time:%Y-%m-%d}-{week.key}-{phase}",
            partition_key=week.key,
            tags=dict(run_tags(week, nfl.source_name, "schedule", phase, now)),
        )


def _now_and_games(
    context: dg.ScheduleEvaluationContext, nfl: NflData
) -> tuple[datetime, Sequence[Game]]:
    """Return the moment of a tick, and the schedule that upstream has then.

    A game may have been moved since the lake's copy.
    """
    now = nfl.moment(context.scheduled_execution_time)
    return now, games_from_table(nfl.upstream.schedule())


def imports_to_request(
    games: Sequence[Game],
    imported: dict[SeasonWeek, set[str]],
    now: datetime,
    phases: Sequence[ImportPhase],
) -> list[tuple[SeasonWeek, ImportPhase]] | str:
    """Return the imports that a tick at `now` requests, or the reason why there are none.

    A tick requests imports that fell due within the last 7 days; in the off-season, the regular
    season's last week if it has no final import.

    Args:
        imported: phases in which each week was imported.
        phases: phases that the schedule imports.
    """
    missing = import_calendar.missing_imports(games, imported, now)
    wanted = [
        (item.week, item.phase)
        for item in missing
        if item.phase in phases and item.due_at > now - _WEEK
    ]
    if wanted:
        return wanted
    status = week_status(games, now)
    is_off = status.phase in ("offseason", "preseason")
    late = [item for item in missing if item.week == status.due]
    if is_off and late:
        return [(item.week, item.phase) for item in late]
    following = import_calendar.next_import(games, now)
    then = (
        f"next: {following.week} {following.phase} on {following.due_at:%Y-%m-%d %H:%M} UTC"
        if following
        else "the NFL schedule has no later game"
    )
    if is_off:
        return f"{status.phase}: the due week, {status.due}, is imported; {then}"
    if missing:
        item = missing[0]
        return f"{item.week} lacks its {item.phase} import, which catch_up will request; {then}"
    return f"every due week is imported; {then}"


@dg.schedule(
    job=weekly_projections,
    cron_schedule="0 14 * * 0,3-6",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Wednesday to Sunday 14:00 UTC: project the running week, while one of its games "
    "has not kicked off, and the upcoming week again with new injuries.",
)
def daily_projections(context: dg.ScheduleEvaluationContext, nfl: NflData) -> Ticks:
    now, games = _now_and_games(context, nfl)
    weeks = weeks_to_project(games, now)
    if not weeks:
        yield _no_kickoff(games, now, PROJECTION_LEAD)
        return
    yield from _projections(context, nfl, weeks, now)


@dg.schedule(
    job=weekly_projections,
    # Before the afternoon games of holidays, and before the night game (00:15 or 01:15 UTC Friday).
    cron_schedule=["0 16 * * 4", "0 23 * * 4"],
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Thursday 16:00 and 23:00 UTC: project the week again before Thursday's games.",
)
def thursday_kickoff_projections(context: dg.ScheduleEvaluationContext, nfl: NflData) -> Ticks:
    now, games = _now_and_games(context, nfl)
    game = next_kickoff(games, now, now + _THURSDAY_TICKS)
    if game is None:
        yield _no_kickoff(games, now, _THURSDAY_TICKS)
        return
    yield from _projections(context, nfl, [SeasonWeek(game.season, game.week)], now)


@dg.schedule(
    job=news_refresh,
    # The other days have a refresh of the projections, which begins with the news.
    cron_schedule="0 14 * * 1-2",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Monday and Tuesday 14:00 UTC: add the latest news about the players of the weeks "
    "that are projected now. On the other days the projections' refresh does so.",
)
def daily_news(context: dg.ScheduleEvaluationContext, nfl: NflData) -> Ticks:
    now, games = _now_and_games(context, nfl)
    weeks = weeks_to_project(games, now)
    if not weeks:
        yield _no_kickoff(games, now, PROJECTION_LEAD)
        return
    for week in weeks:
        yield _request(context, nfl, week, now)


def _no_kickoff(games: Sequence[Game], now: datetime, within: timedelta) -> dg.SkipReason:
    following = next_kickoff(games, now)
    then = f"; the next is on {following.kickoff:%Y-%m-%d %H:%M} UTC" if following else ""
    return dg.SkipReason(f"no game kicks off within {within / timedelta(hours=1):g} hours{then}")


def _projections(
    context: dg.ScheduleEvaluationContext, nfl: NflData, weeks: Sequence[SeasonWeek], now: datetime
) -> Ticks:
    """Yield the request of each week that no run is projecting, or why there is none."""
    running = running_weeks(context.instance, [weekly_projections.name], nfl.source_name)
    if all(week in running for week in weeks):
        reasons = (f"{week} is being projected by run {running[week].run_id}" for week in weeks)
        yield dg.SkipReason("; ".join(reasons))
    for week in weeks:
        if week not in running:
            yield _request(context, nfl, week, now)


def _request(
    context: dg.ScheduleEvaluationContext, nfl: NflData, week: SeasonWeek, now: datetime
) -> dg.RunRequest:
    """Return the request of a week at a tick."""
    return dg.RunRequest(
        run_key=f"{context.scheduled_execution_time:%Y-%m-%dT%H}-{week.key}",
        partition_key=week.key,
        tags=dict(run_tags(week, nfl.source_name, "schedule", as_of=now)),
    )


@dg.schedule(
    job=games_refresh,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Daily 06:00 UTC: refresh the NFL schedule; imports follow games that were moved.",
)
def daily_games(context: dg.ScheduleEvaluationContext, nfl: NflData) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{context.scheduled_execution_time:%Y-%m-%d}",
        tags={"source": nfl.source_name, "trigger": "schedule"},
    )


weekly_prune = dg.ScheduleDefinition(
    name="prune_history",
    job=prune_history,
    cron_schedule="0 5 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    tags={"trigger": "schedule"},
    description="Monday 05:00 UTC: delete runs older than 180 days. Off by default.",
)


ALL_SCHEDULES = [
    tuesday_import,
    thursday_final_import,
    running_week_import,
    daily_projections,
    thursday_kickoff_projections,
    daily_news,
    daily_games,
    weekly_prune,
]

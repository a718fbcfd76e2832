"""The week that a question is about: the named one, or the one to show now."""

from __future__ import annotations

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import week_to_show
from fantasy_pipeline.football.named_weeks import check_not_too_early, check_week
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTIONS
from fantasy_pipeline.orchestration.workspace import Workspace


def check_named(workspace: Workspace, week: SeasonWeek) -> None:
    """Check that a named week can be shown, as far as the lake's schedule tells.

    Raises:
        NoSuchWeekError: the schedule has no such week.
        TooEarlyError: the week is not projected and cannot be projected yet.
    """
    if not (games := workspace.stored_games):
        return
    check_week(games, week)
    if week not in workspace.lake.weeks(PROJECTIONS):
        check_not_too_early(games, week, workspace.present)


def shown_week(workspace: Workspace, named: SeasonWeek | None) -> SeasonWeek:
    """Return the named week, else the week to show now, or the latest projected week before it.

    Raises:
        NoSuchWeekError, TooEarlyError: as for `check_named`.
        PipelineError: the lake has no schedule, or no game of it is over.
    """
    if named is not None:
        check_named(workspace, named)
        return named
    if not (games := workspace.stored_games):
        raise PipelineError("no week is projected yet; run `fantasy-pipeline run` first.")
    chosen, _ = week_to_show(games, workspace.present)
    return max(
        (week for week in workspace.lake.weeks(PROJECTIONS) if week <= chosen), default=chosen
    )

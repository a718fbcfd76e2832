"""The state of every week: what is final, provisional, in progress, missing, failed or to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import Game, first_and_last_kickoff, games_by_week, is_over
from fantasy_pipeline.football.import_calendar import SO_FAR
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTION_ACCURACY, PROJECTIONS, WEEKLY_STATS
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.alerts.repairs import unrepaired
from fantasy_pipeline.orchestration.runs.import_state import (
    WEEK_JOBS,
    past_imports,
    running_weeks,
)

State = Literal[
    "final",
    "provisional",
    "in progress",
    "imported",
    "missing",
    "failed",
    "running",
    "projected",
    "to come",
]
STATES: Mapping[State, str] = {
    "final": "imported after the league's corrections",
    "provisional": "imported before the league's corrections",
    "in progress": "imported as far as it is played",
    "imported": "in the lake, but the run history does not know the phase",
    "missing": "played, but not in the lake",
    "failed": "the latest run of the week failed",
    "running": "a run of the week is queued or running",
    "projected": "projected, not played yet",
    "to come": "neither played nor projected",
}
"""States of a week, in words."""


@dataclass(frozen=True)
class WeekState:
    """A week of the schedule, and what the deployment has of it.

    Args:
        games, games_over: number of games, and of those that are over.
        is_projected, is_scored: the lake has its projections, and their accuracy.
        run_id: run of a failed or running week.
    """

    week: SeasonWeek
    state: State
    games: int
    games_over: int
    first_kickoff: datetime
    last_kickoff: datetime
    is_projected: bool
    is_scored: bool
    run_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            **self.week._asdict(),
            "state": self.state,
            "games": self.games,
            "games_over": self.games_over,
            "first_kickoff": self.first_kickoff,
            "last_kickoff": self.last_kickoff,
            "projected": self.is_projected,
            "scored": self.is_scored,
            "run_id": self.run_id,
        }


def week_states(
    session: Session, clock: datetime, seasons: Sequence[int] | None = None
) -> list[WeekState]:
    """Return the state of each week of some seasons, in order.

    Args:
        clock: the real present, also for the sample league.
        seasons: None: the seasons that the lake has weeks of, and the one in progress.

    Raises:
        PipelineError: the lake has no schedule, or the schedule has none of the seasons.
    """
    lake, now, games = session.lake, session.present, session.stored_games
    if not games:
        raise PipelineError("the lake has no schedule yet; run `fantasy-pipeline run` first.")
    stored, projected, scored = (
        set(lake.weeks(table)) for table in (WEEKLY_STATS, PROJECTIONS, PROJECTION_ACCURACY)
    )
    shown = set(seasons or _seasons(games, {*stored, *projected}, now))
    scheduled = games_by_week(game for game in games if game.season in shown)
    if not scheduled:
        named = ", ".join(map(str, sorted(shown)))
        raise PipelineError(f"the schedule has no season {named}; leave out the season.")
    phases = _phases(session, sorted(stored.intersection(scheduled)))
    runs = _failed(session, clock) | {
        week: ("running", run.run_id)
        for week, run in running_weeks(session.instance, WEEK_JOBS, session.source).items()
    }

    def state_of(week: SeasonWeek, over: int) -> WeekState:
        by_lake: State = "projected" if week in projected else "to come"
        if over:
            by_lake = phases.get(week, "imported") if week in stored else "missing"
        state, run_id = runs.get(week, (by_lake, None))
        kickoffs = first_and_last_kickoff(scheduled[week])
        return WeekState(
            week,
            state,
            len(scheduled[week]),
            over,
            *kickoffs,
            is_projected=week in projected,
            is_scored=week in scored,
            run_id=run_id,
        )

    return [
        state_of(week, sum(is_over(game, now) for game in scheduled[week]))
        for week in sorted(scheduled)
    ]


def _failed(session: Session, clock: datetime) -> dict[SeasonWeek, tuple[State, str]]:
    """Return the weeks that the newest runs failed to make, each with its run."""
    found: dict[SeasonWeek, tuple[State, str]] = {}
    for failure in unrepaired(session.instance, clock):
        for week in failure.weeks:
            found.setdefault(week, ("failed", failure.run.run.run_id))
    return found


def _seasons(games: Iterable[Game], weeks: Iterable[SeasonWeek], now: datetime) -> set[int]:
    """Return the seasons of some weeks, and that of the latest game that has kicked off."""
    begun = [game for game in games if game.kickoff <= now]
    latest = {max(begun, key=lambda game: game.kickoff).season} if begun else set()
    return {week.season for week in weeks} | latest


def _phases(session: Session, weeks: Sequence[SeasonWeek]) -> dict[SeasonWeek, State]:
    """Return the state of each imported week that the run history knows."""
    found: dict[SeasonWeek, State] = {}
    for past in past_imports(session.instance, weeks, session.label, so_far=True):
        if past.phase == "final":
            found[past.week] = "final"
        else:
            found.setdefault(past.week, "in progress" if past.phase == SO_FAR else "provisional")
    return found

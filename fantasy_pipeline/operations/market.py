"""Market values of players, and what other managers add: shown beside decisions, never mixed in.

Both are of today. A source that fails is a gap with a note, not an error of the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import is_over_by_clock
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.operations.league_season import season_for
from fantasy_pipeline.orchestration.workspace import Workspace

_TWO_QUARTERBACKS = 2


@dataclass(frozen=True)
class Market:
    """Market values.

    Args:
        values: by player id (gsis_id).
        as_of: day of the values.
        note: why there are none; None: there are.
    """

    values: Mapping[str, int] = field(default_factory=dict)
    as_of: date | None = None
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return day and note, as the command line prints them in JSON."""
        return {"as_of": self.as_of, "note": self.note}

    def value(self, players: Sequence[Mapping[str, Any]]) -> int | None:
        """Return the sum of the values of some players; None if one of them has none."""
        values = [self.values.get(row["player_id"] or "") for row in players]
        return None if None in values else sum(filter(None, values))


@dataclass(frozen=True)
class Trending:
    """How many managers added each player, by Sleeper's id; `note`: why that is not known."""

    adds: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None


def market_values(workspace: Workspace, league: str, week: SeasonWeek) -> Market:
    """Return today's market values for a league; those of two quarterbacks if it starts two.

    Args:
        week: week of the decision; a week that is over has no values, which are of today.
    """
    if _is_over(workspace, week):
        return Market(note=f"market values are of today, so {week} has none")
    of = season_for(workspace.lake, registry.find(workspace.lake, league), week.season)
    starts = sum(slot in ("QB", "SUPER_FLEX") for slot in of.slots)
    column = "value_2qb" if starts >= _TWO_QUARTERBACKS else "value_1qb"
    try:
        table = workspace.upstream.market_values()
    except PipelineError as error:
        return Market(note=f"market values are missing: {error}")
    ids, values = table["player_id"].to_pylist(), table[column].to_pylist()
    found = {id_: value for id_, value in zip(ids, values, strict=True) if value is not None}
    days = [day for day in table["scraped_on"].to_pylist() if day is not None]
    return Market(found, max(days, default=None))


def trending_adds(workspace: Workspace, week: SeasonWeek) -> Trending:
    """Return the players whom managers of Sleeper added most in the last day.

    Args:
        week: week of the decision; a week that is over has none.
    """
    if workspace.source == "sample":
        return Trending(note="trending adds are of real players, so sample data have none")
    if _is_over(workspace, week):
        return Trending(note=f"trending adds are of today, so {week} has none")
    try:
        return Trending(workspace.sleeper().trending_adds())
    except PipelineError as error:
        return Trending(note=f"trending adds are missing: {error}")


def _is_over(workspace: Workspace, week: SeasonWeek) -> bool:
    kickoffs = [
        game.kickoff
        for game in workspace.stored_games
        if SeasonWeek(game.season, game.week) == week
    ]
    return bool(kickoffs) and all(is_over_by_clock(at, workspace.present) for at in kickoffs)

"""Which sources of projections state something about a week, and since when they are silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow.compute as pc

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import SOURCE_PROJECTIONS
from fantasy_pipeline.ingest.sites import NAMES
from fantasy_pipeline.ingest.sites.registry import chosen
from fantasy_pipeline.lake import Lake

State = Literal["up", "silent", "off"]
_LOOK_BACK = 6
"""Weeks in which to look for the latest statement of a source."""


@dataclass(frozen=True)
class SourceState:
    """A source of projections.

    Args:
        state: up: it states projections of the week; silent: it states none; off: it is not asked.
        week: latest week up to the shown one that it states something about; None: no week.
        players: players of that week.
        as_of: when it stated the newest of these projections.
    """

    name: str
    state: State
    week: SeasonWeek | None = None
    players: int = 0
    as_of: datetime | None = None


def source_states(lake: Lake, week: SeasonWeek, projection_sources: str) -> list[SourceState]:
    """Return the state of each source of projections.

    Args:
        week: the week to show now.
        projection_sources: the setting `FANTASY_PROJECTION_SOURCES`.
    """
    asked = set(chosen(projection_sources))
    weeks = [one for one in lake.weeks(SOURCE_PROJECTIONS) if one <= week]
    found: dict[str, SourceState] = {}
    # A source that has been silent for longer counts as never heard.
    for one in reversed(weeks[-_LOOK_BACK:]):
        rows = lake.read(SOURCE_PROJECTIONS, [one], ["source", "player_id", "as_of"])
        for name in set(NAMES) - set(found):
            own = rows.filter(pc.equal(rows["source"], name))
            if own.num_rows:
                state: State = "up" if one == week else "silent"
                if name not in asked:
                    state = "off"
                players = len(pc.unique(own["player_id"]))
                found[name] = SourceState(name, state, one, players, pc.max(own["as_of"]).as_py())
        if set(NAMES) <= set(found):
            break
    return [
        found.get(name, SourceState(name, "silent" if name in asked else "off")) for name in NAMES
    ]

"""Tell which sources of projections and news state something about a week, and since when not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow.compute as pc

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import NEWS, SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.ingest.news import registry as news
from fantasy_pipeline.ingest.sites import NAMES
from fantasy_pipeline.ingest.sites.registry import asked
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import Settings

State = Literal["up", "silent", "off"]
_LOOK_BACK = 6
"""Weeks in which to look for the latest statement of a source."""


@dataclass(frozen=True)
class SourceState:
    """A source of projections or of news.

    Args:
        state: up: it states something of the week; silent: it states nothing; off: it is not asked.
        week: latest week up to the shown one that it states something about; None: no week.
        players: players of that week.
        as_of: when the newest of these rows were downloaded.
    """

    name: str
    state: State
    week: SeasonWeek | None = None
    players: int = 0
    as_of: datetime | None = None


def source_states(
    lake: Lake, week: SeasonWeek, settings: Settings, is_sample: bool
) -> list[SourceState]:
    """Return the state of each source of projections.

    Args:
        week: the week to show now.
    """
    return _states(lake, SOURCE_PROJECTIONS, week, NAMES, asked(settings, is_sample))


def news_states(lake: Lake, week: SeasonWeek, is_sample: bool) -> list[SourceState]:
    """Return the state of each source of news; see `source_states`."""
    names = news.names(is_sample)
    return _states(lake, NEWS, week, names, names)


def _states(
    lake: Lake, table: Table, week: SeasonWeek, names: Sequence[str], wanted: Sequence[str]
) -> list[SourceState]:
    """Return the state of each of some sources of a table; those not `wanted` are off."""
    weeks = [one for one in lake.weeks(table) if one <= week]
    found: dict[str, SourceState] = {}
    # A source that has been silent for longer counts as never heard.
    for one in reversed(weeks[-_LOOK_BACK:]):
        rows = lake.read(table, [one], ["source", "player_id", "as_of"])
        for name in set(names) - set(found):
            own = rows.filter(pc.equal(rows["source"], name))
            if own.num_rows:
                state: State = "up" if one == week else "silent"
                if name not in wanted:
                    state = "off"
                players = len(pc.unique(own["player_id"]))
                found[name] = SourceState(name, state, one, players, pc.max(own["as_of"]).as_py())
        if set(names) <= set(found):
            break
    return [
        found.get(name, SourceState(name, "silent" if name in wanted else "off")) for name in names
    ]

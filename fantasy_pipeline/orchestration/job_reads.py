"""List what the weekly jobs read of the lake, so that a run can prefetch it from object storage.

A table that is missing here is still read, one request at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table


class _Reads(NamedTuple):
    """Names of folders: read whole, of the run's seasons, and of the run's weeks."""

    whole: tuple[str, ...]
    of_season: tuple[str, ...] = ()
    of_week: tuple[str, ...] = ()


def _names(*folders: Table | str) -> tuple[str, ...]:
    return tuple(folder if isinstance(folder, str) else folder.name for folder in folders)


_HISTORY = _names(
    tables.GAMES,
    tables.RAW_PLAYERS,
    tables.WEEKLY_STATS,
    tables.PLAYER_HISTORY,
    f"states/{tables.PLAYER_HISTORY.name}",
    tables.TEAM_DEFENSE_STATS,
)
_PROJECTED = (tables.PROJECTIONS, tables.MODEL_PROJECTIONS, tables.DEFENDER_PROJECTIONS)
_MODEL = _names("models/projection")
_OF_IMPORT = _names(tables.PROVISIONAL_STATS, *_PROJECTED, tables.SOURCE_PROJECTIONS)
_OF_PROJECTION = _names(tables.NEWS, tables.PROJECTIONS)
_SOURCES = _names(tables.SOURCE_PROJECTIONS)
_READS: Mapping[str, _Reads] = {
    "weekly_import": _Reads(_HISTORY, of_week=_OF_IMPORT),
    "weekly_projections": _Reads(_HISTORY + _SOURCES, _MODEL, _OF_PROJECTION),
    "whole_week": _Reads(_HISTORY + _SOURCES, _MODEL, _OF_IMPORT),
    "report_week": _Reads(
        _names(tables.GAMES, tables.PLAYER_HISTORY),
        _MODEL + _names(tables.PROJECTION_ACCURACY, tables.STAT_CORRECTIONS),
        _names(
            tables.PROJECTIONS,
            tables.RAW_PLAYERS,
            tables.SOURCE_PROJECTIONS,
            tables.NEWS,
            tables.REST_OF_SEASON,
        ),
    ),
}


def read_by(job: str, weeks: Sequence[SeasonWeek]) -> list[str]:
    """Return the name prefixes of the files that a job's run reads, in reading order."""
    if (reads := _READS.get(job)) is None:
        return []
    seasons = dict.fromkeys(f"season={week.season}" for week in weeks)
    numbers = dict.fromkeys(f"season={week.season}/week={week.week:02}" for week in weeks)
    return [
        *(f"{folder}/" for folder in reads.whole),
        *(f"{folder}/{number}/" for folder in reads.of_week for number in numbers),
        *(f"{folder}/{season}/" for folder in reads.of_season for season in seasons),
    ]

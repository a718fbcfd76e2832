"""Bring `player_history` in the lake up to date: unchanged seasons stay, later ones are walked.

Each season has a stamp: a hash of the stored inputs of this season and of all earlier ones. The
walk starts at the first season whose stamp has changed, from the state after the season before it.
The result has the same bytes as that of a walk from the first season on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import NamedTuple

import duckdb
import pyarrow as pa

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_HISTORY, RAW_PLAYERS, WEEKLY_STATS
from fantasy_pipeline.football.tables.week_rows import of_players, weeks_in
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.files import file_name
from fantasy_pipeline.lake.stamped import DamagedSeasonError, StampedSeasons, stamped
from fantasy_pipeline.projections.history.checkpoint import (
    Checkpoint,
    packed,
    restored,
    unpacked,
)
from fantasy_pipeline.projections.history.player_history import INPUTS, Season, walk
from fantasy_pipeline.projections.history.rows import Names
from fantasy_pipeline.projections.history.state import State

Check = Callable[[duckdb.DuckDBPyConnection, Sequence[SeasonWeek]], None]
SOURCES = {
    "football": ("positions.py", "standings.py", "team_games.py", "teams.py", "tables/history.py"),
    "projections": ("columns.py", "history"),
}
"""Files and folders of the package whose text decides the values of the history."""


class Continued(NamedTuple):
    """The history in the lake.

    Args:
        rows: number of rows of all seasons.
        last: rows of the last season.
        walked: seasons that were walked again.
    """

    rows: int
    last: pa.Table
    walked: Sequence[int]


def continued(lake: Lake, check: Check) -> Continued:
    """Bring the history in the lake up to date.

    The caller holds the lake's lock of the table.

    Args:
        check: called for each walked season, before anything is written, with a connection to the
            inputs of the season (views of `INPUTS`) and the weeks of its history that have players.

    Raises:
        PipelineError: an input cannot be read, or rows break the contract.
    """
    # Hashed before the rows are read: if rows change meanwhile, the stamp counts as out of date.
    stamps = _stamps(lake)
    stored = StampedSeasons(lake, PLAYER_HISTORY)
    if stored.stamps:
        with suppress(DamagedSeasonError):
            if stored.stamps == stamps:
                return _unchanged(lake, stored)
            return _walked(lake, stamps, stored, _usable(lake, stamps, stored.stamps), check)
    return _walked(lake, stamps, stored, [], check)


def _stamps(lake: Lake) -> dict[int, str]:
    """Return the stamp of each season that has players or stats in the lake, in order."""
    digests = {
        table: lake.digests(table) if table.weekly or lake.has(table) else {} for table in INPUTS
    }
    stamp, stamps = _code(), {}
    for season in sorted(digests[RAW_PLAYERS].keys() | digests[WEEKLY_STATS].keys()):
        inputs = [str(of_season.get(season)) for of_season in digests.values()]
        stamp = hashlib.sha256(" ".join([stamp, str(season), *inputs]).encode()).hexdigest()[:16]
        stamps[season] = stamp
    return stamps


@cache
def _code() -> str:
    """Return a hash of the code that makes the history, and of the libraries that it uses."""
    found = hashlib.sha256()
    for folder, names in SOURCES.items():
        for name in names:
            path = files("fantasy_pipeline") / folder / name
            texts = [path] if path.is_file() else [*path.iterdir(), *(path / "sql").iterdir()]
            for text in sorted((text for text in texts if text.is_file()), key=lambda t: t.name):
                found.update(text.name.encode() + text.read_bytes())
    for library in ("duckdb", "numpy", "pyarrow"):
        found.update(f"{library} {version(library)}".encode())
    return found.hexdigest()[:16]


def _unchanged(lake: Lake, stored: StampedSeasons) -> Continued:
    last = stored.rows(max(stored.stamps))
    return Continued(lake.row_count(PLAYER_HISTORY), last, ())


def _checkpoint(season: int) -> str:
    return f"states/{PLAYER_HISTORY.name}/season={season}/state.npz"


def _usable(lake: Lake, stamps: Mapping[int, str], stored: Mapping[int, str]) -> list[Checkpoint]:
    """Return the states after the unchanged seasons before the last, from the first season on."""
    found: list[Checkpoint] = []
    for season, stamp in list(stamps.items())[:-1]:
        if stored.get(season) != stamp:
            break
        checkpoint = unpacked(lake.read_bytes(_checkpoint(season)))
        if checkpoint is None or checkpoint.stamp != stamp:
            break
        found.append(checkpoint)
    return found


def _walked(
    lake: Lake,
    stamps: Mapping[int, str],
    stored: StampedSeasons,
    checkpoints: Sequence[Checkpoint],
    check: Check,
) -> Continued:
    """Walk the seasons after the checkpoints, and write the history and new checkpoints.

    Raises:
        DamagedSeasonError: a stored season is damaged; nothing was written.
    """
    seasons, done = list(stamps), len(checkpoints)
    kept, changed = seasons[:done], seasons[done:]
    state = restored(checkpoints) if checkpoints else State(Names())
    states: dict[int, bytes] = {}
    rows, last = 0, PLAYER_HISTORY.arrow_schema.empty_table()

    def parts() -> Iterator[pa.Table]:
        nonlocal rows, last
        for season in kept:
            last = stored.rows(season)
            rows += last.num_rows
            yield last
        for made in _made(lake, changed, state, check):
            last = made.rows
            rows += last.num_rows
            # No walk starts after the last season.
            if made.season != changed[-1]:
                states[made.season] = packed(made.players, made.state, stamps[made.season])
            yield last

    content = stamped(PLAYER_HISTORY, parts(), stamps)
    for season, packed_state in states.items():
        lake.write_bytes(_checkpoint(season), packed_state)
    lake.write_bytes(file_name(PLAYER_HISTORY), content)
    return Continued(rows, last, changed)


def _made(lake: Lake, seasons: Sequence[int], state: State, check: Check) -> Iterator[Season]:
    """Yield the valid rows of some seasons; raise if the check refuses those of one."""
    files = lake.files(INPUTS)
    for season in seasons:
        # DuckDB reads the footer of each file of a view in each query.
        of_season = [
            (table, [week for week in weeks if week is None or week.season == season])
            for table, weeks in files
        ]
        with lake.connect_files(of_season) as connection:
            for made in walk(connection, [season], state):
                rows = PLAYER_HISTORY.validated(made.rows).rows
                check(connection, weeks_in(of_players(rows)))
                state = made.state
                yield made._replace(rows=rows)

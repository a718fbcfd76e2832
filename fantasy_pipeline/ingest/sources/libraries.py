"""The two libraries that read nflverse's release files, and which of them reads a data set.

Readers with ``source=auto`` (measured on the real files):

* nfl_data_py: weekly rosters, injuries, snap counts, players and the id map, for all seasons.
* nflreadpy: the schedule, which nfl_data_py reads over plain http; and weekly stats, because
  nfl_data_py's file ends with 2024 and upstream has corrected 114 of its point totals since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Reader = Literal["nfl_data_py", "nflreadpy"]

AUTO: dict[str, Reader] = {
    "schedule": "nflreadpy",
    "weekly_stats": "nflreadpy",
    "weekly_rosters": "nfl_data_py",
    "injuries": "nfl_data_py",
    "snap_counts": "nfl_data_py",
    "player_ids": "nfl_data_py",
    "players": "nfl_data_py",
}
"""Reader of each data set with ``source=auto``."""


def read_nflreadpy(dataset: str, season: int | None) -> pa.Table:
    """Return a data set's rows as nflreadpy reads them."""
    # Imported here: nflreadpy reads a .env file of the working directory when it is imported.
    import nflreadpy

    load: dict[str, Callable[..., pl.DataFrame]] = {
        "schedule": nflreadpy.load_schedules,
        "weekly_stats": nflreadpy.load_player_stats,
        "weekly_rosters": nflreadpy.load_rosters_weekly,
        "injuries": nflreadpy.load_injuries,
        "snap_counts": nflreadpy.load_snap_counts,
        "player_ids": nflreadpy.load_ff_playerids,
        "players": nflreadpy.load_players,
    }
    frame = load[dataset]() if season is None else load[dataset](season)
    return frame.to_arrow()


def read_nfl_data_py(dataset: str, season: int | None) -> pa.Table:
    """Return a data set's rows as nfl_data_py reads them."""
    # Imported here: it loads pandas, which ``source=nflreadpy`` does not need.
    import nfl_data_py

    load: dict[str, Callable[..., pd.DataFrame]] = {
        # downcast=True would round points to float32.
        "weekly_stats": lambda years: nfl_data_py.import_weekly_data(years, downcast=False),
        # The library renames these two; errors name columns as upstream does.
        "weekly_rosters": lambda years: nfl_data_py.import_weekly_rosters(years).rename(
            columns={"player_id": "gsis_id", "player_name": "full_name"}
        ),
        "injuries": nfl_data_py.import_injuries,
        "snap_counts": nfl_data_py.import_snap_counts,
        "player_ids": nfl_data_py.import_ids,
        "players": nfl_data_py.import_players,
    }
    frame = load[dataset]() if season is None else load[dataset]([season])
    return pa.Table.from_pandas(frame, preserve_index=False)

"""Read the lake's rows behind one week's report, each table once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report.players import HISTORY_COLUMNS

_GAME_COLUMNS = ("season", "week", "home_team", "away_team", "kickoff")


@dataclass(frozen=True)
class ReportRows:
    """Everything in the lake that a week's report shows.

    Args:
        projections, raw_players, source_projections: the week's rows; `source_projections` is
            None if the lake has no file of the week.
        history: `HISTORY_COLUMNS` of the week's players; None if the lake has no player_history.
        games: the week's games; None if the lake has no schedule.
        accuracy, corrections: rows of this season and the one before, up to the week.
    """

    week: SeasonWeek
    projections: pa.Table
    raw_players: pa.Table
    source_projections: pa.Table | None
    history: pa.Table | None
    games: pa.Table | None
    accuracy: pa.Table
    corrections: pa.Table

    def __iter__(self) -> Iterator[pa.Table]:
        """Iterate over the tables in a fixed order; tables that the lake lacks are left out."""
        every = (
            *(self.projections, self.raw_players, self.source_projections),
            *(self.history, self.games, self.accuracy, self.corrections),
        )
        return (rows for rows in every if rows is not None)

    def so_far(self, rows: pa.Table, season: int) -> pa.Table:
        """Return the rows of one season, of `accuracy` or `corrections`."""
        return rows.filter(pc.equal(rows["season"], season))


class ReportReader:
    """Reads the rows of reports; the tables that all weeks share are read once.

    Args:
        seasons: seasons of the weeks to read.
    """

    def __init__(self, lake: Lake, *seasons: int) -> None:
        self._lake = lake
        self._history = self._shared(tables.PLAYER_HISTORY, HISTORY_COLUMNS, seasons)
        self._games = self._shared(tables.GAMES, _GAME_COLUMNS, seasons)

    def _shared(
        self, table: Table, columns: tuple[str, ...], seasons: tuple[int, ...]
    ) -> pa.Table | None:
        if not self._lake.has(table):
            return None
        return self._lake.read(table, columns=columns, seasons=seasons)

    def read(self, week: SeasonWeek) -> ReportRows:
        """Return the rows behind a week's report.

        Raises:
            NotMaterializedError: the lake lacks the week's projections, or raw_players of a week
                that has games.
        """
        lake = self._lake
        projections = lake.read(tables.PROJECTIONS, [week])
        return ReportRows(
            week,
            projections,
            lake.read(tables.RAW_PLAYERS, [week] if projections.num_rows else []),
            lake.read(tables.SOURCE_PROJECTIONS, [week])
            if lake.has(tables.SOURCE_PROJECTIONS, week)
            else None,
            None if self._history is None else of_week(self._history, week),
            None if self._games is None else of_week(self._games, week),
            self._up_to(tables.PROJECTION_ACCURACY, week),
            self._up_to(tables.STAT_CORRECTIONS, week),
        )

    def _up_to(self, table: Table, week: SeasonWeek) -> pa.Table:
        """Return a table's rows up to a week, of its season and the one before.

        Before a season's first scored week, the report shows the season before.
        """
        weeks = [w for w in self._lake.weeks(table) if week.season - 1 <= w.season and w <= week]
        return self._lake.read(table, weeks)


def read_rows(lake: Lake, week: SeasonWeek) -> ReportRows:
    """Return the rows behind one week's report; see `ReportReader.read`."""
    return ReportReader(lake, week.season).read(week)

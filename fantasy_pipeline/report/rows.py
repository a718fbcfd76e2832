"""Read the lake's rows behind one week's report, each table once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.decisions.scored import ACTUAL, KICKING
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.calendar import is_over_by_clock
from fantasy_pipeline.football.import_calendar import final_import_at
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import codes, of_players, of_week
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections import team_defense
from fantasy_pipeline.report.accuracy import season_accuracy
from fantasy_pipeline.report.players import AFTER_GAME, HISTORY_COLUMNS

DEFENCE_COLUMNS = ("player_id", "team", team_defense.POINTS)
_LONGEST_RUN = timedelta(hours=1)
"""A report stands for the moment at which its command began; news is fetched after it."""
_GAME_COLUMNS = ("season", "week", "home_team", "away_team", "kickoff", "spread_line")
_OF_LINES = ("season", "week", "player_id", "team", "opponent", *ACTUAL.values(), KICKING)
_OF_DEFENCES = ("season", "week", "player_id", "team", "opponent", team_defense.POINTS)


@dataclass(frozen=True)
class ReportRows:
    """Everything in the lake that a week's report shows.

    Args:
        projections, raw_players, source_projections: the week's rows; `source_projections` is
            None if the lake has no file of the week.
        history: `HISTORY_COLUMNS` of the week's players; None if the lake has no player_history.
            The results are null if the game was not over at the report's moment.
        games: the week's games; None if the lake has no schedule.
        defences: player id, team and points of the week's `TEAM_DEFENSE_STATS`, of games that were
            over at the report's moment; None if the lake has no file of the week.
        news: the week's `NEWS`, as far as it was published at the report's moment; None if the
            lake has no file of the week.
        accuracy: rows of the season up to the week, as far as they were known at the report's
            moment; also of the season before if the report has none to show of this one.
        corrections: rows of the season up to the week, as far as they were known.
        earlier, earlier_defences: rows of `WEEKLY_STATS` and `TEAM_DEFENSE_STATS` of the projected
            players, in weeks before the week, back to the season before; None if the lake has none.
            Weeks that were not over at the report's moment are left out.
        rest: `REST_OF_SEASON` of the week; None if the lake has no file of it.
    """

    week: SeasonWeek
    projections: pa.Table
    raw_players: pa.Table
    source_projections: pa.Table | None
    history: pa.Table | None
    games: pa.Table | None
    accuracy: pa.Table
    corrections: pa.Table
    defences: pa.Table | None = None
    earlier: pa.Table | None = None
    earlier_defences: pa.Table | None = None
    rest: pa.Table | None = None
    news: pa.Table | None = None

    def __iter__(self) -> Iterator[pa.Table]:
        """Iterate over the tables in a fixed order; tables that the lake lacks are left out."""
        every = (
            *(self.projections, self.raw_players, self.source_projections),
            *(self.history, self.games, self.accuracy, self.corrections, self.defences),
            *(self.earlier, self.earlier_defences, self.rest),
            self.news,
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
        history = self._shared(tables.PLAYER_HISTORY, HISTORY_COLUMNS, seasons)
        self._history = None if history is None else of_players(history)
        # The accuracy may be that of the season before.
        both = tuple(sorted({*seasons, *(season - 1 for season in seasons)}))
        self._games = self._shared(tables.GAMES, _GAME_COLUMNS, both)
        self._lines = self._shared(tables.WEEKLY_STATS, _OF_LINES, both)
        self._defences = self._shared(tables.TEAM_DEFENSE_STATS, _OF_DEFENCES, both)

    def _shared(
        self, table: Table, columns: tuple[str, ...], seasons: tuple[int, ...]
    ) -> pa.Table | None:
        if table.weekly and not self._lake.weeks(table):
            return None
        return self._lake.read_if_stored(table, columns=columns, seasons=seasons)

    def read(self, week: SeasonWeek, as_of: datetime | None = None) -> ReportRows:
        """Return the rows behind a week's report.

        Args:
            as_of: the report's moment; results of games that were not over are left out. None:
                leave out nothing.

        Raises:
            NotMaterializedError: the lake lacks the week's projections, or raw_players of a week
                that has games.
        """
        lake = self._lake
        projections = lake.read(tables.PROJECTIONS, [week])
        rows = ReportRows(
            week,
            projections,
            lake.read(tables.RAW_PLAYERS, [week] if projections.num_rows else []),
            lake.read_if_stored(tables.SOURCE_PROJECTIONS, week),
            None if self._history is None else of_week(self._history, week),
            None if self._games is None else of_week(self._games, week),
            self._accuracy(week, as_of),
            self._up_to(tables.STAT_CORRECTIONS, week, week.season),
            self._defences_of(week),
            _before(self._lines, week, projections),
            _before(self._defences, week, projections),
            lake.read_if_stored(tables.REST_OF_SEASON, week),
            lake.read_if_stored(tables.NEWS, week),
        )
        return rows if as_of is None or self._games is None else _known(rows, self._games, as_of)

    def _defences_of(self, week: SeasonWeek) -> pa.Table | None:
        if self._defences is None:
            return None
        found = of_week(self._defences, week)
        return found.select(DEFENCE_COLUMNS) if found.num_rows else None

    def _accuracy(self, week: SeasonWeek, as_of: datetime | None) -> pa.Table:
        """Return the accuracy of the season up to a week, and that of the season before if needed.

        Before a season's first scored week, the report shows the season before.
        """
        found = self._up_to(tables.PROJECTION_ACCURACY, week, week.season)
        if as_of is not None and self._games is not None:
            found = _until(found, self._games, lambda last: is_over_by_clock(last, as_of))
        if season_accuracy(found) is not None:
            return found
        before = self._up_to(tables.PROJECTION_ACCURACY, week, week.season - 1)
        return pa.concat_tables([before, found])

    def _up_to(self, table: Table, week: SeasonWeek, season: int) -> pa.Table:
        """Return a table's rows of a season, up to a week."""
        weeks = [w for w in self._lake.weeks(table) if w.season == season and w <= week]
        return self._lake.read(table, weeks) if weeks else table.arrow_schema.empty_table()


def read_rows(lake: Lake, week: SeasonWeek, as_of: datetime | None = None) -> ReportRows:
    """Return the rows behind one week's report; see `ReportReader.read`."""
    return ReportReader(lake, week.season).read(week, as_of)


def _before(rows: pa.Table | None, week: SeasonWeek, projections: pa.Table) -> pa.Table | None:
    """Return the rows of projected players in weeks before a week, back to the season before."""
    if rows is None:
        return None
    code, first = codes(rows), 100 * (week.season - 1)
    players = pc.is_in(rows["player_id"], projections["player_id"].combine_chunks())
    return rows.filter(pc.and_(players, pa.array((code >= first) & (code < week.code))))


def _known(rows: ReportRows, games: pa.Table, as_of: datetime) -> ReportRows:
    """Return the rows without the results that were not known at a moment.

    Args:
        games: the schedule of this season and the one before.
    """
    return replace(
        rows,
        history=_with_results(rows, as_of),
        defences=_defences_of_games_over(rows, as_of),
        news=_published(rows.news, as_of),
        accuracy=_until(rows.accuracy, games, lambda last: is_over_by_clock(last, as_of)),
        corrections=_until(rows.corrections, games, lambda last: final_import_at(last) <= as_of),
        earlier=_of_weeks_over(rows.earlier, games, as_of),
        earlier_defences=_of_weeks_over(rows.earlier_defences, games, as_of),
    )


def _of_weeks_over(table: pa.Table | None, games: pa.Table, as_of: datetime) -> pa.Table | None:
    if table is None:
        return None
    return _until(table, games, lambda last: is_over_by_clock(last, as_of))


def _teams_over(games: pa.Table, as_of: datetime) -> list[str]:
    """Return the teams whose game was over at a moment."""
    played = team_games(games)
    return [
        team
        for team, kickoff in zip(
            played["team"].to_pylist(), played["kickoff"].to_pylist(), strict=True
        )
        if is_over_by_clock(kickoff, as_of)
    ]


def _defences_of_games_over(rows: ReportRows, as_of: datetime) -> pa.Table | None:
    if rows.defences is None or rows.games is None:
        return rows.defences
    teams = pa.array(_teams_over(rows.games, as_of), pa.string())
    return rows.defences.filter(pc.is_in(rows.defences["team"], teams))


def _published(news: pa.Table | None, as_of: datetime) -> pa.Table | None:
    """Return the news that were published at a moment, or while a run of that moment went on."""
    if news is None:
        return None
    return news.filter(pc.less_equal(news["published"], pa.scalar(as_of + _LONGEST_RUN)))


def _with_results(rows: ReportRows, as_of: datetime) -> pa.Table | None:
    """Return the history; results are null but for players whose game was over."""
    if rows.history is None or rows.games is None:
        return rows.history
    teams = _teams_over(rows.games, as_of)
    over = pc.is_in(rows.projections["team"], pa.array(teams, pa.string()))
    players = rows.projections.filter(over)["player_id"].combine_chunks()
    is_known = pc.is_in(rows.history["player_id"], players)
    history = rows.history
    for name in AFTER_GAME:
        index = history.schema.get_field_index(name)
        field = history.schema.field(name)
        values = pc.if_else(is_known, history[name], pa.scalar(None, field.type))
        history = history.set_column(index, field, values)
    return history


def _until(table: pa.Table, games: pa.Table, is_known: Callable[[datetime], bool]) -> pa.Table:
    """Return the rows of the weeks that are known, judged by the last kick-off of the week."""
    last = games.group_by(["season", "week"]).aggregate([("kickoff", "max")])
    unknown = {
        SeasonWeek(row["season"], row["week"]).code
        for row in last.to_pylist()
        if not is_known(row["kickoff_max"])
    }
    return table.filter(pa.array([code not in unknown for code in codes(table)], pa.bool_()))

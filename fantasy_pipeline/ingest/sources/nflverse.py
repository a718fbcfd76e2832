"""The nflverse adapter: two unmodified libraries as readers behind one canonical schema.

Two kinds of files have no library and are read directly: the CSV files of NFL.com's projections,
and the kicking stats of nfl_data_py's release.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from fantasy_pipeline.errors import LastingError, NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.football.positions import DEFENDER_GROUPS
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.ingest.download.files import Fetched
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sources import canonical, nflcom_files, schema
from fantasy_pipeline.ingest.sources.columns import column_notes, select_columns
from fantasy_pipeline.ingest.sources.file_bounds import refuse_oversized
from fantasy_pipeline.ingest.sources.libraries import (
    AUTO,
    Reader,
    read_nfl_data_py,
    read_nflreadpy,
)
from fantasy_pipeline.ingest.sources.library_hooks import UnreadableError, serve_libraries
from fantasy_pipeline.ingest.sources.unreadable import FORMAT_CHANGED
from fantasy_pipeline.lake.duck import arrow, database

LAST_OLD_STATS_SEASON = 2024
"""Last season of the release from which nfl_data_py reads weekly stats."""
OLD_KICKING_URL = (
    "https://github.com/nflverse/nflverse-data/releases/download"
    "/player_stats/player_stats_kicking_{season}.parquet"
)

_NFLCOM = "nflcom_projections"
NFLCOM_URL = (
    "https://raw.githubusercontent.com/hvpkod/NFL-Data/main/NFL-data-Players"
    "/{season}/{week}/projected/{position}_projected.csv"
)

MARKET_URL = "https://github.com/dynastyprocess/data/raw/master/files/values-players.csv"

_CSV = """
from read_csv(
    $path, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"',
    nullstr = ['', 'NA']
)
"""

_CONTRACTS = {
    **schema.BY_SEASON,
    "player_ids": schema.PLAYER_IDS,
    "players": schema.PLAYERS,
    "schedule": canonical.SCHEDULE_FILE,
    "market_values": schema.MARKET_FILE,
    "nflcom_projections": nflcom_files.NFLCOM_FILE,
}

# Per-season tables in memory at once: a run over many seasons must not keep them all.
_KEPT_SEASON_TABLES = 4

# Tables without seasons, by data set and reader, with the file of each and its notes.
_PARSED: dict[tuple[str, str], tuple[Fetched, pa.Table, list[str]]] = {}


class Nflverse:
    """The `Source` of nflverse's release files; see `sources.base.Source`.

    Args:
        transport: fetches files for both libraries.
        source: ``auto``, or the one reader to use for every data set that it can read.
    """

    def __init__(self, transport: Transport, source: Literal["auto", Reader] = "auto") -> None:
        self._transport = transport
        self._source = source
        self._tables: dict[str, pa.Table] = {}
        self._season_tables: OrderedDict[tuple[str, int], pa.Table] = OrderedDict()
        self._notes: dict[tuple[str, int | None], list[str]] = {}

    def reader_of(self, dataset: str) -> str:
        if dataset == "nflcom_projections":
            return "hvpkod/NFL-Data"
        if dataset == "market_values":
            return "dynastyprocess/data"
        if dataset == "schedule" or self._source == "auto":
            return AUTO[dataset]
        return self._source

    def notes(self, dataset: str, season: int) -> list[str]:
        found = [*self._notes.get((dataset, None), []), *self._notes.get((dataset, season), [])]
        return list(dict.fromkeys(found))

    def schedule(self) -> pa.Table:
        return self._once("schedule", canonical.schedule)

    def players(self) -> pa.Table:
        return self._once("players", canonical.players)

    def player_ids(self) -> pa.Table:
        return self._once(
            "player_ids",
            lambda connection, frame: canonical.player_ids(
                connection, frame, self._players_if_published()
            ),
        )

    def market_values(self) -> pa.Table:
        if "market_values" not in self._tables:
            fetched = self._transport.fetch(MARKET_URL, "market_values")
            frame = _read_csv(fetched.path, "market_values")
            ids = self.player_ids()
            with _file_named("market_values"), database() as connection:
                table = canonical.market_values(connection, frame, ids)
            _require_rows("market_values", None, table)
            self._note_columns("market_values", None, frame.column_names)
            self._tables["market_values"] = table
        return self._tables["market_values"]

    def weekly_stats(self, season: int) -> pa.Table:
        if self.reader_of("weekly_stats") == "nfl_data_py" and season > LAST_OLD_STATS_SEASON:
            raise LastingError(
                "weekly_stats",
                f"nfl_data_py has no stats after {LAST_OLD_STATS_SEASON}, where its release ends",
                "Use --source auto or nflreadpy.",
                season,
            )
        return self._per_season(
            "weekly_stats", season, lambda *given: (canonical.weekly_stats(*given), [])
        )

    def weekly_rosters(self, season: int) -> pa.Table:
        return self._per_season("weekly_rosters", season, self._canonical_rosters)

    def _canonical_rosters(
        self, connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int
    ) -> tuple[pa.Table, list[str]]:
        """Return weekly rosters, with ids from the file of players if upstream has it."""
        players = self._players_if_published()
        return canonical.weekly_rosters(connection, frame, players, season)

    def _players_if_published(self) -> pa.Table:
        """Return the file of players; without rows if upstream lacks it."""
        try:
            return self.players()
        except NotPublishedError:
            # Rosters and ids are usable without it; a call of `players` raises the error again.
            return schema.PLAYERS.arrow_schema.empty_table()

    def injuries(self, season: int) -> pa.Table:
        return self._per_season("injuries", season, canonical.injuries)

    def snap_counts(self, season: int) -> pa.Table:
        return self._per_season("snap_counts", season, canonical.snap_counts)

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        dataset = _NFLCOM
        files = []
        incomplete = None
        for week in weeks:
            try:
                files += self._nflcom_files(season, week)
            except NotPublishedError as error:
                # This week counts as absent; the other weeks are read all the same.
                incomplete = error
        if not files and incomplete:
            raise incomplete
        if not files:
            return schema.NFLCOM_PROJECTIONS.arrow_schema.empty_table()
        with database() as connection:
            table, columns = nflcom_files.nflcom_projections(connection, files, season, dataset)
        self._note_columns(dataset, season, columns)
        return table

    def nflcom_defenders(self, season: int, weeks: Iterable[int]) -> pa.Table:
        files = self._files_of_defenders(season, weeks)
        if not files:
            return schema.NFLCOM_PROJECTIONS.arrow_schema.empty_table()
        with database() as connection:
            return nflcom_files.nflcom_projections(connection, files, season, _NFLCOM)[0]

    def nflcom_results(self, season: int, weeks: Iterable[int]) -> pa.Table:
        has_results = season in schema.SEASONS_OF_RESULTS
        files = self._files_of_defenders(season, weeks) if has_results else []
        if not files:
            return schema.NFLCOM_RESULTS.arrow_schema.empty_table()
        with database() as connection:
            return nflcom_files.nflcom_results(connection, files, season, _NFLCOM)

    def _files_of_defenders(
        self, season: int, weeks: Iterable[int]
    ) -> list[nflcom_files.NflcomFile]:
        files = []
        for week in weeks:
            for position in DEFENDER_GROUPS:
                # Upstream may have the other positions of a week without these.
                with suppress(NotPublishedError):
                    files.append(self._nflcom_file(season, week, position))
        return files

    def nflcom_positions(self, season: int, week: int) -> pa.Table:
        dataset = _NFLCOM
        first = schema.FIRST_SEASON_UPSTREAM[dataset]
        files = self._nflcom_files(season, week) if season >= first else []
        if not files:
            return schema.NFLCOM_POSITIONS.arrow_schema.empty_table()
        with database() as connection:
            return nflcom_files.nflcom_positions(connection, files, season, dataset)

    def _nflcom_files(self, season: int, week: int) -> list[nflcom_files.NflcomFile]:
        """Return the files of one week, one per position; none if hvpkod has not saved the week.

        Raises:
            NotPublishedError: the week has the first position's file, but not all of them.
        """
        files = []
        for position in FANTASY_POSITIONS:
            try:
                files.append(self._nflcom_file(season, week, position))
            except NotPublishedError:
                if position == FANTASY_POSITIONS[0]:
                    return []
                raise
        return files

    def _nflcom_file(self, season: int, week: int, position: str) -> nflcom_files.NflcomFile:
        url = NFLCOM_URL.format(season=season, week=week, position=position)
        fetched = self._transport.fetch(url, _NFLCOM, season, week)
        return nflcom_files.NflcomFile(fetched.path, week, position, fetched.as_of)

    def _once(
        self,
        dataset: str,
        to_canonical: Callable[[duckdb.DuckDBPyConnection, pa.Table], pa.Table],
    ) -> pa.Table:
        """Return a table without seasons; read it again only if upstream's file has changed.

        Later runs of this process share the table.
        """
        if dataset not in self._tables:
            parsed = _PARSED.get((dataset, self.reader_of(dataset)))
            if parsed and self._transport.fetch(parsed[0].url, dataset) == parsed[0]:
                self._tables[dataset] = parsed[1]
                self._note(dataset, None, parsed[2])
            else:
                frame, files = self._read(dataset, None)
                with _file_named(dataset), database() as connection:
                    table = to_canonical(connection, frame)
                _require_rows(dataset, None, table)
                notes = self._note_columns(dataset, None, frame.column_names)
                _PARSED[(dataset, self.reader_of(dataset))] = (files[0], table, notes)
                self._tables[dataset] = table
        return self._tables[dataset]

    def _per_season(
        self,
        dataset: str,
        season: int,
        to_canonical: Callable[
            [duckdb.DuckDBPyConnection, pa.Table, int], tuple[pa.Table, list[str]]
        ],
    ) -> pa.Table:
        """Return a season's table; the last `_KEPT_SEASON_TABLES` stay in memory.

        The notes of its conversion are kept.
        """
        first = schema.FIRST_SEASON_UPSTREAM[dataset]
        if season < first:
            raise NotPublishedError(
                dataset, f"upstream begins with {first}", "Nothing to do.", season
            )
        key = (dataset, season)
        if key not in self._season_tables:
            self._notes.pop(key, None)
            frame, _ = self._read(dataset, season)
            with _file_named(dataset, season), database() as connection:
                table, notes = to_canonical(connection, frame, season)
            self._note(dataset, season, notes)
            _require_rows(dataset, season, table)
            self._note_columns(dataset, season, frame.column_names)
            self._season_tables[key] = table
            if len(self._season_tables) > _KEPT_SEASON_TABLES:
                self._season_tables.popitem(last=False)
        return self._season_tables[key]

    def _note(self, dataset: str, season: int | None, notes: list[str]) -> None:
        self._notes.setdefault((dataset, season), []).extend(notes)

    def _note_columns(self, dataset: str, season: int | None, columns: Sequence[str]) -> list[str]:
        """Note, and return, which of a file's columns are new or gone."""
        label = dataset if season is None else f"{dataset} {season}"
        found = column_notes(columns, _CONTRACTS[dataset])
        notes = [f"{label}: {note}" for note in found]
        self._note(dataset, season, notes)
        return notes

    def _read(self, dataset: str, season: int | None) -> tuple[pa.Table, list[Fetched]]:
        """Return upstream's rows as the data set's library reads them, and the files read."""
        read = read_nflreadpy if self.reader_of(dataset) == "nflreadpy" else read_nfl_data_py
        try:
            with serve_libraries(self._transport, dataset, season) as files:
                frame = read(dataset, season)
        except UnreadableError as error:
            _raise_for_columns(error, files[-1].path)
            raise
        if dataset == "weekly_stats" and season and self.reader_of(dataset) == "nfl_data_py":
            frame = self._with_kickers(frame, season)
        return frame, files

    def _with_kickers(self, frame: pa.Table, season: int) -> pa.Table:
        """Return the old release's stat lines, with kicking from the release's other file."""
        url = OLD_KICKING_URL.format(season=season)
        try:
            path = self._transport.fetch(url, "weekly_stats", season).path
            refuse_oversized(path, "weekly_stats", season)
            kicking = pq.read_table(path, partitioning=None)
        except NotPublishedError:
            note = f"weekly_stats {season}: upstream has no kicking: kickers have no stat lines"
            self._note("weekly_stats", season, [note])
            return frame
        except (pa.ArrowInvalid, OSError) as error:
            raise LastingError(
                "weekly_stats",
                f"the file {url} could not be read: {error}",
                "Delete it in the cache (in a mirror: replace it), then run again.",
                season,
            ) from error
        with database() as connection:
            return canonical.with_kickers(connection, frame, kicking, season)


def _raise_for_columns(error: UnreadableError, path: Path) -> None:
    """Raise an error about columns if the file that a library failed on is whole.

    Then upstream has changed its columns. nfl_data_py computes with some columns of the rosters,
    and its own errors do not name them. Return if the file is damaged or not parquet.
    """
    try:
        frame = pq.read_table(path, partitioning=None)
    except (pa.ArrowInvalid, OSError):
        return
    with database() as connection:
        select_columns(connection, frame, _CONTRACTS[error.dataset], error.season)
    raise LastingError(
        error.dataset,
        f"upstream's file is whole, but the library cannot read it: {error.__cause__!r}",
        FORMAT_CHANGED,
        error.season,
    ) from error


def _read_csv(path: Path, dataset: str) -> pa.Table:
    """Return the rows of a CSV file that no library reads, as text."""
    try:
        with database() as connection:
            return arrow(connection, _CSV, path=str(path))
    except duckdb.Error as error:
        raise LastingError(
            dataset,
            f"the file {path} is not a CSV: {str(error).splitlines()[0]}",
            "Delete it in the cache (in a mirror: replace it), then run again.",
        ) from error


@contextmanager
def _file_named(dataset: str, season: int | None = None) -> Iterator[None]:
    """Raise errors of a contract, within the context, as errors of upstream's file."""
    try:
        yield
    except SourceError:
        raise
    except PipelineError as error:
        raise LastingError(
            dataset,
            f"upstream's file is wrong: {str(error).rstrip('.')}",
            "Run again when upstream has corrected it.",
            season,
        ) from error


def _require_rows(dataset: str, season: int | None, table: pa.Table) -> None:
    """Raise if no row of a file is usable, e.g. because none has an id."""
    if table.num_rows == 0:
        raise LastingError(
            dataset,
            "none of the file's rows can be used",
            "Run again when upstream has more rows.",
            season,
        )

"""The nflverse adapter: two unmodified libraries as readers behind one canonical schema.

Which reader delivers what, with ``source=auto`` (measured on the real files):

* nfl_data_py: weekly rosters, injuries, snap counts, players and the id map, for all seasons.
* nflreadpy: the schedule (nfl_data_py takes it over plain http), and weekly stats: nfl_data_py's
  file ends with 2024, and 114 of its point totals were corrected since.

NFL.com's projections have no library; their CSV files are read here. Nor have the kickers of
nfl_data_py's release, who have a file of their own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fantasy_pipeline.errors import LastingError, NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.ingest.download.transport import Fetched, Transport
from fantasy_pipeline.ingest.sources import canonical, nflcom_files, schema
from fantasy_pipeline.ingest.sources.library_hooks import UnreadableError, serve_libraries
from fantasy_pipeline.lake.duck import database

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Reader = Literal["nfl_data_py", "nflreadpy"]

_AUTO: dict[str, Reader] = {
    "schedule": "nflreadpy",
    "weekly_stats": "nflreadpy",
    "weekly_rosters": "nfl_data_py",
    "injuries": "nfl_data_py",
    "snap_counts": "nfl_data_py",
    "player_ids": "nfl_data_py",
    "players": "nfl_data_py",
}
LAST_OLD_STATS_SEASON = 2024
"""nfl_data_py reads weekly stats of a release that ended with this season."""
OLD_KICKING_URL = (
    "https://github.com/nflverse/nflverse-data/releases/download"
    "/player_stats/player_stats_kicking_{season}.parquet"
)

NFLCOM_URL = (
    "https://raw.githubusercontent.com/hvpkod/NFL-Data/main/NFL-data-Players"
    "/{season}/{week}/projected/{position}_projected.csv"
)
NFLCOM_POSITIONS = ("QB", "RB", "WR", "TE", "K")

_CONTRACTS = {
    **schema.BY_SEASON,
    "player_ids": schema.PLAYER_IDS,
    "players": schema.PLAYERS,
    "schedule": canonical.SCHEDULE_FILE,
    "nflcom_projections": nflcom_files.NFLCOM_FILE,
}

# Per-season tables kept at once: a run over many seasons must not hold them all.
_KEPT_SEASON_TABLES = 4

# Tables without seasons, by data set and reader: the file each was read from, and what to note.
_PARSED: dict[tuple[str, str], tuple[Fetched, pa.Table, list[str]]] = {}


class Nflverse:
    """`Source` over nflverse's release files; see `sources.base.Source`.

    Args:
        transport: fetches files for both libraries.
        source: ``auto``, or the one reader to use wherever it can.
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
        if dataset == "schedule" or self._source == "auto":
            return _AUTO[dataset]
        return self._source

    def notes(self, dataset: str, season: int) -> list[str]:
        found = [*self._notes.get((dataset, None), []), *self._notes.get((dataset, season), [])]
        return list(dict.fromkeys(found))

    def schedule(self) -> pa.Table:
        return self._once("schedule", canonical.schedule)

    def players(self) -> pa.Table:
        return self._once("players", canonical.players)

    def player_ids(self) -> pa.Table:
        return self._once("player_ids", canonical.player_ids)

    def weekly_stats(self, season: int) -> pa.Table:
        if self.reader_of("weekly_stats") == "nfl_data_py" and season > LAST_OLD_STATS_SEASON:
            raise LastingError(
                "weekly_stats",
                f"nfl_data_py reads a release that ended with {LAST_OLD_STATS_SEASON}",
                "Use --source auto or nflreadpy.",
                season,
            )
        return self._per_season("weekly_stats", season, canonical.weekly_stats)

    def weekly_rosters(self, season: int) -> pa.Table:
        def mend(connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int) -> pa.Table:
            try:
                players = self.players()
            except NotPublishedError:
                # Rosters do without; whoever asks for the players themselves is told.
                players = schema.PLAYERS.arrow_schema.empty_table()
            table, notes = canonical.weekly_rosters(connection, frame, players, season)
            self._note("weekly_rosters", season, notes)
            return table

        return self._per_season("weekly_rosters", season, mend)

    def injuries(self, season: int) -> pa.Table:
        return self._per_season("injuries", season, canonical.injuries)

    def snap_counts(self, season: int) -> pa.Table:
        return self._per_season("snap_counts", season, canonical.snap_counts)

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        dataset = "nflcom_projections"
        files = []
        incomplete = None
        for week in weeks:
            try:
                files += self._nflcom_files(season, week)
            except NotPublishedError as error:
                # The week counts as absent; the others are none the worse for it.
                incomplete = error
        if not files and incomplete:
            raise incomplete
        if not files:
            return schema.NFLCOM_PROJECTIONS.arrow_schema.empty_table()
        with database() as connection:
            table, columns = nflcom_files.nflcom_projections(connection, files, season, dataset)
        self._note_columns(dataset, season, columns)
        return table

    def _nflcom_files(self, season: int, week: int) -> list[nflcom_files.NflcomFile]:
        """Files of one week; none if NFL.com's week was never saved."""
        files = []
        for position in NFLCOM_POSITIONS:
            url = NFLCOM_URL.format(season=season, week=week, position=position)
            try:
                fetched = self._transport.fetch(url, "nflcom_projections", season, week)
            except NotPublishedError:
                if position == NFLCOM_POSITIONS[0]:
                    return []
                raise
            files.append(nflcom_files.NflcomFile(fetched.path, week, position, fetched.as_of))
        return files

    def _once(self, dataset: str, mend: Any) -> pa.Table:
        """A table without seasons; the next run of this process reuses it if upstream's file is
        still the same."""
        if dataset not in self._tables:
            parsed = _PARSED.get((dataset, self.reader_of(dataset)))
            if parsed and self._transport.fetch(parsed[0].url, dataset) == parsed[0]:
                self._tables[dataset] = parsed[1]
                self._note(dataset, None, parsed[2])
            else:
                frame, files = self._read(dataset, None)
                with _names_the_file(dataset), database() as connection:
                    table = mend(connection, frame)
                _refuse_nothing(dataset, None, table)
                notes = self._note_columns(dataset, None, frame.column_names)
                _PARSED[(dataset, self.reader_of(dataset))] = (files[0], table, notes)
                self._tables[dataset] = table
        return self._tables[dataset]

    def _per_season(self, dataset: str, season: int, mend: Any) -> pa.Table:
        first = schema.FIRST_SEASON_UPSTREAM[dataset]
        if season < first:
            raise NotPublishedError(
                dataset, f"upstream begins with {first}", "Nothing to do.", season
            )
        key = (dataset, season)
        if key not in self._season_tables:
            self._notes.pop(key, None)
            frame, _ = self._read(dataset, season)
            with _names_the_file(dataset, season), database() as connection:
                table = mend(connection, frame, season)
            _refuse_nothing(dataset, season, table)
            self._note_columns(dataset, season, frame.column_names)
            self._season_tables[key] = table
            if len(self._season_tables) > _KEPT_SEASON_TABLES:
                self._season_tables.popitem(last=False)
        return self._season_tables[key]

    def _note(self, dataset: str, season: int | None, notes: list[str]) -> None:
        self._notes.setdefault((dataset, season), []).extend(notes)

    def _note_columns(self, dataset: str, season: int | None, columns: Sequence[str]) -> list[str]:
        where = dataset if season is None else f"{dataset} {season}"
        found = canonical.column_notes(columns, _CONTRACTS[dataset])
        notes = [f"{where}: {note}" for note in found]
        self._note(dataset, season, notes)
        return notes

    def _read(self, dataset: str, season: int | None) -> tuple[pa.Table, list[Fetched]]:
        """Raw upstream frame, through the library in charge of the data set, and its files."""
        read = _read_nflreadpy if self.reader_of(dataset) == "nflreadpy" else _read_nfl_data_py
        try:
            with serve_libraries(self._transport, dataset, season) as files:
                frame = read(dataset, season)
        except UnreadableError as error:
            _blame_a_column(error, files[-1].path)
            raise
        if dataset == "weekly_stats" and season and self.reader_of(dataset) == "nfl_data_py":
            frame = self._with_kickers(frame, season)
        return frame, files

    def _with_kickers(self, frame: pa.Table, season: int) -> pa.Table:
        """The old release's stat lines and, from its other file, those of kickers."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        url = OLD_KICKING_URL.format(season=season)
        try:
            path = self._transport.fetch(url, "weekly_stats", season).path
            kicking = pq.read_table(path, partitioning=None)
        except NotPublishedError:
            note = f"weekly_stats {season}: upstream has no kicking: kickers have no stat lines"
            self._note("weekly_stats", season, [note])
            return frame
        except (pa.ArrowInvalid, OSError) as error:
            raise LastingError(
                "weekly_stats",
                f"the file {url} could not be read: {error}",
                "Delete it in the cache (in a mirror: replace it) and run again",
                season,
            ) from error
        with database() as connection:
            return canonical.with_kickers(connection, frame, kicking, season)


def _blame_a_column(error: UnreadableError, path: Path) -> None:
    """Raise if the file that a library failed on is whole: then it is upstream's columns that
    changed. nfl_data_py computes with some of the rosters', and its own words name none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame = pq.read_table(path, partitioning=None)
    except (pa.ArrowInvalid, OSError):
        # Damaged, or no parquet.
        return
    with database() as connection:
        canonical.select_columns(connection, frame, _CONTRACTS[error.dataset], error.season)
    raise LastingError(
        error.dataset,
        f"upstream's file is whole, and the library fails on it: {error.__cause__!r}",
        canonical.FORMAT_CHANGED,
        error.season,
    ) from error


@contextmanager
def _names_the_file(dataset: str, season: int | None = None) -> Iterator[None]:
    """In here, a table that breaks its contract is upstream's doing."""
    try:
        yield
    except SourceError:
        raise
    except PipelineError as error:
        raise LastingError(
            dataset,
            f"upstream's file is wrong: {error}",
            "Run again when upstream has mended it",
            season,
        ) from error


def _refuse_nothing(dataset: str, season: int | None, table: pa.Table) -> None:
    """Raise if a file's rows were all left out on the way: none had an id, a week, a player."""
    if table.num_rows == 0:
        raise LastingError(
            dataset, "none of the file's rows can be used", "Re-run when upstream has more.", season
        )


def _read_nflreadpy(dataset: str, season: int | None) -> pa.Table:
    import nflreadpy

    load: dict[str, Any] = {
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


def _read_nfl_data_py(dataset: str, season: int | None) -> pa.Table:
    import nfl_data_py
    import pyarrow as pa

    load: dict[str, Any] = {
        # downcast=True would round points to float32.
        "weekly_stats": lambda years: nfl_data_py.import_weekly_data(years, downcast=False),
        # Under upstream's own names, which the library changes: errors name them.
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

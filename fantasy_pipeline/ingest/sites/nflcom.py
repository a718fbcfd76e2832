"""Read NFL.com's projections from hvpkod/NFL-Data, which archives them before each week's games.

The files have half-PPR points only. Their ids exist nowhere else, so rows are matched by season,
normalised name and position. The files state no moment: they count as stated before kick-off.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import NotPublishedError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.positions import DEFENDERS, GROUP_OF
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.ingest.names import PLAIN_NAME
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.ingest.sites.answer_plausible import missing_teams, without_teams
from fantasy_pipeline.ingest.sites.base import SourceResponse
from fantasy_pipeline.ingest.sites.nflcom_plausible import judged
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.lake.duck import arrow, database, query

MIN_MATCHED, MIN_FILE = 0.7, 10
"""Share of the rows of a file that match a rostered player of its position, 95% and more in all 72
weeks; rows from which a file is compared."""
_DEFENDER = "defender"
"""Position of all defenders while they are matched."""
_LISTED = 5
"""Unmatched names that a warning lists."""


class NflCom:
    """The adapter; a `Source` delivers the files, so that the sample league can make its own."""

    name = NFLCOM
    frozen = True

    def __init__(self, source: Source) -> None:
        self._source = source

    def covers(self, week: ScheduledWeek) -> bool:
        return True

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        season, numbers = weeks[0].at.season, [week.at.week for week in weeks]
        return nflcom_projections(self._source, raw_players, season, numbers)


def nflcom_projections(
    source: Source, raw_players: pa.Table, season: int, weeks: Sequence[int]
) -> SourceResponse:
    """Return NFL.com's projections of some weeks of a season.

    A week with an unusable file fails alone. After a failure of the network the remaining weeks
    fail without a request.

    Returns:
        A response in one part. Its warnings name weeks without a file, columns that are new in the
        files, and the players projected highest who match no rostered player.
    """
    response = SourceResponse([SOURCE_PROJECTIONS.arrow_schema.empty_table()])
    first = schema.FIRST_SEASON_UPSTREAM["nflcom_projections"]
    if season < first:
        response.warnings.append(f"nflcom_projections {season}: upstream begins with {first}")
        return response
    rows, not_published = _read_weeks(source, season, weeks, response)
    rows = _plausible(rows, raw_players, season, response)
    published = set(pc.unique(rows["week"]).to_pylist())
    if not_published is not None and not published:
        response.warnings.append(str(not_published))
    elif absent := sorted(set(weeks) - published - response.failed.keys()):
        listed = ", ".join(map(str, absent))
        response.warnings.append(f"nflcom_projections {season}: no file for week {listed}")
    response.warnings += source.notes("nflcom_projections", season)
    if not published:
        return response
    try:
        ids = source.player_ids()
    except NotPublishedError as error:
        response.warnings.append(
            f"player_ids: {error.cause}; names are matched by the roster's spelling only"
        )
        ids = schema.PLAYER_IDS.arrow_schema.empty_table()
    except SourceError as error:
        response.failed |= dict.fromkeys(published, error)
        return response
    table, warnings = _match_players(rows, raw_players, ids, season)
    singles, more = _defenders(source, raw_players, ids, season, sorted(published))
    response.parts = [SOURCE_PROJECTIONS.shaped(pa.concat_tables([table, singles]))]
    response.warnings += [*warnings, *more]
    return response


def _defenders(
    source: Source, raw_players: pa.Table, ids: pa.Table, season: int, weeks: Sequence[int]
) -> tuple[pa.Table, list[str]]:
    """Return projections of defenders in NFL.com's scoring, and warnings.

    They are optional: what is wrong with their files costs no other position. NFL.com and rosters
    disagree on one in ten linemen and linebackers, so all defenders are matched as one position.
    """
    try:
        rows = source.nflcom_defenders(season, weeks)
    except SourceError as error:
        text = f"nflcom_projections {season}: no defenders: {error.cause}"
        return SOURCE_PROJECTIONS.arrow_schema.empty_table(), [text]
    found = judged(rows, raw_players, season)
    warnings = [
        f"nflcom_projections {season} week {week}: no defenders: {cause}"
        for week, cause in found.refused.items()
    ]
    is_defender = pc.is_in(raw_players["position"], pa.array(DEFENDERS))
    listed = raw_players.filter(is_defender)
    joined = _joined(_all_at(found.rows, _DEFENDER), _all_at(listed, _DEFENDER), ids, [_DEFENDER])
    joined, left_out = _without_files_of_others(joined, season)
    table = _with_groups(joined.filter(pc.is_valid(joined["player_id"])), listed)
    return _shaped(table), [*warnings, *left_out]


def _all_at(rows: pa.Table, position: str) -> pa.Table:
    """Return rows with one position for all of them."""
    at = rows.column_names.index("position")
    return rows.set_column(at, "position", pa.array([position] * rows.num_rows, pa.string()))


def _with_groups(table: pa.Table, listed: pa.Table) -> pa.Table:
    """Return projections of defenders with the fantasy position of each player's roster."""
    weeks = zip(listed["week"].to_pylist(), listed["player_id"].to_pylist(), strict=True)
    position = dict(zip(weeks, listed["position"].to_pylist(), strict=True))
    wanted = zip(table["week"].to_pylist(), table["player_id"].to_pylist(), strict=True)
    groups = pa.array([GROUP_OF[position[key]] for key in wanted], pa.string())
    return table.set_column(table.column_names.index("position"), "position", groups)


def _read_weeks(
    source: Source, season: int, weeks: Sequence[int], response: SourceResponse
) -> tuple[pa.Table, NotPublishedError | None]:
    """Return the files' rows and the last error of a file not published; add failures to response.

    The rows meet `schema.NFLCOM_PROJECTIONS`.
    """
    parts = [schema.NFLCOM_PROJECTIONS.arrow_schema.empty_table()]
    not_published: NotPublishedError | None = None
    down: SourceError | None = None
    for week in weeks:
        try:
            if down is not None:
                raise down
            parts.append(source.nflcom_projections(season, [week]))
        except NotPublishedError as error:
            not_published = error
        except SourceError as error:
            response.failed[week] = error
            if not isinstance(error, UnusableAnswerError):
                down = error
    return pa.concat_tables(parts), not_published


def _plausible(
    rows: pa.Table, raw_players: pa.Table, season: int, response: SourceResponse
) -> pa.Table:
    """Return the rows of the files of the right weeks; the other weeks become failures."""
    found = judged(rows, raw_players, season)
    for week, cause in found.refused.items():
        advice = "Run the week again when the archive has the right files."
        response.failed[week] = UnusableAnswerError(
            "nflcom_projections", cause, advice, season, week
        )
    response.warnings += found.warnings
    return found.rows


def _match_players(
    rows: pa.Table, raw_players: pa.Table, ids: pa.Table, season: int
) -> tuple[pa.Table, list[str]]:
    """Return rows of `SOURCE_PROJECTIONS`, and a warning about names without a rostered player."""
    joined = _joined(rows, raw_players, ids, FANTASY_POSITIONS)
    joined, warnings = _without_files_of_others(joined, season)
    table = _shaped(joined.filter(pc.is_valid(joined["player_id"])))
    for week in weeks_in(table):
        teams = missing_teams(of_week(table, week), raw_players, week)
        warnings += without_teams("nflcom_projections", week, teams)
    unmatched = joined.filter(pc.is_null(joined["player_id"])).sort_by(
        [("points_half", "descending")]
    )
    if unmatched.num_rows:
        names = list(dict.fromkeys(unmatched["player_name"].to_pylist()))
        warnings.append(
            f"nflcom_projections {season}: {unmatched.num_rows} of {joined.num_rows} rows match no "
            f"rostered player, e.g. {', '.join(names[:_LISTED])}"
        )
    return table, warnings


def _shaped(rows: pa.Table) -> pa.Table:
    """Return rows of `SOURCE_PROJECTIONS`; columns that NFL.com does not state are null."""
    for column in SOURCE_PROJECTIONS.columns:
        if column.name not in rows.column_names:
            rows = rows.append_column(column.name, pa.nulls(rows.num_rows, column.arrow_type))
    return SOURCE_PROJECTIONS.shaped(rows)


def _joined(
    rows: pa.Table, raw_players: pa.Table, ids: pa.Table, positions: Sequence[str]
) -> pa.Table:
    """Return the files' rows with the player that each matches, or null."""
    with database() as connection:
        connection.execute(PLAIN_NAME)
        connection.register("nflcom", rows)
        connection.register("raw_players", raw_players)
        connection.register("ids", ids)
        sql = query(__package__, "nflcom_players")
        return arrow(connection, sql, positions=list(positions))


def _without_files_of_others(rows: pa.Table, season: int) -> tuple[pa.Table, list[str]]:
    """Return the rows without files of another position, and a warning about each of those.

    Args:
        rows: rows with the player_id that each matches, or null.
    """
    keys = ["week", "position"]
    files = rows.group_by(keys).aggregate([("player_id", "count"), ([], "count_all")])
    warnings = []
    for file in files.sort_by([(key, "ascending") for key in keys]).to_pylist():
        share = file["player_id_count"] / file["count_all"]
        if file["count_all"] < MIN_FILE or share >= MIN_MATCHED:
            continue
        warnings.append(
            f"nflcom_projections {season} week {file['week']}: only {share:.0%} of the players in "
            f"its {file['position']} file are rostered as {file['position']}, so the file is left "
            "out"
        )
        same = [pc.equal(rows[key], file[key]) for key in keys]
        rows = rows.filter(pc.invert(pc.and_(*same)))
    return rows, warnings

"""The commands that query: `week`, `projections` and `sql`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.options import (
    AtOption,
    FormatOption,
    JsonOption,
    LeagueOption,
    OutputOption,
    ScoringOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    both_or_none,
    check_league,
    check_one_scoring,
    check_shown,
    open_session,
    positions,
    projected_week,
    table_format,
    warn_of_older_imports,
    warn_without_lines,
)
from fantasy_pipeline.cli.output import Format, console, print_json, say_label, write
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.football.calendar import WeekStatus
    from fantasy_pipeline.operations.session import Session


def week(source: SourceOption = None, at: AtOption = None, json: JsonOption = False) -> None:
    """Print which NFL week is due, in progress, upcoming, and to project.

    Goes by the lake's schedule, which every run updates. Requests upstream's if the lake has none,
    or if it has no week to play. Changes nothing.
    """
    session = open_session(source, at)
    with waiting("reading the schedule"):
        status = session.known_status
    say_label(session.label)
    if json:
        print_json(status.to_json() | ({"data": session.label} if session.label else {}))
        return
    for name, text in _week_lines(status):
        console().print(f"[bold]{name:15}[/] {text}")


def _week_lines(status: WeekStatus) -> list[tuple[str, str]]:
    """Return a status for people: names and texts."""
    over = "all of its games are over" if status.complete else "not all of its games are over"
    weeks = {
        "last completed": status.last_completed,
        "in progress": status.in_progress,
        "upcoming": status.upcoming,
        "to project": status.projecting,
    }
    return [
        ("as of", f"{status.at:%Y-%m-%d %H:%M} UTC"),
        ("part of season", _PARTS[status.phase]),
        ("due", f"{status.due}, {over}"),
        *((name, str(week or "none")) for name, week in weeks.items()),
    ]


_PARTS = {
    "preseason": "preseason",
    "regular": "regular season",
    "postseason": "play-offs",
    "offseason": "off-season",
}
"""The phases of the football year for people; *phase* also means that of an import."""


def projections(
    season: SeasonOption = None,
    week: WeekOption = None,
    position: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="QB, RB, WR, TE, K or DST, with --league also DL, LB or DB; default: all.",
            autocompletion=positions,
        ),
    ] = None,
    player: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only players with this id or part of a name."),
    ] = None,
    team: Annotated[
        str | None, typer.Option(metavar="CODE", help="Code of a team, e.g. BUF.")
    ] = None,
    scoring: ScoringOption = None,
    league: LeagueOption = None,
    top: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Print the best N; default: all.")
    ] = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Print a week's projections, best first.

    Without --week: the running week; after its last kick-off, the next one. The table shows each
    player's rank in his position, his points above replacement (value) and, once his game is over,
    his actual points. Kick-offs are UTC. With --league, points and value are those of the league's
    scoring and slots, and rostered_by names the fantasy team of the player.

    Reads the lake. Writes only the file of --output.
    """
    from fantasy_pipeline.operations.projection_list import check_choices, projection_list

    check_one_scoring(scoring, league)
    format = table_format(format, json, output)
    named = both_or_none(season, week)
    position, team = (text and text.upper() for text in (position, team))
    check_choices(position, player, team, league is not None)
    session = open_session(source, at, one_run=True)
    check_league(session, league)
    if named is not None:
        check_shown(session, named)
    wanted = named or projected_week(session)
    view = None
    if league is not None:
        from fantasy_pipeline.operations.leagues import view_of

        view = view_of(session, league, wanted.season)
        warn_of_older_imports(session, [wanted.season])
    say_label(session.label)
    with waiting("reading the projections"):
        table = projection_list(
            session.lake,
            wanted,
            session.now,
            scoring or "ppr",
            position,
            player,
            team,
            top,
            view,
        )
    if league is not None:
        warn_without_lines(session, wanted)
    print_projections(session, wanted, league or scoring or "ppr", table, format, output)


def print_projections(
    session: Session,
    week: SeasonWeek,
    scoring: str,
    table: pa.Table,
    format: Format = Format.table,
    output: Path | None = None,
) -> None:
    """Print a week's projections.

    Args:
        scoring: scoring of the points, or name of the league.
        table: rows of `projection_list`.
        output: file to write; None: stdout.
    """
    title = None
    if format is Format.table:
        title = title_of(session, week, scoring)
        table = _for_people(table)
    write(table, format, output, title, spare=_SPARE, label=session.label)


def title_of(session: Session, week: SeasonWeek, scoring: str) -> str:
    """Return the title of a table of projections; it names synthetic data and a running week."""
    label = f" - {session.label}" if session.label else ""
    so_far = "".join(
        f" - so far {item.imported} of {item.games} games"
        for item in session.so_far
        if item.week == week
    )
    return f"Projections {week}, {scoring}{label}{so_far}"


_FOR_PEOPLE = {
    "rank": "rank",
    "player": "player_name",
    "team": "team",
    "opponent": "opponent",
    "kickoff": "kickoff",
    "points": "projected_points",
    "floor": "p10",
    "median": "p50",
    "ceiling": "p90",
    "actual": "actual_points",
    "value": "value",
    "status": "status",
    "player_id": "player_id",
    "source": "source",
}
"""Columns of a table for people, by their names there: first those that decide a line-up. The title
names the week."""
_SPARE = ("source", "player_id", "median", "floor", "ceiling")


def opponent_of(row: Mapping[str, Any]) -> str:
    """Return the opponent of a player for people, with `@` before a host; empty on a bye."""
    return f"{'@' if row['is_home'] is False else ''}{row['opponent'] or ''}"


def _for_people(table: pa.Table) -> pa.Table:
    """Return the columns that people read: ranks like QB1, short kick-offs, `@` before a host.

    Actual points are left out until a player has some. The rows do not repeat that data are
    synthetic: the title says so.
    """
    import pyarrow as pa

    rows = table.to_pylist()
    texts = {
        "opponent": [opponent_of(row) for row in rows],
        "kickoff": [row["kickoff"] and f"{row['kickoff']:%a %H:%M} UTC" for row in rows],
        "rank": [f"{row['position']}{row['rank']}" for row in rows],
        "source": [row["source"].partition(" (")[0] for row in rows],
    }
    for name, values in texts.items():
        column = pa.array(values, pa.string())
        table = table.set_column(table.column_names.index(name), name, column)
    names = dict(_FOR_PEOPLE)
    if table["actual_points"].null_count == table.num_rows:
        del names["actual"]
    if "rostered_by" in table.column_names:
        names["rostered"] = "rostered_by"
    return table.select(list(names.values())).rename_columns(list(names))


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One read-only SQL statement.")],
    format: FormatOption = Format.table,
    output: OutputOption = None,
    timeout: Annotated[
        int,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=1_000_000,
            help="Stop the query after SECONDS; 0: never.",
        ),
    ] = 300,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Run read-only SQL (DuckDB) on the lake's tables and the run history (job_executions).

    Writes only the file of --output.
    """
    from fantasy_pipeline.lake.queries import run_sql

    format = table_format(format, json, output)
    session = open_session(source, one_run=True)
    with waiting("running the query", alike=False) as wait:
        views = {"job_executions": session.job_executions}
        table = run_sql(session.lake, query, views, wait.watch, timeout or None)
    _check_values(table, format)
    say_label(session.label)
    write(table, format, output, label=session.label)


def _check_values(table: pa.Table, format: Format) -> None:
    """Check that a format can hold every value of a result, before any of it is written.

    DuckDB has dates outside Python's years 1-9999, and types that parquet lacks.

    Raises:
        PipelineError: a column cannot be written; the message names it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for field, column in zip(table.schema, table.columns, strict=True):
        try:
            if format is Format.parquet:
                sink = pa.BufferOutputStream()
                pq.write_table(pa.schema([field]).empty_table(), sink)
            elif pa.types.is_nested(field.type) or pa.types.is_temporal(field.type):
                column.to_pylist()
        except (OverflowError, ValueError, pa.ArrowException) as error:
            raise PipelineError(
                f"column {field.name} of the result cannot be written as {format.value}: {error}. "
                f"Convert it to text: select cast({field.name} as varchar)."
            ) from error


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    command(app, RESULTS_PANEL, "week", "week --at 2025-09-30T08:00Z --json")(week)
    command(
        app,
        RESULTS_PANEL,
        "projections --position RB --top 10",
        "projections --player henry --scoring half",
        "projections --team BUF --format csv --output buf.csv",
    )(projections)
    command(
        app,
        RESULTS_PANEL,
        'sql "from games where season = 2025 and week = 10"',
        'sql "from weekly_stats where passing_yards > 400" --json',
        'sql "from job_executions" --format csv --output runs.csv',
    )(sql)

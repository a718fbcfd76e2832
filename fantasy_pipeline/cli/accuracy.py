"""The commands that measure projections: `accuracy` and `backtest`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.options import (
    JsonOption,
    LeagueOption,
    SeasonsRequired,
    SourceOption,
    check_one_scoring,
    open_session,
    seasons_of,
    warn_of_older_imports,
)
from fantasy_pipeline.cli.output import Format, console, print_json, say, say_label, warn, write
from fantasy_pipeline.cli.progress import Steps, waiting
from fantasy_pipeline.cli.run import print_summary, run_plan
from fantasy_pipeline.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.football.season_week import SeasonWeek
    from fantasy_pipeline.ingest.week_so_far import WeekSoFar
    from fantasy_pipeline.operations.session import Session

TRAINING_SEASONS = 6
"""Seasons before the first projected one that a backtest imports as training data."""
_SPARE = (
    *("pinball", "bias", "weeks", "coverage", "start_sit", "players"),
    *("team_weeks", "scored", "projected", "yards_apart"),
)
"""Columns that a narrow terminal omits, to keep the errors and their ratios to NFL.com's, and of
teams the shares and the sums."""


def accuracy(
    seasons: Annotated[
        str | None,
        typer.Option(
            metavar="YEARS", help="Seasons, e.g. 2024, 2021-2024 or 2021,2024; default: all scored."
        ),
    ] = None,
    by: Annotated[
        Literal["season", "week", "position"] | None,
        typer.Option(help="Group by season, week or position; default: no groups."),
    ] = None,
    scoring: Annotated[
        Literal["half", "ppr"] | None,
        typer.Option(help="Scoring system of the points.", show_default="ppr"),
    ] = None,
    pool: Annotated[
        Literal["played", "all", "everyone"],
        typer.Option(help="Players to score: who played, all, or everyone projected at 8+ points."),
    ] = "played",
    teams: Annotated[
        bool,
        typer.Option("--teams", help="Score teams' quarterbacks and kickers instead of players."),
    ] = False,
    league: LeagueOption = None,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Print the accuracy of stored projections by source, for regular season weeks 1-17.

    --pool all also scores players who did not play, at 0 points. --pool everyone scores every
    player whom a source, our model or the recency-weighted mean projects at 8 points or more; a
    missing projection counts as 0. --teams shows how often each source names the right starter, or
    two starters, and compares a team's projected with its actual points; it needs --by season or
    week. --league scores the consensus in the league's scoring, by season and position, for players
    who played and were projected at 1 point or more. If the last week is in progress, its imported
    games count; the title says so.

    Reads the lake. Changes nothing.
    """
    from fantasy_pipeline.football.tables.week_rows import weeks_in
    from fantasy_pipeline.projections.scoreboard import (
        POOLS,
        require_everyone,
        scoreboard,
        stored_accuracy,
        team_board,
    )

    if teams and (by == "position" or pool != "played"):
        raise InvalidArgumentError("--teams takes --by season or week, and no --pool.")
    check_one_scoring(scoring, league)
    scoring = scoring or "ppr"
    wanted = None if seasons is None else seasons_of(seasons)
    if league is not None:
        if teams or by is not None or pool != "played":
            raise InvalidArgumentError("--league takes --seasons, but no --by, --pool or --teams.")
        _print_league(open_session(source), league, wanted, json)
        return
    session = open_session(source)
    with waiting("reading the accuracy"):
        stored = stored_accuracy(session.lake, wanted)
        running = _so_far(session, weeks_in(stored))
        older = require_everyone(stored) if teams or pool == "everyone" else None
        if teams and by != "position":
            title, table = f"Teams, {scoring}", team_board(stored, by, scoring)
        else:
            title = f"Accuracy, {scoring}, {POOLS[pool]}"
            table = scoreboard(stored, by, scoring, pool)
    if older:
        warn([f"{older}. They are left out"])
    say_label(session.label)
    _print(table, title, running, json)


def _so_far(session: Session, weeks: Collection[SeasonWeek]) -> list[WeekSoFar]:
    """Return the last of the scored weeks if only a part of its games is imported."""
    from fantasy_pipeline.ingest.week_so_far import stored_so_far
    from fantasy_pipeline.projections.accuracy import LAST_WEEK

    scored = [week for week in weeks if week.week <= LAST_WEEK]
    return stored_so_far(session.lake, session.stored_games, [max(scored)]) if scored else []


def _print(table: pa.Table, title: str, running: Sequence[WeekSoFar], json: bool) -> None:
    """Print a table of errors, and which of its weeks is in progress."""
    for item in running:
        say(f"The accuracy counts {item.text}.")
    if json:
        write(table, Format.json)
        return
    so_far = "".join(
        f" - {item.week} so far: {item.imported} of {item.games} games" for item in running
    )
    write(table, Format.table, None, f"{title}{so_far}", 3, spare=_SPARE)


def _print_league(session: Session, league: str, seasons: list[int] | None, json: bool) -> None:
    """Print the errors of the projections in a league's scoring."""
    import pyarrow as pa

    from fantasy_pipeline.football.tables import WEEKLY_STATS
    from fantasy_pipeline.ingest.leagues.registry import find
    from fantasy_pipeline.operations.leagues import accuracy as measured

    warn_of_older_imports(session, seasons or find(session.lake, league).seasons)
    with waiting("scoring the league"):
        table = pa.Table.from_pylist(measured(session, league, seasons))
        scored = set(table["season"].to_pylist())
        stored = [week for week in session.lake.weeks(WEEKLY_STATS) if week.season in scored]
        running = _so_far(session, stored)
    say_label(session.label)
    _print(table, f"Accuracy, {league}", running, json)


def backtest(
    seasons: SeasonsRequired,
    scores: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Also write every week's scores to this parquet file.",
        ),
    ] = None,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Project past seasons again, each from earlier seasons only, and print the accuracy.

    The command first imports seasons that the lake lacks, and six earlier seasons as training data.
    The import writes to the lake, the backtest does not.
    """
    from fantasy_pipeline.projections.backtest import backtest, missing_seasons, summary

    wanted = seasons_of(seasons)
    session = open_session(source)
    before = range(min(wanted) - TRAINING_SEASONS, min(wanted))
    if missing_seasons(session.lake, wanted) or len(missing_seasons(session.lake, before)) > 3:
        _import(session, wanted, json)
    measured = backtest(session.lake, wanted, Steps(json))
    if scores is not None:
        write(measured, Format.parquet, scores, label=session.label)
    boards = summary(measured)
    say_label(session.label)
    if json:
        print_json({title: table.to_pylist() for title, table in boards.items()})
        return
    for title, table in boards.items():
        write(table, Format.table, None, title, 4, spare=_SPARE)
        console().print()


def _import(session: Session, seasons: list[int], json: bool) -> None:
    """Import the seasons that a backtest needs and the lake lacks, without projecting them."""
    from fantasy_pipeline.operations.backfill.plan import import_plan
    from fantasy_pipeline.operations.backfill.run import refresh_schedule

    with waiting("refreshing the schedule"):
        refresh_schedule(session)
    plan = import_plan(session, range(min(seasons) - TRAINING_SEASONS, max(seasons) + 1))
    summary = run_plan(session, plan, None, json)
    if not json:
        with contextlib.redirect_stdout(sys.stderr):
            print_summary(summary)
    # A failed training season costs accuracy only; `backtest` checks the projected seasons.
    for step, errors in summary.failures.items():
        warn([f"not imported: {step}: {'; '.join(errors)}"])


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    command(
        app,
        RESULTS_PANEL,
        "accuracy --seasons 2025 --by position",
        "accuracy --pool everyone --by week --scoring half --json",
        "accuracy --teams --by season",
    )(accuracy)
    command(
        app,
        RESULTS_PANEL,
        "backtest --seasons 2024",
        "backtest --seasons 2021-2024 --json",
        "backtest --seasons 2021-2024 --scores after.parquet",
    )(backtest)

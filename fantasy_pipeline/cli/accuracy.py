"""The commands that keep score: `accuracy` and `backtest`."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fantasy_pipeline.cli.help import command
from fantasy_pipeline.cli.options import (
    JsonOption,
    SeasonsRequired,
    SourceOption,
    open_session,
    seasons_of,
)
from fantasy_pipeline.cli.output import Format, console, print_json, say_label, warn, write
from fantasy_pipeline.cli.progress import Steps, waiting
from fantasy_pipeline.cli.query import PANEL
from fantasy_pipeline.cli.run import print_summary, run_plan

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session

LEARNT_FROM = 6
"""Seasons before the first one projected that a backtest imports to learn from."""
_SPARE = ("pinball", "bias", "weeks", "coverage", "start_sit", "players")
"""Columns without which a score can be read; the ratios to NFL.com it cannot do without."""


def accuracy(
    seasons: Annotated[
        str | None,
        typer.Option(
            metavar="YEARS", help="Seasons: 2024, 2021-2024 or 2021,2024; default: all scored."
        ),
    ] = None,
    by: Annotated[
        Literal["season", "week", "position"] | None,
        typer.Option(help="Print a row per season, week or position; default: one for all."),
    ] = None,
    scoring: Annotated[Literal["half", "ppr"], typer.Option(help="Scoring of the points.")] = "ppr",
    pool: Annotated[
        Literal["played", "all"], typer.Option(help="Who is scored; all counts absence as 0.")
    ] = "played",
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Print how good the stored projections were, every source's, regular season weeks 1-17.

    Reads the lake. Changes nothing.
    """
    from fantasy_pipeline.projections.scoreboard import scoreboard, stored_accuracy

    session = open_session(source)
    wanted = seasons_of(seasons) if seasons else None
    with waiting("reading the scores"):
        table = scoreboard(stored_accuracy(session.lake, wanted), by, scoring, pool)
    say_label(session.label)
    if json:
        write(table, Format.json)
        return
    title = f"Accuracy, {scoring}, players {'who played' if pool == 'played' else 'all'}"
    write(table, Format.table, None, title, 3, spare=_SPARE)


def backtest(
    seasons: SeasonsRequired, source: SourceOption = None, json: JsonOption = False
) -> None:
    """Project past seasons anew, each from the seasons before it only, and score them.

    Seasons that are not in the lake yet are imported first, with six before them to learn from;
    that writes to the lake, the backtest itself does not.
    """
    from fantasy_pipeline.projections.backtest import backtest, missing_seasons, summary

    session = open_session(source)
    wanted = seasons_of(seasons)
    before = range(min(wanted) - LEARNT_FROM, min(wanted))
    if missing_seasons(session.lake, wanted) or len(missing_seasons(session.lake, before)) > 3:
        _import(session, wanted, json)
    boards = summary(backtest(session.lake, wanted, Steps(json)))
    say_label(session.label)
    if json:
        print_json({title: table.to_pylist() for title, table in boards.items()})
        return
    for title, table in boards.items():
        write(table, Format.table, None, title, 4, spare=_SPARE)
        console().print()


def _import(session: Session, seasons: list[int], json: bool) -> None:
    """Import, without projecting, what a backtest needs and the lake lacks."""
    from fantasy_pipeline.operations.backfill.plan import import_plan
    from fantasy_pipeline.operations.backfill.run import refresh_schedule

    with waiting("refreshing the schedule"):
        refresh_schedule(session)
    plan = import_plan(session, range(min(seasons) - LEARNT_FROM, max(seasons) + 1))
    summary = run_plan(session, plan, None, json)
    if not json:
        with contextlib.redirect_stdout(sys.stderr):
            print_summary(summary)
    # Seasons to learn from may be out of upstream's reach; those to project are checked later.
    for step, errors in summary.failures.items():
        warn([f"not imported: {step}: {'; '.join(errors)}"])


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    command(
        app,
        PANEL,
        "accuracy",
        "accuracy --seasons 2025 --by position",
        "accuracy --by week --scoring half --json",
    )(accuracy)
    command(app, PANEL, "backtest --seasons 2024", "backtest --seasons 2021-2024 --json")(backtest)

"""The commands that keep score: `accuracy` and `backtest`."""

import contextlib
import sys
from typing import Annotated, Any, Literal

import typer

from fantasy_pipeline.cli_options import JsonOption, SourceOption
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.output import Format, console, json_text, write
from fantasy_pipeline.season_week import FIRST_SEASON

LEARNT_FROM = 6
"""Seasons before the first one projected that a backtest imports to learn from."""

SeasonsOption = Annotated[
    str | None, typer.Option(help="Seasons: 2024, 2021-2024 or 2021,2024; default: all scored.")
]


def accuracy(
    seasons: SeasonsOption = None,
    by: Annotated[
        Literal["season", "week", "position"] | None, typer.Option(help="One table row per …")
    ] = None,
    scoring: Annotated[Literal["half", "ppr"], typer.Option(help="Scoring.")] = "ppr",
    pool: Annotated[
        Literal["played", "all"], typer.Option(help="Who is scored: all counts absence as 0.")
    ] = "played",
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Print how good the stored projections were, every source's, regular season weeks 1-17."""
    from fantasy_pipeline import cli
    from fantasy_pipeline.scoreboard import scoreboard, stored_accuracy

    session = cli._session(source)
    wanted = cli._numbers("--seasons", seasons, FIRST_SEASON, 2100) if seasons else None
    table = scoreboard(stored_accuracy(session.lake, wanted), by, scoring, pool)
    if not json:
        cli._say_label(session.label)
    title = f"Accuracy, {scoring}, players {'who played' if pool == 'played' else 'all'}"
    write(table, Format.json if json else Format.table, None, None if json else title, 3)


def backtest(
    seasons: Annotated[str, typer.Option(help="Seasons: 2024, 2021-2024 or 2021,2024.")],
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Project past seasons anew, each from the seasons before it only, and score them.

    Seasons that are not in the lake yet are imported first, with six before them to learn from;
    that writes to the lake, the backtest itself does not.
    """
    from fantasy_pipeline import cli
    from fantasy_pipeline.scoreboard import backtest, missing_seasons, summary

    session = cli._session(source)
    wanted = cli._numbers("--seasons", seasons, FIRST_SEASON, 2100)
    before = range(min(wanted) - LEARNT_FROM, min(wanted))
    if missing_seasons(session.lake, wanted) or len(missing_seasons(session.lake, before)) > 3:
        _import_for_backtest(session, wanted, json)
    result = backtest(session.lake, wanted, cli._Steps(quiet=json))
    boards = summary(result)
    if json:
        text = {title: table.to_pylist() for title, table in boards.items()}
        sys.stdout.write(json_text(text) + "\n")
        return
    cli._say_label(session.label)
    for title, table in boards.items():
        write(table, Format.table, None, title, 4)
        console().print()


def _import_for_backtest(session: Any, seasons: list[int], json: bool) -> None:
    """Import, without projecting, what a backtest needs and the lake lacks."""
    from fantasy_pipeline import cli
    from fantasy_pipeline.weekly import import_plan

    plan = import_plan(session, range(min(seasons) - LEARNT_FROM, max(seasons) + 1))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            cli._backfill(session, plan, None, json)
    except PipelineError as error:
        # Seasons to learn from may be out of upstream's reach; those to project are checked later.
        cli._warn([f"not everything could be imported: {error}"])


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(accuracy)
    app.command()(backtest)

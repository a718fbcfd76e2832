"""The command line, `fantasy-pipeline`. Parses, calls, prints; nothing else is done here."""

import os
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from pydantic import ValidationError

from fantasy_pipeline import __version__, cli_control, cli_scores
from fantasy_pipeline.cli_options import (
    AtOption,
    FormatOption,
    JsonOption,
    OutputOption,
    SeasonOption,
    SourceOption,
    WeekOption,
)
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.output import Format, console, json_text, write
from fantasy_pipeline.season_week import FIRST_SEASON, WEEKS, SeasonWeek
from fantasy_pipeline.settings import SourceName

FAILED, MISUSED, BROKEN, INTERRUPTED = 1, 2, 70, 130
_EXIT_CODES = """Exit codes: 0 done; 1 failed, the line on stderr says why and what to do (health: a
warning); 2 wrong arguments (health: critical); 70 a defect of this program; 130 interrupted."""
# Typer has Click inside or beside it, by version; the base of what it exports is in both.
_UsageError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    help="NFL weeks imported, checked and projected for fantasy football.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_control.app)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        # Python 3.10 does not read the Z.
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        # The first and the last day of the calendar have no UTC in it.
        return (
            moment.astimezone(timezone.utc)
            if moment.tzinfo
            else moment.replace(tzinfo=timezone.utc)
        )
    except (ValueError, OverflowError):
        raise PipelineError(
            f"--at {text!r} is not a moment in ISO 8601; write it like 2025-09-30T08:00Z."
        ) from None


def _session(source: str | None, at: str | None = None) -> Any:
    from fantasy_pipeline.session import Session

    return Session(cast(SourceName | None, source), _moment(at))


def _both_or_none(season: int | None, week: int | None) -> SeasonWeek | None:
    if (season is None) != (week is None):
        raise PipelineError("--season and --week go together; give both, or none for the due week.")
    return SeasonWeek(season, week) if season is not None and week is not None else None


def _warn(lines: Any) -> None:
    from rich.markup import escape

    for line in lines:
        console(stderr=True).print(f"[yellow]warning[/] {escape(line)}")


def _say_label(label: str | None) -> None:
    if label:
        console(stderr=True).print(f"[bold magenta]Data: {label} (invented, not the NFL).[/]")


def _version(value: bool) -> None:
    if value:
        console().print(f"fantasy-pipeline {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def week(source: SourceOption = None, at: AtOption = None, json: JsonOption = False) -> None:
    """Say which NFL week is due, in progress and upcoming."""
    session = _session(source, at)
    status = session.status.to_json()
    if json:
        sys.stdout.write(json_text(status) + "\n")
        return
    _say_label(session.label)
    for name, value in status.items():
        text = f"{value['season']} week {value['week']}" if isinstance(value, dict) else value
        console().print(f"[bold]{name:15}[/] {'none' if text is None else text}")


@app.command()
def run(
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    projections_only: Annotated[
        bool, typer.Option(help="Only project the week; do not import its stats.")
    ] = False,
    top: Annotated[int, typer.Option(min=0, help="Projections to print.")] = 15,
    json: JsonOption = False,
) -> None:
    """Import a week and project it; without a week: import the due one, project the upcoming one.

    With --season and --week the week after is projected too, if it was not played yet.
    """
    from fantasy_pipeline.weekly import run_due, run_week

    session = _session(source, at)
    wanted = _both_or_none(season, week)
    if wanted is None and projections_only:
        raise PipelineError("--projections-only needs --season and --week.")
    progress = _Steps(quiet=json)
    if wanted is None:
        result = run_due(session, progress)
    else:
        result = run_week(session, wanted, projections_only, progress)
    if json:
        sys.stdout.write(json_text(result.to_json()) + "\n")
    else:
        _say_label(session.label)
        _warn(result.warnings)
        if result.projected is not None and top:
            _print_projections(session, result.projected, "ppr", None, top, Format.table, None)
    if not result.success:
        raise PipelineError("; ".join(result.errors))


class _Steps:
    """Says on stderr what is being done, with the time each step takes."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, text: str) -> Any:
        from contextlib import nullcontext

        return nullcontext() if self._quiet else console(stderr=True).status(text)


@app.command()
def backfill(
    seasons: Annotated[str, typer.Option(help="Seasons: 2024, 2015-2024 or 2015,2018.")],
    weeks: Annotated[
        str | None, typer.Option(help="Weeks: 5, 1-18 or 1,3; default: all played.")
    ] = None,
    only_missing: Annotated[
        bool, typer.Option("--only-missing", help="Leave out weeks already in the lake.")
    ] = False,
    source: SourceOption = None,
    at: AtOption = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    json: JsonOption = False,
) -> None:
    """Import and project whole seasons. Interrupted, the same command resumes."""
    from fantasy_pipeline.weekly import backfill_weeks

    session = _session(source, at)
    asked = [
        _numbers("--seasons", seasons, FIRST_SEASON, 2100),
        _numbers("--weeks", weeks, WEEKS[0], WEEKS[-1]) if weeks else list(WEEKS),
    ]
    plan = backfill_weeks(session, asked[0], asked[1], only_missing, explicit=weeks is not None)
    _backfill(session, plan, workers, json)


def _backfill(session: Any, plan: Any, workers: int | None, json: bool) -> None:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from fantasy_pipeline.backfill import default_workers, run_backfill

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("weeks"),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(stderr=True), disable=json) as progress:
        task = progress.add_task("backfill", total=plan.weeks)

        def on_step(step: Any) -> None:
            progress.update(task, advance=step.weeks, description=step.name)

        def on_wait() -> None:
            progress.update(task, description="waiting for another backfill to end")

        count = workers or default_workers()
        try:
            summary = run_backfill(session.instance, plan, count, on_step, on_wait)
        except KeyboardInterrupt:
            console(stderr=True).print("Interrupted. The same command resumes where it stopped.")
            raise typer.Exit(130) from None
    if json:
        sys.stdout.write(json_text(vars(summary) | {"warnings": list(summary.warnings)}) + "\n")
    else:
        _say_label(session.label)
        _warn(summary.warnings)
        for table, rows in summary.rows.items():
            console().print(f"{table:20} {rows:>10,} rows")
        resumed = f" ({summary.steps_resumed} done before)" if summary.steps_resumed else ""
        console().print(
            f"{summary.steps_done + summary.steps_resumed} steps succeeded{resumed}, "
            f"{len(summary.failures)} failed"
        )
    if summary.failures:
        lines = [f"{step}: {'; '.join(errors)}" for step, errors in summary.failures.items()]
        raise PipelineError(" | ".join(lines))


def _numbers(option: str, text: str, lowest: int, highest: int) -> list[int]:
    """Numbers written like 1-3,7."""
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", part, re.ASCII)
        if match is None:
            raise PipelineError(f"{option} {text!r} is not a list like 3, 1-5 or 1,4-6.")
        first, last = int(match[1]), int(match[2] or match[1])
        if not lowest <= first <= last <= highest:
            raise PipelineError(f"{option} {part.strip()}: from {lowest} to {highest}, rising.")
        numbers.update(range(first, last + 1))
    return sorted(numbers)


@app.command()
def projections(
    season: SeasonOption = None,
    week: WeekOption = None,
    position: Annotated[str | None, typer.Option(help="QB, RB, WR, TE or K; default: all.")] = None,
    scoring: Annotated[Literal["std", "half", "ppr"], typer.Option(help="Scoring.")] = "ppr",
    top: Annotated[int | None, typer.Option(min=1, help="Only the best N.")] = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    source: SourceOption = None,
) -> None:
    """Print a week's projections, best first; without a week: the latest projected."""
    session = _session(source)
    wanted = _both_or_none(season, week) or _latest_projected(session)
    if format is Format.table:
        _say_label(session.label)
    _print_projections(session, wanted, scoring, position, top, format, output)


def _latest_projected(session: Any) -> SeasonWeek:
    from fantasy_pipeline.tables import PROJECTIONS

    weeks: list[SeasonWeek] = session.lake.weeks(PROJECTIONS)
    if not weeks:
        raise PipelineError("no week is projected yet; run `fantasy-pipeline run` first.")
    return weeks[-1]


def _print_projections(
    session: Any,
    week: SeasonWeek,
    scoring: Any,
    position: str | None,
    top: int | None,
    format: Format,
    output: Path | None,
) -> None:
    from fantasy_pipeline.queries import FIXED_COLUMNS, week_projections

    position = position.upper() if position else None
    table = week_projections(session.lake, week, position, scoring, top)
    title = None
    if format is Format.table:
        # The week is in the title, and a screen is not wide enough for everything.
        table = table.select([name for name in FIXED_COLUMNS if name not in ("season", "week")])
        label = f" - {session.label}" if session.label else ""
        title = f"Projections {week}, {scoring}{label}"
    write(table, format, output, title)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One statement that only reads.")],
    format: FormatOption = Format.table,
    output: OutputOption = None,
    source: SourceOption = None,
) -> None:
    """Run read-only SQL (DuckDB) over the tables."""
    from fantasy_pipeline.queries import run_sql

    session = _session(source)
    if format is Format.table:
        _say_label(session.label)
    write(
        run_sql(session.lake, query, {"job_executions": lambda: session.job_executions(query)}),
        format,
        output,
    )


@app.command()
def demo(source: SourceOption = "sample", at: AtOption = None) -> None:
    """Import two seasons and the week due, project the upcoming week, and show the result."""
    from fantasy_pipeline.weekly import demo_plan, run_due

    session = _session(source, at)
    out = console()
    due = session.status.due
    out.print(f"Importing {due.season - 2} to {due}, then projecting the week to come.")
    _backfill(session, demo_plan(session), None, False)
    result = run_due(session, _Steps(quiet=False))
    if not result.success:
        raise PipelineError("; ".join(result.errors))
    if result.projected is None:
        raise PipelineError(f"the schedule has no week after {due}; nothing was projected.")
    for position in ("QB", "RB", "WR", "TE", "K"):
        out.print()
        _print_projections(session, result.projected, "ppr", position, 5, Format.table, None)
    _say_label(session.label)
    out.print(
        f"\nThe tables are in {session.lake.root}, the runs in Dagster's history.\n"
        f"Next: make ui, to see both in the Dagster UI."
    )


cli_scores.add_to(app)


def main() -> None:
    """Entry point: every failure is one line on stderr; exit codes are those of `--help`."""
    if len(sys.argv) == 1:
        app()
    try:
        code = app(standalone_mode=False)
    except PipelineError as error:
        code = _failed(FAILED, f"error: {error}")
    except _UsageError as error:
        code = _failed(MISUSED, f"error: {error.format_message().rstrip('.')}. See --help.")
    except typer.Abort:
        code = _failed(INTERRUPTED, "Interrupted.")
    except ValidationError as error:
        settings = "; ".join(
            f"{'_'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )
        code = _failed(FAILED, f"error: environment variable FANTASY_… is not valid: {settings}")
    except BrokenPipeError:
        # Whoever read the output has read enough: `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    except Exception as error:
        if os.environ.get("FANTASY_DEBUG"):
            raise
        text = f"{type(error).__name__}: {error}"
        code = _failed(BROKEN, f"internal error: {text}. FANTASY_DEBUG=1 shows where.")
    raise SystemExit(code or 0)


def _failed(code: int, text: str) -> int:
    sys.stderr.write(" ".join(text.split()) + "\n")
    return code


if __name__ == "__main__":
    main()

"""The commands that keep run history in order: `reconcile` and `prune`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Annotated

import typer

from fantasy_pipeline.cli.help import CONTROL_PANEL, command
from fantasy_pipeline.cli.options import JsonOption, SourceOption, open_session
from fantasy_pipeline.cli.output import print_json, print_line
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek, week_ranges

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print what would change; change nothing.")
]


def reconcile(
    dry_run: DryRunOption = False, source: SourceOption = None, json: JsonOption = False
) -> None:
    """Tell Dagster which weeks the lake has, and name the weeks that the lake has lost.

    Use it after assets were wiped in the UI, after a move to Postgres, and after a backup was
    restored. Reports the lake's weeks that Dagster does not know as materializations without a
    run; they count as provisional imports. Never changes the lake. Makes no upstream requests.
    """
    from fantasy_pipeline.operations.reconcile import advice
    from fantasy_pipeline.operations.reconcile import reconcile as compare

    session = open_session(source)
    with waiting("comparing the run history with the lake"):
        found = compare(session.instance, session.lake, session.label, dry_run)
    if json:
        print_json({"dry_run": dry_run, **found.to_json()})
    else:
        verb = "would be reported" if dry_run else "reported"
        for name, weeks in found.reported.items():
            print_line(f"{name}: {_count(weeks)} {verb} to Dagster")
        for name, weeks in found.lost.items():
            print_line(f"{name}: the run history has {_count(weeks)} that the lake lacks")
        if found.lost:
            print_line(f"Next: {advice(found.lost)}.")
        if not (found.reported or found.lost):
            print_line("The run history and the lake agree.")
    if found.unreadable:
        raise PipelineError(" ".join(found.unreadable))


def _age(text: str) -> timedelta:
    """Return the age that --older-than names.

    Raises:
        typer.BadParameter: the text is not a number of days, or the days are too few.
    """
    from fantasy_pipeline.orchestration.runs.retention import check_age

    if not (match := re.fullmatch(r"(\d{1,5})d", text, re.ASCII)):
        raise typer.BadParameter(f"{text!r} is not a number of days; write 180d.")
    age = timedelta(days=int(match[1]))
    try:
        check_age(age)
    except PipelineError as error:
        raise typer.BadParameter(str(error)) from None
    return age


def prune(
    older_than: Annotated[
        str,
        typer.Option(metavar="DAYS", help="Age of the runs to delete, for example 180d."),
    ],
    dry_run: DryRunOption = False,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Delete old runs from the run history, with their events and logs.

    Keeps the runs that last wrote a table or a week of a table, so that no week looks missing
    afterwards. Never changes the lake. Frees the space of the deleted runs' files.
    """
    from fantasy_pipeline.orchestration.runs.retention import prune as delete

    before = datetime.now(timezone.utc) - _age(older_than)
    session = open_session(source)
    with waiting("looking for old runs" if dry_run else "deleting old runs"):
        pruned = delete(session.instance, before, dry_run)
    if json:
        print_json(
            {
                "dry_run": dry_run,
                "before": before.isoformat(timespec="seconds"),
                "deleted": len(pruned.deleted),
                "kept": pruned.kept,
                "freed_bytes": pruned.freed_bytes,
            }
        )
        return
    runs = f"{len(pruned.deleted):,} runs older than {before:%Y-%m-%d}"
    verb = "would be deleted" if dry_run else "deleted"
    print_line(f"{runs} {verb}, {pruned.freed_bytes / 2**20:,.1f} MB freed.")
    if pruned.kept:
        print_line(
            f"{pruned.kept:,} older runs stay: they were the last to write a table or a week."
        )


def _count(weeks: Sequence[SeasonWeek]) -> str:
    """Return how many weeks these are, and which; "the table" for none."""
    if not weeks:
        return "the table"
    return f"{len(weeks)} week{'s' * (len(weeks) != 1)} ({week_ranges(weeks)})"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    command(app, CONTROL_PANEL, "reconcile --dry-run", "reconcile --json")(reconcile)
    command(
        app, CONTROL_PANEL, "prune --older-than 180d --dry-run", "prune --older-than 180d --json"
    )(prune)

"""The commands that keep run history in order: `reconcile`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from fantasy_pipeline.cli.help import CONTROL_PANEL, command
from fantasy_pipeline.cli.options import JsonOption, SourceOption, open_session
from fantasy_pipeline.cli.output import console, print_json
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
            _print(f"{name}: {_count(weeks)} {verb} to Dagster")
        for name, weeks in found.lost.items():
            _print(f"{name}: history has {_count(weeks)} that the lake lacks")
        if found.lost:
            _print(f"Next: {advice(found.lost)}.")
        if not (found.reported or found.lost):
            _print("The run history and the lake agree.")
    if found.unreadable:
        raise PipelineError(" ".join(found.unreadable))


def _count(weeks: Sequence[SeasonWeek]) -> str:
    """Return how many weeks these are, and which; "the table" for none."""
    if not weeks:
        return "the table"
    return f"{len(weeks)} week{'s' * (len(weeks) != 1)} ({week_ranges(weeks)})"


def _print(line: str) -> None:
    console().print(line, markup=False, highlight=False, soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    command(app, CONTROL_PANEL, "reconcile --dry-run", "reconcile --json")(reconcile)

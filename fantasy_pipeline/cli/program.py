"""The program: its commands in one app, and what becomes of failures."""

import gc
import os
import sys
from typing import Annotated, Any

import typer

from fantasy_pipeline import __version__
from fantasy_pipeline.cli import accuracy, control, query, report, run
from fantasy_pipeline.cli.help import PROGRAM, Group
from fantasy_pipeline.cli.output import console
from fantasy_pipeline.errors import PipelineError, invalid_settings

FAILED, MISUSED, BROKEN, INTERRUPTED = 1, 2, 70, 130
_EPILOG = f"""Exit codes:

    0    done
    {FAILED}    failed, stderr says why and what to do (health: a warning)
    {MISUSED}    wrong arguments (health: critical)
    {BROKEN}   a defect of this program; FANTASY_DEBUG=1 shows where
    {INTERRUPTED}  interrupted; the same backfill resumes

Start with:

    {PROGRAM} demo

Complete commands, options and values with Tab:

    {PROGRAM} --install-completion"""
# Typer has Click inside or beside it, by version; the base of what it exports is in both.
_UsageError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    cls=Group,
    help="NFL weeks imported, checked and projected for fantasy football.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for commands in (run, query, report, accuracy, control):
    commands.add_to(app)


def _version(value: bool) -> None:
    if value:
        console().print(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point: every failure is one line on stderr; exit codes are those of `--help`."""
    if len(sys.argv) == 1:
        app()
    try:
        code = app(standalone_mode=False)
    except PipelineError as error:
        code = _failed(FAILED, f"error: {error}")
    except _UsageError as error:
        code = _failed(MISUSED, f"error: {_cause(error)} See {_help(error)}.")
    except typer.Abort:
        code = _failed(INTERRUPTED, "Interrupted.")
    except BrokenPipeError:
        # Whoever read the output has read enough: `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    except Exception as error:
        code = _unexpected(error)
    if "duckdb" not in sys.modules:
        # Taking Dagster's modules apart takes a second, for nothing. DuckDB's bindings want it: of
        # what is left of theirs they say on stderr that it leaks.
        gc.freeze()
    raise SystemExit(code or 0)


def _cause(error: Any) -> str:
    message: str = error.format_message().rstrip(".")
    return message if message.endswith("?") else f"{message}."


def _help(error: Any) -> str:
    path = error.ctx.command_path if error.ctx else PROGRAM
    return f"{path} --help"


def _unexpected(error: Exception) -> int:
    # Imported late: it costs a third of what --help takes.
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return _failed(FAILED, f"error: {invalid_settings(error)}")
    if os.environ.get("FANTASY_DEBUG"):
        raise error
    text = f"{type(error).__name__}: {error}"
    return _failed(BROKEN, f"internal error: {text}. FANTASY_DEBUG=1 shows where.")


def _failed(code: int, text: str) -> int:
    sys.stderr.write(" ".join(text.split()) + "\n")
    return code

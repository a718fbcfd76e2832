"""The program: one app made of all commands, and the exit code and message of each failure."""

import errno
import gc
import io
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer

from fantasy_pipeline import __version__
from fantasy_pipeline.cli import (
    accuracy,
    alerts,
    compare,
    history,
    league,
    lineup,
    mirror,
    news,
    odds,
    query,
    report,
    run,
    server,
    status,
    trade,
    trigger,
    upkeep,
    waivers,
)
from fantasy_pipeline.cli.help import PROGRAM, Group
from fantasy_pipeline.cli.output import console
from fantasy_pipeline.errors import (
    InterruptedCommandError,
    InvalidArgumentError,
    PipelineError,
)
from fantasy_pipeline.operations import interruption

FAILED, MISUSED, BROKEN, INTERRUPTED = 1, 2, 70, 130
_EPILOG = f"""Exit codes:

    0    success
    {FAILED}    failure; stderr states the cause and what to do (health: a warning)
    {MISUSED}    invalid arguments (health: critical)
    {BROKEN}   a bug in this program; FANTASY_DEBUG=1 shows the traceback
    {INTERRUPTED}  interrupted (by SIGTERM: 143); the same backfill command resumes the backfill

Start with:

    {PROGRAM} demo

Complete commands, options and values with Tab:

    {PROGRAM} --install-completion"""

_NEW_OBJECTS = 100_000
"""Objects after which Python looks for garbage. The modules of a command are many more objects and
all of them stay, so the usual 700 mean hundreds of looks for nothing while they load."""
_MEMORY_POOL = "ARROW_DEFAULT_MEMORY_POOL"
"""Arrow reads it when it is first imported. Arrow's own allocator keeps freed memory: a weekly run
on seven seasons took up to 617 MiB with it, and takes 506 with the system's."""

app = typer.Typer(
    cls=Group,
    help="Import, check and project NFL weeks for fantasy football.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for commands in (
    run,
    mirror,
    query,
    report,
    accuracy,
    compare,
    league,
    lineup,
    news,
    odds,
    status,
    trade,
    trigger,
    history,
    upkeep,
    waivers,
    alerts,
    server,
):
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


@cache
def _program() -> Callable[..., int | None]:
    """Return the program of all commands, which Typer makes anew at each call of `app`."""
    return typer.main.get_command(app)


def main() -> None:
    """Run the program and exit: each failure prints one line on stderr and sets the exit code."""
    gc.set_threshold(_NEW_OBJECTS)
    os.environ.setdefault(_MEMORY_POOL, "system")
    interruption.listen()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # An encoding without a character shows a question mark instead of it.
            stream.reconfigure(errors="replace")
    try:
        code = _program()(standalone_mode=False)
        # What is still to be written may fail, too.
        if sys.stdout is not None:
            sys.stdout.flush()
        # Typer returns the code instead of raising KeyboardInterrupt.
        if code == INTERRUPTED:
            code = _fail(_stopped(), "Interrupted.")
    except InterruptedCommandError as error:
        code = _fail(_stopped(), str(error))
    except InvalidArgumentError as error:
        code = _fail(MISUSED, f"error: {error}")
    except PipelineError as error:
        code = _fail(FAILED, f"error: {error}")
    except typer.TyperException as error:
        code = MISUSED
        # Typer has printed the help of a group without a command; its error has no message.
        if error.format_message():
            _fail(code, f"error: {_cause(error)} See {_help_command(error)}.")
    except typer.Abort:
        code = _fail(INTERRUPTED, "Interrupted.")
    except BrokenPipeError:
        # The reader closed the pipe, as `| head` does.
        _drop_output()
        code = FAILED
    except Exception as error:
        code = _fail_unexpectedly(error)
    if "duckdb" not in sys.modules:
        # Collecting Dagster's modules at exit takes a second. DuckDB's bindings need the
        # collection: without it they report leaks on stderr.
        gc.freeze()
    raise SystemExit(code or 0)


def _drop_output() -> None:
    """Lead stdout to nowhere, so that Python writes nothing more into it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stopped() -> int:
    """Return the exit code of an interrupted command, as in shells: 130, or 143 for SIGTERM."""
    number = interruption.received()
    return INTERRUPTED if number is None else 128 + number


def _cause(error: typer.TyperException) -> str:
    # typer repeats what pydantic says of a value.
    message = error.format_message().rstrip(".").replace(": Value error, ", ": ")
    return message if message.endswith("?") else f"{message}."


def _help_command(error: typer.TyperException) -> str:
    context: typer.Context | None = getattr(error, "ctx", None)
    return f"{context.command_path if context else PROGRAM} --help"


def _fail_unexpectedly(error: Exception) -> int:
    # Importing pydantic takes a third of the time of --help.
    from pydantic import ValidationError

    from fantasy_pipeline.settings import invalid_settings

    full = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
    if isinstance(error, OSError) and error.errno in full and error.filename is None:
        # The files of the lake and of the history have errors of their own.
        _drop_output()
        return _fail(FAILED, f"error: cannot write the output: {error.strerror}.")
    if isinstance(error, ValidationError):
        return _fail(FAILED, f"error: {invalid_settings(error)}")
    if os.environ.get("FANTASY_DEBUG"):
        raise error
    # Importing Dagster takes seconds, and a failure that it is not part of needs none of it.
    if "dagster" in sys.modules:
        from fantasy_pipeline.orchestration.history_errors import in_words

        if (known := in_words(error)) is not None:
            return _fail(FAILED, f"error: {known}")
    text = f"{type(error).__name__}: {error}"
    return _fail(BROKEN, f"internal error: {text}. Set FANTASY_DEBUG=1 for the traceback.")


def _fail(code: int, text: str) -> int:
    """Print the text as one line on stderr and return the exit code."""
    sys.stderr.write(" ".join(text.split()) + "\n")
    return code

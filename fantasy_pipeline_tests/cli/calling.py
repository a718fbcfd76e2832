"""Call the real program in this process, offline, on the sample league."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

from fantasy_pipeline.cli import program as cli


def call(home: Path, words: list[str]) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of the entry point, called in this process."""
    out, err = io.StringIO(), io.StringIO()
    arguments, folder = sys.argv, Path.cwd()
    # Offline: no --source makes a request.
    here = {"DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample", "FANTASY_OFFLINE": "1"}
    os.environ.update(here)
    sys.argv = ["fantasy-pipeline", *words]
    os.chdir(home)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = arguments
        os.chdir(folder)
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()

"""Call the real program in this process, offline, on the sample league."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import pytest

from fantasy_pipeline.cli import program as cli


def call(home: Path, words: list[str], source: str = "sample") -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of the entry point, called in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("FANTASY_SOURCE", source)
        # Offline: no --source makes a request.
        patch.setenv("FANTASY_OFFLINE", "1")
        patch.setattr(sys, "argv", ["fantasy-pipeline", *words])
        patch.chdir(home)
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            cli.main()
    code = end.value.code
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()

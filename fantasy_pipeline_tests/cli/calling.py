"""Call the real program on the sample league: in this process, or in one of its own.

Loading the program takes a second or two of CPU, most commands much less: a test that does not ask
for a process of its own calls it here.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fantasy_pipeline.cli import program as cli
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS


def call(home: Path, words: list[str], source: str = "sample", **env: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of the entry point, called in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("FANTASY_SOURCE", source)
        # Offline: no --source makes a request.
        patch.setenv("FANTASY_OFFLINE", "1")
        for name, value in env.items():
            patch.setenv(name, value)
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


def called(home: Path, *words: str, code: int = 0, **env: str) -> tuple[str, str]:
    """Return stdout and stderr of a command that must end with an exit code; see `call`."""
    ended, out, err = call(home, list(words), **env)
    assert ended == code, err + out
    return out, err


class Shell:
    """The command line in one Dagster home, which is made with the project's ``dagster.yaml``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
        self.env = {
            **os.environ,
            "DAGSTER_HOME": str(home),
            "FANTASY_SOURCE": "sample",
            "PYTHONPATH": str(ROOT),
        }

    def __call__(self, *words: str, code: int = 0, **env: str) -> tuple[str, str]:
        """Call a command in this process and return its stdout and stderr."""
        return called(self.home, *words, code=code, **env)

    def json(self, *words: str, code: int = 0, **env: str) -> Any:
        """Return what a command prints with ``--json``."""
        return json.loads(self(*words, "--json", code=code, **env)[0])

    def bash(self, command: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command line in processes of its own, as the documentation writes it.

        Args:
            code: expected exit code; None: any.
        """
        programs = Path(sys.executable).parent
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={**self.env, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
        assert code in (None, done.returncode), done.stderr + done.stdout
        return done

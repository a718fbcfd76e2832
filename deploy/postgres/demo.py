"""Imports and projects a week of the sample league on a real Postgres: `make postgres-demo`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from server import Postgres

COMMANDS = (
    ("run", "--top", "5"),
    ("history",),
    ("sql", "select job_id, status, season, week from job_executions"),
)


def main(folder: Path) -> int:
    """Start Postgres under `folder`, run the commands on it, stop it; return the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / "dagster"
    home.mkdir(exist_ok=True)
    shutil.copy(Path(__file__).parent / "dagster.yaml", home)
    postgres = Postgres(folder / "server")
    postgres.start()
    try:
        environment = {
            **os.environ,
            **postgres.environment,
            "DAGSTER_HOME": str(home),
            "FANTASY_SOURCE": "sample",
        }
        for command in COMMANDS:
            sys.stdout.write(f"\n$ fantasy-pipeline {' '.join(command)}\n")
            sys.stdout.flush()
            program = [sys.executable, "-m", "fantasy_pipeline.cli", *command]
            if code := subprocess.call(program, env=environment):  # noqa: S603 - our own command
                return code
    finally:
        postgres.stop()
    sys.stdout.write(f"\nPostgres and its data are in {folder}; it is stopped.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

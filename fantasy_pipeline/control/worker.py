"""The process of a triggered run: ``python -m fantasy_pipeline.control.worker JOB SOURCE WEEK …``.

It is two processes. The outer one only waits: if the inner one, which runs the job, is killed,
the run is marked as failed and says so, instead of looking busy for ever.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

INNER = "--inner"


def main(arguments: Sequence[str]) -> int:
    if arguments[0] == INNER:
        return _run(arguments[1:])
    command = [sys.executable, "-m", "fantasy_pipeline.control.worker", INNER, *arguments]
    code = subprocess.call(command)  # noqa: S603 - our own module
    if code != 0:
        _report(arguments[3], code)
    return code


def _run(arguments: Sequence[str]) -> int:
    from datetime import datetime

    import dagster as dg

    from fantasy_pipeline.runs import execute, run_tags
    from fantasy_pipeline.season_week import SeasonWeek

    job, source, key, run_id, by, at = arguments
    week = SeasonWeek.from_key(key)
    tags = run_tags(week, source, by, as_of=datetime.fromisoformat(at))
    with dg.DagsterInstance.get() as instance:
        execute(instance, job, source, tags, week, week, run_id)
    return 0


def _report(run_id: str, code: int) -> None:
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            instance.report_run_failed(run, f"The worker process {how}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

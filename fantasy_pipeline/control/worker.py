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

    from fantasy_pipeline.resources import NflData
    from fantasy_pipeline.runs import execute, run_tags
    from fantasy_pipeline.season_week import SeasonWeek
    from fantasy_pipeline.session import open_instance
    from fantasy_pipeline.settings import default_home
    from fantasy_pipeline.weekly import week_to_follow

    job, source, key, run_id, by, at = arguments
    week = SeasonWeek.from_key(key)
    tags = run_tags(week, source, by, as_of=datetime.fromisoformat(at))
    with open_instance(default_home()) as instance:
        done = execute(instance, job, source, tags, week, week, run_id)
        following = week_to_follow(NflData(source=source).games(), week)
        if done.success and job == "whole_week" and following is not None:
            tags = run_tags(following, source, by, as_of=datetime.fromisoformat(at))
            execute(instance, "weekly_projections", source, tags, following, following)
    return 0


def _report(run_id: str, code: int) -> None:
    from fantasy_pipeline.control.history import execution_of
    from fantasy_pipeline.run_results import try_to_record
    from fantasy_pipeline.session import open_instance
    from fantasy_pipeline.settings import default_home

    with open_instance(default_home()) as instance:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            instance.report_run_failed(run, f"The worker process {how}.")
            try_to_record(execution_of(instance, run_id))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

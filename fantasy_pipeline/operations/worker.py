"""Process of a triggered run: ``python -m fantasy_pipeline.operations.worker JOB SOURCE …``.

Two processes run: the outer one waits for the inner one, which executes the jobs. If the inner
process is killed, the outer one marks its run as failed; else the run would stay "running".
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime

from fantasy_pipeline.football.season_week import SeasonWeek

INNER = "--inner"


def main(arguments: Sequence[str]) -> int:
    """Run the inner process and return its exit code; as the inner process, execute the jobs.

    Args:
        arguments: job, source, week's key, run id, trigger, and the moment the run stands for.
    """
    if arguments[0] == INNER:
        return _run(arguments[1:])
    command = [sys.executable, "-m", "fantasy_pipeline.operations.worker", INNER, *arguments]
    with subprocess.Popen(command) as process:  # noqa: S603 - a module of this package
        code = process.wait()
    if code != 0:
        _end_run_of(process.pid, code)
    return code


# The functions below import their modules themselves: the outer process only waits, and takes 11 MB
# instead of 127 MB without Dagster.


def _run(arguments: Sequence[str]) -> int:
    from fantasy_pipeline.operations.session import open_instance
    from fantasy_pipeline.operations.week_runs import WeekRuns, weeks_to_follow
    from fantasy_pipeline.orchestration.resources import NflData
    from fantasy_pipeline.settings import default_home

    job, source, key, run_id, by, at = arguments
    week, now = SeasonWeek.from_key(key), datetime.fromisoformat(at)
    with open_instance(default_home(), one_run=True) as instance:
        runs = WeekRuns(instance, source, by, now, first_id=run_id)
        if not runs.run(job, week):
            return 0
        runs.result.projected_weeks.append(week)
        nfl = NflData(source=source)
        if job == "whole_week":
            runs.result.imported = week
            for following in weeks_to_follow(nfl.games(), week, now):
                runs.project(following)
        runs.report(nfl.lake)
    return 0


def _end_run_of(pid: int, code: int) -> None:
    """Mark the run that the inner process was executing as failed."""
    from fantasy_pipeline.operations.session import open_instance
    from fantasy_pipeline.orchestration.runs.dead_runs import end_runs_of
    from fantasy_pipeline.settings import default_home

    with open_instance(default_home()) as instance:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        end_runs_of(instance, pid, f"The worker process {how}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

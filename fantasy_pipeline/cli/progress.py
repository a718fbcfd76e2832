"""Progress on stderr: a bar with an ETA in a terminal, else one line per finished step."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fantasy_pipeline.cli.output import console
from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from rich.progress import Progress, Task

    from fantasy_pipeline.lake.stores import Store

_SECONDS = "seconds.json"
"""File in the cache folder: the seconds that each wait took the last time."""
Usual = Callable[[str], "float | None"]
"""Returns the seconds that a step of a name usually takes, or None if that is unknown."""


class Pace:
    """Estimates the time left from the time that earlier work took.

    Args:
        seconds: seconds that the finished work took.
        count: units of finished work.
    """

    def __init__(self, seconds: float = 0.0, count: int = 0) -> None:
        self.seconds = seconds
        self.count = count

    def left(self, count: int, elapsed: float, usual: float | None = None) -> float | None:
        """Return the seconds until `count` more units are done; None without any measurement.

        Args:
            elapsed: seconds since the first of these units began.
            usual: seconds that this first unit usually takes.
        """
        mean = self.seconds / self.count if self.count else usual
        if mean is None:
            return None
        return max((mean if usual is None else usual) + (count - 1) * mean - elapsed, 0.0)


class Steps:
    """Shows the current step, the number of steps and the time until the last one is done.

    Args:
        quiet: print no lines where there is no bar.
        usual: seconds that a step usually takes, by its name.
    """

    def __init__(self, quiet: bool = False, usual: Usual = lambda _: None) -> None:
        self._quiet = quiet
        self._usual = usual
        self._pace = Pace()

    @contextmanager
    def __call__(self, text: str, left: int = 0) -> Iterator[None]:
        """Show a step while the context is open; `left` steps follow it."""
        pace, usual, begun = self._pace, self._usual(text), time.monotonic()
        with _bar("steps") as bar:
            bar.add_task(
                text,
                completed=pace.count,
                total=pace.count + 1 + left,
                left=lambda: pace.left(1 + left, time.monotonic() - begun, usual),
            )
            yield
        seconds = time.monotonic() - begun
        self._pace = Pace(pace.seconds + seconds, pace.count + 1)
        if not self._quiet:
            _line(f"{text}: {seconds:.1f} s")


class Weeks:
    """Context that shows the bar of a backfill.

    Args:
        weeks: weeks of the backfill.
        work: all work of the backfill, in any unit.
        quiet: print no lines where there is no bar.
    """

    def __init__(self, weeks: int, work: int, quiet: bool = False) -> None:
        self._weeks = weeks
        self._total = work
        self._quiet = quiet
        self._done = 0
        self._pace = Pace()
        self._begun = self._last = time.monotonic()
        self._bar = _bar("weeks")
        self._task = self._bar.add_task("backfill", total=weeks, left=self.left)

    def left(self) -> float | None:
        """Return the seconds until the backfill is done; None without any measurement."""
        return self._pace.left(self._total - self._done, time.monotonic() - self._last)

    def advance(self, work: int, text: str) -> None:
        """Record that a step is over, which was this much work."""
        self._last = time.monotonic()
        self._pace = Pace(self._last - self._begun, self._pace.count + work)
        self.skip(work)
        self._bar.update(self._task, description=text)
        if not self._quiet:
            _line(f"{text}: {self._finished} of {self._weeks} weeks, {self._pace.seconds:.1f} s")

    def skip(self, work: int) -> None:
        """Record work that an earlier command did; it does not count for the pace."""
        self._done += work
        self._bar.update(self._task, completed=self._finished)

    @property
    def _finished(self) -> int:
        from fantasy_pipeline.operations.backfill.plan import weeks_done

        return weeks_done(self._weeks, self._done, self._total)

    def say(self, text: str) -> None:
        """Show what the backfill is doing."""
        self._bar.update(self._task, description=text)
        if not self._quiet:
            _line(text)

    def __enter__(self) -> Weeks:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


class Waiting:
    """Estimates the time left of work that has no steps to count.

    Args:
        usual: seconds that the work took the last time; None: this is the first time.
    """

    def __init__(self, usual: float | None = None) -> None:
        self._begun = time.monotonic()
        self._share: Callable[[], float | None] = lambda: None
        self._usual = usual

    def watch(self, share: Callable[[], float | None]) -> None:
        """Estimate by `share` from now on: it returns the share done, 0-1, or None if unknown."""
        self._begun = time.monotonic()
        self._share = share

    def left(self) -> float | None:
        """Return the seconds until the work is done; None without any measurement."""
        elapsed = time.monotonic() - self._begun
        if share := self._share():
            return elapsed * (1 / share - 1)
        return None if self._usual is None else max(self._usual - elapsed, 0.0)


@contextmanager
def waiting(text: str, alike: bool = True) -> Iterator[Waiting]:
    """Show a text, the time elapsed and the ETA in a terminal while the context is open.

    The ETA needs a share of the work that is done (`Waiting.watch`), or an earlier wait of the same
    text.

    Args:
        alike: waits of this text take about the same time.
    """
    if not sys.stderr.isatty():
        yield Waiting()
        return
    past, begun = _last_seconds(), time.monotonic()
    wait = Waiting(past.get(text) if alike else None)
    with _bar(None) as bar:
        bar.add_task(text, total=None, left=wait.left)
        yield wait
    _keep_seconds(past | {text: round(time.monotonic() - begun, 2)})


def _last_seconds() -> dict[str, float]:
    """Return the seconds that each wait took the last time; empty if the file is unreadable."""
    try:
        stored = json.loads(_cache().get(_SECONDS) or b"{}")
        return {str(text): float(seconds) for text, seconds in stored.items()}
    except (PipelineError, ValueError, TypeError, AttributeError):
        return {}


def _keep_seconds(seconds: dict[str, float]) -> None:
    # The file only serves the next ETA: a failed write must not fail the command.
    with suppress(PipelineError, ValueError):
        _cache().put(_SECONDS, json.dumps(seconds, sort_keys=True).encode())


def _cache() -> Store:
    from fantasy_pipeline.lake.stores import open_store
    from fantasy_pipeline.settings import Settings

    return open_store(str(Settings().cache_dir))


def usual_seconds(instance: DagsterInstance) -> Usual:
    """Return a function that gives the seconds of a job's last successful run.

    The function takes the name of a step, which is ``job week``.
    """
    import dagster as dg

    def usual(text: str) -> float | None:
        wanted = dg.RunsFilter(
            job_name=text.partition(" ")[0], statuses=[dg.DagsterRunStatus.SUCCESS]
        )
        for record in instance.get_run_records(wanted, limit=1):
            if record.start_time and record.end_time:
                return float(record.end_time - record.start_time)
        return None

    return usual


def _line(text: str) -> None:
    if not sys.stderr.isatty():
        console(stderr=True).print(text, markup=False)


def _bar(unit: str | None) -> Progress:
    """Return a bar that counts in a unit, or one that counts nothing if the unit is None."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class Left(ProgressColumn):
        """A countdown; rich's own column stands still between steps."""

        max_refresh = 0.5

        def render(self, task: Task) -> Text:
            left = task.fields["left"]()
            if unit is None and left is None:
                return Text("")
            minutes, seconds = divmod(round(left or 0), 60)
            text = "-:--" if left is None else f"{minutes}:{seconds:02d}"
            return Text(f"ETA {text}", style="progress.remaining")

    counted = (BarColumn(bar_width=12), MofNCompleteColumn(), TextColumn(unit)) if unit else ()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        *counted,
        TimeElapsedColumn(),
        Left(),
        console=console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )

"""Measures speed and memory as ratios within one run, because ratios vary less between machines.

usage: NFLVERSE_MIRROR=<folder of upstream files> run.py [--quick]

Prints one line per figure with its limit, and exits with 1 if a figure exceeds its limit.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

from decisions import LIMITS as DECISION_LIMITS
from model import LIMITS

HERE = Path(__file__).parent
CLI = [str(Path(sys.executable).with_name("fantasy-pipeline"))]
REPEATS = 3


def resident(pid: int) -> int:
    """Return the bytes of a process and its descendants; shared pages count once (PSS)."""
    total = 0
    todo = [pid]
    while todo:
        current = todo.pop()
        try:
            rollup = Path(f"/proc/{current}/smaps_rollup").read_text()
            threads = Path(f"/proc/{current}/task").iterdir()
            children = " ".join((thread / "children").read_text() for thread in threads)
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += 1024 * int(rollup.split("\nPss:")[1].split()[0])
        todo += map(int, children.split())
    return total


def timed(command: list[str], home: Path) -> tuple[float, int]:
    """Return wall seconds and peak resident bytes of a command and its children."""
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak = 0
    errors: list[bytes] = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        # Reading the memory costs time, so look once per second; wait() returns at the end at once.
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    reader.join()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{b''.join(errors).decode()[-3000:]}")
    return time.perf_counter() - start, peak


class Report:
    def __init__(self) -> None:
        self.exceeded = False

    def line(
        self, name: str, value: float, limit: float, unit: str = "", least: bool = False
    ) -> None:
        good = value >= limit if least else value <= limit
        self.exceeded |= not good
        sign = ">=" if least else "<="
        print(
            f"{'ok ' if good else 'BAD'} {name:58} {value:8.2f}{unit} (limit {sign} {limit}{unit})",
            flush=True,
        )


def fresh(folder: Path, name: str) -> Path:
    home = folder / name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    shutil.copy(HERE.parent / "dagster.yaml", home)
    return home


def backfill(folder: Path, seasons: str, report: Report, first: int, last: int) -> Path:
    home = fresh(folder, f"backfill-{seasons}")
    script = [sys.executable, str(HERE / "plain.py"), str(folder / "plain"), str(first), str(last)]
    # The first reader of upstream's files waits for the disk, so the first run is not measured.
    timed(script, home)
    plain, _ = timed(script, home)
    through_dagster, peak = timed([*CLI, "backfill", "--seasons", seasons], home)
    print(f"    plain script {plain:.1f} s, backfill through Dagster {through_dagster:.1f} s")
    report.line(f"backfill {seasons} / plain script", through_dagster / plain, 2.0)
    report.line("peak memory of the backfill, all its processes", peak / 2**30, 1.5, " GiB")
    weeks = sum(1 for _ in (home / "data" / "lake" / "weekly_stats").glob("season=*/week=*"))
    singles = [
        timed([*CLI, "run", "--season", str(last), "--week", str(week), "--top", "0"], home)[0]
        for week in (5, 9, 13)[:REPEATS]
    ]
    report.line(
        f"one run per partition (3 weeks, extrapolated to {weeks}) / backfill",
        median(singles) * weeks / through_dagster,
        # It was 30 until the week by itself became a third cheaper.
        18,
        least=True,
    )
    return home


def per_partition(folder: Path, report: Report) -> None:
    # With two workers, an odd last season would weigh more in the short backfill.
    times = {}
    for seasons, weeks in (("2023-2024", 44), ("2015-2024", 214)):
        home = fresh(folder, f"scale-{seasons}")
        seconds, _ = timed([*CLI, "backfill", "--seasons", seasons, "--workers", "1"], home)
        times[seasons] = seconds / weeks
        print(f"    {seasons}: {1000 * times[seasons]:.0f} ms per week")
    report.line("time per week at 10 seasons / at 2", times["2015-2024"] / times["2023-2024"], 1.15)


def one_week(home: Path, report: Report) -> None:
    script, graph = [sys.executable, str(HERE / "empty_run.py")], home / "graph.json"
    timed([*script, "write", str(graph)], home)
    empty = [*script, "run", str(graph), "2024|05"]
    week = [*CLI, "run", "--season", "2024", "--week", "5"]
    pairs = [(timed(empty, home)[0], timed(week, home)[0]) for _ in range(REPEATS)]
    print("    " + ", ".join(f"empty {a:.1f} s, week {b:.1f} s" for a, b in pairs))
    report.line(
        "one week by the CLI / import dagster and an empty run",
        median(b / a for a, b in pairs),
        3.0,
    )


def model(home: Path, report: Report) -> None:
    """Report features, training and a week's projections, on the lake of the backfill."""
    command = [sys.executable, str(HERE / "model.py"), str(home / "data" / "lake")]
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.stdout:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    measured = json.loads(done.stdout.splitlines()[0])
    for name, value in measured.items():
        unit = " GiB" if name == "GiB" else " s"
        named = "peak memory of features" if name == "GiB" else f"model: {name}"
        report.line(named, value, LIMITS[name], unit)


def decisions(home: Path, report: Report) -> None:
    """Report the time of line-ups, odds and trades, and of `compare` on a lake."""
    command = [sys.executable, str(HERE / "decisions.py"), str(home)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    for name, value in json.loads(done.stdout).items():
        report.line(name, value, DECISION_LIMITS[name])


def imports(report: Report, home: Path) -> None:
    def once(code: str) -> float:
        return timed([sys.executable, "-c", code], home)[0]

    extra = [once("import fantasy_pipeline.definitions") - once("import dagster") for _ in range(5)]
    report.line("import fantasy_pipeline.definitions over import dagster", median(extra), 1.0, " s")


def main() -> None:
    if not os.environ.get("NFLVERSE_MIRROR"):
        sys.exit(
            "error: set NFLVERSE_MIRROR to a folder of upstream files, laid out by host and path"
        )
    # As commands do.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="fantasy-bench-") as name:
        folder = Path(name)
        seasons, first = ("2023-2024", 2023) if "--quick" in sys.argv else ("2015-2024", 2015)
        home = backfill(folder, seasons, report, first, 2024)
        one_week(home, report)
        imports(report, home)
        model(home, report)
        decisions(home, report)
        if "--quick" not in sys.argv:
            per_partition(folder, report)
    sys.exit(report.exceeded)


if __name__ == "__main__":
    main()

"""Times a line-up, the odds and the trades of a league, and the command `compare`.

    python bench/decisions.py HOME

HOME is a `DAGSTER_HOME` whose lake has projections; `compare` reads the latest ones. The other
figures are of invented rosters of the usual sizes.

Prints CPU times and ratios as JSON. The ratios vary less between machines: they compare with the
NumPy or SciPy call that does most of the work, and `compare` with the import of its libraries.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from scipy.optimize import linear_sum_assignment

from fantasy_pipeline.decisions.lineup import Candidate, best_lineup
from fantasy_pipeline.decisions.odds import SIMULATIONS, Rules, odds, strengths
from fantasy_pipeline.decisions.outcomes import Points
from fantasy_pipeline.decisions.trade import Owned
from fantasy_pipeline.decisions.trade_finder import find_trades

LIMITS = {
    "line-up, ms": 5.0,
    "line-up / one assignment": 900.0,
    "odds of 10,000 seasons, s": 1.0,
    "odds / drawing their random numbers": 15.0,
    "trade finder, s": 5.0,
    "trade finder / highest sum of each trade": 30.0,
    "compare as a command / import of its libraries": 5.0,
}
REPEATS = 15
SLOTS = ["QB", "RB", "RB", "WR", "WR", "WR", "TE", "FLEX", "K", "DEF", "DL", "LB", "DB"]
POSITIONS = [*SLOTS[:7], "RB", *SLOTS[8:], *("QB", "RB", "RB", "WR", "WR", "WR", "TE", "LB", "DB")]
TEAMS, REGULAR, PLAYED, LAST = 12, 14, 5, 17
TRADED, WEEKS = 21, 9
"""Players of a team in the trade finder, none of them a defender, and remaining weeks."""
LIBRARIES = "import duckdb, numpy, pyarrow.compute, pyarrow.parquet, rich.console, typer"


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median CPU time of a call; the first one, which imports modules, is left out."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def lineup(random: np.random.Generator) -> tuple[float, float]:
    """Return the time of a line-up, and that of one assignment."""
    players = [
        Candidate(str(number), str(number), (at,), at, "BUF", "MIA", Points(x, x / 2, x, 2 * x))
        for number, at in enumerate(POSITIONS)
        for x in [float(random.uniform(2, 20))]
    ]
    gains = random.random((len(SLOTS), len(players)))
    best = seconds(lambda: best_lineup(SLOTS, players))
    fifty = seconds(lambda: [linear_sum_assignment(gains, maximize=True) for _ in range(50)])
    return best, fifty / 50


def season(random: np.random.Generator) -> tuple[float, float]:
    """Return the time of a league's odds, and that of drawing their random numbers."""
    opponents = np.full((REGULAR, TEAMS), -1)
    for week in opponents:
        order = random.permutation(TEAMS)
        week[order[::2]], week[order[1::2]] = order[1::2], order[::2]
    past = random.normal(120, 20, (PLAYED, TEAMS))
    coming = strengths(past, random.normal(120, 10, (LAST - PLAYED, TEAMS)))
    size = (LAST - PLAYED, SIMULATIONS, TEAMS)
    return (
        seconds(lambda: odds(Rules(6, (1, 1, 1)), opponents, past, coming)),
        seconds(lambda: np.random.default_rng(1).standard_normal(size, dtype=np.float32)),
    )


def trades(random: np.random.Generator) -> tuple[float, float]:
    """Return the time of the best of all trades, and that of one sum and maximum of each."""
    positions = (["QB", "RB", "RB", "WR", "WR", "WR", "TE"] * TRADED)[:TRADED]
    slots = [slot for slot in SLOTS if slot not in ("DEF", "DL", "LB", "DB")]
    teams = {
        str(team): [
            Owned(f"{team}-{number}", "", (at,), tuple(random.uniform(2, 20, WEEKS).tolist()))
            for number, at in enumerate(positions)
        ]
        for team in range(TEAMS)
    }
    pairs = TRADED * (TRADED - 1) // 2
    # (sets that a team gives, sets of all others): each trade is looked at from both sides.
    rest, new = random.random((pairs, 1)), random.random(pairs * (TEAMS - 1))
    rest, new = rest.astype(np.float32), new.astype(np.float32)
    best, total = (np.zeros((pairs, len(new)), dtype=np.float32) for _ in range(2))

    def each() -> None:
        for _ in range(TEAMS * WEEKS):
            np.add(rest, new, out=total)
            np.maximum(best, total, out=best)

    return seconds(lambda: find_trades(slots, teams), 3), seconds(each, 3)


def compare(home: Path) -> tuple[float, float]:
    """Return the time of the command `compare`, and that of importing its libraries."""
    program = str(Path(sys.executable).with_name("fantasy-pipeline"))
    best = (
        "select player_id, season, week from projections order by season desc, week desc, p50 desc"
    )
    listed, _ = run([program, "sql", f"{best} limit 2", "--format", "csv"], home)
    (one, season, week), (other, *_) = (row.split(",") for row in listed.split()[1:])
    command = [program, "compare", one, other, "--season", season, "--week", week]
    importing = [sys.executable, "-c", LIBRARIES]
    times = [[run(words, home)[1] for words in (command, importing)] for _ in range(5)]
    own, libraries = (median(of) for of in zip(*times, strict=True))
    return own, libraries


def run(command: list[str], home: Path) -> tuple[str, float]:
    """Return the output of a command, and its CPU time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, spent


def main() -> None:
    random = np.random.default_rng(1)
    best, assignment = lineup(random)
    of_league, draws = season(random)
    finder, sums = trades(random)
    command, libraries = compare(Path(sys.argv[1]))
    figures = (
        *(1000 * best, best / assignment),
        *(of_league, of_league / draws),
        *(finder, finder / sums, command / libraries),
    )
    print(json.dumps(dict(zip(LIMITS, figures, strict=True))))


if __name__ == "__main__":
    main()

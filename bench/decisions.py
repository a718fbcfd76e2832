"""Times a line-up and the odds of a league, on invented rosters of the usual sizes.

    python bench/decisions.py

Prints CPU times and ratios as JSON: the ratios compare with the NumPy or SciPy call that does most
of the work, and vary less between machines.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from scipy.optimize import linear_sum_assignment

from fantasy_pipeline.decisions.lineup import Candidate, best_lineup
from fantasy_pipeline.decisions.odds import SIMULATIONS, Rules, odds, strengths
from fantasy_pipeline.decisions.outcomes import Points

LIMITS = {
    "line-up, ms": 5.0,
    "line-up / one assignment": 900.0,
    "odds of 10,000 seasons, s": 1.0,
    "odds / drawing their random numbers": 15.0,
}
REPEATS = 15
SLOTS = ["QB", "RB", "RB", "WR", "WR", "WR", "TE", "FLEX", "K", "DEF", "DL", "LB", "DB"]
POSITIONS = [*SLOTS[:7], "RB", *SLOTS[8:], *("QB", "RB", "RB", "WR", "WR", "WR", "TE", "LB", "DB")]
TEAMS, REGULAR, PLAYED, LAST = 12, 14, 5, 17


def seconds(work: Callable[[], object]) -> float:
    """Return the median CPU time of a call; the first one, which imports modules, is left out."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def main() -> None:
    random = np.random.default_rng(1)
    players = [
        Candidate(str(number), str(number), (at,), at, "BUF", "MIA", Points(x, x / 2, x, 2 * x))
        for number, at in enumerate(POSITIONS)
        for x in [float(random.uniform(2, 20))]
    ]
    gains = random.random((len(SLOTS), len(players)))
    lineup = seconds(lambda: best_lineup(SLOTS, players))
    assignment = seconds(lambda: [linear_sum_assignment(gains, maximize=True) for _ in range(50)])

    opponents = np.full((REGULAR, TEAMS), -1)
    for week in opponents:
        order = random.permutation(TEAMS)
        week[order[::2]], week[order[1::2]] = order[1::2], order[::2]
    past = random.normal(120, 20, (PLAYED, TEAMS))
    coming = strengths(past, random.normal(120, 10, (LAST - PLAYED, TEAMS)))
    season = seconds(lambda: odds(Rules(6, (1, 1, 1)), opponents, past, coming))
    size = (LAST - PLAYED, SIMULATIONS, TEAMS)
    draws = seconds(lambda: np.random.default_rng(1).standard_normal(size, dtype=np.float32))
    figures = (1000 * lineup, 50 * lineup / assignment, season, season / draws)
    print(json.dumps(dict(zip(LIMITS, figures, strict=True))))


if __name__ == "__main__":
    main()

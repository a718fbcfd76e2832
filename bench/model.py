"""Times features, training and projecting on a lake of real seasons.

    python bench/model.py <lake> [season]

Prints seconds and GiB as JSON, then next to their limits; exits with 1 if one exceeds its limit.
Changes nothing in the lake except the season's model.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.tables.week_rows import of_players
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.consensus_projections import projections
from fantasy_pipeline.projections.history import INPUTS, player_history
from fantasy_pipeline.projections.model import artefact, features, training
from fantasy_pipeline.projections.model_projections import model_projections

LIMITS = {"features": 15.0, "training": 6.0, "a week": 2.0, "GiB": 1.0}


def main(root: str, season: int) -> int:
    lake = Lake(root, "nfl")
    measured: dict[str, float] = {}
    start = time.perf_counter()
    with lake.connect(INPUTS) as connection:
        history = player_history(connection)
    features.matrix(of_players(history))
    measured["features"] = time.perf_counter() - start
    measured["GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

    sources = lake.read(tables.SOURCE_PROJECTIONS)
    start = time.perf_counter()
    artefact.save(lake, training.train(training.of_each_season(history), season, sources))
    measured["training"] = time.perf_counter() - start

    week = [week for week in lake.weeks(tables.RAW_PLAYERS) if week.season == season][8]
    start = time.perf_counter()
    model = artefact.load(lake, season)
    assert model is not None
    own = model_projections(history, [week], lambda _: model, None)
    stated = lake.read(tables.SOURCE_PROJECTIONS, [week])
    projections(own, stated, lambda _: model, None)
    measured["a week"] = time.perf_counter() - start

    print(json.dumps(measured))
    for name, limit in LIMITS.items():
        verdict = "ok" if measured[name] <= limit else "OVER"
        print(f"{name:10} {measured[name]:8.2f}  limit {limit:5.1f}  {verdict}")
    return int(any(measured[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2024))

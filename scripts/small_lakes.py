"""Measure how accurate projections from lakes of few seasons are: `small_lakes.py LAKE [SIZE …]`.

For each size and each of the seasons 2021-2024, the script leaves out the seasons of the lake
before the last SIZE ones, the projected one included. It makes features, model and projections
from the rest and scores them. Prints the consensus's and the model's errors over NFL.com's. Changes
nothing in the lake.
"""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football import tables
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.duck import database
from fantasy_pipeline.projections.backtest import season_scores
from fantasy_pipeline.projections.history import INPUTS, player_history
from fantasy_pipeline.projections.model.training import of_each_season
from fantasy_pipeline.projections.scoreboard import scoreboard

SEASONS = (2021, 2022, 2023, 2024)


def accuracy_of(lake: Lake, size: int) -> pa.Table:
    """Return `PROJECTION_ACCURACY` of `SEASONS`, each from a lake of `size` seasons."""
    parts = []
    for season in SEASONS:
        seasons = range(season - size + 1, season + 1)
        with database() as connection:
            for table in INPUTS:
                of = None if table == tables.GAMES else seasons
                connection.register(table.name, lake.read(table, seasons=of))
            history = player_history(connection)
        sources = lake.read(tables.SOURCE_PROJECTIONS, seasons=seasons)
        past = of_each_season(history)
        parts.append(season_scores(lake, history, past, sources, season))
    return pa.concat_tables(parts)


def main(root: str, *sizes: str) -> None:
    """Print one line per size and source."""
    lake = Lake(root, "nfl")
    for size in map(int, sizes or ("1", "2", "3", "4", "5")):
        board = scoreboard(accuracy_of(lake, size))
        ours = pc.is_in(board["source"], pa.array(["consensus", "model"]))
        for row in board.filter(ours).to_pylist():
            numbers = "  ".join(
                f"{name} {row[name]:.4f}" for name in ("mae_ratio", "rmse_ratio", "spearman")
            )
            print(f"{size:2} seasons  {row['source']:10}  {numbers}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

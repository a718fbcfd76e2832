"""Makes the same tables without Dagster, in one plain script and one process.

usage: plain.py LAKE FIRST_SEASON LAST_SEASON
"""

import sys

import pyarrow as pa

from fantasy_pipeline.football.calendar import games_from_table, weeks_of
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites.nflcom import nflcom_projections
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.workspace import REAL_LABEL, open_source
from fantasy_pipeline.projections.accuracy import projection_accuracy
from fantasy_pipeline.projections.consensus_projections import projections
from fantasy_pipeline.projections.history import player_history
from fantasy_pipeline.projections.model import artefact, training
from fantasy_pipeline.projections.model_projections import model_projections
from fantasy_pipeline.settings import Settings


def main(root: str, first: int, last: int) -> None:
    source = open_source(Settings(), "auto")
    lake = Lake(root, REAL_LABEL)
    games = source.schedule()
    lake.write(GAMES, games)
    exist = {
        season: [SeasonWeek(season, week) for week in weeks_of(games_from_table(games), season)]
        for season in range(first, last + 1)
    }
    others = {}
    for season, weeks in exist.items():
        numbers = [week.week for week in weeks]
        players, _ = raw_players(source, games, season, numbers)
        stats = weekly_stats(source, games, players, season, numbers)
        [others[season]] = nflcom_projections(source, players, season, numbers).parts
        lake.write_weeks(RAW_PLAYERS, players, weeks)
        lake.write_weeks(WEEKLY_STATS, stats, weeks)
        lake.write_weeks(SOURCE_PROJECTIONS, others[season], weeks)
    with lake.connect([GAMES, RAW_PLAYERS, WEEKLY_STATS]) as connection:
        history = player_history(connection)
    lake.write(PLAYER_HISTORY, history)
    stated = pa.concat_tables(others.values())
    for season, weeks in exist.items():
        model = training.train(training.of_each_season(history), season, stated)
        artefact.save(lake, model)
        own = model_projections(history, weeks, lambda _, model=model: model, None)
        lake.write_weeks(MODEL_PROJECTIONS, own, weeks)
        table = projections(own, others[season], lambda _, model=model: model, None)
        lake.write_weeks(PROJECTIONS, table, weeks)
        accuracy = projection_accuracy(history, table, own, others[season])
        lake.write_weeks(PROJECTION_ACCURACY, accuracy, weeks)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

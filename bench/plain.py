"""Makes the same tables without Dagster, in one plain script and one process.

usage: plain.py LAKE FIRST_SEASON LAST_SEASON
"""

import sys
from datetime import datetime, timezone

import pyarrow as pa

from fantasy_pipeline.decisions.rest_of_season import rest_of_season
from fantasy_pipeline.football.calendar import games_from_table, weeks_of
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    GAMES,
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    REST_OF_SEASON,
    SOURCE_PROJECTIONS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.football.team_games import cancelled
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites.registry import open_projection_sources
from fantasy_pipeline.ingest.source_projections import source_projections
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.team_defence import with_standard_points
from fantasy_pipeline.orchestration.workspace import REAL_LABEL, open_source
from fantasy_pipeline.projections import team_defense
from fantasy_pipeline.projections.accuracy import projection_accuracy
from fantasy_pipeline.projections.consensus_projections import projections
from fantasy_pipeline.projections.defender_accuracy import stored_accuracy
from fantasy_pipeline.projections.defender_careers import stored_games
from fantasy_pipeline.projections.defenders import defender_projections
from fantasy_pipeline.projections.history import continued
from fantasy_pipeline.projections.model import artefact, training
from fantasy_pipeline.projections.model_projections import model_projections
from fantasy_pipeline.projections.team_defense_accuracy import defence_accuracy
from fantasy_pipeline.settings import Settings


def main(root: str, first: int, last: int) -> None:
    settings, now = Settings(), datetime.now(timezone.utc)
    source = open_source(settings, "auto")
    lake = Lake(root, REAL_LABEL)
    games = source.schedule()
    lake.write(GAMES, games)
    exist = {
        season: [SeasonWeek(season, week) for week in weeks_of(games_from_table(games), season)]
        for season in range(first, last + 1)
    }
    players, others = {}, {}
    nothing = SOURCE_PROJECTIONS.arrow_schema.empty_table()
    for season, weeks in exist.items():
        numbers = [week.week for week in weeks]
        players[season], _ = raw_players(source, games, season, numbers)
        stats = weekly_stats(source, games, players[season], season, numbers)
        sources = open_projection_sources(settings, source, is_sample=False)
        others[season] = source_projections(
            sources, players[season], games, nothing, season, numbers, now
        ).table
        defences = with_standard_points(team_defense_stats(games, stats))
        lake.write_weeks(RAW_PLAYERS, players[season], weeks)
        lake.write_weeks(WEEKLY_STATS, stats, weeks)
        lake.write_weeks(TEAM_DEFENSE_STATS, defences, weeks)
        lake.write_weeks(SOURCE_PROJECTIONS, others[season], weeks)
    continued(lake, lambda connection, weeks: None)
    history = lake.read(PLAYER_HISTORY)
    past = list(training.of_each_season(history))
    stated = pa.concat_tables(others.values())
    off = cancelled(games)
    for season, weeks in exist.items():
        model = training.train(past, season, stated)
        artefact.save(lake, model)
        own = model_projections(history, weeks, lambda _, model=model: model, None, off)
        teams = team_defense.model_rows(history, players[season], weeks, None, off)
        lake.write_weeks(MODEL_PROJECTIONS, both(MODEL_PROJECTIONS, own, teams), weeks)
        table = projections(own, others[season], lambda _, model=model: model, None)
        consensus = team_defense.consensus_rows(teams, others[season], None)
        lake.write_weeks(PROJECTIONS, both(PROJECTIONS, table, consensus), weeks)
        singles = defender_projections(
            stored_games(lake, weeks), players[season], games, others[season], weeks, None, off
        )
        lake.write_weeks(DEFENDER_PROJECTIONS, singles, weeks)
        accuracy = both(
            PROJECTION_ACCURACY,
            projection_accuracy(history, table, own, others[season]),
            defence_accuracy(history, consensus, teams, others[season]),
            stored_accuracy(lake, weeks),
        )
        lake.write_weeks(PROJECTION_ACCURACY, accuracy, weeks)
        rest = rest_of_season(table, of_weeks(history, weeks), games)
        lake.write_weeks(REST_OF_SEASON, rest, weeks)


def both(table: Table, *parts: pa.Table) -> pa.Table:
    """Return the rows of players, of team defences and of single defenders."""
    return table.shaped(pa.concat_tables(parts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

"""Add to `raw_players` what NFL.com states that defenders did and the weekly file lacks.

Until 2023 the weekly file has no tackles for loss that two players share, and it never names the
player who blocked a kick. The stat columns of NFL.com's files of these seasons have both.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from fantasy_pipeline.errors import NotPublishedError, SourceError
from fantasy_pipeline.football.positions import DEFENDERS
from fantasy_pipeline.football.tables import PLAYER_WEEK, RAW_PLAYERS
from fantasy_pipeline.ingest.names import PLAIN_NAME
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.lake.duck import arrow, database, query

STATED = ("nflcom_tackles_for_loss", "nflcom_kicks_blocked")
"""Columns of `RAW_PLAYERS` that `with_results` fills."""


def with_results(
    players: pa.Table, source: Source, ids: pa.Table, season: int, weeks: Collection[int]
) -> tuple[pa.Table, list[str]]:
    """Return `RAW_PLAYERS` rows with what NFL.com states of defenders, and warnings.

    A season whose files have no results, a week without a file and a player whom no line names have
    nulls. Nothing else depends on the files, so a failure is a warning.

    Args:
        ids: the id map, for names that fantasy sites use.
        weeks: weeks with games.
    """
    if season not in schema.SEASONS_OF_RESULTS:
        return players, []
    try:
        results = source.nflcom_results(season, sorted(weeks))
    except NotPublishedError:
        return players, []
    except SourceError as error:
        return players, [f"{error.dataset} {season}: no results of defenders: {error.cause}"]
    with database() as connection:
        connection.execute(PLAIN_NAME)
        for name, table in (("players", players), ("ids", ids), ("results", results)):
            connection.register(name, table)
        found = arrow(connection, query(__package__, "defender_results"), defenders=[*DEFENDERS])
    rest = players.drop_columns([*STATED])
    return RAW_PLAYERS.shaped(rest.join(found, [*PLAYER_WEEK], join_type="left outer")), []

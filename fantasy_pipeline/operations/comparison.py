"""Compare players of a week: read what `decisions/comparison.py` needs from the lake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.decisions.comparison import (
    FROM_PLAYERS,
    PLAYOFF_WEEKS,
    Compared,
    Rest,
    check_names,
    compared,
    named,
    rests_of_league,
    rests_of_season,
)
from fantasy_pipeline.decisions.scored import ACTUAL, KICKING, AnyScoring
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.scoring import Scoring as Usual
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    RAW_PLAYERS,
    REST_OF_SEASON,
    SOURCE_PROJECTIONS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import week_projections
from fantasy_pipeline.leagues.defenders import with_defenders
from fantasy_pipeline.leagues.projected import usual_of
from fantasy_pipeline.leagues.stat_lines import OF_PLAYERS, with_players
from fantasy_pipeline.leagues.tables import scoring_of
from fantasy_pipeline.operations.league_season import season_for
from fantasy_pipeline.operations.rest_points import rest_points

_OF_GAMES = ["season", "week", "player_id", "opponent", *ACTUAL.values(), KICKING]
"""Columns of `WEEKLY_STATS` that a usual scoring needs; a league's may need any."""


def league_of(lake: Lake, league: str, season: int) -> LeagueSeason:
    """Return the settings of a registered league in a season; a later season has its latest.

    Raises:
        InvalidArgumentError: there is no such league, or it has no season up to that one.
    """
    return season_for(lake, registry.find(lake, league), season)


def compare(
    lake: Lake,
    week: SeasonWeek,
    now: datetime,
    names: Sequence[str],
    scoring: Usual | LeagueSeason,
) -> list[Compared]:
    """Return the named players of a week, in the order of the names.

    Args:
        now: sources count with what they had stated by then.
        names: ids, names or parts of names.
        scoring: a usual scoring, or a league: points in its scoring, and defenders if it starts
            any.

    Raises:
        NotMaterializedError: the week was not projected, or has no game.
        InvalidArgumentError: the number of players is wrong, or a name is of nobody or of several.
    """
    check_names(names)
    projections = week_projections(lake, week)
    is_league = isinstance(scoring, LeagueSeason)
    own: AnyScoring
    if isinstance(scoring, LeagueSeason):
        projections = with_defenders(projections, lake, [week], scoring.slots)
        own = scoring_of(scoring)
        stated_in = usual_of(own)
    else:
        own = stated_in = scoring
    of_players = named(names, projections, own)
    has_defence = DST in of_players["position"].to_pylist()
    return compared(
        of_players,
        lake.read(RAW_PLAYERS, [week], ["player_id", *FROM_PLAYERS]),
        earlier_lines(lake, week, is_league, of_players["player_id"].combine_chunks()),
        earlier_defences(lake, week, is_league)
        if has_defence
        else TEAM_DEFENSE_STATS.arrow_schema.empty_table(),
        statements_until(lake, week, now),
        _rests(lake, week, of_players, scoring),
        own,
        stated_in,
    )


def earlier_lines(
    lake: Lake, week: SeasonWeek, is_league: bool, only: pa.Array | None = None
) -> pa.Table:
    """Return the stat lines of this season before the week, and of the season before.

    Args:
        only: ids of the players that a league needs the lines of; None: all.
    """
    weeks = [
        one for one in lake.weeks(WEEKLY_STATS) if one < week and one.season >= week.season - 1
    ]
    if not is_league:
        return lake.read(WEEKLY_STATS, weeks, _OF_GAMES)
    lines = lake.read(WEEKLY_STATS, weeks)
    rostered = set(lake.weeks(RAW_PLAYERS)).intersection(weeks)
    return with_players(lines, lake.read(RAW_PLAYERS, sorted(rostered), OF_PLAYERS), only)


def earlier_defences(lake: Lake, week: SeasonWeek, is_league: bool) -> pa.Table:
    """Return the games of team defences before the week; none in a lake of an earlier version.

    Projections in a league's scoring follow from the games of all seasons.
    """
    first = 0 if is_league else week.season - 1
    weeks = [one for one in lake.weeks(TEAM_DEFENSE_STATS) if one < week and one.season >= first]
    return lake.read(TEAM_DEFENSE_STATS, weeks)


def _rests(
    lake: Lake, week: SeasonWeek, of_players: pa.Table, scoring: Usual | LeagueSeason
) -> dict[str, Rest]:
    """Return the rest of the season; none for a week that an earlier version projected."""
    if isinstance(scoring, LeagueSeason):
        return league_rests(lake, week, scoring, DST in of_players["position"].to_pylist())
    rest = lake.read_if_stored(REST_OF_SEASON, week)
    ids = of_players["player_id"].to_pylist()
    return {} if rest is None else rests_of_season(rest, ids, scoring)


def league_rests(
    lake: Lake, week: SeasonWeek, of: LeagueSeason, of_teams: bool = True
) -> dict[str, Rest]:
    """Return the rest of a league's season by player id; none if the lake does not have it.

    Args:
        of_teams: see `rest_points`.
    """
    first, last = PLAYOFF_WEEKS
    weeks = (of.playoff_week or first, of.last_week or max(of.playoff_week or first, last))
    try:
        return rests_of_league(rest_points(lake, week, of, of_teams=of_teams), week.week, weeks)
    except PipelineError:
        return {}


def statements_until(lake: Lake, week: SeasonWeek, now: datetime) -> pa.Table:
    """Return what the sources had stated by a moment, at most one row per source and player.

    The moment of an archived statement that was downloaded after the game is not known. It is of
    before the game, and the week's projection counts it, so it counts at every moment.
    """
    stored = lake.read_if_stored(SOURCE_PROJECTIONS, week)
    if stored is None:
        return SOURCE_PROJECTIONS.arrow_schema.empty_table()
    at_kickoff = as_known_at(stored)
    kickoff = at_kickoff["kickoff"]
    is_late = pc.greater_equal(at_kickoff["as_of"], kickoff)
    to_come = pc.greater(kickoff, pa.scalar(now, kickoff.type))
    return pa.concat_tables(
        [as_known_at(stored, now), at_kickoff.filter(pc.and_(is_late, to_come))]
    )

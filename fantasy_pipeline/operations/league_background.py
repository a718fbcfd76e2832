"""Read the details of players that the comparison in a league's report shows, from the lake."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from fantasy_pipeline.decisions.comparison import recent_games, stated_by_source
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, RAW_PLAYERS
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.projected import usual_of
from fantasy_pipeline.leagues.tables import scoring_of
from fantasy_pipeline.operations.comparison import (
    earlier_defences,
    earlier_lines,
    league_rests,
    statements_until,
)
from fantasy_pipeline.report.league_page import LeagueBackground

_OF_INJURIES = ["player_id", "injury", "practice_status"]


def league_background(
    lake: Lake, week: SeasonWeek, now: datetime, of: LeagueSeason, players: pa.Table
) -> LeagueBackground:
    """Return what a comparison shows of some players in a league's scoring.

    Args:
        now: sources count with what they had stated by then.
        players: player_id, position and model_half of the week's projections.
    """
    scoring, ids = scoring_of(of), players["player_id"].to_pylist()
    lines, defences = earlier_lines(lake, week, True), earlier_defences(lake, week, False)
    return LeagueBackground(
        week.season,
        recent_games(ids, lines, defences, scoring),
        stated_by_source(players, statements_until(lake, week, now), usual_of(scoring)),
        league_rests(lake, week, of),
        _injuries(lake, week),
        _spreads(lake, week),
    )


def _injuries(lake: Lake, week: SeasonWeek) -> dict[str, str]:
    """Return injury and practice status in words, by player id."""
    rows = lake.read_if_stored(RAW_PLAYERS, week, _OF_INJURIES)
    return {
        row["player_id"]: ", ".join(filter(None, (row["injury"], row["practice_status"])))
        for row in ([] if rows is None else rows.to_pylist())
    }


def _spreads(lake: Lake, week: SeasonWeek) -> dict[str, float | None]:
    """Return the points by which each team is favoured."""
    schedule = lake.read_if_stored(GAMES, seasons=[week.season])
    if schedule is None:
        return {}
    games = team_games(of_week(schedule, week))
    return dict(zip(games["team"].to_pylist(), games["spread_line"].to_pylist(), strict=True))

"""Read Sleeper's projections: one JSON list per week, without a key; the stats are Rotowire's.

Rows carry a time stamp, but that of a played week is later than its games, so a projection counts
as stated when it was first downloaded. Most rows are placeholders that have a draft position only,
and the position filter lets full-backs and defenders through.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites.base import (
    PLACEHOLDER_POINTS,
    SourceProjection,
    WebSource,
    number,
    stat_line,
    text,
    unusable,
    without_projections,
)

NAME = "sleeper"
DEFENCE = "DEF"
"""Sleeper's position of a team's defence, whose player_id is the team's code."""
# Without season_type Sleeper answers HTTP 400.
URL = "https://api.sleeper.com/projections/nfl/{season}/{week}?season_type=regular" + "".join(
    f"&position[]={position}" for position in (*FANTASY_POSITIONS, DEFENCE)
)
POINTS = {"points_std": "pts_std", "points_half": "pts_half_ppr", "points_ppr": "pts_ppr"}
STATS = {
    "completions": ("pass_cmp",),
    "attempts": ("pass_att",),
    "passing_yards": ("pass_yd",),
    "passing_tds": ("pass_td",),
    "passing_interceptions": ("pass_int",),
    "carries": ("rush_att",),
    "rushing_yards": ("rush_yd",),
    "rushing_tds": ("rush_td",),
    "targets": ("rec_tgt",),
    "receptions": ("rec",),
    "receiving_yards": ("rec_yd",),
    "receiving_tds": ("rec_td",),
    "fumbles_lost": ("fum_lost",),
    "two_point_conversions": ("pass_2pt", "rush_2pt", "rec_2pt"),
    "special_teams_tds": ("st_td",),
    "fg_att": ("fga",),
    "fg_made": ("fgm",),
    "pat_made": ("xpm",),
}
"""Stat columns, and Sleeper's stats that each adds up."""


def sleeper(transport: Transport) -> WebSource:
    """Return the adapter."""

    def read(week: ScheduledWeek) -> tuple[Sequence[SourceProjection], datetime]:
        url = URL.format(season=week.at.season, week=week.at.week)
        fetched = transport.fetch(url, NAME, week.at.season, week.at.week)
        return projections_in(json.loads(fetched.path.read_bytes()), week), fetched.as_of

    return WebSource(NAME, "sleeper_id", read)


def projections_in(answer: object, week: ScheduledWeek) -> list[SourceProjection]:
    """Return the projections of a week in an answer.

    Raises:
        NotPublishedError: the answer has no projection.
        UnusableAnswerError: the answer has another format or is about another week.
    """
    if not isinstance(answer, list):
        raise unusable(NAME, week.at, f"the answer is a {type(answer).__name__}, not a list")
    found, projected = [], 0
    for row in answer:
        if not isinstance(row, dict) or not isinstance(row.get("stats"), dict):
            raise unusable(NAME, week.at, "a row has no stats")
        _require_week(row, week)
        stats = row["stats"]
        # Placeholders have neither a game nor a stat line, only a draft position.
        projected += "gp" in stats or any(key.startswith("pts_") for key in stats)
        points = _points(stats)
        if not points:
            continue
        if not row.get("player_id"):
            raise unusable(NAME, week.at, "a row has no player_id")
        player = row["player"] if isinstance(row.get("player"), dict) else {}
        if player.get("position", "QB") not in (*FANTASY_POSITIONS, "FB", DEFENCE):
            continue
        found.append(
            SourceProjection(
                str(row["player_id"]),
                _full_name(player),
                text(row.get("team")),
                {**points, **stat_line(stats, STATS)},
            )
        )
    if projected and not found:
        raise unusable(NAME, week.at, f"no row has {', '.join(POINTS.values())}")
    if not found:
        raise without_projections(NAME, week.at, "the answer has no projection")
    return found


def _require_week(row: Mapping[str, object], week: ScheduledWeek) -> None:
    """Raise `UnusableAnswerError` if a row is about another week."""
    season, number_of_week = str(row.get("season", week.at.season)), row.get("week", week.at.week)
    if (season, number_of_week) != (str(week.at.season), week.at.week):
        raise unusable(NAME, week.at, f"the answer is of {season} week {number_of_week}")


def _points(stats: Mapping[str, object]) -> dict[str, float]:
    """Return the points of a row by column, without placeholders."""
    given = {column: number(stats.get(name)) for column, name in POINTS.items()}
    return {
        column: value
        for column, value in given.items()
        if value is not None and value != PLACEHOLDER_POINTS
    }


def _full_name(player: Mapping[str, object]) -> str | None:
    names = (text(player.get(name)) for name in ("first_name", "last_name"))
    return " ".join(name for name in names if name) or None

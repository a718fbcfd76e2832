"""Sleeper: one JSON list per week, no key needed.

Its stat lines are Rotowire's. Rows carry a stamp, but a played week's is of after its games, so
the moment of the statement is the moment we first saw it. Most rows are placeholders with a draft
position only, and the position filter lets full-backs and defenders
through.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.ingest.sites.base import (
    UNKNOWN,
    SourceProjection,
    WebSource,
    nothing,
    number,
    stat_line,
    text,
    unusable,
)

if TYPE_CHECKING:
    from fantasy_pipeline.ingest.download.transport import Transport

NAME = "sleeper"
# Without season_type the answer is a 400.
URL = "https://api.sleeper.com/projections/nfl/{season}/{week}?season_type=regular" + "".join(
    f"&position[]={position}" for position in FANTASY_POSITIONS
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
"""Our stats, and Sleeper's that they are the sum of."""


def sleeper(transport: Transport) -> WebSource:
    """The adapter."""

    def read(week: ScheduledWeek) -> tuple[Sequence[SourceProjection], datetime]:
        url = URL.format(season=week.at.season, week=week.at.week)
        fetched = transport.fetch(url, NAME, week.at.season, week.at.week)
        return statements(json.loads(fetched.path.read_bytes()), week), fetched.as_of

    return WebSource(NAME, "sleeper_id", read)


def statements(answer: object, week: ScheduledWeek) -> list[SourceProjection]:
    """Projections in an answer.

    Raises:
        NotPublishedError: it has none.
        UnusableAnswerError: it is of another shape or another week.
    """
    if not isinstance(answer, list):
        raise unusable(NAME, week.at, f"the answer is a {type(answer).__name__}, not a list")
    found, projected = [], 0
    for row in answer:
        if not isinstance(row, dict) or not isinstance(row.get("stats"), dict):
            raise unusable(NAME, week.at, "a row has no stats")
        theirs = str(row.get("season", week.at.season)), row.get("week", week.at.week)
        if theirs != (str(week.at.season), week.at.week):
            raise unusable(NAME, week.at, f"the answer is of {theirs[0]} week {theirs[1]}")
        stats = row["stats"]
        # Placeholders have neither game nor line, only a draft position.
        projected += "gp" in stats or any(key.startswith("pts_") for key in stats)
        points = {
            ours: value
            for ours, name in POINTS.items()
            if (value := number(stats.get(name))) not in (None, UNKNOWN)
        }
        if not points:
            continue
        if not row.get("player_id"):
            raise unusable(NAME, week.at, "a row has no player_id")
        who = row["player"] if isinstance(row.get("player"), dict) else {}
        if who.get("position", "QB") not in (*FANTASY_POSITIONS, "FB"):
            continue
        names = (text(who.get(name)) for name in ("first_name", "last_name"))
        name = " ".join(part for part in names if part)
        found.append(
            SourceProjection(
                str(row["player_id"]),
                name or None,
                text(row.get("team")),
                {**points, **stat_line(stats, STATS)},
            )
        )
    if projected and not found:
        raise unusable(NAME, week.at, f"no row has {', '.join(POINTS.values())}")
    if not found:
        raise nothing(NAME, week.at, "the answer has no projection")
    return found

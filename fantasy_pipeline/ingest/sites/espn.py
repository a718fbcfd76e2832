"""Read ESPN's projections: the player list of its public default league, PPR scoring.

A player has several entries of stats in no fixed order: actual and projected ones, of the season
and of single weeks. The projection has source 1 and the requested scoring period. ESPN returns the
list only if the filter header has a sort order; past seasons need the order by draft rank.

0 points mean that ESPN has no projection. ESPN sets a part of the zeros when the inactives are
known, so a 0 says nothing about who plays and is not recorded. Answers about past weeks that were
saved by others have no stat line; half-PPR and standard points then follow from the player's
expected receptions, where they are needed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.teams import ESPN_TEAMS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites import ESPN
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

NAME = ESPN
URL = (
    "https://lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/{season}/segments/0"
    "/leaguedefaults/3?scoringPeriodId={week}&view=kona_player_info"
)
_SLOTS = [0, 2, 4, 6, 17, 16]
"""ESPN's numbers of QB, RB, WR, TE, K and D/ST."""
FILTER = {
    "players": {
        "filterSlotIds": {"value": _SLOTS},
        "limit": 1500,
        "sortDraftRanks": {"sortPriority": 100, "sortAsc": True, "value": "PPR"},
    }
}
NO_PROJECTION = 0.0
"""Points of a player whom ESPN does not project."""
PROJECTED, WEEKLY = 1, 1
"""`statSourceId` of projections (actual stats: 0), and `statSplitTypeId` of single weeks."""
STATS = {
    "completions": ("1",),
    "attempts": ("0",),
    "passing_yards": ("3",),
    "passing_tds": ("4",),
    "passing_interceptions": ("20",),
    "carries": ("23",),
    "rushing_yards": ("24",),
    "rushing_tds": ("25",),
    "targets": ("58",),
    "receptions": ("53",),
    "receiving_yards": ("42",),
    "receiving_tds": ("43",),
    "fumbles_lost": ("72",),
    "two_point_conversions": ("19", "26", "44"),
    "special_teams_tds": ("101", "102"),
    "fg_att": ("84",),
    "fg_made": ("83",),
    "pat_made": ("86",),
}
"""Stat columns, and the numbers of ESPN's stats that each adds up."""
TEAMS = ESPN_TEAMS
"""Today's team code of each of ESPN's team numbers."""


def espn(transport: Transport) -> WebSource:
    """Return the adapter."""
    headers = {"X-Fantasy-Filter": json.dumps(FILTER, separators=(",", ":"))}

    def read(week: ScheduledWeek) -> tuple[Sequence[SourceProjection], datetime]:
        url = URL.format(season=week.at.season, week=week.at.week)
        fetched = transport.fetch(url, NAME, week.at.season, week.at.week, headers)
        return projections_in(json.loads(fetched.path.read_bytes()), week), fetched.as_of

    return WebSource(NAME, "espn_id", read, measured=True)


def projections_in(answer: object, week: ScheduledWeek) -> list[SourceProjection]:
    """Return the projections of a week in an answer.

    Raises:
        NotPublishedError: the answer has no projection of the week.
        UnusableAnswerError: the answer does not have the documented format.
    """
    players = answer.get("players") if isinstance(answer, dict) else None
    if not isinstance(players, list):
        raise unusable(NAME, week.at, "the answer has no list of players")
    found = []
    for entry in players:
        player = entry.get("player") if isinstance(entry, dict) else None
        if not isinstance(player, dict) or player.get("id") is None:
            raise unusable(NAME, week.at, "an entry has no player with an id")
        projection = _projection(player, week)
        if projection is None:
            continue
        defence = _is_defence(player)
        total = number(projection.get("appliedTotal"))
        if total is None:
            raise unusable(NAME, week.at, "a projection has no appliedTotal")
        if total in (NO_PROJECTION, PLACEHOLDER_POINTS):
            continue
        found.append(
            SourceProjection(
                str(player["id"]),
                text(player.get("fullName")),
                TEAMS.get(int(number(player.get("proTeamId")) or 0)),
                _values(total, None if defence else projection.get("stats"), defence),
            )
        )
    if not found:
        raise without_projections(NAME, week.at, f"no projection among {len(players)} players")
    return found


def _is_defence(player: dict[str, object]) -> bool:
    """Return whether an entry is a team's defence; ESPN gives those negative ids."""
    return (number(player["id"]) or 0) < 0


def _projection(player: dict[str, object], week: ScheduledWeek) -> dict[str, object] | None:
    """Return a player's projection of the week, or None."""
    wanted = {
        "seasonId": week.at.season,
        "scoringPeriodId": week.at.week,
        "statSourceId": PROJECTED,
        "statSplitTypeId": WEEKLY,
    }
    stats = player.get("stats") or []
    if not isinstance(stats, list):
        raise unusable(NAME, week.at, "a player's stats are not a list")
    for entry in stats:
        if isinstance(entry, dict):
            if missing := [name for name in wanted if name not in entry]:
                raise unusable(NAME, week.at, f"stats have no {', '.join(missing)}")
            if all(entry[name] == value for name, value in wanted.items()):
                return entry
    return None


def _values(total: float, stats: object, defence: bool = False) -> dict[str, float]:
    """Return points and stats; ESPN states PPR points, the others follow from the receptions.

    The points of a team's defence are the same in every scoring.
    """
    if defence:
        return dict.fromkeys(("points_std", "points_half", "points_ppr"), round(total, 4))
    if not isinstance(stats, dict) or not stats:
        return {"points_ppr": total}
    line = stat_line(stats, STATS)
    # A stat line leaves out stats of 0.
    receptions = line.get("receptions", 0.0)
    points = {
        "points_std": round(total - receptions, 4),
        "points_half": round(total - receptions / 2, 4),
        "points_ppr": round(total, 4),
    }
    return {**points, **line}

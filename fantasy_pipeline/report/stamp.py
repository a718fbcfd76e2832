"""The stamp of a report: as long as the lake has the same one, the report is up to date.

On object storage the stamp costs one listing, where the rows behind a report are dozens of objects.
If the stamp differs, the rows decide (`fingerprint`): every import rewrites player_history.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.calendar import Game, games_by_week, is_over_by_clock
from fantasy_pipeline.football.import_calendar import final_import_at
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report.fingerprint import layout

SHOWN = (
    tables.PROJECTIONS,
    tables.RAW_PLAYERS,
    tables.SOURCE_PROJECTIONS,
    tables.PLAYER_HISTORY,
    tables.GAMES,
    tables.PROJECTION_ACCURACY,
    tables.STAT_CORRECTIONS,
    tables.TEAM_DEFENSE_STATS,
    tables.WEEKLY_STATS,
    tables.NEWS,
    tables.REST_OF_SEASON,
)
"""Tables whose rows a report shows; see `rows.ReportReader`."""


def stamp(lake: Lake, games: Sequence[Game], week: SeasonWeek, as_of: datetime) -> str | None:
    """Return a digest of the files behind a week's report, of what is known of them at a moment,
    and of the report's layout.

    Take the stamp before reading the rows, so that rows are never older than their stamp.

    Args:
        games: the schedule, to tell which results and corrections are known.

    Returns:
        None if the lake is a folder, where reading the rows takes no longer.
    """
    versions = lake.versions(SHOWN)
    if versions is None:
        return None
    shown = [game for game in games if game.season in (week.season - 1, week.season)]
    over = sum(is_over_by_clock(game.kickoff, as_of) for game in shown)
    last = [max(game.kickoff for game in of) for of in games_by_week(shown).values()]
    final = sum(final_import_at(kickoff) <= as_of for kickoff in last)
    text = json.dumps([versions, over, final, layout()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

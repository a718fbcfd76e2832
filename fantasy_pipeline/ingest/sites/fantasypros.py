"""FantasyPros: the expert consensus ranking, as saved by dynastyprocess. Only the latest one.

A rank is no projection: points are those that FantasyPros itself gives for a rank (`r2p_pts`), and
stay empty where it gives none. The file does not name its week: that follows from the day it was
made and the schedule, and from the opponents that it lists.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.teams import CURRENT_CODE
from fantasy_pipeline.ingest.sites.base import (
    FIRST_SEASON,
    SourceProjection,
    SourceResponse,
    WebSource,
    nothing,
    unusable,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.ingest.download.transport import Transport

NAME = "fantasypros"
URL = "https://raw.githubusercontent.com/dynastyprocess/data/master/files/fp_latest_weekly.csv"
ALL = ("points_std", "points_half", "points_ppr")
PAGES: Mapping[str, Sequence[str]] = {
    "qb": ALL,
    "k": ALL,
    **{f"ppr-{position}": ("points_ppr",) for position in ("rb", "wr", "te")},
    **{f"half-point-ppr-{position}": ("points_half",) for position in ("rb", "wr", "te")},
    **dict.fromkeys(("rb", "wr", "te"), ("points_std",)),
}
"""Pages that rank one of our positions, and the scorings of their points."""
RANKS = {"ecr": "ecr", "ecr_sd": "sd", "ecr_best": "best", "ecr_worst": "worst"}
_NEEDED = ("page", "scrape_date", "fantasypros_id", "ecr")
_EASTERN = ZoneInfo("America/New_York")


class FantasyPros(WebSource):
    """The adapter: one file, about at most one of the weeks asked for."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(NAME, "fantasypros_id", self._latest)
        self._transport = transport

    def covers(self, week: ScheduledWeek) -> bool:
        return week.at.season >= FIRST_SEASON and week.is_current

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        answer = super().fetch(weeks, raw_players)
        if len(answer.absent) < len(weeks):
            # One week is all that it can have said something about.
            answer.absent.clear()
        return answer

    def _latest(self, week: ScheduledWeek) -> tuple[Sequence[SourceProjection], datetime]:
        fetched = self._transport.fetch(URL, NAME, week.at.season, week.at.week)
        try:
            with fetched.path.open(encoding="utf-8-sig", newline="") as lines:
                rows = list(csv.DictReader(lines))
        except (UnicodeDecodeError, csv.Error) as error:
            raise unusable(NAME, week.at, f"the file cannot be read: {error}") from error
        said, made = statements(rows, week)
        # First seen late, it was said no later than the end of the day that it names.
        end = datetime(made.year, made.month, made.day, tzinfo=timezone.utc) + timedelta(days=1)
        return said, min(fetched.as_of, end)


def statements(
    rows: Sequence[Mapping[str, str | None]], week: ScheduledWeek
) -> tuple[list[SourceProjection], date]:
    """Ranks and points in the file, and the day it was made.

    Raises:
        NotPublishedError: the file is of another week.
        UnusableAnswerError: a column is missing, a value unreadable, or the opponents are those of
            another week.
    """
    if not rows:
        raise nothing(NAME, week.at, "the file has no rows")
    if missing := [name for name in _NEEDED if name not in rows[0]]:
        raise unusable(NAME, week.at, f"the file has no column {', '.join(missing)}")
    ours = [row for row in rows if row["page"] in PAGES]
    if not ours:
        raise unusable(NAME, week.at, f"none of the pages {', '.join(PAGES)} is in the file")
    try:
        made = max(date.fromisoformat(row["scrape_date"] or "") for row in ours)
    except ValueError as error:
        raise unusable(NAME, week.at, f"a scrape_date is no date: {error}") from error
    if not is_of(week, made):
        raise nothing(NAME, week.at, f"the latest ranking is of {made}, not of this week")
    _check_opponents(ours, week)
    found: dict[str, SourceProjection] = {}
    for row in sorted(ours, key=lambda row: list(PAGES).index(row["page"] or "")):
        key = row["fantasypros_id"]
        if not _given(key):
            continue
        values = _values(row, week)
        # Of two pages on one player the first gives the ranks.
        known = found.setdefault(
            str(key), SourceProjection(str(key), row.get("player_name"), row.get("team"), {})
        )
        known.values.update({**values, **known.values})
    return list(found.values()), made


def is_of(week: ScheduledWeek, made: date) -> bool:
    """Whether a ranking made on a day is of this week: from Tuesday to its last game.

    The site turns to the next week after Monday, whatever was postponed; so no day is of two weeks.
    """
    first, last = (moment.astimezone(_EASTERN).date() for moment in week.kickoffs)
    monday = first + timedelta(days=(7 - first.weekday()) % 7)
    return monday - timedelta(days=7) < made <= min(last, monday)


def _check_opponents(rows: Iterable[Mapping[str, str | None]], week: ScheduledWeek) -> None:
    """Refuse a file whose opponents are not this week's, where it names them."""
    named = right = 0
    for row in rows:
        team, opponent = (
            CURRENT_CODE.get(code, code)
            for code in (row.get("team") or "", row.get("player_opponent_id") or "")
        )
        if _given(opponent) and team in week.opponents:
            named += 1
            right += week.opponents[team] == opponent
    if right * 2 < named:
        raise unusable(NAME, week.at, f"{named - right} of {named} opponents are of another week")


def _values(row: Mapping[str, str | None], week: ScheduledWeek) -> dict[str, float]:
    """Ranks, and points where they are given."""
    try:
        values = {
            ours: float(row[name] or "") for ours, name in RANKS.items() if _given(row.get(name))
        }
        if _given(row.get("r2p_pts")):
            points = float(row["r2p_pts"] or "")
            values |= dict.fromkeys(PAGES[row["page"] or ""], points)
    except ValueError as error:
        raise unusable(NAME, week.at, f"a value is no number: {error}") from error
    if not all(math.isfinite(value) for value in values.values()):
        raise unusable(NAME, week.at, "a value is not finite")
    return values


def _given(text: str | None) -> bool:
    return text not in (None, "", "NA")

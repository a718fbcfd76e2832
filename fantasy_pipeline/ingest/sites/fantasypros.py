"""Read FantasyPros' latest expert consensus ranking, which dynastyprocess saves.

A rank is not a projection: points are those that FantasyPros itself states for a rank (`r2p_pts`),
and null where it states none. The file does not name its week. The week follows from the file's day
and the schedule, and is checked against the opponents in the file.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa

from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.teams import CURRENT_CODE
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites.base import (
    FIRST_SEASON,
    SourceProjection,
    SourceResponse,
    WebSource,
    unusable,
    without_projections,
)

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
"""Pages that rank a fantasy position, and the point columns that each page fills."""
RANKS = {"ecr": "ecr", "ecr_sd": "sd", "ecr_best": "best", "ecr_worst": "worst"}
_REQUIRED = ("page", "scrape_date", "fantasypros_id", "ecr")
_EASTERN = ZoneInfo("America/New_York")


class FantasyPros(WebSource):
    """The adapter: one file, with at most one of the requested weeks."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(NAME, "fantasypros_id", self._latest)
        self._transport = transport

    def covers(self, week: ScheduledWeek) -> bool:
        return week.at.season >= FIRST_SEASON and week.is_current

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        response = super().fetch(weeks, raw_players)
        if len(response.absent) < len(weeks):
            # The file can have one week only, so the other weeks are no gaps.
            response.absent.clear()
        return response

    def _latest(self, week: ScheduledWeek) -> tuple[Sequence[SourceProjection], datetime]:
        fetched = self._transport.fetch(URL, NAME, week.at.season, week.at.week)
        try:
            with fetched.path.open(encoding="utf-8-sig", newline="") as lines:
                rows = list(csv.DictReader(lines))
        except (UnicodeDecodeError, csv.Error) as error:
            raise unusable(NAME, week.at, f"the file cannot be read: {error}") from error
        projections, made = projections_in(rows, week)
        # A file that is first downloaded later was stated by the end of its day at the latest.
        end = datetime(made.year, made.month, made.day, tzinfo=timezone.utc) + timedelta(days=1)
        return projections, min(fetched.as_of, end)


def projections_in(
    rows: Sequence[Mapping[str, str | None]], week: ScheduledWeek
) -> tuple[list[SourceProjection], date]:
    """Return the ranks and points in the file, one per player, and the day it was made.

    Raises:
        NotPublishedError: the file is of another week.
        UnusableAnswerError: a column is missing, a value is unreadable, or the opponents are those
            of another week.
    """
    if not rows:
        raise without_projections(NAME, week.at, "the file has no rows")
    if missing := [name for name in _REQUIRED if name not in rows[0]]:
        raise unusable(NAME, week.at, f"the file has no column {', '.join(missing)}")
    ranked = [row for row in rows if row["page"] in PAGES]
    if not ranked:
        raise unusable(NAME, week.at, f"none of the pages {', '.join(PAGES)} is in the file")
    try:
        made = max(date.fromisoformat(row["scrape_date"] or "") for row in ranked)
    except ValueError as error:
        raise unusable(NAME, week.at, f"a scrape_date is not a date: {error}") from error
    if not is_of(week, made):
        raise without_projections(
            NAME, week.at, f"the latest ranking is of {made}, not of this week"
        )
    _check_opponents(ranked, week)
    found: dict[str, SourceProjection] = {}
    for row in sorted(ranked, key=lambda row: list(PAGES).index(row["page"] or "")):
        key = row["fantasypros_id"]
        if not _is_given(key):
            continue
        values = _values(row, week)
        # If two pages rank a player, the ranks of the first page stay.
        projection = found.setdefault(
            str(key), SourceProjection(str(key), row.get("player_name"), row.get("team"), {})
        )
        projection.values.update({**values, **projection.values})
    return list(found.values()), made


def is_of(week: ScheduledWeek, made: date) -> bool:
    """Return whether a ranking made on a day is about a week: from Tuesday to its last game.

    FantasyPros turns to the next week after Monday, postponed games or not, so each day belongs to
    one week at most.
    """
    first, last = (moment.astimezone(_EASTERN).date() for moment in week.kickoffs)
    monday = first + timedelta(days=(7 - first.weekday()) % 7)
    return monday - timedelta(days=7) < made <= min(last, monday)


def _check_opponents(rows: Iterable[Mapping[str, str | None]], week: ScheduledWeek) -> None:
    """Raise `UnusableAnswerError` if most opponents in the file are not this week's."""
    stated = right = 0
    for row in rows:
        team, opponent = (
            CURRENT_CODE.get(code, code)
            for code in (row.get("team") or "", row.get("player_opponent_id") or "")
        )
        if _is_given(opponent) and team in week.opponents:
            stated += 1
            right += week.opponents[team] == opponent
    if right * 2 < stated:
        raise unusable(NAME, week.at, f"{stated - right} of {stated} opponents are of another week")


def _values(row: Mapping[str, str | None], week: ScheduledWeek) -> dict[str, float]:
    """Return a row's ranks and points by column, without those that the file leaves empty."""
    try:
        values = {
            column: float(row[name] or "")
            for column, name in RANKS.items()
            if _is_given(row.get(name))
        }
        if _is_given(row.get("r2p_pts")):
            points = float(row["r2p_pts"] or "")
            values |= dict.fromkeys(PAGES[row["page"] or ""], points)
    except ValueError as error:
        raise unusable(NAME, week.at, f"a value is not a number: {error}") from error
    if not all(math.isfinite(value) for value in values.values()):
        raise unusable(NAME, week.at, "a value is not finite")
    return values


def _is_given(text: str | None) -> bool:
    return text not in (None, "", "NA")

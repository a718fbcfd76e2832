"""What a source of other people's projections offers, and what its adapters share.

An adapter knows one site: its addresses, its answer, its traps. What is kept of what it says is
`source_record`'s; who is asked when, and what a failure means, is `source_projections`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from fantasy_pipeline.errors import NotPublishedError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.teams import CURRENT_CODE

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_SEASON = 2021
"""First season anybody is asked about: the sites answer for earlier ones with what they say today,
and raw_players has no rosters to join it to."""
UNKNOWN = 999.0
"""Points that the sites write where they have no projection."""
_FORMAT_CHANGED = "Upstream changed its format: update fantasy_pipeline, or leave this source out."
_NAMED = 5


@dataclass
class SourceResponse:
    """What one source said.

    Args:
        parts: tables of the columns of `SOURCE_PROJECTIONS`, but for `kickoff`.
        absent: weeks that it has nothing about, with its reason.
        failed: weeks that it was asked about in vain, with the error.
        warnings: what a reader must know beyond that.
    """

    parts: list[pa.Table] = field(default_factory=list)
    absent: dict[int, str] = field(default_factory=dict)
    failed: dict[int, SourceError] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class ProjectionSource(Protocol):
    """One source; an instance serves one run.

    Args:
        name: how it is called in tables.
        archived: its files of past weeks are kept as they were before the games.
    """

    name: str
    archived: bool

    def covers(self, week: ScheduledWeek) -> bool:
        """Whether the source can say something about the week."""

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        """What it says about weeks of one season; network failures are part of the answer.

        Args:
            raw_players: names, positions, teams and ids of `RAW_PLAYERS` of that season.
        """


@dataclass
class SourceProjection:
    """One player's projection as a site gives it; `id` is the site's.

    Args:
        values: columns of `SOURCE_PROJECTIONS` by name: points, ranks, stats.
    """

    id: str
    name: str | None
    team: str | None
    values: dict[str, float]


class WebSource:
    """Asks one address per week; after a failure of the network it asks no more.

    Args:
        name: of the source.
        id_column: column of `RAW_PLAYERS` with the site's ids.
        read: statements about one week, and when they were made.
    """

    archived = False

    def __init__(
        self,
        name: str,
        id_column: str,
        read: Callable[[ScheduledWeek], tuple[Sequence[SourceProjection], datetime]],
    ) -> None:
        self.name = name
        self._id_column = id_column
        self._read = read
        self._down: SourceError | None = None

    def covers(self, week: ScheduledWeek) -> bool:
        return week.is_regular and week.at.season >= FIRST_SEASON

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        answer = SourceResponse()
        strangers: dict[str, None] = {}
        total = 0
        for week in weeks:
            try:
                if self._down is not None:
                    raise self._down
                statements, as_of = self._read(week)
            except NotPublishedError as error:
                answer.absent[week.at.week] = error.cause
                continue
            except SourceError as error:
                answer.failed[week.at.week] = error
                if not isinstance(error, UnusableAnswerError):
                    self._down = error
                continue
            table, unknown = self._joined(statements, as_of, week, raw_players)
            answer.parts.append(table)
            total += len(statements)
            strangers.update(dict.fromkeys(unknown))
        if strangers:
            names = ", ".join(list(strangers)[:_NAMED])
            answer.warnings.append(
                f"{self.name} {weeks[0].at.season}: {len(strangers)} players of {total} rows match "
                f"no rostered player, e.g. {names}"
            )
        return answer

    def _joined(
        self,
        statements: Sequence[SourceProjection],
        as_of: datetime,
        week: ScheduledWeek,
        raw_players: pa.Table,
    ) -> tuple[pa.Table, list[str]]:
        """Statements under our ids, and the names of those that none of our players has."""
        import pyarrow as pa

        players = _by_id(raw_players, week.at, self._id_column)
        rows, unknown = {}, []
        for said in statements:
            player = players.get(said.id)
            if player is None:
                unknown.append(said.name or _encodable(said.id))
                continue
            team = CURRENT_CODE.get(said.team or "", said.team)
            rows[player["player_id"]] = {
                "season": week.at.season,
                "week": week.at.week,
                "source": self.name,
                "player_id": player["player_id"],
                "player_name": said.name or player["player_name"],
                "position": player["position"],
                "team": team,
                "as_of": as_of,
                **said.values,
            }
        return pa.Table.from_pylist(
            list(rows.values()), schema=SOURCE_PROJECTIONS.arrow_schema
        ), unknown


def _by_id(raw_players: pa.Table, at: SeasonWeek, id_column: str) -> dict[str, dict[str, Any]]:
    """Players of a week by a site's id; an id that two of them have is nobody's."""
    import pyarrow as pa
    import pyarrow.compute as pc

    here = of_week(raw_players, at)
    plays = pc.is_in(here["position"], pa.array(FANTASY_POSITIONS))
    names = ["player_id", "player_name", "position", id_column]
    found: dict[str, dict[str, Any]] = {}
    twice = set()
    for row in here.filter(plays).select(names).to_pylist():
        key = row[id_column]
        if key in found:
            twice.add(key)
        if key is not None:
            found[key] = row
    return {key: row for key, row in found.items() if key not in twice}


def unusable(dataset: str, at: SeasonWeek, cause: str) -> UnusableAnswerError:
    """The error of an answer of another shape than the documented one."""
    return UnusableAnswerError(dataset, _encodable(cause), _FORMAT_CHANGED, at.season, at.week)


def nothing(dataset: str, at: SeasonWeek, cause: str) -> NotPublishedError:
    """The error of an answer without projections."""
    return NotPublishedError(dataset, cause, "Run again later.", at.season, at.week)


def number(value: object) -> float | None:
    """A finite JSON number as float; None for anything else, true and false included."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        # An integer of hundreds of digits.
        return None


def text(value: object) -> str | None:
    """A JSON text that is not empty; None for anything else."""
    return _encodable(value) if isinstance(value, str) and value else None


def _encodable(value: str) -> str:
    """A text without halves of surrogate pairs: JSON may have them, no file can."""
    return value.encode("utf-8", "replace").decode("utf-8")


def stat_line(stats: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Stats under our names: the sum of a site's, for those that it gives."""
    line = {}
    for ours, theirs in names.items():
        given = [value for name in theirs if (value := number(stats.get(name))) is not None]
        if given:
            line[ours] = round(sum(given), 4)
    return line

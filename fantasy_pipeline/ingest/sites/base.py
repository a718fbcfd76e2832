"""The interface of a projection source, and what the adapters of the sites share.

An adapter knows one site: its addresses, its format and its pitfalls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import NotPublishedError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.positions import PROJECTED_POSITIONS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.teams import CURRENT_CODE
from fantasy_pipeline.ingest.sites.answer_plausible import (
    implausible,
    missing_positions,
    missing_teams,
    without_teams,
)

FIRST_SEASON = 2021
"""First season that a site is asked about. For earlier seasons the sites return today's values, and
raw_players has no rosters to match them with."""
PLACEHOLDER_POINTS = 999.0
"""Points that the sites write where they have no projection."""
_FORMAT_CHANGED = (
    "Upstream changed its format: update fantasy_pipeline, or leave this source out of "
    "FANTASY_PROJECTION_SOURCES."
)
_LISTED = 5
"""Unmatched players that a warning names."""


@dataclass
class SourceResponse:
    """One source's answer about some weeks of a season.

    Args:
        parts: rows with the columns of `SOURCE_PROJECTIONS`; `kickoff` is null.
        absent: weeks without projections, with the reason.
        failed: weeks whose download failed, with the error.
        warnings: other oddities, one line each.
    """

    parts: list[pa.Table] = field(default_factory=list)
    absent: dict[int, str] = field(default_factory=dict)
    failed: dict[int, SourceError] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class ProjectionSource(Protocol):
    """One source; an instance serves one run.

    Args:
        name: the source's name in tables.
        frozen: whether its files of past weeks stay as they were before the games.
    """

    name: str
    frozen: bool

    def covers(self, week: ScheduledWeek) -> bool:
        """Return whether the source may have projections of a week."""

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        """Return the source's projections of weeks of one season; failures are part of them.

        Args:
            weeks: weeks that the source covers.
            raw_players: names, positions, teams and ids of `RAW_PLAYERS` of that season.
        """


@dataclass
class SourceProjection:
    """One player's projection in a site's answer.

    Args:
        id: the player's id at the site.
        name: as the site spells it.
        team: as the site states it.
        values: points, ranks and stats by column of `SOURCE_PROJECTIONS`.
    """

    id: str
    name: str | None
    team: str | None
    values: dict[str, float]


class WebSource:
    """A source with one address per week; after a failure of the network it sends no more requests.

    Args:
        name: name of the source.
        id_column: column of `RAW_PLAYERS` with the site's ids.
        read: returns a week's projections and the moment at which the site stated them.
        measured: whether the bounds of plausible answers were measured on answers of this site.
            Such a site's answer that exceeds them is refused; of other sites it is used, with a
            warning.
    """

    frozen = False

    def __init__(
        self,
        name: str,
        id_column: str,
        read: Callable[[ScheduledWeek], tuple[Sequence[SourceProjection], datetime]],
        measured: bool = False,
    ) -> None:
        self.name = name
        self._id_column = id_column
        self._read = read
        self._measured = measured
        self._down: SourceError | None = None

    def covers(self, week: ScheduledWeek) -> bool:
        return week.is_regular and week.at.season >= FIRST_SEASON

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        response = SourceResponse()
        unmatched: dict[str, None] = {}
        total = 0
        for week in weeks:
            try:
                if self._down is not None:
                    raise self._down
                projections, as_of = self._read(week)
            except NotPublishedError as error:
                response.absent[week.at.week] = error.cause
                continue
            except SourceError as error:
                response.failed[week.at.week] = error
                if not isinstance(error, UnusableAnswerError):
                    self._down = error
                continue
            table, names = self._match_players(projections, as_of, week, raw_players)
            cause = implausible(table, raw_players, week.at)
            if cause and self._measured:
                response.failed[week.at.week] = _refused(self.name, week.at, cause)
                continue
            if cause:
                response.warnings.append(
                    f"{self.name} {week.at}: {cause}. Its projections are used all the same; if "
                    "they are wrong, leave it out of FANTASY_PROJECTION_SOURCES"
                )
            teams = missing_teams(table, raw_players, week.at)
            response.warnings += without_teams(self.name, week.at, teams)
            if self._measured and (few := missing_positions(table, raw_players, week.at)):
                response.warnings.append(
                    f"{self.name} {week.at}: its answer has {', '.join(few)}; other weeks have "
                    "more. Run the week again later"
                )
            response.parts.append(table)
            total += len(projections)
            unmatched.update(dict.fromkeys(names))
        if unmatched:
            listed = ", ".join(list(unmatched)[:_LISTED])
            response.warnings.append(
                f"{self.name} {weeks[0].at.season}: {len(unmatched)} players of {total} rows match "
                f"no rostered player, e.g. {listed}"
            )
        return response

    def _match_players(
        self,
        projections: Sequence[SourceProjection],
        as_of: datetime,
        week: ScheduledWeek,
        raw_players: pa.Table,
    ) -> tuple[pa.Table, list[str]]:
        """Return rows of `SOURCE_PROJECTIONS`, and the names that match no rostered player."""
        players = players_by_id(raw_players, week.at, self._id_column)
        rows, unmatched = {}, []
        for projection in projections:
            player = players.get(projection.id)
            if player is None:
                unmatched.append(projection.name or _encodable(projection.id))
                continue
            rows[player["player_id"]] = {
                "season": week.at.season,
                "week": week.at.week,
                "source": self.name,
                "player_id": player["player_id"],
                "player_name": projection.name or player["player_name"],
                "position": player["position"],
                "team": CURRENT_CODE.get(projection.team or "", projection.team),
                "as_of": as_of,
                **projection.values,
            }
        table = pa.Table.from_pylist(list(rows.values()), schema=SOURCE_PROJECTIONS.arrow_schema)
        return table, unmatched


def players_by_id(
    raw_players: pa.Table, at: SeasonWeek, id_column: str
) -> dict[str, dict[str, str]]:
    """Return a week's projected players by a site's id, without ids that two players share.

    Args:
        raw_players: `RAW_PLAYERS` rows of the week, perhaps of other weeks as well.
        id_column: column with the site's ids, or `player_id`.
    """
    of_the_week = of_week(raw_players, at)
    fantasy = pc.is_in(of_the_week["position"], pa.array(PROJECTED_POSITIONS))
    names = dict.fromkeys(("player_id", "player_name", "position", "team", id_column))
    players: dict[str, dict[str, str]] = {}
    shared = set()
    for row in of_the_week.filter(fantasy).select([*names]).to_pylist():
        key = row[id_column]
        if key in players:
            shared.add(key)
        if key is not None:
            players[key] = row
    return {key: row for key, row in players.items() if key not in shared}


def unusable(dataset: str, at: SeasonWeek, cause: str) -> UnusableAnswerError:
    """Return the error of an answer that does not have the documented format."""
    return UnusableAnswerError(dataset, _encodable(cause), _FORMAT_CHANGED, at.season, at.week)


def _refused(dataset: str, at: SeasonWeek, cause: str) -> UnusableAnswerError:
    """Return the error of an answer that has the documented format and wrong numbers."""
    advice = "Run the week again when the site has the right answer."
    return UnusableAnswerError(dataset, cause, advice, at.season, at.week)


def without_projections(dataset: str, at: SeasonWeek, cause: str) -> NotPublishedError:
    """Return the error of an answer that has no projection of the week."""
    return NotPublishedError(dataset, cause, "Run the week again later.", at.season, at.week)


def number(value: object) -> float | None:
    """Return a finite JSON number as float, and None for any other value, booleans included."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        # An integer of hundreds of digits.
        return None


def text(value: object) -> str | None:
    """Return a JSON text that is not empty, and None for any other value."""
    return _encodable(value) if isinstance(value, str) and value else None


def _encodable(value: str) -> str:
    """Return a text without halves of surrogate pairs: JSON allows them, files do not."""
    return value.encode("utf-8", "replace").decode("utf-8")


def stat_line(stats: Mapping[str, object], names: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return stats by column name: each is the sum of the site's stats that the answer has.

    Args:
        stats: the site's stats.
        names: the site's stats that each column adds up.
    """
    line = {}
    for column, site_names in names.items():
        given = [value for name in site_names if (value := number(stats.get(name))) is not None]
        if given:
            line[column] = round(sum(given), 4)
    return line

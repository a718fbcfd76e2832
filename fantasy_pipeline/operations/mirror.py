"""Save the files that imports read, for machines without network, tests and reproduction.

The sources request the files as in an import, so this module has no addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from fantasy_pipeline.errors import (
    InvalidArgumentError,
    LastingError,
    NotPublishedError,
    PipelineError,
    UnusableAnswerError,
)
from fantasy_pipeline.football.calendar import (
    Game,
    ScheduledWeek,
    games_from_table,
    season_schedule,
    week_status,
    weeks_to_project,
)
from fantasy_pipeline.football.season_week import ranges
from fantasy_pipeline.football.tables import RAW_PLAYERS
from fantasy_pipeline.ingest.download.saving import MirrorFolder, SavingTransport
from fantasy_pipeline.ingest.leagues.adapters import open_adapters
from fantasy_pipeline.ingest.leagues.base import Adapter, Registered
from fantasy_pipeline.ingest.leagues.files import File
from fantasy_pipeline.ingest.leagues.registry import registered
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.ingest.news.base import NewsSource
from fantasy_pipeline.ingest.news.registry import open_news_sources
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.ingest.sites.base import ProjectionSource
from fantasy_pipeline.ingest.sites.registry import open_projection_sources
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.week_runs import ShowStep
from fantasy_pipeline.orchestration.workspace import open_source

_Reading = tuple[str, Callable[[], None]]


@dataclass
class Mirrored:
    """Result of saving upstream's files.

    Args:
        folder: the folder, and what was saved in it.
        not_published: data sets, seasons and weeks that upstream does not have.
        failures: data sets, seasons and weeks that could not be downloaded or read, with the cause.
    """

    folder: MirrorFolder
    not_published: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        counts = {name: len(getattr(self.folder, name)) for name in ("new", "updated", "unchanged")}
        return {
            "folder": str(self.folder.folder),
            "files": sum(counts.values()),
            **counts,
            "bytes": self.folder.size,
            "not_published": self.not_published,
            "failures": self.failures,
        }


def mirror(session: Session, folder: Path, seasons: Sequence[int], step: ShowStep) -> Mirrored:
    """Save every file that imports of some seasons read, registered leagues included.

    The last week is the upcoming one. News is saved if one of the weeks is projected now.

    Files of weeks whose games have all kicked off are not requested again if the folder has them;
    later statements of a source do not count. A file that is not usable costs no other file.

    Raises:
        SourceError: nflverse cannot be reached.
        InvalidArgumentError: the source has no files, or the schedule lacks a season.
        PipelineError: the folder cannot be written.
    """
    if session.label:
        raise InvalidArgumentError(
            f"the {session.label} has no files to save; give another source, e.g. --source auto."
        )
    result = Mirrored(MirrorFolder(folder.expanduser().absolute()))
    transport = partial(SavingTransport, result.folder)
    source = open_source(session.settings, session.source, transport)
    sites = open_projection_sources(session.settings, source, False, transport)
    with step("schedule", len(seasons)):
        games = games_from_table(source.schedule())
    weeks = _weeks(games, seasons, session)
    result.folder.settled |= {week.at for week in weeks if week.all_kicked_off}
    adapters = open_adapters(session.settings, transport)
    current = set(weeks_to_project(games, session.now)) & {week.at for week in weeks}
    news = open_news_sources(session.settings, False, transport) if current else []
    readings: list[_Reading] = [
        *_readings(source, sites, weeks, result),
        *((f"news of {one.name}", partial(_read_news, one, session.now, result)) for one in news),
        *league_readings(registered(session.lake), adapters, weeks, result),
    ]
    for number, (name, read) in enumerate(readings, 1):
        with step(name, len(readings) - number):
            read()
    return result


def _weeks(games: Sequence[Game], seasons: Sequence[int], session: Session) -> list[ScheduledWeek]:
    """Return the weeks of some seasons up to the upcoming week.

    Raises:
        InvalidArgumentError: the schedule lacks a season.
    """
    if missing := sorted(set(seasons) - {game.season for game in games}):
        known = ranges({game.season for game in games})
        raise InvalidArgumentError(
            f"the schedule has no season {ranges(missing)}; give seasons out of {known}."
        )
    status = week_status(games, session.now)
    last = status.upcoming or status.due
    schedules = (season_schedule(games, season, session.now).values() for season in seasons)
    return [week for schedule in schedules for week in schedule if week.at <= last]


def _readings(
    source: Source,
    sites: Sequence[ProjectionSource],
    weeks: Sequence[ScheduledWeek],
    result: Mirrored,
) -> Iterator[_Reading]:
    """Yield the name of each reading, and a function that reads and so saves its files."""
    for dataset in ("players", "player_ids", "market_values"):
        yield dataset, partial(_read, getattr(source, dataset), result)
    for season in sorted({week.at.season for week in weeks}):
        of_season = [week for week in weeks if week.at.season == season]
        for dataset, first in schema.FIRST_SEASON_UPSTREAM.items():
            if season >= first and dataset in schema.BY_SEASON:
                read = partial(getattr(source, dataset), season)
                yield f"{dataset} {season}", partial(_read, read, result)
        for site in sites:
            covered = [week for week in of_season if site.covers(week)]
            if site.name == NFLCOM:
                if season >= schema.FIRST_SEASON_UPSTREAM["nflcom_projections"]:
                    yield f"{site.name} {season}", partial(_read_nflcom, source, covered, result)
            elif covered:
                yield f"{site.name} {season}", partial(_ask, site, covered, result)


def league_readings(
    leagues: Sequence[Registered],
    adapters: Mapping[str, Adapter],
    weeks: Sequence[ScheduledWeek],
    result: Mirrored,
) -> Iterator[_Reading]:
    """Yield the name of each season of the registered leagues, and a function that reads it.

    Leagues of files are left out: their files are the user's own.
    """
    for league in leagues:
        adapter = adapters[league.platform]
        for season in sorted({week.at.season for week in weeks} & set(league.seasons)):
            numbers = [week.at.week for week in weeks if week.at.season == season]
            if not isinstance(adapter, File):
                name = f"league {league.name} {season}"
                identity = league.seasons[season]
                yield name, partial(_read_league, adapter, identity, season, numbers, name, result)
    if any(league.platform == "sleeper" for league in leagues):
        players = adapters["sleeper"]
        if isinstance(players, Sleeper):
            # Imports ask it about players whom no id table maps.
            yield "players of Sleeper", partial(_read_players, players, result)


def _read_league(
    adapter: Adapter, identity: str, season: int, weeks: Sequence[int], name: str, result: Mirrored
) -> None:
    """Read the settings and the weeks of a league's season."""
    try:
        of = adapter.season(identity, season)
    except PipelineError as error:
        result.failures.append(str(error))
        return
    absent = []
    for week in weeks:
        try:
            adapter.week(of, week)
        except NotPublishedError:
            absent.append(week)
        except PipelineError as error:
            # The other weeks would most likely fail alike, each after all its attempts.
            result.failures.append(str(error))
            break
    if absent:
        result.not_published.append(f"{name} week {ranges(absent)}")


def _read_players(sleeper: Sleeper, result: Mirrored) -> None:
    try:
        sleeper.players()
    except PipelineError as error:
        result.failures.append(str(error))


def _read_news(source: NewsSource, now: datetime, result: Mirrored) -> None:
    """Read a source's news of now, without the pages of single players."""
    try:
        answer = source.fetch(RAW_PLAYERS.arrow_schema.empty_table(), (), now)
    except NotPublishedError:
        result.not_published.append(f"news of {source.name}")
    except PipelineError as error:
        result.failures.append(str(error))
    else:
        result.not_published += answer.absent
        result.failures += answer.warnings


def _read(read: Callable[[], pa.Table], result: Mirrored) -> None:
    """Read a data set; add one that upstream lacks, or that is not usable, to the result."""
    try:
        read()
    except NotPublishedError as error:
        season = "" if error.season is None else f" {error.season}"
        result.not_published.append(f"{error.dataset}{season}")
    except (LastingError, UnusableAnswerError) as error:
        result.failures.append(str(error))


def _read_nflcom(source: Source, weeks: Sequence[ScheduledWeek], result: Mirrored) -> None:
    """Read NFL.com's files of weeks of one season, which the `Source` delivers."""
    absent = []
    for week in weeks:
        try:
            if not source.nflcom_projections(week.at.season, [week.at.week]).num_rows:
                absent.append(week)
            source.nflcom_defenders(week.at.season, [week.at.week])
        except NotPublishedError:
            absent.append(week)
        except (LastingError, UnusableAnswerError) as error:
            result.failures.append(str(error))
    _add_absent(NFLCOM, absent, result)


def _ask(site: ProjectionSource, weeks: Sequence[ScheduledWeek], result: Mirrored) -> None:
    """Ask a site about weeks of one season."""
    response = site.fetch(weeks, RAW_PLAYERS.arrow_schema.empty_table())
    _add_absent(site.name, [week for week in weeks if week.at.week in response.absent], result)
    numbers: dict[str, list[int]] = {}
    for number, error in response.failed.items():
        numbers.setdefault(f"{error.cause}. {error.advice}", []).append(number)
    for text, failed in numbers.items():
        where = f"{site.name} {weeks[0].at.season} week {ranges(failed)}"
        result.failures.append(f"{where}: {text}")


def _add_absent(name: str, weeks: Sequence[ScheduledWeek], result: Mirrored) -> None:
    if weeks:
        numbers = ranges(week.at.week for week in weeks)
        result.not_published.append(f"{name} {weeks[0].at.season} week {numbers}")

"""Register a league, and import the weeks that the lake has stats of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from fantasy_pipeline.errors import InvalidArgumentError, NotPublishedError, PipelineError
from fantasy_pipeline.football.season_week import WEEKS, SeasonWeek, ranges, week_ranges
from fantasy_pipeline.football.slots import unknown_slots
from fantasy_pipeline.football.tables import GAMES, LEAGUE_ROSTERS, PROJECTIONS, WEEKLY_STATS
from fantasy_pipeline.football.tables.week_rows import of_weeks, weeks_in
from fantasy_pipeline.football.team_games import over_by_clock
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.answers import season_of, season_of_file
from fantasy_pipeline.ingest.leagues.base import DATASET, LAST_WEEK, Adapter, LeagueSeason
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.leagues.tables import scoring_of
from fantasy_pipeline.operations.backfill.plan import contiguous
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.leagues import import_again, older_weeks, weeks_by_league
from fantasy_pipeline.operations.session import open_instance
from fantasy_pipeline.orchestration.runs.tags import run_tags

if TYPE_CHECKING:
    from fantasy_pipeline.lake import Lake
    from fantasy_pipeline.operations.session import Session

JOB = "league_import"
AGREEMENT = "league_points_agree"
"""Check of single players' points."""
_FIRST_OF_ESPN = 2018
"""Earliest season that ESPN answers at this address."""
ShowStep = Callable[[str, int], AbstractContextManager[None]]
"""Shows a step while it runs: its name, and the number of steps after it."""


@dataclass
class Added:
    """The result of `add`.

    Args:
        name: name of the league.
        seasons: its seasons, earliest first.
        weeks: imported weeks.
        warnings: what to know and to do, one line each.
    """

    name: str
    seasons: list[LeagueSeason]
    weeks: list[SeasonWeek] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def add(
    session: Session,
    platform: str,
    league: str,
    name: str | None,
    show: ShowStep,
) -> Added:
    """Register a league and import the weeks that the lake has stats of.

    Args:
        league: the platform's id, or the path of a file.
        name: name of the league; None: made from its name on the platform.
        show: shows each step.

    Raises:
        InvalidArgumentError: the platform or the name is not allowed, or the lake has sample data
            and the league real players.
        PipelineError: the platform has no such league, or a run failed.
    """
    if platform not in registry.PLATFORMS:
        known = ", ".join(registry.PLATFORMS)
        raise InvalidArgumentError(f"platform {platform!r} is none of {known}.")
    if session.source == "sample" and platform != "file":
        raise InvalidArgumentError(
            f"the players of the sample data are invented, and a league of {platform} has real "
            "ones. Add it to real data: unset FANTASY_SOURCE, or add --source auto."
        )
    stored = session.lake.weeks(WEEKLY_STATS)
    with show("reading the league", 0):
        seasons, warnings = _seasons(session, platform, league, {week.season for week in stored})
    for season in seasons:
        # A league whose scoring cannot be read must not fail every later import.
        scoring_of(season)
    name = name or slug(seasons[-1].title)
    replaced = _without_rows(session.lake, name, seasons[-1]) if platform == "file" else []
    registry.store(session.lake, name, seasons, replaced)
    added = Added(name, seasons, warnings=warnings)
    if replaced:
        added.warnings.append(
            f"season {ranges(replaced)} of {name}, which an earlier `league add` of this file "
            f"registered, had no imported week; season {seasons[-1].season} replaces it"
        )
    wanted = {season.season for season in seasons}
    last = max(WEEKS) if platform == "file" else LAST_WEEK
    weeks = [week for week in stored if week.season in wanted and week.week <= last]
    older = older_weeks(session.lake, wanted)
    added.warnings += _what_to_import(name, seasons, weeks, older)
    asked = [week for week in weeks if week not in older]
    of_runs = _import(session, sorted({*asked, *_to_come(session, asked, last)}), show)
    added.warnings += of_runs
    has = weeks_by_league(session.lake).get(name, set())
    added.weeks = [week for week in asked if week in has]
    # The run has said why a week could not be read.
    absent = [w for w in _gaps(asked, has) if not any(f"{w}:" in text for text in of_runs)]
    if absent:
        added.warnings.append(
            f"{platform} gave no rosters of {week_ranges(absent)} for league {name}, although it "
            "has later weeks. Run `league add` again"
        )
    return added


def _without_rows(lake: Lake, name: str, of: LeagueSeason) -> list[int]:
    """Return the other seasons that the same file is registered for, and the lake has no rows of.

    A file that is added again with another season corrects the earlier one, unless that has rows.
    """
    others = {
        season
        for league in registry.registered(lake)
        if league.name == name and league.platform == "file"
        for season, league_id in league.seasons.items()
        if league_id == of.league_id and season != of.season
    }
    if others and lake.weeks(LEAGUE_ROSTERS):
        rosters = of_league(lake.read(LEAGUE_ROSTERS, columns=["season", "league"]), name)
        others -= set(rosters["season"].unique().to_pylist())
    return sorted(others)


def _to_come(session: Session, played: Sequence[SeasonWeek], last: int) -> list[SeasonWeek]:
    """Return the projected weeks after the latest played one, which have rosters but no points.

    A week that is over without stats in the lake is not one of them: its import brings it.

    Args:
        last: last week of a season that a league may have.
    """
    if not played:
        return []
    latest = max(played)
    projected = {
        week
        for week in session.lake.weeks(PROJECTIONS)
        if week.season == latest.season and week > latest and week.week <= last
    }
    if not projected:
        return []
    games = of_weeks(session.lake.read(GAMES), projected)
    return weeks_in(games.filter(pc.invert(over_by_clock(games, session.now))))


def _gaps(asked: Sequence[SeasonWeek], has: Collection[SeasonWeek]) -> list[SeasonWeek]:
    """Return the weeks that a league lacks although it has a later week of the season."""
    last = {week.season: week for week in sorted(has)}
    return [w for w in asked if w not in has and w.season in last and w < last[w.season]]


def _seasons(
    session: Session, platform: str, league: str, stored: set[int]
) -> tuple[list[LeagueSeason], list[str]]:
    """Return the seasons of a league, earliest first, and warnings about those left out.

    Raises:
        PipelineError: the platform has no such league.
    """
    if platform == "file":
        season = season_of_file(Path(league))
        if season.season > session.now.year:
            raise PipelineError(
                f"league file {league}: season {season.season} is later than the coming one, "
                f"{session.now.year}. Correct `season`."
            )
        return [season], []
    adapter = session.league_desk().adapter(platform)
    if platform == "espn":
        return espn_seasons(session, adapter, league, stored)
    found, warnings = [season_of(adapter, league)], []
    while (previous := found[-1].previous) is not None:
        try:
            found.append(season_of(adapter, previous))
        except PipelineError as error:
            warnings.append(f"earlier seasons are left out: {error}")
            break
        if found[-1].season >= found[-2].season:
            found.pop()
            break
    return found[::-1], warnings


def espn_seasons(
    session: Session, adapter: Adapter, league: str, stored: set[int]
) -> tuple[list[LeagueSeason], list[str]]:
    """Return the latest season of an ESPN league, and those before it that the lake has.

    Raises:
        NotPublishedError: ESPN has no such league in any season.
        PipelineError: ESPN failed, or its answer is wrong.
    """
    newest = max({*stored, session.status.due.season})
    for season in range(newest, _FIRST_OF_ESPN - 1, -1):
        try:
            latest = season_of(adapter, league, season)
            break
        except NotPublishedError:
            continue
    else:
        raise NotPublishedError(
            DATASET,
            f"ESPN has no league {league} in the seasons {_FIRST_OF_ESPN}-{newest}",
            "Check the id (leagueId=ID in the league's address).",
        )
    found, warnings = [latest], []
    earlier = {season for season in latest.more["previous_seasons"] if season < latest.season}
    for season in sorted(earlier & stored, reverse=True):
        try:
            found.append(season_of(adapter, league, season))
        except PipelineError as error:
            warnings.append(f"season {season} is left out: {error}")
    if absent := earlier - stored:
        warnings.append(
            f"ESPN also has season{'s' * (len(absent) > 1)} {ranges(absent)} of the league, of "
            "which the lake has no stats: run `fantasy-pipeline backfill --seasons "
            f"{ranges(absent)}`, then `league add` again"
        )
    return found[::-1], warnings


def _what_to_import(
    name: str,
    seasons: Sequence[LeagueSeason],
    weeks: Sequence[SeasonWeek],
    older: Sequence[SeasonWeek],
) -> list[str]:
    """Return one line per kind of week that the lake lacks, with the command that imports it."""
    lines = []
    absent = sorted({s.season for s in seasons} - {week.season for week in weeks})
    if absent:
        listed = ",".join(map(str, absent))
        lines.append(
            f"the lake has no stats of season {listed.replace(',', ', ')}: run `fantasy-pipeline "
            f"backfill --seasons {listed}`, then `league add` again"
        )
    if older:
        lines.append(f"{import_again(older)}, then `league add` again")
    if unknown := unknown_slots(seasons[-1].slots):
        lines.append(
            f"no position fills the slot{'s' * (len(unknown) > 1)} {', '.join(unknown)} of {name}: "
            "optimal_points leave them empty. Check `league show`"
        )
    if not seasons[-1].teams or seasons[-1].more.get("status") == "pre_draft":
        lines.append(
            f"season {seasons[-1].season} of {name} has no rosters before its draft; the weekly "
            "imports bring them"
        )
    return lines


def _import(session: Session, weeks: Sequence[SeasonWeek], show: ShowStep) -> list[str]:
    """Import and score weeks with one run per group of consecutive weeks.

    Returns:
        What the runs warn of, without the single players whose points differ: `league check` lists
        those.

    Raises:
        PipelineError: a run failed.
    """
    groups, warnings = rectangles(weeks), list[str]()
    session.make_home()
    for number, (first, last) in enumerate(groups):
        seasons = ranges(range(first.season, last.season + 1))
        step = f"{JOB} {seasons}|{first.week:02d}-{last.week:02d}"
        with show(step, len(groups) - number - 1):
            tags = run_tags(last, session.source, "manual", as_of=session.now)
            with open_instance(session.home, one_run=True) as instance:
                outcome = execute(instance, JOB, session.source, tags, first, last)
        if not outcome.success:
            raise PipelineError("; ".join(outcome.errors))
        warnings += outcome.errors
        warnings += [text for text in outcome.warnings if not text.startswith(f"{AGREEMENT}: ")]
    return list(dict.fromkeys(warnings))


def rectangles(weeks: Sequence[SeasonWeek]) -> list[tuple[SeasonWeek, SeasonWeek]]:
    """Return the first and last week of each group of consecutive weeks.

    Consecutive seasons with the same weeks are one group: a run takes the same weeks of several
    seasons, and reads the id tables once.
    """
    groups: list[tuple[SeasonWeek, SeasonWeek]] = []
    for first, last in contiguous(weeks):
        if groups:
            start, end = groups[-1]
            before = SeasonWeek(first.season - 1, last.week)
            if (start.week, end) == (first.week, before):
                groups[-1] = (start, last)
                continue
        groups.append((first, last))
    return groups


def slug(title: str) -> str:
    """Return a name made from a title: lower-case letters and digits, joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "league"

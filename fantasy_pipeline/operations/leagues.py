"""Register leagues, import their weeks, and compare their points with the platform's."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.errors import InvalidArgumentError, NotPublishedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek, week_ranges
from fantasy_pipeline.football.tables import (
    LEAGUE_POINTS,
    LEAGUE_TEAMS,
    PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import Adapter, LeagueSeason
from fantasy_pipeline.ingest.leagues.files import read_file
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.leagues.tables import NOT_MAPPED, scoring_of
from fantasy_pipeline.leagues.view import LeagueView
from fantasy_pipeline.operations.backfill.plan import contiguous
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.runs.tags import run_tags

if TYPE_CHECKING:
    from fantasy_pipeline.lake import Lake
    from fantasy_pipeline.operations.session import Session

JOB = "league_import"
SAMPLE_NAME = "sample-fantasy"
_LATER = "fumbles_total"
"""A column that weeks imported by an earlier version lack, as all that leagues score besides."""
ShowStep = Callable[[str, int], AbstractContextManager[None]]
"""Shows a step while it runs: its name, and the number of steps after it."""


@dataclass
class Added:
    """What `add` did.

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
    registry.store(session.lake, name, seasons)
    added = Added(name, seasons, warnings=warnings)
    wanted = {season.season for season in seasons}
    weeks = [week for week in stored if week.season in wanted]
    older = older_weeks(session.lake, wanted)
    added.warnings += _what_to_import(name, seasons, weeks, older)
    asked = [week for week in weeks if week not in older]
    _import(session, asked, show)
    has = _weeks_by_league(session.lake).get(name, set())
    added.weeks = [week for week in asked if week in has]
    absent = _gaps(asked, has)
    if absent:
        added.warnings.append(
            f"{platform} gave no rosters of {week_ranges(absent)} for league {name}, although it "
            "has later weeks: the answer was empty or could not be read. Run `league add` again"
        )
    return added


def _gaps(asked: Sequence[SeasonWeek], has: Collection[SeasonWeek]) -> list[SeasonWeek]:
    """Return the weeks that a league lacks although it has a later week of the season."""
    last = {week.season: week for week in sorted(has)}
    return [w for w in asked if w not in has and w.season in last and w < last[w.season]]


def register_sample(session: Session) -> str:
    """Register the sample fantasy league of the current season, and return its name.

    The next import of a week brings its rosters and points.
    """
    from fantasy_pipeline.ingest.sample.fantasy import write_fantasy_league

    season = session.status.due.season
    stats = session.upstream.weekly_stats(season)
    path = write_fantasy_league(session.home / "sample-fantasy", stats, season)
    registry.store(session.lake, SAMPLE_NAME, [read_file(path)])
    return SAMPLE_NAME


def _seasons(
    session: Session, platform: str, league: str, stored: set[int]
) -> tuple[list[LeagueSeason], list[str]]:
    """Return the seasons of a league, earliest first, and warnings about those left out.

    Raises:
        PipelineError: the platform has no such league.
    """
    if platform == "file":
        return [read_file(Path(league))], []
    adapter = session.league_desk().adapter(platform)
    if platform == "espn":
        return _espn_seasons(session, adapter, league, stored)
    found, warnings = [adapter.season(league)], []
    while (previous := found[-1].previous) is not None:
        try:
            found.append(adapter.season(previous))
        except PipelineError as error:
            warnings.append(f"earlier seasons are left out: {error}")
            break
        if found[-1].season >= found[-2].season:
            found.pop()
            break
    return found[::-1], warnings


def _espn_seasons(
    session: Session, adapter: Adapter, league: str, stored: set[int]
) -> tuple[list[LeagueSeason], list[str]]:
    """Return the seasons of an ESPN league that the lake has, or the current one."""
    current = session.status.due.season
    failure: PipelineError | None = None
    for season in sorted({*stored, current}, reverse=True):
        try:
            latest = adapter.season(league, season)
            break
        except NotPublishedError as error:
            failure = failure or error
    else:
        raise failure or PipelineError(f"ESPN has no league {league}.")
    found, warnings = [latest], []
    for season in sorted(set(latest.more["previous_seasons"]) & stored, reverse=True):
        try:
            found.append(adapter.season(league, season))
        except PipelineError as error:
            warnings.append(f"season {season} is left out: {error}")
    return found[::-1], warnings


def older_weeks(lake: Lake, seasons: Collection[int]) -> list[SeasonWeek]:
    """Return the weeks whose stat lines an earlier version imported, without what leagues score."""
    return [week for week in lake.weeks_without(WEEKLY_STATS, _LATER) if week.season in seasons]


def import_again(older: Sequence[SeasonWeek]) -> str:
    """Return what weeks of an earlier version lack, and the command that imports them again."""
    seasons = ",".join(map(str, sorted({week.season for week in older})))
    return (
        f"weekly_stats of {week_ranges(older)} lack stats that leagues score: import them again "
        f"with `fantasy-pipeline backfill --seasons {seasons}`"
    )


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
    if not seasons[-1].teams or seasons[-1].more.get("status") == "pre_draft":
        lines.append(
            f"season {seasons[-1].season} of {name} has no rosters before its draft; the weekly "
            "imports bring them"
        )
    return lines


def _import(session: Session, weeks: Sequence[SeasonWeek], show: ShowStep) -> None:
    """Import and score weeks with one run per group of consecutive weeks of a season.

    Raises:
        PipelineError: a run failed.
    """
    groups = contiguous(weeks)
    for number, (first, last) in enumerate(groups):
        with show(f"{JOB} {first.key}-{last.week:02d}", len(groups) - number - 1):
            tags = run_tags(last, session.source, "manual", as_of=session.now)
            outcome = execute(session.instance, JOB, session.source, tags, first, last)
        if not outcome.success:
            raise PipelineError("; ".join(outcome.errors))


def slug(title: str) -> str:
    """Return a name made from a title: lower-case letters and digits, joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "league"


def _weeks_by_league(lake: Lake) -> dict[str, set[SeasonWeek]]:
    """Return the weeks that `league_points` has of each league."""
    found: dict[str, set[SeasonWeek]] = {}
    if lake.weeks(LEAGUE_POINTS):
        rows = lake.read(LEAGUE_POINTS, columns=["season", "week", "league"])
        for row in rows.group_by(["league", "season", "week"]).aggregate([]).to_pylist():
            week = SeasonWeek(row["season"], row["week"])
            found.setdefault(row["league"], set()).add(week)
    return found


def listed(session: Session) -> list[dict[str, Any]]:
    """Return the registered leagues, one row each."""
    stored = _weeks_by_league(session.lake)
    return [
        {
            "league": league.name,
            "platform": league.platform,
            "id": league.seasons[max(league.seasons)],
            "seasons": sorted(league.seasons),
            "weeks": len(stored.get(league.name, ())),
        }
        for league in registry.registered(session.lake)
    ]


@dataclass
class Shown:
    """The settings of a league's season, and its teams as rows of `LEAGUE_TEAMS`."""

    season: LeagueSeason
    notes: list[str]
    scoring: dict[str, float]
    teams: list[dict[str, Any]]


def shown(session: Session, name: str, season: int | None = None) -> Shown:
    """Return the settings and teams of a season of a league; None: its latest.

    Raises:
        InvalidArgumentError: there is no such league or season.
    """
    of = season_of(session, name, season)
    scoring = scoring_of(of)
    teams = [{"team_id": t.team_id, "team_name": t.name, "manager": t.manager} for t in of.teams]
    return Shown(of, scoring.notes, {rule.key: rule.points for rule in scoring.rules}, teams)


def season_of(session: Session, name: str, season: int | None = None) -> LeagueSeason:
    """Return a season of a registered league; None: its latest.

    Raises:
        InvalidArgumentError: there is no such league or season.
    """
    league = registry.find(session.lake, name)
    wanted = max(league.seasons) if season is None else season
    found = registry.stored_season(session.lake, name, wanted) if wanted in league.seasons else None
    if found is None:
        seasons = ", ".join(map(str, sorted(league.seasons)))
        raise InvalidArgumentError(f"league {name} has no season {wanted}; it has {seasons}.")
    return found


def view_of(session: Session, name: str, season: int) -> LeagueView:
    """Return a registered league as it is in a season.

    Raises:
        InvalidArgumentError: there is no such league or season.
    """
    return LeagueView(name, season_of(session, name, season))


def accuracy(session: Session, name: str, seasons: Sequence[int] | None) -> list[dict[str, Any]]:
    """Return the errors of the projections in a league's scoring: rows by season and position.

    Scored are players with a projection of a point or more who have a stat line.

    Args:
        seasons: seasons to score; None: all of the league.

    Raises:
        InvalidArgumentError: there is no such league.
        PipelineError: no week of the league is projected and played.
    """
    league, lake = registry.find(session.lake, name), session.lake
    wanted = set(league.seasons) & set(seasons or league.seasons)
    weeks = sorted(set(lake.weeks(PROJECTIONS)) & set(lake.weeks(WEEKLY_STATS)))
    errors: dict[tuple[int, str], list[float]] = {}
    for week in (week for week in weeks if week.season in wanted):
        view = view_of(session, name, week.season)
        actual = view.actual(lake, week)
        for row in view.projected(lake.read(PROJECTIONS, [week])).to_pylist():
            if row["projected_points"] >= 1 and row["player_id"] in actual:
                error = row["projected_points"] - actual[row["player_id"]]
                errors.setdefault((week.season, row["position"]), []).append(error)
    if not errors:
        raise PipelineError(
            f"accuracy: the lake has no week of league {name} that is projected and played. Run "
            "`fantasy-pipeline backfill` for its seasons."
        )
    return [
        {
            "season": season,
            "position": position,
            "players": len(found),
            "mae": sum(map(abs, found)) / len(found),
            "rmse": (sum(error**2 for error in found) / len(found)) ** 0.5,
            "bias": sum(found) / len(found),
        }
        for (season, position), found in sorted(errors.items())
    ]


def checked(session: Session, name: str) -> dict[str, Any]:
    """Return how far the points of a league agree with the platform's.

    Returns:
        ``seasons``: rows with the number of compared and equal player-weeks and the share;
        ``differences``: the ten largest; ``notes``: keys that are not scored; ``unmapped``: players
        without an NFL id.

    Raises:
        InvalidArgumentError: there is no such league.
        PipelineError: the lake has no points of it.
    """
    from fantasy_pipeline.checks.leagues import agreement

    league = registry.find(session.lake, name)
    points = of_league(session.lake.read(LEAGUE_POINTS), name)
    if not points.num_rows:
        raise PipelineError(
            f"league_points: the lake has no week of league {name}. Run `fantasy-pipeline league "
            f"add {league.platform} {league.seasons[max(league.seasons)]} --name {name}`."
        )
    rows = points.to_pylist()
    seasons = []
    for season in sorted({row["season"] for row in rows}):
        of_season = points.filter(_equals(points["season"], season))
        share = agreement(of_season)
        compared = of_season.num_rows - of_season["difference"].null_count
        equal = round((share or 0) * compared)
        seasons.append({"season": season, "compared": compared, "equal": equal, "share": share})
    apart = sorted(
        (row for row in rows if row["explained_by"] or abs(row["difference"] or 0) >= 0.005),
        key=lambda row: -abs(row["difference"] or 0),
    )
    latest = registry.stored_season(session.lake, name, max(league.seasons))
    names = ("season", "week", "player_name", "position", "points", "platform_points")
    unmapped = {
        row["player_name"] or row["platform_player_id"]
        for row in rows
        if row["not_scored"] == NOT_MAPPED
    }
    return {
        "league": name,
        "seasons": seasons,
        "differences": [
            {**{key: row[key] for key in names}, "explained_by": row["explained_by"]}
            for row in apart[:10]
        ],
        "notes": scoring_of(latest).notes if latest else [],
        "unmapped": sorted(unmapped),
    }


def _equals(column: Any, value: object) -> Any:
    import pyarrow.compute as pc

    return pc.equal(column, value)


def remove(session: Session, name: str) -> int:
    """Remove a league from the registry, and its rows from the lake; return the weeks changed.

    Raises:
        InvalidArgumentError: there is no such league.
    """
    import pyarrow.compute as pc

    from fantasy_pipeline.football.tables import (
        LEAGUE_MATCHUPS,
        LEAGUE_PROJECTIONS,
        LEAGUE_ROSTERS,
    )

    registry.remove(session.lake, name)
    changed: set[SeasonWeek] = set()
    for table in (LEAGUE_ROSTERS, LEAGUE_POINTS, LEAGUE_MATCHUPS, LEAGUE_PROJECTIONS):
        for week in session.lake.weeks(table):
            rows = session.lake.read(table, [week])
            others = rows.filter(pc.not_equal(rows["league"], name))
            if others.num_rows < rows.num_rows:
                session.lake.write_weeks(table, others, [week])
                changed.add(week)
    if session.lake.has(LEAGUE_TEAMS):
        teams = session.lake.read(LEAGUE_TEAMS)
        session.lake.write(LEAGUE_TEAMS, teams.filter(pc.not_equal(teams["league"], name)))
    return len(changed)

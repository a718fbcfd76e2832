"""Show registered leagues, and compare their points with the platform's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek, ranges, week_ranges
from fantasy_pipeline.football.tables import (
    LEAGUE_MATCHUPS,
    LEAGUE_POINTS,
    LEAGUE_PROJECTIONS,
    LEAGUE_ROSTERS,
    LEAGUE_TEAMS,
    OPTIMAL_LINEUPS,
    PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.leagues import AGREE
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Registered
from fantasy_pipeline.ingest.leagues.files import read_file
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.leagues.tables import DEFENCE, NOT_MAPPED, scoring_of
from fantasy_pipeline.leagues.team_defence import team_scoring
from fantasy_pipeline.leagues.team_keys import left_out
from fantasy_pipeline.leagues.view import LeagueView

if TYPE_CHECKING:
    from fantasy_pipeline.lake import Lake
    from fantasy_pipeline.operations.session import Session

SAMPLE_NAME = "sample-fantasy"
TEAM_DEFENCES, PLAYERS = "team defences", "players"
_LATER = "fumbles_total"
"""A column that weeks imported by an earlier version lack, as all that leagues score besides."""


def register_sample(session: Session) -> str:
    """Register the sample fantasy league of the current season, and return its name.

    Imports of its weeks bring rosters and points.
    """
    from fantasy_pipeline.ingest.sample.fantasy import write_fantasy_league

    season = session.status.due.season
    stats = session.upstream.weekly_stats(season)
    path = write_fantasy_league(session.home / "sample-fantasy", stats, season)
    registry.store(session.lake, SAMPLE_NAME, [read_file(path)])
    return SAMPLE_NAME


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


def weeks_by_league(lake: Lake) -> dict[str, set[SeasonWeek]]:
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
    stored = weeks_by_league(session.lake)
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
    """The settings of a league's season, and its teams as rows of `LEAGUE_TEAMS`.

    Args:
        scoring, team_defence: points by key that players and team defences are scored by.
    """

    season: LeagueSeason
    notes: list[str]
    scoring: dict[str, float]
    team_defence: dict[str, float]
    teams: list[dict[str, Any]]


def shown(session: Session, name: str, season: int | None = None) -> Shown:
    """Return the settings and teams of a season of a league; None: its latest.

    Raises:
        InvalidArgumentError: there is no such league or season.
    """
    of = season_of(session, name, season)
    scoring = scoring_of(of)
    teams = [{"team_id": t.team_id, "team_name": t.name, "manager": t.manager} for t in of.teams]
    of_players, of_defences = (
        {rule.key: rule.points for rule in one.rules}
        for one in (scoring, team_scoring(scoring.team_defence))
    )
    return Shown(of, scoring.notes, of_players, of_defences, teams)


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
        raise InvalidArgumentError(
            f"league {name} has no season {wanted}; it has {seasons}. Choose one with --season."
        )
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
        for row in view.projected(lake, [week]).to_pylist():
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
        ``missing_keys``: see `_missing_keys`; ``differences``: the ten largest; ``notes``: keys
        that are not scored; ``unmapped``: players without an NFL id.

    Raises:
        InvalidArgumentError: there is no such league.
        PipelineError: the lake has no points of it.
    """
    from fantasy_pipeline.checks.leagues import agreement

    league = registry.find(session.lake, name)
    points = of_league(session.lake.read(LEAGUE_POINTS), name)
    if not points.num_rows:
        raise PipelineError(_no_points(session.lake, league))
    rows = points.to_pylist()
    seasons, missing = [], []
    for season in sorted({row["season"] for row in rows}):
        of_season = points.filter(pc.equal(points["season"], season))
        if (of := registry.stored_season(session.lake, name, season)) is not None:
            missing += _missing_keys(of_season, of)
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
        "missing_keys": missing,
        "differences": [
            {**{key: row[key] for key in names}, "explained_by": row["explained_by"]}
            for row in apart[:10]
        ],
        "notes": scoring_of(latest).notes if latest else [],
        "unmapped": sorted(unmapped),
    }


def _no_points(lake: Lake, league: Registered) -> str:
    """Return that the lake has no week of a league, and what to do."""
    absent = set(league.seasons) - {week.season for week in lake.weeks(WEEKLY_STATS)}
    if absent:
        todo = (
            f"It lacks the stats of {ranges(absent)}: run `fantasy-pipeline backfill --seasons "
            f"{ranges(absent)}`, which imports the league as well"
        )
    else:
        what = "FILE" if league.platform == "file" else league.seasons[max(league.seasons)]
        todo = f"Run `fantasy-pipeline league add {league.platform} {what} --name {league.name}`"
    return f"league_points: the lake has no week of league {league.name}. {todo}."


def _missing_keys(points: pa.Table, of: LeagueSeason) -> list[dict[str, Any]]:
    """Return what keys that are not scored leave open: a row per key and kind of player.

    Args:
        points: `LEAGUE_POINTS` rows of one league and season.

    Returns:
        season, key, its points, the reason; whose (team defences or players); compared and equal
        player-weeks of those; explained: player-weeks whose difference the key may explain; share:
        that of equal ones among the others.
    """
    scoring = scoring_of(of)
    reasons = {**scoring.not_computed, **left_out(scoring.team_defence)}
    compared = [row for row in points.to_pylist() if row["difference"] is not None]
    found = []
    for whose in (TEAM_DEFENCES, PLAYERS):
        rows = [row for row in compared if (row["position"] == DEFENCE) == (whose == TEAM_DEFENCES)]
        equal = sum(abs(row["difference"]) < AGREE for row in rows)
        for key, reason in reasons.items():
            keys_of = ((row["explained_by"] or "").split(" or ") for row in rows)
            if explained := sum(key in keys for keys in keys_of):
                found.append(
                    {
                        **{"season": of.season, "key": key, "reason": reason, "whose": whose},
                        "points": scoring.unpaid.get(key, scoring.team_defence.get(key)),
                        **{"compared": len(rows), "equal": equal, "explained": explained},
                        "share": equal / max(len(rows) - explained, 1),
                    }
                )
    return found


def remove(session: Session, name: str) -> int:
    """Remove a league from the registry, and its rows from the lake; return the weeks changed.

    Raises:
        InvalidArgumentError: there is no such league.
    """
    registry.remove(session.lake, name)
    changed: set[SeasonWeek] = set()
    weekly = (
        *(LEAGUE_ROSTERS, LEAGUE_POINTS, LEAGUE_MATCHUPS, LEAGUE_PROJECTIONS),
        OPTIMAL_LINEUPS,
    )
    for table in weekly:
        for week in session.lake.weeks(table):
            rows = session.lake.read(table, [week])
            others = rows.filter(pc.not_equal(rows["league"], name))
            if others.num_rows < rows.num_rows:
                session.lake.write_weeks(table, others, [week])
                changed.add(week)
    teams = session.lake.read_if_stored(LEAGUE_TEAMS)
    if teams is not None:
        session.lake.write(LEAGUE_TEAMS, teams.filter(pc.not_equal(teams["league"], name)))
    return len(changed)

"""Build `weekly_stats`: each player's stat line of a week, with recomputed fantasy points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football import scoring
from fantasy_pipeline.football.calendar import games_from_table
from fantasy_pipeline.football.import_calendar import SO_FAR, ImportPhase, phases_at
from fantasy_pipeline.football.named_weeks import scheduled_weeks
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, WEEKLY_STATS
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.football.team_games import covered_games, team_games
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.lake.duck import arrow, database, query

OLD_READER = "nfl_data_py"
"""Library that reads upstream's old release, which ends with 2024."""
_UPSTREAM_POINTS = ("fantasy_points", "fantasy_points_ppr")


def weekly_stats(
    source: Source,
    games: pa.Table,
    raw_players: pa.Table,
    season: int,
    weeks: Sequence[int],
    now: datetime | None = None,
) -> pa.Table:
    """Return the stat lines of some weeks of a season, all positions.

    Args:
        source: reads upstream's data sets.
        games: `GAMES`.
        raw_players: `RAW_PLAYERS` of those weeks, for positions and missing names.
        now: moment of the import; of a week in progress, only the games that are over count. None:
            all games count.

    Returns:
        `WEEKLY_STATS` rows, one per player and week; a week without games has none.

    Raises:
        NotPublishedError: the schedule lacks the season or a week; or a week has games, but
            upstream's file has no row of it, or of a game of it that is over.
        SourceError: upstream failed.
    """
    scheduled = scheduled_weeks(games, season, weeks)
    if not scheduled:
        return WEEKLY_STATS.arrow_schema.empty_table()
    lines = source.weekly_stats(season)
    _require_weeks(lines, scheduled, season)
    reader = source.reader_of("weekly_stats")
    lines = lines.filter(pc.is_in(lines["week"], pa.array(weeks, pa.int32())))
    if now is not None:
        lines = _of_games_over(lines, games, [SeasonWeek(season, week) for week in scheduled], now)
    lines = _with_points(lines).append_column("source", pa.array([reader] * lines.num_rows))
    if reader == OLD_READER:
        lines = _with_scheduled_opponents(lines, games)
    with database() as connection:
        connection.register("lines", lines)
        connection.register("raw_players", raw_players)
        table = arrow(
            connection, query(__package__, "weekly_stats"), positions=list(FANTASY_POSITIONS)
        )
    return WEEKLY_STATS.shaped(table)


def _require_weeks(lines: pa.Table, scheduled: set[int], season: int) -> None:
    """Raise `NotPublishedError` if upstream's file lacks one of the scheduled weeks."""
    published = set(pc.unique(lines["week"]).to_pylist())
    missing = sorted(scheduled - published)
    if missing:
        raise NotPublishedError(
            "weekly_stats",
            f"the schedule has games, but upstream's file has weeks "
            f"{min(published)}-{max(published)} only",
            "Upstream publishes within a day of the last game: re-run then.",
            season,
            missing[0],
            missing,
        )


def _of_games_over(
    lines: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek], now: datetime
) -> pa.Table:
    """Return the stat lines of some weeks of a season; of a week in progress, of games over.

    Raises:
        NotPublishedError: a week in progress has no game that is over, or none with stat lines.
    """
    covered = covered_games(games, weeks, now)
    if covered.num_rows == games.num_rows:
        return lines
    keys = ["season", "week", "team"]
    lines = lines.join(team_games(covered).select(keys), keys, join_type="left semi")
    missing = sorted(set(weeks) - set(weeks_in(lines)))
    if missing:
        is_begun = any(of_week(covered, week).num_rows for week in missing)
        raise NotPublishedError(
            "weekly_stats",
            "upstream has no stat line yet of the games that are over"
            if is_begun
            else f"no game of the week is over at {now:%Y-%m-%d %H:%M} UTC",
            "Import the week again later.",
            missing[0].season,
            missing[0].week,
            [week.week for week in missing],
        )
    return lines


def _with_points(lines: pa.Table) -> pa.Table:
    """Return stat lines with recomputed points beside upstream's, which are renamed."""
    lines = lines.rename_columns({name: f"upstream_{name}" for name in _UPSTREAM_POINTS})
    for name, rules in (
        ("fantasy_points", scoring.rules("std")),
        ("fantasy_points_half", scoring.rules("half")),
        ("fantasy_points_ppr", scoring.rules("ppr")),
    ):
        lines = lines.append_column(name, pa.array(scoring.points(lines, rules)))
    return lines.append_column("kicking_points", pa.array(scoring.kicking_points(lines)))


def _with_scheduled_opponents(lines: pa.Table, games: pa.Table) -> pa.Table:
    """Return stat lines with the opponents that the schedule has.

    The old release states a wrong opponent for 78 players of 2015-2024, often their own team. Their
    team is right, as the new release shows.
    """
    keys = ["season", "week", "team"]
    scheduled = team_games(games).select([*keys, "opponent"])
    scheduled = scheduled.rename_columns([*keys, "scheduled"])
    both = lines.join(scheduled, keys, join_type="left outer")
    opponent = pc.coalesce(both["scheduled"], both["opponent"])
    position = lines.column_names.index("opponent")
    return both.select(lines.column_names).set_column(position, "opponent", opponent)


def unplayed_games(
    games: pa.Table, weekly_stats: pa.Table, season: int, weeks: Sequence[int]
) -> list[str]:
    """Return one warning per week that names its games without stat lines of both teams.

    Args:
        games: `GAMES`; of a week in progress, the games that are over.
    """
    teams = set(
        zip(weekly_stats["week"].to_pylist(), weekly_stats["team"].to_pylist(), strict=True)
    )
    warnings = []
    for week in weeks:
        scheduled = of_week(games, SeasonWeek(season, week))
        absent = [
            f"{row['away_team']}-{row['home_team']}"
            for row in scheduled.select(["away_team", "home_team"]).to_pylist()
            if (week, row["home_team"]) not in teams or (week, row["away_team"]) not in teams
        ]
        if absent:
            warnings.append(
                f"weekly_stats {season} week {week}: no stats yet of "
                f"{len(absent)} of {scheduled.num_rows} games: {', '.join(absent)}"
            )
    return warnings


def incomplete_weeks(games: pa.Table, weekly_stats: pa.Table) -> set[SeasonWeek]:
    """Return the weeks of the whole schedule in which a team with a game has no stat line."""
    keys = ["season", "week", "team"]
    rows = weekly_stats.group_by(keys).aggregate([]).select(keys).to_pylist()
    with_stats = {tuple(row.values()) for row in rows}
    return {
        SeasonWeek(season, week)
        for season, week, *teams in zip(
            *(games[name].to_pylist() for name in ("season", "week", "home_team", "away_team")),
            strict=True,
        )
        if any((season, week, team) not in with_stats for team in teams)
    }


def import_phases(
    now: datetime, games: pa.Table, weekly_stats: pa.Table, weeks: Sequence[SeasonWeek]
) -> dict[SeasonWeek, ImportPhase]:
    """Return the phase of each week's import; a week that lacks a game's stats is never final."""
    seasons = pa.array({week.season for week in weeks})
    of_seasons = games.filter(pc.is_in(games["season"], seasons))
    phases = phases_at(games_from_table(of_seasons), weeks, now)
    incomplete = incomplete_weeks(games, weekly_stats)
    return {
        week: "provisional" if week in incomplete and phase != SO_FAR else phase
        for week, phase in phases.items()
    }


def games_so_far(games: pa.Table, weekly_stats: pa.Table, week: SeasonWeek) -> tuple[int, int]:
    """Return the number of a week's games with stat lines of both teams, and of all its games."""
    teams = set(of_week(weekly_stats, week)["team"].to_pylist())
    scheduled = of_week(games, week).select(["home_team", "away_team"]).to_pylist()
    return sum({*game.values()} <= teams for game in scheduled), len(scheduled)


def point_differences(weekly_stats: pa.Table) -> list[tuple[SeasonWeek, str]]:
    """Return the week and a description of each stat line whose points differ from upstream's.

    Points differ if they are more than 0.01 apart, or if upstream states none.
    """
    different = []
    for name in _UPSTREAM_POINTS:
        points = weekly_stats[name].to_numpy()
        gap = np.abs(points - weekly_stats[f"upstream_{name}"].to_numpy())
        # Null becomes NaN, for which `gap > 0.01` would be false.
        rows = weekly_stats.take(np.flatnonzero(~(gap <= 0.01) & ~np.isnan(points))).to_pylist()
        different += [
            (
                SeasonWeek(row["season"], row["week"]),
                f"{row['player_name']}: {name} {row[name]}, upstream {row['upstream_' + name]}",
            )
            for row in rows
        ]
    return different

"""`weekly_stats`: every player's stat line of a week, with points by our own scoring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football import scoring
from fantasy_pipeline.football.calendar import games_from_table, scheduled_weeks
from fantasy_pipeline.football.import_calendar import ImportPhase, phases_at
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, WEEKLY_STATS
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.lake.duck import arrow, database, query

if TYPE_CHECKING:
    import pyarrow as pa

OLD_READER = "nfl_data_py"
"""Reader of the release that ended with 2024."""


def weekly_stats(
    source: Source, games: pa.Table, raw_players: pa.Table, season: int, weeks: Sequence[int]
) -> pa.Table:
    """Stat lines of some weeks of a season, all positions.

    Returns:
        `WEEKLY_STATS` rows; a week in which the schedule has no game has none.

    Raises:
        NotPublishedError: the schedule does not have the season, or not yet a week of it, or a
            week has games, but upstream's file has no row of it.
        SourceError: upstream failed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    scheduled = scheduled_weeks(games, season, weeks)
    if not scheduled:
        return WEEKLY_STATS.arrow_schema.empty_table()
    lines = source.weekly_stats(season)
    published = set(pc.unique(lines["week"]).to_pylist())
    missing = sorted(scheduled - published)
    if missing:
        raise NotPublishedError(
            "weekly_stats",
            f"the schedule has games, upstream's file has weeks "
            f"{min(published)}-{max(published)} only",
            "Upstream publishes within a day of the last game: re-run then.",
            season,
            missing[0],
        )
    lines = lines.filter(pc.is_in(lines["week"], pa.array(weeks, pa.int32())))
    lines = (
        lines.rename_columns(
            {
                "fantasy_points": "upstream_fantasy_points",
                "fantasy_points_ppr": "upstream_fantasy_points_ppr",
            }
        )
        .append_column("fantasy_points", pa.array(scoring.points(lines, scoring.rules("std"))))
        .append_column(
            "fantasy_points_half", pa.array(scoring.points(lines, scoring.rules("half")))
        )
        .append_column("fantasy_points_ppr", pa.array(scoring.points(lines, scoring.rules("ppr"))))
        .append_column("kicking_points", pa.array(scoring.points(lines, scoring.KICKING)))
        .append_column("source", pa.array([source.reader_of("weekly_stats")] * lines.num_rows))
    )
    if source.reader_of("weekly_stats") == OLD_READER:
        lines = _with_scheduled_opponents(lines, games)
    with database() as connection:
        connection.register("lines", lines)
        connection.register("raw_players", raw_players)
        table = arrow(
            connection, query(__package__, "weekly_stats"), positions=list(FANTASY_POSITIONS)
        )
    return WEEKLY_STATS.conform(table)


def _with_scheduled_opponents(lines: pa.Table, games: pa.Table) -> pa.Table:
    """Stat lines with the opponents that the schedule has.

    The old release gives 78 players of 2015-2024 a wrong one, often their own team; of all of them
    the team is right, as the new release shows.
    """
    import pyarrow.compute as pc

    keys = ["season", "week", "team"]
    scheduled = team_games(games).select([*keys, "opponent"])
    scheduled = scheduled.rename_columns([*keys, "scheduled"])
    both = lines.join(scheduled, keys, join_type="left outer")
    opponent = pc.coalesce(both["scheduled"], both["opponent"])
    at = lines.column_names.index("opponent")
    return both.select(lines.column_names).set_column(at, "opponent", opponent)


def unplayed_games(
    games: pa.Table, weekly_stats: pa.Table, season: int, weeks: Sequence[int]
) -> list[str]:
    """Warnings about games of some weeks that have no stat lines yet, one per week."""
    seen = set(zip(weekly_stats["week"].to_pylist(), weekly_stats["team"].to_pylist(), strict=True))
    warnings = []
    for week in weeks:
        these = of_week(games, SeasonWeek(season, week))
        absent = [
            f"{row['away_team']}-{row['home_team']}"
            for row in these.select(["away_team", "home_team"]).to_pylist()
            if (week, row["home_team"]) not in seen or (week, row["away_team"]) not in seen
        ]
        if absent:
            warnings.append(
                f"weekly_stats {season} week {week}: provisional, no stats yet of "
                f"{len(absent)} of {these.num_rows} games: {', '.join(absent)}"
            )
    return warnings


def incomplete_weeks(games: pa.Table, weekly_stats: pa.Table) -> set[SeasonWeek]:
    """Weeks with a game of which a team has no stat line; the rest of the schedule counts too."""
    keys = ["season", "week", "team"]
    seen = weekly_stats.group_by(keys).aggregate([]).select(keys).to_pylist()
    known = {tuple(row.values()) for row in seen}
    return {
        SeasonWeek(season, week)
        for season, week, *teams in zip(
            *(games[name].to_pylist() for name in ("season", "week", "home_team", "away_team")),
            strict=True,
        )
        if any((season, week, team) not in known for team in teams)
    }


def import_phases(
    now: datetime, games: pa.Table, weekly_stats: pa.Table, weeks: Sequence[SeasonWeek]
) -> dict[SeasonWeek, ImportPhase]:
    """Phase of each week's import; one that lacks the stats of a game is never final."""
    import pyarrow as pa
    import pyarrow.compute as pc

    theirs = games.filter(pc.is_in(games["season"], pa.array({week.season for week in weeks})))
    phases = phases_at(games_from_table(theirs), weeks, now)
    incomplete = incomplete_weeks(games, weekly_stats)
    return {week: "provisional" if week in incomplete else phase for week, phase in phases.items()}


def point_differences(weekly_stats: pa.Table) -> list[tuple[SeasonWeek, str]]:
    """Stat lines whose points differ from upstream's by more than 0.01: the week, and in words.

    Points that upstream does not give differ from ours, too: else nothing would be compared.
    """
    import numpy as np

    different = []
    for ours in ("fantasy_points", "fantasy_points_ppr"):
        points = weekly_stats[ours].to_numpy()
        gap = np.abs(points - weekly_stats[f"upstream_{ours}"].to_numpy())
        # Null is NaN here, and neither more nor less.
        rows = weekly_stats.take(np.flatnonzero(~(gap <= 0.01) & ~np.isnan(points))).to_pylist()
        different += [
            (
                SeasonWeek(row["season"], row["week"]),
                f"{row['player_name']}: {ours} {row[ours]}, upstream {row['upstream_' + ours]}",
            )
            for row in rows
        ]
    return different

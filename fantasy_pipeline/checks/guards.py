"""What an asset refuses to write, whatever the checks say: tables with holes in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import REGULAR_SEASON
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.football.tables.week_rows import weeks_in

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LOST_GAMES = 2
"""Games of a season that a schedule may have less than the one before: one is cancelled now and
then (2022 week 17), a moved one is still there. Without a game its teams count as on a bye."""
_AT_SCHEDULE = (
    "The file is cut short: re-run later. If it is right, delete the lake's games table and re-run."
)


def refuse_empty_weeks(name: str, rows: pa.Table, weeks: Iterable[SeasonWeek]) -> None:
    """Raise if a week has no rows.

    Args:
        name: table, for the message.
        weeks: weeks that must have rows, because the schedule has games in them.

    Raises:
        PipelineError: the first such week, and how many there are.
    """
    if empty := sorted(set(weeks) - set(weeks_in(rows))):
        more = f" (and {len(empty) - 1} more weeks)" if len(empty) > 1 else ""
        raise PipelineError(
            f"{name} {empty[0]}{more}: no rows, but the schedule has games. Nothing was written. "
            f"Materialize what it is made of for that week again, then {name}."
        )


def refuse_forgotten_weeks(connection: duckdb.DuckDBPyConnection, history: pa.Table) -> None:
    """Raise if the player history lacks a week of which the lake has fantasy players.

    Args:
        connection: with views raw_players and weekly_stats.

    Raises:
        PipelineError: the first such week.
    """
    listed = connection.execute(
        "select distinct season, week from raw_players where list_contains(?, position)"
        " union select distinct season, week from weekly_stats where list_contains(?, position)",
        [list(FANTASY_POSITIONS)] * 2,
    ).fetchall()
    refuse_empty_weeks("player_history", history, [SeasonWeek(*row) for row in listed])


def refuse_lost_games(known: pa.Table, games: pa.Table) -> None:
    """Raise if a schedule lacks games of the one before: their teams would count as on a bye.

    Args:
        known: season and week of each game of the schedule before.

    Raises:
        PipelineError: a week lost all its games, or a season, be it its regular part or its
            play-offs, over `LOST_GAMES` of them.
    """
    before, now = (Counter(_weeks_of_games(table)) for table in (known, games))
    lost = {week: before[week] - now[week] for week in sorted(before) if now[week] < before[week]}
    has, had = (Counter(week.season for week in weeks.elements()) for weeks in (now, before))
    for season in sorted({week.season for week in lost}):
        theirs = [week for week in lost if week.season == season]
        gone = [week for week in theirs if week not in now]
        counts = f"upstream's schedule has {has[season]} games, the lake's has {had[season]}"
        if not has[season]:
            raise PipelineError(f"games {season}: {counts}. {_AT_SCHEDULE}")
        if gone:
            raise PipelineError(
                f"games {season} week {gone[0].week}: upstream's schedule has no game of it, the "
                f"lake's has {before[gone[0]]}. {_AT_SCHEDULE}"
            )
        # The pairing of the play-offs must not make up for games that are gone.
        regular = regular_weeks(games, season)
        for part in (regular, {week for week in before | now if week.season == season} - regular):
            missing = sum(before[week] - now[week] for week in part)
            if missing > LOST_GAMES:
                weeks = ", ".join(str(week.week) for week in theirs if week in part)
                raise PipelineError(
                    f"games {season} week {weeks}: {missing} games are gone, {counts}. "
                    f"{_AT_SCHEDULE}"
                )


def _weeks_of_games(games: pa.Table) -> list[SeasonWeek]:
    """The week of each game."""
    return [
        SeasonWeek(*row)
        for row in zip(games["season"].to_pylist(), games["week"].to_pylist(), strict=True)
    ]


def regular_weeks(games: pa.Table, season: int) -> set[SeasonWeek]:
    """Weeks of a season's regular part."""
    kinds = games["game_type"].to_pylist()
    return {
        week
        for week, kind in zip(_weeks_of_games(games), kinds, strict=True)
        if week.season == season and kind == REGULAR_SEASON
    }


def weeks_without_stats(
    games_played: Mapping[SeasonWeek, tuple[int, int]],
    imported: Iterable[SeasonWeek],
    projected: Iterable[SeasonWeek],
) -> dict[int, list[str]]:
    """Warnings, by season, about played weeks before projected ones whose stats the lake lacks.

    No error: who imports a single week need not have the others. But players are projected as if
    they had not played in them: without 2024 week 5 a quarterback falls from 21.6 to 3.2 points.

    Args:
        games_played: of each week, games with a score, and games.
        imported: weeks of weekly_stats in the lake.
        projected: weeks that are being projected.
    """
    there, last = set(imported), {week.season: week for week in sorted(projected)}
    warnings = {}
    for season, week in last.items():
        missing = sorted(
            other.week
            for other, (played, _) in games_played.items()
            if other.season == season and other < week and played and other not in there
        )
        if missing:
            weeks = ",".join(map(str, missing))
            warnings[season] = [
                f"projections {season}: the lake has no stats of week {weeks.replace(',', ', ')}, "
                f"which was played; week {week.week} is projected without them. To import them: "
                f"fantasy-pipeline backfill --seasons {season} --weeks {weeks}"
            ]
    return warnings

"""Guards: assets call them to refuse tables with missing weeks or games, before any check runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import REGULAR_SEASON
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.football.tables.week_rows import weeks_in

if TYPE_CHECKING:
    import duckdb

LOST_GAMES = 2
"""Games of a season that a new schedule may lack: a game is cancelled now and then (2022 week 17),
a moved one is still listed. The teams of a missing game would count as on a bye."""
_TRUNCATED = (
    "The upstream file looks truncated: re-run later. If the file is right, delete the games table "
    "from the lake and re-run."
)


def refuse_empty_weeks(name: str, rows: pa.Table, weeks: Iterable[SeasonWeek]) -> None:
    """Raise if a week has no rows.

    Args:
        name: table, for the message.
        weeks: weeks that must have rows, because the schedule has games in them.

    Raises:
        PipelineError: names the first empty week and counts the others.
    """
    _refuse_absent(name, weeks_in(rows), weeks)


def _refuse_absent(name: str, made: Iterable[SeasonWeek], weeks: Iterable[SeasonWeek]) -> None:
    if empty := sorted(set(weeks) - set(made)):
        others = len(empty) - 1
        more = f" (and {others} more week{'s' if others > 1 else ''})" if others else ""
        raise PipelineError(
            f"{name} {empty[0]}{more}: no rows, but the schedule has games. Nothing was written. "
            f"Materialize the assets upstream of {name} for that week again, then {name}."
        )


def refuse_forgotten_weeks(
    connection: duckdb.DuckDBPyConnection, history: Iterable[SeasonWeek]
) -> None:
    """Raise if the player history lacks a week for which the lake has fantasy players.

    Args:
        connection: has the views raw_players and weekly_stats.
        history: weeks that have a row in the history.

    Raises:
        PipelineError: names the first missing week.
    """
    stored = connection.execute(
        "select distinct season, week from raw_players where list_contains(?, position)"
        " union select distinct season, week from weekly_stats where list_contains(?, position)",
        [list(FANTASY_POSITIONS)] * 2,
    ).fetchall()
    _refuse_absent("player_history", history, [SeasonWeek(*row) for row in stored])


def refuse_lost_games(stored: pa.Table, games: pa.Table) -> None:
    """Raise if a new schedule lacks games of the stored one: their teams would count as on a bye.

    Args:
        stored: the schedule in the lake; season, week and game type of each game.
        games: the new schedule.

    Raises:
        PipelineError: a season or a week lost all its games, or a season lost more than
            `LOST_GAMES` games of its regular season or of its play-offs.
    """
    before, now = (Counter(_weeks_of_games(table)) for table in (stored, games))
    shrunk = [week for week in sorted(before) if now[week] < before[week]]
    for season in sorted({week.season for week in shrunk}):
        _refuse_lost_games_of(
            season, before, now, [week for week in shrunk if week.season == season], games
        )


def _refuse_lost_games_of(
    season: int,
    before: Mapping[SeasonWeek, int],
    now: Mapping[SeasonWeek, int],
    shrunk: list[SeasonWeek],
    games: pa.Table,
) -> None:
    """Raise if one season lost too many games.

    Args:
        before, now: games per week in the stored and in the new schedule.
        shrunk: weeks of the season with fewer games than before.
    """
    had, has = (
        sum(count for week, count in counts.items() if week.season == season)
        for counts in (before, now)
    )
    counts = f"the upstream schedule has {has} games, the lake has {had}"
    if not has:
        raise PipelineError(f"games {season}: {counts}. {_TRUNCATED}")
    for week in shrunk:
        if not now.get(week):
            raise PipelineError(
                f"games {season} week {week.week}: the upstream schedule has no game of this week, "
                f"the lake has {before[week]}. {_TRUNCATED}"
            )
    # Counted apart: new play-off pairings must not offset missing games of the regular season.
    regular = regular_weeks(games, season)
    of_season = {week for week in {*before, *now} if week.season == season}
    for part in (regular, of_season - regular):
        missing = sum(before.get(week, 0) - now.get(week, 0) for week in part)
        if missing > LOST_GAMES:
            weeks = ", ".join(str(week.week) for week in shrunk if week in part)
            raise PipelineError(
                f"games {season} week {weeks}: {missing} games are missing; {counts}. {_TRUNCATED}"
            )


def _weeks_of_games(games: pa.Table) -> list[SeasonWeek]:
    """Return the week of each game."""
    return [
        SeasonWeek(*row)
        for row in zip(games["season"].to_pylist(), games["week"].to_pylist(), strict=True)
    ]


def regular_weeks(games: pa.Table, season: int) -> set[SeasonWeek]:
    """Return the weeks of a season's regular season."""
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
    """Return warnings, by season, about played weeks before projected ones without stored stats.

    This is no error: an import of one week does not need the others. But the projections treat
    players as if they had not played: without 2024 week 5 a quarterback falls from 21.6 to 3.2
    points.

    Args:
        games_played: by week, the number of games with a score and the number of games.
        imported: weeks of weekly_stats in the lake.
        projected: weeks that are being projected.
    """
    stored, last = set(imported), {week.season: week for week in sorted(projected)}
    warnings = {}
    for season, week in last.items():
        missing = sorted(
            other.week
            for other, (played, _) in games_played.items()
            if other.season == season and other < week and played and other not in stored
        )
        if missing:
            weeks = ",".join(map(str, missing))
            label = f"week{'s' if len(missing) > 1 else ''} {weeks.replace(',', ', ')}"
            warnings[season] = [
                f"projections {season}: the lake has no stats of {label}, although games were "
                f"played; week {week.week} is projected without them. To import them: "
                f"fantasy-pipeline backfill --seasons {season} --weeks {weeks}"
            ]
    return warnings

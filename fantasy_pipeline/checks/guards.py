"""What an asset refuses to write, whatever the checks say: tables with holes in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.tables import FANTASY_POSITIONS
from fantasy_pipeline.week_rows import weeks_in

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LOST_GAMES = 20
"""Games of a season that a schedule may have less than the one before: play-offs (13) not paired
yet in an older file, and a cancelled game; not a file cut short."""


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
    """Raise if a schedule lacks much of the one before: weeks would count as without games.

    Args:
        known: season, week and home_score of the schedule before.

    Raises:
        PipelineError: a season has over `LOST_GAMES` games less than it had, or is gone, or a week
            that was played is.
    """
    import pyarrow.compute as pc

    before, now = (Counter(table["season"].to_pylist()) for table in (known, games))
    for season, count in sorted(before.items()):
        if now[season] == 0 or now[season] < count - LOST_GAMES:
            raise PipelineError(
                f"games {season}: upstream's schedule has {now[season]} games, the lake's has "
                f"{count}. The file is cut short: re-run later. If it is right, delete the lake's "
                f"games table and re-run."
            )
    there = {(row["season"], row["week"]) for row in games.select(["season", "week"]).to_pylist()}
    played = known.filter(pc.is_valid(known["home_score"])).select(["season", "week"]).to_pylist()
    gone = sorted({(row["season"], row["week"]) for row in played} - there)
    if gone:
        raise PipelineError(
            f"games {gone[0][0]} week {gone[0][1]}: upstream's schedule has no game of it, the "
            f"lake's has it as played. Re-run later. If upstream is right, delete the lake's games "
            f"table and re-run."
        )

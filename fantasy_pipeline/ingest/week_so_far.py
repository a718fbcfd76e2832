"""The week in progress as far as it is imported: games of which the lake has the stat lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from fantasy_pipeline.football.calendar import Game, games_by_week
from fantasy_pipeline.football.import_calendar import weeks_in_progress
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.lake import Lake


class WeekSoFar(NamedTuple):
    """A week in progress, with the numbers of its games.

    Args:
        imported: games of which the lake has stat lines of both teams.
        over: games that are over.
        games: all games.
    """

    week: SeasonWeek
    imported: int
    over: int
    games: int

    @property
    def text(self) -> str:
        """Return one clause, e.g. ``2025 week 4 so far: stats of 1 of 16 games``."""
        late = self.over - self.imported
        more = f"; {late} more {'is' if late == 1 else 'are'} over" if late else ""
        return f"{self.week} so far: stats of {self.imported} of {self.games} games{more}"

    def to_json(self) -> dict[str, int]:
        return {
            **self.week._asdict(),
            "games_imported": self.imported,
            "games_over": self.over,
            "games": self.games,
        }


def weeks_so_far(lake: Lake, games: Sequence[Game], now: datetime) -> list[WeekSoFar]:
    """Return the weeks in progress of which a game is over, in order; usually one or none."""
    over = weeks_in_progress(games, now)
    if not over:
        return []
    scheduled = games_by_week(games)
    lacking = games_by_week(lacking_games(lake, [game for of in over.values() for game in of]))
    return [
        WeekSoFar(week, len(played) - len(lacking.get(week, ())), len(played), len(scheduled[week]))
        for week, played in over.items()
    ]


def stored_so_far(
    lake: Lake, games: Sequence[Game], weeks: Iterable[SeasonWeek]
) -> list[WeekSoFar]:
    """Return those of some weeks of which the lake has the stat lines of some games only.

    The lake decides, not the clock: a week stays so until it is imported again.
    """
    scheduled = games_by_week(games)
    chosen = {week: scheduled[week] for week in sorted(set(weeks) & set(scheduled))}
    lacking = games_by_week(lacking_games(lake, [game for of in chosen.values() for game in of]))
    found = []
    for week, missing in lacking.items():
        imported = len(chosen[week]) - len(missing)
        found.append(WeekSoFar(week, imported, imported, len(chosen[week])))
    return [item for item in found if item.imported]


def lacking_games(lake: Lake, games: Iterable[Game]) -> list[Game]:
    """Return those of some games of which the lake lacks the stat lines of a team."""
    games = list(games)
    wanted = {SeasonWeek(game.season, game.week) for game in games}
    stored = sorted(wanted.intersection(lake.weeks(WEEKLY_STATS)))
    lines = lake.read(WEEKLY_STATS, stored, ["season", "week", "team"])
    rows = lines.group_by(["season", "week", "team"]).aggregate([]).to_pylist()
    present = {(row["season"], row["week"], row["team"]) for row in rows}
    return [
        game
        for game in games
        if not {(game.season, game.week, team) for team in (game.home_team, game.away_team)}
        <= present
    ]

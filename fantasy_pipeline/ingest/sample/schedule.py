"""Fixtures of the sample league: pairings, home teams and kick-offs. Results belong in `games`.

The formula is the real league's: six games in the division, eight against two other divisions,
three against teams of the same rank; 17 games in 18 weeks, one bye in weeks 5-14.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from fantasy_pipeline.ingest.sample.draws import Topic, stream

DIVISIONS = (
    ("BUF", "MIA", "NE", "NYJ"),
    ("BAL", "CIN", "CLE", "PIT"),
    ("HOU", "IND", "JAX", "TEN"),
    ("DEN", "KC", "LAC", "LV"),
    ("DAL", "NYG", "PHI", "WAS"),
    ("CHI", "DET", "GB", "MIN"),
    ("ATL", "CAR", "NO", "TB"),
    ("ARI", "LA", "SEA", "SF"),
)
"""Real team codes, so that all later steps work; each half of the divisions is a conference."""
TEAMS = tuple(team for division in DIVISIONS for team in division)
"""Codes by team number; ``number // 4`` is a team's division, ``number // 16`` its conference."""
LAST_REGULAR_WEEK = 18
PLAYOFF_TYPES = {19: "WC", 20: "DIV", 21: "CON", 22: "SB"}

_EASTERN = ZoneInfo("America/New_York")
_MAKEUP_WEEK = 8
"""The week of 5-14 without byes; it has the games that the byes of the other weeks displace."""

Pairing = tuple[int, int]
"""(home team, away team)."""
Slot = tuple[int, int, int]
"""Days after the week's Sunday, hour and minute of the kick-off in US/Eastern."""

_SUNDAY_EARLY: Slot = (0, 13, 0)
_MONDAY: Slot = (1, 20, 15)
_REGULAR_SLOTS: tuple[Slot, ...] = (
    (-3, 20, 15),
    _MONDAY,
    (0, 20, 20),
    (0, 16, 5),
    (0, 16, 25),
    (0, 16, 25),
)
_SLOTS: dict[int, tuple[Slot, ...]] = {
    18: ((-1, 16, 30), (-1, 20, 15), (0, 20, 20), (0, 16, 25), (0, 16, 25), (0, 16, 25)),
    19: ((-1, 16, 30), (-1, 20, 15), _SUNDAY_EARLY, (0, 16, 30), (0, 20, 15), _MONDAY),
    20: ((-1, 16, 30), (-1, 20, 15), (0, 15, 0), (0, 18, 30)),
    21: ((0, 15, 0), (0, 18, 30)),
    22: ((7, 18, 30),),
}


class Fixture(NamedTuple):
    """One game; `home` and `away` are team numbers, `kickoff` is UTC."""

    season: int
    week: int
    home: int
    away: int
    kickoff: datetime

    @property
    def game_id(self) -> str:
        return f"{self.season}_{self.week:02d}_{TEAMS[self.away]}_{TEAMS[self.home]}"

    @property
    def game_type(self) -> str:
        return PLAYOFF_TYPES.get(self.week, "REG")

    @property
    def is_neutral(self) -> bool:
        return self.game_type == "SB"


def first_sunday(season: int) -> date:
    """Return the Sunday of week 1: the first after Labor Day, the first Monday of September."""
    september = date(season, 9, 1)
    return september + timedelta(days=(7 - september.weekday()) % 7 + 6)


def sunday_of(season: int, week: int) -> date:
    """Return the Sunday of a week; the Super Bowl (week 22) is played a week after it."""
    return first_sunday(season) + timedelta(weeks=week - 1)


def regular_season(season: int) -> list[Fixture]:
    """Return all 272 games of a regular season, in order of weeks."""
    rng = stream(Topic.FIXTURES, season)
    fixtures: list[Fixture] = []
    played_monday: set[int] = set()
    for week, pairings in enumerate(_weeks(season, rng), start=1):
        games = [pairings[i] for i in rng.permutation(len(pairings))]
        if week < LAST_REGULAR_WEEK:
            # A team that played on Monday does not play on the Thursday after.
            thursday = next(g for g in games if not played_monday & set(g))
            games.remove(thursday)
            games.insert(0, thursday)
            played_monday = set(games[1])
        fixtures += schedule_week(season, week, games)
    return fixtures


def playoff_pairings(week: int, alive: Sequence[Sequence[int]]) -> list[Pairing]:
    """Return the pairings of a play-off week: the best seed against the worst, and so on.

    The top seeds rest in week 19. In week 22 the two conference champions play.

    Args:
        week: week 19-22.
        alive: the remaining teams of each conference, best seed first.
    """
    if week == max(PLAYOFF_TYPES):
        return [(alive[0][0], alive[1][0])]
    pairings = []
    for conference in alive:
        field = conference[1:] if week == min(PLAYOFF_TYPES) else conference
        pairings += [(field[i], field[-1 - i]) for i in range(len(field) // 2)]
    return pairings


def schedule_week(season: int, week: int, pairings: Sequence[Pairing]) -> list[Fixture]:
    """Return the games of a week with kick-offs: prime time first, the rest on Sunday at 13:00."""
    slots = _SLOTS.get(week, _REGULAR_SLOTS)
    sunday = sunday_of(season, week)
    fixtures = []
    for i, (home, away) in enumerate(pairings):
        days, hour, minute = slots[i] if i < len(slots) else _SUNDAY_EARLY
        day = sunday + timedelta(days=days)
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=_EASTERN)
        fixtures.append(Fixture(season, week, home, away, local.astimezone(timezone.utc)))
    return fixtures


def eastern_date(kickoff: datetime) -> date:
    """Return the date of a game in US/Eastern, as the league dates games."""
    return kickoff.astimezone(_EASTERN).date()


def _weeks(season: int, rng: np.random.Generator) -> list[list[Pairing]]:
    """Return the pairings of weeks 1-18: rounds in random order, with games moved for the byes."""
    division, other = _division_rounds(rng), _other_rounds(season, rng)
    other = [other[i] for i in rng.permutation(len(other))]
    early, late = other[:5] + division[::2], other[5:] + division[1:-1:2]
    rounds = [early[i] for i in rng.permutation(len(early))]
    rounds += [late[i] for i in rng.permutation(len(late))]
    rounds.append(division[-1])

    # Nine rounds give up 16 games in which each team plays once; those games fill one more week.
    with_byes = rounds[4:13]
    moved = _one_game_per_team(with_byes)
    with_byes = [
        [game for game in games if (i, game) not in moved] for i, games in enumerate(with_byes)
    ]
    with_byes.insert(_MAKEUP_WEEK - 5, [game for _, game in moved])
    return rounds[:4] + with_byes + rounds[13:]


def _division_rounds(rng: np.random.Generator) -> list[list[Pairing]]:
    """Return six rounds inside the divisions: each pairing once at either team's home."""
    rounds = []
    members = [[4 * d + int(i) for i in rng.permutation(4)] for d in range(len(DIVISIONS))]
    for pairs in (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))):
        games = [(team[i], team[j]) for team in members for i, j in pairs]
        rounds += [games, [(away, home) for home, away in games]]
    return rounds


def _other_rounds(season: int, rng: np.random.Generator) -> list[list[Pairing]]:
    """Return eleven rounds between divisions; each team is at home in five or six of them."""
    ranks = rng.permutation(4)
    a, b, c, d = ((0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2))[season % 3]

    def against(pairs: Sequence[Pairing], shift: int, swap: bool = False) -> list[Pairing]:
        games = [
            (4 * x + int(ranks[i]), 4 * y + int(ranks[(i + shift) % 4]))
            for x, y in pairs
            for i in range(4)
        ]
        return [(away, home) for home, away in games] if swap else games

    def conferences(*pairs: Pairing) -> list[Pairing]:
        return [*pairs, *((x + 4, y + 4) for x, y in pairs)]

    inside = conferences((a, b), (c, d))
    across = [(i, 4 + (i + season) % 4) for i in range(4)]
    rounds = [against(inside, k, swap=k % 2 == 1) for k in range(4)]
    rounds += [against(across, k, swap=k % 2 == 1) for k in range(4)]
    rounds.append(against(conferences((a, c), (b, d)), 0))
    rounds.append(against(conferences((d, a), (c, b)), 0))
    rounds.append(against([(i, 4 + (i + season + 1) % 4) for i in range(4)], 0, season % 2 == 1))
    return rounds


def _one_game_per_team(
    rounds: Sequence[Sequence[Pairing]], limit: int = 2
) -> list[tuple[int, Pairing]]:
    """Return games in which each team plays once, with the index of each game's round.

    Args:
        rounds: games of each round; each team plays once per round.
        limit: most games taken from one round.

    Raises:
        ValueError: no such games exist.
    """
    of_team = [{team: game for game in games for team in game} for games in rounds]

    def extend(
        chosen: list[tuple[int, Pairing]], taken: frozenset[int]
    ) -> list[tuple[int, Pairing]] | None:
        """Return `chosen` with games for all other teams; None if that is impossible."""
        team = next((t for t in range(len(TEAMS)) if t not in taken), None)
        if team is None:
            return chosen
        used = [sum(1 for r, _ in chosen if r == i) for i in range(len(rounds))]
        for i in sorted(range(len(rounds)), key=used.__getitem__):
            game = of_team[i][team]
            if used[i] < limit and not taken & set(game):
                found = extend([*chosen, (i, game)], taken | set(game))
                if found is not None:
                    return found
        return None

    found = extend([], frozenset())
    if found is None:
        raise ValueError("no set of byes fits these rounds")
    return found

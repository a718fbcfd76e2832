"""Players of the sample league: invented names and ids, rosters by week, latent abilities.

A team has 23 places on its depth chart (`POSITIONS`). A rookie replaces a player who leaves at the
same place, and trades exchange players of the same place. Rosters are therefore plain arrays of
player numbers: weeks x 32 teams x 23 places.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from fantasy_pipeline.ingest.sample.draws import Bools, Floats, Ints, Topic, stream
from fantasy_pipeline.ingest.sample.present import SEASONS
from fantasy_pipeline.ingest.sample.schedule import TEAMS

WEEKS_PER_SEASON = 22

POSITIONS = (
    *("QB",) * 3,
    *("RB",) * 4,
    *("WR",) * 6,
    *("TE",) * 3,
    *("K", "OT", "DE", "LB", "LB", "CB", "S"),
)
"""Position of each place on the depth chart, first choice first."""
ALWAYS_FIT = (2, 16, 22)
"""Places whose players are never hurt, so that every team has a QB, a K and a defender."""
PRACTICE_SQUAD = (6, 12, 15)
"""Places that half the teams fill from their practice squad: the last RB, WR and TE."""

_FIRST_NAMES = (
    *("Alder", "Basil", "Birch", "Bramble", "Briar", "Cedar", "Clover", "Cobalt"),
    *("Dune", "Ember", "Fern", "Flint", "Gale", "Garnet", "Hazel", "Heath"),
    *("Indigo", "Jasper", "Juniper", "Larch", "Linden", "Maple", "Marl", "Moss"),
    *("Onyx", "Quill", "Reed", "Rowan", "Sorrel", "Thorn", "Umber", "Willow"),
)
_LAST_NAMES = tuple(
    stem + ending
    for stem in ("Sample", "Mock", "Faux", "Synth", "Fict", "Stub", "Null", "Proto")
    for ending in ("ton", "wood", "worth", "mere")
)
_BUILD = {
    "QB": (75, 220),
    "RB": (70, 212),
    "WR": (73, 200),
    "TE": (77, 250),
    "K": (72, 195),
    "OT": (77, 315),
    "DE": (76, 270),
    "LB": (74, 235),
    "CB": (71, 192),
    "S": (72, 205),
}
"""Usual height in inches and weight in pounds."""

_TRADABLE = (3, 4, 7, 8, 9, 10, 13, 14)
"""Places whose players teams trade."""
_TRADE_WEEKS = (4, 6, 7, 9)
_MOVES_PER_SUMMER = 25
_LEAVES = 0.12
"""Share of the places that a rookie fills before a season."""
_SHARE_UNDRAFTED = 0.2


class Abilities(NamedTuple):
    """Latent abilities, one standard normal value per player (or per side and place)."""

    skill: Floats
    """Passing of a QB, kicking of a K, catching of the others."""
    role: Floats
    """Pull on targets and carries."""
    burst: Floats
    """Yards per touch."""
    nose: Floats
    """Touchdowns per touch."""

    def at(self, players: Ints) -> Abilities:
        """Return the abilities of an array of player numbers, in its shape."""
        return Abilities(*(ability[players] for ability in self))


@dataclass(frozen=True)
class Players:
    """All players who were ever on a roster; lists are in the order of player numbers.

    Args:
        rosters: player numbers of each season, weeks x teams x places.
        place: places on the depth chart.
        rookie_season: first seasons.
        draft_pick: overall picks, 0 if undrafted.
        names: full names, all different.
        birth_date: dates of birth.
        height: heights, inches.
        weight: weights, pounds.
    """

    rosters: dict[int, Ints]
    place: list[int]
    rookie_season: list[int]
    draft_pick: list[int]
    names: list[str]
    birth_date: list[date]
    height: list[int]
    weight: list[int]

    def __len__(self) -> int:
        return len(self.place)

    @property
    def position(self) -> list[str]:
        return [POSITIONS[place] for place in self.place]

    def ids(self, prefix: str) -> list[str]:
        """Return an invented id per player, e.g. ``SAMPLE-0001``."""
        return [f"{prefix}{number:04d}" for number in range(1, len(self) + 1)]

    @property
    def pfr_id(self) -> list[str]:
        """Return an id per player that looks like Pro Football Reference's, e.g. ``SmplAb07``."""
        return [
            f"Smpl{chr(65 + n // 2600)}{chr(97 + n // 100 % 26)}{n % 100:02d}"
            for n in range(len(self))
        ]

    def abilities(self, season: int) -> Abilities:
        """Return the abilities in one season: mostly lasting, partly the season's form."""
        shape = (len(Abilities._fields), len(self))
        life = stream(Topic.TRAITS).standard_normal(shape)
        form = stream(Topic.TRAITS, season).standard_normal(shape)
        return Abilities(*(0.92 * life + 0.39 * form))


def build_players() -> Players:
    """Return all players: rosters first, then names, dates of birth, heights and weights."""
    rosters, place, rookie_season = _hire()
    rng = stream(Topic.PLAYERS)
    names = [f"{first} {last}" for last in _LAST_NAMES for first in _FIRST_NAMES]
    order = rng.permutation(len(names))[: len(place)]
    age = rng.integers(21 * 365 + 90, 24 * 365, len(place))
    usual = np.array([_BUILD[POSITIONS[p]] for p in place])
    return Players(
        rosters=rosters,
        place=place,
        rookie_season=rookie_season,
        draft_pick=_draft(rookie_season, rng),
        names=[names[i] for i in order],
        birth_date=[
            date(first, 9, 1) - timedelta(days=int(days))
            for first, days in zip(rookie_season, age, strict=True)
        ],
        height=(usual[:, 0] + rng.integers(-2, 3, len(place))).tolist(),
        weight=(usual[:, 1] + rng.integers(-12, 13, len(place))).tolist(),
    )


def practice_squad(season: int) -> Bools:
    """Return a mask of 32 teams x 23 places: True where the practice squad fills the place."""
    squad = np.zeros((len(TEAMS), len(POSITIONS)), dtype=bool)
    rng = stream(Topic.ROSTERS, season, week=1)
    squad[:, PRACTICE_SQUAD] = rng.random((len(TEAMS), len(PRACTICE_SQUAD))) < 0.5
    return squad


def _hire() -> tuple[dict[int, Ints], list[int], list[int]]:
    """Return the rosters of each season, and every player's place and first season."""
    shape = (len(TEAMS), len(POSITIONS))
    crew = np.arange(shape[0] * shape[1], dtype=np.int64).reshape(shape)
    place = list(range(len(POSITIONS))) * len(TEAMS)
    seniority = stream(Topic.ROSTERS).integers(0, 9, crew.size)
    rookie_season = (SEASONS[0] - seniority).tolist()
    rosters = {}
    for season in SEASONS:
        rng = stream(Topic.ROSTERS, season)
        if season > SEASONS[0]:
            crew = crew.copy()
            leaves = rng.random(shape) < _LEAVES
            crew[leaves] = len(place) + np.arange(leaves.sum())
            place += np.nonzero(leaves)[1].tolist()
            rookie_season += [season] * int(leaves.sum())
            _trade(crew, rng, _MOVES_PER_SUMMER)
        weeks = []
        for week in range(1, WEEKS_PER_SEASON + 1):
            if week in _TRADE_WEEKS:
                crew = crew.copy()
                _trade(crew, rng, 1)
            weeks.append(crew)
        rosters[season] = np.stack(weeks)
    return rosters, place, rookie_season


def _trade(crew: Ints, rng: np.random.Generator, trades: int) -> None:
    """Exchange the players of two teams at one place, `trades` times; changes `crew` itself."""
    for _ in range(trades):
        pair = rng.choice(len(TEAMS), 2, replace=False)
        place = rng.choice(_TRADABLE)
        crew[pair, place] = crew[pair[::-1], place]


def _draft(rookie_season: list[int], rng: np.random.Generator) -> list[int]:
    """Return each player's overall pick, unique within a season; 0 for the undrafted."""
    picks = [0] * len(rookie_season)
    for season in sorted(set(rookie_season)):
        board = iter(rng.permutation(257) + 1)
        for number, first in enumerate(rookie_season):
            if first == season and rng.random() >= _SHARE_UNDRAFTED:
                picks[number] = int(next(board))
    return picks

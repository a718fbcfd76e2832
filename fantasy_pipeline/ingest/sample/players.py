"""Players of the sample league: invented names and ids, rosters by week, latent abilities.

A team has 23 places on its depth chart (`POSITIONS`). Whoever leaves is followed at the same place
by a rookie, and trades exchange players of the same place, so that rosters are plain arrays:
weeks x 32 teams x 23 places, holding player numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from fantasy_pipeline.ingest.sample.draws import Topic, stream
from fantasy_pipeline.ingest.sample.schedule import TEAMS

if TYPE_CHECKING:
    import numpy as np

    from fantasy_pipeline.ingest.sample.draws import Bools, Floats, Ints

SEASONS = (2023, 2024, 2025)
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
"""Places whose players are never hurt, so that every team can field a QB, a K and a defender."""
PRACTICE_SQUAD = (6, 12, 15)
"""Places that half the teams fill from their practice squad: last RB, WR and TE."""

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
_TRADE_WEEKS = (4, 6, 7, 9)
_MOVES_PER_SUMMER = 25
_LEAVES = 0.12
"""Share of places that go to a rookie before a season."""
_SHARE_UNDRAFTED = 0.2


class Abilities(NamedTuple):
    """Latent abilities, one standard normal value per player (or per side and place)."""

    skill: Floats
    """Passing of a QB, kicking of a K, sureness of hands of the others."""
    role: Floats
    """Pull on targets and carries."""
    burst: Floats
    """Yards per touch."""
    nose: Floats
    """Touchdowns per touch."""

    def at(self, players: Ints) -> Abilities:
        """The same for an array of player numbers."""
        return Abilities(*(ability[players] for ability in self))


@dataclass(frozen=True)
class Players:
    """Everybody who was ever on a roster, by player number.

    Args:
        rosters: per season, player numbers as weeks x teams x places.
        place: place on the depth chart.
        rookie_season: first season.
        draft_pick: overall pick, 0 if undrafted.
        names: full names, all different.
        birth_date: dates of birth.
        height: inches.
        weight: pounds.
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
        """An invented id each, e.g. ``SAMPLE-0001``."""
        return [f"{prefix}{number:04d}" for number in range(1, len(self) + 1)]

    @property
    def pfr_id(self) -> list[str]:
        """Ids that look like Pro Football Reference's, e.g. ``SmplAb07``."""
        return [
            f"Smpl{chr(65 + n // 2600)}{chr(97 + n // 100 % 26)}{n % 100:02d}"
            for n in range(len(self))
        ]

    def abilities(self, season: int) -> Abilities:
        """Abilities in one season: most of them for life, some of the year's form."""
        shape = (len(Abilities._fields), len(self))
        life = stream(Topic.TRAITS).standard_normal(shape)
        form = stream(Topic.TRAITS, season).standard_normal(shape)
        return Abilities(*(0.92 * life + 0.39 * form))


def build_players() -> Players:
    """Hire everybody, then give names, dates and measures."""
    import numpy as np

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
    """Whether a team fills a place from its practice squad: 32 teams x 23 places."""
    import numpy as np

    squad = np.zeros((len(TEAMS), len(POSITIONS)), dtype=bool)
    rng = stream(Topic.ROSTERS, season, week=1)
    squad[:, PRACTICE_SQUAD] = rng.random((len(TEAMS), len(PRACTICE_SQUAD))) < 0.5
    return squad


def _hire() -> tuple[dict[int, Ints], list[int], list[int]]:
    """Rosters per season, and every player's place and first season."""
    import numpy as np

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
    """Two teams exchange the players of one place, `trades` times, in `crew` itself."""
    for _ in range(trades):
        pair = rng.choice(len(TEAMS), 2, replace=False)
        place = rng.choice(_TRADABLE)
        crew[pair, place] = crew[pair[::-1], place]


def _draft(rookie_season: list[int], rng: np.random.Generator) -> list[int]:
    """Overall picks, each once a season; 0 for the undrafted."""
    picks = [0] * len(rookie_season)
    for season in sorted(set(rookie_season)):
        board = iter(rng.permutation(257) + 1)
        for number, first in enumerate(rookie_season):
            if first == season and rng.random() >= _SHARE_UNDRAFTED:
                picks[number] = int(next(board))
    return picks

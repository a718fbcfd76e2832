"""What the latent strengths of the sample league promise for a week, before any game is played.

The games are drawn around this outlook, the betting lines and the projections are this outlook
with errors. Arrays are sides x places of the depth chart, or one value per side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fantasy_pipeline.ingest.sample.draws import Topic, first_true, stream
from fantasy_pipeline.ingest.sample.players import POSITIONS, Abilities
from fantasy_pipeline.ingest.sample.schedule import TEAMS

if TYPE_CHECKING:
    from fantasy_pipeline.ingest.sample.draws import Bools, Floats, Ints

KICKER = POSITIONS.index("K")

TARGET_RATE = 0.955
"""Passes that are thrown at somebody."""
TD_POINTS = 6.95
"""Points of a touchdown with its extra point, on average."""
DRIVES = 9
"""Drives that can end in a touchdown or a field goal attempt."""
FG_RATE = 0.31
"""Field goal attempts per drive without a touchdown."""

_MEAN_POINTS = 22.6
_HOME_EDGE = 0.9
_FG_POINTS = 5.2
_PASSING_SHARE_OF_TDS = 0.61

# By place: QB x 3, RB x 4, WR x 6, TE x 3, K, OT, DE, LB x 2, CB, S.
_REST = (0.0,) * 7
_TARGETS = (
    *(0.0, 0.0, 0.0, 0.5, 0.28, 0.12, 0.05),
    *(1.0, 0.78, 0.5, 0.22, 0.12, 0.06, 0.62, 0.22, 0.08, *_REST),
)
_CARRIES = (
    *(0.24, 0.24, 0.24, 1.0, 0.5, 0.2, 0.08),
    *(0.03, 0.03, 0.02, 0.02, 0.0, 0.0, 0.0, 0.0, 0.0, *_REST),
)
_QB_SKILL = (0.7, -0.8, -1.5)
"""What the first, second and third quarterback have over their ability."""


def by_position(default: float, **values: float) -> list[float]:
    """One value per place of the depth chart, from values per position."""
    return [values.get(position, default) for position in POSITIONS]


class Strengths(NamedTuple):
    """Team strengths in one season, one value per team."""

    offence: Floats
    """Points over the mean that the team scores."""
    defence: Floats
    """Points under the mean that opponents score."""
    cover: Floats
    """Pass defence against run defence: share of passing yards taken away."""
    tempo: Floats
    """Passes over the mean that the team throws; runs give way."""


class Sides(NamedTuple):
    """The teams that play in one week: home sides first, then away sides in the same order."""

    season: int
    week: int
    team: Ints
    edge: Floats
    """1 at home, -1 away, 0 at a neutral site."""
    players: Ints

    def foes(self, values: Floats | Ints) -> Floats | Ints:
        """The value of each side's opponent."""
        import numpy as np

        return np.roll(values, len(self.team) // 2, axis=0)


class Outlook(NamedTuple):
    """Expectations per side and, where named so, per place."""

    starter: Bools
    """Which place quarterbacks the side."""
    qb_skill: Floats
    points: Floats
    attempts: Floats
    carries: Floats
    target_share: Floats
    carry_share: Floats
    catch_rate: Floats
    yards_per_catch: Floats
    yards_per_carry: Floats
    td_per_catch: Floats
    td_per_carry: Floats
    kicking: Floats
    """Ability of the kicker."""


def strengths(season: int) -> Strengths:
    """Team strengths: half of them last for years, half are the season's."""
    lasting = stream(Topic.STRENGTH).standard_normal((4, len(TEAMS)))
    of_season = stream(Topic.STRENGTH, season).standard_normal((4, len(TEAMS)))
    offence, defence, cover, tempo = 0.75 * lasting + 0.66 * of_season
    return Strengths(2.2 * offence, 1.8 * defence, 0.05 * cover, 1.8 * tempo)


def outlook(sides: Sides, abilities: Abilities, available: Bools) -> Outlook:
    """Expectations of a week, if exactly the `available` players (sides x places) play."""
    import numpy as np

    strength = Strengths(*(values[sides.team] for values in strengths(sides.season)))
    ability = abilities.at(sides.players)
    is_qb = np.array(by_position(0, QB=1)) > 0
    starter = first_true(available & is_qb)
    rank = np.zeros(len(POSITIONS))
    rank[:3] = _QB_SKILL
    qb_skill = ((ability.skill + rank) * starter).sum(axis=1)

    points = _MEAN_POINTS + strength.offence + 2.0 * (qb_skill - _QB_SKILL[0])
    points = points - sides.foes(strength.defence) + _HOME_EDGE * sides.edge
    lead = points - sides.foes(points)
    plays = available & (~is_qb | starter)
    target_share = _shares(_TARGETS, 0.35, ability.role, plays)
    carry_share = _shares(_CARRIES, 0.4, ability.role, plays)

    drive = np.sqrt(points.clip(8) / _MEAN_POINTS)[:, None]
    cover = sides.foes(strength.cover)[:, None]
    catch_rate = np.array(by_position(0.5, RB=0.77, WR=0.63, TE=0.71)) * drive**0.3
    catch_rate = catch_rate + 0.03 * ability.skill + 0.012 * qb_skill[:, None]
    yards_per_catch = np.array(by_position(5.0, RB=7.5, WR=12.9, TE=10.6)) * drive
    yards_per_catch = yards_per_catch * np.exp(0.1 * ability.burst) * (1 - cover)
    yards_per_carry = np.array(by_position(3.0, QB=4.6, RB=4.3, WR=5.5)) * drive
    yards_per_carry = yards_per_carry * np.exp(0.08 * ability.burst) * (1 + cover)

    attempts = 32.8 + strength.tempo - 0.15 * lead
    carries = 27.0 - 0.8 * strength.tempo + 0.15 * lead
    touchdowns = (points - _FG_POINTS).clip(3) / TD_POINTS
    catches = TARGET_RATE * attempts[:, None] * target_share * catch_rate
    runs = carries[:, None] * carry_share
    catch_nose = np.array(by_position(0.0, RB=0.55, WR=1.0, TE=1.1))
    carry_nose = np.array(by_position(0.5, QB=1.3, RB=1.0))
    return Outlook(
        starter=starter,
        qb_skill=qb_skill,
        points=points,
        attempts=attempts,
        carries=carries,
        target_share=target_share,
        carry_share=carry_share,
        catch_rate=catch_rate.clip(0.3, 0.92),
        yards_per_catch=yards_per_catch,
        yards_per_carry=yards_per_carry,
        td_per_catch=_rate(_PASSING_SHARE_OF_TDS * touchdowns, catches, catch_nose, ability.nose),
        td_per_carry=_rate(
            (1 - _PASSING_SHARE_OF_TDS) * touchdowns, runs, carry_nose, ability.nose
        ),
        kicking=ability.skill[:, KICKER],
    )


def _shares(usual: tuple[float, ...], spread: float, role: Floats, plays: Bools) -> Floats:
    """Shares of the side's work, summing to 1 over the players that play."""
    import numpy as np

    weights: Floats = np.array(usual) * np.exp(spread * role) * plays
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _rate(expected: Floats, touches: Floats, usual: Floats, nose: Floats) -> Floats:
    """Touchdowns per touch, such that the side's expectation is `expected`."""
    import numpy as np

    weights = usual * np.exp(0.25 * nose)
    scale = expected / (touches * weights).sum(axis=1)
    rate: Floats = (scale[:, None] * weights).clip(0, 0.5)
    return rate

"""Expectations of the sample league for a week, from latent strengths, before any game is played.

Games are drawn around these expectations; betting lines and projections are the expectations with
errors. Arrays are sides x places of the depth chart, or one value per side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fantasy_pipeline.ingest.sample.draws import Bools, Floats, Ints, Topic, first_true, stream
from fantasy_pipeline.ingest.sample.players import POSITIONS, Abilities
from fantasy_pipeline.ingest.sample.schedule import TEAMS

KICKER = POSITIONS.index("K")
"""The kicker's place on the depth chart."""

TARGET_RATE = 0.955
"""Share of the pass attempts that have a target."""
TD_POINTS = 6.95
"""Average points of a touchdown with its extra point."""
DRIVES = 9
"""Drives that can end in a touchdown or a field goal attempt."""
FG_RATE = 0.31
"""Field goal attempts per drive without a touchdown."""

_MEAN_POINTS = 22.6
"""Average points of a side."""
_HOME_EDGE = 0.9
"""Points that a side gains at home and loses away."""
_FG_POINTS = 5.2
"""Average points of a side from field goals."""
_PASSING_SHARE_OF_TDS = 0.61

# Weights of the places QB x 3, RB x 4, WR x 6, TE x 3, K, OT, DE, LB x 2, CB, S.
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
"""Skill of the first, second and third quarterback, added to the player's own ability."""


def by_position(default: float, **values: float) -> list[float]:
    """Return one value per place of the depth chart, from values per position."""
    return [values.get(position, default) for position in POSITIONS]


_IS_QB = np.array(by_position(0, QB=1)) > 0
"""True at the quarterbacks' places."""


class Strengths(NamedTuple):
    """Team strengths in one season, one value per team."""

    offence: Floats
    """Points that the team scores above the mean."""
    defence: Floats
    """Points that opponents score below the mean."""
    cover: Floats
    """Share of the opponent's passing yards that the defence moves to the run."""
    tempo: Floats
    """Passes that the team throws above the mean, at the cost of runs."""


class Sides(NamedTuple):
    """The teams that play in one week: home sides first, then away sides in the same order."""

    season: int
    week: int
    team: Ints
    """Team numbers, one per side."""
    edge: Floats
    """1 at home, -1 away, 0 at a neutral site."""
    players: Ints
    """Player numbers, sides x places."""

    def foes(self, values: Floats | Ints) -> Floats | Ints:
        """Return the value of each side's opponent."""
        return np.roll(values, len(self.team) // 2, axis=0)


class Outlook(NamedTuple):
    """Expectations of a week, sides x places, or one value per side where noted."""

    starter: Bools
    """True at the place of each side's starting quarterback."""
    qb_skill: Floats
    """Skill of the starting quarterback, one value per side."""
    points: Floats
    """Points, one value per side."""
    attempts: Floats
    """Pass attempts, one value per side."""
    carries: Floats
    """Carries, one value per side."""
    target_share: Floats
    carry_share: Floats
    catch_rate: Floats
    yards_per_catch: Floats
    yards_per_carry: Floats
    td_per_catch: Floats
    td_per_carry: Floats
    kicking: Floats
    """Ability of the kicker, one value per side."""


def strengths(season: int) -> Strengths:
    """Return team strengths, 32 values each; about half lasts for years, half is the season's."""
    lasting = stream(Topic.STRENGTH).standard_normal((4, len(TEAMS)))
    of_season = stream(Topic.STRENGTH, season).standard_normal((4, len(TEAMS)))
    offence, defence, cover, tempo = 0.75 * lasting + 0.66 * of_season
    return Strengths(2.2 * offence, 1.8 * defence, 0.05 * cover, 1.8 * tempo)


def outlook(sides: Sides, abilities: Abilities, available: Bools) -> Outlook:
    """Return the expectations of a week.

    Args:
        sides: the teams that play.
        abilities: abilities of all players.
        available: sides x places; True for the players that play.
    """
    strength = Strengths(*(values[sides.team] for values in strengths(sides.season)))
    ability = abilities.at(sides.players)
    starter, qb_skill = _quarterbacks(ability, available)

    points, attempts, carries = _volume(sides, strength, qb_skill)

    # Sides x places: shares of targets and carries, over the players that play.
    plays = available & (~_IS_QB | starter)
    target_share = _shares(_TARGETS, 0.35, ability.role, plays)
    carry_share = _shares(_CARRIES, 0.4, ability.role, plays)
    catch_rate, yards_per_catch, yards_per_carry = _efficiency(
        sides, strength, ability, qb_skill, points
    )

    catches = TARGET_RATE * attempts[:, None] * target_share * catch_rate
    runs = carries[:, None] * carry_share
    td_per_catch, td_per_carry = _touchdown_rates(points, catches, runs, ability.nose)
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
        td_per_catch=td_per_catch,
        td_per_carry=td_per_carry,
        kicking=ability.skill[:, KICKER],
    )


def _quarterbacks(ability: Abilities, available: Bools) -> tuple[Bools, Floats]:
    """Return where the starting quarterbacks are (sides x places) and their skill (per side).

    The first available quarterback of each side starts.
    """
    starter = first_true(available & _IS_QB)
    rank = np.zeros(len(POSITIONS))
    rank[:3] = _QB_SKILL
    return starter, ((ability.skill + rank) * starter).sum(axis=1)


def _volume(sides: Sides, strength: Strengths, qb_skill: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the expected points, pass attempts and carries of each side."""
    points = _MEAN_POINTS + strength.offence + 2.0 * (qb_skill - _QB_SKILL[0])
    points = points - sides.foes(strength.defence) + _HOME_EDGE * sides.edge
    # A side that leads runs more; one that trails passes more.
    lead = points - sides.foes(points)
    attempts = 32.8 + strength.tempo - 0.15 * lead
    carries = 27.0 - 0.8 * strength.tempo + 0.15 * lead
    return points, attempts, carries


def _touchdown_rates(
    points: Floats, catches: Floats, runs: Floats, nose: Floats
) -> tuple[Floats, Floats]:
    """Return touchdowns per catch and per carry, each sides x places.

    Over a side's expected catches and runs, they add up to the touchdowns of its points.
    """
    touchdowns = (points - _FG_POINTS).clip(3) / TD_POINTS
    catch_weight = np.array(by_position(0.0, RB=0.55, WR=1.0, TE=1.1))
    carry_weight = np.array(by_position(0.5, QB=1.3, RB=1.0))
    return (
        _rate(_PASSING_SHARE_OF_TDS * touchdowns, catches, catch_weight, nose),
        _rate((1 - _PASSING_SHARE_OF_TDS) * touchdowns, runs, carry_weight, nose),
    )


def _efficiency(
    sides: Sides, strength: Strengths, ability: Abilities, qb_skill: Floats, points: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return catch rate, yards per catch and yards per carry, each sides x places."""
    # Sides x 1: a side that scores more gains more; the opponent's pass defence moves yards from
    # catches to carries.
    drive = np.sqrt(points.clip(8) / _MEAN_POINTS)[:, None]
    cover = sides.foes(strength.cover)[:, None]
    catch_rate = np.array(by_position(0.5, RB=0.77, WR=0.63, TE=0.71)) * drive**0.3
    catch_rate = catch_rate + 0.03 * ability.skill + 0.012 * qb_skill[:, None]
    yards_per_catch = np.array(by_position(5.0, RB=7.5, WR=12.9, TE=10.6)) * drive
    yards_per_catch = yards_per_catch * np.exp(0.1 * ability.burst) * (1 - cover)
    yards_per_carry = np.array(by_position(3.0, QB=4.6, RB=4.3, WR=5.5)) * drive
    yards_per_carry = yards_per_carry * np.exp(0.08 * ability.burst) * (1 + cover)
    return catch_rate, yards_per_catch, yards_per_carry


def _shares(usual: tuple[float, ...], spread: float, role: Floats, plays: Bools) -> Floats:
    """Return shares of the side's work, sides x places; they sum to 1 over the players that play.

    Args:
        usual: usual weight of each place.
        spread: effect of one standard deviation of `role` on the logarithm of the weight.
        role: pull on targets and carries, sides x places.
        plays: sides x places.
    """
    weights: Floats = np.array(usual) * np.exp(spread * role) * plays
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _rate(expected: Floats, touches: Floats, usual: Floats, nose: Floats) -> Floats:
    """Return touchdowns per touch, sides x places, whose sum over a side's touches is `expected`.

    Args:
        expected: expected touchdowns, one value per side.
        touches: expected touches, sides x places.
        usual: usual weight of each place.
        nose: ability for touchdowns, sides x places.
    """
    weights = usual * np.exp(0.25 * nose)
    scale = expected / (touches * weights).sum(axis=1)
    rate: Floats = (scale[:, None] * weights).clip(0, 0.5)
    return rate

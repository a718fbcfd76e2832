"""Box scores of the sample league: stat lines that agree with each other and with the score.

All games of a week are drawn at once. Arrays are sides x places of the depth chart, or have one
value per side. The order of the draws is part of the data: another order gives other data.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from fantasy_pipeline.football.tables import LIST_COLUMNS, STAT_COLUMNS
from fantasy_pipeline.ingest.sample.draws import (
    Array,
    Bools,
    Floats,
    Ints,
    Topic,
    first_true,
    split,
    stream,
)
from fantasy_pipeline.ingest.sample.outlook import (
    DRIVES,
    FG_RATE,
    KICKER,
    TARGET_RATE,
    Outlook,
    Sides,
    by_position,
)

Box: TypeAlias = dict[str, Array]
"""Values of each stat column, sides x places."""
_SCORING_DRIVES = 5
"""Drives that can end in a passing touchdown; as many others can end in a rushing one."""
_RETURNERS = (10, 11, 9, 8, 7)
"""Places of the depth chart that return kicks, first choice first."""
_FG_RANGES = {
    "fg_made_0_19": (18, 19, 0.005, 1.0),
    "fg_made_20_29": (20, 29, 0.22, 0.98),
    "fg_made_30_39": (30, 39, 0.28, 0.94),
    "fg_made_40_49": (40, 49, 0.29, 0.83),
    "fg_made_50_59": (50, 59, 0.195, 0.69),
    "fg_made_60_": (60, 65, 0.01, 0.3),
}
"""Per stat: shortest and longest kick in yards, share of the attempts, chance to make it."""
_TOUCHDOWNS = ("rushing_tds", "receiving_tds", "def_tds", "special_teams_tds")
_POINTS = {
    **dict.fromkeys(_TOUCHDOWNS, 6),
    "rushing_2pt_conversions": 2,
    "receiving_2pt_conversions": 2,
    "def_safeties": 2,
    "fg_made": 3,
    "pat_made": 1,
}
"""Points of each stat on the scoreboard."""
_FANTASY = {
    "passing_yards": 1 / 25,
    "passing_tds": 4,
    "passing_interceptions": -2,
    "passing_2pt_conversions": 2,
    "sack_fumbles_lost": -2,
    "rushing_yards": 1 / 10,
    "rushing_tds": 6,
    "rushing_fumbles_lost": -2,
    "rushing_2pt_conversions": 2,
    "receiving_yards": 1 / 10,
    "receiving_tds": 6,
    "receiving_fumbles_lost": -2,
    "receiving_2pt_conversions": 2,
    "special_teams_tds": 6,
}
"""Points of each stat in upstream's ``fantasy_points``.

They are written out, and not taken from `football.scoring`, because the sample replaces upstream.
"""


def play_games(sides: Sides, outlook: Outlook, active: Bools) -> tuple[Box, Ints]:
    """Draw the games of a week.

    Args:
        sides: the teams that play.
        outlook: expectations with exactly the active players.
        active: sides x places; True for the players who play.

    Returns:
        The box score with every stat column and both fantasy points, and each side's score.
    """
    rng = stream(Topic.GAMES, sides.season, sides.week)
    box: Box = {column.name: np.zeros(active.shape) for column in STAT_COLUMNS}
    box |= {column.name: np.full(active.shape, None, object) for column in LIST_COLUMNS}
    _receive(box, outlook, rng)
    _pass(box, outlook, rng)
    _run(box, outlook, rng)
    _defend(box, sides, active, rng)
    _return_kicks(box, active, rng)
    _convert(box, outlook, rng)
    _kick(box, outlook, rng)
    _overtime(box, sides, rng)
    _derive(box, outlook)
    _detail(box, sides)
    score = sum(points * box[stat].sum(axis=1) for stat, points in _POINTS.items())
    return box, np.asarray(score).astype(np.int64)


def offensive_plays(box: Box) -> Ints:
    """Return the offensive plays of each side."""
    plays = sum(box[stat].sum(axis=1) for stat in ("attempts", "sacks_suffered", "carries"))
    return np.asarray(plays).astype(np.int64) + 1


def snaps(sides: Sides, box: Box, outlook: Outlook, active: Bools) -> tuple[Ints, Floats]:
    """Return offensive snaps and their share (0-1, 2 decimals as upstream), sides x places."""
    rng = stream(Topic.SNAPS, sides.season, sides.week)
    plays = offensive_plays(box)[:, None]
    skill = np.array(by_position(0, RB=1, WR=1, TE=1))
    # Sides x places: skill players share five snaps per play in proportion to their work.
    work = skill * active * (0.02 + outlook.target_share + 0.2 * outlook.carry_share) ** 0.75
    work = work * rng.gamma(40, 1 / 40, active.shape)
    share = (5 * work / work.sum(axis=1, keepdims=True)).clip(0, 0.97)
    # The quarterback and the lineman are on the field for all plays.
    share = share + outlook.starter + active * np.array(by_position(0, OT=1))
    touches = box["targets"] + box["carries"]
    count = np.maximum(np.rint(share * plays), touches).clip(0, plays).astype(np.int64)
    return count, np.round(count / plays, 2)


def _receive(box: Box, outlook: Outlook, rng: np.random.Generator) -> None:
    """Draw targets, catches, yards and touchdowns of receivers, and the passers' attempts."""
    # One value per side: attempts and targets. All that follows is sides x places.
    attempts = np.rint(rng.normal(outlook.attempts, 6)).clip(16, 60).astype(np.int64)
    targets = rng.binomial(attempts, TARGET_RATE)
    plan = outlook.target_share * rng.gamma(8, 1 / 8, outlook.target_share.shape)
    box["targets"] = split(rng, targets, plan)
    box["receptions"] = rng.binomial(box["targets"], outlook.catch_rate)
    caught = box["receptions"]
    yards = rng.gamma(1.4 * caught.clip(0.01), outlook.yards_per_catch / 1.4)
    box["receiving_yards"] = np.where(caught > 0, np.rint(yards), 0)
    box["receiving_tds"] = _score(rng, caught, outlook.td_per_catch)
    box["receiving_2pt_conversions"] = np.zeros(caught.shape)
    box["receiving_fumbles"] = rng.binomial(caught, 0.01)
    box["receiving_fumbles_lost"] = rng.binomial(box["receiving_fumbles"], 0.47)
    depth = np.array(by_position(0, RB=0.5, WR=11, TE=7))
    box["receiving_air_yards"] = np.rint(rng.gamma(8, depth / 8, caught.shape) * box["targets"])
    after = np.array(by_position(0, RB=0.95, WR=0.38, TE=0.48))
    box["receiving_yards_after_catch"] = np.rint(after * box["receiving_yards"])
    downs = rng.binomial(caught, 0.5)
    box["receiving_first_downs"] = np.maximum(downs, box["receiving_tds"])
    box["attempts"] = outlook.starter * attempts[:, None]


def _score(rng: np.random.Generator, touches: Ints, chance: Floats) -> Ints:
    """Draw the touchdowns of each player, never more than his touches.

    A side has few drives to score on, so its total varies less than the sum of independent touches
    would.

    Args:
        rng: random stream.
        touches: catches or carries, sides x places.
        chance: chance of a touchdown per touch, sides x places.
    """
    weights = touches * chance
    expected = weights.sum(axis=1)
    total = rng.binomial(_SCORING_DRIVES, (expected / _SCORING_DRIVES).clip(0, 0.9))
    return np.minimum(split(rng, total, weights + 1e-9), touches)


def _pass(box: Box, outlook: Outlook, rng: np.random.Generator) -> None:
    """Draw the passing stats; the starting passer's line sums his receivers' lines."""
    starter = outlook.starter
    for passing, receiving in (
        ("completions", "receptions"),
        ("passing_yards", "receiving_yards"),
        ("passing_tds", "receiving_tds"),
        ("passing_air_yards", "receiving_air_yards"),
        ("passing_yards_after_catch", "receiving_yards_after_catch"),
        ("passing_first_downs", "receiving_first_downs"),
    ):
        box[passing] = starter * box[receiving].sum(axis=1, keepdims=True)
    missed = (box["attempts"] - box["completions"]).astype(np.int64)
    chance = 0.062 * np.exp(-0.15 * outlook.qb_skill)[:, None]
    box["passing_interceptions"] = rng.binomial(missed, chance.clip(0, 0.3))
    sacks = rng.poisson(2.4 * np.exp(-0.1 * outlook.qb_skill))[:, None] * starter
    box["sacks_suffered"] = sacks
    box["sack_yards_lost"] = 0.0 - rng.poisson(6.6 * sacks)
    box["sack_fumbles"] = rng.binomial(sacks, 0.125)
    box["sack_fumbles_lost"] = rng.binomial(box["sack_fumbles"], 0.43)


def _run(box: Box, outlook: Outlook, rng: np.random.Generator) -> None:
    """Draw carries, yards, touchdowns and fumbles of runners."""
    # One value per side: carries. All that follows is sides x places.
    carries = np.rint(rng.normal(outlook.carries, 5.5)).clip(10, 50).astype(np.int64)
    plan = outlook.carry_share * rng.gamma(12, 1 / 12, outlook.carry_share.shape)
    runs = split(rng, carries, plan)
    yards = rng.normal(outlook.yards_per_carry * runs, 5.5 * np.sqrt(runs))
    box["carries"] = runs
    box["rushing_yards"] = np.rint(yards.clip(-3 * runs)) + 0.0
    box["rushing_tds"] = _score(rng, runs, outlook.td_per_carry)
    box["rushing_fumbles"] = rng.binomial(runs, 0.015)
    box["rushing_fumbles_lost"] = rng.binomial(box["rushing_fumbles"], 0.48)
    box["rushing_first_downs"] = np.maximum(rng.binomial(runs, 0.24), box["rushing_tds"])


def _defend(box: Box, sides: Sides, active: Bools, rng: np.random.Generator) -> None:
    """Draw the defenders' stats; the other side's losses go to the few defenders on a roster."""

    def taken(*stats: str) -> Ints:
        """Return the sum of some stats of each side's opponent."""
        total = np.asarray(sum(box[stat].sum(axis=1) for stat in stats))
        return np.asarray(sides.foes(total.astype(np.int64)), dtype=np.int64)

    # Sides x places: weights of the active defenders, by kind of play.
    rush = active * np.array(by_position(0, DE=3, LB=1.7, CB=0.3, S=0.5))
    cover = active * np.array(by_position(0, DE=0.1, LB=0.4, CB=1.3, S=1.2))
    tackle = active * np.array(by_position(0, DE=2, LB=4.6, CB=3.6, S=4.2))
    lost = [f"{play}_fumbles_lost" for play in ("sack", "rushing", "receiving")]
    dropped = taken("sack_fumbles", "rushing_fumbles", "receiving_fumbles")
    intercepted = taken("passing_interceptions")
    box["def_sacks"] = split(rng, taken("sacks_suffered"), rush)
    box["def_interceptions"] = split(rng, intercepted, cover)
    box["def_pass_defended"] = box["def_interceptions"] + rng.poisson(0.5 * cover)
    box["def_fumbles_forced"] = split(rng, rng.binomial(dropped, 0.8), rush)
    box["def_tackles_solo"] = np.maximum(rng.poisson(tackle), box["def_sacks"])
    box["def_tackle_assists"] = rng.poisson(0.6 * tackle)
    box["def_tds"] = split(rng, rng.binomial(intercepted + taken(*lost), 0.05), cover)
    box["def_safeties"] = split(rng, rng.binomial(1, 0.03, len(active)), rush)


def _return_kicks(box: Box, active: Bools, rng: np.random.Generator) -> None:
    """Draw the return yards and touchdowns of each side's first active returner."""
    returner = np.zeros_like(active)
    returner[:, _RETURNERS] = first_true(active[:, _RETURNERS])
    box["punt_return_yards"] = returner * rng.poisson(rng.gamma(2, 8, active.shape))
    box["kickoff_return_yards"] = returner * rng.poisson(rng.gamma(2, 23, active.shape))
    box["special_teams_tds"] = returner * rng.binomial(1, 0.03, active.shape)


def _convert(box: Box, outlook: Outlook, rng: np.random.Generator) -> None:
    """Draw a two-point try or an extra point after each touchdown."""
    touchdowns = np.asarray(sum(box[stat].sum(axis=1) for stat in _TOUCHDOWNS)).astype(np.int64)
    tries = rng.binomial(touchdowns, 0.06)
    good = rng.binomial(tries, 0.48)
    passed = rng.binomial(good, 0.7)
    box["passing_2pt_conversions"] = outlook.starter * passed[:, None]
    box["receiving_2pt_conversions"] = split(rng, passed, outlook.target_share)
    box["rushing_2pt_conversions"] = split(rng, good - passed, outlook.carry_share)
    kicks = touchdowns - tries
    made = rng.binomial(kicks, 0.955)
    blocked = rng.binomial(kicks - made, 0.25)
    box["pat_att"][:, KICKER] = kicks
    box["pat_made"][:, KICKER] = made
    box["pat_blocked"][:, KICKER] = blocked
    box["pat_missed"][:, KICKER] = kicks - made - blocked


def _kick(box: Box, outlook: Outlook, rng: np.random.Generator) -> None:
    """Draw field goals, on drives that do not end in a touchdown."""
    touchdowns = (box["rushing_tds"] + box["receiving_tds"]).sum(axis=1).astype(np.int64)
    attempts = rng.binomial((DRIVES - touchdowns).clip(1), FG_RATE)
    shortest, longest, share, chance = (np.array(v) for v in zip(*_FG_RANGES.values(), strict=True))
    # Sides x ranges: attempts, kicks made, and the length of the longest kick made.
    tried = rng.multinomial(attempts, share / share.sum())
    made = rng.binomial(tried, (chance + 0.04 * outlook.kicking[:, None]).clip(0.05, 0.995))
    yards = rng.integers(shortest, longest + 1, made.shape)
    missed = attempts - made.sum(axis=1)
    blocked = rng.binomial(missed, 0.15)
    for i, stat in enumerate(_FG_RANGES):
        box[stat][:, KICKER] = made[:, i]
    box["fg_att"][:, KICKER] = attempts
    box["fg_made"][:, KICKER] = made.sum(axis=1)
    box["fg_blocked"][:, KICKER] = blocked
    box["fg_missed"][:, KICKER] = missed - blocked
    box["fg_long"][:, KICKER] = (yards * (made > 0)).max(axis=1)
    # The last of the kicks that were not good, in order of their length, were blocked.
    for i, stat in enumerate(_FG_RANGES):
        later = (tried - made)[:, i + 1 :].sum(axis=1)
        off = np.maximum(0, tried[:, i] - made[:, i] - np.maximum(0, blocked - later))
        box[stat.replace("made", "missed")][:, KICKER] = off
    for side in range(len(attempts)):
        good = np.repeat(yards[side], made[side])
        wrong = np.repeat(longest, (tried - made)[side])
        split_at = len(wrong) - blocked[side]
        for name, kicks in (
            ("made", good),
            ("missed", wrong[:split_at]),
            ("blocked", wrong[split_at:]),
        ):
            box[f"fg_{name}_list"][side, KICKER] = ";".join(map(str, kicks)) or None


def _overtime(box: Box, sides: Sides, rng: np.random.Generator) -> None:
    """Decide every tied game with a field goal from 33 yards, by a side drawn at random."""
    score = np.asarray(sum(points * box[stat].sum(axis=1) for stat, points in _POINTS.items()))
    games = len(score) // 2
    side = np.arange(games) + games * rng.integers(0, 2, games)
    winners = side[(score == sides.foes(score))[:games]]
    for stat in ("fg_att", "fg_made", "fg_made_30_39"):
        box[stat][winners, KICKER] += 1
    for side in winners:
        kicks = box["fg_made_list"][side, KICKER]
        box["fg_made_list"][side, KICKER] = f"{kicks};33" if kicks else "33"
    box["fg_long"][winners, KICKER] = box["fg_long"][winners, KICKER].clip(33)


def _derive(box: Box, outlook: Outlook) -> None:
    """Compute shares, expected points added and fantasy points from the counts."""
    air = box["receiving_air_yards"]
    box["target_share"] = box["targets"] / box["targets"].sum(axis=1, keepdims=True)
    box["air_yards_share"] = air / air.sum(axis=1, keepdims=True).clip(1)
    box["wopr"] = 1.5 * box["target_share"] + 0.7 * box["air_yards_share"]
    missed = box["targets"] - box["receptions"]
    box["receiving_epa"] = np.round(
        0.075 * box["receiving_yards"] + 1.5 * box["receiving_tds"] - 0.9 * missed, 2
    )
    box["passing_epa"] = outlook.starter * np.round(
        box["receiving_epa"].sum(axis=1, keepdims=True)
        - 4 * box["passing_interceptions"]
        - 1.7 * box["sacks_suffered"],
        2,
    )
    box["rushing_epa"] = np.round(
        0.1 * box["rushing_yards"]
        + 1.2 * box["rushing_tds"]
        - 0.5 * box["carries"]
        - 3.5 * box["rushing_fumbles_lost"],
        2,
    )
    points = np.asarray(sum(weight * box[stat] for stat, weight in _FANTASY.items()))
    box["fantasy_points"] = np.round(points, 2) + 0.0
    box["fantasy_points_ppr"] = np.round(points + box["receptions"], 2) + 0.0


def _detail(box: Box, sides: Sides) -> None:
    """Draw the stats that only some fantasy leagues score.

    They have a random stream of their own, and only players with a stat line get any.
    """
    rng = stream(Topic.DETAIL, sides.season, sides.week)
    parts = [f"{play}_fumbles" for play in ("sack", "rushing", "receiving")]
    box["fumbles_total"] = np.asarray(sum(box[part] for part in parts))
    box["fumbles_lost_total"] = np.asarray(sum(box[f"{part}_lost"] for part in parts))
    box["fumble_recovery_own"] = box["fumbles_total"] - box["fumbles_lost_total"]
    lost = sides.foes(box["fumbles_lost_total"].sum(axis=1).astype(np.int64))
    tackles = box["def_tackles_solo"].astype(np.int64)
    # Only defenders with a tackle recover fumbles; without any, nobody does.
    recovered = split(rng, np.asarray(lost), tackles.astype(np.float64) + 1e-9)
    box["fumble_recovery_opp"] = recovered * (tackles > 0)
    box["def_tackles_with_assist"] = rng.binomial(tackles, 0.3)
    sacks = box["def_sacks"].astype(np.int64)
    box["def_tackles_for_loss"] = sacks + rng.binomial(tackles - sacks, 0.08)
    box["def_qb_hits"] = sacks + rng.binomial(tackles - sacks, 0.1)
    box["def_sack_yards"] = rng.poisson(6.6 * sacks)
    box["def_interception_yards"] = rng.poisson(11 * box["def_interceptions"])
    box["receiving_40"] = np.minimum(box["receptions"], box["receiving_yards"] // 90)
    box["passing_40"] = (box["completions"] > 0) * box["receiving_40"].sum(axis=1, keepdims=True)
    box["rushing_40"] = np.minimum(box["carries"], box["rushing_yards"].clip(0) // 90)
    for kind in ("punt", "kickoff"):
        box[f"{kind}_returns"] = np.ceil(box[f"{kind}_return_yards"].clip(0) / 23)

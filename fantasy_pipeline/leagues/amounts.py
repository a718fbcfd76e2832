"""The amounts that scoring keys pay for, computed from columns of `weekly_stats`.

An amount is an array with one value per stat line, e.g. its passing yards, or 1 where it has 300
passing yards or more. A null stat counts as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DEFENDER_GROUPS, SKILL_POSITIONS

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
_FUMBLES = ("sack_fumbles", "rushing_fumbles", "receiving_fumbles")
_SPECIAL_TEAMS_SNAPS = 4
"""Snaps on special teams in a game, from which on a player of the offence counts as one of them."""
_MAINLY_ON_OFFENCE = 3
"""Snaps on offence per snap on special teams, from which on a player mainly plays on offence."""
_DEFENSIVE_SNAPS = 5
"""Defensive snaps in a game, from which on a player of the offence counts as a defender."""
_MIDDLES = {"0_19": 19.0, "20_29": 25.0, "30_39": 34.5, "40_49": 44.4, "50_59": 53.0, "60_": 61.4}
"""Mean length of the field goals made in 2021-2024 by distance, yards; from `fg_made_list`."""


class Lines:
    """Stat lines as arrays, each column converted once.

    Args:
        rows: columns of `WEEKLY_STATS`, one row per player and week; optionally those that
            `stat_lines.with_players` adds.
        all_defend: pay the defensive stats of every line.
    """

    def __init__(self, rows: pa.Table, all_defend: bool = False) -> None:
        self.rows = rows
        self._all_defend = all_defend
        self.count = rows.num_rows
        self._columns: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        """Return a column's values, one per line; 0 for null and for a column that is absent."""
        if name not in self._columns:
            values = np.zeros(self.count)
            if name in self.rows.column_names:
                values = pc.fill_null(self.rows[name].cast(pa.float64()), 0.0).to_numpy()
            self._columns[name] = values
        return self._columns[name]

    def known(self, name: str, otherwise: float) -> Floats:
        """Return a column's values, and another value for an absent column."""
        absent = name not in self.rows.column_names
        return np.full(self.count, otherwise) if absent else self[name]

    def at(self, *positions: str) -> Bools:
        """Return a mask of the lines of players who are eligible at one of the positions."""
        found = np.zeros(self.count, dtype=bool)
        for position in positions:
            # The separators at both ends make every position a whole word.
            words = pc.binary_join_element_wise(pa.scalar(""), self._positions, pa.scalar(""), "/")
            found |= pc.match_substring(words, f"/{position}/").to_numpy()
        return found

    def plays(self, position: str) -> Bools:
        """Return a mask of the lines of players whose main position it is.

        It is that of the stat line, or the first of the fantasy positions where the stat line has
        one that no slot is named for, e.g. FB.
        """
        return pc.fill_null(pc.equal(self._main, position), False).to_numpy()

    @cached_property
    def defends(self) -> Bools:
        """A mask of the lines whose defensive stats platforms pay; see `defensive`."""
        if self._all_defend:
            return np.ones(self.count, dtype=bool)
        rarely = self["st_snaps"] < _SPECIAL_TEAMS_SNAPS
        mainly = self["offense_snaps"] >= _MAINLY_ON_OFFENCE * self["st_snaps"]
        lost = self.known("turnovers", otherwise=1.0)
        after_turnover = ((lost > 0) & rarely) | ((lost > 1) & mainly)
        as_defender = (self["defense_snaps"] >= _DEFENSIVE_SNAPS) | (self["def_fumbles_forced"] > 0)
        return self.at(*DEFENDER_GROUPS) | after_turnover | as_defender

    @cached_property
    def _main(self) -> pa.ChunkedArray:
        own = self.rows["position"]
        if "fantasy_positions" not in self.rows.column_names:
            return own
        first = pc.list_element(pc.split_pattern(self._positions, "/"), 0)
        return pc.if_else(pc.is_in(own, pa.array(SKILL_POSITIONS)), own, first)

    @cached_property
    def _positions(self) -> pa.ChunkedArray:
        stated = pc.fill_null(self.rows["position"], "")
        if "fantasy_positions" in self.rows.column_names:
            stated = pc.coalesce(self.rows["fantasy_positions"], stated)
        return stated

    def total(self, name: str, parts: tuple[str, ...]) -> Floats:
        """Return a column, and the sum of its parts where it is null."""
        summed = np.sum([self[part] for part in parts], axis=0)
        if name not in self.rows.column_names:
            return summed
        known = pc.is_valid(self.rows[name]).to_numpy()
        return np.where(known, self[name], summed)

    def kicks(self, name: str, worth: Callable[[Floats], Floats]) -> Floats:
        """Return the sum over a list of kicks, e.g. of ``42;33`` in `fg_made_list`.

        Args:
            name: column with the lengths of the kicks.
            worth: what each kick adds, by its length in yards.
        """
        totals = np.zeros(self.count)
        if name not in self.rows.column_names:
            # Projected lines have no single kicks: each counts with the middle of its distance.
            for bucket, yards in _MIDDLES.items():
                totals += self[f"{name.removesuffix('_list')}_{bucket}"] * worth(np.array([yards]))
            return totals
        column = self.rows[name].combine_chunks()
        rows = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
        lists = pc.split_pattern(column.take(pa.array(rows)), ";")
        # One entry per kick: its line, and its length.
        line = rows[pc.list_parent_indices(lists).to_numpy()]
        yards = pc.list_flatten(lists).cast(pa.float64()).to_numpy()
        np.add.at(totals, line, worth(yards))
        return totals


Amount: TypeAlias = Callable[[Lines], Floats]


def column(*names: str) -> Amount:
    """Return the amount that is the sum of columns."""
    return lambda lines: np.sum([lines[name] for name in names], axis=0)


def first_downs(*kinds: str) -> Amount:
    """Return first downs without touchdowns, as Sleeper counts them; the weekly file has both.

    Args:
        kinds: of passing, rushing and receiving.
    """

    def amount(lines: Lines) -> Floats:
        counted = (lines[f"{kind}_first_downs"] - lines[f"{kind}_tds"] for kind in kinds)
        # Projected lines have touchdowns and no first downs.
        return np.sum([np.maximum(found, 0.0) for found in counted], axis=0)

    return amount


def returned_interceptions(lines: Lines) -> Floats:
    """Return a passer's interceptions that the other team returned for a touchdown.

    They are those of his team, if he threw all of its interceptions.
    """
    threw_all = lines["passing_interceptions"] == lines["team_intercepted"]
    return lines["team_intercepted_tds"] * (threw_all & (lines["passing_interceptions"] > 0))


@dataclass(frozen=True)
class Within:
    """The amount that is 1 where another one is at least `lowest` and less than `below`."""

    amount: Amount
    lowest: float
    below: float = np.inf

    def __call__(self, lines: Lines) -> Floats:
        values = self.amount(lines)
        return np.asarray((values >= self.lowest) & (values < self.below), dtype=np.float64)


def every(amount: Amount, size: float) -> Amount:
    """Return how many times `size` is in an amount; the part of one does not count.

    ESPN pays nothing for lost yards: Aaron Rodgers caught a pass for -6 yards in 2020 week 2.
    """
    return lambda lines: np.floor(np.maximum(amount(lines), 0.0) / size)


def steps(first: int, sizes: tuple[int, ...], amount: Amount) -> dict[int, Amount]:
    """Return the amounts of consecutive stat ids of ESPN, each the full `sizes` in an amount."""
    return {first + number: every(amount, size) for number, size in enumerate(sizes)}


def of_position(amount: Amount, position: str) -> Amount:
    """Return an amount for players whose main position it is, and 0 for the others.

    A player who may start at two positions has the premium of one.
    """
    return lambda lines: amount(lines) * lines.plays(position)


def return_touchdowns(kicked_off: bool) -> Amount:
    """Return touchdowns on kick-off returns or on punt returns, of players or of teams.

    The tables have their sum: it counts as one of the kind with more yards.
    """

    def amount(lines: Lines) -> Floats:
        of_kickoffs = lines["kickoff_return_yards"] > lines["punt_return_yards"]
        return lines["special_teams_tds"] * (of_kickoffs == kicked_off)

    return amount


def fumbles(lines: Lines) -> Floats:
    """Return fumbles of any play; before 2021 those of returns are not known."""
    return lines.total("fumbles_total", _FUMBLES)


def fumbles_lost(lines: Lines) -> Floats:
    """Return fumbles lost on any play; before 2021 those of returns are not known."""
    return lines.total("fumbles_lost_total", tuple(f"{part}_lost" for part in _FUMBLES))


def defensive(amount: Amount) -> Amount:
    """Return a stat of a defence that platforms pay to individual players.

    They pay it to defenders, and to other players for tackles after a turnover. They do not pay
    tackles on kick returns, which the weekly file does not tell from the others. A player of the
    offence has the former if his team lost the ball and he had few snaps on special teams, or if it
    lost the ball more than once and he mainly played on offence. So does one who forced a fumble,
    also on a kick return, and one who played on defence. Of the 1,113 lines of a real league with
    such a stat, that is right for 1,035.
    """
    return lambda lines: amount(lines) * lines.defends


def fumble_touchdowns(of_defenders: bool) -> Amount:
    """Return touchdowns on recovered fumbles, of defenders or of all other players.

    Platforms pay those of defenders as defensive touchdowns.
    """
    return lambda lines: lines["fumble_recovery_tds"] * (lines.at(*DEFENDER_GROUPS) == of_defenders)


def defensive_touchdowns(lines: Lines) -> Floats:
    """Return touchdowns on interceptions, upstream's `def_tds`, and of defenders on fumbles."""
    return lines["def_tds"] * lines.defends + fumble_touchdowns(of_defenders=True)(lines)


def tackles_for_loss(lines: Lines) -> Floats:
    """Return tackles for loss; until 2023 only NFL.com has those that two players share."""
    return np.maximum(lines["def_tackles_for_loss"], lines["nflcom_tackles_for_loss"])


def special_teams_recoveries(lines: Lines) -> Floats:
    """Return the opponent's fumbles that players of the offence recovered on special teams.

    Those of defenders are not told from fumbles that they recovered on defence.
    """
    return lines["fumble_recovery_opp"] * ~lines.defends


def kicks(name: str, lowest: float = 0, below: float = np.inf) -> Amount:
    """Return the number of kicks in a list with a length of `lowest` to less than `below` yards."""

    def counted(lines: Lines) -> Floats:
        return lines.kicks(name, lambda yards: ((yards >= lowest) & (yards < below)).astype(float))

    return counted


def kick_yards(lines: Lines) -> Floats:
    """Return the summed lengths of the field goals made."""
    return lines.kicks("fg_made_list", lambda yards: yards)


def kick_yards_over_30(lines: Lines) -> Floats:
    """Return the yards beyond 30 of the field goals made."""
    return lines.kicks("fg_made_list", lambda yards: np.maximum(yards - 30, 0))


def missed_kicks(lowest: float, below: float = np.inf) -> Amount:
    """Return the field goals of a distance that were missed or blocked."""
    missed = kicks("fg_missed_list", lowest, below)
    blocked = kicks("fg_blocked_list", lowest, below)
    return lambda lines: missed(lines) + blocked(lines)


def tried_kicks(lowest: float, below: float = np.inf) -> Amount:
    """Return the field goals of a distance that were tried."""
    made, missed = kicks("fg_made_list", lowest, below), missed_kicks(lowest, below)
    return lambda lines: made(lines) + missed(lines)


AmountsByKey: TypeAlias = Mapping[str, Amount]

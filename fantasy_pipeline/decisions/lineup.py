"""The best line-up of a fantasy team, and what it changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np

from fantasy_pipeline.decisions.outcomes import Points
from fantasy_pipeline.decisions.simulation import InGame, chance_to_win, simulate
from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.slots import RESERVED
from fantasy_pipeline.leagues.lineup import may_fill

Objective = Literal["mean", "floor", "ceiling", "win"]
_FILL, _LOCK, _KEEP = 1e4, 1e7, 1e-5
"""What a filled slot, a locked player and an unchanged slot are worth, in points. A filled slot is
worth more than all points of a line-up, a locked player more than all slots. Among equal line-ups
the one with the fewest changes wins."""
_TILTS = (-1.5, -1.0, -0.6, -0.3, 0.0, 0.3, 0.6, 1.0, 1.5)
"""Weights of a player's spread beside his expected points, from which the search for the best
chance to win starts: outsiders want more spread, favourites less."""


@dataclass(frozen=True)
class Candidate:
    """A player of a fantasy team.

    Args:
        id: the platform's id.
        positions: positions at which he may start.
        position: position of his projection.
        slot: his slot now; BN, IR or TAXI: he does not start.
        slot_number: number of that slot; None: he does not start.
        has_started: his game has kicked off, so that he can no longer be moved.
        note: why he is projected 0 or is uncertain.
        player_id: NFL player id; None for a team's defence.
    """

    id: str
    name: str
    positions: tuple[str, ...]
    position: str
    team: str | None
    opponent: str | None
    points: Points
    slot: str = "BN"
    slot_number: int | None = None
    has_started: bool = False
    kickoff: datetime | None = None
    note: str | None = None
    player_id: str | None = None

    @property
    def in_game(self) -> InGame:
        return InGame(self.position, self.team, self.opponent, self.points)


@dataclass(frozen=True)
class Swap:
    """A player who comes in for another; None: the slot was empty, or stays empty."""

    into: Candidate | None
    out: Candidate | None
    gain: float


@dataclass(frozen=True)
class EmptySlot:
    """A slot that nobody fills, and the players of the team who may: name and why he does not."""

    slot: str
    could_fill: tuple[str, ...]


@dataclass(frozen=True)
class Lineup:
    """A line-up.

    Args:
        slots: slots of the league, in order.
        starters: player of each filled slot, by number of the slot.
        current: the starters now, in the same way.
        swaps: from the current starters to these, each step a legal line-up.
        empty: slots that nobody fills.
        chance, current_chance: chance to win against the opponent, 0-1; None: no opponent.
    """

    slots: Sequence[str]
    starters: Mapping[int, Candidate]
    current: Mapping[int, Candidate]
    swaps: Sequence[Swap] = ()
    empty: Sequence[EmptySlot] = ()
    chance: float | None = None
    current_chance: float | None = None

    def total(self, name: str = "expected") -> float:
        """Return the sum of the starters' `expected`, `p10`, `p50` or `p90`."""
        return round(sum(getattr(one.points, name) for one in self.starters.values()), 2) + 0.0

    def swap_rows(self) -> list[dict[str, str | float | None]]:
        """Return the swaps as rows: names of the players who come in and go out, and the gain."""
        return [
            {
                "in": None if swap.into is None else swap.into.name,
                "out": None if swap.out is None else swap.out.name,
                "gain": swap.gain,
            }
            for swap in self.swaps
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per slot, as the command line prints them in JSON."""
        return [
            _slot_row(slot, self.starters.get(number)) for number, slot in enumerate(self.slots)
        ]


def _slot_row(slot: str, one: Candidate | None) -> dict[str, Any]:
    if one is None:
        return {"slot": slot, "player": None}
    points = one.points
    about = {"slot": slot, "player": one.name, "platform_player_id": one.id, "team": one.team}
    numbers = {"projected_points": points.expected, "p10": points.p10, "p90": points.p90}
    return {**about, **numbers, "kicked_off": one.has_started, "note": one.note}


@dataclass(frozen=True)
class Wishes:
    """What a manager decides himself: ids of players who must start, and who must not."""

    lock: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()


@dataclass
class _Problem:
    """Slots and players of one assignment, by number; pinned players stay where they are."""

    slots: Sequence[str]
    players: Sequence[Candidate]
    pinned: Mapping[int, int]
    locked: Collection[int]
    free: list[int] = field(default_factory=list)

    def best(self, worth: np.ndarray) -> dict[int, int]:
        """Return the number of the player of each filled slot.

        As many slots as possible are filled, with the highest worth.
        """
        # Imported here: SciPy takes longer to load than a command may.
        from scipy.optimize import linear_sum_assignment

        open_slots = [number for number in range(len(self.slots)) if number not in self.pinned]
        if not open_slots or not self.free:
            return dict(self.pinned)
        gain = self._gains(open_slots, worth)
        rows, columns = linear_sum_assignment(gain, maximize=True)
        chosen = {
            open_slots[row]: self.free[column]
            for row, column in zip(rows, columns, strict=True)
            if gain[row, column] > 0
        }
        return {**self.pinned, **chosen}

    def _gains(self, open_slots: Sequence[int], worth: np.ndarray) -> np.ndarray:
        """Return what a player is worth in a slot, (open slots, free players); 0: he may not play.

        Args:
            worth: of all players.
        """
        own = [self.players[number] for number in self.free]
        names = dict.fromkeys(self.slots[slot] for slot in open_slots)
        able = {name: [may_fill(name, one.positions) for one in own] for name in names}
        may = np.array([able[self.slots[slot]] for slot in open_slots])
        # (free players,): the current slot, -1 on the bench.
        current = np.array([-1 if one.slot_number is None else one.slot_number for one in own])
        stays = current[None, :] == np.array(open_slots)[:, None]
        keep = _KEEP * ((current >= 0).astype(float) + stays)
        locked = _LOCK * np.array([number in self.locked for number in self.free])
        values: np.ndarray = np.where(may, _FILL + worth[self.free] + keep + locked, 0.0)
        return values

    def is_legal(self, players: Collection[int]) -> bool:
        """Return whether players can all start together."""
        own = {slot: one for slot, one in self.pinned.items() if one in players}
        free = [one for one in players if one not in own.values()]
        part = _Problem(self.slots, self.players, own, (), free)
        return len(part.best(np.zeros(len(self.players)))) == len(players)


def best_lineup(
    slots: Sequence[str],
    players: Sequence[Candidate],
    objective: Objective = "mean",
    wishes: Wishes = Wishes(),
    opponent: Sequence[Candidate] | None = None,
) -> Lineup:
    """Return the best legal line-up.

    It fills as many slots as possible. Players whose game has kicked off stay where they are, and
    so do players on injured reserve and taxi squad. `mean`, `floor` and `ceiling` have the highest
    sum of expected points, p10 or p90. `win` has the highest simulated chance to win that a search
    finds: from the best line-ups with more and less spread, by single swaps.

    Args:
        slots: slots of the league that score.
        opponent: starters of the opponent; None: there is none.

    Raises:
        InvalidArgumentError: a wish cannot be met, or `win` has no opponent.
    """
    if objective == "win" and opponent is None:
        raise InvalidArgumentError(
            "objective win needs an opponent, and the week has none; name one with --opponent."
        )
    if both := [one.name for one in players if one.id in wishes.lock & wishes.exclude]:
        raise InvalidArgumentError(
            f"{', '.join(both)}: named with --lock and with --exclude; give either of them."
        )
    problem = _problem(slots, players, wishes)
    # (draws, players) and (draws,); without an opponent nothing needs a simulation.
    in_games = [one.in_game for one in (*players, *opponent)] if opponent is not None else []
    draws = simulate(in_games)
    against = draws[:, len(players) :].sum(axis=1)
    if objective == "win":
        chosen = _likeliest(problem, draws[:, : len(players)], against)
    else:
        name = {"mean": "expected", "floor": "p10", "ceiling": "p90"}[objective]
        chosen = problem.best(np.array([getattr(one.points, name) for one in players]))
    if unmet := [players[one].name for one in problem.locked if one not in chosen.values()]:
        raise InvalidArgumentError(
            f"--lock: {', '.join(unmet)} cannot start beside the other locked players and those "
            f"whose game has kicked off; the slots are {' '.join(slots)}. Lock fewer players."
        )
    current = {
        one.slot_number: number for number, one in enumerate(players) if one.slot_number is not None
    }
    has_opponent = opponent is not None
    return Lineup(
        slots,
        {slot: players[number] for slot, number in sorted(chosen.items())},
        {slot: players[number] for slot, number in sorted(current.items())},
        _swaps(problem, current, chosen),
        _empty(problem, chosen, wishes),
        _chance(draws, chosen.values(), against) if has_opponent else None,
        _chance(draws, current.values(), against) if has_opponent else None,
    )


def best_starters(slots: Sequence[str], players: Sequence[Candidate]) -> dict[int, Candidate]:
    """Return the players of the line-up with the most expected points, by number of slot.

    It is that of `best_lineup`, without the swaps that lead to it.
    """
    problem = _problem(slots, players, Wishes())
    chosen = problem.best(np.array([one.points.expected for one in players]))
    return {slot: players[number] for slot, number in sorted(chosen.items())}


def _problem(slots: Sequence[str], players: Sequence[Candidate], wishes: Wishes) -> _Problem:
    """Return the assignment problem.

    Raises:
        InvalidArgumentError: a wish is about a player who can no longer be moved.
    """
    pinned = {
        one.slot_number: number
        for number, one in enumerate(players)
        if one.has_started and one.slot_number is not None
    }
    free = [
        number
        for number, one in enumerate(players)
        if not (one.has_started or one.id in wishes.exclude)
        and (one.slot not in RESERVED or one.id in wishes.lock)
    ]
    for number, one in enumerate(players):
        is_pinned = number in pinned.values()
        if one.has_started and (
            (one.id in wishes.lock and not is_pinned) or (one.id in wishes.exclude and is_pinned)
        ):
            where = f"in slot {one.slot}" if is_pinned else "on the bench"
            raise InvalidArgumentError(f"{one.name}'s game has kicked off: he stays {where}.")
    locked = [number for number in free if players[number].id in wishes.lock]
    return _Problem(slots, players, pinned, locked, free)


def _chance(draws: np.ndarray, chosen: Collection[int], against: np.ndarray) -> float:
    return chance_to_win(draws[:, list(chosen)].sum(axis=1), against)


def _likeliest(problem: _Problem, draws: np.ndarray, against: np.ndarray) -> dict[int, int]:
    """Return the line-up with the highest chance to win that the search finds."""
    mean = np.array([one.points.expected for one in problem.players])
    spread = draws.std(axis=0)
    starts = [problem.best(mean + tilt * spread) for tilt in _TILTS]
    best = max(starts, key=lambda chosen: _chance(draws, chosen.values(), against))
    members, chance = set(best.values()), _chance(draws, best.values(), against)
    movable = set(problem.free) - set(problem.locked)
    while True:
        total = draws[:, sorted(members)].sum(axis=1)
        tried = [
            (chance_to_win(total - draws[:, out] + draws[:, into], against), out, into)
            for out in members & movable
            for into in set(problem.free) - members
        ]
        better = sorted((one for one in tried if one[0] > chance + 1e-9), reverse=True)
        for found, out, into in better:
            if problem.is_legal(members - {out} | {into}):
                members, chance = members - {out} | {into}, found
                break
        else:
            break
    # The same players, in as few other slots as possible.
    part = _Problem(
        problem.slots,
        problem.players,
        problem.pinned,
        problem.locked,
        [one for one in problem.free if one in members],
    )
    return part.best(mean)


def _swaps(problem: _Problem, current: Mapping[int, int], chosen: Mapping[int, int]) -> list[Swap]:
    """Return the swaps from the current to the chosen line-up; each step is a legal line-up."""
    players = problem.players
    members, goal = set(current.values()), set(chosen.values())

    def points(number: int) -> float:
        return players[number].points.expected

    swaps = []
    for into in sorted(goal - members, key=points, reverse=True):
        outs = sorted(members - goal, key=points)
        # An empty slot is filled before a player is taken out.
        if problem.is_legal(members | {into}):
            members |= {into}
            swaps.append(Swap(players[into], None, round(points(into), 2)))
            continue
        if not outs:
            continue
        legal = (one for one in outs if problem.is_legal(members - {one} | {into}))
        # The current line-up itself may be illegal, as after a change of a player's position.
        out = next(legal, outs[0])
        members = members - {out} | {into}
        gain = round(points(into) - points(out), 2) + 0.0
        swaps.append(Swap(players[into], players[out], gain))
    for out in sorted(members - goal, key=points):
        swaps.append(Swap(None, players[out], round(-points(out), 2) + 0.0))
    return swaps


def _empty(problem: _Problem, chosen: Mapping[int, int], wishes: Wishes) -> list[EmptySlot]:
    """Return the slots that stay empty, and the players of the team who could fill them."""
    found = []
    for number, slot in enumerate(problem.slots):
        if number in chosen:
            continue
        could = [
            f"{one.name} ({_why_not(one, wishes)})"
            for player, one in enumerate(problem.players)
            if player not in chosen.values() and may_fill(slot, one.positions)
        ]
        found.append(EmptySlot(slot, tuple(could)))
    return found


def _why_not(one: Candidate, wishes: Wishes) -> str:
    if one.id in wishes.exclude:
        return "excluded"
    if one.has_started:
        return "his game has kicked off"
    return "on injured reserve" if one.slot == "IR" else "on the taxi squad"

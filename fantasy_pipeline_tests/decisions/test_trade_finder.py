"""The trade finder and its line-up values, against every line-up of every week."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.decisions.lineup_values import LineupValues
from fantasy_pipeline.decisions.trade import Owned, trade
from fantasy_pipeline.decisions.trade_finder import (
    PER_PAIR,
    WORTH_A_SECOND,
    find_trades,
    open_market,
)
from fantasy_pipeline.football.slots import ELIGIBLE
from fantasy_pipeline.leagues.lineup import best_lineup

LEAGUES = (["QB", "RB", "FLEX"], ["RB", "REC_FLEX", "SUPER_FLEX"], ["WR", "TE", "K"])
POSITIONS = ["QB", "RB", "WR", "TE", "K"]
WEEKS = 2


def by_hand(slots: Sequence[str], players: Sequence[Owned]) -> float:
    """Return the points of the best of all line-ups of each week, empty slots included."""
    best = [0.0] * WEEKS
    for chosen in permutations([*players, *[None] * len(slots)], len(slots)):
        pairs = [(slot, one) for slot, one in zip(slots, chosen, strict=True) if one]
        if all(one.positions[0] in ELIGIBLE[slot] for slot, one in pairs):
            totals = [sum(one.weeks[week] for _, one in pairs) for week in range(WEEKS)]
            best = [max(both) for both in zip(best, totals, strict=True)]
    return sum(best)


def a_league(draw: random.Random, teams: int = 3, size: int = 4) -> dict[str, list[Owned]]:
    found = {}
    for team in range(teams):
        names = [f"{team}-{number}" for number in range(size)]
        found[str(team)] = [
            Owned(name, name, (draw.choice(POSITIONS),), (draw.uniform(1, 25), draw.uniform(0, 9)))
            for name in names
        ]
    return found


def swapped(
    one: Sequence[Owned], other: Sequence[Owned], give: Sequence[Owned], get: Sequence[Owned]
) -> tuple[list[Owned], list[Owned]]:
    return [x for x in one if x not in give] + [*get], [x for x in other if x not in get] + [*give]


def test_200_sampled_trades_gain_what_every_lineup_says() -> None:
    draw = random.Random(20)  # noqa: S311
    for number in range(200):
        slots = LEAGUES[number % len(LEAGUES)]
        teams = a_league(draw)
        market = open_market(slots, teams, [one for team in teams.values() for one in team])
        everybody = [one for team in teams.values() for one in team]
        size = draw.choice([1, 2])
        first, second = draw.sample(range(3), 2)
        rows, columns = (market.teams[team].sets[size] for team in (first, second))
        if not rows or not columns:
            continue
        row, column = draw.randrange(len(rows)), draw.randrange(len(columns))
        give, get = ([everybody[n] for n in chosen] for chosen in (rows[row], columns[column]))
        one, other = teams[str(first)], teams[str(second)]
        after = swapped(one, other, give, get)
        ours = by_hand(slots, after[0]) - by_hand(slots, one)
        theirs = by_hand(slots, after[1]) - by_hand(slots, other)
        assert market.gains(size, first)[second][row, column] == pytest.approx(ours, abs=0.001)
        assert market.gains(size, second)[first][column, row] == pytest.approx(theirs, abs=0.001)


def test_the_best_trades_are_those_of_a_search_by_hand() -> None:
    draw = random.Random(7)  # noqa: S311
    slots = LEAGUES[1]
    listed = 0
    for _ in range(3):
        teams = a_league(draw)
        offered = {
            team: [one for one in players if one.positions != ("K",)]
            for team, players in teams.items()
        }
        smaller: dict[tuple[frozenset[str], frozenset[str]], float] = {}
        for first, second in combinations(teams, 2):
            one, other = teams[first], teams[second]
            before = [by_hand(slots, one), by_hand(slots, other)]
            for size in (1, 2):
                for give in combinations(offered[first], size):
                    for get in combinations(offered[second], size):
                        after = swapped(one, other, give, get)
                        gains = [by_hand(slots, x) - y for x, y in zip(after, before, strict=True)]
                        key = frozenset(x.id for x in give), frozenset(x.id for x in get)
                        smaller[key] = min(gains)
        best = max(smaller.values())
        found, compared = find_trades(slots, teams, top=100)
        fields = [(frozenset(one.give), frozenset(one.get), min(one.gains)) for one in found]
        assert compared == len(smaller)
        assert all(gain == pytest.approx(smaller[a, b], abs=0.001) for a, b, gain in fields)
        assert all(gain > 0 for *_, gain in fields)
        assert [gain for *_, gain in fields] == sorted((x[2] for x in fields), reverse=True)
        # A trade of two is listed only if both players matter.
        for give, get, gain in fields:
            for a in give if len(give) == 2 else ():
                for b in get:
                    part = smaller[frozenset({a}), frozenset({b})]
                    assert gain >= part + WORTH_A_SECOND - 0.001
        if best > WORTH_A_SECOND:
            assert fields[0][2] >= best - WORTH_A_SECOND
        listed += len(fields)
    assert listed > 3


def test_a_named_team_gives_in_every_trade() -> None:
    teams = a_league(random.Random(3), teams=4, size=8)  # noqa: S311
    found, compared = find_trades(LEAGUES[1], teams, "2", top=50)
    everybody, all_compared = find_trades(LEAGUES[1], teams, top=50)
    assert found
    assert {one.one for one in found} == {"2"}
    assert all(name.startswith("2-") for one in found for name in one.give)
    pairs = [one.other for one in found]
    assert all(pairs.count(other) <= PER_PAIR for other in pairs)
    assert 0 < compared < all_compared
    ours = [min(one.gains) for one in everybody if "2" in (one.one, one.other)]
    assert [min(one.gains) for one in found] == pytest.approx(ours, abs=0.001)


def test_a_found_trade_is_judged_the_same_by_the_exact_assignment() -> None:
    teams = a_league(random.Random(11), teams=4, size=8)  # noqa: S311
    found, _ = find_trades(LEAGUES[0], teams)
    assert found
    for one in found:
        changes = trade(LEAGUES[0], teams[one.one], teams[one.other], set(one.give), set(one.get))
        assert [change.change for change in changes] == pytest.approx(one.gains, abs=0.02)


def test_nothing_to_trade() -> None:
    kicker = Owned("k", "K", ("K",), (0.0, 0.0))
    back = Owned("b", "B", ("RB",), (9.0, 9.0))
    assert find_trades(["RB"], {"1": [kicker], "2": [back]}) == ([], 0)
    assert find_trades(["RB"], {"1": [back], "2": [back]}) == ([], 1)


@given(
    slots=st.lists(st.sampled_from(sorted(ELIGIBLE)), min_size=1, max_size=8),
    players=st.lists(
        st.tuples(
            st.lists(st.sampled_from([*POSITIONS, "LB", "DB"]), min_size=1, max_size=2),
            st.floats(0, 40),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_values_are_those_of_the_exact_assignment(
    slots: list[str], players: list[tuple[list[str], float]]
) -> None:
    positions, points = [at for at, _ in players], [x for _, x in players]
    chosen = best_lineup(slots, positions, points)
    exact = sum(points[player] for player in chosen.values())
    values = LineupValues(slots, positions)
    found = values.points(range(len(players)), np.array(points))
    assert float(found) == pytest.approx(exact, abs=1e-6)

"""The best line-up against every legal line-up, and its swaps, locks and chances."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fantasy_pipeline.decisions.lineup import Candidate, Lineup, Objective, Wishes, best_lineup
from fantasy_pipeline.decisions.outcomes import Points
from fantasy_pipeline.decisions.simulation import (
    OPPONENTS,
    TEAM_MATES,
    InGame,
    correlations,
    simulate,
)
from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.slots import ELIGIBLE

POSITIONS = ("QB", "RB", "WR", "TE", "K", "P", "DEF", "DL", "LB", "DB")


def candidate(
    name: str, position: str = "WR", expected: float = 10.0, spread: float = 8.0, **more: object
) -> Candidate:
    points = Points(expected, expected - spread / 2, expected, expected + spread)
    made = Candidate(name, name.title(), (position,), position, "BUF", "MIA", points)
    return replace(made, **more)  # type: ignore[arg-type]


def legal_lineups(slots: Sequence[str], players: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Yield every legal line-up as a list of starters, empty slots included."""
    if not slots:
        yield []
        return
    first, rest = slots[0], slots[1:]
    for one in players:
        if set(ELIGIBLE[first]) & set(one.positions):
            others = [other for other in players if other is not one]
            yield from ([one, *more] for more in legal_lineups(rest, others))
    yield from legal_lineups(rest, players)


def best_by_hand(
    slots: Sequence[str], players: Sequence[Candidate], name: str
) -> tuple[int, float]:
    """Return the most slots that can be filled, and then the highest sum of points."""
    return max(
        (len(chosen), round(sum(getattr(one.points, name) for one in chosen), 2))
        for chosen in legal_lineups(slots, players)
    )


def random_team(draw: random.Random, slots: Sequence[str]) -> list[Candidate]:
    # Positions of the slots, so that most slots can be filled, and any others.
    positions = [draw.choice(ELIGIBLE[draw.choice(slots)]) for _ in range(4)]
    positions += [draw.choice(POSITIONS) for _ in range(3)]
    team = []
    for number, position in enumerate(positions):
        also = (draw.choice(POSITIONS),) if draw.random() < 0.2 else ()
        one = candidate(f"p{number}", position, round(draw.uniform(0, 25), 2), draw.uniform(1, 20))
        team.append(replace(one, positions=(position, *also)))
    return team


@pytest.mark.parametrize(("objective", "name"), [("mean", "expected"), ("ceiling", "p90")])
def test_400_random_rosters_with_every_kind_of_slot(objective: Objective, name: str) -> None:
    draw, tried = random.Random(7), set[str]()  # noqa: S311
    for number in range(400):
        slots = [list(ELIGIBLE)[number % len(ELIGIBLE)]]
        slots += draw.choices(list(ELIGIBLE), k=3)
        tried |= set(slots)
        team = random_team(draw, slots)
        found = best_lineup(slots, team, objective)
        expected = best_by_hand(slots, team, name)
        assert (len(found.starters), found.total(name)) == pytest.approx(expected), (slots, team)
    assert tried == set(ELIGIBLE)


teams = st.lists(
    st.tuples(st.sampled_from(("QB", "RB", "WR", "TE")), st.integers(0, 30)),
    min_size=1,
    max_size=7,
).map(lambda found: [candidate(f"p{i}", at, float(x)) for i, (at, x) in enumerate(found)])
slot_lists = st.lists(
    st.sampled_from(("QB", "RB", "WR", "TE", "FLEX", "REC_FLEX", "WRRB_FLEX", "SUPER_FLEX")),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60)
@given(slot_lists, teams, st.randoms(use_true_random=False))
def test_the_order_of_slots_and_players_does_not_matter(
    slots: list[str], team: list[Candidate], shuffle: random.Random
) -> None:
    found = best_lineup(slots, team)
    other_slots, other_team = list(slots), list(team)
    shuffle.shuffle(other_slots)
    shuffle.shuffle(other_team)
    other = best_lineup(other_slots, other_team)
    assert (len(other.starters), other.total()) == (len(found.starters), found.total())


@settings(max_examples=60)
@given(slot_lists, teams, st.data())
def test_locked_and_excluded_players(
    slots: list[str], team: list[Candidate], data: st.DataObject
) -> None:
    locked, excluded = (data.draw(st.sampled_from(team)) for _ in range(2))
    wishes = Wishes(frozenset({locked.id}), frozenset({excluded.id} - {locked.id}))
    allowed = [one for one in team if one.id not in wishes.exclude]
    possible = [chosen for chosen in legal_lineups(slots, allowed) if locked in chosen]
    if not possible:
        with pytest.raises(InvalidArgumentError, match="Lock fewer players"):
            best_lineup(slots, team, wishes=wishes)
        return
    found = best_lineup(slots, team, wishes=wishes)
    starters = list(found.starters.values())
    assert locked in starters
    assert not {one.id for one in starters} & wishes.exclude
    most = max(map(len, possible))
    best = max(
        sum(one.points.expected for one in chosen) for chosen in possible if len(chosen) == most
    )
    assert (len(starters), found.total()) == (most, pytest.approx(best))


def started(one: Candidate, slot: str, number: int) -> Candidate:
    return replace(one, slot=slot, slot_number=number)


@settings(max_examples=60)
@given(slot_lists, teams, st.randoms(use_true_random=False))
def test_swaps_lead_from_the_current_to_the_best_lineup(
    slots: list[str], team: list[Candidate], shuffle: random.Random
) -> None:
    worst = best_lineup(
        slots,
        [replace(one, points=Points(*[-x for x in vars(one.points).values()])) for one in team],
    )
    now = {one.id: number for number, one in worst.starters.items()}
    team = [started(one, slots[now[one.id]], now[one.id]) if one.id in now else one for one in team]
    found = best_lineup(slots, team)
    members = {one.id for one in found.current.values()}
    for swap in found.swaps:
        members -= {swap.out.id} if swap.out else set()
        members |= {swap.into.id} if swap.into else set()
        chosen = [one for one in team if one.id in members]
        assert len(best_lineup(slots, chosen).starters) == len(chosen), "each step is legal"
    assert members == {one.id for one in found.starters.values()}
    before = sum(one.points.expected for one in found.current.values())
    assert before + sum(swap.gain for swap in found.swaps) == pytest.approx(found.total())


def names(found: Lineup) -> list[str]:
    return [found.starters[n].id if n in found.starters else "-" for n in range(len(found.slots))]


def test_a_player_cannot_be_locked_and_excluded() -> None:
    team = [candidate("one", "RB", 3.0), candidate("other", "RB", 2.0)]
    both = Wishes(lock=frozenset({"one"}), exclude=frozenset({"one", "other"}))
    with pytest.raises(InvalidArgumentError, match="One: named with --lock and with --exclude"):
        best_lineup(["RB"], team, wishes=both)


def test_players_who_kicked_off_stay_where_they_are() -> None:
    team = [
        started(candidate("early", "RB", 3.0, has_started=True), "FLEX", 1),
        candidate("missed", "RB", 30.0, has_started=True),
        started(candidate("now", "RB", 8.0), "RB", 0),
        candidate("better", "RB", 12.0),
    ]
    assert names(best_lineup(["RB", "FLEX"], team)) == ["better", "early"]
    for wishes, where in (
        (
            Wishes(exclude=frozenset({"early"})),
            "Early's game has kicked off: he stays in slot FLEX",
        ),
        (Wishes(lock=frozenset({"missed"})), "Missed's game has kicked off: he stays on the bench"),
    ):
        with pytest.raises(InvalidArgumentError, match=where):
            best_lineup(["RB", "FLEX"], team, wishes=wishes)


def test_an_empty_slot_names_who_could_fill_it() -> None:
    team = [
        candidate("hurt", "TE", 9.0, slot="IR"),
        candidate("young", "TE", 3.0, slot="TAXI"),
        candidate("out", "TE", 5.0),
        candidate("receiver", "WR", 5.0),
    ]
    found = best_lineup(["TE", "WR"], team, wishes=Wishes(exclude=frozenset({"out"})))
    assert names(found) == ["-", "receiver"]
    assert [(one.slot, one.could_fill) for one in found.empty] == [
        ("TE", ("Hurt (on injured reserve)", "Young (on the taxi squad)", "Out (excluded)"))
    ]


def test_equal_lineups_change_nothing() -> None:
    team = [
        candidate("bench"),
        started(candidate("now"), "WR", 1),
        started(candidate("too"), "WR", 0),
    ]
    found = best_lineup(["WR", "WR"], team)
    assert (names(found), found.swaps) == (["too", "now"], [])


def test_outsiders_start_the_wide_and_favourites_the_safe() -> None:
    """Ten expected points are enough against five and too few against twenty."""
    team = [
        candidate("safe", expected=10.0, spread=1.0),
        candidate("wide", expected=9.5, spread=30),
    ]
    for against, starter in ((5.0, "safe"), (20.0, "wide")):
        opponent = [candidate("they", "QB", against, 1.0, team="NYJ", opponent="NE")]
        found = best_lineup(["WR"], team, "win", opponent=opponent)
        assert names(found) == [starter]
    with pytest.raises(InvalidArgumentError, match="win needs an opponent"):
        best_lineup(["WR"], team, "win")


def test_no_lineup_wins_more_often_by_the_same_draws() -> None:
    draw, exact, tried = random.Random(3), 0, 60  # noqa: S311
    for number in range(tried):
        slots = ["QB", "RB", "WR", "FLEX"]
        team = [
            candidate(f"p{i}", at, draw.uniform(4, 14), draw.uniform(2, 25), team=f"T{i % 3}")
            for i, at in enumerate(("QB", "QB", "RB", "RB", "WR", "WR", "TE"))
        ]
        they = [candidate("they", "K", draw.uniform(25, 60), 9.0, team="NYJ", opponent="NE")]
        found = best_lineup(slots, team, "win", opponent=they)
        draws = simulate([one.in_game for one in (*team, *they)])
        best = max(
            np.mean(draws[:, [team.index(one) for one in chosen]].sum(axis=1) > draws[:, -1])
            for chosen in legal_lineups(slots, team)
        )
        assert found.chance is not None
        assert found.chance >= best - 0.005, number
        exact += found.chance >= best - 1e-9
    assert exact >= 0.9 * tried


def test_simulated_players_have_their_quantiles_and_correlations() -> None:
    points = Points(15.0, 7.0, 14.0, 26.0)
    players = [
        InGame("QB", "BUF", "MIA", points),
        InGame("WR", "BUF", "MIA", points),
        InGame("QB", "MIA", "BUF", points),
        InGame("WR", "NYJ", "NE", points),
        InGame("WR", None, None, points),
    ]
    draws = simulate(players, 100_000)
    for level, value in ((0.1, 7.0), (0.5, 14.0), (0.9, 26.0)):
        assert np.quantile(draws, level, axis=0) == pytest.approx([value] * 5, abs=0.2)
    scores = np.where(draws > 14, (draws - 14) / 12, (draws - 14) / 7)
    found = np.corrcoef(scores.T)
    assert found[0, 1] == pytest.approx(TEAM_MATES["QB", "WR"], abs=0.01)
    assert found[0, 2] == pytest.approx(OPPONENTS["QB", "QB"], abs=0.01)
    assert found[0, 3] == pytest.approx(0, abs=0.01)
    assert found[1, 4] == pytest.approx(0, abs=0.01)


def test_correlations_that_do_not_fit_together_are_fitted() -> None:
    """Sixteen backs of one team cannot all score against each other."""
    points = Points(15.0, 7.0, 14.0, 26.0)
    found = correlations([InGame("RB", "BUF", "MIA", points)] * 16)
    assert np.linalg.eigvalsh(found)[0] >= 0
    assert np.diag(found) == pytest.approx(np.ones(16))
    assert found[0, 1] == pytest.approx(-1 / 15, abs=1e-6)

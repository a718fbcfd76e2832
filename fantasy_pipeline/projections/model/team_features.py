"""Features that compare a player with his team-mates of the same week.

A *room* holds a team's players of one position. The features are rank and share in the room, usage
of absent and returning team-mates, and the expected quarterback.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fantasy_pipeline.projections.columns import as_texts

RECENTLY = 4
"""Weeks after his last game in which an absent player still counts as vacating usage."""


def _availability(rows: pa.Table, history: dict[str, np.ndarray]) -> np.ndarray:
    """Return the chance, 0-1, that each player is available, for features of his team mates.

    In seasons without roster files, players are listed because of a stat line. A stat line of the
    very week is not known beforehand: such a player counts as unavailable, as does a player who has
    not played for more than `RECENTLY` weeks.
    """
    roster = as_texts(rows["roster_status"])
    injury = as_texts(rows["injury_status"])
    active = np.isin(roster, ["", "ACT"])
    absent = (roster == "") & (np.nan_to_num(history["weeks_since_game"], nan=0.0) > RECENTLY)
    chance = np.where(active & ~absent & _listed_before(rows, history["week"]), 1.0, 0.0)
    chance[injury == "Out"] = 0.0
    for status in ("Questionable", "Doubtful"):
        named = injury == status
        chance[named] *= history["status_rate"][named]
    return chance


def _listed_before(rows: pa.Table, week: np.ndarray) -> np.ndarray:
    """Return a mask of players listed before the week: by a roster, or by a stat line in week 1."""
    source = as_texts(rows["roster_source"])
    listed: np.ndarray = (source != "") & ((source != "stats") | (week == 1))
    return listed


def groups(*keys: np.ndarray) -> np.ndarray:
    """Return the number of each row's group, 0 to groups - 1; equal keys are one group."""
    # (rows,): one mixed-radix number per combination of keys, which np.unique then makes dense.
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        index = pa.array(key).dictionary_encode()
        code = code * (len(index.dictionary) + 1) + index.indices.to_numpy()
    return np.unique(code, return_inverse=True)[1]


def group_sum(group: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return for each row the sum of its group's values, (rows,); NaN counts as 0."""
    return np.bincount(group, np.nan_to_num(values))[group]


def _above(group: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return for each row the summed weights of its group's rows with a higher value, (rows,)."""
    # (rows,): sort by group, best value first; all arrays up to the last line are in this order.
    order = np.lexsort((-values, group))
    g, v, w = group[order], values[order], weights[order]
    # (rows,): weights of all rows before this one, of earlier groups too.
    before = np.concatenate([[0.0], np.cumsum(w)[:-1]])
    # (rows,): mark the first row of each group, and of each run of equal values in a group.
    first_of_group = np.concatenate([[True], g[1:] != g[:-1]])
    first_of_tie = first_of_group | np.concatenate([[True], v[1:] != v[:-1]])
    # (rows,): position of the row's group start and of its tie's start.
    start = np.maximum.accumulate(np.where(first_of_group, np.arange(len(g)), 0))
    tie = np.maximum.accumulate(np.where(first_of_tie, np.arange(len(g)), 0))
    out = np.empty(len(group))
    # Weights between both are of strictly higher values. Rounded: the running sum of earlier groups
    # must not show in the last bits. Back in the order of the arguments.
    out[order] = np.round(before[tie] - before[start], 9)
    return out


def team_features(rows: pa.Table, history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return features of a player's team and room (its players of his position), by name.

    Room rank and share, vacated, missing and returning usage, and the expected quarterback.
    """
    position = as_texts(rows["position"])
    # (rows,): number of the team-week, and of the room in it.
    team = groups(rows["season"].to_numpy(), rows["week"].to_numpy(), as_texts(rows["team"]))
    room = groups(team, position)
    chance = _availability(rows, history)
    points = history["shrunken_points"]
    usage = blend(history, "carries") + blend(history, "targets") + blend(history, "attempts")
    # (rows,): usage of the room's available players; the player's own counts whole, because the
    # share is what he has if he plays.
    room_usage = group_sum(room, chance * usage) + (1 - chance) * usage
    out = {
        "room_players": group_sum(room, chance),
        "room_rank": _above(room, points, chance),
        "room_usage_rank": _above(room, usage, chance),
        "room_usage_share": usage / np.maximum(room_usage, 0.5),
    }
    out |= _moved_usage(rows, history, team, room, chance, usage)
    attempts = blend(history, "attempts")
    return out | _starters(history, team, position == "QB", chance, attempts, points)


def blend(history: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return the mean of a stat's averages over recent and over more games, (rows,)."""
    return np.nan_to_num((history[f"avg_{name}"] + history[f"recent_{name}"]) / 2)


def _moved_usage(
    rows: pa.Table,
    history: dict[str, np.ndarray],
    team: np.ndarray,
    room: np.ndarray,
    chance: np.ndarray,
    usage: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return the usage of team mates who are newly absent, absent at all, and returning.

    Args:
        team: number of each row's team-week; `room`: of its position in it.
        chance: chance that each player is available.
        usage: plays per game of each player.
    """
    # (rows,): chance that a player of late is absent; that he is so for the first week; that a
    # player who missed the last game is back.
    recent = np.nan_to_num(history["weeks_since_game"], nan=99.0) <= RECENTLY
    absent = recent * (1 - chance) * _listed_before(rows, history["week"])
    newly = absent * (history["missed_last"] == 0)
    back = chance * (history["missed_last"] == 1) * (history["games_season"] > 0)
    targets, carries = blend(history, "target_share"), blend(history, "carry_share")

    def of_others(group: np.ndarray, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the sum of the row's group without the row itself, (rows,)."""
        return group_sum(group, weights * values) - weights * values

    return {
        "vacated_targets": of_others(team, newly, targets),
        "vacated_carries": of_others(team, newly, carries),
        "vacated_room": of_others(room, newly, usage),
        "missing_targets": of_others(team, absent, targets),
        "missing_carries": of_others(team, absent, carries),
        "returning_targets": of_others(team, back, targets),
        "returning_carries": of_others(team, back, carries),
    }


def _starters(
    history: dict[str, np.ndarray],
    team: np.ndarray,
    quarterback: np.ndarray,
    chance: np.ndarray,
    attempts: np.ndarray,
    points: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return features of the team's expected quarterback, by name; NaN for teams without one.

    He is the available quarterback with the most recent attempts; points decide between equals.
    """
    # (rows,): attempts to expect; -1 for other positions and for quarterbacks unlikely to play.
    merit = np.where(quarterback & (chance > 0.3), attempts * chance + points / 100, -1.0)
    # (rows,): sort by team, best first; the first row of each team is its starter.
    order = np.lexsort((-merit, team))
    first = np.concatenate([[True], np.diff(team[order]) > 0])
    # (rows,): index of the row of each player's starter.
    starter_of = order[first][team]
    nobody = merit[starter_of] < 0
    starter = starter_of == np.arange(len(team))

    def of_starter(values: np.ndarray) -> np.ndarray:
        return np.where(nobody, np.nan, values[starter_of])

    with np.errstate(divide="ignore", invalid="ignore"):
        yards = np.where(
            history["avg_attempts"] > 5,
            history["avg_passing_yards"] / history["avg_attempts"],
            np.nan,
        )
    return {
        "starter": np.where(quarterback & starter & ~nobody, 1.0, 0.0),
        "starter_points": of_starter(points),
        "starter_yards": of_starter(yards),
        "starter_new": of_starter(history["missed_last"]),
    }

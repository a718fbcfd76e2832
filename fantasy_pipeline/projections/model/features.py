"""The feature matrix: `player_history`, and what follows from the players of a team and week.

Everything here compares rows of one week with each other, as known before the week. Missing values
stay NaN: trees read them as such, the linear part takes the position's mean.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fantasy_pipeline.football.tables import AVERAGED_STATS, LONG_STATS, RECENT_STATS, TEAM_STATS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PRIOR_GAMES = {"QB": 3.0, "RB": 2.0, "WR": 3.0, "TE": 3.0, "K": 12.0}
"""Games of the position's mean that a player's own mean is mixed with."""
USUAL_TEAM_TOTAL = 22.5
"""Points per team and game, the league's mean since 2015."""
RECENTLY = 4
"""Weeks after his last game in which an absent player still counts as vacating usage."""

USAGE = ("carries", "targets", "attempts")
"""What makes a player's usage, in plays per game."""

_HISTORY = (
    "week",
    "is_home",
    "spread_line",
    "implied_team_total",
    "rest",
    "indoors",
    "age",
    "years_in_league",
    "games",
    "games_season",
    "weeks_since_game",
    "weight",
    "appearance_rate",
    "last_points_ppr",
    "season_points_ppr",
    *(f"avg_{name}" for name in AVERAGED_STATS),
    *(f"recent_{name}" for name in RECENT_STATS),
    *(f"long_{name}" for name in LONG_STATS),
    "long_weight",
    "avg_snap_share",
    "recent_snap_share",
    "last_snap_share",
    "spread_points",
    "before_points_half",
    "before_games",
    "new_team",
    "missed_last",
    *(f"prior_{name}" for name in AVERAGED_STATS[:3]),
    "status_rate",
    "opponent_factor_fantasy_points",
    "opponent_factor_fantasy_points_ppr",
    *(f"team_{name}" for name in TEAM_STATS),
    *(f"allowed_{name}" for name in TEAM_STATS),
    "team_position_points",
)
"""Columns of `player_history` that are features as they stand."""

_DERIVED = (
    "log_pick",
    "questionable",
    "did_not_practise",
    "limited",
    "shrunken_points",
    "expected_points",
    "room_players",
    "room_rank",
    "room_usage_rank",
    "room_usage_share",
    "vacated_targets",
    "vacated_carries",
    "vacated_room",
    "missing_targets",
    "missing_carries",
    "returning_targets",
    "returning_carries",
    "starter",
    "starter_points",
    "starter_yards",
    "starter_new",
    "points_per_usage",
)

_PRODUCTS = (
    ("expected_points", "total_edge"),
    ("expected_points", "opponent_edge"),
    ("usage", "total_edge"),
    ("usage", "opponent_edge"),
    ("expected_points", "spread_line"),
    ("shrunken_points", "few_season"),
    ("before_points_half", "few_season"),
    ("long_fantasy_points_half", "few_season"),
    ("recent_fantasy_points_half", "few_season"),
    ("shrunken_points", "few_career"),
    ("log_pick", "few_career"),
    ("log_pick", "few_season"),
    ("shrunken_points", "vacated_room"),
    ("usage", "vacated_room"),
    ("vacated_carries", "avg_carry_share"),
    ("vacated_targets", "avg_target_share"),
    ("returning_carries", "avg_carry_share"),
    ("returning_targets", "avg_target_share"),
    ("shrunken_points", "questionable"),
    ("shrunken_points", "limited"),
    ("shrunken_points", "did_not_practise"),
    ("shrunken_points", "missed_last"),
    ("shrunken_points", "new_team"),
    ("shrunken_points", "room_usage_share"),
    ("shrunken_points", "room_rank"),
    ("shrunken_points", "shrunken_points"),
    ("missing_carries", "room_usage_share"),
    ("vacated_carries", "room_top"),
    ("vacated_targets", "room_top"),
    ("recent_snap_share", "avg_snap_share"),
    ("shrunken_points", "snap_trend"),
    ("shrunken_points", "starter_edge"),
    ("usage", "starter_yards_edge"),
    ("age", "age"),
    ("shrunken_points", "age_edge"),
    ("team_position_points", "room_usage_share"),
    ("team_position_points", "room_top"),
    ("team_carries", "recent_carry_share"),
    ("team_attempts", "recent_target_share"),
    ("shrunken_points", "appearance_rate"),
)
"""Products for the linear part, which cannot find them by itself."""

_TERMS = ("few_season", "few_career", "room_top", "snap_trend", "log_absence", "root_points")

TREE_NAMES = (*_HISTORY, *_DERIVED)
"""Features that the trees read: the first ones of the matrix."""
NAMES = (*TREE_NAMES, *_TERMS, *(f"{a} x {b}" for a, b in _PRODUCTS))
"""Features, in the order of the matrix's columns."""


def fingerprint() -> str:
    """Hash of the feature list; a model made with another list is refused."""
    return hashlib.sha256("\n".join(NAMES).encode()).hexdigest()[:16]


def floats(rows: pa.Table, name: str) -> np.ndarray:
    """A column as floats, null as NaN."""
    return rows[name].cast("float64").fill_null(float("nan")).to_numpy()


def texts(rows: pa.Table, name: str) -> np.ndarray:
    """A column of strings as an array of objects, null as an empty string."""
    import numpy as np

    return np.array(rows[name].fill_null("").to_pylist(), dtype=object)


def matrix(rows: pa.Table) -> np.ndarray:
    """Features of `PLAYER_HISTORY` rows.

    Args:
        rows: whole weeks; a player's room is looked for among the rows of his week.

    Returns:
        One row per row, one column per name of `NAMES`.
    """
    import numpy as np

    columns = {name: floats(rows, name) for name in _HISTORY}
    columns |= _own(rows, columns)
    columns |= _team(rows, columns)
    terms = {name: np.nan_to_num(values) for name, values in _terms(columns).items()}
    plain = {name: np.nan_to_num(values) for name, values in columns.items()} | terms
    products = [plain[a] * plain[b] for a, b in _PRODUCTS]
    first = [columns[name] for name in TREE_NAMES]
    return np.column_stack([*first, *(terms[name] for name in _TERMS), *products])


def _terms(known: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Curved and centred versions of features, to multiply others with."""
    import numpy as np

    total = np.nan_to_num(known["implied_team_total"], nan=USUAL_TEAM_TOTAL)
    return {
        "total_edge": total / USUAL_TEAM_TOTAL - 1,
        "opponent_edge": known["opponent_factor_fantasy_points_ppr"] - 1,
        "usage": sum(
            (known[f"{span}_{name}"] for span in ("avg", "recent") for name in USAGE), start=0.0
        )
        / 2,
        "few_season": 1 / (1 + known["games_season"]),
        "few_career": 1 / (1 + known["games"]),
        "room_top": np.exp(-known["room_rank"]),
        "snap_trend": known["last_snap_share"] - known["avg_snap_share"],
        "log_absence": np.log1p(known["weeks_since_game"]),
        "root_points": np.sqrt(np.maximum(known["shrunken_points"], 0.0)),
        "starter_edge": known["starter_points"] - 15,
        "starter_yards_edge": known["starter_yards"] - 7,
        "age_edge": known["age"] - 26,
    }


def _own(rows: pa.Table, known: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What follows from a row alone."""
    import numpy as np

    pick = floats(rows, "draft_pick")
    injury, practice = texts(rows, "injury_status"), texts(rows, "practice_status")
    position = texts(rows, "position")
    prior_games = np.array([PRIOR_GAMES[name] for name in position])
    weight = np.nan_to_num(known["weight"])
    own = np.nan_to_num(known["avg_fantasy_points_half"])
    prior = np.nan_to_num(known["prior_fantasy_points_half"])
    shrunken = (own * weight + prior * prior_games) / (weight + prior_games)
    total = np.nan_to_num(known["implied_team_total"], nan=USUAL_TEAM_TOTAL)
    opponent = 0.5 + 0.5 * floats(rows, "opponent_factor_fantasy_points_half")
    usage = known["avg_carries"] + known["avg_targets"] + known["avg_attempts"]
    with np.errstate(divide="ignore", invalid="ignore"):
        per_usage = np.where(usage > 1, known["avg_fantasy_points_half"] / usage, np.nan)
    return {
        "log_pick": np.log(np.nan_to_num(pick, nan=300.0)),
        "questionable": (injury == "Questionable").astype(float),
        "did_not_practise": (practice == "DNP").astype(float),
        "limited": (practice == "Limited").astype(float),
        "shrunken_points": shrunken,
        "expected_points": shrunken * opponent * (0.5 + 0.5 * total / USUAL_TEAM_TOTAL),
        "points_per_usage": per_usage,
    }


def _availability(rows: pa.Table, known: dict[str, np.ndarray]) -> np.ndarray:
    """Chance that a player is there, 0-1, as his team and position mates can count on.

    Where there are no roster files, a player listed for his stat line of the very week is not
    known beforehand, and one not seen for some weeks is taken to be gone.
    """
    import numpy as np

    roster = texts(rows, "roster_status")
    injury = texts(rows, "injury_status")
    there = np.isin(roster, ["", "ACT"])
    gone = (roster == "") & (np.nan_to_num(known["weeks_since_game"], nan=0.0) > RECENTLY)
    chance = np.where(there & ~gone & _beforehand(rows, known["week"]), 1.0, 0.0)
    chance[injury == "Out"] = 0.0
    for status in ("Questionable", "Doubtful"):
        these = injury == status
        chance[these] *= known["status_rate"][these]
    return chance


def _beforehand(rows: pa.Table, week: np.ndarray) -> np.ndarray:
    """Rows that were there before the week: not made from its stat lines, week 1 excepted."""
    source = texts(rows, "roster_source")
    known: np.ndarray = (source != "") & ((source != "stats") | (week == 1))
    return known


def _groups(*keys: np.ndarray) -> np.ndarray:
    """Number of each row's group."""
    import numpy as np
    import pyarrow as pa

    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        index = pa.array(key).dictionary_encode()
        code = code * (len(index.dictionary) + 1) + index.indices.to_numpy()
    return np.unique(code, return_inverse=True)[1]


def _sum(group: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum of each row's group."""
    import numpy as np

    return np.bincount(group, np.nan_to_num(values))[group]


def _above(group: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Summed weights of the row's group that have a higher value."""
    import numpy as np

    order = np.lexsort((-values, group))
    g, v, w = group[order], values[order], weights[order]
    before = np.concatenate([[0.0], np.cumsum(w)[:-1]])
    first_of_group = np.concatenate([[True], g[1:] != g[:-1]])
    first_of_tie = first_of_group | np.concatenate([[True], v[1:] != v[:-1]])
    start = np.maximum.accumulate(np.where(first_of_group, np.arange(len(g)), 0))
    tie = np.maximum.accumulate(np.where(first_of_tie, np.arange(len(g)), 0))
    out = np.empty(len(group))
    # Rounded: a running sum must not depend on the groups before.
    out[order] = np.round(before[tie] - before[start], 9)
    return out


def _team(rows: pa.Table, known: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Room rank, vacated and returning usage, expected starter at quarterback."""
    import numpy as np

    position = texts(rows, "position")
    season = rows["season"].to_numpy()
    week = rows["week"].to_numpy()
    team = _groups(season, week, texts(rows, "team"))
    room = _groups(team, position)
    chance = _availability(rows, known)

    def mix(name: str) -> np.ndarray:
        """The mean of recent and not so recent games."""
        return np.nan_to_num((known[f"avg_{name}"] + known[f"recent_{name}"]) / 2)

    own = known["shrunken_points"]
    usage = mix("carries") + mix("targets") + mix("attempts")
    room_usage = _sum(room, chance * usage)
    out = {
        "room_players": _sum(room, chance),
        "room_rank": _above(room, own, chance),
        "room_usage_rank": _above(room, usage, chance),
        # His own usage counts whole: the question is what he has if he plays.
        "room_usage_share": usage / np.maximum(room_usage + (1 - chance) * usage, 0.5),
    }
    recent = np.nan_to_num(known["weeks_since_game"], nan=99.0) <= RECENTLY
    absent = recent * (1 - chance) * _beforehand(rows, known["week"])
    newly = absent * (known["missed_last"] == 0)
    back = chance * (known["missed_last"] == 1) * (known["games_season"] > 0)
    targets, carries = mix("target_share"), mix("carry_share")

    def others(group: np.ndarray, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        return _sum(group, weights * values) - weights * values

    out |= {
        "vacated_targets": others(team, newly, targets),
        "vacated_carries": others(team, newly, carries),
        "vacated_room": others(room, newly, usage),
        "missing_targets": others(team, absent, targets),
        "missing_carries": others(team, absent, carries),
        "returning_targets": others(team, back, targets),
        "returning_carries": others(team, back, carries),
    }
    return out | _starters(known, team, position == "QB", chance, mix("attempts"), own)


def _starters(
    known: dict[str, np.ndarray],
    team: np.ndarray,
    quarterback: np.ndarray,
    chance: np.ndarray,
    attempts: np.ndarray,
    points: np.ndarray,
) -> dict[str, np.ndarray]:
    """The team's likely quarterback: the one there who threw most of late, then who scores most."""
    import numpy as np

    merit = np.where(quarterback & (chance > 0.3), attempts * chance + points / 100, -1.0)
    order = np.lexsort((-merit, team))
    first = np.concatenate([[True], np.diff(team[order]) > 0])
    starter_of = order[first][team]
    nobody = merit[starter_of] < 0
    starter = starter_of == np.arange(len(team))

    def of(values: np.ndarray) -> np.ndarray:
        return np.where(nobody, np.nan, values[starter_of])

    with np.errstate(divide="ignore", invalid="ignore"):
        yards = np.where(
            known["avg_attempts"] > 5, known["avg_passing_yards"] / known["avg_attempts"], np.nan
        )
    return {
        "starter": np.where(quarterback & starter & ~nobody, 1.0, 0.0),
        "starter_points": of(points),
        "starter_yards": of(yards),
        "starter_new": of(known["missed_last"]),
    }

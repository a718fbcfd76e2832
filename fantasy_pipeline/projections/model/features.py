"""The feature matrix: columns of `player_history`, and features that compare rows of one week.

All features are known before the week. Missing values stay NaN: trees split on them, the ridge
regression takes the position's mean instead.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.tables import AVERAGED_STATS, LONG_STATS, RECENT_STATS, TEAM_STATS
from fantasy_pipeline.projections.columns import as_floats, as_texts

PRIOR_GAMES = {"QB": 3.0, "RB": 2.0, "WR": 3.0, "TE": 3.0, "K": 12.0}
"""Games of the position's mean that a player's own mean is mixed with."""
USUAL_TEAM_TOTAL = 22.5
"""Points per team and game, the league's mean since 2015."""
RECENTLY = 4
"""Weeks after his last game in which an absent player still counts as vacating usage."""

USAGE = ("carries", "targets", "attempts")
"""Stats that add up to a player's usage, in plays per game."""
POINTS_COLUMNS: dict[Scoring, str] = {
    "std": "fantasy_points",
    "half": "fantasy_points_half",
    "ppr": "fantasy_points_ppr",
}
"""How each scoring's points are called in the columns of `player_history`, after a prefix."""

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
"""Columns of `player_history` that are features without any change."""

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
"""Products of features for the ridge regression, which is linear in its inputs."""

_TERMS = ("few_season", "few_career", "room_top", "snap_trend", "log_absence", "root_points")

TREE_NAMES = (*_HISTORY, *_DERIVED)
"""Features that the trees read: the matrix's first columns."""
NAMES = (*TREE_NAMES, *_TERMS, *(f"{a} x {b}" for a, b in _PRODUCTS))
"""Features, in the order of the matrix's columns."""


def fingerprint() -> str:
    """Return a hash of the feature list; a model made with another list is refused."""
    return hashlib.sha256("\n".join(NAMES).encode()).hexdigest()[:16]


def shrunken_mean(rows: pa.Table, scoring: Scoring) -> np.ndarray:
    """Return the points per game to expect of each player in an average week, if he plays.

    This is his recency-weighted mean, shrunken to the mean of similarly experienced players of his
    position: `PRIOR_GAMES` games at their mean are added to his own games.

    Args:
        rows: `PLAYER_HISTORY` rows: position, weight, and the scoring's ``avg_`` and ``prior_``
            columns.

    Returns:
        Points, one per row.
    """
    name = POINTS_COLUMNS[scoring]
    prior_games = np.array([PRIOR_GAMES[position] for position in as_texts(rows["position"])])
    weight = np.nan_to_num(as_floats(rows["weight"]))
    own = np.nan_to_num(as_floats(rows[f"avg_{name}"]))
    prior = np.nan_to_num(as_floats(rows[f"prior_{name}"]))
    return (own * weight + prior * prior_games) / (weight + prior_games)


def matrix(rows: pa.Table) -> np.ndarray:
    """Return the features of `PLAYER_HISTORY` rows.

    Args:
        rows: whole weeks; features of a player's team and room compare all rows of his week.

    Returns:
        One row per row of `rows`, one column per name of `NAMES`; NaN where a value is missing.
    """
    columns = {name: as_floats(rows[name]) for name in _HISTORY}
    columns |= _own(rows, columns)
    columns |= _team(rows, columns)
    # Curves and products are for the ridge regression: missing values count as 0 there.
    terms = {name: np.nan_to_num(values) for name, values in _terms(columns).items()}
    plain = {name: np.nan_to_num(values) for name, values in columns.items()} | terms
    products = [plain[a] * plain[b] for a, b in _PRODUCTS]
    first = [columns[name] for name in TREE_NAMES]
    return np.column_stack([*first, *(terms[name] for name in _TERMS), *products])


def _terms(history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return curved and centred versions of features by name, as factors of products."""
    total = np.nan_to_num(history["implied_team_total"], nan=USUAL_TEAM_TOTAL)
    return {
        "total_edge": total / USUAL_TEAM_TOTAL - 1,
        "opponent_edge": history["opponent_factor_fantasy_points_ppr"] - 1,
        "usage": sum(
            (history[f"{span}_{name}"] for span in ("avg", "recent") for name in USAGE), start=0.0
        )
        / 2,
        "few_season": 1 / (1 + history["games_season"]),
        "few_career": 1 / (1 + history["games"]),
        "room_top": np.exp(-history["room_rank"]),
        "snap_trend": history["last_snap_share"] - history["avg_snap_share"],
        "log_absence": np.log1p(history["weeks_since_game"]),
        "root_points": np.sqrt(np.maximum(history["shrunken_points"], 0.0)),
        "starter_edge": history["starter_points"] - 15,
        "starter_yards_edge": history["starter_yards"] - 7,
        "age_edge": history["age"] - 26,
    }


def _own(rows: pa.Table, history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the features, by name, that follow from a row alone."""
    pick = as_floats(rows["draft_pick"])
    injury, practice = as_texts(rows["injury_status"]), as_texts(rows["practice_status"])
    shrunken = shrunken_mean(rows, "half")
    # Half of the opponent's and of the betting lines' effect, as in the baseline.
    total = np.nan_to_num(history["implied_team_total"], nan=USUAL_TEAM_TOTAL)
    opponent = 0.5 + 0.5 * as_floats(rows["opponent_factor_fantasy_points_half"])
    usage = history["avg_carries"] + history["avg_targets"] + history["avg_attempts"]
    with np.errstate(divide="ignore", invalid="ignore"):
        per_usage = np.where(usage > 1, history["avg_fantasy_points_half"] / usage, np.nan)
    return {
        # An undrafted player counts as pick 300.
        "log_pick": np.log(np.nan_to_num(pick, nan=300.0)),
        "questionable": (injury == "Questionable").astype(float),
        "did_not_practise": (practice == "DNP").astype(float),
        "limited": (practice == "Limited").astype(float),
        "shrunken_points": shrunken,
        "expected_points": shrunken * opponent * (0.5 + 0.5 * total / USUAL_TEAM_TOTAL),
        "points_per_usage": per_usage,
    }


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


def _groups(*keys: np.ndarray) -> np.ndarray:
    """Return the number of each row's group, 0 to groups - 1; equal keys are one group."""
    # (rows,): one mixed-radix number per combination of keys, which np.unique then makes dense.
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        index = pa.array(key).dictionary_encode()
        code = code * (len(index.dictionary) + 1) + index.indices.to_numpy()
    return np.unique(code, return_inverse=True)[1]


def _sum(group: np.ndarray, values: np.ndarray) -> np.ndarray:
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


def _team(rows: pa.Table, history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return features of a player's team and room (its players of his position), by name.

    Room rank and share, vacated, missing and returning usage, and the expected quarterback.
    """
    position = as_texts(rows["position"])
    # (rows,): number of the team-week, and of the room in it.
    team = _groups(rows["season"].to_numpy(), rows["week"].to_numpy(), as_texts(rows["team"]))
    room = _groups(team, position)
    chance = _availability(rows, history)
    points = history["shrunken_points"]
    usage = _blend(history, "carries") + _blend(history, "targets") + _blend(history, "attempts")
    # (rows,): usage of the room's available players; the player's own counts whole, because the
    # share is what he has if he plays.
    room_usage = _sum(room, chance * usage) + (1 - chance) * usage
    out = {
        "room_players": _sum(room, chance),
        "room_rank": _above(room, points, chance),
        "room_usage_rank": _above(room, usage, chance),
        "room_usage_share": usage / np.maximum(room_usage, 0.5),
    }
    out |= _moved_usage(rows, history, team, room, chance, usage)
    attempts = _blend(history, "attempts")
    return out | _starters(history, team, position == "QB", chance, attempts, points)


def _blend(history: dict[str, np.ndarray], name: str) -> np.ndarray:
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
    targets, carries = _blend(history, "target_share"), _blend(history, "carry_share")

    def of_others(group: np.ndarray, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the sum of the row's group without the row itself, (rows,)."""
        return _sum(group, weights * values) - weights * values

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

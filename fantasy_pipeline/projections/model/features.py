"""The feature matrix: columns of `player_history`, and features that compare rows of one week.

All features are known before the week. Missing values stay NaN: the regressions take the position's
mean instead.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.tables import AVERAGED_STATS, LONG_STATS, RECENT_STATS, TEAM_STATS
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model.team_features import team_features

PRIOR_GAMES = {"QB": 3.0, "RB": 2.0, "WR": 3.0, "TE": 3.0, "K": 12.0}
"""Games of the position's mean that a player's own mean is mixed with."""
USUAL_TEAM_TOTAL = 22.5
"""Points per team and game, the league's mean since 2015."""

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
    "implied_change",
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
    "practised_fully",
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
    "resting",
    "rest_signal",
    "out_of_it",
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
    ("shrunken_points", "resting"),
    ("shrunken_points", "rest_signal"),
    ("shrunken_points", "out_of_it"),
)
"""Products of features for the ridge regression, which is linear in its inputs."""

_TERMS = (
    *("few_season", "few_career", "first_week"),
    *("room_top", "snap_trend", "log_absence", "root_points"),
)

_PLAIN = (*_HISTORY, *_DERIVED)
NAMES = (*_PLAIN, *_TERMS, *(f"{a} x {b}" for a, b in _PRODUCTS))
"""Features, in the order of the matrix's columns."""

CURVED = (
    *("shrunken_points", "expected_points", "recent_fantasy_points_half"),
    *("long_fantasy_points_half", "recent_snap_share", "last_snap_share"),
    *("room_usage_share", "room_rank", "avg_targets", "recent_targets", "avg_carries"),
    *("recent_carries", "avg_target_share", "games", "games_season", "weeks_since_game"),
    *("age", "spread_line", "implied_team_total", "log_pick"),
)
"""Features whose effect on a stat is a curve: a straight line that may bend at each of `_KNOTS`."""
_KNOTS = (-1.0, 0.0, 1.0)
"""Where a curve may bend, in standard deviations of the position's players."""
CURVES = tuple(f"{name} > {knot:+g}" for knot in _KNOTS for name in CURVED)
"""Columns that `with_curves` adds, in order."""
_CURVED_AT = [NAMES.index(name) for name in CURVED]


def fingerprint() -> str:
    """Return a hash of the lists of features and curves; a model of other lists is refused."""
    return hashlib.sha256("\n".join((*NAMES, *CURVES)).encode()).hexdigest()[:16]


def with_curves(scaled: np.ndarray) -> np.ndarray:
    """Return a scaled matrix with its `CURVES`: how far each `CURVED` feature is above each knot.

    On the projections of 2021-2024 (PPR, players who played), the curves lower the model's MAE from
    5.642 to 5.636 and its RMSE from 7.258 to 7.256. Boosted trees beside the regression reached
    5.635 and 7.254, and took more than half of the time and memory of a training.

    Args:
        scaled: (rows, `NAMES`).

    Returns:
        (rows, `NAMES` and `CURVES`).
    """
    curved = scaled[:, _CURVED_AT]
    return np.column_stack([scaled, *(np.maximum(curved - knot, 0.0) for knot in _KNOTS)])


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
    columns |= team_features(rows, columns)
    # Curves and products are for the ridge regression: missing values count as 0 there.
    terms = {name: np.nan_to_num(values) for name, values in _terms(columns).items()}
    plain = {name: np.nan_to_num(values) for name, values in columns.items()} | terms
    products = [plain[a] * plain[b] for a, b in _PRODUCTS]
    first = [columns[name] for name in _PLAIN]
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
        "first_week": (history["week"] == 1).astype(float),
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
    last_week = np.nan_to_num(as_floats(rows["last_week"]))
    resting = last_week * np.nan_to_num(as_floats(rows["clinched"]))
    drop = np.maximum(-np.nan_to_num(history["implied_change"]), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_usage = np.where(usage > 1, history["avg_fantasy_points_half"] / usage, np.nan)
    return {
        # An undrafted player counts as pick 300.
        "log_pick": np.log(np.nan_to_num(pick, nan=300.0)),
        "questionable": (injury == "Questionable").astype(float),
        "did_not_practise": (practice == "DNP").astype(float),
        "limited": (practice == "Limited").astype(float),
        # Only players on the injury report practise fully in its sense: one who missed games and
        # does returns, one who is not on it is healthy and was benched.
        "practised_fully": (practice == "Full").astype(float),
        "shrunken_points": shrunken,
        "expected_points": shrunken * opponent * (0.5 + 0.5 * total / USUAL_TEAM_TOTAL),
        "points_per_usage": per_usage,
        # A team that has clinched may rest its starters; the market knows it, and expects less.
        "resting": resting,
        "rest_signal": resting * drop,
        "out_of_it": last_week * np.nan_to_num(as_floats(rows["eliminated"])),
    }

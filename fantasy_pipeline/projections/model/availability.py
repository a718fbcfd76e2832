"""The chance that a player plays: logistic regression over players whom nothing rules out.

Practice and game status count together: of the questionable players of 2021-2024, half of those
who did not practise played, and nine in ten of those who practised fully.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import features, linear

MIN_ROWS = 800
"""Candidates that the regression needs."""
DOUBTFUL = "Doubtful"
"""Game status of players who hardly ever play; their points are chance x points."""
QUESTIONABLE = "Questionable"
LIKELY = 0.5
"""Lowest chance to play at which a questionable player is projected as if he plays: whether he does
is known before the game."""
FIT_LIKELY = 0.9
"""The same limit for players without a game status, whom no report lists as sitting."""
BENCH = 0.03
"""Share of a starter's points that a quarterback or kicker scores in a week in which he sits."""
NOTABLE = 5.0
"""Our half-PPR points of a running back, receiver or tight end from which on silence is a forecast,
that of a source which projects his team-mates. Sources leave out many lesser players."""
UNNAMED, UNNAMED_PLAYS = 0.12, 0.35
"""Share of the points, and highest chance to play, of a notable player whom no source projects
although one projects his team-mates: means of such players in 2021-2024."""
SKIPPED = 0.85
"""Share of the points of a notable player for each source that projects his team-mates and not him,
if another source projects him: he scored 0.8 of our projection in 2021-2024, 0.9 if he played."""
NAMED_ODDS = 1.25
"""Factor of a questionable player's odds to play if a source projects him. In 2021-2024 the odds of
these players were 2.4 times ours, since the sources' files are of kick-off or later. Files of the
days before know less: in 2025, a fifth as many of those who then sat were missing in NFL.com's."""
EXPECTED_PLAYS = 0.95
"""Lowest chance to play of a fit player whom a source projects at `NOTABLE` or more. Of those whom
the model gave less in 2021-2024, rookies and players back after months, 99% of 1,277 played."""
_PENALTY = 10.0

_PLAIN = (
    "appearance_rate",
    "missed_last",
    "recent_snap_share",
    "last_snap_share",
    "room_rank",
    "room_usage_share",
    "starter",
    "status_rate",
    "questionable",
    "did_not_practise",
    "limited",
    "games",
    "games_season",
    "shrunken_points",
    "resting",
    "rest_signal",
)
_PRODUCTS = (
    ("questionable", "did_not_practise"),
    ("questionable", "limited"),
    ("questionable", "missed_last"),
    ("questionable", "recent_snap_share"),
    ("rest_signal", "recent_snap_share"),
)
NAMES = (*_PLAIN, *(f"{a} x {b}" for a, b in _PRODUCTS))
"""Features of the chance to play."""


def inputs(matrix: np.ndarray) -> np.ndarray:
    """Return the features `NAMES` of rows of a feature matrix, (rows, `NAMES`)."""
    columns = {
        name: matrix[:, features.NAMES.index(name)]
        for name in {*_PLAIN, *(name for pair in _PRODUCTS for name in pair)}
    }
    products = [np.nan_to_num(columns[a]) * np.nan_to_num(columns[b]) for a, b in _PRODUCTS]
    return np.column_stack([*(columns[name] for name in _PLAIN), *products])


def is_eligible(rows: pa.Table) -> np.ndarray:
    """Return a mask of players whom neither roster, schedule nor injury report rules out."""
    return (
        np.isin(as_texts(rows["roster_status"]), ["", "ACT"])
        & (as_texts(rows["roster_source"]) != "")
        & ~rows["on_bye"].fill_null(True).to_numpy()
        & (as_texts(rows["injury_status"]) != "Out")
    )


def is_candidate(rows: pa.Table) -> np.ndarray:
    """Return a mask of players on a roster who might or might not have played.

    Players who are listed because of a stat line always played, and teach nothing.
    """
    return (
        is_eligible(rows)
        & rows["target_played"].is_valid().to_numpy()
        & (as_texts(rows["roster_source"]) != "stats")
        & (as_texts(rows["roster_status"]) == "ACT")
    )


def learn(candidates: np.ndarray, played: np.ndarray) -> tuple[linear.Scale, np.ndarray]:
    """Return scale and coefficients of the chance to play; no coefficients without rosters.

    Args:
        candidates: features, (candidates, `NAMES`).
        played: 1 for candidates who played, else 0, (candidates,).
    """
    if len(candidates) < MIN_ROWS:
        # Seasons without rosters list players who played only.
        return linear.Scale.of(candidates[:0]), np.empty(0)
    scale = linear.Scale.of(candidates)
    return scale, linear.logistic(scale.apply(candidates), played, _PENALTY)


def chance(
    scale: linear.Scale, coefficients: np.ndarray, rows: pa.Table, matrix: np.ndarray
) -> np.ndarray:
    """Return the chance to play, (rows,); 0 for players who are ruled out.

    Doubtful players are too few for the regression (of 160 in 2022-2024 one played): their chance
    is at most the share of doubtful players who played so far.

    Args:
        scale: from `learn`, as `coefficients`.
        rows: `PLAYER_HISTORY` rows.
        matrix: their features, (rows, `features.NAMES`).
    """
    # (rows,): log odds; the last coefficient is the intercept
    score = linear.dot(scale.apply(inputs(matrix)), coefficients[:-1, None])[:, 0]
    plays = 1 / (1 + np.exp(-score - coefficients[-1]))
    doubtful = as_texts(rows["injury_status"]) == DOUBTFUL
    most = np.where(doubtful, np.nan_to_num(as_floats(rows["status_rate"])), 1.0)
    return np.where(is_eligible(rows), np.minimum(plays, most), 0.0)


def likely_at(status: np.ndarray) -> np.ndarray:
    """Return the lowest chance to play at which players are projected as if they play, (rows,).

    Args:
        status: game status of each player, ``""`` for none, (rows,).
    """
    return np.where(status == QUESTIONABLE, LIKELY, FIT_LIKELY)


def if_named(plays: np.ndarray) -> np.ndarray:
    """Return the chance to play of questionable players whom a source projects, (rows,)."""
    odds = NAMED_ODDS * plays
    return odds / (1 - plays + odds)


def share_of_points(plays: np.ndarray, starts: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return the share of the points if he plays that each player is projected, (rows,).

    A quarterback or kicker has his chance to start, and a little if he sits. Another player who is
    likely to play (`likely_at`) is projected as if he plays, and a less likely one in proportion.
    A doubtful player has his chance to play.

    Args:
        plays: chance to play, (rows,); 0 for players who are ruled out.
        starts: chance to start, (rows,); NaN at positions of which a team starts several.
        status: game status of each player, ``""`` for none, (rows,).
    """
    single = ~np.isnan(starts)
    share = np.where(single, starts + (1 - starts) * BENCH, plays / likely_at(status))
    share = np.where(plays > 0, np.minimum(share, 1.0), 0.0)
    return np.where(status == DOUBTFUL, np.minimum(share, plays), share)


def share_of_certainty(plays: np.ndarray, starts: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return the chance, (rows,), that floor and ceiling assume; see `share_of_points`.

    A likely starter's floor and ceiling are those of a week in which he starts.
    """
    single = ~np.isnan(starts)
    chance = np.where(single, starts / FIT_LIKELY, plays / likely_at(status))
    chance = np.where(plays > 0, np.minimum(chance, 1.0), 0.0)
    return np.where(status == DOUBTFUL, np.minimum(chance, plays), chance)

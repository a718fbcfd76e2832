"""Training: one model per position from the seasons before, nothing else.

Rows are player-weeks in which the player played, of players good enough to be asked about. Each
stat of the stat line has a ridge regression; boosted trees of the points and receptions as wholes
correct it a little. Chance to play is a logistic regression over all listed players.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fantasy_pipeline.football.scoring import SCORINGS
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.projections.model import features, linear, trees
from fantasy_pipeline.projections.model.consensus import learn_weights, learn_width
from fantasy_pipeline.projections.model.intervals import quantile_table
from fantasy_pipeline.projections.model.stat_line import STATS, penalty, points

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

RELEVANT = {"QB": 40, "RB": 100, "WR": 130, "TE": 60, "K": 40}
"""Players per week and position to learn from, best first by a shrunken mean of their points."""
STARTERS = {"QB": 28, "RB": 55, "WR": 66, "TE": 26, "K": 32}
"""Players per week and position to learn floors and ceilings from: those whom people may start.
Further down, many score 0 whatever is expected of them."""
MIN_ROWS = 800
"""Player-weeks that a position needs; with fewer the baseline projects it."""
MAX_SEASONS = 12
SEASON_DISCOUNT = 0.9
"""Weight of a season relative to the one after it."""
TREE_SHARE = 0.25
"""Share of the trees in points and receptions; with a half, RMSE was that of the ridge or worse."""
TREE_ROWS = 5000
"""Player-weeks that trees need: with the 3,000-4,500 of quarterbacks they made RMSE worse."""
FOLDS = 5

PLAYS_NAMES = (
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
)
"""Features of the chance to play."""


@dataclass(frozen=True)
class PositionModel:
    """What was learnt for one position.

    Args:
        coefficients: feature x stat of `STATS`, on the scaled matrix.
        tables: quantile table of each scoring.
        plays: logistic coefficients over `PLAYS_NAMES`, the intercept last; empty if no season
            had rosters to learn from.
    """

    scale: linear.Scale
    coefficients: np.ndarray
    intercepts: np.ndarray
    trees: dict[str, trees.Trees]
    tables: dict[str, np.ndarray]
    plays_scale: linear.Scale
    plays: np.ndarray


@dataclass(frozen=True)
class Model:
    """Models of the positions that have enough rows, and what they were made from.

    Args:
        season: first season that the model may project.
        window: training seasons and their rows.
        metrics: by position, of projections out of the fold.
        source_window: training seasons of the source weights, and their rows.
        source_weights: by position and source, weight in the consensus.
        width: by position, width of the consensus's p10-p90 relative to the model's.
        content: hash of the stored rows that it learnt from; empty: not known.
    """

    season: int
    window: dict[int, int]
    positions: dict[str, PositionModel]
    metrics: dict[str, dict[str, float]]
    source_window: dict[int, int] = field(default_factory=dict)
    source_weights: dict[str, dict[str, float]] = field(default_factory=dict)
    width: dict[str, float] = field(default_factory=dict)
    content: str = ""


def seasons_before(season: int) -> range:
    """Seasons that a model of a season may learn from."""
    return range(season - MAX_SEASONS, season)


def usable(rows: pa.Table, season: int) -> pa.Table:
    """Rows of the seasons that a model of a season may learn from."""
    import pyarrow as pa
    import pyarrow.compute as pc

    past = pa.array(seasons_before(season), rows["season"].type)
    return rows.filter(pc.is_in(rows["season"], past))


def _counts(rows: pa.Table) -> dict[int, int]:
    """Rows of each season."""
    counts = rows["season"].value_counts().to_pylist()
    return {count["values"]: count["counts"] for count in sorted(counts, key=lambda c: c["values"])}


def of_each_season(rows: pa.Table) -> Iterator[pa.Table]:
    """A table of some seasons in parts of one season each, the oldest first."""
    import pyarrow.compute as pc

    for season in _counts(rows):
        yield rows.filter(pc.equal(rows["season"], season))


def train(
    history: Iterable[pa.Table], season: int, source_projections: pa.Table | None = None
) -> Model:
    """Learn from the seasons before `season`.

    Args:
        history: `PLAYER_HISTORY` in parts of one season each, the oldest first, so that not all
            need be in memory; rows of `season` and later are not looked at.
        source_projections: `SOURCE_PROJECTIONS`, to learn what the sources are worth beside the
            model; likewise.
    """
    from threadpoolctl import threadpool_limits

    # Before the limit, which knows only the thread pools of libraries that are loaded.
    importlib.import_module("sklearn.ensemble")
    learnt, metrics, weights, width = {}, {}, {}, {}
    known = None if source_projections is None else usable(source_projections, season)
    window: dict[int, int] = {}
    parts: dict[str, list[_TrainingSet]] = {position: [] for position in FANTASY_POSITIONS}
    # One thread: sums in another order would change the last bits.
    with threadpool_limits(1):
        for rows in history:
            past = usable(rows, season)
            if past.num_rows:
                window |= _counts(past)
                for position, part in _lessons(past):
                    parts[position].append(part)
        for position in FANTASY_POSITIONS:
            if not (found := parts.pop(position)):
                continue
            result = _train_position(_TrainingSet.together(found), position, season)
            if result is None:
                continue
            learnt[position], metrics[position], unseen = result
            if known is not None:
                weights[position] = learn_weights(unseen, known)
                table = learnt[position].tables["half"]
                width[position] = learn_width(unseen, known, weights[position], table)
    sources = {}
    if known is not None:
        sources = _counts(known)
    return Model(season, window, learnt, metrics, sources, weights, width)


@dataclass(frozen=True)
class _TrainingSet:
    """What a position learns from: player-weeks that were played, and all that may have been.

    Args:
        rows: key and targets of those played by players good enough to be asked about.
        rank: their rank in their week, 1 is best.
        inputs: their features.
        plays_inputs: features of the chance to play, of all players who might have.
        played: who of them did.
    """

    rows: pa.Table
    rank: np.ndarray
    inputs: np.ndarray
    plays_inputs: np.ndarray
    played: np.ndarray

    @classmethod
    def of(cls, rows: pa.Table, matrix: np.ndarray, position: str) -> _TrainingSet:
        import numpy as np

        played = features.floats(rows, "target_played")
        rank = _rank(codes(rows), matrix)
        chosen = np.flatnonzero((played == 1) & (rank <= RELEVANT[position]))
        listed = features.texts(rows, "roster_source") != "stats"
        active = features.texts(rows, "roster_status") == "ACT"
        asked = ~np.isnan(played) & is_eligible(rows) & listed & active
        targets = [name for name in rows.column_names if name.startswith("target_")]
        return cls(
            rows.select([*PLAYER_WEEK, *targets]).take(chosen),
            rank[chosen],
            matrix[chosen],
            availability_features(matrix[asked]),
            played[asked],
        )

    @classmethod
    def together(cls, parts: Sequence[_TrainingSet]) -> _TrainingSet:
        import numpy as np
        import pyarrow as pa

        rows = pa.concat_tables([part.rows for part in parts])
        arrays = ("rank", "inputs", "plays_inputs", "played")
        return cls(rows, *(np.concatenate([getattr(p, name) for p in parts]) for name in arrays))


def _lessons(of_season: pa.Table) -> Iterator[tuple[str, _TrainingSet]]:
    """What each position learns from one season."""
    import numpy as np

    matrix = features.matrix(of_season)
    place = features.texts(of_season, "position")
    for position in FANTASY_POSITIONS:
        these = np.flatnonzero(place == position)
        yield position, _TrainingSet.of(of_season.take(these), matrix[these], position)


def _train_position(
    lessons: _TrainingSet, position: str, season: int
) -> tuple[PositionModel, dict[str, float], pa.Table] | None:
    """Model, metrics and projections out of the fold of one position; None with too few rows."""
    import numpy as np

    rows, inputs = lessons.rows, lessons.inputs
    if rows.num_rows < MIN_ROWS:
        return None
    seasons = rows["season"].to_numpy()
    names = STATS[position]
    targets = np.column_stack([features.floats(rows, f"target_{name}") for name in names])
    weights = SEASON_DISCOUNT ** (season - seasons).astype(float)
    penalties = np.array([penalty(name) for name in names])
    scale = linear.Scale.of(inputs)
    scaled = scale.apply(inputs)
    coefficients, intercepts = linear.ridge(scaled, targets, weights, penalties)

    fold = codes(rows) % FOLDS
    unseen = np.empty_like(targets)
    for number in range(FOLDS):
        rest, out = fold != number, fold == number
        fitted, level = linear.ridge(scaled[rest], targets[rest], weights[rest], penalties)
        unseen[out] = scaled[out] @ fitted + level
    line = dict(zip(names, np.maximum(unseen, 0.0).T, strict=True))
    starts = lessons.rank <= STARTERS[position]
    tables, metrics = _uncertainty(rows, line, starts)
    out_of_fold = _out_of_fold(rows, line, starts, inputs)
    forest = {}
    if rows.num_rows >= TREE_ROWS:
        few = inputs[:, : len(features.TREE_NAMES)]
        forest["points"] = trees.fit(few, features.floats(rows, "target_std"))
        if "receptions" in names:
            forest["receptions"] = trees.fit(few, targets[:, names.index("receptions")])
    plays_scale, plays = _train_plays(lessons)
    model = PositionModel(scale, coefficients, intercepts, forest, tables, plays_scale, plays)
    return model, metrics, out_of_fold


def _uncertainty(
    rows: pa.Table, line: dict[str, np.ndarray], starts: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Quantile tables and errors of projections out of the fold, per scoring."""
    import numpy as np

    tables: dict[str, np.ndarray] = {}
    metrics = {"rows": float(rows.num_rows)}
    for scoring in SCORINGS:
        actual, expected = features.floats(rows, f"target_{scoring}"), points(line, scoring)
        tables[scoring] = quantile_table(expected[starts], actual[starts])
        metrics[f"mae_{scoring}"] = round(float(np.abs(expected - actual).mean()), 4)
        metrics[f"rmse_{scoring}"] = round(float(np.sqrt(((expected - actual) ** 2).mean())), 4)
    return tables, metrics


def _out_of_fold(
    rows: pa.Table, line: dict[str, np.ndarray], starts: np.ndarray, inputs: np.ndarray
) -> pa.Table:
    """Key; projected, usual and actual half-PPR points; his team's points by the betting market;
    receptions; whether he may start."""
    import numpy as np
    import pyarrow as pa

    half = points(line, "half")
    usual, total = (
        inputs[:, features.NAMES.index(name)] for name in ("shrunken_points", "implied_team_total")
    )
    return (
        rows.select([*PLAYER_WEEK, "target_half"])
        .append_column("model_half", pa.array(half))
        .append_column("receptions", pa.array(line.get("receptions", np.zeros(len(half)))))
        .append_column("usual_half", pa.array(usual))
        .append_column("implied_team_total", pa.array(total))
        .append_column("starts", pa.array(starts))
    )


def _rank(weeks: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Rank of each row in its week by the shrunken mean of points, 1 is best."""
    import numpy as np

    merit = matrix[:, features.NAMES.index("shrunken_points")]
    order = np.lexsort((-merit, weeks))
    ordered = weeks[order]
    first = np.ones(len(weeks), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    start = np.maximum.accumulate(np.where(first, np.arange(len(weeks)), 0))
    rank = np.empty(len(weeks), dtype=np.int64)
    rank[order] = np.arange(len(weeks)) - start + 1
    return rank


def availability_features(matrix: np.ndarray) -> np.ndarray:
    """Columns of `PLAYS_NAMES`."""
    return matrix[:, [features.NAMES.index(name) for name in PLAYS_NAMES]]


def is_eligible(rows: pa.Table) -> np.ndarray:
    """Rows of players whom neither roster, schedule nor report rules out."""
    import numpy as np

    listed = features.texts(rows, "roster_source")
    return (
        np.isin(features.texts(rows, "roster_status"), ["", "ACT"])
        & (listed != "")
        & ~rows["on_bye"].fill_null(True).to_numpy()
        & (features.texts(rows, "injury_status") != "Out")
    )


def _train_plays(lessons: _TrainingSet) -> tuple[linear.Scale, np.ndarray]:
    import numpy as np

    inputs = lessons.plays_inputs
    if len(inputs) < MIN_ROWS:
        # Without rosters, players are known from stat lines: who never plays is not among them.
        return linear.Scale.of(inputs[:0]), np.empty(0)
    scale = linear.Scale.of(inputs)
    return scale, linear.logistic(scale.apply(inputs), lessons.played, 10.0)

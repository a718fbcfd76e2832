"""Training: one model per position, from the seasons before only.

A model learns from player-weeks in which a relevant player played (`RELEVANT`). Each stat of the
stat line has a ridge regression on the features and on curves of some of them (`features.CURVED`).
The chance to play is a logistic regression over all listed players.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from fantasy_pipeline.football.scoring import SCORINGS
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import codes, of_players
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import (
    availability,
    features,
    linear,
    rooms,
)
from fantasy_pipeline.projections.model.consensus import (
    Stated,
    learn_weights,
    learn_width,
    points_by_source,
)
from fantasy_pipeline.projections.model.intervals import quantile_table
from fantasy_pipeline.projections.model.stat_line import STATS, penalty, points

RELEVANT = {"QB": 40, "RB": 100, "WR": 130, "TE": 60, "K": 40}
"""Players per week and position to learn from: the best by their shrunken mean points."""
STARTERS = {"QB": 28, "RB": 55, "WR": 66, "TE": 26, "K": 32}
"""Players per week and position that people may start, to learn floors and ceilings from. Further
down, many score 0 at any projection."""
MIN_ROWS = 800
"""Player-weeks that a position's model needs; with fewer the baseline projects the position."""
MAX_SEASONS = 12
"""Seasons to learn from, at most."""
SEASON_DISCOUNT = 0.9
"""Weight of a season relative to the one after it."""
FOLDS = 5
"""Parts of the weeks, each projected by a model of the others, to learn errors and weights from."""


@dataclass(frozen=True)
class PositionModel:
    """The model of one position.

    Args:
        scale: scale of the features, (`features.NAMES`,).
        coefficients: on the scaled matrix and its curves, (`features.NAMES` and `features.CURVES`,
            stats of the position).
        intercepts: (stats of the position,).
        tables: quantile table of each scoring.
        plays_scale: scale of the features of the chance to play, (`availability.NAMES`,).
        plays: logistic coefficients, (`availability.NAMES` + 1,), the intercept last; empty if no
            season has rosters to learn from.
        starts_scale: scale of the features of the chance to start, (`rooms.NAMES`,).
        starts: softmax coefficients, (`rooms.NAMES`,); empty without rosters and for positions of
            which a team starts several players.
    """

    scale: linear.Scale
    coefficients: np.ndarray
    intercepts: np.ndarray
    tables: dict[str, np.ndarray]
    plays_scale: linear.Scale
    plays: np.ndarray
    starts_scale: linear.Scale
    starts: np.ndarray

    def typical_line(self, position: str) -> dict[str, float]:
        """Return the mean stat line of the training data, per half-PPR point, by stat."""
        line = dict(zip(STATS[position], self.intercepts, strict=True))
        half = points({name: np.array([value]) for name, value in line.items()}, "half")[0]
        return {name: float(value / max(half, 0.01)) for name, value in line.items()}

    def typical_half(self, position: str) -> float:
        """Return the mean half-PPR points of the training data."""
        line = dict(zip(STATS[position], self.intercepts[:, None], strict=True))
        return float(points(line, "half")[0])


@dataclass(frozen=True)
class Model:
    """Models of the positions that have enough rows, and facts about the training data.

    Args:
        season: season that the model projects.
        window: number of rows of each training season.
        positions: model of each position.
        metrics: errors of projections out of the fold, by position.
        source_window: number of rows of each training season of the source weights.
        source_weights: weights in the consensus, by position and source.
        width: width of the consensus's p10-p90 relative to the model's, by position.
        content: hash of the stored rows that the model learnt from; empty: not known.
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
    """Return the seasons that a model of a season may learn from."""
    return range(season - MAX_SEASONS, season)


def usable(rows: pa.Table, season: int) -> pa.Table:
    """Return the rows of the seasons that a model of a season may learn from."""
    past = pa.array(seasons_before(season), rows["season"].type)
    is_past = pc.is_in(rows["season"], past)
    # A filter copies the rows.
    return rows if pc.all(is_past).as_py() else rows.filter(is_past)


def _counts(rows: pa.Table) -> dict[int, int]:
    """Return the number of rows of each season, oldest first."""
    counts = rows["season"].value_counts().to_pylist()
    return {count["values"]: count["counts"] for count in sorted(counts, key=lambda c: c["values"])}


def train(
    history: Iterable[TrainingSeason], season: int, source_projections: pa.Table | None = None
) -> Model:
    """Return a model of a season, learnt from the seasons before it.

    Args:
        history: seasons, oldest first; `season` and later ones are ignored.
        source_projections: `SOURCE_PROJECTIONS`, to learn the weights of the sources; rows of
            `season` and later are ignored. None: no weights.
    """
    learnt, metrics, weights, width = {}, {}, {}, {}
    sources = None if source_projections is None else usable(source_projections, season)
    stated = None if sources is None else Stated.of(sources)
    window: dict[int, int] = {}
    sets: dict[str, list[_TrainingSet]] = {position: [] for position in FANTASY_POSITIONS}
    for past in history:
        if past.rows and past.season in seasons_before(season):
            window[past.season] = past.rows
            for position, training_set in past.sets.items():
                sets[position].append(training_set)
    # One thread: sums in another order would change the last bits.
    with threadpool_limits(1):
        for position in FANTASY_POSITIONS:
            # Removed from `sets`, so that its arrays are freed after training.
            if not (parts := sets.pop(position)):
                continue
            result = _train_position(_TrainingSet.together(parts), position, season)
            if result is None:
                continue
            learnt[position], metrics[position], unseen = result
            if stated is not None:
                by_source = points_by_source(unseen, stated)
                weights[position] = learn_weights(unseen, by_source)
                table = learnt[position].tables["half"]
                width[position] = learn_width(unseen, by_source, weights[position], table, position)
    source_window = {} if sources is None else _counts(sources)
    return Model(season, window, learnt, metrics, source_window, weights, width)


@dataclass(frozen=True)
class TrainingSeason:
    """What models learn from one season. It is the same for the model of every later season.

    Args:
        season: the season.
        rows: number of its rows, those of team defences left out.
        sets: training set of each position.
    """

    season: int
    rows: int
    sets: dict[str, _TrainingSet]

    @classmethod
    def of(cls, history: pa.Table) -> TrainingSeason:
        """Return what models learn from the `PLAYER_HISTORY` of one season."""
        season = history["season"][0].as_py()
        rows = of_players(history)
        matrix = features.matrix(rows)
        positions = as_texts(rows["position"])
        # The matrix has the features; the sets need the other columns.
        rows = rows.select(
            [
                column.name
                for column in rows.schema
                if not pa.types.is_floating(column.type) or column.name.startswith("target_")
            ]
        )
        sets: dict[str, _TrainingSet] = {}
        for position in FANTASY_POSITIONS:
            at = np.flatnonzero(positions == position)
            sets[position] = _TrainingSet.of(rows.take(at), matrix[at], position)
        return cls(season, rows.num_rows, sets)


def of_each_season(history: pa.Table) -> Iterator[TrainingSeason]:
    """Yield what models learn from each season of `PLAYER_HISTORY`, oldest first."""
    for season in _counts(history):
        yield TrainingSeason.of(history.filter(pc.equal(history["season"], season)))


@dataclass(frozen=True)
class _TrainingSet:
    """Player-weeks that a position's model learns from.

    Args:
        rows: key and targets of the player-weeks played by relevant players; of quarterbacks and
            kickers only those who started.
        inputs: their features, (rows, `features.NAMES`).
        plays_inputs: features of all players who might have played, (candidates,
            `availability.NAMES`).
        played: 1 for candidates who played, else 0, (candidates,).
        starts_inputs: features of the same candidates, (candidates, `rooms.NAMES`); no rows at
            positions of which a team starts several players.
        started: 1 for candidates who started, else 0, (candidates,).
        room: number of each candidate's room, unique within a season, (candidates,).
    """

    rows: pa.Table
    inputs: np.ndarray
    plays_inputs: np.ndarray
    played: np.ndarray
    starts_inputs: np.ndarray
    started: np.ndarray
    room: np.ndarray

    @classmethod
    def of(cls, rows: pa.Table, matrix: np.ndarray, position: str) -> _TrainingSet:
        """Return the training set of one season's rows of a position and their features."""
        played = as_floats(rows["target_played"])
        merit = matrix[:, features.NAMES.index("shrunken_points")]
        rank = _rank(codes(rows), merit)
        is_room = position in rooms.USAGE
        started = rooms.starters(rows, position) if is_room else np.ones(rows.num_rows, dtype=bool)
        relevant = started if is_room else rank <= RELEVANT[position]
        chosen = np.flatnonzero((played == 1) & relevant)
        candidates = np.flatnonzero(availability.is_candidate(rows))
        in_rooms = candidates if is_room else candidates[:0]
        # Unique over seasons: a room's number follows its season.
        number = rows["season"].to_numpy().astype(np.int64) * 100_000 + rooms.room_of(rows)
        targets = [name for name in rows.column_names if name.startswith("target_")]
        return cls(
            rows.select([*PLAYER_WEEK, *targets]).take(chosen),
            matrix[chosen],
            availability.inputs(matrix[candidates]),
            played[candidates],
            rooms.inputs(matrix[in_rooms]),
            started[in_rooms].astype(float),
            number[in_rooms],
        )

    @classmethod
    def together(cls, parts: Sequence[_TrainingSet]) -> _TrainingSet:
        """Return one training set of several seasons'."""
        rows = pa.concat_tables([part.rows for part in parts])
        arrays = [field.name for field in fields(cls) if field.name != "rows"]
        return cls(rows, *(np.concatenate([getattr(p, name) for p in parts]) for name in arrays))


def _train_position(
    training_set: _TrainingSet, position: str, season: int
) -> tuple[PositionModel, dict[str, float], pa.Table] | None:
    """Return model, metrics and projections out of the fold of a position; None with few rows."""
    rows, inputs = training_set.rows, training_set.inputs
    if rows.num_rows < MIN_ROWS:
        return None
    names = STATS[position]
    # (rows, stats), (rows,) and (stats,)
    targets = np.column_stack([as_floats(rows[f"target_{name}"]) for name in names])
    weights = SEASON_DISCOUNT ** (season - rows["season"].to_numpy()).astype(float)
    penalties = np.array([penalty(name) for name in names])
    # (rows, features and curves): standardised; the same scale for all folds
    scale = linear.Scale.of(inputs)
    scaled = features.with_curves(scale.apply(inputs))
    fold = codes(rows) % FOLDS
    folds = [fold == number for number in range(FOLDS)]
    sums = [linear.Sums.of(scaled[at], targets[at], weights[at]) for at in folds]
    coefficients, intercepts = reduce(add, sums).ridge(penalties)

    # (rows, stats): each week projected by a regression of the other folds' weeks
    unseen = np.empty_like(targets)
    for number, at in enumerate(folds):
        others = [*sums[:number], *sums[number + 1 :]]
        fitted, level = reduce(add, others).ridge(penalties)
        unseen[at] = scaled[at] @ fitted + level
    line = dict(zip(names, np.maximum(unseen, 0.0).T, strict=True))
    starts = _rank(codes(rows), points(line, "half")) <= STARTERS[position]
    tables, metrics = _uncertainty(rows, line, starts)
    out_of_fold = _out_of_fold(rows, line, starts, inputs)
    plays = availability.learn(training_set.plays_inputs, training_set.played)
    starting = rooms.learn(
        training_set.starts_inputs,
        training_set.started,
        np.unique(training_set.room, return_inverse=True)[1],
    )
    model = PositionModel(scale, coefficients, intercepts, tables, *plays, *starting)
    return model, metrics, out_of_fold


def _uncertainty(
    rows: pa.Table, line: dict[str, np.ndarray], starts: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return quantile tables by scoring, and errors by name, of projections out of the fold.

    Args:
        line: projected values by stat, (rows,).
        starts: mask of the rows that tables are learnt from, (rows,).
    """
    tables: dict[str, np.ndarray] = {}
    metrics = {"rows": float(rows.num_rows)}
    for scoring in SCORINGS:
        actual, expected = as_floats(rows[f"target_{scoring}"]), points(line, scoring)
        tables[scoring] = quantile_table(expected[starts], actual[starts])
        metrics[f"mae_{scoring}"] = round(float(np.abs(expected - actual).mean()), 4)
        metrics[f"rmse_{scoring}"] = round(float(np.sqrt(((expected - actual) ** 2).mean())), 4)
    return tables, metrics


def _out_of_fold(
    rows: pa.Table, line: dict[str, np.ndarray], starts: np.ndarray, inputs: np.ndarray
) -> pa.Table:
    """Return projections out of the fold, to learn the consensus from; one row per row.

    Columns: key, target_half, model_half, receptions, usual_half, implied_team_total and starts.
    """
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


def _rank(weeks: np.ndarray, merit: np.ndarray) -> np.ndarray:
    """Return each row's rank in its week by merit, (rows,); 1 is best."""
    # (rows,): sort by week, best first
    order = np.lexsort((-merit, weeks))
    ordered = weeks[order]
    first = np.ones(len(weeks), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    # (rows,): position of the first row of each row's week
    start = np.maximum.accumulate(np.where(first, np.arange(len(weeks)), 0))
    rank = np.empty(len(weeks), dtype=np.int64)
    rank[order] = np.arange(len(weeks)) - start + 1
    return rank

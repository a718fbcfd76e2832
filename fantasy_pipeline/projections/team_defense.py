"""Project team defences (D/ST): a ridge regression of ESPN's standard points, and a consensus.

A defence has no stat line of the offence, so that its points are the same in every scoring. The
features are what the betting lines imply, and the recency-weighted means of both teams.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import MODEL_PROJECTIONS, PROJECTIONS, TARGET_STATS
from fantasy_pipeline.football.tables.week_rows import codes, of_weeks
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.ingest.sites import ESPN
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.intervals import LEVELS, QUANTILES
from fantasy_pipeline.projections.model_projections import BASELINE, BYE, MODEL, naming_cancelled

POINTS = "points_espn"
"""Column of `TEAM_DEFENSE_STATS` that is projected: the only scoring of which a source's past
projections exist."""
STATS = (POINTS, "sacks", "interceptions", "fumbles_recovered", "points_allowed", "yards_allowed")
COLUMNS = ("team", *STATS)
"""Columns of `TEAM_DEFENSE_STATS` that are read, beside the key."""
USUAL = np.array([5.8, 2.4, 0.78, 0.55, 22.1, 340.0])
"""Mean of each of `STATS` per game, 2015-2020."""
FEATURES = (
    *("opponent_total", "own_total", "is_home", "dome"),
    *(f"own_{name}" for name in STATS),
    *(f"opponent_{name}" for name in STATS),
)
CENTRE = np.array([22.8, 22.8, 0.5, 0.25, *USUAL, *USUAL])
SCALE = np.array([4.3, 4.3, 0.5, 0.43, *(1.2, 0.4, 0.2, 0.15, 2.2, 20.0) * 2])
"""Usual value and spread of each feature, so that a penalty means the same for all of them."""
HALF_LIFE, CARRIED, PRIOR_GAMES = 10.0, 0.5, 6.0
"""Games after which a game counts half, share of its weight after a summer, and the games of the
usual team that each mean is mixed with."""
PENALTY = 200.0
PRIOR = np.zeros(len(FEATURES))
PRIOR[0] = -0.45 * 4.3
"""Coefficients that the ridge starts from: 0.45 points less per point that the opponent's total is
higher. They project alone where no earlier season is known."""
SPREAD = np.array([-6.6, -0.7, 8.0])
"""Usual difference of the actual points from the projection at p10, p50 and p90."""
MIN_GAMES = 200
"""Team-games of earlier seasons from which their own differences count."""
SOURCE_WEIGHT = 0.25
"""Share of the way from our points to the mean of the sources in the same scoring."""
SAME_SCORING = (ESPN,)
"""Sources whose D/ST points are in the scoring of `POINTS`."""


def model_rows(
    defences: pa.Table,
    games: pa.Table,
    raw_players: pa.Table,
    weeks: Sequence[SeasonWeek],
    label: str | None,
    cancelled: Collection[tuple[int, int, str]] = (),
) -> pa.Table:
    """Project the team defences of some weeks with our model alone.

    Only weeks before each week are read, and the coefficients of a season are learnt from the
    seasons before it.

    Args:
        defences: `COLUMNS` and key of `TEAM_DEFENSE_STATS`, all weeks of the lake.
        games: `GAMES`.
        raw_players: `RAW_PLAYERS` of the weeks; the rows of other positions are ignored.
        label: text to add to the source column, e.g. that the data are synthetic.
        cancelled: season, week and team of cancelled games.

    Returns:
        `MODEL_PROJECTIONS` rows, one per team and week; a bye is projected 0.
    """
    listed = of_weeks(raw_players, weeks)
    listed = listed.filter(pc.equal(listed["position"], DST))
    if not listed.num_rows:
        return MODEL_PROJECTIONS.arrow_schema.empty_table()
    matrix = _matrix(defences, games, {week.season for week in weeks})
    parts = []
    for season in sorted(set(listed["season"].to_pylist())):
        rows = listed.filter(pc.equal(listed["season"], season))
        parts.append(_season(rows, matrix, season, label))
    return MODEL_PROJECTIONS.shaped(naming_cancelled(pa.concat_tables(parts), cancelled))


@dataclass(frozen=True)
class _Matrix:
    """Features of every team-game, as known before it.

    Args:
        row_of: index of each team-game by `SeasonWeek.code` and team.
        season: (team-games,).
        features: (team-games, `FEATURES`).
        games: earlier games of the team, (team-games,).
        actual: points; NaN before the game, (team-games,).
    """

    row_of: dict[tuple[int, str], int]
    season: np.ndarray
    features: np.ndarray
    games: np.ndarray
    actual: np.ndarray


def _matrix(defences: pa.Table, games: pa.Table, seasons: Iterable[int]) -> _Matrix:
    """Return the features of the games since the first defence, up to the last of some seasons."""
    first = min(defences["season"].to_pylist(), default=min(seasons))
    kept = pc.and_(
        pc.greater_equal(games["season"], first), pc.less_equal(games["season"], max(seasons))
    )
    sides = team_games(games.filter(kept))
    order = [("season", "ascending"), ("week", "ascending"), ("team", "ascending")]
    sides = sides.sort_by(order)
    number = {team: index for index, team in enumerate(TEAMS)}
    week = codes(sides)
    team = np.array([number[name] for name in sides["team"].to_pylist()])
    opponent = np.array([number[name] for name in sides["opponent"].to_pylist()])
    row_of = {
        (int(code), TEAMS[index]): row
        for row, (code, index) in enumerate(zip(week, team, strict=True))
    }
    # (team-games, stats): what each defence did; NaN where it is not known
    did = np.full((len(week), len(STATS)), np.nan)
    at = [
        row_of.get(key, -1)
        for key in zip(codes(defences).tolist(), defences["team"].to_pylist(), strict=True)
    ]
    values = np.column_stack([as_floats(defences[name]) for name in STATS])
    known = np.array(at, dtype=np.int64) >= 0
    did[np.array(at, dtype=np.int64)[known]] = values[known]
    own, against, played = _means(week, team, opponent, did)
    features = np.column_stack([_lines(sides), own, against])
    return _Matrix(row_of, week // 100, features, played, did[:, 0])


def _lines(sides: pa.Table) -> np.ndarray:
    """Return the features of the schedule, (team-games, 4); NaN without betting lines."""
    total, spread = as_floats(sides["total_line"]), as_floats(sides["spread_line"])
    # A roof that can open is closed or open only on the day of the game.
    dome = np.array([name == "dome" for name in sides["roof"].to_pylist()], dtype=float)
    return np.column_stack(
        [(total - spread) / 2, (total + spread) / 2, as_floats(sides["is_home"]), dome]
    )


def _means(
    week: np.ndarray, team: np.ndarray, opponent: np.ndarray, did: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return recency-weighted means of the games before each game.

    Args:
        week: `SeasonWeek.code`, ascending, (team-games,).
        team, opponent: numbers of the teams, (team-games,).
        did: (team-games, stats); NaN for games that are not known.

    Returns:
        Means of what the team's defence did, and of what defences did against the opponent, both
        (team-games, stats), and the team's number of games, (team-games,).
    """
    fade = 0.5 ** (1 / HALF_LIFE)
    # (both sides, teams, stats) and (both sides, teams): faded sums, and the weight in them
    sums, weights = np.zeros((2, len(TEAMS), len(STATS))), np.zeros((2, len(TEAMS)))
    games = np.zeros(len(TEAMS))
    out, count = np.empty((2, len(week), len(STATS))), np.zeros(len(week))
    season = 0
    for code in np.unique(week):
        if season and code // 100 != season:
            sums, weights = sums * CARRIED, weights * CARRIED
        season = code // 100
        rows = np.flatnonzero(week == code)
        count[rows] = games[team[rows]]
        for side, who in enumerate((team, opponent)):
            mixed = sums[side, who[rows]] + PRIOR_GAMES * USUAL
            out[side, rows] = mixed / (weights[side, who[rows]] + PRIOR_GAMES)[:, None]
        # After the week's features: what happened in it.
        done = rows[~np.isnan(did[rows, 0])]
        games[team[done]] += 1
        for side, who in enumerate((team, opponent)):
            sums[side, who[done]] = sums[side, who[done]] * fade + did[done]
            weights[side, who[done]] = weights[side, who[done]] * fade + 1
    return out[0], out[1], count


@dataclass(frozen=True)
class _Ridge:
    """A season's coefficients, and the spread of the actual points around the projection."""

    mean: float
    weights: np.ndarray
    spread: np.ndarray
    learnt: bool

    @classmethod
    def of(cls, matrix: _Matrix, season: int) -> _Ridge:
        """Learn from the seasons before one."""
        rows = (matrix.season < season) & ~np.isnan(matrix.actual)
        if np.count_nonzero(rows) < MIN_GAMES:
            return cls(float(USUAL[0]), PRIOR, SPREAD, learnt=False)
        x, y = _standard(matrix.features[rows]), matrix.actual[rows]
        mean = float(y.mean())
        # Ridge towards `PRIOR`: the penalty holds for what differs from it.
        left = x.T @ x + PENALTY * np.eye(x.shape[1])
        weights = PRIOR + np.linalg.solve(left, x.T @ (y - mean - x @ PRIOR))
        spread = np.quantile(y - mean - x @ weights, LEVELS)
        return cls(mean, weights, spread, learnt=True)

    def points(self, features: np.ndarray) -> np.ndarray:
        """Return the projected points, (rows,)."""
        return np.maximum(self.mean + _standard(features) @ self.weights, 0.0)


def _standard(features: np.ndarray) -> np.ndarray:
    """Return features in spreads from their usual value; 0 where they are not known."""
    return np.nan_to_num((features - CENTRE) / SCALE)


def _season(rows: pa.Table, matrix: _Matrix, season: int, label: str | None) -> pa.Table:
    """Return `MODEL_PROJECTIONS` of one season's defences."""
    ridge = _Ridge.of(matrix, season)
    size = rows.num_rows
    keys = zip(codes(rows).tolist(), rows["team"].to_pylist(), strict=True)
    at = np.array([matrix.row_of.get(key, -1) for key in keys], dtype=np.int64)
    plays = at >= 0
    features = matrix.features[at]
    points = np.where(plays, ridge.points(features), 0.0)
    levels = np.where(plays[:, None], points[:, None] + ridge.spread, 0.0)
    usual, against = (
        features[:, FEATURES.index(f"{side}_{POINTS}")] for side in ("own", "opponent")
    )
    source = MODEL if ridge.learnt else BASELINE
    name = f"{source} ({label})" if label else source
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        **{n: rows[n] for n in MODEL_PROJECTIONS.column_names if n in rows.column_names},
        **_points(points, levels),
        "source": pa.array([name] * size),
        "reason": pa.array([None if playing else BYE for playing in plays], pa.string()),
        "injury_status": pa.nulls(size, pa.string()),
        "implied_team_total": _rounded(features[:, 1], plays),
        "opponent_factor": _rounded(np.maximum(against, 0.0) / USUAL[0], plays),
        "games": pa.array(np.where(plays, matrix.games[at], 0).astype(np.int64)),
        "plays": pa.array(plays.astype(float)),
        "usual_half": _rounded(usual, plays),
    }
    columns |= {name: pa.nulls(size, pa.float64()) for name in ("starts", *TARGET_STATS)}
    return MODEL_PROJECTIONS.shaped(pa.table(columns))


def _rounded(values: np.ndarray, stated: np.ndarray) -> pa.Array:
    """Return values with two decimals, null where they are not stated or not known."""
    return pa.array(np.round(np.where(stated, values, np.nan), 2), from_pandas=True)


def _points(points: np.ndarray, levels: np.ndarray) -> dict[str, pa.Array]:
    """Return points and quantiles by column name; they are the same in every scoring."""
    out = {}
    for scoring in SCORINGS:
        end = suffix(scoring)
        out[f"projected_points{end}"] = pa.array(np.round(points, 2) + 0.0)
        for name, values in zip(QUANTILES, levels.T, strict=True):
            out[f"{name}{end}"] = pa.array(np.round(values, 2) + 0.0)
    return out


def of_defences(table: pa.Table) -> pa.Table:
    """Return the rows of team defences."""
    return table.filter(pc.equal(table["position"], DST))


def of_players(table: pa.Table) -> pa.Table:
    """Return the rows of players, in the table's order; the same table without a defence."""
    return table.filter(pc.not_equal(pc.fill_null(table["position"], ""), DST))


def consensus_rows(ours: pa.Table, source_projections: pa.Table, label: str | None) -> pa.Table:
    """Return the consensus of our model and the sources in the same scoring.

    Args:
        ours: `MODEL_PROJECTIONS` of defences.
        source_projections: `SOURCE_PROJECTIONS` of those weeks.

    Returns:
        `PROJECTIONS` rows, one per row of `ours`. Quantiles move with the points.
    """
    if not ours.num_rows:
        return PROJECTIONS.arrow_schema.empty_table()
    others = stated_points(ours, source_projections)
    own, plays = as_floats(ours["projected_points"]), as_floats(ours["plays"]) > 0
    count = (~np.isnan(others)).sum(axis=1) * plays
    mean = np.nansum(others, axis=1) / np.maximum(count, 1)
    points = np.where(count > 0, own + SOURCE_WEIGHT * (mean - own), own)
    levels = np.column_stack([as_floats(ours[name]) for name in QUANTILES])
    levels = levels + (points - own)[:, None]
    together = np.column_stack([own, others])
    spread = np.where(plays, np.nanmax(together, axis=1) - np.nanmin(together, axis=1), 0.0)
    names = [
        _name(source, number > 0, label)
        for source, number in zip(ours["source"].to_pylist(), count.tolist(), strict=True)
    ]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        **{name: ours[name] for name in PROJECTIONS.column_names if name in ours.column_names},
        **_points(points, levels),
        "source": pa.array(names),
        "nflcom_half": pa.nulls(ours.num_rows, pa.float64()),
        "model_half": ours["projected_points_half"],
        "sources": pa.array(count + 1),
        "spread": pa.array(np.round(spread, 2)),
    }
    return PROJECTIONS.shaped(pa.table(columns))


def _name(source: str, others: bool, label: str | None) -> str:
    if not others:
        return source
    name = "consensus" if source.startswith(MODEL) else f"consensus with {BASELINE}"
    return f"{name} ({label})" if label else name


def stated_points(rows: pa.Table, source_projections: pa.Table) -> np.ndarray:
    """Return the points that `SAME_SCORING` state before kick-off, (rows, sources)."""
    keyed = rows.select(["season", "week", "player_id"]).append_column(
        "receptions", pa.nulls(rows.num_rows, pa.float64())
    )
    known = consensus.Stated.of(of_defences(source_projections), with_copies=True)
    stated = consensus.points_by_source(keyed, known)
    missing = np.full(rows.num_rows, np.nan)
    return np.column_stack([stated.get(name, missing) for name in SAME_SCORING])

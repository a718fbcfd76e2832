"""`projection_accuracy`: the errors of each source's projections, by week and position.

The protocol is the same for every source; docs/projections.md states it. NFL.com and a neutral
baseline choose the players that are scored, never the projections under test. The pool *everyone*
(`everyone`) has all players whom any projection puts high, so that it shows other errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import SKILL_POSITIONS
from fantasy_pipeline.football.scoring import Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK, PROJECTION_ACCURACY
from fantasy_pipeline.football.tables.week_rows import codes, of_players
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections import everyone
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.measures import measure, pooled
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.features import shrunken_mean

POOL = {"QB": 24, "RB": 50, "WR": 60, "TE": 24, "K": 24}
"""Players per week and position who are scored."""
COUNTED = SKILL_POSITIONS
"""Positions that count in ALL."""
ALL = "ALL"
EVERYONE = "everyone"
SCORED: tuple[Scoring, ...] = ("half", "ppr")
LAST_WEEK = 17
"""Last week that counts in pooled figures; the table has all weeks."""
NEUTRAL = "naive recency-weighted"
"""The baseline that helps to choose the scored players."""
NAIVE = {
    "naive last game": "last_points",
    "naive last 4": "last4_points",
    "naive season to date": "season_points",
    NEUTRAL: "avg_fantasy_points",
}
"""Naive baselines, and the stem of their columns in `player_history`."""
KEY = list(PLAYER_WEEK)
SCORES = ("fantasy_points", "fantasy_points_half", "fantasy_points_ppr")
HISTORY_COLUMNS = (
    "position",
    "on_bye",
    "weight",
    "avg_receptions",
    *(f"{kind}_{name}" for kind in ("avg", "prior") for name in SCORES),
    *(f"{kind}_points_{name}" for kind in ("last", "last4", "season") for name in SCORED),
    "target_played",
    *(f"target_{name}" for name in SCORED),
    *everyone.HISTORY_COLUMNS,
)
"""Columns of `player_history` that are read, beside the key."""
_RECEPTION_GAMES = 1.0
"""Games without a reception that each player's mean is shrunken with."""


@dataclass(frozen=True)
class Projected:
    """One source's projections of some rows.

    Args:
        points: (rows,); NaN for players whom the source does not project.
        quantiles: p10, p50, p90, (rows, 3); None if the source states none.
        yards: passing and receiving yards, (rows, 2), of our own projections; NaN without a line.
    """

    points: np.ndarray
    quantiles: np.ndarray | None = None
    yards: np.ndarray | None = None


def projection_accuracy(
    history: pa.Table,
    projections: pa.Table,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> pa.Table:
    """Score the projections of some weeks.

    Args:
        history: key and `HISTORY_COLUMNS` of `PLAYER_HISTORY`, of those weeks or more: the actual
            points and the naive baselines. Rows of team defences are ignored.
        projections: `PROJECTIONS` of those weeks.
        model_projections: `MODEL_PROJECTIONS` of those weeks.
        source_projections: `SOURCE_PROJECTIONS` of those weeks; may be empty.

    Returns:
        `PROJECTION_ACCURACY` rows; none for weeks that are not projected or not played yet. A week
        in progress has the players whose game is over. The pool is that of the whole week.
    """
    wanted = projections.select(KEY)
    rows = of_players(history.select([*KEY, *HISTORY_COLUMNS]))
    rows = rows.join(wanted, KEY, join_type="inner").sort_by([(name, "ascending") for name in KEY])
    rows = rows.filter(pc.invert(pc.fill_null(rows["on_bye"], False)))
    is_over = pc.is_valid(rows["target_played"]).to_numpy()
    if not is_over.any():
        return PROJECTION_ACCURACY.arrow_schema.empty_table()
    pool = pool_rows(rows, source_projections)[is_over]
    rows = rows.filter(pa.array(is_over))
    tables = (projections, model_projections, source_projections)
    sources = {scoring: dict(_sources(rows, scoring, *tables)) for scoring in SCORED}
    played = as_floats(rows["target_played"]) == 1
    chosen_by = {
        name: each.points
        for name, each in sources["ppr"].items()
        if name not in NAIVE or name == NEUTRAL
    }
    pools = {
        "played": pool & played,
        "all": pool,
        EVERYONE: everyone.is_in_pool(chosen_by, rows.num_rows),
    }
    out: list[dict[str, object]] = []
    for scoring in SCORED:
        out += _measure_weeks(rows, scoring, sources[scoring], pools)
    return PROJECTION_ACCURACY.shaped(
        pa.Table.from_pylist(out, schema=PROJECTION_ACCURACY.arrow_schema)
    )


def expected_receptions(rows: pa.Table) -> np.ndarray:
    """Return receptions to expect, one per row, to convert points between half-PPR and PPR.

    They use the player's past only: his recency-weighted mean, shrunken by `_RECEPTION_GAMES`.
    """
    weight = np.nan_to_num(as_floats(rows["weight"]))
    return np.nan_to_num(as_floats(rows["avg_receptions"])) * weight / (weight + _RECEPTION_GAMES)


def _source_points(
    rows: pa.Table, source_projections: pa.Table, scoring: Scoring
) -> dict[str, np.ndarray]:
    """Return each source's points, (rows,), as stated; converted if it does not state a scoring."""
    keyed = rows.select(KEY).append_column("receptions", pa.array(expected_receptions(rows)))
    stated = consensus.Stated.of(source_projections, with_copies=True)
    return consensus.points_by_source(keyed, stated, scoring)


def pool_rows(rows: pa.Table, source_projections: pa.Table) -> np.ndarray:
    """Return a mask of the rows that are scored: the best `POOL` per week and position, (rows,).

    The order is the mean, in PPR, of NFL.com's projection and the player's shrunken mean points.
    NFL.com must project the player; in a week without NFL.com the shrunken mean alone decides.
    """
    nflcom = _source_points(rows, source_projections, "ppr").get(NFLCOM)
    neutral = shrunken_mean(rows, "ppr")
    week = codes(rows)
    merit = neutral
    if nflcom is not None:
        # NaN in weeks with NFL.com for players that NFL.com does not project: they are not scored.
        covered = np.isin(week, np.unique(week[~np.isnan(nflcom)]))
        merit = np.where(covered, (nflcom + neutral) / 2, neutral)
    positions = as_texts(rows["position"])
    pool = np.zeros(rows.num_rows, dtype=bool)
    for position, count in POOL.items():
        for number in np.unique(week):
            in_group = (positions == position) & (week == number)
            candidates = np.flatnonzero(in_group & ~np.isnan(merit))
            best = np.argsort(-merit[candidates], kind="stable")[:count]
            pool[candidates[best]] = True
    return pool


def _sources(
    rows: pa.Table,
    scoring: Scoring,
    projections: pa.Table,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> Iterator[tuple[str, Projected]]:
    """Yield every source's name and projections in one scoring, in the order of `rows`."""
    for name, values in _source_points(rows, source_projections, scoring).items():
        yield name, Projected(values)
    for name, table in (("consensus", projections), ("model", model_projections)):
        yield name, _own_points(rows, table, scoring)
    usual = shrunken_mean(rows, scoring)
    for name, column in NAIVE.items():
        values = as_floats(rows[f"{column}_{scoring}"])
        # Players without such a game are projected their shrunken mean.
        yield name, Projected(np.where(np.isnan(values), usual, values))


def _own_points(rows: pa.Table, table: pa.Table, scoring: str) -> Projected:
    """Return what `projections` or `model_projections` state of some rows; NaN without a row."""
    names = [f"{name}{suffix(scoring)}" for name in ("projected_points", "p10", "p50", "p90")]
    names += ["passing_yards", "receiving_yards"]
    keyed = rows.select(KEY).append_column("row", pa.array(np.arange(rows.num_rows)))
    both = keyed.join(table.select([*KEY, *names]), KEY, join_type="inner")
    # (rows, points, p10, p50, p90, passing and receiving yards)
    values = np.full((rows.num_rows, 6), np.nan)
    values[both["row"].to_numpy()] = np.column_stack([as_floats(both[name]) for name in names])
    return Projected(values[:, 0], values[:, 1:4], values[:, 4:])


def _measure_weeks(
    rows: pa.Table,
    scoring: Scoring,
    sources: Mapping[str, Projected],
    pools: Mapping[str, np.ndarray],
) -> Iterator[dict[str, object]]:
    """Yield one row of measures per week, source, pool and position, ALL after the positions.

    Args:
        pools: mask of the rows of each pool, (rows,).
    """
    positions, weeks = as_texts(rows["position"]), codes(rows)
    actual = np.nan_to_num(as_floats(rows[f"target_{scoring}"]))
    teams = _Teams.of(rows, actual)
    for pool, in_pool in pools.items():
        scored = _silence_as_zero(sources, weeks, positions) if pool == EVERYONE else sources
        nflcom = scored[NFLCOM].points if NFLCOM in scored else np.full(len(actual), np.nan)
        for number in np.unique(weeks):
            # By position, the indices of the week's rows.
            here = np.flatnonzero(in_pool & (weeks == number))
            by_position = {p: here[positions[here] == p] for p in POOL}
            for source, projected in scored.items():
                measures = _measure_positions(by_position, projected, actual, nflcom)
                if pool == EVERYONE:
                    teams.add_measures(measures, weeks == number, projected)
                for position, values in measures.items():
                    yield {
                        **SeasonWeek.of_code(number)._asdict(),
                        "source": source,
                        "position": position,
                        "scoring": scoring,
                        "pool": pool,
                        **values,
                    }


def _silence_as_zero(
    sources: Mapping[str, Projected], weeks: np.ndarray, positions: np.ndarray
) -> dict[str, Projected]:
    """Return the sources with 0 for players whom they do not project."""
    return {
        name: replace(each, points=everyone.silence_as_zero(each.points, weeks, positions))
        for name, each in sources.items()
    }


@dataclass(frozen=True)
class _Teams:
    """The rows of all players, in a pool or not, that the measures of teams need.

    Args:
        team: number of each row's team, (rows,).
        position, actual: of each row, (rows,).
        work: by position of one starter, how often each player threw or kicked, (rows,).
    """

    team: np.ndarray
    position: np.ndarray
    actual: np.ndarray
    work: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, rows: pa.Table, actual: np.ndarray) -> _Teams:
        work = {position: everyone.work_of(rows, position) for position in everyone.STARTER_POINTS}
        _, team = np.unique(as_texts(rows["team"]), return_inverse=True)
        return cls(team, as_texts(rows["position"]), actual, work)

    def add_measures(
        self,
        measures: Mapping[str, dict[str, float | None]],
        in_week: np.ndarray,
        projected: Projected,
    ) -> None:
        """Add one week's measures of a source to those of its positions, in place."""
        week = np.flatnonzero(in_week)
        for position, least in everyone.STARTER_POINTS.items():
            if position in measures:
                here = week[self.position[week] == position]
                measures[position] |= everyone.measure_teams(
                    self.team[here],
                    self.work[position][here],
                    projected.points[here],
                    self.actual[here],
                    least,
                )
        if projected.yards is not None and "QB" in measures:
            yards = projected.yards[week].T
            measures["QB"]["yards_apart"] = everyone.share_apart(self.team[week], *yards)


def _measure_positions(
    by_position: Mapping[str, np.ndarray],
    projected: Projected,
    actual: np.ndarray,
    nflcom: np.ndarray,
) -> dict[str, dict[str, float | None]]:
    """Return one source's measures by position, and of ALL, on the players that it projects."""
    out = {}
    stated = ~np.isnan(projected.points)
    for position, listed in by_position.items():
        players = listed[stated[listed]]
        if len(players):
            out[position] = measure(
                projected.points[players],
                actual[players],
                None if projected.quantiles is None else projected.quantiles[players],
                nflcom[players],
            )
    counted = [out[position] for position in COUNTED if position in out]
    if counted:
        out[ALL] = pooled(counted)
    return out


def headlines(accuracy: pa.Table) -> dict[SeasonWeek, dict[str, float]]:
    """Return the headline numbers of each week: PPR, players who played, all positions.

    These are MAE of the consensus and of NFL.com, the ratio of the consensus's RMSE to NFL.com's
    on the same players, and the share of players within p10-p90. Missing numbers are left out.
    """
    out: dict[SeasonWeek, dict[str, float]] = {}
    for row in accuracy.to_pylist():
        source = row["source"]
        if (row["position"], row["scoring"], row["pool"]) != (ALL, "ppr", "played"):
            continue
        if source not in ("consensus", NFLCOM):
            continue
        numbers = out.setdefault(SeasonWeek(row["season"], row["week"]), {})
        numbers[f"mae_{source}"] = round(row["mae"], 3)
        if row["coverage"] is not None:
            numbers["coverage_p10_p90"] = round(row["coverage"], 3)
        # No ratio without a projection of NFL.com's, or if its projections had no error.
        if source == "consensus" and row["nflcom_rmse"]:
            numbers["rmse_ratio_to_nflcom"] = round(row["rmse"] / row["nflcom_rmse"], 4)
    return out

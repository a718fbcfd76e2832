"""`model_projections`: our model's projections of all listed players, without other sources.

A player who is likely to play (`LIKELY`) is projected as if he plays. A less likely player is cut
in proportion, a player who is ruled out is projected 0. `plays` is the chance itself. The models
are learnt in `projections.model`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.scoring import SCORINGS, Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek, ranges
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, MODEL_PROJECTIONS, TARGET_STATS
from fantasy_pipeline.football.tables.week_rows import codes, of_players, of_weeks, weeks_in
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import features, reconcile
from fantasy_pipeline.projections.model.availability import share_of_certainty, share_of_points
from fantasy_pipeline.projections.model.baseline import baseline_plays, baseline_points
from fantasy_pipeline.projections.model.intervals import (
    LEVELS,
    QUANTILES,
    quantile_table,
    quantiles,
)
from fantasy_pipeline.projections.model.predict import expect
from fantasy_pipeline.projections.model.predict import starts as chance_to_start
from fantasy_pipeline.projections.model.stat_line import points
from fantasy_pipeline.projections.model.team_features import groups
from fantasy_pipeline.projections.model.training import Model

MODEL, BASELINE = "model", "baseline"
FIRST_SEASON_TO_IMPORT = 2015
"""First season that docs and warnings recommend to import."""
RMSE_OF_FEW_SEASONS = {1: 1.0550, 2: 0.9871, 3: 0.9811, 4: 0.9797}
"""RMSE of the consensus over NFL.com's in 2021-2024, by the number of seasons in the lake, the
projected one included. A lake of one season has no model."""
RMSE_OF_ALL_SEASONS = 0.9787
"""The same from all seasons since `FIRST_SEASON_TO_IMPORT`; docs/projections.md has the table."""
FINE = ("plays", "starts", *TARGET_STATS)
"""Columns that are stored with four decimals; points have two."""

ROSTER_REASONS = {
    "RES": "reserve list",
    "PUP": "physically unable to perform",
    "NFI": "non-football injury list",
    "SUS": "suspended",
    "DEV": "practice squad",
    "CUT": "released",
    "RET": "retired",
    "EXE": "exempt list",
    "NWT": "not with team",
}
"""Reasons for a projection of 0, by roster status."""
BYE, CANCELLED = "bye", "cancelled"
NOTHING = "nothing known yet"
"""Reason for a projection of 0 of a player whom nothing rules out."""


def model_projections(
    history: pa.Table,
    weeks: Sequence[SeasonWeek],
    model_of: Callable[[int], Model],
    label: str | None,
    cancelled: Collection[tuple[int, int, str]] = (),
) -> pa.Table:
    """Project some weeks with our model alone.

    Args:
        history: `PLAYER_HISTORY` of those weeks or more; rows of team defences are ignored.
        weeks: weeks to project.
        model_of: returns the model of a season.
        label: text to add to the source column, e.g. that the data are synthetic.
        cancelled: season, week and team of cancelled games.

    Returns:
        `MODEL_PROJECTIONS` rows, one per listed player of a fantasy position.

    Raises:
        PipelineError: the history has no players of one of the weeks.
    """
    rows = of_weeks(of_players(history), weeks)
    listed = rows.filter(pa.array(_is_listed(rows)))
    if absent := sorted(set(weeks) - set(weeks_in(listed))):
        raise PipelineError(
            f"projections {absent[0]}: player_history has no players of that week. "
            f"Materialize raw_players of that week, then player_history, then projections."
        )
    frames = []
    for season in np.unique(rows["season"].to_numpy()):
        of_season = rows.filter(pc.equal(rows["season"], season))
        kept = np.flatnonzero(_is_listed(of_season))
        # Features compare all rows of a week, also the rows of players who are not listed.
        matrix = features.matrix(of_season)[kept]
        frames.append(_project_season(of_season.take(kept), matrix, model_of(int(season)), label))
    if not frames:
        return MODEL_PROJECTIONS.arrow_schema.empty_table()
    return MODEL_PROJECTIONS.shaped(naming_cancelled(pa.concat_tables(frames), cancelled))


@dataclass(frozen=True)
class _Part:
    """One position's projections of a week in which the player plays, and the chance that he does.

    Args:
        at: index of each player's row, (players,).
        share: projected share of the points of such a week, (players,).
        certain: chance that floor and ceiling assume, (players,).
        chances: the columns plays and starts, (players,).
        line: stat line, (players,) by stat; empty where the baseline projects.
        expected: the baseline's points by scoring, (players,); empty where there is a stat line.
        tables: quantile table of each scoring.
        source: model or baseline.
    """

    at: np.ndarray
    share: np.ndarray
    certain: np.ndarray
    chances: Mapping[str, np.ndarray]
    line: Mapping[str, np.ndarray]
    expected: Mapping[Scoring, np.ndarray]
    tables: Mapping[Scoring, np.ndarray]
    source: str

    @classmethod
    def of(
        cls, rows: pa.Table, matrix: np.ndarray, at: np.ndarray, position: str, model: Model
    ) -> _Part:
        """Return the projections of the rows `at`, which are of one position."""
        rows, matrix = rows.take(at), matrix[at]
        learnt = model.positions.get(position)
        status = as_texts(rows["injury_status"])
        line: Mapping[str, np.ndarray] = {}
        expected: Mapping[Scoring, np.ndarray] = {}
        if learnt is None:
            plays = baseline_plays(rows)
            starts = chance_to_start(None, position, rows, matrix, plays)
            expected = {s: baseline_points(rows, s) for s in SCORINGS}
            tables = dict.fromkeys(SCORINGS, quantile_table(np.empty(0), np.empty(0)))
        else:
            projected = expect(learnt, position, rows, matrix)
            plays, starts, line = projected.plays, projected.starts, projected.line
            tables = {s: learnt.tables[s] for s in SCORINGS}
        return cls(
            at,
            share_of_points(plays, starts, status),
            share_of_certainty(plays, starts, status),
            {"plays": plays, "starts": starts},
            line,
            expected,
            tables,
            MODEL if learnt else BASELINE,
        )

    def columns(self, factors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return points, quantiles, stat line and chances by column name, (players,).

        Args:
            factors: factor of each stat that makes the teams' stat lines add up, (rows,).
        """
        line = {name: values * factors[name][self.at] for name, values in self.line.items()}
        out = {**self.chances, **{name: values * self.share for name, values in line.items()}}
        for scoring in SCORINGS:
            expected = np.maximum(points(line, scoring), 0.0) if line else self.expected[scoring]
            out[f"projected_points{suffix(scoring)}"] = expected * self.share
            levels = quantiles(self.tables[scoring], expected, self.certain, LEVELS)
            for name, values in zip(QUANTILES, levels.T, strict=True):
                out[f"{name}{suffix(scoring)}"] = np.where(self.share > 0, values, 0.0)
        return out


def _project_season(
    rows: pa.Table, matrix: np.ndarray, model: Model, label: str | None
) -> pa.Table:
    """Return `MODEL_PROJECTIONS` of one season's rows.

    Args:
        matrix: features, (rows, `features.NAMES`).
    """
    positions = as_texts(rows["position"])
    at = {position: np.flatnonzero(positions == position) for position in FANTASY_POSITIONS}
    parts = [_Part.of(rows, matrix, at[p], p, model) for p in FANTASY_POSITIONS if len(at[p])]
    columns = _columns(rows, parts)
    columns["usual_half"] = matrix[:, features.NAMES.index("shrunken_points")]
    source = np.full(rows.num_rows, BASELINE, dtype=object)
    for part in parts:
        source[part.at] = part.source
    own = {name: rows[name] for name in MODEL_PROJECTIONS.column_names if name in rows.column_names}
    return pa.table(
        {
            **own,
            **as_stored(columns),
            "source": [f"{name} ({label})" if label else name for name in source],
            "reason": with_reason(reasons(rows), columns["projected_points"]),
            "opponent_factor": rows["opponent_factor_fantasy_points_ppr"],
        }
    ).select(MODEL_PROJECTIONS.column_names)


def as_stored(columns: Mapping[str, np.ndarray]) -> dict[str, pa.Array]:
    """Return columns of a projections table, rounded; points are those of the rounded stat line.

    So points and stat line agree in every scoring, also where one scoring is worth nothing and
    another is: 0.1 receptions and 0.05 fumbles lost are 0 points in half-PPR and 0.05 in PPR.

    Args:
        columns: points, stat line and other values by column name, (rows,); the stat line is NaN
            where there is none.
    """
    rounded = {name: np.round(values, 4 if name in FINE else 2) for name, values in columns.items()}
    line = {name: np.nan_to_num(rounded[name]) for name in TARGET_STATS}
    has_line = ~np.isnan(np.column_stack([rounded[name] for name in TARGET_STATS])).all(axis=1)
    for scoring in SCORINGS:
        name = f"projected_points{suffix(scoring)}"
        of_line = np.round(np.maximum(points(line, scoring), 0.0), 2)
        rounded[name] = np.where(has_line, of_line, rounded[name])
    return {name: pa.array(values, from_pandas=True) for name, values in rounded.items()}


def _columns(rows: pa.Table, parts: Sequence[_Part]) -> dict[str, np.ndarray]:
    """Return points, quantiles, stat lines and chances of all positions by column name, (rows,)."""
    size = rows.num_rows
    lines = {name: np.full(size, np.nan) for name in TARGET_STATS}
    for part in parts:
        for name, values in part.line.items():
            lines[name][part.at] = values * part.share
    team = groups(codes(rows), as_texts(rows["team"]))
    factors = reconcile.factors(lines, team, as_floats(rows["implied_team_total"]))
    columns = {f"projected_points{suffix(s)}": np.zeros(size) for s in SCORINGS}
    columns |= {f"{q}{suffix(s)}": np.zeros(size) for s in SCORINGS for q in QUANTILES}
    columns |= {name: np.full(size, np.nan) for name in TARGET_STATS}
    columns |= {"plays": np.zeros(size), "starts": np.full(size, np.nan)}
    for part in parts:
        for name, values in part.columns(factors).items():
            columns[name][part.at] = values
    return columns


def warnings_without_rosters(raw_players: pa.Table) -> dict[int, list[str]]:
    """Return warnings, by season, about weeks without rosters.

    Their players are known from the week's own stat lines only.
    """
    players = raw_players.filter(pc.not_equal(raw_players["roster_source"], "schedule"))
    weeks = players.group_by(["season", "week"]).aggregate(
        [("roster_source", "min"), ("roster_source", "max")]
    )
    only = weeks.filter(
        pc.and_(
            pc.equal(weeks["roster_source_min"], "stats"),
            pc.equal(weeks["roster_source_max"], "stats"),
        )
    )
    return {
        row["season"]: [
            f"projections {row['season']} week {row['week']}: no rosters; only players who played "
            f"in that week are listed"
        ]
        for row in only.to_pylist()
    }


def warning_of_few_seasons(seasons: Collection[int]) -> str | None:
    """Return a warning with the measured cost if the lake has fewer than five seasons, or None.

    Args:
        seasons: seasons of which the lake has stats, the projected one included.
    """
    count = len(seasons)
    if not 0 < count <= max(RMSE_OF_FEW_SEASONS):
        return None
    return (
        f"the lake has {count} season{'s' * (count > 1)} ({ranges(seasons)}): projections from so "
        f"few had {RMSE_OF_FEW_SEASONS[count]:.4f} of NFL.com's RMSE in 2021-2024, from all since "
        f"{FIRST_SEASON_TO_IMPORT} {RMSE_OF_ALL_SEASONS:.4f}. Run `fantasy-pipeline backfill "
        f"--seasons {FIRST_SEASON_TO_IMPORT}-{max(seasons)}`"
    )


def _is_listed(rows: pa.Table) -> np.ndarray:
    """Return a mask of players listed before the week; of those who played, without any roster."""
    source = as_texts(rows["roster_source"])
    week = codes(rows)
    on_roster = np.isin(source, ["weekly_roster", "carried_forward"])
    return on_roster | ((source == "stats") & ~np.isin(week, np.unique(week[on_roster])))


def with_reason(stated: Sequence[str | None], projected: np.ndarray) -> pa.Array:
    """Return the reasons, one per row; each projection of 0 without a reason gets `NOTHING`."""
    zeros = np.round(projected, 2) == 0
    known = [None if reason == NOTHING else reason for reason in stated]
    filled = [r or (NOTHING if zero else None) for r, zero in zip(known, zeros, strict=True)]
    return pa.array(filled, pa.string())


def naming_cancelled(rows: pa.Table, cancelled: Collection[tuple[int, int, str]]) -> pa.Table:
    """Return the rows with the reason `CANCELLED` in place of a bye where a game was cancelled."""
    keys = zip(*(rows[name].to_pylist() for name in ("season", "week", "team")), strict=True)
    stated = [
        CANCELLED if reason == BYE and key in cancelled else reason
        for key, reason in zip(keys, rows["reason"].to_pylist(), strict=True)
    ]
    index = rows.column_names.index("reason")
    return rows.set_column(index, "reason", pa.array(stated, pa.string()))


def reasons(rows: pa.Table) -> list[str | None]:
    """Return the reason why each row is projected 0 or less than usual; None without a reason.

    A player on the reserve list during his team's bye is on the reserve list: he will be after it.
    A player who was inactive in the game before the bye is on a bye.
    """
    out: list[str | None] = []
    for bye, roster, injury in zip(
        rows["on_bye"].to_pylist(),
        rows["roster_status"].to_pylist(),
        rows["injury_status"].to_pylist(),
        strict=True,
    ):
        if bye and roster in (None, "ACT", "INA"):
            out.append(BYE)
        elif roster not in (None, "ACT"):
            out.append(ROSTER_REASONS.get(roster, f"roster status {roster}"))
        elif injury in ("Out", "Doubtful", "Questionable"):
            out.append(injury.lower())
        else:
            out.append(None)
    return out

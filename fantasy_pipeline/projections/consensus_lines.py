"""From the consensus's half-PPR points to its stat lines, quantiles and points in every scoring.

All values of quarterbacks, kickers and doubtful players are first those of a week in which they
play; `Chances` says what share of them is projected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.scoring import SCORINGS, Scoring, suffix
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, TARGET_STATS
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import availability, reconcile, rooms
from fantasy_pipeline.projections.model.intervals import (
    LEVELS,
    QUANTILES,
    quantile_table,
    quantiles,
)
from fantasy_pipeline.projections.model.stat_line import points
from fantasy_pipeline.projections.model.team_features import groups
from fantasy_pipeline.projections.model.training import Model
from fantasy_pipeline.projections.model_projections import BASELINE

_SMALL = 1.0
"""Half-PPR points of our model below which a player's numbers are not scaled by a factor: a factor
would turn hundredths into points."""
MOST_FACTOR = 1.5
"""Highest factor by which a stat line is scaled."""


@dataclass(frozen=True)
class Chances:
    """The chances to play and to start, before and after the other sources are heard.

    Args:
        room: number of each row's room, (rows,).
        available: mask of players whom nothing rules out, (rows,).
        plays: chance to play, (rows,).
        starts: our chance to start, (rows,); NaN at positions of which a team starts several.
        after: chance to start after the other sources, (rows,).
        status: game status, ``""`` for none, (rows,).
        silent: number of sources that project team-mates and not the player, (rows,), for notable
            players at positions of which a team starts several.
        unnamed: mask of the players among them whom no source projects, (rows,).
        named: mask of the players at these positions whom a source projects, (rows,).
        expected: mask of those whom it projects at `availability.NOTABLE` or more, (rows,).
    """

    room: np.ndarray
    available: np.ndarray
    plays: np.ndarray
    starts: np.ndarray
    after: np.ndarray
    status: np.ndarray
    silent: np.ndarray
    unnamed: np.ndarray
    named: np.ndarray
    expected: np.ndarray

    @classmethod
    def of(cls, ours: pa.Table, others: Mapping[str, np.ndarray]) -> Chances:
        """Return the chances of `MODEL_PROJECTIONS` rows, given the points of other sources."""
        plays, starts = (as_floats(ours[name]) for name in ("plays", "starts"))
        room, available = rooms.room_of(ours), plays > 0
        single = ~np.isnan(starts)
        after = rooms.heard(starts, room, available & single, others)
        status = as_texts(ours["injury_status"])
        after = np.where(single, after, np.nan)
        names = as_texts(ours["team"])
        in_team = available & ~single & (names != "")
        silent, named = rooms.silence(groups(codes(ours), names), in_team, others)
        notable = as_floats(ours["projected_points_half"]) >= availability.NOTABLE
        silent = np.where(notable, silent, 0)
        unnamed = (silent > 0) & ~named
        most = np.fmax.reduce([np.zeros(len(plays)), *others.values()])
        expected = named & (most >= availability.NOTABLE)
        return cls(room, available, plays, starts, after, status, silent, unnamed, named, expected)

    @property
    def doubtful(self) -> np.ndarray:
        """Return a mask of doubtful players, (rows,)."""
        mask: np.ndarray = self.status == availability.DOUBTFUL
        return mask

    @property
    def likely(self) -> np.ndarray:
        """Return the chance at which each player is projected as if he plays, (rows,)."""
        return availability.likely_at(self.status)

    @property
    def apart(self) -> np.ndarray:
        """Return a mask of rows whose points are chance x points of a week in which he plays."""
        mask: np.ndarray = ~np.isnan(self.starts) | self.doubtful
        return mask

    def share(self, starts: np.ndarray) -> np.ndarray:
        """Return the projected share of the points of a week in which he plays, (rows,)."""
        share = availability.share_of_points(self.plays, starts, self.status)
        return np.where(self.apart, share, 1.0)

    @property
    def unspoken(self) -> np.ndarray:
        """Return the share of the points that the sources' silence leaves, (rows,)."""
        skipped = availability.SKIPPED**self.silent
        return np.where(self.unnamed, availability.UNNAMED, skipped)

    @property
    def plays_after(self) -> np.ndarray:
        """Return the chance to play after the other sources are heard, (rows,)."""
        plays = np.fmax(self.plays, np.where(self.doubtful, 0.0, self.after))
        plays = np.where(self.unnamed, np.minimum(plays, availability.UNNAMED_PLAYS), plays)
        fit = self.expected & (self.status == "")
        plays = np.where(fit, np.maximum(plays, availability.EXPECTED_PLAYS), plays)
        in_doubt = self.named & (self.status == availability.QUESTIONABLE)
        return np.where(in_doubt, availability.if_named(plays), plays)

    def sits(self, values: np.ndarray) -> np.ndarray:
        """Return a mask of players of whom a source expects that a team-mate starts, (rows,)."""
        minor = rooms.share_in_room(values, self.room, self.available) <= 0.5
        mask: np.ndarray = ~np.isnan(self.starts) & minor
        return mask


@dataclass(frozen=True)
class Own:
    """Our projections of a week in which the player plays.

    Args:
        table: `MODEL_PROJECTIONS`.
        line: stat line, (rows,) by stat; NaN where the baseline projects.
        expected: points by scoring, (rows,).
        typical: stats per half-PPR point of a typical player of the position, (rows,) by stat.
        models: the model of each season, or None.
    """

    table: pa.Table
    line: Mapping[str, np.ndarray]
    expected: Mapping[Scoring, np.ndarray]
    typical: Mapping[str, np.ndarray]
    models: Mapping[int, Model | None]

    @property
    def half(self) -> np.ndarray:
        """Return half-PPR points, (rows,)."""
        return self.expected["half"]

    @classmethod
    def of(cls, ours: pa.Table, chances: Chances, models: Mapping[int, Model | None]) -> Own:
        """Return our projections, from `MODEL_PROJECTIONS` and the models that made them.

        Points follow from the stat line where there is one: the stored points are rounded, and the
        rounding error would grow with the points of a player whom other sources restore.
        """
        share = np.maximum(chances.share(chances.starts), 1e-9)
        line = {name: as_floats(ours[name]) / share for name in TARGET_STATS}
        has_line = ~np.isnan(np.column_stack(list(line.values()))).all(axis=1)
        filled = {name: np.nan_to_num(values) for name, values in line.items()}
        expected = {
            scoring: np.where(
                has_line,
                np.maximum(points(filled, scoring), 0.0),
                ours[f"projected_points{suffix(scoring)}"].to_numpy() / share,
            )
            for scoring in SCORINGS
        }
        return cls(ours, line, expected, _typical(ours, models), models)


def _typical(ours: pa.Table, models: Mapping[int, Model | None]) -> dict[str, np.ndarray]:
    """Return stats per half-PPR point of each row's position, (rows,) by stat; NaN without one."""
    out = {name: np.full(ours.num_rows, np.nan) for name in TARGET_STATS}
    seasons, positions = ours["season"].to_numpy(), as_texts(ours["position"])
    for season, model in models.items():
        for position, learnt in (model.positions if model else {}).items():
            rows = (seasons == season) & (positions == position)
            for name, value in learnt.typical_line(position).items():
                out[name][rows] = value
    return out


def uncut_where_others_disagree(
    ours: pa.Table, half: np.ndarray, others: Mapping[str, np.ndarray], chances: Chances
) -> np.ndarray:
    """Return our half-PPR points, (rows,), cut less where other sources expect the player to play.

    We cut the points of players who are unlikely to play. A starter's injury after the report is
    news that other sources have and the model has not: the other sources' mean decides between
    our points with the cut and without it. For a player without any past, as in a new lake, their
    mean alone decides. Points of players who are `Chances.apart` are not cut.

    Args:
        half: our half-PPR points, (rows,).
        others: half-PPR points by source, (rows,); NaN where a source has none.
    """
    names = ours["source"].to_pylist()
    # (rows,): players that the baseline projects at 0 though nothing rules them out
    baseline = np.array([name.startswith(BASELINE) for name in names], dtype=bool)
    unknown = baseline & (half == 0) & chances.available
    # (rows,): number and mean of the other sources that project the player
    values = np.column_stack([np.full(len(half), np.nan), *others.values()])
    counts = (~np.isnan(values)).sum(axis=1)
    mean = np.nansum(values, axis=1) / np.maximum(counts, 1)
    # (rows,): our points without the cut
    share = np.where(chances.apart, 1.0, np.clip(chances.plays / chances.likely, 0.01, 1.0))
    uncut = np.where(unknown, mean, half / share)
    return np.where(counts > 0, np.clip(mean, half, uncut), half)


def moved(
    mine: Own, together: np.ndarray, width: np.ndarray, chances: Chances
) -> dict[str, np.ndarray]:
    """Return points, quantiles, stat lines and chances, by column name, of the consensus.

    Args:
        together: the consensus's half-PPR points, (rows,).
        width: width of p10-p90 relative to ours, (rows,).
    """
    share = chances.share(chances.after) * chances.unspoken
    line = _reconciled(mine, _moved_line(mine, together), share)
    filled = {name: np.nan_to_num(values) for name, values in line.items()}
    has_line = ~np.isnan(np.column_stack(list(line.values()))).all(axis=1)
    whole = together / np.maximum(mine.half, 0.01)
    out: dict[str, np.ndarray] = {}
    for scoring in SCORINGS:
        own = mine.expected[scoring]
        # (rows,): without a stat line, small points move by as many points, others in proportion
        plain = np.where(mine.half < _SMALL, own + together - mine.half, own * whole)
        plain = np.where(together > 0, plain, 0.0)
        points_now = np.maximum(np.where(has_line, points(filled, scoring), plain), 0.0)
        out[f"projected_points{suffix(scoring)}"] = points_now * share
        levels = _quantiles(mine, scoring, points_now, width, chances)
        for name, level in zip(QUANTILES, levels.T, strict=True):
            out[f"{name}{suffix(scoring)}"] = np.where(points_now > 0, level, 0.0)
    out |= {name: values * share for name, values in line.items()}
    return out | {"plays": chances.plays_after, "starts": chances.after}


def _moved_line(mine: Own, together: np.ndarray) -> dict[str, np.ndarray]:
    """Return the stat line with the consensus's half-PPR points, (rows,) by stat.

    All stats move in proportion: sources that expect more yards expect more receptions. Beyond
    `MOST_FACTOR`, our line says little, and a typical line of the position is added.
    """
    factor = np.where(mine.half > 0, together / np.maximum(mine.half, 0.01), 1.0)
    scaled = np.minimum(factor, MOST_FACTOR)
    rest = together - mine.half * scaled
    out = {}
    for name, values in mine.line.items():
        typical = mine.typical[name]
        no_typical = np.isnan(typical) & (mine.half >= _SMALL)
        mixed = values * scaled + rest * typical
        proportional = (rest <= 0) | no_typical
        out[name] = np.where(proportional, values * factor, mixed)
    return out


def _reconciled(
    mine: Own, line: Mapping[str, np.ndarray], share: np.ndarray
) -> dict[str, np.ndarray]:
    """Return stat lines that add up to those of a team, (rows,) by stat.

    Args:
        line: stats of a week in which the player plays, (rows,) by stat.
        share: projected share of them, (rows,).
    """
    team = groups(codes(mine.table), as_texts(mine.table["team"]))
    projected = {name: values * share for name, values in line.items()}
    implied = as_floats(mine.table["implied_team_total"])
    factors = reconcile.factors(projected, team, implied)
    return {name: values * factors[name] for name, values in line.items()}


def _quantiles(
    mine: Own, scoring: Scoring, expected: np.ndarray, width: np.ndarray, chances: Chances
) -> np.ndarray:
    """Return floor, median and ceiling of one scoring, (rows, 3).

    They are those of past projections of the same size, at `width`. Of a player whom we cut and the
    other sources do not restore, they are ours in proportion to the points.

    Args:
        expected: the consensus's points of a week in which he plays, (rows,).
        width: width of p10-p90 relative to the model's, (rows,).
    """
    certain = availability.share_of_certainty(chances.plays, chances.after, chances.status)
    certain = np.where(chances.apart, certain, 1.0)
    # A player whom no source projects rarely plays; one whom some sources skip scores less.
    certain = np.where(chances.unnamed, np.minimum(certain, availability.UNNAMED), certain)
    expected = np.where(chances.unnamed, expected, expected * chances.unspoken)
    levels = np.empty((len(expected), len(LEVELS)))
    for rows, table in _tables(mine, scoring):
        levels[rows] = quantiles(table, expected[rows], certain[rows], LEVELS)
    # (rows, 1) and (rows, 3): floor and ceiling at `width` around the median
    middle = levels[:, 1:2]
    # A level of 0 is the mass of weeks in which he sits.
    levels = np.where(levels == 0, 0.0, middle + (levels - middle) * width[:, None])
    names = [f"{name}{suffix(scoring)}" for name in QUANTILES]
    ours = np.column_stack([mine.table[name].to_numpy() for name in names])
    grown = expected / np.maximum(mine.expected[scoring], 0.01)
    cut = ~chances.apart & (chances.plays < chances.likely) & (grown <= 1.0)
    cut &= ~chances.unnamed
    return np.where(cut[:, None], ours * grown[:, None], levels)


def _tables(mine: Own, scoring: Scoring) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield masks of rows, (rows,), and the quantile table of each."""
    seasons = mine.table["season"].to_numpy()
    positions = as_texts(mine.table["position"])
    usual = quantile_table(np.empty(0), np.empty(0))
    for season, model in mine.models.items():
        for position in FANTASY_POSITIONS:
            learnt = model.positions.get(position) if model else None
            rows = (seasons == season) & (positions == position)
            yield rows, learnt.tables[scoring] if learnt else usual

"""`projections`: the baseline model, from `player_history` alone.

Expected points = chance to play x points when playing. Points when playing are the player's
recency-weighted mean, shrunken to the mean of his position's players as experienced, times the
opponent's effect on the position and the scoring the betting lines expect. Floor, median and
ceiling come from what earlier seasons' projections of the position and size turned into.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.scoring import SCORINGS, Scoring
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.source_projections import NFLCOM
from fantasy_pipeline.tables import FANTASY_POSITIONS, PROJECTIONS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MODEL = "baseline"

PRIOR_GAMES = {"QB": 3.0, "RB": 2.0, "WR": 3.0, "TE": 3.0, "K": 12.0}
"""Games of the position's mean that a player's own mean is mixed with."""
OPPONENT_WEIGHT = 0.5
"""How much of the opponent's factor, already shrunken, counts."""
TOTAL_WEIGHT = 0.5
"""How much of the implied team total's distance from the usual counts."""
USUAL_TEAM_TOTAL = 22.5
"""Points per team and game, the league's mean since 2015."""
CALIBRATION_SEASONS = 3
"""Seasons before the projected one that floors and ceilings are learnt from."""
_BINS = 12
_FEW_ROWS = 200

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
"""Why a player who is not on the active roster is projected 0."""

_POINTS: dict[Scoring, str] = {
    "std": "fantasy_points",
    "half": "fantasy_points_half",
    "ppr": "fantasy_points_ppr",
}


def projections(
    history: pa.Table,
    source_projections: pa.Table,
    weeks: Sequence[SeasonWeek],
    label: str | None,
) -> pa.Table:
    """Project some weeks.

    Args:
        history: `PLAYER_HISTORY`, those weeks and at best `CALIBRATION_SEASONS` before them.
        source_projections: `SOURCE_PROJECTIONS` of those weeks, to show beside ours.
        weeks: weeks to project.
        label: what to add to the source column, e.g. that the data are synthetic.

    Returns:
        `PROJECTIONS` rows, one per listed player of a fantasy position.

    Raises:
        PipelineError: the history has no players of a week.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pa.array([week.season * 100 + week.week for week in weeks], pa.int32())
    code = pc.add(pc.multiply(history["season"], 100), history["week"]).cast("int32")
    chosen = _listed(history.filter(pc.is_in(code, codes)))
    have = set(zip(chosen["season"].to_pylist(), chosen["week"].to_pylist(), strict=True))
    if absent := sorted(set(weeks) - have):
        raise PipelineError(
            f"projections {absent[0]}: player_history knows no players of that week. "
            f"Materialize raw_players of it, then player_history, then projections."
        )
    frames = [
        _project_season(
            chosen.filter(pc.equal(chosen["season"], season)),
            history.filter(
                pc.and_(
                    pc.less(history["season"], season),
                    pc.greater_equal(history["season"], season - CALIBRATION_SEASONS),
                )
            ),
            label,
        )
        for season in np.unique(chosen["season"].to_numpy())
    ]
    if not frames:
        return PROJECTIONS.arrow_schema.empty_table()
    return PROJECTIONS.conform(_beside(pa.concat_tables(frames), source_projections))


def _beside(table: pa.Table, source_projections: pa.Table) -> pa.Table:
    """Add NFL.com's points, for comparison."""
    import pyarrow.compute as pc

    nflcom = source_projections.filter(pc.equal(source_projections["source"], NFLCOM))
    nflcom = nflcom.select([*PROJECTIONS.key, "points_half"])
    return table.join(nflcom.rename_columns([*PROJECTIONS.key, "nflcom_half"]), PROJECTIONS.key)


def pool_warnings(raw_players: pa.Table) -> dict[int, list[str]]:
    """Warnings, by season, about weeks whose players are only known from their own stat lines."""
    import pyarrow.compute as pc

    weeks = raw_players.group_by(["season", "week"]).aggregate(
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
            f"projections {row['season']} week {row['week']}: no rosters; the players listed are "
            f"those who then played"
        ]
        for row in only.to_pylist()
    }


def _listed(rows: pa.Table) -> pa.Table:
    """Rows of players known before the week; in a week 1 without rosters, those who played."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.is_in(
        rows["roster_source"], value_set=pa.array(["weekly_roster", "carried_forward"])
    )
    week = pc.add(pc.multiply(rows["season"], 100), rows["week"])
    weeks_known = pc.unique(week.filter(known))
    stand_in = pc.and_(
        pc.fill_null(pc.equal(rows["roster_source"], "stats"), False),
        pc.invert(pc.is_in(week, value_set=weeks_known)),
    )
    return rows.filter(pc.or_(known, stand_in))


def _column(rows: pa.Table, name: str) -> np.ndarray:
    return rows[name].cast("float64").fill_null(float("nan")).to_numpy()


def reasons(rows: pa.Table) -> list[str | None]:
    """Why each row is projected 0, or less than usual; None where there is no reason."""
    out: list[str | None] = []
    for bye, roster, injury in zip(
        rows["on_bye"].to_pylist(),
        rows["roster_status"].to_pylist(),
        rows["injury_status"].to_pylist(),
        strict=True,
    ):
        if bye:
            out.append("bye")
        elif roster not in (None, "ACT"):
            out.append(ROSTER_REASONS.get(roster, f"roster status {roster}"))
        elif injury in ("Out", "Doubtful", "Questionable"):
            out.append(injury.lower())
        else:
            out.append(None)
    return out


def _plays(rows: pa.Table, why: Sequence[str | None]) -> np.ndarray:
    """Chance to play, 0-1."""
    import numpy as np

    rate = np.nan_to_num(_column(rows, "appearance_rate"), nan=0.5)
    status = np.array([1.0 if reason is None else 0.0 for reason in why])
    hurt = np.isin(np.array(why, dtype=object), ["doubtful", "questionable"])
    status[hurt] = _column(rows, "status_rate")[hurt]
    return rate * status


def _expected(rows: pa.Table, scoring: Scoring, plays: np.ndarray) -> np.ndarray:
    """Expected points, the chance of not playing included."""
    import numpy as np

    name = _POINTS[scoring]
    positions = np.array(rows["position"].to_pylist(), dtype=object)
    prior_games = np.array([PRIOR_GAMES[position] for position in positions])
    weight = np.nan_to_num(_column(rows, "weight"))
    own = np.nan_to_num(_column(rows, f"avg_{name}"))
    prior = np.nan_to_num(_column(rows, f"prior_{name}"))
    mean = (own * weight + prior * prior_games) / (weight + prior_games)
    opponent = 1 + OPPONENT_WEIGHT * (_column(rows, f"opponent_factor_{name}") - 1)
    total = np.nan_to_num(_column(rows, "implied_team_total"), nan=USUAL_TEAM_TOTAL)
    lines = 1 + TOTAL_WEIGHT * (total / USUAL_TEAM_TOTAL - 1)
    return np.maximum(plays * mean * opponent * lines, 0.0)


def _project_season(rows: pa.Table, past: pa.Table, label: str | None) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    why = reasons(rows)
    plays = _plays(rows, why)
    past = _calibration_rows(past)
    past_plays = _plays(past, reasons(past))
    position = np.array(rows["position"].to_pylist(), dtype=object)
    past_position = np.array(past["position"].to_pylist(), dtype=object)
    columns: dict[str, np.ndarray] = {}
    for scoring in SCORINGS:
        points = _expected(rows, scoring, plays)
        past_points = _expected(past, scoring, past_plays)
        actual = np.nan_to_num(_column(past, f"target_{scoring}"))
        quantiles = np.zeros((len(points), 3))
        for name in FANTASY_POSITIONS:
            these, those = position == name, past_position == name
            quantiles[these] = _quantiles(points[these], past_points[those], actual[those])
        quantiles[points == 0] = 0.0
        if scoring == "ppr":
            why = [
                r or ("nothing known yet" if p == 0 else None)
                for r, p in zip(why, points, strict=True)
            ]
        suffix = "" if scoring == "ppr" else f"_{scoring}"
        columns[f"projected_points{suffix}"] = np.round(points, 2)
        for column, quantile in enumerate(("p10", "p50", "p90")):
            columns[f"{quantile}{suffix}"] = np.round(quantiles[:, column], 2)
    own = {name: rows[name] for name in PROJECTIONS.column_names if name in rows.column_names}
    return pa.table(
        {
            **own,
            **columns,
            "source": [f"{MODEL} ({label})" if label else MODEL] * rows.num_rows,
            "reason": pa.array(why, pa.string()),
            "opponent_factor": rows["opponent_factor_fantasy_points_ppr"],
        }
    ).select([name for name in PROJECTIONS.column_names if name != "nflcom_half"])


def _calibration_rows(past: pa.Table) -> pa.Table:
    """Rows of earlier seasons that were projected above 0 and whose week was played."""
    import pyarrow as pa
    import pyarrow.compute as pc

    past = past.filter(pc.is_valid(past["target_played"]))
    plays = [why in (None, "questionable", "doubtful") for why in reasons(past)]
    return past.filter(pa.array(plays, pa.bool_()))


def _quantiles(points: np.ndarray, past: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """p10, p50 and p90 of each projection, from past projections of about the same size.

    With too few past rows (the lake's first season) the spread is the usual one of a skewed score:
    a tenth of weeks below 0.35, half below 0.9 and a tenth above 1.8 of the projection.
    """
    import numpy as np

    if len(past) < _FEW_ROWS:
        return np.outer(points, [0.35, 0.9, 1.8])
    order = np.argsort(past, kind="stable")
    chunks = np.array_split(order, _BINS)
    centres = np.array([past[chunk].mean() for chunk in chunks])
    levels = np.array([np.quantile(actual[chunk], [0.1, 0.5, 0.9]) for chunk in chunks])
    # A bigger projection never has a lower floor.
    levels = np.maximum.accumulate(levels, axis=0)
    out = np.column_stack([np.interp(points, centres, levels[:, q]) for q in range(3)])
    # Beyond the last bin, scale with the projection.
    above = points > centres[-1]
    growth = np.outer(points[above] / centres[-1], np.ones(3))
    out[above] = levels[-1] * np.where(levels[-1] > 0, growth, 1.0)
    return out

"""Accuracy of the projections of single defenders (IDP), in NFL.com's scoring."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DEFENDER_GROUPS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    GAMES,
    PLAYER_WEEK,
    PROJECTION_ACCURACY,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import codes, of_weeks
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.accuracy import NEUTRAL, SCORED, Projected
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.defender_careers import (
    OF_LINES,
    OF_PLAYERS,
    STATS,
    WORTH,
    games_of,
    stored_games,
)
from fantasy_pipeline.projections.defenders import OF_LISTED, defender_projections
from fantasy_pipeline.projections.measures import measure

KEY = list(PLAYER_WEEK)
POOL = 36
"""Defenders per position and week who are scored: those with the most snaps in the games before, of
those whom NFL.com projects, if it projects any."""


def defender_accuracy(projections: pa.Table, games: pa.Table) -> pa.Table:
    """Score the projections of defenders.

    Args:
        projections: `DEFENDER_PROJECTIONS` of some weeks.
        games: of `games_of`, of the same weeks: what defenders did. Weeks without any are not
            scored.

    Returns:
        `PROJECTION_ACCURACY` rows of `DEFENDER_GROUPS`, equal in both scorings.
    """
    rows = projections.filter(pa.array(np.isin(codes(projections), np.unique(codes(games)))))
    rows = rows.filter(pc.is_valid(rows["opponent"]))
    if not rows.num_rows:
        return PROJECTION_ACCURACY.arrow_schema.empty_table()
    actual = np.column_stack([as_floats(games[name]) for name in STATS]) @ WORTH
    keys = zip(codes(games).tolist(), games["player_id"].to_pylist(), strict=True)
    points = dict(zip(keys, actual.tolist(), strict=True))
    wanted = zip(codes(rows).tolist(), rows["player_id"].to_pylist(), strict=True)
    scored = np.array([points.get(key, np.nan) for key in wanted])
    levels = np.column_stack([as_floats(rows[name]) for name in ("p10", "p50", "p90")])
    sources = {
        "consensus": Projected(as_floats(rows["projected_points"]), levels),
        "model": Projected(as_floats(rows["model_points"])),
        NEUTRAL: Projected(as_floats(rows["usual_points"])),
        NFLCOM: Projected(as_floats(rows["nflcom_points"])),
    }
    out = list(_measures(rows, scored, sources))
    return PROJECTION_ACCURACY.shaped(
        pa.Table.from_pylist(out, schema=PROJECTION_ACCURACY.arrow_schema)
    )


def stored_accuracy(lake: Lake, weeks: Collection[SeasonWeek]) -> pa.Table:
    """Score the stored projections of the defenders of some weeks.

    Returns:
        `PROJECTION_ACCURACY` rows; none of weeks that the lake has no such projections of.
    """
    present = set(lake.weeks(DEFENDER_PROJECTIONS)) & set(lake.weeks(WEEKLY_STATS))
    scored = sorted(present & set(weeks) & set(lake.weeks(RAW_PLAYERS)))
    if not scored:
        return PROJECTION_ACCURACY.arrow_schema.empty_table()
    games = games_of(
        lake.read(RAW_PLAYERS, scored, [*KEY, *OF_PLAYERS]),
        lake.read(WEEKLY_STATS, scored, [*KEY, *OF_LINES]),
    )
    return defender_accuracy(lake.read(DEFENDER_PROJECTIONS, scored), games)


def backtest_defenders(lake: Lake, seasons: Sequence[int]) -> pa.Table:
    """Project the defenders of seasons from earlier weeks of the lake's imports, and score them.

    Returns:
        `PROJECTION_ACCURACY` rows; none from a lake without defensive snaps.
    """
    weeks = [week for week in lake.weeks(RAW_PLAYERS) if week.season in set(seasons)]
    after = SeasonWeek(max(seasons) + 1, 1)
    games = stored_games(lake, [SeasonWeek(min(seasons), 1), after])
    listed = lake.read(RAW_PLAYERS, weeks, [*KEY, *OF_LISTED])
    stated = of_weeks(lake.read(SOURCE_PROJECTIONS), weeks)
    rows = defender_projections(games, listed, lake.read(GAMES), stated, weeks, None)
    return defender_accuracy(rows, of_weeks(games, weeks))


def _measures(
    rows: pa.Table, scored: np.ndarray, sources: Mapping[str, Projected]
) -> Iterator[dict[str, object]]:
    """Yield the rows of each week, position, source, scoring and pool.

    Args:
        scored: points of each row; NaN for a player who did not play, (rows,).
    """
    weeks, positions, usage = (
        codes(rows),
        as_texts(rows["position"]),
        as_floats(rows["usual_snaps"]),
    )
    nflcom = sources[NFLCOM].points
    for number in np.unique(weeks):
        for position in DEFENDER_GROUPS:
            here = np.flatnonzero((weeks == number) & (positions == position) & (usage > 0))
            # Players who are ruled out are projected 0 and do not compete for the pool.
            here = here[sources["consensus"].points[here] > 0]
            if not np.isnan(nflcom[here]).all():
                here = here[~np.isnan(nflcom[here])]
            pool = here[np.argsort(-usage[here], kind="stable")[:POOL]]
            about = {**SeasonWeek.of_code(number)._asdict(), "position": position}
            for name, members in (("played", pool[~np.isnan(scored[pool])]), ("all", pool)):
                for source, projected in sources.items():
                    at = members[~np.isnan(projected.points[members])]
                    if not len(at):
                        continue
                    levels = None if projected.quantiles is None else projected.quantiles[at]
                    values = measure(
                        projected.points[at], np.nan_to_num(scored[at]), levels, nflcom[at]
                    )
                    for scoring in SCORED:
                        yield {
                            **about,
                            "source": source,
                            "scoring": scoring,
                            "pool": name,
                            **values,
                        }

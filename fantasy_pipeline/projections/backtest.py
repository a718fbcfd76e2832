"""The backtest: projects past seasons walk-forward and scores the projections.

The scoreboard of what the lake already has is in `scoreboard.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pyarrow as pa

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import weeks_in
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.accuracy import projection_accuracy
from fantasy_pipeline.projections.model import training
from fantasy_pipeline.projections.scoreboard import scoreboard


def missing_seasons(lake: Lake, seasons: Sequence[int]) -> list[int]:
    """Seasons of which the lake lacks stats or other sources' projections: any of them, or some of
    a week that was played."""
    import pyarrow.compute as pc

    present = set(lake.weeks(tables.WEEKLY_STATS)) & set(lake.weeks(tables.SOURCE_PROJECTIONS))
    if not lake.has(tables.GAMES):
        return list(seasons)
    games = lake.read(tables.GAMES, columns=["season", "week", "home_score"])
    played = games.filter(pc.is_valid(games["home_score"]))
    lacking = {week.season for week in weeks_in(played) if week not in present}
    some = {week.season for week in present}
    return [season for season in seasons if season in lacking or season not in some]


def backtest(
    lake: Lake,
    seasons: Sequence[int],
    step: Callable[[str, int], AbstractContextManager[Any]] = lambda *_: nullcontext(),
) -> pa.Table:
    """Project seasons anew as if each week were yet to be played, and score them.

    Starts from what was imported (games, raw_players, weekly_stats, source_projections): features,
    one model per season from the seasons before it, projections, accuracy. Reads no stored feature,
    model or projection, and writes nothing. The same lake gives the same numbers.

    Args:
        step: called with a step's name and how many follow it.

    Returns:
        `PROJECTION_ACCURACY` rows of the seasons.

    Raises:
        PipelineError: the lake lacks one of the seasons.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from fantasy_pipeline.projections.consensus_projections import projections
    from fantasy_pipeline.projections.history import player_history
    from fantasy_pipeline.projections.model_projections import model_projections

    if missing := missing_seasons(lake, seasons):
        raise PipelineError(
            f"backtest: {', '.join(map(str, missing))} not imported whole; run `fantasy-pipeline "
            f"backfill --seasons {min(missing) - 6}-{max(seasons)}` first."
        )
    inputs = (tables.GAMES, tables.RAW_PLAYERS, tables.WEEKLY_STATS)
    left = 3 * len(seasons)
    with step("features", left), lake.connect(inputs) as connection:
        history = player_history(connection)
    sources = lake.read(tables.SOURCE_PROJECTIONS)
    parts = []
    for season in seasons:
        left -= 1
        with step(f"training for {season}", left):
            model = training.train(training.of_each_season(history), season, sources)
        weeks = [SeasonWeek(*week) for week in lake.weeks(tables.RAW_PLAYERS)]
        known = history.filter(pc.equal(history["season"], season))
        played = set(pc.unique(known["week"]).to_pylist())
        weeks = [week for week in weeks if week.season == season and week.week in played]
        left -= 1
        with step(f"projecting {season}", left):
            ours = model_projections(known, weeks, _always(model), None)
            theirs = sources.filter(pc.equal(sources["season"], season))
            together = projections(ours, theirs, _always(model), None)
        left -= 1
        with step(f"scoring {season}", left):
            parts.append(projection_accuracy(known, together, ours, theirs))
    return pa.concat_tables(parts)


def _always(value: Any) -> Callable[[int], Any]:
    return lambda _season: value


def summary(accuracy: pa.Table) -> Mapping[str, pa.Table]:
    """The tables that a backtest prints, by title."""
    out = {}
    for scoring in ("ppr", "half"):
        for pool, words in (("played", "who played"), ("all", "all, who did not play scored 0")):
            if pool == "all" and scoring == "half":
                continue
            out[f"{scoring}, players {words}"] = scoreboard(accuracy, None, scoring, pool)
        out[f"{scoring}, by position"] = _rivals(scoreboard(accuracy, "position", scoring))
    out["ppr, by season"] = _rivals(scoreboard(accuracy, "season", "ppr"))
    return out


def _rivals(table: pa.Table) -> pa.Table:
    """Without the naive baselines."""
    import pyarrow.compute as pc

    return table.filter(pc.invert(pc.starts_with(table["source"], "naive")))

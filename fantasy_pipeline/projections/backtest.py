"""The backtest: project past seasons walk-forward, each from earlier seasons, and score them.

`scoreboard` pools scores, also those that the lake already has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import weeks_in
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.accuracy import projection_accuracy
from fantasy_pipeline.projections.consensus_projections import projections
from fantasy_pipeline.projections.defender_accuracy import backtest_defenders
from fantasy_pipeline.projections.history import INPUTS, player_history
from fantasy_pipeline.projections.model import training
from fantasy_pipeline.projections.model_projections import model_projections
from fantasy_pipeline.projections.scoreboard import POOLS, scoreboard, team_board
from fantasy_pipeline.projections.team_defense_accuracy import backtest_defences

Step = Callable[[str, int], AbstractContextManager[object]]
"""Called with a step's name and the number of steps that follow it."""


def missing_seasons(lake: Lake, seasons: Sequence[int]) -> list[int]:
    """Return the seasons of which the lake lacks stats or other sources' projections.

    A season is missing if the lake has none of its weeks, or lacks one of the weeks played.
    """
    present = set(lake.weeks(tables.WEEKLY_STATS)) & set(lake.weeks(tables.SOURCE_PROJECTIONS))
    games = lake.read_if_stored(tables.GAMES, columns=["season", "week", "home_score"])
    if games is None:
        return list(seasons)
    played = games.filter(pc.is_valid(games["home_score"]))
    incomplete = {week.season for week in weeks_in(played) if week not in present}
    begun = {week.season for week in present}
    return [season for season in seasons if season in incomplete or season not in begun]


def backtest(lake: Lake, seasons: Sequence[int], step: Step = lambda *_: nullcontext()) -> pa.Table:
    """Project seasons as if each week were still to be played, and return the scores.

    The backtest starts from imported tables (games, raw_players, weekly_stats, source_projections)
    and computes features, one model per season from the seasons before it, projections and
    accuracy. It reads no stored feature, model or projection, and writes nothing. The same lake
    gives the same numbers.

    Args:
        step: context of each step, for a progress bar.

    Returns:
        `PROJECTION_ACCURACY` rows of the seasons.

    Raises:
        PipelineError: one of the seasons is not imported completely.
    """
    if missing := missing_seasons(lake, seasons):
        raise PipelineError(
            f"backtest: {', '.join(map(str, missing))} not imported completely; run "
            f"`fantasy-pipeline backfill --seasons {min(missing) - 6}-{max(seasons)}` first."
        )
    left = 3 * len(seasons)
    with step("features", left), lake.connect(INPUTS) as connection:
        history = player_history(connection)
    sources = lake.read(tables.SOURCE_PROJECTIONS)
    past = list(training.of_each_season(history))
    parts = []
    for season in seasons:
        left -= 3
        parts.append(season_scores(lake, history, past, sources, season, step, left))
    parts += [backtest_defences(lake, history, seasons), backtest_defenders(lake, seasons)]
    return pa.concat_tables(parts)


def season_scores(
    lake: Lake,
    history: pa.Table,
    past: Iterable[training.TrainingSeason],
    sources: pa.Table,
    season: int,
    step: Step = lambda *_: nullcontext(),
    left: int = 0,
) -> pa.Table:
    """Train, project and score one season; return its `PROJECTION_ACCURACY` rows.

    Args:
        history, sources: `PLAYER_HISTORY` and `SOURCE_PROJECTIONS`, of the season and of those to
            learn from.
        past: the seasons to learn from; later ones are ignored.
        left: steps of the seasons after it.
    """
    with step(f"training for {season}", left + 2):
        model = training.train(past, season, sources)
    of_season = history.filter(pc.equal(history["season"], season))
    in_history = set(pc.unique(of_season["week"]).to_pylist())
    imported = [SeasonWeek(*week) for week in lake.weeks(tables.RAW_PLAYERS)]
    weeks = [week for week in imported if week.season == season and week.week in in_history]
    with step(f"projecting {season}", left + 1):
        by_model = model_projections(of_season, weeks, lambda _: model, None)
        stated = sources.filter(pc.equal(sources["season"], season))
        together = projections(by_model, stated, lambda _: model, None)
    with step(f"scoring {season}", left):
        return projection_accuracy(of_season, together, by_model, stated)


def summary(accuracy: pa.Table) -> Mapping[str, pa.Table]:
    """Return the tables that a backtest prints, by title."""
    out = {}
    scorings: tuple[Scoring, ...] = ("ppr", "half")
    for scoring in scorings:
        for pool, words in POOLS.items():
            if pool == "played" or scoring == "ppr":
                out[f"{scoring}, {words}"] = scoreboard(accuracy, None, scoring, pool)
        out[f"{scoring}, by position"] = _without_naive(scoreboard(accuracy, "position", scoring))
        out[f"{scoring}, {POOLS['everyone']}, by position"] = _without_naive(
            scoreboard(accuracy, "position", scoring, "everyone")
        )
    out["ppr, by season"] = _without_naive(scoreboard(accuracy, "season", "ppr"))
    out["teams, ppr"] = team_board(accuracy)
    out["teams, ppr, by season"] = team_board(accuracy, "season")
    return out


def _without_naive(table: pa.Table) -> pa.Table:
    """Return a scoreboard without the naive baselines."""
    return table.filter(pc.invert(pc.starts_with(table["source"], "naive")))

"""Shared parts of the assets: the decorator of weekly tables, weeks left out, pool and retries.

A run over many weeks leaves out the weeks that it cannot make, so that they cost no other week. If
it can make none of its weeks, it fails, unless they are in progress: upstream publishes the stats
of a game hours after it, and the next import asks again.

Dagster marks every week of a run as materialized. A week left out therefore has 0 rows and the
reason in its metadata, and the lake keeps its earlier rows.
The check ``…_made`` (`asset_checks`) warns of it or, if it was played, ends the run as failed.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.calendar import games_from_table
from fantasy_pipeline.football.import_calendar import SO_FAR, phases_at
from fantasy_pipeline.football.named_weeks import weeks_to_come
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.team_games import of_seasons, over_by_clock
from fantasy_pipeline.orchestration.metadata import definition_metadata
from fantasy_pipeline.orchestration.partitions import by_season, season_week
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.retries import NETWORK_RETRY
from fantasy_pipeline.orchestration.run_tables import LeftOut
from fantasy_pipeline.orchestration.runs.tags import moment_of

# All assets have the same policy: with mixed policies Dagster starts one run per partition.
SINGLE_RUN = dg.BackfillPolicy.single_run()
OWNERS = ["team:data"]
UPSTREAM_POOL = "nflverse"
UPSTREAM: dict[str, Any] = {"pool": UPSTREAM_POOL, "retry_policy": NETWORK_RETRY}
"""Arguments of every asset that asks upstream."""

_Made = TypeVar("_Made")


def weekly_table(
    table: Table, group: str, kinds: set[str], **more: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate the function of an asset that is one weekly table."""
    return dg.asset(
        name=table.name,
        description=table.description,
        metadata=definition_metadata(table),
        partitions_def=season_week,
        backfill_policy=SINGLE_RUN,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        **more,
    )


def key_and(*names: str) -> dg.AssetIn:
    """Return an input of which only the key and some columns are read."""
    return dg.AssetIn(metadata={"columns": [*tables.PLAYER_WEEK, *names]})


def published(
    weeks: Sequence[SeasonWeek],
    make: Callable[[int, list[int]], _Made],
    optional: Collection[SeasonWeek] = (),
) -> tuple[list[_Made], dict[SeasonWeek, str]]:
    """Make the weeks of each season that upstream has.

    Args:
        make: makes some weeks of a season.
        optional: weeks that upstream may lack although it lacks all others.

    Returns:
        What `make` returned, by season in order, and by week what upstream lacks.

    Raises:
        NotPublishedError: upstream has none of the weeks, and they are not all optional.
    """
    made: list[_Made] = []
    lacking: dict[SeasonWeek, NotPublishedError] = {}
    for season, numbers in by_season(weeks).items():
        left = numbers
        while left:
            try:
                made.append(make(season, left))
                break
            except NotPublishedError as error:
                absent = set(error.weeks).intersection(left) or set(left)
                lacking |= {SeasonWeek(season, number): error for number in absent}
                left = [number for number in left if number not in absent]
    if not made and not set(lacking) <= set(optional):
        raise lacking[min(lacking)]
    texts = {week: f"{error.cause}. {error.advice}" for week, error in sorted(lacking.items())}
    return made, texts


def weeks_with_inputs(
    context: dg.AssetExecutionContext,
    nfl: NflData,
    table: Table,
    weeks: Sequence[SeasonWeek],
    *inputs: Table,
    without: Mapping[SeasonWeek, str] | None = None,
) -> list[SeasonWeek]:
    """Return the weeks of which the lake has all inputs, and leave the others out.

    If it has them of no week, return all weeks: reading the inputs then fails with the reason. That
    is not so if this run left out the inputs of all weeks, because they are in progress.

    Args:
        without: more weeks to leave out, with the reason.
    """
    absent, quiet = dict(without or {}), set(without or ())
    for other in inputs:
        stored, left_out = set(nfl.tables.weeks(other)), nfl.tables.left_out(other)
        for week in weeks:
            if week not in stored:
                absent.setdefault(week, f"{other.name} of the week is not in the lake")
                if week in left_out and not left_out[week].is_failure:
                    absent[week] = left_out[week].reason
                    quiet.add(week)
    if len(absent) == len(weeks) and not quiet:
        absent = {}
    leave_out(context, nfl, table, absent)
    return [week for week in weeks if week not in absent]


def leave_out(
    context: dg.AssetExecutionContext,
    nfl: NflData,
    table: Table,
    lacking: Mapping[SeasonWeek, str],
    also: bool = False,
) -> None:
    """Record the weeks that the run does not make, each with the reason.

    Args:
        also: keep the weeks that the step left out before.
    """
    to_come: Mapping[SeasonWeek, str] = {}
    running: Collection[SeasonWeek] = ()
    if lacking:
        games, now = nfl.tables.read(tables.GAMES), moment_of(context.run.tags, nfl.now())
        to_come = weeks_to_come(games_from_table(games), lacking, now)
        running = weeks_running(games, sorted(lacking), now)
    nfl.tables.leave_out(
        table,
        {
            **(nfl.tables.left_out(table) if also else {}),
            **{
                week: LeftOut(to_come.get(week, text), week not in to_come and week not in running)
                for week, text in lacking.items()
            },
        },
    )


def weeks_running(games: pa.Table, weeks: Sequence[SeasonWeek], now: datetime) -> set[SeasonWeek]:
    """Return those of `weeks` that are in progress at `now` and of which a game is over."""
    scheduled = games_from_table(of_seasons(games, {week.season for week in weeks}))
    phases, to_come = phases_at(scheduled, weeks, now), weeks_to_come(scheduled, weeks, now)
    return {week for week, phase in phases.items() if phase == SO_FAR and week not in to_come}


def games_played(games: pa.Table, now: datetime) -> dict[SeasonWeek, tuple[int, int]]:
    """Return the number of games over, and of all games, of each scheduled week.

    A game is over at `now` if it has a score and is over by the clock.
    """
    is_over = pc.and_(pc.is_valid(games["home_score"]), over_by_clock(games, now))
    rows = (
        games.select(["season", "week"])
        .append_column("over", pc.cast(is_over, pa.int32()))
        .group_by(["season", "week"])
        .aggregate([("over", "sum"), ("over", "count")])
    )
    return {
        SeasonWeek(row["season"], row["week"]): (row["over_sum"], row["over_count"])
        for row in rows.to_pylist()
    }

"""The assets: partitions in, the football of another module, a table and a report out.

Everything football is imported inside the functions: loading the code location then costs
no pandas, DuckDB or Arrow.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from fantasy_pipeline import tables
from fantasy_pipeline.contracts import Table
from fantasy_pipeline.partitions import by_season, season_week, weeks_of
from fantasy_pipeline.reporting import definition_metadata, lineage_metadata, report_weeks
from fantasy_pipeline.resources import NflData
from fantasy_pipeline.retries import NETWORK_RETRY, asks_upstream
from fantasy_pipeline.runs import moment_of
from fantasy_pipeline.season_week import SeasonWeek

# One policy for all: with mixed ones a backfill falls back to one run per partition.
SINGLE_RUN = dg.BackfillPolicy.single_run()
OWNERS = ["team:data"]
UPSTREAM_POOL = "nflverse"
UPSTREAM: dict[str, Any] = {"pool": UPSTREAM_POOL, "retry_policy": NETWORK_RETRY}
"""What every asset that asks upstream has."""


def _weekly(
    table: Table, group: str, kinds: set[str], **more: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorator of an asset that is one weekly table."""
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


def _columns(*names: str) -> dg.AssetIn:
    """Input of which only the key and some columns are read."""
    return dg.AssetIn(metadata={"columns": [*tables.PLAYER_WEEK, *names]})


@dg.asset(
    description=tables.GAMES.description,
    metadata=definition_metadata(tables.GAMES),
    group_name="ingest",
    kinds={"parquet", "nflverse"},
    owners=OWNERS,
    pool=UPSTREAM_POOL,
    retry_policy=NETWORK_RETRY,
)
@asks_upstream
def games(context: dg.AssetExecutionContext, nfl: NflData) -> Any:
    from fantasy_pipeline.checks_schedule import refuse_lost_games

    table = nfl.upstream.schedule()
    if nfl.lake.has(tables.GAMES):
        known = nfl.lake.read(tables.GAMES, columns=["season", "week", "home_score"])
        refuse_lost_games(known, table)
    seasons = table["season"].to_numpy()
    context.add_output_metadata(
        {"seasons": f"{seasons.min()}-{seasons.max()}", "data": nfl.label or "nfl"}
    )
    if notes := nfl.upstream.notes("schedule", seasons.max()):
        context.add_output_metadata({"warnings": notes})
    return table


@_weekly(tables.RAW_PLAYERS, "ingest", {"parquet", "nflverse"}, **UPSTREAM)
@asks_upstream
def raw_players(context: dg.AssetExecutionContext, nfl: NflData, games: Any) -> Any:
    import pyarrow as pa

    from fantasy_pipeline.players import raw_players

    weeks = weeks_of(context)
    parts, warnings = [], {}
    for season, numbers in by_season(weeks).items():
        part, warnings[season] = raw_players(nfl.upstream, games, season, numbers)
        parts.append(part)
    table = pa.concat_tables(parts)
    more = {week: {"reader": nfl.upstream.reader_of("weekly_rosters")} for week in weeks}
    report_weeks(context, table, weeks, _played(games), warnings, nfl.label, more)
    return table


@_weekly(
    tables.WEEKLY_STATS,
    "ingest",
    {"parquet", "nflverse"},
    ins={"raw_players": _columns("player_name", "position", "roster_source")},
    **UPSTREAM,
)
@asks_upstream
def weekly_stats(
    context: dg.AssetExecutionContext, nfl: NflData, games: Any, raw_players: Any
) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    from fantasy_pipeline.stats import unplayed_games, weekly_stats

    weeks = weeks_of(context)
    parts, warnings = [], {}
    for season, numbers in by_season(weeks).items():
        players = raw_players.filter(pc.equal(raw_players["season"], season))
        part = weekly_stats(nfl.upstream, games, players, season, numbers)
        warnings[season] = [
            *nfl.upstream.notes("weekly_stats", season),
            *unplayed_games(games, part, season, numbers),
        ]
        parts.append(part)
    table = pa.concat_tables(parts)
    phases = _phases(moment_of(context.run.tags, nfl.now()), games, table, weeks)
    reader = nfl.upstream.reader_of("weekly_stats")
    more = {week: {"phase": phase, "reader": reader} for week, phase in phases.items()}
    report_weeks(context, table, weeks, _played(games), warnings, nfl.label, more)
    return table


@_weekly(tables.PROVISIONAL_STATS, "ingest", {"parquet"})
def provisional_stats(
    context: dg.AssetExecutionContext, nfl: NflData, games: Any, weekly_stats: Any
) -> Any:
    from fantasy_pipeline.stat_corrections import first_stats

    weeks = weeks_of(context)
    kept = sorted(set(nfl.lake.weeks(tables.PROVISIONAL_STATS)) & set(weeks))
    phases = _phases(moment_of(context.run.tags, nfl.now()), games, weekly_stats, weeks)
    table = first_stats(weekly_stats, nfl.lake.read(tables.PROVISIONAL_STATS, kept), phases)
    table = tables.PROVISIONAL_STATS.conform(table)
    report_weeks(context, table, weeks, _played(games), {}, nfl.label)
    return table


@_weekly(tables.STAT_CORRECTIONS, "ingest", {"parquet", "duckdb"})
def stat_corrections(
    context: dg.AssetExecutionContext, nfl: NflData, weekly_stats: Any, provisional_stats: Any
) -> Any:
    from fantasy_pipeline.stat_corrections import stat_corrections

    weeks = weeks_of(context)
    table = stat_corrections(provisional_stats, weekly_stats)
    played = _played(nfl.lake.read(tables.GAMES))
    report_weeks(context, table, weeks, played, {}, nfl.label)
    return table


@dg.asset(
    # Read from the lake as a whole: a lagged partition mapping would make a backfill of weeks 1-3
    # run projections of weeks 2-5.
    deps=[games, raw_players, weekly_stats],
    description=tables.PLAYER_HISTORY.description,
    metadata=definition_metadata(tables.PLAYER_HISTORY),
    group_name="features",
    kinds={"parquet", "duckdb"},
    owners=OWNERS,
)
def player_history(nfl: NflData) -> dg.MaterializeResult:  # type: ignore[type-arg]
    from fantasy_pipeline.checks_schedule import refuse_forgotten_weeks
    from fantasy_pipeline.history import player_history

    inputs = (tables.GAMES, tables.RAW_PLAYERS, tables.WEEKLY_STATS)
    for table in inputs[:2]:
        if not (nfl.lake.weeks(table) if table.weekly else nfl.lake.has(table)):
            raise dg.Failure(f"{table.name} is not in the lake. Materialize it first.")
    # Written here and not by the I/O manager: of two runs at once, the one that reads last must
    # write last.
    with nfl.lake.rebuilding(tables.PLAYER_HISTORY), nfl.lake.connect(inputs) as connection:
        table = tables.PLAYER_HISTORY.checked(player_history(connection))
        refuse_forgotten_weeks(connection, table)
        rows = nfl.lake.write(tables.PLAYER_HISTORY, table)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows,
            "path": nfl.lake.path(tables.PLAYER_HISTORY),
            "data": nfl.label or "nfl",
            **lineage_metadata(tables.PLAYER_HISTORY.name),
        }
    )


@_weekly(
    tables.SOURCE_PROJECTIONS,
    "projections",
    {"parquet", "duckdb"},
    ins={
        "raw_players": _columns(
            "player_name", "position", "team", "sleeper_id", "fantasypros_id", "espn_id"
        )
    },
    **UPSTREAM,
)
@asks_upstream
def source_projections(context: dg.AssetExecutionContext, nfl: NflData, raw_players: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    from fantasy_pipeline.source_projections import source_projections
    from fantasy_pipeline.source_record import stored_record

    weeks, games = weeks_of(context), nfl.lake.read(tables.GAMES)
    sources = nfl.projection_sources()
    parts, warnings = [], {}
    more: dict[SeasonWeek, dict[str, str]] = {}
    for season, numbers in by_season(weeks).items():
        players = raw_players.filter(pc.equal(raw_players["season"], season))
        stored = stored_record(nfl.lake, [SeasonWeek(season, week) for week in numbers])
        told = source_projections(sources, players, games, stored, season, numbers, nfl.now())
        parts.append(told.table)
        warnings[season] = told.warnings
        reader = nfl.upstream.reader_of("nflcom_projections")
        more |= {
            SeasonWeek(season, week): {"reader": reader, **told.metadata(week)} for week in numbers
        }
    table = pa.concat_tables(parts)
    report_weeks(context, table, weeks, _played(games), warnings, nfl.label, more)
    return table


class Retraining(dg.Config):
    """Which models to train."""

    seasons: list[int] = Field(
        default=[], description="Seasons to train a model for; none: the latest in player_history"
    )


@dg.asset(
    # Read from the lake as a whole, as player_history reads its own inputs.
    deps=[player_history, source_projections],
    description="The models that project: one per season, learnt from the seasons before it; "
    "arrays and facts under models/ in the lake.",
    group_name="projections",
    kinds={"scikitlearn", "python"},
    owners=OWNERS,
)
def projection_model(
    context: dg.AssetExecutionContext, nfl: NflData, config: Retraining
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    from fantasy_pipeline.model import artefact

    known = nfl.lake.read(tables.PLAYER_HISTORY, columns=["season"])
    seasons = config.seasons or [max(known["season"].to_pylist(), default=0)]
    facts = {}
    for season in seasons:
        model = artefact.trained(nfl.lake, season)
        facts[str(season)] = artefact.facts(nfl.lake, season)
        if not model.positions:
            context.log.warning(
                f"projection_model {season}: too few seasons before it; the baseline projects"
            )
    return dg.MaterializeResult(metadata={"models": facts, "data": nfl.label or "nfl"})


@_weekly(
    tables.MODEL_PROJECTIONS,
    "projections",
    {"parquet", "python"},
    # Not an input: who projects one season need not hold all of them.
    deps=[player_history],
    ins={"raw_players": _columns("roster_source")},
)
def model_projections(context: dg.AssetExecutionContext, nfl: NflData, raw_players: Any) -> Any:
    from fantasy_pipeline.checks_schedule import refuse_empty_weeks
    from fantasy_pipeline.model import artefact
    from fantasy_pipeline.projections import model_projections, pool_warnings

    weeks = weeks_of(context)
    played = _played(nfl.lake.read(tables.GAMES))
    scheduled = [week for week in weeks if week in played]

    def model(season: int) -> Any:
        stored = artefact.fitting(nfl.lake, season)
        if stored is None:
            context.log.info(f"training the model of {season}")
            stored = artefact.trained(nfl.lake, season)
        return stored

    history = nfl.lake.read(tables.PLAYER_HISTORY, seasons={week.season for week in weeks})
    table = model_projections(history, scheduled, model, nfl.label)
    refuse_empty_weeks(tables.MODEL_PROJECTIONS.name, table, scheduled)
    report_weeks(context, table, weeks, played, pool_warnings(raw_players), nfl.label)
    return table


@_weekly(tables.PROJECTIONS, "projections", {"parquet", "python"})
def projections(
    context: dg.AssetExecutionContext,
    nfl: NflData,
    model_projections: Any,
    source_projections: Any,
) -> Any:
    from fantasy_pipeline.checks_schedule import refuse_empty_weeks
    from fantasy_pipeline.model.artefact import load
    from fantasy_pipeline.projections import consensus_gaps, projections

    weeks = weeks_of(context)

    table = projections(
        model_projections, source_projections, lambda season: load(nfl.lake, season), nfl.label
    )
    warnings = consensus_gaps(model_projections, source_projections)
    played = _played(nfl.lake.read(tables.GAMES))
    refuse_empty_weeks(tables.PROJECTIONS.name, table, [week for week in weeks if week in played])
    report_weeks(context, table, weeks, played, warnings, nfl.label)
    return table


# Projections are no inputs: a week that was never projected has no accuracy to report, and its
# import must not fail for that.
@_weekly(
    tables.PROJECTION_ACCURACY,
    "projections",
    {"parquet", "python"},
    deps=[player_history, projections, model_projections, source_projections, weekly_stats],
)
def projection_accuracy(context: dg.AssetExecutionContext, nfl: NflData) -> Any:
    from fantasy_pipeline.accuracy import HISTORY_COLUMNS, headlines, projection_accuracy
    from fantasy_pipeline.checks_schedule import refuse_empty_weeks

    weeks = weeks_of(context)
    lake = nfl.lake
    projected = set(lake.weeks(tables.PROJECTIONS)) & set(weeks)
    played = _played(lake.read(tables.GAMES))

    def of(table: Table) -> Any:
        return lake.read(table, sorted(set(lake.weeks(table)) & projected))

    table = projection_accuracy(
        lake.read(
            tables.PLAYER_HISTORY,
            columns=[*tables.PLAYER_WEEK, *HISTORY_COLUMNS],
            seasons={week.season for week in weeks},
        ),
        of(tables.PROJECTIONS),
        of(tables.MODEL_PROJECTIONS),
        of(tables.SOURCE_PROJECTIONS),
    )
    # Stats of a week that its players' history does not know: the history is older.
    told = sorted(projected & set(lake.weeks(tables.WEEKLY_STATS)))
    stats = lake.read(tables.WEEKLY_STATS, told, ["season", "week"])
    pairs = stats.group_by(["season", "week"]).aggregate([])
    refuse_empty_weeks(
        tables.PROJECTION_ACCURACY.name,
        table,
        [SeasonWeek(row["season"], row["week"]) for row in pairs.to_pylist()],
    )
    warnings = {
        season: [f"projections {season}: none of week {', '.join(map(str, absent))} to score"]
        for season, absent in by_season(sorted((set(weeks) & set(played)) - projected)).items()
    }
    report_weeks(context, table, weeks, played, warnings, nfl.label, headlines(table))
    return table


def _phases(
    now: datetime, games: Any, weekly_stats: Any, weeks: list[SeasonWeek]
) -> dict[SeasonWeek, str]:
    """Phase of each week's import; one that lacks the stats of a game is never final."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from fantasy_pipeline.automation import phases_at
    from fantasy_pipeline.calendar import games_from_table
    from fantasy_pipeline.stats import incomplete_weeks

    theirs = games.filter(pc.is_in(games["season"], pa.array({week.season for week in weeks})))
    phases = phases_at(games_from_table(theirs), weeks, now)
    incomplete = incomplete_weeks(games, weekly_stats)
    return {week: "provisional" if week in incomplete else phase for week, phase in phases.items()}


def _played(games: Any) -> dict[SeasonWeek, tuple[int, int]]:
    """Games with a score, and games, of each week that the schedule has."""
    rows = games.group_by(["season", "week"]).aggregate(
        [("home_score", "count"), ("game_id", "count")]
    )
    return {
        SeasonWeek(row["season"], row["week"]): (row["home_score_count"], row["game_id_count"])
        for row in rows.to_pylist()
    }

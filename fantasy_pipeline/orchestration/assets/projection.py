"""Assets of the projections: features, models, other sources, the consensus and its accuracy."""

from collections.abc import Iterable, Mapping

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from fantasy_pipeline.checks.guards import (
    refuse_empty_weeks,
    refuse_forgotten_weeks,
    weeks_without_stats,
)
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek, ranges
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import of_defences, of_players, weeks_in
from fantasy_pipeline.football.team_games import cancelled
from fantasy_pipeline.ingest.projection_record import stored_record
from fantasy_pipeline.ingest.source_projections import source_projections as fetch_projections
from fantasy_pipeline.orchestration.assets.base import (
    OWNERS,
    UPSTREAM,
    games_played,
    key_and,
    weekly_table,
    weeks_with_inputs,
)
from fantasy_pipeline.orchestration.assets.ingest import (
    games,
    raw_players,
    team_defense_stats,
    weekly_stats,
)
from fantasy_pipeline.orchestration.metadata import (
    Metadata,
    add_week_metadata,
    definition_metadata,
    lineage_metadata,
    link_to_report,
    preview,
)
from fantasy_pipeline.orchestration.partitions import by_season, weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.retries import asks_upstream
from fantasy_pipeline.orchestration.runs.tags import moment_of
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline.projections import defender_accuracy, defenders, team_defense
from fantasy_pipeline.projections.accuracy import HISTORY_COLUMNS, headlines
from fantasy_pipeline.projections.accuracy import projection_accuracy as measure_accuracy
from fantasy_pipeline.projections.consensus_projections import consensus_gaps
from fantasy_pipeline.projections.consensus_projections import projections as project_by_consensus
from fantasy_pipeline.projections.defender_careers import stored_games
from fantasy_pipeline.projections.history import continued
from fantasy_pipeline.projections.model import artefact
from fantasy_pipeline.projections.model.training import Model
from fantasy_pipeline.projections.model_projections import model_projections as project_by_model
from fantasy_pipeline.projections.model_projections import (
    warning_of_few_seasons,
    warnings_without_rosters,
)
from fantasy_pipeline.projections.team_defense_accuracy import defence_accuracy
from fantasy_pipeline.settings import read_alert_settings


@dg.asset(
    # The asset reads all weeks from the lake: with a lagged partition mapping, a backfill of weeks
    # 1-3 would run projections of weeks 2-5.
    deps=[games, raw_players, team_defense_stats, weekly_stats],
    description=tables.PLAYER_HISTORY.description,
    metadata=definition_metadata(tables.PLAYER_HISTORY),
    group_name="features",
    kinds={"parquet", "duckdb"},
    owners=OWNERS,
)
def player_history(nfl: NflData) -> dg.MaterializeResult:  # type: ignore[type-arg]
    for table in (tables.GAMES, tables.RAW_PLAYERS):
        if not (nfl.lake.weeks(table) if table.weekly else nfl.lake.has(table)):
            raise dg.Failure(f"{table.name} is not in the lake. Materialize it first.")
    # Written here, not by the I/O manager: of two concurrent runs, the one that reads last must
    # write last.
    with nfl.lake.rebuild_lock(tables.PLAYER_HISTORY):
        made = continued(nfl.lake, refuse_forgotten_weeks)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": made.rows,
            "path": nfl.lake.path(tables.PLAYER_HISTORY),
            "data": nfl.label or REAL_LABEL,
            "seasons": ranges(made.walked) or "unchanged",
            "preview": preview(tables.PLAYER_HISTORY.name, made.last),
            **lineage_metadata(tables.PLAYER_HISTORY.name),
        }
    )


@weekly_table(
    tables.SOURCE_PROJECTIONS,
    "projections",
    {"parquet", "duckdb"},
    ins={
        "raw_players": key_and(
            *("player_name", "position", "team", "opponent"),
            *("sleeper_id", "fantasypros_id", "espn_id"),
        )
    },
    **UPSTREAM,
)
@asks_upstream
def source_projections(
    context: dg.AssetExecutionContext, nfl: NflData, raw_players: pa.Table
) -> pa.Table:
    weeks, games = weeks_of_run(context), nfl.tables.read(tables.GAMES)
    made = weeks_with_inputs(context, nfl, tables.SOURCE_PROJECTIONS, weeks, tables.RAW_PLAYERS)
    sources = nfl.projection_sources()
    parts, warnings = [], {}
    more: dict[SeasonWeek, dict[str, str]] = {}
    for season, numbers in by_season(made).items():
        players = raw_players.filter(pc.equal(raw_players["season"], season))
        stored = stored_record(nfl.lake, [SeasonWeek(season, week) for week in numbers])
        earlier = {week - 1 for week in numbers} - {0, *numbers}
        before = stored_record(nfl.lake, [SeasonWeek(season, week) for week in earlier])
        fetched = fetch_projections(
            sources, players, games, stored, season, numbers, nfl.now(), before
        )
        parts.append(fetched.table)
        warnings[season] = fetched.warnings
        reader = nfl.upstream.reader_of("nflcom_projections")
        more |= {
            SeasonWeek(season, week): {"reader": reader, **fetched.metadata(week)}
            for week in numbers
        }
    table, played = pa.concat_tables(parts), _played(context, nfl)
    left_out = nfl.tables.left_out(tables.SOURCE_PROJECTIONS)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, more, left_out)
    return table


def _played(
    context: dg.AssetExecutionContext, nfl: NflData
) -> Mapping[SeasonWeek, tuple[int, int]]:
    """Return `games_played` at the run's moment."""
    return games_played(nfl.tables.read(tables.GAMES), moment_of(context.run.tags, nfl.now()))


class Retraining(dg.Config):
    """The models to train."""

    seasons: list[int] = Field(
        default=[], description="Seasons to train a model for; none: the latest in player_history"
    )


@dg.asset(
    # The asset reads all weeks from the lake, as player_history does.
    deps=[player_history, source_projections],
    description="The models behind the projections: one per season, trained on the seasons before "
    "it. Arrays and facts are under models/ in the lake.",
    group_name="projections",
    kinds={"numpy", "python"},
    owners=OWNERS,
)
def projection_model(
    context: dg.AssetExecutionContext, nfl: NflData, config: Retraining
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    known = nfl.lake.read(tables.PLAYER_HISTORY, columns=["season"])
    seasons = config.seasons or [max(known["season"].to_pylist(), default=0)]
    for season in seasons:
        model = artefact.trained(nfl.lake, season)
        if not model.positions:
            context.log.warning(
                f"projection_model {season}: too few seasons before it; the baseline projects"
            )
    return dg.MaterializeResult(metadata=_models(nfl, seasons))


def _models(nfl: NflData, seasons: Iterable[int]) -> Metadata:
    """Return the metadata of `projection_model`: the facts of each season's model in use."""
    facts = {str(season): artefact.facts(nfl.lake, season) for season in seasons}
    return {"models": facts, "data": nfl.label or REAL_LABEL}


@weekly_table(
    tables.MODEL_PROJECTIONS,
    "projections",
    {"parquet", "python"},
    # Not an input: projecting one season does not need the history of all seasons in memory.
    deps=[player_history, games],
    ins={"raw_players": key_and("position", "roster_source")},
)
def model_projections(
    context: dg.AssetExecutionContext, nfl: NflData, raw_players: pa.Table
) -> pa.Table:
    weeks = weeks_of_run(context)
    made = weeks_with_inputs(context, nfl, tables.MODEL_PROJECTIONS, weeks, tables.RAW_PLAYERS)
    played = _played(context, nfl)
    scheduled = [week for week in made if week in played]

    used: dict[int, str] = {}
    trained: set[int] = set()

    def model(season: int) -> Model:
        stored = artefact.fitting(nfl.lake, season)
        if stored is None:
            context.log.info(f"training the model of {season}")
            stored = artefact.trained(nfl.lake, season)
            trained.add(season)
        used[season] = artefact.version_of(stored)
        return stored

    history = nfl.lake.read(tables.PLAYER_HISTORY, seasons={week.season for week in weeks})
    off = cancelled(nfl.tables.read(tables.GAMES))
    defences = nfl.lake.read(tables.PLAYER_HISTORY, columns=team_defense.HISTORY_COLUMNS)
    parts = (
        project_by_model(history, scheduled, model, nfl.label, off),
        team_defense.model_rows(defences, raw_players, scheduled, nfl.label, off),
    )
    table = tables.MODEL_PROJECTIONS.shaped(pa.concat_tables(parts))
    warnings = warnings_without_rosters(raw_players)
    imported = nfl.lake.weeks(tables.WEEKLY_STATS)
    for season, texts in weeks_without_stats(played, imported, scheduled).items():
        warnings[season] = [*warnings.get(season, []), *texts]
    # The cost was measured on real seasons; the sample league's are all alike.
    seasons = {week.season for week in (*imported, *weeks)}
    if not nfl.label and (few := warning_of_few_seasons(seasons)):
        latest = max(week.season for week in weeks)
        warnings[latest] = [*warnings.get(latest, []), few]
    more = {week: {"model": used[week.season]} for week in scheduled}
    _report_models(context, nfl, trained, used)
    left_out = nfl.tables.left_out(tables.MODEL_PROJECTIONS)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, more, left_out)
    return table


def _report_models(
    context: dg.AssetExecutionContext, nfl: NflData, trained: set[int], used: Iterable[int]
) -> None:
    """Record the models that this asset trained as a materialization of `projection_model`.

    A history that knows of no model, e.g. a new one for an old lake, gets the models in use.
    """
    key = dg.AssetKey("projection_model")
    known = context.instance.fetch_materializations(key, limit=1).records
    seasons = trained if known else set(used)
    if seasons:
        metadata = _models(nfl, sorted(seasons))
        context.log_event(dg.AssetMaterialization(key, metadata=metadata))


@weekly_table(tables.PROJECTIONS, "projections", {"parquet", "python"})
def projections(
    context: dg.AssetExecutionContext,
    nfl: NflData,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> pa.Table:
    weeks = weeks_of_run(context)
    inputs = (tables.MODEL_PROJECTIONS, tables.SOURCE_PROJECTIONS)
    made = weeks_with_inputs(context, nfl, tables.PROJECTIONS, weeks, *inputs)
    players = project_by_consensus(
        of_players(model_projections),
        of_players(source_projections),
        lambda season: artefact.load(nfl.lake, season),
        nfl.label,
    )
    defences = team_defense.consensus_rows(
        of_defences(model_projections), source_projections, nfl.label
    )
    table = tables.PROJECTIONS.shaped(pa.concat_tables([players, defences]))
    warnings = consensus_gaps(model_projections, source_projections)
    played = _played(context, nfl)
    refuse_empty_weeks(tables.PROJECTIONS.name, table, [week for week in made if week in played])
    settings, _ = read_alert_settings()
    more = {
        week: {"report": link_to_report(week, settings.ui_url)} for week in weeks if week in played
    }
    left_out = nfl.tables.left_out(tables.PROJECTIONS)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, more, left_out)
    return table


@weekly_table(
    tables.DEFENDER_PROJECTIONS,
    "projections",
    {"parquet", "python"},
    # Stats and snaps of earlier weeks are read from the lake.
    deps=[games, weekly_stats],
    ins={"raw_players": key_and(*defenders.OF_LISTED)},
)
def defender_projections(
    context: dg.AssetExecutionContext,
    nfl: NflData,
    raw_players: pa.Table,
    source_projections: pa.Table,
) -> pa.Table:
    weeks, played = weeks_of_run(context), _played(context, nfl)
    inputs = (tables.RAW_PLAYERS, tables.SOURCE_PROJECTIONS)
    made = weeks_with_inputs(context, nfl, tables.DEFENDER_PROJECTIONS, weeks, *inputs)
    scheduled = [week for week in made if week in played]
    schedule = nfl.tables.read(tables.GAMES)
    table = defenders.defender_projections(
        stored_games(nfl.lake, weeks),
        raw_players,
        schedule,
        source_projections,
        scheduled,
        nfl.label,
        cancelled(schedule),
    )
    warnings = defenders.weeks_without(table, scheduled, nfl.lake.weeks(tables.WEEKLY_STATS))
    left_out = nfl.tables.left_out(tables.DEFENDER_PROJECTIONS)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, left_out=left_out)
    return table


# Projections are dependencies, not inputs: the import of a week that was never projected must not
# fail; the week has no accuracy.
@weekly_table(
    tables.PROJECTION_ACCURACY,
    "projections",
    {"parquet", "python"},
    deps=[
        defender_projections,
        player_history,
        projections,
        model_projections,
        raw_players,
        source_projections,
        weekly_stats,
    ],
)
def projection_accuracy(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    weeks, lake = weeks_of_run(context), nfl.lake
    made = weeks_with_inputs(context, nfl, tables.PROJECTION_ACCURACY, weeks, tables.WEEKLY_STATS)
    projected = set(lake.weeks(tables.PROJECTIONS)) & set(made)
    played = _played(context, nfl)

    def of(table: Table) -> pa.Table:
        return lake.read(table, sorted(set(lake.weeks(table)) & projected))

    stored = [of(t) for t in (tables.PROJECTIONS, tables.MODEL_PROJECTIONS)]
    stored.append(of(tables.SOURCE_PROJECTIONS))
    history = lake.read(
        tables.PLAYER_HISTORY,
        columns=[*tables.PLAYER_WEEK, *HISTORY_COLUMNS],
        seasons={week.season for week in weeks},
    )
    players = measure_accuracy(history, *stored)
    defences = defence_accuracy(history, *stored)
    singles = defender_accuracy.stored_accuracy(lake, projected)
    table = tables.PROJECTION_ACCURACY.shaped(pa.concat_tables([players, defences, singles]))
    # A scored week without players means that player_history is older than its stats.
    scored = sorted(projected & set(lake.weeks(tables.WEEKLY_STATS)))
    stats = lake.read(tables.WEEKLY_STATS, scored, ["season", "week"])
    refuse_empty_weeks(tables.PROJECTION_ACCURACY.name, players, weeks_in(stats))
    warnings = {
        season: [f"projections {season}: none of week {', '.join(map(str, absent))} to score"]
        for season, absent in by_season(sorted((set(made) & set(played)) - projected)).items()
    }
    left_out, more = nfl.tables.left_out(tables.PROJECTION_ACCURACY), headlines(table)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, more, left_out)
    return table

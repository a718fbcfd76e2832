"""The asset of the weekly report: files in the lake, and a summary of them in the UI."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import dagster as dg

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.scoring import SCORINGS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.assets.base import OWNERS, SINGLE_RUN
from fantasy_pipeline.orchestration.assets.ingest import games, raw_players, stat_corrections
from fantasy_pipeline.orchestration.assets.news import news
from fantasy_pipeline.orchestration.assets.projection import (
    player_history,
    projection_accuracy,
    projections,
    source_projections,
)
from fantasy_pipeline.orchestration.metadata import NO_GAMES, Metadata
from fantasy_pipeline.orchestration.partitions import season_week, weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.import_state import label_of
from fantasy_pipeline.orchestration.runs.tags import moment_of
from fantasy_pipeline.report import contents, store
from fantasy_pipeline.report.fingerprint import fingerprint
from fantasy_pipeline.report.rows import ReportReader
from fantasy_pipeline.report.stamp import stamp
from fantasy_pipeline.settings import read_alert_settings

NOT_PROJECTED = "the week has no projections"
"""Metadata `not made` of a week without a report."""
_MOST_RECORDS = 100
_SUMMARIES = 4
"""Weeks of a run up to which each one's summary is stored: a summary takes kilobytes."""
_PRESENT = timedelta(hours=1)
"""A run stands for the present if it ends within this time of its moment."""
# The tables that a report names as its inputs: the asset's dependencies, model_projections for the
# model and weekly_stats for the phase. Lineage shows the last two behind the dependencies.
_OF_WEEK = (
    tables.RAW_PLAYERS,
    tables.SOURCE_PROJECTIONS,
    tables.MODEL_PROJECTIONS,
    tables.PROJECTIONS,
    tables.NEWS,
)
_OF_SEASON = (tables.WEEKLY_STATS, tables.STAT_CORRECTIONS, tables.PROJECTION_ACCURACY)
_FACTS = ("phase", "reader", "games", "model")


@dg.asset(
    # The accuracy and corrections of earlier weeks are read as they are.
    deps=[
        games,
        raw_players,
        player_history,
        source_projections,
        projections,
        projection_accuracy,
        stat_corrections,
        news,
    ],
    description="The weekly report: rankings with floors and ceilings, tiers, movers, start/sit "
    "calls, injuries, accuracy so far and the sources of the data. One self-contained HTML file, "
    "and Markdown, under reports/ in the lake.",
    partitions_def=season_week,
    backfill_policy=SINGLE_RUN,
    group_name="report",
    kinds={"html", "markdown"},
    owners=OWNERS,
)
def weekly_report(context: dg.AssetExecutionContext, nfl: NflData) -> None:
    # The page draws charts: matplotlib takes longer to load than everything else.
    from fantasy_pipeline.report import page

    weeks, lake = weeks_of_run(context), nfl.lake
    as_of = moment_of(context.run.tags, nfl.now())
    settings, _ = read_alert_settings()
    stamps = _stamps(nfl, weeks, as_of)
    reader = ReportReader(lake, *{week.season for week in weeks})
    # Weeks that a run could not project are left out, unless there is no other.
    projected = set(lake.weeks(tables.PROJECTIONS)).intersection(weeks) or set(weeks)
    for week in weeks:
        if week not in projected:
            context.add_asset_metadata({"not made": NOT_PROJECTED}, partition_key=week.key)
            continue
        rows = reader.read(week, as_of)
        players = contents.players_in(rows)
        if not players:
            context.add_asset_metadata({"games": NO_GAMES}, partition_key=week.key)
            continue
        state = store.read_state(lake, week)
        # Stored movers compare with the past only: a look ahead would hide refreshes until then.
        if state is None or as_of - nfl.now() <= _PRESENT:
            state = store.advance(state, store.projected_points(rows.projections), as_of)
        inputs = _inputs(context.instance, week, lake, nfl.label)
        origin = contents.Origin(nfl.label, as_of, context.run.run_id, settings.run_url(), inputs)
        model = contents.model_facts(lake, week, inputs)
        report = contents.gather(rows, state, players, origin, model)
        texts = {store.file_of("md", name): page.markdown(report, name) for name in SCORINGS}
        texts[store.file_of("html")] = page.html(report)
        at = as_of if abs(as_of - nfl.now()) > _PRESENT else None
        store.write(lake, week, texts, state, fingerprint(rows), at, stamps[week])
        metadata = _facts(report) | {
            "report": dg.MetadataValue.path(store.path(lake, week, store.file_of("html"))),
            "markdown": dg.MetadataValue.path(store.path(lake, week, store.file_of("md"))),
            "bytes": len(texts[store.file_of("html")].encode()),
        }
        if len(weeks) <= _SUMMARIES:
            metadata["summary"] = dg.MetadataValue.md(page.markdown(report, top=5))
        context.add_asset_metadata(metadata, partition_key=week.key)


def _stamps(
    nfl: NflData, weeks: Sequence[SeasonWeek], as_of: datetime
) -> dict[SeasonWeek, str | None]:
    """Return the stamp of each week's report; None if the lake is a folder."""
    games_known = () if nfl.lake.is_local else nfl.games()
    return {week: stamp(nfl.lake, games_known, week, as_of) for week in weeks}


def _facts(report: contents.Report) -> Metadata:
    """Return the numbers that the UI charts."""
    facts: Metadata = {
        "players": report.projected,
        "movers": len(report.rises.get("ppr", ())) + len(report.falls.get("ppr", ())),
        "out": len(report.absent),
        "may_not_play": len(report.doubtful),
    }
    if report.accuracy is not None:
        name = f"rmse_against_{report.accuracy.base}_percent"
        facts[name] = round(report.accuracy.against_base, 2)
    if report.origin.label:
        facts["data"] = report.origin.label
    return facts


def _inputs(
    instance: dg.DagsterInstance, week: SeasonWeek, lake: Lake, label: str | None
) -> list[contents.Input]:
    """Return the tables behind a week's report, as Dagster recorded them.

    Args:
        label: label of the league; records of the other league are passed over.
    """
    asked: list[tuple[str, list[SeasonWeek]]] = [
        (tables.GAMES.name, []),
        (tables.PLAYER_HISTORY.name, []),
        *((table.name, [week]) for table in _OF_WEEK),
    ]
    for table in _OF_SEASON:
        # Before the first week of a season, the report shows the season before.
        seasons = (week.season, week.season - 1)
        weeks = next(
            filter(None, (contents.so_far(lake, table, week, season) for season in seasons)), None
        )
        asked += [(table.name, weeks)] if weeks else []
    return [found for name, weeks in asked if (found := _input(instance, name, weeks, label))]


def _input(
    instance: dg.DagsterInstance, name: str, weeks: list[SeasonWeek], label: str | None
) -> contents.Input | None:
    """Return the latest record of a table, or of some of its weeks; None if there is none."""
    filters = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey(name), asset_partitions=[week.key for week in weeks] or None
    )
    # All but a home with runs of both leagues have it in the first record.
    for limit in (1, _MOST_RECORDS):
        for record in instance.fetch_materializations(filters, limit=limit).records:
            event = record.asset_materialization
            if event is None or label_of(event) != label:
                continue
            facts = {k: str(event.metadata[k].value) for k in _FACTS if k in event.metadata}
            made_at = datetime.fromtimestamp(record.timestamp, timezone.utc)
            return contents.Input(name, weeks, made_at, record.run_id, facts)
    return None

"""Compare run history with the lake, and report to Dagster what only the lake has.

They diverge when assets are wiped in the UI, when the history moves to another database, when a
backup is restored, or when files of the lake are removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import games_by_week, games_from_table
from fantasy_pipeline.football.import_calendar import SO_FAR
from fantasy_pipeline.football.season_week import SeasonWeek, ranges
from fantasy_pipeline.football.tables import (
    ALL_TABLES,
    BY_NAME,
    GAMES,
    PROVISIONAL_STATS,
    STAT_CORRECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.week_so_far import lacking_games
from fantasy_pipeline.orchestration.history_probe import check_usable
from fantasy_pipeline.orchestration.runs.import_state import label_of, lost_weeks
from fantasy_pipeline.orchestration.runs.materialized import materialized_partitions
from fantasy_pipeline.orchestration.workspace import REAL_LABEL

if TYPE_CHECKING:
    from fantasy_pipeline.football.calendar import Game
    from fantasy_pipeline.football.tables.contract import Table
    from fantasy_pipeline.lake import Lake

_NOT_IN_BACKFILLS = {PROVISIONAL_STATS.name, STAT_CORRECTIONS.name}
"""Tables that a backfill of missing weeks does not make again."""
_DESCRIPTION = "Found in the lake by fantasy-pipeline reconcile; no run of this history wrote it."

Weeks = Mapping[str, Sequence[SeasonWeek]]
"""Weeks by table, in order; a table without weeks has none."""


@dataclass
class Reconciliation:
    """Differences between run history and the lake.

    Args:
        reported: what the lake has and run history lacked; reported, unless it is a dry run.
        lost: what run history has and the lake lacks.
        unreadable: the error of each file of the lake that cannot be read.
    """

    reported: dict[str, list[SeasonWeek]] = field(default_factory=dict)
    lost: dict[str, list[SeasonWeek]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the differences as JSON values; `weeks` is null for a table without weeks."""
        return {
            "reported": _rows(self.reported),
            "lost": _rows(self.lost),
            "unreadable": self.unreadable,
        }


def _rows(weeks: Weeks) -> list[dict[str, Any]]:
    return [
        {"table": name, "weeks": [week.key for week in found] if BY_NAME[name].weekly else None}
        for name, found in weeks.items()
    ]


def reconcile(
    instance: dg.DagsterInstance, lake: Lake, label: str | None, dry_run: bool = False
) -> Reconciliation:
    """Report what only the lake has as materializations without a run, and return all differences.

    Args:
        label: label of the lake's league; None for the NFL.
        dry_run: report nothing.

    Raises:
        HistoryError: the run history cannot be read and written.
    """
    # Runs are not compared, but a history whose runs cannot be read is not to be written to.
    check_usable(instance)
    found = Reconciliation(lost=lost_data(instance, lake, label))
    schedule = lake.read_if_stored(GAMES)
    games = {} if schedule is None else games_by_week(games_from_table(schedule))
    for table in ALL_TABLES:
        unknown = _unknown(instance, lake, table)
        if unknown is None:
            continue
        found.reported[table.name] = []
        wanted: list[SeasonWeek | None] = [*unknown] if table.weekly else [None]
        for week in wanted:
            try:
                event = _materialization(lake, table, week, label, games)
            except PipelineError as error:
                found.unreadable.append(str(error))
                continue
            if not dry_run:
                instance.report_runless_asset_event(event)
            if week is not None:
                found.reported[table.name].append(week)
    return found


def lost_data(
    instance: dg.DagsterInstance, lake: Lake, label: str | None
) -> dict[str, list[SeasonWeek]]:
    """Return the weeks by table that run history has and the lake lacks.

    A table without weeks that the lake lacks has an empty list.
    """
    lost = {}
    stored = materialized_partitions(instance, [t.name for t in ALL_TABLES if t.weekly])
    for table in ALL_TABLES:
        if table.weekly:
            if weeks := lost_weeks(instance, lake, table, label, stored[table.name]):
                lost[table.name] = weeks
        elif not lake.has(table):
            event = instance.get_latest_materialization_event(dg.AssetKey(table.name))
            made = event.asset_materialization if event else None
            if made is not None and label_of(made) == label:
                lost[table.name] = []
    return lost


def advice(lost: Weeks) -> str:
    """Return what to do about lost data."""
    check = "check FANTASY_DATA, or restore a backup"
    weeks = {week for weeks in lost.values() for week in weeks}
    if not weeks:
        return f"{check}; or run fantasy-pipeline run"
    if lost.keys() <= _NOT_IN_BACKFILLS:
        return f"{check}; or run fantasy-pipeline trigger for each week"
    seasons = ranges({week.season for week in weeks})
    return (
        f"{check}; catch_up imports weeks of the last year again, and "
        f"fantasy-pipeline backfill --seasons {seasons} --only-missing all of them"
    )


def _unknown(instance: dg.DagsterInstance, lake: Lake, table: Table) -> list[SeasonWeek] | None:
    """Return the weeks of a table that only the lake has; none for a table without weeks.

    None if there is nothing that run history lacks.
    """
    key = dg.AssetKey(table.name)
    if table.weekly:
        known = instance.get_materialized_partitions(key)
        return [week for week in lake.weeks(table) if week.key not in known] or None
    return None if instance.get_latest_materialization_event(key) or not lake.has(table) else []


def _materialization(
    lake: Lake,
    table: Table,
    week: SeasonWeek | None,
    label: str | None,
    games: Mapping[SeasonWeek, Sequence[Game]],
) -> dg.AssetMaterialization:
    """Return the event of a table, or of one week of a table, as the lake has it.

    The lake does not say in which phase a week was imported, so the event has no phase, and the
    week counts as provisional. A week whose stats lack a game counts as in progress.
    """
    part: dict[str, str] = {}
    if table is WEEKLY_STATS and week and lacking_games(lake, games.get(week, ())):
        part["phase"] = SO_FAR
    rows = "dagster/row_count" if week is None else "dagster/partition_row_count"
    return dg.AssetMaterialization(
        table.name,
        description=_DESCRIPTION,
        partition=week.key if week else None,
        metadata={
            rows: lake.row_count(table, week),
            "data": label or REAL_LABEL,
            "path": lake.path(table, week),
            **part,
        },
    )

"""The checks of `checks/` as Dagster's asset checks: one step per table, one result per week.

After a write the I/O manager has applied them already, and its results are reported here. A run of
the checks alone reads the lake: the weeks of the run, or every week if the run has no partition
(*Execute all* in the UI).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from fantasy_pipeline.checks import ALL_CHECKS, Check, Result, TableChecks, merged
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.orchestration.partitions import by_season, season_week, weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.tags import moment_of

_TARGET = "AssetCheckEvaluationTargetMaterializationData"
"""Dagster's class of the materialization that a result is about; it is not exported, so it is
deserialized from its name and fields."""


def asset_checks_of(of_table: TableChecks) -> dg.AssetChecksDefinition:
    """Return the asset checks of one table."""
    table = of_table.table
    specs = {
        check.name: dg.AssetCheckSpec(
            check.name,
            asset=table.name,
            description=check.description,
            blocking=check.blocking,
            partitions_def=season_week if table.weekly else None,
        )
        for check in of_table.checks
    }

    @dg.multi_asset_check(name=f"{table.name}_checks", specs=[*specs.values()], can_subset=True)
    def check_table(
        context: dg.AssetCheckExecutionContext, nfl: NflData
    ) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
        results = list(_results(of_table, context, nfl))
        wanted = {key.name for key in context.selected_asset_check_keys}
        targets = _targets(context.instance, table, [week for week, _ in results if week])
        for check in of_table.checks:
            if check.name in wanted:
                yield dg.Output(None, output_name=specs[check.name].get_python_identifier())
                for week, by_check in results:
                    target = targets.get(week) if week else None
                    yield _evaluation(context, table, check, by_check[check.name], week, target)

    return check_table


def _results(
    of_table: TableChecks, context: dg.AssetCheckExecutionContext, nfl: NflData
) -> Iterator[tuple[SeasonWeek | None, Mapping[str, Result]]]:
    """Yield the results of a table's checks, week by week; without a week: of the whole table.

    Raises:
        dg.Failure: the lake has no week of the table, or the run's range is empty.
    """
    table, now = of_table.table, moment_of(context.run.tags, nfl.now())
    if not table.weekly:
        kept = nfl.tables.results(table, [])
        yield None, kept or of_table.results(of_table.evidence(nfl.tables, [], now))
        return
    weeks = weeks_of_run(context) if _has_partitions(context) else nfl.lake.weeks(table)
    if not weeks:
        raise dg.Failure(f"{table.name}: the lake has no week to check. Materialize weeks first.")
    kept = nfl.tables.results(table, weeks)
    # Season by season, since the checks alone may be asked for many.
    parts = (
        [kept]
        if kept
        else [
            of_table.results(
                of_table.evidence(nfl.tables, [SeasonWeek(season, week) for week in numbers], now)
            )
            for season, numbers in by_season(weeks).items()
        ]
    )
    if not _has_partitions(context):
        # Dagster expects a result without a partition from such a run.
        yield (
            None,
            {check.name: merged([part[check.name] for part in parts]) for check in of_table.checks},
        )
    for part in parts:
        for week in next(iter(part.values())).by_week:
            yield week, {name: result.by_week[week] for name, result in part.items()}


def _has_partitions(context: dg.AssetCheckExecutionContext) -> bool:
    return context.has_partition_key or context.has_partition_key_range


def _targets(
    instance: dg.DagsterInstance, table: Table, weeks: Sequence[SeasonWeek]
) -> dict[SeasonWeek, Any]:
    """Return the latest materialization of each week, as Dagster's class `_TARGET`.

    Without it the UI takes a result for one of an older materialization, and shows none.
    """
    if not weeks:
        return {}
    key = dg.AssetKey(table.name)
    latest = instance.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, {week.key for week in weeks}
    )
    filters = dg.AssetRecordsFilter(key, storage_ids=[*latest.values()])
    records = instance.fetch_materializations(filters, limit=max(len(latest), 1)).records
    return {
        SeasonWeek.from_key(record.partition_key): dg.deserialize_value(
            json.dumps(
                {
                    "__class__": _TARGET,
                    "storage_id": record.storage_id,
                    "run_id": record.run_id,
                    "timestamp": record.timestamp,
                }
            )
        )
        for record in records
        if record.partition_key is not None
    }


def _evaluation(
    context: dg.AssetCheckExecutionContext,
    table: Table,
    check: Check,
    result: Result,
    week: SeasonWeek | None,
    target: Any,
) -> dg.AssetCheckEvaluation:
    for text in result.texts if week or not table.weekly else []:
        context.log.warning(f"{table.name} {text} ({check.name})")
    rules = {name: len(problems) or "ok" for name, problems in result.found.items()}
    failures: dict[str, list[str]] = {}
    if result.problems:
        failures["problems"] = result.texts
        failures["failing_partitions"] = [week.key for week in result.failing_weeks]
    serious = dg.AssetCheckSeverity.ERROR if result.serious else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(table.name),
        check_name=check.name,
        passed=not result.problems,
        severity=serious,
        blocking=check.blocking,
        partition=week.key if week else None,
        target_materialization_data=target,
        description="; ".join(result.texts[:3]) or None,
        metadata={**result.facts, "rules": rules, **failures},
    )


ASSET_CHECKS: Sequence[dg.AssetChecksDefinition] = [asset_checks_of(part) for part in ALL_CHECKS]

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
from fantasy_pipeline.football.tables import NEWS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.orchestration.partitions import by_season, season_week, weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.run_tables import LeftOut
from fantasy_pipeline.orchestration.runs.results import made_check
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
        weeks = [*(week for week, _ in results if week), *nfl.tables.left_out(table)]
        targets = _targets(context.instance, table, weeks)
        for check in of_table.checks:
            if check.name in wanted:
                yield dg.Output(None, output_name=specs[check.name].get_python_identifier())
                for week, by_check in results:
                    target = targets.get(week) if week else None
                    yield _evaluation(context, table, check, by_check[check.name], week, target)
                for week, out in nfl.tables.left_out(table).items():
                    nothing = Result({}, {"not made": out.reason})
                    yield _evaluation(context, table, check, nothing, week, targets.get(week))

    return check_table


def made_check_of(table: Table) -> dg.AssetChecksDefinition:
    """Return the check that a run made all its weeks of a table; it is a separate step.

    A played week that could not be made, or a week whose rows were refused, fails the step, and so
    the run, but no asset waits for it.
    """
    name = made_check(table.name)
    spec = dg.AssetCheckSpec(
        name,
        asset=table.name,
        description="The run made the week. A week whose games are to come, or a week in progress "
        "whose stats are not published yet, is left out with a warning. A played week that could "
        "not be made, or a week whose rows were refused, ends the run as failed; the other weeks "
        "are made all the same.",
        partitions_def=season_week,
    )

    @dg.multi_asset_check(name=f"{name}_checks", specs=[spec], can_subset=True)
    def check_weeks(
        context: dg.AssetCheckExecutionContext, nfl: NflData
    ) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
        has_partitions, left_out = _has_partitions(context), nfl.tables.left_out(table)
        weeks = weeks_of_run(context) if has_partitions else nfl.lake.weeks(table)
        targets = _targets(context.instance, table, weeks)
        yield dg.Output(None, output_name=spec.get_python_identifier())
        for week in weeks if has_partitions else [None, *weeks]:
            out = left_out.get(week) if week else None
            yield dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(table.name),
                check_name=name,
                passed=out is None,
                severity=_severity(out is not None and out.is_failure),
                # Only now, not in the spec: the step fails, and no asset waits for it.
                blocking=out is not None and out.is_failure,
                partition=week.key if week else None,
                target_materialization_data=targets.get(week) if week else None,
                description=_left_out(week, out) if week and out else None,
            )

    return check_weeks


def _results(
    of_table: TableChecks, context: dg.AssetCheckExecutionContext, nfl: NflData
) -> Iterator[tuple[SeasonWeek | None, Mapping[str, Result]]]:
    """Yield the results of a table's checks, week by week; without a week: of the whole table.

    A run that made none of its weeks has no results.

    Raises:
        dg.Failure: the lake has no week of the table, or the run's range is empty.
    """
    table, now = of_table.table, moment_of(context.run.tags, nfl.now())
    if not table.weekly:
        kept = nfl.tables.results(table, [])
        yield None, kept or of_table.results(of_table.evidence(nfl.tables, [], now))
        return
    weeks = _weeks(context, nfl, table)
    if not weeks and nfl.tables.left_out(table):
        return
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


def _weeks(context: dg.AssetCheckExecutionContext, nfl: NflData, table: Table) -> list[SeasonWeek]:
    """Return the weeks to check: those that the run made, or all weeks of the lake."""
    if not _has_partitions(context):
        return nfl.lake.weeks(table)
    left_out = nfl.tables.left_out(table)
    return [week for week in weeks_of_run(context) if week not in left_out]


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
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(table.name),
        check_name=check.name,
        passed=not result.problems,
        severity=_severity(result.serious),
        blocking=check.blocking,
        partition=week.key if week else None,
        target_materialization_data=target,
        description="; ".join(result.texts[:3]) or None,
        metadata={**result.facts, "rules": rules, **failures},
    )


def _left_out(week: SeasonWeek, out: LeftOut) -> str:
    what = "played, but could not be made" if out.is_due else "left out"
    if out.refused:
        what = "refused"
    return f"{week}: {what}: {out.reason.rstrip('.')}"


def _severity(serious: bool) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if serious else dg.AssetCheckSeverity.WARN


ASSET_CHECKS: Sequence[dg.AssetChecksDefinition] = [
    *(asset_checks_of(part) for part in ALL_CHECKS),
    # Only current news is fetched: a week without news was not missed.
    *(
        made_check_of(part.table)
        for part in ALL_CHECKS
        if part.table.weekly and part.table is not NEWS
    ),
]

"""The checks of `checks/` as Dagster's asset checks: one step per table.

After a write the I/O manager has applied them already, and its results are reported here. A run of
the checks alone reads the lake. A run over many weeks has one result per check; it names the weeks
that fail.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from fantasy_pipeline.checks import ALL_CHECKS, Check, Result, TableChecks
from fantasy_pipeline.orchestration.partitions import season_week, weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.tags import moment_of


def asset_checks_of(of_table: TableChecks) -> dg.AssetChecksDefinition:
    """Return the asset checks of one table."""
    table = of_table.table

    @dg.multi_asset_check(
        name=f"{table.name}_checks",
        specs=[
            dg.AssetCheckSpec(
                check.name,
                asset=table.name,
                description=check.description,
                blocking=check.blocking,
                partitions_def=season_week if table.weekly else None,
            )
            for check in of_table.checks
        ],
        can_subset=True,
    )
    def check_table(
        context: dg.AssetCheckExecutionContext, nfl: NflData
    ) -> Iterator[dg.AssetCheckResult]:
        weeks = weeks_of_run(context) if table.weekly else []
        results = nfl.tables.results(table, weeks)
        if results is None:
            # The rows are not of this run: the checks alone were asked for.
            now = moment_of(context.run.tags, nfl.now())
            results = of_table.results(of_table.evidence(nfl.tables, weeks, now))
        wanted = {key.name for key in context.selected_asset_check_keys}
        for check in of_table.checks:
            if check.name in wanted:
                yield _reported(context, table.name, check, results[check.name])

    return check_table


def _reported(
    context: dg.AssetCheckExecutionContext, table: str, check: Check, result: Result
) -> dg.AssetCheckResult:
    for text in result.texts:
        context.log.warning(f"{table} {text} ({check.name})")
    rules = {name: len(problems) or "ok" for name, problems in result.found.items()}
    failures: dict[str, list[str]] = {}
    if result.problems:
        failures["problems"] = result.texts
        failures["failing_partitions"] = [week.key for week in result.failing_weeks]
    serious = dg.AssetCheckSeverity.ERROR if result.serious else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=not result.problems,
        asset_key=table,
        check_name=check.name,
        severity=serious,
        description="; ".join(result.texts[:3]) or None,
        metadata={**result.facts, "rules": rules, **failures},
    )


ASSET_CHECKS: Sequence[dg.AssetChecksDefinition] = [asset_checks_of(part) for part in ALL_CHECKS]

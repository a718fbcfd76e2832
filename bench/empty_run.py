"""Measures the cost of Dagster itself: one run of a week's assets and checks with empty bodies.

usage: empty_run.py write GRAPH.json          write the project's asset graph to a file
       empty_run.py run GRAPH.json PARTITION  run that graph once, without the project's code
"""

import json
import sys
import warnings
from pathlib import Path

import dagster as dg

JOB = "whole_week"
"""The job that the command `run` starts for one week."""


def write(file: Path) -> None:
    from fantasy_pipeline.definitions import defs
    from fantasy_pipeline.orchestration.asset_checks import ASSET_CHECKS

    graph = defs.resolve_asset_graph()
    chosen = defs.resolve_job_def(JOB).asset_layer.executable_asset_keys
    nodes = {
        key.to_user_string(): {
            "deps": [parent.to_user_string() for parent in graph.get(key).parent_keys],
            "partitions": [
                [part.name, list(part.partitions_def.get_partition_keys())]
                for part in getattr(graph.get(key).partitions_def, "partitions_defs", [])
            ],
        }
        for key in chosen
    }
    checks = [
        [[spec.asset_key.to_user_string(), spec.name, spec.blocking] for spec in node.check_specs]
        for node in ASSET_CHECKS
        if {spec.asset_key for spec in node.check_specs} <= chosen
    ]
    file.write_text(json.dumps({"assets": nodes, "checks": checks}))


def empty(
    name: str, deps: list[str], partitions: dg.PartitionsDefinition | None
) -> dg.AssetsDefinition:
    policy = dg.BackfillPolicy.single_run() if partitions else None

    @dg.asset(name=name, deps=deps, partitions_def=partitions, backfill_policy=policy)
    def body() -> None: ...

    return body


def passing(name: str, specs: list[tuple[str, str, bool]]) -> dg.AssetChecksDefinition:
    named = [dg.AssetCheckSpec(check, asset=asset, blocking=block) for asset, check, block in specs]

    @dg.multi_asset_check(name=name, specs=named)
    def body():
        for asset, check, _ in specs:
            yield dg.AssetCheckResult(passed=True, asset_key=asset, check_name=check)

    return body


def run(file: Path, partition: str) -> None:
    graph = json.loads(file.read_text())
    assets = []
    for name, facts in graph["assets"].items():
        parts = {part: dg.StaticPartitionsDefinition(keys) for part, keys in facts["partitions"]}
        definition = dg.MultiPartitionsDefinition(parts) if parts else None
        assets.append(empty(name, facts["deps"], definition))
    checks = [passing(f"checks_{i}", specs) for i, specs in enumerate(graph["checks"])]
    same = dg.Definitions(assets=assets, asset_checks=checks, executor=dg.in_process_executor)
    with dg.DagsterInstance.get() as instance:
        result = same.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            partition_key=partition,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    assert result.success


if __name__ == "__main__":
    # Dagster warns about its beta and preview features.
    warnings.simplefilter("ignore")
    file = Path(sys.argv[2])
    write(file) if sys.argv[1] == "write" else run(file, sys.argv[3])

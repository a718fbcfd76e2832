"""One run of the project's asset graph with empty bodies: what Dagster itself costs.

usage: empty_run.py PARTITION
"""

import sys

import dagster as dg

from fantasy_pipeline.definitions import defs


def empty(key: dg.AssetKey, spec: dg.AssetSpec) -> dg.AssetsDefinition:
    @dg.asset(
        key=key,
        deps=[dep.asset_key for dep in spec.deps],
        partitions_def=spec.partitions_def,
        backfill_policy=dg.BackfillPolicy.single_run() if spec.partitions_def else None,
    )
    def body() -> None: ...

    return body


def main() -> None:
    graph = defs.resolve_asset_graph()
    assets = [
        empty(node.key, defs.resolve_assets_def(node.key).get_asset_spec(node.key))
        for node in graph.asset_nodes
    ]
    same = dg.Definitions(assets=assets, executor=dg.in_process_executor)
    with dg.DagsterInstance.get() as instance:
        result = same.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            partition_key=sys.argv[1],
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    assert result.success


if __name__ == "__main__":
    main()

"""Runs of chosen assets and weeks, as the Dagster UI starts them."""

from collections.abc import Sequence

import dagster as dg

from fantasy_pipeline.football.season_week import SeasonWeek


def _written(context: dg.AssetExecutionContext) -> None:
    """Store the weeks that the tag `writes` names, and fail if there is a tag `fails`."""
    for key in context.run.tags.get("writes", "").split():
        event = dg.AssetMaterialization(context.asset_key, partition=key.replace("-", "|"))
        context.log_event(event)
    if "fails" in context.run.tags:
        raise ValueError(context.run.tags["fails"])


@dg.asset
def raw_players() -> None: ...


@dg.asset(deps=[raw_players])
def weekly_stats(context: dg.AssetExecutionContext) -> None:
    _written(context)


@dg.asset
def projections(context: dg.AssetExecutionContext) -> None:
    _written(context)


_JOB = dg.Definitions(
    assets=[raw_players, weekly_stats, projections]
).resolve_implicit_global_asset_job_def()


def ui_run(
    instance: dg.DagsterInstance,
    assets: Sequence[str],
    weeks: Sequence[SeasonWeek],
    fails: str = "",
    writes: Sequence[SeasonWeek] = (),
) -> str:
    """Run assets for all weeks from the first to the last, and return the run's id.

    Args:
        fails: error of the run; empty: it succeeds.
        writes: weeks that the run writes before it fails.
    """
    ends = {"start": weeks[0].key, "end": weeks[-1].key}
    tags = {f"dagster/asset_partition_range_{end}": key for end, key in ends.items()}
    if fails:
        tags["fails"] = fails
    if writes:
        tags["writes"] = " ".join(week.key.replace("|", "-") for week in writes)
    result = _JOB.execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(name) for name in assets],
        tags=tags,
        raise_on_error=False,
    )
    assert result.success is not bool(fails)
    return result.run_id

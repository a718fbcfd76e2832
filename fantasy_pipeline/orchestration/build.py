"""Build the code location: collect what the other modules of this package define.

Nothing is defined here. `fantasy_pipeline.definitions`, which Dagster loads, re-exports `defs`.
"""

from __future__ import annotations

import warnings

import dagster as dg

with warnings.catch_warnings():
    # Known and accepted: partitioned checks may still change in Dagster.
    warnings.simplefilter("ignore", dg.BetaWarning)
    warnings.simplefilter("ignore", dg.PreviewWarning)
    from fantasy_pipeline.orchestration import assets
    from fantasy_pipeline.orchestration.asset_checks import ASSET_CHECKS
    from fantasy_pipeline.orchestration.io_manager import LakeIOManager
    from fantasy_pipeline.orchestration.jobs import ASSET_JOBS, prune_history
    from fantasy_pipeline.orchestration.resources import NflData
    from fantasy_pipeline.orchestration.runs.record import run_results
    from fantasy_pipeline.orchestration.schedules import ALL_SCHEDULES
    from fantasy_pipeline.orchestration.sensors import ALL_SENSORS

nfl = NflData.configure_at_launch()

defs = dg.Definitions(
    assets=[*dg.load_assets_from_modules([assets]), run_results],
    asset_checks=ASSET_CHECKS,
    jobs=[*ASSET_JOBS, prune_history],
    schedules=ALL_SCHEDULES,
    sensors=ALL_SENSORS,
    resources={"nfl": nfl, "io_manager": LakeIOManager(nfl=nfl)},
    # A run is one process: each upstream file is read once, and a step costs no start-up.
    executor=dg.in_process_executor,
)

"""Reads the stored summaries of finished runs: the observations of `run_results`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

RUN_RESULTS = dg.AssetKey("run_results")


FIELDS = (
    "success",
    "players_imported",
    "stats_imported",
    "projections_imported",
    "sources",
    "phase",
    "duration_s",
    "warnings",
    "errors",
)
"""Of the summary, in its order."""


def recorded(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Summaries of those runs that have one."""
    if not run_ids:
        return {}
    filters = dg.AssetRecordsFilter(asset_key=RUN_RESULTS, asset_partitions=list(run_ids))
    # Two may have been written at the same moment; they say the same.
    records = instance.fetch_observations(filters, limit=2 * len(run_ids)).records
    found = {}
    for entry in records:
        observation = entry.asset_observation
        if observation is not None and observation.partition is not None:
            metadata = observation.metadata
            found[observation.partition] = {
                name: metadata[name].value for name in FIELDS if name in metadata
            }
    return found

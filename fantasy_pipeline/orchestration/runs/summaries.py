"""Stored summaries of finished runs: the observations of the asset `run_results`."""

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
"""Fields of a summary, in order."""


def recorded(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the stored summaries by run id; runs without a summary are left out."""
    if not run_ids:
        return {}
    filters = dg.AssetRecordsFilter(asset_key=RUN_RESULTS, asset_partitions=list(run_ids))
    # Two processes may each store a run's summary at the same moment; both summaries are equal.
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

"""Partitions of several assets that run history has, in few queries on a database server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg
from sqlalchemy import bindparam, text

_PARTITIONS = text("""
select event.asset_key, event.partition, asset.wipe_timestamp is not null as is_wiped
from event_logs as event
left join asset_keys as asset on asset.asset_key = event.asset_key
where event.asset_key in :keys and event.partition is not null
    and event.dagster_event_type = 'ASSET_MATERIALIZATION'
group by 1, 2, 3
""").bindparams(bindparam("keys", expanding=True))


def materialized_partitions(
    instance: dg.DagsterInstance, names: Sequence[str]
) -> dict[str, set[str]]:
    """Return the materialized partitions of assets, by asset.

    Dagster has a query for one asset only. Of an asset that was wiped, it alone knows which events
    count.
    """
    keys = {dg.AssetKey(name).to_string(): name for name in names}
    storage: Any = instance.run_storage
    with storage.connect() as connection:
        if connection.dialect.name == "postgresql":
            rows = connection.execute(_PARTITIONS, {"keys": list(keys)}).fetchall()
            found: dict[str, set[str]] = {name: set() for name in names}
            for key, partition, _ in rows:
                found[keys[key]].add(partition)
            asked = {keys[key] for key, _, is_wiped in rows if is_wiped}
        else:
            found, asked = {}, set(names)
    for name in asked:
        found[name] = set(instance.get_materialized_partitions(dg.AssetKey(name)))
    return found

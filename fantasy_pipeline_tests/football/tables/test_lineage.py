"""Column lineage names columns that exist, of tables that are really upstream."""

from __future__ import annotations

import dagster as dg
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.tables import ALL_TABLES, BY_NAME
from fantasy_pipeline.football.tables.lineage import column_sources


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_sources_exist_upstream(table: object) -> None:
    name: str = table.name  # type: ignore[attr-defined]
    parents = defs.resolve_asset_graph().get(dg.AssetKey(name)).parent_keys
    for column, sources in column_sources(name).items():
        assert column in BY_NAME[name].column_names
        for upstream, source in sources:
            assert source in BY_NAME[upstream].column_names, (column, source)
            assert dg.AssetKey(upstream) in parents, (column, upstream)


def test_what_the_consensus_is_made_of() -> None:
    sources = column_sources("projections")
    assert sources["nflcom_half"] == [("source_projections", "points_half")]
    assert sources["p90_half"] == [
        ("model_projections", "p90_half"),
        ("source_projections", "points_half"),
    ]
    assert sources["opponent"] == [("model_projections", "opponent")]


def test_features_come_from_the_stats() -> None:
    sources = column_sources("player_history")
    assert sources["avg_receptions"] == [("weekly_stats", "receptions")]
    assert sources["team"] == [("raw_players", "team")]


def test_what_comes_from_outside_has_none() -> None:
    assert column_sources("games") == {}
    assert column_sources("source_projections") == {}

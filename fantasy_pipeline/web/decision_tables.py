"""Decisions as tables, for clients that ask for CSV or parquet; JSON is what the commands print."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from fantasy_pipeline.football.tables import PROJECTIONS, RAW_PLAYERS
from fantasy_pipeline.operations.table_formats import json_text
from fantasy_pipeline.web.tables import TableAnswer

_TEXT, _FLOAT, _INT = pa.string(), pa.float64(), pa.int64()


def _schema(kind: pa.DataType, *names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, kind) for name in names]


STARTERS = pa.schema(
    [
        *_schema(_TEXT, "slot", "player", "platform_player_id", "team"),
        *_schema(_FLOAT, "projected_points", "p10", "p90"),
        ("kicked_off", pa.bool_()),
        ("note", _TEXT),
    ]
)
"""One row per slot of a line-up; without a player, the slot is empty."""
FREE_AGENTS = pa.schema(
    [
        *_schema(_TEXT, "player_id", "player", "position", "nfl_team"),
        *_schema(_FLOAT, "this_week", "rest_of_season"),
        ("drop", _TEXT),
        ("projected_points", _FLOAT),
        ("status", _TEXT),
        ("trending_adds", _INT),
    ]
)
"""One row per free agent."""
_SIDE = [
    *_schema(_TEXT, "team", "gives"),
    *_schema(_FLOAT, "before", "after", "change", "p10", "p90", "better"),
    ("market_value", _INT),
]
TRADE = pa.schema(_SIDE)
"""One row per team of a trade."""
TRADES = pa.schema([*_schema(_INT, "trade", "weeks"), *_SIDE])
"""One row per trade, counted from 1, and team."""
ODDS = pa.schema(
    [
        *_schema(_TEXT, "team_id", "team_name", "division"),
        *_schema(_INT, "wins", "losses", "ties"),
        *_schema(_FLOAT, "points", "all_play", "luck", "efficiency", "expected_points"),
        ("power", _INT),
        *_schema(_FLOAT, "expected_wins", "playoffs", "bye", "title"),
    ]
)
"""One row per team of a league."""
COMPARED = pa.schema(
    [
        *(
            pa.field(name, PROJECTIONS.arrow_schema.field(name).type)
            for name in (
                *("player_id", "player_name", "position", "team", "opponent", "is_home"),
                *("implied_team_total", "opponent_factor", "plays", "reason", "injury_status"),
            )
        ),
        *(RAW_PLAYERS.arrow_schema.field(name) for name in ("injury", "practice_status")),
        *(pa.field(name, _FLOAT) for name in ("projected_points", "p10", "p50", "p90")),
        pa.field("chance_of_most", _FLOAT),
        *(
            pa.field(name, _TEXT)
            for name in ("chance_to_outscore", "line", "last_games", "sources", "rest_of_season")
        ),
    ]
)
"""One row per player; the last columns are JSON."""


def decision(content: Mapping[str, Any], name: str, schema: pa.Schema) -> TableAnswer:
    """Return a decision as an answer whose rows are a list in it.

    Args:
        content: the decision as the command line prints it in JSON.
        name: field of the list.
    """
    about = {key: value for key, value in content.items() if key != name}
    records = content[name]
    return TableAnswer(_table(records, schema), about, name, records)


def trades(content: Mapping[str, Any]) -> TableAnswer:
    """Return the best trades as an answer, with a row per trade and team."""
    found = decision({**content, "trades": []}, "trades", TRADES)
    rows = [
        {"trade": number, "weeks": trade["weeks"], **side}
        for number, trade in enumerate(content["trades"], 1)
        for side in trade["teams"]
    ]
    return found._replace(rows=_table(rows, TRADES), records=content["trades"])


def _table(records: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return records as a table; lists and mappings in them become JSON."""
    rows = [
        {
            name: json_text(value, None) if isinstance(value, (dict, list)) else value
            for name, value in record.items()
        }
        for record in records
    ]
    return pa.Table.from_pylist(rows, schema=schema)

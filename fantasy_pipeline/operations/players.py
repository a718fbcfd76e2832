"""Find players of the lake by name, and gather one player's season week by week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.decisions.players import plain_name
from fantasy_pipeline.decisions.scored import ACTUAL, KICKING
from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.scoring import Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    PLAYER_HISTORY,
    PROJECTIONS,
    RAW_PLAYERS,
    REST_OF_SEASON,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.team_defense import POINTS

FEWEST_CHARACTERS = 2
"""Characters of a name that a search needs."""
_ABOUT = ("season", "week", "player_id", "player_name", "position", "team")
_POINTS = ("projected_points", "p10", "p50", "p90")
_PROJECTED = ("team", "opponent", "is_home", "plays", "reason", "injury_status")
_ROSTERED = ("injury", "practice_status", "snap_share")
USAGE = ("attempts", "carries", "targets", "receptions", "target_share")
"""Stats of a game that say how much a player was used."""
WEEK_ROWS = pa.schema(
    [
        ("season", pa.int32()),
        ("week", pa.int32()),
        *((name, PROJECTIONS.arrow_schema.field(name).type) for name in _PROJECTED),
        *((name, pa.float64()) for name in (*_POINTS, "actual_points")),
        *((name, RAW_PLAYERS.arrow_schema.field(name).type) for name in _ROSTERED),
        *((name, WEEKLY_STATS.arrow_schema.field(name).type) for name in USAGE),
    ]
)
"""Columns of `PlayerSeason.weeks`. Without a stat line, actual_points and usage are null."""


def known_players(lake: Lake) -> list[dict[str, Any]]:
    """Return every player of the lake as of his latest week: one row each, by id.

    The rows have the columns of `_ABOUT`. A week's rosters count for the latest week only; earlier
    weeks are known from `player_history`.
    """
    history = lake.read_if_stored(PLAYER_HISTORY, columns=_ABOUT)
    parts = [] if history is None else [history]
    for table in (PROJECTIONS, RAW_PLAYERS):
        if weeks := lake.weeks(table):
            parts.append(lake.read(table, weeks[-1:], _ABOUT))
    latest: dict[str, dict[str, Any]] = {}
    for part in parts:
        rows = part.sort_by([("season", "ascending"), ("week", "ascending")])
        # The last row of each player is that of his latest week.
        last = dict(zip(rows["player_id"].to_pylist(), range(rows.num_rows), strict=True))
        for row in rows.take(pa.array(list(last.values()), pa.int64())).to_pylist():
            latest[row["player_id"]] = max(
                row, latest.get(row["player_id"], row), key=lambda of: (of["season"], of["week"])
            )
    return [latest[player_id] for player_id in sorted(latest)]


def search_players(players: Sequence[Mapping[str, Any]], text: str) -> pa.Table:
    """Return the players whose id, name or part of a name is a text, whole names first.

    Players with the same kind of match come in order of their latest week, newest first.

    Args:
        players: rows of `known_players`.

    Raises:
        InvalidArgumentError: the text has too few letters.
        PipelineError: nobody matches.
    """
    wanted = plain_name(text.strip())
    if len(text.strip()) < FEWEST_CHARACTERS:
        raise InvalidArgumentError(f"give {FEWEST_CHARACTERS} or more letters of a player's name.")
    found = []
    for row in players:
        name = plain_name(row["player_name"] or "")
        if row["player_id"] == text.strip() or (wanted and name == wanted):
            kind = 0
        elif wanted and any(part.startswith(wanted) for part in (name, *name.split())):
            kind = 1
        elif wanted and wanted in name:
            kind = 2
        else:
            continue
        found.append(((kind, -row["season"], -row["week"], name, row["player_id"]), row))
    if not found:
        raise PipelineError(f"no player of the lake is named {text!r}; give part of a name.")
    rows = [row for _, row in sorted(found, key=lambda item: item[0])]
    schema = pa.schema([PROJECTIONS.arrow_schema.field(name) for name in _ABOUT])
    return pa.Table.from_pylist(rows, schema=schema)


@dataclass(frozen=True)
class PlayerSeason:
    """A player's season.

    Args:
        about: his latest row of `known_players`.
        weeks: one row per projected or played week, with the columns of `WEEK_ROWS`.
        rest: the rest of the season as the latest projected week sees it: rows with week, opponent,
            bye, points, p10 and p90.
        rest_as_of: that week; None if the lake lacks it.
    """

    about: Mapping[str, Any]
    season: int
    scoring: Scoring
    weeks: pa.Table
    rest: Sequence[Mapping[str, Any]]
    rest_as_of: SeasonWeek | None


def player_season(
    lake: Lake,
    players: Sequence[Mapping[str, Any]],
    player_id: str,
    season: int | None = None,
    scoring: Scoring = "ppr",
) -> PlayerSeason:
    """Return a player's season week by week.

    Args:
        players: rows of `known_players`.
        season: the season; None: that of his latest week.

    Raises:
        PipelineError: there is no such player, or the lake has nothing of him in the season.
    """
    about = next((row for row in players if row["player_id"] == player_id), None)
    if about is None:
        raise PipelineError(
            f"the lake has no player {player_id!r}; search for a name to get the id."
        )
    chosen = about["season"] if season is None else season
    points = [f"{name}{suffix(scoring)}" for name in _POINTS]
    projected = _of_player(lake, PROJECTIONS, chosen, player_id, [*_PROJECTED, *points])
    if about["position"] == DST:
        names = ["team", "opponent", POINTS]
        lines = _of_player(lake, TEAM_DEFENSE_STATS, chosen, player_id, names)
    else:
        names = ["team", "opponent", ACTUAL[scoring], KICKING, *USAGE]
        lines = _of_player(lake, WEEKLY_STATS, chosen, player_id, names)
    if not projected and not lines:
        raise PipelineError(
            f"the lake has neither projections nor stats of {about['player_name']} in {chosen}; "
            f"his latest week is {SeasonWeek(about['season'], about['week'])}."
        )
    rosters = _of_player(lake, RAW_PLAYERS, chosen, player_id, _ROSTERED)
    rows = [
        {
            **_week_row(projected.get(week, {}), lines.get(week, {}), scoring),
            **{name: rosters.get(week, {}).get(name) for name in _ROSTERED},
            "season": chosen,
            "week": week,
        }
        for week in sorted({*projected, *lines})
    ]
    rest, as_of = _rest(lake, chosen, player_id, scoring)
    weeks = pa.Table.from_pylist(rows, schema=WEEK_ROWS)
    return PlayerSeason(about, chosen, scoring, weeks, rest, as_of)


def _of_player(
    lake: Lake, table: Table, season: int, player_id: str, columns: Sequence[str]
) -> dict[int, Mapping[str, Any]]:
    """Return some columns of a player's rows of a season by week."""
    rows = lake.read(table, columns=["week", "player_id", *columns], seasons=[season])
    own = rows.filter(pc.equal(rows["player_id"], player_id))
    return {row["week"]: row for row in own.to_pylist()}


def _week_row(
    projected: Mapping[str, Any], line: Mapping[str, Any], scoring: Scoring
) -> dict[str, Any]:
    """Return the projection and the result of a week, from the stored rows; {}: there is none."""
    points: float | None = None
    if POINTS in line:
        points = line[POINTS]
    elif line:
        points = round(line[ACTUAL[scoring]] + line[KICKING], 2)
    return {
        **{name: line.get(name) for name in ("team", "opponent")},
        **{name: projected[name] for name in _PROJECTED if name in projected},
        **{name: projected.get(f"{name}{suffix(scoring)}") for name in _POINTS},
        **{name: line.get(name) for name in USAGE},
        "actual_points": points,
    }


def _rest(
    lake: Lake, season: int, player_id: str, scoring: Scoring
) -> tuple[list[dict[str, Any]], SeasonWeek | None]:
    """Return the rest of a season of a player, and the week that projects it; ([], None): none."""
    weeks = [week for week in lake.weeks(REST_OF_SEASON) if week.season == season]
    if not weeks:
        return [], None
    end = suffix(scoring)
    table = lake.read(REST_OF_SEASON, weeks[-1:])
    rows = table.filter(pc.equal(table["player_id"], player_id)).to_pylist()
    return [
        {
            "week": row["target_week"],
            "opponent": row["opponent"],
            "bye": row["bye"],
            **{name: row[f"{name}{end}"] for name in ("points", "p10", "p90")},
        }
        for row in rows
    ], weeks[-1]

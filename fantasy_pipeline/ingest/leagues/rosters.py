"""Build `league_rosters`: the players of fantasy teams, with their NFL ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.leagues import LEAGUE_ROSTERS
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.ingest.leagues.base import LeagueWeek, Spot

_LISTED = 5
PLAYER_COLUMNS = ("player_name", "position", "team", "fantasy_positions")
Person = Mapping[str, Any]
"""A player as the id map or a week's roster states him."""


class Directory:
    """NFL players by a platform's id: those of a week's rosters, else those of the id map.

    Args:
        raw_players: `PLAYER_COLUMNS` and the platform's ids of `RAW_PLAYERS`.
        ids: the id map, one row per player.
        id_column: column of both with the platform's ids.
    """

    def __init__(self, raw_players: pa.Table, ids: pa.Table, id_column: str) -> None:
        self._id_column = id_column
        names = list(dict.fromkeys(["season", "week", "player_id", *PLAYER_COLUMNS, id_column]))
        self._players = raw_players.select(names)
        self._mapped: dict[str, Person] = {}
        if id_column in ids.column_names:
            names = list(dict.fromkeys(["player_id", "player_name", "position", id_column]))
            self._mapped = {row[id_column]: row for row in ids.select(names).to_pylist()}

    def of_week(self, week: SeasonWeek, wanted: Iterable[str]) -> dict[str, Person]:
        """Return those of the `wanted` ids of the platform that belong to an NFL player."""
        wanted = list(wanted)
        players = of_week(self._players, week)
        mapped_ids = {self._mapped.get(identity, {}).get("player_id") for identity in wanted}
        # A week's rosters have thousands of players, a league a few hundred.
        is_wanted = pc.or_(
            pc.is_in(players[self._id_column], pa.array(wanted, pa.string())),
            pc.is_in(players["player_id"], pa.array(mapped_ids - {None}, pa.string())),
        )
        rows = players.filter(is_wanted).to_pylist()
        by_id = {row[self._id_column]: row for row in rows}
        by_player = {row["player_id"]: row for row in rows}
        found: dict[str, Person] = {}
        for identity in wanted:
            mapped = self._mapped.get(identity, {})
            # A roster without the platform's id may still have the player.
            on_roster = by_id.get(identity) or by_player.get(mapped.get("player_id"))
            if mapped or on_roster:
                found[identity] = {**mapped, **(on_roster or {})}
        return found


def league_rosters(
    league: str,
    at: SeasonWeek,
    found: LeagueWeek,
    directory: Directory,
    look_up: Callable[[Iterable[str]], Mapping[str, Person]],
) -> tuple[pa.Table, list[str]]:
    """Return the rosters of a league in one week, and a warning that names players without an id.

    Args:
        league: name of the league.
        found: the platform's rosters.
        directory: finds players by the platform's id.
        look_up: asks the platform about players whom the directory lacks.
    """
    wanted = {spot.player for spot in found.spots if not spot.is_defence}
    known = directory.of_week(at, wanted)
    absent = wanted - set(known)
    people = {**look_up(absent), **known} if absent else known
    rows = [_row(league, at, spot, people.get(spot.player, {})) for spot in found.spots]
    unmapped = [row for row in rows if row["player_id"] is None and row["position"] != "DEF"]
    warnings = []
    if unmapped:
        names = [row["player_name"] or row["platform_player_id"] for row in unmapped]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        warnings.append(
            f"league {league} {at}: not scored, because they have no NFL id: "
            f"{', '.join(names[:_LISTED])}{more}"
        )
    return pa.Table.from_pylist(rows, schema=LEAGUE_ROSTERS.arrow_schema), warnings


def _row(league: str, at: SeasonWeek, spot: Spot, person: Person) -> dict[str, Any]:
    stated = "/".join(spot.positions) or None
    position = spot.positions[0] if spot.positions else None
    return {
        "season": at.season,
        "week": at.week,
        "league": league,
        "team_id": spot.team_id,
        "player_id": _defence_id(spot) if spot.is_defence else person.get("player_id"),
        "platform_player_id": spot.player,
        "player_name": spot.team if spot.is_defence else person.get("player_name") or spot.name,
        "position": person.get("position") or position,
        "fantasy_positions": stated or person.get("fantasy_positions") or person.get("position"),
        "team": spot.team or person.get("team"),
        "slot": spot.slot,
        "slot_number": spot.number,
        "started": spot.number is not None,
        "platform_points": spot.points,
    }


def _defence_id(spot: Spot) -> str | None:
    return None if spot.team is None else f"{DST}-{spot.team}"


def sleepers_people(
    players: Mapping[str, Mapping[str, Any]], ids: Iterable[str]
) -> dict[str, Person]:
    """Return players as Sleeper's own list has them; without a gsis_id, `player_id` is None."""
    people: dict[str, Person] = {}
    for identity in ids:
        if stated := players.get(identity):
            positions = [str(name) for name in stated.get("fantasy_positions") or []]
            people[identity] = {
                # Sleeper writes some ids with a blank before them.
                "player_id": (stated.get("gsis_id") or "").strip() or None,
                "player_name": stated.get("full_name"),
                "position": positions[0] if positions else stated.get("position"),
                "fantasy_positions": "/".join(positions) or None,
            }
    return people


def of_league(table: pa.Table, name: str) -> pa.Table:
    """Return the rows of one league."""
    return table.filter(pc.equal(table["league"], name))

"""Build `optimal_lineups`: the best line-up of every team of a league, projected and actual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from fantasy_pipeline.decisions.league_week import Week
from fantasy_pipeline.decisions.lineup import best_starters
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import starting_slots
from fantasy_pipeline.football.tables.decisions import ACTUAL, OPTIMAL_LINEUPS, PROJECTED
from fantasy_pipeline.leagues.tables import best_of_week, eligible

Row = Mapping[str, Any]


def projected_lineups(league: str, at: SeasonWeek, week: Week) -> pa.Table:
    """Return the line-ups with the most expected points.

    Players on injured reserve and taxi squad do not start. Equal line-ups change as little as
    possible.

    Args:
        week: the league's week as known before its first game.

    Returns:
        `OPTIMAL_LINEUPS` rows of one league and week.
    """
    slots = starting_slots(week.of.slots)
    rows = [
        {
            **_key(league, at, team, PROJECTED, slots, number),
            "player_id": one.player_id,
            "platform_player_id": one.id,
            "player_name": one.name,
            "fantasy_positions": "/".join(one.positions) or None,
            "team": one.team,
            "points": one.points.expected,
            "estimated": one.position in week.estimated,
        }
        for team, players in week.rosters.items()
        for number, one in best_starters(slots, players).items()
    ]
    return _table(rows)


def actual_lineups(
    league: str, at: SeasonWeek, slots: Sequence[str], points: pa.Table, rosters: pa.Table
) -> pa.Table:
    """Return the line-ups with the most points scored, as `league_matchups` adds them up.

    Args:
        slots: slots of a roster.
        points, rosters: `LEAGUE_POINTS` and `LEAGUE_ROSTERS` rows of one league and week, in the
            same order.

    Returns:
        `OPTIMAL_LINEUPS` rows of one league and week; none before its first game is over.
    """
    slots = starting_slots(slots)
    if points["points"].null_count == points.num_rows:
        return _table([])
    by_team: dict[str, list[Row]] = {}
    more = rosters.select(["slot", "fantasy_positions"]).to_pylist()
    for row, on_roster in zip(points.to_pylist(), more, strict=True):
        by_team.setdefault(row["team_id"], []).append({**row, **on_roster})
    rows = []
    for team, players in by_team.items():
        chosen, worth = best_of_week(slots, players)
        for number, player in chosen.items():
            rows.append(
                {
                    **players[player],
                    **_key(league, at, team, ACTUAL, slots, number),
                    "fantasy_positions": "/".join(dict.fromkeys(eligible(players[player]))) or None,
                    "points": worth[player],
                    "estimated": False,
                }
            )
    return _table(rows)


def _key(
    league: str, at: SeasonWeek, team: str, kind: str, slots: Sequence[str], number: int
) -> dict[str, Any]:
    return {
        "season": at.season,
        "week": at.week,
        "league": league,
        "team_id": team,
        "kind": kind,
        "slot_number": number,
        "slot": slots[number],
    }


def _table(rows: Sequence[Row]) -> pa.Table:
    names = OPTIMAL_LINEUPS.column_names
    shown = [{name: row[name] for name in names} for row in rows]
    return OPTIMAL_LINEUPS.shaped(pa.Table.from_pylist(shown, schema=OPTIMAL_LINEUPS.arrow_schema))

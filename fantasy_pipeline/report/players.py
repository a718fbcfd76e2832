"""Build the players of a week from the lake's tables, rank them, and choose those to list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from fantasy_pipeline.decisions.comparison import Stated
from fantasy_pipeline.decisions.outcomes import Points
from fantasy_pipeline.football.positions import DST, PROJECTED_POSITIONS
from fantasy_pipeline.football.scoring import SCORINGS, Scoring, suffix
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.tables.history import TARGET_STATS
from fantasy_pipeline.projections.model.features import shrunken_mean

LISTED = {
    **{"QB": 36, "RB": 72, "WR": 90, "TE": 36, "K": 32, DST: 32},
    **{"DL": 48, "LB": 60, "DB": 60},
}
"""Players per position in the rankings; fantasy teams roster hardly any others."""
RECENT_WEEKS = 8
"""Weeks with games since a player's last game, up to which his average counts as missed points."""
_BEFORE_GAME = (
    "avg_fantasy_points_ppr",
    "avg_targets",
    "avg_carries",
    "weeks_since_game",
    "on_bye",
)
AFTER_GAME = ("target_played", *(f"target_{s}" for s in SCORINGS))
"""Columns of `PLAYER_HISTORY` with the results of the week."""
HISTORY_COLUMNS = (
    *PLAYER_WEEK,
    "position",
    "weight",
    "prior_fantasy_points_ppr",
    *_BEFORE_GAME,
    *AFTER_GAME,
)
"""Columns of `PLAYER_HISTORY` that the report reads."""


@dataclass(frozen=True)
class Player:
    """A player of the week.

    Args:
        points: projected points by scoring.
        usual: PPR points per game to expect in an average week if he plays; his average, shrunken
            towards the mean of his position.
        mean: his own recency-weighted average of PPR points per game.
        reason: why he is projected 0 or less than usual; None: no reason.
        injury: the injury named by the injury report.
        practice: his participation in the last practice.
        targets, carries: recency-weighted averages per game.
        weeks_since_game: weeks with games since his last game; None: he has not played yet.
        actual: points by scoring; empty until he has played the week.
        nflcom_half, model_half: projections of NFL.com and of our model, half-PPR points.
        sources: number of sources that project him.
        spread: points between those sources, half-PPR.
        plays: chance that he plays, 0-1.
        implied_total: points that the betting line expects of his team.
        matchup: points that his opponent allows the position, relative to the mean of the league.
        spread_line: points by which his team is favoured; negative: it is the underdog.
        stated: what each source states, by name.
        line: projected stats by name; empty if only points are projected.
        kickoff: kick-off of his game; None: on a bye, or unknown.
    """

    player_id: str
    name: str
    position: str
    team: str
    opponent: str | None
    is_home: bool | None
    points: Mapping[Scoring, Points]
    usual: float = 0.0
    mean: float = 0.0
    reason: str | None = None
    injury_status: str | None = None
    injury: str | None = None
    practice: str | None = None
    on_bye: bool = False
    targets: float = 0.0
    carries: float = 0.0
    weeks_since_game: int | None = None
    actual: Mapping[Scoring, float] = field(default_factory=dict)
    nflcom_half: float | None = None
    model_half: float | None = None
    sources: int | None = None
    spread: float | None = None
    plays: float = 1.0
    line: Mapping[str, float] = field(default_factory=dict)
    kickoff: datetime | None = None
    implied_total: float | None = None
    matchup: float | None = None
    spread_line: float | None = None
    stated: Mapping[str, Stated] = field(default_factory=dict)

    @property
    def missed(self) -> float:
        """Average PPR points per game that his team misses; 0 if he has not played recently.

        This is his own average: shrunken towards the position's mean, it would overrate backups.
        """
        recent = self.weeks_since_game is not None and self.weeks_since_game <= RECENT_WEEKS
        return self.mean if recent else 0.0

    @property
    def is_out(self) -> bool:
        """True if he is projected 0 points in every scoring."""
        return all(points.expected == 0 for points in self.points.values())


def players_of(
    projections: pa.Table,
    history: pa.Table,
    raw_players: pa.Table,
    kickoffs: Mapping[str, datetime] | None = None,
    defence_points: Mapping[str, float] | None = None,
    spreads: Mapping[str, float] | None = None,
    stated: Mapping[str, Mapping[str, Stated]] | None = None,
) -> list[Player]:
    """Return all projected players of one week, in the order of the projections.

    Args:
        projections: `PROJECTIONS` rows of the week.
        history: `HISTORY_COLUMNS` of `PLAYER_HISTORY`, rows of the week.
        raw_players: `RAW_PLAYERS` rows of the week, for injuries.
        kickoffs: kick-offs of the week's games by team.
        defence_points: actual points of team defences by player id.
        spreads: points by which each team is favoured.
        stated: what each source states, by player id and source.
    """
    history_of = _by_player(history, [*_BEFORE_GAME, *AFTER_GAME])
    usual = dict(
        zip(history["player_id"].to_pylist(), shrunken_mean(history, "ppr").tolist(), strict=True)
    )
    injuries = _by_player(raw_players, ["injury", "practice_status"])
    names = [name for name in projections.column_names if name in _PROJECTED]
    for player_id, points in (defence_points or {}).items():
        history_of[player_id] = {"target_played": True, **{f"target_{s}": points for s in SCORINGS}}
    return [
        _player(
            row,
            history_of.get(row["player_id"], {}),
            injuries.get(row["player_id"], {}),
            usual.get(row["player_id"], 0.0),
            (kickoffs or {}).get(row["team"]),
            (spreads or {}).get(row["team"]),
            (stated or {}).get(row["player_id"], {}),
        )
        for row in projections.select(names).to_pylist()
    ]


def _player(
    row: Mapping[str, Any],
    history: Mapping[str, Any],
    injury: Mapping[str, Any],
    usual: float,
    kickoff: datetime | None,
    spread_line: float | None,
    stated: Mapping[str, Stated],
) -> Player:
    """Return one player from his rows of the projections, the history and the injury report."""
    return Player(
        player_id=row["player_id"],
        name=row["player_name"] or row["player_id"],
        position=row["position"],
        team=row["team"] or "",
        opponent=row["opponent"],
        is_home=row["is_home"],
        points={s: _points(row, s) for s in SCORINGS},
        usual=usual,
        mean=history.get("avg_fantasy_points_ppr") or 0.0,
        reason=row["reason"],
        injury_status=row["injury_status"],
        injury=injury.get("injury"),
        practice=injury.get("practice_status"),
        on_bye=bool(history.get("on_bye")),
        targets=history.get("avg_targets") or 0.0,
        carries=history.get("avg_carries") or 0.0,
        weeks_since_game=history.get("weeks_since_game"),
        actual=(
            {s: history[f"target_{s}"] for s in SCORINGS} if history.get("target_played") else {}
        ),
        nflcom_half=row["nflcom_half"],
        model_half=row["model_half"],
        sources=row["sources"],
        spread=row["spread"],
        plays=row["plays"],
        line={name: row[name] for name in TARGET_STATS if row[name] is not None},
        kickoff=kickoff,
        implied_total=row["implied_team_total"],
        matchup=row["opponent_factor"],
        spread_line=spread_line,
        stated=stated,
    )


_PROJECTED = (
    *("player_id", "player_name", "position", "team", "opponent", "is_home", "reason"),
    *("injury_status", "nflcom_half", "model_half", "sources", "spread", "plays"),
    *("implied_team_total", "opponent_factor"),
    *TARGET_STATS,
    *(f"{name}{suffix(s)}" for s in SCORINGS for name in ("projected_points", "p10", "p50", "p90")),
)


def _points(row: Mapping[str, Any], scoring: Scoring) -> Points:
    """Return the projected points of a `PROJECTIONS` row in one scoring."""
    end = suffix(scoring)
    return Points(*(row[f"{name}{end}"] for name in ("projected_points", "p10", "p50", "p90")))


def _by_player(table: pa.Table, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the values of some columns by player id."""
    rows = table.select(["player_id", *columns]).to_pylist()
    return {row["player_id"]: row for row in rows}


def ranked(players: Sequence[Player], position: str, scoring: Scoring) -> list[Player]:
    """Return the players of a position, best projection first, then by usual points."""
    of_position = [player for player in players if player.position == position]
    return sorted(of_position, key=lambda p: (-p.points[scoring].expected, -p.usual, p.player_id))


def listed_players(players: Sequence[Player], teams: int = 12) -> list[Player]:
    """Return the players that the rankings list, by position.

    These are the best `LISTED` of each position in PPR, and those who are out but whose usual
    points are among the position's best two per team.
    """
    listed = []
    for position in PROJECTED_POSITIONS:
        of_position = ranked(players, position, "ppr")
        playing = [player for player in of_position if not player.is_out]
        listed += playing[: LISTED[position]]
        usual = sorted((player.usual for player in of_position), reverse=True)
        cutoff = usual[min(2 * teams, len(usual)) - 1] if usual else 0.0
        listed += [p for p in of_position if p.is_out and p.usual >= max(cutoff, 1.0)]
    return listed

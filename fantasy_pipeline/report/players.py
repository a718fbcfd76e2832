"""The board: the players of a week that the report lists, with everything it says of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.football.scoring import SCORINGS, Scoring, suffix
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PLAYER_WEEK
from fantasy_pipeline.football.tables.history import TARGET_STATS
from fantasy_pipeline.projections.model.baseline import shrunken_mean

if TYPE_CHECKING:
    import pyarrow as pa

LISTED = {"QB": 36, "RB": 72, "WR": 90, "TE": 36, "K": 32}
"""Players per position in the rankings; beyond them nobody is in anyone's team."""
LATELY = 8
"""Weeks of football since a player's last game up to which his mean says what is missed."""
_BEFORE = ("avg_fantasy_points_ppr", "avg_targets", "avg_carries", "weeks_since_game", "on_bye")
_AFTER = ("target_played", *(f"target_{s}" for s in SCORINGS))
HISTORY_COLUMNS = (
    *PLAYER_WEEK,
    "position",
    "weight",
    "prior_fantasy_points_ppr",
    *_BEFORE,
    *_AFTER,
)
"""Columns of `PLAYER_HISTORY` that are read."""


@dataclass(frozen=True)
class Points:
    """Projected points in one scoring: expected, floor, median and ceiling."""

    expected: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class Player:
    """A player of the week.

    Args:
        points: by scoring.
        usual: PPR points per game to expect of him in an average week, playing; of who has played
            little, mostly what his position's players score.
        mean: his own recency-weighted mean of PPR points per game.
        reason: why he is projected 0 or less than usual, if so.
        injury: what the injury report names; `practice`: his last practice.
        targets, carries: recency-weighted mean per game.
        weeks_since_game: weeks of football since his last game; None: none yet.
        actual: points by scoring, once the week is played and he did.
        nflcom_half, model_half: NFL.com's and our model's projection, half-PPR.
        sources, spread: how many project him, and how far apart they are, half-PPR.
        plays: chance that he plays, 0-1.
        line: projected stats by name; empty where only points are projected.
        kickoff: of his game; None: a bye, or not known.
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

    @property
    def missed(self) -> float:
        """PPR points per game that are missed without him; 0: he has not played lately.

        His own mean: what his position's players score says nothing of a backup.
        """
        lately = self.weeks_since_game is not None and self.weeks_since_game <= LATELY
        return self.mean if lately else 0.0

    @property
    def is_out(self) -> bool:
        """Projected nothing in any scoring."""
        return all(points.expected == 0 for points in self.points.values())


def players_of(
    projections: pa.Table,
    history: pa.Table,
    raw_players: pa.Table,
    kickoffs: Mapping[str, datetime] | None = None,
) -> list[Player]:
    """All projected players of one week.

    Args:
        projections: `PROJECTIONS` rows of the week.
        history: `HISTORY_COLUMNS` of `PLAYER_HISTORY`, rows of the week.
        raw_players: `RAW_PLAYERS` rows of the week, for injuries.
        kickoffs: by team, of the week's games.
    """
    known = _by_player(history, [*_BEFORE, *_AFTER])
    usual = dict(
        zip(history["player_id"].to_pylist(), shrunken_mean(history, "ppr").tolist(), strict=True)
    )
    reports = _by_player(raw_players, ["injury", "practice_status"])
    names = [name for name in projections.column_names if name in _PROJECTED]
    players = []
    for row in projections.select(names).to_pylist():
        before = known.get(row["player_id"], {})
        report = reports.get(row["player_id"], {})
        players.append(
            Player(
                player_id=row["player_id"],
                name=row["player_name"] or row["player_id"],
                position=row["position"],
                team=row["team"] or "",
                opponent=row["opponent"],
                is_home=row["is_home"],
                points={s: _points(row, s) for s in SCORINGS},
                usual=usual.get(row["player_id"], 0.0),
                mean=before.get("avg_fantasy_points_ppr") or 0.0,
                reason=row["reason"],
                injury_status=row["injury_status"],
                injury=report.get("injury"),
                practice=report.get("practice_status"),
                on_bye=bool(before.get("on_bye")),
                targets=before.get("avg_targets") or 0.0,
                carries=before.get("avg_carries") or 0.0,
                weeks_since_game=before.get("weeks_since_game"),
                actual=(
                    {s: before[f"target_{s}"] for s in SCORINGS}
                    if before.get("target_played")
                    else {}
                ),
                nflcom_half=row["nflcom_half"],
                model_half=row["model_half"],
                sources=row["sources"],
                spread=row["spread"],
                plays=row["plays"],
                line={name: row[name] for name in TARGET_STATS if row[name] is not None},
                kickoff=(kickoffs or {}).get(row["team"]),
            )
        )
    return players


_PROJECTED = (
    *("player_id", "player_name", "position", "team", "opponent", "is_home", "reason"),
    *("injury_status", "nflcom_half", "model_half", "sources", "spread", "plays"),
    *TARGET_STATS,
    *(f"{name}{suffix(s)}" for s in SCORINGS for name in ("projected_points", "p10", "p50", "p90")),
)


def _points(row: Mapping[str, Any], scoring: Scoring) -> Points:
    end = suffix(scoring)
    return Points(*(row[f"{name}{end}"] for name in ("projected_points", "p10", "p50", "p90")))


def _by_player(table: pa.Table, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = table.select(["player_id", *columns]).to_pylist()
    return {row["player_id"]: row for row in rows}


def ranked(players: Sequence[Player], position: str, scoring: Scoring) -> list[Player]:
    """Players of a position, best first; those projected nothing last, by their usual points."""
    own = [player for player in players if player.position == position]
    return sorted(own, key=lambda p: (-p.points[scoring].expected, -p.usual, p.player_id))


def board(players: Sequence[Player], teams: int = 12) -> list[Player]:
    """Who is listed: the best `LISTED` of each position in PPR, and who is out but would be.

    Someone projected nothing is listed if his usual points would put him among the position's
    best two per team.
    """
    kept = []
    for position in FANTASY_POSITIONS:
        own = ranked(players, position, "ppr")
        playing = [player for player in own if not player.is_out]
        kept += playing[: LISTED[position]]
        usual = sorted((player.usual for player in own), reverse=True)
        line = usual[min(2 * teams, len(usual)) - 1] if usual else 0.0
        kept += [player for player in own if player.is_out and player.usual >= max(line, 1.0)]
    return kept

"""Who is missing, and the usage that is free for others: targets and carries per game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fantasy_pipeline.projections.model_projections import ROSTER_REASONS
from fantasy_pipeline.report.players import Player

RECENT = 4
"""Weeks of football since a player's last game up to which his usage is newly free."""
ELSEWHERE = {ROSTER_REASONS[code] for code in ("DEV", "CUT", "RET", "NWT")}
"""Reasons of players whom nobody expects to play."""
LEAST_MISSED = 4.0
"""PPR points per game from which on an absence matters."""
LEAST_USAGE = 4.0
"""Targets and carries per game from which on a team's free usage is shown."""


@dataclass(frozen=True)
class Vacated:
    """What the absent players of a team leave, per game.

    Args:
        heirs: team mates who play, of the positions that it falls to, best projected first.
    """

    team: str
    absent: tuple[Player, ...]
    targets: float
    carries: float
    heirs: tuple[Player, ...]


def absent(players: Sequence[Player], most: int = 30) -> list[Player]:
    """Players of note who will not play, byes left out; the most missed first."""
    gone = [
        player
        for player in players
        if player.is_out
        and not player.on_bye
        and player.reason not in ELSEWHERE
        and player.missed >= LEAST_MISSED
        and _is_new(player)
    ]
    return sorted(gone, key=lambda player: (-player.missed, player.player_id))[:most]


def doubtful(players: Sequence[Player], most: int = 20) -> list[Player]:
    """Players of note who may not play, by what is projected or would be missed, most first."""

    def worth(player: Player) -> float:
        return max(player.missed, player.points["ppr"].expected)

    may_miss = [
        player
        for player in players
        if not player.is_out
        and player.injury_status in ("Questionable", "Doubtful")
        and worth(player) >= LEAST_MISSED
    ]
    return sorted(may_miss, key=lambda player: (-worth(player), player.player_id))[:most]


def on_bye(players: Sequence[Player], each: int = 3) -> dict[str, list[Player]]:
    """Teams without a game, and the players of each who are missed most; maybe nobody of note."""
    teams: dict[str, list[Player]] = {}
    for player in sorted(players, key=lambda player: (-player.missed, player.player_id)):
        if player.on_bye and player.team:
            own = teams.setdefault(player.team, [])
            if player.missed >= LEAST_MISSED:
                own.append(player)
    return {team: teams[team][:each] for team in sorted(teams)}


def vacated(players: Sequence[Player], most: int = 10) -> list[Vacated]:
    """Targets and carries per game that absent players leave, by team, the most first."""
    teams: dict[str, list[Player]] = {}
    for player in players:
        if player.is_out and not player.on_bye and player.team and _is_new(player):
            teams.setdefault(player.team, []).append(player)
    out = []
    for team, gone in teams.items():
        targets = sum(player.targets for player in gone)
        carries = sum(_carries(player) for player in gone)
        if targets + carries < LEAST_USAGE:
            continue
        positions = {"RB"} if carries > targets else {"WR", "TE", "RB"}
        heirs = [
            player
            for player in players
            if player.team == team and not player.is_out and player.position in positions
        ]
        heirs.sort(key=lambda player: -player.points["ppr"].expected)
        gone.sort(key=lambda player: -(player.targets + _carries(player)))
        counted = tuple(player for player in gone if player.targets + _carries(player) >= 1)
        out.append(Vacated(team, counted, round(targets, 1), round(carries, 1), tuple(heirs[:3])))
    return sorted(out, key=lambda item: (-(item.targets + item.carries), item.team))[:most]


def _carries(player: Player) -> float:
    """Carries that others may get: a passer's are his own."""
    return player.carries if player.position == "RB" else 0.0


def _is_new(player: Player) -> bool:
    return player.weeks_since_game is not None and player.weeks_since_game <= RECENT

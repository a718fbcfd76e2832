"""Absent players and the usage that they vacate: targets and carries per game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fantasy_pipeline.projections.model_projections import ROSTER_REASONS
from fantasy_pipeline.report.players import Player

RECENT_WEEKS = 4
"""Weeks with games since a player's last game, up to which his usage counts as vacated."""
NOT_EXPECTED = {ROSTER_REASONS[code] for code in ("DEV", "CUT", "RET", "NWT")}
"""Reasons of absence that are not news: practice squad, released, retired, not with the team."""
MIN_MISSED = 4.0
"""PPR points per game from which an absence is listed."""
MIN_USAGE = 4.0
"""Targets plus carries per game from which a team's vacated usage is listed."""


@dataclass(frozen=True)
class Vacated:
    """The usage per game that the absent players of a team leave to others.

    Args:
        absent: players with at least one target or carry per game, most usage first.
        beneficiaries: players of the team who play, at the positions that take over the usage, best
            projection first.
    """

    team: str
    absent: tuple[Player, ...]
    targets: float
    carries: float
    beneficiaries: tuple[Player, ...]


def absent(players: Sequence[Player], most: int = 30) -> list[Player]:
    """Return the relevant players who are out and not on a bye, most missed points first."""
    out = [
        player
        for player in players
        if player.is_out
        and not player.on_bye
        and player.reason not in NOT_EXPECTED
        and player.missed >= MIN_MISSED
        and _played_recently(player)
    ]
    return sorted(out, key=lambda player: (-player.missed, player.player_id))[:most]


def doubtful(players: Sequence[Player], most: int = 20) -> list[Player]:
    """Return the relevant players who may not play, by projected or missed points, most first."""

    def worth(player: Player) -> float:
        return max(player.missed, player.points["ppr"].expected)

    may_miss = [
        player
        for player in players
        if not player.is_out
        and player.injury_status in ("Questionable", "Doubtful")
        and worth(player) >= MIN_MISSED
    ]
    return sorted(may_miss, key=lambda player: (-worth(player), player.player_id))[:most]


def on_bye(players: Sequence[Player], each: int = 3) -> dict[str, list[Player]]:
    """Return the teams on a bye, each with its most missed players; the list may be empty."""
    teams: dict[str, list[Player]] = {}
    for player in sorted(players, key=lambda player: (-player.missed, player.player_id)):
        if player.on_bye and player.team:
            of_team = teams.setdefault(player.team, [])
            if player.missed >= MIN_MISSED:
                of_team.append(player)
    return {team: teams[team][:each] for team in sorted(teams)}


def vacated(players: Sequence[Player], most: int = 10) -> list[Vacated]:
    """Return the targets and carries per game that absent players vacate, by team, most first."""
    teams: dict[str, list[Player]] = {}
    for player in players:
        if player.is_out and not player.on_bye and player.team and _played_recently(player):
            teams.setdefault(player.team, []).append(player)
    usage = []
    for team, out in teams.items():
        targets = sum(player.targets for player in out)
        carries = sum(_carries(player) for player in out)
        if targets + carries < MIN_USAGE:
            continue
        positions = {"RB"} if carries > targets else {"WR", "TE", "RB"}
        beneficiaries = [
            player
            for player in players
            if player.team == team and not player.is_out and player.position in positions
        ]
        beneficiaries.sort(key=lambda player: -player.points["ppr"].expected)
        out.sort(key=lambda player: -(player.targets + _carries(player)))
        with_usage = tuple(player for player in out if player.targets + _carries(player) >= 1)
        usage.append(
            Vacated(
                team, with_usage, round(targets, 1), round(carries, 1), tuple(beneficiaries[:3])
            )
        )
    return sorted(usage, key=lambda item: (-(item.targets + item.carries), item.team))[:most]


def _carries(player: Player) -> float:
    """Return the carries that team mates may take over: those of a running back only."""
    return player.carries if player.position == "RB" else 0.0


def _played_recently(player: Player) -> bool:
    return player.weeks_since_game is not None and player.weeks_since_game <= RECENT_WEEKS

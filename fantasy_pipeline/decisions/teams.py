"""Find the fantasy team that a person names."""

from __future__ import annotations

from collections.abc import Sequence

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.ingest.leagues.base import Team


def find_team(teams: Sequence[Team], text: str) -> Team:
    """Return the team whom a text names: its id, its name or manager, or a part of one of them.

    Raises:
        InvalidArgumentError: the text names no team, or several.
    """
    wanted = text.strip().casefold()
    names = [
        (team, [part.casefold() for part in (team.name, team.manager) if part]) for team in teams
    ]
    for matches in (
        [team for team in teams if team.team_id == text.strip()],
        [team for team, known in names if wanted in known],
        [team for team, known in names if wanted and any(wanted in part for part in known)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InvalidArgumentError(
                f"team {text!r} names {len(matches)} teams: {_listed(matches)}; give the id."
            )
    raise InvalidArgumentError(f"there is no team {text!r}; the league has {_listed(teams)}.")


def _listed(teams: Sequence[Team]) -> str:
    names = [(team.name or team.manager or "without a name", team.team_id) for team in teams]
    return ", ".join(name if name == of_id else f"{name} ({of_id})" for name, of_id in names)

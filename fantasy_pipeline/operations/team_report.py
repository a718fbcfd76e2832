"""Gather the section *Your team* of a league's report: line-up, odds, free agents, byes to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fantasy_pipeline.decisions.league_week import rosters_until
from fantasy_pipeline.decisions.odds import in_percent
from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import REST_OF_SEASON
from fantasy_pipeline.operations.lineups import team_lineup
from fantasy_pipeline.operations.odds import league_odds
from fantasy_pipeline.operations.waivers import waivers
from fantasy_pipeline.report.league_page import YourTeam

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session

FREE_AGENTS = 8
"""Free agents in the report."""


def your_team(session: Session, league: str, team: str, week: SeasonWeek) -> YourTeam:
    """Return the section of a team. What cannot be made is a note.

    Raises:
        InvalidArgumentError: an unknown or ambiguous team.
        NotMaterializedError: the lake lacks the week's projections, or rosters of the season.
    """
    found = team_lineup(session.lake, league, team, week, session.present)
    notes = []
    if found.rosters_of != found.week:
        notes.append(f"The rosters are those of {found.rosters_of}.")
    if found.opponent is None:
        notes.append("The lake does not have the opponent yet.")
    if found.estimated:
        positions = ", ".join(found.estimated)
        notes.append(f"Not projected, so at the mean of the league's starters: {positions}.")
    try:
        free = waivers(session, league, team, week, FREE_AGENTS)
        agents = [one.to_json() for one in free.players]
    except InvalidArgumentError:
        raise
    except PipelineError as error:
        agents = []
        notes.append(f"No free agents: {error}")
    return YourTeam(
        name=found.team.name or found.team.team_id,
        lineup=found.lineup,
        opponent=None
        if found.opponent is None
        else (
            found.opponent[0].name or found.opponent[0].team_id,
            found.opponent[1],
        ),
        free_agents=agents,
        byes=_byes(session, league, found.team.team_id, week),
        notes=notes,
        odds=_odds(session, league, found.team.team_id, week),
    )


def _odds(session: Session, league: str, team_id: str, week: SeasonWeek) -> str | None:
    """Return the team's odds before the week; None where they cannot be computed.

    Many leagues have none: a league file need not state the play-off rules, and the lake may
    lack earlier weeks. So the reason is no note.
    """
    try:
        found = league_odds(session, league, week)
    except PipelineError:
        return None
    own = next((one for one in found.teams if one.team.team_id == team_id), None)
    if own is None:
        return None
    chances = {"play-offs": own.playoffs, "bye": own.bye, "title": own.title}
    if not found.rules.byes:
        del chances["bye"]
    listed = ", ".join(f"{name} {in_percent(chance)}" for name, chance in chances.items())
    return f"Odds before the week: {listed}."


def _byes(session: Session, league: str, team_id: str, week: SeasonWeek) -> dict[int, list[str]]:
    """Return the players of a team who rest in each coming week; weeks without any are left out."""
    rest = session.lake.read_if_stored(
        REST_OF_SEASON, week, columns=["player_id", "target_week", "bye", "points"]
    )
    if rest is None:
        return {}
    _, rosters = rosters_until(session.lake, league, week)
    names = {row["player_id"]: row["player_name"] for row in rosters if row["team_id"] == team_id}
    found: dict[int, list[str]] = {}
    for row in sorted(rest.to_pylist(), key=lambda row: row["target_week"]):
        if row["bye"] and row["target_week"] > week.week and row["player_id"] in names:
            found.setdefault(row["target_week"], []).append(names[row["player_id"]])
    return found

"""Free agents of a registered league, by what they add to a team: read what is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fantasy_pipeline.decisions.scored import projected
from fantasy_pipeline.decisions.teams import find_team
from fantasy_pipeline.decisions.trade import Owned
from fantasy_pipeline.decisions.waivers import Pickup, best_pickups
from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.calendar import games_from_table
from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import RESERVED, starting_slots
from fantasy_pipeline.football.tables import GAMES, RAW_PLAYERS
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team
from fantasy_pipeline.lake.queries import week_projections
from fantasy_pipeline.leagues.defenders import with_defenders
from fantasy_pipeline.leagues.tables import scoring_of
from fantasy_pipeline.leagues.team_defence import scored_defences
from fantasy_pipeline.leagues.view import projection_id
from fantasy_pipeline.operations.market import Trending, trending_adds
from fantasy_pipeline.operations.rest_points import rest_points
from fantasy_pipeline.operations.trades import league_rosters, owned
from fantasy_pipeline.orchestration.workspace import Workspace


@dataclass(frozen=True)
class FreeAgent:
    """A free agent.

    Args:
        about: his row of `projections`.
        adds: managers of Sleeper who added him in the last day; None: not among the most added.
    """

    about: Mapping[str, Any]
    pickup: Pickup
    adds: int | None

    def to_json(self) -> dict[str, Any]:
        """Return the player as the command line prints him."""
        pickup = self.pickup
        return {
            "player_id": self.about["player_id"],
            "player": self.about["player_name"],
            "position": self.about["position"],
            "nfl_team": self.about["team"],
            "this_week": pickup.this_week,
            "rest_of_season": pickup.rest_of_season,
            "drop": None if pickup.drop is None else pickup.drop.name,
            "projected_points": self.about["points"],
            "status": self.about["reason"] or self.about["injury_status"],
            "trending_adds": self.adds,
        }


@dataclass(frozen=True)
class Waivers:
    """The best free agents for a team.

    Args:
        rosters_of: week of the rosters, an earlier one if the lake lacks the week's.
        note: why trending adds are missing; None: they are there.
    """

    league: str
    week: SeasonWeek
    team: Team
    players: Sequence[FreeAgent]
    rosters_of: SeasonWeek
    note: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the free agents as the command line prints them in JSON."""
        week, rosters = self.week, self.rosters_of
        return {
            "league": self.league,
            "season": week.season,
            "week": week.week,
            "team_id": self.team.team_id,
            "team_name": self.team.name,
            "rosters_of": {"season": rosters.season, "week": rosters.week},
            "note": self.note,
            "players": [one.to_json() for one in self.players],
        }


def waivers(
    workspace: Workspace, league: str, team: str, week: SeasonWeek, top: int = 10
) -> Waivers:
    """Return the free agents who add most to a team's line-ups until the season's end.

    A player whose game has kicked off adds nothing this week, and stays on the team. Players who
    add nothing are left out.

    Args:
        team: id, name or manager of a team, or a part of them.
        top: number of players.

    Raises:
        InvalidArgumentError: an unknown or ambiguous league or team.
        NotMaterializedError: the lake lacks the rosters or the rest of the season.
        PipelineError: the season is over.
    """
    lake = workspace.lake
    of, rosters_of, rosters = league_rosters(lake, league, week)
    chosen = find_team(of.teams, team)
    own = [row for row in rosters if row["team_id"] == chosen.team_id]
    if not own:
        raise NotMaterializedError(
            f"league_rosters {rosters_of}: team {chosen.name or chosen.team_id} has no players. "
            "Import the league again with `fantasy-pipeline league add`."
        )
    points = rest_points(lake, week, of)
    rows = _projected(workspace, week, of)
    has_kicked_off = _kicked_off(workspace, week)
    taken = {projection_id(row) for row in rosters}
    free = [row for row in rows if row["player_id"] not in taken and row["player_id"] in points]
    candidates = [
        _free_agent(row, points[row["player_id"]], row["team"] in has_kicked_off) for row in free
    ]
    on_roster = [row for row in own if row["slot"] not in RESERVED]
    droppable = {
        row["platform_player_id"] for row in on_roster if row["team"] not in has_kicked_off
    }
    spots = sum(slot not in RESERVED for slot in of.slots)
    found = best_pickups(
        starting_slots(of.slots),
        [owned(row, points) for row in own],
        candidates,
        None if len(on_roster) < spots else droppable,
    )
    trending = trending_adds(workspace, week)
    adds = _adds_by_player(workspace, week, trending)
    about = {row["player_id"]: row for row in free}
    useful = [one for one in found if max(one.this_week, one.rest_of_season) > 0][:top]
    players = [FreeAgent(about[one.player.id], one, adds.get(one.player.id)) for one in useful]
    return Waivers(league, week, chosen, players, rosters_of, trending.note)


def _projected(workspace: Workspace, week: SeasonWeek, of: LeagueSeason) -> list[dict[str, Any]]:
    lake = workspace.lake
    projections = with_defenders(week_projections(lake, week), lake, [week], of.slots)
    names = ["player_id", "player_name", "position", "team", "reason", "injury_status"]
    rows = projections.select(names).to_pylist()
    found = projected(projections, scoring_of(of), scored_defences(lake))
    return [{**row, "points": own.expected} for row, own in zip(rows, found, strict=True)]


def _free_agent(row: Mapping[str, Any], weeks: tuple[float, ...], has_kicked_off: bool) -> Owned:
    position = "DEF" if row["position"] == DST else row["position"]
    if has_kicked_off:
        weeks = (0.0, *weeks[1:])
    return Owned(row["player_id"], row["player_name"] or row["player_id"], (position,), weeks)


def _kicked_off(workspace: Workspace, week: SeasonWeek) -> set[str]:
    """Return the NFL teams whose game of a week has kicked off.

    Raises:
        PipelineError: every game has.
    """
    schedule = workspace.lake.read_if_stored(GAMES, seasons=[week.season])
    if schedule is None:
        return set()
    games = games_from_table(of_week(schedule, week))
    if games and all(game.kickoff <= workspace.present for game in games):
        before = min(game.kickoff for game in games) - timedelta(hours=1)
        raise PipelineError(
            f"waivers {week}: every game has kicked off, so nobody can be picked up for this week. "
            f"Choose a coming week, or go back in time with --at {before:%Y-%m-%dT%H:%MZ}."
        )
    return {
        team
        for game in games
        if game.kickoff <= workspace.present
        for team in (game.home_team, game.away_team)
    }


def _adds_by_player(workspace: Workspace, week: SeasonWeek, trending: Trending) -> dict[str, int]:
    """Return the trending adds by player id."""
    if not trending.adds:
        return {}
    ids = workspace.lake.read(RAW_PLAYERS, [week], columns=["player_id", "sleeper_id", "team"])
    return {
        row["player_id"]: trending.adds[row["sleeper_id"]]
        for row in ids.to_pylist()
        if row["sleeper_id"] in trending.adds
    } | {f"{DST}-{id_}": count for id_, count in trending.adds.items() if id_.isalpha()}

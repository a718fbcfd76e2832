"""The best line-up of a team of a registered league: read what `decisions/lineup.py` needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fantasy_pipeline.decisions.league_week import league_week
from fantasy_pipeline.decisions.lineup import Candidate, Lineup, Objective, Wishes, best_lineup
from fantasy_pipeline.decisions.players import find_player
from fantasy_pipeline.decisions.teams import find_team
from fantasy_pipeline.errors import InvalidArgumentError, NotMaterializedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import starting_slots
from fantasy_pipeline.football.tables import LEAGUE_MATCHUPS
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.league_season import check_runs, season_for


@dataclass(frozen=True)
class TeamLineup:
    """The best line-up of a team, and its opponent.

    Args:
        rosters_of: week of the rosters, an earlier one if the lake lacks the week's.
        opponent: the opponent's team and its expected points; None: not known.
        estimated: positions without projections, which count with what the league's starters of
            the position scored earlier in the season.
    """

    league: str
    week: SeasonWeek
    team: Team
    lineup: Lineup
    rosters_of: SeasonWeek
    opponent: tuple[Team, float] | None
    estimated: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return the line-up as the command line prints it in JSON."""
        lineup = self.lineup
        return {
            "league": self.league,
            "season": self.week.season,
            "week": self.week.week,
            "team_id": self.team.team_id,
            "team_name": self.team.name,
            "starters": lineup.rows(),
            "projected_points": lineup.total(),
            "p10_sum": lineup.total("p10"),
            "p90_sum": lineup.total("p90"),
            "swaps": lineup.swap_rows(),
            "empty": [
                {"slot": one.slot, "could_fill": list(one.could_fill)} for one in lineup.empty
            ],
            "opponent_id": None if self.opponent is None else self.opponent[0].team_id,
            "opponent_points": None if self.opponent is None else self.opponent[1],
            "chance_to_win": lineup.chance,
            "current_chance_to_win": lineup.current_chance,
            "rosters_of": {"season": self.rosters_of.season, "week": self.rosters_of.week},
            "estimated_positions": self.estimated,
        }


def team_lineup(
    lake: Lake,
    league: str,
    team: str,
    week: SeasonWeek,
    now: datetime,
    objective: Objective = "mean",
    lock: Sequence[str] = (),
    exclude: Sequence[str] = (),
    opponent: str | None = None,
) -> TeamLineup:
    """Return the best line-up of a team for a week.

    Args:
        team, opponent: id, name or manager of a team, or a part of them; opponent None: as
            `league_matchups` has it.
        now: players whose game has kicked off by then cannot be moved; games that are over count
            with the points scored.
        lock, exclude: players of the team who must, and must not, start.

    Raises:
        NotMaterializedError: the lake lacks the week's projections, or rosters of the season.
        InvalidArgumentError: an unknown or ambiguous league, team or player, or a wish that cannot
            be met.
        PipelineError: the season is over.
    """
    registered = registry.find(lake, league)
    of = season_for(lake, registered, week.season)
    check_runs(league, of, week)
    chosen = find_team(of.teams, team)
    named = None if opponent is None else find_team(of.teams, opponent)
    if named == chosen:
        raise InvalidArgumentError(
            f"--opponent {opponent!r} is the team itself; name the team that it plays against."
        )
    found = league_week(lake, league, of, week, now)
    players = found.rosters.get(chosen.team_id, [])
    if not players:
        raise NotMaterializedError(
            f"league_rosters {found.rosters_of}: team {chosen.name or chosen.team_id} has no "
            f"players. Import the league again with `fantasy-pipeline league add`."
        )
    wishes = Wishes(_ids(players, lock), _ids(players, exclude))
    slots = starting_slots(of.slots)
    against = named or _opponent(lake, league, of, week, chosen)
    opposing = None
    if against is not None:
        opposing = best_lineup(slots, found.rosters.get(against.team_id, []))
    lineup = best_lineup(
        slots,
        players,
        objective,
        wishes,
        None if opposing is None else [*opposing.starters.values()],
    )
    return TeamLineup(
        league,
        week,
        chosen,
        lineup,
        found.rosters_of,
        None if against is None or opposing is None else (against, opposing.total()),
        found.estimated,
    )


def _ids(players: Sequence[Candidate], names: Sequence[str]) -> frozenset[str]:
    rows = [
        {"player_id": one.id, "player_name": one.name, "position": one.position, "team": one.team}
        for one in players
    ]
    where = "is on the team"
    return frozenset(str(find_player(rows, name, where)["player_id"]) for name in names)


def _opponent(
    lake: Lake, league: str, of: LeagueSeason, week: SeasonWeek, team: Team
) -> Team | None:
    stored = lake.read_if_stored(LEAGUE_MATCHUPS, week)
    if stored is None:
        return None
    rows = of_league(stored, league).to_pylist()
    ids = {row["opponent_id"] for row in rows if row["team_id"] == team.team_id}
    return next((one for one in of.teams if one.team_id in ids), None)

"""A week of a fantasy league: rosters, and what each player is expected to score."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.decisions.lineup import Candidate
from fantasy_pipeline.decisions.outcomes import Points
from fantasy_pipeline.decisions.scored import actual
from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football.calendar import Game, games_from_table, is_over_by_clock
from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    FANTASY_POSITIONS,
    GAMES,
    LEAGUE_POINTS,
    LEAGUE_ROSTERS,
    RAW_PLAYERS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import codes, of_week
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.lake.queries import week_projections
from fantasy_pipeline.lake.reads import Reads
from fantasy_pipeline.leagues.defenders import with_defenders
from fantasy_pipeline.leagues.projected import projected_points
from fantasy_pipeline.leagues.scoring import Scoring
from fantasy_pipeline.leagues.stat_lines import OF_PLAYERS, with_players
from fantasy_pipeline.leagues.tables import scoring_of
from fantasy_pipeline.leagues.team_defence import scored_defences, team_scoring
from fantasy_pipeline.leagues.view import projection_id

_NOTHING = Points(0.0, 0.0, 0.0, 0.0)
_OF_STARTERS = ("league", "position", "started", "platform_points", "points")


@dataclass(frozen=True)
class Week:
    """A league's week.

    Args:
        rosters: players by team, with what each is expected to score.
        rosters_of: week of the rosters, an earlier one if the lake lacks the week's.
        estimated: positions without projections, which count with what the league's starters of
            the position scored earlier in the season.
    """

    of: LeagueSeason
    rosters: Mapping[str, list[Candidate]]
    rosters_of: SeasonWeek
    estimated: list[str]


class ProjectedPlayers:
    """The projections of some weeks in a league's scoring, by week and player.

    Args:
        projections: `PROJECTIONS` rows, with those of defenders if the league starts any.
        scoring: the league's.
        defences: of `scored_defences`.
    """

    def __init__(self, projections: pa.Table, scoring: Scoring, defences: pa.Table) -> None:
        points = projected_points(projections, scoring, defences)
        names = ("projected_points", "p10", "p50", "p90")
        self._points = list(zip(*(points[name].tolist() for name in names), strict=True))
        note = pc.coalesce(projections["reason"], projections["injury_status"])
        about = (*(projections[name] for name in ("position", "team", "opponent")), note)
        self._about = list(zip(*(column.to_pylist() for column in about), strict=True))
        weeks, ids = codes(projections).tolist(), projections["player_id"].to_pylist()
        keys = zip(weeks, ids, strict=True)
        self._row_of = {key: number for number, key in enumerate(keys)}
        self._weeks = frozenset(weeks)

    def has(self, week: SeasonWeek) -> bool:
        """Return whether a week has projections."""
        return week.code in self._weeks

    def get(self, week: SeasonWeek, player_id: str | None) -> dict[str, Any] | None:
        """Return points, position, team, opponent and note; None: the player is not projected."""
        number = self._row_of.get((week.code, player_id or ""))
        if number is None:
            return None
        position, team, opponent, note = self._about[number]
        about = {"position": position, "team": team, "opponent": opponent, "note": note}
        return {"points": Points(*self._points[number]), **about}


def projected_players(
    projections: pa.Table,
    lake: Reads,
    of: LeagueSeason,
    weeks: Sequence[SeasonWeek],
    defences: pa.Table | None = None,
) -> ProjectedPlayers:
    """Return the projections of weeks of a season in a league's scoring.

    Args:
        projections: `PROJECTIONS` rows of the weeks.
        defences: of `scored_defences`, which has the games of all seasons; None: they are read.
    """
    everybody = with_defenders(projections, lake, weeks, of.slots)
    defences = scored_defences(lake) if defences is None else defences
    return ProjectedPlayers(everybody, scoring_of(of), defences)


def league_week(
    lake: Reads,
    league: str,
    of: LeagueSeason,
    week: SeasonWeek,
    now: datetime | None,
    projected: ProjectedPlayers | None = None,
) -> Week:
    """Return the rosters of a league's week with what each player is expected to score.

    Args:
        now: games that have kicked off by then lock their players, and those that are over count
            with the points scored; None: before the first game.
        projected: the projections of weeks among which this one is; None: they are read.

    Raises:
        NotMaterializedError: the lake lacks the week's projections, or rosters of the season.
    """
    projected = projected or projected_players(week_projections(lake, week), lake, of, [week])
    rosters_of, rosters = rosters_until(lake, league, week)
    games = _games(lake, week)
    scored = _scored(lake, scoring_of(of), week, games, now)
    estimates = _estimates(lake, league, week)
    by_team: dict[str, list[Candidate]] = {}
    estimated: set[str] = set()
    for row in rosters:
        player_id = projection_id(row)
        known = projected.get(week, player_id)
        exact = scored.points(player_id, row["team"] if known is None else known["team"])
        position = (row["fantasy_positions"] or row["position"] or "").split("/")[0]
        if known is not None and exact is not None:
            known["points"] = exact
        elif exact is not None and position not in FANTASY_POSITIONS:
            known = {"points": exact, "opponent": None, "note": None}
        if known is None and position not in FANTASY_POSITIONS and position in estimates:
            estimated.add(position)
            plays = row["team"] in games
            known = {"points": estimates[position] if plays else _NOTHING, "opponent": None}
            known["note"] = None if plays else "bye"
        by_team.setdefault(row["team_id"], []).append(_candidate(row, known, games, now))
    return Week(of, by_team, rosters_of, sorted(estimated))


def rosters_until(
    lake: Reads, league: str, week: SeasonWeek
) -> tuple[SeasonWeek, list[dict[str, Any]]]:
    """Return the rosters of a league in a week, or in the latest week before it of the season."""
    stored = [
        one for one in lake.weeks(LEAGUE_ROSTERS) if one <= week and one.season == week.season
    ]
    for one in reversed(stored):
        rows = of_league(lake.read(LEAGUE_ROSTERS, [one]), league).to_pylist()
        if rows:
            return one, rows
    raise NotMaterializedError(
        f"league_rosters {week}: the lake has no rosters of league {league} in this season. Run "
        "`fantasy-pipeline league add` for the league again."
    )


def _games(lake: Reads, week: SeasonWeek) -> dict[str, Game]:
    """Return the game of each NFL team in a week."""
    stored = lake.read_if_stored(GAMES, seasons=[week.season])
    if stored is None:
        return {}
    games = games_from_table(of_week(stored, week))
    return {team: game for game in games for team in (game.home_team, game.away_team)}


@dataclass(frozen=True)
class _Scored:
    """The points of players in the games of a week that are over and in the lake.

    Args:
        teams: the NFL teams of these games.
        by_player: points by player id, team defences included. A player of these teams without a
            stat line scored 0.
    """

    teams: Collection[str]
    by_player: Mapping[str, float]

    def points(self, player_id: str | None, team: str | None) -> Points | None:
        """Return the points of a player or team defence; None: the lake does not have them."""
        is_defence = (player_id or "").startswith(f"{DST}-")
        if team not in self.teams or (is_defence and player_id not in self.by_player):
            return None
        exact = self.by_player.get(player_id or "", 0.0)
        return Points(exact, exact, exact, exact)


def _scored(
    lake: Reads, scoring: Scoring, week: SeasonWeek, games: Mapping[str, Game], now: datetime | None
) -> _Scored:
    """Return the points scored in the games of a week that are over; none without their stats."""
    stats = None if now is None else lake.read_if_stored(WEEKLY_STATS, week)
    if now is None or stats is None:
        return _Scored((), {})
    lines = with_players(stats, lake.read(RAW_PLAYERS, [week], OF_PLAYERS))
    with_stats = set(lines["team"].to_pylist())
    teams = {
        team
        for team, game in games.items()
        if is_over_by_clock(game.kickoff, now) and {game.home_team, game.away_team} & with_stats
    }
    points = actual(lines, scoring).tolist()
    by_player = dict(zip(lines["player_id"].to_pylist(), points, strict=True))
    defences = lake.read_if_stored(TEAM_DEFENSE_STATS, week)
    if defences is not None:
        points = team_scoring(scoring.team_defence).points(defences).tolist()
        by_player |= zip(defences["player_id"].to_pylist(), points, strict=True)
    return _Scored(teams, by_player)


def _estimates(lake: Reads, league: str, week: SeasonWeek) -> dict[str, Points]:
    """Return what the league's starters scored earlier in the season, by position."""
    weeks = [one for one in lake.weeks(LEAGUE_POINTS) if one < week and one.season == week.season]
    if not weeks:
        return {}
    rows = of_league(lake.read(LEAGUE_POINTS, weeks, _OF_STARTERS), league)
    rows = rows.filter(rows["started"])
    points = pc.coalesce(rows["platform_points"], rows["points"])
    found: dict[str, list[float]] = {}
    for position, value in zip(rows["position"].to_pylist(), points.to_pylist(), strict=True):
        if position is not None and value is not None:
            found.setdefault(position, []).append(value)
    return {
        position: Points(
            round(float(np.mean(values)), 2),
            *(round(float(level), 2) for level in np.quantile(values, (0.1, 0.5, 0.9))),
        )
        for position, values in found.items()
    }


def _candidate(
    row: Mapping[str, Any],
    known: Mapping[str, Any] | None,
    games: Mapping[str, Game],
    now: datetime | None,
) -> Candidate:
    game = games.get(row["team"])
    known = known or {"points": _NOTHING, "opponent": None, "note": "not projected"}
    positions = (row["fantasy_positions"] or row["position"] or "").split("/")
    return Candidate(
        row["platform_player_id"],
        row["player_name"] or row["platform_player_id"],
        tuple(positions),
        known.get("position") or row["position"] or "",
        row["team"],
        known["opponent"],
        known["points"],
        row["slot"],
        row["slot_number"],
        game is not None and now is not None and game.kickoff <= now,
        None if game is None else game.kickoff,
        known["note"],
        row["player_id"],
    )

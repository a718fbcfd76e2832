"""A week's projections as the command line lists them: ranked, valued, with kick-offs and results.

The rows of the lake alone belong in `lake/queries.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.decisions.scored import ACTUAL, KICKING, actual
from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.calendar import games_from_table, is_over_by_clock
from fantasy_pipeline.football.positions import LEAGUE_POSITIONS, PROJECTED_POSITIONS
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import check_position, first_rows, week_projections
from fantasy_pipeline.leagues.view import LeagueView
from fantasy_pipeline.projections.team_defense import POINTS
from fantasy_pipeline.report.value import League, replacement


def check_choices(
    position: str | None, player: str | None, team: str | None, of_league: bool = False
) -> None:
    """Check the arguments of `projection_list` that choose rows.

    Args:
        of_league: a league is named, whose defenders may be asked for.

    Raises:
        InvalidArgumentError: there is no such position or team, or the player's name is empty.
    """
    check_position(position, LEAGUE_POSITIONS if of_league else PROJECTED_POSITIONS)
    if team is not None and team not in TEAMS:
        raise InvalidArgumentError(f"team {team!r} is none of {', '.join(TEAMS)}.")
    if player is not None and not player.strip():
        raise InvalidArgumentError("the player is empty; give part of a name, or a player_id.")


def projection_list(
    lake: Lake,
    week: SeasonWeek,
    now: datetime,
    scoring: Scoring = "ppr",
    position: str | None = None,
    player: str | None = None,
    team: str | None = None,
    top: int | None = None,
    league: LeagueView | None = None,
) -> pa.Table:
    """Return the projections of a week, highest points first.

    Args:
        league: points, ranks and values in its scoring, by its slots; None: `scoring`.
        now: results of games that are not over by then are left out.
        position, team: the only position and team to return; None: all.
        player: part of a name, without regard to case, or a player id; None: all.
        top: number of rows to return; None: all.

    Returns:
        The rows of `week_projections`, with more columns: `rank` in his position; `value`, points
        above the replacement of his position in a usual league of 12 teams, or in `league`;
        `status`, the reason
        of his projection or his injury status; `kickoff` (UTC); `actual_points`, null until his
        game is over and without a stat line. With `league`, `rostered_by` is the name of the
        fantasy team that has the player.

    Raises:
        NotMaterializedError: the week was not projected, or has no game.
        InvalidArgumentError: there is no such position or team, or the player's name is empty.
        PipelineError: no player matches.
    """
    check_choices(position, player, team, league is not None)
    everybody = week_projections(lake, week, None, scoring)
    value_league = League()
    scored: Mapping[str, float] = {}
    owners: Mapping[str, str] = {}
    if league is not None:
        everybody = league.projected(lake, [week])
        value_league = value_league_of(league)
        owners = league.owners(lake, week)
    ranks, values = _ranks_and_values(everybody, value_league, owners)
    table = everybody
    if position is not None:
        table = table.filter(pc.equal(table["position"], position))
    kickoffs, over = _kickoffs(lake, week, now)
    if over:
        scored = league.actual(lake, week) if league else _actual_points(lake, week, scoring)
    rows = table.select(["player_id", "team", "reason", "injury_status"]).to_pylist()
    ids = [row["player_id"] for row in rows]
    more: dict[str, pa.Array] = {
        "rank": pa.array([ranks[id_] for id_ in ids], pa.int32()),
        "value": pa.array([values[id_] for id_ in ids], pa.float64()),
        "status": pa.array([row["reason"] or row["injury_status"] for row in rows], pa.string()),
        "kickoff": pa.array([kickoffs.get(row["team"]) for row in rows], pa.timestamp("us", "UTC")),
        "actual_points": pa.array(
            [scored.get(row["player_id"]) if row["team"] in over else None for row in rows],
            pa.float64(),
        ),
    }
    if league is not None:
        more["rostered_by"] = pa.array([owners.get(id_) for id_ in ids], pa.string())
    for name, column in more.items():
        table = table.append_column(name, column)
    if team is not None:
        table = table.filter(pc.equal(table["team"], team))
    if player is not None:
        table = table.filter(of_player(table, player))
    if not table.num_rows:
        raise PipelineError(_no_match(week, position, player, team))
    return first_rows(table, top)


def value_league_of(league: LeagueView) -> League:
    """Return a league's size and slots, from which values over replacement follow."""
    return League(len(league.of.teams), league.fixed_slots, 0, league.flexible_slots)


def _ranks_and_values(
    rows: pa.Table, league: League, rostered: Collection[str] = ()
) -> tuple[Mapping[str, int], Mapping[str, float]]:
    """Return rank and value of every projected player, by id.

    Args:
        rows: all projected players of the week, highest points first.
        rostered: players of fantasy teams. The replacement is then the best of the others, else
            the best player whom no team starts.
    """
    of_position: dict[str, list[tuple[str, float]]] = {name: [] for name in LEAGUE_POSITIONS}
    for row in rows.select(["player_id", "position", "projected_points"]).to_pylist():
        of_position[row["position"]].append((row["player_id"], row["projected_points"]))
    expected = {name: [value for _, value in found] for name, found in of_position.items()}
    level = replacement(expected, league)
    if rostered:
        level = {
            name: next((value for id_, value in found if id_ not in rostered), 0.0)
            for name, found in of_position.items()
        }
    ranks, values = {}, {}
    for name, found in of_position.items():
        for rank, (player_id, value) in enumerate(found, 1):
            ranks[player_id], values[player_id] = rank, round(value - level[name], 2)
    return ranks, values


def _kickoffs(
    lake: Lake, week: SeasonWeek, now: datetime
) -> tuple[Mapping[str, datetime], set[str]]:
    """Return the kick-off of each team's game, and the teams whose game is over."""
    schedule = lake.read_if_stored(GAMES, seasons=[week.season])
    if schedule is None:
        return {}, set()
    games = games_from_table(of_week(schedule, week))
    kickoffs = {team: game.kickoff for game in games for team in (game.home_team, game.away_team)}
    over = {
        team
        for game in games
        if is_over_by_clock(game.kickoff, now)
        for team in (game.home_team, game.away_team)
    }
    return kickoffs, over


def _actual_points(lake: Lake, week: SeasonWeek, scoring: Scoring) -> dict[str, float]:
    points: dict[str, float] = {}
    lines = lake.read_if_stored(WEEKLY_STATS, week, ["player_id", ACTUAL[scoring], KICKING])
    if lines is not None:
        found = actual(lines, scoring).tolist()
        points |= zip(lines["player_id"].to_pylist(), found, strict=True)
    rows = lake.read_if_stored(TEAM_DEFENSE_STATS, week, ["player_id", POINTS])
    if rows is not None:
        points |= zip(rows["player_id"].to_pylist(), rows[POINTS].to_pylist(), strict=True)
    return points


def of_player(table: pa.Table, player: str) -> pa.ChunkedArray:
    """Return for each row whether it is of a player: his id, or a part of his name without case."""
    return pc.or_(
        pc.equal(table["player_id"], player),
        pc.fill_null(pc.match_substring(table["player_name"], player, ignore_case=True), False),
    )


def _no_match(week: SeasonWeek, position: str | None, player: str | None, team: str | None) -> str:
    """Return the error that no player was found, which names only the choices that were made."""
    whom = f"no {position or 'player'}{f' of {team}' if team else ''}"
    if player is None:
        return f"projections {week}: {whom} is projected; choose another team or position."
    other = ", or leave out the other options" if position or team else ""
    return f"projections {week}: {whom} matches {player!r}; give part of a name or an id{other}."

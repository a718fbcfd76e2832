"""Judge a trade between two teams of a registered league, from the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fantasy_pipeline.decisions.league_week import rosters_until
from fantasy_pipeline.decisions.players import find_player
from fantasy_pipeline.decisions.teams import find_team
from fantasy_pipeline.decisions.trade import Change, Owned, trade
from fantasy_pipeline.decisions.trade_finder import find_trades
from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import RESERVED, starting_slots
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.view import projection_id
from fantasy_pipeline.operations.league_season import check_runs, season_for
from fantasy_pipeline.operations.market import Market
from fantasy_pipeline.operations.rest_points import rest_points


@dataclass(frozen=True)
class Side:
    """A team of a trade.

    Args:
        gives: `LEAGUE_ROSTERS` rows of the players that it gives.
        change: what the trade changes for it.
    """

    team: Team
    gives: Sequence[Mapping[str, Any]]
    change: Change

    @property
    def names(self) -> list[str]:
        return [row["player_name"] or row["platform_player_id"] for row in self.gives]


@dataclass(frozen=True)
class Trade:
    """A trade of two teams over some weeks."""

    week: SeasonWeek
    weeks: int
    sides: tuple[Side, Side]

    def rows(self, market: Market) -> list[dict[str, Any]]:
        """Return one row per team, as the command line prints them.

        Args:
            market: of `market_value`, the sum of the values of the players that the team gives;
                None if one of them has none.
        """
        return [
            {
                "team": side.team.name or side.team.team_id,
                "gives": ", ".join(side.names),
                "before": side.change.before,
                "after": side.change.after,
                "change": side.change.change,
                "p10": side.change.p10,
                "p90": side.change.p90,
                "better": round(side.change.better, 2),
                "market_value": market.value(side.gives),
            }
            for side in self.sides
        ]

    def to_json(self, league: str, market: Market) -> dict[str, Any]:
        """Return the trade as the command line prints it in JSON."""
        about = {"league": league, "season": self.week.season, "week": self.week.week}
        rest = {"weeks": self.weeks, "market_values": market.to_json()}
        return {**about, **rest, "teams": self.rows(market)}


@dataclass(frozen=True)
class FoundTrades:
    """The best trades of a league.

    Args:
        compared: number of trades among which they are the best.
    """

    week: SeasonWeek
    trades: Sequence[Trade]
    compared: int

    def to_json(self, league: str, market: Market) -> dict[str, Any]:
        """Return the trades as the command line prints them in JSON."""
        about = {"league": league, "season": self.week.season, "week": self.week.week}
        rest = {"compared": self.compared, "market_values": market.to_json()}
        trades = [{"weeks": one.weeks, "teams": one.rows(market)} for one in self.trades]
        return {**about, **rest, "trades": trades}


def judge_trade(
    lake: Lake, league: str, week: SeasonWeek, give: Sequence[str], get: Sequence[str]
) -> Trade:
    """Return what a trade changes for both teams over the remaining weeks of the season.

    Args:
        give, get: players of one team, and players of another.

    Raises:
        InvalidArgumentError: a player is unknown, nobody owns him, the players are not those of
            two teams, or a team would have more players than spots.
        NotMaterializedError: the lake lacks the rosters or the rest of the season.
        PipelineError: the season is over.
    """
    of, _, rosters = league_rosters(lake, league, week)
    first, given = _side(rosters, give, "--give")
    second, gotten = _side(rosters, get, "--get")
    if first == second:
        raise InvalidArgumentError("--give and --get are players of the same team; name two teams.")
    points = rest_points(lake, week, of)
    by_id = {team.team_id: team for team in of.teams}
    for id_, leaving, coming in ((first, given, gotten), (second, gotten, given)):
        _check_sizes(rosters, of.slots, by_id.get(id_, Team(id_)), leaving, coming)
    return _judged(of, week, _teams(rosters, points), (first, second), (given, gotten))


def find_trade(
    lake: Lake, league: str, week: SeasonWeek, team: str | None = None, top: int = 10
) -> FoundTrades:
    """Return the trades that help both teams most, over the remaining weeks of the season.

    Compared are all trades of one player for one, and of two for two.

    Args:
        team: id, name or manager of the team that trades, or a part of them; None: any.
        top: number of trades.

    Raises:
        InvalidArgumentError: an unknown or ambiguous team.
        NotMaterializedError: the lake lacks the rosters or the rest of the season.
        PipelineError: the season is over.
    """
    of, _, rosters = league_rosters(lake, league, week)
    own = None if team is None else find_team(of.teams, team).team_id
    teams = _teams(rosters, rest_points(lake, week, of))
    found, compared = find_trades(starting_slots(of.slots), teams, own, top)
    row_of = {row["platform_player_id"]: row for row in rosters}
    trades = [
        _judged(
            of,
            week,
            teams,
            (one.one, one.other),
            ([row_of[id_] for id_ in one.give], [row_of[id_] for id_ in one.get]),
        )
        for one in found
    ]
    return FoundTrades(week, trades, compared)


def league_rosters(
    lake: Lake, league: str, week: SeasonWeek
) -> tuple[LeagueSeason, SeasonWeek, Sequence[dict[str, Any]]]:
    """Return the settings of a league, and its rosters of a week or the latest before it.

    Raises:
        InvalidArgumentError: there is no such league or season.
        NotMaterializedError: the lake lacks the rosters.
        PipelineError: the season is over.
    """
    of = season_for(lake, registry.find(lake, league), week.season)
    check_runs(league, of, week)
    return of, *rosters_until(lake, league, week)


def _judged(
    of: LeagueSeason,
    week: SeasonWeek,
    teams: Mapping[str, Sequence[Owned]],
    pair: tuple[str, str],
    gives: tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]],
) -> Trade:
    """Return what a trade between two teams changes."""
    ids = [{row["platform_player_id"] for row in rows} for rows in gives]
    changes = trade(starting_slots(of.slots), teams[pair[0]], teams[pair[1]], *ids)
    by_id = {team.team_id: team for team in of.teams}
    one, other = (
        Side(by_id.get(id_, Team(id_)), rows, change)
        for id_, rows, change in zip(pair, gives, changes, strict=True)
    )
    weeks = next(len(player.weeks) for player in teams[pair[0]])
    return Trade(week, weeks, (one, other))


def _side(
    rosters: Sequence[dict[str, Any]], names: Sequence[str], option: str
) -> tuple[str, list[dict[str, Any]]]:
    """Return the team of some players, and their rows."""
    where = "is on a team of the league"
    rows = [dict(find_player(rosters, name, where)) for name in names]
    owners = {row["team_id"] for row in rows}
    if len(owners) != 1:
        listed = ", ".join(f"{row['player_name']} (team {row['team_id']})" for row in rows)
        raise InvalidArgumentError(f"{option}: the players are not of one team: {listed}.")
    if len({row["platform_player_id"] for row in rows}) < len(rows):
        raise InvalidArgumentError(f"{option}: the same player is named twice.")
    return owners.pop(), rows


def _teams(
    rosters: Sequence[dict[str, Any]], points: Mapping[str, tuple[float, ...]]
) -> dict[str, list[Owned]]:
    """Return the players of each team, by its id."""
    found: dict[str, list[Owned]] = {}
    for row in rosters:
        found.setdefault(row["team_id"], []).append(owned(row, points))
    return found


def owned(row: Mapping[str, Any], points: Mapping[str, tuple[float, ...]]) -> Owned:
    """Return a player of a team; one without projections scores 0.

    A player on injured reserve or on the taxi squad scores 0 in the first week: he cannot start
    there. The weeks after it have the points that `rest_of_season` expects of him.

    Args:
        row: of `LEAGUE_ROSTERS`.
        points: of `rest_points`.
    """
    nothing = (0.0,) * len(next(iter(points.values())))
    weeks = points.get(projection_id(row) or "", nothing)
    if row["slot"] in RESERVED:
        weeks = (0.0, *weeks[1:])
    return Owned(
        row["platform_player_id"],
        row["player_name"] or row["platform_player_id"],
        tuple((row["fantasy_positions"] or row["position"] or "").split("/")),
        weeks,
    )


def _check_sizes(
    rosters: Sequence[dict[str, Any]],
    slots: Sequence[str],
    team: Team,
    leaving: Sequence[dict[str, Any]],
    coming: Sequence[dict[str, Any]],
) -> None:
    """Check that a team has a spot for each player after the trade.

    Raises:
        InvalidArgumentError: it has too few.
    """
    gone = {row["platform_player_id"] for row in leaving}
    # Platforms do not state who was on reserve in a past week; then every spot counts.
    is_stated = any(row["slot"] in RESERVED for row in rosters)
    stay = sum(
        row["team_id"] == team.team_id
        and row["slot"] not in RESERVED
        and row["platform_player_id"] not in gone
        for row in rosters
    )
    spots = sum(slot not in RESERVED or not is_stated for slot in slots)
    if stay + len(coming) > spots and len(coming) > len(leaving):
        name = team.name or f"team {team.team_id}"
        raise InvalidArgumentError(
            f"{name} would have {stay + len(coming)} players and has {spots} spots; let it give "
            "more players."
        )

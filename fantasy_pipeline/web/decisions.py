"""The routes of decisions: line-ups, free agents, trades and odds of a league; players compared."""

from typing import Annotated

from fastapi import FastAPI, Query

from fantasy_pipeline.operations.comparison import compare, league_of
from fantasy_pipeline.operations.lineups import team_lineup
from fantasy_pipeline.operations.market import market_values
from fantasy_pipeline.operations.odds import league_odds
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.trades import find_trade, judge_trade
from fantasy_pipeline.operations.waivers import waivers
from fantasy_pipeline.web.answering import answering, week_of
from fantasy_pipeline.web.decision_models import (
    CompareQuery,
    Comparison,
    FoundTrades,
    FreeAgents,
    Lineup,
    LineupQuery,
    Odds,
    OddsQuery,
    Trade,
    TradeQuery,
    WaiversQuery,
)
from fantasy_pipeline.web.problems import problems
from fantasy_pipeline.web.sessions import Sessions


def add_decisions(app: FastAPI, sessions: Sessions) -> None:
    """Add the routes of decisions."""
    session = sessions.shared
    _add_team(app, session)
    _add_league(app, session)
    _add_players(app, session)


def _add_team(app: FastAPI, session: Session) -> None:
    """Add the routes of one team: its line-up, and the free agents for it."""

    @app.get("/api/leagues/{name}/lineup", responses=problems(404, 422, 503))
    def lineup(name: str, query: Annotated[LineupQuery, Query()]) -> Lineup:
        """Return the best line-up of a team, and the swaps that lead to it."""
        with answering(session, name):
            found = team_lineup(
                session.lake,
                name,
                query.team,
                week_of(session, query),
                session.present,
                query.objective,
                query.lock,
                query.exclude,
                query.opponent,
            )
            return Lineup(**found.to_json(), objective=query.objective, data=session.label)

    @app.get("/api/leagues/{name}/waivers", responses=problems(404, 422, 503))
    def free_agents(name: str, query: Annotated[WaiversQuery, Query()]) -> FreeAgents:
        """Return the free agents who add most to a team's line-ups, and whom to drop for each."""
        with answering(session, name):
            found = waivers(session, name, query.team, week_of(session, query), query.top)
            return FreeAgents(**found.to_json(), data=session.label)


def _add_league(app: FastAPI, session: Session) -> None:
    """Add the routes of a whole league: trades, and the odds of its teams."""

    @app.get("/api/leagues/{name}/trade", responses=problems(404, 422, 503))
    def trade(name: str, query: Annotated[TradeQuery, Query()]) -> Trade | FoundTrades:
        """Return what a trade changes for both teams, or with `find` the best trades."""
        with answering(session, name):
            week = week_of(session, query)
            market = market_values(session, name, week)
            if query.find:
                found = find_trade(session.lake, name, week, query.team, query.top or 10)
                return FoundTrades(**found.to_json(name, market), data=session.label)
            judged = judge_trade(session.lake, name, week, query.give, query.get)
            return Trade(**judged.to_json(name, market), data=session.label)

    @app.get("/api/leagues/{name}/odds", responses=problems(404, 422, 503))
    def odds(name: str, query: Annotated[OddsQuery, Query()]) -> Odds:
        """Return each team's chance to play off, to have a bye and to win the title."""
        with answering(session, name):
            found = league_odds(session, name, week_of(session, query), query.sims)
            return Odds(**found.to_json(name), data=session.label)


def _add_players(app: FastAPI, session: Session) -> None:
    """Add the routes of players, with or without a league."""

    @app.get("/api/players/compare", responses=problems(404, 422, 503))
    def compare_players(query: Annotated[CompareQuery, Query()]) -> Comparison:
        """Return players of a week side by side."""
        with answering(session, query.league):
            week = week_of(session, query)
            scoring = (
                league_of(session.lake, query.league, week.season)
                if query.league
                else query.scoring
            )
            found = compare(session.lake, week, session.present, query.player, scoring)
            return Comparison(
                season=week.season,
                week=week.week,
                scoring=query.league or query.scoring,
                players=[player.to_json() for player in found],
                data=session.label,
            )

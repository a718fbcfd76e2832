"""The routes of decisions: line-ups, free agents, trades and odds of a league; players compared."""

from typing import Annotated

from fastapi import FastAPI, Query, Request, Response

from fantasy_pipeline.operations.comparison import compare, league_of
from fantasy_pipeline.operations.lineups import team_lineup
from fantasy_pipeline.operations.market import market_values
from fantasy_pipeline.operations.odds import league_odds
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
from fantasy_pipeline.web.decision_tables import (
    COMPARED,
    FREE_AGENTS,
    ODDS,
    STARTERS,
    TRADE,
    decision,
    trades,
)
from fantasy_pipeline.web.tables import RESPONSES, TableAnswer, Tables


def add_decisions(app: FastAPI, tables: Tables) -> None:
    """Add the routes of decisions."""
    _add_team(app, tables)
    _add_league(app, tables)
    _add_players(app, tables)


def _add_team(app: FastAPI, tables: Tables) -> None:
    """Add the routes of one team: its line-up, and the free agents for it."""
    session = tables.session

    @app.get("/api/leagues/{name}/lineup", response_model=Lineup, responses=RESPONSES)
    async def lineup(
        request: Request, name: str, query: Annotated[LineupQuery, Query()]
    ) -> Response:
        """Return the best line-up of a team, and the swaps that lead to it."""

        def make() -> TableAnswer:
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
                content = {**found.to_json(), "objective": query.objective}
                return decision(content, "starters", STARTERS)

        return await tables.answer(request, query, make)

    @app.get("/api/leagues/{name}/waivers", response_model=FreeAgents, responses=RESPONSES)
    async def free_agents(
        request: Request, name: str, query: Annotated[WaiversQuery, Query()]
    ) -> Response:
        """Return the free agents who add most to a team's line-ups, and whom to drop for each."""

        def make() -> TableAnswer:
            with answering(session, name):
                found = waivers(session, name, query.team, week_of(session, query), query.top)
                return decision(found.to_json(), "players", FREE_AGENTS)

        return await tables.answer(request, query, make)


def _add_league(app: FastAPI, tables: Tables) -> None:
    """Add the routes of a whole league: trades, and the odds of its teams."""
    session = tables.session

    @app.get("/api/leagues/{name}/trade", response_model=Trade | FoundTrades, responses=RESPONSES)
    async def trade(request: Request, name: str, query: Annotated[TradeQuery, Query()]) -> Response:
        """Return what a trade changes for both teams, or with `find` the best trades."""

        def make() -> TableAnswer:
            with answering(session, name):
                week = week_of(session, query)
                market = market_values(session, name, week)
                if query.find:
                    found = find_trade(session.lake, name, week, query.team, query.top or 10)
                    return trades(found.to_json(name, market))
                judged = judge_trade(session.lake, name, week, query.give, query.get)
                return decision(judged.to_json(name, market), "teams", TRADE)

        return await tables.answer(request, query, make)

    @app.get("/api/leagues/{name}/odds", response_model=Odds, responses=RESPONSES)
    async def odds(request: Request, name: str, query: Annotated[OddsQuery, Query()]) -> Response:
        """Return each team's chance to make the play-offs, to have a bye and to win the title."""

        def make() -> TableAnswer:
            with answering(session, name):
                found = league_odds(session, name, week_of(session, query), query.sims)
                return decision(found.to_json(name), "teams", ODDS)

        return await tables.answer(request, query, make)


def _add_players(app: FastAPI, tables: Tables) -> None:
    """Add the routes of players, with or without a league."""
    session = tables.session

    @app.get("/api/players/compare", response_model=Comparison, responses=RESPONSES)
    async def compare_players(
        request: Request, query: Annotated[CompareQuery, Query()]
    ) -> Response:
        """Return players of a week side by side."""

        def make() -> TableAnswer:
            with answering(session, query.league):
                week = week_of(session, query)
                scoring = (
                    league_of(session.lake, query.league, week.season)
                    if query.league
                    else query.scoring
                )
                found = compare(session.lake, week, session.present, query.player, scoring)
                about = {**week._asdict(), "scoring": query.league or query.scoring}
                players = [player.to_json() for player in found]
                return decision({**about, "players": players}, "players", COMPARED)

        return await tables.answer(request, query, make)

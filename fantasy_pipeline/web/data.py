"""The routes of data: projections, stats, players, accuracy and weeks."""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any

import pyarrow as pa
from fastapi import FastAPI, Query, Request, Response

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.operations.leagues import view_of
from fantasy_pipeline.operations.player_news import player_news
from fantasy_pipeline.operations.players import known_players, player_season, search_players
from fantasy_pipeline.operations.projection_list import projection_list
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.stat_lines import latest_stats, stat_lines
from fantasy_pipeline.operations.week_states import STATES, WeekState, week_states
from fantasy_pipeline.projections.scoreboard import (
    require_everyone,
    scoreboard,
    stored_accuracy,
    team_board,
)
from fantasy_pipeline.web.answering import answering, named_week, week_of
from fantasy_pipeline.web.data_models import (
    AccuracyQuery,
    FoundPlayers,
    PlayerQuery,
    PlayerSeason,
    Projections,
    ProjectionsQuery,
    Rows,
    SearchQuery,
    Stats,
    StatsQuery,
    Weeks,
    WeeksQuery,
)
from fantasy_pipeline.web.shared import Shared
from fantasy_pipeline.web.tables import RESPONSES, TableAnswer, Tables

PLAYERS_SECONDS = 60.0
"""Seconds for which the list of all players is used again."""
_MOMENT = pa.timestamp("us", "UTC")
_WEEK_ROWS = pa.schema(
    [
        ("season", pa.int32()),
        ("week", pa.int32()),
        ("state", pa.string()),
        ("games", pa.int32()),
        ("games_over", pa.int32()),
        ("first_kickoff", _MOMENT),
        ("last_kickoff", _MOMENT),
        ("projected", pa.bool_()),
        ("scored", pa.bool_()),
        ("run_id", pa.string()),
    ]
)


class Players:
    """The players of the lake, read again after `PLAYERS_SECONDS`."""

    def __init__(self, session: Session, seconds: float = PLAYERS_SECONDS) -> None:
        self._session = session
        self._shared = Shared[list[dict[str, Any]]](seconds)

    def all(self) -> list[dict[str, Any]]:
        """Return the rows of `known_players`."""
        return self._shared.of("players", lambda: known_players(self._session.lake))


def add_data(app: FastAPI, tables: Tables, players: Players) -> None:
    """Add the routes of data."""
    _add_weeks_rows(app, tables)
    _add_players(app, tables, players)
    _add_overviews(app, tables)


def _add_weeks_rows(app: FastAPI, tables: Tables) -> None:
    """Add the routes of the rows of one week: projections and stats."""
    session = tables.session

    @app.get("/api/projections", response_model=Projections, responses=RESPONSES)
    async def projections(
        request: Request, query: Annotated[ProjectionsQuery, Query()]
    ) -> Response:
        """Return the projections of a week, highest points first."""

        def make() -> TableAnswer:
            with answering(session, query.league):
                week = week_of(session, query)
                view = query.league and view_of(session, query.league, week.season)
                rows = projection_list(
                    session.lake,
                    week,
                    session.present,
                    query.scoring,
                    query.position,
                    query.player,
                    query.team,
                    league=view or None,
                )
                scoring = query.league or query.scoring
                return TableAnswer(rows, {**week._asdict(), "scoring": scoring})

        return await tables.answer(request, query, make)

    @app.get("/api/stats", response_model=Stats, responses=RESPONSES)
    async def stats(request: Request, query: Annotated[StatsQuery, Query()]) -> Response:
        """Return the stat lines of a week, most PPR points first."""

        def make() -> TableAnswer:
            with answering(session):
                week = named_week(query) or latest_stats(session.lake)
                rows = stat_lines(session.lake, week, query.position, query.player, query.team)
                return TableAnswer(rows, week._asdict())

        return await tables.answer(request, query, make)


def _add_players(app: FastAPI, tables: Tables, players: Players) -> None:
    """Add the routes of players: search, and one player's season."""

    @app.get("/api/players/search", response_model=FoundPlayers, responses=RESPONSES)
    async def search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
        """Return the players whom a text names, whole names first."""

        def make() -> TableAnswer:
            with answering(tables.session):
                return TableAnswer(search_players(players.all(), query.q), {})

        return await tables.answer(request, query, make)

    @app.get("/api/players/{player_id}", response_model=PlayerSeason, responses=RESPONSES)
    async def player(
        request: Request, player_id: str, query: Annotated[PlayerQuery, Query()]
    ) -> Response:
        """Return a player's season by week: projections, results, usage, injuries and news."""

        def make() -> TableAnswer:
            with answering(tables.session):
                return player_answer(tables.session, players, player_id, query)

        return await tables.answer(request, query, make)


def player_answer(
    session: Session, players: Players, player_id: str, query: PlayerQuery
) -> TableAnswer:
    """Return a player's season; its weeks are the rows.

    Raises:
        PipelineError: there is no such player, or the lake has nothing of him in the season.
    """
    found = player_season(session.lake, players.all(), player_id, query.season, query.scoring)
    about: Mapping[str, Any] = found.about
    return TableAnswer(
        found.weeks,
        {
            **{name: about[name] for name in ("player_id", "player_name", "position", "team")},
            "season": found.season,
            "scoring": found.scoring,
            "rest_of_season": list(found.rest),
            "rest_as_of_week": found.rest_as_of.week if found.rest_as_of else None,
            "news": player_news(session.lake, player_id, found.season),
        },
        "weeks",
    )


def _add_overviews(app: FastAPI, tables: Tables) -> None:
    """Add the routes over many weeks: accuracy, and the state of each week."""
    session = tables.session

    @app.get("/api/accuracy", response_model=Rows, responses=RESPONSES)
    async def accuracy(request: Request, query: Annotated[AccuracyQuery, Query()]) -> Response:
        """Return the accuracy of stored projections by source, best first."""

        def make() -> TableAnswer:
            with answering(session):
                return TableAnswer(accuracy_rows(session, query), {})

        return await tables.answer(request, query, make)

    @app.get("/api/weeks", response_model=Weeks, responses=RESPONSES)
    async def weeks(request: Request, query: Annotated[WeeksQuery, Query()]) -> Response:
        """Return the weeks of the schedule with their state: final, provisional, missing …."""

        def make() -> TableAnswer:
            with answering(session):
                seasons = None if query.season is None else [query.season]
                found = week_states(session, datetime.now(timezone.utc), seasons)
                return TableAnswer(_weeks_table(found), {"states": STATES})

        return await tables.answer(request, query, make)


def accuracy_rows(session: Session, query: AccuracyQuery) -> pa.Table:
    """Return the scoreboard that a query asks for, as `fantasy-pipeline accuracy` prints it.

    Raises:
        InvalidArgumentError: `teams` goes with neither positions nor a pool.
        PipelineError: the lake has no scores of the seasons.
    """
    stored = stored_accuracy(session.lake, query.season or None)
    if query.teams or query.pool == "everyone":
        require_everyone(stored)
    if not query.teams:
        return scoreboard(stored, query.by, query.scoring, query.pool)
    if query.by == "position" or query.pool != "played":
        raise InvalidArgumentError("teams takes by=season or by=week, and no pool.")
    return team_board(stored, query.by, query.scoring)


def _weeks_table(found: list[WeekState]) -> pa.Table:
    return pa.Table.from_pylist([week.to_json() for week in found], schema=_WEEK_ROWS)

"""The pages of documents: the weekly report, and the report of a league and of its teams."""

from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Path, Query, Request, Response
from markupsafe import Markup

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS, SeasonWeek
from fantasy_pipeline.football.tables import PROJECTIONS
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.operations.league_report import league_report
from fantasy_pipeline.operations.league_season import season_for
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.shown_week import shown_week
from fantasy_pipeline.report import league_page, store
from fantasy_pipeline.web.answering import week_of
from fantasy_pipeline.web.decision_models import WeekQuery
from fantasy_pipeline.web.models import NoParameters
from fantasy_pipeline.web.pages.documents import as_page
from fantasy_pipeline.web.pages.site import Context, Site
from fantasy_pipeline.web.representations import Representation
from fantasy_pipeline.web.shared import Shared

LEAGUE_SECONDS = 60.0
"""Seconds for which a league's report is used again: simulations take seconds."""
Season = Annotated[int, Path(ge=FIRST_SEASON, le=LAST_SEASON)]
Week = Annotated[int, Path(ge=WEEKS[0], le=WEEKS[-1])]


def add_weeks(app: FastAPI, site: Site) -> None:
    """Add the pages of weekly reports."""

    @app.get("/weeks/{season}/{week}", include_in_schema=False)
    async def report(
        request: Request, season: Season, week: Week, query: Annotated[NoParameters, Query()]
    ) -> Response:
        of = SeasonWeek(season, week)
        return await site.shared(request, of, lambda reader: _report(site, of, reader))


def _report(site: Site, week: SeasonWeek, reader: Context) -> Representation:
    """Return the stored report of a week.

    Raises:
        HTTPException: 404, there is none.
    """
    lake = site.session.lake
    html = store.read(lake, week, store.file_of("html"))
    if html is None:
        shown_week(site.session, week)
        if lake.has(PROJECTIONS, week):
            command = f"report --season {week.season} --week {week.week}"
            text = f"there is no report of {week} yet, but it is projected: run fantasy-pipeline "
        else:
            command = f"trigger --season {week.season} --week {week.week}"
            text = f"{week} is not projected: run fantasy-pipeline "
        raise HTTPException(404, text + command)
    address = Markup('<a href="/api/projections?season={}&amp;week={}">Data</a>').format(*week)
    return as_page(html, site.files, site.bar(reader, address))


def add_leagues(app: FastAPI, site: Site) -> None:
    """Add the pages of leagues and of their teams."""
    reports = Shared[str](LEAGUE_SECONDS)

    async def answer(request: Request, name: str, team: str | None, query: WeekQuery) -> Response:
        def make(reader: Context) -> Representation:
            week = _week_of_league(site.session, name, query)
            links = _team_links(site.session, name, team, week)
            html = reports.of(
                (name, team, week),
                lambda: league_page.html(league_report(site.session, name, week, team)),
            )
            return as_page(html, site.files, site.bar(reader, links))

        return await site.shared(request, ("league", name, team, query.model_dump_json()), make)

    @app.get("/leagues/{name}", include_in_schema=False)
    async def league(request: Request, name: str, query: Annotated[WeekQuery, Query()]) -> Response:
        return await answer(request, name, None, query)

    @app.get("/leagues/{name}/teams/{team_id:path}", include_in_schema=False)
    async def team(
        request: Request, name: str, team_id: str, query: Annotated[WeekQuery, Query()]
    ) -> Response:
        return await answer(request, name, team_id, query)


def _week_of_league(session: Session, name: str, query: WeekQuery) -> SeasonWeek:
    """Return the week of a league's page.

    Raises:
        HTTPException: 404, there is no such league.
    """
    try:
        registry.find(session.lake, name)
    except InvalidArgumentError as error:
        raise HTTPException(404, str(error)) from None
    return week_of(session, query)


def _team_links(session: Session, name: str, team: str | None, week: SeasonWeek) -> Markup:
    """Return links to the pages of a league and of its teams; the shown page is marked.

    Raises:
        HTTPException: 404, the league has no such team.
    """
    teams = season_for(session.lake, registry.find(session.lake, name), week.season).teams
    pages = {None: name} | {one.team_id: one.name or one.team_id for one in teams}
    if team not in pages:
        raise HTTPException(404, f"league {name} has no team {team!r} in {week.season}")
    at = f"?season={week.season}&week={week.week}"
    return Markup(" ").join(
        Markup('<a href="/leagues/{}{}{}"{}>{}</a>').format(
            name,
            "" if team_id is None else f"/teams/{quote(team_id, safe='')}",
            at,
            Markup(' aria-current="page"') if team_id == team else "",
            text,
        )
        for team_id, text in pages.items()
    )

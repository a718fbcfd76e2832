"""The pages of players: search, one player's season, players compared; and the accuracy page."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from pydantic import Field

from fantasy_pipeline.decisions.comparison import FEWEST, MOST
from fantasy_pipeline.operations.comparison import compare
from fantasy_pipeline.operations.player_news import player_contradiction, player_news
from fantasy_pipeline.operations.players import player_season, search_players
from fantasy_pipeline.projections.scoreboard import POOLS, scoreboard, stored_accuracy
from fantasy_pipeline.report.accuracy import season_accuracy
from fantasy_pipeline.web.answering import week_of
from fantasy_pipeline.web.charts import Bar, Point, bar_chart, range_chart
from fantasy_pipeline.web.data import Players
from fantasy_pipeline.web.data_models import PlayerQuery
from fantasy_pipeline.web.decision_models import WeekQuery
from fantasy_pipeline.web.models import NoParameters
from fantasy_pipeline.web.pages.site import Context, Site

_FOUND = 50
"""Players in a result of the search."""


class SearchPageQuery(NoParameters):
    """A name to search for; empty: the page asks for one."""

    q: str = Field("", max_length=100)


class ComparePageQuery(WeekQuery):
    """Players by id: separated by commas, or each an `ids`."""

    ids: list[str] = Field(min_length=1, max_length=MOST)


class AccuracyPageQuery(NoParameters):
    """The season of the page; default: the latest scored."""

    season: int | None = Field(None, ge=1999, le=2100)


def add_players(app: FastAPI, site: Site, players: Players) -> None:
    """Add the pages of players."""

    @app.get("/players", include_in_schema=False)
    async def search(request: Request, query: Annotated[SearchPageQuery, Query()]) -> Response:
        def gather() -> Context:
            if not query.q.strip():
                return {"q": "", "found": None}
            found = search_players(players.all(), query.q).to_pylist()
            return {"q": query.q, "found": found[:_FOUND], "more": len(found) - _FOUND}

        return await site.page(request, "players", query.q, gather)

    @app.get("/players/{player_id}", include_in_schema=False)
    async def player(
        request: Request, player_id: str, query: Annotated[PlayerQuery, Query()]
    ) -> Response:
        key = (player_id, query.season, query.scoring)
        return await site.page(
            request, "player", key, lambda: _player(site, players, player_id, query)
        )

    @app.get("/compare", include_in_schema=False)
    async def comparison(request: Request, query: Annotated[ComparePageQuery, Query()]) -> Response:
        ids = [one for text in query.ids for one in text.split(",") if one.strip()]
        if not FEWEST <= len(ids) <= MOST:
            text = f"compare takes {FEWEST} to {MOST} players, not {len(ids)}"
            return site.error(request, 422, text)
        key = (*ids, query.season, query.week)
        return await site.page(request, "compare", key, lambda: _compared(site, ids, query))


def _player(site: Site, players: Players, player_id: str, query: PlayerQuery) -> Context:
    lake = site.session.lake
    found = player_season(lake, players.all(), player_id, query.season, query.scoring)
    rows = found.weeks.to_pylist()
    return {
        "about": found.about,
        "season": found.season,
        "scoring": found.scoring,
        "rows": rows,
        "chart": _season_chart(rows, str(found.about["player_name"])),
        "rest": found.rest,
        "rest_total": sum(row["points"] for row in found.rest),
        "rest_as_of": found.rest_as_of,
        "news": player_news(lake, player_id, found.season),
        "contradiction": player_contradiction(lake, player_id, found.season),
    }


def _season_chart(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    points = [
        Point(
            str(row["week"]), row["p10"], row["projected_points"], row["p90"], row["actual_points"]
        )
        for row in rows
        if row["reason"] is None or row["actual_points"] is not None
    ]
    return range_chart(f"Floor to ceiling and points of {name} by week", points, "")


def _compared(site: Site, ids: Sequence[str], query: ComparePageQuery) -> Context:
    session = site.session
    week = week_of(session, query)
    found = [one.to_json() for one in compare(session.lake, week, session.present, ids, "ppr")]
    names = {one["player_id"]: one["player_name"] for one in found}
    points = [
        Point(one["player_name"], one["p10"], one["projected_points"], one["p90"], None)
        for one in found
    ]
    chart = range_chart(f"Floor to ceiling of the players in {week}", points, "")
    return {"week": week, "players": found, "names": names, "chart": chart}


def add_accuracy(app: FastAPI, site: Site) -> None:
    """Add the page of the accuracy of projections."""

    @app.get("/accuracy", include_in_schema=False)
    async def accuracy(request: Request, query: Annotated[AccuracyPageQuery, Query()]) -> Response:
        return await site.page(
            request, "accuracy", query.season, lambda: _accuracy(site, query.season)
        )


def _accuracy(site: Site, season: int | None) -> Context:
    stored = stored_accuracy(site.session.lake, None)
    by_season = scoreboard(stored, "season").to_pylist()
    seasons = sorted({int(row["season"]) for row in by_season}, reverse=True)
    if not seasons:
        raise HTTPException(404, "no week of a regular season has been scored yet")
    chosen = seasons[0] if season is None else season
    found = season_accuracy(stored_accuracy(site.session.lake, [chosen]))
    if found is None:
        raise HTTPException(404, f"no projections of {chosen} have been scored")
    weekly = next(iter(found.weekly.values()))
    bars = [
        Bar(str(week), [("good", error)], f"week {week}: {error:.2f}")
        for week, error in sorted(weekly.items())
    ]
    return {
        "season": chosen,
        "seasons": seasons,
        "found": found,
        "by_season": [row for row in by_season if row["source"] == "consensus"],
        "pool": POOLS["played"],
        "chart": bar_chart(f"Mean absolute error of the consensus by week of {chosen}", bars, ""),
    }

"""The command `news`: what the sites wrote about players."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    not_empty,
    open_week,
    parse_time,
)
from fantasy_pipeline.cli.output import print_json, print_rows, say, say_label, warn
from fantasy_pipeline.cli.progress import waiting

if TYPE_CHECKING:
    from fantasy_pipeline.operations.news import NewsList


def news(
    player: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            callback=lambda text: text if text is None else not_empty(text),
            help="Only players with this id or part of a name.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Items published from this time on, in ISO 8601; default: the week.",
        ),
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="Number of rows.")] = 30,
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Print the news about players, newest first: headline and link.

    Without --week: the running week; after its last kick-off, the next one. A warning names each
    player whom the news reports as out while the injury report does not list him, or the reverse.

    Reads the lake.
    """
    from fantasy_pipeline.operations.news import news_list

    moment = None if since is None else parse_time("--since", since)
    session, wanted = open_week(season, week, source, at)
    say_label(session.label)
    with waiting("reading the news"):
        found = news_list(session.lake, wanted, player, moment, top)
    warn(f"{one.player_name}: {one.text} ({one.headline})" for one in found.contradictions)
    if json:
        data = {"data": session.label} if session.label else {}
        print_json({**found.to_json(), **data})
        return
    say(_title(found, player))
    if found.items:
        rows = [
            {
                "published": f"{row['published']:%Y-%m-%d %H:%M}",
                "player": row["player_name"] or row["player_id"],
                "team": row["team"],
                "source": row["source"],
                "states": row["stated_status"],
                "url": row["url"],
                "headline": row["headline"],
            }
            for row in found.items
        ]
        print_rows(rows, spare=("url", "source", "team", "states"))


def _title(found: NewsList, player: str | None) -> str:
    about = "" if player is None else f" about {player!r}"
    when = f"of {found.week}" if found.since is None else f"since {found.since:%Y-%m-%d %H:%M} UTC"
    if not found.items:
        return f"No news {when}{about}."
    more = f", the newest {len(found.items)} of {found.total}"
    return f"News {when}{about}{more if len(found.items) < found.total else ''}; times are UTC"


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        "news",
        "news --player kelce --since 2026-11-01",
        "news --season 2026 --week 12 --json",
    )(news)

"""The command `trade`: what a trade changes for both teams, and which trades help both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    open_week,
    warn_without_lines,
)
from fantasy_pipeline.cli.output import print_json, print_rows, say, say_label
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.errors import InvalidArgumentError

if TYPE_CHECKING:
    from fantasy_pipeline.operations.market import Market
    from fantasy_pipeline.operations.trades import FoundTrades

_NUMBERS = ("before", "after", "change", "p10", "p90", "better", "market_value")


def trade(
    league: Annotated[str, typer.Option(metavar="NAME", help="Name of a registered league.")],
    give: Annotated[
        str | None,
        typer.Option(metavar="PLAYERS", help="Players of one team, separated by commas."),
    ] = None,
    get: Annotated[
        str | None,
        typer.Option(metavar="PLAYERS", help="Players of another team, separated by commas."),
    ] = None,
    find: Annotated[
        bool, typer.Option("--find", help="Find the trades that help both teams most.")
    ] = False,
    team: Annotated[
        str | None,
        typer.Option(
            metavar="TEAM", help="With --find: id, name or manager of the team that trades."
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=100, help="With --find: number of trades.", show_default="10"
        ),
    ] = None,
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Print what a trade changes: both teams' best line-ups over the remaining weeks.

    Without --week: the running week; after its last kick-off, the next one. Each remaining week has
    its own best line-up, byes and bench included; the first counts as known before it. The range
    and the chance to be better off come from simulated seasons. --find lists the best trades of one
    player for one or two for two, ordered by the gain of the team that gains less. The market value
    of the given players has its own column.

    Reads the lake; requests today's market values.
    """
    from fantasy_pipeline.operations.market import market_values
    from fantasy_pipeline.operations.trades import find_trade, judge_trade

    _check(give, get, find, team, top)
    session, wanted = open_week(season, week, source, at)
    say_label(session.label)
    data = {"data": session.label} if session.label else {}
    if find:
        with waiting("finding trades"):
            trades = find_trade(session.lake, league, wanted, team, top or 10)
            market = market_values(session, league, wanted)
        warn_without_lines(session, wanted)
        if json:
            print_json({**trades.to_json(league, market), **data})
            return
        _print_found(trades, market)
        return
    with waiting("judging the trade"):
        found = judge_trade(session.lake, league, wanted, _names(give), _names(get))
        market = market_values(session, league, wanted)
    warn_without_lines(session, wanted)
    if json:
        print_json({**found.to_json(league, market), **data})
        return
    say(f"Points of the best line-ups from {wanted} on, {found.weeks} weeks. {_about(market)}")
    print_rows(found.rows(market), spare=("market_value", "before", "after"), numbers=_NUMBERS)


def _check(
    give: str | None, get: str | None, find: bool, team: str | None, top: int | None
) -> None:
    """Check that the options are those of a trade to judge, or of trades to find.

    Raises:
        InvalidArgumentError: they are of both or of neither.
    """
    if find and (give is not None or get is not None):
        raise InvalidArgumentError("--find takes no --give and --get; give either of them.")
    if not find and (give is None or get is None):
        raise InvalidArgumentError(
            "give --give and --get for a trade to judge, or --find for the best trades."
        )
    if not find and (team is not None or top is not None):
        name = "--team" if team is not None else "--top"
        raise InvalidArgumentError(f"{name} needs --find.")


def _names(text: str | None) -> list[str]:
    return (text or "").split(",")


def _about(market: Market) -> str:
    if market.note is not None:
        return f"{market.note[0].upper()}{market.note[1:].rstrip('.')}."
    return f"Market values of dynastyprocess, {market.as_of}."


def _print_found(found: FoundTrades, market: Market) -> None:
    say(f"{found.compared:,} trades compared from {found.week} on. {_about(market)}")
    if not found.trades:
        say("No trade of one or two players helps both teams.")
        return
    rows: list[dict[str, Any]] = []
    for number, trade in enumerate(found.trades, 1):
        for row in trade.rows(market):
            rows.append({"trade": number, **row})
    print_rows(rows, spare=("market_value", "before", "after"), numbers=("trade", *_NUMBERS))


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        "trade --league friends --give cook --get nacua --json",
        "trade --league friends --give cook,hill --get nacua",
        "trade --league friends --find --team 4",
    )(trade)

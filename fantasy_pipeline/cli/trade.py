"""The command `trade`: what a trade changes for both teams."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    both_or_none,
    check_shown,
    open_session,
    projected_week,
)
from fantasy_pipeline.cli.output import print_json, print_rows, say, say_label
from fantasy_pipeline.cli.progress import waiting


def trade(
    league: Annotated[str, typer.Option(metavar="NAME", help="Name of a registered league.")],
    give: Annotated[
        str, typer.Option(metavar="PLAYERS", help="Players of one team, separated by commas.")
    ],
    get: Annotated[
        str, typer.Option(metavar="PLAYERS", help="Players of another team, separated by commas.")
    ],
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Print what a trade changes: both teams' best line-ups over the remaining weeks.

    Without a week: as for `projections`. Byes and bench are included: each week has its own best
    line-up. The range and the chance to be better off come from simulated seasons.

    Reads the lake.
    """
    from fantasy_pipeline.operations.trades import judge_trade

    named = both_or_none(season, week)
    session = open_session(source, at)
    if named is not None:
        check_shown(session, named)
    wanted = named or projected_week(session)
    say_label(session.label)
    with waiting("judging the trade"):
        found = judge_trade(session.lake, league, wanted, give.split(","), get.split(","))
    rows: list[dict[str, Any]] = [
        {
            "team": team.name or team.team_id,
            "gives": ", ".join(names),
            "before": change.before,
            "after": change.after,
            "change": change.change,
            "p10": change.p10,
            "p90": change.p90,
            "better": round(change.better, 2),
        }
        for team, names, change in found.sides
    ]
    if json:
        about = {"league": league, "season": wanted.season, "week": wanted.week}
        data = {"data": session.label} if session.label else {}
        print_json({**about, **data, "weeks": found.weeks, "teams": rows})
        return
    say(f"Points of the best line-ups from {wanted} on, {found.weeks} weeks.")
    print_rows(rows, numbers=("before", "after", "change", "p10", "p90", "better"))


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        "trade --league friends --give cook --get nacua --json",
        "trade --league friends --give cook,hill --get nacua",
    )(trade)

"""The command `waivers`: free agents by what they add to a fantasy team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.lineup import LeagueRequired, TeamRequired, of_earlier_rosters
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    open_week,
    warn_without_lines,
)
from fantasy_pipeline.cli.output import print_json, print_rows, say, say_label, warn
from fantasy_pipeline.cli.progress import waiting

if TYPE_CHECKING:
    from fantasy_pipeline.operations.waivers import Waivers


def waivers(
    league: LeagueRequired,
    team: TeamRequired,
    top: Annotated[int, typer.Option(metavar="N", min=1, max=500, help="Number of players.")] = 10,
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Print the free agents who add most to your line-ups, and whom to drop for each.

    Without --week: the running week; after its last kick-off, the next one. Points are those that
    the player adds to the best line-up, this week and over the rest of the season, after the drop.
    Trending adds: how many Sleeper managers added him in the last 24 hours.

    Reads the lake; requests today's trending adds.
    """
    from fantasy_pipeline.operations.waivers import waivers as free_agents

    session, wanted = open_week(season, week, source, at)
    say_label(session.label)
    with waiting("comparing the free agents"):
        found = free_agents(session, league, team, wanted, top)
    warn_without_lines(session, wanted)
    warn(_warnings(found))
    if json:
        data = {"data": session.label} if session.label else {}
        print_json({**found.to_json(), **data})
        return
    say(f"Points added to the line-ups of {found.team.name or found.team.team_id} from {wanted} on")
    if not found.players:
        say("No free agent adds points to the line-ups.")
        return
    rows = [one.to_json() for one in found.players]
    for row in rows:
        del row["player_id"]
    print_rows(
        rows,
        spare=("status", "nfl_team", "projected_points"),
        numbers=("this_week", "rest_of_season", "projected_points", "trending_adds"),
    )


def _warnings(found: Waivers) -> list[str]:
    lines = of_earlier_rosters(found.week, found.rosters_of)
    return lines if found.note is None else [*lines, found.note.rstrip(".")]


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        "waivers --league friends --team 4",
        'waivers --league friends --team "my team" --top 20 --json',
    )(waivers)

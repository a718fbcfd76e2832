"""The command `odds`: the chances to make the play-offs and to win a fantasy league."""

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
    open_week,
    warn_without_lines,
)
from fantasy_pipeline.cli.output import Column, print_json, say_label, warn, write_table
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.football.season_week import week_ranges

if TYPE_CHECKING:
    from fantasy_pipeline.operations.odds import LeagueOdds, TeamOdds


def odds(
    league: Annotated[
        str, typer.Option("--league", metavar="NAME", help="Name of a registered league.")
    ],
    season: SeasonOption = None,
    week: WeekOption = None,
    sims: Annotated[
        int, typer.Option(metavar="N", min=100, max=100_000, help="Simulated seasons.")
    ] = 10_000,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Print each team's chance to make the play-offs, to have a bye and to win the title.

    The odds use what was known before the week. Without --week: the running week; after its last
    kick-off, the next one. The rest of the season is simulated from the projected line-ups of the
    teams. Also prints records, all-play records, luck, efficiency and the power ranking. The same
    lake gives the same odds.

    Reads the lake.
    """
    from fantasy_pipeline.operations.odds import league_odds

    session, wanted = open_week(season, week, source, at)
    say_label(session.label)
    with waiting("simulating the season"):
        found = league_odds(session, league, wanted, sims)
    warn_without_lines(session, wanted)
    if found.drawn:
        warn(
            [
                f"league {league}: the platform states no pairings of {week_ranges(found.drawn)}, "
                "so every simulated season draws them"
            ]
        )
    if json:
        data = {"data": session.label} if session.label else {}
        print_json({**found.to_json(league), **data})
        return
    label = f" - {session.label}" if session.label else ""
    write_table(_columns(found), f"{league}, before {wanted}{label}", spare=("power", "efficiency"))


def _columns(found: LeagueOdds) -> list[Column]:
    from fantasy_pipeline.decisions.odds import in_percent

    teams = found.teams
    records = [one.record for one in teams]

    def number(name: str, cells: list[str]) -> Column:
        return Column(name, cells, is_number=True)

    columns = [Column("team", [one.team.name or one.team.team_id for one in teams])]
    if found.rules.divisions:
        columns.append(Column("division", [one.team.division or "" for one in teams]))
    return [
        *columns,
        Column("record", [_record(one) for one in teams]),
        number("points", [f"{one.points:.1f}" for one in records]),
        number("all-play", ["" if r.all_play is None else f"{r.all_play:.3f}" for r in records]),
        number("luck", [f"{one.luck:+.1f}" for one in records]),
        number(
            "efficiency", ["" if r.efficiency is None else f"{r.efficiency:.1%}" for r in records]
        ),
        number("power", [str(one.power) for one in teams]),
        number("wins", [f"{one.wins:.1f}" for one in teams]),
        number("playoffs", [in_percent(one.playoffs) for one in teams]),
        number("bye", [in_percent(one.bye) for one in teams]),
        number("title", [in_percent(one.title) for one in teams]),
    ]


def _record(one: TeamOdds) -> str:
    record = one.record
    ties = f"-{record.ties}" if record.ties else ""
    return f"{record.wins}-{record.losses}{ties}"


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        "odds --league friends",
        "odds --league friends --season 2024 --week 10 --json",
    )(odds)

"""The commands of `league`: register fantasy leagues, show them, and compare their points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from fantasy_pipeline.cli.help import PROGRAM, RESULTS_PANEL, Group, command
from fantasy_pipeline.cli.options import JsonOption, SeasonOption, SourceOption, open_session
from fantasy_pipeline.cli.output import (
    Column,
    print_json,
    print_line,
    say_label,
    warn,
    write_table,
)
from fantasy_pipeline.cli.progress import Steps, usual_seconds, waiting

if TYPE_CHECKING:
    from fantasy_pipeline.football.season_week import SeasonWeek

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the league.")]
PANEL = "Leagues"


def add(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="sleeper, espn, or file.")],
    league: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the league, or path of its YAML file.")
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name in commands and tables; default: the league's."),
    ] = None,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Register a league and import the seasons that the lake has stats for.

    The same command imports a registered league again. The weekly imports bring every new week.
    Private leagues of ESPN need FANTASY_ESPN_S2 and FANTASY_ESPN_SWID; Sleeper needs no login.
    """
    from fantasy_pipeline.operations.league_add import add as register

    session = open_session(source)
    added = register(session, platform, league, name, Steps(json, usual_seconds(session.instance)))
    say_label(session.label)
    warn(added.warnings)
    seasons = [season.season for season in added.seasons]
    if json:
        print_json({"league": added.name, "seasons": seasons, "weeks": len(added.weeks)})
        return
    print_line(f"League {added.name}: {_imported(seasons, added.weeks)}.")
    if added.weeks:
        print_line(f"Next: {PROGRAM} league check {added.name}")


def list_leagues(source: SourceOption = None, json: JsonOption = False) -> None:
    """List the registered leagues, with their seasons and the number of imported weeks.

    Reads the lake. Changes nothing.
    """
    from fantasy_pipeline.operations.leagues import listed

    session = open_session(source)
    rows = listed(session)
    say_label(session.label)
    if json:
        print_json(rows)
    elif not rows:
        print_line(f"No league is registered. Register one: {PROGRAM} league add --help")
    else:
        names = ("league", "platform", "id", "weeks")
        columns = [Column(name, [str(row[name]) for row in rows]) for name in names]
        columns.append(Column("seasons", [_list(row["seasons"]) for row in rows]))
        write_table(columns)


def show(
    name: NameArgument,
    season: SeasonOption = None,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Show a league's teams, slots and scoring, with the keys that are not scored.

    Reads the lake.
    """
    from fantasy_pipeline.operations.leagues import shown

    session = open_session(source)
    found = shown(session, name, season)
    of = found.season
    say_label(session.label)
    if json:
        about = {"league": name, "title": of.title, "season": of.season, "slots": of.slots}
        about |= {"platform": of.platform, "playoff_week": of.playoff_week}
        about |= {"scoring": found.scoring, "team_defence": found.team_defence}
        print_json({**about, "notes": found.notes, "teams": found.teams})
        return
    print_line(f"{of.title} ({of.platform} {of.league_id}), season {of.season}")
    print_line(f"Slots: {' '.join(of.slots)}")
    print_line(f"Scoring: {_points(found.scoring)}")
    if found.team_defence:
        print_line(f"Scoring of team defences: {_points(found.team_defence)}")
    for note in found.notes:
        print_line(note)
    names = ("team_id", "team_name", "manager")
    write_table([Column(name, [row[name] or "" for row in found.teams]) for name in names])


def check(name: NameArgument, source: SourceOption = None, json: JsonOption = False) -> None:
    """Compare a league's points with the platform's, player by player and week by week.

    Reads the lake. Prints the share that agrees, the largest differences with the scoring key that
    would explain them, and the keys that are not scored.
    """
    from fantasy_pipeline.operations.leagues import checked

    session = open_session(source)
    with waiting("comparing the points"):
        found = checked(session, name)
    say_label(session.label)
    if json:
        print_json(found)
        return
    for row in found["seasons"]:
        share = "nothing to compare" if row["share"] is None else f"{100 * row['share']:.2f}%"
        print_line(
            f"{row['season']}: {row['equal']:,} of {row['compared']:,} player-weeks: {share}"
        )
    for row in found["missing_keys"]:
        apart = row["compared"] - row["equal"]
        worth = "1 point" if row["points"] == 1 else f"{row['points']:g} points"
        print_line(
            f"{row['season']}, {row['whose']}: {row['key']} ({worth}, not scored) "
            f"may explain {row['explained']:,} of the {apart:,} that differ; of the others, "
            f"{100 * row['share']:.2f}% are equal"
        )
    rows = found["differences"]
    if rows:
        columns = [
            Column(key, ["" if row[key] is None else str(row[key]) for row in rows])
            for key in rows[0]
        ]
        write_table(columns)
    for note in found["notes"]:
        print_line(note)
    if unmapped := found["unmapped"]:
        print_line(f"not scored: players without an NFL id: {', '.join(unmapped[:10])}")


def remove(name: NameArgument, source: SourceOption = None, json: JsonOption = False) -> None:
    """Remove a league from the registry, and its rows from the lake.

    Other leagues keep their rows. `league add` imports the league again.
    """
    from fantasy_pipeline.operations.leagues import remove as forget

    session = open_session(source)
    with waiting("removing the league"):
        weeks = forget(session, name)
    if json:
        print_json({"league": name, "weeks": weeks})
    else:
        print_line(f"League {name} is removed, with its rows of {weeks} weeks.")


def _imported(seasons: list[int], weeks: list[SeasonWeek]) -> str:
    """Return the imported weeks, and the registered seasons without any."""
    from fantasy_pipeline.football.season_week import week_ranges

    absent = sorted(set(seasons) - {week.season for week in weeks})
    without = f"no week of {_list(absent)}" if absent else ""
    if not weeks:
        return f"{without} imported"
    plural = "s" if len(weeks) > 1 else ""
    done = f"{len(weeks)} week{plural} imported, {week_ranges(weeks)}"
    return f"{done}; {without}" if absent else done


def _points(scoring: Mapping[str, float]) -> str:
    return ", ".join(f"{key} {worth:g}" for key, worth in scoring.items())


def _list(seasons: list[int]) -> str:
    from fantasy_pipeline.football.season_week import ranges

    return ranges(seasons)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    leagues = typer.Typer(
        cls=Group, help="Import your leagues and check their points.", no_args_is_help=True
    )
    command(
        leagues,
        PANEL,
        "league add sleeper 1048256482359742464 --name friends",
        "league add espn 100001",
        "league add file office.yaml",
    )(add)
    command(leagues, PANEL, "league list --json", name="list")(list_leagues)
    command(leagues, PANEL, "league show friends", "league show friends --season 2023")(show)
    command(leagues, PANEL, "league check friends", "league check friends --json")(check)
    command(leagues, PANEL, "league remove friends")(remove)
    app.add_typer(leagues, name="league", rich_help_panel=RESULTS_PANEL)

"""The command `lineup`: the best line-up of a fantasy team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from fantasy_pipeline.cli.output import (
    Column,
    print_json,
    print_line,
    say_label,
    warn,
    write_table,
)
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    from fantasy_pipeline.decisions.lineup import Candidate, Lineup
    from fantasy_pipeline.football.season_week import SeasonWeek
    from fantasy_pipeline.operations.lineups import TeamLineup

LeagueRequired = Annotated[
    str, typer.Option("--league", metavar="NAME", help="Name of a registered league.")
]
TeamRequired = Annotated[
    str,
    typer.Option("--team", metavar="TEAM", help="Id, name or manager of a team, or a part of it."),
]


def lineup(
    league: LeagueRequired,
    team: TeamRequired,
    season: SeasonOption = None,
    week: WeekOption = None,
    objective: Annotated[
        Literal["mean", "floor", "ceiling", "win"],
        typer.Option(help="What to maximise: expected points, floors, ceilings, chance to win."),
    ] = "mean",
    lock: Annotated[
        list[str] | None, typer.Option(metavar="PLAYER", help="Start this player; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PLAYER", help="Do not start this player; repeatable."),
    ] = None,
    opponent: Annotated[
        str | None,
        typer.Option(metavar="TEAM", help="Opposing team; default: from the match-up in the lake."),
    ] = None,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Print the best line-up of your team, and the swaps that lead to it.

    Without --week: the running week; after its last kick-off, the next one. Players whose game has
    kicked off stay where they are, and games that are over count with the points scored. Also
    prints the chance to win against this week's opponent, by simulation.

    Reads the lake.
    """
    from fantasy_pipeline.operations.lineups import team_lineup

    session, wanted = open_week(season, week, source, at)
    say_label(session.label)
    with waiting("choosing the line-up"):
        found = team_lineup(
            session.lake,
            league,
            team,
            wanted,
            session.now,
            objective,
            lock or (),
            exclude or (),
            opponent,
        )
    warn_without_lines(session, wanted)
    warn(_warnings(found))
    if json:
        data = {"data": session.label} if session.label else {}
        print_json({**found.to_json(), "objective": objective, **data})
        return
    label = f" - {session.label}" if session.label else ""
    title = f"{found.team.name or found.team.team_id}, {league}, {wanted}, {objective}{label}"
    write_table(_columns(found.lineup), title)
    for line in _summary(found):
        print_line(line)


def _warnings(found: TeamLineup) -> list[str]:
    lines = []
    for empty in found.lineup.empty:
        could = ", ".join(empty.could_fill) or "nobody on the team"
        lines.append(f"slot {empty.slot} stays empty; could fill it: {could}")
    lines += of_earlier_rosters(found.week, found.rosters_of)
    if found.opponent is None:
        lines.append(
            f"league_matchups {found.week}: the opponent is not in the lake; name it with "
            "--opponent for the chance to win"
        )
    return lines


def of_earlier_rosters(week: SeasonWeek, rosters_of: SeasonWeek) -> list[str]:
    """Return a warning if the rosters of a week are those of an earlier one."""
    if rosters_of == week:
        return []
    return [
        f"league_rosters {week}: not in the lake, so the rosters are those of {rosters_of}; import "
        f"them with `fantasy-pipeline run --season {week.season} --week {week.week}`"
    ]


def _columns(lineup: Lineup) -> list[Column]:
    rows: list[tuple[str, Candidate | None]] = [
        (slot, lineup.starters.get(number)) for number, slot in enumerate(lineup.slots)
    ]
    kept = {one.id for one in lineup.current.values()}

    def numbers(name: str) -> list[str]:
        return ["" if one is None else f"{getattr(one.points, name):.1f}" for _, one in rows]

    return [
        Column("slot", [slot for slot, _ in rows]),
        Column("player", ["empty" if one is None else one.name for _, one in rows]),
        Column("team", ["" if one is None else one.team or "" for _, one in rows]),
        Column("points", numbers("expected"), is_number=True),
        Column("floor", numbers("p10"), is_number=True),
        Column("ceiling", numbers("p90"), is_number=True),
        Column(
            "change", ["in" if one is not None and one.id not in kept else "" for _, one in rows]
        ),
        Column("status", ["" if one is None else _status(one) for _, one in rows]),
    ]


def _status(one: Candidate) -> str:
    return ", ".join(filter(None, ("kicked off" if one.has_started else None, one.note)))


def _summary(found: TeamLineup) -> list[str]:
    lineup = found.lineup
    if lineup.starters and all(one.has_started for one in lineup.starters.values()):
        # Nobody can be moved any more, so there is nothing to advise.
        return [f"Points: {lineup.total():.1f}", "Every game has kicked off: these started."]
    lines = [f"Expected points: {lineup.total():.1f}"]
    lines += [_swap(swap) for swap in lineup.swap_rows()]
    if not lineup.swaps:
        lines.append("The current line-up is the best one.")
    if found.opponent is not None and lineup.chance is not None:
        team, points = found.opponent
        lines.append(
            f"Chance to win against {team.name or team.team_id} ({points:.1f} expected): "
            f"{lineup.chance:.0%}, now {lineup.current_chance:.0%}"
        )
    if found.estimated:
        lines.append(
            f"Not projected, so at the mean of the league's starters: {', '.join(found.estimated)}"
        )
    return lines


def _swap(row: dict[str, Any]) -> str:
    into = f"start {row['in']}" if row["in"] else ""
    out = f"bench {row['out']}" if row["out"] else ""
    return f"{row['gain']:+.1f}  {' and '.join(filter(None, (into, out)))}"


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        "lineup --league friends --team 4",
        "lineup --league friends --team 4 --objective win",
        'lineup --league friends --team "my team" --json',
    )(lineup)

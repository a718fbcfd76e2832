"""The command `compare`: players of a week side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    LeagueOption,
    ScoringOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    check_one_scoring,
    open_week,
    warn_of_older_imports,
    warn_without_lines,
)
from fantasy_pipeline.cli.output import Column, print_json, say_label, write_table
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.football.positions import DST

if TYPE_CHECKING:
    from fantasy_pipeline.decisions.comparison import Compared

_BAR = 24
"""Characters of a drawn range of points."""


def compare(
    players: Annotated[
        list[str],
        typer.Argument(metavar="PLAYER", help="Two to eight names, parts of names, or ids."),
    ],
    league: LeagueOption = None,
    scoring: ScoringOption = None,
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Compare players of a week.

    Without --week: the running week; after its last kick-off, the next one. Prints points, floor
    and ceiling (drawn to one scale), the chance that each outscores the others, opponent, implied
    total, injury, stat line, the last five games, the rest of the season, and what each source
    says. The chances assume that players score independently. An ambiguous name lists the matching
    players.

    Reads the lake.
    """
    from fantasy_pipeline.decisions.comparison import check_names
    from fantasy_pipeline.operations.comparison import compare as compare_players
    from fantasy_pipeline.operations.comparison import league_of

    check_names(players)
    check_one_scoring(scoring, league)
    scoring = scoring or "ppr"
    session, wanted = open_week(season, week, source, at)
    say_label(session.label)
    with waiting("comparing the players"):
        of_league = league_of(session.lake, league, wanted.season) if league else None
        found = compare_players(session.lake, wanted, session.now, players, of_league or scoring)
    if of_league:
        # The last games are of this season and the one before.
        warn_of_older_imports(session, [wanted.season - 1, wanted.season])
        warn_without_lines(session, wanted)
    if json:
        about = {"season": wanted.season, "week": wanted.week, "scoring": league or scoring}
        data = {"data": session.label} if session.label else {}
        print_json({**about, **data, "players": [player.to_json() for player in found]})
        return
    title = f"{wanted}, {league or scoring}{f' - {session.label}' if session.label else ''}"
    write_table(_columns(found), title)


def _columns(found: Sequence[Compared]) -> list[Column]:
    """Return one column of labels and one per player."""
    lowest = min(0.0, *(player.points.p10 for player in found))
    highest = max(1.0, *(player.points.p90 for player in found))
    rows: dict[str, Callable[[Compared], str]] = {
        "game": _game,
        "implied total": lambda one: _number(one.about["implied_team_total"], ".1f"),
        "status": _status,
        "points": lambda one: f"{one.points.expected:.1f}",
        "range": lambda one: _bar(one, lowest, highest),
        "floor, median, ceiling": lambda one: (
            f"{one.points.p10:.1f}  {one.points.p50:.1f}  {one.points.p90:.1f}"
        ),
        "most points": lambda one: f"{one.chance:.0%}",
    }
    if len(found) > 2:
        for other in found:
            rows[f"over {other.about['player_name']}"] = _over(other.player_id)
    lines = _lines(found)
    columns = [Column("", [*rows, *lines])]
    for number, player in enumerate(found):
        cells = [row(player) for row in rows.values()]
        cells += [of_players[number] for of_players in lines.values()]
        columns.append(Column(str(player.about["player_name"]), cells))
    return columns


def _lines(found: Sequence[Compared]) -> dict[str, list[str]]:
    """Return the rows whose number depends on the players: stat line, last games, sources."""
    stats = list(dict.fromkeys(name for player in found for name in player.line))
    sources = list(dict.fromkeys(name for player in found for name in player.sources))
    most = max(len(player.games) for player in found)
    rows = {
        name.replace("_", " "): [_number(player.line.get(name), ".1f") for player in found]
        for name in stats
    }
    for number in range(most):
        name = "last games" if number == 0 else " " * number
        rows[name] = [_earlier(player, number) for player in found]
    if rests := [player.rest for player in found if player.rest]:
        rows["rest of season"] = [_rest(player) for player in found]
        first, last = rests[0].playoff_weeks
        rows[f"weeks {first}-{last}" if first < last else f"week {last}"] = [
            "" if player.rest is None else f"{player.rest.playoffs:.0f}" for player in found
        ]
    for source in sources:
        rows[f"{source} says"] = [_stated(player, source) for player in found]
    return rows


def _game(player: Compared) -> str:
    about = player.about
    against = f"{'at' if about['is_home'] is False else 'vs'} {about['opponent']}"
    return f"{about['position']} {about['team']} {against if about['opponent'] else 'bye'}"


def _status(player: Compared) -> str:
    about = player.about
    # Injury reports have players only.
    usual = "" if about["position"] == DST else "healthy"
    status = about["reason"] or about["injury_status"] or usual
    more = ", ".join(filter(None, (about["injury"], about["practice_status"])))
    return f"{status} ({more})" if more else str(status)


def _over(player_id: str) -> Callable[[Compared], str]:
    return lambda one: _number(one.chances.get(player_id), ".0%")


def _earlier(player: Compared, number: int) -> str:
    if number >= len(player.games):
        return ""
    game = player.games[number]
    return f"{game.points:.1f}  {game.season} week {game.week} {game.opponent or ''}"


def _stated(player: Compared, source: str) -> str:
    stated = player.sources.get(source)
    return "" if stated is None else f"{stated.points:.1f} ({stated.scoring})"


def _rest(player: Compared) -> str:
    rest = player.rest
    if rest is None:
        return ""
    return f"{rest.points:.0f} ({rest.p10:.0f}-{rest.p90:.0f}) in {rest.games} games"


def _number(value: float | None, format: str) -> str:
    return "" if value is None else f"{value:{format}}"


def _bar(player: Compared, lowest: float, highest: float) -> str:
    """Return a line from floor to ceiling with a mark at the median, on a scale of all players."""
    points = player.points
    first, middle, last = (
        round((value - lowest) / (highest - lowest) * (_BAR - 1))
        for value in (points.p10, points.p50, points.p90)
    )
    return "".join(
        "●" if place == middle else "─" if first <= place <= last else "·" for place in range(_BAR)
    )


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        'compare "derrick henry" "saquon barkley"',
        "compare 00-0034857 hurts --scoring half --json",
        "compare chase lamb --league friends",
    )(compare)

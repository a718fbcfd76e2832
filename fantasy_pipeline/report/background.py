"""Collect details of players beside the ranking: games, rest of season, sources, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from fantasy_pipeline.decisions.comparison import (
    PLAYOFF_WEEKS,
    Game,
    Rest,
    recent_games,
    rests_of_season,
)
from fantasy_pipeline.decisions.outcomes import quantile_scores
from fantasy_pipeline.football.scoring import SCORINGS, Scoring
from fantasy_pipeline.football.tables import TEAM_DEFENSE_STATS
from fantasy_pipeline.football.tables.history import TARGET_STATS
from fantasy_pipeline.report.players import Player
from fantasy_pipeline.report.rows import ReportRows

MOST_PLAYERS = 4
"""Players of a comparison in the page: more do not fit on a phone."""


@dataclass(frozen=True)
class Background:
    """Latest games and rest of the season, by scoring and player id; empty where not known."""

    games: Mapping[Scoring, Mapping[str, Sequence[Game]]] = field(default_factory=dict)
    rest: Mapping[Scoring, Mapping[str, Rest]] = field(default_factory=dict)


def background(rows: ReportRows, ids: Sequence[str]) -> Background:
    """Return the background of some players, as far as the lake has it."""
    defences = rows.earlier_defences
    if defences is None:
        defences = TEAM_DEFENSE_STATS.arrow_schema.empty_table()
    games: dict[Scoring, Mapping[str, Sequence[Game]]] = {}
    rest: dict[Scoring, Mapping[str, Rest]] = {}
    for scoring in SCORINGS:
        if rows.earlier is not None:
            games[scoring] = recent_games(ids, rows.earlier, defences, scoring)
        if rows.rest is not None:
            rest[scoring] = rests_of_season(rows.rest, ids, scoring)
    return Background(games, rest)


def players_json(
    season: int,
    players: Iterable[Player],
    known: Background,
    says: Mapping[str, Sequence[tuple[str, float, str]]],
) -> Markup:
    """Return what the report of a week needs to compare its players; see `comparison_json`.

    Args:
        says: sources, their points and the words for their scoring, by player id.
    """
    found = [_player(one, known, says.get(one.player_id, ())) for one in players]
    return comparison_json(season, PLAYOFF_WEEKS, TARGET_STATS, found)


def comparison_json(
    season: int,
    playoff_weeks: tuple[int, int],
    stats: Sequence[str],
    players: Sequence[Mapping[str, Any]],
) -> Markup:
    """Return what a page needs to compare players, as JSON for a script element.

    The keys are `season`, `late`, the name of the play-off weeks, `scores`, the standard normal
    quantiles behind the chances, `most`, the number of players of a comparison, `stats`, the names
    of the projected stats, and `players`: one object per player, in the order of the page, without
    the keys of what is not known. Its keys are `line`, pairs of the number of a stat and its value;
    `total`, the implied total; `spread`, points by which the team is favoured; `allows`, percent
    that the opponent allows the position more than others do; `injury`; `says`, sources with their
    points and their scoring; `games`, the latest games with the points by scoring; and `rest`, the
    number of games, then total, floor, ceiling and points of the play-off weeks by scoring.

    Args:
        playoff_weeks: first and last of them.
        stats: names of the projected stats.
    """
    first, last = playoff_weeks
    content = {
        "season": season,
        "late": f"Weeks {first}-{last}" if first < last else f"Week {last}",
        "scores": [round(score, 4) for score in quantile_scores().tolist()],
        "most": MOST_PLAYERS,
        "stats": [name.replace("_", " ").replace("tds", "TDs") for name in stats],
        "players": [
            {name: value for name, value in player.items() if value not in (None, "", [])}
            for player in players
        ],
    }
    text = json.dumps(content, separators=(",", ":"))
    # Texts of injury reports could close the script element.
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - escaped above


def line_json(line: Mapping[str, float | None], stats: Sequence[str]) -> list[list[float]]:
    """Return the number and value of each stat of a projected line that is not 0."""
    found = [(number, round(line.get(name) or 0.0, 1)) for number, name in enumerate(stats)]
    return [[number, value] for number, value in found if value]


def percent_allowed(factor: float | None) -> int | None:
    """Return the percent that an opponent allows more than others do; None: not known."""
    return None if factor is None else round(100 * (factor - 1))


def _player(
    player: Player, known: Background, says: Sequence[tuple[str, float, str]]
) -> dict[str, Any]:
    return {
        "line": line_json(player.line, TARGET_STATS),
        "total": player.implied_total,
        "spread": player.spread_line,
        "allows": percent_allowed(player.matchup),
        "injury": ", ".join(filter(None, (player.injury, player.practice))),
        "says": [[name, round(points, 1), scoring] for name, points, scoring in says],
        "games": _games(player, known),
        "rest": _rest(player, known),
    }


def _games(player: Player, known: Background) -> list[list[Any]]:
    """Return season, week, opponent and the points by scoring of each of the latest games."""
    by_scoring = [known.games.get(scoring, {}).get(player.player_id, ()) for scoring in SCORINGS]
    return [
        [one[0].season, one[0].week, one[0].opponent or "", *(round(g.points, 1) for g in one)]
        for one in zip(*by_scoring, strict=True)
    ]


def _rest(player: Player, known: Background) -> list[Any]:
    """Return the number of games, then total, floor, ceiling and play-off points by scoring."""
    by_scoring = [known.rest.get(scoring, {}).get(player.player_id) for scoring in SCORINGS]
    rests = [one for one in by_scoring if one is not None]
    if len(rests) < len(SCORINGS):
        return []
    return [rests[0].games, *([one.points, one.p10, one.p90, one.playoffs] for one in rests)]

"""Lay out a league's report: one self-contained HTML file, and Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from fantasy_pipeline.decisions.comparison import PLAYOFF_WEEKS, Game, Rest, Stated
from fantasy_pipeline.decisions.lineup import Lineup
from fantasy_pipeline.football.tables import DEFENDER_POINTS
from fantasy_pipeline.football.tables.history import TARGET_STATS
from fantasy_pipeline.report.accuracy import DISPLAY_NAMES
from fantasy_pipeline.report.background import comparison_json, line_json, percent_allowed
from fantasy_pipeline.report.words import scoring_words

_TEMPLATES = Path(__file__).parent / "templates"
_ASSETS = {"css": "report.css", "compare_js": "compare.js", "shared_js": "shared.js"}
_SOURCES = {**DISPLAY_NAMES, "model": "our model"}
_STATS = (*TARGET_STATS, *DEFENDER_POINTS)
_SCORING = "league"
"""The only scoring of the page, for its scripts."""
SHORT_STATUS = {"Questionable": "Q", "Doubtful": "D", "Probable": "P"}
"""Injury status on a phone, beside the kick-off."""


@dataclass(frozen=True)
class YourTeam:
    """One team of the league, for its manager.

    Args:
        lineup: the best line-up, with the swaps that lead to it and the chance to win.
        opponent: the opponent's name and expected points; None: not known.
        free_agents: those who add most, with the player to drop for each.
        byes: players who rest, by coming week.
        notes: what is estimated or missing, one sentence each.
        odds: a sentence on the chances to make the play-offs and win the title; None: not known.
    """

    name: str
    lineup: Lineup
    opponent: tuple[str, float] | None
    free_agents: Sequence[Mapping[str, Any]]
    byes: Mapping[int, Sequence[str]]
    notes: Sequence[str]
    odds: str | None = None


@dataclass(frozen=True)
class LeagueBackground:
    """The details of players that a comparison shows beside the rankings, without unknown ones.

    Args:
        games: latest games by player id, latest first.
        sources: what each source states, by player id.
        rests: rest of the league's season by player id.
        injuries: injury and practice in words, by player id.
        spreads: points by which each NFL team is favoured.
    """

    season: int = 0
    games: Mapping[str, Sequence[Game]] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Stated]] = field(default_factory=dict)
    rests: Mapping[str, Rest] = field(default_factory=dict)
    injuries: Mapping[str, str] = field(default_factory=dict)
    spreads: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class LeagueReport:
    """The contents of a league's report.

    Args:
        title: the league and the week.
        label: description of the data if they are synthetic; None for real data.
        about: how points and values are computed.
        notes: scoring keys that the points leave out, one sentence per reason.
        rankings: players by position, best first; each a row of `projection_list` with `tier`.
        team: the reader's own team; None: no team is named.
        background: what a comparison shows of the ranked players.
    """

    title: str
    label: str | None
    about: str
    notes: Sequence[str]
    rankings: dict[str, list[dict[str, Any]]]
    team: YourTeam | None = None
    background: LeagueBackground = field(default_factory=LeagueBackground)


def html(report: LeagueReport) -> str:
    """Return the report as one self-contained HTML file without network requests."""
    assets = {
        name: Markup((_TEMPLATES / file).read_text(encoding="utf-8"))  # noqa: S704 - our own file
        for name, file in _ASSETS.items()
    }
    rows = [row for of_position in report.rankings.values() for row in of_position]
    return (
        _environment()
        .get_template("league.html.j2")
        .render(
            report=report,
            data=_numbers(rows),
            background=_compared(rows, report.background),
            short_status=SHORT_STATUS,
            **assets,
        )
    )


def _numbers(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the numbers of the ranked players as JSON, in the form of the weekly report's.

    One list per player in page order: expected, p10, p50, p90, value, tier, actual points (null:
    not known) and rank.
    """
    names = ("projected_points", "p10", "p50", "p90", "value")
    listed = [
        [*(round(row[name], 1) for name in names), row["tier"], row["actual_points"], row["rank"]]
        for row in rows
    ]
    highest = max((row["p90"] for row in rows if row["value"] > 0), default=5.0)
    content = {_SCORING: {"scale": 5.0 * -(-highest // 5), "rows": listed}}
    # The JSON has only numbers and fixed keys, so it cannot close the script element.
    return Markup(json.dumps(content, separators=(",", ":")))  # noqa: S704 - escaped above


def _compared(rows: Sequence[Mapping[str, Any]], known: LeagueBackground) -> Markup:
    """Return what the page needs to compare the ranked players; see `comparison_json`."""
    rests = [known.rests[row["player_id"]] for row in rows if row["player_id"] in known.rests]
    weeks = rests[0].playoff_weeks if rests else PLAYOFF_WEEKS
    return comparison_json(known.season, weeks, _STATS, [_player(row, known) for row in rows])


def _player(row: Mapping[str, Any], known: LeagueBackground) -> dict[str, Any]:
    id_ = row["player_id"]
    rest = known.rests.get(id_)
    return {
        "line": line_json(row, _STATS),
        "total": row["implied_team_total"],
        "spread": known.spreads.get(row["team"]),
        "allows": percent_allowed(row["opponent_factor"]) if row["opponent"] else None,
        "injury": known.injuries.get(id_),
        "says": [
            [_SOURCES.get(source, source), round(one.points, 1), _words(one.scoring)]
            for source, one in known.sources.get(id_, {}).items()
        ],
        "games": [
            [game.season, game.week, game.opponent or "", round(game.points, 1)]
            for game in known.games.get(id_, ())
        ],
        "rest": rest and [rest.games, [rest.points, rest.p10, rest.p90, rest.playoffs]],
    }


def _words(scoring: str) -> str:
    """Return the words for a usual scoring, or for that of a site."""
    return _SOURCES.get(scoring) or scoring_words(scoring)


def markdown(report: LeagueReport) -> str:
    """Return the report in Markdown, for chat channels."""
    return _environment().get_template("league.md.j2").render(report=report)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

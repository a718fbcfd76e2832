"""How the report looks: one HTML file that asks for nothing else, and the same as Markdown."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.report import charts
from fantasy_pipeline.report.board import Player
from fantasy_pipeline.report.contents import Report
from fantasy_pipeline.scoring import SCORINGS, Scoring
from fantasy_pipeline.tables import FANTASY_POSITIONS

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
CURVE = 48
"""Ranks per position in the chart of values."""


def html(report: Report) -> str:
    """The report as one self-contained HTML file."""
    from markupsafe import Markup

    parts = {
        name: Markup((_TEMPLATES / f"report.{name}").read_text(encoding="utf-8"))  # noqa: S704 - our own file
        for name in ("css", "js")
    }
    drawn = {name: Markup(svg) for name, svg in _charts(report).items()}  # noqa: S704 - our own drawing
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            charts=drawn,
            data=_numbers(report),
            scale=scale(report),
            **_words(report),
            **parts,
        )
    )


def markdown(report: Report, top: int = 10) -> str:
    """The report in Markdown, for chat channels: the best of each position and what is new."""
    best = {
        position: [p for p in report.players if p.position == position and not p.is_out][:top]
        for position in FANTASY_POSITIONS
    }
    return (
        _environment()
        .get_template("report.md.j2")
        .render(report=report, best=best, **_words(report))
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "signed": signed,
        "moment": moment,
        "status": status,
        "cell": _cell,
        "share": _share,
    }
    return environment


def _words(report: Report) -> dict[str, Any]:
    """What both templates say in the same words."""
    return {
        "scores": report.scores,
        "positions": FANTASY_POSITIONS,
        "title": f"Week {report.week.week}, {report.week.season}",
    }


def _charts(report: Report) -> dict[str, str]:
    scores = report.scores
    drawn = {"value": charts.value_chart(_curves(report))}
    if scores is not None:
        drawn["errors"] = charts.error_chart(scores.rows, scores.base)
        drawn["weeks"] = charts.weekly_chart(scores.weekly)
        if scores.coverage:
            drawn["coverage"] = charts.coverage_chart(scores.coverage)
    return drawn


def _curves(report: Report) -> dict[str, list[float]]:
    return {
        position: [
            report.values["ppr"][player.player_id]
            for player in report.players
            if player.position == position and not player.is_out
        ][:CURVE]
        for position in FANTASY_POSITIONS
    }


def scale(report: Report, scoring: Scoring = "ppr") -> float:
    """Points at the right end of the interval bars, a multiple of 5; longer bars end there.

    The highest ceiling of the players worth starting, but for the top 2 %: a backup who may or may
    not play has a ceiling beyond everybody's.
    """
    values = report.values[scoring]
    ceilings = sorted(p.points[scoring].p90 for p in report.players if values[p.player_id] > 0)
    highest = ceilings[int(0.98 * (len(ceilings) - 1))] if ceilings else 5.0
    return 5.0 * -(-highest // 5)


def _numbers(report: Report) -> Any:
    """What the page needs to change the scoring, as JSON that may stand in a script element.

    By scoring, the scale of the bars and a list per player in page order: expected, p10, p50, p90,
    value, tier (0: none), actual (null: did not play).
    """
    from markupsafe import Markup

    out = {
        scoring: {
            "scale": scale(report, scoring),
            "rows": [_row(report, player, scoring) for player in report.players],
        }
        for scoring in SCORINGS
    }
    # Numbers and our own keys: nothing in it could end the element.
    return Markup(json.dumps(out, separators=(",", ":")))  # noqa: S704 - escaped above


def _share(points: float, whole: float) -> str:
    """Where on a bar some points are, percent."""
    return f"{min(max(100 * points / whole, 0), 100):.1f}"


def _row(report: Report, player: Player, scoring: Scoring) -> list[float | None]:
    points = player.points[scoring]
    return [
        *(round(value, 1) for value in (points.expected, points.p10, points.p50, points.p90)),
        round(report.values[scoring][player.player_id], 1),
        report.tiers[scoring].get(player.player_id, 0),
        round(player.actual[scoring], 1) if player.actual else None,
    ]


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign, a true minus, and no sign for zero."""
    text = f"{value:+.{digits}f}"
    zero = f"{0:.{digits}f}"
    return zero if text[1:] == zero else text.replace("-", "\N{MINUS SIGN}")


def moment(at: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def status(player: Player) -> str:
    """What to know before starting him, in a word or two; empty if nothing."""
    if player.on_bye:
        return "Bye"
    if player.is_out:
        return (player.reason or "out").capitalize()
    return player.injury_status or (player.reason or "").capitalize()


def _cell(value: object) -> str:
    """Text inside a Markdown table."""
    text = str(value).replace("\\", "\\\\")
    for character in "|<>*_`[]":
        text = text.replace(character, f"\\{character}")
    return text

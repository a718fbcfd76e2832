"""How the report looks: one HTML file that asks for nothing else, and the same as Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fantasy_pipeline.football.scoring import SCORINGS, Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.report import charts
from fantasy_pipeline.report.accuracy import NAMES
from fantasy_pipeline.report.contents import Report
from fantasy_pipeline.report.players import Player, ranked

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_EASTERN = ZoneInfo("America/New_York")
SURE = 0.95
"""Chance to play from which on it goes without saying."""
SCORING_WORDS: dict[Scoring, str] = {"ppr": "PPR", "half": "half-PPR", "std": "standard"}
MOST_VALUABLE = 12
"""Players in the table of values."""
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
            scales={scoring: scale(report, scoring) for scoring in SCORINGS},
            position_ranks=position_ranks(report, "ppr"),
            valuable={s: most_valuable(report, s)[:MOST_VALUABLE] for s in SCORINGS},
            **_words(report),
            **parts,
        )
    )


def markdown(report: Report, scoring: Scoring = "ppr", top: int = 10) -> str:
    """The report in Markdown, for chat channels: the best of each position and what is new."""
    best = {
        position: [p for p in ranked(report.players, position, scoring) if not p.is_out][:top]
        for position in FANTASY_POSITIONS
    }
    # Usual points, accuracy and corrections are those of PPR in every scoring.
    in_ppr = "" if scoring == "ppr" else " PPR"
    return (
        _environment()
        .get_template("report.md.j2")
        .render(report=report, scoring=scoring, best=best, in_ppr=in_ppr, **_words(report))
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
        "opponent": opponent,
        "kickoff": kickoff,
        "chance": chance,
        "basis": basis,
        "worded": worded,
        "named": named,
        "number": _number,
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
        "scorings": SCORING_WORDS,
    }


def _charts(report: Report) -> dict[str, str]:
    scores = report.scores
    drawn = {
        f"value_{scoring}": charts.value_chart(_curves(report, scoring), scoring)
        for scoring in SCORINGS
    }
    if scores is not None:
        drawn["errors"] = charts.error_chart(scores.rows, scores.base)
        drawn["weeks"] = charts.weekly_chart(scores.weekly)
        if scores.coverage:
            drawn["coverage"] = charts.coverage_chart(scores.coverage)
    return drawn


def _curves(report: Report, scoring: Scoring) -> dict[str, list[float]]:
    return {
        position: [
            report.values[scoring][player.player_id]
            for player in most_valuable(report, scoring)
            if player.position == position
        ][:CURVE]
        for position in FANTASY_POSITIONS
    }


def most_valuable(report: Report, scoring: Scoring) -> list[Player]:
    """Who is not out, by value over replacement in a scoring, best first."""
    values = report.values[scoring]
    playing = [player for player in report.players if not player.is_out]
    return sorted(playing, key=lambda player: (-values[player.player_id], player.player_id))


def named(source: str) -> str:
    """What readers are told a source of projections is."""
    return NAMES.get(source, source)


def worded(weeks: Sequence[SeasonWeek]) -> str:
    """Weeks of one season in short: `2025 weeks 1-9`; none: all."""
    if not weeks:
        return "all"
    first, last = weeks[0], weeks[-1]
    return str(first) if first == last else f"{first.season} weeks {first.week}-{last.week}"


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
    value, tier (0: none), actual (null: did not play), rank in the position (0: out).
    """
    from markupsafe import Markup

    out = {}
    for scoring in SCORINGS:
        ranks = position_ranks(report, scoring)
        rows = [
            [*_row(report, player, scoring), ranks.get(player.player_id, 0)]
            for player in report.players
        ]
        out[scoring] = {"scale": scale(report, scoring), "rows": rows}
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


def position_ranks(report: Report, scoring: Scoring) -> dict[str, int]:
    """Rank in the position by player id: RB12 is the twelfth running back; who is out has none."""
    return {
        player.player_id: rank
        for position in FANTASY_POSITIONS
        for rank, player in enumerate(ranked(report.players, position, scoring), start=1)
        if not player.is_out
    }


def opponent(player: Player) -> str:
    """Whom he plays and where: `@ BUF` away, `v BUF` at home; empty on a bye."""
    if not player.opponent:
        return ""
    return f"{'@' if player.is_home is False else 'v'} {player.opponent}"


def kickoff(player: Player) -> str:
    """Day and time of his game, US Eastern: `Sun 1:00 PM`; empty if not known."""
    if player.kickoff is None:
        return ""
    at = player.kickoff.astimezone(_EASTERN)
    return f"{at:%a} {at.hour % 12 or 12}:{at:%M %p}"


def chance(player: Player) -> str:
    """Chance to play in words, if it is in doubt: it is why his interval is wide."""
    if player.is_out or player.plays >= SURE:
        return ""
    return f"{100 * player.plays:.0f} % to play"


def basis(player: Player) -> list[str]:
    """What his points follow from: the projected stat line, the sources, the chance to play."""
    if player.is_out:
        return []
    said = [text for text in (stat_line(player), chance(player)) if text]
    if player.sources:
        told = f"{player.sources} source{'s' if player.sources > 1 else ''}"
        if player.sources > 1 and player.spread is not None:
            told += f", {player.spread:.1f} apart"
        named = [
            f"{name} {points:.1f}"
            for name, points in (("our model", player.model_half), ("NFL.com", player.nflcom_half))
            if points is not None
        ]
        said.append(f"{told} (half-PPR{''.join(f', {text}' for text in named)})")
    return said


def stat_line(player: Player) -> str:
    """The projected stats in short: `18.2 car, 84 yd, 0.6 TD; 3.1 rec, 25 yd, 0.1 TD`.

    Kinds of plays that he has next to none of are left out.
    """
    line = player.line

    def part(volume: str, word: str, yards: str, touchdowns: str) -> str:
        counts = f"{line.get(volume, 0):.1f} {word}"
        return f"{counts}, {line.get(yards, 0):.0f} yd, {line.get(touchdowns, 0):.1f} TD"

    parts = []
    if line.get("attempts", 0) >= 1:
        thrown = f"{line.get('completions', 0):.1f}/{line['attempts']:.1f} passing"
        parts.append(
            f"{thrown}, {line.get('passing_yards', 0):.0f} yd, "
            f"{line.get('passing_tds', 0):.1f} TD, {line.get('passing_interceptions', 0):.1f} INT"
        )
    if line.get("carries", 0) >= 0.5:
        parts.append(part("carries", "car", "rushing_yards", "rushing_tds"))
    if line.get("receptions", 0) >= 0.5:
        parts.append(part("receptions", "rec", "receiving_yards", "receiving_tds"))
    if line.get("fg_att", 0) >= 0.5:
        made = f"{line.get('fg_made', 0):.1f}/{line['fg_att']:.1f} FG"
        parts.append(f"{made}, {line.get('pat_made', 0):.1f} XP")
    return "; ".join(parts)


def _number(value: float | None, digits: int = 2, percent: bool = False) -> str:
    """A number in a table; a dash for none."""
    if value is None:
        return "\N{EN DASH}"
    return f"{100 * value:.{digits}f} %" if percent else f"{value:.{digits}f}"


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

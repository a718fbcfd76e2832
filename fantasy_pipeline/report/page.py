"""Lay out the report: one self-contained HTML file without network requests, and Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from fantasy_pipeline.checks.news import Contradiction
from fantasy_pipeline.decisions.comparison import Stated
from fantasy_pipeline.football.positions import DST, PROJECTED_POSITIONS
from fantasy_pipeline.football.scoring import SCORINGS, Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.sites import ESPN, NFLCOM
from fantasy_pipeline.report import charts
from fantasy_pipeline.report.accuracy import DISPLAY_NAMES
from fantasy_pipeline.report.background import players_json
from fantasy_pipeline.report.contents import Report
from fantasy_pipeline.report.league_page import SHORT_STATUS
from fantasy_pipeline.report.news import NewsItem
from fantasy_pipeline.report.players import Player, ranked
from fantasy_pipeline.report.words import SCORING_WORDS, moment, number, scoring_words, signed

_TEMPLATES = Path(__file__).parent / "templates"
_ASSETS = {
    "css": "report.css",
    "js": "report.js",
    "compare_js": "compare.js",
    "shared_js": "shared.js",
}
CERTAIN_TO_PLAY = 0.95
"""Chance to play from which the report does not mention it."""
LIKELY_TO_PLAY = 0.5
"""Chance to play from which a ceiling counts for the scale of the bars."""
OUR_MODEL = "our model"
MOST_VALUABLE = 12
"""Players in the table of the value section."""
CHART_RANKS = 48
"""Ranks per position in the chart of the value section."""


def html(report: Report) -> str:
    """Return the report as one self-contained HTML file."""
    assets = {
        name: Markup((_TEMPLATES / file).read_text(encoding="utf-8"))  # noqa: S704 - our own file
        for name, file in _ASSETS.items()
    }
    drawn = {name: Markup(svg) for name, svg in _charts(report).items()}  # noqa: S704 - our own drawing
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            charts=drawn,
            data=_numbers(report),
            background=players_json(
                report.week.season,
                report.players,
                report.background,
                {
                    player.player_id: [
                        (name, one.points, scoring_words(one.scoring))
                        for name, one in stated(player)
                    ]
                    for player in report.players
                },
            ),
            scales={scoring: scale(report, scoring) for scoring in SCORINGS},
            position_ranks=position_ranks(report, "ppr"),
            short_status=SHORT_STATUS,
            valuable={s: most_valuable(report, s)[:MOST_VALUABLE] for s in SCORINGS},
            **_shared(report),
            **assets,
        )
    )


def markdown(report: Report, scoring: Scoring = "ppr", top: int = 10) -> str:
    """Return the report in Markdown, for chat channels.

    Args:
        top: number of players to list per position.
    """
    best = {
        position: [p for p in ranked(report.players, position, scoring) if not p.is_out][:top]
        for position in PROJECTED_POSITIONS
    }
    # Averages, accuracy and corrections are in PPR points in every scoring.
    in_ppr = "" if scoring == "ppr" else " PPR"
    return (
        _environment()
        .get_template("report.md.j2")
        .render(report=report, scoring=scoring, best=best, in_ppr=in_ppr, **_shared(report))
    )


@cache
def _environment() -> Environment:
    """Return the templates' environment; HTML is escaped, and an undefined name is an error."""
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
        "week_range": week_range,
        "source_name": source_name,
        "number": number,
        "cell": _cell,
        "link": _link,
        "share": _share,
    }
    return environment


def _shared(report: Report) -> dict[str, Any]:
    """Return the variables that both templates use."""
    return {
        "accuracy": report.accuracy,
        "positions": PROJECTED_POSITIONS,
        "title": f"Week {report.week.week}, {report.week.season}",
        "scorings": SCORING_WORDS,
    }


def _charts(report: Report) -> dict[str, str]:
    """Return the charts as SVG by name."""
    accuracy = report.accuracy
    drawn = {
        f"value_{scoring}": charts.value_chart(_curves(report, scoring), scoring)
        for scoring in SCORINGS
    }
    if accuracy is not None:
        drawn["errors"] = charts.error_chart(accuracy.rows, accuracy.base)
        drawn["weeks"] = charts.weekly_chart(accuracy.weekly)
        if accuracy.coverage:
            drawn["coverage"] = charts.coverage_chart(accuracy.coverage)
    return drawn


def _curves(report: Report, scoring: Scoring) -> dict[str, list[float]]:
    """Return the values over replacement by position, best first."""
    return {
        position: [
            report.values[scoring][player.player_id]
            for player in most_valuable(report, scoring)
            if player.position == position
        ][:CHART_RANKS]
        for position in PROJECTED_POSITIONS
    }


def most_valuable(report: Report, scoring: Scoring) -> list[Player]:
    """Return the players who are not out, by value over replacement in a scoring, best first."""
    values = report.values[scoring]
    playing = [player for player in report.players if not player.is_out]
    return sorted(playing, key=lambda player: (-values[player.player_id], player.player_id))


def source_name(source: str) -> str:
    """Return the display name of a source of projections."""
    return DISPLAY_NAMES.get(source, source)


def week_range(weeks: Sequence[SeasonWeek]) -> str:
    """Return the weeks of one season in short, e.g. `2025 weeks 1-9`; "all" if there are none."""
    if not weeks:
        return "all"
    first, last = weeks[0], weeks[-1]
    return str(first) if first == last else f"{first.season} weeks {first.week}-{last.week}"


def scale(report: Report, scoring: Scoring = "ppr") -> float:
    """Return the points at the right end of the bars, a multiple of 5; longer bars are cut off.

    This is the highest ceiling of the players worth starting, and their highest actual points: a
    backup who may or may not play has an extreme ceiling.
    """
    values = report.values[scoring]
    worth = [player for player in report.players if values[player.player_id] > 0]
    ceilings = [player.points[scoring].p90 for player in worth if player.plays >= LIKELY_TO_PLAY]
    scored = [player.actual[scoring] for player in worth if player.actual]
    return 5.0 * -(-max([5.0, *ceilings, *scored]) // 5)


def _numbers(report: Report) -> Markup:
    """Return the numbers that the page needs to change the scoring, as JSON for a script element.

    By scoring: the scale of the bars, and one list per player in page order with expected, p10,
    p50, p90, value, tier (0: none), actual (null: did not play), rank in the position (0: out).
    """
    out = {}
    for scoring in SCORINGS:
        ranks = position_ranks(report, scoring)
        rows = [
            [*_row(report, player, scoring), ranks.get(player.player_id, 0)]
            for player in report.players
        ]
        out[scoring] = {"scale": scale(report, scoring), "rows": rows}
    # The JSON has only numbers and fixed keys, so it cannot close the script element.
    return Markup(json.dumps(out, separators=(",", ":")))  # noqa: S704 - escaped above


def _share(points: float, whole: float) -> str:
    """Return the position of some points on a bar, in percent of its length."""
    return f"{min(max(100 * points / whole, 0), 100):.1f}"


def _row(report: Report, player: Player, scoring: Scoring) -> list[float | None]:
    """Return a player's numbers for the page, see `_numbers`, without his rank."""
    points = player.points[scoring]
    return [
        *(round(value, 1) for value in (points.expected, points.p10, points.p50, points.p90)),
        round(report.values[scoring][player.player_id], 1),
        report.tiers[scoring].get(player.player_id, 0),
        round(player.actual[scoring], 1) if player.actual else None,
    ]


def position_ranks(report: Report, scoring: Scoring) -> dict[str, int]:
    """Return the rank in the position by player id, for players who are not out."""
    return {
        player.player_id: rank
        for position in PROJECTED_POSITIONS
        for rank, player in enumerate(ranked(report.players, position, scoring), start=1)
        if not player.is_out
    }


def opponent(player: Player) -> str:
    """Return the opponent: `@ BUF` away, `v BUF` at home; empty on a bye."""
    if not player.opponent:
        return ""
    return f"{'@' if player.is_home is False else 'v'} {player.opponent}"


def kickoff(player: Player) -> str:
    """Return the day and time of the game in UTC: `Sun 18:00 UTC`; empty if not known.

    The page's script shows the reader's own time zone instead.
    """
    return "" if player.kickoff is None else f"{player.kickoff:%a %H:%M} UTC"


def chance(player: Player) -> str:
    """Return the chance to play in words, if it is in doubt; it explains a wide interval."""
    if player.is_out or player.plays >= CERTAIN_TO_PLAY:
        return ""
    return f"{100 * player.plays:.0f}% to play"


def basis(player: Player) -> list[str]:
    """Return what a player's points follow from: stat line, chance to play and sources."""
    if player.is_out:
        return []
    parts = [text for text in (stat_line(player), chance(player), game(player)) if text]
    if player.sources:
        sources = f"{player.sources} source{'s' if player.sources > 1 else ''}"
        if player.sources > 1 and player.spread is not None:
            sources += f", {player.spread:.1f} points apart"
        points = ", ".join(_source_text(name, one) for name, one in stated(player))
        usual = "" if player.position == DST else "half-PPR"
        texts = ": ".join(filter(None, (usual, points)))
        parts.append(f"{sources} ({texts})" if texts else sources)
    return parts


def stated(player: Player) -> list[tuple[str, Stated]]:
    """Return what our model and each source state of a player, with the name of each."""
    half = {OUR_MODEL: player.model_half, source_name(NFLCOM): player.nflcom_half}
    found = {name: Stated(points, "half") for name, points in half.items() if points is not None}
    found |= {source_name(source): one for source, one in player.stated.items()}
    if player.position == DST:
        # Each site has a scoring of its own, and our model has ESPN's.
        site = {OUR_MODEL: source_name(ESPN)}
        found = {
            name: Stated(one.points, f"{site.get(name, name)} D/ST") for name, one in found.items()
        }
    return [*found.items()]


def _source_text(name: str, one: Stated) -> str:
    """Return the points of a source: `NFL.com 12.3`; those in another scoring name it."""
    words = "" if one.scoring == "half" else f" {scoring_words(one.scoring)}"
    return f"{name} {one.points:.1f}{words}"


def game(player: Player) -> str:
    """Return what the betting line expects of the team, and what the opponent allows."""
    parts = []
    if player.implied_total is not None:
        parts.append(f"{player.team} implied total {player.implied_total:.1f}")
    if player.spread_line:
        side = "favourite" if player.spread_line > 0 else "underdog"
        parts.append(f"{abs(player.spread_line):.1f}-point {side}")
    if player.matchup is not None and player.opponent:
        more = 100 * (player.matchup - 1)
        parts.append(f"{player.opponent} allows {player.position}s {signed(more, 0)}%")
    return ", ".join(parts)


def stat_line(player: Player) -> str:
    """Return the projected stats in short: `18.2 car, 84 yd, 0.6 TD; 3.1 rec, 25 yd, 0.1 TD`.

    Passing, rushing, receiving and kicking are each omitted if the projected volume is negligible.
    """
    line = player.line

    def part(volume: str, word: str, yards: str, touchdowns: str) -> str:
        counts = f"{line.get(volume, 0):.1f} {word}"
        return f"{counts}, {line.get(yards, 0):.0f} yd, {line.get(touchdowns, 0):.1f} TD"

    parts = []
    if line.get("attempts", 0) >= 1:
        passing = f"{line.get('completions', 0):.1f}/{line['attempts']:.1f} passing"
        parts.append(
            f"{passing}, {line.get('passing_yards', 0):.0f} yd, "
            f"{line.get('passing_tds', 0):.1f} TD, {line.get('passing_interceptions', 0):.1f} INT"
        )
    if line.get("carries", 0) >= 0.5:
        parts.append(part("carries", "car", "rushing_yards", "rushing_tds"))
    if line.get("receptions", 0) >= 0.5:
        parts.append(part("receptions", "rec", "receiving_yards", "receiving_tds"))
    if line.get("fg_att", 0) >= 0.5:
        kicks = f"{line.get('fg_made', 0):.1f}/{line['fg_att']:.1f} FG"
        parts.append(f"{kicks}, {line.get('pat_made', 0):.1f} XP")
    return "; ".join(parts)


def status(player: Player) -> str:
    """Return the roster or injury status in a word or two; empty if the player is available."""
    if player.on_bye:
        # A week without a game may also be that of a cancelled one.
        return (player.reason or "bye").capitalize()
    if player.is_out:
        return (player.reason or "out").capitalize()
    return player.injury_status or (player.reason or "").capitalize()


def _link(item: NewsItem | Contradiction) -> str:
    """Return a headline in Markdown, as a link if the source gives an address."""
    if item.url is None:
        return _cell(item.headline)
    return f"[{_cell(item.headline)}](<{item.url.replace('<', '%3C').replace('>', '%3E')}>)"


def _cell(value: object) -> str:
    """Return text escaped for a cell of a Markdown table."""
    text = str(value).replace("\\", "\\\\")
    for character in "|<>*_`[]":
        text = text.replace(character, f"\\{character}")
    return text

"""Draw the report's charts: matplotlib figures as inline SVG in the colours and font of the page.

The same rows give the same bytes: the SVG has no dates, and its ids use a fixed salt.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fantasy_pipeline.football.positions import PROJECTED_POSITIONS

# Placeholder colours for matplotlib, and the CSS variable that replaces each.
_COLOURS = {
    "#010101": "--ink",
    "#020202": "--muted",
    "#030303": "--line",
    "#040404": "--accent",
    "#050505": "--other",
    "#060606": "--qb",
    "#070707": "--rb",
    "#080808": "--wr",
    "#090909": "--te",
    "#0a0a0a": "--k",
    "#0c0c0c": "--dst",
    "#0b0b0b": "--bg",
}
INK, MUTED, LINE, ACCENT, OTHER = list(_COLOURS)[:5]
POSITION_COLOURS = dict(zip(PROJECTED_POSITIONS, list(_COLOURS)[5:11], strict=True))
GROUND = list(_COLOURS)[11]

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "weekly_report",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


def _svg(
    name: str, title: str, draw: Callable[[Axes], None], width: float = 4.2, height: float = 3.0
) -> str:
    """Return a chart as an SVG element that scales with its container.

    Args:
        name: prefix of the element ids.
        title: label for screen readers.
        draw: draws on the axes.
        width, height: inches.
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        axes = figure.subplots()
        axes.patch.set_alpha(0)
        draw(axes)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(out.getvalue(), name, title)


def _inline(svg: str, name: str, title: str) -> str:
    """Return an SVG for use inside the page: no file header, unique ids, CSS colours and font."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r"url\(#", f"url(#{name}-", body)
    body = re.sub(r'xlink:href="#', f'href="#{name}-', body)
    body = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--font)", body)
    for colour, variable in _COLOURS.items():
        body = body.replace(colour, f"var({variable})")
    body = re.sub(r"\n\s*", "\n", body)
    head = f'<svg role="img" aria-label="{escape(title)}" class="chart"'
    view = re.findall(r'viewBox="[^"]*"', body)[0]
    return f"{head} {view}>" + body[body.index(">") + 1 :].strip()


def error_chart(rows: Sequence[Mapping[str, Any]], base: str) -> str:
    """Return a bar chart of each source's RMSE relative to the base's, in percent.

    The errors are compared on the players that the source projects, as in the table. Sources
    without a ratio are omitted.

    Args:
        rows: `SeasonAccuracy.rows`; the chart uses `name`, `is_own` and `rmse_ratio`.
        base: name of the source at 0%.
    """
    compared = [row for row in rows if row["rmse_ratio"] is not None]
    ordered = sorted(compared, key=lambda row: -row["rmse_ratio"])
    values = [100 * (row["rmse_ratio"] - 1) for row in ordered]

    def draw(axes: Axes) -> None:
        colours = [
            ACCENT if row["is_own"] else INK if row["name"] == base else OTHER for row in ordered
        ]
        axes.barh(range(len(values)), values, color=colours, height=0.58)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks(range(len(values)), [row["name"] for row in ordered])
        for label, row in zip(axes.get_yticklabels(), ordered, strict=True):
            label.set_color(INK)
            label.set_fontweight("bold" if row["is_own"] else "normal")
        _label_bars(axes, values)
        low, high = min(values), max(values)
        span = max(high - low, 1.0)
        axes.set_xlim(low - 0.28 * span, high + 0.28 * span)
        axes.grid(visible=False, axis="y")
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)

    return _svg("errors", f"Error of each source relative to {base}", draw)


def _label_bars(axes: Axes, values: Sequence[float]) -> None:
    """Write the percentages at the ends of horizontal bars."""
    for y, value in enumerate(values):
        right = value >= 0
        axes.annotate(
            "0" if abs(value) < 0.05 else f"{value:+.1f}%".replace("-", "\N{MINUS SIGN}"),
            (value, y),
            xytext=(4 if right else -4, 0),
            textcoords="offset points",
            va="center",
            ha="left" if right else "right",
            fontsize=8,
            color=MUTED,
        )


def weekly_chart(series: Mapping[str, Mapping[int, float]]) -> str:
    """Return a line chart of the mean absolute error by week; the first source is the consensus."""
    styles = [(ACCENT, 2.2, "-"), (INK, 1.4, "-"), (OTHER, 1.4, (0, (4, 2)))]

    def draw(axes: Axes) -> None:
        for (name, values), (colour, width, dash) in zip(series.items(), styles, strict=False):
            weeks = sorted(values)
            axes.plot(
                weeks,
                [values[week] for week in weeks],
                color=colour,
                linewidth=width,
                linestyle=dash,
                marker="o",
                markersize=3.2,
                label=name,
            )
        axes.set_xlabel("week")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=False, axis="x")
        _legend(axes)

    return _svg("weeks", "Mean absolute error by week", draw)


def _legend(axes: Axes) -> None:
    """Draw the legend above the chart, where it covers no data."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=3,
        frameon=False,
        borderaxespad=0,
        handlelength=1.3,
        handletextpad=0.4,
        fontsize=8,
        columnspacing=0.9,
    )


def coverage_chart(shares: Mapping[str, float]) -> str:
    """Return a bar chart of the share of players within p10-p90 by position; 80% is expected."""

    def draw(axes: Axes) -> None:
        names = list(shares)
        values = [100 * shares[name] for name in names]
        axes.bar(
            range(len(names)), values, width=0.5, color=[POSITION_COLOURS[name] for name in names]
        )
        axes.axhline(80, color=INK, linewidth=1, linestyle=(0, (4, 2)), label="80% expected")
        _legend(axes)
        for x, value in enumerate(values):
            axes.annotate(
                f"{value:.0f}",
                (x, 0),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                color=GROUND,
                fontweight="bold",
            )
        axes.set_xticks(range(len(names)), names)
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 20, 40, 60, 80, 100])
        axes.set_ylabel("percent")
        axes.grid(visible=False, axis="x")

    return _svg("coverage", "Share of players who scored between floor and ceiling", draw)


def value_chart(points: Mapping[str, Sequence[float]], scoring: str = "ppr") -> str:
    """Return a line chart of value over replacement by rank within the position."""

    def draw(axes: Axes) -> None:
        ends = []
        for position, values in points.items():
            colour = POSITION_COLOURS[position]
            ranks = range(1, len(values) + 1)
            axes.plot(ranks, values, color=colour, linewidth=1.8)
            if values:
                ends.append((values[0], position, colour))
        axes.axhline(0, color=INK, linewidth=1)
        for value, position, colour in _separated(ends, axes):
            axes.annotate(
                position,
                (1, value),
                xytext=(-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=colour,
                fontweight="bold",
            )
        axes.set_xlabel("rank within the position")
        axes.set_ylabel("points")
        axes.set_xlim(left=-3.5)
        axes.set_xticks([1, 12, 24, 36, 48])
        axes.grid(visible=False, axis="x")

    title = f"Value over replacement by rank within the position, {scoring}"
    return _svg(f"value-{scoring}", title, draw, width=5.4)


def _separated(ends: Sequence[tuple[float, str, str]], axes: Axes) -> list[tuple[float, str, str]]:
    """Return the labels as (height, position, colour), moved down until none covers another."""
    low, high = axes.get_ylim()
    room = 0.075 * (high - low)
    out: list[tuple[float, str, str]] = []
    for value, position, colour in sorted(ends, reverse=True):
        at = min(value, out[-1][0] - room) if out else value
        out.append((at, position, colour))
    return out

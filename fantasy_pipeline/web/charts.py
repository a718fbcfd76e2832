"""Draw the charts of the pages as inline SVG: shapes with classes, which the style sheet colours.

The report draws with matplotlib, whose figures need inline styles; the pages allow none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 460.0, 170.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 6.0, 8.0, 22.0
"""Room around the plot for the labels of the axes."""
_STEPS = (1, 2, 2.5, 5, 10)


class Bar(NamedTuple):
    """A stacked bar.

    Args:
        label: text below the bar; empty: none.
        parts: class and height of each part, from the bottom.
        title: text for the pointer.
    """

    label: str
    parts: Sequence[tuple[str, float]]
    title: str


class Point(NamedTuple):
    """A week of a player: his projection with floor and ceiling, and his result."""

    label: str
    low: float | None
    middle: float | None
    high: float | None
    actual: float | None


def bar_chart(name: str, bars: Sequence[Bar], unit: str) -> str:
    """Return a chart of stacked bars.

    Args:
        name: what the chart shows, for screen readers.
        unit: unit of the vertical axis, after its highest number.
    """
    top = _nice_top(max((sum(height for _, height in bar.parts) for bar in bars), default=0.0))
    slot = (WIDTH - _LEFT - _RIGHT) / max(len(bars), 1)
    shapes = list(_axis(top, unit))
    for number, bar in enumerate(bars):
        x, below = _LEFT + slot * number, 0.0
        for kind, height in bar.parts:
            y = _y(below + height, top)
            shapes.append(
                f'<rect class="{kind}" x="{x + slot * 0.14:.1f}" y="{y:.1f}" '
                f'width="{slot * 0.72:.1f}" height="{max(_y(below, top) - y, 0):.1f}">'
                f"<title>{escape(bar.title)}</title></rect>"
            )
            below += height
        shapes += _label(bar.label, x + slot / 2)
    return _svg(name, shapes)


def range_chart(name: str, points: Sequence[Point], unit: str) -> str:
    """Return a chart of floors to ceilings with medians, and of results as dots."""
    values = [v for p in points for v in (p.low, p.high, p.actual) if v is not None]
    top, bottom = _nice_top(max(values, default=0.0)), min([0.0, *values])
    slot = (WIDTH - _LEFT - _RIGHT) / max(len(points), 1)
    shapes = list(_axis(top, unit, bottom))
    for number, point in enumerate(points):
        x = _LEFT + slot * (number + 0.5)
        shapes += _range(point, x, min(slot * 0.34, 7.0), top, bottom)
        shapes += _label(point.label, x)
    return _svg(name, shapes)


def _range(point: Point, x: float, half: float, top: float, bottom: float) -> Iterable[str]:
    if point.low is not None and point.high is not None and point.middle is not None:
        high, low, middle = (_y(v, top, bottom) for v in (point.high, point.low, point.middle))
        title = f"{point.label}: {point.low:.1f} to {point.high:.1f}, expected {point.middle:.1f}"
        yield (
            f'<rect class="range" x="{x - half:.1f}" y="{high:.1f}" width="{2 * half:.1f}" '
            f'height="{max(low - high, 0):.1f}" rx="2"><title>{escape(title)}</title></rect>'
        )
        yield (
            f'<line class="expected" x1="{x - half:.1f}" x2="{x + half:.1f}" y1="{middle:.1f}" '
            f'y2="{middle:.1f}"/>'
        )
    if point.actual is not None:
        title = f"{point.label}: scored {point.actual:.1f}"
        yield (
            f'<circle class="actual" cx="{x:.1f}" cy="{_y(point.actual, top, bottom):.1f}" r="3.6">'
            f"<title>{escape(title)}</title></circle>"
        )


def _nice_top(highest: float) -> float:
    """Return a round number that is at least `highest`."""
    size = 1.0
    while size * 10 < highest:
        size *= 10
    return next((size * step for step in _STEPS if size * step >= highest), size * 10)


def _y(value: float, top: float, bottom: float = 0.0) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - (value - bottom) / (top - bottom))


def _axis(top: float, unit: str, bottom: float = 0.0) -> Iterable[str]:
    """Yield the lines and numbers of the vertical axis."""
    for value in (0.0, top / 2, top):
        y = _y(value, top, bottom)
        text = f"{value:g}{unit if value == top else ''}"
        yield (
            f'<line class="grid" x1="{_LEFT:g}" x2="{WIDTH - _RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        yield f'<text x="{_LEFT - 5:g}" y="{y + 3:.1f}" text-anchor="end">{escape(text)}</text>'


def _label(text: str, x: float) -> list[str]:
    if not text:
        return []
    y = HEIGHT - 6
    return [f'<text x="{x:.1f}" y="{y:g}" text-anchor="middle">{escape(text)}</text>']


def _svg(name: str, shapes: Iterable[str]) -> str:
    return (
        f'<svg class="chart plot" role="img" aria-label="{escape(name)}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{"".join(shapes)}</svg>'
    )

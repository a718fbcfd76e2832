"""Lay out a league's report: one self-contained HTML file, and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class LeagueReport:
    """The contents of a league's report.

    Args:
        title: the league and the week.
        label: description of the data if they are synthetic; None for real data.
        about: how points and values are computed.
        notes: scoring keys that the points leave out, one sentence per reason.
        rankings: players by position, best first; each a row of `projection_list` with `tier`.
    """

    title: str
    label: str | None
    about: str
    notes: Sequence[str]
    rankings: dict[str, list[dict[str, Any]]]


def html(report: LeagueReport) -> str:
    """Return the report as one self-contained HTML file without network requests."""
    css = Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return _environment().get_template("league.html.j2").render(report=report, css=css)


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

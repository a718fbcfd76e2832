"""Lay out a league's report: one self-contained HTML file, and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from fantasy_pipeline.decisions.lineup import Lineup

_TEMPLATES = Path(__file__).parent / "templates"
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
        odds: the chances to play off and to win the title, a sentence; None: not known.
    """

    name: str
    lineup: Lineup
    opponent: tuple[str, float] | None
    free_agents: Sequence[Mapping[str, Any]]
    byes: Mapping[int, Sequence[str]]
    notes: Sequence[str]
    odds: str | None = None


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
    """

    title: str
    label: str | None
    about: str
    notes: Sequence[str]
    rankings: dict[str, list[dict[str, Any]]]
    team: YourTeam | None = None


def html(report: LeagueReport) -> str:
    """Return the report as one self-contained HTML file without network requests."""
    css = Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return (
        _environment()
        .get_template("league.html.j2")
        .render(report=report, css=css, short_status=SHORT_STATUS)
    )


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

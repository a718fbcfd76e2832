"""Numbers and moments as the report and the pages of the web interface write them."""

from __future__ import annotations

from datetime import datetime

from fantasy_pipeline.football.scoring import Scoring

SCORING_WORDS: dict[Scoring, str] = {"ppr": "PPR", "half": "half-PPR", "std": "standard"}


def number(value: float | None, digits: int = 2, percent: bool = False) -> str:
    """Return a number for a table; a dash for None."""
    if value is None:
        return "\N{EN DASH}"
    return f"{100 * value:.{digits}f}%" if percent else f"{value:.{digits}f}"


def signed(value: float, digits: int = 1) -> str:
    """Return a number with its sign (a typographic minus), and zero without a sign."""
    text = f"{value:+.{digits}f}"
    zero = f"{0:.{digits}f}"
    return zero if text[1:] == zero else text.replace("-", "\N{MINUS SIGN}")


def moment(at: datetime) -> str:
    """Return a moment in UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def scoring_words(scoring: str) -> str:
    """Return the words for a usual scoring; any other scoring is words already."""
    return {str(name): words for name, words in SCORING_WORDS.items()}.get(scoring, scoring)

"""Errors a user can act on: each names the data set, the season and week, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class PipelineError(Exception):
    """Base of every expected failure; the CLI prints it as one line and exits with 1."""


class SourceError(PipelineError):
    """Upstream could not deliver a data set.

    Args:
        dataset: name of the data set, e.g. ``weekly_stats``.
        cause: what happened, in one clause.
        advice: what to do next, in one sentence.
        season: season asked for, or None where the data set has no seasons.
        week: week asked for, or None where the data set is per season.
    """

    def __init__(
        self,
        dataset: str,
        cause: str,
        advice: str,
        season: int | None = None,
        week: int | None = None,
    ) -> None:
        self.dataset = dataset
        self.season = season
        self.week = week
        self.cause = cause
        self.advice = advice
        where = dataset
        if season is not None:
            where += f" {season}"
        if week is not None:
            where += f" week {week}"
        super().__init__(f"{where}: {cause}. {advice}")

    def __reduce__(self) -> tuple[type[SourceError], tuple[object, ...]]:
        """Survive the trip between processes; the default would replay the message only."""
        return (type(self), (self.dataset, self.cause, self.advice, self.season, self.week))


class LastingError(SourceError):
    """Asked again, upstream would answer the same, e.g. a file of another form: no retry helps."""


class NotPublishedError(LastingError):
    """Upstream has no such file (404) or the file has no rows for the week asked for."""


class UnusableAnswerError(SourceError):
    """Upstream answered, but not with what was asked for; its other files may be all right."""


class NotMaterializedError(PipelineError):
    """A table's partition is needed but was never written to the lake."""


def invalid_settings(error: ValidationError) -> str:
    """What is wrong with which environment variable, in one line."""
    found = "; ".join(f"{'_'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return f"environment variable FANTASY_… is not valid: {found}"

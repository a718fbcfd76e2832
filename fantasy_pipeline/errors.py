"""Expected errors. A message names the data set, the season and week, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PipelineError(Exception):
    """Base class of expected failures. The CLI prints the message in one line and exits with 1."""


class InvalidArgumentError(PipelineError):
    """An argument of the user is not allowed; the message says what is. The CLI exits with 2."""


class SourceError(PipelineError):
    """Upstream could not deliver a data set.

    Args:
        dataset: name of the data set, e.g. ``weekly_stats``.
        cause: what happened, as one clause.
        advice: the next step for the user, as one sentence.
        season: requested season; None if the data set has no seasons.
        week: requested week; None if the data set has one file per season.
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
        """Keep all arguments when the error is pickled; the default keeps the message only."""
        return (type(self), (self.dataset, self.cause, self.advice, self.season, self.week))


class LastingError(SourceError):
    """Upstream would give the same answer again, e.g. a file in a new format; do not retry."""


class NotPublishedError(LastingError):
    """Upstream has no such file (404), or the file has no rows of the requested week.

    Args:
        weeks: every requested week that upstream lacks; default: `week`. Empty if the whole file
            is missing.
    """

    def __init__(
        self,
        dataset: str,
        cause: str,
        advice: str,
        season: int | None = None,
        week: int | None = None,
        weeks: Iterable[int] = (),
    ) -> None:
        super().__init__(dataset, cause, advice, season, week)
        self.weeks = tuple(weeks) or (() if week is None else (week,))

    def __reduce__(self) -> tuple[type[SourceError], tuple[object, ...]]:
        kind, arguments = super().__reduce__()
        return kind, (*arguments, self.weeks)


class UnusableAnswerError(SourceError):
    """Upstream's answer cannot be used. Its other files may be valid."""


class InterruptedCommandError(PipelineError):
    """A signal interrupted the command; the message says how to continue its work."""


class UnusableStorageError(PipelineError):
    """The lake or the run history cannot be used: its storage is down, damaged or refuses."""


class HistoryError(UnusableStorageError):
    """The run history cannot be used: its database is down, full or refuses."""


class NotMaterializedError(PipelineError):
    """A required table, or one week of it, is not in the lake."""

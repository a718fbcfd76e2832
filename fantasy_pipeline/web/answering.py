"""Shared parts of routes about the lake: the week of a question, and errors as HTTP statuses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError, UnusableStorageError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.shown_week import shown_week
from fantasy_pipeline.web.decision_models import WeekQuery


def named_week(query: WeekQuery) -> SeasonWeek | None:
    """Return the week that a query names; None: it names none."""
    if query.season is None or query.week is None:
        return None
    return SeasonWeek(query.season, query.week)


def week_of(session: Session, query: WeekQuery) -> SeasonWeek:
    """Return the week that a query names, or the week to show now."""
    return shown_week(session, named_week(query))


@contextmanager
def answering(session: Session, league: str | None = None) -> Iterator[None]:
    """Answer an unknown league, and data that the lake lacks, with 404."""
    try:
        if league is not None:
            registry.find(session.lake, league)
    except InvalidArgumentError as error:
        raise HTTPException(404, public_text(error, session)) from None
    try:
        yield
    except InvalidArgumentError:
        raise
    except PipelineError as error:
        raise HTTPException(status_of(error), public_text(error, session)) from None


def status_of(error: PipelineError) -> int:
    """Return the status of an answer that cannot be made: 503 if storage is down, else 404."""
    return 503 if isinstance(error, UnusableStorageError) else 404


def public_text(error: PipelineError, session: Session) -> str:
    """Return the text of an error without the server's folder, which readers cannot use."""
    text, root = str(error), session.settings.lake_root(session.source).rstrip("/")
    for folder in (os.path.abspath(root), root):
        text = text.replace(f" at {folder}", "").replace(f"{folder}/", "")
    return text

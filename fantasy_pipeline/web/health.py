"""The route `/healthz`: the health rules, for container platforms and uptime monitors."""

import time
from threading import Lock
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response

from fantasy_pipeline.operations.health import LEVELS, examine_session, exit_code
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.web.models import Finding, Health, HealthQuery
from fantasy_pipeline.web.problems import problems
from fantasy_pipeline.web.security import may_read

SHARED_SECONDS = 5.0
"""Seconds for which probes share one result, so that many probes do not slow down a backfill."""


class Results:
    """The latest results of the health rules; concurrent probes wait for one examination.

    Args:
        session: what is examined.
        seconds: age from which a result is not used again.
    """

    def __init__(self, session: Session, seconds: float = SHARED_SECONDS) -> None:
        self._session = session
        self._seconds = seconds
        self._locks = {True: Lock(), False: Lock()}
        self._latest: dict[bool, tuple[float, Health]] = {}

    def of(self, daemon: bool) -> Health:
        """Return the results with, or without, the rules of the daemon."""
        with self._locks[daemon]:
            if daemon in self._latest:
                examined_at, health = self._latest[daemon]
                if time.monotonic() - examined_at < self._seconds:
                    return health
            findings = examine_session(lambda: self._session, daemon)
            level = LEVELS[exit_code(findings)]
            health = Health(status=level, findings=[Finding(**f._asdict()) for f in findings])
            self._latest[daemon] = (time.monotonic(), health)
            return health


def add_health(app: FastAPI, results: Results, is_protected: bool = False) -> None:
    """Add the route of the health rules.

    Args:
        app: the application.
        results: results that probes and pages share.
        is_protected: without the token, the answer is the worst level alone.
    """

    @app.get("/healthz", responses={**problems(422), 503: {"model": Health}})
    def healthz(
        request: Request, response: Response, query: Annotated[HealthQuery, Query()]
    ) -> Health:
        """Return the result of every health rule; status 503 if one is critical."""
        health = results.of(query.daemon)
        response.status_code = 503 if health.status == "critical" else 200
        if is_protected and not may_read(request):
            return Health(status=health.status, findings=[])
        return health

"""The route `/healthz`: the health rules, for container platforms and uptime monitors."""

from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from fantasy_pipeline.operations.health import LEVELS, examine_session, exit_code
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.web.models import Finding, Health, HealthQuery
from fantasy_pipeline.web.problems import problems
from fantasy_pipeline.web.security import may_read
from fantasy_pipeline.web.shared import Shared

SHARED_SECONDS = 5.0
"""Seconds for which probes share one result, so that many probes do not slow down a backfill."""


class Results:
    """The latest results of the health rules; concurrent probes share one examination.

    While one probe examines again, the others get the latest result.

    Args:
        session: what is examined.
        seconds: age from which a result is not used again.
    """

    def __init__(self, session: Session, seconds: float = SHARED_SECONDS) -> None:
        self._session = session
        self._shared = Shared[Health](seconds)

    def fresh(self, daemon: bool) -> Health | None:
        """Return the latest results without waiting; None if they must be made."""
        return self._shared.fresh(daemon)

    def of(self, daemon: bool) -> Health:
        """Return the results with, or without, the rules of the daemon."""
        return self._shared.of(daemon, lambda: self._examined(daemon))

    def _examined(self, daemon: bool) -> Health:
        findings = examine_session(lambda: self._session, daemon)
        level = LEVELS[exit_code(findings)]
        return Health(status=level, findings=[Finding(**f._asdict()) for f in findings])


def add_health(app: FastAPI, results: Results, is_protected: bool = False) -> None:
    """Add the route of the health rules.

    Args:
        app: the application.
        results: results that probes and pages share.
        is_protected: without the token, the answer is the worst level alone.
    """

    @app.get("/healthz", responses={**problems(422), 503: {"model": Health}})
    async def healthz(
        request: Request, response: Response, query: Annotated[HealthQuery, Query()]
    ) -> Health:
        """Return the result of every health rule; status 503 if one is critical."""
        health = results.fresh(query.daemon)
        if health is None:
            health = await run_in_threadpool(results.of, query.daemon)
        response.status_code = 503 if health.status == "critical" else 200
        if is_protected and not may_read(request):
            return Health(status=health.status, findings=[])
        return health

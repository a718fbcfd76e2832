"""The route `/healthz`: the health rules, for container platforms and uptime monitors."""

from typing import Annotated

from fastapi import FastAPI, Query, Response

from fantasy_pipeline.operations.health import LEVELS, examine_session, exit_code
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.web.models import Finding, Health, HealthQuery
from fantasy_pipeline.web.problems import problems


def add_health(app: FastAPI, session: Session) -> None:
    """Add the route of the health rules."""

    @app.get("/healthz", responses={**problems(422), 503: {"model": Health}})
    def healthz(response: Response, query: Annotated[HealthQuery, Query()]) -> Health:
        """Return the result of every health rule; status 503 if one is critical."""
        findings = examine_session(lambda: session, query.daemon)
        level = LEVELS[exit_code(findings)]
        response.status_code = 503 if level == "critical" else 200
        return Health(status=level, findings=[Finding(**f._asdict()) for f in findings])

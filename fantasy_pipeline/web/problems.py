"""Responses to refused requests; every one of them has the fields of `Problem`."""

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Problem(BaseModel):
    """The reason why the server refused a request."""

    detail: str | list[dict[str, Any]]
    allowed: dict[str, str] | None = None
    run_id: str | None = None


def problem(
    code: int,
    detail: str,
    allowed: dict[str, str] | None = None,
    run_id: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the response to a refused request.

    Args:
        code: HTTP status.
        detail: reason and next step.
        allowed: weeks of each season, if the request named another one.
        run_id: run that is in the way of the request.
    """
    body = Problem(detail=detail, allowed=allowed, run_id=run_id)
    return JSONResponse(body.model_dump(exclude_none=True), code, headers)


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may refuse a request with these HTTP statuses."""
    return {code: {"model": Problem} for code in codes}

"""Responses to refused requests; every one of them has the fields of `Problem`."""

from typing import Any

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Problem(BaseModel):
    """The reason why the server refused a request."""

    detail: str
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


def sentence(error: RequestValidationError) -> str:
    """Return what is wrong with a request in one sentence: each wrong value's name and reason.

    The values themselves are left out, because they can be long.
    """
    wrong = []
    for one in error.errors():
        names = [name for name in one["loc"][1:] if isinstance(name, str)]
        reason = one["msg"].removeprefix("Value error, ")
        wrong.append(f"{names[0]}: {reason}" if names else reason)
    return "; ".join(dict.fromkeys(wrong))

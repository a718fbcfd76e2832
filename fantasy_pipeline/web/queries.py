"""Checks of queries that the models of queries cannot make: a model sees one value per name."""

from collections import Counter
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from fastapi import HTTPException
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.routing import Route


async def no_repeated_values(connection: HTTPConnection) -> None:
    """Refuse a query that gives a parameter of one value twice; FastAPI would take the last.

    It is async, because FastAPI calls other dependencies in a thread.

    Raises:
        HTTPException: 422, names the parameters.
    """
    route = connection.scope.get("route")
    # The routes of WebSockets read their queries themselves.
    if not isinstance(route, Route):
        return
    given = Counter(name for name, _ in connection.query_params.multi_items())
    repeated = [name for name, times in given.items() if times > 1]
    lists = _lists(route.endpoint) if repeated else frozenset()
    if wrong := [name for name in repeated if name not in lists]:
        names = ", ".join(name[:100] for name in wrong[:5])
        raise HTTPException(422, f"{names}: given more than once; give one value")


@cache
def _lists(endpoint: Any) -> frozenset[str]:
    """Return the parameters of a route that take several values."""
    query = get_type_hints(endpoint).get("query")
    if not (isinstance(query, type) and issubclass(query, BaseModel)):
        return frozenset()
    return frozenset(
        name
        for name, field in query.model_fields.items()
        if list in (get_origin(field.annotation), *map(get_origin, get_args(field.annotation)))
    )

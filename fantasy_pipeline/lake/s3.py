"""Connect to S3: one attempt per request and no silent waits; tell which errors pass."""

from __future__ import annotations

import atexit
import socket
from collections.abc import Sequence
from functools import cache
from typing import Any

CONNECTIONS = 16
SILENT_SECONDS = 10
"""Longest time to wait for the next byte of an answer."""
_KEPT_BYTES = 2**19
_STALLED_SECONDS = 5
"""Longest time in which the storage takes no byte of an object that is sent."""


def _socket(address: Sequence[Any]) -> socket.socket:
    """Return the socket of a connection, which breaks if the server takes no bytes for long.

    aiohttp bounds the wait for an answer, and not the wait until a large object is sent. It counts
    as sent what the system keeps, which must not be a minute's work of a slow network.
    """
    found = socket.socket(*address[:3])
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KEPT_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * _STALLED_SECONDS)
    return found


def send_at_once(params: dict[str, Any], **_: object) -> None:
    """Send an object without asking first: aiohttp would wait for the permission without an end."""
    params["headers"].pop("Expect", None)


@cache
def end_thread_at_exit() -> None:
    """End fsspec's thread before the interpreter does, once.

    What the thread keeps alive, DuckDB's bindings report as leaks, with 50 lines on stderr.
    """
    atexit.register(_end_thread)


def _end_thread() -> None:
    from fsspec import asyn  # lazily: see `ObjectStore`

    # A process that was forked has no such thread.
    loop, thread = asyn.loop[0], asyn.iothread[0]
    if loop is not None and thread is not None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SILENT_SECONDS)


# No listing cache, because other processes write to the lake too. No concurrency within one file,
# because its ranges could come from two versions.
OPTIONS = {
    "use_listings_cache": False,
    "skip_instance_cache": True,
    "max_concurrency": 1,
    "config_kwargs": {
        "connect_timeout": 3,
        "read_timeout": SILENT_SECONDS,
        "max_pool_connections": CONNECTIONS,
        "retries": {"total_max_attempts": 1},
        "connector_args": {"socket_factory": _socket},
    },
}


def session() -> Any:
    """Return a new session: credentials of its own, AWS's data files as the process has read them.

    A client takes three times as long to make when it reads the files again.
    """
    from aiobotocore.session import get_session

    found = get_session()
    found.register_component("data_loader", _loader(found.get_config_variable("data_path")))
    return found


@cache
def _loader(path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(path)


@cache
def passing_errors() -> tuple[type[Exception], ...]:
    """Return the errors of a connection that breaks, does not come about or stays silent."""
    from aiohttp import ClientError
    from botocore import exceptions
    from botocore.parsers import ResponseParserError
    from fsspec.exceptions import FSTimeoutError

    return (
        ClientError,
        ConnectionError,
        FSTimeoutError,
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
        ResponseParserError,
    )


def answer_to(error: Exception) -> dict[str, dict[str, object]]:
    """Return the answer of S3 that an error stands for; empty without an answer."""
    answer: dict[str, dict[str, object]] = getattr(error.__cause__, "response", {})
    return answer

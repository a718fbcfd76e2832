"""Keep the tests on this machine, and say whether 127.0.0.1 can be reached."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from fantasy_pipeline.settings import is_loopback

Connect = Callable[..., Any]


def only_to_this_machine(connect: Connect) -> Connect:
    """Return a socket's `connect` that raises AssertionError for addresses of other machines."""

    def connect_here(self: socket.socket, address: Any) -> Any:
        if self.family != getattr(socket, "AF_UNIX", None) and not is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}:{address[1]}")
        return connect(self, address)

    return connect_here


def need_loopback() -> None:
    """Skip the test if 127.0.0.1 cannot be reached; in CI, fail it."""
    if not (reason := _no_loopback()):
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def _no_loopback() -> str:
    """Return why 127.0.0.1 cannot be reached; empty if it can."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=60).close()
    except OSError as error:
        return f"loopback network is not available: {error}"
    return ""

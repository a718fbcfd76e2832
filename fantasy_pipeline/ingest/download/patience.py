"""How long one download may take, and how long it waits for a host that sends nothing."""

from __future__ import annotations

import time

import tenacity
from tenacity.stop import stop_base

SHORTEST_ATTEMPT = 1.0
"""Seconds; no attempt is made that would have less."""


class Patience(stop_base):
    """Stops the attempts of one download once the host has sent nothing for some seconds.

    A person may be waiting. Over all attempts, a connection that is not accepted, a connection that
    is accepted and stays silent, and a body that stops count alike. A download that makes progress
    goes on until its deadline.

    Args:
        silence: longest time without a byte, seconds.
        total: seconds that the download may take.
    """

    def __init__(self, silence: float, total: float) -> None:
        self.deadline = time.monotonic() + total
        self._silence = silence
        self._heard: float | None = None
        self._is_silent = False

    def start_attempt(self) -> None:
        """Start to wait; the time before the first attempt is not the host's silence."""
        self._is_silent = False
        if self._heard is None:
            self.hear()

    def hear(self) -> None:
        """Note that something arrived."""
        self._heard = time.monotonic()

    def hear_nothing(self) -> None:
        """Note that an attempt ended because nothing arrived."""
        self._is_silent = True

    def longest_wait(self, usual: float) -> float:
        """Return the seconds to wait for the next bytes: at most `usual`."""
        now = time.monotonic()
        left = max(SHORTEST_ATTEMPT, (self._heard or now) + self._silence - now)
        return max(0.001, min(usual, left, self.deadline - now))

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        if not self._is_silent or self._heard is None:
            return False
        next_attempt = time.monotonic() + state.upcoming_sleep
        return next_attempt + SHORTEST_ATTEMPT >= self._heard + self._silence

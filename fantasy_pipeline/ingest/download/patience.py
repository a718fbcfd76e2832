"""Limit how long one download may take, and how long it waits for a host that sends nothing."""

from __future__ import annotations

import time

import tenacity
from tenacity.stop import stop_base

SHORTEST_ATTEMPT = 1.0
"""Seconds; no attempt is made that would have less."""
BRIEF_SILENCE, REMEMBERED = 2.0, 60.0
"""Longest silence of a host that this process could not reach, and for how long that is known, in
seconds. A run asks some hosts for several files: such a host gets one attempt for each."""
_given_up: dict[str, float] = {}
"""When each host could not be reached."""


class Patience(stop_base):
    """Stops the attempts of one download once the host has sent nothing for some seconds.

    A person may be waiting. Over all attempts, a connection that is not accepted, a connection that
    is accepted and stays silent, and a body that stops count alike. A download that makes progress
    goes on until its deadline.

    Args:
        host: the host, with its port.
        silence: longest time without a byte, seconds.
        total: seconds that the download may take.
    """

    def __init__(self, host: str, silence: float, total: float) -> None:
        now = time.monotonic()
        self.deadline = now + total
        self._host = host
        self._is_last = host in _given_up and now - _given_up[host] < REMEMBERED
        self._silence = min(silence, BRIEF_SILENCE) if self._is_last else silence
        self._is_reached = False
        self._heard: float | None = None
        self._is_silent = False

    def start_attempt(self) -> None:
        """Start to wait; the time before the first attempt is not the host's silence."""
        self._is_silent = self._is_reached = False
        if self._heard is None:
            self._heard = time.monotonic()

    def hear(self) -> None:
        """Note that something arrived."""
        self._heard = time.monotonic()
        self._is_reached = True
        _given_up.pop(self._host, None)

    def hear_nothing(self) -> None:
        """Note that an attempt ended because nothing arrived."""
        self._is_silent = True

    def give_up(self) -> None:
        """Note that the last attempt failed; if nothing arrived, the next download waits less."""
        if not self._is_reached:
            _given_up[self._host] = time.monotonic()

    def longest_wait(self, usual: float) -> float:
        """Return the seconds to wait for the next bytes: at most `usual`."""
        now = time.monotonic()
        left = max(SHORTEST_ATTEMPT, (self._heard or now) + self._silence - now)
        return max(0.001, min(usual, left, self.deadline - now))

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        if self._is_last:
            return True
        if not self._is_silent or self._heard is None:
            return False
        next_attempt = time.monotonic() + state.upcoming_sleep
        return next_attempt + SHORTEST_ATTEMPT >= self._heard + self._silence

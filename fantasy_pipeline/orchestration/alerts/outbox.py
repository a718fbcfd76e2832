"""Alerts that are to be sent, and which were: kept in Dagster's own storage, so it survives.

An alert is added once, by id. What a channel did not take stays and is tried again, for days;
what it never took is counted until that channel takes something again.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.orchestration.alerts.channels import ChannelError
from fantasy_pipeline.orchestration.alerts.messages import Alert

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from fantasy_pipeline.orchestration.alerts.channels import Channel

KEY = "fantasy_pipeline/alerts"
MAX_PENDING = 50
MAX_LOST = 100
MAX_AGE_SECONDS = 3 * 24 * 3600
"""A weekend without mail loses nothing; an older alert helps nobody."""
EAGER_SECONDS = 3600
"""An alert is tried on each tick while it is younger than that."""
PACE_SECONDS = 15 * 60
"""How often a channel that fails is tried with older alerts."""
_MAX_KNOWN = 500

_LOG = logging.getLogger(__name__)
# The sensors of a code location are evaluated by threads of one process.
_LOCK = Lock()


class Outbox:
    """The alerts of one Dagster instance."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._storage = instance.daemon_cursor_storage

    def add(self, alert: Alert, settles: Collection[str] = ()) -> bool:
        """Keep an alert for delivery; False if it, or one of its id, was added before.

        Args:
            settles: further ids that count as added from now on: what this alert says as well.
        """
        with _LOCK:
            state = self._read()
            if alert.id in state["known"]:
                return False
            ids = dict.fromkeys([*settles, alert.id])
            state["known"] = [*state["known"], *ids][-_MAX_KNOWN:]
            pending = {"alert": alert.to_json(), "sent": [], "added_at": time.time()}
            state["pending"].append(pending)
            self._write(state)
            return True

    def known(self) -> set[str]:
        """Ids of the alerts that were added, sent or not."""
        return set(self._read()["known"])

    def deliver(self, channels: Sequence[Channel]) -> int:
        """Send what is pending, to the channels that do not have it yet. Returns sends made."""
        with _LOCK:
            state = self._read()
            before = json.dumps(state)
            _forget(state, {channel.name for channel in channels})
            now = time.time()
            names = [channel.name for channel in channels]
            pending = state["pending"]
            in_time = [
                item for item in pending[-MAX_PENDING:] if now - item["added_at"] <= MAX_AGE_SECONDS
            ]
            for item in pending:
                missing = _missing(item, names)
                if item not in in_time and missing:
                    state["lost"].append({"alert": item["alert"], "channels": missing})
            state["lost"] = state["lost"][-MAX_LOST:]
            round_ = _Round(state, channels, now)
            for item in in_time:
                round_.send(item, is_eager=now - item["added_at"] < EAGER_SECONDS)
            # Without channels, for those that may be configured within days.
            state["pending"] = [item for item in in_time if not names or _missing(item, names)]
            if json.dumps(state) != before:
                self._write(state)
            return round_.sent

    def failing(self) -> dict[str, str]:
        """Channels that did not take what they were last sent, with the reason."""
        return dict(self._read()["failing"])

    def lost(self) -> dict[str, list[Alert]]:
        """By channel, alerts that it never took, oldest first, until it takes one again."""
        found: dict[str, list[Alert]] = {}
        for item in self._read()["lost"]:
            for name in item["channels"]:
                found.setdefault(name, []).append(Alert(**item["alert"]))
        return found

    def _read(self) -> dict[str, Any]:
        text = self._storage.get_cursor_values({KEY}).get(KEY)
        empty: dict[str, Any] = {
            "known": [],
            "pending": [],
            "failing": {},
            "tried_at": {},
            "lost": [],
        }
        return {**empty, **(json.loads(text) if text else {})}

    def _write(self, state: dict[str, Any]) -> None:
        self._storage.set_cursor_values({KEY: json.dumps(state)})


def _missing(item: dict[str, Any], names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in item["sent"]]


def _forget(state: dict[str, Any], configured: set[str]) -> None:
    """Drop what is kept of channels that are not configured any more."""
    for name in {*state["failing"], *(n for item in state["lost"] for n in item["channels"])}:
        if name not in configured:
            _mended(state, name)


def _mended(state: dict[str, Any], name: str) -> None:
    state["failing"].pop(name, None)
    state["tried_at"].pop(name, None)
    for item in state["lost"]:
        item["channels"] = [other for other in item["channels"] if other != name]
    state["lost"] = [item for item in state["lost"] if item["channels"]]


class _Round:
    """One delivery: a channel that fails is left alone for the rest of it."""

    def __init__(self, state: dict[str, Any], channels: Sequence[Channel], now: float) -> None:
        self._state = state
        self._channels = list(channels)
        self._tried_at = dict(state["tried_at"])
        self._now = now
        self.sent = 0

    def send(self, item: dict[str, Any], is_eager: bool) -> None:
        alert = Alert(**item["alert"])
        for channel in list(self._channels):
            waited = self._now - self._tried_at.get(channel.name, 0)
            if channel.name in item["sent"] or not (is_eager or waited >= PACE_SECONDS):
                continue
            if (reason := _refusal(channel, alert)) is None:
                item["sent"].append(channel.name)
                self.sent += 1
                _mended(self._state, channel.name)
                continue
            self._state["failing"][channel.name] = reason
            self._state["tried_at"][channel.name] = self._now
            self._channels.remove(channel)
            _LOG.warning("alert %s: %s %s", alert.id, channel.name, reason)


def _refusal(channel: Channel, alert: Alert) -> str | None:
    try:
        channel.send(alert)
    except ChannelError as error:
        return str(error)
    except Exception as error:
        # A channel never fails the sensor; what it raised may hold its address.
        return f"unexpected {type(error).__name__}"
    return None

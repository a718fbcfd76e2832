"""Alerts that are to be sent, and which were: kept in Dagster's own storage, so it survives.

An alert is added once, by id. What a channel did not take stays, and is tried on each tick.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.alerts.channels import ChannelError
from fantasy_pipeline.alerts.messages import Alert

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from fantasy_pipeline.alerts.channels import Channel

KEY = "fantasy_pipeline/alerts"
MAX_PENDING = 50
MAX_AGE_SECONDS = 5 * 3600
"""An older alert helps nobody."""
_MAX_KNOWN = 500

_LOG = logging.getLogger(__name__)
# The sensors of a code location are evaluated by threads of one process.
_LOCK = Lock()


class Outbox:
    """The alerts of one Dagster instance."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._storage = instance.daemon_cursor_storage

    def add(self, alert: Alert) -> bool:
        """Keep an alert for delivery; False if it, or one of its id, was added before."""
        with _LOCK:
            state = self._read()
            if alert.id in state["known"]:
                return False
            state["known"] = [*state["known"], alert.id][-_MAX_KNOWN:]
            pending = {"alert": alert.to_json(), "sent": [], "added_at": time.time()}
            state["pending"] = [*state["pending"], pending][-MAX_PENDING:]
            self._write(state)
            return True

    def knows(self, alert_id: str) -> bool:
        """Whether an alert was added, sent or not."""
        return alert_id in self._read()["known"]

    def deliver(self, channels: Sequence[Channel]) -> int:
        """Send what is pending, to the channels that do not have it yet. Returns sends made."""
        with _LOCK:
            state = self._read()
            if not state["pending"]:
                return 0
            failing: dict[str, str] = {}
            sent = 0
            rest = []
            for item in state["pending"]:
                if time.time() - item["added_at"] > MAX_AGE_SECONDS:
                    continue
                sent += _send(item, [c for c in channels if c.name not in failing], failing)
                missing = {channel.name for channel in channels} - set(item["sent"])
                # Without channels, for those that may be configured within hours.
                if missing or not channels:
                    rest.append(item)
            state["pending"], state["failing"] = rest, failing
            self._write(state)
            return sent

    def failing(self) -> dict[str, str]:
        """Channels that did not take the latest delivery, with the reason."""
        return dict(self._read()["failing"])

    def _read(self) -> dict[str, Any]:
        text = self._storage.get_cursor_values({KEY}).get(KEY)
        return json.loads(text) if text else {"known": [], "pending": [], "failing": {}}

    def _write(self, state: dict[str, Any]) -> None:
        self._storage.set_cursor_values({KEY: json.dumps(state)})


def _send(item: dict[str, Any], channels: Sequence[Channel], failing: dict[str, str]) -> int:
    alert = Alert(**item["alert"])
    sent = 0
    for channel in channels:
        if channel.name in item["sent"]:
            continue
        try:
            channel.send(alert)
        except ChannelError as error:
            failing[channel.name] = str(error)
        except Exception as error:
            # A channel never fails the sensor; what it raised may hold its address.
            failing[channel.name] = f"unexpected {type(error).__name__}"
        else:
            item["sent"].append(channel.name)
            sent += 1
            continue
        _LOG.warning("alert %s: %s %s", alert.id, channel.name, failing[channel.name])
    return sent

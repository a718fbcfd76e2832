"""Outbox of alerts, kept in Dagster's storage: pending alerts survive a restart of the daemon.

Each alert is added once, by id. An alert that a channel refuses is resent for three days; then it
counts as lost, until the channel accepts an alert again.

One process at a time changes the outbox: on Postgres, a daemon takes a lock of the database before
it reads which alerts are pending, and holds the lock until it has stored which ones it has sent.
Daemons of several machines send no alert twice.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TypedDict

from fantasy_pipeline.orchestration.alerts.channels import ChannelError
from fantasy_pipeline.orchestration.alerts.messages import Alert
from fantasy_pipeline.orchestration.history_locks import claimed

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from fantasy_pipeline.orchestration.alerts.channels import Channel

KEY = "fantasy_pipeline/alerts"
MAX_PENDING = 50
MAX_LOST = 100
MAX_AGE_SECONDS = 3 * 24 * 3600
"""Long enough for a weekend without mail; older alerts no longer help."""
EAGER_SECONDS = 3600
"""Alerts younger than this are resent on every tick."""
PACE_SECONDS = 15 * 60
"""Pause between attempts to send older alerts to a failing channel."""
_MAX_IDS = 500

_LOG = logging.getLogger(__name__)
# Dagster evaluates the sensors of a code location in threads of one process.
_LOCK = Lock()


class _Item(TypedDict):
    """A pending alert: its fields, the channels that have it, and when it was added."""

    alert: dict[str, Any]
    sent: list[str]
    added_at: float


class _Lost(TypedDict):
    """An alert, and the channels that never accepted it."""

    alert: dict[str, Any]
    channels: list[str]


class _State(TypedDict):
    """The outbox as stored, in JSON.

    Fields: ids of the alerts added so far, pending alerts, channels that fail with the reason, when
    each failing channel was last tried, lost alerts.
    """

    known: list[str]
    pending: list[_Item]
    failing: dict[str, str]
    tried_at: dict[str, float]
    lost: list[_Lost]


class Outbox:
    """The alerts of one Dagster instance."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._storage = instance.daemon_cursor_storage
        self._instance = instance

    def add(self, alert: Alert, settles: Collection[str] = ()) -> bool:
        """Add an alert for delivery, and return False if its id was added before.

        Args:
            settles: further ids to mark as added: this alert covers them too.
        """
        with _LOCK, claimed(self._instance):
            state = self._read()
            if alert.id in state["known"]:
                return False
            ids = dict.fromkeys([*settles, alert.id])
            state["known"] = [*state["known"], *ids][-_MAX_IDS:]
            item = _Item(alert=alert.to_json(), sent=[], added_at=time.time())
            state["pending"].append(item)
            self._write(state)
            return True

    def added_ids(self) -> set[str]:
        """Return the ids of the alerts added so far, sent or not."""
        return set(self._read()["known"])

    def deliver(self, channels: Sequence[Channel]) -> int:
        """Send each pending alert to the channels that lack it, and return the number of sends."""
        with _LOCK, claimed(self._instance):
            state = self._read()
            before = json.dumps(state)
            now = time.time()
            names = [channel.name for channel in channels]
            _forget_channels_except(state, names)
            _drop_expired(state, names, now)
            delivery = _Delivery(state, channels, now)
            for item in state["pending"]:
                delivery.send(item, is_eager=now - item["added_at"] < EAGER_SECONDS)
            if names:
                # Without channels alerts wait for a channel to be configured.
                state["pending"] = [item for item in state["pending"] if _lacking(item, names)]
            if json.dumps(state) != before:
                self._write(state)
            return delivery.sent

    def failing(self) -> dict[str, str]:
        """Return the channels that refused the last alert, with the reason."""
        return dict(self._read()["failing"])

    def lost(self) -> dict[str, list[Alert]]:
        """Return the lost alerts of each channel, oldest first.

        A channel's list is emptied when the channel accepts an alert again.
        """
        found: dict[str, list[Alert]] = {}
        for item in self._read()["lost"]:
            for name in item["channels"]:
                found.setdefault(name, []).append(Alert(**item["alert"]))
        return found

    def _read(self) -> _State:
        text = self._storage.get_cursor_values({KEY}).get(KEY)
        state = _State(known=[], pending=[], failing={}, tried_at={}, lost=[])
        if text:
            # Earlier versions stored fewer fields.
            state.update(json.loads(text))
        return state

    def _write(self, state: _State) -> None:
        self._storage.set_cursor_values({KEY: json.dumps(state)})


def _lacking(item: _Item, names: Sequence[str]) -> list[str]:
    """Return the channels that do not have an alert yet."""
    return [name for name in names if name not in item["sent"]]


def _drop_expired(state: _State, names: Sequence[str], now: float) -> None:
    """Move alerts that are too old or too many from the pending to the lost ones."""
    kept = [
        item
        for item in state["pending"][-MAX_PENDING:]
        if now - item["added_at"] <= MAX_AGE_SECONDS
    ]
    for item in state["pending"]:
        lacking = _lacking(item, names)
        if item not in kept and lacking:
            state["lost"].append({"alert": item["alert"], "channels": lacking})
    state["lost"] = state["lost"][-MAX_LOST:]
    state["pending"] = kept


def _forget_channels_except(state: _State, configured: Sequence[str]) -> None:
    """Drop the failures and losses of channels that are no longer configured."""
    for name in {*state["failing"], *(n for item in state["lost"] for n in item["channels"])}:
        if name not in configured:
            _clear_failures(state, name)


def _clear_failures(state: _State, name: str) -> None:
    state["failing"].pop(name, None)
    state["tried_at"].pop(name, None)
    for item in state["lost"]:
        item["channels"] = [other for other in item["channels"] if other != name]
    state["lost"] = [item for item in state["lost"] if item["channels"]]


class _Delivery:
    """One delivery of the pending alerts; a channel that fails gets no further alert in it."""

    def __init__(self, state: _State, channels: Sequence[Channel], now: float) -> None:
        self._state = state
        self._channels = list(channels)
        self._tried_at = dict(state["tried_at"])
        self._now = now
        self.sent = 0

    def send(self, item: _Item, is_eager: bool) -> None:
        """Send one alert to the channels that lack it.

        Args:
            is_eager: send to failing channels now, instead of once per `PACE_SECONDS`.
        """
        alert = Alert(**item["alert"])
        for channel in list(self._channels):
            waited = self._now - self._tried_at.get(channel.name, 0)
            if channel.name in item["sent"] or not (is_eager or waited >= PACE_SECONDS):
                continue
            if (reason := _refusal(channel, alert)) is None:
                item["sent"].append(channel.name)
                self.sent += 1
                _clear_failures(self._state, channel.name)
                continue
            self._state["failing"][channel.name] = reason
            self._state["tried_at"][channel.name] = self._now
            self._channels.remove(channel)
            _LOG.warning(
                "alert %s was not sent: %s %s; it will be resent", alert.id, channel.name, reason
            )


def _refusal(channel: Channel, alert: Alert) -> str | None:
    """Send an alert, and return why the channel refused it; None if the channel accepted it."""
    try:
        channel.send(alert)
    except ChannelError as error:
        return str(error)
    except Exception as error:
        # A channel must not fail the sensor, and the error's text may contain the secret address.
        return f"unexpected {type(error).__name__}"
    return None

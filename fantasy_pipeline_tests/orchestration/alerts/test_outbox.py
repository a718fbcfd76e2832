"""Outbox with real channels: each channel gets an alert once, and refused alerts are resent."""

import json
import time
from collections.abc import Iterator

import dagster as dg
import pytest

from fantasy_pipeline.orchestration.alerts.channels import Webhook
from fantasy_pipeline.orchestration.alerts.messages import Alert
from fantasy_pipeline.orchestration.alerts.outbox import (
    KEY,
    MAX_AGE_SECONDS,
    MAX_LOST,
    MAX_PENDING,
    Outbox,
)
from fantasy_pipeline_tests.orchestration.alerts.receivers import SECRET, Receiver, receiving

pytestmark = pytest.mark.loopback


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(dg.DagsterInstance.ephemeral())


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def alert(name: str = "a") -> Alert:
    return Alert(name, "failure", "title")


def taken(server: Receiver) -> list[str]:
    return [body["id"] for body in server.bodies]


def test_same_id_is_taken_once(outbox: Outbox, server: Receiver) -> None:
    webhook = Webhook("webhook", server.url)
    assert outbox.add(alert())
    assert not outbox.add(alert())
    assert outbox.deliver([webhook]) == 1
    assert outbox.deliver([webhook]) == 0
    assert not outbox.add(alert())
    assert taken(server) == ["a"]
    assert outbox.added_ids() == {"a"}
    assert "a" in outbox.added_ids()


def test_failing_channel_is_retried_and_the_other_gets_no_second_alert(
    outbox: Outbox, server: Receiver, other: Receiver
) -> None:
    slack, webhook = Webhook("slack", server.url), Webhook("webhook", other.url)
    server.status = 500
    outbox.add(alert())
    outbox.deliver([slack, webhook])
    assert outbox.failing() == {"slack": "answered HTTP 500"}
    server.status = 200
    outbox.deliver([slack, webhook])
    assert server.bodies == [{"text": "title"}]
    assert taken(other) == ["a"]
    assert outbox.failing() == {}


def test_unexpected_error_neither_fails_nor_shows_what_it_holds(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.add(alert())
    # urlsplit itself refuses such a host, with the address in its message.
    outbox.deliver([Webhook("webhook", f"https://[{SECRET}/")])
    assert outbox.failing() == {"webhook": "unexpected ValueError"}
    assert "unexpected ValueError" in caplog.text
    assert SECRET not in caplog.text


def test_unsent_without_channels_is_kept(outbox: Outbox, server: Receiver) -> None:
    outbox.add(alert())
    assert outbox.deliver([]) == 0
    outbox.deliver([Webhook("webhook", server.url)])
    assert taken(server) == ["a"]


class Clock:
    """Seconds that go by without waiting."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.time", clock)
    return clock


def test_settled_ids_count_as_added(outbox: Outbox) -> None:
    outbox.add(alert("b"), settles=["a"])
    assert not outbox.add(alert("a"))


@pytest.mark.parametrize("configured", [True, False])
def test_bounds(outbox: Outbox, server: Receiver, clock: Clock, configured: bool) -> None:
    webhook = Webhook("webhook", server.url)
    server.status = 500
    outbox.add(alert("first"))
    outbox.deliver([webhook] if configured else [])
    server.status = 200
    clock.now += MAX_AGE_SECONDS + 1
    assert outbox.deliver([webhook]) == 0
    assert outbox.deliver([webhook]) == 0
    for number in range(MAX_PENDING + 5):
        outbox.add(alert(str(number)))
    assert outbox.deliver([webhook]) == MAX_PENDING
    assert taken(server)[0] == "5"


def test_lost_alerts_are_counted_until_their_channel_takes_one(
    outbox: Outbox, server: Receiver, other: Receiver, clock: Clock
) -> None:
    channels = [Webhook("slack", server.url), Webhook("webhook", other.url)]
    server.status = 403
    outbox.add(alert("a"))
    outbox.add(alert("b"))
    outbox.deliver(channels)
    clock.now += MAX_AGE_SECONDS + 1
    for _ in range(2):
        assert outbox.deliver(channels) == 0
        assert [lost.id for lost in outbox.lost()["slack"]] == ["a", "b"]
        assert outbox.failing() == {"slack": "answered HTTP 403"}
    # The other channel has these alerts; its success does not clear the first channel's losses.
    assert list(outbox.lost()) == ["slack"]
    outbox.add(alert("c"))
    assert outbox.deliver(channels) == 1
    assert [lost.id for lost in outbox.lost()["slack"]] == ["a", "b"]
    server.status = 200
    assert outbox.deliver(channels) == 1
    assert (outbox.lost(), outbox.failing()) == ({}, {})


def test_lost_alerts_are_bounded(outbox: Outbox, server: Receiver) -> None:
    webhook = Webhook("webhook", server.url)
    server.status = 500
    for number in range(MAX_LOST + MAX_PENDING + 5):
        outbox.add(alert(str(number)))
    outbox.deliver([webhook])
    ids = [lost.id for lost in outbox.lost()["webhook"]]
    assert (len(ids), ids[0], ids[-1]) == (MAX_LOST, "5", str(MAX_LOST + 4))


def test_nothing_is_kept_of_a_channel_that_was_taken_away(
    outbox: Outbox, server: Receiver, clock: Clock
) -> None:
    server.status = 500
    outbox.add(alert())
    outbox.deliver([Webhook("slack", server.url)])
    clock.now += MAX_AGE_SECONDS + 1
    outbox.deliver([Webhook("slack", server.url)])
    assert outbox.lost()
    outbox.deliver([Webhook("webhook", server.url)])
    assert (outbox.lost(), outbox.failing()) == ({}, {})


def test_pace_of_a_channel_that_fails(outbox: Outbox, server: Receiver, clock: Clock) -> None:
    """Each minute for an hour, then each quarter of one; the reason stays in between."""
    webhook = Webhook("webhook", server.url)
    server.status = 500
    outbox.add(alert())
    for _ in range(60):
        outbox.deliver([webhook])
        clock.now += 60
    assert len(server.paths) == 60
    for _ in range(60):
        outbox.deliver([webhook])
        clock.now += 60
        assert outbox.failing() == {"webhook": "answered HTTP 500"}
    assert len(server.paths) == 64
    # A new alert is tried at once, and once it is taken the old ones follow.
    server.status = 200
    clock.now -= 60
    outbox.add(alert("new"))
    outbox.deliver([webhook])
    outbox.deliver([webhook])
    assert taken(server) == ["new", "a"]


def test_outbox_of_before_lost_alerts_were_kept(outbox: Outbox, server: Receiver) -> None:
    item = {"alert": alert().to_json(), "sent": [], "added_at": time.time()}
    state = {"known": ["a"], "pending": [item], "failing": {"webhook": "answered HTTP 500"}}
    outbox._storage.set_cursor_values({KEY: json.dumps(state)})
    assert outbox.deliver([Webhook("webhook", server.url)]) == 1
    assert (outbox.failing(), outbox.lost()) == ({}, {})

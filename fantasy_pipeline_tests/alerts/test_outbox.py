"""The outbox: once per alert and channel, and again until it is taken. The channels are real."""

import time
from collections.abc import Iterator

import dagster as dg
import pytest

from fantasy_pipeline.alerts.channels import Webhook
from fantasy_pipeline.alerts.messages import Alert
from fantasy_pipeline.alerts.outbox import MAX_AGE_SECONDS, MAX_PENDING, Outbox
from fantasy_pipeline_tests.receivers import SECRET, Receiver, receiving

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
    assert outbox.knows("a")


def test_failing_channel_is_retried_and_the_other_not_told_twice(
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


@pytest.mark.parametrize("configured", [True, False])
def test_bounds(
    outbox: Outbox, server: Receiver, monkeypatch: pytest.MonkeyPatch, configured: bool
) -> None:
    webhook = Webhook("webhook", server.url)
    server.status = 500
    outbox.add(alert("first"))
    outbox.deliver([webhook] if configured else [])
    server.status = 200
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr("time.time", lambda: now + MAX_AGE_SECONDS + 1)
        assert outbox.deliver([webhook]) == 0
    assert outbox.deliver([webhook]) == 0
    for number in range(MAX_PENDING + 5):
        outbox.add(alert(str(number)))
    assert outbox.deliver([webhook]) == MAX_PENDING

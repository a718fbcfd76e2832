"""The outbox: once per alert and channel, and again until it is taken."""

import dagster as dg
import pytest

from fantasy_pipeline.alerts.channels import ChannelError
from fantasy_pipeline.alerts.messages import Alert
from fantasy_pipeline.alerts.outbox import MAX_ATTEMPTS, MAX_PENDING, Outbox


class Channel:
    """Takes alerts, or fails."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error
        self.taken: list[str] = []

    def send(self, alert: Alert) -> None:
        if self.error:
            raise self.error
        self.taken.append(alert.id)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(dg.DagsterInstance.ephemeral())


def alert(name: str = "a") -> Alert:
    return Alert(name, "failure", "title")


def test_same_id_is_taken_once(outbox: Outbox) -> None:
    slack = Channel("slack")
    assert outbox.add(alert())
    assert not outbox.add(alert())
    assert outbox.deliver([slack]) == 1
    assert outbox.deliver([slack]) == 0
    assert not outbox.add(alert())
    assert slack.taken == ["a"]
    assert outbox.knows("a")


def test_failing_channel_is_retried_and_the_other_not_told_twice(outbox: Outbox) -> None:
    bad, good = Channel("bad", ChannelError("answered HTTP 500")), Channel("good")
    outbox.add(alert())
    outbox.deliver([bad, good])
    assert outbox.failing() == {"bad": "answered HTTP 500"}
    bad.error = None
    outbox.deliver([bad, good])
    assert (bad.taken, good.taken) == (["a"], ["a"])
    assert outbox.failing() == {}


def test_unexpected_error_neither_fails_nor_shows_what_it_holds(outbox: Outbox) -> None:
    outbox.add(alert())
    outbox.deliver([Channel("bad", ValueError("https://secret"))])
    assert outbox.failing() == {"bad": "unexpected ValueError"}


def test_unsent_without_channels_is_kept(outbox: Outbox) -> None:
    outbox.add(alert())
    assert outbox.deliver([]) == 0
    slack = Channel("slack")
    outbox.deliver([slack])
    assert slack.taken == ["a"]


def test_bounds(outbox: Outbox) -> None:
    bad = Channel("bad", ChannelError("no"))
    outbox.add(alert("first"))
    for _ in range(MAX_ATTEMPTS):
        outbox.deliver([bad])
    bad.error = None
    assert outbox.deliver([bad]) == 0
    for number in range(MAX_PENDING + 5):
        outbox.add(alert(str(number)))
    assert outbox.deliver([bad]) == MAX_PENDING

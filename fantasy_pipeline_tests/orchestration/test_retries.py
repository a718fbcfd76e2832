"""Retries: network failures are retried, all others fail at once."""

import dagster as dg
import pytest

from fantasy_pipeline.errors import (
    LastingError,
    NotMaterializedError,
    NotPublishedError,
    SourceError,
)
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.retries import NETWORK_RETRY, asks_upstream
from fantasy_pipeline.orchestration.runs.results import facts_of

NETWORK = SourceError("games", "timed out", "Check the network.")
FAST = dg.RetryPolicy(max_retries=2)


def attempts(error: Exception, trigger: str = "schedule") -> int:
    """Return how often Dagster runs an asset that raises an error."""
    calls = []

    @dg.asset(retry_policy=FAST)
    @asks_upstream
    def upstream(context: dg.AssetExecutionContext) -> None:
        calls.append(1)
        raise error

    result = dg.materialize([upstream], tags={"trigger": trigger}, raise_on_error=False)
    assert not result.success
    return len(calls)


def test_policy_is_exponential_with_jitter() -> None:
    assert NETWORK_RETRY.backoff is dg.Backoff.EXPONENTIAL
    assert NETWORK_RETRY.jitter is dg.Jitter.PLUS_MINUS


def test_network_is_tried_again() -> None:
    assert attempts(NETWORK) == 3


@pytest.mark.parametrize(
    "error",
    [
        NotPublishedError("games", "HTTP 404", "Wait."),
        LastingError("games", "upstream has no column team", "Wait."),
        NotMaterializedError("games is not in the lake"),
        dg.Failure("cannot wrap"),
        KeyError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_no_retry_mends_fails_at_once(error: Exception) -> None:
    assert attempts(error) == 1


@pytest.mark.parametrize("trigger", ["manual", "backfill"])
def test_a_run_that_a_person_waits_for_is_not_retried(trigger: str) -> None:
    assert attempts(NETWORK, trigger=trigger) == 1


def test_cause_is_still_the_root(tmp_path: object) -> None:
    @dg.asset
    @asks_upstream
    def upstream(context: dg.AssetExecutionContext) -> None:
        raise NotPublishedError("weekly_stats", "HTTP 404", "Wait.", *SeasonWeek(2025, 5))

    result = dg.materialize([upstream], raise_on_error=False)
    (error,) = facts_of(result.all_events).errors
    assert error.line == "upstream: weekly_stats 2025 week 5: HTTP 404. Wait."


@pytest.mark.parametrize("trigger", ["schedule", "manual"])
def test_error_with_advice_is_reported_instead_of_its_cause(trigger: str) -> None:
    @dg.asset
    @asks_upstream
    def upstream(context: dg.AssetExecutionContext) -> None:
        raise NETWORK from TimeoutError("read timed out")

    result = dg.materialize([upstream], tags={"trigger": trigger}, raise_on_error=False)
    (error,) = facts_of(result.all_events).errors
    assert error.line == f"upstream: {NETWORK}"
    assert "TimeoutError" in error.stack

"""Which failures are tried again: those of the network, and those only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from fantasy_pipeline.errors import NotPublishedError, PipelineError, SourceError

NETWORK_RETRY = dg.RetryPolicy(
    max_retries=3, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""After the transport's own attempts, which take seconds: 30, 60 and 120 s, more or less."""


@contextmanager
def only_network_is_retried(tags: Mapping[str, str]) -> Iterator[None]:
    """Ask upstream in here: what no retry can mend fails the step at once.

    That is what upstream has not published, and what is wrong with the data. A run that a person
    waits for (tag ``trigger: manual``) fails at once as well.

    Raises:
        dg.Failure: the same error, without retries.
    """
    try:
        yield
    except PipelineError as error:
        network = isinstance(error, SourceError) and not isinstance(error, NotPublishedError)
        if network and tags.get("trigger") != "manual":
            raise
        raise dg.Failure(str(error), allow_retries=False) from error

"""Which failures are tried again: those of the network, and those only."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import dagster as dg

from fantasy_pipeline.errors import LastingError, SourceError

NETWORK_RETRY = dg.RetryPolicy(
    max_retries=3, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""After the transport's own attempts, which take seconds: 30, 60 and 120 s, more or less."""


@contextmanager
def only_network_is_retried(tags: Mapping[str, str]) -> Iterator[None]:
    """In here, what no retry can mend fails the step at once.

    That is what upstream has not published, what is wrong with the data or with us. A run that a
    person waits for (tag ``trigger: manual``) fails at once for the network as well.

    Raises:
        dg.Failure: the same error, without retries.
    """
    try:
        yield
    except dg.Failure as failure:
        raise dg.Failure(
            failure.description, failure.metadata, allow_retries=False
        ) from failure.__cause__
    except Exception as error:
        network = isinstance(error, SourceError) and not isinstance(error, LastingError)
        if network and tags.get("trigger") != "manual":
            raise
        raise dg.Failure(str(error) or type(error).__name__, allow_retries=False) from error


def asks_upstream(asset: Callable[..., Any]) -> Callable[..., Any]:
    """An asset's function, of which only network failures are retried."""

    @wraps(asset)
    def guarded(context: dg.AssetExecutionContext, *args: Any, **inputs: Any) -> Any:
        with only_network_is_retried(context.run.tags):
            return asset(context, *args, **inputs)

    return guarded

"""Retries of failed steps: only network failures are retried."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import dagster as dg

from fantasy_pipeline.errors import LastingError, SourceError

NETWORK_RETRY = dg.RetryPolicy(
    max_retries=3, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""Waits about 30, 60 and 120 s, after the download's own attempts, which take seconds."""

_WAITED_FOR = {"manual", "backfill"}
"""Triggers of the command line, where a person waits for the run."""
_Inputs = ParamSpec("_Inputs")
_Output = TypeVar("_Output")


@contextmanager
def only_network_is_retried(tags: Mapping[str, str]) -> Iterator[None]:
    """Fail the step immediately on errors that a retry cannot fix.

    Examples: upstream has not published a file, the data break a contract, the code has a defect.
    A run that a person waits for (tag ``trigger: manual`` or ``backfill``) fails immediately on
    network errors too.

    Raises:
        dg.Failure: the error's message, with retries turned off.
    """
    try:
        yield
    except dg.Failure as failure:
        raise dg.Failure(
            failure.description, failure.metadata, allow_retries=False
        ) from failure.__cause__
    except Exception as error:
        is_network = isinstance(error, SourceError) and not isinstance(error, LastingError)
        if is_network and tags.get("trigger") not in _WAITED_FOR:
            raise
        raise dg.Failure(str(error) or type(error).__name__, allow_retries=False) from error


def asks_upstream(
    asset: Callable[Concatenate[dg.AssetExecutionContext, _Inputs], _Output],
) -> Callable[Concatenate[dg.AssetExecutionContext, _Inputs], _Output]:
    """Decorate an asset's function so that Dagster retries only its network failures."""

    @wraps(asset)
    def guarded(
        context: dg.AssetExecutionContext, /, *args: _Inputs.args, **inputs: _Inputs.kwargs
    ) -> _Output:
        with only_network_is_retried(context.run.tags):
            return asset(context, *args, **inputs)

    return guarded

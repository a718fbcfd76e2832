"""The sessions of a server: one per data source, each with its own lake and history."""

import os
from collections.abc import Callable
from threading import Lock

from fastapi import HTTPException

from fantasy_pipeline.errors import PipelineError, UnusableStorageError
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.history import Execution, execution_of
from fantasy_pipeline.settings import SourceName

MakeSession = Callable[[SourceName | None], Session]
"""Opens the session of a source; None: the configured source."""


class Sessions:
    """One session per source, opened by the first request for it.

    The sample league has a history of its own. Opening a session sets ``DAGSTER_HOME`` for the
    process; this class resets it to the server's own home.
    """

    def __init__(self, make_session: MakeSession) -> None:
        self._make = make_session
        self._lock = Lock()
        self.shared = make_session(None)
        self._opened: dict[str, Session] = {}

    def of(self, source: SourceName | None) -> Session:
        """Return the session of a source; None: the configured source."""
        if source in (None, self.shared.source):
            return self.shared
        with self._lock:
            if source not in self._opened:
                try:
                    session = self._make(source)
                    _ = session.instance, session.lake
                    self._opened[str(source)] = session
                finally:
                    os.environ["DAGSTER_HOME"] = str(self.shared.home)
            return self._opened[str(source)]

    def holding(self, run_id: str) -> Session | None:
        """Return the session whose history has a run; None if none has it."""
        every = [self.shared, *self._opened.values()]
        return next((s for s in every if s.instance.get_run_by_id(run_id) is not None), None)

    def execution(self, run_id: str) -> Execution:
        """Return a run, from the history that has it.

        Raises:
            HTTPException: 404, no history has the run.
        """
        session = self.holding(run_id) or self.shared
        try:
            return execution_of(session.instance, run_id)
        except UnusableStorageError:
            raise
        except PipelineError as error:
            raise HTTPException(404, str(error)) from None

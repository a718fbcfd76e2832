"""A real Postgres for tests, from a wheel; `deploy/postgres/server.py` starts it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fantasy_pipeline_tests import ROOT

DEPLOY = ROOT / "deploy" / "postgres"
sys.path.insert(0, str(DEPLOY))

from server import Postgres  # noqa: E402


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server with an empty database, and stop it in the end."""
    # Not under tmp_path: as root, the server runs as a user that may not enter there.
    with tempfile.TemporaryDirectory(prefix="fantasy-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "server")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")

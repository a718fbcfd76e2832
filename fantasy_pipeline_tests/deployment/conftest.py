"""Start a real Postgres for the tests of this folder."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT

DEPLOY = ROOT / "deploy" / "postgres"
sys.path.insert(0, str(DEPLOY))

from server import Postgres  # noqa: E402


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    # Not under tmp_path: as root, the server runs as a user that may not enter there.
    with tempfile.TemporaryDirectory(prefix="fantasy-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "server")
        server.start()
        yield server
        server.stop("immediate")

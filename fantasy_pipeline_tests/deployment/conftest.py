"""Start a real Postgres for the tests of this folder."""

from collections.abc import Iterator

import pytest

from fantasy_pipeline_tests.deployment.postgres import Postgres, running_postgres


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server

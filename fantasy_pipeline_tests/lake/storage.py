"""Fixtures of object storage: an S3-compatible server on this machine, and roots for data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fantasy_pipeline_tests.lake.places import BucketPlace, environment, object_storage_server

DataOf = Callable[[Path], str]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an S3-compatible server on this machine."""
    with object_storage_server(tmp_path_factory.mktemp("s3") / "log") as address:
        yield address


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of the server, and set the environment variables that lead to it."""
    for name, value in environment(s3_server).items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture(
    scope="module",
    params=["folder", pytest.param("s3", marks=[pytest.mark.loopback, pytest.mark.soak])],
)
def data_of(request: pytest.FixtureRequest) -> Iterator[DataOf]:
    """Return `data_of(home)`: a root for the data of a Dagster home, a folder or a new bucket."""
    if request.param == "folder":
        yield lambda home: str(home / "data")
        return
    address = request.getfixturevalue("s3_server")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(address).items():
            patch.setenv(name, value)
        yield lambda home: BucketPlace(address).root

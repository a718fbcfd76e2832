"""Storage of a lake for tests, read without the lake's own code: a folder, a local bucket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

KEY, SECRET = "AKIATESTTESTTESTTEST", "secret-of-the-tests"


class Place(Protocol):
    """A root, the files stored under it, and a way to store one."""

    root: str

    def files(self) -> Mapping[str, bytes]: ...

    def put(self, name: str, content: bytes) -> None: ...


class FolderPlace:
    def __init__(self, folder: Path) -> None:
        self.root = str(folder)
        self._folder = folder

    def files(self) -> Mapping[str, bytes]:
        return {
            str(path.relative_to(self._folder)): path.read_bytes()
            for path in self._folder.rglob("*")
            if path.is_file()
        }

    def put(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def objects_of(root: str) -> list[str]:
    """Return the keys below a root, relative to it, on the server that the environment names."""
    bucket, _, prefix = root.removeprefix("s3://").partition("/")
    pages = _here().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    return sorted(key[len(prefix) + 1 :] for key in keys)


def object_at(url: str) -> bytes:
    """Return the content of an object on the server that the environment names."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bytes(_here().get_object(Bucket=bucket, Key=key)["Body"].read())


def _here() -> Any:
    return _client(os.environ["AWS_ENDPOINT_URL"])


@cache
def _client(address: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )


class BucketPlace:
    """A prefix in a new bucket."""

    def __init__(self, address: str) -> None:
        self.bucket = f"bucket-{uuid4().hex}"
        self.root = f"s3://{self.bucket}/data"
        self.client = _client(address)
        self.client.create_bucket(Bucket=self.bucket)

    def files(self) -> Mapping[str, bytes]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {
            key.removeprefix("data/"): self.client.get_object(Bucket=self.bucket, Key=key)[
                "Body"
            ].read()
            for key in keys
        }

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"data/{name}", Body=content)


def environment(address: str) -> dict[str, str]:
    """Return the environment variables that point a process to the storage at an address."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def object_storage_server(log: Path) -> Iterator[str]:
    """Start an S3-compatible server in a separate process; each request is a line in `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            process.wait(30)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(600):
        if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the S3-compatible server did not start: {log.read_text()}")

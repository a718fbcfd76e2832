"""Where the lake keeps its files: a folder, or object storage. What they mean is `lake.py`'s.

Names are paths under the root, e.g. ``games/part.parquet``. A file appears whole or not at all,
and the last writer of a name wins: a folder's file is renamed over the old one, an object is
uploaded in one request.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.lake.locks import Timeout, locked
from fantasy_pipeline.settings import is_loopback

if TYPE_CHECKING:
    import pyarrow as pa

_SNAPSHOTS = ".snapshots"
LOCKS = ".locks"
_TEMPORARY = "fantasy-lake-"
_CHUNK_BYTES = 2**20
_STALE_SECONDS = 86_400
_LONGEST_WAIT_SECONDS = 900
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*(/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*")
_CONNECTIONS = 16
# Of the listing cache: other processes write to the lake too. Of the concurrency within one
# file: ranges of it could come from two versions.
_S3_OPTIONS = {
    "use_listings_cache": False,
    "skip_instance_cache": True,
    "max_concurrency": 1,
    "config_kwargs": {
        "connect_timeout": 10,
        "read_timeout": 60,
        "max_pool_connections": _CONNECTIONS,
        "retries": {"mode": "standard", "max_attempts": 4},
    },
}


class Store(Protocol):
    """Files under one root."""

    @property
    def is_local(self) -> bool: ...

    def path(self, name: str) -> str:
        """Path or URL of a file, for people and other tools."""

    def put(self, name: str, content: bytes) -> None:
        """Replace a file."""

    def put_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Replace files, each for itself."""

    def get(self, name: str) -> bytes | None:
        """Content of a file; None if there is none."""

    def has(self, name: str) -> bool: ...

    def names(self, folder: str) -> Iterable[str]:
        """Names of the files in a folder and below it."""

    def sources(self, names: Sequence[str]) -> Iterator[pa.NativeFile]:
        """The files, open for reading one after the other; each is one version of its file."""

    @contextmanager
    def snapshot(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Folder with the files as they are now, and the folder that SQL may read."""

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """One holder of a name at a time; others wait."""


def open_store(root: str) -> Store:
    """The store of a folder or URL.

    Raises:
        PipelineError: no such kind of storage, or it cannot be reached.
    """
    return ObjectStore(root) if "://" in root and not root.startswith("file:") else Folder(root)


def safe_name(name: str) -> str:
    """A file's name, unless it could lead out of the root.

    Raises:
        PipelineError: it has empty, hidden or parent folders, or odd characters.
    """
    if not _NAME.fullmatch(name):
        raise PipelineError(f"{name!r} is no name of a file in the lake.")
    return name


class Folder:
    """A folder of this machine."""

    is_local = True

    def __init__(self, root: str) -> None:
        path = re.sub(r"^file:(//)?", "", root)
        self._base = os.path.abspath(os.path.expanduser(path))

    def path(self, name: str) -> str:
        return f"{self._base}/{name}"

    def put(self, name: str, content: bytes) -> None:
        path = self.path(name)
        temporary = f"{path}.{uuid4().hex}.tmp"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self._remove_stale(os.path.dirname(path))
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError as error:
            raise PipelineError(
                f"{path} cannot be written: {error.strerror}. What was there before is unchanged. "
                f"Check the free disk space and the permissions, and run again."
            ) from error
        finally:
            with suppress(OSError):
                os.unlink(temporary)

    def put_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        for name, content in files:
            self.put(name, content)

    def get(self, name: str) -> bytes | None:
        try:
            with open(self.path(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.path(name), error) from error

    def has(self, name: str) -> bool:
        # Not os.path.exists: it takes a folder that cannot be read for a missing file.
        try:
            os.stat(self.path(name))
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unreadable(self.path(name), error) from error
        return True

    def names(self, folder: str) -> Iterable[str]:
        def refuse(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise _unreadable(error.filename, error) from error

        for path, _, files in os.walk(self.path(folder), onerror=refuse):
            for file in files:
                yield f"{path}/{file}"[len(self._base) + 1 :]

    def sources(self, names: Sequence[str]) -> Iterator[pa.NativeFile]:
        import pyarrow as pa

        for name in names:
            try:
                file = pa.OSFile(self.path(name))
            except OSError as error:
                raise _unreadable(self.path(name), error) from error
            with file:
                yield file

    @contextmanager
    def snapshot(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """A folder of hard links; where none can be made, a temporary folder of copies.

        DuckDB opens a path once for the footer and again for the rows: of a file replaced
        between the two it would read nonsense.
        """
        folder = self.path(f"{_SNAPSHOTS}/{uuid4().hex}")
        self._remove_stale(self.path(_SNAPSHOTS))
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            try:
                for name in names:
                    os.link(self.path(name), _target(folder, name))
            except OSError:
                # A read-only folder, or a file system without links.
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=_TEMPORARY))
                for name in names:
                    self._copy(name, folder)
            yield folder, self._base

    def _copy(self, name: str, folder: str) -> None:
        """Copy one version of a file: of one that is replaced meanwhile, what was opened."""
        try:
            source = open(self.path(name), "rb")  # noqa: SIM115 - its errors are not the copy's
        except OSError as error:
            raise _unreadable(self.path(name), error) from error
        try:
            with source, open(_target(folder, name), "wb") as file:
                shutil.copyfileobj(source, file, _CHUNK_BYTES)
        except OSError as error:
            raise PipelineError(
                f"{self.path(name)} cannot be copied to {folder}: {error.strerror}. Check the "
                f"disk and the free space there (TMPDIR sets another folder), and run again."
            ) from error

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Of this machine's processes; a killed one's lock is free.

        Raises:
            PipelineError: another process held it for too long.
        """
        try:
            with locked(Path(self.path(f"{LOCKS}/{name}")), _LONGEST_WAIT_SECONDS):
                yield
        except Timeout as error:
            raise PipelineError(
                f"{name}: another process has been at it for {_LONGEST_WAIT_SECONDS} s. "
                f"Wait for it to end, or stop it, and run again."
            ) from error

    def _remove_stale(self, folder: str) -> None:
        """Remove what killed processes left: snapshots of readers, half files of writers."""
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if time.time() - entry.stat().st_mtime < _STALE_SECONDS:
                    continue
                if entry.name.endswith(".tmp"):
                    os.unlink(entry.path)
                elif os.path.basename(folder) == _SNAPSHOTS:
                    shutil.rmtree(entry.path, ignore_errors=True)


def _target(folder: str, name: str) -> str:
    """Path of a file in a folder; the folders between are made."""
    path = f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def _unreadable(path: str, error: OSError) -> PipelineError:
    """The error of what is there but cannot be read: to go on would take it for empty."""
    if isinstance(error, FileNotFoundError):
        return PipelineError(f"{path} was removed while it was read. Run again.")
    return PipelineError(
        f"the lake cannot be read: {path}: {error.strerror or error}. Check its permissions, its "
        f"folders and the disk; or set FANTASY_DATA to another folder."
    )


class ObjectStore:
    """Objects under an fsspec URL, e.g. ``s3://bucket/lake``.

    Address and credentials come from the environment, as botocore reads them: ``AWS_…``.
    """

    is_local = False

    def __init__(self, root: str) -> None:
        import fsspec

        self._root = root
        options = _S3_OPTIONS if root.startswith(("s3:", "s3a:")) else {}
        try:
            self._fs, self._base = fsspec.core.url_to_fs(root, **options)
        except (ImportError, ValueError) as error:
            raise PipelineError(
                f"a lake at {root} needs a package that is not installed: {error}. "
                f"For s3, in the checkout: pip install -e '.[s3]'."
            ) from error
        if options:
            self._asked(self._check_endpoint)

    def _check_endpoint(self) -> None:
        self._fs.connect()
        address = urlsplit(self._fs.s3.meta.endpoint_url)
        if address.scheme != "https" and not is_loopback(address.hostname or ""):
            raise PipelineError(
                f"the object storage at {address.hostname} must be asked over https "
                f"(http only on this machine). Check AWS_ENDPOINT_URL."
            )

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """What the storage answers; None if it has no such object.

        Raises:
            PipelineError: it has no such bucket, refuses, or does not answer.
        """
        try:
            return ask()
        except PipelineError:
            raise
        except Exception as error:
            answer = getattr(error.__cause__, "response", {})
            missing = answer.get("Error", {}).get("Code") == "NoSuchBucket"
            if isinstance(error, FileNotFoundError) and not missing:
                return None
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise PipelineError(
                f"the lake at {self._root} cannot be used: {reason}. "
                f"Check FANTASY_DATA, AWS_ENDPOINT_URL and the AWS credentials, or run again later."
            ) from error

    def path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def put(self, name: str, content: bytes) -> None:
        self._asked(lambda: self._fs.pipe_file(f"{self._base}/{name}", content))

    def put_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        self._at_once(lambda file: self.put(*file), files)

    def get(self, name: str) -> bytes | None:
        content: bytes | None = self._asked(lambda: self._fs.cat_file(f"{self._base}/{name}"))
        return content

    def has(self, name: str) -> bool:
        # Not isfile or exists: those take a refusal for a missing file.
        found = self._asked(lambda: self._fs.info(f"{self._base}/{name}"))
        return found is not None and found["type"] == "file"

    def names(self, folder: str) -> Iterable[str]:
        found = self._asked(lambda: self._fs.find(f"{self._base}/{folder}"))
        return [path[len(self._base) + 1 :] for path in found or ()]

    def sources(self, names: Sequence[str]) -> Iterator[pa.NativeFile]:
        import pyarrow as pa

        for content in self._at_once(self._existing, names):
            yield pa.BufferReader(content)

    @contextmanager
    def snapshot(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """A temporary folder of copies: one request each, so that no copy is of two versions."""
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY) as folder:

            def copy(name: str) -> None:
                with open(_target(folder, name), "wb") as file:
                    file.write(self._existing(name))

            self._at_once(copy, names)
            yield folder, folder

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """None: the last writer wins."""
        yield

    def _existing(self, name: str) -> bytes:
        content = self.get(name)
        if content is None:
            raise PipelineError(f"{self.path(name)} was removed while it was read. Run again.")
        return content

    @staticmethod
    def _at_once(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """Results for all items, several at a time: each waits for the network, mostly."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            futures = [pool.submit(work, item) for item in items]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

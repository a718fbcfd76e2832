"""Storage of the lake's files: a folder or object storage. `lake.py` defines their content.

A file's name is its path under the root, e.g. ``games/part.parquet``. Readers see a file complete
or not at all, and the last writer of a name wins: in a folder, the new file is renamed over the
old one; an object is uploaded in one request.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pyarrow as pa

from fantasy_pipeline.errors import PipelineError, UnusableStorageError
from fantasy_pipeline.lake.copies import TEMPORARY, RemovedFileError, target
from fantasy_pipeline.lake.locks import Timeout, locked
from fantasy_pipeline.lake.object_store import ObjectStore

_SNAPSHOTS = ".snapshots"
_LOCK = ".lock"
"""Suffix of the lock file beside each snapshot."""
LOCKS = ".locks"
_CHUNK_BYTES = 2**20
_STALE_SECONDS = 86_400
_LONGEST_WAIT_SECONDS = 900
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*(/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*")


class Store(Protocol):
    """Files under one root."""

    @property
    def is_local(self) -> bool: ...

    def path(self, name: str) -> str:
        """Return the path or URL of a file, for users and other tools."""

    def put(self, name: str, content: bytes) -> None:
        """Replace a file."""

    def put_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Replace files, each independently of the others."""

    def get(self, name: str) -> bytes | None:
        """Return the content of a file; None if it does not exist."""

    def has(self, name: str) -> bool: ...

    def names(self, folder: str) -> Iterable[str]:
        """Return the names of the files in a folder and in its subfolders."""

    def versions(self) -> Mapping[str, str] | None:
        """Return the version of each file by name; None where a look at the files costs less."""

    def read_ahead(self, starts: Sequence[str]) -> None:
        """Begin to fetch the files whose names begin so, where a file costs a request."""

    def version(self, name: str) -> Hashable | None:
        """Return what differs once a file is replaced; None: unknown without a request."""

    def sources(self, names: Sequence[str], listed: bool = False) -> Iterator[pa.NativeFile]:
        """Open files for reading, one after the other; each shows one version of its file.

        Args:
            listed: the caller has just listed the files, and needs no later versions.

        Raises:
            RemovedFileError: a file does not exist.
        """

    @contextmanager
    def snapshot(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Return a folder with files just listed, and the folder that SQL may read."""

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the lock of a name; other holders wait."""


def open_store(root: str, one_run: bool = False, lists_all: bool = False) -> Store:
    """Return the store of a folder or URL, without the snapshots of killed processes.

    Args:
        one_run, lists_all: as for `ObjectStore`.

    Raises:
        PipelineError: the kind of storage is not known, or the storage cannot be reached.
    """
    if "://" in root and not root.startswith("file:"):
        return ObjectStore(root, one_run, lists_all)
    folder = Folder(root)
    folder.remove_dead_snapshots()
    return folder


def safe_name(name: str) -> str:
    """Return a file's name if it is a path inside the root.

    Raises:
        PipelineError: the name has empty, hidden or parent folders, or characters that are not
            allowed.
    """
    if not _NAME.fullmatch(name):
        raise PipelineError(f"{name!r} is not a valid name of a file in the lake.")
    return name


class Folder:
    """A folder on this machine."""

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
                f"{path} cannot be written: {error.strerror}. The previous content is unchanged. "
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
        # os.path.exists would report a file in an unreadable folder as missing.
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

    def versions(self) -> None:
        return None

    def read_ahead(self, starts: Sequence[str]) -> None:
        return None

    def version(self, name: str) -> Hashable | None:
        try:
            found = os.stat(self.path(name))
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def sources(self, names: Sequence[str], listed: bool = False) -> Iterator[pa.NativeFile]:
        for name in names:
            try:
                file = pa.OSFile(self.path(name))
            except OSError as error:
                raise _unreadable(self.path(name), error) from error
            with file:
                yield file

    @contextmanager
    def snapshot(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Return a folder of hard links, or of copies where links are not possible.

        DuckDB opens a path once for the footer and again for the rows. If the file were replaced
        in between, DuckDB would read rows of one version with the footer of another.
        """
        folder = self.path(f"{_SNAPSHOTS}/{uuid4().hex}")
        lock = Path(f"{folder}{_LOCK}")
        self.remove_dead_snapshots()
        with ExitStack() as stack:
            if names:
                stack.callback(lock.unlink, missing_ok=True)
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
            try:
                if names:
                    stack.enter_context(locked(lock))
                for name in names:
                    os.link(self.path(name), target(folder, name))
            except OSError:
                # The folder is read-only, or the file system has no hard links.
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY))
                for name in names:
                    self._copy(name, folder)
            yield folder, self._base

    def _copy(self, name: str, folder: str) -> None:
        """Copy one version of a file, even if the file is replaced during the copy."""
        try:
            source = open(self.path(name), "rb")  # noqa: SIM115 - its errors are reported separately
        except OSError as error:
            raise _unreadable(self.path(name), error) from error
        try:
            with source, open(target(folder, name), "wb") as file:
                shutil.copyfileobj(source, file, _CHUNK_BYTES)
        except OSError as error:
            raise PipelineError(
                f"{self.path(name)} cannot be copied to {folder}: {error.strerror}. Check the "
                f"disk and the free space there (TMPDIR sets another folder), and run again."
            ) from error

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock among the processes of this machine; a killed process frees its locks.

        Raises:
            PipelineError: another process held the lock for too long.
        """
        try:
            with locked(Path(self.path(f"{LOCKS}/{name}")), _LONGEST_WAIT_SECONDS):
                yield
        except Timeout as error:
            raise PipelineError(
                f"{name}: another process has held its lock for {_LONGEST_WAIT_SECONDS} s. "
                f"Wait for that process to end, or stop it, and run again."
            ) from error

    def _remove_stale(self, folder: str) -> None:
        """Remove the temporary files that killed processes left in a folder."""
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".tmp") and _is_stale(entry.path):
                    os.unlink(entry.path)

    def remove_dead_snapshots(self) -> None:
        """Remove the snapshots that killed processes left behind.

        A living process holds the lock of its snapshot. A snapshot without a lock, e.g. of an
        earlier version of this program, is removed after a day.
        """
        try:
            names = os.listdir(self.path(_SNAPSHOTS))
        except OSError:
            return
        for path in {self.path(f"{_SNAPSHOTS}/{name.removesuffix(_LOCK)}") for name in names}:
            lock = Path(f"{path}{_LOCK}")
            # OSError: another process removes it, or this user may not.
            with suppress(OSError, Timeout):
                if not (lock.exists() or _is_stale(path)):
                    continue
                with locked(lock, 0):
                    shutil.rmtree(path, ignore_errors=True)
                    lock.unlink(missing_ok=True)


def _is_stale(path: str) -> bool:
    """Return whether a file or folder was last changed more than a day ago."""
    return time.time() - os.stat(path).st_mtime >= _STALE_SECONDS


def _unreadable(path: str, error: OSError) -> PipelineError:
    """Return the error of a file or folder that cannot be read; it must not count as empty."""
    if isinstance(error, FileNotFoundError):
        return RemovedFileError(path)
    return UnusableStorageError(
        f"the lake cannot be read: {path}: {error.strerror or error}. Check its permissions, its "
        f"folders and the disk; or set FANTASY_DATA to another folder."
    )

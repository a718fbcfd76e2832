"""Test the services of docker-compose, each started by its own command, on a real Postgres.

Containers are replaced by this machine: host names and published ports differ.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import yaml
from server import Postgres

from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.orchestration.alerts.receivers import free_port
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

pytestmark = [pytest.mark.soak, pytest.mark.loopback]

DEPLOY = ROOT / "deploy" / "postgres"
COMPOSE = yaml.safe_load((DEPLOY / "docker-compose.yaml").read_text())


class Stack:
    """The running services, with their environment and logs."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self.folder = folder
        self.ports = {name: str(free_port()) for name in ("3000", "4000", "8000")}
        self.variables = {
            **{name: postgres.environment[name] for name in _secrets()},
            "FANTASY_API_TOKEN": "a-token",
        }
        # As the Dockerfile lays it out.
        self.home = folder / "dagster"
        self.home.mkdir()
        shutil.copy(DEPLOY / "dagster.yaml", self.home)
        workspace = (DEPLOY / "workspace.yaml").read_text()
        workspace = workspace.replace("host: code", "host: 127.0.0.1")
        (self.home / "workspace.yaml").write_text(workspace.replace("4000", self.ports["4000"]))
        self.postgres = postgres
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, service: str) -> dict[str, str]:
        given = COMPOSE["services"][service]["environment"]
        values = {name: self._filled(value) for name, value in given.items()}
        values["DAGSTER_PG_HOST"] = "127.0.0.1"
        values["DAGSTER_PG_PORT"] = str(self.postgres.port)
        return {
            **os.environ,
            **values,
            **_dockerfile_environment(self.home, self.folder / "data"),
            "FANTASY_SOURCE": "sample",
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def _filled(self, text: str) -> str:
        """Return a value of the file, with variables filled in as `docker compose` does."""

        def value(match: re.Match[str]) -> str:
            name, _, default = match[1].partition(":")
            if default == "?":
                return self.variables[name]
            return self.variables.get(name) or default.removeprefix("-")

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def command(self, arguments: list[str]) -> list[str]:
        places = {
            **self.ports,
            "0.0.0.0": "127.0.0.1",  # noqa: S104
            "/opt/dagster/workspace.yaml": str(self.home / "workspace.yaml"),
        }
        return [places.get(argument, argument) for argument in arguments]

    def start(self, service: str) -> None:
        with (self.folder / f"{service}.log").open("wb") as log:
            self.processes[service] = subprocess.Popen(
                self.command(COMPOSE["services"][service]["command"]),
                env=self.environment(service),
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_healthy(self, service: str) -> bool:
        """Run the service's own health check and return its result."""
        kind, *check = COMPOSE["services"][service]["healthcheck"]["test"]
        assert kind == "CMD"
        done = subprocess.run(
            self.command(check), env=self.environment(service), cwd=self.home, capture_output=True
        )
        return done.returncode == 0

    def until(self, service: str, ready: Callable[[], bool]) -> None:
        """Wait until a service is ready; fail with its log if it ends before that."""

        def is_ready() -> bool:
            log = self.folder / f"{service}.log"
            assert self.processes[service].poll() is None, log.read_text()
            return ready()

        until(is_ready, f"{service} is ready", pause=1)

    def answers(self, port: str, path: str) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.ports[port]}{path}", timeout=30).ok
        except requests.ConnectionError:
            return False


def _secrets() -> set[str]:
    text = (DEPLOY / "docker-compose.yaml").read_text()
    return set(re.findall(r"\$\{(\w+):\?\}", text))


def _dockerfile_environment(home: Path, data: Path) -> dict[str, str]:
    """Return the image's ENV with its two folders replaced."""
    (line,) = re.findall(r"^ENV (.*)$", (DEPLOY / "Dockerfile").read_text(), flags=re.M)
    values = dict(pair.split("=", 1) for pair in line.split())
    return {
        name: value.replace("/opt/dagster", str(home)).replace("/data", str(data), 1)
        for name, value in values.items()
    }


@pytest.fixture
def stack(tmp_path: Path, postgres: Postgres) -> Iterator[Stack]:
    stack = Stack(tmp_path, postgres)
    yield stack
    for process in reversed(stack.processes.values()):
        if process.poll() is None:
            # The daemon and the webserver have children of their own.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(LONGEST_SECONDS)


def test_every_service_starts_and_is_healthy(stack: Stack) -> None:
    stack.start("code")
    stack.until("code", lambda: stack.is_healthy("code"))
    for service in ("daemon", "webserver", "api"):
        stack.start(service)
    stack.until("webserver", lambda: stack.answers("3000", "/server_info"))
    stack.until("api", lambda: stack.answers("8000", "/api/jobs/status"))
    stack.until("daemon", lambda: stack.is_healthy("daemon"))
    url = f"http://127.0.0.1:{stack.ports['8000']}/api/jobs/status"
    jobs = {job["name"]: job["on"] for job in requests.get(url, timeout=60).json()["jobs"]}
    assert jobs["tuesday_import"] is True
    assert set(stack.processes) == set(COMPOSE["services"]) - {"postgres"}

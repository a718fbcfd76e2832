"""Test the files of the deployment, as far as that is possible without docker and systemd."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from fantasy_pipeline.settings import AlertSettings
from fantasy_pipeline_tests import ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "postgres" / "docker-compose.yaml").read_text()))


def test_compose_file_is_what_the_compose_specification_allows(tmp_path: Path) -> None:
    """The JSON schema of the specification accepts the file, and refuses a wrong one."""
    text = (DEPLOY / "postgres" / "docker-compose.yaml").read_text()
    assert _complaints(tmp_path, text) == ""
    assert "comand" in _complaints(tmp_path, text.replace("command:", "comand:", 1))


def _complaints(folder: Path, text: str) -> str:
    file = folder / "docker-compose.yaml"
    file.write_text(text)
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    assert (done.returncode == 0) is (not done.stdout.startswith("Schema validation errors"))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_services(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"postgres", "code", "daemon", "webserver", "api"}
    for service in compose["services"].values():
        assert service["restart"] == "unless-stopped"
        for name in service.get("depends_on", {}):
            assert name in compose["services"]


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [p for service in compose["services"].values() for p in service.get("ports", [])]
    assert ports == ["127.0.0.1:3000:3000", "127.0.0.1:8000:8000"]


def test_secrets_come_from_the_environment(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SLACK|WEBHOOK", name):
                assert value.startswith("${"), name


def test_every_channel_of_alerts_can_be_set(compose: dict[str, Any]) -> None:
    wanted = {f"FANTASY_ALERT_{name.upper()}" for name in AlertSettings.model_fields}
    assert wanted <= set(compose["services"]["daemon"]["environment"])


def test_what_runs_print_reaches_the_webserver(compose: dict[str, Any], tmp_path: Path) -> None:
    """Dagster stores it below DAGSTER_HOME, on one volume that all services with code share."""
    shutil.copy(DEPLOY.parent / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        logs = instance.compute_log_manager.get_captured_local_path(["run"], "err")
    folder = Path(logs).relative_to(tmp_path).parts[0]
    assert "DAGSTER_HOME=/opt/dagster" in (DEPLOY / "postgres" / "Dockerfile").read_text()
    for name in ("code", "daemon", "webserver", "api"):
        assert f"logs:/opt/dagster/{folder}" in compose["services"][name]["volumes"], name


def test_commands_are_programs_of_the_project(compose: dict[str, Any]) -> None:
    programs = {s["command"][0] for s in compose["services"].values() if "command" in s}
    assert programs == {"dagster", "dagster-daemon", "dagster-webserver", "fantasy-pipeline"}
    for program in programs:
        assert shutil.which(program, path=Path(sys.executable).parent), program


def test_every_value_of_the_instance_is_by_env() -> None:
    config = yaml.safe_load((DEPLOY / "postgres" / "dagster.yaml").read_text())
    database = config["storage"]["postgres"]["postgres_db"]
    assert database.pop("scheme") == "postgresql+psycopg2"
    assert database.pop("params") == {"connect_timeout": 3}
    assert all(list(value) == ["env"] for value in database.values())
    assert config["telemetry"] == {"enabled": False}
    assert config["run_retries"]["retry_on_asset_or_op_failure"] is False


def test_the_embedded_instance_differs_in_storage_and_numbers_only() -> None:
    external = yaml.safe_load((DEPLOY / "postgres" / "dagster.yaml").read_text())
    embedded = yaml.safe_load((DEPLOY.parent / "dagster.yaml").read_text())
    assert set(external) - set(embedded) == {"storage"}
    assert set(embedded) <= set(external)
    assert external["scheduler"] == embedded["scheduler"]


@pytest.mark.parametrize("folder", [DEPLOY.parent, DEPLOY / "postgres"], ids=lambda p: p.name)
def test_at_most_two_runs_ask_upstream_at_a_time(folder: Path) -> None:
    config = yaml.safe_load((folder / "dagster.yaml").read_text())
    assert config["concurrency"]["pools"] == {"granularity": "run", "default_limit": 2}


def test_queued_runs_start_within_a_second(tmp_path: Path) -> None:
    """A backfill of the UI waits for the queue once per wave of runs."""
    shutil.copy(DEPLOY.parent / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert getattr(instance.run_coordinator, "dequeue_interval_seconds", None) == 1
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 2


def test_dagster_takes_the_retries_of_ticks(tmp_path: Path) -> None:
    """Without the setting the scheduler does not evaluate a failed tick again."""
    shutil.copy(DEPLOY.parent / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.scheduler is not None
        assert getattr(instance.scheduler, "max_tick_retries", None) == 60


def test_the_units_find_what_the_documented_installation_leaves(tmp_path: Path) -> None:
    """The commands run in a folder that stands for the root, except those of the system itself."""
    page = (DEPLOY.parent / "docs" / "operations.md").read_text()
    [block] = re.findall(r"^```text\n(useradd .*?)^```", page, flags=re.S | re.M)
    lines = block.splitlines()
    commands = [line for line in lines if line.startswith(("install ", "echo "))]
    assert len(commands) == 7
    (tmp_path / "etc" / "systemd" / "system").mkdir(parents=True)
    (tmp_path / "var" / "lib").mkdir(parents=True)
    text = re.sub(r" -[og] \w+", "", "\n".join(commands))
    text = re.sub(r"(?<=[ =])/(?=etc|var)", f"{tmp_path}/", text)
    subprocess.run(["bash", "-euc", text], cwd=DEPLOY.parent, check=True)

    def here(path: str) -> Path:
        return tmp_path / path.removeprefix("/")

    for unit in UNITS:
        assert here(f"/etc/systemd/system/{unit.name}").read_text() == unit.read_text()
        parser = configparser.RawConfigParser(strict=True)
        parser.read(unit)
        if unit.suffix == ".service":
            service = parser["Service"]
            assert here(service["WorkingDirectory"]).is_dir()
            assert here(service["EnvironmentFile"]).stat().st_mode & 0o007 == 0
            for path in re.findall(r"/etc/\S+", service["ExecStart"]):
                assert here(path).is_file()
    given = here("/etc/fantasy-pipeline/environment").read_text()
    assert given == f"DAGSTER_HOME={here('/var/lib/fantasy-pipeline')}\n"
    assert here("/var/lib/fantasy-pipeline/dagster.yaml").is_file()
    enabled = lines[-1].split("--now ")[1].split()
    startable = [unit.name for unit in UNITS if "[Install]" in unit.read_text()]
    assert sorted(one.removesuffix(".service") for one in enabled) == sorted(
        name.removesuffix(".service") for name in startable
    )


UNITS = sorted((DEPLOY / "systemd").iterdir())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units(unit: Path) -> None:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(unit)
    if unit.suffix == ".service":
        assert parser["Service"]["User"] == "fantasy"
        assert "0.0.0.0" not in parser["Service"]["ExecStart"]  # noqa: S104 - refused


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_as_systemd_reads_them(unit: Path) -> None:
    if not shutil.which("systemd-analyze"):
        # In CI too: only the machines that are deployed to need systemd.
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert complaints == []

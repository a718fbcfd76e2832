"""Runs the commands of README and docs as written, on the data of `make demo`, offline."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text(encoding="utf-8")
USAGE = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
DOCS = ("docs/report.md", "docs/operations.md")

NOT_RUN = {
    "make demo": "is the one command of the fixture",
    "make test": "runs this test",
    "python3 -m venv .venv": "needs a package registry",
    ".venv/bin/pip install -c requirements.txt -e .": "needs a package registry",
    "export DAGSTER_HOME=$PWD PATH=$PWD/.venv/bin:$PATH": "the live league's home",
    "fantasy-pipeline backfill --seasons 2015-2026": "needs the live hosts",
    "dg dev -w workspace.yaml --host 127.0.0.1": "runs until stopped; test_ui.py starts it",
    "fantasy-pipeline league add sleeper 9110040000000000000 --name friends": "needs Sleeper; "
    "operations/test_leagues.py imports a league",
    "fantasy-pipeline league check friends": "the same",
}
USAGE_NOT_RUN = {
    "fantasy-pipeline accuracy --by season --pool everyone": "cli/test_output.py runs it",
    "fantasy-pipeline accuracy --by season --teams": "the same",
    "fantasy-pipeline news": "cli/test_news.py runs it",
    "fantasy-pipeline news --player kelce --since 2025-11-01": "the same",
    "fantasy-pipeline mirror nfl-files --seasons 2015-2026": "needs the live hosts; "
    "operations/test_mirror.py runs it on a server",
    "export NFLVERSE_MIRROR=$PWD/nfl-files": "the same",
    "fantasy-pipeline backfill --seasons 2015-2026": "the same",
    "fantasy-pipeline backtest --seasons 2021-2024": "needs real files; test_targets.py has it",
}

DOCS_NOT_RUN = {
    "export DAGSTER_HOME=$PWD": "the live league's home",
    "dg dev -w workspace.yaml --host 127.0.0.1": "runs until stopped; test_ui.py starts it",
    "pip install -e '.[api]'": "needs a package index",
    "fantasy-pipeline api --port 8000": "runs until stopped; web/servers.py starts it",
    "fantasy-pipeline alert-test": "alerts/test_channels.py runs it, against servers",
    "export PGPASSWORD=$DAGSTER_PG_PASSWORD": "deployment/test_postgres.py runs it",
    "export HISTORY=postgresql://$DAGSTER_PG_USER@$DAGSTER_PG_HOST:$DAGSTER_PG_PORT/"
    "$DAGSTER_PG_DB": "the same",
    'pg_dump --format custom --file history.dump "$HISTORY"': "the same",
    'pg_restore --clean --if-exists --dbname "$HISTORY" history.dump': "the same",
    ".venv/bin/python -m pytest fantasy_pipeline_tests/lake/test_lake.py": "runs tests, as here",
    '.venv/bin/python -m pytest -m "not soak and not browser and not real"': "the same",
    "make .venv/installed-dev": "every test needs it to have run",
    'sudo unshare --net sh -c "ip link set lo up && sudo -u $USER make demo test"': "runs all",
}
EXAMPLES = ("docs/decisions.md", "docs/leagues.md")
"""Pages whose commands show a league of a platform and real players. The tests of `decisions`,
`operations/test_leagues.py` and `cli/test_league_option.py` run the like on the sample league."""
ANSWERS = ("fantasy-pipeline health",)
"""Commands that may exit with 1: their exit code is an answer, not a failure."""

# Every Python process of the commands loads this module: opening an internet socket fails.
BLOCK = """
import socket


class Blocked(socket.socket):
    def __init__(self, family=-1, *args, **kwargs):
        if family in (socket.AF_INET, socket.AF_INET6, -1):
            raise OSError("the network is blocked")
        super().__init__(family, *args, **kwargs)


socket.socket = Blocked
"""


def blocks(text: str = README) -> list[list[str]]:
    """Return the lines of each console block of a page."""
    found = re.findall(r"```console\n(.*?)```", text, flags=re.S)
    return [[line for line in block.splitlines() if line.strip()] for block in found]


def shell(commands: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{folder / 'blocked'}{os.pathsep}{folder}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout that uses this environment, after running the demo in it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "fantasy_pipeline", "workspace.yaml", "dagster.yaml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / "blocked").mkdir()
    (folder / "blocked" / "sitecustomize.py").write_text(BLOCK)
    demo = re.search(r"^demo:.*?\n\n", (ROOT / "Makefile").read_text(), flags=re.S | re.M)
    assert demo is not None
    commands = [line.strip().lstrip("@") for line in demo[0].splitlines() if line.startswith("\t")]
    text = "\n".join(commands)
    for name, value in (
        ("$(DEMO_HOME)", str(folder / ".demo")),
        ("$(SOURCE)", "sample"),
        ("$(BIN)", ".venv/bin"),
    ):
        text = text.replace(name, value)
    done = shell([text], folder)
    assert done.returncode == 0, done.stderr
    (folder / "demo.txt").write_text(done.stdout)
    return folder


def test_the_network_is_blocked(checkout: Path) -> None:
    done = shell(
        [f"{sys.executable} -c 'import socket; socket.create_connection((\"::1\", 1))'"], checkout
    )
    assert "the network is blocked" in done.stderr


def test_the_demo_shows_every_position_and_says_that_it_is_synthetic(checkout: Path) -> None:
    text = (checkout / "demo.txt").read_text()
    assert text.count("Projections 2025 week 10, ppr - synthetic sample league") == 1
    for position in ("QB", "RB", "WR", "TE", "K", "DST"):
        assert re.findall(rf"^{position}(\d) ", text, flags=re.M) == list("12345")
    shown = re.findall(r"^QB\d .*\d$", README, flags=re.M)
    assert shown
    assert all(line in text for line in shown), "the README shows another demo"


def test_the_demo_ends_with_the_commands_that_open_report_and_ui(checkout: Path) -> None:
    *_, report, interface = (checkout / "demo.txt").read_text().splitlines()
    workspace = shlex.split(interface)[-1]
    assert Path(workspace).read_text() == (ROOT / "workspace.yaml").read_text()
    commands = {
        "Open the report: ": (report, ["report", *["--season", "2025", "--week", "10", "--open"]]),
        "Start the Dagster UI: ": (interface, ["dev", "-w", workspace]),
    }
    for start, (line, expected) in commands.items():
        assert line.startswith(start)
        home, source, program, *arguments = shlex.split(line.removeprefix(start))
        assert home == f"DAGSTER_HOME={checkout}/.demo"
        assert source == "FANTASY_SOURCE=sample"
        assert shutil.which(program) or shutil.which(program, path=Path(sys.executable).parent)
        assert arguments == expected
    done = shell([f"BROWSER=true {report.removeprefix('Open the report: ')}"], checkout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("report.html")


@pytest.mark.parametrize("command", ["history", "projections", "health --no-daemon"])
def test_a_new_shell_is_told_how_to_reach_the_data_of_the_demo(
    checkout: Path, command: str
) -> None:
    # Like a shell that knows nothing of the demo; the fixtures set the variable.
    new = "unset DAGSTER_HOME"
    done = shell([new, f"fantasy-pipeline {command}"], checkout)
    (line,) = [line for line in done.stderr.splitlines() if "the data of `make demo`" in line]
    export = line.partition("run: ")[2]
    done = shell([new, export, "fantasy-pipeline projections --position QB --top 1"], checkout)
    assert done.returncode == 0, done.stderr
    assert "Heath Fauxworth" in done.stdout
    assert "make demo" not in done.stderr


def test_a_week_in_the_readme(checkout: Path) -> None:
    [block] = [block for block in blocks() if "fantasy-pipeline run" in block]
    home = 'export DAGSTER_HOME="$PWD/.demo" FANTASY_SOURCE=sample BROWSER=true'
    done = shell([home, *block], checkout)
    assert done.returncode == 0, done.stderr
    assert "error: " not in done.stderr
    assert done.stdout.count("report.html") == 2
    assert "Accuracy, ppr, players who played" in done.stdout


def test_use_block(checkout: Path) -> None:
    [block, control] = [
        block for block in blocks(USAGE) if any("fantasy-pipeline sql" in line for line in block)
    ]
    done = shell([*block, *control], checkout)
    assert done.returncode == 0, done.stderr
    assert "tuesday_import" in done.stdout
    assert "season_projections" in done.stdout
    assert "Projections 2025 week 10, half - synthetic sample league" in done.stdout
    assert '"source": "nflcom"' in done.stdout
    assert "Projections 2025 week 8, ppr" in done.stdout
    assert "Nothing to do: the lake already has these weeks." in done.stdout
    header = (checkout / "week10.csv").read_text().splitlines()[0]
    assert header.startswith(
        "season,week,player_id,player_name,position,team,opponent,"
        "projected_points,p10,p50,p90,source,reason"
    )


def test_dagster_block(checkout: Path) -> None:
    [block] = [block for block in blocks(USAGE) if any(line.startswith("dg ") for line in block)]
    done = shell(["export DAGSTER_HOME=$PWD/.demo FANTASY_SOURCE=sample", *block], checkout)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (done.stdout + done.stderr).count("RUN_SUCCESS") == 3


def docs_commands(page: str) -> list[str]:
    """Return the commands of a page of the docs that the tests run."""
    lines = [line for block in blocks((ROOT / page).read_text()) for line in block]
    return [line for line in lines if line not in DOCS_NOT_RUN]


@pytest.mark.parametrize("page", DOCS)
def test_commands_of_the_docs(checkout: Path, page: str) -> None:
    home = 'export DAGSTER_HOME="$PWD/.demo" FANTASY_SOURCE=sample BROWSER=true'
    commands = [
        f"{line} || [ $? -le 1 ]" if line.startswith(ANSWERS) else line
        for line in docs_commands(page)
    ]
    assert len(commands) > 3
    done = shell([home, *commands], checkout)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "error: " not in done.stderr


def test_every_command_of_the_docs_is_run_or_says_why_not() -> None:
    pages = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]
    lines = {
        str(page.relative_to(ROOT)): [
            line
            for block in blocks(page.read_text())
            for line in block
            # Typer's usage lines are not commands.
            if "[OPTIONS]" not in line
        ]
        for page in pages
    }
    with_commands = {page for page, given in lines.items() if given}
    assert with_commands == {*DOCS, *EXAMPLES, "docs/usage.md", "docs/web.md", "CONTRIBUTING.md"}
    lines = {page: given for page, given in lines.items() if page not in EXAMPLES}
    usage = set(lines.pop("docs/usage.md"))
    run = {
        line
        for block in blocks(USAGE)
        for line in block
        if any(word in " ".join(block) for word in ("fantasy-pipeline sql", "dg launch"))
    }
    assert usage - run == set(USAGE_NOT_RUN)
    every = {line for given in lines.values() for line in given}
    run = {line for page in DOCS for line in docs_commands(page)}
    assert every - run == set(DOCS_NOT_RUN)


def test_every_command_is_run_or_says_why_not() -> None:
    run = {line for block in blocks() for line in block if "fantasy-pipeline run" in block}
    rest = {line for block in blocks() for line in block} - run
    assert rest == set(NOT_RUN)

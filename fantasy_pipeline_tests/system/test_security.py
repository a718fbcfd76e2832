"""Test the promises of `docs/security.md` on the whole package and on real runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.lake.places import KEY, SECRET, BucketPlace, environment
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

PACKAGE = ROOT / "fantasy_pipeline"

# Modules that make objects or files from bytes that anyone could have written.
UNSAFE_MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "code", "codeop",
    "telnetlib", "ftplib", "zipfile", "tarfile", "xml",
}  # fmt: skip
UNSAFE_CALLS = {
    "eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "unsafe_load", "mktemp",
    "system", "popen", "extractall", "unpack_archive", "_create_unverified_context",
}  # fmt: skip
# `library_hooks.py` answers the first address itself; the second is the beginning of addresses.
PLAIN_HTTP = {"http://www.habitatring.com/games.csv", "http://"}


def unsafe(source: str) -> Iterator[str]:
    """Return the operations of a module that are forbidden in this package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            yield from (name for name in names if name.split(".")[0] in UNSAFE_MODULES)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            name = called.split(".")[-1]
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            if (name in UNSAFE_CALLS and called != "re.compile") or called == "yaml.load":
                yield called
            if called in ("np.load", "numpy.load") and options.get("allow_pickle") != "False":
                yield f"{called} without allow_pickle=False"
            if options.get("shell", "False") != "False" or options.get("verify") == "False":
                yield f"{called}({options})"
        elif isinstance(node, ast.Constant):
            text = str(node.value)
            if text.startswith("http://") and text not in PLAIN_HTTP:
                yield text


MODULES = sorted(path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py"))


def test_no_module_unpickles_evaluates_or_asks_over_plain_http() -> None:
    assert len(MODULES) > 80
    found = {name: list(unsafe((ROOT / name).read_text())) for name in MODULES}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import xml.etree.ElementTree",
        "eval('1')",
        "exec(text)",
        "pd.read_pickle(path)",
        "np.load(file)",
        "np.load(file, allow_pickle=True)",
        "yaml.load(text)",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "requests.get(url, verify=False)",
        "shutil.unpack_archive(path)",
        "url = 'http://example.org/x'",
    ],
)
def test_the_scan_finds(source: str) -> None:
    assert list(unsafe(source))


def test_every_exception_from_a_security_rule_has_a_reason() -> None:
    bare = re.compile(r"#\s*noqa(?!: [A-Z0-9, ]+)|#\s*noqa: [A-Z0-9, ]*\bS\d{3}[A-Z0-9, ]*$", re.M)
    scripts = [*PACKAGE.rglob("*.py"), *(ROOT / "deploy").rglob("*.py")]
    assert [path.name for path in scripts if bare.search(path.read_text())] == []
    for text in ("x  # noqa: S608", "x  # noqa", "x  # noqa: E402, S301"):
        assert bare.search(text)
    assert not bare.search("x  # noqa: S603 - our own module")


# Names from outside


@pytest.mark.parametrize(
    "key",
    [
        "../../etc|05",
        "2024|../",
        "2024|05/../../x",
        "2024/..|05",
        "2024|05\n",
        "٢٠٢٤|05",
        "2024|5",
        "2024|99",
        "-024|05",
        "2024|05|06",
        "2024|05\0",
        "",
    ],
)
def test_no_partition_key_makes_a_path(key: str) -> None:
    with pytest.raises(PipelineError, match="is not a season and week"):
        SeasonWeek.from_key(key)


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_path_is_below_the_root(table: Table, lake: Lake) -> None:
    week = SeasonWeek.from_key("2024|05") if table.weekly else None
    path = Path(lake.path(table, week))
    assert path == path.resolve()
    assert path.is_relative_to(f"{lake.root}/{table.name}")


# Secrets

CANARIES = {
    "FANTASY_ALERT_SLACK_URL": "https://127.0.0.1:9/canary-slack",
    "FANTASY_ALERT_WEBHOOK_URL": "https://127.0.0.1:9/canary-webhook",
    "FANTASY_ALERT_SMTP_HOST": "127.0.0.1",
    "FANTASY_ALERT_SMTP_PORT": "9",
    "FANTASY_ALERT_SMTP_TO": "someone@example.org",
    "FANTASY_ALERT_SMTP_PASSWORD": "canary-smtp",
    "FANTASY_API_TOKEN": "canary-token",
    "DAGSTER_PG_PASSWORD": "canary-postgres",
    "AWS_SESSION_TOKEN": "canary-session",
}
LEAKS = ("canary-", SECRET, KEY)


def command(home: Path, variables: dict[str, str], *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, **variables, **CANARIES, "DAGSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        cwd=home,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.loopback
def test_a_week_on_object_storage_and_no_secret_written_anywhere(
    s3_server: str, tmp_path: Path
) -> None:
    """Import, project, query and fail; then search every output and every file for the secrets."""
    bucket = BucketPlace(s3_server)
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    variables = {
        **environment(s3_server),
        "FANTASY_DATA": bucket.root,
        "FANTASY_SOURCE": "sample",
    }
    cli = "fantasy_pipeline.cli"
    outputs = []
    code, text = command(home, variables, cli, "run", "--top", "2")
    assert code == 0, text
    outputs.append(text)
    query = "select count(*) > 100 as enough from projections where week = 10"
    code, text = command(home, variables, cli, "sql", query, "--format", "json")
    assert (code, '"enough": true' in text) == (0, True), text
    outputs.append(text)
    code, text = command(home, variables, cli, "projections", "--format", "csv")
    assert (code, text.count("2025,10,SAMPLE-") > 100) == (0, True), text
    outputs.append(text)
    code, text = command(home, variables, cli, "run", "--season", "2025", "--week", "21")
    assert (code, "Traceback" in text) == (2, False), text
    outputs.append(text)
    broken = {**variables, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    code, text = command(home, broken, cli, "sql", "select 1")
    assert (code, "cannot be used" in text) == (1, True), text
    outputs.append(text)
    code, text = command(home, variables, "dagster", "instance", "info")
    assert code == 0, text
    outputs.append(text)

    stored = bucket.files()
    assert {name.split("/")[1] for name in stored} >= {"lake.json", "models", "projections"}
    assert not (home / "data" / "sample").exists()
    kept = {path.name: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert len(kept) > 5
    for name, content in {**stored, **kept}.items():
        for leak in LEAKS:
            assert leak.encode() not in content, (name, leak)
    for text in outputs:
        for leak in LEAKS:
            assert leak not in text

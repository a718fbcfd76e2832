"""Everything that a page names exists: commands, options, targets, files, tests, variables.

The command line's own parser parses the commands; `test_readme.py` runs them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from fantasy_pipeline import __version__
from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline.ingest.sites import NAMES
from fantasy_pipeline.operations import health
from fantasy_pipeline.orchestration.runs.history import job_executions
from fantasy_pipeline.settings import AlertSettings, ApiSettings, Settings
from fantasy_pipeline.web.api import create_app
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.docs.pages import (
    CLI,
    PAGES,
    commands,
    exists,
    inline,
    is_path,
    is_test,
    names_of_tests,
    parse_error,
    program_arguments,
    targets,
    unknown_targets,
    words,
)
from fantasy_pipeline_tests.test_definitions import DEPENDENCIES
from scripts.module_list import text as text_of_modules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OTHER_VARIABLES = {"FANTASY_TEST_MIRROR", "FANTASY_DEBUG"}
"""Variables that are not settings: one of the tests, one of the command line."""


# The tests find what is wrong


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("fantasy-pipeline fly", "no command fly"),
        ("fantasy-pipeline run --fly", "--fly"),
        ("fantasy-pipeline run --season … --fly …", "--fly"),
        ("fantasy-pipeline run --week 23", "--week"),
        ("fantasy-pipeline projections --scoring dance", "--scoring"),
        ("history --fly", "--fly"),
        ("/opt/x/bin/fantasy-pipeline backfill", "seasons"),
        ('fantasy-pipeline sql "select 1" --fly || echo no', "--fly"),
    ],
)
def test_a_wrong_command_is_found(command: str, message: str) -> None:
    arguments = program_arguments(command)
    assert arguments is not None
    assert message in parse_error(arguments)


def test_a_wrong_target_file_and_test_are_found() -> None:
    assert unknown_targets("make fly") == ["fly"]
    assert unknown_targets("make demo") == []
    assert is_path("docs/fly.md")
    assert not exists("docs/fly.md")
    assert is_path("report/fly")
    assert not exists("report/fly")
    assert exists("tables/*.py")
    assert not is_test("test_pigs_fly")
    assert not is_test("test_a_wrong_command_is_found", "docs/test_readme.py")
    assert is_test("test_a_wrong_…", "docs/test_docs.py")


# The pages


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def test_every_command_parses(text: str) -> None:
    given = [arguments for command in commands(text) if (arguments := program_arguments(command))]
    wrong = {arguments: error for arguments in given if (error := parse_error(arguments))}
    assert wrong == {}


def test_pages_with_commands_are_read() -> None:
    for name, least in (("README.md", 7), ("docs/usage.md", 10), ("docs/operations.md", 10)):
        page = (ROOT / name).read_text(encoding="utf-8")
        given = [program_arguments(command) for command in commands(page)]
        assert len(list(filter(None, given))) > least, name


def test_every_query_is_of_tables_and_columns_that_exist(text: str) -> None:
    lines = (words(arguments) for line in commands(text) if (arguments := program_arguments(line)))
    queries = [line[1] for line in lines if line[:1] == ["sql"]]
    if not queries:
        return
    with dg.DagsterInstance.ephemeral() as instance, duckdb.connect() as connection:
        for table in ALL_TABLES:
            connection.register(table.name, table.arrow_schema.empty_table())
        connection.register("job_executions", job_executions(instance))
        wrong = {}
        for query in queries:
            try:
                connection.execute(query).fetchall()
            except duckdb.Error as error:
                wrong[query] = str(error)
    assert wrong == {}


def test_every_job_and_asset_exists(text: str) -> None:
    lines = [command for command in commands(text) if re.match(r"(dg|dagster|fantasy-)", command)]
    jobs = {job for line in lines for job in re.findall(r"(?:-j|--job) (\w+)", line)}
    assets = {
        asset
        for line in lines
        for names in re.findall(r"--(?:assets|select) '([^']+)'", line)
        for asset in names.split(",")
    }
    assert jobs <= set(defs.get_repository_def().job_names)
    assert assets <= set(DEPENDENCIES)


def test_every_make_target_exists(text: str) -> None:
    assert [name for command in commands(text) for name in unknown_targets(command)] == []


def test_make_says_what_it_does_before_it_installs(tmp_path: Path) -> None:
    words = ["make", "--dry-run", "demo", f"VENV={tmp_path}/new"]
    lines = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shown = [line for line in lines.splitlines() if re.match(r"echo|.* (pip|venv) |.* demo ", line)]
    kinds = ["say" if line.startswith("echo") else "do" for line in shown]
    assert kinds == ["say", "do", "say", "do", "do"], lines


def test_every_file_exists(text: str) -> None:
    assert [code for code in inline(text) if is_path(code) and not exists(code)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.M)
            slugs = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}
            assert anchor in slugs, target


def test_every_test_exists(text: str) -> None:
    names = [code for code in inline(text) if re.fullmatch(r"test_[\w…]+", code)]
    assert [name for name in names if not is_test(name)] == []


def test_security_names_tests_in_their_files() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    seen = 0
    for part in re.split(r"\n\n|\n(?=\|)", text):
        file = None
        for code in inline(part):
            if re.fullmatch(r"[\w/]*test_\w+\.py", code):
                assert code in names_of_tests(), code
                file = code
            elif code.startswith("test_"):
                assert file is not None, code
                assert is_test(code, file), (file, code)
                seen += 1
    assert seen > 20


def variables() -> set[str]:
    """Return the environment variable of every setting."""
    found = set()
    for part in (Settings, AlertSettings, ApiSettings):
        prefix = part.model_config["env_prefix"]
        for name, value in part.model_fields.items():
            alias = value.validation_alias
            found.add(alias if isinstance(alias, str) else f"{prefix}{name}".upper())
    return found


def test_every_variable_is_a_setting(text: str) -> None:
    named = set(re.findall(r"\bFANTASY_[A-Z_]*[A-Z]\b(?!_…)", text))
    assert named <= variables() | OTHER_VARIABLES


def test_every_setting_is_documented() -> None:
    texts = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in variables():
        assert f"`{name}`" in texts or f"`{name.removeprefix('FANTASY_ALERT')}`" in texts, name


def test_operations_name_every_schedule_sensor_and_health_rule() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    repository = defs.get_repository_def()
    rules = re.findall(r'Finding\(\s*"(\w+)"', Path(health.__file__).read_text())
    names = [part.name for part in (*repository.schedule_defs, *repository.sensor_defs)]
    assert rules
    assert [name for name in (*names, *rules) if f"`{name}`" not in text] == []


def test_every_projection_source_is_documented() -> None:
    text = (ROOT / "docs" / "projections.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []


def test_every_asset_is_in_the_picture() -> None:
    """Compare the arrows with the dependencies; arrows that follow from others may be missing."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    arrows: dict[str, set[str]] = {name: set() for name in DEPENDENCIES}
    for line in text.splitlines():
        names = [part.strip() for part in line.split("-->")]
        for above, below in pairwise(names):
            if {above, below} <= set(DEPENDENCIES):
                arrows[below].add(above)

    def above(name: str, edges: dict[str, set[str]]) -> set[str]:
        return edges[name].union(*(above(parent, edges) for parent in edges[name]))

    for name, parents in DEPENDENCIES.items():
        assert arrows[name] <= parents, name
        assert above(name, arrows) == above(name, DEPENDENCIES), name


def test_the_list_of_modules_is_of_todays_docstrings() -> None:
    package = ROOT / "fantasy_pipeline"
    listed = text_of_modules(package)
    assert (ROOT / "docs" / "modules.md").read_text(encoding="utf-8") == listed, "run `make docs`"
    lines = [line for line in listed.splitlines() if line.startswith("- `")]
    modules = [path for path in package.rglob("*.py") if path.name[:2] != "__"]
    assert len(lines) == len(modules)
    assert [line for line in lines if not line.endswith((".", "?"))] == []


def test_every_package_has_a_row_in_the_layers() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## The layers\n")[1].split("\n## ")[0]
    rows = [inline(line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in row]
    package = ROOT / "fantasy_pipeline"
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    files = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    assert sorted(names) == sorted(folders | files)
    # In the order that import-linter enforces.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    assert [[name.rstrip("/").removesuffix(".py") for name in row] for row in rows] == [
        layer.split(" | ") for layer in layers
    ]


def test_every_asset_is_in_the_readme() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    listed = {
        cell for line in lines if line.startswith("|") for cell in re.findall(r"`(\w+)`", line)
    }
    assert listed == {*DEPENDENCIES, "run_results"}


@pytest.fixture(scope="module")
def paths() -> set[str]:
    """Return the paths that the server answers."""
    kinds = (APIRoute, APIWebSocketRoute)
    return {route.path for route in create_app().routes if isinstance(route, kinds)}


def test_http_addresses_are_those_of_the_server(text: str, paths: set[str]) -> None:
    named = {
        path
        for code in [*inline(text), *commands(text)]
        for path in re.findall(r"(?<![\w.])(?:127\.0\.0\.1:8000)?(/api/[\w/{}]+|/healthz)", code)
    }
    assert named <= paths


def test_every_http_address_is_in_the_operations_guide() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.split("\n## HTTP\n")[1].split("\n## ")[0]
    routes = [
        route
        for route in create_app().routes
        if isinstance(route, APIRoute) and route.include_in_schema
    ]
    named = {f"{method} {route.path}" for route in routes for method in route.methods}
    sockets = (route for route in create_app().routes if isinstance(route, APIWebSocketRoute))
    named |= {f"WebSocket {route.path}" for route in sockets}
    assert named
    assert [name for name in named if f"| `{name}` |" not in table] == []


def test_the_changelog_has_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, flags=re.M)
    assert headings[0] == "[Unreleased]"
    dated = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})", h) for h in headings[1:]]
    assert all(dated)
    assert dated[0] is not None
    assert dated[0][1] == __version__
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{__version__}"\n' in project
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, flags=re.M)) <= kinds


def test_the_changelog_names_every_command() -> None:
    named = set(inline((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))
    assert set(CLI.commands) <= named


def test_contributing_names_every_marker_and_the_pages_every_target() -> None:
    page = ROOT / "CONTRIBUTING.md"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [markers] = re.findall(r"^markers = \[(.*?)^\]", project, flags=re.S | re.M)
    names = set(re.findall(r'"(\w+):', markers))
    assert names
    assert names <= set(inline(page.read_text(encoding="utf-8")))
    codes = {code for page in PAGES for code in commands(page.read_text(encoding="utf-8"))}
    assert targets() - {code.removeprefix("make ") for code in codes} == {"help", "clean"}


def test_the_exit_codes_are_those_of_the_help() -> None:
    text = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    table = text.split("## Exit codes\n")[1].split("\n## ")[0]
    codes = set(re.findall(r"^\| (\d+) \|", table, flags=re.M))
    assert codes == set(re.findall(r"\b\d+\b", CLI.epilog))

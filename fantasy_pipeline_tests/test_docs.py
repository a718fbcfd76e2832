"""What newcomers are told exists: commands, options, targets, files, tests, variables, names.

Commands are parsed by the command line's own parser, not run; `test_readme.py` runs the README's.
"""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatch
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.routing import APIRoute

from fantasy_pipeline import __version__
from fantasy_pipeline.api import create_app
from fantasy_pipeline.cli import app
from fantasy_pipeline.control import health
from fantasy_pipeline.definitions import defs
from fantasy_pipeline.settings import AlertSettings, ApiSettings, Settings
from fantasy_pipeline.sources.projections import NAMES
from fantasy_pipeline_tests.test_definitions import DEPENDENCIES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
TESTS = Path(__file__).parent
CLI: Any = typer.main.get_command(app)
NOT_OURS = {"history.dump", "model.json", "data/lake", "state.json"}
"""Names of files that exist where the pipeline runs, not here."""
OTHER_VARIABLES = {"FANTASY_TEST_MIRROR", "FANTASY_DEBUG"}
"""Variables that are no settings: one of the tests, one of the command line's errors."""


def blocks(text: str) -> list[str]:
    """Code blocks; lines that end in a backslash are joined."""
    found = re.findall(r"^```[a-z]*\n(.*?)^```", text, flags=re.S | re.M)
    return [block.replace("\\\n", " ") for block in found]


def inline(text: str) -> list[str]:
    """Code in running text, each on one line."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]


def commands(text: str) -> list[str]:
    """What a reader might type; a command in running text without anything after it is a name."""
    lines = [line.strip() for block in blocks(text) for line in block.splitlines()]
    names = {f"fantasy-pipeline {name}" for name in CLI.commands}
    return [*lines, *(code for code in inline(text) if code not in names)]


def words(command: str) -> list[str]:
    """Arguments up to the next command of the line."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    found = []
    for word in lexer:
        if set(word) <= set("|&;<>()"):
            break
        found.append(word)
    return found


def complaint(command: str) -> str:
    """What the parser says of arguments of `fantasy-pipeline`; empty: nothing."""
    if not (args := words(command)):
        return ""
    if args[0].startswith("-"):
        part, rest = CLI, args
    elif args[0] in CLI.commands:
        part, rest = CLI.commands[args[0]], args[1:]
    else:
        return f"no command {args[0]}"
    if any("…" in word for word in rest):
        known = {option for parameter in part.params for option in parameter.opts}
        unknown = [word for word in rest if word.startswith("-") and word not in known]
        return f"no option {', '.join(unknown)}" if unknown else ""
    try:
        part.make_context(args[0], list(rest))
    except typer.Exit:
        return ""
    except typer.BadParameter.__mro__[2] as error:  # Click's, inside Typer or beside it
        return str(error.format_message())  # type: ignore[attr-defined]
    return ""


def ours(command: str) -> str | None:
    """Arguments of `fantasy-pipeline` in a line of code, or None if it is no such command."""
    if found := re.search(r"(?:^|[\s/])fantasy-pipeline (?!\d)(.+)", command):
        return found[1]
    first, _, rest = command.partition(" ")
    # Said in short, where the page is about the command line.
    return command if first in CLI.commands and re.search(r"--[a-z]", rest) else None


@cache
def targets() -> frozenset[str]:
    makefiles = [ROOT / "Makefile", ROOT / "deploy" / "postgres.mk"]
    return frozenset(
        name
        for file in makefiles
        for name in re.findall(r"^([a-z-]+):", file.read_text(), flags=re.M)
    )


def unknown_targets(command: str) -> list[str]:
    if not (found := re.match(r"(?:.*\s)?make ((?:[a-z-]+ ?)+)$", command)):
        return []
    return [name for name in found[1].split() if name not in targets()]


@cache
def tree() -> frozenset[str]:
    """Files and folders of the repository that are source."""
    tops = [p for p in ROOT.iterdir() if p.name in SOURCE_FOLDERS]
    found = {p for top in tops for p in (top, *top.rglob("*")) if "__pycache__" not in p.parts}
    found |= {p for p in ROOT.iterdir() if p.is_file()}
    return frozenset(str(p.relative_to(ROOT)) for p in found)


SOURCE_FOLDERS = (
    *(".ci", ".github", "bench", "deploy", "docs", "scripts"),
    *("fantasy_pipeline", "fantasy_pipeline_tests"),
)
SUFFIXES = r"py|md|sql|ya?ml|toml|txt|mk|j2|css|js|dump|json|png|service"


def is_path(code: str) -> bool:
    """Whether code names a file or folder, of the repository as far as can be seen."""
    if code in NOT_OURS or not re.fullmatch(r"[\w.*-]+(?:/[\w.*-]*)*", code):
        return False
    folders = {Path(path).parts[0] for path in tree()} | {
        Path(path).parts[1] for path in tree() if re.match(r"fantasy_pipeline/\w+/", path)
    }
    return bool(re.search(rf"\.(?:{SUFFIXES})$", code)) or (
        "/" in code and code.split("/")[0] in folders
    )


def exists(code: str) -> bool:
    name = code.rstrip("/")
    return any(fnmatch(path, name) or fnmatch(path, f"*/{name}") for path in tree())


@cache
def names_of_tests() -> dict[str, set[str]]:
    """Names of test functions by file, as a path in the tests' folder."""
    return {
        str(file.relative_to(TESTS)): set(re.findall(r"^\s*def (test_\w+)", file.read_text(), re.M))
        for file in TESTS.rglob("test_*.py")
    }


def is_test(name: str, file: str | None = None) -> bool:
    names = names_of_tests()
    known = names.get(file, set()) if file else set().union(*names.values())
    return any(fnmatch(one, name.replace("…", "*")) for one in known)


# What must be refused


@pytest.mark.parametrize(
    ("command", "words_"),
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
def test_a_wrong_command_is_found(command: str, words_: str) -> None:
    arguments = ours(command)
    assert arguments is not None
    assert words_ in complaint(arguments)


def test_a_wrong_target_file_and_test_are_found() -> None:
    assert unknown_targets("make fly") == ["fly"]
    assert unknown_targets("make demo") == []
    assert is_path("docs/fly.md")
    assert not exists("docs/fly.md")
    assert is_path("report/fly")
    assert not exists("report/fly")
    assert exists("tables*.py")
    assert not is_test("test_pigs_fly")
    assert not is_test("test_a_wrong_command_is_found", "test_readme.py")
    assert is_test("test_a_wrong_…", "test_docs.py")


# What the pages say


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def test_every_command_parses(text: str) -> None:
    given = [arguments for command in commands(text) if (arguments := ours(command))]
    wrong = {arguments: said for arguments in given if (said := complaint(arguments))}
    assert wrong == {}


def test_pages_with_commands_are_read() -> None:
    for name in ("README.md", "docs/operations.md"):
        given = [ours(command) for command in commands((ROOT / name).read_text(encoding="utf-8"))]
        assert len(list(filter(None, given))) > 10, name


def test_every_make_target_exists(text: str) -> None:
    assert [name for command in commands(text) for name in unknown_targets(command)] == []


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
    """Every setting, as the environment has it."""
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
    """Every arrow is a dependency; those that are left out follow from others."""
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


def test_every_module_is_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = [code for code in inline(text) if code.endswith(".py")]
    package = ROOT / "fantasy_pipeline"
    modules = [path.relative_to(package) for path in package.rglob("*.py")]
    unnamed = [
        str(path)
        for path in modules
        if path.name not in ("__init__.py", "__main__.py")
        and not any(fnmatch(f"/{path}", f"*/{one}") for one in named)
    ]
    assert unnamed == []


def test_every_asset_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in DEPENDENCIES if f"| `{name}` |" not in text] == []


def test_http_addresses_are_those_of_the_server(text: str) -> None:
    routes = {route.path for route in create_app().routes if isinstance(route, APIRoute)}
    named = {
        path
        for code in [*inline(text), *commands(text)]
        for path in re.findall(r"(?<![\w.])(?:127\.0\.0\.1:8000)?(/api/[\w/{}]+|/healthz)", code)
    }
    assert named <= routes


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
    said = {code for page in PAGES for code in commands(page.read_text(encoding="utf-8"))}
    assert targets() - {code.removeprefix("make ") for code in said} == {"help", "clean"}


def test_the_exit_codes_are_those_of_the_help() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("## Exit codes\n")[1].split("\n## ")[0]
    codes = set(re.findall(r"^\| (\d+) \|", table, flags=re.M))
    assert codes == set(re.findall(r"\b\d+\b", CLI.epilog))

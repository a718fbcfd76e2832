"""The command line with any arguments: one line of error, a documented exit code, no traceback."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fantasy_pipeline.cli import program as cli
from fantasy_pipeline.cli.help import leaves
from fantasy_pipeline.cli.options import numbers
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import WEEKS, SeasonWeek
from fantasy_pipeline.settings import SOURCES
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

NUMBERS = st.one_of(
    st.integers(-5, 30),
    st.integers(1990, 2110),
    st.sampled_from([0, 2**31, 2**63, -(2**63), 10**30]),
).map(str)
# The operating system does not pass NUL to a program.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MOMENTS = st.one_of(
    TEXT,
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "2025-09-30T08:00Z"]),
)
ANYTHING = st.one_of(
    TEXT,
    NUMBERS,
    MOMENTS,
    st.sampled_from(
        ["sample", "auto", "2024-2023", "1-99", "-1", "٣", "²", "csv", "../../x", "7d", "99999d"]
    ),
)
# Files in the folder that the command runs in, which is the test's home.
FILES = st.one_of(
    TEXT.map(lambda text: "out-" + text.replace("/", "-")),
    st.sampled_from(["", ".", "out.csv", "out/of/no/folder", "out-" + "x" * 300]),
)
PROGRAM = ""
"""The program without a command."""
READING = {
    PROGRAM: ["--version"],
    "week": ["--at", "--source", "--json"],
    "status": ["--json", "--source", "--at"],
    "history": [
        *("--job", "--status", "--season", "--week", "--since", "--limit", "--source", "--json")
    ],
    "show": ["--source", "--json"],
    "health": ["--no-daemon", "--source", "--at", "--json"],
    "reconcile": ["--dry-run", "--source", "--json"],
    "projections": [
        *("--season", "--week", "--position", "--scoring", "--top", "--format", "--output"),
        *("--player", "--team", "--league"),
        *("--source", "--at", "--json"),
    ],
    "report": [
        *("--season", "--week", "--format", "--scoring", "--output", "--refresh", "--league"),
        *("--team", "--source", "--at", "--json"),
    ],
    "sql": ["--format", "--output", "--timeout", "--source", "--json"],
    "accuracy": [
        *("--seasons", "--by", "--scoring", "--pool", "--teams", "--league", "--source", "--json")
    ],
    "compare": ["--league", "--scoring", "--season", "--week", "--source", "--at", "--json"],
    "trade": [
        *("--league", "--give", "--get", "--find", "--team", "--top", "--season", "--week"),
        *("--source", "--at", "--json"),
    ],
    "news": [
        *("--player", "--since", "--top", "--season", "--week", "--source", "--at", "--json"),
    ],
    "waivers": ["--league", "--team", "--top", "--season", "--week", "--source", "--at", "--json"],
    "odds": ["--league", "--season", "--week", "--sims", "--source", "--at", "--json"],
    "lineup": [
        *("--league", "--team", "--season", "--week", "--objective", "--lock", "--exclude"),
        *("--opponent", "--source", "--at", "--json"),
    ],
    "league list": ["--source", "--json"],
    "league show": ["--season", "--source", "--json"],
    "league check": ["--source", "--json"],
}
"""Commands that change no table, and their options."""
STARTING = {
    "run": ["--top", "--source", "--at", "--json", "--projections-only"],
    "backfill": ["--weeks", "--workers", "--only-missing", "--source", "--at", "--json"],
    "mirror": ["--source", "--at", "--json"],
    "demo": ["--source", "--json"],
    "trigger": ["--wait", "--source", "--at", "--json"],
    "backtest": ["--scores", "--source", "--json"],
    "prune": ["--dry-run", "--source", "--json"],
    "alert-test": ["--json"],
    "api": ["--host"],
    "league add": ["--name", "--source", "--json"],
    "league remove": ["--source", "--json"],
}
"""Commands that start work, and their options; an invalid argument keeps them from starting."""
IMPOSSIBLE = {
    "run": ["--season", "2031", "--week", "1"],
    "backfill": ["--seasons", "2031-2029"],
    "mirror": ["--seasons", "2031-2029"],
    "demo": ["--at", "1950-01-01"],
    "trigger": ["--season", "1", "--week", "1"],
    "backtest": ["--seasons", "x"],
    "prune": ["--older-than", "1d"],
    # No test configures a channel, so the command fails.
    "alert-test": [],
    "api": ["--port", "0"],
    "league add": ["--source", "teletext"],
    "league remove": ["--source", "teletext"],
}
FLAGS = {
    *("--json", "--projections-only", "--only-missing", "--wait"),
    *("--no-daemon", "--dry-run", "--refresh", "--version", "--find"),
    "--teams",
}
NOT_TRIED = {
    "--help": "ends each command before it begins; test_help.py prints all of them",
    "--open": "starts the browser of the person who runs the tests",
    "--install-completion": "changes the shell settings of the person who runs the tests",
    "--show-completion": "depends on the shell that the tests were started from",
}
"""Options that the fuzzing skips, each with the reason."""


def options_of(command: Any) -> set[str]:
    parameters = command.get_params(command.make_context("", [], resilient_parsing=True))
    return {name for one in parameters for name in one.opts if name.startswith("--")}


def test_every_command_and_option_is_tried() -> None:
    program: Any = typer.main.get_command(cli.app)
    commands = {PROGRAM: program, **leaves(program)}
    options = {name: options_of(command) for name, command in commands.items()}
    tried = {
        name: {*words, *IMPOSSIBLE.get(name, [])[::2]}
        for name, words in (READING | STARTING).items()
    }
    assert tried == {name: known - set(NOT_TRIED) for name, known in options.items()}
    assert set(NOT_TRIED) <= set.union(*options.values())
    assert not set(READING) & set(STARTING)
    assert set(IMPOSSIBLE) == set(STARTING)


def test_flags_are_those_that_take_no_value() -> None:
    program: Any = typer.main.get_command(cli.app)
    flags = {
        name
        for command in (program, *leaves(program).values())
        for one in command.params
        if getattr(one, "is_flag", False)
        for name in one.opts
    }
    assert flags - set(NOT_TRIED) == FLAGS


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    command = draw(st.sampled_from([*READING, *STARTING]))
    given = draw(st.lists(ANYTHING, max_size=2))
    options = []
    for option in draw(st.lists(st.sampled_from((READING | STARTING)[command]), max_size=3)):
        value = draw(FILES if option == "--output" else ANYTHING)
        options += [option] if option in FLAGS else [option, value]
    if command == PROGRAM:
        # A command without its impossible argument might start work.
        return [*options, *(word for word in given if word not in STARTING)]
    return [*command.split(), *given, *options, *IMPOSSIBLE.get(command, [])]


def refused_in_one_line(home: Path, words: list[str]) -> None:
    code, out, err = call(home, words)
    assert "Traceback" not in out + err
    assert code in (0, cli.FAILED, cli.MISUSED), err
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    command = " ".join(words[: 2 if words[:1] == ["league"] else 1])
    # `health` reports by its findings, the program without a command by its help.
    if (command == "health" and out) or (command == PROGRAM and "Usage" in out + err):
        return
    assert len(errors) == (code != 0), (code, err)
    if command in STARTING and "--help" not in words:
        assert code != 0


@given(command_lines())
@example(["history", "--since", "99999999999d"])
@example(["history", "--since", "²d"])
@example(["week", "--at", "0001-01-01T00:00+14:00"])
@example(["week", "--at", "9999-12-31T23:59-14:00"])
@example(["history", "--limit", str(10**30)])
@example(["history", "--season", str(2**63)])
@example(["projections", "--season", str(2**31), "--week", "1"])
@example(["sql", "select"])
@example(["show", "%"])
@example(["projections", "--season", "2024"])
@example([])
@example(["--version"])
@example(["--version", "fly"])
@example(["--fly"])
@example(["week", "--source", "auto"])
@example(["health", "--no-daemon"])
@example(["report", "--refresh"])
@example(["alert-test", "--json"])
@example(["sql", "select 1", "--output", "out.csv"])
@example(["sql", "select 1", "--output", ""])
@example(["sql", "select 1", "--output", "out-" + "x" * 300])
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_arguments(home: Path, words: list[str]) -> None:
    refused_in_one_line(home, words)


@pytest.mark.soak
@given(command_lines())
@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
def test_many_arguments(home: Path, words: list[str]) -> None:
    refused_in_one_line(home, words)


@given(TEXT)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_sql_of_any_text(home: Path, text: str) -> None:
    refused_in_one_line(home, ["sql", "--", text])


# Valid SQL. DuckDB refuses some of these values, and no Python date can hold others.
ODD_VALUES = [
    "date '290000-01-01'",
    "date '0044-03-15 (BC)'",
    "'infinity'::date",
    "'-infinity'::timestamp",
    "'infinity'::timestamptz",
    "timestamp '290000-01-01'",
    "timestamptz '290000-01-01'",
    "timestamp_s '290000-01-01'",
    "timestamp_ns '2024-01-01 00:00:00.123456789'",
    "[date '290000-01-01']",
    "{'a': date '290000-01-01'}",
    "map {date '2024-01-01': 'infinity'::date}",
    "interval 3 month",
    "interval '290000 years'",
    "{'a': {'b': [1, null]}}",
    "row(1, 'two')",
    "map {[1]: {'a': 1}}",
    "[1, 2]::integer[2]",
    "['a', null]::enum('a')[]",
    "union_value(a := 1)",
    "'a'::enum('a', 'b')",
    r"'\xAA\x00'::blob",
    "'101'::bit",
    "170141183460469231731687303715884105727::hugeint",
    "340282366920938463463374607431768211455::uhugeint",
    "1.5::decimal(38, 10)",
    "bignum '1'",
    "timetz '12:00:00+02'",
    "time '24:00:00'",
    "'nan'::double",
    "'-inf'::float",
    "1e400",
    "uuid()",
    "chr(0)",
    "null",
    "unnest([])",
    "1 as x where false",
]
"""Expressions to select."""


@pytest.mark.parametrize("format", ["table", "csv", "json", "parquet"])
def test_sql_of_odd_values(home: Path, tmp_path: Path, format: str) -> None:
    for number, value in enumerate(ODD_VALUES):
        file = tmp_path / f"{number}.{format}"
        words = ["sql", f"select {value}", "--format", format]
        code, out, err = call(home, words)
        if format == "parquet":
            assert (code, out) == (cli.MISUSED, "")
            code, out, err = call(home, [*words, "--output", str(file)])
        assert code in (0, cli.FAILED), (value, err)
        assert "Traceback" not in out + err
        errors = [line for line in err.splitlines() if not line.startswith("Data: ")]
        assert len(errors) == (code != 0), (value, err)
        if code:
            assert errors[0].startswith("error: ")
            assert (out, file.exists()) == ("", False), value


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_a_date_beyond_the_calendar_is_an_error_that_names_its_column(
    home: Path, format: str
) -> None:
    text = "select 1 as one, date '290000-01-01' as late"
    code, out, err = call(home, ["sql", text, "--format", format])
    assert (code, out) == (cli.FAILED, "")
    assert err.splitlines()[-1] == (
        f"error: column late of the result cannot be written as {format}: date value out of range. "
        f"Convert it to text: select cast(late as varchar)."
    )
    as_text = text.replace("date '290000-01-01'", "cast(date '290000-01-01' as varchar)")
    code, out, _ = call(home, ["sql", as_text, "--format", format])
    assert code == 0
    assert "290000-01-01" in out


@pytest.mark.parametrize("words", ["projections --season 2024 --week 1", "sql 'from projections'"])
def test_a_damaged_file_of_the_lake_is_an_error_that_says_what_to_do(
    home: Path, words: str
) -> None:
    table = home / "data" / "sample" / "projections"
    week = table / "season=2024" / "week=01"
    week.mkdir(parents=True)
    (week / "part.parquet").write_bytes(b"PAR1 half a file")
    code, out, err = call(home, shlex.split(words))
    shutil.rmtree(table)
    assert (code, out) == (cli.FAILED, "")
    line = err.splitlines()[-1]
    assert line.startswith(f"error: projections 2024 week 1: the file {week}/part.parquet is dama")
    assert "`fantasy-pipeline run --season 2024 --week 1`" in line


@pytest.mark.parametrize("name", ["FANTASY_SOURCE", "FANTASY_OFFLINE"])
def test_settings_that_cannot_be_read(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv(name, "teletext")
    err = io.StringIO()
    monkeypatch.setattr(sys, "argv", ["fantasy-pipeline", "projections"])
    with contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == cli.FAILED
    assert err.getvalue().count("\n") == 1
    assert name in err.getvalue()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("week", cli.FAILED),
        ("run", cli.FAILED),
        ("run --season 2024 --week 3", cli.FAILED),
        ("backfill --seasons 2024", cli.FAILED),
        ("trigger --season 2024 --week 1", cli.FAILED),
        ("projections", cli.FAILED),
        ("league list", cli.FAILED),
        # Its exit code is the worst level: 2 is critical.
        ("health --json", 2),
    ],
)
def test_a_misspelt_source_ends_a_command_before_it_makes_a_file(
    tmp_path: Path, words: str, code: int
) -> None:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    ended, out, err = call(tmp_path, words.split(), source="sampel")
    assert ended == code
    [line] = err.splitlines() if code == cli.FAILED else [json.loads(out)["findings"][0]["message"]]
    assert "FANTASY_SOURCE" in line
    assert all(source in line for source in SOURCES)
    assert [path.name for path in tmp_path.iterdir()] == ["dagster.yaml"]


@pytest.mark.parametrize(
    ("words", "code", "cause", "advice"),
    [
        ("projektions", 2, "No such command 'projektions'", "Did you mean 'projections'?"),
        ("run --sesaon 2025", 2, "No such option: --sesaon", "fantasy-pipeline run --help"),
        ("trigger --season 2025", 2, "Missing option '--week'", "fantasy-pipeline trigger --help"),
        ("run --source teletext", 2, "'teletext' is not one of", "'nflreadpy', 'sample'"),
        ("accuracy --pool some", 2, "for '--pool': 'some' is not one of", "'everyone'"),
        ("run --season 2025", 2, "go together", "add --week, or give neither"),
        ("run --season 2025 --week 22", 2, "no 2025 week 22", "2025 has the weeks 1-18"),
        ("trigger --season 2031 --week 1", 2, "the schedule has", "the seasons 2023-2025"),
        (
            "week --at tomorrow",
            2,
            "'tomorrow' is not an ISO 8601 time",
            "write it like 2025-09-30T08:00Z",
        ),
        ("backfill --seasons 2024-", 2, "'2024-' is not a list", "like 2001, 1999-2003 or"),
        ("projections", 1, "no week is projected yet", "`fantasy-pipeline run`"),
        (
            "projections --season 2025 --week 5",
            1,
            "not in the lake",
            "`fantasy-pipeline trigger --season 2025 --week 5 --wait`",
        ),
        ("projections --json --format csv", 2, "contradict each other", "give one of them"),
        ("projections --format parquet", 2, "needs a file", "--output FILE"),
        ("report", 1, "no week is projected yet", "`fantasy-pipeline run`"),
        (
            "report --season 2025 --week 10",
            1,
            "not in the lake",
            "`fantasy-pipeline trigger --season 2025 --week 10 --wait`",
        ),
        ("accuracy", 1, "no projections have been scored yet", "`fantasy-pipeline backfill"),
        ("sql 'from weekly_stats'", 1, "none yet", "`fantasy-pipeline run`"),
        ("sql 'drop table games'", 2, "one read-only statement", "select, from, with"),
        ("history --status lost", 2, "'lost' does not exist", "success, failure"),
        ("history --since later", 2, "--since 'later' is not a time", "write 7d, 12h or"),
        ("show 12345678", 1, "there is no run 12345678", "`fantasy-pipeline history`"),
    ],
)
def test_errors_say_what_to_do_next(
    home: Path, words: str, code: int, cause: str, advice: str
) -> None:
    ended, out, err = call(home, shlex.split(words))
    lines = [line for line in err.splitlines() if not line.startswith("Data: ")]
    assert (ended, out, len(lines)) == (code, "", 1), err
    assert lines[0].startswith("error: ")
    assert cause in lines[0]
    assert advice in lines[0].partition(cause)[2]


@pytest.mark.parametrize("package", ["fastapi", "uvicorn"])
def test_an_extra_that_is_missing(tmp_path: Path, package: str) -> None:
    """Simulate an environment without the package: its import fails."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules[{package!r}] = None")
    done = subprocess.run(
        [sys.executable, "-m", "fantasy_pipeline.cli", "api"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    advice = f"error: {package} is not installed; in the checkout: pip install -e '.[api]'.\n"
    assert (done.returncode, done.stdout, done.stderr) == (cli.FAILED, "", advice)


def test_exit_codes_are_documented(home: Path) -> None:
    code, out, _ = call(home, ["--help"])
    assert code == 0
    for value in (cli.FAILED, cli.MISUSED, cli.BROKEN, cli.INTERRUPTED):
        assert str(value) in out.split("Exit codes:")[1]


def test_a_defect_is_one_line_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error: JSON cannot be written."""

    def fail(*values: object, **options: object) -> str:
        raise RuntimeError("two\nlines")

    with monkeypatch.context() as broken:
        broken.setattr("json.dumps", fail)
        code, _, err = call(home, ["sql", "select 1", "--json"])
    assert code == cli.BROKEN
    # The other lines label the sample data.
    [line] = [line for line in err.splitlines() if not line.startswith("Data: ")]
    assert line.startswith("internal error: RuntimeError: two lines. ")
    assert line.endswith("Set FANTASY_DEBUG=1 for the traceback.")


@given(st.text(max_size=12))
@example("2024-2026,1999")
@example("\u0662\u0660\u0662\u0664")
def test_lists_of_numbers(text: str) -> None:
    try:
        found = numbers("--seasons", text, 1999, 2100)
    except PipelineError:
        return
    assert found == sorted(set(found))
    assert found
    assert set(found) <= set(range(1999, 2101))
    assert text.isascii()


@given(st.one_of(st.text(max_size=8), st.from_regex(r"\d{4}\|\d{2}", fullmatch=True)))
@example("\u0662\u0660\u0662\u0664|\u0660\u0665")
@example("0024|05")
@example("2024|05\n")
def test_partition_keys_read_back_or_are_refused(text: str) -> None:
    try:
        week = SeasonWeek.from_key(text)
    except PipelineError:
        return
    assert week.key == text
    assert week.week in WEEKS

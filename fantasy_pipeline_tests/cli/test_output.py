"""Output of the commands, in real processes: results on stdout, everything else on stderr."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.cli.help import PROGRAM
from fantasy_pipeline.cli.output import Column, Format, write, write_table
from fantasy_pipeline.cli.run import name_in_path
from fantasy_pipeline.operations.table_formats import json_text
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

pytestmark = pytest.mark.slow

LABEL = f"Data: {SAMPLE_LABEL} (invented, not the NFL)."


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "fantasy_pipeline.cli", *words]


def variables(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "FANTASY_SOURCE": "sample",
        "PYTHONPATH": str(ROOT),
    }


def run(home: Path, *words: str, **more: str) -> tuple[str, str]:
    """Return stdout and stderr of a command that writes to pipes."""
    done = subprocess.run(
        command(*words),
        env={**variables(home), **more},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def on_screen(home: Path, *words: str, width: int = 80, whole: bool = False) -> tuple[str, str]:
    """Return a command's stdout from a pipe, and its stderr from a terminal.

    Args:
        whole: stdout goes to the terminal, too.
    """
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {**variables(home), "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    with subprocess.Popen(
        command(*words),
        env=environment,
        cwd=home,
        stdout=child if whole else subprocess.PIPE,
        stderr=child,
    ) as process:
        os.close(child)
        shown = b""
        try:
            while part := os.read(parent, 65536):
                shown += part
        except OSError:
            # Reading a terminal that no process has open any more raises an error.
            pass
        os.close(parent)
        out, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, shown
    return (out or b"").decode(), shown.decode()


def plain(text: str) -> str:
    """Return the text of a terminal without colours and cursor moves."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Return a home without dagster.yaml, and the output of importing a week in it."""
    home = tmp_path_factory.mktemp("home")
    out, err = run(home, "run", "--season", "2023", "--week", "5", "--top", "3")
    return home, out, err


@pytest.fixture(scope="module")
def home(first: tuple[Path, str, str]) -> Path:
    return first[0]


def test_a_pipe_gets_the_table_and_stderr_the_steps(first: tuple[Path, str, str]) -> None:
    _, out, err = first
    title, head, *rows = out.splitlines()
    assert title.startswith("Projections 2023 week 5, ppr - synthetic sample league")
    names = head.split()
    assert names[:5] == ["rank", "player", "team", "opponent", "kickoff"]
    assert names[-4:] == ["value", "status", "player_id", "source"]
    assert names[5:10] == ["points", "floor", "median", "ceiling", "actual"]
    assert len(rows) == 3
    assert "synthetic" not in "".join(rows)
    steps = [line for line in err.splitlines() if not line.startswith(("Data: ", "warning "))]
    assert [re.sub(r"\d+\.\d s$", "T", line) for line in steps] == [
        "reading the schedule: T",
        "whole_week 2023 week 5: T",
    ]


@pytest.mark.parametrize(
    "words",
    [
        "week --json",
        "sql 'from games limit 1' --json",
        "projections --json",
        "report --season 2023 --week 5 --json",
        "accuracy --json",
        "run --season 2023 --week 5 --projections-only --json",
    ],
)
def test_stdout_has_only_the_json(home: Path, words: str) -> None:
    out, err = run(home, *shlex.split(words))
    assert json.loads(out)
    lines = err.splitlines()
    # Without a week, the command says which one it took.
    chosen = [line for line in lines if line.startswith("2025 week 10 is ")]
    assert bool(chosen) == (words == "projections --json")
    assert lines == [*chosen, LABEL]


def test_stdout_has_only_the_csv(home: Path) -> None:
    out, err = run(home, "sql", "from projections limit 2", "--format", "csv")
    head, *rows = csv.reader(io.StringIO(out))
    assert [len(row) for row in rows] == [len(head)] * 2
    assert err == f"{LABEL}\n"


def test_a_file_of_sample_data_says_so_itself(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "games.parquet"
    query = ["sql", "from games limit 2", "--format", "parquet", "--output", str(file)]
    run(home, *query)
    assert pq.read_table(file).schema.metadata[b"data"] == SAMPLE_LABEL.encode()
    assert json.loads(run(home, "week", "--json")[0])["data"] == SAMPLE_LABEL


def test_progress_on_a_screen_leaves_stdout_alone(home: Path) -> None:
    """The ETA is the duration of the previous run."""
    run(home, "report", "--season", "2023", "--week", "5")
    out, shown = on_screen(
        home, *["report", "--season", "2023", "--week", "5", "--refresh", "--json"], width=100
    )
    assert json.loads(out)["made"] is True
    assert "report_week 2023 week 5" in shown
    assert "0/1" in shown
    assert re.search(r"ETA \d:\d\d", shown)
    out, shown = on_screen(home, "sql", "select 1 as one")
    assert out.split() == ["one", "1"]
    assert "running the query" in shown


def test_a_long_query_has_an_eta(home: Path) -> None:
    query = "select count(*) as n from range(150000000) as t(x) where hash(x) % 7 = 1"
    _, shown = on_screen(home, "sql", query)
    assert re.search(r"running the query +0:00:\d\d +ETA 0:\d\d", plain(shown))


HELD = """
import threading, time
from fantasy_pipeline.lake import duck
duck.database().close()
threading.Thread(target=lambda held: time.sleep(10_000), args=(duck._shared,), daemon=True).start()
time.sleep(0.2)
"""


def test_duckdb_says_nothing_at_exit() -> None:
    """A thread holds a connection, as a thread of an object-storage library may."""
    done = subprocess.run(
        [sys.executable, "-c", HELD],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Screen(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


COLUMNS = [
    Column("player_id", ["SAMPLE-0001", "SAMPLE-0002"]),
    Column("player_name", ["Ash", "Birch [RB]"]),
    Column("projected_points", ["9.50", "12.25"], is_number=True),
    Column("reason", ["bye", "out for long, and so he will not play, nor will he travel"]),
]


def shown(width: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    screen = Screen()
    write_table(COLUMNS, file=screen, **options)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()
    assert all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def test_a_wide_screen_gets_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(120, monkeypatch)
    assert [line.split() for line in lines[:2]] == [
        ["player", "player", "projected"],
        ["id", "name", "points", "reason"],
    ]
    assert lines[2] == "SAMPLE-0001  Ash              9.50  bye"
    assert lines[3].startswith("SAMPLE-0002  Birch [RB]      12.25  out for long,")


def test_the_last_column_is_broken_into_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(60, monkeypatch)
    assert "reason" in lines[1]
    assert len(lines) > 4


def test_a_narrow_screen_does_without_columns_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(45, monkeypatch, spare=("player_id",))
    assert "SAMPLE" not in "".join(lines)
    assert "reason" in "".join(lines)
    assert capsys.readouterr().err == (
        "1 of 4 columns do not fit; use --json or `| less -S` to see all of them.\n"
    )
    lines = shown(25, monkeypatch, spare=("player_id",))
    assert lines[-1] == "Birch [RB]      12.25"
    assert "2 of 4" in capsys.readouterr().err


def test_spare_columns_are_omitted_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(45, monkeypatch, spare=("projected_points", "player_id"))
    assert "projected" not in "".join(lines)
    assert "SAMPLE-0001" in "".join(lines)


@pytest.mark.parametrize("by", ["", "season", "week", "position"])
def test_ratios_are_read_at_80_columns(home: Path, by: str) -> None:
    words = ["accuracy", *(["--by", by] if by else [])]
    rows = json.loads(run(home, *words, "--json")[0])
    _, shown = on_screen(home, *words, whole=True)
    lines = plain(shown).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= 80
    for row in rows:
        # Team defences have no NFL.com to be compared with.
        values = [row[name] for name in ("mae", "rmse", "mae_ratio", "rmse_ratio")]
        given = [f"{value:.3f}" for value in values if value is not None]
        own = [line.split() for line in lines if row["source"] in line]
        assert any(set(given) <= set(cells) for cells in own), (row, own)


def test_teams_and_everyone_are_read_at_80_columns(home: Path) -> None:
    rows = json.loads(run(home, "accuracy", "--teams", "--by", "season", "--json")[0])
    assert {(row["position"], row["source"]) for row in rows} >= {
        *(("QB", "consensus"), ("QB", "model"), ("QB", "nflcom"), ("K", "consensus"))
    }
    assert all(0 <= row["starter_right"] <= 1 for row in rows)
    assert not any(row["source"].startswith("naive") for row in rows)
    assert all(row["starter_right"] > 0.5 for row in rows if row["source"] == "consensus")
    assert all(row["sum_off"] == pytest.approx(row["projected"] / row["scored"] - 1, abs=1e-3)
               for row in rows)  # fmt: skip
    _, shown = on_screen(home, "accuracy", "--teams", whole=True)
    lines = plain(shown).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= 80
    assert any("Teams, ppr" in line for line in lines)
    played, everyone = (
        json.loads(run(home, "accuracy", "--pool", pool, "--json")[0])
        for pool in ("played", "everyone")
    )
    by_source = [{row["source"]: row["players"] for row in board} for board in (played, everyone)]
    # In the pool everyone, all sources are scored on the same players.
    assert len(set(by_source[1].values())) == 1
    assert by_source[1].keys() == by_source[0].keys()


def test_a_pipe_gets_everything_on_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.table({"a": [1, None], "some_text": ["[bold]x", "y" * 300]})
    write(table, Format.table)
    captured = capsys.readouterr()
    lines = [line.rstrip() for line in captured.out.splitlines()]
    assert lines == ["a  some_text", "1  [bold]x", f"   {'y' * 300}"]
    assert captured.err == ""


@pytest.mark.parametrize("title", [None, "Week 5"])
def test_a_pipe_gets_the_lines_of_a_coloured_table(
    title: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = [
        Column("name", ["Ash", "日本 Birch", "two\nlines", ""]),
        Column("points", ["9.50", "12.25", "", "7"], is_number=True),
        Column("none", ["", "", "", ""]),
        Column("reason", ["", "[bold]out", "late", "\u0301e"]),
    ]

    def printed() -> str:
        write_table(columns, title)
        return capsys.readouterr().out

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    piped = printed().splitlines()
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    coloured = printed()
    assert "\x1b[1m" in coloured
    assert piped == [line.rstrip() for line in plain(coloured).splitlines()]
    assert len(piped) == (7 if title else 6)


def test_a_tab_in_a_cell_moves_no_other_column(capsys: pytest.CaptureFixture[str]) -> None:
    write_table([Column("a", ["1\t2", "3"]), Column("b", ["x", "y"])])
    _, *rows = capsys.readouterr().out.splitlines()
    assert rows == ["1       2  x", "3          y"]


def test_control_characters_are_shown_and_do_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = [Column("name", ["\x1b]0;title\x07\x9b31m\rred"])]
    expected = (
        "\N{SYMBOL FOR ESCAPE}]0;title\N{SYMBOL FOR BELL}\ufffd31m\N{SYMBOL FOR CARRIAGE RETURN}red"
    )
    write_table(columns)
    assert capsys.readouterr().out == f"name\n{expected}\n"
    monkeypatch.setenv("COLUMNS", "80")
    write_table(columns, file=(screen := Screen()))
    assert expected in screen.getvalue()


def test_a_word_wider_than_the_screen_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    write_table([Column("a", ["x" * 70])], file=(screen := Screen()))
    assert screen.getvalue().count("x") == 70


def test_a_file_gets_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    write(pa.table({"a": [1]}), Format.table, tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("words", "ending", "text"),
    [
        ("sql 'from games'", "| true; exit ${PIPESTATUS[0]}", ""),
        ("week", "| true; exit ${PIPESTATUS[0]}", ""),
        ("sql 'from games'", "> /dev/full", "cannot write the output: No space left on device."),
        ("week", "> /dev/full", "cannot write the output: No space left on device."),
        ("sql 'select 1 as a, 2 as a' --json", "", "two columns are named a, "),
    ],
)
def test_output_that_cannot_be_written_is_one_line_or_none(
    home: Path, words: str, ending: str, text: str
) -> None:
    line = f"{shlex.join(command())} {words} {ending}"
    done = subprocess.run(
        ["bash", "-c", line],
        env=variables(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    errors = [line for line in done.stderr.splitlines() if line != LABEL]
    assert done.returncode == 1
    assert len(errors) == bool(text)
    assert not text or errors[0].startswith(f"error: {text}")


def test_an_encoding_without_a_character_shows_another(home: Path) -> None:
    query = "select 'caf\N{LATIN SMALL LETTER E WITH ACUTE}' as a"
    out, _ = run(home, "sql", query, PYTHONIOENCODING="ascii")
    assert out.split() == ["a", "caf?"]


def test_columns_of_the_same_name_stay_two(capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    write(table, Format.table)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["a", "a"],
        ["1", "2"],
    ]


def test_json_has_no_number_that_json_lacks() -> None:
    rows = [{"mae": float("nan"), "best": [1.5, float("inf")], "of": {"n": -float("inf")}}]

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    found = json.loads(json_text(rows), parse_constant=refuse)
    assert found == [{"mae": None, "best": [1.5, None], "of": {"n": None}}]


def test_a_program_of_another_environment_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo ends with commands, which must start the programs beside this Python."""
    own = Path(sys.executable).with_name(PROGRAM)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert name_in_path(PROGRAM) == str(own)
    other = tmp_path / PROGRAM
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert name_in_path(PROGRAM) == str(own)
    other.unlink()
    other.symlink_to(own)
    assert name_in_path(PROGRAM) == PROGRAM


def test_the_off_season_says_why_nothing_is_projected(home: Path) -> None:
    out, _ = run(home, "run", "--at", "2025-03-18T08:00Z")
    assert re.fullmatch(
        r"Nothing projected: 2025 week 1 is projected from 2025-08-2\d on, "
        r"14 days before its first game\.\n",
        out,
    )

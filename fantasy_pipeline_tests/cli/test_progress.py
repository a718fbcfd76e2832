"""Progress and ETA: what a terminal and what a pipe gets."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path

import pytest

from fantasy_pipeline.cli.progress import Pace, Steps, Waiting, Weeks, waiting


@pytest.mark.parametrize(
    ("pace", "count", "elapsed", "usual", "left"),
    [
        (Pace(), 1, 3.0, None, None),
        (Pace(), 1, 3.0, 10.0, 7.0),
        (Pace(), 2, 3.0, 10.0, 17.0),
        (Pace(20.0, 2), 3, 4.0, None, 26.0),
        (Pace(20.0, 2), 3, 4.0, 5.0, 21.0),
        (Pace(20.0, 2), 1, 14.0, None, 0.0),
    ],
)
def test_pace(
    pace: Pace, count: int, elapsed: float, usual: float | None, left: float | None
) -> None:
    assert pace.left(count, elapsed, usual) == left


def test_a_pipe_gets_a_line_per_finished_step(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps()
    with steps("reading the schedule", 1):
        pass
    with pytest.raises(ZeroDivisionError), steps("dividing"):
        _ = 1 / 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"reading the schedule: \d\.\d s\n", captured.err)


def test_resumed_weeks_count_as_done_but_not_for_the_pace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Weeks(5, 10) as bar:
        bar.skip(4)
        assert bar.left() is None
        bar.advance(2, "season_ingest")
        assert bar.left() is not None
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"season_ingest: 3 of 5 weeks, \d\.\d s\n", captured.err)


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps(quiet=True)("step"):
        pass
    with Weeks(1, 1, quiet=True) as bar:
        bar.say("waiting")
        bar.advance(1, "step")
    assert capsys.readouterr() == ("", "")


class Screen(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    steps = Steps(usual=lambda text: 90.0)
    with steps("weekly_import 2025 week 9", 1):
        pass
    text = screen.getvalue()
    assert "weekly_import 2025 week 9" in text
    assert "0/2" in text
    assert "ETA 3:00" in text or "ETA 2:59" in text
    assert " s\n" not in text


def test_uncounted_work_has_an_eta_once_its_share_is_known() -> None:
    wait = Waiting()
    assert wait.left() is None
    shares = iter([None, 0.25])
    wait.watch(lambda: next(shares))
    time.sleep(0.05)
    assert wait.left() is None
    left = wait.left()
    assert left is not None
    assert 0.15 <= left < 60


def test_a_terminal_shows_the_time_that_a_wait_took_so_far(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FANTASY_CACHE", str(tmp_path))
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with waiting("reading the lake"):
        pass
    assert "reading the lake" in screen.getvalue()
    assert "0:00:00" in screen.getvalue()
    assert "ETA" not in screen.getvalue()


def test_a_terminal_shows_the_eta_of_a_repeated_wait(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FANTASY_CACHE", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    etas, recorded = [], 0.0
    for _ in range(2):
        screen = Screen()
        monkeypatch.setattr("sys.stderr", screen)
        with waiting("reading the projections") as wait:
            time.sleep(0.3)
            etas.append(wait.left())
        assert bool(re.search(r"ETA 0:\d\d", screen.getvalue())) == bool(etas[1:])
        if not etas[1:]:
            seconds = json.loads((tmp_path / "seconds.json").read_text())
            recorded = seconds["reading the projections"]
    assert etas[0] is None
    assert etas[1] is not None
    # The first wait took 0.3 s, or longer on a loaded machine.
    assert recorded >= 0.3
    assert 0 <= etas[1] <= recorded - 0.3
    (tmp_path / "seconds.json").write_text("[")
    with waiting("reading the projections") as wait:
        assert wait.left() is None


def test_a_failed_wait_is_not_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FANTASY_CACHE", str(tmp_path))
    monkeypatch.setattr("sys.stderr", Screen())
    with pytest.raises(ZeroDivisionError), waiting("dividing"):
        _ = 1 / 0
    assert not (tmp_path / "seconds.json").exists()


def test_a_cache_that_cannot_be_written_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FANTASY_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr("sys.stderr", Screen())
    with waiting("reading the projections") as wait:
        assert wait.left() is None

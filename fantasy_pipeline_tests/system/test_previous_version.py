"""A lake and a Dagster home of the previous version keep working, without a migration.

The version before the present layout makes them in processes of its own; today's commands read and
continue them. Every test that writes works on a copy.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline_tests import ROOT, previous_version
from fantasy_pipeline_tests.cli.calling import called
from fantasy_pipeline_tests.previous_version import BEFORE_THE_LAYOUT, code_of
from fantasy_pipeline_tests.system.watching import differing, files_of

pytestmark = pytest.mark.slow

LATER = (
    "team_defense_stats",
    "defender_projections",
    "news",
    "rest_of_season",
    "optimal_lineups",
    "league_",
)
"""First letters of the names of tables that the previous version does not have."""
COUNTS = " UNION ALL ".join(
    f"SELECT '{table.name}' AS name, count(*) AS rows FROM {table.name}"  # noqa: S608
    for table in ALL_TABLES
    if not table.name.startswith(LATER)
)
BACKFILL = ("backfill", "--seasons", "2023-2025", "--only-missing", "--json")
WEEK_10 = ("--season", "2025", "--week", "10", "--json")


@dataclass(frozen=True)
class Home:
    """A Dagster home and a version of the code that works on it."""

    folder: Path
    code: Path

    @property
    def lake(self) -> Path:
        return self.folder / "data" / "sample"

    def command(self, *words: str) -> str:
        """Run a command that must succeed, and return what it prints."""
        if self.code == ROOT and words[0] != "backfill":
            return called(self.folder, *words)[0]
        environment = {
            "DAGSTER_HOME": str(self.folder),
            "FANTASY_SOURCE": "sample",
            "PYTHONPATH": str(self.code),
        }
        done = subprocess.run(
            [sys.executable, "-m", "fantasy_pipeline.cli", *words],
            # Python puts the working directory before PYTHONPATH.
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.command(*words))

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each table."""
        return {row["name"]: row["rows"] for row in self.json("sql", COUNTS, "--json")}

    def models(self) -> dict[str, bytes]:
        return files_of(self.lake / "models")


@dataclass(frozen=True)
class Before:
    """What the previous version printed about its home."""

    home: Home
    counts: dict[str, int]
    history: list[dict[str, Any]]
    projections: list[dict[str, Any]]
    report: dict[str, Any]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    """Return a home with the demo of the previous version and no week left to backfill."""
    code = code_of(BEFORE_THE_LAYOUT, tmp_path_factory.mktemp("code"))
    folder = tmp_path_factory.mktemp("previous") / "home"
    folder.mkdir()
    shutil.copy(code / "dagster.yaml", folder)
    home = Home(folder, code)
    home.command("demo", "--source", "sample")
    assert home.json(*BACKFILL)["weeks"] == 1, "the demo does not project the week that is due"
    assert home.json(*BACKFILL)["weeks"] == 0
    # The command makes the report again, in a run that the history lists.
    report = home.json("report", *WEEK_10)
    return Before(
        home,
        home.counts(),
        home.json("history", "--json"),
        home.json("projections", *WEEK_10),
        report,
    )


@pytest.fixture
def home(before: Before, tmp_path: Path) -> Home:
    """Return a copy of the home, on which today's code works."""
    shutil.copytree(before.home.folder, tmp_path / "home")
    return Home(tmp_path / "home", ROOT)


def contains(new: Any, old: Any) -> bool:
    """Return whether today's JSON has everything that the previous version printed.

    Objects may have more keys, and lists of objects more objects.
    """
    if isinstance(old, dict):
        return isinstance(new, dict) and all(
            name in new and contains(new[name], value) for name, value in old.items()
        )
    if isinstance(old, list) and old and isinstance(old[0], dict):
        rest = iter(new)
        return all(any(contains(one, wanted) for one in rest) for wanted in old)
    return bool(new == old)


def test_the_previous_version_is_another_one(before: Before) -> None:
    package = before.home.code / "fantasy_pipeline"
    assert (package / "contracts.py").is_file()
    assert not (package / "football").exists()
    counts = {name: rows for name, rows in before.counts.items() if name != "stat_corrections"}
    assert set(before.counts) == {
        table.name for table in ALL_TABLES if not table.name.startswith(LATER)
    }
    assert min(counts.values()) > 100


def test_tables_projections_and_report_are_read(before: Before, home: Home) -> None:
    files = files_of(home.lake)
    assert home.counts() == before.counts
    assert contains(home.json("projections", *WEEK_10), before.projections)
    assert before.projections
    report = home.json("report", *WEEK_10)
    assert {**report, "path": None, "made": None} == {**before.report, "path": None, "made": None}
    page = Path(report["path"])
    assert page.is_relative_to(home.lake)
    assert before.projections[0]["player_name"] in page.read_text()
    if not report["made"]:
        assert differing(files, files_of(home.lake)) == []


def test_status_and_run_history_list_the_previous_runs(before: Before, home: Home) -> None:
    assert contains(home.json("history", "--json"), before.history)
    jobs = {run["job_id"] for run in before.history}
    assert {"weekly_import", "weekly_projections", "report_week", "season_ingest"} <= jobs
    old, new = (one.json("status", "--json") for one in (before.home, home))
    assert contains({**new, "at": None}, {**old, "at": None})


def test_nothing_is_left_to_backfill(before: Before, home: Home) -> None:
    files = files_of(home.lake)
    done = home.json(*BACKFILL)
    assert (done["weeks"], done["steps_done"], done["failures"]) == (0, 0, {})
    # The schedule is refreshed first, and has columns that it did not have.
    assert differing(files, files_of(home.lake)) in ([], ["games/part.parquet"])


def test_a_run_continues_the_lake_with_its_models(before: Before, home: Home) -> None:
    models = home.models()
    assert any(name.endswith(".npz") for name in models)
    run = home.json("run", "--json")
    assert run["success"]
    assert run["projected"] == {"season": 2025, "week": 10}
    counts = home.counts()
    # The week that the run imports is scored in more pools than the previous version had.
    assert counts.pop("projection_accuracy") > before.counts["projection_accuracy"]
    more = {name: rows - before.counts[name] for name, rows in counts.items()}
    # The team defences of the weeks that the run makes.
    assert {name: rows for name, rows in more.items() if rows} == {
        "raw_players": 64,
        "player_history": 64,
        "model_projections": 32,
        "projections": 32,
    }
    assert home.json("accuracy", "--pool", "everyone", "--json")
    assert home.models() != models, "models of another version are trained again"
    projections = {row["player_id"] for row in home.json("projections", *WEEK_10)}
    assert len(projections & {row["player_id"] for row in before.projections}) > 5
    report = home.json("report", *WEEK_10)
    assert home.json("projections", *WEEK_10)[0]["player_name"] in Path(report["path"]).read_text()
    runs = home.json("history", "--limit", "100", "--json")
    ids = {old["id"] for old in before.history}
    assert contains([one for one in runs if one["id"] in ids], before.history)
    assert {one["status"] for one in runs} == {"success"}
    assert len(runs) > len(ids)
    assert home.json(*BACKFILL)["weeks"] == 0


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_missing_history_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.setattr(previous_version, "ROOT", tmp_path)
    with pytest.raises(
        outcome, match=r"^git has no commit 187c629 here \(.+\); run git fetch --unshallow"
    ):
        code_of(BEFORE_THE_LAYOUT, tmp_path)

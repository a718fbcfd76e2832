"""Test every fault of upstream on every data set, through the real libraries and Dagster.

docs/reliability.md lists the outcomes: a passing fault is retried until it is over; any other is
one error that names data set, season and what to do. In both cases readers see the rows of before.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, RAW_PLAYERS, SOURCE_PROJECTIONS, WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline_tests.lake.places import BucketPlace, FolderPlace, Place
from fantasy_pipeline_tests.loopback import (
    Answer,
    Upstream,
    cut_off,
    drip,
    files,
    lying,
    send,
    serving,
    silence,
)

pytestmark = [pytest.mark.real, pytest.mark.loopback]

RELEASES = "github.com/nflverse/nflverse-data/releases/download"
NFLCOM = "raw.githubusercontent.com/hvpkod/NFL-Data/main/NFL-data-Players"
W1, W2 = SeasonWeek(2024, 1), SeasonWeek(2024, 2)


class DataSet(NamedTuple):
    """One upstream file: its path, a column that it must have, and the tables that come from it."""

    path: str
    needs: str
    tables: tuple[Any, ...]
    by_season: bool = True


DATA_SETS = {
    "schedule": DataSet(f"{RELEASES}/schedules/games.parquet", "gameday", (GAMES,), False),
    "weekly_stats": DataSet(
        f"{RELEASES}/stats_player/stats_player_week_2024.parquet", "receptions", (WEEKLY_STATS,)
    ),
    "weekly_rosters": DataSet(
        f"{RELEASES}/weekly_rosters/roster_weekly_2024.parquet", "status", (RAW_PLAYERS,)
    ),
    "injuries": DataSet(
        f"{RELEASES}/injuries/injuries_2024.parquet", "report_status", (RAW_PLAYERS,)
    ),
    "snap_counts": DataSet(
        f"{RELEASES}/snap_counts/snap_counts_2024.parquet", "offense_snaps", (RAW_PLAYERS,)
    ),
    "players": DataSet(
        f"{RELEASES}/players/players.parquet", "display_name", (RAW_PLAYERS,), False
    ),
    "player_ids": DataSet(
        "raw.githubusercontent.com/dynastyprocess/data/master/files/db_playerids.csv",
        "sleeper_id",
        (RAW_PLAYERS,),
        False,
    ),
    "nflcom_projections": DataSet(
        f"{NFLCOM}/2024/2/projected/QB_projected.csv",
        "PlayerWeekProjectedPts",
        (SOURCE_PROJECTIONS,),
    ),
}
ESSENTIAL = ("schedule", "weekly_stats")
IN_SHORT = ("weekly_stats",)
# The long tier tests the others, the slow tier these two.
IN_SLOW = ("truncated", "missing column")
NO_SEASON_INSIDE = ("players", "player_ids", "nflcom_projections")
DEDUPLICATED = ("weekly_rosters", "injuries", "snap_counts", "player_ids", "nflcom_projections")
"""Data sets of whose repeated rows the import keeps one."""


@pytest.fixture(scope="module")
def mirror(nfl_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the real files of 2023 and 2024, cut down to two weeks and the players in them."""
    root = tmp_path_factory.mktemp("mirror")
    rosters = pq.read_table(nfl_mirror / DATA_SETS["weekly_rosters"].path, partitioning=None)
    player_ids = rosters["gsis_id"].unique()
    for name, data in DATA_SETS.items():
        for path in {data.path, data.path.replace("2024", "2023")}:
            if name == "nflcom_projections":
                folder = (nfl_mirror / path).parents[2]
                for week in ("1", "2"):
                    target = root / folder.relative_to(nfl_mirror) / week
                    shutil.copytree(folder / week / "projected", target / "projected")
                continue
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.suffix == ".csv":
                lines = (nfl_mirror / path).read_bytes().splitlines(keepends=True)
                target.write_bytes(b"".join(lines[:3000]))
                continue
            table = pq.read_table(nfl_mirror / path, partitioning=None)
            if name == "schedule":
                table = table.filter(pc.is_in(table["season"], pa.array([2023, 2024])))
            elif name == "players":
                table = table.filter(pc.is_in(table["gsis_id"], player_ids))
            elif data.by_season:
                table = table.filter(pc.less_equal(table["week"], 2))
            pq.write_table(table, target)
    return root


@dataclass
class Home:
    """A Dagster home and lake with 2024 week 1, on a loopback upstream of the real files."""

    upstream: Upstream
    mirror: Path
    data: Place
    instance: dg.DagsterInstance

    @property
    def lake(self) -> Lake:
        return Lake(f"{self.data.root}/lake", REAL_LABEL)

    def content(self) -> dict[str, bytes]:
        """Return every file of the lake."""
        found = self.data.files()
        return {name: content for name, content in found.items() if name.startswith("lake/")}

    def run(self, job: str, *weeks: SeasonWeek) -> RunOutcome:
        tags = {"trigger": "manual"}
        return execute(self.instance, job, "auto", tags, *(weeks and (weeks[0], weeks[-1])))

    def will(self, name: str, *answers: Answer) -> None:
        """Answer all further requests of a data set's file with these answers."""
        self.upstream.faults = {f"/{DATA_SETS[name].path}": list(answers)}
        self.upstream.requests.clear()

    def asked(self, name: str) -> int:
        path = f"/{DATA_SETS[name].path}"
        return sum(requested == path for requested, _ in self.upstream.requests)


@pytest.fixture(scope="module")
def first_week(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with the schedule and 2024 week 1, imported without faults."""
    folder = tmp_path_factory.mktemp("first")
    with serving() as upstream, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FANTASY_DATA", str(folder / "data"))
        patch.setenv("FANTASY_CACHE", str(folder / "cache"))
        patch.setenv("NFLVERSE_MIRROR", upstream.base)
        upstream.will(files(mirror))
        with dg.DagsterInstance.ephemeral() as instance:
            home = Home(upstream, mirror, FolderPlace(folder / "data"), instance)
            assert home.run("games_refresh").success
            assert home.run("season_ingest", W1).errors == ()
    return folder


@pytest.fixture
def home(
    mirror: Path, first_week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    shutil.copytree(first_week / "data", tmp_path / "data")
    with at_home(FolderPlace(tmp_path / "data"), mirror, tmp_path, monkeypatch) as home:
        yield home


@pytest.fixture
def cloud_home(
    mirror: Path, first_week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: str
) -> Iterator[Home]:
    """Return the same home with its lake on object storage."""
    bucket = BucketPlace(s3)
    for name, content in FolderPlace(first_week / "data").files().items():
        bucket.put(name, content)
    with at_home(bucket, mirror, tmp_path, monkeypatch) as home:
        yield home


@contextmanager
def at_home(
    data: Place, mirror: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    monkeypatch.setenv("FANTASY_DATA", data.root)
    # An ETag of another address is not valid here, so the cache starts empty.
    monkeypatch.setenv("FANTASY_CACHE", str(folder / "cache"))
    with serving() as upstream, dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv("NFLVERSE_MIRROR", upstream.base)
        upstream.will(files(mirror))
        yield Home(upstream, mirror, data, instance)


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def no_rows(body: bytes, path: str, needs: str) -> bytes:
    if path.endswith(".csv"):
        return body.splitlines(keepends=True)[0]
    return parquet(pq.read_table(io.BytesIO(body)).slice(0, 0))


def without_a_column(body: bytes, path: str, needs: str) -> bytes:
    if path.endswith(".csv"):
        return body.replace(needs.encode(), b"something_else", 1)
    return parquet(pq.read_table(io.BytesIO(body)).drop_columns([needs]))


def twice(body: bytes, path: str, needs: str) -> bytes:
    if path.endswith(".csv"):
        lines = body.splitlines(keepends=True)
        return b"".join([*lines, *lines[1:]])
    table = pq.read_table(io.BytesIO(body))
    return parquet(pa.concat_tables([table, table]))


PAGE = b"<!DOCTYPE html><title>Log in</title>\n"
Make = Callable[[bytes, str, str], tuple[Answer, ...]]

PASSING: dict[str, Make] = {
    "429 with Retry-After": lambda body, *_: (send(429, Retry_After="1"), send(200, body)),
    "500 then 200": lambda body, *_: (send(500), send(200, body)),
    "reset mid-body, once": lambda body, *_: (cut_off(body, reset=True), send(200, body)),
    "too long a Content-Length, once": lambda body, *_: (lying(body, 100), send(200, body)),
}
LASTING: dict[str, tuple[Make, str]] = {
    "500": (lambda *_: (send(500),), "HTTP 500"),
    "reset mid-body": (lambda body, *_: (cut_off(body, reset=True),), "reset"),
    "too long a Content-Length": (lambda body, *_: (lying(body, 100),), "IncompleteRead"),
    "too short a Content-Length": (lambda body, *_: (lying(body, -100),), "not a whole"),
    "slow drip": (lambda body, *_: (drip(body, 0.05),), "did not arrive within 2 s"),
    "silence": (lambda *_: (silence(4),), "timed out|did not arrive within 2 s"),
    "page": (lambda *_: (send(200, PAGE),), "is not a"),
    "truncated": (lambda body, *_: (send(200, body[: len(body) * 2 // 3]),), "not a whole"),
    "no rows": (lambda *a: (send(200, no_rows(*a)),), "no rows|has no projection"),
    "missing column": (
        lambda *a: (send(200, without_a_column(*a)),),
        r"no column (?:\w+ or )*{needs}",
    ),
}

OF_ITS_FILE = ("too short a Content-Length", "page", "truncated", "no rows", "missing column")
"""Faults of one file that do not concern upstream's other files."""

OF_TIME = ("slow drip", "silence")
"""Faults that the deadline of a download ends. Other faults get all the time that they need."""

EVERY = [
    pytest.param(name, marks=() if name in IN_SHORT else pytest.mark.soak) for name in DATA_SETS
]


def _tier(data_set: str, trouble: str) -> Any:
    if data_set in IN_SHORT:
        # Other faults take all attempts, which is slow.
        return () if trouble in OF_ITS_FILE else pytest.mark.slow
    return pytest.mark.slow if trouble in IN_SLOW else pytest.mark.soak


EVERY_LASTING = [
    pytest.param(name, trouble, marks=_tier(name, trouble))
    for name in DATA_SETS
    for trouble in LASTING
]


def fault(home: Home, name: str, make: Make) -> None:
    """Answer requests of a data set with a fault, made from its own good file."""
    data = DATA_SETS[name]
    home.will(name, *make((home.mirror / data.path).read_bytes(), data.path, data.needs))


def import_two_weeks(home: Home, name: str) -> RunOutcome:
    if name == "schedule":
        return home.run("games_refresh")
    return home.run("season_ingest", W1, W2)


def assert_refused(home: Home, name: str, outcome: RunOutcome, cause: str) -> None:
    """Check for one line that names data set, season, cause and what to do."""
    data = DATA_SETS[name]
    assert not outcome.success
    [error] = outcome.errors
    assert "\n" not in error
    assert "Traceback" not in error
    where = rf"{name} 2024" if data.by_season else f"(?:{name}|{data.tables[0].name})"
    assert re.search(rf"\b{where}\b.*({cause.format(needs=data.needs)})", error), error
    advice = r"[Rr]e-?run|[Rr]un again|[Cc]heck|[Rr]eplace|[Uu]pdate|[Uu]pstream"
    assert re.search(advice, error.split(". ", 1)[-1]), error


def assert_nothing_changed(home: Home, name: str, before: dict[str, bytes]) -> None:
    """Check that stored files are unchanged, and that a new week is stored whole or not at all."""
    after = home.content()
    assert {path: after.get(path) for path in before} == before
    assert not [path for path in after if path.endswith(".tmp")]
    for table in DATA_SETS[name].tables:
        if table.weekly:
            assert home.lake.weeks(table) == [W1]


def assert_gap(home: Home, outcome: RunOutcome, cause: str, before: dict[str, bytes]) -> None:
    """Check that NFL.com's broken file leaves its week empty, and that a warning says why."""
    assert outcome.errors == ()
    assert any(
        re.search(f"^nflcom 2024: failed for week 2: .*({cause})", w) for w in outcome.warnings
    )
    after = home.content()
    assert {path: after[path] for path in before} == before
    assert home.lake.read(SOURCE_PROJECTIONS, [W1]).num_rows > 0
    assert home.lake.read(SOURCE_PROJECTIONS, [W2]).num_rows == 0


@pytest.mark.parametrize(
    "trouble",
    [pytest.param(t, marks=() if t == "500 then 200" else pytest.mark.slow) for t in PASSING],
)
@pytest.mark.parametrize("name", EVERY)
def test_passing_trouble_is_ridden_out(home: Home, name: str, trouble: str) -> None:
    before = home.content()
    fault(home, name, PASSING[trouble])
    outcome = import_two_weeks(home, name)
    assert outcome.errors == ()
    assert home.asked(name) == 2
    after = home.content()
    assert {path: after[path] for path in before} == before
    for table in DATA_SETS[name].tables:
        if table.weekly:
            assert home.lake.weeks(table) == [W1, W2]


@pytest.mark.parametrize(("name", "trouble"), EVERY_LASTING)
def test_lasting_trouble_is_one_clear_error(
    home: Home, name: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trouble in OF_TIME:
        monkeypatch.setenv("FANTASY_DOWNLOAD_TIMEOUT", "2")
    before = home.content()
    make, cause = LASTING[trouble]
    fault(home, name, make)
    outcome = import_two_weeks(home, name)
    if name == "nflcom_projections" and trouble in OF_ITS_FILE:
        assert_gap(home, outcome, cause.format(needs=DATA_SETS[name].needs), before)
        return
    assert_refused(home, name, outcome, cause)
    assert_nothing_changed(home, name, before)


IN_CLOUD = ("reset mid-body", "page", "truncated", "no rows", "missing column")


@pytest.mark.soak
@pytest.mark.parametrize("trouble", IN_CLOUD)
@pytest.mark.parametrize("name", ["weekly_stats", "weekly_rosters"])
def test_lasting_trouble_leaves_a_lake_on_object_storage_as_it_was(
    cloud_home: Home, name: str, trouble: str
) -> None:
    before = cloud_home.content()
    make, cause = LASTING[trouble]
    fault(cloud_home, name, make)
    outcome = import_two_weeks(cloud_home, name)
    assert_refused(cloud_home, name, outcome, cause)
    assert_nothing_changed(cloud_home, name, before)
    # Upstream is fixed, and the same import succeeds.
    cloud_home.upstream.faults = {}
    assert import_two_weeks(cloud_home, name).errors == ()
    after = cloud_home.content()
    assert {path: after[path] for path in before} == before
    assert all(cloud_home.lake.weeks(table) == [W1, W2] for table in DATA_SETS[name].tables)


@pytest.mark.parametrize("column", ["fg_made_40_49", "targets"])
def test_every_stat_that_is_read_must_be_there(home: Home, column: str) -> None:
    """Otherwise all kickers, or all receivers, would silently have no stats."""
    before = home.content()

    def without_it(body: bytes, path: str, _: str) -> tuple[Answer, ...]:
        return (send(200, without_a_column(body, path, column)),)

    fault(home, "weekly_stats", without_it)
    outcome = import_two_weeks(home, "weekly_stats")
    assert_refused(home, "weekly_stats", outcome, f"no column {column}")
    assert_nothing_changed(home, "weekly_stats", before)


def test_a_team_with_a_few_players_or_lines_is_refused(home: Home) -> None:
    """The file exists, and most of a team is missing."""
    before = home.content()

    def most_of_buffalo(body: bytes) -> bytes:
        table = pq.read_table(io.BytesIO(body))
        numbers = pa.array(range(len(table)))
        gone = pc.and_(pc.equal(table["team"], "BUF"), pc.not_equal(pc.bit_wise_and(numbers, 7), 0))
        return parquet(table.filter(pc.invert(pc.fill_null(gone, False))))

    for name, rule in (("weekly_rosters", ".* on the roster"), ("weekly_stats", "stat lines")):
        fault(home, name, lambda body, *_: (send(200, most_of_buffalo(body)),))
        outcome = import_two_weeks(home, name)
        assert not outcome.success
        assert any(re.search(rf"too few {rule}: BUF", text) for text in outcome.errors), outcome
        assert_nothing_changed(home, name, before)


@pytest.mark.parametrize("name", EVERY)
def test_duplicated_rows(home: Home, name: str) -> None:
    """Repeated rows are refused, or the import keeps one of each."""
    before = home.content()
    fault(home, name, lambda *a: (send(200, twice(*a)),))
    outcome = import_two_weeks(home, name)
    if name in DEDUPLICATED:
        assert outcome.errors == ()
        after = home.content()
        assert {path: after[path] for path in before} == before
    else:
        assert_refused(home, name, outcome, "repeated keys")
        assert_nothing_changed(home, name, before)


@pytest.mark.parametrize("name", [p for p in EVERY if p.values[0] not in NO_SEASON_INSIDE])
def test_last_years_data_under_this_years_name(home: Home, name: str) -> None:
    before = home.content()
    data = DATA_SETS[name]
    if name == "schedule":
        games = pq.read_table(home.mirror / data.path)
        old = parquet(games.filter(pc.equal(games["season"], 2023)))
        cause = "2024: the upstream schedule has 0 games"
    else:
        old = (home.mirror / data.path.replace("2024", "2023")).read_bytes()
        cause = "rows of season 2023"
    home.will(name, send(200, old))
    outcome = import_two_weeks(home, name)
    assert_refused(home, name, outcome, cause)
    assert_nothing_changed(home, name, before)


@pytest.mark.parametrize(
    "name", [pytest.param("injuries"), *(p for p in EVERY if p.values[0] != "injuries")]
)
def test_a_file_that_was_never_there(home: Home, name: str) -> None:
    """An essential file gives one error; without any other, the import continues with a warning."""
    before = home.content()
    home.will(name, send(404))
    outcome = import_two_weeks(home, name)
    assert home.asked(name) == 1
    if name in ESSENTIAL:
        assert_refused(home, name, outcome, "HTTP 404")
        assert_nothing_changed(home, name, before)
        return
    if name == "players":
        # It has the ids by which snap counts are joined: the stats of 47 players have no snaps.
        assert_refused(home, "weekly_stats", outcome, "more passes, carries and targets than snaps")
        return
    assert outcome.errors == ()
    assert any(text.startswith(name) for text in outcome.warnings), outcome.warnings
    if name != "nflcom_projections":
        players = home.lake.read(RAW_PLAYERS, [W2])
        players = players.filter(pc.not_equal(players["position"], "DST"))
        assert len(players["team"].unique()) == 32
        from_rosters = players["roster_source"].unique().to_pylist() == ["weekly_roster"]
        assert from_rosters == (name != "weekly_rosters")


@pytest.mark.parametrize("name", EVERY)
def test_a_file_that_vanished(home: Home, name: str) -> None:
    """The file existed on the last run: replacing good rows by a gap would be wrong."""
    assert import_two_weeks(home, name).errors == ()
    before = home.content()
    home.will(name, send(404))
    outcome = import_two_weeks(home, name)
    cause = "HTTP 404.*, but had the file on"
    if name == "nflcom_projections":
        # One source of several: its earlier projections are stored, and stay.
        assert outcome.errors == ()
        assert any(re.search(f"^nflcom 2024.*{cause}", text) for text in outcome.warnings)
    else:
        assert_refused(home, name, outcome, cause)
    assert home.content() == before
    # A retry an hour later finds the new file.
    home.upstream.faults = {}
    assert import_two_weeks(home, name).errors == ()
    assert home.content() == before


def test_a_season_that_the_schedule_lacks_is_not_taken_for_byes(home: Home) -> None:
    before = home.content()
    outcome = home.run("season_ingest", SeasonWeek(2022, 1))
    assert not outcome.success
    [error] = outcome.errors
    assert "schedule 2022: it has no game of this season" in error
    assert home.content() == before

"""The nflverse adapter, reading the sample league from a mirror in upstream's formats."""

from __future__ import annotations

import csv
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nfl_data_py
import nflreadpy
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import NotPublishedError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sites.nflcom import nflcom_projections
from fantasy_pipeline.ingest.sources import nflcom_files, schema
from fantasy_pipeline.ingest.sources.columns import column_notes
from fantasy_pipeline.ingest.sources.nflverse import Nflverse

SEASON, LAST_WEEK = 2024, 3
RELEASES = "github.com/nflverse/nflverse-data/releases/download"
NEW_STATS = f"{RELEASES}/stats_player/stats_player_week_{{season}}.parquet"
OLD_STATS = f"{RELEASES}/player_stats/player_stats_{{season}}.parquet"
FILES = {
    "weekly_rosters": f"{RELEASES}/weekly_rosters/roster_weekly_{{season}}.parquet",
    "injuries": f"{RELEASES}/injuries/injuries_{{season}}.parquet",
    "snap_counts": f"{RELEASES}/snap_counts/snap_counts_{{season}}.parquet",
    "players": f"{RELEASES}/players/players.parquet",
    "schedule": f"{RELEASES}/schedules/games.parquet",
}
ID_FILES = (
    "github.com/dynastyprocess/data/raw/master/files/db_playerids.csv",
    "raw.githubusercontent.com/dynastyprocess/data/master/files/db_playerids.csv",
)
NFLCOM = "raw.githubusercontent.com/hvpkod/NFL-Data/main/NFL-data-Players"
BY_SEASON = ("weekly_stats", "weekly_rosters", "injuries", "snap_counts")
WHOLE = ("schedule", "players", "player_ids")
PRACTICE = {
    "DNP": "Did Not Participate In Practice",
    "Limited": "Limited Participation in Practice",
    "Full": "Full Participation in Practice",
    None: "\n    ",
}


def read(source: Nflverse | SampleLeague, dataset: str) -> pa.Table:
    load = getattr(source, dataset)
    if dataset == "nflcom_projections":
        # Without as_of, which is the time of the file.
        return load(SEASON, range(1, LAST_WEEK + 1)).drop_columns(["as_of"])
    return load() if dataset in WHOLE else load(SEASON)


def early(table: pa.Table) -> pa.Table:
    """Return the first weeks of a season, which are quick to read."""
    return table.filter(pc.less_equal(table["week"], LAST_WEEK))


def upstream_names(table: pa.Table, contract: Table, old: bool = False) -> pa.Table:
    """Return canonical columns under upstream's names."""
    names = {
        column.name: column.aliases[0]
        for column in contract.columns
        if column.aliases and (old or column.aliases[0] not in OLD_ONLY)
    }
    return table.rename_columns([names.get(name, name) for name in table.column_names])


OLD_ONLY = {"recent_team", "interceptions", "sacks", "sack_yards"}


def as_schedule(games: pa.Table) -> pa.Table:
    """Return the schedule with local dates and times, as upstream has it."""
    eastern = [
        kickoff.astimezone(ZoneInfo("America/New_York")) for kickoff in games["kickoff"].to_pylist()
    ]
    neutral = games["neutral_site"].to_pylist()
    return (
        games.drop_columns(["kickoff", "neutral_site", "div_game"])
        .append_column("gameday", pa.array([f"{at:%Y-%m-%d}" for at in eastern]))
        .append_column("gametime", pa.array([f"{at:%H:%M}" for at in eastern]))
        .append_column("location", pa.array(["Neutral" if here else "Home" for here in neutral]))
        .append_column("div_game", games["div_game"].cast(pa.int32()))
    )


def write_csv(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.column_names)
        writer.writerows(row.values() for row in table.to_pylist())


def read_csv(path: Path) -> pa.Table:
    """Return a CSV file with all values as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return pa.Table.from_pylist(list(csv.DictReader(file)))


def write_parquet(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


@pytest.fixture(scope="module")
def mirror(sample: SampleLeague, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a mirror with the sample league's first weeks of 2024."""
    root = tmp_path_factory.mktemp("mirror")
    for dataset in BY_SEASON:
        table = upstream_names(early(read(sample, dataset)), schema.BY_SEASON[dataset])
        if dataset == "injuries":
            words = [PRACTICE[word] for word in table["practice_status"].to_pylist()]
            index = table.column_names.index("practice_status")
            table = table.set_column(index, "practice_status", pa.array(words))
        path = NEW_STATS if dataset == "weekly_stats" else FILES[dataset]
        write_parquet(root / path.format(season=SEASON), table)
    stats = early(sample.weekly_stats(SEASON))
    lost = stats.column_names.index("sack_yards_lost")
    positive = stats.set_column(lost, "sack_yards_lost", pc.negate(stats["sack_yards_lost"]))
    write_parquet(
        root / OLD_STATS.format(season=SEASON),
        upstream_names(positive, schema.WEEKLY_STATS, old=True),
    )
    write_parquet(root / FILES["players"], upstream_names(sample.players(), schema.PLAYERS))
    write_parquet(root / FILES["schedule"], as_schedule(sample.schedule()))
    for path in ID_FILES:
        write_csv(root / path, upstream_names(sample.player_ids(), schema.PLAYER_IDS))
    for row in (
        early(sample.nflcom_projections(SEASON, range(1, LAST_WEEK + 1)))
        .group_by(["week", "position"])
        .aggregate([(name, "list") for name in ("name", "team", "opponent", "points_half")])
        .to_pylist()
    ):
        projected = pa.table(
            {
                "PlayerName": row["name_list"],
                "Team": row["team_list"],
                "PlayerOpponent": row["opponent_list"],
                "PlayerWeekProjectedPts": row["points_half_list"],
            }
        )
        folder = root / NFLCOM / str(SEASON) / str(row["week"]) / "projected"
        write_csv(folder / f"{row['position']}_projected.csv", projected)
    return root


@pytest.fixture
def nflverse(mirror: Path, tmp_path: Path) -> Callable[..., Nflverse]:
    def build(source: Any = "auto", root: Path = mirror) -> Nflverse:
        return Nflverse(Transport(tmp_path / "cache", str(root)), source)

    return build


@pytest.fixture
def copy(mirror: Path, tmp_path: Path) -> Path:
    """Return an unread copy of the mirror, whose files a test may change or delete."""
    root = tmp_path / "copy"
    for path in mirror.rglob("*"):
        if path.is_file():
            link = root / path.relative_to(mirror)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path)
    return root


# Every reader returns the rows of the file


def test_rosters_do_without_the_file_of_players(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    (copy / FILES["players"]).unlink()
    source = nflverse(root=copy)
    with pytest.raises(NotPublishedError, match=r"^players: "):
        source.players()
    expected = nflverse().weekly_rosters(SEASON)
    assert source.weekly_rosters(SEASON).equals(expected)


@pytest.mark.parametrize("dataset", [*WHOLE, *BY_SEASON])
@pytest.mark.parametrize("reader", ["auto", "nfl_data_py", "nflreadpy"])
def test_every_reader_delivers_the_canonical_table(
    nflverse: Callable[..., Nflverse], sample: SampleLeague, reader: str, dataset: str
) -> None:
    expected = read(sample, dataset)
    if dataset in BY_SEASON:
        expected = early(expected)
    found = read(nflverse(reader), dataset)
    assert found.schema == expected.schema
    assert found.num_rows > 30
    # Column by column, so that the message names the column that differs.
    for name in expected.column_names:
        assert found[name].combine_chunks().equals(expected[name].combine_chunks()), name


def test_nflcom_projections_of_some_weeks(
    nflverse: Callable[..., Nflverse], sample: SampleLeague
) -> None:
    found = nflverse().nflcom_projections(SEASON, [1, 3])
    expected = sample.nflcom_projections(SEASON, [1, 3])
    assert found.num_rows > 100
    assert found.drop_columns(["as_of"]).equals(expected.drop_columns(["as_of"]))
    assert found["as_of"].null_count == 0


def test_a_week_that_was_never_saved_has_no_rows(nflverse: Callable[..., Nflverse]) -> None:
    assert nflverse().nflcom_projections(SEASON, [22]).num_rows == 0
    found = nflverse().nflcom_projections(SEASON, [3, 22])
    assert set(found["week"].to_pylist()) == {3}


def test_a_week_with_a_file_missing_is_not_taken_for_whole(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    (copy / NFLCOM / str(SEASON) / "2" / "projected" / "K_projected.csv").unlink()
    with pytest.raises(NotPublishedError, match="nflcom_projections 2024 week 2"):
        nflverse(root=copy).nflcom_projections(SEASON, [2])


def test_a_missing_file_loses_its_own_week_only(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    (copy / NFLCOM / str(SEASON) / "2" / "projected" / "K_projected.csv").unlink()
    source = nflverse(root=copy)
    weeks = [1, 2, 3]
    players, _ = raw_players(source, source.schedule(), SEASON, weeks)
    answer = nflcom_projections(source, players, SEASON, weeks)
    assert set(answer.parts[0]["week"].to_pylist()) == {1, 3}
    assert "nflcom_projections 2024: no file for week 2" in answer.warnings


@pytest.mark.parametrize("broken", ["header", "not UTF-8", "no projection", "cut off", "a page"])
def test_a_broken_file_loses_its_own_week_only(
    nflverse: Callable[..., Nflverse], copy: Path, broken: str
) -> None:
    file = copy / NFLCOM / str(SEASON) / "2" / "projected" / "TE_projected.csv"
    lines = file.read_bytes().splitlines(keepends=True)
    # A new file, because the old one is a hard link to the mirror of other tests.
    file.unlink()
    file.write_bytes(
        {
            "header": lines[0].replace(b"Projected", b"Expected") + b"".join(lines[1:]),
            "not UTF-8": b"".join([*lines, "José,1,TE,BUF,9\n".encode("latin-1")]),
            "no projection": lines[0],
            "cut off": b"".join(lines)[:-9],
            "a page": b"<!DOCTYPE html><title>Log in</title>\n",
        }[broken]
    )
    source = nflverse(root=copy)
    weeks = [1, 2, 3]
    players, _ = raw_players(source, source.schedule(), SEASON, weeks)
    answer = nflcom_projections(source, players, SEASON, weeks)
    assert set(answer.parts[0]["week"].to_pylist()) == {1, 3}
    assert list(answer.failed) == [2]
    assert isinstance(answer.failed[2], UnusableAnswerError)


# The reader of each data set


READERS = {
    "schedule": ("nflreadpy", "load_schedules", None),
    "weekly_stats": ("nflreadpy", "load_player_stats", "import_weekly_data"),
    "weekly_rosters": ("nfl_data_py", "load_rosters_weekly", "import_weekly_rosters"),
    "injuries": ("nfl_data_py", "load_injuries", "import_injuries"),
    "snap_counts": ("nfl_data_py", "load_snap_counts", "import_snap_counts"),
    "player_ids": ("nfl_data_py", "load_ff_playerids", "import_ids"),
    "players": ("nfl_data_py", "load_players", "import_players"),
}


def forbid(monkeypatch: pytest.MonkeyPatch, library: Any, function: str | None) -> None:
    def called(*args: Any, **kwargs: Any) -> None:
        pytest.fail(f"{library.__name__}.{function} was called")

    if function is not None:
        monkeypatch.setattr(library, function, called)


@pytest.mark.parametrize("dataset", READERS)
def test_auto_picks_one_reader_for_each_data_set(
    nflverse: Callable[..., Nflverse], copy: Path, monkeypatch: pytest.MonkeyPatch, dataset: str
) -> None:
    reader, of_nflreadpy, of_nfl_data_py = READERS[dataset]
    if reader == "nflreadpy":
        forbid(monkeypatch, nfl_data_py, of_nfl_data_py)
    else:
        forbid(monkeypatch, nflreadpy, of_nflreadpy)
    source = nflverse(root=copy)
    assert source.reader_of(dataset) == reader
    assert read(source, dataset).num_rows > 0


@pytest.mark.parametrize("dataset", READERS)
def test_an_explicit_reader_is_the_only_one_used(
    nflverse: Callable[..., Nflverse], copy: Path, monkeypatch: pytest.MonkeyPatch, dataset: str
) -> None:
    _, of_nflreadpy, of_nfl_data_py = READERS[dataset]
    with monkeypatch.context() as only:
        forbid(only, nfl_data_py, of_nfl_data_py)
        assert read(nflverse("nflreadpy", copy), dataset).num_rows > 0
    source = nflverse("nfl_data_py", copy)
    if dataset == "schedule":
        # nfl_data_py reads it over plain http.
        forbid(monkeypatch, nfl_data_py, "import_schedules")
        assert source.reader_of(dataset) == "nflreadpy"
    else:
        forbid(monkeypatch, nflreadpy, of_nflreadpy)
        assert source.reader_of(dataset) == "nfl_data_py"
    assert read(source, dataset).num_rows > 0


def test_nflcom_has_a_reader_of_its_own(nflverse: Callable[..., Nflverse]) -> None:
    for reader in ("auto", "nfl_data_py", "nflreadpy"):
        assert nflverse(reader).reader_of("nflcom_projections") == "hvpkod/NFL-Data"


@pytest.mark.parametrize("season", [2025, 2026])
def test_nfl_data_py_says_that_its_stats_ended(
    nflverse: Callable[..., Nflverse], monkeypatch: pytest.MonkeyPatch, season: int
) -> None:
    forbid(monkeypatch, nfl_data_py, "import_weekly_data")
    with pytest.raises(SourceError) as refused:
        nflverse("nfl_data_py").weekly_stats(season)
    assert not isinstance(refused.value, NotPublishedError)
    assert str(refused.value).startswith(f"weekly_stats {season}: nfl_data_py ")
    assert "2024" in refused.value.cause
    assert "--source auto" in refused.value.advice


# Missing seasons and files


@pytest.mark.parametrize(
    ("dataset", "season"),
    [("weekly_stats", 1998), ("weekly_rosters", 2001), ("injuries", 2008), ("snap_counts", 2011)],
)
@pytest.mark.parametrize("reader", ["auto", "nfl_data_py", "nflreadpy"])
def test_seasons_before_upstream_begins_are_not_asked_for(
    nflverse: Callable[..., Nflverse],
    monkeypatch: pytest.MonkeyPatch,
    reader: str,
    dataset: str,
    season: int,
) -> None:
    forbid(monkeypatch, Transport, "fetch")
    with pytest.raises(
        NotPublishedError, match=rf"{dataset} {season}: upstream begins with {season + 1}"
    ):
        getattr(nflverse(reader), dataset)(season)


@pytest.mark.parametrize("dataset", BY_SEASON)
@pytest.mark.parametrize("reader", ["auto", "nfl_data_py", "nflreadpy"])
def test_a_season_without_a_file_is_not_published(
    nflverse: Callable[..., Nflverse], reader: str, dataset: str
) -> None:
    with pytest.raises(NotPublishedError, match=rf"^{dataset} 2023: ") as missing:
        getattr(nflverse(reader), dataset)(2023)
    assert "check the season" in missing.value.advice


def test_the_other_files_are_read_where_one_is_missing(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    (copy / FILES["injuries"].format(season=SEASON)).unlink()
    source = nflverse(root=copy)
    with pytest.raises(NotPublishedError):
        source.injuries(SEASON)
    assert source.snap_counts(SEASON).num_rows > 0


@pytest.mark.parametrize("reader", ["nfl_data_py", "nflreadpy"])
def test_a_renamed_column_is_named(
    nflverse: Callable[..., Nflverse], copy: Path, reader: str
) -> None:
    path = copy / FILES["snap_counts"].format(season=SEASON)
    table = pq.read_table(path, partitioning=None)
    path.unlink()
    write_parquet(path, table.rename_columns({"offense_snaps": "offensive_snaps"}))
    with pytest.raises(
        SourceError,
        match=r"snap_counts 2024: .* no column offense_snaps \(renamed to offensive_snaps\?\)",
    ):
        nflverse(reader, copy).snap_counts(SEASON)


# Notes, and files read once


def test_roster_rows_without_an_id_are_noted(nflverse: Callable[..., Nflverse], copy: Path) -> None:
    path = copy / FILES["weekly_rosters"].format(season=SEASON)
    table = pq.read_table(path, partitioning=None)
    path.unlink()
    ids = table["gsis_id"].to_pylist()
    unknown = ids[0]
    elias = [
        None if gsis == unknown else esb
        for gsis, esb in zip(ids, table["esb_id"].to_pylist(), strict=True)
    ]
    late = ids[1]
    ids = ["" if gsis in (unknown, late) else gsis for gsis in ids]
    for name, values in (("gsis_id", ids), ("esb_id", elias)):
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    write_parquet(path, table)
    for reader in ("auto", "nflreadpy"):
        source = nflverse(reader, copy)
        assert source.notes("weekly_rosters", SEASON) == []
        found = set(source.weekly_rosters(SEASON)["player_id"].to_pylist())
        assert unknown not in found
        assert late in found
        [note] = source.notes("weekly_rosters", SEASON)
        assert note.startswith("weekly_rosters 2024: 3 rows without a gsis_id left out: ")
        assert source.notes("injuries", SEASON) == []


@pytest.mark.parametrize("dataset", [*WHOLE, *BY_SEASON])
def test_a_file_is_read_once(nflverse: Callable[..., Nflverse], dataset: str) -> None:
    source = nflverse()
    assert read(source, dataset) is read(source, dataset)


@pytest.mark.parametrize("dataset", WHOLE)
def test_the_next_run_reads_a_file_again_only_if_it_changed(
    nflverse: Callable[..., Nflverse], copy: Path, dataset: str
) -> None:
    """A daemon, or a test, has several runs in one process."""
    first = read(nflverse(root=copy), dataset)
    assert read(nflverse(root=copy), dataset).equals(first)
    paths = (
        [copy / path for path in ID_FILES] if dataset == "player_ids" else [copy / FILES[dataset]]
    )
    for path in paths:
        if path.suffix == ".csv":
            content = b"".join(path.read_bytes().splitlines(keepends=True)[:-1])
            path.unlink()
            path.write_bytes(content)
        else:
            table = pq.read_table(path, partitioning=None)
            path.unlink()
            write_parquet(path, table.slice(0, table.num_rows - 1))
    assert read(nflverse(root=copy), dataset).num_rows == first.num_rows - 1


def test_many_seasons_are_not_all_kept(nflverse: Callable[..., Nflverse], copy: Path) -> None:
    path = str(copy / FILES["snap_counts"])
    rows = pq.read_table(path.format(season=SEASON))
    at = rows.schema.get_field_index("season")
    for season in range(2017, SEASON):
        seasons = pa.array([season] * len(rows), rows.schema.field("season").type)
        pq.write_table(rows.set_column(at, "season", seasons), path.format(season=season))
    source = nflverse(root=copy)
    first = source.snap_counts(2017)
    for season in range(2018, SEASON):
        source.snap_counts(season)
    assert source.snap_counts(SEASON - 1) is source.snap_counts(SEASON - 1)
    again = source.snap_counts(2017)
    assert again is not first
    assert again.equals(first)


def test_every_nflcom_position_is_one_of_ours(sample: SampleLeague) -> None:
    found = set(sample.nflcom_projections(SEASON, [1])["position"].to_pylist())
    assert found == set(FANTASY_POSITIONS)


# The guard against network access


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.org", 443)])
def test_no_test_reaches_the_network(address: tuple[str, int]) -> None:
    with socket.socket() as client:
        for connect in (client.connect, client.connect_ex):
            with pytest.raises(AssertionError, match=f"a test tried to reach {address[0]}"):
                connect(address)


# Files that upstream changed or damaged


EVERY = (*WHOLE, *BY_SEASON, "nflcom_projections")
OTHER_FILES = {
    "weekly_stats": (NEW_STATS,),
    "player_ids": ID_FILES,
    "nflcom_projections": (f"{NFLCOM}/{{season}}/2/projected/QB_projected.csv",),
}


def rewritten(root: Path, dataset: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a season's file; of NFL.com's files, the one of quarterbacks in week 2."""
    for pattern in OTHER_FILES.get(dataset) or (FILES[dataset],):
        path = root / pattern.format(season=SEASON)
        is_csv = path.suffix == ".csv"
        table = change(read_csv(path) if is_csv else pq.read_table(path, partitioning=None))
        # A new file, because the old one is a hard link to the mirror of other tests.
        path.unlink()
        (write_csv if is_csv else write_parquet)(path, table)


def named(dataset: str) -> str:
    """Return the beginning of a data set's messages."""
    return dataset if dataset in WHOLE else f"{dataset} {SEASON}"


def retyped(column: str, value: Any) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        at = table.column_names.index(column)
        return table.set_column(at, column, pa.array([value] * len(table)))

    return change


def blank(table: pa.Table, name: str) -> pa.Table:
    at = table.column_names.index(name)
    return table.set_column(at, name, pa.nulls(table.num_rows, table.schema.field(name).type))


@pytest.mark.parametrize("dataset", EVERY)
def test_a_new_column_is_accepted_and_reported(
    nflverse: Callable[..., Nflverse], copy: Path, dataset: str
) -> None:
    before = read(nflverse(root=copy), dataset)
    rewritten(copy, dataset, lambda t: t.append_column("air_speed", pa.array([1.0] * t.num_rows)))
    source = nflverse(root=copy)
    assert read(source, dataset).equals(before)
    assert source.notes(dataset, SEASON)[-1] == (
        f"{named(dataset)}: upstream has new columns, not read: air_speed"
    )


@pytest.mark.parametrize("dataset", ["nflcom_projections", "player_ids"])
def test_without_a_new_column_nothing_is_reported(
    nflverse: Callable[..., Nflverse], dataset: str
) -> None:
    source = nflverse()
    read(source, dataset)
    assert source.notes(dataset, SEASON) == []


@pytest.mark.real
def test_nflcoms_columns_of_all_seasons_are_known(nfl_mirror: Path) -> None:
    files = [
        path
        for position in FANTASY_POSITIONS
        for path in (nfl_mirror / NFLCOM).glob(f"*/*/projected/{position}_projected.csv")
    ]
    assert len(files) > 300
    for path in files:
        header = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
        assert column_notes(header, nflcom_files.NFLCOM_FILE) == [], path


def test_a_new_column_of_nflcom_reaches_the_warnings(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    rewritten(
        copy, "nflcom_projections", lambda t: t.append_column("mood", pa.array(["good"] * len(t)))
    )
    source = nflverse(root=copy)
    players, _ = raw_players(source, source.schedule(), SEASON, [2])
    answer = nflcom_projections(source, players, SEASON, [2])
    note = f"nflcom_projections {SEASON}: upstream has new columns, not read: mood"
    assert note in answer.warnings


def test_known_columns_are_no_news(nflverse: Callable[..., Nflverse], copy: Path) -> None:
    rewritten(copy, "weekly_stats", lambda t: t.append_column("pacr", pa.array([1.0] * len(t))))
    source = nflverse(root=copy)
    read(source, "weekly_stats")
    assert not any("new columns" in note for note in source.notes("weekly_stats", SEASON))


def test_an_optional_column_that_is_gone_is_reported(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    rewritten(copy, "weekly_rosters", lambda t: t.drop_columns(["yahoo_id"]))
    source = nflverse(root=copy)
    assert read(source, "weekly_rosters")["yahoo_id"].null_count > 0
    assert (
        f"weekly_rosters {SEASON}: upstream lacks optional columns, left null: yahoo_id"
        in source.notes("weekly_rosters", SEASON)
    )


def test_an_optional_column_that_is_gone_is_reported_under_every_name(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    rewritten(copy, "weekly_rosters", lambda t: t.drop_columns(["rookie_year"]))
    source = nflverse(root=copy)
    read(source, "weekly_rosters")
    note = (
        f"weekly_rosters {SEASON}: upstream lacks optional columns, left null: "
        "rookie_season or rookie_year"
    )
    assert note in source.notes("weekly_rosters", SEASON)


def test_notes_reach_the_warnings(nflverse: Callable[..., Nflverse], copy: Path) -> None:
    rewritten(copy, "injuries", lambda t: t.append_column("mood", pa.array(["good"] * len(t))))
    source = nflverse(root=copy)
    _, warnings = raw_players(source, source.schedule(), SEASON, [1])
    assert f"injuries {SEASON}: upstream has new columns, not read: mood" in warnings


@pytest.mark.parametrize("dataset", BY_SEASON)
def test_another_seasons_file_is_refused(
    nflverse: Callable[..., Nflverse], copy: Path, dataset: str
) -> None:
    def last_year(table: pa.Table) -> pa.Table:
        at = table.column_names.index("season")
        return table.set_column(at, "season", pa.array([SEASON - 1] * len(table), pa.int32()))

    rewritten(copy, dataset, last_year)
    with pytest.raises(
        SourceError, match=f"^{dataset} {SEASON}: upstream's file has rows of season {SEASON - 1}"
    ):
        read(nflverse(root=copy), dataset)


@pytest.mark.parametrize(
    ("dataset", "column"), [("weekly_rosters", "gsis_id"), ("injuries", "gsis_id")]
)
def test_a_file_of_which_no_row_can_be_used_is_refused(
    nflverse: Callable[..., Nflverse], copy: Path, dataset: str, column: str
) -> None:
    def nobody(table: pa.Table) -> pa.Table:
        table = blank(table, column)
        return blank(table, "esb_id") if "esb_id" in table.column_names else table

    rewritten(copy, dataset, nobody)
    with pytest.raises(SourceError, match=f"^{dataset} {SEASON}: none of the file's rows can"):
        read(nflverse(root=copy), dataset)


@pytest.mark.parametrize("dataset", BY_SEASON)
def test_a_file_without_rows_is_refused(
    nflverse: Callable[..., Nflverse], copy: Path, dataset: str
) -> None:
    rewritten(copy, dataset, lambda table: table.slice(0, 0))
    with pytest.raises(SourceError, match=f"^{dataset} {SEASON}: the upstream file has no rows"):
        read(nflverse(root=copy), dataset)


@pytest.mark.parametrize(
    ("dataset", "column", "value", "label"),
    [
        ("schedule", "gameday", "first", "gameday"),
        # nflreadpy computes with it.
        ("schedule", "roof", [1], "roof"),
        ("players", "draft_number", "first", "draft_pick (upstream: draft_number)"),
        # A CSV has no types, so any whole number or word could be an id.
        ("player_ids", "espn_id", 1.5, "espn_id"),
        ("player_ids", "name", 1.5, "player_name (upstream: name)"),
        ("weekly_stats", "week", "first", "week"),
        ("weekly_stats", "passing_yards", "first", "passing_yards"),
        # nfl_data_py computes with these.
        ("weekly_rosters", "week", "first", "week"),
        ("weekly_rosters", "season", "first", "season"),
        ("weekly_rosters", "team", [1], "team"),
        ("weekly_rosters", "birth_date", "first", "birth_date"),
        ("weekly_rosters", "birth_date", 19950917, "birth_date"),
        ("weekly_rosters", "gsis_id", True, "player_id (upstream: gsis_id)"),
        ("weekly_rosters", "rookie_year", "first", "rookie_season (upstream: rookie_year)"),
        ("injuries", "week", "first", "week"),
        ("snap_counts", "offense_pct", "first", "snap_share (upstream: offense_pct)"),
        (
            "nflcom_projections",
            "PlayerWeekProjectedPts",
            "first",
            "points_half (upstream: PlayerWeekProjectedPts)",
        ),
    ],
)
@pytest.mark.parametrize("reader", ["nfl_data_py", "nflreadpy"])
def test_a_column_of_another_type_is_named(
    nflverse: Callable[..., Nflverse],
    copy: Path,
    reader: str,
    dataset: str,
    column: str,
    value: Any,
    label: str,
) -> None:
    if dataset == "weekly_stats" and reader == "nfl_data_py":
        old = copy / OLD_STATS.format(season=SEASON)
        table = retyped(column, value)(pq.read_table(old, partitioning=None))
        old.unlink()
        write_parquet(old, table)
    else:
        rewritten(copy, dataset, retyped(column, value))
    where = f"{named(dataset)} week 2" if dataset == "nflcom_projections" else named(dataset)
    with pytest.raises(SourceError) as failed:
        read(nflverse(reader, copy), dataset)
    assert str(failed.value).startswith(f"{where}: a column changed its type: {label}: ")
    assert "update fantasy_pipeline" in failed.value.advice


@pytest.mark.parametrize("column", ["season", "week", "team", "birth_date"])
def test_a_column_that_the_library_computes_with_is_named_when_it_is_gone(
    nflverse: Callable[..., Nflverse], copy: Path, column: str
) -> None:
    rewritten(copy, "weekly_rosters", lambda table: table.drop_columns([column]))
    with pytest.raises(SourceError, match=rf"^weekly_rosters {SEASON}: .*\b{column}\b") as failed:
        nflverse("nfl_data_py", copy).weekly_rosters(SEASON)
    assert "choose another --source" in failed.value.advice
    assert "Delete" not in str(failed.value)


def test_a_damaged_file_is_not_blamed_on_a_column(
    nflverse: Callable[..., Nflverse], copy: Path
) -> None:
    path = copy / FILES["weekly_rosters"].format(season=SEASON)
    path.unlink()
    path.write_bytes(b"PAR1" + b"\x00" * 64 + b"PAR1")
    with pytest.raises(SourceError, match=rf"the file {path} could not be read: .*Delete"):
        nflverse(root=copy).weekly_rosters(SEASON)

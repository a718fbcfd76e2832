"""Queries: the projections of a week, and SQL that can only read."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow as pa
import pytest

from fantasy_pipeline.cli.output import Format, write
from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, PROJECTIONS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import FIXED_COLUMNS, run_sql, week_projections

Rows = Callable[..., pa.Table]
W5, W6 = SeasonWeek(2024, 5), SeasonWeek(2024, 6)


def projected(player: str, position: str, std: float, half: float, ppr: float) -> dict[str, Any]:
    points = {"": ppr, "_std": std, "_half": half}
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "player_name": player.title(),
        "position": position,
        "team": "BUF",
        "source": "baseline",
        **{f"projected_points{suffix}": value for suffix, value in points.items()},
        **{f"p10{suffix}": value - 1 for suffix, value in points.items()},
        **{f"p50{suffix}": value + 1 for suffix, value in points.items()},
        **{f"p90{suffix}": value + 2 for suffix, value in points.items()},
    }


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    """Week 5 projected, week 6 without games."""
    table = rows(
        PROJECTIONS,
        projected("back", "RB", 12.0, 12.5, 13.0),
        projected("catcher", "WR", 8.0, 11.0, 14.0),
        projected("twin", "WR", 8.0, 11.0, 14.0),
        projected("kicker", "K", 9.0, 9.0, 9.0),
    )
    lake.write_weeks(PROJECTIONS, table, [W5, W6])
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 5, "game_id": "a", "home_score": 24}))
    return lake


def names(table: pa.Table) -> list[str]:
    return table["player_id"].to_pylist()


# Projections of a week


def test_the_columns_that_scripts_rely_on_come_first(filled: Lake) -> None:
    columns = week_projections(filled, W5).column_names
    assert columns[:13] == [
        "season",
        "week",
        "player_id",
        "player_name",
        "position",
        "team",
        "opponent",
        "projected_points",
        "p10",
        "p50",
        "p90",
        "source",
        "reason",
    ]
    assert columns[:13] == FIXED_COLUMNS
    assert columns == PROJECTIONS.column_names


@pytest.mark.parametrize(
    ("scoring", "order", "points"),
    [
        ("ppr", ["catcher", "twin", "back", "kicker"], [14.0, 14.0, 13.0, 9.0]),
        ("half", ["back", "catcher", "twin", "kicker"], [12.5, 11.0, 11.0, 9.0]),
        ("std", ["back", "kicker", "catcher", "twin"], [12.0, 9.0, 8.0, 8.0]),
    ],
)
def test_best_first_in_each_scoring(
    filled: Lake, scoring: Any, order: list[str], points: list[float]
) -> None:
    table = week_projections(filled, W5, scoring=scoring)
    assert names(table) == order
    assert table["projected_points"].to_pylist() == points
    assert table["p10"].to_pylist() == [value - 1 for value in points]
    assert table["p50"].to_pylist() == [value + 1 for value in points]
    assert table["p90"].to_pylist() == [value + 2 for value in points]
    assert table.column_names == PROJECTIONS.column_names


def test_one_position(filled: Lake) -> None:
    assert names(week_projections(filled, W5, "WR")) == ["catcher", "twin"]
    assert names(week_projections(filled, W5, "QB")) == []


def test_the_best_of_a_position(filled: Lake) -> None:
    assert names(week_projections(filled, W5, top=2)) == ["catcher", "twin"]
    assert names(week_projections(filled, W5, "WR", top=1)) == ["catcher"]
    assert len(names(week_projections(filled, W5, top=100))) == 4


@pytest.mark.parametrize("position", ["FB", "wr", "", "DEF"])
def test_a_position_that_is_not_projected_is_an_error(filled: Lake, position: str) -> None:
    with pytest.raises(
        PipelineError, match=r"position .* is none of QB, RB, WR, TE, K, DST\."
    ) as bad:
        week_projections(filled, W5, position)
    assert repr(position) in str(bad.value)


def test_a_week_that_was_not_projected_is_an_error(filled: Lake) -> None:
    with pytest.raises(NotMaterializedError, match="projections 2024 week 7: not in the lake"):
        week_projections(filled, SeasonWeek(2024, 7))


def test_a_week_without_games_is_an_error(filled: Lake) -> None:
    with pytest.raises(NotMaterializedError, match=r"projections 2024 week 6: .* no game"):
        week_projections(filled, W6)


# SQL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select count(*) as n from projections", [{"n": 4}]),
        ("from projections select player_id where position = 'K'", [{"player_id": "kicker"}]),
        (
            "with best as (select max(projected_points) as p from projections) from best",
            [{"p": 14.0}],
        ),
        (
            "select player_id from projections join games using (season, week) "
            "where home_score > 20 order by projected_points limit 1;",
            [{"player_id": "kicker"}],
        ),
        ("select distinct season, week from projections", [{"season": 2024, "week": 5}]),
        ("values (1)", [{"col0": 1}]),
        ("-- how many\nselect 1 as one", [{"one": 1}]),
    ],
)
def test_reading(filled: Lake, text: str, expected: list[dict[str, Any]]) -> None:
    assert run_sql(filled, text).to_pylist() == expected


@pytest.mark.parametrize("text", ["describe projections", "show tables"])
def test_looking_around(filled: Lake, text: str) -> None:
    assert run_sql(filled, text).num_rows > 0


READ_ONLY = "sql takes one read-only statement"


@pytest.mark.parametrize(
    "text",
    [
        "insert into projections select * from projections",
        "update projections set week = 6",
        "delete from projections",
        "create table mine as select 1",
        "create view mine as select 1",
        "drop view projections",
        "alter view projections rename to mine",
        "attach ':memory:' as other",
        "detach memory",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '1GB'",
        "set lock_configuration = false",
        "set enable_external_access = true",
        "reset allowed_directories",
        "pragma disable_checkpoint_on_shutdown",
        "call pragma_version()",
        "begin transaction",
        "prepare mine as select 1",
        "vacuum",
        "checkpoint",
        "use memory",
        "select 1; select 2",
        "select 1; drop view projections",
        "",
        "   ",
        "-- nothing",
        ";",
    ],
)
def test_whatever_does_not_only_read_is_refused(filled: Lake, text: str) -> None:
    with pytest.raises(PipelineError, match=READ_ONLY):
        run_sql(filled, text)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to '{file}'",
        "copy projections to '{file}' (format csv)",
        "export database '{file}'",
        "attach '{file}' as other",
    ],
)
@pytest.mark.parametrize("place", ["lake/new.parquet", "lake/lake.json", "outside.parquet"])
def test_nothing_is_written(filled: Lake, tmp_path: Path, statement: str, place: str) -> None:
    before = contents(tmp_path)
    with pytest.raises(PipelineError, match=READ_ONLY):
        run_sql(filled, statement.format(file=tmp_path / place))
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(
            place,
        )
        for place in ("lake/new.parquet", "lake/lake.json", "lake/games/part.parquet")
    ]
    + ["outside.parquet"],
)
def test_nothing_is_written_by_way_of_explain(filled: Lake, tmp_path: Path, place: str) -> None:
    before = contents(tmp_path)
    with pytest.raises(PipelineError):
        run_sql(filled, f"explain analyze copy (select 1) to '{tmp_path / place}'")
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "place", ["secret.csv", "lake/../secret.csv", "lake2/secret.csv", "lake/./../secret.csv"]
)
@pytest.mark.parametrize(
    "read", ["from '{file}'", "from read_csv('{file}')", "from read_text('{file}')"]
)
def test_files_outside_the_lake_are_not_read(
    filled: Lake, tmp_path: Path, place: str, read: str
) -> None:
    for folder in ("", "lake2"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "secret.csv").write_text("secret\nopen-sesame\n")
    with pytest.raises(PipelineError, match="Permission Error") as refused:
        run_sql(filled, read.format(file=f"{tmp_path}/{place}"))
    assert "open-sesame" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["from glob('/etc/*')", "from read_blob('/etc/passwd')", "from 'https://example.org/x.csv'"],
)
def test_neither_is_the_rest_of_the_machine_or_the_network(filled: Lake, text: str) -> None:
    with pytest.raises(PipelineError, match=r"Permission Error|disabled"):
        run_sql(filled, text)


# Statements that pass for read-only but would read or change something other than the tables.
HOSTILE = [
    "from read_csv('/etc/passwd')",
    "from read_csv_auto('/etc/passwd', header = false)",
    "from sniff_csv('/etc/passwd')",
    "from read_text('/etc/passwd')",
    "from read_text(['/etc/passwd', '/etc/hosts'])",
    "from read_text('/etc/../etc/passwd')",
    "from read_text('/proc/self/environ')",
    "from read_blob('/etc/passwd')",
    "from read_json('/etc/passwd')",
    "from read_json_objects('/etc/passwd')",
    "from read_ndjson_objects('/etc/passwd')",
    "from read_parquet('/etc/*')",
    "from parquet_metadata('/etc/passwd')",
    "from parquet_schema('/etc/passwd')",
    "from parquet_kv_metadata('/etc/passwd')",
    "from '/etc/passwd'",
    "from 'file:///etc/passwd'",
    "from glob('/etc/*')",
    "from glob('{folder}/lake/../*')",
    "from read_text('{folder}/lake/../secret.csv')",
    "from read_text('{folder}/.tmp/secret.csv')",
    "from read_text('.tmp/secret.csv')",
    "from '.tmp/secret.csv'",
    "from read_text('~/.bashrc')",
    "with t as (from read_text('/etc/passwd')) from t",
    "select (select content from read_text('/etc/passwd'))",
    "select 1 where exists (from read_text('/etc/passwd'))",
    "describe from read_text('/etc/passwd')",
    "summarize from read_csv('/etc/passwd')",
    "from query('from read_text(''/etc/passwd'')')",
    "from query('drop view games')",
    "from query('select 1; select 2')",
    "from json_execute_serialized_sql(json_serialize_sql('from read_text(''/etc/passwd'')'))",
    "from 'https://example.org/x.parquet'",
    "from 's3://bucket/x.parquet'",
    "from read_parquet('hf://datasets/x/y.parquet')",
    "from read_xlsx('/tmp/x.xlsx')",
    "from sqlite_scan('/tmp/x.db', 't')",
    "from postgres_scan('host=127.0.0.1', 'public', 't')",
    "from iceberg_scan('s3://bucket/t')",
    "from duckdb_secrets()",
    "from which_secret('s3://bucket', 's3')",
    "select getenv('HOME')",
    "select getenv('AWS_SECRET_ACCESS_KEY')",
    "from enable_profiling(save_location = '{folder}/lake/games/part.parquet')",
    "from arrow_scan(1, 1, 1)",
    "from pandas_scan(1)",
    "select nextval('s')",
    "explain analyze copy games to '{folder}/games.csv'",
    "import database '{folder}'",
    "copy games to '{folder}/games.csv'",
    "copy (select 1) to '{folder}/lake/games/part.parquet'",
    "create or replace temp view games as select 1",
    "create temp macro f() as 1",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "create table t as from read_text('/etc/passwd')",
    "install httpfs from 'https://example.org'",
    "force install httpfs",
    "load '{folder}/mine.duckdb_extension'",
    "attach '{folder}/lake/mine.db' as mine",
    "set global enable_external_access = true",
    "set home_directory = '/'",
    "set temp_directory = '/'",
    "set allowed_directories = ['/']",
    "reset enable_external_access",
    "pragma enable_profiling = 'json'",
    "pragma profiling_output = '{folder}/out.json'",
    "pragma import_database('{folder}')",
    "pragma json_execute_serialized_sql('x')",
    "call enable_logging(storage_path = '{folder}')",
    "merge into games using games as g on true when matched then delete",
    "truncate games",
    "select 1 into outfile '{folder}/x'",
    "select 1; copy games to '{folder}/games.csv'",
    "commit",
    "rollback",
    "deallocate x",
    "execute x",
    "set variable x = 1",
    "from lake",
    "from text",
    "from statements",
    "from connection",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_statement_reaches_beyond_the_tables(
    filled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / ".tmp").mkdir()
    for place in ("secret.csv", ".tmp/secret.csv"):
        (tmp_path / place).write_text("canary\n42\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    before = contents(tmp_path)
    with pytest.raises(PipelineError) as refused:
        run_sql(filled, text.format(folder=tmp_path))
    for secret in ("canary", "root:", "42"):
        assert secret not in str(refused.value).replace(text.format(folder=tmp_path), "").replace(
            str(tmp_path), ""
        )
    assert contents(tmp_path) == before


@pytest.mark.parametrize("place", ["log", "lake", "lake/log"])
def test_no_statement_writes_a_log(filled: Lake, tmp_path: Path, place: str) -> None:
    """DuckDB 1 lets a statement switch logging on in its own database; 2 refuses."""
    before = contents(tmp_path)
    logging = f"from enable_logging(storage = 'file', storage_path = '{tmp_path / place}')"
    with suppress(PipelineError):
        run_sql(filled, logging.join(["with a as materialized (", ") from a, games"]))
    assert contents(tmp_path) == before


def test_settings_are_as_safe_as_they_can_be(filled: Lake) -> None:
    found = run_sql(filled, "select name, value from duckdb_settings()")
    settings = dict(zip(found["name"].to_pylist(), found["value"].to_pylist(), strict=True))
    assert settings["enable_external_access"] == "false"
    assert settings["lock_configuration"] == "true"
    assert settings["autoload_known_extensions"] == "false"
    assert settings["autoinstall_known_extensions"] == "false"
    assert settings["temp_directory"].startswith(f"{filled.root}/.snapshots/")
    allowed = settings["allowed_directories"].strip("[]").split(", ")
    assert all(folder.startswith(f"{filled.root}/") for folder in allowed)


def test_a_query_larger_than_memory_spills_into_its_own_folder(filled: Lake) -> None:
    with filled.connect([GAMES], private=True) as connection:
        connection.execute("set memory_limit = '60MB'")
        connection.execute("set enable_external_access = false")
        rows = connection.execute(
            "select count(*) from (select hash(i), i from range(6000000) t(i) order by all)"
        )
        assert rows.fetchall() == [(6_000_000,)]
    assert list(Path(filled.root, ".snapshots").iterdir()) == []


def test_the_lakes_own_files_may_be_read(filled: Lake) -> None:
    found = run_sql(filled, f"from '{filled.path(GAMES)}'")
    assert found["game_id"].to_pylist() == ["a"]


def test_a_lake_elsewhere_is_read_too(rows: Rows) -> None:
    root = f"memory://{uuid4().hex}"
    lake = Lake(root, "test")
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 5, "game_id": "a"}))
    assert run_sql(lake, "select game_id from games").to_pylist() == [{"game_id": "a"}]
    with pytest.raises(PipelineError, match="Permission Error"):
        run_sql(lake, "from read_text('/etc/passwd')")
    fsspec.filesystem("memory").rm(root, recursive=True)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("selec 1", "Parser Error"),
        ("from projection", "Table with name projection does not exist"),
        ("select nope from games", 'column "nope" not found'),
        ("select cast('a' as integer)", "Conversion Error"),
        ("select $1", "parameter"),
    ],
)
def test_an_error_lists_the_tables(filled: Lake, text: str, cause: str) -> None:
    with pytest.raises(PipelineError, match=cause) as failed:
        run_sql(filled, text)
    message = str(failed.value)
    assert message.endswith("(tables in the lake: games, projections)")
    assert "\n" not in message


def test_a_statement_that_takes_too_long_is_stopped(filled: Lake) -> None:
    endless = (
        "select count(*) from games, range(1000000000) a, range(1000000000) b where a.range % 7 = 3"
    )
    with pytest.raises(PipelineError, match=r"stopped after 0\.2 s.*--timeout"):
        run_sql(filled, endless, timeout=0.2)
    assert list(Path(filled.root, ".snapshots").iterdir()) == []
    assert run_sql(filled, "select 1 as one", timeout=60).to_pylist() == [{"one": 1}]


def test_only_tables_that_are_named_are_opened(filled: Lake) -> None:
    """A damaged file of another table does not stand in the way."""
    Path(filled.path(PROJECTIONS, W5)).write_bytes(b"PAR1 half a file")
    assert run_sql(filled, "select count(*) as n from games").num_rows == 1
    assert run_sql(filled, "select 1 as one").num_rows == 1
    for text in ("from Projections", "select * from 'projections'", "show tables"):
        with pytest.raises(PipelineError, match=r"projections 2024 week 5: the file .* is damaged"):
            run_sql(filled, text)


def test_an_error_in_an_empty_lake_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(PipelineError, match="none yet; run `fantasy-pipeline run` first"):
        run_sql(lake, "from projections")
    assert run_sql(lake, "select 1 as one").to_pylist() == [{"one": 1}]


def test_a_query_does_not_change_the_settings_of_others(filled: Lake, tmp_path: Path) -> None:
    """run_sql locks its own connection only."""
    (tmp_path / "mine.csv").write_text("a\n1\n")
    run_sql(filled, "select 1")
    with filled.connect([GAMES]) as connection:
        assert connection.execute(f"from '{tmp_path}/mine.csv'").fetchall() == [(1,)]


# Written as text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1 as x", 1),
        ("select 1.5::double as x", 1.5),
        ("select null as x", None),
        ("select date '2024-09-08' as x", "2024-09-08"),
        ("select timestamptz '2024-09-08 17:00:00+00' as x", "2024-09-08T17:00:00+00:00"),
        ("select [1, 2] as x", [1, 2]),
        pytest.param(
            "select sum(week) as x from projections",
            20,
        ),
        pytest.param(
            "select 1.50 as x",
            1.5,
        ),
    ],
)
def test_results_can_be_written_as_json(
    filled: Lake, tmp_path: Path, text: str, expected: Any
) -> None:
    write(run_sql(filled, text), Format.json, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == [{"x": expected}]


def test_sums_can_be_written_in_the_other_formats(filled: Lake, tmp_path: Path) -> None:
    table = run_sql(filled, "select sum(week) as x, 'a,b' as y from projections")
    assert table.to_pylist() == [{"x": Decimal(20), "y": "a,b"}]
    for format in (Format.csv, Format.table, Format.parquet):
        write(table, format, tmp_path / format.value)
    assert (tmp_path / "csv").read_text() == 'x,y\n20,"a,b"\n'
    assert "20" in (tmp_path / "table").read_text()

"""Decisions over HTTP: the same answers as the command line's, and every refusal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.lineups import team_lineup
from fantasy_pipeline.operations.market import market_values
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.trades import find_trade, judge_trade
from fantasy_pipeline.operations.waivers import waivers
from fantasy_pipeline.web.representations import CSV, PARQUET
from fantasy_pipeline_tests.loopback import Upstream
from fantasy_pipeline_tests.operations.test_odds import home, odds
from fantasy_pipeline_tests.operations.test_waivers import SUNDAY, WEEK, filled, sleeper
from fantasy_pipeline_tests.web.servers import Client, serving

__all__ = ["filled", "home", "sleeper"]

pytestmark = pytest.mark.loopback
AT = "season=2024&week=16"


@pytest.fixture
def session(
    filled: Lake, sleeper: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Session:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return Session("auto", SUNDAY - timedelta(days=5))


@pytest.fixture
def client(session: Session) -> Iterator[Client]:
    with serving(session) as client:
        yield client


def answer(client: Client, path: str) -> Any:
    found = client.get(f"/api/{path}")
    assert found.status_code == 200, found.text
    return found.json()


def plain(value: object) -> Any:
    return json.loads(json.dumps(value, default=str))


def test_answers_are_those_of_the_command_line(client: Client, session: Session) -> None:
    lake, now = session.lake, session.present
    market = market_values(session, "friends", WEEK)
    expected = {
        f"leagues/friends/lineup?team=ours&{AT}": {
            **team_lineup(lake, "friends", "ours", WEEK, now).to_json(),
            "objective": "mean",
        },
        f"leagues/friends/waivers?team=1&top=2&{AT}": waivers(
            session, "friends", "1", WEEK, 2
        ).to_json(),
        f"leagues/friends/trade?give=cook&get=chase&{AT}": judge_trade(
            lake, "friends", WEEK, ["cook"], ["chase"]
        ).to_json("friends", market),
        f"leagues/friends/trade?find=true&{AT}": find_trade(lake, "friends", WEEK).to_json(
            "friends", market
        ),
    }
    for path, content in expected.items():
        assert answer(client, path) == plain({**content, "data": None}), path


def test_odds_are_those_of_the_command_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = odds(home, "--json", "--sims", "200")
    assert code == 0, err
    monkeypatch.setenv("FANTASY_DATA", str(home / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    session = Session("auto", datetime(2024, 9, 17, tzinfo=timezone.utc))
    with serving(session) as client:
        found = answer(client, "leagues/friends/odds?sims=200&season=2024&week=3")
        assert found == {**json.loads(out), "data": None}
        path = "leagues/friends/odds?sims=200&season=2024&week=3"
        assert parquet(client, path).to_pylist() == found["teams"]
        over = client.get("/api/leagues/friends/odds?season=2024&week=6")
        assert (over.status_code, "the season ended with week 5" in over.text) == (404, True)


def test_players_compared(client: Client) -> None:
    found = answer(client, f"players/compare?player=cook&player=chase&league=friends&{AT}")
    assert (found["season"], found["week"], found["scoring"]) == (2024, 16, "friends")
    assert [one["projected_points"] for one in found["players"]] == [12.0, 16.0]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"players/compare?player=cook&player=chase&{AT}", "players"),
        (f"leagues/friends/lineup?team=ours&{AT}", "starters"),
        (f"leagues/friends/waivers?team=1&top=2&{AT}", "players"),
        (f"leagues/friends/trade?give=cook&get=chase&{AT}", "teams"),
    ],
)
def test_csv_and_parquet_have_a_row_per_entry(client: Client, path: str, name: str) -> None:
    entries = answer(client, path)[name]
    table = parquet(client, path)
    assert table.num_rows == len(entries) > 0
    for row, entry in zip(table.to_pylist(), entries, strict=True):
        # A slot without a player has two fields in JSON.
        assert set(entry) <= set(row)
        for key, value in entry.items():
            nested = isinstance(value, (dict, list))
            assert (json.loads(row[key]) if nested else row[key]) == value, key
    assert csv_rows(client, path) == table.num_rows


def test_trades_are_a_row_per_trade_and_team(client: Client) -> None:
    path = f"leagues/friends/trade?find=true&{AT}"
    found = answer(client, path)["trades"]
    rows = parquet(client, path).to_pylist()
    assert len(rows) == 2 * len(found) == csv_rows(client, path)
    for number, row in enumerate(rows):
        trade = found[number // 2]
        assert row == {
            "trade": number // 2 + 1,
            "weeks": trade["weeks"],
            **trade["teams"][number % 2],
        }


def test_another_format_is_refused(client: Client) -> None:
    found = client.get(f"/api/leagues/friends/lineup?team=ours&{AT}", Accept="image/png")
    assert found.status_code == 406


def parquet(client: Client, path: str) -> pa.Table:
    found = client.get(f"/api/{path}", Accept=PARQUET)
    assert (found.status_code, found.headers["Content-Type"]) == (200, PARQUET)
    return pq.read_table(io.BytesIO(found.content))


def csv_rows(client: Client, path: str) -> int:
    """Return the number of rows of an answer in CSV."""
    found = client.get(f"/api/{path}", Accept=CSV)
    assert (found.status_code, found.headers["Content-Type"].split(";")[0]) == (200, CSV)
    return len(list(csv.DictReader(io.StringIO(found.text))))


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        (f"leagues/nobody/lineup?team=1&{AT}", 404, "there is no league 'nobody'"),
        (f"players/compare?player=a&player=b&league=nobody&{AT}", 404, "there is no league"),
        (f"leagues/friends/lineup?team=nobody&{AT}", 422, "there is no team 'nobody'"),
        (f"leagues/friends/lineup?team=1&opponent=1&{AT}", 422, "is the team itself"),
        ("leagues/friends/lineup?team=1&season=2024", 422, "give both season and week"),
        ("leagues/friends/lineup?team=1&season=2024&week=18", 422, "2024 has the week"),
        (f"leagues/friends/trade?give=cook&{AT}", 422, "give both give and get"),
        (f"leagues/friends/trade?find=true&give=cook&{AT}", 422, "find takes no give and get"),
        (f"leagues/friends/trade?give=cook&get=chase&top=3&{AT}", 422, "need find=true"),
        (f"leagues/friends/waivers?team=1&top=0&{AT}", 422, "greater than or equal to 1"),
        (f"players/compare?player=cook&{AT}", 422, "at least 2 items"),
        (f"leagues/nobody/odds?{AT}", 404, "there is no league 'nobody'"),
        (f"leagues/friends/odds?{AT}", 404, "is not stored"),
        (f"leagues/friends/odds?{AT}&sims=99", 422, "greater than or equal to 100"),
        (f"leagues/friends/odds?{AT}&sims=10001", 422, "less than or equal to 10000"),
    ],
)
def test_refusals(client: Client, path: str, code: int, text: str) -> None:
    found = client.get(f"/api/{path}")
    assert (found.status_code, text in found.text) == (code, True), found.text


def test_a_week_that_the_lake_lacks_is_404(
    client: Client, session: Session, tmp_path: Path
) -> None:
    """The answer does not name the server's folder."""
    for table in ("projections", "rest_of_season"):
        for path in Path(session.lake.root).glob(f"{table}/**/*.parquet"):
            path.unlink()
    found = client.get(f"/api/leagues/friends/trade?give=cook&get=chase&{AT}")
    assert found.status_code == 404
    assert "rest_of_season 2024 week 16: not in the lake." in found.json()["detail"]
    assert str(tmp_path) not in found.text

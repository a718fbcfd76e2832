"""Market values: upstream's CSV, over the network, joined to the id map."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from fantasy_pipeline.errors import LastingError, NotPublishedError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.nflverse import MARKET_URL, Nflverse
from fantasy_pipeline_tests.loopback import Upstream, files, serving

HEADER = (
    '"player","pos","team","age","draft_year","ecr_1qb","ecr_2qb","ecr_pos","value_1qb",'
    '"value_2qb","scrape_date","fp_id"\n'
)
LINES = (
    '"Ann One","WR","BUF",24.7,2020,1.5,5.5,1.2,10136,9227,"2024-11-06","11"\n'
    '"Bob Two","QB","FA",NA,NA,30.1,2.5,1.2,3001,9900,"2024-11-06","12"\n'
    '"Bob Two","QB","FA",NA,NA,30.1,2.5,1.2,12,13,"2024-11-06","13"\n'
    '"A Pick","PICK",NA,NA,NA,30.1,2.5,1.2,12,13,"2024-11-06","99"\n'
)
IDS = (
    "mfl_id,sleeper_id,espn_id,yahoo_id,fantasypros_id,gsis_id,pfr_id,name,position,birthdate\n"
    "1,1,1,1,11,00-0000001,AnnOne00,Ann One,WR,2000-01-01\n"
    "2,2,2,2,12,00-0000002,BobTwo00,Bob Two,QB,2000-01-01\n"
    "3,3,3,3,13,00-0000002,BobTwo00,Bob Two,QB,2000-01-01\n"
)
ID_URL = "raw.githubusercontent.com/dynastyprocess/data/master/files/db_playerids.csv"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in ((MARKET_URL.removeprefix("https://"), HEADER + LINES), (ID_URL, IDS)):
        (tmp_path / "web" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "web" / path).write_text(text, encoding="utf-8")
    return tmp_path / "web"


@pytest.fixture
def upstream(root: Path) -> Iterator[Upstream]:
    with serving() as server:
        server.will(files(root))
        yield server


def source(upstream: Upstream, tmp_path: Path) -> Nflverse:
    return Nflverse(Transport(tmp_path / "cache", upstream.base, attempts=1))


def market_file(root: Path) -> Path:
    return root / MARKET_URL.removeprefix("https://")


def test_values_have_the_players_own_id(upstream: Upstream, tmp_path: Path) -> None:
    found = source(upstream, tmp_path).market_values()
    assert found.schema == schema.MARKET_VALUES.arrow_schema
    day = date(2024, 11, 6)
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("00-0000001", "Ann One", 10136, 9227, day),
        ("00-0000002", "Bob Two", 3001, 9900, day),
    ]


def test_the_file_is_downloaded_once(upstream: Upstream, root: Path, tmp_path: Path) -> None:
    for _ in range(2):
        source(upstream, tmp_path).market_values()
    asked = [headers for path, headers in upstream.requests if path.endswith("values-players.csv")]
    assert ["If-None-Match" in headers for headers in asked] == [False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "market_values: the upstream file has no rows"),
        (HEADER.replace("value_1qb", "worth") + LINES, "market_values.* value_1qb"),
        (HEADER + LINES.replace("3001", "dear"), "value_1qb: 'dear' of 12"),
        (HEADER + LINES.replace('"1', '"7'), "none of the file's rows can be used"),
    ],
)
def test_a_wrong_file(
    upstream: Upstream, root: Path, tmp_path: Path, text: str, message: str
) -> None:
    market_file(root).write_text(text, encoding="utf-8")
    with pytest.raises(LastingError, match=message):
        source(upstream, tmp_path).market_values()


def test_no_file(upstream: Upstream, root: Path, tmp_path: Path) -> None:
    market_file(root).unlink()
    with pytest.raises(NotPublishedError, match=r"^market_values: "):
        source(upstream, tmp_path).market_values()

"""Data over HTTP: the rows of the command line in three formats, in pages, with an ETag."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import requests

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.operations.projection_list import projection_list
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.table_formats import json_text
from fantasy_pipeline.projections.scoreboard import scoreboard, stored_accuracy
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline.web.data_models import PageQuery
from fantasy_pipeline.web.representations import CSV, JSON, PARQUET, accepted
from fantasy_pipeline.web.tables import page_of
from fantasy_pipeline_tests.web.servers import Client

pytestmark = pytest.mark.loopback

PLAYED = "season=2025&week=9"


def answer(site: Client, path: str) -> dict[str, Any]:
    found = site.get(path)
    assert found.status_code == 200, found.text
    content: dict[str, Any] = found.json()
    return content


def plain(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(json_text(table.to_pylist()))
    return rows


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", {}),
        ("scoring=half&position=RB", {"scoring": "half", "position": "RB"}),
        ("team=ATL", {"team": "ATL"}),
        ("player=stubwood", {"player": "stubwood"}),
    ],
)
def test_projections_are_those_of_the_command_line(
    site: Client, deployed: Session, query: str, arguments: dict[str, Any]
) -> None:
    week = SeasonWeek(2025, 9)
    expected = projection_list(deployed.lake, week, deployed.present, **arguments)
    found = answer(site, f"/api/projections?{PLAYED}&{query}")
    assert found["rows"] == plain(expected)
    assert (found["season"], found["week"], found["data"]) == (2025, 9, SAMPLE_LABEL)
    assert found["scoring"] == arguments.get("scoring", "ppr")
    assert found["cursor"] is None


@pytest.mark.parametrize("path", ["/", "/api/projections", "/healthz", "/static/site.css", "/no"])
def test_head_is_a_get_without_body(site: Client, path: str) -> None:
    got = site.page(path, Accept_Encoding="gzip")
    asked = requests.head(site.url + path, headers=dict(got.request.headers), timeout=120)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Content-Security-Policy"):
        assert asked.headers.get(name) == got.headers.get(name)


def test_actual_points_of_a_kicker_count_his_kicks(site: Client, deployed: Session) -> None:
    lines = deployed.lake.read(WEEKLY_STATS, [SeasonWeek(2025, 9)])
    kicked = {
        row["player_id"]: row["kicking_points"]
        for row in lines.filter(pc.greater(lines["kicking_points"], 0)).to_pylist()
    }
    rows = answer(site, f"/api/projections?{PLAYED}&position=K")["rows"]
    scored = {row["player_id"]: row["actual_points"] for row in rows if row["actual_points"]}
    assert len(scored) > 10
    assert scored == {id_: pytest.approx(kicked[id_]) for id_ in scored}
    one = max(scored, key=lambda id_: scored[id_])
    weeks = answer(site, f"/api/players/{one}")["weeks"]
    assert {row["week"]: row["actual_points"] for row in weeks}[9] == pytest.approx(scored[one])


def test_a_league_has_its_own_points(site: Client) -> None:
    own = answer(site, f"/api/projections?{PLAYED}&league=sample-fantasy")
    assert own["scoring"] == "sample-fantasy"
    assert "rostered_by" in own["rows"][0]
    backs = answer(site, f"/api/projections?{PLAYED}&league=sample-fantasy&position=lb")["rows"]
    assert {row["position"] for row in backs} == {"LB"}


def test_without_a_week_it_is_the_week_to_show(site: Client) -> None:
    assert answer(site, "/api/projections?limit=1")["week"] == 10
    assert answer(site, "/api/stats?limit=1")["week"] == 9


def test_stats_are_filtered(site: Client, deployed: Session) -> None:
    stored = deployed.lake.read(WEEKLY_STATS, [SeasonWeek(2025, 9)])
    found = answer(site, f"/api/stats?{PLAYED}&position=QB&team=ATL")["rows"]
    assert found
    assert {(row["position"], row["team"]) for row in found} == {("QB", "ATL")}
    everybody = answer(site, f"/api/stats?{PLAYED}")["rows"]
    assert len(everybody) == stored.num_rows
    points = [row["fantasy_points_ppr"] for row in everybody]
    assert points == sorted(points, reverse=True)


def test_csv_and_parquet_have_the_rows_of_json(site: Client) -> None:
    path = f"/api/projections?{PLAYED}&position=TE"
    rows = answer(site, path)["rows"]
    text = site.get(path, Accept="text/csv")
    assert text.headers["Content-Type"].startswith("text/csv")
    assert text.headers["X-Fantasy-Data"] == SAMPLE_LABEL
    read = list(csv.DictReader(io.StringIO(text.text)))
    assert [row["player_id"] for row in read] == [row["player_id"] for row in rows]
    assert [float(row["p90"]) for row in read] == [row["p90"] for row in rows]
    file = site.get(path, Accept="application/vnd.apache.parquet")
    table = pq.read_table(io.BytesIO(file.content))
    assert plain(table) == rows
    assert table.schema.metadata[b"data"].decode() == SAMPLE_LABEL


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("projections", ("team=atl&position=qb&scoring=HALF", "team=ATL&position=QB&scoring=half")),
        ("stats", ("team=Atl&position=te", "team=ATL&position=TE")),
        ("accuracy", ("by=WEEK&pool=All&scoring=PPR", "by=week&pool=all&scoring=ppr")),
    ],
)
def test_codes_and_choices_are_taken_in_any_case(
    site: Client, path: str, same: tuple[str, str]
) -> None:
    first, second = (answer(site, f"/api/{path}?{query}") for query in same)
    assert first == second
    assert first["rows"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/api/projections?team=BUF&team=KC", "team"),
        ("/api/projections?limit=1&player=a&limit=2&player=b", "limit, player"),
        ("/api/jobs/history?status=failure&status=success", "status"),
        ("/players?q=abc&q=def", "q"),
    ],
)
def test_a_parameter_of_one_value_is_given_once(site: Client, path: str, names: str) -> None:
    found = site.get(path)
    detail = f"{names}: given more than once; give one value"
    assert (found.status_code, found.json()["detail"]) == (422, detail)


def test_a_parameter_of_several_values_is_repeated(site: Client) -> None:
    assert answer(site, "/api/accuracy?season=2025&season=2025")["rows"]
    best = [row["player_id"] for row in answer(site, "/api/projections?limit=2")["rows"]]
    assert site.get(f"/api/players/compare?player={best[0]}&player={best[1]}").ok


def test_pages_have_each_row_once(site: Client) -> None:
    whole = answer(site, f"/api/stats?{PLAYED}")["rows"]
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = answer(site, f"/api/stats?{PLAYED}&limit=200{cursor}")
        found += page["rows"]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == whole
    first = site.get(f"/api/stats?{PLAYED}&limit=200", Accept="text/csv")
    assert f"&cursor={first.headers['X-Next-Cursor']}" != cursor
    other = site.get(f"/api/stats?{PLAYED}&position=QB&limit=5{cursor}")
    assert other.status_code == 422
    assert "the cursor is not of these rows" in other.json()["detail"]


def test_a_cursor_of_changed_rows_is_refused() -> None:
    rows = pa.table({"week": [1, 2, 3]})
    page, cursor = page_of(rows, PageQuery(limit=2, cursor=None))
    assert page.to_pylist() == [{"week": 1}, {"week": 2}]
    last, end = page_of(rows, PageQuery(limit=2, cursor=cursor))
    assert (last.to_pylist(), end) == ([{"week": 3}], None)
    with pytest.raises(InvalidArgumentError, match="they changed"):
        page_of(pa.table({"week": [1, 2, 4]}), PageQuery(limit=2, cursor=cursor))


def test_an_answer_that_the_client_has_is_304(site: Client) -> None:
    path = f"/api/projections?{PLAYED}"
    whole = site.get(path, Accept_Encoding="gzip")
    assert whole.headers["Content-Encoding"] == "gzip"
    unpacked = site.get(path, Accept_Encoding="identity")
    assert "Content-Encoding" not in unpacked.headers
    assert unpacked.content == whole.content
    assert len(gzip.compress(whole.content)) < len(whole.content) / 5
    tag = whole.headers["ETag"]
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = site.get(path, If_None_Match=sent)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
    assert site.get(path, If_None_Match='"other"').status_code == 200
    assert site.get(path, Accept="text/csv").headers["ETag"] != tag


@pytest.mark.parametrize(
    ("header", "format"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/csv;q=0.5, application/vnd.apache.parquet", PARQUET),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("text/*", CSV),
        ("text/csv;q=0, */*", JSON),
        ("image/png", None),
        ("text/csv;q=wrong", None),
    ],
)
def test_formats_by_accept(header: str | None, format: str | None) -> None:
    assert accepted(header) == format


def test_a_format_that_does_not_exist_is_406(site: Client) -> None:
    refused = site.get("/api/accuracy", Accept="image/png")
    assert refused.status_code == 406
    assert refused.json()["detail"].startswith("the answer is one of application/json, text/csv")


def test_players_are_found_by_name_and_id(site: Client) -> None:
    best = answer(site, "/api/projections?limit=1")["rows"][0]
    for text in (best["player_name"], best["player_name"].upper(), best["player_id"]):
        first = answer(site, f"/api/players/search?q={text}")["rows"][0]
        assert first["player_id"] == best["player_id"]
    family = best["player_name"].split()[1]
    rows = answer(site, f"/api/players/search?q={family[:4].lower()}&limit=5")["rows"]
    assert 0 < len(rows) <= 5


def test_a_players_season_has_projection_result_and_the_rest(site: Client) -> None:
    best = answer(site, "/api/projections?limit=1")["rows"][0]
    found = answer(site, f"/api/players/{best['player_id']}?scoring=half")
    assert (found["player_name"], found["season"]) == (best["player_name"], 2025)
    by_week = {row["week"]: row for row in found["weeks"]}
    assert set(by_week) == {8, 9, 10}
    assert by_week[10]["projected_points"] == best["projected_points_half"]
    assert by_week[10]["actual_points"] is None
    assert by_week[9]["actual_points"] is not None
    assert by_week[9]["snap_share"] > 0
    assert [row["week"] for row in found["rest_of_season"]] == list(range(10, 19))
    assert found["rest_as_of_week"] == 10
    assert found["news"] == []


def test_accuracy_is_that_of_the_command_line(site: Client, deployed: Session) -> None:
    stored = stored_accuracy(deployed.lake, None)
    assert answer(site, "/api/accuracy")["rows"] == plain(scoreboard(stored))
    by_week = answer(site, "/api/accuracy?by=week&scoring=half&pool=all&season=2025")["rows"]
    assert by_week == plain(scoreboard(stored, "week", "half", "all"))
    teams = answer(site, "/api/accuracy?teams=true&by=season")["rows"]
    assert {row["position"] for row in teams} == {"QB", "K"}


def test_weeks_have_a_state(site: Client) -> None:
    found = answer(site, "/api/weeks?season=2025")
    states = {row["week"]: row["state"] for row in found["rows"]}
    assert states[7] == "missing"
    assert (states[8], states[9]) == ("final", "provisional")
    assert (states[10], states[11]) == ("projected", "to come")
    assert set(states.values()) <= set(found["states"])
    week = next(row for row in found["rows"] if row["week"] == 9)
    assert week["games"] == week["games_over"] > 10
    assert week["scored"]
    assert {row["season"] for row in answer(site, "/api/weeks")["rows"]} == {2025}


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("projections?season=2025", 422, "give both season and week"),
        ("projections?season=2025&week=25", 422, "less than or equal to 22"),
        ("projections?position=XX", 422, "match pattern"),
        ("projections?position=LB", 422, "Defenders are projected in leagues that start them"),
        ("projections?team=XYZ", 422, "match pattern"),
        ("projections?league=x&scoring=ppr", 422, "league and scoring contradict each other"),
        ("players/compare?player=a&player=b&league=x&scoring=ppr", 422, "contradict each other"),
        ("projections?limit=0", 422, "greater than or equal to 1"),
        ("projections?cursor=abc", 422, "match pattern"),
        ("projections?player=nobodyatall", 404, "no player matches 'nobodyatall'"),
        ("projections?league=nobody", 404, "there is no league 'nobody'"),
        ("projections?season=2024&week=3", 404, "not in the lake"),
        ("projections?season=2031&week=3", 422, "2031"),
        ("stats?season=2025&week=2", 404, "not in the lake"),
        ("stats?position=QQ", 404, "no stat line matches QQ"),
        ("players/search?q=x", 422, "at least 2 characters"),
        ("players/search?q=qqqqqq", 404, "no player of the lake is named 'qqqqqq'"),
        ("players/00-0000000", 404, "the lake has no player '00-0000000'"),
        ("players/SAMPLE-0100?season=2019", 404, "neither projections nor stats"),
        ("accuracy?season=2019", 404, "no projections of 2019 have been scored"),
        ("accuracy?teams=true&by=position", 422, "teams takes by=season"),
        ("weeks?season=1999", 404, "the schedule has no season 1999"),
    ],
)
def test_refusals(site: Client, path: str, code: int, text: str) -> None:
    found = site.get(f"/api/{path}")
    assert (found.status_code, text in found.json()["detail"]) == (code, True), found.text

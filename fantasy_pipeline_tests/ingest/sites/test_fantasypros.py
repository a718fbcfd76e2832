"""FantasyPros by dynastyprocess's file: whose week it is, and points where they are given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.errors import SourceError
from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites.base import SourceResponse
from fantasy_pipeline.ingest.sites.fantasypros import FantasyPros, is_of
from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT, Sites, make_week

pytestmark = pytest.mark.loopback

PATH = "/raw.githubusercontent.com/dynastyprocess/data/master/files/fp_latest_weekly.csv"
COLUMNS = (
    *("page", "page_pos", "scrape_date", "fantasypros_id", "player_name", "pos", "team", "rank"),
    *("ecr", "sd", "best", "worst", "player_opponent_id", "r2p_pts"),
)
Fetch = Callable[..., SourceResponse]
EASTERN = ZoneInfo("America/New_York")
KICKOFFS = st.sampled_from([time(9, 30), time(13), time(16, 25), time(20, 20), time(22, 20)])


def line(number: int, page: str = "ppr-wr", **more: object) -> dict[str, object]:
    return {
        "page": page,
        "page_pos": "WR",
        "scrape_date": "2025-11-12",
        "fantasypros_id": 2000 + number,
        "player_name": f"Some Body {number}",
        "pos": "WR",
        "team": "BUF",
        "rank": number,
        "ecr": number + 0.25,
        "sd": 1.5,
        "best": 1,
        "worst": 9,
        "player_opponent_id": "TB",
        "r2p_pts": 12.5,
    } | more


def file(*lines: dict[str, object], columns: tuple[str, ...] = COLUMNS) -> str:
    texts = [",".join(f'"{name}"' for name in columns)]
    texts += [",".join(f'"{one[name]}"' for name in columns) for one in lines]
    return "\n".join(texts) + "\n"


@pytest.fixture
def fetch(sites: Sites, transport: Callable[..., Transport], players: pa.Table) -> Fetch:
    def build(body: str | None = None, *weeks: ScheduledWeek, **more: Any) -> SourceResponse:
        if body is not None:
            sites.serve(PATH, body, **more)
        return FantasyPros(transport()).fetch(weeks or (make_week(),), players)

    return build


def rows_by_player(found: SourceResponse) -> dict[str, dict[str, Any]]:
    return {row["player_id"]: row for part in found.parts for row in part.to_pylist()}


def test_a_rank_with_points(fetch: Fetch) -> None:
    row = rows_by_player(fetch(file(line(3))))["00-3"]
    assert {name: value for name, value in row.items() if value is not None} == {
        "season": 2025,
        "week": 11,
        "source": "fantasypros",
        "player_id": "00-3",
        "player_name": "Some Body 3",
        "position": "WR",
        "team": "BUF",
        "points_ppr": 12.5,
        "as_of": STATED_AT,
        "ecr": 3.25,
        "ecr_sd": 1.5,
        "ecr_best": 1.0,
        "ecr_worst": 9.0,
    }


@pytest.mark.parametrize("points", ["NA", ""])
def test_a_rank_alone_is_no_projection(fetch: Fetch, points: str) -> None:
    row = rows_by_player(fetch(file(line(3, r2p_pts=points))))["00-3"]
    assert row["ecr"] == 3.25
    assert [row[f"points_{scoring}"] for scoring in ("std", "half", "ppr")] == [None] * 3


def test_a_file_without_points_has_ranks(fetch: Fetch) -> None:
    row = rows_by_player(fetch(file(line(3), columns=COLUMNS[:-1])))["00-3"]
    assert (row["ecr"], row["points_ppr"]) == (3.25, None)


@pytest.mark.parametrize(
    ("page", "scorings"),
    [
        ("qb", {"std", "half", "ppr"}),
        ("k", {"std", "half", "ppr"}),
        ("ppr-te", {"ppr"}),
        ("half-point-ppr-rb", {"half"}),
        ("rb", {"std"}),
    ],
)
def test_a_page_is_of_its_scoring(fetch: Fetch, page: str, scorings: set[str]) -> None:
    row = rows_by_player(fetch(file(line(3, page))))["00-3"]
    assert {s for s in ("std", "half", "ppr") if row[f"points_{s}"] is not None} == scorings


def test_pages_of_one_player_are_one_statement(fetch: Fetch) -> None:
    body = file(
        line(3, "wr", ecr=7, r2p_pts=8), line(3), line(3, "ppr-flex", ecr=20), line(4, "dst")
    )
    row = rows_by_player(fetch(body))["00-3"]
    assert (row["ecr"], row["points_std"], row["points_ppr"]) == (3.25, 8.0, 12.5)


def test_a_file_first_seen_late_dates_from_the_day_it_names(fetch: Fetch) -> None:
    found = fetch(file(line(3)), Last_Modified="Sat, 15 Nov 2025 08:00:00 GMT")
    assert rows_by_player(found)["00-3"]["as_of"] == datetime(2025, 11, 13, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("2025-11-10", 10),
        ("2025-11-11", 11),
        ("2025-11-13", 11),
        ("2025-11-17", 11),
        ("2025-11-18", 12),
        ("2025-08-20", None),
    ],
)
def test_the_week_follows_from_the_day(made: str, expected: int | None) -> None:
    weeks = [make_week(number) for number in (10, 11, 12)]
    found = [week.at.week for week in weeks if is_of(week, date.fromisoformat(made))]
    assert found == ([expected] if expected else [])


@st.composite
def seasons(draw: st.DrawFn) -> list[ScheduledWeek]:
    """Draw the weeks of a schedule, in order and across New Year, with free weeks between them.

    Each week opens between its Tuesday and the Monday after, and ends by the next Wednesday.
    """
    tuesday = date(2024, 8, 27) + timedelta(days=7 * draw(st.integers(0, 260)))
    weeks = []
    for number in range(1, draw(st.integers(2, 22)) + 1):
        opens = draw(st.integers(0, 6))
        ends = draw(st.integers(opens, 8))
        first, last = (
            datetime.combine(tuesday + timedelta(days=day), draw(KICKOFFS), EASTERN)
            for day in (opens, ends)
        )
        utc = sorted(moment.astimezone(timezone.utc) for moment in (first, last))
        weeks.append(make_week(at=SeasonWeek(2024, number), first=utc[0], last=utc[1]))
        tuesday += timedelta(days=draw(st.sampled_from([7, 7, 7, 14])))
    return weeks


@given(seasons())
def test_no_day_belongs_to_two_weeks_in_any_schedule(weeks: list[ScheduledWeek]) -> None:
    day = weeks[0].first_kickoff.date() - timedelta(days=9)
    while day <= weeks[-1].last_kickoff.date() + timedelta(days=9):
        assert len([week.at for week in weeks if is_of(week, day)]) <= 1, day
        day += timedelta(days=1)
    for week in weeks:
        assert is_of(week, week.first_kickoff.astimezone(EASTERN).date())


def test_the_monday_before_a_week_that_ends_on_sunday_is_of_the_week_before() -> None:
    seventeen = make_week(first=at(2023, 12, 28, 20), last=at(2024, 1, 1, 20))
    eighteen = make_week(first=at(2024, 1, 6, 16), last=at(2024, 1, 7, 20))
    monday, tuesday = date(2024, 1, 1), date(2024, 1, 2)
    assert [is_of(seventeen, monday), is_of(eighteen, monday)] == [True, False]
    assert [is_of(seventeen, tuesday), is_of(eighteen, tuesday)] == [False, True]


def at(year: int, month: int, day: int, hour: int) -> datetime:
    """Return a full hour, US/Eastern."""
    return datetime(year, month, day, hour, tzinfo=EASTERN)


def test_a_week_that_opens_on_wednesday_or_ends_on_tuesday_turns_after_monday() -> None:
    wednesday = make_week(first=datetime(2025, 11, 13, 1, tzinfo=timezone.utc))
    late = make_week(last=datetime(2025, 11, 19, 0, 15, tzinfo=timezone.utc))
    for week in (wednesday, late):
        assert is_of(week, date(2025, 11, 17))
        assert not is_of(week, date(2025, 11, 18))


def test_only_the_week_of_the_file_gets_rows(fetch: Fetch) -> None:
    found = fetch(file(line(3)), make_week(10), make_week(11), make_week(12))
    assert [part["week"].to_pylist() for part in found.parts] == [[11]]
    assert (found.absent, found.failed) == ({}, {})


def test_a_file_of_last_week_is_a_gap(fetch: Fetch) -> None:
    found = fetch(file(line(3, scrape_date="2025-11-09")))
    assert found.absent == {11: "the latest ranking is of 2025-11-09, not of this week"}


def test_opponents_of_another_week_are_refused(fetch: Fetch) -> None:
    wrong = [line(number, player_opponent_id="KC") for number in (3, 4)]
    with pytest.raises(SourceError, match="2 of 3 opponents are of another week"):
        raise fetch(file(line(2), *wrong)).failed[11]
    # Codes of the site: JAC plays at LAC.
    right = [line(3, team="JAC", player_opponent_id="LAC"), line(4, player_opponent_id="NA")]
    assert set(rows_by_player(fetch(file(*right, line(5, team="FA"))))) == {"00-3", "00-4", "00-5"}


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (file(line(3)).replace('"ecr"', '"rank_ecr"'), "no column ecr"),
        (file(line(3)).replace('"scrape_date"', '"scraped"'), "no column scrape_date"),
        (file(line(3, "weekly-wr")), "none of the pages"),
        (file(line(3, scrape_date="12 Nov")), "a scrape_date is not a date"),
        (file(line(3, r2p_pts="many")), "a value is not a number"),
        (file(line(3, ecr="inf")), "not finite"),
        ("<html>rate limit</html>", "is not a csv file"),
    ],
)
def test_a_file_of_another_shape_is_refused(fetch: Fetch, body: str, cause: str) -> None:
    with pytest.raises(SourceError, match=rf"^fantasypros 2025 week 11: .*{cause}"):
        raise fetch(body).failed[11]


def test_a_file_without_rows_is_a_gap(fetch: Fetch) -> None:
    assert fetch(file()).absent == {11: "the file has no rows"}


def test_only_weeks_about_now_are_asked_for(transport: Callable[..., Transport]) -> None:
    source = FantasyPros(transport())
    assert source.covers(make_week(11))
    assert source.covers(make_week(10))
    assert not source.covers(make_week(9))
    assert not source.covers(make_week(13))

"""Test the contents of reports on a small lake."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    STAT_CORRECTIONS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report.contents import (
    MAX_CORRECTIONS,
    Input,
    Origin,
    Report,
    gather,
    model_facts,
)
from fantasy_pipeline.report.rows import read_rows
from fantasy_pipeline.report.store import Refresh, State
from fantasy_pipeline_tests.report.players import AS_OF, player
from fantasy_pipeline_tests.rows import Rows

WEEK, LATER = SeasonWeek(2025, 10), SeasonWeek(2025, 12)
THURSDAY = datetime(2025, 11, 7, 1, 15, tzinfo=timezone.utc)
SUNDAY = datetime(2025, 11, 9, 18, tzinfo=timezone.utc)


@pytest.fixture
def small_lake(lake: Lake, rows: Rows) -> Lake:
    """A lake with games of two seasons, and two projected weeks."""
    games = (
        (WEEK, SUNDAY, "KC", "BUF"),
        (WEEK, THURSDAY, "LV", "DEN"),
        (SeasonWeek(2025, 11), SUNDAY + timedelta(days=7), "KC", "DEN"),
        (SeasonWeek(2024, 10), SUNDAY - timedelta(days=364), "KC", "DEN"),
    )
    records = [
        {
            **{"game_id": str(number), "season": week.season, "week": week.week},
            **{"kickoff": kickoff, "home_team": home, "away_team": away},
        }
        for number, (week, kickoff, home, away) in enumerate(games)
    ]
    lake.write(GAMES, rows(GAMES, *records))
    for table in (PROJECTIONS, RAW_PLAYERS):
        of_weeks = [{**week._asdict(), "player_id": "a"} for week in (WEEK, LATER)]
        lake.write_weeks(table, rows(table, *of_weeks), [WEEK, LATER])
    return lake


def gathered(lake: Lake, week: SeasonWeek = WEEK, *inputs: Input) -> Report:
    state = State(Refresh(AS_OF, {"ppr": {"a": 10.0}}))
    origin = Origin(None, AS_OF, "run", "", inputs)
    model = model_facts(lake, week, inputs)
    return gather(read_rows(lake, week), state, [player("a")], origin, model)


def correct(lake: Lake, rows: Rows, week: SeasonWeek, *found: tuple[str, float | None]) -> None:
    """Store a week's corrections: players and differences in points."""
    records = [
        {**week._asdict(), "player_id": name, "stat": "carries", "points_difference": points}
        for name, points in found
    ]
    lake.write_weeks(STAT_CORRECTIONS, rows(STAT_CORRECTIONS, *records), [week])


def corrected(report: Report) -> list[tuple[int, str]]:
    return [(row["week"], row["player_id"]) for row in report.corrections]


def test_corrections_are_those_of_the_latest_week_that_has_some(
    small_lake: Lake, rows: Rows
) -> None:
    correct(small_lake, rows, SeasonWeek(2024, 18), ("last season", 9.0))
    assert corrected(gathered(small_lake)) == []
    correct(small_lake, rows, SeasonWeek(2025, 7), ("a", 9.0))
    correct(small_lake, rows, SeasonWeek(2025, 8), ("a", 0.1), ("b", -6.0), ("c", None), ("d", 2.0))
    correct(small_lake, rows, SeasonWeek(2025, 9))
    correct(small_lake, rows, SeasonWeek(2025, 11), ("later", 9.0))
    # Gains and losses count alike; corrections without points come last.
    assert corrected(gathered(small_lake)) == [(8, "b"), (8, "d"), (8, "a"), (8, "c")]
    correct(small_lake, rows, WEEK, *((f"{n:02}", float(n)) for n in range(MAX_CORRECTIONS + 3)))
    found = corrected(gathered(small_lake))
    assert found[0] == (10, "14")
    assert len(found) == MAX_CORRECTIONS


def score(lake: Lake, rows: Rows, week: SeasonWeek, source: str = "consensus") -> None:
    """Store a source's accuracy in a week."""
    record: dict[str, Any] = {
        **week._asdict(),
        **{"source": source, "position": "WR", "scoring": "ppr", "pool": "played"},
        **{"players": week.week, "mae": 4.0, "rmse": 5.0, "pairs": 45},
    }
    lake.write_weeks(PROJECTION_ACCURACY, rows(PROJECTION_ACCURACY, record), [week])


def test_scores_are_the_seasons_and_before_its_first_those_of_the_last(
    small_lake: Lake, rows: Rows
) -> None:
    none = gathered(small_lake)
    assert (none.accuracy_season, none.accuracy) == (2025, None)
    score(small_lake, rows, SeasonWeek(2023, 5))
    assert gathered(small_lake).accuracy is None, "two seasons ago is not shown"
    for week in (12, 17, 19):
        score(small_lake, rows, SeasonWeek(2024, week))
    score(small_lake, rows, SeasonWeek(2025, 11))
    score(small_lake, rows, SeasonWeek(2025, 1), "somebody else")
    last = gathered(small_lake)
    assert last.accuracy is not None
    assert (last.accuracy_season, last.accuracy.weeks) == (2024, (12, 17))
    score(small_lake, rows, SeasonWeek(2025, 1))
    score(small_lake, rows, SeasonWeek(2025, 9))
    now = gathered(small_lake)
    assert now.accuracy is not None
    assert (now.accuracy_season, now.accuracy.weeks) == (2025, (1, 9))
    assert now.accuracy.players == 10


def test_kickoffs_are_the_weeks_and_sources_count_with_their_latest(
    small_lake: Lake, rows: Rows
) -> None:
    assert gathered(small_lake).kickoffs == [THURSDAY, SUNDAY]
    assert gathered(small_lake, SeasonWeek(2025, 12)).kickoffs == []
    assert gathered(small_lake).sources_as_of == {}
    statements = [
        {**WEEK._asdict(), "source": source, "player_id": "a", "as_of": at}
        for source, at in (("sleeper", AS_OF), ("sleeper", THURSDAY), ("espn", AS_OF))
    ]
    small_lake.write_weeks(SOURCE_PROJECTIONS, rows(SOURCE_PROJECTIONS, *statements), [WEEK])
    assert gathered(small_lake).sources_as_of == {"espn": AS_OF, "sleeper": THURSDAY}


def test_the_model_is_that_of_the_weeks_record(small_lake: Lake) -> None:
    folder = "models/projection/season=2025"
    for file, version in (("model", "new"), ("new", "new"), ("old", "old")):
        small_lake.write_bytes(f"{folder}/{file}.json", b'{"version": "%s"}' % version.encode())

    def model(table: str, **facts: str) -> Any:
        return gathered(small_lake, WEEK, Input(table, [WEEK], AS_OF, "run", facts)).model

    assert model("model_projections", model="old") == {"version": "old"}
    # The record names no model, or one whose files are gone.
    assert model("model_projections") is None
    assert model("model_projections", model="gone") is None
    assert model("projections", model="old") is None

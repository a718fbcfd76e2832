"""Single cases of the real files in which upstream's data are wrong, and their right values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import LastingError
from fantasy_pipeline.football.team_games import cancelled
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites.nflcom import nflcom_projections
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline_tests.system.replay import SCHEDULE

pytestmark = pytest.mark.real

WILSON, ANDERSON, MITCHELL = "00-0034115", "00-0032688", "00-0036567"


@pytest.fixture(scope="module")
def source(nfl_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Nflverse:
    return Nflverse(Transport(tmp_path_factory.mktemp("cache"), str(nfl_mirror)))


@pytest.fixture(scope="module")
def players(source: Nflverse) -> Callable[[int, int], tuple[pa.Table, list[str]]]:
    """Return `players(season, week)`: `RAW_PLAYERS` of a week, and the warnings."""
    return lambda season, week: raw_players(source, source.schedule(), season, [week])


def named(table: pa.Table, name: str) -> list[dict[str, Any]]:
    return table.filter(pc.equal(table["player_name"], name)).to_pylist()


@pytest.mark.parametrize(
    ("season", "week", "player", "points"),
    [
        (2022, 1, WILSON, 1.5),
        (2022, 10, WILSON, 6.91),
        (2022, 2, ANDERSON, 7.35),
        (2021, 5, MITCHELL, 10.35),
        (2021, 9, MITCHELL, 9.22),
    ],
)
def test_nflcoms_short_names_are_found(
    source: Nflverse, players: Any, season: int, week: int, player: str, points: float
) -> None:
    [found] = nflcom_projections(source, players(season, week)[0], season, [week]).parts
    [row] = found.filter(pc.equal(found["player_id"], player)).to_pylist()
    assert row["points_half"] == pytest.approx(points)


@pytest.mark.parametrize(
    ("season", "teams", "player", "snaps"),
    [
        (2015, "CAR and DEN", "Cam Newton", 80),
        (2018, "LA and NE", "Tom Brady", 72),
        (2020, "KC and TB", "Tom Brady", 67),
    ],
)
def test_snaps_of_super_bowls_are_the_players_own(
    players: Any, season: int, teams: str, player: str, snaps: int
) -> None:
    table, warnings = players(season, 21)
    [warning] = [text for text in warnings if "under the other team" in text]
    assert f"snap_counts {season}: upstream has the snaps of {teams} in week 21" in warning
    assert pc.count(table["offense_snaps"]).as_py() > 80
    assert [row["offense_snaps"] for row in named(table, player)] == [snaps]


def test_a_field_goal_of_60_yards_counts(source: Nflverse, players: Any) -> None:
    rostered, _ = players(2016, 3)
    stats = weekly_stats(source, source.schedule(), rostered, 2016, [3])
    [line] = named(stats, "Chandler Catanzaro")
    assert line["kicking_points"] == 6
    assert (line["fg_made"], line["fg_made_list"], line["fg_made_60_"]) == (1, "60", 0)


@pytest.mark.parametrize(
    ("season", "week", "name", "position", "roster"),
    [
        # In 2021 he is a quarterback for NFL.com too.
        (2021, 5, "Taysom Hill", "QB", "QB"),
        (2022, 5, "Taysom Hill", "TE", "QB"),
        (2022, 6, "Taysom Hill", "TE", "TE"),
        (2023, 5, "Taysom Hill", "TE", "QB"),
        (2025, 4, "Taysom Hill", "TE", "QB"),
        (2021, 5, "Ty Montgomery", "RB", "WR"),
        (2022, 1, "Ty Montgomery", "WR", "WR"),
        (2024, 17, "Velus Jones Jr.", "WR", "RB"),
        (2025, 4, "Velus Jones Jr.", "RB", "RB"),
    ],
)
def test_the_fantasy_position_of_nflcom_and_the_id_map(
    players: Any, season: int, week: int, name: str, position: str, roster: str
) -> None:
    [row] = named(players(season, week)[0], name)
    assert (row["position"], row["roster_position"]) == (position, roster)


def test_no_neutral_site_has_the_home_teams_stadium(source: Nflverse) -> None:
    games = source.schedule()
    where = {row["game_id"]: (row["stadium"], row["roof"]) for row in games.to_pylist()}
    # Sao Paulo, Dublin and the five games abroad to come; Tampa Bay's Super Bowl was at home.
    assert where["2025_01_KC_LAC"] == where["2025_04_MIN_PIT"] == (None, None)
    assert where["2020_21_KC_TB"] == ("Raymond James Stadium", "outdoors")
    blank = games.filter(pc.and_(pc.is_null(games["stadium"]), games["neutral_site"]))
    assert blank.num_rows == 7


@pytest.mark.parametrize("season", range(2021, 2026))
def test_no_elias_id_is_a_player_id(source: Nflverse, season: int) -> None:
    rosters = source.weekly_rosters(season)
    assert pc.all(pc.starts_with(rosters["player_id"], "00-")).as_py()


def test_the_only_cancelled_game_since_1999_is_named(source: Nflverse) -> None:
    assert cancelled(source.schedule()) == {(2022, 17, "BUF"), (2022, 17, "CIN")}


def test_a_kickoff_at_24_13_refuses_the_schedule_and_names_the_game(
    nfl_mirror: Path, tmp_path: Path
) -> None:
    schedule = pq.read_table(nfl_mirror / SCHEDULE)
    times = [
        "24:13" if game == "2024_05_NYJ_MIN" else time
        for game, time in zip(
            schedule["game_id"].to_pylist(), schedule["gametime"].to_pylist(), strict=True
        )
    ]
    column = schedule.column_names.index("gametime")
    wrong = tmp_path / "mirror" / SCHEDULE
    wrong.parent.mkdir(parents=True)
    pq.write_table(schedule.set_column(column, "gametime", pa.array(times)), wrong)
    with pytest.raises(LastingError) as failed:
        Nflverse(Transport(tmp_path / "cache", str(tmp_path / "mirror"))).schedule()
    assert str(failed.value) == (
        "schedule: gametime: '24:13' of 2024_05_NYJ_MIN cannot be read. Upstream's file is wrong: "
        "run again when upstream has corrected it."
    )

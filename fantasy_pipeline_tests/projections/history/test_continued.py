"""`player_history` that continues from a stored state has the bytes of one made from nothing."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fantasy_pipeline
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    PLAYER_HISTORY,
    RAW_PLAYERS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.history import INPUTS, continued, player_history
from fantasy_pipeline.projections.history.continued import SOURCES
from fantasy_pipeline_tests.rows import rows_of

SEASONS, WEEKS = (2021, 2022, 2023), (1, 2, 3)
ALL_WEEKS = [SeasonWeek(season, week) for season in SEASONS for week in WEEKS]
FILE = f"{PLAYER_HISTORY.name}/part.parquet"
POSITIONS = ("QB", "RB", "WR", "TE", "K")
TEAMS = ("BUF", "KC", "NYJ", "MIA")


def schedule(total: float = 44.0) -> pa.Table:
    """Return two games per week; `total` is the line of the first season's games."""
    pairs = (("BUF", "KC", "NYJ", "MIA"), ("BUF", "NYJ", "KC", "MIA"), ("MIA", "BUF", "KC", "NYJ"))
    games: list[dict[str, Any]] = []
    for week in ALL_WEEKS:
        teams = pairs[week.week - 1]
        kickoff = datetime(week.season, 9, 8, 17, tzinfo=timezone.utc) + timedelta(weeks=week.week)
        games += [
            {
                "season": week.season,
                "week": week.week,
                "game_id": f"{week.season}_{week.week:02d}_{away}_{home}",
                "game_type": "REG",
                "kickoff": kickoff,
                "away_team": away,
                "home_team": home,
                "away_score": 20,
                "home_score": 17 + week.week,
                "total_line": total if week.season == SEASONS[0] else 45.5,
                "spread_line": 2.5,
            }
            for away, home in (teams[:2], teams[2:])
        ]
    return rows_of(GAMES, *games)


def players_of(week: SeasonWeek) -> list[tuple[str, str, str]]:
    """Return id, team and position: some join later, move to another team, or miss a season."""
    first = [(f"{team}-{position}", team, position) for team in TEAMS for position in POSITIONS]
    if week.season == 2022:
        first = [player for player in first if player[0] != "KC-WR"]
    moved = ("BUF-RB", "MIA", "RB")
    kept = [moved if week.season == 2023 and one[0] == "BUF-RB" else one for one in first]
    # Ids in front of, between and behind the others.
    return kept + [(f"{letter}-{week.season}", "NYJ", "WR") for letter in "AKZ"]


def put_players(lake: Lake, week: SeasonWeek, version: int) -> None:
    rows = [
        {
            **{"season": week.season, "week": week.week, "player_id": id_, "player_name": id_},
            **{"position": position, "team": team, "roster_source": "weekly_roster"},
            "roster_status": "ACT",
            "injury_status": "Questionable" if (len(id_) + version + week.week) % 5 == 0 else None,
            "offense_snaps": 30,
            "snap_share": 0.5 + 0.01 * version,
        }
        for id_, team, position in players_of(week)
    ]
    rows += [
        {
            **{"season": week.season, "week": week.week, "player_id": f"DST-{team}"},
            **{"position": "DST", "team": team, "roster_source": "schedule"},
        }
        for team in TEAMS
    ]
    lake.write_weeks(RAW_PLAYERS, rows_of(RAW_PLAYERS, *rows), [week])


def put_stats(lake: Lake, week: SeasonWeek, version: int) -> None:
    opponent = {}
    for game in schedule().to_pylist():
        if (game["season"], game["week"]) == week:
            opponent[game["home_team"]] = game["away_team"]
            opponent[game["away_team"]] = game["home_team"]
    rows = []
    for number, (id_, team, position) in enumerate(players_of(week)):
        points = round(3.1 + 0.7 * number + 0.3 * week.week + 1.7 * version, 2)
        rows.append(
            {
                **{"season": week.season, "week": week.week, "player_id": id_, "player_name": id_},
                **{"position": position, "team": team, "opponent": opponent[team]},
                **{"fantasy_points": points, "fantasy_points_half": points + 0.5},
                **{"fantasy_points_ppr": points + 1, "receptions": 1, "targets": number % 9},
                **{"carries": number % 7, "rushing_yards": 3 * number, "kicking_points": 0.0},
            }
        )
    lake.write_weeks(WEEKLY_STATS, rows_of(WEEKLY_STATS, *rows), [week])
    defences = [
        {
            **{"season": week.season, "week": week.week, "player_id": f"DST-{team}"},
            **{"team": team, "opponent": opponent[team], "sacks": float(number + version)},
            **{"points_espn": 1.3 * number + week.week, "yards_allowed": 301.0 + 7 * week.week},
        }
        for number, team in enumerate(TEAMS)
    ]
    lake.write_weeks(TEAM_DEFENSE_STATS, rows_of(TEAM_DEFENSE_STATS, *defences), [week])


def nothing(connection: duckdb.DuckDBPyConnection, weeks: object) -> None:
    """Check nothing."""


def bytes_of(lake: Lake) -> bytes | None:
    return lake.read_bytes(FILE)


def from_nothing(lake: Lake, folder: Path) -> bytes | None:
    """Return the history that a lake with the same inputs gets from nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    for table in INPUTS:
        if (source := Path(lake.root, table.name)).exists():
            shutil.copytree(source, folder / table.name)
    other = Lake(str(folder), "test")
    continued(other, nothing)
    return bytes_of(other)


class Killed(BaseException):
    """The process is killed."""


class KilledLake(Lake):
    """A lake whose process is killed before or after a write."""

    def __init__(self, root: str, writes: int, after: bool) -> None:
        super().__init__(root, "test")
        self.writes, self.after = writes, after

    def write_bytes(self, name: str, data: bytes) -> None:
        if self.writes == 0 and not self.after:
            raise Killed
        super().write_bytes(name, data)
        if self.writes == 0:
            raise Killed
        self.writes -= 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lake with all weeks and their history."""
    folder = tmp_path_factory.mktemp("made") / "lake"
    lake = Lake(str(folder), "test")
    lake.write(GAMES, schedule())
    for week in ALL_WEEKS:
        put_players(lake, week, 0)
        put_stats(lake, week, 0)
    continued(lake, nothing)
    return folder


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Lake:
    """Return a lake with all weeks and their history."""
    return Lake(shutil.copytree(made, tmp_path / "lake").as_posix(), "test")


Event = Callable[[Lake], object]


def imports(week: SeasonWeek, version: int, with_stats: bool) -> Event:
    def event(lake: Lake) -> None:
        put_players(lake, week, version)
        if with_stats:
            put_stats(lake, week, version)

    return event


def removes(table: str, week: SeasonWeek) -> Event:
    folder = f"{table}/season={week.season}/week={week.week:02d}"
    return lambda lake: shutil.rmtree(Path(lake.root, folder), ignore_errors=True)


def changes_lines(total: float) -> Event:
    return lambda lake: lake.write(GAMES, schedule(total))


def is_killed(writes: int, after: bool) -> Event:
    def event(lake: Lake) -> None:
        # An import that has little to write ends before it is killed.
        with suppress(Killed):
            continued(KilledLake(lake.root, writes, after), nothing)

    return event


def _weeks() -> st.SearchStrategy[SeasonWeek]:
    return st.sampled_from(ALL_WEEKS)


EVENTS = st.one_of(
    st.builds(imports, _weeks(), st.integers(0, 2), st.booleans()),
    st.builds(removes, st.sampled_from([table.name for table in INPUTS[1:]]), _weeks()),
    st.builds(
        lambda total: lambda lake: lake.write(GAMES, schedule(total)), st.sampled_from([40.0, 44.0])
    ),
    st.builds(is_killed, st.integers(0, 3), st.booleans()),
    st.just(lambda lake: continued(lake, nothing)),
)


ORDERS = st.lists(EVENTS, min_size=1, max_size=6)


def same_bytes_after(events: list[Event], made: Path, folder: Path) -> bool:
    """Return whether a history that went through events has the bytes of one from nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(made, folder / "lake")
    lake = Lake(str(folder / "lake"), "test")
    for event in events:
        event(lake)
    continued(lake, nothing)
    return bytes_of(lake) == from_nothing(lake, folder / "other")


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=ORDERS)
def test_any_order_of_imports_gives_the_bytes_of_a_history_from_nothing(
    events: list[Event], made: Path, tmp_path: Path
) -> None:
    assert same_bytes_after(events, made, tmp_path / "order")


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=ORDERS)
def test_many_orders_of_imports_give_the_bytes_of_a_history_from_nothing(
    events: list[Event], made: Path, tmp_path: Path
) -> None:
    assert same_bytes_after(events, made, tmp_path / "order")


def test_the_stored_history_is_that_of_all_weeks_at_once(lake: Lake) -> None:
    with lake.connect(INPUTS) as connection:
        assert lake.read(PLAYER_HISTORY) == player_history(connection)


# What is walked again


LAST = SeasonWeek(2023, 3)


@pytest.mark.parametrize(
    ("event", "walked"),
    [
        (lambda lake: None, ()),
        (imports(LAST, 0, with_stats=True), ()),
        (imports(LAST, 1, with_stats=True), (2023,)),
        (imports(SeasonWeek(2022, 1), 1, with_stats=False), (2022, 2023)),
        (removes(WEEKLY_STATS.name, SeasonWeek(2022, 3)), (2022, 2023)),
        (removes(TEAM_DEFENSE_STATS.name, SeasonWeek(2022, 3)), (2022, 2023)),
        (lambda lake: lake.write(GAMES, schedule(40.0)), SEASONS),
        (lambda lake: without_stamps(lake), SEASONS),
        (lambda lake: Path(lake.root, FILE).unlink(), SEASONS),
        (lambda lake: Path(lake.root, FILE).write_bytes(b"PAR1 half a file"), SEASONS),
    ],
    ids=[
        *("nothing", "same_rows", "last_week", "corrected_season", "removed_week"),
        *("removed_defences", "lines", "earlier_version", "lost_file", "damaged_file"),
    ],
)
def test_only_seasons_from_a_change_on_are_walked(
    lake: Lake, tmp_path: Path, event: Event, walked: tuple[int, ...]
) -> None:
    event(lake)
    found = continued(lake, nothing)
    assert tuple(found.walked) == walked
    assert bytes_of(lake) == from_nothing(lake, tmp_path / "other")
    stored = lake.read(PLAYER_HISTORY)
    assert found.rows == stored.num_rows
    assert found.last.to_pylist() == stored.filter(pc.equal(stored["season"], 2023)).to_pylist()


@pytest.mark.parametrize(
    ("event", "walked"),
    [
        (lambda lake: None, (2023,)),
        (lambda lake: state_of(lake, 2022).unlink(), (2022, 2023)),
        (lambda lake: state_of(lake, 2021).write_bytes(b"PK half a file"), SEASONS),
        (lambda lake: shutil.copy(state_of(lake, 2021), state_of(lake, 2022)), (2022, 2023)),
        (lambda lake: damage(lake, 2021), SEASONS),
        (lambda lake: damage(lake, 2023), (2023,)),
    ],
    ids=["nothing", "lost_state", "damaged_state", "other_state", "damaged_rows", "last_rows"],
)
def test_what_is_damaged_is_made_again(
    lake: Lake, tmp_path: Path, event: Event, walked: tuple[int, ...]
) -> None:
    event(lake)
    imports(LAST, 1, with_stats=True)(lake)
    assert tuple(continued(lake, nothing).walked) == walked
    assert bytes_of(lake) == from_nothing(lake, tmp_path / "other")


def test_nothing_is_written_if_the_check_refuses(lake: Lake) -> None:
    before = bytes_of(lake)
    imports(SeasonWeek(2022, 1), 1, with_stats=True)(lake)
    seen = []

    def refuse(connection: duckdb.DuckDBPyConnection, weeks: Sequence[SeasonWeek]) -> None:
        seen.extend(weeks)
        found = connection.execute("select distinct season from raw_players order by 1").fetchall()
        assert found == [(2022,)]
        raise PipelineError("refused")

    with pytest.raises(PipelineError, match="refused"):
        continued(lake, refuse)
    assert seen == [week for week in ALL_WEEKS if week.season == 2022]
    assert bytes_of(lake) == before
    # The refused rows are still to be made.
    assert tuple(continued(lake, nothing).walked) == (2022, 2023)


def remove(lake: Lake, season: int) -> None:
    for table in INPUTS[1:]:
        shutil.rmtree(Path(lake.root, table.name, f"season={season}"))


def test_seasons_that_are_removed_leave_the_history(lake: Lake) -> None:
    left = set(SEASONS)
    for removed, walked in ((2023, (2022,)), (2021, (2022,)), (2022, ())):
        remove(lake, removed)
        left.remove(removed)
        found = continued(lake, nothing)
        assert tuple(found.walked) == walked
        rows = lake.read(PLAYER_HISTORY)
        assert set(rows["season"].to_pylist()) == left
        assert found.rows == rows.num_rows
        assert set(found.last["season"].to_pylist()) == set(walked)


def test_the_code_that_makes_the_history_is_part_of_its_stamps() -> None:
    """Every module that the history imports, but those that only describe or read and write."""
    root = Path(fantasy_pipeline.__file__).parent
    hashed = {
        path for folder, names in SOURCES.items() for name in names for path in [f"{folder}/{name}"]
    }
    imported = set()
    for path in (root / "projections" / "history").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "fantasy_pipeline."
            ):
                imported.add(
                    (node.module or "").removeprefix("fantasy_pipeline.").replace(".", "/")
                )
    of_values = {name for name in imported if not name.startswith(("lake", "projections/history"))}
    described = {"football/season_week", "football/tables", "football/tables/week_rows"}
    assert {f"{name}.py" for name in of_values - described} <= hashed
    assert "projections/history" in hashed


def state_of(lake: Lake, season: int) -> Path:
    return Path(lake.root, "states", PLAYER_HISTORY.name, f"season={season}", "state.npz")


def damage(lake: Lake, season: int) -> None:
    """Change one byte in the rows of a season."""
    path = Path(lake.root, FILE)
    content = bytearray(path.read_bytes())
    about = pq.read_metadata(path).row_group(season - SEASONS[0]).column(30)
    content[about.data_page_offset + about.total_compressed_size - 2] ^= 1
    path.write_bytes(bytes(content))


def without_stamps(lake: Lake) -> None:
    """Write the history as earlier versions did."""
    lake.write(PLAYER_HISTORY, lake.read(PLAYER_HISTORY))

"""`stat_corrections`: only the league's changes, in fantasy points, and the same in every run."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import STAT_CORRECTIONS, WEEKLY_STATS
from fantasy_pipeline.ingest.stat_corrections import COUNTED, first_stats, stat_corrections
from fantasy_pipeline.lake import Lake

Rows = Callable[..., pa.Table]
WEEK = SeasonWeek(2024, 5)


def player(name: str, team: str, **stats: float) -> dict[str, object]:
    line = {"season": 2024, "week": 5, "player_id": name, "player_name": name, "team": team}
    return {**line, "position": "WR", **stats}


def test_old_new_and_points(rows: Rows) -> None:
    old = rows(WEEKLY_STATS, player("A", "KC", receptions=5, receiving_yards=80, receiving_epa=1.0))
    new = rows(WEEKLY_STATS, player("A", "KC", receptions=6, receiving_yards=91, receiving_epa=9.9))
    table = stat_corrections(old, new).to_pylist()
    assert [(r["stat"], r["old"], r["new"], r["points_difference"]) for r in table] == [
        ("receiving_yards", 80.0, 91.0, 1.1),
        ("receptions", 5.0, 6.0, 1.0),
    ]
    assert table[0]["player_name"] == "A"


def test_player_who_moved_to_another_id(rows: Rows) -> None:
    old = rows(WEEKLY_STATS, player("A", "KC", receiving_tds=1))
    new = rows(WEEKLY_STATS, player("B", "KC", receiving_tds=1))
    table = stat_corrections(old, new).to_pylist()
    assert [(r["player_id"], r["old"], r["new"], r["points_difference"]) for r in table] == [
        ("A", 1.0, None, -6.0),
        ("B", None, 1.0, 6.0),
    ]


def test_game_that_was_not_played_yet_is_no_correction(rows: Rows) -> None:
    old = rows(WEEKLY_STATS, player("A", "KC", receiving_tds=1))
    new = rows(
        WEEKLY_STATS, player("A", "KC", receiving_tds=1), player("B", "BUF", receiving_tds=2)
    )
    assert stat_corrections(old, new).num_rows == 0


def test_nothing_changed_or_nothing_known(rows: Rows) -> None:
    same = rows(WEEKLY_STATS, player("A", "KC", receptions=5))
    assert stat_corrections(same, same).num_rows == 0
    assert stat_corrections(rows(WEEKLY_STATS), same).num_rows == 0


def test_first_stats_are_kept_once_the_week_is_final(rows: Rows) -> None:
    kept = rows(WEEKLY_STATS, player("A", "KC", receptions=5))
    current = rows(WEEKLY_STATS, player("A", "KC", receptions=6))
    assert first_stats(current, kept, {WEEK: "provisional"}).equals(current)
    assert first_stats(current, kept, {WEEK: "completed"}).equals(current)
    assert first_stats(current, kept, {WEEK: "final"}).equals(kept)
    assert first_stats(current, rows(WEEKLY_STATS), {WEEK: "final"}).num_rows == 0
    assert first_stats(current, kept, {WEEK: "in_progress"}).num_rows == 0


def test_same_input_same_bytes(rows: Rows, lake: Lake) -> None:
    old = rows(WEEKLY_STATS, player("A", "KC", receptions=5), player("B", "KC", carries=3))
    new = rows(WEEKLY_STATS, player("A", "KC", receptions=6), player("B", "KC", carries=4))
    seen = set()
    for _ in range(3):
        lake.write_weeks(STAT_CORRECTIONS, stat_corrections(old, new), [WEEK])
        seen.add(Path(lake.path(STAT_CORRECTIONS, WEEK)).read_bytes())
    assert len(seen) == 1


def test_models_of_upstream_do_not_count() -> None:
    assert not {"receiving_epa", "wopr", "target_share"} & set(COUNTED)
    assert {"receptions", "fg_made", "def_tackles_solo"} <= set(COUNTED)

"""No leak: with everything after a week's kick-off deleted, the projections are the same bytes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline import tables
from fantasy_pipeline.history import player_history
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.model import artefact
from fantasy_pipeline.projections import model_projections, projections
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline_tests.real_lake import import_seasons, truncated

pytestmark = pytest.mark.real

SEASON = 2024
WEEKS = (1, 2, 9, 17, 20)
"""The first, an early, a middle and a late one, and one of the play-offs."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, nfl_mirror: Path) -> Lake:
    return import_seasons(nfl_mirror, tmp_path_factory.mktemp("real"), [2022, 2023, 2024])


def history_of(lake: Lake) -> pa.Table:
    inputs = (tables.GAMES, tables.RAW_PLAYERS, tables.WEEKLY_STATS)
    with lake.connect(inputs) as connection:
        return player_history(connection)


def projected(lake: Lake, week: SeasonWeek) -> bytes:
    """Both tables of a week as bytes."""
    history = history_of(lake)
    sources = lake.read(tables.SOURCE_PROJECTIONS)
    model = artefact.model_of(lake, history, sources, week.season)
    assert set(model.positions) == {"QB", "RB", "WR", "TE", "K"}
    ours = model_projections(history, [week], lambda _: model, None)
    theirs = lake.read(tables.SOURCE_PROJECTIONS, [week])
    both = projections(ours, theirs, lambda _: model, None)
    assert ours.num_rows > 100
    sink = pa.BufferOutputStream()
    for table in (ours, both):
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("week", WEEKS)
def test_projections_do_not_know_what_came_later(lake: Lake, tmp_path: Path, week: int) -> None:
    now = SeasonWeek(SEASON, week)
    before = truncated(lake, tmp_path / "before", now)
    assert max(before.weeks(tables.WEEKLY_STATS)) < now
    assert projected(before, now) == projected(lake, now)


def test_the_test_can_fail(lake: Lake, tmp_path: Path) -> None:
    now = SeasonWeek(SEASON, 9)
    before = truncated(lake, tmp_path / "before", now)
    last = SeasonWeek(SEASON, 8)
    stats = before.read(tables.WEEKLY_STATS, [last])
    more = pc.add(stats["targets"], 1.0)
    stats = stats.set_column(stats.schema.get_field_index("targets"), "targets", more)
    before.write_weeks(tables.WEEKLY_STATS, stats, [last])
    assert projected(before, now) != projected(lake, now)

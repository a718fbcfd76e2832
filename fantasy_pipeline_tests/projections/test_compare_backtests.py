"""The comparison of two backtests: ratios by hand, and an interval that knows pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.football.tables import PROJECTION_ACCURACY
from fantasy_pipeline_tests.rows import Rows
from scripts.compare_backtests import compare, errors_by_week, main


def measured(week: int, mae: float, rmse: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024, "week": week, "source": "consensus", "position": "QB", "scoring": "ppr",
        "pool": "played", "players": 10, "mae": mae, "rmse": rmse,
    } | more  # fmt: skip


def test_sums_are_of_the_scored_players(rows: Rows) -> None:
    table = rows(
        PROJECTION_ACCURACY,
        measured(1, 4.0, 5.0),
        measured(1, 6.0, 7.0, position="WR", players=30),
        measured(2, 3.0, 4.0),
        *(measured(1, 99.0, 99.0) | other for other in (
            {"position": "ALL"}, {"position": "K"}, {"pool": "all"}, {"scoring": "half"},
            {"source": "nflcom"}, {"week": 18},
        )),
    )  # fmt: skip
    weeks, sums = errors_by_week(table, "consensus")
    assert weeks.tolist() == [202401, 202402]
    assert sums.tolist() == [[220.0, 250.0 + 30 * 49.0, 40.0], [30.0, 160.0, 10.0]]


def test_a_change_of_every_week_is_certain_although_weeks_differ() -> None:
    rng = np.random.default_rng(7)
    errors = rng.uniform(2, 9, 60)
    before = np.column_stack([errors * 100, errors**2 * 150, np.full(60, 100.0)])
    after = before * [0.98, 0.98**2, 1.0]
    for ratio, low, high in compare(before, after).values():
        assert ratio == pytest.approx(0.98)
        assert low == pytest.approx(0.98)
        assert high == pytest.approx(0.98)
    noise = rng.normal(1, 0.2, 60)
    ratio, low, high = compare(before, after * noise[:, None] ** [1, 2, 0])["MAE"]
    assert low < ratio < high
    assert high - low > 0.02


def test_other_weeks_or_players_are_refused(
    rows: Rows, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [
        measured(week, 4.0, 5.0, source=source, pool=pool, season=season)
        for source in ("consensus", "model")
        for pool in ("played", "all")
        for season in (2023, 2024)
        for week in (1, 2)
    ]
    half = [one | {"mae": 2.0, "rmse": 2.5} for one in both]
    files = {}
    for name, table in (("before", both), ("after", half), ("fewer", half[:-1])):
        files[name] = str(tmp_path / f"{name}.parquet")
        pq.write_table(rows(PROJECTION_ACCURACY, *table), files[name])
    main(files["before"], files["after"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["consensus", "played", "MAE", "0.5000", "90%:", "0.5000-0.5000"]
    assert [line.split()[1] for line in lines[2:4]] == ["2023", "2024"]
    with pytest.raises(SystemExit, match="model, all: the backtests are not of the same weeks"):
        main(files["before"], files["fewer"])

"""The consensus table: stat lines and quantiles move with the points; ruled-out players do not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football import scoring
from fantasy_pipeline.football.tables import MODEL_PROJECTIONS, PROJECTIONS, SOURCE_PROJECTIONS
from fantasy_pipeline.projections.consensus_projections import consensus_gaps, projections
from fantasy_pipeline.projections.model.availability import (
    BENCH,
    EXPECTED_PLAYS,
    SKIPPED,
    UNNAMED,
    UNNAMED_PLAYS,
)
from fantasy_pipeline.projections.model.consensus import PRIOR_WEIGHT
from fantasy_pipeline.projections.model.stat_line import WEIGHTS

LINE = {"receptions": 5.0, "targets": 7.0, "receiving_yards": 60.0, "receiving_tds": 0.5}


def ours(player: str = "P1", **more: object) -> dict[str, Any]:
    std = sum(WEIGHTS.get(name, 0.0) * value for name, value in LINE.items())
    row: dict[str, Any] = {
        "season": 2024,
        "week": 3,
        "player_id": player,
        "position": "WR",
        "source": "model",
        "plays": 0.98,
        "games": 1000,
        **LINE,
    }
    for end, points in (("_std", std), ("_half", std + 2.5), ("", std + 5)):
        row |= {f"projected_points{end}": points, f"p10{end}": points / 3}
        row |= {f"p50{end}": points * 0.9, f"p90{end}": points * 1.8}
    return row | more


def statement(player: str = "P1", points: float = 14.0, source: str = "nflcom") -> dict[str, Any]:
    return {
        "season": 2024, "week": 3, "source": source, "player_id": player, "points_half": points
    }  # fmt: skip


def consensus(
    *rows: dict[str, Any], sources: list[dict[str, Any]], label: str | None = None
) -> list[dict[str, Any]]:
    table = projections(
        pa.Table.from_pylist(list(rows), schema=MODEL_PROJECTIONS.arrow_schema),
        pa.Table.from_pylist(sources, schema=SOURCE_PROJECTIONS.arrow_schema),
        lambda season: None,
        label,
    )
    assert table.schema == PROJECTIONS.arrow_schema
    rows_out: list[dict[str, Any]] = table.to_pylist()
    return rows_out


def line_points(row: dict[str, Any], name: scoring.Scoring) -> float:
    total = sum(WEIGHTS.get(stat, 0.0) * float(row[stat]) for stat in LINE)
    return total + scoring.RECEPTION_POINTS[name] * float(row["receptions"])


@pytest.mark.parametrize("points", [2.0, 14.0, 20.0])
def test_points_stay_what_the_stat_line_says_in_every_scoring(points: float) -> None:
    (row,) = consensus(ours(), sources=[statement(points=points)])
    assert row["source"] == "consensus"
    assert row["sources"] == 2
    for name, end in (("std", "_std"), ("half", "_half"), ("ppr", "")):
        assert row[f"projected_points{end}"] == pytest.approx(line_points(row, name), abs=0.011)
        assert row[f"p10{end}"] <= row[f"p50{end}"] <= row[f"p90{end}"]
    # Between the two, by the prior weight; at most MAX_DIFFERENCE points count.
    assert row["projected_points_half"] == pytest.approx(
        11.5 + PRIOR_WEIGHT * (max(points, 3.5) - 11.5), abs=0.6
    )
    assert row["spread"] == pytest.approx(abs(points - 11.5))
    assert row["model_half"] == 11.5
    assert row["nflcom_half"] == points


def test_a_line_worth_nothing_in_half_ppr_keeps_its_ppr_points() -> None:
    # 0.1 receptions and 0.025 fumbles lost: 0 points in half-PPR, 0.05 in PPR.
    line = dict.fromkeys(LINE, 0.0) | {"receptions": 0.1, "targets": 0.2, "fumbles_lost": 0.025}
    worth = {"projected_points": 0.05, "projected_points_half": 0.0, "projected_points_std": 0.0}
    for sources in ([], [statement("P2")]):
        row, _ = consensus(ours(**line, **worth), ours("P2"), sources=sources)
        assert {name: row[name] for name in worth} == worth
        assert row["receptions"] == 0.1


def test_a_player_who_is_ruled_out_stays_at_zero() -> None:
    nothing = {name: 0.0 for name in ours() if name.startswith(("projected", "p10", "p50", "p90"))}
    (row,) = consensus(ours(**nothing, plays=0.0, reason="out"), sources=[statement()])
    assert row["projected_points"] == row["p90"] == 0.0
    assert row["reason"] == "out"


def test_a_player_without_other_sources_keeps_our_projection() -> None:
    one, two = consensus(ours("P1"), ours("P2"), sources=[statement("P1")], label="made up")
    assert one["source"] == "consensus (made up)"
    assert two["source"] == "model"
    assert two["projected_points"] == ours()["projected_points"]
    assert two["nflcom_half"] is None


def test_a_cut_player_is_restored_if_other_sources_expect_him_to_play() -> None:
    moved = ("projected", "p10", "p50", "p90", *LINE)
    whole = {name: value for name, value in ours().items() if name.startswith(moved)}
    cut = {name: float(value) * 0.2 for name, value in whole.items()}
    (row,) = consensus(ours(**cut, plays=0.18), sources=[statement(points=11.0)])
    assert row["projected_points_half"] == pytest.approx(11.0, abs=0.3)


@pytest.mark.parametrize("plays", [0.087, 0.089, 0.093, 0.1])
def test_a_restored_player_has_the_points_of_his_stat_line(plays: float) -> None:
    """Our cut points are rounded; the rounding must not show in the restored points."""
    usual = {name: float(value) for name, value in ours().items() if name.startswith("projected")}
    rounded = {name: round(value * plays, 2) for name, value in usual.items()}
    line = {name: round(value * plays, 4) for name, value in LINE.items()}
    (row,) = consensus(ours(**rounded, **line, plays=plays), sources=[statement(points=18.7)])
    assert row["projected_points_half"] > 8
    for name, end in (("std", "_std"), ("half", "_half"), ("ppr", "")):
        assert row[f"projected_points{end}"] == pytest.approx(line_points(row, name), abs=0.0065)


def room(**starts: float) -> list[dict[str, Any]]:
    """Return a team's quarterbacks of 16 half-PPR points if they start, by chance to start."""
    rows = []
    for player, chance in starts.items():
        share = chance + (1 - chance) * BENCH
        line = {"passing_yards": 250 * share, "passing_tds": 1.5 * share, "receptions": None}
        line |= dict.fromkeys(("targets", "receiving_yards", "receiving_tds"))
        points = {f"projected_points{end}": 16 * share for end in ("", "_half", "_std")}
        about = {"position": "QB", "team": "BUF", "starts": chance, "plays": max(chance, 0.1)}
        rows.append(ours(player, **line, **points, **about))
    return rows


def test_a_source_that_projects_a_team_mate_forecasts_that_he_sits() -> None:
    first, second = consensus(*room(first=0.7, second=0.3), sources=[statement("second", 15.0)])
    assert first["starts"] + second["starts"] == pytest.approx(1, abs=2e-4)
    assert second["starts"] > 0.9 > 0.1 > first["starts"]
    assert second["projected_points_half"] == pytest.approx(15.5, abs=1.0)
    assert first["projected_points_half"] < 2
    # The points are still those of the stat line.
    for row in (first, second):
        line = 0.04 * float(row["passing_yards"]) + 4 * float(row["passing_tds"])
        assert row["projected_points_half"] == pytest.approx(line, abs=0.02)


def test_a_questionable_player_whom_a_source_projects_plays_more_likely() -> None:
    hurt = {"team": "BUF", "injury_status": "Questionable", "plays": 0.6}
    named, fit, other = consensus(
        ours(**hurt),
        ours("P2", team="BUF", plays=0.6),
        ours("P3", **hurt | {"team": "MIA"}),
        sources=[statement(), statement("P2")],
    )
    # Odds of 1.5 become odds of 1.875.
    assert named["plays"] == pytest.approx(1.875 / 2.875, abs=1e-4)
    # A player without a game status is not in doubt, and about MIA no source states anything.
    assert (fit["plays"], other["plays"]) == (EXPECTED_PLAYS, 0.6)


def test_a_receiver_whom_no_source_projects_is_expected_to_sit() -> None:
    team = {"team": "BUF"}
    alone, mate = consensus(ours(**team), ours("P2", **team), sources=[statement("P2")])
    assert alone["projected_points"] == pytest.approx(UNNAMED * 14, abs=0.02)
    assert alone["receiving_yards"] == pytest.approx(UNNAMED * 60, abs=0.01)
    assert alone["plays"] == UNNAMED_PLAYS
    assert alone["p50"] == 0.0
    assert mate["plays"] == 0.98
    # Sources leave out many lesser players, so their silence about them says nothing.
    little = dict.fromkeys(LINE, 0.0) | {"receptions": 1.0, "targets": 2.0, "receiving_yards": 20.0}
    few = {
        f"projected_points{end}": points for end, points in (("", 3), ("_half", 2.5), ("_std", 2))
    }
    lesser, _ = consensus(
        ours(**team, **little, **few), ours("P2", **team), sources=[statement("P2")]
    )
    assert lesser["projected_points_half"] == 2.5
    # Nobody forecasts anything about a team of which no source projects a player.
    (other,) = consensus(ours(team="KC"), sources=[statement("P2")])
    assert other["projected_points"] == 14.0


def test_a_source_that_skips_a_receiver_lowers_him() -> None:
    team = {"team": "BUF"}
    both = [statement(points=11.5), statement(points=11.5, source="espn")]
    named, skipped = (
        consensus(
            ours(**team), ours("P2", **team), sources=[*said, statement("P2", source="espn")]
        )[0]
        for said in (both, both[:1])
    )
    for name in ("projected_points", "projected_points_half", "receiving_yards"):
        assert skipped[name] == pytest.approx(SKIPPED * named[name], abs=0.02)
    assert skipped["p90"] < named["p90"]
    assert skipped["plays"] == named["plays"]


def test_a_room_that_no_source_projects_keeps_our_chances() -> None:
    first, second = consensus(*room(first=0.7, second=0.3), sources=[statement("other", 15.0)])
    assert (first["starts"], second["starts"]) == (0.7, 0.3)


def test_a_doubtful_player_has_his_chance_whatever_sources_say() -> None:
    row = ours(plays=0.02, injury_status="Doubtful")
    moved = ("projected", "p10", "p50", "p90", *LINE)
    row |= {name: float(row[name]) * 0.02 for name in row if name.startswith(moved)}
    (found,) = consensus(row, sources=[statement(points=16.0)])
    assert found["projected_points_half"] == pytest.approx(0.02 * 13.3, abs=0.05)


def test_receptions_move_with_the_yards() -> None:
    (row,) = consensus(ours(), sources=[statement(points=16.0)])
    moved = {name: float(row[name]) / value for name, value in LINE.items()}
    assert min(moved.values()) == pytest.approx(max(moved.values()), rel=1e-4)
    assert moved["receptions"] > 1.1


def test_a_newcomer_has_the_points_of_the_sources() -> None:
    veteran, third_game, newcomer = (
        consensus(ours(games=games), sources=[statement(points=16.0)])[0]["projected_points_half"]
        for games in (60, 2, 0)
    )
    assert veteran == pytest.approx(11.5 + PRIOR_WEIGHT * 4.5, abs=0.3)
    assert newcomer == pytest.approx(16.0, abs=0.01)
    assert veteran < third_game < newcomer


def test_a_week_does_not_depend_on_the_weeks_projected_with_it() -> None:
    """Sleeper copies NFL.com in week 3 only, and has no projections in week 5."""

    def of_week(week: int, source: str, more: float) -> list[dict[str, Any]]:
        return [
            statement(f"P{number}", 5.0 + number / 10 + more, source) | {"week": week}
            for number in range(60)
        ]

    sources = [
        *of_week(3, "nflcom", 0), *of_week(3, "sleeper", 0),
        *of_week(4, "nflcom", 0), *of_week(4, "sleeper", 3),
        *of_week(5, "nflcom", 0),
    ]  # fmt: skip
    rows = {week: [ours(f"P{number}", week=week) for number in range(60)] for week in (3, 4, 5)}
    together = consensus(*rows[3], *rows[4], *rows[5], sources=sources)
    alone = [row for week in rows for row in consensus(*rows[week], sources=sources)]
    assert together == alone
    counts = {week: {row["sources"] for row in alone if row["week"] == week} for week in rows}
    assert counts == {3: {2}, 4: {3}, 5: {2}}
    points = {
        week: [row["projected_points"] for row in alone if row["week"] == week] for week in rows
    }
    # A copy takes no share of the prior from the original.
    assert points[3] == points[5] != points[4]


def test_weeks_without_other_sources_are_named() -> None:
    rows = pa.Table.from_pylist([ours(), ours(week=4)], schema=MODEL_PROJECTIONS.arrow_schema)
    sources = pa.Table.from_pylist([statement()], schema=SOURCE_PROJECTIONS.arrow_schema)
    assert list(consensus_gaps(rows, sources)) == [2024]
    [warning] = consensus_gaps(rows, sources)[2024]
    assert warning == "projections 2024: only our model projects week 4; no other source does"

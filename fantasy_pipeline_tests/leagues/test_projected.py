"""Projections in a league's scoring, and value over replacement from its slots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.football.tables import PROJECTIONS, TEAM_DEFENSE_STATS
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team
from fantasy_pipeline.leagues import amounts, projected, scoring
from fantasy_pipeline.leagues.projected import projected_points, without_lines
from fantasy_pipeline.leagues.view import LeagueView
from fantasy_pipeline.operations.projection_list import _ranks_and_values, value_league_of
from fantasy_pipeline.report.value import League, starters
from fantasy_pipeline_tests.rows import Rows

QB: dict[str, Any] = {
    "season": 2024,
    "week": 5,
    "player_id": "a",
    "position": "QB",
    "passing_yards": 250.0,
    "passing_tds": 2.0,
    "projected_points": 18.0,
    "projected_points_std": 18.0,
    "p10_std": 6.0,
    "p50_std": 17.0,
    "p90_std": 30.0,
}
SETTINGS = {"pass_yd": 0.04, "pass_td": 6, "bonus_pass_yd_300": 3}


def test_expected_points_are_those_of_the_line_without_bonuses(rows: Rows) -> None:
    points = projected_points(rows(PROJECTIONS, QB), scoring.of_sleeper(SETTINGS))
    assert points["projected_points"].tolist() == [22.0]
    # Floor and ceiling grow with the expected points.
    assert points["p10"].tolist() == [pytest.approx(6 * 22 / 18, abs=0.01)]
    assert points["p90"].tolist() == [pytest.approx(30 * 22 / 18, abs=0.01)]


@pytest.mark.parametrize(
    ("per_catch", "usual"),
    [(0, "std"), (0.2, "std"), (0.3, "half"), (0.5, "half"), (0.8, "ppr"), (2, "ppr")],
)
def test_the_usual_scoring_is_the_one_with_the_closest_points_per_catch(
    per_catch: float, usual: str
) -> None:
    assert projected.usual_of(scoring.of_sleeper({"rec": per_catch})) == usual


def test_a_row_of_the_baseline_keeps_its_points(rows: Rows) -> None:
    row = {**QB, "passing_yards": None, "passing_tds": None}
    points = projected_points(rows(PROJECTIONS, row), scoring.of_sleeper(SETTINGS))
    assert points["projected_points"].tolist() == [18.0]
    assert points["p90"].tolist() == [30.0]


def test_players_without_a_stat_line_are_counted(rows: Rows) -> None:
    absent = {**QB, "projected_points": 18.0, "passing_yards": None, "passing_tds": None}
    out = {**absent, "player_id": "b", "projected_points": 0.0}
    defence = {**absent, "player_id": "DST-BUF", "position": "DST"}
    assert without_lines(rows(PROJECTIONS, QB, out, defence)) == []
    [note] = without_lines(rows(PROJECTIONS, absent, out, defence))
    assert note.startswith("projections 2024 week 5: 1 player has no stat line")
    assert note.endswith("`fantasy-pipeline backfill --seasons 2015-2024`")
    [note] = without_lines(rows(PROJECTIONS, absent, {**absent, "player_id": "c"}, out))
    assert note.startswith("projections 2024 week 5: 2 players have no stat line")


def test_a_player_who_is_out_has_no_points(rows: Rows) -> None:
    row = {**QB, "projected_points_std": 0.0, "p10_std": 0.0, "p90_std": 0.0}
    points = projected_points(rows(PROJECTIONS, row), scoring.of_sleeper(SETTINGS))
    assert {name: values.tolist() for name, values in points.items()}["projected_points"] == [0.0]


def test_the_usual_kicks_are_those_of_real_seasons(nfl_mirror: Path) -> None:
    folder = nfl_mirror / "github.com/nflverse/nflverse-data/releases/download/stats_player"
    files = [folder / f"stats_player_week_{season}.parquet" for season in range(2021, 2025)]
    names = ["fg_made_list", "fg_made", "pat_made", "pat_att", *projected._MADE]
    kicks = pa.concat_tables([pq.read_table(file, columns=names) for file in files]).to_pandas()
    total = kicks["fg_made"].sum()
    for name, share in projected._MADE.items():
        assert kicks[name].sum() / total == pytest.approx(share, abs=0.0001)
    assert sum(projected._MADE.values()) == pytest.approx(1)
    assert kicks["pat_made"].sum() / kicks["pat_att"].sum() == pytest.approx(
        projected._PAT_RATE, abs=0.001
    )
    yards = kicks["fg_made_list"].dropna().str.split(";").explode()
    yards = yards[yards != ""].astype(float)
    for bucket, mean in amounts._MIDDLES.items():
        lowest, _, highest = bucket.partition("_")
        of_bucket = yards[yards.between(float(lowest), float(highest or 99))]
        assert of_bucket.mean() == pytest.approx(mean, abs=0.05)


def test_kicks_count_by_the_usual_distances(rows: Rows) -> None:
    kicker = {**QB, "position": "K", "passing_yards": None, "passing_tds": None}
    kicker |= {"fg_made": 2.0, "fg_att": 2.5, "pat_made": 2.0}
    league = scoring.of_sleeper({"fgm": 3.0, "fgmiss": -1.0, "xpm": 1.0})
    points = projected_points(rows(PROJECTIONS, kicker), league)
    assert points["projected_points"].tolist() == [7.5]
    by_yard = scoring.of_sleeper({"fgm_yds": 0.1})
    [worth] = projected_points(rows(PROJECTIONS, kicker), by_yard)["projected_points"].tolist()
    assert 7 < worth < 8.5


def view(*slots: str, teams: int = 2) -> LeagueView:
    members = [Team(str(number)) for number in range(teams)]
    return LeagueView("a", LeagueSeason("file", "a", 2024, "A", list(slots), {}, members))


def test_value_follows_from_the_leagues_slots() -> None:
    league = value_league_of(view("QB", "WR", "REC_FLEX", "SUPER_FLEX", "IDP_FLEX", "DEF", "BN"))
    assert league.teams == 2
    nobody = dict.fromkeys(("RB", "TE", "K", "DL", "LB", "DB"), 0)
    assert league.starters == {**nobody, "QB": 1, "WR": 1, "DST": 1}
    assert league.flexible == (("WR", "TE"), ("DL", "LB", "DB"), ("QB", "RB", "WR", "TE"))
    points = {
        "QB": [25.0, 24.0, 23.0, 22.0, 5.0],
        "RB": [10.0, 9.0],
        "WR": [20.0, 18.0, 12.0, 11.0],
        "TE": [15.0, 6.0],
        "K": [8.0],
        "DST": [7.0, 6.0, 5.0],
        "LB": [9.0, 8.0],
        "DB": [8.5],
    }
    # Two passers fill the flexible slot, the best end and the third receiver the other.
    assert starters(points, league) == {
        **{"QB": 4, "RB": 0, "WR": 3, "TE": 1, "K": 0},
        **{"DST": 2, "DL": 0, "LB": 1, "DB": 1},
    }


def test_a_team_defence_is_projected_in_the_leagues_scoring(rows: Rows) -> None:
    """A sack is worth a point at ESPN, and two here; the other stats are worth nothing here."""
    past = rows(
        TEAM_DEFENSE_STATS,
        *(
            {
                **{"season": 2024, "week": 1 + number // 32, "player_id": f"DST-{number}"},
                **{"team": "BUF", "sacks": number % 7, "points_espn": float(number % 7) + 3},
            }
            for number in range(128)
        ),
    )
    defence = {**QB, "player_id": "DST-BUF", "position": "DST", "passing_yards": None}
    defence |= {f"{name}{end}": 8.0 for name in ("projected_points", "p90") for end in ("", "_std")}
    defence |= {"p10_std": 1.0, "passing_tds": None}
    league = scoring.of_sleeper({"sack": 2.0, "rec": 0.0})
    table = rows(PROJECTIONS, defence)
    points = projected_points(table, league, past)
    assert points["projected_points"].tolist() == [10.0]
    assert (points["p10"].tolist(), points["p90"].tolist()) == ([-4.0], [10.0])
    # Before any game is known, and for a bye.
    early = rows(PROJECTIONS, {**defence, "week": 1})
    assert projected_points(early, league, past)["projected_points"].tolist() == [8.0]
    bye = {**defence, "projected_points_std": 0.0, "p10_std": 0.0, "p90_std": 0.0}
    assert projected_points(rows(PROJECTIONS, bye), league, past)["projected_points"] == [0.0]
    # Later games change nothing.
    later = past.append_column("x", past["week"]).drop_columns(["x"])
    later = pa.concat_tables([later, rows(TEAM_DEFENSE_STATS, {**late_game(), "sacks": 90})])
    assert projected_points(table, league, later)["projected_points"].tolist() == [10.0]


def late_game() -> dict[str, Any]:
    return {
        **{"season": 2024, "week": 5, "player_id": "DST-KC", "team": "KC"},
        "points_espn": 1.0,
    }


def test_slots_that_nobody_is_projected_for_are_named() -> None:
    assert view("QB", "DEF", "LB", "IDP_FLEX", "P", "P", "BN").other_slots == ["P"]


def test_rosters_change_the_replacement_level(rows: Rows) -> None:
    table = rows(
        PROJECTIONS,
        *(
            {**QB, "player_id": name, "projected_points": p}
            for name, p in zip("abcd", (9, 8, 7, 2), strict=True)
        ),
    )
    league = League(1, {"QB": 1}, 0)
    _, unknown = _ranks_and_values(table, league)
    _, known = _ranks_and_values(table, league, {"a", "b", "c"})
    assert unknown == {"a": 1.0, "b": 0.0, "c": -1.0, "d": -6.0}
    assert known == {"a": 7.0, "b": 6.0, "c": 5.0, "d": 0.0}

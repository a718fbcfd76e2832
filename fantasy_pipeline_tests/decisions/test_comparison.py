"""Players side by side, on small tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import InvalidArgumentError, NotMaterializedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    PROJECTIONS,
    RAW_PLAYERS,
    REST_OF_SEASON,
    SOURCE_PROJECTIONS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Playoffs
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.comparison import compare, league_of
from fantasy_pipeline_tests.cli.calling import call

Rows = Callable[..., pa.Table]
WEEK = SeasonWeek(2024, 5)
AT_WEEK = {"season": WEEK.season, "week": WEEK.week}
SUNDAY = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
FRIDAY = datetime(2024, 10, 4, tzinfo=timezone.utc)
PLAYERS = ("cook", "barkley", "henry")


def projected(player: str, yards: float) -> dict[str, Any]:
    about = {"player_id": player, "player_name": player.title(), "position": "RB", "team": "BUF"}
    points = {
        f"{name}{end}": yards / 10 + more
        for end, catches in (("", 2.0), ("_half", 1.0), ("_std", 0.0))
        for name, more in (
            ("projected_points", catches),
            ("p10", catches - 5),
            ("p50", catches),
            ("p90", catches + 9),
        )
    }
    line = {"rushing_yards": yards, "receptions": 2.0, "receiving_tds": 0.0}
    more = {"model_half": 8.0, "source": "consensus", "implied_team_total": 24.5}
    return {**AT_WEEK, **about, **points, **line, **more}


def stats(player: str, week: SeasonWeek, yards: int) -> dict[str, Any]:
    at = {"season": week.season, "week": week.week, "player_id": player, "opponent": "MIA"}
    return {**at, "rushing_yards": yards, "fantasy_points": yards / 10}


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    yards = dict(zip(PLAYERS, (60.0, 90.0, 80.0), strict=True))
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, *map(projected, yards, yards.values())), [WEEK])
    injured = {"player_id": "cook", "injury": "Toe", "practice_status": "Limited"}
    lake.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, {**AT_WEEK, **injured}), [WEEK])
    weeks = [SeasonWeek(2022, 9), *(SeasonWeek(2023, w) for w in (16, 17, 18))]
    weeks += [SeasonWeek(2024, w) for w in (1, 2, 3, 5)]
    lines = [stats("cook", week, 10 * number) for number, week in enumerate(weeks)]
    lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, *lines), weeks)
    # ESPN states cook's points before kick-off, and others on Monday.
    stated = {**AT_WEEK, "player_id": "cook", "kickoff": SUNDAY, "as_of": FRIDAY}
    late = {"as_of": datetime(2024, 10, 7, tzinfo=timezone.utc)}
    espn = {**stated, "source": "espn", "points_std": 7.5, "points_half": 8.0}
    nflcom = {**stated, "source": "nflcom", "points_half": 6.5}
    of_ppr = {**stated, "source": "fantasypros", "points_ppr": 9.5}
    table = rows(SOURCE_PROJECTIONS, espn, {**espn, **late, "points_std": 1.0}, nflcom, of_ppr)
    lake.write_weeks(SOURCE_PROJECTIONS, table, [WEEK])
    return lake


def test_players_side_by_side(filled: Lake) -> None:
    cook, barkley = compare(filled, WEEK, SUNDAY, ["cook", "barkley"], "std")
    assert (cook.points.expected, barkley.points.p90) == (6.0, 18.0)
    assert cook.line == {"rushing_yards": 60.0, "receptions": 2.0}
    assert (cook.about["injury"], cook.about["practice_status"]) == ("Toe", "Limited")
    assert barkley.about["injury"] is None
    assert cook.chance + barkley.chance == pytest.approx(1)
    assert barkley.chance > 0.5
    assert cook.chances == {"barkley": pytest.approx(cook.chance)}


def test_last_games_are_five_before_the_week(filled: Lake) -> None:
    cook, barkley = compare(filled, WEEK, SUNDAY, ["cook", "barkley"], "std")
    found = [(game.season, game.week, game.points) for game in cook.games]
    assert found == [(2024, 3, 6.0), (2024, 2, 5.0), (2024, 1, 4.0), (2023, 18, 3.0), (2023, 17, 2)]
    assert barkley.games == []


def test_sources_state_what_they_had_before_kickoff(filled: Lake) -> None:
    cook, barkley = compare(filled, WEEK, SUNDAY, ["cook", "barkley"], "std")
    assert cook.sources == {
        "model": (8.0, "half"),
        "espn": (7.5, "std"),
        "nflcom": (6.5, "half"),
        "fantasypros": (9.5, "ppr"),
    }
    assert barkley.sources == {"model": (8.0, "half")}
    cook, _ = compare(filled, WEEK, datetime(2024, 10, 1, tzinfo=timezone.utc), PLAYERS[:2], "std")
    assert list(cook.sources) == ["model"]


def test_archived_statements_are_known_at_every_moment(filled: Lake, rows: Rows) -> None:
    """An archive that was downloaded after the games does not say when it stated its points."""
    late = {**AT_WEEK, "kickoff": SUNDAY, "as_of": datetime(2025, 3, 1, tzinfo=timezone.utc)}
    stated = [
        {**late, "player_id": player, "source": source, "points_half": points}
        for player, source, points in (
            ("cook", "nflcom", 6.5),
            ("barkley", "espn", 9.0),
            # Sleeper changes its numbers after the games.
            ("barkley", "sleeper", 3.0),
        )
    ]
    filled.write_weeks(SOURCE_PROJECTIONS, rows(SOURCE_PROJECTIONS, *stated), [WEEK])
    for moment in (FRIDAY, SUNDAY, datetime(2024, 11, 1, tzinfo=timezone.utc)):
        cook, barkley = compare(filled, WEEK, moment, ["cook", "barkley"], "half")
        assert cook.sources == {"model": (8.0, "half"), "nflcom": (6.5, "half")}, moment
        assert barkley.sources == {"model": (8.0, "half"), "espn": (9.0, "half")}, moment


def test_points_of_team_defences_name_the_site_of_their_scoring(tmp_path: Path, rows: Rows) -> None:
    lake = Lake(str(tmp_path / "data" / "lake"), "nfl")
    bills, browns = (
        {**projected(f"DST-{team}", 50.0), "position": "DST", "team": team}
        for team in ("BUF", "CLE")
    )
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, bills, browns), [WEEK])
    lake.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, {**AT_WEEK, "player_id": "cook"}), [WEEK])
    at = {**AT_WEEK, "kickoff": SUNDAY, "as_of": FRIDAY, "player_id": "DST-BUF"}
    stated = [
        {**at, "source": source, "points_std": points, "points_half": points}
        for source, points in (("espn", 7.0), ("sleeper", 9.0))
    ]
    lake.write_weeks(SOURCE_PROJECTIONS, rows(SOURCE_PROJECTIONS, *stated), [WEEK])
    lines = [stats("cook", WEEK, 10)]
    lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, *lines), [WEEK])
    at_week = ["--season", "2024", "--week", "5", "--at", "2024-10-06T12:00Z", "--source", "auto"]
    words = ["compare", "DST-BUF", "DST-CLE", *at_week]
    code, out, err = call(tmp_path, [*words, "--json"])
    assert code == 0, err
    first, second = json.loads(out)["players"]
    assert first["sources"] == {
        "model": {"points": 8.0, "scoring": "espn"},
        "espn": {"points": 7.0, "scoring": "espn"},
        "sleeper": {"points": 9.0, "scoring": "sleeper"},
    }
    assert second["sources"] == {"model": {"points": 8.0, "scoring": "espn"}}
    code, out, err = call(tmp_path, words)
    assert code == 0, err
    assert "healthy" not in out
    assert "9.0 (sleeper)" in out


def test_the_rest_of_the_season_is_summed(filled: Lake, rows: Rows) -> None:
    names = ("points", "points_half", "points_std")
    weeks = [
        {**AT_WEEK, "player_id": "cook", "target_week": week, "bye": week == 12}
        | dict.fromkeys(names, 0.0 if week == 12 else 10.0)
        for week in range(5, 19)
    ]
    filled.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *weeks), [WEEK])
    cook, barkley = compare(filled, WEEK, SUNDAY, ["cook", "barkley"], "std")
    assert cook.rest is not None
    assert (cook.rest.games, cook.rest.points, cook.rest.playoffs) == (13, 130.0, 30.0)
    assert cook.rest.p10 < 130 < cook.rest.p90
    assert (cook.rest.scoring, barkley.rest) == ("std", None)


def league_that_pays(scoring: dict[str, float], *slots: str) -> LeagueSeason:
    return LeagueSeason("file", "x", 2024, "Friends", ["RB", *slots], scoring, [])


def test_the_rest_of_a_leagues_season_is_its_own(filled: Lake, rows: Rows) -> None:
    """A league that pays twice the yards, and plays off in weeks 14 to 16."""
    weeks = [
        {**AT_WEEK, "player_id": "cook", "target_week": week}
        | dict.fromkeys(("points", "points_half", "points_std"), 0.0 if week == 12 else 7.0)
        for week in range(5, 19)
    ]
    filled.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *weeks), [WEEK])
    pays = replace(
        league_that_pays({"rush_yd": 0.2, "rec": 1.0}),
        playoff_week=14,
        playoffs=Playoffs(6, [1, 1, 1]),
    )
    cook, barkley = compare(filled, WEEK, SUNDAY, ["cook", "barkley"], pays)
    # In PPR he is projected 8 points, in the league 14.
    assert cook.rest is not None
    assert cook.rest[:2] == (11, round(11 * 7 * 14 / 8, 1))
    assert cook.rest.playoffs == round(3 * 7 * 14 / 8, 1)
    assert cook.rest.p10 < cook.rest.points < cook.rest.p90
    assert (cook.rest.scoring, cook.rest.playoff_weeks) == ("league", (14, 16))
    assert barkley.rest is None, "the rest of the season lacks him"
    over = replace(pays, playoff_week=2)
    assert compare(filled, WEEK, SUNDAY, ["cook", "barkley"], over)[0].rest is None


def test_points_in_a_leagues_scoring(filled: Lake) -> None:
    league = league_that_pays({"rush_yd": 0.2, "rec": 1.0})
    cook, _ = compare(filled, WEEK, SUNDAY, ["cook", "henry"], league)
    assert cook.points.expected == 14.0, "60 yards and 2 catches"
    assert [game.points for game in cook.games][:2] == [12.0, 10.0]
    with pytest.raises(InvalidArgumentError, match="there is no league 'friends'"):
        league_of(filled, "friends", 2024)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["cook"], "takes 2 to 8 players, not 1"),
        (["cook"] * 9, "takes 2 to 8 players, not 9"),
        (["cook", "COO"], "'COO' and 'cook' are both Cook"),
        (["cook", "k"], "'k' names 2 players"),
        (["cook", "swift"], "no player named 'swift' is projected"),
    ],
)
def test_wrong_players(filled: Lake, names: list[str], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        compare(filled, WEEK, SUNDAY, names, "ppr")


def test_a_week_that_is_not_projected(filled: Lake) -> None:
    with pytest.raises(NotMaterializedError, match="projections 2024 week 6: not in the lake"):
        compare(filled, SeasonWeek(2024, 6), SUNDAY, PLAYERS, "ppr")


def put_defences(lake: Lake, rows: Rows) -> None:
    """Store two projected team defences, and their games of three weeks."""
    stored = lake.read(PROJECTIONS, [WEEK])
    bills, browns = (
        {**projected(f"DST-{team}", yards), "position": "DST", "team": team}
        for team, yards in (("BUF", 50.0), ("CLE", 30.0))
    )
    table = pa.concat_tables([stored, rows(PROJECTIONS, bills, browns)])
    lake.write_weeks(PROJECTIONS, table, [WEEK])
    weeks = [SeasonWeek(2023, 18), SeasonWeek(2024, 3), SeasonWeek(2024, 4)]
    played = [
        {**week._asdict(), "player_id": f"DST-{team}", "team": team, "opponent": "MIA"}
        | {"sacks": float(week.week), "points_espn": 2.0 * week.week}
        for week in weeks
        for team in ("BUF", "CLE")
    ]
    lake.write_weeks(TEAM_DEFENSE_STATS, rows(TEAM_DEFENSE_STATS, *played), weeks)


def test_team_defences_have_their_last_games_too(filled: Lake, rows: Rows) -> None:
    put_defences(filled, rows)
    cook, bills = compare(filled, WEEK, SUNDAY, ["cook", "DST-BUF"], "std")
    assert [(game.week, game.points) for game in bills.games] == [(4, 8.0), (3, 6.0), (18, 36.0)]
    assert len(cook.games) == 5


def test_a_league_that_pays_team_defences_compares_them(filled: Lake, rows: Rows) -> None:
    put_defences(filled, rows)
    pays = league_that_pays({"rush_yd": 0.2, "sack": 3.0})
    bills, _ = compare(filled, WEEK, SUNDAY, ["DST-BUF", "cook"], pays)
    assert [game.points for game in bills.games] == [12.0, 9.0, 54.0]
    assert bills.rest is None
    with pytest.raises(InvalidArgumentError, match="no player named 'DST-BUF'"):
        compare(filled, WEEK, SUNDAY, ["DST-BUF", "cook"], league_that_pays({"rush_yd": 0.2}))


def test_defenders_of_a_league_that_starts_them(filled: Lake, rows: Rows) -> None:
    about = {**AT_WEEK, "player_id": "milano", "player_name": "Milano", "position": "LB"}
    line = {"projected_points": 9.0, "p10": 4.0, "p50": 8.0, "p90": 15.0, "def_sacks": 0.5}
    more = {"team": "BUF", "source": "model", "model_points": 8.0, "def_tackles_solo": 5.0}
    table = rows(DEFENDER_PROJECTIONS, {**about, **line, **more})
    filled.write_weeks(DEFENDER_PROJECTIONS, table, [WEEK])
    scoring = {"rush_yd": 0.1, "idp_tkl_solo": 1.0, "idp_sack": 4.0}
    starts = league_that_pays(scoring, "LB")
    milano, _ = compare(filled, WEEK, SUNDAY, ["milano", "cook"], starts)
    assert milano.points.expected == 7.0
    assert milano.line == {"def_tackles_solo": 5.0, "def_sacks": 0.5}
    assert milano.sources["model"] == (8.0, "nflcom")
    with pytest.raises(InvalidArgumentError, match="no player named 'milano'"):
        compare(filled, WEEK, SUNDAY, ["milano", "cook"], league_that_pays(scoring))

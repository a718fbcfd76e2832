"""Real leagues: every answer is read, and points agree with the platform's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import ELIGIBLE
from fantasy_pipeline.football.tables.contract import ValidatedRows
from fantasy_pipeline.football.tables.leagues import LEAGUE_POINTS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.base import Adapter, LeagueSeason, Playoffs
from fantasy_pipeline.ingest.leagues.espn import Espn
from fantasy_pipeline.ingest.leagues.rosters import Directory, league_rosters
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.leagues import stat_lines
from fantasy_pipeline.leagues import tables as leagues
from fantasy_pipeline.leagues.team_defence import with_standard_points

A = {
    2022: "9110010000000000000",
    2023: "9110020000000000000",
    2024: "9110030000000000000",
    2025: "9110040000000000000",
}
KINDS = {
    **dict.fromkeys(("QB", "RB", "WR", "TE"), "offence"),
    **dict.fromkeys(("K", "PK"), "kickers"),
    leagues.DEFENCE: "team defences",
}


@pytest.fixture(scope="module")
def transport(nfl_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Transport:
    return Transport(tmp_path_factory.mktemp("cache"), str(nfl_mirror))


Row = dict[str, Any]


def points_by_week(
    transport: Transport, adapter: Adapter, of: LeagueSeason, weeks: list[int]
) -> tuple[dict[int, list[Row]], set[tuple[int, str]]]:
    """Return `LEAGUE_POINTS` rows by week, and the weeks and players with a defensive stat."""
    source = Nflverse(transport)
    games, season = source.schedule(), of.season
    players, _ = raw_players(source, games, season, weeks)
    stats = weekly_stats(source, games, players, season, weeks)
    lines = stat_lines.with_players(stats, players)
    defences = with_standard_points(team_defense_stats(games, stats))
    directory = Directory(players, source.player_ids(), adapter.id_column)
    scoring = leagues.scoring_of(of)
    keys = list(zip(stats["week"].to_pylist(), stats["player_id"].to_pylist(), strict=True))
    # Without snaps, the tackles of all players count.
    parts = scoring.parts(stats)
    tackles = {
        key
        for name, part in parts.items()
        if name.startswith("idp_")
        for key, points in zip(keys, part.tolist(), strict=True)
        if points
    }
    found = {}
    for week in weeks:
        at = SeasonWeek(season, week)
        rosters, _ = league_rosters("a", at, adapter.week(of, week), directory, lambda _: {})
        points = leagues.league_points(rosters, lines, defences, scoring)
        assert isinstance(LEAGUE_POINTS.validated(points), ValidatedRows)
        found[week] = points.to_pylist()
    return found, tackles


def scored(transport: Transport, adapter: Adapter, of: LeagueSeason, weeks: list[int]) -> Counter:  # type: ignore[type-arg]
    """Return the number of player-weeks by kind of player and whether the points agree."""
    counts: Counter[tuple[str, bool]] = Counter()
    found, tackles = points_by_week(transport, adapter, of, weeks)
    for week, rows in found.items():
        for row in rows:
            # Sleeper counts the abandoned game of this week.
            is_abandoned = (of.season, week) == (2022, 17) and (
                row["explained_by"] == leagues.NO_LINE
            )
            if row["difference"] is not None and not is_abandoned:
                key = (row["week"], row["player_id"])
                kind = KINDS.get(row["position"], "defenders")
                if kind == "offence" and key in tackles:
                    kind = "tackles"
                counts[kind, abs(row["difference"]) < 0.005] += 1
    return counts


def share(counts: Counter, kind: str) -> float:  # type: ignore[type-arg]
    return float(counts[kind, True] / (counts[kind, True] + counts[kind, False]))


@pytest.mark.slow
@pytest.mark.parametrize("season", A)
def test_points_of_league_a(transport: Transport, season: int) -> None:
    sleeper = Sleeper(transport)
    weeks = list(range(1, 5 if season == 2025 else 18))
    counts = scored(transport, sleeper, sleeper.season(A[season]), weeks)
    assert share(counts, "kickers") == 1.0
    assert share(counts, "offence") >= 0.999
    # Tackles of the offence after a turnover, beside those on kick returns.
    assert share(counts, "tackles") >= 0.92
    assert share(counts, "defenders") >= 0.96
    # Since 2024 this league pays stops on fourth down, which the weekly file lacks.
    assert share(counts, "team defences") >= (0.4 if season >= 2024 else 0.95)


@pytest.mark.slow
def test_best_lineups_are_sleepers(transport: Transport, nfl_mirror: Path) -> None:
    """Sleeper's `ppts` is a team's sum over weeks 1-14. Some defenders have more positions."""
    sleeper, source = Sleeper(transport), Nflverse(transport)
    games, weeks, equal = source.schedule(), list(range(1, 15)), []
    for season in (2022, 2023, 2024):
        of = sleeper.season(A[season])
        players, _ = raw_players(source, games, season, weeks)
        directory = Directory(players, source.player_ids(), "sleeper_id")
        sums: Counter[str] = Counter()
        for week in weeks:
            found, at = sleeper.week(of, week), SeasonWeek(season, week)
            rosters, _ = league_rosters("a", at, found, directory, lambda _: {})
            # The platform's points, so that only the line-ups are compared.
            points = rosters.append_column("points", rosters["platform_points"])
            for name in ("difference", "explained_by", "not_scored"):
                points = points.append_column(name, pa.nulls(rosters.num_rows))
            made = leagues.league_matchups(points, rosters, {week: found.games}, of)
            for row in made.to_pylist():
                sums[row["team_id"]] += row["optimal_points"]
        league = nfl_mirror / "api.sleeper.app/v1/league" / A[season]
        for team in json.loads((league / "rosters.json").read_text()):
            stated = team["settings"]["ppts"] + team["settings"].get("ppts_decimal", 0) / 100
            equal.append(abs(sums[str(team["roster_id"])] - stated) < 0.005)
    assert len(equal) == 36
    assert sum(equal) >= 28


@pytest.mark.slow
def test_points_of_league_c(transport: Transport, nfl_mirror: Path) -> None:
    """Before 2021 Sleeper states the points of the starters only, in another order than them."""
    sleeper, league, equal, total = Sleeper(transport), "9330010000000000000", 0, 0
    found, _ = points_by_week(transport, sleeper, sleeper.season(league), [1, 5])
    for week, rows in found.items():
        name = f"api.sleeper.app/v1/league/{league}/matchups/{week}.json"
        for team in json.loads((nfl_mirror / name).read_text()):
            own = [r for r in rows if r["started"] and r["team_id"] == str(team["roster_id"])]
            stated = Counter(round(points, 2) for points in team["starters_points"])
            equal += (stated & Counter(round(row["points"] or 0, 2) for row in own)).total()
            total += stated.total()
    # The weekly files before 2021 lack fumbles on returns and aborted snaps.
    assert (equal, total) == (212, 216)


@pytest.mark.slow
def test_points_of_league_e(transport: Transport) -> None:
    espn = Espn(transport)
    counts = scored(transport, espn, espn.season("100001", 2020), [1, 2])
    agree = sum(count for (_, equal), count in counts.items() if equal)
    assert agree / sum(counts.values()) >= 0.99
    assert share(counts, "team defences") == 1.0


@pytest.mark.parametrize(
    ("identity", "season", "teams", "weeks"),
    [
        (A[2024], 2024, 12, range(1, 18)),
        ("9330010000000000000", 2020, 12, [1, 5]),
        ("9440010000000000000", 2026, 12, []),
        ("9110050000000000000", 2026, 12, []),
    ],
)
def test_sleepers_leagues_are_read_whole(
    transport: Transport, identity: str, season: int, teams: int, weeks: list[int]
) -> None:
    sleeper = Sleeper(transport)
    of = sleeper.season(identity)
    assert (of.season, len(of.teams)) == (season, teams)
    assert set(of.slots) <= {*ELIGIBLE, "BN", "IR", "TAXI"}
    assert leagues.league_teams({"a": [of]}).num_rows == teams
    for week in weeks:
        found = sleeper.week(of, week)
        assert len(found.games) == teams
        assert all(spot.slot in {*ELIGIBLE, "BN", "IR", "TAXI"} for spot in found.spots)
        starters = Counter(spot.team_id for spot in found.spots if spot.number is not None)
        lineup = sum(slot != "BN" for slot in of.slots)
        assert all(starters[game.team_id] + game.empty_slots == lineup for game in found.games), (
            week
        )


def test_espns_league_is_read_whole(transport: Transport) -> None:
    espn = Espn(transport)
    of = espn.season("100001", 2020)
    assert (len(of.teams), of.playoff_week, of.more["previous_seasons"]) == (10, 13, [2018, 2019])
    assert of.slots.count("BN") == 12
    assert of.playoffs == Playoffs(4, [2, 2])
    assert of.opponents["1"] == ["4", "5", "3", "8", "7", "2", "6", "10", "9", "5", "3", "4"]
    assert leagues.league_teams({"e": [of]})["scoring"].to_pylist()[0]
    for week in (1, 2):
        found = espn.week(of, week)
        assert len(found.games) == 10
        for game in found.games:
            starters = [
                spot
                for spot in found.spots
                if spot.team_id == game.team_id and spot.number is not None
            ]
            total = sum(spot.points or 0 for spot in starters)
            assert total == pytest.approx(game.points, abs=0.02)
        defences = [spot for spot in found.spots if spot.is_defence]
        assert defences
        assert all(spot.team for spot in defences)

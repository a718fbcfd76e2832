"""`player_history`: features by hand on toy leagues, and no look into the future."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENCE_STATS,
    GAMES,
    PLAYER_HISTORY,
    RAW_PLAYERS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import of_defences, of_players
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.team_defence import with_standard_points
from fantasy_pipeline.projections.history import INPUTS, defences, player_history
from fantasy_pipeline.projections.history.decaying import HALF_LIFE
from fantasy_pipeline.projections.history.rows import WEEKS_PER_YEAR

Rows = Callable[..., pa.Table]
Records = list[dict[str, Any]]
SEASON = 2024
SUNDAY = datetime(2024, 9, 8, 17, tzinfo=timezone.utc)

FADE = 0.5 ** (1 / HALF_LIFE)
"""Weight of a game after a week."""


def week_of(week: int | SeasonWeek) -> SeasonWeek:
    return week if isinstance(week, SeasonWeek) else SeasonWeek(SEASON, week)


def game(
    week: int | SeasonWeek, away: str = "BUF", home: str = "KC", **more: Any
) -> dict[str, Any]:
    at = week_of(week)
    return {
        "season": at.season,
        "week": at.week,
        "game_id": f"{at.season}_{at.week:02d}_{away}_{home}",
        "game_type": "REG",
        "kickoff": SUNDAY + timedelta(weeks=at.week - 1),
        "home_team": home,
        "away_team": away,
    } | more


def listed(week: int | SeasonWeek, player: str, team: str = "BUF", **more: Any) -> dict[str, Any]:
    at = week_of(week)
    return {
        "season": at.season,
        "week": at.week,
        "player_id": player,
        "player_name": player.title(),
        "position": "WR",
        "team": team,
        "roster_status": "ACT",
        "roster_source": "weekly_roster",
    } | more


def line(
    week: int | SeasonWeek, player: str, points: float, opponent: str = "KC", **more: Any
) -> dict[str, Any]:
    """Return a stat line worth so many points in every scoring."""
    at = week_of(week)
    return {
        "season": at.season,
        "week": at.week,
        "player_id": player,
        "player_name": player.title(),
        "position": "WR",
        "team": "BUF",
        "opponent": opponent,
        "fantasy_points": points,
        "fantasy_points_half": points,
        "fantasy_points_ppr": points,
        "kicking_points": 0.0,
    } | more


def defence(
    week: int | SeasonWeek, points: float, team: str = "BUF", opponent: str = "KC", **more: Any
) -> dict[str, Any]:
    """Return the stats of a team's defence."""
    at = week_of(week)
    return {
        "season": at.season,
        "week": at.week,
        "player_id": f"DST-{team}",
        "team": team,
        "opponent": opponent,
        "points_espn": points,
    } | more


def listed_defence(week: int | SeasonWeek, team: str = "BUF") -> dict[str, Any]:
    more = {"position": "DST", "roster_status": None, "roster_source": "schedule"}
    return listed(week, f"DST-{team}", team, **more)


History = Callable[..., dict[tuple[int, str], dict[str, Any]]]
NO_DEFENCES = TEAM_DEFENSE_STATS.arrow_schema.empty_table()


def history_of(
    games: pa.Table, players: pa.Table, stats: pa.Table, defences: pa.Table = NO_DEFENCES
) -> pa.Table:
    with duckdb.connect() as connection:
        connection.register("games", games)
        connection.register("raw_players", players)
        connection.register("weekly_stats", stats)
        connection.register("team_defense_stats", defences)
        table = player_history(connection)
    assert table.schema == PLAYER_HISTORY.arrow_schema
    return table


@pytest.fixture
def history(rows: Rows) -> History:
    """Return `history(games, players, stats, defences)`: rows by week and player."""

    def build(
        games: Records, players: Records, stats: Records, defences: Records | None = None
    ) -> dict[tuple[int, str], dict[str, Any]]:
        table = history_of(
            rows(GAMES, *games),
            rows(RAW_PLAYERS, *players),
            rows(WEEKLY_STATS, *stats),
            rows(TEAM_DEFENSE_STATS, *(defences or [])),
        )
        return {(row["week"], row["player_id"]): row for row in table.to_pylist()}

    return build


THREE_WEEKS = [game(week) for week in (1, 2, 3)]


# Averages


def test_averages_by_hand(history: History) -> None:
    found = history(
        THREE_WEEKS,
        [listed(week, "a") for week in (1, 2, 3)],
        [
            line(1, "a", 10.0, targets=4, receptions=2),
            line(2, "a", 20.0, targets=10, receptions=None),
        ],
    )
    first, second, third = (found[week, "a"] for week in (1, 2, 3))

    assert (first["games"], first["games_season"], first["weight"]) == (0, 0, 0.0)
    for name in ("avg_fantasy_points_ppr", "last_points_ppr", "season_points_ppr"):
        assert first[name] is None
    assert first["weeks_since_game"] is None

    assert (second["games"], second["weeks_since_game"]) == (1, 1)
    assert second["weight"] == pytest.approx(FADE)
    assert second["avg_fantasy_points_ppr"] == pytest.approx(10.0)

    weight = FADE**2 + FADE
    assert (third["games"], third["games_season"], third["weeks_since_game"]) == (2, 2, 1)
    assert third["weight"] == pytest.approx(weight)
    assert third["avg_fantasy_points_ppr"] == pytest.approx((10 * FADE**2 + 20 * FADE) / weight)
    assert third["avg_targets"] == pytest.approx((4 * FADE**2 + 10 * FADE) / weight)
    # A stat that upstream does not have counts as 0.
    assert third["avg_receptions"] == pytest.approx(2 * FADE**2 / weight)
    assert third["last_points_ppr"] == 20.0
    assert third["season_points_ppr"] == pytest.approx(15.0)


def test_a_player_whose_team_has_not_played_yet_has_missed_nothing(history: History) -> None:
    """Week 2 is in progress: BUF has played, NYJ has not, although upstream has its snaps."""
    games = [game(week, *teams) for week in (1, 2, 3) for teams in (("BUF", "KC"), ("NYJ", "MIA"))]
    players = [
        listed(week, name, team, **more)
        for week in (1, 2, 3)
        for name, team, more in (
            ("absent", "BUF", {}),
            ("waiting", "NYJ", {"offense_snaps": 50, "snap_share": 0.9} if week == 2 else {}),
        )
    ]
    before = [line(1, "absent", 8.0), line(1, "waiting", 8.0, "MIA", team="NYJ")]
    found = history(games, players, [*before, line(2, "other", 5.0)])
    absent, waiting = found[3, "absent"], found[3, "waiting"]
    assert (absent["missed_last"], waiting["missed_last"]) == (True, False)
    assert absent["appearance_rate"] < waiting["appearance_rate"]
    assert (waiting["games"], waiting["last_points_ppr"]) == (1, 8.0)
    assert waiting["avg_fantasy_points_ppr"] == pytest.approx(8.0)
    assert waiting["last_snap_share"] is None
    targets = [found[2, name]["target_played"] for name in ("absent", "waiting")]
    assert targets == [False, None]
    assert found[2, "waiting"]["target_ppr"] is None


def test_a_game_counts_half_after_a_half_life(history: History) -> None:
    weeks = (1, 2, 2 + int(HALF_LIFE))
    found = history(
        [game(week) for week in weeks],
        [listed(weeks[-1], "a")],
        [line(1, "a", 0.0), line(2, "a", 10.0)],
    )
    assert found[10, "a"]["weight"] == pytest.approx(0.5 + 0.5 * FADE)
    assert found[10, "a"]["avg_fantasy_points_ppr"] == pytest.approx(10 / (1 + FADE))


def test_an_off_season_fades_games_as_eight_weeks_do(history: History) -> None:
    last, next_first = SeasonWeek(SEASON - 1, 22), SeasonWeek(SEASON, 1)
    assert WEEKS_PER_YEAR - 22 == 8
    found = history([game(last), game(1)], [listed(next_first, "a")], [line(last, "a", 10.0)])
    row = found[1, "a"]
    assert row["weeks_since_game"] == 9
    assert row["weight"] == pytest.approx(0.5 ** (9 / HALF_LIFE))
    assert row["avg_fantasy_points_ppr"] == pytest.approx(10.0)
    assert (row["games"], row["games_season"]) == (1, 0)
    assert row["season_points_ppr"] is None
    assert row["last_points_ppr"] == 10.0


def test_kickers_score_by_kicking(history: History) -> None:
    found = history(
        THREE_WEEKS,
        [listed(2, "k", position="K")],
        [line(1, "k", 0.0, position="K", kicking_points=9.0, fg_made=2, pat_made=3)],
    )
    row = found[2, "k"]
    assert [row[f"avg_fantasy_points{scoring}"] for scoring in ("", "_half", "_ppr")] == [9.0] * 3
    assert row["avg_fg_made"] == 2.0


def test_each_scoring_has_its_own_average(history: History) -> None:
    points = {"fantasy_points": 6.0, "fantasy_points_half": 8.0, "fantasy_points_ppr": 10.0}
    found = history(THREE_WEEKS, [listed(2, "a")], [line(1, "a", 0.0, **points)])
    assert [found[2, "a"][f"avg_{name}"] for name in points] == [6.0, 8.0, 10.0]
    assert [found[1, "a"][f"target_{name}"] for name in ("std", "half", "ppr")] == [6.0, 8.0, 10.0]


def test_snap_shares_are_averaged_where_there_are_any(history: History) -> None:
    shares = {1: 0.5, 2: None, 3: 0.8, 4: None}
    found = history(
        [game(week) for week in shares],
        [listed(week, "a", snap_share=share) for week, share in shares.items()],
        [line(week, "a", 1.0) for week in (1, 2, 3)],
    )
    assert found[2, "a"]["avg_snap_share"] == pytest.approx(0.5)
    expected = (0.5 * FADE**3 + 0.8 * FADE) / (FADE**3 + FADE)
    assert found[4, "a"]["avg_snap_share"] == pytest.approx(expected)


def test_the_prior_is_the_mean_of_similarly_experienced_players(history: History) -> None:
    veterans = [(f"veteran {n}", 10.0 + n) for n in range(3)]
    stats = [line(1, name, points) for name, points in [*veterans, ("rookie", 2.0)]]
    stats += [line(2, name, points) for name, points in veterans]
    stats += [line(2, "kicker", 0.0, position="K", kicking_points=8.0)]
    found = history(
        THREE_WEEKS,
        [listed(3, "new"), listed(3, "rookie"), listed(3, "veteran 0"), listed(1, "veteran 0")],
        stats,
    )
    prior = "prior_fantasy_points_ppr"
    assert found[1, "veteran 0"][prior] is None
    # First games count for players without a game, later ones for players with 1 to 3 games.
    assert found[3, "new"][prior] == pytest.approx((10 + 11 + 12 + 2) / 4)
    assert found[3, "rookie"][prior] == found[3, "veteran 0"][prior] == pytest.approx(11.0)


# Opponents


def test_opponent_factor_by_hand(history: History) -> None:
    found = history(
        [game(1), game(1, "SF", "LV"), game(2), game(2, "SF", "LV"), game(3, "BUF", "DEN")],
        [
            listed(2, "vs KC"),
            listed(2, "vs LV", "SF"),
            listed(2, "te vs KC", position="TE"),
            listed(3, "vs DEN"),
            listed(3, "resting", "KC"),
        ],
        # Against KC 30 points by two receivers, against LV 10: 20 in the mean.
        [line(1, "a", 18.0), line(1, "b", 12.0), line(1, "c", 10.0, "LV", team="SF")],
    )
    factor = "opponent_factor_fantasy_points_ppr"
    mean, prior = 20.0, 6.0
    assert found[2, "vs KC"][factor] == pytest.approx(
        (30 * FADE + prior * mean) / ((FADE + prior) * mean)
    )
    assert found[2, "vs LV"][factor] == pytest.approx(
        (10 * FADE + prior * mean) / ((FADE + prior) * mean)
    )
    # No team has played DEN yet, KC has a bye, and no tight end has scored.
    for week, player in ((3, "vs DEN"), (3, "resting"), (2, "te vs KC")):
        assert found[week, player][factor] == 1.0
    assert found[3, "resting"]["on_bye"] is True


def test_a_traded_players_points_are_allowed_by_the_team_he_faced(history: History) -> None:
    """He is on BUF's roster and scored for SF against LV."""
    found = history(
        [game(1), game(1, "SF", "LV"), game(2, "BUF", "LV"), game(2, "SF", "KC")],
        [listed(1, "traded"), listed(2, "vs LV"), listed(2, "vs KC", "SF")],
        [line(1, "traded", 30.0, "LV", team="SF"), line(1, "a", 10.0, "KC")],
    )
    factor = "opponent_factor_fantasy_points_ppr"
    assert found[2, "vs LV"][factor] > 1 > found[2, "vs KC"][factor]


# Chance to play


def test_appearance_rate_by_hand(history: History) -> None:
    weeks = (1, 2, 3)
    found = history(
        THREE_WEEKS,
        [listed(week, name) for week in weeks for name in ("always", "once", "never")],
        [line(1, "always", 5.0), line(1, "once", 5.0), line(2, "always", 5.0)],
    )
    rate = "appearance_rate"
    assert found[1, "always"][rate] is None
    # After week 1, two of three players without an earlier game have played.
    usual = 2 / 3
    assert found[2, "never"][rate] == pytest.approx((0 + 2 * usual) / (FADE + 2))
    # Players with a game are another group without any week so far: it has no prior yet.
    assert found[2, "always"][rate] is None
    counted = FADE**2 + FADE
    one_of_two = 1 / 2
    assert found[3, "always"][rate] == pytest.approx((counted + 2 * one_of_two) / (counted + 2))
    assert found[3, "once"][rate] == pytest.approx((FADE**2 + 2 * one_of_two) / (counted + 2))
    usual = 2 * FADE**2 / (3 * FADE**2 + FADE)
    assert found[3, "never"][rate] == pytest.approx((0 + 2 * usual) / (counted + 2))


@pytest.mark.parametrize(
    ("excuse", "counts"),
    [
        ({}, True),
        ({"roster_status": "INA"}, True),
        ({"roster_status": None}, True),
        ({"injury_status": "Probable"}, True),
        ({"roster_status": "RES"}, False),
        ({"roster_status": "DEV"}, False),
        ({"injury_status": "Out"}, False),
        ({"injury_status": "Questionable"}, False),
        ({"team": "SF"}, False),
    ],
    ids=str,
)
def test_only_weeks_fit_and_on_the_roster_count_as_missed(
    history: History, excuse: dict[str, Any], counts: bool
) -> None:
    """SF has a bye in week 2, which does not count."""
    others = [listed(week, name) for week in (1, 2, 3) for name in ("other", "another")]
    mine = [listed(1, "a"), listed(2, "a", **excuse), listed(3, "a")]
    played = [line(1, "other", 1.0), line(1, "a", 1.0), line(2, "other", 1.0)]
    found = history(
        [*THREE_WEEKS, game(1, "SF", "LV"), game(3, "SF", "LV")], [*others, *mine], played
    )
    seen = FADE**2 + (FADE if counts else 0)
    usual = 1 / 2 if counts else 1
    expected = (FADE**2 + 2 * usual) / (seen + 2)
    assert found[3, "a"]["appearance_rate"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("status", "prior"),
    [("Questionable", 0.7), ("Doubtful", 0.1), ("Out", 0.0), (None, 0.95), ("Probable", 0.95)],
)
def test_the_status_rate_is_learnt(history: History, status: str | None, prior: float) -> None:
    worth = 200.0 if status == "Out" else 50.0
    found = history(
        THREE_WEEKS,
        [
            *(listed(1, name, injury_status=status) for name in ("plays", "rests", "rests too")),
            listed(2, "a", injury_status=status),
            listed(2, "not with the team", injury_status=status, roster_status="RES"),
            listed(3, "a", injury_status=status),
        ],
        [line(1, "plays", 5.0), line(2, "b", 1.0)],
    )
    assert found[1, "plays"]["status_rate"] == pytest.approx(prior)
    assert found[2, "a"]["status_rate"] == pytest.approx((prior * worth + 1) / (worth + 3))
    # b is on no roster list: he played without a status.
    extra = (1, 1) if status in (None, "Probable") else (0, 0)
    assert found[3, "a"]["status_rate"] == pytest.approx(
        (prior * worth + 1 + extra[0]) / (worth + 4 + extra[1])
    )


@pytest.mark.parametrize(
    ("minutes", "known"), [(-60, True), (0, True), (1, False), (60 * 24, False), (None, True)]
)
def test_a_report_after_kickoff_is_not_known(
    history: History, minutes: int | None, known: bool
) -> None:
    changed = None if minutes is None else SUNDAY + timedelta(minutes=minutes)
    row = history(
        THREE_WEEKS,
        [
            listed(
                1,
                "a",
                injury_status="Out",
                practice_status="DNP",
                injury_modified_at=changed,
            )
        ],
        [],
    )[1, "a"]
    assert row["injury_status"] == ("Out" if known else None)
    assert row["practice_status"] == ("DNP" if known else None)
    assert row["status_rate"] == pytest.approx(0.0 if known else 0.95)


def test_a_game_day_inactive_is_not_known_before_the_game(history: History) -> None:
    statuses = {"a": "INA", "b": "ACT", "c": "RES", "d": None}
    found = history(
        THREE_WEEKS, [listed(1, name, roster_status=s) for name, s in statuses.items()], []
    )
    assert {name: found[1, name]["roster_status"] for name in statuses} == {
        "a": "ACT",
        "b": "ACT",
        "c": "RES",
        "d": None,
    }


# The game


@pytest.mark.parametrize(("practice", "prior"), [("DNP", 0.45), ("Limited", 0.7), ("Full", 0.85)])
def test_the_status_rate_of_the_questionable_depends_on_practice(
    history: History, practice: str, prior: float
) -> None:
    report = {"injury_status": "Questionable", "practice_status": practice}
    found = history(
        THREE_WEEKS,
        [
            *(listed(1, name, **report) for name in ("plays", "rests")),
            listed(1, "other", injury_status="Questionable"),
            listed(2, "a", **report),
        ],
        [line(1, "plays", 5.0)],
    )
    assert found[1, "plays"]["status_rate"] == pytest.approx(prior)
    # Players with another practice status, or none, do not count.
    assert found[2, "a"]["status_rate"] == pytest.approx((prior * 50 + 1) / 52)


def test_the_market_is_compared_with_the_teams_earlier_games(history: History) -> None:
    totals = {1: 40.0, 2: 48.0, 3: 30.0}
    games = [game(week, total_line=total, spread_line=0.0) for week, total in totals.items()]
    found = history(games, [listed(week, "a") for week in totals], [])
    changes = [found[week, "a"]["implied_change"] for week in totals]
    assert changes == [None, 4.0, -7.0]
    assert [found[week, "a"]["last_week"] for week in totals] == [False, False, True]
    assert found[3, "a"]["clinched"] is True
    assert found[3, "a"]["eliminated"] is False


def test_both_teams_have_the_schedules_columns(history: History) -> None:
    lines = {"spread_line": 3.0, "total_line": 47.0, "home_rest": 7, "away_rest": 10}
    found = history(
        [game(1, roof="dome", **lines), game(1, "SF", "LV", roof="outdoors"), game(2)],
        [
            listed(1, "away", draft_pick=7, rookie_season=2018),
            listed(1, "home", "KC"),
            listed(1, "no lines", "SF"),
            listed(2, "bye", "SF"),
        ],
        [],
    )
    names = (
        "opponent",
        "is_home",
        "on_bye",
        "spread_line",
        "implied_team_total",
        "rest",
        "indoors",
    )
    assert [found[1, "home"][name] for name in names] == ["BUF", True, False, 3.0, 25.0, 7, True]
    assert [found[1, "away"][name] for name in names] == ["KC", False, False, -3.0, 22.0, 10, True]
    assert [found[1, "no lines"][name] for name in names] == [
        "LV",
        False,
        False,
        None,
        None,
        None,
        False,
    ]
    assert [found[2, "bye"][name] for name in names] == [None, None, True, None, None, None, None]
    assert (found[1, "away"]["years_in_league"], found[1, "away"]["draft_pick"]) == (6, 7)


# Rows and targets


def test_one_row_per_player_of_a_fantasy_position(history: History) -> None:
    found = history(
        THREE_WEEKS,
        [listed(1, "wr"), listed(1, "cb", position="CB"), listed(1, "both")],
        [
            line(1, "both", 5.0),
            line(1, "stats only", 5.0),
            line(1, "lb", 5.0, position="LB"),
            line(1, "NO_PLAYER", 0.0, position=None),
        ],
    )
    assert set(found) == {(1, "wr"), (1, "both"), (1, "stats only")}
    assert found[1, "both"]["roster_source"] == "weekly_roster"
    assert found[1, "stats only"]["roster_source"] is None
    assert found[1, "stats only"]["opponent"] == "KC"


def test_targets_are_the_weeks_results(history: History) -> None:
    found = history(
        THREE_WEEKS,
        [*(listed(1, name) for name in ("played", "rested")), listed(2, "played")],
        [line(1, "played", 12.5)],
    )
    targets = ("target_played", "target_std", "target_half", "target_ppr")
    assert [found[1, "played"][name] for name in targets] == [True, 12.5, 12.5, 12.5]
    assert [found[1, "rested"][name] for name in targets] == [False, None, None, None]
    assert [found[2, "played"][name] for name in targets] == [None, None, None, None]


def test_a_bye_has_no_target(history: History) -> None:
    found = history(
        [game(1), game(1, "SF", "LV"), game(2, "SF", "LV")],
        [listed(2, "resting")],
        [line(2, "a", 5.0, "LV", team="SF")],
    )
    assert found[2, "resting"]["target_played"] is None


def test_a_week_that_is_not_played_yet_is_not_missed(history: History) -> None:
    fixtures = [game(week, *teams) for week in (1, 2, 3) for teams in (("BUF", "KC"), ("SF", "LV"))]
    players = [
        listed(week, name, team) for week in (1, 2, 3) for name, team in (("a", "BUF"), ("b", "SF"))
    ]
    # SF-LV of week 2 is yet to be played.
    stats = [line(1, "a", 5.0), line(1, "b", 5.0, "LV", team="SF"), line(2, "a", 5.0)]
    found = history(fixtures, players, stats)
    assert found[2, "b"]["target_played"] is None
    assert found[3, "b"]["appearance_rate"] == pytest.approx(1.0)


# Team defences


USUAL = dict(zip(DEFENCE_STATS, defences.USUAL.tolist(), strict=True))
PRIOR, KEPT = defences.PRIOR_GAMES, 0.5 ** (1 / defences.HALF_LIFE)


def test_features_of_defences_by_hand(history: History) -> None:
    played = [
        defence(1, 10.0, sacks=4.0, yards_allowed=300.0),
        defence(1, 2.0, "KC", "BUF", sacks=1.0),
        defence(2, -3.0, sacks=2.0, yards_allowed=410.0),
    ]
    both = [listed_defence(week, team) for week in (1, 2, 3) for team in ("BUF", "KC")]
    found = history(THREE_WEEKS, both, [], played)
    first, third, other = found[1, "DST-BUF"], found[3, "DST-BUF"], found[3, "DST-KC"]
    assert (first["position"], first["roster_source"]) == ("DST", "schedule")
    assert (first["games"], first["weight"], first["avg_fantasy_points_ppr"]) == (0, 0.0, None)
    assert {name: first[f"defence_{name}"] for name in DEFENCE_STATS} == pytest.approx(USUAL)
    weight = KEPT + 1 + PRIOR
    assert third["defence_sacks"] == pytest.approx((4 * KEPT + 2 + PRIOR * 2.4) / weight)
    yards = (300 * KEPT + 410 + PRIOR * USUAL["yards_allowed"]) / weight
    assert third["defence_yards_allowed"] == pytest.approx(yards)
    assert other["defence_sacks"] == pytest.approx((1 + PRIOR * 2.4) / (1 + PRIOR))
    # Both played against each other only.
    for name in DEFENCE_STATS:
        assert third[f"against_{name}"] == third[f"defence_{name}"]
        assert other[f"against_{name}"] == other[f"defence_{name}"]
    assert (third["games"], third["games_season"], third["weeks_since_game"]) == (2, 2, 1)
    assert (third["last_points_half"], third["last4_points_ppr"]) == (-3.0, 3.5)
    assert third["season_points_ppr"] == 3.5
    assert third["avg_fantasy_points"] == pytest.approx((10 * FADE - 3) / (FADE + 1))


def test_a_bye_takes_nothing_from_a_defence_and_a_summer_half(history: History) -> None:
    last = SeasonWeek(SEASON - 1, 18)
    weeks = (1, 3)
    found = history(
        [game(last), *(game(week) for week in weeks), game(2, "SF", "LV")],
        [listed_defence(week) for week in (last, 1, 2, 3)],
        [],
        [defence(last, 10.0, sacks=8.0), defence(1, 0.0)],
    )
    summer, bye, after = (found[week, "DST-BUF"] for week in (1, 2, 3))
    assert summer["defence_sacks"] == pytest.approx((0.5 * 8 + PRIOR * 2.4) / (0.5 + PRIOR))
    expected = (0.5 * KEPT * 8 + PRIOR * 2.4) / (0.5 * KEPT + 1 + PRIOR)
    for row in (bye, after):
        assert row["defence_sacks"] == pytest.approx(expected)
    assert (bye["on_bye"], bye["against_sacks"], bye["target_played"]) == (True, None, None)
    assert after["against_sacks"] == pytest.approx(expected)


def test_the_target_of_a_defence_is_null_until_its_stats_are_known(history: History) -> None:
    """In week 2 the stat lines have no defence, as those of nfl_data_py."""
    found = history(
        THREE_WEEKS,
        [listed_defence(week) for week in (1, 2, 3)],
        [line(1, "a", 5.0), line(2, "a", 5.0)],
        [defence(1, -2.0)],
    )
    names = ("target_played", "target_std", "target_half", "target_ppr")
    assert [found[1, "DST-BUF"][name] for name in names] == [True, -2.0, -2.0, -2.0]
    for week in (2, 3):
        assert [found[week, "DST-BUF"][name] for name in names] == [None] * 4
        assert found[week, "DST-BUF"]["games"] == 1


def test_a_defence_that_is_not_listed_comes_from_its_stats(history: History) -> None:
    """In a lake of an earlier version, raw_players has no defences."""
    row = history(THREE_WEEKS, [listed(1, "a")], [], [defence(1, 5.0)])[1, "DST-BUF"]
    assert (row["player_name"], row["team"], row["roster_source"]) == ("BUF D/ST", "BUF", None)
    assert (row["opponent"], row["target_half"]) == ("KC", 5.0)


OF_PLAYERS = (
    *("age", "avg_targets", "appearance_rate", "prior_fantasy_points", "status_rate", "new_team"),
    *("missed_last", "recent_snap_share", "team_attempts", "allowed_carries", "target_attempts"),
    *("target_fg_made", "team_position_points", "long_passing_yards", "roster_status"),
)


def test_a_defence_has_no_features_of_players_and_no_player_those_of_defences(
    whole: pa.Table,
) -> None:
    teams, players = of_defences(whole), of_players(whole)
    for name in OF_PLAYERS:
        assert teams[name].null_count == teams.num_rows > 200, name
    features = [f"{side}_{name}" for side in ("defence", "against") for name in DEFENCE_STATS]
    for name in features:
        assert players[name].null_count == players.num_rows > 1000, name


def test_rows_of_players_are_the_same_without_defences(
    whole: pa.Table, tables: LeagueTables
) -> None:
    games, players, stats, _ = tables
    without = history_of(games, of_players(players), stats)
    assert of_players(whole).equals(without)
    assert without.num_rows < whole.num_rows


# Empty lakes


@pytest.mark.parametrize("players", [[], [listed(1, "lb", position="LB")]], ids=["none", "others"])
def test_no_players_are_no_rows(history: History, players: Records) -> None:
    """For example, all weeks in the lake are weeks without games."""
    assert history(THREE_WEEKS, players, []) == {}


def test_a_lake_without_stats_has_rows_of_rosters(lake: Lake, rows: Rows) -> None:
    lake.write(GAMES, rows(GAMES, game(1)))
    lake.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, listed(1, "a")), [SeasonWeek(SEASON, 1)])
    with lake.connect(INPUTS) as connection:
        assert player_history(connection)["player_id"].to_pylist() == ["a"]


def test_rows_of_stats_and_rosters_do_not_depend_on_their_order(rows: Rows) -> None:
    players = [listed(week, name) for week in (1, 2, 3) for name in "abc"]
    stats = [line(week, name, week * 3.0) for week in (1, 2) for name in "abc"]
    tables = [
        history_of(
            rows(GAMES, *games), rows(RAW_PLAYERS, *of_rosters), rows(WEEKLY_STATS, *of_stats)
        )
        for games, of_rosters, of_stats in (
            (THREE_WEEKS, players, stats),
            (THREE_WEEKS[::-1], players[::-1], stats[::-1]),
        )
    ]
    assert tables[0].equals(tables[1])


# No look into the future


class Past(SampleLeague):
    """The sample league as known just before a week's first game."""

    def __init__(self, week: SeasonWeek, kickoffs: dict[tuple[int, int, str], datetime]) -> None:
        super().__init__()
        self.week = week
        self.kickoffs = kickoffs

    def _before(self, table: pa.Table, including: bool) -> pa.Table:
        code = pc.add(pc.multiply(table["season"], 100), table["week"])
        limit = self.week.season * 100 + self.week.week
        return table.filter(pc.less_equal(code, limit) if including else pc.less(code, limit))

    def schedule(self) -> pa.Table:
        games = super().schedule()
        played = self._before(games, including=False).num_rows
        for name in ("home_score", "away_score", "temp", "wind"):
            values = games[name].to_pylist()
            values[played:] = [None] * (games.num_rows - played)
            index = games.column_names.index(name)
            games = games.set_column(index, name, pa.array(values, games[name].type))
        return games

    def weekly_stats(self, season: int) -> pa.Table:
        return self._before(super().weekly_stats(season), including=False)

    def snap_counts(self, season: int) -> pa.Table:
        return self._before(super().snap_counts(season), including=False)

    def weekly_rosters(self, season: int) -> pa.Table:
        """Return rosters up to the week; its own rosters have no game-day inactives."""
        table = self._before(super().weekly_rosters(season), including=True)
        inactive = pc.and_(
            pc.equal(table["status"], "INA"),
            pc.and_(
                pc.equal(table["season"], self.week.season), pc.equal(table["week"], self.week.week)
            ),
        )
        status = pc.if_else(inactive, "ACT", table["status"])
        return table.set_column(table.column_names.index("status"), "status", status)

    def injuries(self, season: int) -> pa.Table:
        """Return reports up to the week; its own reports are those written before kick-off."""
        table = self._before(super().injuries(season), including=True)
        known = [
            row["modified_at"] <= self.kickoffs[row["season"], row["week"], row["team"]]
            for row in table.to_pylist()
        ]
        return table.filter(pa.array(known))


@pytest.fixture(scope="module")
def kickoffs(sample: SampleLeague) -> dict[tuple[int, int, str], datetime]:
    return {
        (row["season"], row["week"], row[side]): row["kickoff"]
        for row in sample.schedule().to_pylist()
        for side in ("home_team", "away_team")
    }


LEAGUE_WEEKS = {2023: range(17, 23), 2024: range(1, 7)}


LeagueTables = tuple[pa.Table, pa.Table, pa.Table, pa.Table]


def league_tables(source: SampleLeague, until: SeasonWeek | None = None) -> LeagueTables:
    """Return games, players up to a week, and stats and defences of the weeks before it."""
    games = source.schedule()
    players, stats = [], []
    for season, weeks in LEAGUE_WEEKS.items():
        known = [week for week in weeks if until is None or (season, week) <= until]
        played = [week for week in known if until is None or (season, week) < until]
        if known:
            of_season, _ = raw_players(source, games, season, known)
            players.append(of_season)
            stats.append(weekly_stats(source, games, of_season, season, played))
    lines = pa.concat_tables(stats)
    defences = with_standard_points(team_defense_stats(games, lines))
    return games, pa.concat_tables(players), lines, defences


def code(table: pa.Table) -> pa.ChunkedArray:
    return pc.add(pc.multiply(table["season"], 100), table["week"])


@pytest.fixture(scope="module")
def tables(sample: SampleLeague) -> LeagueTables:
    return league_tables(sample)


@pytest.fixture(scope="module")
def whole(tables: LeagueTables) -> pa.Table:
    return history_of(*tables)


FEATURES = [name for name in PLAYER_HISTORY.column_names if not name.startswith("target_")]


@pytest.mark.parametrize("week", [SeasonWeek(2024, 4), SeasonWeek(2023, 20)], ids=str)
def test_features_are_the_same_when_the_future_is_deleted(
    whole: pa.Table, kickoffs: dict[tuple[int, int, str], datetime], week: SeasonWeek
) -> None:
    past = history_of(*league_tables(Past(week, kickoffs), week))
    expected = whole.filter(pc.less_equal(code(whole), week.season * 100 + week.week))
    assert past.num_rows == expected.num_rows > 1000
    assert of_defences(past)["defence_sacks"].null_count == 0 < of_defences(past).num_rows
    for name in FEATURES:
        assert past[name].combine_chunks().equals(expected[name].combine_chunks()), name


def test_earlier_weeks_do_change_the_features(whole: pa.Table, tables: LeagueTables) -> None:
    """The comparison above can fail: without the stats of week 4, week 5 differs."""
    games, players, *stats = tables
    without = history_of(
        games, players, *(of.filter(pc.not_equal(code(of), 202404)) for of in stats)
    )
    for name in (
        *("avg_fantasy_points_ppr", "opponent_factor_fantasy_points", "appearance_rate"),
        *("defence_sacks", "against_points_espn"),
    ):
        values = [
            table.filter(pc.equal(code(table), 202405))[name].to_pylist()
            for table in (whole, without)
        ]
        assert values[0] != values[1], name

"""`raw_players`: a league of four teams, week by week."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.errors import NotPublishedError, SourceError
from fantasy_pipeline.football.tables import GAMES, RAW_PLAYERS
from fantasy_pipeline.football.tables.week_rows import of_players
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague

Rows = Callable[..., pa.Table]
SEASON = 2024
FIXTURES = {
    1: [("BUF", "KC"), ("SF", "LV")],
    2: [("SF", "BUF")],  # KC and LV have a bye.
    3: [("BUF", "LV"), ("KC", "SF")],
    4: [("LV", "KC"), ("BUF", "SF")],
    5: [("KC", "BUF"), ("LV", "SF")],
    6: [("KC", "LV"), ("SF", "BUF")],
    19: [("BUF", "KC")],
}
SUNDAY = datetime(2024, 9, 8, 17, tzinfo=timezone.utc)

Players = Callable[..., tuple[dict[str, dict[str, Any]], list[str]]]


@pytest.fixture(scope="module")
def games(rows: Rows) -> pa.Table:
    return rows(
        GAMES,
        *(
            {
                "season": SEASON,
                "week": week,
                "game_id": f"{SEASON}_{week:02d}_{away}_{home}",
                "game_type": "REG" if week < 19 else "WC",
                "kickoff": SUNDAY,
                "home_team": home,
                "away_team": away,
            }
            for week, fixtures in FIXTURES.items()
            for away, home in fixtures
        ),
    )


@pytest.fixture
def players(upstream: Callable[..., Any], games: pa.Table) -> Players:
    """Return `players(week, …data sets)`: the week's rows by player id, and the warnings."""

    def build(week: int, **datasets: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
        table, warnings = raw_players(upstream(**datasets), games, SEASON, [week])
        assert table.schema == RAW_PLAYERS.arrow_schema
        # Team defences are the subject of test_team_defense.py.
        players = of_players(table)
        found = {row["player_id"]: row for row in players.to_pylist()}
        assert len(found) == players.num_rows
        return found, warnings

    return build


def on(week: int, team: str, player: str, status: str = "ACT", **more: Any) -> dict[str, Any]:
    """A roster row."""
    return {
        "season": SEASON,
        "week": week,
        "player_id": player,
        "player_name": player.title(),
        "position": "WR",
        "team": team,
        "status": status,
    } | more


def line(week: int, team: str, player: str, **more: Any) -> dict[str, Any]:
    """A stat line."""
    return {
        "season": SEASON,
        "week": week,
        "player_id": player,
        "player_name": player.title(),
        "position": "WR",
        "team": team,
        "opponent": "KC",
        "season_type": "REG",
    } | more


def whole_league(week: int) -> list[dict[str, Any]]:
    """One player per team that plays."""
    return [on(week, team, f"of {team}") for fixture in FIXTURES[week] for team in fixture]


# Rosters


def test_the_roster_of_the_week(players: Players) -> None:
    details = {
        "status_detail": "R01",
        "birth_date": date(1996, 5, 21),
        "height": 77,
        "weight": 237,
        "rookie_season": 2018,
        "draft_pick": 7,
        "pfr_id": "AlleJo02",
        "sleeper_id": "4984",
        "espn_id": "3918298",
        "yahoo_id": "31002",
    }
    roster = [on(1, "BUF", "allen", "RES", position="QB", **details)]
    found, _ = players(1, weekly_rosters=roster)
    assert {name: value for name, value in found["allen"].items() if value is not None} == {
        "season": SEASON,
        "week": 1,
        "player_id": "allen",
        "player_name": "Allen",
        "position": "QB",
        "team": "BUF",
        "opponent": "KC",
        "is_home": False,
        "on_bye": False,
        "roster_position": "QB",
        "roster_status": "RES",
        "roster_status_detail": "R01",
        "roster_source": "weekly_roster",
        "roster_week": 1,
        "fantasy_positions": "QB",
        **{name: value for name, value in details.items() if name != "status_detail"},
    }


@pytest.mark.parametrize(
    ("roster", "depth_chart", "id_map", "positions"),
    [
        ("LB", "OLB", "DE", "LB/DL"),
        ("DL", "EDGE", None, "DL"),
        ("CB", "WR", "WR", "DB/WR"),
        ("FB", "RB", "TE", "RB/TE"),
        ("DB", "LB", "DE", "DB/LB/DL"),
        ("OL", "C", "OT", None),
    ],
)
def test_positions_at_which_platforms_start_a_player(
    players: Players, roster: str, depth_chart: str, id_map: str | None, positions: str | None
) -> None:
    row = on(1, "BUF", "allen", position=roster, depth_chart_position=depth_chart)
    ids = [{"player_id": "allen", "player_name": "Allen", "position": id_map}]
    found, _ = players(1, weekly_rosters=[row], player_ids=ids)
    assert found["allen"]["fantasy_positions"] == positions


def test_a_bye_is_carried_forward(players: Players) -> None:
    found, _ = players(2, weekly_rosters=[*whole_league(1), *whole_league(2)])
    assert set(found) == {"of BUF", "of SF", "of KC", "of LV"}
    resting = found["of KC"]
    assert resting["on_bye"] is True
    assert resting["opponent"] is None
    assert resting["is_home"] is None
    assert (resting["roster_source"], resting["roster_week"]) == ("carried_forward", 1)
    playing = found["of BUF"]
    assert playing["on_bye"] is False
    assert playing["is_home"] is True
    assert playing["opponent"] == "SF"
    assert (playing["roster_source"], playing["roster_week"]) == ("weekly_roster", 2)


def test_the_upcoming_week_is_carried_forward(players: Players) -> None:
    rosters = [*whole_league(1), *whole_league(2), *whole_league(3)]
    found, _ = players(4, weekly_rosters=rosters)
    assert {row["roster_source"] for row in found.values()} == {"carried_forward"}
    assert {row["roster_week"] for row in found.values()} == {3}
    assert found["of LV"]["opponent"] == "KC"


def test_after_a_bye_the_roster_before_it_is_carried_forward(players: Players) -> None:
    found, _ = players(3, weekly_rosters=[*whole_league(1), *whole_league(2)])
    assert found["of KC"]["roster_week"] == 1
    assert found["of BUF"]["roster_week"] == 2


@pytest.mark.parametrize("week", [2, 3], ids=["the bye", "the week after it"])
def test_a_row_on_a_bye_does_not_replace_the_roster(players: Players, week: int) -> None:
    """Upstream listed one player of KC in the week of its bye: the others must stay."""
    full = [on(1, "KC", f"player {number}") for number in range(5)]
    single = on(2, "KC", "player 0", "RES")
    found, _ = players(week, weekly_rosters=[*whole_league(1), *full, single])
    of_team = [row for row in found.values() if row["team"] == "KC"]
    assert len(of_team) == 6
    assert {row["roster_week"] for row in of_team} == {1}
    assert found["player 0"]["roster_status"] == "ACT"


def test_teams_whose_roster_is_out_do_not_wait_for_the_others(players: Players) -> None:
    """Thursday's rosters are out, Sunday's are not."""
    thursday = [on(4, "BUF", "new in BUF"), on(4, "SF", "of SF")]
    found, _ = players(4, weekly_rosters=[*whole_league(3), *thursday])
    assert {name: row["roster_source"] for name, row in found.items()} == {
        "new in BUF": "weekly_roster",
        "of SF": "weekly_roster",
        "of KC": "carried_forward",
        "of LV": "carried_forward",
    }


def test_too_far_ahead_is_refused(players: Players) -> None:
    with pytest.raises(NotPublishedError) as refused:
        players(6, weekly_rosters=whole_league(3))
    error = refused.value
    assert (error.dataset, error.season, error.week) == ("weekly_rosters", SEASON, 6)
    assert "no row for this week or the two before it" in error.cause
    assert "re-run" in error.advice


def test_of_many_weeks_the_first_that_is_missing_is_named(
    upstream: Callable[..., Any], games: pa.Table
) -> None:
    source = upstream(weekly_rosters=whole_league(1))
    with pytest.raises(NotPublishedError, match="weekly_rosters 2024 week 4: ") as refused:
        raw_players(source, games, SEASON, [6, 5, 4, 3, 2, 1])
    assert refused.value.weeks == (4, 5, 6)
    assert pickle.loads(pickle.dumps(refused.value)).weeks == (4, 5, 6)  # noqa: S301


def test_a_week_ahead_without_the_teams_of_a_bye_is_refused(
    upstream: Callable[..., Any], games: pa.Table
) -> None:
    """KC and LV had a bye in week 2, the last one with rosters, so week 4 knows nobody of them."""
    source = upstream(weekly_rosters=[*whole_league(1), *whole_league(2)])
    assert of_players(raw_players(source, games, SEASON, [3])[0]).num_rows == 4
    with pytest.raises(
        NotPublishedError, match="upstream has no row of KC, LV for this"
    ) as refused:
        raw_players(source, games, SEASON, [1, 2, 3, 4])
    assert refused.value.weeks == (4,)


def test_several_weeks_at_once_are_as_each_alone(
    upstream: Callable[..., Any], games: pa.Table
) -> None:
    source = upstream(weekly_rosters=[*whole_league(1), *whole_league(2), *whole_league(3)])
    together, _ = raw_players(source, games, SEASON, [3, 1, 2])
    alone = [raw_players(source, games, SEASON, [week])[0] for week in (1, 2, 3)]
    assert together.equals(pa.concat_tables(alone).combine_chunks())


def test_a_traded_player_is_listed_once(players: Players) -> None:
    """On the new team's roster of the week; the old team's is carried over its bye."""
    rosters = [*whole_league(1), on(1, "KC", "traded"), *whole_league(2), on(2, "BUF", "traded")]
    found, _ = players(2, weekly_rosters=rosters)
    assert (found["traded"]["team"], found["traded"]["on_bye"]) == ("BUF", False)


def test_of_two_rosters_carried_forward_the_later_counts(players: Players) -> None:
    rosters = [*whole_league(1), on(1, "KC", "traded"), *whole_league(2), on(2, "BUF", "traded")]
    found, _ = players(3, weekly_rosters=rosters)
    assert found["traded"]["team"] == "BUF"


def test_teams_out_of_the_playoffs_are_absent(players: Players) -> None:
    rosters = [*whole_league(6), *whole_league(19), on(19, "SF", "of SF")]
    found, _ = players(19, weekly_rosters=rosters)
    assert set(found) == {"of BUF", "of KC"}


def test_a_week_without_games_is_empty(upstream: Callable[..., Any], games: pa.Table) -> None:
    source = upstream(weekly_rosters=[*whole_league(6), on(7, "BUF", "early")])
    for week in (7, 18):
        table = of_players(raw_players(source, games, SEASON, [week])[0])
        assert table.num_rows == 0
        assert table.schema == RAW_PLAYERS.arrow_schema


def test_backs_play_as_running_backs(players: Players) -> None:
    positions = {"fb": "FB", "hb": "HB", "rb": "RB", "te": "TE", "cb": "CB"}
    rosters = [on(1, "BUF", player, position=p) for player, p in positions.items()]
    found, _ = players(1, weekly_rosters=rosters)
    assert {name: row["position"] for name, row in found.items()} == {
        "fb": "RB",
        "hb": "RB",
        "rb": "RB",
        "te": "TE",
        "cb": "CB",
    }
    assert {name: row["roster_position"] for name, row in found.items()} == positions


def test_a_kicker_on_the_roster_as_a_punter_kicks(players: Players) -> None:
    """As Dicker in 2022 and 2023; any other player keeps the position of the week's roster."""
    found, _ = players(
        1,
        weekly_rosters=[
            *(on(1, "BUF", name, position="P") for name in ("dicker", "punter", "unknown")),
            on(1, "BUF", "kicker", position="K"),
        ],
        players=[
            {"player_id": name, "player_name": name, "position": position}
            for name, position in (("dicker", "K"), ("punter", "P"), ("kicker", "P"))
        ],
    )
    assert {name: (row["position"], row["roster_position"]) for name, row in found.items()} == {
        "dicker": ("K", "P"),
        "punter": ("P", "P"),
        "unknown": ("P", "P"),
        "kicker": ("K", "K"),
    }


# Positions


def hill_on(week: int, position: str) -> dict[str, Any]:
    """Taysom Hill's roster row."""
    return on(week, "BUF", "00-1", player_name="Taysom Hill", position=position)


@pytest.mark.parametrize(
    ("roster", "id_map", "listed", "position"),
    [
        ("QB", "TE", {1: "TE"}, "TE"),
        # The list of week 1 is not out: that of no other week counts.
        ("QB", "TE", {2: "TE"}, "QB"),
        ("QB", "TE", {1: "QB"}, "QB"),
        ("QB", "WR", {1: "TE"}, "QB"),
        ("FB", "TE", {1: "TE"}, "TE"),
        ("FB", "RB", {1: "RB"}, "RB"),
        ("WR", None, {1: "RB"}, "WR"),
        ("CB", "WR", {1: "WR"}, "CB"),
        ("QB", "TE", {}, "QB"),
    ],
)
def test_the_fantasy_position_is_that_of_nflcom_and_the_id_map_together(
    players: Players, roster: str, id_map: str | None, listed: dict[int, str], position: str
) -> None:
    hill = {"player_id": "00-1", "player_name": "Taysom Hill"}
    found, warnings = players(
        1,
        weekly_rosters=[
            *whole_league(1),
            hill_on(1, roster),
        ],
        player_ids=[hill | {"position": id_map}],
        nflcom_positions=[
            {"season": SEASON, "week": week, "name": "Taysom Hill Jr.", "position": at}
            for week, at in listed.items()
        ],
    )
    assert found["00-1"]["position"] == position
    assert found["00-1"]["roster_position"] == roster
    assert not [warning for warning in warnings if "positions" in warning]


def test_a_week_without_nflcoms_list_has_the_positions_of_the_week_before(players: Players) -> None:
    hill = {"player_id": "00-1", "player_name": "Taysom Hill"}
    row = {"season": SEASON, "name": "Taysom Hill", "position": "TE"}
    found, _ = players(
        2,
        weekly_rosters=[
            *whole_league(2),
            hill_on(2, "QB"),
        ],
        player_ids=[hill | {"position": "TE"}],
        nflcom_positions=[row | {"week": 1}],
    )
    assert found["00-1"]["position"] == "TE"


def test_a_list_that_cannot_be_read_changes_no_position(
    upstream: Callable[..., Any], games: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lists read so far count, so that an outage does not change weeks that are stored."""
    hill = {"player_id": "00-1", "player_name": "Taysom Hill"}
    source = upstream(
        weekly_rosters=[r for week in (1, 2) for r in [*whole_league(week), hill_on(week, "QB")]],
        player_ids=[hill | {"position": "TE"}],
        nflcom_positions=[
            {"season": SEASON, "week": 1, "name": "Taysom Hill", "position": "TE"},
        ],
    )
    read = source.nflcom_positions

    def refused(season: int, week: int) -> pa.Table:
        if week == 2:
            raise SourceError("nflcom_projections", "HTTP 500", "Wait.", season, week)
        return read(season, week)

    monkeypatch.setattr(source, "nflcom_positions", refused)
    table, warnings = raw_players(source, games, SEASON, [1, 2])
    hills = table.filter(pc.equal(table["player_id"], "00-1"))
    assert hills["position"].to_pylist() == ["TE", "TE"]
    assert "nflcom_projections 2024: HTTP 500; positions are those known before" in warnings


def test_a_name_at_two_positions_of_nflcom_decides_nothing(players: Players) -> None:
    hill = {"player_id": "00-1", "player_name": "Taysom Hill"}
    row = {"season": SEASON, "week": 1, "name": "Taysom Hill"}
    found, _ = players(
        1,
        weekly_rosters=[
            *whole_league(1),
            hill_on(1, "QB"),
        ],
        player_ids=[hill | {"position": "TE"}],
        nflcom_positions=[row | {"position": "TE"}, row | {"position": "RB"}],
    )
    assert found["00-1"]["position"] == "QB"


# Injuries and snaps


def report(week: int, team: str, player: str, **more: Any) -> dict[str, Any]:
    return {"season": SEASON, "week": week, "team": team, "player_id": player} | more


def test_the_injury_report_of_the_own_team_counts(players: Players) -> None:
    """Ertz 2021 week 6: out for the new team, played for the old one."""
    found, _ = players(
        1,
        weekly_rosters=[on(1, "BUF", "ertz"), on(1, "KC", "hurt")],
        injuries=[
            report(1, "KC", "ertz", injury_status="Out", injury="Knee"),
            report(
                1,
                "KC",
                "hurt",
                injury_status="Questionable",
                practice_injury="Ankle",
                practice_status="Limited",
                modified_at=SUNDAY,
            ),
            report(2, "BUF", "ertz", injury_status="Doubtful"),
        ],
    )
    assert found["ertz"]["injury_status"] is None
    assert found["ertz"]["injury"] is None
    hurt = found["hurt"]
    assert hurt["injury_status"] == "Questionable"
    assert hurt["injury"] == "Ankle"
    assert hurt["practice_status"] == "Limited"
    assert hurt["injury_modified_at"] == SUNDAY


@pytest.mark.parametrize("week", [1, 2], ids=["with its rosters", "before its rosters"])
def test_a_report_under_another_team_counts_for_the_team_of_the_roster(
    players: Players, week: int
) -> None:
    names = ("one", "two", "three")
    found, warnings = players(
        week,
        weekly_rosters=[
            *whole_league(1),
            *(on(1, team, f"{name} of {team}") for team in ("BUF", "SF") for name in names),
        ],
        injuries=[
            report(week, stated, f"{name} of {team}", injury_status="Out")
            for team, stated in (("BUF", "SF"), ("SF", "BUF"))
            for name in names
        ],
    )
    for team in ("BUF", "SF"):
        assert {found[f"{name} of {team}"]["injury_status"] for name in names} == {"Out"}
    assert (
        f"injuries {SEASON}: most players of these reports of week {week} are on another team's "
        "roster: BUF (SF), SF (BUF); each report counts for the team of the roster"
    ) in warnings


def test_the_rosters_id_serves_where_the_id_tables_have_none(players: Players) -> None:
    """The id of the file of players comes first: a roster may have another one."""
    snaps = {"season": SEASON, "week": 1, "team": "BUF", "snap_share": 1.0}
    found, _ = players(
        1,
        weekly_rosters=[
            *whole_league(1),
            on(1, "BUF", "known", pfr_id="Old"),
            on(1, "BUF", "new", pfr_id="New"),
            on(1, "BUF", "other", pfr_id="Known"),
        ],
        players=[
            {"player_id": "known", "player_name": "known", "position": "WR", "pfr_id": "Known"}
        ],
        snap_counts=[
            snaps | {"pfr_id": "Known", "offense_snaps": 60},
            snaps | {"pfr_id": "New", "offense_snaps": 50},
        ],
    )
    assert found["known"]["offense_snaps"] == 60
    assert found["new"]["offense_snaps"] == 50
    assert found["other"]["offense_snaps"] is None


def test_snaps_under_the_opponent_are_the_players_own(players: Players) -> None:
    away, home = FIXTURES[1][0]
    rosters = {team: [f"{n} of {team}" for n in range(3)] for team in (away, home)}
    snaps = {"season": SEASON, "week": 1, "snap_share": 1.0}
    found, warnings = players(
        1,
        weekly_rosters=[
            *whole_league(1),
            *(on(1, team, name, pfr_id=name) for team, names in rosters.items() for name in names),
        ],
        players=[
            {"player_id": name, "player_name": name, "position": "WR", "pfr_id": name}
            for names in rosters.values()
            for name in names
        ],
        snap_counts=[
            snaps | {"pfr_id": name, "team": other, "offense_snaps": 50 + n}
            for other, names in zip((home, away), rosters.values(), strict=True)
            for n, name in enumerate(names)
        ],
    )
    for names in rosters.values():
        assert [found[name]["offense_snaps"] for name in names] == [50, 51, 52]
    [warning] = [text for text in warnings if "under the other team" in text]
    first, second = sorted((away, home))
    assert (
        f"snap_counts {SEASON}: upstream has the snaps of {first} and {second} in week 1" in warning
    )


def test_a_past_moment_knows_no_snaps_of_games_to_come(
    upstream: Callable[..., Any], rows: Rows
) -> None:
    """Upstream has the snaps of both games when a Thursday of the past is replayed."""
    thursday, sunday = SUNDAY - timedelta(days=3), SUNDAY
    fixtures = [("BUF", "KC", thursday), ("SF", "LV", sunday)]
    games = rows(
        GAMES,
        *(
            {
                "season": SEASON,
                "week": 1,
                "game_id": f"{SEASON}_01_{away}_{home}",
                "game_type": "REG",
                "kickoff": kickoff,
                "home_team": home,
                "away_team": away,
            }
            for away, home, kickoff in fixtures
        ),
    )
    teams = ("BUF", "KC", "SF", "LV")
    snaps = {"season": SEASON, "week": 1, "snap_share": 1.0, "offense_snaps": 60}
    source = upstream(
        weekly_rosters=[on(1, team, f"of {team}", pfr_id=team) for team in teams],
        player_ids=[{"player_id": f"of {team}", "pfr_id": team} for team in teams],
        snap_counts=[snaps | {"pfr_id": team, "team": team} for team in teams],
    )

    def with_snaps(now: datetime | None) -> set[str]:
        table = of_players(raw_players(source, games, SEASON, [1], now=now)[0])
        return {row["team"] for row in table.to_pylist() if row["offense_snaps"] is not None}

    assert with_snaps(thursday) == set()
    assert with_snaps(thursday + timedelta(hours=12)) == {"BUF", "KC"}
    assert with_snaps(sunday + timedelta(hours=12)) == with_snaps(None) == set(teams)


def test_snaps_are_joined_by_pfr_id(players: Players) -> None:
    snaps = {"season": SEASON, "week": 1}
    found, _ = players(
        1,
        weekly_rosters=[
            on(1, "BUF", "of players"),
            on(1, "BUF", "of ids"),
            on(1, "BUF", "unknown"),
            on(1, "KC", "elsewhere"),
        ],
        players=[
            {"player_id": "of players", "player_name": "A", "pfr_id": "AA"},
            {"player_id": "elsewhere", "player_name": "C", "pfr_id": "CC"},
        ],
        player_ids=[{"player_id": "of ids", "player_name": "B", "pfr_id": "BB"}],
        snap_counts=[
            snaps | {"pfr_id": "AA", "team": "BUF", "offense_snaps": 60, "snap_share": 0.9},
            snaps | {"pfr_id": "BB", "team": "BUF", "offense_snaps": 0, "snap_share": 0.0},
            snaps | {"pfr_id": "CC", "team": "SF", "offense_snaps": 9, "snap_share": 0.1},
            snaps
            | {"week": 2, "pfr_id": "AA", "team": "BUF", "offense_snaps": 1, "snap_share": 0.01},
        ],
    )
    assert {name: (row["offense_snaps"], row["snap_share"]) for name, row in found.items()} == {
        "of players": (60, 0.9),
        "of ids": (0, 0.0),
        "unknown": (None, None),
        "elsewhere": (None, None),
    }


def test_a_player_with_two_pfr_ids_has_one_row(players: Players) -> None:
    found, _ = players(
        1,
        weekly_rosters=[on(1, "BUF", "two")],
        players=[{"player_id": "two", "player_name": "Two", "pfr_id": "TwoA00"}],
        player_ids=[{"player_id": "two", "player_name": "Two", "pfr_id": "TwoB00"}],
        snap_counts=[
            {
                "season": SEASON,
                "week": 1,
                "team": "BUF",
                "pfr_id": pfr_id,
                "offense_snaps": 60,
                "snap_share": 0.9,
            }
            for pfr_id in ("TwoA00", "TwoB00")
        ],
    )
    assert found["two"]["offense_snaps"] == 60
    assert found["two"]["pfr_id"] == "TwoA00"


# Ids and measures: the players file, then the id map, then the roster


def test_ids_and_measures_come_from_where_they_are_best(players: Players) -> None:
    found, _ = players(
        1,
        weekly_rosters=[
            on(1, "BUF", "all", weight=1794, espn_id="roster", sleeper_id="roster"),
            on(1, "BUF", "new", weight=200, espn_id="roster", sleeper_id="roster"),
        ],
        players=[
            {"player_id": "all", "player_name": "All", "weight": 179, "espn_id": "players"},
        ],
        player_ids=[
            {
                "player_id": "all",
                "player_name": "All",
                "espn_id": "map",
                "sleeper_id": "map",
                "fantasypros_id": "map",
                "mfl_id": "map",
            }
        ],
    )
    ids = ("weight", "espn_id", "sleeper_id", "fantasypros_id", "mfl_id")
    assert [found["all"][name] for name in ids] == [179, "map", "map", "map", "map"]
    assert [found["new"][name] for name in ids] == [200, "roster", "roster", None, None]


def id_map(count: int, wrong: int) -> dict[str, list[dict[str, Any]]]:
    """Return rosters and an id map of as many players, some of them with another's id."""
    names = [f"player {number}" for number in range(count)]
    return {
        "weekly_rosters": [
            *whole_league(1),
            *(on(1, "KC", name, espn_id=f"{at}") for at, name in enumerate(names)),
        ],
        "player_ids": [
            {
                **{"player_id": name, "player_name": name.title()},
                "espn_id": f"{at + 1 if at < wrong else at}",
            }
            for at, name in enumerate(names)
        ],
    }


def test_ids_of_other_players_are_reported(players: Players) -> None:
    _, sound = players(1, **id_map(120, 2))
    assert not any("is not the roster's" in text for text in sound)
    _, warnings = players(1, **id_map(120, 12))
    text = "player_ids 2024: espn_id of 10% of the 120 rostered players is not the roster's"
    assert text in warnings


def test_a_column_without_ids_is_reported(players: Players) -> None:
    _, warnings = players(1, **id_map(120, 0))
    assert "player_ids 2024: no player has a yahoo_id" in warnings
    assert "player_ids 2024: no player has a espn_id" not in warnings


def test_an_id_map_of_other_players_is_refused(players: Players) -> None:
    with pytest.raises(SourceError, match="espn_id of 100% of the 120 rostered players"):
        players(1, **id_map(120, 120))


def test_impossible_dates_are_null(players: Players) -> None:
    found, _ = players(
        1,
        weekly_rosters=[on(1, "BUF", "young"), on(1, "BUF", "good")],
        players=[
            {
                "player_id": player,
                "player_name": player,
                "birth_date": date(born, 5, 1),
                "rookie_season": first,
            }
            for player, born, first in (("young", 2020, 22), ("good", 2000, 2022))
        ],
    )
    names = ("birth_date", "rookie_season")
    assert [found["young"][name] for name in names] == [None, None]
    assert [found["good"][name] for name in names] == [date(2000, 5, 1), 2022]


# Gaps upstream


def test_each_gap_is_a_warning(players: Players) -> None:
    found, warnings = players(1, weekly_rosters=whole_league(1))
    assert len(found) == 4
    assert sorted(warning.split(":")[0] for warning in warnings) == [
        "injuries 2024",
        "player_ids 2024",
        "players 2024",
        "snap_counts 2024",
    ]
    assert all("HTTP 404" in warning for warning in warnings)


def test_weeks_missing_in_a_file_are_a_warning(
    upstream: Callable[..., Any], games: pa.Table
) -> None:
    """As injuries of 2023 weeks 20 to 22; a coming week needs an injury report only."""
    played = [game["week"] < 4 for game in games.to_pylist()]
    scores = pa.array([7 if is_over else None for is_over in played], pa.int32())
    games = games.set_column(games.column_names.index("home_score"), "home_score", scores)
    source = upstream(
        weekly_rosters=[*whole_league(1), *whole_league(2), *whole_league(3)],
        injuries=[report(2, "BUF", "of BUF")],
        snap_counts=[
            {"season": SEASON, "week": week, "team": "BUF", "pfr_id": "A"} for week in (1, 2, 3)
        ],
        players=[{"player_id": "of BUF", "player_name": "A"}],
        player_ids=[{"player_id": "of BUF", "player_name": "A"}],
    )
    _, warnings = raw_players(source, games, SEASON, [1, 2, 3, 4])
    assert warnings == [
        "injuries 2024: upstream's file has no rows for week 1, 3",
        "injuries 2024: week 4 has no injury report yet, so no player counts as injured. "
        "Run the week again when the report is out",
    ]
    _, warnings = raw_players(source, games, SEASON, [2])
    assert warnings == []


def test_a_coming_week_without_an_injury_report_is_a_warning(players: Players) -> None:
    """A season without any report is one warning about the whole file instead."""

    def injury_warnings(*injuries: dict[str, Any]) -> list[str]:
        given = {"injuries": list(injuries)} if injuries else {}
        _, warnings = players(2, weekly_rosters=whole_league(2), **given)
        return [text for text in warnings if text.startswith("injuries")]

    assert injury_warnings(report(2, "BUF", "of BUF")) == []
    assert injury_warnings(report(1, "BUF", "of BUF")) == [
        "injuries 2024: week 2 has no injury report yet, so no player counts as injured. "
        "Run the week again when the report is out"
    ]
    assert injury_warnings() == ["injuries 2024: HTTP 404"]


def test_no_gap_no_warning(sample: SampleLeague) -> None:
    _, warnings = raw_players(sample, sample.schedule(), SEASON, [5])
    assert warnings == []


def test_notes_on_rosters_are_passed_on(upstream: Callable[..., Any], games: pa.Table) -> None:
    source = upstream(
        weekly_rosters=whole_league(1), injuries=[], snap_counts=[], player_ids=[], players=[]
    )
    source.left_out = ["weekly_rosters 2024: 1 rows left out"]
    _, warnings = raw_players(source, games, SEASON, [1])
    assert source.left_out[0] in warnings


def test_other_failures_are_not_taken_for_gaps(
    upstream: Callable[..., Any], games: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = upstream(weekly_rosters=whole_league(1))

    def renamed(season: int) -> pa.Table:
        raise SourceError("injuries", "upstream has no column gsis_id", "Update.", season)

    monkeypatch.setattr(source, "injuries", renamed)
    with pytest.raises(SourceError, match="injuries 2024: upstream has no column"):
        raw_players(source, games, SEASON, [1])


# Seasons without rosters


def test_without_rosters_players_come_from_stat_lines(players: Players) -> None:
    found, warnings = players(
        3,
        weekly_stats=[
            line(1, "KC", "before", position="FB"),
            line(2, "BUF", "before and now"),
            line(3, "BUF", "before and now"),
            line(3, "SF", "first game"),
            line(4, "SF", "not yet"),
        ],
    )
    assert {
        name: (row["team"], row["roster_source"], row["roster_week"]) for name, row in found.items()
    } == {
        "before": ("KC", "carried_forward", 1),
        "before and now": ("BUF", "carried_forward", 2),
        "first game": ("SF", "stats", 3),
    }
    assert found["before"]["position"] == "RB"
    assert {row["roster_status"] for row in found.values()} == {None}
    assert any(text.startswith("weekly_rosters 2024: no rows upstream; ") for text in warnings)


def test_without_rosters_the_first_week_is_who_played(players: Players) -> None:
    found, _ = players(1, weekly_stats=[line(1, "KC", "a"), line(1, "BUF", "b")])
    assert {row["roster_source"] for row in found.values()} == {"stats"}


def test_without_rosters_a_bye_is_carried_forward(players: Players) -> None:
    found, _ = players(2, weekly_stats=[line(1, "KC", "resting"), line(2, "BUF", "playing")])
    assert found["resting"]["on_bye"] is True
    assert found["resting"]["roster_source"] == "carried_forward"


def test_without_rosters_the_new_team_is_not_known_before_the_game(players: Players) -> None:
    stats = [line(1, "KC", "traded"), line(3, "BUF", "traded"), line(2, "SF", "x")]
    assert players(3, weekly_stats=stats)[0]["traded"]["team"] == "KC"
    assert players(4, weekly_stats=stats)[0]["traded"]["team"] == "BUF"


def test_stats_without_a_player_make_no_player(players: Players) -> None:
    found, _ = players(1, weekly_stats=[line(1, "KC", "a"), line(1, "KC", "NO_PLAYER")])
    assert set(found) == {"a"}


def test_without_rosters_who_changed_teams_for_the_playoffs_is_there(players: Players) -> None:
    stats = [
        line(6, "SF", "signed"),
        line(6, "KC", "of KC"),
        line(19, "BUF", "signed"),
        line(19, "KC", "of KC"),
    ]
    found, _ = players(19, weekly_stats=stats)
    assert set(found) == {"signed", "of KC"}
    assert found["signed"]["team"] == "BUF"


def test_without_rosters_too_far_ahead_is_refused(players: Players) -> None:
    with pytest.raises(NotPublishedError, match="weekly_stats 2024 week 6: "):
        players(6, weekly_stats=[line(1, "KC", "a"), line(1, "BUF", "b")])


def test_a_single_roster_row_means_that_the_season_has_rosters(players: Players) -> None:
    found, warnings = players(
        1,
        weekly_rosters=[on(1, "BUF", "rostered")],
        weekly_stats=[line(1, "KC", "not rostered")],
    )
    assert set(found) == {"rostered"}
    assert not any("stat line" in warning for warning in warnings)


def test_neither_rosters_nor_stats_is_an_error(players: Players) -> None:
    with pytest.raises(NotPublishedError, match="weekly_stats 2024: HTTP 404"):
        players(1)


# The whole sample league


def test_the_sample_league_loses_and_doubles_no_player(sample: SampleLeague) -> None:
    weeks = range(1, 23)
    table, _ = raw_players(sample, sample.schedule(), SEASON, weeks)
    listed = {
        (row["week"], row["player_id"], row["team"])
        for row in table.select(["week", "player_id", "team"]).to_pylist()
    }
    assert len(listed) == table.num_rows
    on_rosters = {
        (row["week"], row["player_id"], row["team"])
        for row in sample.weekly_rosters(SEASON).select(["week", "player_id", "team"]).to_pylist()
    }
    assert on_rosters <= listed
    carried = table.filter(pc.equal(table["roster_source"], "carried_forward"))
    assert set(carried["on_bye"].to_pylist()) == {True}

"""Points of stat lines by a league's rules."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import scoring as football
from fantasy_pipeline.football.tables import RAW_PLAYERS, WEEKLY_STATS
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.leagues import scoring, sleeper_keys
from fantasy_pipeline.leagues.stat_lines import with_players
from fantasy_pipeline_tests.rows import Rows

ABOUT = {"season": 2024, "week": 1, "player_id": "a"}


def points_of(
    rows: Rows, settings: dict[str, Any], more: dict[str, Any] | None = None, **stats: Any
) -> float:
    """Return the points of one stat line by Sleeper's keys."""
    lines = rows(WEEKLY_STATS, {**ABOUT, **stats})
    for name, value in (more or {}).items():
        lines = lines.append_column(name, pa.array([value]))
    return float(scoring.of_sleeper(settings).points(lines)[0])


@pytest.mark.parametrize("name", football.SCORINGS)
def test_usual_scorings_are_leagues_with_the_same_bits(
    sample: SampleLeague, name: football.Scoring
) -> None:
    lines = sample.weekly_stats(2024)
    expected = football.points(lines, football.rules(name))
    of_league = scoring.of_columns(football.rules(name))
    assert of_league.points(lines).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("key", "stats", "amount"),
    [
        ("pass_inc", {"attempts": 40, "completions": 25}, 15),
        ("bonus_pass_yd_300", {"passing_yards": 300}, 1),
        ("bonus_pass_yd_300", {"passing_yards": 400}, 0),
        ("bonus_pass_yd_400", {"passing_yards": 400}, 1),
        ("bonus_rec_yd_100", {"receiving_yards": 199}, 1),
        ("bonus_rec_yd_100", {"receiving_yards": 200}, 0),
        ("bonus_rush_rec_yd_100", {"rushing_yards": 60, "receiving_yards": 40}, 1),
        ("fgmiss", {"fg_missed": 1, "fg_blocked": 2}, 3),
        ("xpmiss", {"pat_missed": 1, "pat_blocked": 1}, 2),
        ("fgm_50p", {"fg_made_list": "50;60;49"}, 2),
        ("fgm_60p", {"fg_made_list": "60;59"}, 1),
        ("fgm_yds", {"fg_made_list": "21;33"}, 54),
        ("fgm_yds_over_30", {"fg_made_list": "21;33;50"}, 23),
        ("fgmiss_40_49", {"fg_missed_list": "44;51", "fg_blocked_list": "40"}, 2),
        ("fum_lost", {"fumbles_lost_total": 2, "rushing_fumbles_lost": 1}, 2),
        ("fum_lost", {"sack_fumbles_lost": 1, "receiving_fumbles_lost": 1}, 2),
        ("fum", {"rushing_fumbles": 1}, 1),
        ("idp_tkl_solo", {"def_tackles_solo": 4, "def_tackles_with_assist": 2}, 6),
        ("idp_pass_def_3p", {"def_pass_defended": 3}, 1),
        ("idp_def_td", {"def_tds": 1, "fumble_recovery_tds": 1}, 2),
        ("fum_rec_td", {"fumble_recovery_tds": 1}, 0),
        ("st_td", {"special_teams_tds": 1}, 1),
        ("kr_td", {"special_teams_tds": 1, "kickoff_return_yards": 98}, 1),
        ("kr_td", {"special_teams_tds": 1, "punt_return_yards": 80}, 0),
        ("pr_td", {"special_teams_tds": 1, "punt_return_yards": 80}, 1),
        ("pr_yd", {"punt_return_yards": -3}, -3),
        ("rec_40p", {"receiving_40": 2}, 2),
        ("bonus_pass_cmp_25", {"completions": 25}, 1),
        ("bonus_rush_att_20", {"carries": 19}, 0),
        ("bonus_rush_rec_yd_100", {"rushing_yards": 150, "receiving_yards": 50}, 0),
        ("bonus_rush_rec_yd_200", {"rushing_yards": 150, "receiving_yards": 50}, 1),
        ("fgm_50_59", {"fg_made_list": "50;59;60"}, 2),
        ("fgmiss_50p", {"fg_missed_list": "50", "fg_blocked_list": "61"}, 2),
        ("rushing_yards", {"rushing_yards": 31}, 31),
    ],
)
def test_amount_of_a_key(rows: Rows, key: str, stats: dict[str, Any], amount: float) -> None:
    assert points_of(rows, {key: 2.5}, position="LB", **stats) == 2.5 * amount


BY_DISTANCE = [
    key for key in sleeper_keys.PLAYER_KEYS if re.fullmatch(r"fgm_[56]\w+|fgmiss_\d\w+", key)
]
"""Keys that pay kicks of the lists of distances."""


@pytest.mark.parametrize("key", BY_DISTANCE)
def test_a_field_goal_counts_at_the_distances_that_its_key_names(rows: Rows, key: str) -> None:
    first, *last = map(int, re.findall(r"\d+", key))
    inside, outside = [first, *last], [first - 1, *(number + 1 for number in last)]
    yards = ";".join(str(number) for number in (*inside, *outside) if number >= 0)
    lists = ("fg_made_list",) if key.startswith("fgm_") else ("fg_missed_list", "fg_blocked_list")
    for name in lists:
        assert points_of(rows, {key: 1.0}, **{name: yards}) == len(inside)


@pytest.mark.parametrize(
    ("key", "stat", "next_key"),
    [
        ("bonus_pass_yd_300", "passing_yards", 400),
        ("bonus_pass_yd_400", "passing_yards", None),
        ("bonus_rush_yd_100", "rushing_yards", 200),
        ("bonus_rush_yd_200", "rushing_yards", None),
        ("bonus_rec_yd_100", "receiving_yards", 200),
        ("bonus_rec_yd_200", "receiving_yards", None),
        ("bonus_rush_rec_yd_100", "rushing_yards", 200),
        ("bonus_rush_rec_yd_200", "receiving_yards", None),
        ("bonus_pass_cmp_25", "completions", None),
        ("bonus_rush_att_20", "carries", None),
        ("bonus_tkl_10p", "def_tackles_solo", None),
        ("bonus_sack_2p", "def_sacks", None),
        ("idp_pass_def_3p", "def_pass_defended", None),
    ],
)
def test_a_bonus_begins_at_the_number_of_its_key(
    rows: Rows, key: str, stat: str, next_key: int | None
) -> None:
    first = int(re.findall(r"\d+", key)[-1])

    def paid(amount: int) -> float:
        return points_of(rows, {key: 2.0}, position="LB", **{stat: amount})

    assert (paid(first - 1), paid(first)) == (0.0, 2.0)
    if next_key is None:
        assert paid(10 * first) == 2.0
    else:
        assert (paid(next_key - 1), paid(next_key)) == (2.0, 0.0)


SLEEPERS_OWN = [
    # Aaron Rodgers at San Francisco, 2024 week 1.
    (
        {
            **{"position": "QB", "attempts": 21, "completions": 13, "passing_yards": 167},
            **{"passing_tds": 1, "passing_interceptions": 1, "sacks_suffered": 1},
            **{"passing_first_downs": 8, "carries": 1, "rushing_yards": -1},
        },
        {
            **{"pass_att": 21, "pass_cmp": 13, "pass_inc": 8, "pass_yd": 167, "pass_td": 1},
            **{"pass_fd": 7, "bonus_fd_qb": 7, "rush_fd": 0},
            **{"pass_int": 1, "pass_sack": 1, "rush_att": 1, "rush_yd": -1},
            **{"bonus_pass_cmp_25": 0, "bonus_pass_yd_300": 0, "rec": 0},
        },
    ),
    # Saquon Barkley at Dallas, 2024 week 10; the tackle followed a turnover.
    (
        {
            **{"position": "RB", "carries": 14, "rushing_yards": 66, "rushing_first_downs": 4},
            **{"receptions": 1, "targets": 1, "receiving_yards": 12},
            **{"receiving_first_downs": 1, "def_tackles_solo": 1},
        },
        {
            **{"rush_att": 14, "rush_yd": 66, "rush_fd": 4, "rec": 1, "rec_tgt": 1, "rec_yd": 12},
            **{"rec_fd": 1, "bonus_fd_rb": 5, "bonus_fd_wr": 0, "bonus_rec_rb": 1},
            **{"bonus_rec_te": 0, "bonus_rush_att_20": 0, "bonus_rush_rec_yd_100": 0},
            **{"idp_tkl": 1, "idp_tkl_solo": 1},
        },
    ),
    # Josh Allen against Cincinnati, 2025 week 14: four of his first downs are touchdowns.
    (
        {
            **{"position": "QB", "passing_first_downs": 13, "passing_tds": 3},
            **{"rushing_first_downs": 4, "rushing_tds": 1},
        },
        {"pass_fd": 10, "rush_fd": 3, "rec_fd": 0, "bonus_fd_qb": 13, "bonus_fd_rb": 0},
    ),
    # Zack Baun against Green Bay, 2024 week 1.
    (
        {
            **{"position": "LB", "def_tackles_solo": 9, "def_tackles_with_assist": 2},
            **{"def_tackle_assists": 4, "def_tackles_for_loss": 1, "def_sacks": 2.0},
            **{"def_sack_yards": 9.0, "def_qb_hits": 2},
        },
        {
            **{"bonus_sack_2p": 1, "bonus_tkl_10p": 1, "idp_qb_hit": 2, "idp_sack": 2},
            **{"idp_sack_yd": 9, "idp_tkl": 15, "idp_tkl_ast": 4, "idp_tkl_loss": 1},
            **{"idp_tkl_solo": 11, "idp_pass_def_3p": 0},
        },
    ),
    # T.J. Edwards against Tennessee, 2024 week 1.
    (
        {
            **{"position": "LB", "def_tackles_solo": 9, "def_tackles_with_assist": 1},
            **{"def_tackle_assists": 5, "def_tackles_for_loss": 2, "fumble_recovery_opp": 1},
        },
        {
            **{"bonus_tkl_10p": 1, "bonus_sack_2p": 0, "idp_fum_rec": 1, "idp_tkl": 15},
            **{"idp_tkl_ast": 5, "idp_tkl_loss": 2, "idp_tkl_solo": 10, "st_fum_rec": 0},
        },
    ),
    # Micah Parsons at Cleveland, 2024 week 1.
    (
        {
            **{"position": "LB", "def_tackles_solo": 1, "def_tackles_with_assist": 2},
            **{"def_tackle_assists": 1, "def_tackles_for_loss": 1, "def_sacks": 1.0},
            **{"def_sack_yards": 5.0, "def_qb_hits": 5, "def_pass_defended": 1},
        },
        {
            **{"idp_pass_def": 1, "idp_qb_hit": 5, "idp_sack": 1, "idp_sack_yd": 5},
            **{"idp_tkl": 4, "idp_tkl_ast": 1, "idp_tkl_loss": 1, "idp_tkl_solo": 3},
            **{"bonus_tkl_10p": 0, "bonus_sack_2p": 0},
        },
    ),
]
"""Real stat lines, and the amounts that Sleeper states of them in its own stats."""


@pytest.mark.parametrize(("stats", "stated"), SLEEPERS_OWN)
def test_amounts_are_those_that_sleeper_states(
    rows: Rows, stats: dict[str, Any], stated: dict[str, float]
) -> None:
    found = {key: points_of(rows, {key: 1.0}, **stats) for key in stated}
    assert found == stated


@pytest.mark.parametrize(
    ("stats", "amounts"),
    [
        # A return touchdown of a receiver: no points of a defence.
        (
            {"position": "WR", "special_teams_tds": 1, "punt_return_yards": 85, "receptions": 3},
            {"st_td": 1, "pr_td": 1, "kr_td": 0, "pr_yd": 85, "kr_yd": 0, "bonus_rec_wr": 3},
        ),
        # A passer with 29 completions, 404 yards and three plays of 40 yards or more.
        (
            {"position": "QB", "completions": 29, "attempts": 39, "passing_yards": 404}
            | {"passing_40": 3, "rushing_tds": 1, "carries": 4, "rushing_yards": 16},
            {"bonus_pass_cmp_25": 1, "bonus_pass_yd_300": 0, "bonus_pass_yd_400": 1}
            | {"pass_inc": 10, "pass_cmp_40p": 3, "bonus_rush_td_qb": 1, "rush_att": 4},
        ),
        # A kicker: 53, 33 and 27 yards made, 61 missed, 47 blocked, an extra point missed.
        (
            {"position": "K", "fg_made": 3, "fg_att": 5, "fg_missed": 1, "fg_blocked": 1}
            | {"fg_made_list": "53;33;27", "fg_missed_list": "61", "fg_blocked_list": "47"}
            | {"fg_made_20_29": 1, "fg_made_30_39": 1, "fg_made_50_59": 1}
            | {"pat_att": 3, "pat_made": 2, "pat_missed": 1},
            {"fga": 5, "fgm": 3, "fgm_20_29": 1, "fgm_30_39": 1, "fgm_40_49": 0, "fgm_50p": 1}
            | {"fgm_50_59": 1, "fgm_60p": 0, "fgm_yds": 113, "fgm_yds_over_30": 26}
            | {"fgmiss": 2, "fgmiss_40_49": 1, "fgmiss_50p": 1, "fgmiss_60p": 1}
            | {"fgmiss_50_59": 0, "fgmiss_0_19": 0, "xpa": 3, "xpm": 2, "xpmiss": 1},
        ),
        # A back with 21 carries: 115 + 88 yards are not two bonuses of 100.
        (
            {"position": "RB", "carries": 21, "rushing_yards": 115, "receiving_yards": 88}
            | {"rushing_40": 1, "receiving_40": 1, "receptions": 6, "rushing_2pt_conversions": 1},
            {"bonus_rush_att_20": 1, "bonus_rush_yd_100": 1, "bonus_rush_yd_200": 0}
            | {"bonus_rec_yd_100": 0, "bonus_rush_rec_yd_100": 0, "bonus_rush_rec_yd_200": 1}
            | {"rush_40p": 1, "rec_40p": 1, "bonus_rec_rb": 6, "rush_2pt": 1},
        ),
    ],
)
def test_amounts_that_were_computed_by_hand(
    rows: Rows, stats: dict[str, Any], amounts: dict[str, float]
) -> None:
    assert {key: points_of(rows, {key: 1.0}, **stats) for key in amounts} == amounts


def test_a_touchdown_on_a_fumble_is_paid_once(rows: Rows) -> None:
    """That of a defender is a defensive one; upstream's `def_tds` are on interceptions only."""
    both, line = {"idp_def_td": 6.0, "fum_rec_td": 5.0}, {"fumble_recovery_tds": 1}
    assert points_of(rows, both, position="DL", **line) == 6
    assert points_of(rows, both, position="WR", **line) == 5
    espn = scoring.of_espn([{"statId": 63, "points": 5.0}, {"statId": 104, "points": 6.0}])
    lines = rows(WEEKLY_STATS, {**ABOUT, "position": "LB", **line}, {**ABOUT, **line})
    assert espn.points(lines).tolist() == [6.0, 5.0]


def test_bonus_of_a_position(rows: Rows) -> None:
    premium = {"rec": 1.0, "bonus_rec_te": 0.5}
    assert points_of(rows, premium, position="TE", receptions=6) == 9.0
    assert points_of(rows, premium, position="WR", receptions=6) == 6.0


def test_a_player_of_two_positions_has_the_premium_of_one(rows: Rows) -> None:
    premium = {"bonus_rec_te": 0.5, "bonus_rec_rb": 0.25}
    both = {"fantasy_positions": "RB/TE"}
    assert points_of(rows, premium, both, position="TE", receptions=4) == 2.0
    # The stat line's position is none that a premium is for: the first one that platforms know.
    assert points_of(rows, premium, both, position="FB", receptions=4) == 1.0
    assert points_of(rows, premium, position="OT", receptions=4) == 0


def test_first_downs_count_by_position(rows: Rows) -> None:
    settings = {f"bonus_fd_{position}": 1.0 for position in ("qb", "rb", "wr", "te")}
    first_downs = {"passing_first_downs": 9, "rushing_first_downs": 3, "receiving_first_downs": 2}
    assert points_of(rows, settings, position="QB", **first_downs) == 14
    assert points_of(rows, settings, position="WR", **first_downs) == 5


def test_first_downs_are_those_without_a_touchdown(rows: Rows) -> None:
    line = {"position": "WR", "receiving_first_downs": 4, "receiving_tds": 1, "rushing_tds": 1}
    assert points_of(rows, {"rec_fd": 1.0}, **line) == 3
    assert points_of(rows, {"rush_fd": 1.0}, **line) == 0
    assert points_of(rows, {"bonus_fd_wr": 1.0}, **line) == 3


@pytest.mark.parametrize(
    ("thrown", "of_team", "returned", "points"),
    [(2, 2, 1, -3.0), (1, 1, 0, 0.0), (0, 2, 1, 0.0), (1, 2, 1, 0.0)],
)
def test_interceptions_that_were_returned_for_a_touchdown(
    rows: Rows, thrown: int, of_team: int, returned: int, points: float
) -> None:
    """They are his if he threw all interceptions of his team; otherwise the key is not scored."""
    taken = {"team_intercepted": of_team, "team_intercepted_tds": returned}
    line = {"position": "QB", "passing_interceptions": thrown}
    assert points_of(rows, {"pass_int_td": -3.0}, taken, **line) == points
    [note] = scoring.of_sleeper({"pass_int_td": -3.0}).notes
    assert note.startswith("not scored: pass_int_td: of passers whose team had another passer")


def test_plays_of_40_yards_are_not_known_before_2021() -> None:
    settings = {"rec_40p": 1.0, "rush_40p": 0.0, "rec": 1.0}
    before, since = (scoring.of_sleeper(settings, season) for season in (2020, 2021))
    assert before.notes == [
        "not scored: rec_40p: the weekly files before 2021 lack plays of 40 yards or more"
    ]
    assert before.unpaid == {"rec_40p": 1.0}
    assert ([rule.key for rule in since.rules], since.notes) == (["rec", "rec_40p"], [])


@pytest.mark.parametrize(("snaps", "points"), [(None, 2.0), (0, 2.0), (3, 2.0), (4, 0.0)])
def test_tackles_of_the_offence_count_without_special_teams(
    rows: Rows, snaps: int | None, points: float
) -> None:
    tackles = {"def_tackles_solo": 2, "position": "WR"}
    snap_counts = {"st_snaps": snaps}
    assert points_of(rows, {"idp_tkl_solo": 1.0}, snap_counts, **tackles) == points
    tackles["position"] = "LB"
    assert points_of(rows, {"idp_tkl_solo": 1.0}, snap_counts, **tackles) == 2.0


@pytest.mark.parametrize(
    ("turnovers", "offence", "special_teams", "points"),
    [
        (0, 60, 0, 0.0),
        (1, 60, 3, 2.0),
        (1, 60, 4, 0.0),
        # He has the tackle of one of several turnovers if he mainly plays on offence.
        (2, 30, 10, 2.0),
        (2, 29, 10, 0.0),
        (2, None, 10, 0.0),
    ],
)
def test_tackles_of_the_offence_follow_a_turnover(
    rows: Rows, turnovers: int, offence: int | None, special_teams: int, points: float
) -> None:
    more = {"turnovers": turnovers, "offense_snaps": offence, "st_snaps": special_teams}
    tackles = {"def_tackles_solo": 2, "position": "WR"}
    assert points_of(rows, {"idp_tkl_solo": 1.0}, more, **tackles) == points
    tackles["position"] = "DB"
    assert points_of(rows, {"idp_tkl_solo": 1.0}, more, **tackles) == 2.0


@pytest.mark.parametrize(
    ("stats", "snaps", "points"),
    [
        # On a kick return: 22 snaps on special teams, and no turnover of his team.
        ({}, 0, 0.0),
        ({"def_fumbles_forced": 1}, 0, 3.0),
        ({}, 12, 1.0),
        ({"fumble_recovery_opp": 1}, 0, 0.5),
        ({"fumble_recovery_opp": 1}, 12, 1.0 + 4.0),
        ({"fumble_recovery_opp": 1, "def_fumbles_forced": 1}, 0, 3.0 + 4.0),
    ],
)
def test_the_offence_on_kick_returns_and_on_defence(
    rows: Rows, stats: dict[str, float], snaps: int, points: float
) -> None:
    """Who forces a fumble, or plays on defence, is paid as a defender."""
    settings = {"idp_tkl_solo": 1, "idp_ff": 2, "idp_fum_rec": 4, "st_fum_rec": 0.5}
    more = {"turnovers": 0, "offense_snaps": 9, "st_snaps": 22, "defense_snaps": snaps}
    line = {"position": "RB", "def_tackles_solo": 1, **stats}
    assert points_of(rows, settings, more, **line) == points


def test_recoveries_of_defenders_are_not_told_from_those_on_special_teams(rows: Rows) -> None:
    settings = {"idp_fum_rec": 4, "st_fum_rec": 0.5}
    assert points_of(rows, settings, position="LB", fumble_recovery_opp=1) == 4.0
    [note] = scoring.of_sleeper(settings).notes
    assert note.startswith("not scored: st_fum_rec: of defenders")


@pytest.mark.parametrize(("stated", "points"), [(3.0, 6.0), (0.0, 4.0), (None, 4.0)])
def test_tackles_for_loss_that_two_players_share(
    rows: Rows, stated: float | None, points: float
) -> None:
    """NFL.com has them; where its file is empty, those of the weekly file count."""
    more = {"nflcom_tackles_for_loss": stated}
    line = {"position": "LB", "def_tackles_for_loss": 2}
    assert points_of(rows, {"idp_tkl_loss": 2}, more, **line) == points


def test_blocked_kicks_of_defenders_are_known_of_three_seasons(rows: Rows) -> None:
    lines = rows(WEEKLY_STATS, {**ABOUT, "position": "DL"})
    lines = lines.append_column("nflcom_kicks_blocked", pa.array([1.0]))
    found = {season: scoring.of_sleeper({"idp_blk_kick": 3}, season) for season in (2023, 2024)}
    assert found[2023].points(lines).tolist() == [3.0]
    assert found[2023].notes == []
    assert found[2024].points(lines).tolist() == [0.0]
    assert "only the files of 2021-2023 name the defender" in found[2024].notes[0]


def test_turnovers_are_what_the_other_team_took(rows: Rows) -> None:
    game = {"season": 2024, "week": 1}
    stats = rows(
        WEEKLY_STATS,
        {**game, "player_id": "a", "team": "KC", "opponent": "BUF", "receptions": 3},
        {**game, "player_id": "b", "team": "KC", "opponent": "BUF", "def_interceptions": 2}
        | {"def_tds": 1},
        {**game, "player_id": "c", "team": "BUF", "opponent": "KC", "fumble_recovery_opp": 1},
        {**game, "week": 2, "player_id": "a", "team": "KC", "opponent": "LV"},
    )
    snaps = {"offense_snaps": 50, "st_snaps": 2}
    players = rows(RAW_PLAYERS, {**game, "player_id": "a", **snaps})
    lines = with_players(stats, players).sort_by(
        [("week", "ascending"), ("player_id", "ascending")]
    )
    assert lines["turnovers"].to_pylist() == [1, 1, 2, None]
    assert lines["team_intercepted"].to_pylist() == [0, 0, 2, None]
    assert lines["team_intercepted_tds"].to_pylist() == [0, 0, 1, None]
    assert lines["offense_snaps"].to_pylist() == [50, None, None, None]
    only = with_players(stats, players, pa.array(["c"]))
    assert only.select(["player_id", "turnovers"]).to_pylist() == [
        {"player_id": "c", "turnovers": 2}
    ]


def test_keys_without_a_rule_are_named() -> None:
    settings = {"rec": 1, "pass_td_50p": 2, "jersey": 1, "rec_0_4": 0, "sack": 1, "pts_allow_0": 10}
    found = scoring.of_sleeper(settings)
    assert [rule.key for rule in found.rules] == ["rec"]
    assert found.notes == [
        "not scored: pass_td_50p: the length of a touchdown is not in the weekly file",
        "not scored: jersey: the key is not known",
    ]


def test_every_key_has_one_meaning() -> None:
    players, impossible = set(sleeper_keys.PLAYER_KEYS), set(sleeper_keys.NOT_COMPUTED)
    assert not players & impossible
    assert not any(sleeper_keys.is_of_team_defence(key) for key in players | impossible)


@pytest.mark.parametrize("value", ["4", None, True, float("inf"), float("nan")])
def test_a_key_that_pays_no_number_is_refused(value: object) -> None:
    with pytest.raises(PipelineError, match=r"the scoring key rec (is|pays) .*, not a number"):
        scoring.of_sleeper({"rec": value})


def test_numbers_of_32_bits_are_the_decimal_that_was_meant(rows: Rows) -> None:
    assert points_of(rows, {"pass_yd": 0.03999999910593033}, passing_yards=301) == 12.04


def test_points_of_espns_overrides_and_steps(rows: Rows) -> None:
    items = [
        {"statId": 53, "points": 0.5, "pointsOverrides": {"6": 1.0}},
        {"statId": 48, "points": 1.0},
        {"statId": 95, "points": 0.0, "pointsOverrides": {"16": 2.0}},
        {"statId": 206, "points": 2.0},
    ]
    found = scoring.of_espn(items)
    lines = rows(
        WEEKLY_STATS,
        {**ABOUT, "position": "TE", "receptions": 4, "receiving_yards": 39},
        {**ABOUT, "player_id": "b", "position": "WR", "receptions": 4, "receiving_yards": -9},
    )
    np.testing.assert_array_equal(found.points(lines), [4 + 3, 2 + 0])
    assert found.team_defence == {"stat 95": 2.0, "stat 206": 2.0}
    assert list(found.not_computed) == ["stat 206"]
    assert found.parts(lines)["stat 53"].tolist() == [4.0, 2.0]

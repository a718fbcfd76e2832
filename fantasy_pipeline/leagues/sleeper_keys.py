"""Sleeper's scoring keys: the amount that each pays for, and the keys that cannot be computed."""

from __future__ import annotations

from fantasy_pipeline.leagues.amounts import (
    AmountsByKey,
    Within,
    column,
    defensive,
    defensive_touchdowns,
    first_downs,
    fumble_touchdowns,
    fumbles,
    fumbles_lost,
    kick_yards,
    kick_yards_over_30,
    kicks,
    missed_kicks,
    of_position,
    return_touchdowns,
    returned_interceptions,
    special_teams_recoveries,
    tackles_for_loss,
)

_CATCHES = column("receptions")
_FIRST_DOWNS = first_downs("rushing", "receiving")
_RUSHED_AND_CAUGHT = column("rushing_yards", "receiving_yards")
_TACKLES = column("def_tackles_solo", "def_tackles_with_assist", "def_tackle_assists")

PLAYER_KEYS: AmountsByKey = {
    "pass_yd": column("passing_yards"),
    "pass_td": column("passing_tds"),
    "pass_int": column("passing_interceptions"),
    "pass_2pt": column("passing_2pt_conversions"),
    "pass_att": column("attempts"),
    "pass_cmp": column("completions"),
    "pass_inc": lambda lines: lines["attempts"] - lines["completions"],
    "pass_sack": column("sacks_suffered"),
    "pass_fd": first_downs("passing"),
    "pass_int_td": returned_interceptions,
    "pass_cmp_40p": column("passing_40"),
    "bonus_pass_yd_300": Within(column("passing_yards"), 300, 400),
    "bonus_pass_yd_400": Within(column("passing_yards"), 400),
    "bonus_pass_cmp_25": Within(column("completions"), 25),
    "rush_yd": column("rushing_yards"),
    "rush_td": column("rushing_tds"),
    "rush_2pt": column("rushing_2pt_conversions"),
    "rush_att": column("carries"),
    "rush_fd": first_downs("rushing"),
    "rush_40p": column("rushing_40"),
    "bonus_rush_yd_100": Within(column("rushing_yards"), 100, 200),
    "bonus_rush_yd_200": Within(column("rushing_yards"), 200),
    "bonus_rush_att_20": Within(column("carries"), 20),
    "rec": _CATCHES,
    "rec_tgt": column("targets"),
    "rec_yd": column("receiving_yards"),
    "rec_td": column("receiving_tds"),
    "rec_2pt": column("receiving_2pt_conversions"),
    "rec_fd": first_downs("receiving"),
    "rec_40p": column("receiving_40"),
    "bonus_rec_yd_100": Within(column("receiving_yards"), 100, 200),
    "bonus_rec_yd_200": Within(column("receiving_yards"), 200),
    "bonus_rec_rb": of_position(_CATCHES, "RB"),
    "bonus_rec_wr": of_position(_CATCHES, "WR"),
    "bonus_rec_te": of_position(_CATCHES, "TE"),
    "bonus_fd_qb": of_position(first_downs("passing", "rushing", "receiving"), "QB"),
    "bonus_fd_rb": of_position(_FIRST_DOWNS, "RB"),
    "bonus_fd_wr": of_position(_FIRST_DOWNS, "WR"),
    "bonus_fd_te": of_position(_FIRST_DOWNS, "TE"),
    "bonus_rush_rec_yd_100": Within(_RUSHED_AND_CAUGHT, 100, 200),
    "bonus_rush_rec_yd_200": Within(_RUSHED_AND_CAUGHT, 200),
    "fum": fumbles,
    "fum_lost": fumbles_lost,
    "fum_rec_td": fumble_touchdowns(of_defenders=False),
    "bonus_rush_td_qb": of_position(column("rushing_tds"), "QB"),
    "st_td": column("special_teams_tds"),
    "kr_td": return_touchdowns(kicked_off=True),
    "pr_td": return_touchdowns(kicked_off=False),
    "pr_yd": column("punt_return_yards"),
    "kr_yd": column("kickoff_return_yards"),
    "fga": column("fg_att"),
    "fgm": column("fg_made"),
    "fgm_0_19": column("fg_made_0_19"),
    "fgm_20_29": column("fg_made_20_29"),
    "fgm_30_39": column("fg_made_30_39"),
    "fgm_40_49": column("fg_made_40_49"),
    # The column of 50-59 yards lacks kicks of exactly 60 yards, as does that of 60 or more.
    "fgm_50p": kicks("fg_made_list", 50),
    "fgm_50_59": kicks("fg_made_list", 50, 60),
    "fgm_60p": kicks("fg_made_list", 60),
    "fgm_yds": kick_yards,
    "fgm_yds_over_30": kick_yards_over_30,
    "fgmiss": column("fg_missed", "fg_blocked"),
    "fgmiss_0_19": missed_kicks(0, 20),
    "fgmiss_20_29": missed_kicks(20, 30),
    "fgmiss_30_39": missed_kicks(30, 40),
    "fgmiss_40_49": missed_kicks(40, 50),
    "fgmiss_50p": missed_kicks(50),
    "fgmiss_50_59": missed_kicks(50, 60),
    "fgmiss_60p": missed_kicks(60),
    "xpa": column("pat_att"),
    "xpm": column("pat_made"),
    "xpmiss": column("pat_missed", "pat_blocked"),
    "idp_tkl": defensive(_TACKLES),
    "idp_tkl_solo": defensive(column("def_tackles_solo", "def_tackles_with_assist")),
    "idp_tkl_ast": defensive(column("def_tackle_assists")),
    "idp_tkl_loss": defensive(tackles_for_loss),
    "bonus_tkl_10p": defensive(Within(_TACKLES, 10)),
    "idp_sack": defensive(column("def_sacks")),
    "idp_sack_yd": defensive(column("def_sack_yards")),
    "bonus_sack_2p": defensive(Within(column("def_sacks"), 2)),
    "idp_qb_hit": defensive(column("def_qb_hits")),
    "idp_int": defensive(column("def_interceptions")),
    "idp_int_ret_yd": defensive(column("def_interception_yards")),
    "idp_pass_def": defensive(column("def_pass_defended")),
    "idp_pass_def_3p": defensive(Within(column("def_pass_defended"), 3)),
    "idp_ff": defensive(column("def_fumbles_forced")),
    "idp_fum_rec": defensive(column("fumble_recovery_opp")),
    "idp_fum_ret_yd": defensive(column("fumble_recovery_yards_opp")),
    "idp_def_td": defensive_touchdowns,
    "idp_safe": defensive(column("def_safeties")),
    "idp_blk_kick": column("nflcom_kicks_blocked"),
    "st_fum_rec": special_teams_recoveries,
}
"""Amounts of the keys that pay single players."""

_LONG_TOUCHDOWN = "the length of a touchdown is not in the weekly file"
_CATCH_LENGTH = "the lengths of catches are not in the weekly file"
_SPECIAL_TEAMS = "the weekly file does not tell plays of special teams from others"
PLAYS_OF_40_YARDS = ("pass_cmp_40p", "rush_40p", "rec_40p")
FIRST_SEASON_OF_40_YARDS = 2021
"""First season whose weekly file has the plays of 40 yards or more."""
NO_40_YARDS = "the weekly files before 2021 lack plays of 40 yards or more"
SEASONS_OF_BLOCKS = (2021, 2022, 2023)
"""Seasons of which NFL.com's files name the players who blocked kicks."""
NO_BLOCKS = "only the files of 2021-2023 name the defender who blocked a kick"
PARTLY = {
    "pass_int_td": "of passers whose team had another passer intercepted in the game, too",
    "st_fum_rec": "of defenders, who have idp_fum_rec for fumbles recovered on special teams, too",
}
"""Keys that are computed for some players only, with those for whom they are not."""
NOT_COMPUTED = {
    **dict.fromkeys(
        (
            *("pass_td_40p", "pass_td_50p", "rush_td_40p", "rush_td_50p"),
            *("rec_td_40p", "rec_td_50p", "bonus_def_int_td_50p", "bonus_def_fum_td_50p"),
        ),
        _LONG_TOUCHDOWN,
    ),
    **dict.fromkeys(("rec_0_4", "rec_5_9", "rec_10_19", "rec_20_29", "rec_30_39"), _CATCH_LENGTH),
    **dict.fromkeys(("st_ff", "st_tkl_solo"), _SPECIAL_TEAMS),
}
"""Keys that pay single players and cannot be computed, with the reason."""

_TEAM_PREFIXES = ("pts_allow", "yds_allow", "def_", "tkl")
_TEAM_KEYS = frozenset(
    (
        *("sack", "sack_yd", "int", "int_ret_yd", "ff", "fum_rec", "fum_ret_yd", "safe"),
        *("blk_kick", "blk_kick_ret_yd", "fg_ret_yd", "qb_hit"),
    )
)


def is_of_team_defence(key: str) -> bool:
    """Return whether a key pays team defences."""
    return key in _TEAM_KEYS or key.startswith(_TEAM_PREFIXES)

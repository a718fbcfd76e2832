"""Keys of Sleeper and ESPN that pay team defences (D/ST), as amounts of `team_defense_stats`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fantasy_pipeline.leagues.amounts import Amount, Within, column, return_touchdowns, steps

_POINTS, _YARDS = column("points_allowed"), column("yards_allowed")
_TOUCHDOWNS = column("interception_tds", "fumble_tds")
_FUMBLES = column("fumbles_recovered", "special_teams_fumbles_recovered")
_FORCED = column("fumbles_forced", "special_teams_fumbles_forced")
_TACKLES = column("tackles_solo", "tackle_assists")


def _tiers(amount: Amount, limits: Mapping[str, tuple[float, float]]) -> dict[str, Amount]:
    """Return one amount per key: 1 from the first limit on, and below the second one."""
    return {key: Within(amount, lowest, below) for key, (lowest, below) in limits.items()}


_NONE, _ANY = float("-inf"), float("inf")
SLEEPER: Mapping[str, Amount] = {
    "sack": column("sacks"),
    "sack_yd": column("sack_yards"),
    "qb_hit": column("qb_hits"),
    "int": column("interceptions"),
    "int_ret_yd": column("interception_yards"),
    "ff": column("fumbles_forced"),
    "fum_rec": column("fumbles_recovered"),
    "fum_ret_yd": column("fumble_return_yards"),
    "safe": column("safeties"),
    "blk_kick": column("blocked_kicks"),
    "tkl": _TACKLES,
    "tkl_solo": column("tackles_solo"),
    "tkl_ast": column("tackle_assists"),
    "tkl_loss": column("tackles_for_loss"),
    "def_td": _TOUCHDOWNS,
    "def_2pt": column("two_point_returns"),
    "def_pass_def": column("passes_defended"),
    "def_st_td": column("special_teams_tds"),
    "def_st_ff": column("special_teams_fumbles_forced"),
    "def_st_fum_rec": column("special_teams_fumbles_recovered"),
    "def_kr_yd": column("kickoff_return_yards"),
    "def_pr_yd": column("punt_return_yards"),
    "pts_allow": _POINTS,
    **_tiers(
        _POINTS,
        {
            "pts_allow_0": (_NONE, 1),
            "pts_allow_1_6": (1, 7),
            "pts_allow_7_13": (7, 14),
            "pts_allow_14_20": (14, 21),
            "pts_allow_21_27": (21, 28),
            "pts_allow_28_34": (28, 35),
            "pts_allow_35p": (35, _ANY),
        },
    ),
    "yds_allow": _YARDS,
    **_tiers(
        _YARDS,
        {
            "yds_allow_0_100": (_NONE, 100),
            "yds_allow_100_199": (100, 200),
            "yds_allow_200_299": (200, 300),
            "yds_allow_300_349": (300, 350),
            "yds_allow_350_399": (350, 400),
            "yds_allow_400_449": (400, 450),
            "yds_allow_450_499": (450, 500),
            "yds_allow_500_549": (500, 550),
            "yds_allow_550p": (550, _ANY),
        },
    ),
}
"""Amounts of Sleeper's keys that pay team defences."""

ESPN: Mapping[str, Amount] = {
    f"stat {number}": amount
    for number, amount in {
        94: _TOUCHDOWNS,
        95: column("interceptions"),
        96: _FUMBLES,
        97: column("blocked_kicks"),
        98: column("safeties"),
        99: column("sacks"),
        100: lambda lines: 2 * lines["sacks"],
        101: return_touchdowns(kicked_off=True),
        102: return_touchdowns(kicked_off=False),
        103: column("interception_tds"),
        104: column("fumble_tds"),
        105: column("interception_tds", "fumble_tds", "special_teams_tds"),
        106: _FORCED,
        107: column("tackle_assists"),
        108: column("tackles_solo"),
        109: _TACKLES,
        **steps(110, (3, 5), _TACKLES),
        113: column("passes_defended"),
        114: column("kickoff_return_yards"),
        115: column("punt_return_yards"),
        **steps(116, (10, 25), column("kickoff_return_yards")),
        **steps(118, (10, 25), column("punt_return_yards")),
        120: _POINTS,
        127: _YARDS,
        206: column("two_point_returns"),
    }.items()
} | {
    **_tiers(
        _POINTS,
        {
            "stat 89": (_NONE, 1),
            "stat 90": (1, 7),
            "stat 91": (7, 14),
            "stat 92": (14, 18),
            "stat 121": (18, 22),
            "stat 122": (22, 28),
            "stat 123": (28, 35),
            "stat 124": (35, 46),
            "stat 125": (46, _ANY),
        },
    ),
    **_tiers(
        _YARDS,
        {
            "stat 128": (_NONE, 100),
            "stat 129": (100, 200),
            "stat 130": (200, 300),
            "stat 131": (300, 350),
            "stat 132": (350, 400),
            "stat 133": (400, 450),
            "stat 134": (450, 500),
            "stat 135": (500, 550),
            "stat 136": (550, _ANY),
        },
    ),
}
"""Amounts of ESPN's stat ids that pay team defences, by the key that `Scoring` gives an id."""

_PLAY_BY_PLAY = "downs and drives are not in the weekly file"
_WHOLE_SCORE = "points of the opponent's defence and returns are not points allowed"
_RESULT = "the result of the team's game is not a stat"
_BLOCKED_RETURN = "returns of blocked and missed kicks are not in the weekly file"
NOT_COMPUTED = {
    **dict.fromkeys(("def_4_and_stop", "def_3_and_out", "def_forced_punts"), _PLAY_BY_PLAY),
    **dict.fromkeys(("blk_kick_ret_yd", "fg_ret_yd"), _BLOCKED_RETURN),
    "def_st_tkl_solo": "the weekly file does not tell plays of special teams from others",
    **{f"stat {number}": _WHOLE_SCORE for number in range(187, 197)},
    **{f"stat {number}": _RESULT for number in range(155, 175)},
    "stat 93": "a touchdown on a blocked kick counts as one on a return",
    "stat 112": "stuffed runs are not in the weekly file",
    "stat 209": "one-point safeties are not in the weekly file",
}
"""Keys that pay team defences and cannot be computed, with the reason."""


def left_out(keys: Iterable[str]) -> dict[str, str]:
    """Return those of the keys that no amount is known of, with the reason."""
    return {
        key: NOT_COMPUTED.get(key, "the key is not known")
        for key in keys
        if key not in SLEEPER and key not in ESPN
    }


SLEEPER_STANDARD: Mapping[str, float] = {
    "pts_allow_0": 10,
    "pts_allow_1_6": 7,
    "pts_allow_7_13": 4,
    "pts_allow_14_20": 1,
    "pts_allow_28_34": -1,
    "pts_allow_35p": -4,
    "sack": 1,
    "int": 2,
    "ff": 1,
    "fum_rec": 2,
    "safe": 2,
    "blk_kick": 2,
    "def_td": 6,
    "def_st_td": 6,
    "def_st_ff": 1,
    "def_st_fum_rec": 1,
}
"""Points by key of a new league at Sleeper."""

ESPN_STANDARD: Mapping[str, float] = {
    f"stat {number}": points
    for number, points in {
        # Points allowed: 0, 1-6, 7-13, 14-17, then 28-34, 35-45, 46 and more.
        **{89: 5, 90: 4, 91: 3, 92: 1, 123: -1, 124: -3, 125: -5},
        # Yards allowed: less than 100, 100-199, 200-299, then 350-399 to 550 and more.
        **{128: 5, 129: 3, 130: 2, 132: -1, 133: -3, 134: -5, 135: -6, 136: -7},
        # Interceptions, fumbles recovered, blocks, safeties, sacks.
        **{95: 2, 96: 2, 97: 2, 98: 2, 99: 1},
        # Touchdowns of kick-offs, punts, interceptions and fumbles; conversions returned.
        **{101: 6, 102: 6, 103: 6, 104: 6, 206: 2},
    }.items()
}
"""Points by key of a new league at ESPN."""

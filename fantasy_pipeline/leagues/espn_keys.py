"""ESPN's stat ids: the amount that each pays for, and the ids that cannot be computed."""

from __future__ import annotations

from collections.abc import Mapping

from fantasy_pipeline.leagues.amounts import (
    Amount,
    Within,
    column,
    fumble_touchdowns,
    fumbles,
    fumbles_lost,
    kicks,
    missed_kicks,
    return_touchdowns,
    steps,
    tried_kicks,
)

TEAM_DEFENCE_SLOT = 16
SLOT_POSITION = {
    0: "QB",
    2: "RB",
    4: "WR",
    6: "TE",
    8: "DL",
    9: "DL",
    10: "LB",
    11: "DL",
    12: "DB",
    13: "DB",
    14: "DB",
    17: "K",
    18: "P",
}
"""Position of the slots that have points of their own (`pointsOverrides`)."""

_PASSED, _RUSHED, _CAUGHT = (
    column("passing_yards"),
    column("rushing_yards"),
    column("receiving_yards"),
)
_SOLO = column("def_tackles_solo", "def_tackles_with_assist")
_TACKLES = column("def_tackles_solo", "def_tackles_with_assist", "def_tackle_assists")


PLAYER_STATS: Mapping[int, Amount] = {
    0: column("attempts"),
    1: column("completions"),
    2: lambda lines: lines["attempts"] - lines["completions"],
    3: _PASSED,
    4: column("passing_tds"),
    **steps(5, (5, 10, 20, 25, 50, 100), _PASSED),
    **steps(11, (5, 10), column("completions")),
    **steps(13, (5, 10), lambda lines: lines["attempts"] - lines["completions"]),
    17: Within(_PASSED, 300, 400),
    18: Within(_PASSED, 400),
    19: column("passing_2pt_conversions"),
    20: column("passing_interceptions"),
    23: column("carries"),
    24: _RUSHED,
    25: column("rushing_tds"),
    26: column("rushing_2pt_conversions"),
    **steps(27, (5, 10, 20, 25, 50, 100), _RUSHED),
    **steps(33, (5, 10), column("carries")),
    37: Within(_RUSHED, 100, 200),
    38: Within(_RUSHED, 200),
    41: column("receptions"),
    42: _CAUGHT,
    43: column("receiving_tds"),
    44: column("receiving_2pt_conversions"),
    **steps(47, (5, 10, 20, 25, 50, 100), _CAUGHT),
    53: column("receptions"),
    **steps(54, (5, 10), column("receptions")),
    56: Within(_CAUGHT, 100, 200),
    57: Within(_CAUGHT, 200),
    58: column("targets"),
    59: column("receiving_yards_after_catch"),
    62: column("rushing_2pt_conversions", "receiving_2pt_conversions"),
    63: fumble_touchdowns(of_defenders=False),
    64: column("sacks_suffered"),
    65: column("sack_fumbles"),
    66: column("rushing_fumbles"),
    67: column("receiving_fumbles"),
    68: fumbles,
    69: column("sack_fumbles_lost"),
    70: column("rushing_fumbles_lost"),
    71: column("receiving_fumbles_lost"),
    72: fumbles_lost,
    73: lambda lines: lines["passing_interceptions"] + fumbles_lost(lines),
    74: kicks("fg_made_list", 50),
    75: tried_kicks(50),
    76: missed_kicks(50),
    77: column("fg_made_40_49"),
    78: tried_kicks(40, 50),
    79: missed_kicks(40, 50),
    80: column("fg_made_0_19", "fg_made_20_29", "fg_made_30_39"),
    81: tried_kicks(0, 40),
    82: missed_kicks(0, 40),
    83: column("fg_made"),
    84: column("fg_att"),
    85: column("fg_missed", "fg_blocked"),
    86: column("pat_made"),
    87: column("pat_att"),
    88: column("pat_missed", "pat_blocked"),
    95: column("def_interceptions"),
    96: column("fumble_recovery_opp"),
    98: column("def_safeties"),
    99: column("def_sacks"),
    100: lambda lines: 2 * lines["def_sacks"],
    101: return_touchdowns(kicked_off=True),
    102: return_touchdowns(kicked_off=False),
    103: column("def_tds"),
    104: fumble_touchdowns(of_defenders=True),
    106: column("def_fumbles_forced"),
    107: column("def_tackle_assists"),
    108: _SOLO,
    109: _TACKLES,
    **steps(110, (3, 5), _TACKLES),
    113: column("def_pass_defended"),
    114: column("kickoff_return_yards"),
    115: column("punt_return_yards"),
    **steps(116, (10, 25), column("kickoff_return_yards")),
    **steps(118, (10, 25), column("punt_return_yards")),
    198: kicks("fg_made_list", 50, 60),
    199: tried_kicks(50, 60),
    200: missed_kicks(50, 60),
    201: kicks("fg_made_list", 60),
    202: tried_kicks(60),
    203: missed_kicks(60),
    211: column("passing_first_downs"),
    212: column("rushing_first_downs"),
    213: column("receiving_first_downs"),
}
"""Amounts of the stat ids that pay single players."""

TEAM_STATS = frozenset(
    (89, 90, 91, 92, 93, 94, 97, *range(120, 138), *range(155, 175), *range(187, 197))
)
"""Stat ids that pay teams only."""

_LONG = "the length of a touchdown is not in the weekly file"
_RARE = "returned two-point tries and one-point safeties are not in the weekly file"
NOT_COMPUTED = {
    **dict.fromkeys((15, 16, 35, 36, 45, 46, *range(175, 187)), _LONG),
    **dict.fromkeys((204, 205, 206, 209), _RARE),
    **dict.fromkeys(range(138, 155), "punting is not imported"),
    112: "stuffed runs are not in the weekly file",
}
"""Stat ids that pay single players and cannot be computed, with the reason."""

"""Positions of fantasy football."""

from __future__ import annotations

from collections.abc import Mapping

FANTASY_POSITIONS = ("QB", "RB", "WR", "TE", "K")
"""Positions that fantasy leagues start and that the pipeline projects."""
SKILL_POSITIONS = ("QB", "RB", "WR", "TE")
"""Positions of the offence that fantasy leagues start."""
DST = "DST"
"""Position of a team's defence and special teams (D/ST), and first part of its player id."""
PROJECTED_POSITIONS = (*FANTASY_POSITIONS, DST)
"""Positions of `projections`: players, and the teams' defences."""
GROUP_OF: Mapping[str, str] = {
    **dict.fromkeys(("DL", "DE", "DT", "NT", "EDGE"), "DL"),
    **dict.fromkeys(("LB", "ILB", "OLB", "MLB"), "LB"),
    **dict.fromkeys(("DB", "CB", "S", "FS", "SS", "SAF"), "DB"),
}
"""Positions of the defence, as rosters and stats files write them, with the fantasy position."""
DEFENDERS = tuple(GROUP_OF)
"""Positions of the defence, as rosters and stats files write them."""
DEFENDER_GROUPS = ("DL", "LB", "DB")
"""Fantasy positions of single defenders (IDP): line, linebackers and backs."""
LEAGUE_POSITIONS = (*PROJECTED_POSITIONS, *DEFENDER_GROUPS)
"""Positions that a league may start and that have projections."""

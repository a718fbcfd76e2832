"""Positions of fantasy football."""

from __future__ import annotations

FANTASY_POSITIONS = ("QB", "RB", "WR", "TE", "K")
"""Positions that fantasy leagues start and that the pipeline projects."""
DST = "DST"
"""Position of a team's defence and special teams (D/ST), and first part of its player id."""
PROJECTED_POSITIONS = (*FANTASY_POSITIONS, DST)
"""Positions of `projections`: players, and the teams' defences."""
DEFENDERS = (
    *("DL", "DE", "DT", "NT", "EDGE"),
    *("LB", "ILB", "OLB", "MLB"),
    *("DB", "CB", "S", "FS", "SS", "SAF"),
)
"""Positions of the defence, as rosters and stats files write them."""

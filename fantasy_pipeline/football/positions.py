"""Positions of fantasy football."""

from __future__ import annotations

FANTASY_POSITIONS = ("QB", "RB", "WR", "TE", "K")
"""Positions that fantasy leagues start and that the pipeline projects."""
DEFENDERS = (
    *("DL", "DE", "DT", "NT", "EDGE"),
    *("LB", "ILB", "OLB", "MLB"),
    *("DB", "CB", "S", "FS", "SS", "SAF"),
)
"""Positions of the defence, as rosters and stats files write them."""

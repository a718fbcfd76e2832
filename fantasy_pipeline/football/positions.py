"""Positions of fantasy football."""

from __future__ import annotations

FANTASY_POSITIONS = ("QB", "RB", "WR", "TE", "K")
"""Positions that fantasy leagues start and that the pipeline projects."""

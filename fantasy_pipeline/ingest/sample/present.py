"""The seasons of the sample league, and the moment at which it stands still.

This module stays free of numpy and pyarrow, so that the schedule's clock costs nothing.
"""

from __future__ import annotations

from datetime import datetime, timezone

SEASONS = (2023, 2024, 2025)
WEEKS_PLAYED = {2023: 22, 2024: 22, 2025: 9}
"""Last week of each season whose games are played."""
SAMPLE_NOW = datetime(2025, 11, 4, 8, tzinfo=timezone.utc)
"""The league's present: Tuesday after week 9 of 2025, which is complete; week 10 comes next."""

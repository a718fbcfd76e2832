"""Team codes: every spelling upstream uses, brought to nflverse's code of today."""

from __future__ import annotations

CURRENT_CODE = {
    "OAK": "LV",
    "LVR": "LV",
    "SD": "LAC",
    "SDC": "LAC",
    "STL": "LA",
    "LAR": "LA",
    "RAM": "LA",
    "JAC": "JAX",
    "KCC": "KC",
    "SFO": "SF",
    "GBP": "GB",
    "NEP": "NE",
    "NOS": "NO",
    "TBB": "TB",
    "WSH": "WAS",
    "ARZ": "ARI",
    "BLT": "BAL",
    "CLV": "CLE",
    "HST": "HOU",
}
"""Codes of other years and other sites, to the code that stats files use for all years."""

TEAMS = (
    *("ARI", "ATL", "BAL", "BUF", "CAR", "CHI", "CIN", "CLE", "DAL", "DEN", "DET", "GB", "HOU"),
    *("IND", "JAX", "KC", "LA", "LAC", "LV", "MIA", "MIN", "NE", "NO", "NYG", "NYJ", "PHI", "PIT"),
    *("SEA", "SF", "TB", "TEN", "WAS"),
)
"""Codes of today, one per team."""

AFC = (
    *("BAL", "BUF", "CIN", "CLE", "DEN", "HOU", "IND", "JAX", "KC", "LAC", "LV", "MIA", "NE"),
    *("NYJ", "PIT", "TEN"),
)
"""Teams of the one conference; the other sixteen are the NFC."""


def code_sql(column: str) -> str:
    """SQL expression for today's code of the team code in `column` (a trusted column name)."""
    cases = " ".join(f"when '{old}' then '{new}'" for old, new in CURRENT_CODE.items())
    return f"case {column} {cases} else {column} end"

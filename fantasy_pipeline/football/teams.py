"""Team codes: the current nflverse code of each team, and the other codes that upstream uses."""

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
"""Current code of each code from other years or sites. Stats files use it for all years."""

TEAMS = (
    *("ARI", "ATL", "BAL", "BUF", "CAR", "CHI", "CIN", "CLE", "DAL", "DEN", "DET", "GB", "HOU"),
    *("IND", "JAX", "KC", "LA", "LAC", "LV", "MIA", "MIN", "NE", "NO", "NYG", "NYJ", "PHI", "PIT"),
    *("SEA", "SF", "TB", "TEN", "WAS"),
)
"""Current codes, one per team."""

_IN_ESPNS_ORDER = (
    *("ATL", "BUF", "CHI", "CIN", "CLE", "DAL", "DEN", "DET", "GB", "TEN", "IND", "KC", "LV"),
    *("LA", "MIA", "MIN", "NE", "NO", "NYG", "NYJ", "PHI", "ARI", "PIT", "LAC", "SF", "SEA"),
    *("TB", "WAS", "CAR", "JAX"),
)
ESPN_TEAMS = dict(enumerate(_IN_ESPNS_ORDER, 1)) | {33: "BAL", 34: "HOU"}
"""Current code of each of ESPN's team numbers."""

AFC = (
    *("BAL", "BUF", "CIN", "CLE", "DEN", "HOU", "IND", "JAX", "KC", "LAC", "LV", "MIA", "NE"),
    *("NYJ", "PIT", "TEN"),
)
"""Teams of the AFC; the other sixteen are the NFC."""


def code_sql(column: str) -> str:
    """Return an SQL expression for the current code of the team in `column` (a trusted name)."""
    cases = " ".join(f"when '{old}' then '{new}'" for old, new in CURRENT_CODE.items())
    return f"case {column} {cases} else {column} end"

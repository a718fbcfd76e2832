"""The sample fantasy league: four invented teams of players of the sample league, as a file league.

Its rosters and points are drawn and added up here, as a platform would, so that `league check` has
something to compare. The scoring is written out, and not taken from `leagues/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

TITLE = "Sample Fantasy League"
TEAMS = ("Dune Devils", "Ember Eagles", "Gale Giants", "Moss Monarchs")
SLOTS = (
    *("QB", "RB", "RB", "WR", "WR", "TE", "FLEX", "K", "DEF", "DL", "LB", "DB", "IDP_FLEX"),
    *("BN", "BN", "BN", "BN"),
)
LAST_WEEK = 17
_POSITIONS = (
    *("QB", "RB", "RB", "WR", "WR", "TE", "WR", "K", "DEF", "DE", "LB", "S", "LB"),
    *("RB", "QB", "TE", "DEF"),
)
"""Position of the player in each slot."""
SCORING = {
    "pass_yd": 0.04,
    "pass_td": 4.0,
    "pass_int": -2.0,
    "pass_2pt": 2.0,
    "rush_yd": 0.1,
    "rush_td": 6.0,
    "rush_2pt": 2.0,
    "rec": 0.5,
    "rec_yd": 0.1,
    "rec_td": 6.0,
    "rec_2pt": 2.0,
    "bonus_rec_te": 0.5,
    "st_td": 6.0,
    "fum_lost": -2.0,
    "fgm": 3.0,
    "fgmiss": -1.0,
    "xpm": 1.0,
    "sack": 1.0,
    "int": 2.0,
    "fum_rec": 2.0,
    "def_td": 6.0,
    "yds_allow_0_100": 5.0,
    "yds_allow_100_199": 3.0,
    "yds_allow_200_299": 2.0,
    "yds_allow_400_449": -2.0,
    "yds_allow_450_499": -3.0,
    "yds_allow_500_549": -4.0,
    "yds_allow_550p": -5.0,
    "idp_tkl_solo": 1.0,
    "idp_tkl_ast": 0.5,
    "idp_sack": 2.0,
    "idp_int": 3.0,
    "idp_pass_def": 1.0,
    "idp_ff": 2.0,
    "idp_fum_rec": 2.0,
    "idp_def_td": 6.0,
}
_PAID = {
    "passing_yards": 0.04,
    "passing_tds": 4.0,
    "passing_interceptions": -2.0,
    "passing_2pt_conversions": 2.0,
    "rushing_yards": 0.1,
    "rushing_tds": 6.0,
    "rushing_2pt_conversions": 2.0,
    "receptions": 0.5,
    "receiving_yards": 0.1,
    "receiving_tds": 6.0,
    "receiving_2pt_conversions": 2.0,
    "special_teams_tds": 6.0,
    "sack_fumbles_lost": -2.0,
    "rushing_fumbles_lost": -2.0,
    "receiving_fumbles_lost": -2.0,
    "fg_made": 3.0,
    "fg_missed": -1.0,
    "fg_blocked": -1.0,
    "pat_made": 1.0,
    "def_tackles_solo": 1.0,
    "def_tackles_with_assist": 1.0,
    "def_tackle_assists": 0.5,
    "def_sacks": 2.0,
    "def_interceptions": 3.0,
    "def_pass_defended": 1.0,
    "def_fumbles_forced": 2.0,
    "fumble_recovery_opp": 2.0,
    "def_tds": 6.0,
}
"""Points of each stat of the sample league's stat lines."""
_PAID_OF_TEAMS = {"def_interceptions": 2.0, "fumble_recovery_opp": 2.0, "def_tds": 6.0}
"""Points of a team's defence for each stat of its players. Sacks and yards are the opponent's."""
_YARDS_ALLOWED = (100, 200, 300, 400, 450, 500, 550)
_OF_YARDS_ALLOWED = np.array([5.0, 3.0, 2.0, 0.0, -2.0, -3.0, -4.0, -5.0])
"""Points of a team's defence below each of these yards; the last for more."""


def write_fantasy_league(folder: Path, weekly_stats: pa.Table, season: int) -> Path:
    """Write the league's files of one season to a folder, and return the path of its YAML file.

    The week after the last played one has its rosters, and every week of the season has its
    pairings.

    Args:
        weekly_stats: the sample league's stat lines of the season.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = ["week", "player_id", "position", "points"]
    lines = weekly_stats.append_column("points", pa.array(_points(weekly_stats))).select(names)
    lines = pa.concat_tables([lines, _defences(weekly_stats).select(names)])
    rosters = _draft(lines)
    last = pc.max(lines["week"]).as_py()
    rows, games = ["week,team,player,slot,points"], ["week,team,opponent,points"]
    for week in range(1, LAST_WEEK + 1):
        of_week = lines.filter(pc.equal(lines["week"], week))
        points = dict(
            zip(*(of_week[name].to_pylist() for name in ("player_id", "points")), strict=True)
        )
        for number, (team, players) in enumerate(rosters.items()):
            worth = [round(float(points.get(player, 0.0)), 2) for player in players]
            started = sum(v for v, slot in zip(worth, SLOTS, strict=True) if slot != "BN")
            # Each team meets each other one in turn.
            opponent = TEAMS[number ^ (1 + week % 3)]
            # A week to come has no points.
            games.append(f"{week},{team},{opponent},{f'{started:.2f}' if week <= last else ''}")
            if week <= last + 1:
                rows += [
                    f"{week},{team},{player},{slot},{value if week <= last else ''}"
                    for player, slot, value in zip(players, SLOTS, worth, strict=True)
                ]
    (folder / "rosters.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "matchups.csv").write_text("\n".join(games) + "\n", encoding="utf-8")
    settings: dict[str, Any] = {
        "name": TITLE,
        "season": season,
        "slots": list(SLOTS),
        "scoring": SCORING,
        "rosters": "rosters.csv",
        "matchups": "matchups.csv",
        "playoff_week": 15,
        "playoff_teams": 2,
    }
    path = folder / "fantasy.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return path


def _points(lines: pa.Table) -> np.ndarray:
    """Return the points of each stat line in the league's scoring, (rows,)."""
    paid = {stat: worth * lines[stat].fill_null(0).to_numpy() for stat, worth in _PAID.items()}
    is_tight_end = pc.equal(lines["position"], "TE").to_numpy()
    total = sum(paid.values()) + 0.5 * lines["receptions"].fill_null(0).to_numpy() * is_tight_end
    return np.round(total, 2) + 0.0


def _defences(lines: pa.Table) -> pa.Table:
    """Return the points of each team's defence by week; its player id is the team."""
    own = lines.group_by(["week", "team"]).aggregate([(name, "sum") for name in _PAID_OF_TEAMS])
    yards = ("passing_yards", "rushing_yards", "sack_yards_lost")
    taken = [(name, "sum") for name in ("sacks_suffered", *yards)]
    other = lines.group_by(["week", "opponent"]).aggregate(taken)
    both = own.join(other, ["week", "team"], ["week", "opponent"], "inner")
    points = both["sacks_suffered_sum"].to_numpy() + sum(
        worth * both[f"{name}_sum"].to_numpy() for name, worth in _PAID_OF_TEAMS.items()
    )
    allowed = sum(both[f"{name}_sum"].to_numpy() for name in yards)
    points += _OF_YARDS_ALLOWED[np.searchsorted(_YARDS_ALLOWED, allowed, side="right")]
    return pa.table(
        {
            "week": both["week"],
            "player_id": both["team"],
            "position": pa.array(["DEF"] * both.num_rows),
            "points": pa.array(points, pa.float64()),
        }
    )


def _draft(lines: pa.Table) -> dict[str, list[str]]:
    """Return the players of each team, one per slot: the best of the season, picked in turn."""
    season = lines.group_by(["player_id", "position"]).aggregate([("points", "sum")])
    # Equal sums are equal after rounding only.
    season = season.append_column("points", pc.round(season["points_sum"], 2))
    best = season.sort_by([("points", "descending"), ("player_id", "ascending")])
    left = {
        name: best.filter(pc.equal(best["position"], name))["player_id"].to_pylist()
        for name in _POSITIONS
    }
    rosters: dict[str, list[str]] = {team: [] for team in TEAMS}
    for position in _POSITIONS:
        for team in TEAMS:
            rosters[team].append(left[position].pop(0))
    return rosters

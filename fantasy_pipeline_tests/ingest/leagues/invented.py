"""An invented league as Sleeper and ESPN would answer, in a mirror's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SLEEPER = "api.sleeper.app/v1/league"
LEAGUE: dict[str, Any] = {
    "league_id": "700",
    "previous_league_id": "0",
    "season": "2024",
    "name": "Friends & Co.",
    "status": "in_season",
    "roster_positions": ["QB", "FLEX", "DEF", "BN", "BN"],
    "scoring_settings": {"pass_yd": 0.04, "rush_yd": 0.1, "rec": 1.0, "pts_allow_0": 10, "odd": 3},
    "settings": {"playoff_week_start": 2, "league_average_match": 1, "playoff_round_type": 0},
}
ROSTERS: list[dict[str, Any]] = [
    {"roster_id": 1, "owner_id": "u1", "reserve": ["30"], "taxi": ["40"]},
    {"roster_id": 2, "owner_id": None, "reserve": None, "taxi": None},
]
USERS = [{"user_id": "u1", "display_name": "ann", "metadata": {"team_name": "Ann's Team"}}]
WEEK: list[dict[str, Any]] = [
    {
        "roster_id": 1,
        "matchup_id": 1,
        "points": 30.0,
        "custom_points": None,
        "players": ["10", "20", "30", "40", "LAR"],
        "starters": ["10", "0", "LAR"],
        "players_points": {"10": 12.0, "20": 8.0, "30": 0.0, "40": 3.0, "LAR": 18.0},
    },
    {
        "roster_id": 2,
        "matchup_id": 1,
        "points": 5.0,
        "custom_points": 7.5,
        "players": ["50"],
        "starters": ["50", "0", "0"],
        "players_points": {"50": 5.0},
    },
]
BRACKET = [{"r": 1, "m": 1, "t1": 1, "t2": 2}]


def save(mirror: Path, name: str, answer: object) -> None:
    """Store an answer; a name with a query has `.json` before it, as in a mirror."""
    path = mirror / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(answer), encoding="utf-8")


def sleeper_league(mirror: Path, **changes: Any) -> None:
    """Store the league's answers; `changes` are of the league itself."""
    league = {**LEAGUE, **changes}
    at = f"{SLEEPER}/{league['league_id']}"
    save(mirror, f"{at}.json", league)
    save(mirror, f"{at}/rosters.json", ROSTERS)
    save(mirror, f"{at}/users.json", USERS)
    save(mirror, f"{at}/matchups/1.json", WEEK)
    save(mirror, f"{at}/matchups/2.json", WEEK)
    save(mirror, f"{at}/winners_bracket.json", BRACKET)


ESPN = "lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/{season}/segments/0/leagues/800"
BOX_SCORES = (
    "?scoringPeriodId={week}&view=mMatchupScore&view=mBoxscore&view=mSettings&view=mRosterSettings"
)
SETTINGS: dict[str, Any] = {
    "name": "Office",
    "rosterSettings": {"lineupSlotCounts": {"0": 1, "16": 1, "20": 1, "21": 1, "99": 0}},
    "scheduleSettings": {
        "matchupPeriodCount": 1,
        "matchupPeriods": {"1": [1], "2": [2]},
        "playoffTeamCount": 2,
    },
    "scoringSettings": {
        "scoringItems": [
            {"statId": 3, "points": 0.04},
            {"statId": 99, "points": 0.0, "pointsOverrides": {"16": 1.0}},
        ]
    },
}
MEMBERS = [{"id": "{A}", "displayName": "ann"}, {"id": "{B}", "displayName": "bob"}]


def _entry(slot: int, player: int, name: str, eligible: list[int], points: float) -> dict[str, Any]:
    line = {"statSourceId": 0, "statSplitTypeId": 1, "scoringPeriodId": 1, "appliedTotal": points}
    about = {"fullName": name, "eligibleSlots": eligible, "stats": [line]}
    return {"lineupSlotId": slot, "playerId": player, "playerPoolEntry": {"player": about}}


ENTRIES = {
    1: [_entry(0, 11, "Ann Arm", [0, 7, 20], 12.5), _entry(16, -16014, "Rams D/ST", [16], 7.0)],
    2: [_entry(20, 12, "Bea Bench", [2, 23, 20], 3.0), _entry(21, 13, "Ira Reserve", [4], 0.0)],
}
"""The roster of each team, as a box score and the view of rosters have it."""


def espn_league(mirror: Path, season: int, previous: list[int], **changes: Any) -> None:
    """Store the answers about a season of the league; `changes` are of its settings."""
    at = ESPN.format(season=season)
    about = {"id": 800, "seasonId": season, "status": {"previousSeasons": previous}}
    save(mirror, f"{at}?view=mSettings", {**about, "settings": {**SETTINGS, **changes}})
    teams = [
        {"id": team, "name": f"Team {team}", "primaryOwner": member["id"]}
        for team, member in zip(ENTRIES, MEMBERS, strict=True)
    ]
    save(mirror, f"{at}?view=mTeam", {**about, "teams": teams, "members": MEMBERS})
    rosters = [{"id": team, "roster": {"entries": rows}} for team, rows in ENTRIES.items()]
    save(mirror, f"{at}?view=mRoster", {**about, "teams": [*rosters, {"id": 3}]})
    home, away = (
        {
            "teamId": team,
            "pointsByScoringPeriod": {"1": points},
            "rosterForCurrentScoringPeriod": {"entries": ENTRIES[team]},
        }
        for team, points in ((1, 19.5), (2, 0.0))
    )
    game = {"matchupPeriodId": 1, "home": home, "away": away, "playoffTierType": "NONE"}
    week = {**about, "scoringPeriodId": 1, "schedule": [game]}
    save(mirror, at + BOX_SCORES.format(week=1), week)

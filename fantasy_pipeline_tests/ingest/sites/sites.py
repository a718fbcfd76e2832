"""Answers of the sites, with a week and players for them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from fantasy_pipeline.football.calendar import Game, ScheduledWeek
from fantasy_pipeline.football.season_week import SeasonWeek

FIRST = datetime(2025, 11, 14, 1, 15, tzinfo=timezone.utc)
LAST = datetime(2025, 11, 18, 1, 15, tzinfo=timezone.utc)
STATED_AT = datetime(2025, 11, 12, 14, tzinfo=timezone.utc)
STAMP = "Wed, 12 Nov 2025 14:00:00 GMT"

Answer = tuple[int, bytes, dict[str, str]]


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """Return a site's answer: JSON, or the text as it is. Header names have underscores."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {"Last-Modified": STAMP} | {n.replace("_", "-"): v for n, v in headers.items()}
    return status, content, named


@dataclass
class Sites:
    """Every host at once, laid out by host and path; a path without an answer is a 404."""

    base: str
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def serve(self, path: str, *body: Any, **more: Any) -> None:
        """Answer requests whose address begins with a path (``/host/…``)."""
        self.answers[path] = answer(*body, **more)

    def of(self, path: str) -> Answer:
        begins = [served for served in self.answers if path.startswith(served)]
        return self.answers[max(begins, key=len)] if begins else (404, b"", {})

    def asked(self, host: str) -> list[str]:
        return [path for path, _ in self.requests if path.startswith(f"/{host}/")]


def make_week(
    number: int = 11,
    now: datetime = STATED_AT,
    *,
    at: SeasonWeek | None = None,
    first: datetime | None = None,
    last: datetime | None = None,
    is_regular: bool = True,
) -> ScheduledWeek:
    """A week of two games, TB at BUF and LAC at JAX, that kick off at `first` and at `last`."""
    shift = timedelta(days=7 * (number - 11))
    at = at or SeasonWeek(2025, number)
    game_type = "REG" if is_regular else "WC"
    games = tuple(
        Game(*at, f"{away}_{home}", game_type, kickoff, home, away, has_score=False)
        for kickoff, home, away in (
            (first or FIRST + shift, "BUF", "TB"),
            (last or LAST + shift, "JAX", "LAC"),
        )
    )
    return ScheduledWeek(at, games, now)


def player(number: int, week: int = 11, **more: Any) -> dict[str, Any]:
    """Return a rostered player whose ids at the sites follow from his number."""
    return {
        "season": 2025,
        "week": week,
        "player_id": f"00-{number}",
        "player_name": f"Player {spelt(number)}",
        "position": "WR",
        "team": "BUF",
        "sleeper_id": f"{number}",
        "espn_id": f"1{number:03}",
        "fantasypros_id": f"2{number:03}",
    } | more


SLEEPER = "/api.sleeper.com/projections/nfl/2025/"
ESPN = "/lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/2025/segments/0/leaguedefaults/3"
FANTASYPROS = "/raw.githubusercontent.com/dynastyprocess/data/master/files/fp_latest_weekly.csv"
HVPKOD = "/raw.githubusercontent.com/hvpkod/NFL-Data/main/NFL-data-Players/2025/"
HOSTS = ("api.sleeper.com", "lm-api-reads.fantasy.espn.com", "raw.githubusercontent.com")
Points = dict[int, float]


def serve_sleeper(sites: Sites, points: Points, week: int = 11, **more: Any) -> None:
    """Serve Sleeper's half-PPR projections of players by number."""
    rows = [
        {
            "player_id": str(number),
            "season": "2025",
            "week": week,
            "stats": {"gp": 1.0, "pts_half_ppr": value, "pts_ppr": value + 2},
        }
        for number, value in points.items()
    ]
    sites.serve(f"{SLEEPER}{week}", rows, **more)


def serve_espn(sites: Sites, points: Points, week: int = 11, **more: Any) -> None:
    """Serve ESPN's projections: half-PPR points of players who each catch four passes."""
    players = [
        {
            "player": {
                "id": 1000 + number,
                "stats": [
                    {
                        "seasonId": 2025,
                        "scoringPeriodId": week,
                        "statSourceId": 1,
                        "statSplitTypeId": 1,
                        "appliedTotal": value + 2,
                        "stats": {"53": 4.0},
                    }
                ],
            }
        }
        for number, value in points.items()
    ]
    sites.serve(f"{ESPN}?scoringPeriodId={week}&", {"players": players}, **more)


def serve_fantasypros(sites: Sites, points: Points, day: str = "2025-11-12", **more: Any) -> None:
    """Serve FantasyPros' ranks with PPR points."""
    lines = ["page,scrape_date,fantasypros_id,ecr,r2p_pts"]
    lines += [f"ppr-wr,{day},{2000 + n},{n},{value}" for n, value in points.items()]
    sites.serve(FANTASYPROS, "\n".join(lines) + "\n", **more)


def serve_nflcom(sites: Sites, points: Points, week: int = 11, **more: Any) -> None:
    """Serve NFL.com's half-PPR projections as hvpkod saves them."""
    header = "PlayerName,Team,PlayerWeekProjectedPts\n"
    for position in ("QB", "RB", "WR", "TE", "K"):
        lines = [f"Player {spelt(n)},BUF,{value}\n" for n, value in points.items()]
        body = header + ("".join(lines) if position == "WR" else "Nobody,BUF,0.1\n")
        sites.serve(f"{HVPKOD}{week}/projected/{position}_projected.csv", body, **more)


def spelt(number: int) -> str:
    """Return a number in letters: players are matched by the letters of their names."""
    return "".join(chr(ord("A") + int(digit)) for digit in str(number))

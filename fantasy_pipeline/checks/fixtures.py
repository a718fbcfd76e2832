"""Rules for the schedule itself: kick-offs, scores, byes and betting lines.

Frequencies are of the 7,535 games of 1999-2026.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.calendar import REGULAR_SEASON
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.team_games import team_games

SOON = timedelta(days=10)
"""Time before a kick-off from which the league has fixed all times of a week. The last week of a
coming season has one time for all games until then."""
MANY_GAMES = 10
"""Games of a week that never all kick off at once."""
SCORE_DUE = timedelta(days=7)
"""A game without a score while a game this much later has one; there is none."""
MAX_SPREAD, TOTALS = 30.0, (20.0, 70.0)
"""Closing lines: spreads were up to 27 points, totals 28.5-63.5."""
CLEAR_SPREAD = 2.0
"""Points of a spread from which spread and moneyline have the same favourite: 5,186 of 5,186."""
_SHOWN = 6


class _Side(NamedTuple):
    """What the schedule says of one team's game."""

    opponent: str
    is_home: bool
    kickoff: datetime


def moved_games(stored: pa.Table, games: pa.Table, now: datetime) -> list[str]:
    """Return one warning per coming week in which teams play others, elsewhere or at other times.

    Games are moved now and then. A wrong file moves many of them, so each is named.
    """
    before, after = _sides(stored, now), _sides(games, now)
    changes: dict[SeasonWeek, list[str]] = defaultdict(list)
    for (week, team), old in sorted(before.items()):
        new = after.get((week, team))
        if new is None or new == old:
            continue
        if new.opponent != old.opponent:
            changes[week].append(f"{team} plays {new.opponent} instead of {old.opponent}")
        elif team < new.opponent and new.is_home != old.is_home:
            changes[week].append(f"{team if new.is_home else new.opponent} is at home now")
        elif team < new.opponent and new.kickoff != old.kickoff:
            changes[week].append(
                f"{team}-{new.opponent} kicks off at {new.kickoff:%Y-%m-%d %H:%M} UTC instead of "
                f"{old.kickoff:%Y-%m-%d %H:%M}"
            )
    return [
        f"games {week}: the schedule changed: {'; '.join(texts[:_SHOWN])}"
        + (f" and {len(texts) - _SHOWN} more changes" if len(texts) > _SHOWN else "")
        for week, texts in sorted(changes.items())
    ]


def _sides(games: pa.Table, now: datetime) -> Mapping[tuple[SeasonWeek, str], _Side]:
    """Return each team's game of every week in which a game is to come."""
    names = ("season", "week", "team", "opponent", "is_home", "kickoff")
    rows = team_games(games)
    sides = {
        (SeasonWeek(season, week), team): _Side(opponent, is_home, kickoff)
        for season, week, team, opponent, is_home, kickoff in zip(
            *(rows[name].to_pylist() for name in names), strict=True
        )
    }
    to_come = {week for (week, _), side in sides.items() if side.kickoff > now}
    return {key: side for key, side in sides.items() if key[0] in to_come}


def single_kickoffs(games: pa.Table, now: datetime) -> list[Problem]:
    """Return weeks whose games all kick off at once, although the times must be known by now."""
    kickoffs = games.group_by(["season", "week"]).aggregate(
        [("kickoff", "count_distinct"), ("kickoff", "count"), ("kickoff", "min")]
    )
    return [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"all {row['kickoff_count']} games kick off at the same time",
            serious=False,
        )
        for row in kickoffs.to_pylist()
        if row["kickoff_count"] >= MANY_GAMES
        and row["kickoff_count_distinct"] == 1
        and row["kickoff_min"] - now < SOON
    ]


def missing_scores(games: pa.Table) -> list[Problem]:
    """Return games without a score, although games of a week later have one."""
    scored = games.filter(pc.is_valid(games["home_score"]))
    if not scored.num_rows:
        return []
    latest = pc.max(scored["kickoff"]).as_py() - SCORE_DUE
    missing = games.filter(
        pc.and_(pc.is_null(games["home_score"]), pc.less(games["kickoff"], pa.scalar(latest)))
    )
    return [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"{row['game_id']} has no score, but later games have one",
            serious=False,
        )
        for row in missing.to_pylist()
    ]


def missing_games(games: pa.Table, now: datetime) -> list[Problem]:
    """Return teams without a game in more than one week of a season that is not over.

    Every team has one bye; only BUF and CIN had a second week off, in 2022, when their game was
    cancelled.
    """
    regular = games.filter(pc.equal(games["game_type"], REGULAR_SEASON))
    plays: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    weeks: dict[int, set[int]] = defaultdict(set)
    running = set()
    rows = team_games(regular)
    for season, week, team, kickoff in zip(
        *(rows[name].to_pylist() for name in ("season", "week", "team", "kickoff")), strict=True
    ):
        plays[season][team].add(week)
        weeks[season].add(week)
        if kickoff > now:
            running.add(season)
    return [
        Problem(
            None,
            f"{season}: {team} has no game in the weeks {', '.join(map(str, sorted(off)))}",
            serious=False,
        )
        for season in sorted(running)
        for team, played in sorted(plays[season].items())
        if len(off := weeks[season] - played) > 1
    ]


def impossible_lines(games: pa.Table) -> list[Problem]:
    """Return games whose spread or total no game ever had, or whose spread has the wrong sign."""
    spread, total = games["spread_line"], games["total_line"]
    # Of a game without one of the lines, the other is compared.
    wrong = pc.or_kleene(
        pc.greater(pc.abs(spread), MAX_SPREAD),
        pc.or_kleene(pc.less(total, TOTALS[0]), pc.greater(total, TOTALS[1])),
    )
    # The favourite has the lower moneyline; a positive spread favours the home team.
    margin = pc.subtract(games["away_moneyline"], games["home_moneyline"]).cast(pa.float64())
    clear = pc.greater_equal(pc.abs(spread), CLEAR_SPREAD)
    flipped = pc.and_(clear, pc.less(pc.multiply(spread, margin), 0.0))
    problems = []
    for condition, text in (
        (wrong, "spread {spread_line:g} and total {total_line:g} that no game ever had"),
        (flipped, "a spread of {spread_line:g}, but the moneyline favours the other team"),
    ):
        for row in games.filter(pc.fill_null(condition, False)).to_pylist():
            values = {name: row[name] or 0.0 for name in ("spread_line", "total_line")}
            problems.append(
                Problem(
                    SeasonWeek(row["season"], row["week"]),
                    f"{row['game_id']} has {text.format(**values)}",
                    serious=False,
                )
            )
    return problems

"""Rules for the schedule itself: kick-offs, scores, byes and betting lines.

Frequencies are of the 7,535 games of 1999-2026.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem, correlation
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
MEAN_TOTALS, MIN_LINES = (30.0, 62.0), 8
"""Mean total of a week with lines of that many games: 37.8-50.0 in the 456 weeks. Each bound is
1.25 times as far."""
CLEAR_SPREAD = 2.0
"""Points of a spread from which spread and moneyline have the same favourite: 5,186 of 5,186."""
MIN_EARLIER = 3
"""Earlier games of a season from which a team's mean spread is known. The spreads of a week then
correlate with what the means of both teams let expect, by 0.30 or more in all 372 weeks with
`MIN_LINES` such games."""
MIN_RESULTS = 60
"""Games with a score from which a season's spreads are compared with its results. They correlate by
0.33 or more in all 27 seasons."""
_SHOWN = 6


class _Side(NamedTuple):
    """The schedule's entry for one team's game."""

    opponent: str
    is_home: bool
    kickoff: datetime


def moved_games(stored: pa.Table, games: pa.Table) -> list[str]:
    """Return one warning per week in which teams play others, elsewhere or at other times.

    Games are moved now and then, at times just before they are played. A wrong file moves many of
    them, so each is named; of more than `_SHOWN` weeks, the last ones are.
    """
    if _fixtures(stored).equals(_fixtures(games)):
        return []
    before, after = _sides(stored), _sides(games)
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
    weeks = sorted(changes)
    warnings = []
    for week in weeks[-_SHOWN:]:
        named, more = changes[week][:_SHOWN], len(changes[week]) - _SHOWN
        rest = f" and {more} more" if more > 0 else ""
        warnings.append(f"games {week}: the schedule changed: {'; '.join(named)}{rest}")
    if len(weeks) > _SHOWN:
        warnings.append(f"games: the schedule changed in {len(weeks) - _SHOWN} earlier weeks, too")
    return warnings


def _fixtures(games: pa.Table) -> pa.Table:
    """Return week, teams and kick-off of each game, in order."""
    names = ["season", "week", "home_team", "away_team", "kickoff"]
    return games.select(names).sort_by([(name, "ascending") for name in names])


def _sides(games: pa.Table) -> Mapping[tuple[SeasonWeek, str], _Side]:
    """Return each team's game of every week."""
    names = ("season", "week", "team", "opponent", "is_home", "kickoff")
    rows = team_games(games)
    return {
        (SeasonWeek(season, week), team): _Side(opponent, is_home, kickoff)
        for season, week, team, opponent, is_home, kickoff in zip(
            *(rows[name].to_pylist() for name in names), strict=True
        )
    }


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


def unusual_totals(games: pa.Table) -> list[Problem]:
    """Return weeks whose mean total is far from that of any real week: it is in another unit."""
    means = games.group_by(["season", "week"]).aggregate(
        [("total_line", "mean"), ("total_line", "count")]
    )
    lowest, highest = MEAN_TOTALS
    return [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"the totals have a mean of {row['total_line_mean']:.1f} points; real weeks have 38-50",
            serious=False,
        )
        for row in means.to_pylist()
        if row["total_line_count"] >= MIN_LINES and not lowest <= row["total_line_mean"] <= highest
    ]


def reversed_spreads(games: pa.Table) -> list[Problem]:
    """Return weeks whose spreads favour the other teams, compared with the season's weeks before.

    Of a season with results, the spreads are compared with them, too: all of them may be reversed.
    """
    rows = team_games(games)
    rows = rows.filter(pc.is_valid(rows["spread_line"]))
    spreads: dict[int, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    fixtures_of: dict[SeasonWeek, list[tuple[str, str]]] = defaultdict(list)
    names = ("season", "week", "team", "opponent", "is_home", "spread_line")
    for season, week, team, opponent, is_home, spread in zip(
        *(rows[name].to_pylist() for name in names), strict=True
    ):
        spreads[season][team][week] = spread
        if is_home:
            fixtures_of[SeasonWeek(season, week)].append((team, opponent))
    problems = []
    for at, pairs in sorted(fixtures_of.items()):
        # (games, 2): the spread, and the difference of both teams' means of the weeks before.
        known = [
            (spreads[at.season][home][at.week], means[0] - means[1])
            for home, away in pairs
            if (means := _means_before(spreads[at.season], (home, away), at.week)) is not None
        ]
        if len(known) >= MIN_LINES and correlation(*np.array(known).T) < 0:
            text = "the spreads favour the teams that were the underdogs of the weeks before"
            problems.append(Problem(at, text, serious=False))
    return problems + _spreads_against_results(games)


def _means_before(
    spreads: Mapping[str, Mapping[int, float]], teams: tuple[str, str], week: int
) -> tuple[float, float] | None:
    """Return each team's mean spread of the weeks before; None if one has too few of them."""
    means = []
    for team in teams:
        earlier = [spread for other, spread in spreads[team].items() if other < week]
        if len(earlier) < MIN_EARLIER:
            return None
        means.append(sum(earlier) / len(earlier))
    return means[0], means[1]


def _spreads_against_results(games: pa.Table) -> list[Problem]:
    """Return the seasons whose favourites lost more clearly than they won."""
    played = games.filter(
        pc.and_(pc.is_valid(games["home_score"]), pc.is_valid(games["spread_line"]))
    )
    of_season: dict[int, list[tuple[float, float]]] = defaultdict(list)
    names = ("season", "spread_line", "home_score", "away_score")
    for season, spread, home, away in zip(
        *(played[name].to_pylist() for name in names), strict=True
    ):
        of_season[season].append((spread, float(home - away)))
    return [
        Problem(
            None,
            f"{season}: the spreads favour the teams that lost: they are reversed",
            serious=False,
        )
        for season, pairs in sorted(of_season.items())
        if len(pairs) >= MIN_RESULTS and correlation(*np.array(pairs).T) < 0
    ]

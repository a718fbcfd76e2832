"""Rules for the injury report of a week: its teams, its game statuses, its dates.

A full report has at least `FULL_REPORT` players per reporting team. Those of week 1 of 2015-2020
are shorter, and so are those of the sample league. Bounds are the lowest and highest values of the
203 full reports of 2015-2025 week 4. A team's report is due a day before its kick-off.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.positions import SKILL_POSITIONS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.football.team_games import team_games

REPORTED = {"Out": (2.72, 9), "Questionable": (4.17, 19), "Doubtful": (1.35, 10)}
"""Highest mean per team of a week, and highest number of one team, by game status."""
WARNED, REFUSED = 1.5, 2.2
"""Factors of `REPORTED` above which a report is a warning, and above which it is refused."""
MAX_WITHOUT_STATUS = 0.9
"""Share of the players of a report who have practice reports only; the highest is 0.69."""
MIN_REPORT = 100
"""Players of a report from which it is compared: those of 16 teams and more."""
FULL_REPORT = 5
"""Players per reporting team of a full report: 5.3 and more; 4.9 at most otherwise."""
DUE = timedelta(days=1)
"""Time before the kick-off from which a team's report is complete."""
FULL_WEEK = 26
"""Least number of teams with a report due for which shares are compared."""
MIN_OF_BEFORE = 0.7
"""Players per reporting team relative to the week before; the lowest is 0.82."""
LEAST = {"Out": 0.5, "Questionable": 0.97}
"""Lowest mean per team by game status; a warning below it by `WARNED`."""
PRACTICE = {"DNP": (0.1, 0.6), "Limited": (0.1, 0.5), "Full": (0.2, 0.8), None: (0.0, 0.2)}
"""Share of the players by practice status. Real weeks: DNP 18-39%, Limited 17-34%, Full 34-62%,
null 0-4%."""
EARLIEST, LATEST, MAX_MISDATED = timedelta(days=10), timedelta(days=3), 0.05
"""Time before and after the kick-off in which a report changed last: 8.3 and 1.6 days at most.
Share of the reports with other dates; there are none."""


def unusual_injury_reports(rows: pa.Table) -> list[Problem]:
    """Return weeks and teams with far more players of a game status than any real one has."""
    problems = []
    for week, players in _weeks(rows):
        teams = pc.count_distinct(players["team"]).as_py()
        for status, (mean, most) in REPORTED.items():
            here = players.filter(pc.fill_null(pc.equal(players["injury_status"], status), False))
            per_team = here.num_rows / teams
            text = f"{per_team:.1f} players per team are {status}; the most of any week is {mean:g}"
            problems += _above(week, text, per_team, mean)
            for row in here.group_by("team").aggregate([([], "count_all")]).to_pylist():
                text = f"{row['team']} has {row['count_all']} players {status}; the most is {most}"
                problems += _above(week, text, row["count_all"], most)
    return problems


def reports_without_status(rows: pa.Table, games: pa.Table, now: datetime) -> list[Problem]:
    """Return warnings for weeks whose report has no game status, although the games have begun.

    Before the last practice of a week, no report has one.
    """
    problems = []
    for week, players in _weeks(rows):
        kickoffs = of_week(games, week)["kickoff"]
        reported = _reported(players)
        if reported.num_rows < MIN_REPORT or pc.max(kickoffs).as_py() > now:
            continue
        share = reported["injury_status"].null_count / reported.num_rows
        if share > MAX_WITHOUT_STATUS:
            text = f"{share:.0%} of the players on the injury report are without a game status"
            problems.append(Problem(week, text, serious=False))
    return problems


def _above(week: SeasonWeek, text: str, value: float, highest: float) -> list[Problem]:
    return [Problem(week, text, value > highest * REFUSED)] if value > highest * WARNED else []


def _weeks(rows: pa.Table) -> Iterator[tuple[SeasonWeek, pa.Table]]:
    """Yield each week with its players whose team has a game."""
    with_games = playing(rows)
    for week in weeks_in(with_games):
        yield week, of_week(with_games, week)


def teams_without_report(rows: pa.Table, games: pa.Table, now: datetime) -> list[Problem]:
    """Return warnings for teams without a player on the report that the others have.

    6 of the 203 full reports lack one team, and none lacks two.
    """
    problems = []
    for week, players, report in _due(rows, games, now):
        absent = sorted(_teams(players) - _teams(report))
        if absent and _per_team(report) >= FULL_REPORT:
            text = f"no player of {', '.join(absent)} is on the injury report"
            problems.append(Problem(week, text, serious=False))
    return problems


def short_reports(rows: pa.Table, past: pa.Table, games: pa.Table, now: datetime) -> list[Problem]:
    """Return warnings for reports with far fewer players per team than the week before."""
    problems = []
    both = pa.concat_tables([past.select(_REPORT), rows.select(_REPORT)])
    for week, players, report in _due(rows, games, now):
        if len(_teams(players)) < FULL_WEEK or not report.num_rows:
            continue
        before = _reported(of_week(both, SeasonWeek(week.season, week.week - 1)))
        if week.week > 1 and _per_team(before) >= FULL_REPORT:
            share = _per_team(report) / _per_team(before)
            if share < MIN_OF_BEFORE:
                text = (
                    f"the injury report has {share:.0%} as many players per team as the week before"
                )
                problems.append(Problem(week, text, serious=False))
    return problems


def one_sided_reports(rows: pa.Table, games: pa.Table, now: datetime) -> list[Problem]:
    """Return warnings for reports that lack a status, or a position, which every week has."""
    texts = []
    for week, _, report in _full(rows, games, now):
        teams = len(_teams(report))
        for status, least in LEAST.items():
            mean = _count(report["injury_status"], status) / teams
            if mean < least / WARNED:
                text = f"{mean:.1f} players per team are {status}; the fewest of any week is"
                texts.append((week, f"{text} {least:g}"))
        for practice, (lowest, highest) in PRACTICE.items():
            share = _count(report["practice_status"], practice) / report.num_rows
            if not lowest <= share <= highest:
                text = f"{share:.0%} of the players on the injury report have the practice status"
                usual = f"(usual: {lowest:.0%}-{highest:.0%})"
                texts.append((week, f"{text} {practice or 'null'} {usual}"))
        lacking = set(SKILL_POSITIONS) - set(pc.unique(report["position"]).to_pylist())
        texts += [(week, f"no {name} is on the injury report") for name in sorted(lacking)]
    return [Problem(week, text, serious=False) for week, text in texts]


def misdated_reports(rows: pa.Table, games: pa.Table) -> list[Problem]:
    """Return warnings for weeks whose reports changed long before or after the games."""
    dated = _with_kickoffs(playing(rows.filter(pc.is_valid(rows["injury_modified_at"]))), games)
    problems = []
    for week in weeks_in(dated):
        reports = of_week(dated, week)
        lead = pc.subtract(reports["kickoff"], reports["injury_modified_at"])
        other = pc.or_(
            pc.greater(lead, pa.scalar(EARLIEST, lead.type)),
            pc.less(lead, pa.scalar(-LATEST, lead.type)),
        )
        share = pc.mean(pc.fill_null(other, False)).as_py() or 0.0
        if share > MAX_MISDATED:
            text = f"{share:.0%} of the injury reports are dated in another week"
            problems.append(Problem(week, text, serious=False))
    return problems


_REPORT = ["season", "week", "team", "position", "injury_status", "practice_status"]


def _full(
    rows: pa.Table, games: pa.Table, now: datetime
) -> Iterator[tuple[SeasonWeek, pa.Table, pa.Table]]:
    """Yield each week with a full report of nearly all teams, as `_due` does."""
    for week, players, report in _due(rows, games, now):
        if len(_teams(players)) >= FULL_WEEK and _per_team(report) >= FULL_REPORT:
            yield week, players, report


def _due(
    rows: pa.Table, games: pa.Table, now: datetime
) -> Iterator[tuple[SeasonWeek, pa.Table, pa.Table]]:
    """Yield each week with the players whose report is due, and those of them who are on it."""
    with_games = _with_kickoffs(playing(rows).select(_REPORT), games)
    latest = pa.scalar(now + DUE, with_games["kickoff"].type)
    due = with_games.filter(pc.less_equal(with_games["kickoff"], latest))
    for week in weeks_in(due):
        players = of_week(due, week)
        yield week, players, _reported(players)


def _with_kickoffs(rows: pa.Table, games: pa.Table) -> pa.Table:
    keys = ["season", "week", "team"]
    return rows.join(team_games(games).select([*keys, "kickoff"]), keys, join_type="inner")


def _reported(players: pa.Table) -> pa.Table:
    """Return the players who are on the report."""
    states = (pc.is_valid(players[name]) for name in ("injury_status", "practice_status"))
    return players.filter(pc.or_(*states))


def playing(rows: pa.Table) -> pa.Table:
    """Return the players whose team has a game in the week."""
    return rows.filter(pc.invert(pc.fill_null(rows["on_bye"], False)))


def _teams(players: pa.Table) -> set[str]:
    return set(pc.unique(players["team"]).to_pylist())


def _per_team(report: pa.Table) -> float:
    """Return the players of a report per team that is on it; 0 without any."""
    return report.num_rows / max(len(_teams(report)), 1)


def _count(column: pa.ChunkedArray, value: str | None) -> int:
    if value is None:
        return int(column.null_count)
    return int(pc.sum(pc.equal(column, value)).as_py() or 0)

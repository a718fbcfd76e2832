"""Rules that compare a table with the schedule: teams, opponents, byes and numbers of rows.

Pure functions of Arrow tables; each returns the problems that it found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.calendar import REGULAR_SEASON
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.football.team_games import team_games

UPSTREAM_LAG = timedelta(days=7)
"""Time after a kick-off by which upstream has the game's stats. Until then the week is provisional,
and a team without rows is a warning."""
MAX_SHARE_MOVED = 0.05
"""Largest plausible share of a week's players whose stat line has another team than their roster.
Lines of another season reach 29%; within a season, twelve weeks of moves reach 4%."""
MIN_ROSTER = 15
"""Players on a team's weekly roster; the smallest has 69 in 2021-2025, 23 in the sample league."""
MIN_ROSTER_SHARE = 0.6
"""Roster size relative to the week's median team; the lowest of any real week is 0.86."""
MIN_BY_POSITION = {"QB": 1, "RB": 2, "WR": 4, "TE": 1}
"""The lowest numbers in 2021-2025 are 2, 3, 7 and 3. A roster without a kicker is a warning."""
MIN_LINES, MIN_LINES_SHARE = 8, 0.4
"""A team's stat lines of one game, and the same relative to the week's median team, in files with
all positions: the lowest are 24 and 0.73 in 2015-2025, 12 and 0.75 in the sample league."""
MIN_OFFENSE_LINES, MIN_OFFENSE_SHARE = 3, 0.3
"""The same for the old nflverse release, which has offensive players only: 5 and 0.48 are the
lowest in 2015-2024."""


class Fixture(NamedTuple):
    """One team's game of a week."""

    opponent: str
    kickoff: datetime
    has_score: bool


def fixtures(games: pa.Table, weeks: Iterable[SeasonWeek]) -> dict[SeasonWeek, dict[str, Fixture]]:
    """Return the games of some weeks by team, without weeks that the schedule does not have."""
    names = ("season", "week", "team", "opponent", "kickoff", "score")
    rows = team_games(of_weeks(games, weeks))
    out: dict[SeasonWeek, dict[str, Fixture]] = defaultdict(dict)
    for season, week, team, opponent, kickoff, score in zip(
        *(rows[name].to_pylist() for name in names), strict=True
    ):
        out[SeasonWeek(season, week)][team] = Fixture(opponent, kickoff, score is not None)
    return dict(out)


def missing_teams(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek], now: datetime, played: bool
) -> list[Problem]:
    """Return the weeks in which a team has a game but no row.

    A problem is serious if a kick-off is more than `UPSTREAM_LAG` ago, if `played` is false, or if
    every team lacks rows.

    Args:
        played: count only games with a score.
    """
    teams_with_rows = _teams(rows)
    problems = []
    for week, teams in sorted(fixtures(games, weeks).items()):
        expected = {team: game for team, game in teams.items() if game.has_score or not played}
        missing = {
            team: game for team, game in expected.items() if (*week, team) not in teams_with_rows
        }
        if missing:
            late = any(now - game.kickoff > UPSTREAM_LAG for game in missing.values())
            serious = late or not played or len(missing) == len(expected)
            note = "" if serious else f"; provisional until {UPSTREAM_LAG.days} days after kick-off"
            text = f"no rows for teams with a game: {', '.join(sorted(missing))}{note}"
            problems.append(Problem(week, text, serious))
    return problems


def incomplete_rosters(raw_players: pa.Table) -> list[Problem]:
    """Return teams with a game whose weekly roster is far too small or lacks a position.

    Rosters carried forward count, too; without a roster file, players have no roster status and are
    skipped. A roster without a kicker is a warning.
    """
    source, status = raw_players["roster_source"], raw_players["roster_status"]
    carried = pc.and_(pc.equal(source, "carried_forward"), pc.is_valid(status))
    rows = raw_players.filter(
        pc.and_(
            pc.or_(pc.equal(source, "weekly_roster"), carried),
            pc.invert(pc.fill_null(raw_players["on_bye"], False)),
        )
    )
    positions = {
        (SeasonWeek(season, week), team, position): count
        for season, week, team, position, count in _counts(
            rows, ["season", "week", "team", "position"]
        )
    }
    problems = []
    for week, teams in _by_week(rows).items():
        minimum = max(MIN_ROSTER, MIN_ROSTER_SHARE * median(teams.values()))
        problems += _below(week, teams, minimum, "players on the roster")
        for position, fewest in MIN_BY_POSITION.items():
            counts = {team: positions.get((week, team, position), 0) for team in teams}
            problems += _below(week, counts, fewest, f"{position} on the roster")
        kickers = {team: positions.get((week, team, "K"), 0) for team in teams}
        problems += _below(week, kickers, 1, "K on the roster", serious=False)
    return problems


def too_few_stat_lines(
    stats: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]
) -> list[Problem]:
    """Return teams with a score and some stat lines, but far fewer than one game has."""
    schedule = fixtures(games, weeks)
    tackles = stats.filter(pc.is_valid(stats["def_tackles_solo"]))
    with_defense = {SeasonWeek(*row) for row in _groups(tackles, ["season", "week"])}
    problems = []
    for week, teams in _by_week(stats).items():
        games_of = schedule.get(week, {})
        lines = {t: count for t, count in teams.items() if t in games_of and games_of[t].has_score}
        if lines:
            fewest, share = (
                (MIN_LINES, MIN_LINES_SHARE)
                if week in with_defense
                else (MIN_OFFENSE_LINES, MIN_OFFENSE_SHARE)
            )
            minimum = max(fewest, share * median(lines.values()))
            problems += _below(week, lines, minimum, "stat lines")
    return problems


def _below(
    week: SeasonWeek, counts: dict[str, int], minimum: float, noun: str, serious: bool = True
) -> list[Problem]:
    """Return one problem that names the teams below a minimum; none if there are no such teams."""
    few = {team: count for team, count in sorted(counts.items()) if count < minimum}
    if not few:
        return []
    named = ", ".join(f"{team} {count}" for team, count in list(few.items())[:8])
    more = f" and {len(few) - 8} more teams" if len(few) > 8 else ""
    return [
        Problem(week, f"too few {noun}: {named}{more} (at least {minimum:g} expected)", serious)
    ]


def _by_week(rows: pa.Table) -> dict[SeasonWeek, dict[str, int]]:
    """Return the number of rows of each team, by week; rows without a team do not count."""
    out: dict[SeasonWeek, dict[str, int]] = defaultdict(dict)
    for season, week, team, count in sorted(
        row for row in _counts(rows, ["season", "week", "team"]) if row[2]
    ):
        out[SeasonWeek(season, week)][team] = count
    return out


def unscheduled_teams(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]
) -> list[Problem]:
    """Return the weeks in which a team has rows but no game."""
    schedule = fixtures(games, weeks)
    unscheduled: dict[SeasonWeek, list[str]] = defaultdict(list)
    for season, week, team in sorted(_teams(rows)):
        if team not in schedule.get(key := SeasonWeek(season, week), {}):
            unscheduled[key].append(team)
    return [
        Problem(
            week,
            f"rows for teams without a game: {', '.join(teams)} (a bye, or another week's rows)",
        )
        for week, teams in unscheduled.items()
    ]


def wrong_opponents(rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]) -> list[Problem]:
    """Return the teams with another opponent than in the schedule; null opponents are skipped."""
    schedule = fixtures(games, weeks)
    keys = ["season", "week", "team", "opponent"]
    problems = []
    for row in _groups(rows, keys):
        week, team, opponent = SeasonWeek(row[0], row[1]), row[2], row[3]
        game = schedule.get(week, {}).get(team)
        if None not in (team, opponent) and opponent != (game.opponent if game else None):
            scheduled = f"plays {game.opponent}" if game else "has no game"
            text = f"{team} has rows against {opponent}, but {team} {scheduled} in the schedule"
            problems.append(Problem(week, text))
    return problems


def wrong_season_types(rows: pa.Table, games: pa.Table) -> list[Problem]:
    """Return the weeks with lines of the regular season in the play-offs, or the reverse."""
    kinds = pc.if_else(pc.equal(games["game_type"], REGULAR_SEASON), "REG", "POST")
    weeks = zip(games["season"].to_pylist(), games["week"].to_pylist(), strict=True)
    scheduled = dict(zip(weeks, kinds.to_pylist(), strict=True))
    return [
        Problem(
            SeasonWeek(season, week),
            f"stat lines have the season_type {kind}, but the schedule has {right}",
        )
        for season, week, kind in _groups(rows, ["season", "week", "season_type"])
        if kind is not None and (right := scheduled.get((season, week), kind)) != kind
    ]


def wrong_byes(rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]) -> list[Problem]:
    """Return teams marked as on a bye that have a game, and teams without a game not marked."""
    schedule = fixtures(games, weeks)
    return [
        Problem(
            week,
            f"{team} is marked as on a bye, but has a game"
            if on_bye
            else f"{team} is not marked as on a bye, but has no game",
        )
        for season, number, team, on_bye in _groups(rows, ["season", "week", "team", "on_bye"])
        if (team in schedule.get(week := SeasonWeek(season, number), {})) == on_bye
    ]


def roster_team_mismatches(stats: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Return the weeks with players whose stat line has another team than their weekly roster.

    A few may have changed teams between the game and the import, which is a warning; more than
    `MAX_SHARE_MOVED` of the week's players have not. Upstream has none in 2021-2024.
    """
    keys = list(PLAYER_WEEK)
    rostered = raw_players.filter(pc.equal(raw_players["roster_source"], "weekly_roster"))
    # One row per player-week that has both a stat line and a roster entry.
    both = (
        stats.select([*keys, "team"])
        .rename_columns([*keys, "plays_for"])
        .join(rostered.select([*keys, "team"]), keys, join_type="inner")
    )
    lines = Counter(zip(both["season"].to_pylist(), both["week"].to_pylist(), strict=True))
    mismatches: dict[SeasonWeek, list[str]] = defaultdict(list)
    moved = both.filter(pc.fill_null(pc.not_equal(both["plays_for"], both["team"]), False))
    for row in moved.to_pylist():
        text = f"{row['player_id']} (stat line with {row['plays_for']}, roster of {row['team']})"
        mismatches[SeasonWeek(row["season"], row["week"])].append(text)
    return [
        Problem(
            week,
            f"{len(players)} of {lines[week]} players have a stat line with another team than "
            f"their roster's, e.g. {', '.join(sorted(players)[:3])}",
            len(players) > MAX_SHARE_MOVED * lines[week],
        )
        for week, players in sorted(mismatches.items())
    ]


def schedule_conflicts(games: pa.Table) -> list[Problem]:
    """Return games of a team against itself or with one score only, and teams with two games."""
    same_team = pc.equal(games["home_team"], games["away_team"])
    one_score = pc.xor(pc.is_null(games["home_score"]), pc.is_null(games["away_score"]))
    problems = [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"{row['game_id']}: {row['home_team']} plays itself",
        )
        for row in games.filter(same_team).to_pylist()
    ]
    problems += [
        Problem(
            SeasonWeek(row["season"], row["week"]), f"{row['game_id']}: only one team has a score"
        )
        for row in games.filter(one_score).to_pylist()
    ]
    counts = team_games(games).group_by(["season", "week", "team"]).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    problems += [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"{row['team']} has {row['count_all']} games in one week",
        )
        for row in twice.sort_by([("season", "ascending"), ("team", "ascending")]).to_pylist()
    ]
    return problems


def uneven_game_counts(games: pa.Table) -> list[Problem]:
    """Return seasons in which teams have fewer games than others; one cancelled game is allowed."""
    regular = team_games(games.filter(pc.equal(games["game_type"], REGULAR_SEASON)))
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for row in regular.group_by(["season", "team"]).aggregate([([], "count_all")]).to_pylist():
        counts[row["season"]][row["team"]] = row["count_all"]
    problems = []
    for season, teams in sorted(counts.items()):
        most = max(teams.values())
        if short := sorted(team for team, count in teams.items() if count < most - 1):
            teams_short = ", ".join(short[:8])
            text = f"{season}: teams with fewer than {most - 1} of {most} games: {teams_short}"
            problems.append(Problem(None, text, serious=False))
    return problems


def _teams(rows: pa.Table) -> set[tuple[int, int, str]]:
    """Return season, week and team of each team with rows."""
    return {(s, w, team) for s, w, team in _groups(rows, ["season", "week", "team"]) if team}


def _counts(rows: pa.Table, keys: list[str]) -> list[tuple]:  # type: ignore[type-arg]
    """Return the distinct values of some columns, each with its number of rows."""
    found = rows.group_by(keys).aggregate([([], "count_all")])
    return list(zip(*(found[name].to_pylist() for name in (*keys, "count_all")), strict=True))


def _groups(rows: pa.Table, keys: list[str]) -> list[tuple]:  # type: ignore[type-arg]
    """Return the distinct values of some columns."""
    found = rows.group_by(keys).aggregate([])
    return list(zip(*(found[name].to_pylist() for name in keys), strict=True))

"""Rules that the schedule decides: who must be there in a week, who must not, and when.

Pure functions of Arrow tables; each returns what it found wrong, nothing if all is well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.calendar import REGULAR_SEASON
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.football.team_games import team_games

if TYPE_CHECKING:
    import pyarrow as pa

UPSTREAM_LAG = timedelta(days=7)
"""Time after a kick-off by which upstream has the game's stats; until then the week is
provisional, and a team without players a warning."""
MOST_MOVED = 0.05
"""Share of a week's players on another team than their roster's from which on the lines are another
season's, of which it is 29 %; twelve weeks move 4 %."""
FEWEST_PLAYERS = 15
"""Players on a team's roster of a week; 69 are the fewest in 2021-2025, 23 in the sample league."""
SHARE_OF_PLAYERS = 0.6
"""The same beside the week's median team; 0.86 is the least in any real week."""
FEWEST_BY_POSITION = {"QB": 1, "RB": 2, "WR": 4, "TE": 1}
"""The fewest in 2021-2025 are 2, 3, 7 and 3. Of kickers it is none, which is a warning."""
FEWEST_LINES, SHARE_OF_LINES = 8, 0.4
"""A team's stat lines of a game, and the same beside the week's median team, in files of all
positions: 24 and 0.73 are the least in 2015-2025, 12 and 0.75 in the sample league."""
FEWEST_OF_OFFENCE, SHARE_OF_OFFENCE = 3, 0.3
"""The same in the old release, which has the offence only: 5 and 0.48 in 2015-2024."""


class Fixture(NamedTuple):
    """One team's game of a week."""

    opponent: str
    kickoff: datetime
    has_score: bool


def fixtures(games: pa.Table, weeks: Iterable[SeasonWeek]) -> dict[SeasonWeek, dict[str, Fixture]]:
    """Games of some weeks by team; weeks that the schedule does not have are left out."""
    names = ("season", "week", "team", "opponent", "kickoff", "score")
    rows = team_games(of_weeks(games, weeks))
    out: dict[SeasonWeek, dict[str, Fixture]] = defaultdict(dict)
    for season, week, team, opponent, kickoff, score in zip(
        *(rows[name].to_pylist() for name in names), strict=True
    ):
        out[SeasonWeek(season, week)][team] = Fixture(opponent, kickoff, score is not None)
    return dict(out)


def absent_teams(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek], now: datetime, played: bool
) -> list[Problem]:
    """Teams with a game but without a row; `played`: only games with a score count.

    Serious from `UPSTREAM_LAG` after the kick-off on, where `played` is false, or where no team at
    all has a row.
    """
    have = _teams(rows)
    problems = []
    for week, teams in sorted(fixtures(games, weeks).items()):
        wanted = {team: game for team, game in teams.items() if game.has_score or not played}
        absent = {team: game for team, game in wanted.items() if (*week, team) not in have}
        if absent:
            late = any(now - game.kickoff > UPSTREAM_LAG for game in absent.values())
            serious = late or not played or len(absent) == len(wanted)
            note = "" if serious else " yet: provisional"
            text = f"no rows of {', '.join(sorted(absent))}, who have a game{note}"
            problems.append(Problem(week, text, serious))
    return problems


def thin_rosters(raw_players: pa.Table) -> list[Problem]:
    """Teams whose own roster of a week, before a game, is much too small, or lacks a position.

    Rosters carried forward are an earlier week's and were looked at then. No kicker is a warning.
    """
    import pyarrow.compute as pc

    rows = raw_players.filter(
        pc.and_(
            pc.equal(raw_players["roster_source"], "weekly_roster"),
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
        least = max(FEWEST_PLAYERS, SHARE_OF_PLAYERS * median(teams.values()))
        problems += _thin(week, teams, least, "players on the roster")
        for position, fewest in FEWEST_BY_POSITION.items():
            have = {team: positions.get((week, team, position), 0) for team in teams}
            problems += _thin(week, have, fewest, f"{position} on the roster")
        kickers = {team: positions.get((week, team, "K"), 0) for team in teams}
        problems += _thin(week, kickers, 1, "K on the roster", serious=False)
    return problems


def thin_teams(stats: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]) -> list[Problem]:
    """Teams with a score and some stat lines, but much fewer than a game has."""
    import pyarrow.compute as pc

    known = fixtures(games, weeks)
    tackles = stats.filter(pc.is_valid(stats["def_tackles_solo"]))
    with_defence = {SeasonWeek(*row) for row in _groups(tackles, ["season", "week"])}
    problems = []
    for week, teams in _by_week(stats).items():
        played = known.get(week, {})
        teams = {t: lines for t, lines in teams.items() if t in played and played[t].has_score}
        if teams:
            fewest, share = (
                (FEWEST_LINES, SHARE_OF_LINES)
                if week in with_defence
                else (FEWEST_OF_OFFENCE, SHARE_OF_OFFENCE)
            )
            least = max(fewest, share * median(teams.values()))
            problems += _thin(week, teams, least, "stat lines")
    return problems


def _thin(
    week: SeasonWeek, counts: dict[str, int], least: float, what: str, serious: bool = True
) -> list[Problem]:
    """A problem that names the teams with fewer than `least` of something."""
    few = {team: count for team, count in sorted(counts.items()) if count < least}
    if not few:
        return []
    named = ", ".join(f"{team} {count}" for team, count in list(few.items())[:8])
    more = f" and {len(few) - 8} more teams" if len(few) > 8 else ""
    return [Problem(week, f"too few {what}: {named}{more}, {least:g} at least", serious)]


def _by_week(rows: pa.Table) -> dict[SeasonWeek, dict[str, int]]:
    """Rows of each team, by week; those without a team are left out."""
    out: dict[SeasonWeek, dict[str, int]] = defaultdict(dict)
    for season, week, team, count in sorted(
        row for row in _counts(rows, ["season", "week", "team"]) if row[2]
    ):
        out[SeasonWeek(season, week)][team] = count
    return out


def not_scheduled(rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]) -> list[Problem]:
    """Teams with stat lines in a week in which they have no game."""
    known = fixtures(games, weeks)
    strays: dict[SeasonWeek, list[str]] = defaultdict(list)
    for season, week, team in sorted(_teams(rows)):
        if team not in known.get(key := SeasonWeek(season, week), {}):
            strays[key].append(team)
    return [
        Problem(week, f"rows of {', '.join(teams)}, who have no game (a bye, or another week's)")
        for week, teams in strays.items()
    ]


def wrong_opponents(rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]) -> list[Problem]:
    """Rows whose opponent is not the one in the schedule; one that is not given is none."""
    known = fixtures(games, weeks)
    keys = ["season", "week", "team", "opponent"]
    problems = []
    for row in _groups(rows, keys):
        week, team, opponent = SeasonWeek(row[0], row[1]), row[2], row[3]
        game = known.get(week, {}).get(team)
        if None not in (team, opponent) and opponent != (game.opponent if game else None):
            plays = f"plays {game.opponent}" if game else "has no game"
            problems.append(Problem(week, f"{team} against {opponent}, but {team} {plays}"))
    return problems


def wrong_byes(rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]) -> list[Problem]:
    """Teams said to be on a bye that have a game, or the other way round."""
    known = fixtures(games, weeks)
    return [
        Problem(week, f"{team} is {'' if on_bye else 'not '}said to be on a bye")
        for season, number, team, on_bye in _groups(rows, ["season", "week", "team", "on_bye"])
        if (team in known.get(week := SeasonWeek(season, number), {})) == on_bye
    ]


def on_two_teams(stats: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Players whose stat line is with one team while that week's roster has them on another.

    One of them may have moved between game and import, which is a warning; more than `MOST_MOVED`
    have not. In 2021-2024 upstream has none.
    """
    import pyarrow.compute as pc

    keys = list(PLAYER_WEEK)
    listed = raw_players.filter(pc.equal(raw_players["roster_source"], "weekly_roster"))
    both = (
        stats.select([*keys, "team"])
        .rename_columns([*keys, "plays_for"])
        .join(listed.select([*keys, "team"]), keys, join_type="inner")
    )
    lines = Counter(zip(both["season"].to_pylist(), both["week"].to_pylist(), strict=True))
    wrong: dict[SeasonWeek, list[str]] = defaultdict(list)
    moved = both.filter(pc.fill_null(pc.not_equal(both["plays_for"], both["team"]), False))
    for row in moved.to_pylist():
        text = f"{row['player_id']} ({row['plays_for']}, rostered by {row['team']})"
        wrong[SeasonWeek(row["season"], row["week"])].append(text)
    return [
        Problem(
            week,
            f"{len(players)} of {lines[week]} players have a line with another team than their "
            f"roster's, e.g. {', '.join(sorted(players)[:3])}",
            len(players) > MOST_MOVED * lines[week],
        )
        for week, players in sorted(wrong.items())
    ]


def odd_schedule(games: pa.Table) -> list[Problem]:
    """A team with two games in a week or against itself, or a score of one side only."""
    import pyarrow.compute as pc

    alone = pc.equal(games["home_team"], games["away_team"])
    half = pc.xor(pc.is_null(games["home_score"]), pc.is_null(games["away_score"]))
    problems = [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"{row['game_id']}: {row['home_team']} against itself",
        )
        for row in games.filter(alone).to_pylist()
    ]
    problems += [
        Problem(SeasonWeek(row["season"], row["week"]), f"{row['game_id']}: one side's score only")
        for row in games.filter(half).to_pylist()
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


def uneven_schedule(games: pa.Table) -> list[Problem]:
    """Teams whose regular season is not as long as the others'; one game may be cancelled."""
    import pyarrow.compute as pc

    regular = team_games(games.filter(pc.equal(games["game_type"], REGULAR_SEASON)))
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for row in regular.group_by(["season", "team"]).aggregate([([], "count_all")]).to_pylist():
        counts[row["season"]][row["team"]] = row["count_all"]
    problems = []
    for season, teams in sorted(counts.items()):
        most = max(teams.values())
        if short := sorted(team for team, count in teams.items() if count < most - 1):
            text = f"{season}: {', '.join(short[:8])} have fewer than {most - 1} games of {most}"
            problems.append(Problem(None, text, serious=False))
    return problems


def _teams(rows: pa.Table) -> set[tuple[int, int, str]]:
    return {(s, w, team) for s, w, team in _groups(rows, ["season", "week", "team"]) if team}


def _counts(rows: pa.Table, keys: list[str]) -> list[tuple]:  # type: ignore[type-arg]
    """Distinct values of some columns, and how many rows have them."""
    found = rows.group_by(keys).aggregate([([], "count_all")])
    return list(zip(*(found[name].to_pylist() for name in (*keys, "count_all")), strict=True))


def _groups(rows: pa.Table, keys: list[str]) -> list[tuple]:  # type: ignore[type-arg]
    """Distinct values of some columns."""
    found = rows.group_by(keys).aggregate([])
    return list(zip(*(found[name].to_pylist() for name in keys), strict=True))

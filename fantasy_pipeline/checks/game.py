"""Rules that hold exactly in every game of football, for the stat lines of all positions.

Frequencies are of the 5,614 team-games of 2015-2025 week 4, in upstream's release of today. The old
release breaks some of the rules (30 team-games of 2015-2024 in passing yards): its problems are
warnings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import STAT_COLUMNS
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.stats import OLD_READER

TEAM_GAME = ["season", "week", "team"]
PASSED_AND_CAUGHT = {
    ("completions", "receptions"): 0,
    ("passing_yards", "receiving_yards"): 1,
    ("passing_tds", "receiving_tds"): 0,
    ("passing_first_downs", "receiving_first_downs"): 0,
    ("passing_2pt_conversions", "receiving_2pt_conversions"): 0,
}
"""Sums of a team's game that are the same on both ends of a pass, and by how much they may differ.
They are equal in 100% of team-games; yards differ by 1 in one of them."""
TAKEN = {
    ("passing_interceptions", "def_interceptions"): (0, 0),
    ("sacks_suffered", "def_sacks"): (-1, 2),
}
"""What a team loses and its opponent takes, and the least and most that it loses besides.
Interceptions are equal in 100% of team-games, sacks in 98.4%. A sack without a defender counts for
no defender: 88 team-games lost 1 or 2 more sacks than were taken, and 3 lost 1 less."""
FUMBLES_LOST = ("sack_fumbles_lost", "rushing_fumbles_lost", "receiving_fumbles_lost")
FUMBLES = {FUMBLES_LOST: (-2, 2), ("fumbles_lost_total",): (0, 1)}
"""Stats of a team's lost fumbles, and the least and most by which they exceed those that its
opponent recovered. Fumbles of returners are recovered, too, and count in the total only: -2 to 1 in
all 5,617 team-games without them, 0 or 1 in all 2,406 team-games that have the total (since
2021)."""
RECOVERED_SHARE, MIN_RECOVERED = (0.5, 1.3), 8
"""Fumbles lost relative to those recovered in a week: 0.63-1.08 in the 178 full weeks. Recovered
fumbles from which a week is compared: full weeks have 8 and more, play-off weeks fewer (in 2019
week 19, teams lost 2 and recovered 5)."""
TARGET_SHARE_ERROR = 0.02
"""Largest distance of a team's target shares from a sum of 1; upstream's are exact in 100%."""
MAX_AIR_YARDS_APART, MANY_TEAMS = 150, 3
"""Air yards of a team's passers and receivers apart: 112 at most, because throws without a receiver
count for the passer only. Teams, or lines, beyond which a difference is refused."""
MAX_WOPR_GAP = 0.01
"""WOPR is exact in all 184,481 lines."""
TOUCHDOWNS = (
    "rushing_tds",
    "receiving_tds",
    "special_teams_tds",
    "def_tds",
    "fumble_recovery_tds",
)
POINTS = {
    **dict.fromkeys(TOUCHDOWNS, 6),
    "fg_made": 3,
    "pat_made": 1,
    "rushing_2pt_conversions": 2,
    "receiving_2pt_conversions": 2,
}
"""Points of each stat on the scoreboard. Passing touchdowns are the receiver's."""
NOT_IN_LINES = 2
"""Points of a score that belong to no stat line: a safety without a tackler, or a try that the
defence returned. Lines are short by 2 in 1.3% of team-games, and never by more."""
FRACTIONAL = {"def_sacks", "def_sack_yards"}
"""Counts and yards that may have halves: two players share a sack."""
WHOLE = [
    column.name
    for column in STAT_COLUMNS
    if column.unit in ("count", "yards") and column.name not in FRACTIONAL
]


def passes_not_caught(rows: pa.Table) -> list[Problem]:
    """Return teams whose passers and receivers do not have the same completions, yards and so on.

    A receiver or a passer is then missing, repeated, or has another game's line.
    """
    names = [name for pair in PASSED_AND_CAUGHT for name in pair]
    problems = []
    for week, team, serious, sums in _team_games(rows, names):
        for (passed, caught), apart in PASSED_AND_CAUGHT.items():
            if abs(sums[passed] - sums[caught]) > apart:
                text = f"{team} has {sums[passed]:g} {passed}, but {sums[caught]:g} {caught}"
                problems.append(Problem(week, text, serious))
    return problems


def targets_not_thrown(rows: pa.Table) -> list[Problem]:
    """Return teams with more targets than passes: no team-game has them."""
    return [
        Problem(
            week,
            f"{team} has {sums['targets']:g} targets, but {sums['attempts']:g} attempts only",
            serious,
        )
        for week, team, serious, sums in _team_games(rows, ["targets", "attempts"])
        if sums["targets"] > sums["attempts"]
    ]


def incomplete_target_shares(rows: pa.Table) -> list[Problem]:
    """Return teams whose target shares do not add up to 1: receivers are missing or repeated."""
    return [
        Problem(week, f"the target shares of {team} add up to {sums['target_share']:.0%}", serious)
        for week, team, serious, sums in _team_games(rows, ["target_share", "targets"])
        if sums["targets"] and abs(sums["target_share"] - 1) > TARGET_SHARE_ERROR
    ]


def unlike_air_yards(rows: pa.Table) -> list[Problem]:
    """Return the weeks with teams whose passers and receivers have far from the same air yards."""
    found: dict[SeasonWeek, list[str]] = defaultdict(list)
    names = ["passing_air_yards", "receiving_air_yards"]
    for week, team, _, sums in _team_games(rows, names):
        if abs(sums[names[0]] - sums[names[1]]) > MAX_AIR_YARDS_APART:
            found[week].append(team)
    return [
        Problem(
            week,
            f"passers and receivers have other air yards: {', '.join(sorted(teams)[:8])}",
            len(teams) > MANY_TEAMS,
        )
        for week, teams in sorted(found.items())
    ]


def wrong_weighted_shares(rows: pa.Table) -> list[Problem]:
    """Return the weeks with lines whose WOPR is not that of their shares.

    WOPR is 1.5 times the target share and 0.7 times the share of air yards, by definition.
    """
    both = pc.add(pc.multiply(rows["target_share"], 1.5), pc.multiply(rows["air_yards_share"], 0.7))
    gap = pc.abs(pc.subtract(rows["wopr"], both))
    wrong = rows.filter(pc.fill_null(pc.greater(gap, MAX_WOPR_GAP), False))
    counts = wrong.group_by(["season", "week"]).aggregate([([], "count_all")])
    return [
        Problem(
            SeasonWeek(row["season"], row["week"]),
            f"{row['count_all']} lines have a wopr that is not that of their shares",
            row["count_all"] > MANY_TEAMS,
        )
        for row in counts.sort_by([("season", "ascending"), ("week", "ascending")]).to_pylist()
    ]


def losses_nobody_took(rows: pa.Table) -> list[Problem]:
    """Return teams whose interceptions or sacks are not those that the opponent's defenders have.

    Weeks of the old release have no defenders and are skipped.
    """
    names = [name for pair in TAKEN for name in pair]
    sums_of = {
        (week, team): (serious, sums)
        for week, team, serious, sums in _team_games(_with_defence(rows), names)
    }
    problems = []
    for week, team, opponent in _pairings(rows):
        if (week, team) not in sums_of or (week, opponent) not in sums_of:
            continue
        serious, lost = sums_of[week, team]
        _, taken = sums_of[week, opponent]
        for (loss, gain), (least, most) in TAKEN.items():
            if not least <= lost[loss] - taken[gain] <= most:
                text = (
                    f"{team} has {lost[loss]:g} {loss}, but its opponent {opponent} has "
                    f"{taken[gain]:g} {gain}"
                )
                problems.append(Problem(week, text, serious))
    return problems


def fumbles_nobody_lost(rows: pa.Table) -> list[Problem]:
    """Return teams, and weeks, whose lost fumbles are not those that the opponents recovered.

    Weeks without recovered fumbles, as of the old release, are skipped.
    """
    problems = []
    of_week: dict[SeasonWeek, list[tuple[float, float]]] = {}
    found: set[tuple[SeasonWeek, str]] = set()
    for names, (least, most) in FUMBLES.items():
        for week, team, opponent, serious, lost, recovered in _fumbles(rows, names):
            if names == FUMBLES_LOST:
                of_week.setdefault(week, []).append((lost, recovered))
            if not least <= lost - recovered <= most and (week, team) not in found:
                found.add((week, team))
                text = (
                    f"{team} lost {lost:g} fumbles, but its opponent {opponent} recovered "
                    f"{recovered:g}"
                )
                problems.append(Problem(week, text, serious))
    for week, pairs in of_week.items():
        lost, recovered = (sum(pair[side] for pair in pairs) for side in (0, 1))
        if recovered >= MIN_RECOVERED:
            share, (lowest, highest) = lost / recovered, RECOVERED_SHARE
            if not lowest <= share <= highest:
                text = (
                    f"the teams lost {lost:g} fumbles, but their opponents recovered {recovered:g}"
                )
                problems.append(Problem(week, text))
    return problems


def _fumbles(
    rows: pa.Table, names: Sequence[str]
) -> Iterator[tuple[SeasonWeek, str, str, bool, float, float]]:
    """Yield week, team, opponent, whether problems are serious, and fumbles lost and recovered.

    Weeks without recovered fumbles, or without a total that is asked for, are left out.
    """
    totals = [name for name in names if name not in FUMBLES_LOST]
    complete = _with_defence(rows, "fumble_recovery_opp", *totals)
    sums_of = {
        (week, team): (serious, sums)
        for week, team, serious, sums in _team_games(complete, [*names, "fumble_recovery_opp"])
    }
    for week, team, opponent in _pairings(complete):
        if (week, opponent) in sums_of:
            serious, own = sums_of[week, team]
            recovered = sums_of[week, opponent][1]["fumble_recovery_opp"]
            yield week, team, opponent, serious, sum(own[name] for name in names), recovered


def unexplained_scores(rows: pa.Table, games: pa.Table) -> list[Problem]:
    """Return teams whose stat lines do not account for the score that the schedule has.

    Lines without safeties never exceed the score, and are never short by more than `NOT_IN_LINES`
    besides safeties: 100% of team-games. (Counting safeties in full, 7 of 5,614 team-games exceed
    the score by 4 or 6: upstream credits each of several tacklers with a whole safety.) Without the
    defence and the kickers, as in the old release, lines may be short.
    """
    names = ("season", "week", "team", "score")
    by_team = team_games(games)
    score_of = {
        (SeasonWeek(season, week), team): score
        for season, week, team, score in zip(
            *(by_team[name].to_pylist() for name in names), strict=True
        )
        if score is not None
    }
    complete = {week for week, *_ in _team_games(_with_defence(rows), ["fg_made"])}
    problems = []
    for week, team, serious, sums in _team_games(rows, [*POINTS, "def_safeties"]):
        score = score_of.get((week, team))
        if score is None:
            continue
        scored = sum(points * sums[name] for name, points in POINTS.items())
        most = scored + 2 * sums["def_safeties"] + NOT_IN_LINES
        if scored > score or (week in complete and score > most):
            text = f"{team} scored {score} points, but its stat lines account for {scored:g}"
            problems.append(Problem(week, text, serious))
    return problems


def broken_units(rows: pa.Table) -> list[Problem]:
    """Return weeks in which a stat of whole numbers has fractions: it is in another unit.

    Of 184,834 stat lines, no count or yards are fractional; only sacks are shared.
    """
    problems = []
    for name in WHOLE:
        values = rows[name]
        broken = rows.filter(pc.fill_null(pc.not_equal(values, pc.round(values)), False))
        for week, lines in _by_week(broken).items():
            line = lines[0]
            text = (
                f"{name} of {len(lines)} players is not a whole number, e.g. "
                f"{line['player_name']} {line[name]:g}"
            )
            problems.append(Problem(week, text))
    return problems


def _by_week(rows: pa.Table) -> dict[SeasonWeek, list[Mapping[str, object]]]:
    found: dict[SeasonWeek, list[Mapping[str, object]]] = {}
    for row in rows.to_pylist():
        found.setdefault(SeasonWeek(row["season"], row["week"]), []).append(row)
    return found


def _with_defence(rows: pa.Table, *needed: str) -> pa.Table:
    """Return the rows of weeks that have some stats: by default, those of defenders and kickers."""
    needed = needed or ("def_interceptions", "fg_made", "fumble_recovery_tds")
    keys = ["season", "week"]
    counts = rows.group_by(keys).aggregate([(name, "count") for name in needed])
    for name in needed:
        counts = counts.filter(pc.greater(counts[f"{name}_count"], 0))
    return rows.join(counts.select(keys), keys, join_type="left semi")


def _team_games(
    rows: pa.Table, names: Sequence[str]
) -> Iterator[tuple[SeasonWeek, str, bool, Mapping[str, float]]]:
    """Yield week, team, whether problems are serious, and the team's sums of some stats.

    A missing value counts as 0. Problems of the old release are warnings.
    """
    of_teams = rows.filter(pc.is_valid(rows["team"]))
    sums = of_teams.group_by([*TEAM_GAME, "source"]).aggregate([(name, "sum") for name in names])
    for row in sums.sort_by([(name, "ascending") for name in TEAM_GAME]).to_pylist():
        values = {name: row[f"{name}_sum"] or 0.0 for name in names}
        yield (
            SeasonWeek(row["season"], row["week"]),
            row["team"],
            row["source"] != OLD_READER,
            values,
        )


def _pairings(rows: pa.Table) -> list[tuple[SeasonWeek, str, str]]:
    """Return week, team and opponent of every team with stat lines."""
    names = [*TEAM_GAME, "opponent"]
    valid = rows.filter(pc.and_(pc.is_valid(rows["team"]), pc.is_valid(rows["opponent"])))
    found = valid.group_by(names).aggregate([])
    return sorted(
        (SeasonWeek(season, week), team, opponent)
        for season, week, team, opponent in zip(
            *(found[name].to_pylist() for name in names), strict=True
        )
    )

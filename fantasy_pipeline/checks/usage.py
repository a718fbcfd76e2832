"""Rules that compare stat lines with the rosters and snap counts of the same week.

They apply to players of a weekly roster: without one, a traded player's team and snaps are unknown.
Frequencies are of 2021-2025 week 4, which have weekly rosters: 2,406 team-games, 79,721 lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.checks.game import TEAM_GAME
from fantasy_pipeline.football.positions import SKILL_POSITIONS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.names import letters_of

MIN_PLAYS = 3
"""Passes, carries and targets from which a player must have had a snap: 21,087 of 21,087 players
with a Pro Football Reference id. With 1 or 2 plays, 0.5% have none: they ran or threw on special
teams."""
PLAYS_WITHOUT_SNAP = 1
"""Plays that a player may have beyond his snaps; no player with a snap has more."""
MIN_TEAM_SNAPS = 20
"""Snaps of the player with the most snaps from which a team's snap counts are complete; the lowest
is 34."""
MAX_WITHOUT_SNAPS = 2
"""Players of a week who may have plays without snaps; more are an error. There are none."""
QB_SNAPS = 20
"""Snaps from which a quarterback has a stat line: 5,797 of 5,797 in 2015-2025."""
SKILL_SNAPS, MAX_WITHOUT_LINES = 20, 3
"""Skill players of a team with that many snaps, but without a stat line. At most 3 in 5,608
team-games: blocking tight ends, and receivers without a target."""
MAX_UNKNOWN = 3
"""Players of a week with a stat line who may be on no roster, or not active on it; more are an
error. There are none: all 79,721 lines are of active players."""
MAX_OUT = 3
"""Players of a week who may have a stat line although they were out before the game; 3 in 11
seasons. Upstream's files of past days have up to 20 players of a week whom their team ruled out
during the game: all 132 of these reports changed after the kick-off, so they are not counted."""
MAX_OTHER_NAMES = 0.2
"""Share of a week's lines whose player has another name on his roster: Jr., initials and short
first names are 7% in the worst week."""
_SHOWN = 4


def plays_without_snaps(rows: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Return the weeks in which players have more plays than snaps.

    The line is then another player's, or it is counted twice.
    """
    plays = pc.add(_filled(rows, "attempts"), _filled(rows, "carries"))
    plays = pc.add(plays, _filled(rows, "targets"))
    lines = rows.select([*PLAYER_WEEK, "player_name"]).append_column("plays", plays)
    snaps = _rostered(raw_players).select([*PLAYER_WEEK, "team", "offense_snaps", "pfr_id"])
    both = lines.join(snaps, list(PLAYER_WEEK), join_type="inner")
    counted = both.join(_teams_with_snaps(raw_players), TEAM_GAME, join_type="left semi")
    # A player without an id may have snaps that no row could be joined with.
    known = counted.filter(pc.is_valid(counted["pfr_id"]))
    played = _filled(known, "offense_snaps")
    most = pc.if_else(pc.greater(played, 0), pc.add(played, PLAYS_WITHOUT_SNAP), MIN_PLAYS - 1)
    without: dict[SeasonWeek, list[str]] = defaultdict(list)
    for row in known.filter(pc.greater(known["plays"], most)).to_pylist():
        text = f"{row['player_name']} ({row['team']}) {row['plays']:g} plays, " + (
            f"{row['offense_snaps'] or 0} snaps"
        )
        without[SeasonWeek(row["season"], row["week"])].append(text)
    return _named(without, "more passes, carries and targets than snaps", MAX_WITHOUT_SNAPS)


def snaps_without_lines(rows: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Return teams whose quarterback, or several of whose players, have snaps but no stat line."""
    keys = list(PLAYER_WEEK)
    used = _rostered(raw_players)
    used = used.filter(pc.greater_equal(used["offense_snaps"], min(SKILL_SNAPS, QB_SNAPS)))
    used = used.filter(pc.is_in(used["position"], pa.array(SKILL_POSITIONS)))
    # A team without any line is another rule's problem.
    played = rows.group_by(TEAM_GAME).aggregate([]).select(TEAM_GAME)
    used = used.join(played, TEAM_GAME, join_type="left semi")
    missing = used.join(rows.select(keys), keys, join_type="left anti")
    by_team: dict[tuple[SeasonWeek, str], list[tuple[str, str, int]]] = defaultdict(list)
    for row in missing.to_pylist():
        at = (SeasonWeek(row["season"], row["week"]), row["team"])
        by_team[at].append((row["position"], row["player_name"], row["offense_snaps"]))
    return [
        Problem(week, f"{team}: no stat line of {_names(players)}")
        for (week, team), players in sorted(by_team.items())
        if len(players) > MAX_WITHOUT_LINES or any(p == "QB" for p, _, _ in players)
    ]


def lines_of_inactive_players(
    rows: pa.Table, raw_players: pa.Table, games: pa.Table
) -> list[Problem]:
    """Return the weeks with stat lines of players who are on no roster, not active, or out.

    Reports that changed after the kick-off are about injuries of the game itself.
    """
    rostered = _rostered(raw_players)
    weeks = rostered.group_by(["season", "week"]).aggregate([]).select(["season", "week"])
    lines = rows.filter(pc.and_(pc.is_valid(rows["team"]), pc.is_valid(rows["player_name"])))
    lines = lines.select([*PLAYER_WEEK, "player_name", "team"]).join(
        weeks, ["season", "week"], join_type="left semi"
    )
    states = ["roster_status", "injury_status", "injury_modified_at"]
    both = lines.join(
        rostered.select([*PLAYER_WEEK, *states]), list(PLAYER_WEEK), join_type="left outer"
    ).join(team_games(games).select([*TEAM_GAME, "kickoff"]), TEAM_GAME, join_type="left outer")
    inactive = pc.not_equal(pc.fill_null(both["roster_status"], ""), "ACT")
    in_game = pc.greater(both["injury_modified_at"], both["kickoff"])
    is_out = pc.and_(
        pc.equal(pc.fill_null(both["injury_status"], ""), "Out"),
        pc.invert(pc.fill_null(in_game, False)),
    )
    unknown: dict[SeasonWeek, list[str]] = defaultdict(list)
    out: dict[SeasonWeek, list[str]] = defaultdict(list)
    for row in both.filter(pc.or_(inactive, is_out)).to_pylist():
        week = SeasonWeek(row["season"], row["week"])
        if row["roster_status"] != "ACT":
            state = row["roster_status"] or "on no roster"
            unknown[week].append(f"{row['player_name']} ({row['team']}, {state})")
        else:
            out[week].append(f"{row['player_name']} ({row['team']})")
    return [
        *_named(unknown, "a stat line without being active on a roster", MAX_UNKNOWN),
        *(
            problem
            for problem in _named(out, "a stat line and are out on the injury report", MAX_OUT)
            if problem.serious
        ),
    ]


def lines_under_other_names(rows: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Return the weeks in which far too many lines have the name of another player."""
    names = _rostered(raw_players).select([*PLAYER_WEEK, "player_name"])
    lines = rows.select([*PLAYER_WEEK, "player_name"])
    both = lines.join(names, list(PLAYER_WEEK), join_type="inner", right_suffix="_rostered")
    named = [pc.is_valid(both[name]) for name in ("player_name", "player_name_rostered")]
    both = both.filter(pc.and_(*named))
    # (lines,): letters of both names, so that full stops and blanks do not count.
    one, other = (letters_of(both[name]) for name in ("player_name", "player_name_rostered"))
    lines_of = Counter(zip(both["season"].to_pylist(), both["week"].to_pylist(), strict=True))
    different: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in both.filter(pc.not_equal(one, other)).to_pylist():
        text = f"{row['player_name']} ({row['player_id']}, {row['player_name_rostered']})"
        different[row["season"], row["week"]].append(text)
    return [
        Problem(
            SeasonWeek(*at),
            f"{len(texts)} of {lines_of[at]} stat lines have another name than the player's "
            f"roster, e.g. {'; '.join(sorted(texts)[:_SHOWN])}",
        )
        for at, texts in sorted(different.items())
        if len(texts) > MAX_OTHER_NAMES * lines_of[at]
    ]


def teams_without_snaps(rows: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Return warnings for teams with stat lines but without snap counts, where others have some."""
    rostered = _rostered(raw_players)
    counted = rostered.filter(pc.is_valid(rostered["offense_snaps"]))
    weeks = counted.group_by(["season", "week"]).aggregate([]).select(["season", "week"])
    teams = [table.group_by(TEAM_GAME).aggregate([]) for table in (rows, rostered, counted)]
    played = teams[0].select(TEAM_GAME).join(weeks, ["season", "week"], join_type="left semi")
    played = played.join(teams[1].select(TEAM_GAME), TEAM_GAME, join_type="left semi")
    without = played.join(teams[2].select(TEAM_GAME), TEAM_GAME, join_type="left anti")
    found: dict[SeasonWeek, list[str]] = defaultdict(list)
    for row in without.to_pylist():
        found[SeasonWeek(row["season"], row["week"])].append(row["team"])
    return [
        Problem(week, f"no snap counts of {', '.join(sorted(names))}", serious=False)
        for week, names in sorted(found.items())
    ]


def _filled(rows: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.fill_null(rows[name], 0)


def _rostered(raw_players: pa.Table) -> pa.Table:
    return raw_players.filter(pc.equal(raw_players["roster_source"], "weekly_roster"))


def _teams_with_snaps(raw_players: pa.Table) -> pa.Table:
    """Return season, week and team of the teams whose snap counts are complete."""
    most = _rostered(raw_players).group_by(TEAM_GAME).aggregate([("offense_snaps", "max")])
    complete = most.filter(pc.greater_equal(most["offense_snaps_max"], MIN_TEAM_SNAPS))
    return complete.select(TEAM_GAME)


def _names(players: Iterable[tuple[str, str, int]]) -> str:
    listed = [f"{name} ({position}, {snaps} snaps)" for position, name, snaps in sorted(players)]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def _named(found: dict[SeasonWeek, list[str]], what: str, most: int) -> list[Problem]:
    """Return one problem per week that names players; serious if they are more than `most`."""
    return [
        Problem(
            week,
            f"{len(players)} player{'s have' if len(players) > 1 else ' has'} {what}, e.g. "
            f"{'; '.join(sorted(players)[:_SHOWN])}",
            len(players) > most,
        )
        for week, players in sorted(found.items())
    ]

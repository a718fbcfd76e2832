"""Rules for the state of a week's players: roster statuses, snaps, ids and positions.

Bounds are the lowest and highest values of the weeks of 2015-2025 week 4; roster statuses exist
since 2021. A week outside a bound is refused if the bound is far from every real week.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.checks.injuries import MIN_REPORT, playing
from fantasy_pipeline.checks.projections import PLATFORMS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in

STATUS_SHARES = {
    "ACT": (0.35, 0.97),
    "RES": (0.0, 0.35),
    "INA": (0.0, 0.2),
    "DEV": (0.0, 0.4),
    "CUT": (0.0, 0.4),
    None: (0.0, 0.05),
}
"""Share of a week's rostered players with each status. Real weeks: ACT 49-62% (70% before game-day
inactives are known), RES 7-20%, INA 5-9%, DEV 16-20%, CUT 0-21%, null 0%; the sample league has up
to 91% ACT."""
MIN_ACTIVE_OF_TEAM = 0.25
"""Share of a team's players who are active or inactive on game day; the lowest is 0.41."""
SAME_REPORT_WARNED, SAME_REPORT_REFUSED = 0.6, 0.9
"""Share of a report that is the same as a week before; the highest is 0.33."""
SAME_SNAPS_WARNED, SAME_SNAPS_REFUSED = 0.3, 0.6
"""Share of the players with snaps in both weeks who have the same number; the highest is 0.12."""
MIN_BOTH = 50
"""Players with snaps in both weeks from which the weeks are compared."""
MIN_SNAPS, MAX_SNAPS_TOGETHER = 20, 12.5
"""Snaps of a team's player with the most: the lowest is 33. Snaps of all players of a team relative
to those: 11 men are on the field, and the highest is 11.83."""
LEAST_SNAPS = {"defense_snaps": 50, "st_snaps": 30}
"""Snaps of all players of a team with offensive snaps; the lowest are 374 and 121, in the sample
league 95 and 57."""
MAX_SHARE_GAP = 0.25
"""Difference of a player's share from his snaps relative to the most of his team; it is 0.18 at
most."""
MAX_SHARED, MAX_SHARED_REFUSED = 4, 40
"""Ids of a platform that two players of a week share; the highest is 2."""
MAX_CHANGED, MAX_CHANGED_REFUSED = 0.005, 0.2
"""Share of players whose id at a platform changed since the week before; it is 0 in every week."""
MAX_MOVED, MAX_MOVED_REFUSED = 0.03, 0.1
"""Share of players whose position changed since the week before; the highest is 0.01."""
MAX_MOVED_OF_TEAM, MAX_MOVED_OF_TEAM_REFUSED = 2, 3
"""Players of a team whose position changed between two of the fantasy positions since the week
before; the highest of 2,159 team-weeks is 1."""
_SHOWN = 4


def unusual_statuses(rows: pa.Table) -> list[Problem]:
    """Return statuses that far too many, or too few, players of a week or of a team have."""
    problems = []
    for week, players in _weeks(_on_rosters(rows)):
        for status, (lowest, highest) in STATUS_SHARES.items():
            share = _share(players, status)
            if not lowest <= share <= highest:
                text = f"{share:.0%} of the players have the roster status {status or 'null'}"
                problems.append(Problem(week, f"{text}; {lowest:.0%}-{highest:.0%} is possible"))
        by_team = players.append_column("active", _is_in(players["roster_status"], ("ACT", "INA")))
        shares = by_team.group_by("team").aggregate([("active", "mean")])
        few = shares.filter(pc.less(shares["active_mean"], MIN_ACTIVE_OF_TEAM))
        if few.num_rows:
            teams = ", ".join(sorted(few["team"].to_pylist())[:8])
            problems.append(Problem(week, f"nearly no active player on the roster of {teams}"))
    return problems


def repeated_reports(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return weeks whose injury report or snap counts are those of the week before."""
    names = ["injury_status", "practice_status", "injury"]
    problems = []
    for week, now, before in _pairs(rows, past):
        report = now.filter(_any_valid(now, names[:2]))
        if report.num_rows >= MIN_REPORT:
            same = _same(report, before, names) / report.num_rows
            if same >= SAME_REPORT_WARNED:
                text = f"{same:.0%} of the injury report are those of the week before"
                problems.append(Problem(week, text, same >= SAME_REPORT_REFUSED))
        both = [t.filter(pc.greater(pc.fill_null(t["offense_snaps"], 0), 0)) for t in (now, before)]
        ids = [table.select(["player_id", "offense_snaps"]) for table in both]
        joined = ids[0].join(ids[1], "player_id", join_type="inner", right_suffix="_before")
        if joined.num_rows >= MIN_BOTH:
            equal = pc.equal(joined["offense_snaps"], joined["offense_snaps_before"])
            same = pc.mean(equal).as_py()
            if same >= SAME_SNAPS_WARNED:
                text = f"{same:.0%} of the players have as many snaps as the week before"
                problems.append(Problem(week, text, same >= SAME_SNAPS_REFUSED))
    return problems


def unlike_snaps(rows: pa.Table) -> list[Problem]:
    """Return teams whose other snaps, or snap shares, do not match their offensive snaps."""
    counted = rows.filter(pc.is_valid(rows["offense_snaps"]))
    names = [name for name in LEAST_SNAPS if counted[name].null_count < counted.num_rows]
    problems = []
    for week, players in _weeks(counted):
        most = players.group_by("team").aggregate(
            [("offense_snaps", "max"), *((name, "sum") for name in names)]
        )
        for name in names:
            few = most.filter(pc.less(pc.fill_null(most[f"{name}_sum"], 0), LEAST_SNAPS[name]))
            problems += _of_teams(week, f"fewer than {LEAST_SNAPS[name]} {name}", few, most)
        both = players.join(most, "team", join_type="inner")
        gap = pc.subtract(
            both["snap_share"],
            pc.divide(pc.cast(both["offense_snaps"], "double"), both["offense_snaps_max"]),
        )
        other = both.filter(pc.fill_null(pc.greater(pc.abs(gap), MAX_SHARE_GAP), False))
        teams = other.group_by("team").aggregate([])
        problems += _of_teams(week, "snap shares that are not those of the snaps", teams, most)
    return problems


def _of_teams(week: SeasonWeek, what: str, found: pa.Table, teams: pa.Table) -> list[Problem]:
    """Return one problem that names teams; serious if they are more than a quarter of all."""
    if not found.num_rows:
        return []
    named = ", ".join(sorted(found["team"].to_pylist()))
    return [Problem(week, f"{named}: {what}", found.num_rows > teams.num_rows / 4)]


def earlier_rosters(rows: pa.Table) -> list[Problem]:
    """Return warnings for teams with a roster of an earlier week where others have the week's."""
    problems = []
    listed = pc.is_in(rows["roster_source"], pa.array(["weekly_roster", "carried_forward"]))
    for week, players in _weeks(playing(rows.filter(listed))):
        latest = players.group_by("team").aggregate([("roster_week", "max")]).sort_by("team")
        old = latest.filter(pc.less(latest["roster_week_max"], week.week))
        if 0 < old.num_rows < latest.num_rows:
            named = ", ".join(old["team"].to_pylist())
            text = f"the rosters of {named} are those of an earlier week; others have the week's"
            problems.append(Problem(week, text, serious=False))
    return problems


def impossible_snaps(rows: pa.Table) -> list[Problem]:
    """Return teams whose snap counts cannot be those of one game, although the week has them."""
    problems = []
    counted = rows.filter(pc.is_valid(rows["offense_snaps"]))
    for week, players in _weeks(counted):
        teams = players.group_by("team").aggregate(
            [("offense_snaps", "max"), ("offense_snaps", "sum")]
        )
        few, many = [], []
        for row in teams.to_pylist():
            most, together = row["offense_snaps_max"], row["offense_snaps_sum"]
            if most < MIN_SNAPS:
                few.append(f"{row['team']} {most}")
            elif together > MAX_SNAPS_TOGETHER * most:
                many.append(f"{row['team']} {together / most:.1f}")
        for found, text in (
            (few, "nobody of a team has the snaps of a whole game"),
            (many, "more than 11 players are on the field"),
        ):
            if found:
                named = ", ".join(sorted(found)[:_SHOWN])
                serious = len(found) > teams.num_rows / 4
                problems.append(Problem(week, f"{text}: {named}", serious))
    return problems


def shared_ids(rows: pa.Table) -> list[Problem]:
    """Return platforms at which several players of a week have the same id."""
    problems = []
    for week, players in _weeks(rows):
        for name in PLATFORMS:
            known = players.filter(pc.is_valid(players[name]))
            counts = known.group_by(name).aggregate([([], "count_all")])
            shared = counts.filter(pc.greater(counts["count_all"], 1))
            if shared.num_rows > MAX_SHARED:
                examples = ", ".join(sorted(shared[name].to_pylist())[:_SHOWN])
                text = f"{name}: {shared.num_rows} ids belong to several players, e.g. {examples}"
                problems.append(Problem(week, text, shared.num_rows > MAX_SHARED_REFUSED))
    return problems


def changed_ids(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return platforms at which players have another id than the week before."""
    problems = []
    for week, now, before in _pairs(rows, past):
        joined = now.select(["player_id", "player_name", *PLATFORMS]).join(
            before.select(["player_id", *PLATFORMS]),
            "player_id",
            join_type="inner",
            right_suffix="_before",
        )
        for name in PLATFORMS:
            other = pc.fill_null(pc.not_equal(joined[name], joined[f"{name}_before"]), False)
            changed = joined.filter(other)
            share = changed.num_rows / max(joined.num_rows, 1)
            if share > MAX_CHANGED:
                names = ", ".join(sorted(map(str, changed["player_name"].to_pylist()))[:_SHOWN])
                text = f"{name}: {share:.0%} of the players have another id than the week before"
                serious = share > MAX_CHANGED_REFUSED
                problems.append(Problem(week, f"{text}, e.g. {names}", serious))
    return problems


def changed_positions(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return weeks in which far too many players have another position than the week before."""
    problems = []
    for week, now, before in _pairs(rows, past):
        joined = now.select(["player_id", "player_name", "team", "position"]).join(
            before.select(["player_id", "position"]),
            "player_id",
            join_type="inner",
            right_suffix="_before",
        )
        other = pc.fill_null(pc.not_equal(joined["position"], joined["position_before"]), False)
        changed = joined.filter(other)
        share = changed.num_rows / max(joined.num_rows, 1)
        if share > MAX_MOVED:
            names = sorted(
                f"{row['player_name']} ({row['position_before']}, now {row['position']})"
                for row in changed.to_pylist()
            )
            text = f"{share:.0%} of the players have another position than the week before"
            serious = share > MAX_MOVED_REFUSED
            problems.append(Problem(week, f"{text}, e.g. {', '.join(names[:_SHOWN])}", serious))
        else:
            problems += _moved_of_teams(week, changed)
    return problems


def _moved_of_teams(week: SeasonWeek, changed: pa.Table) -> list[Problem]:
    """Return teams of which several players changed between fantasy positions since a week."""
    fantasy = pa.array(FANTASY_POSITIONS, pa.string())
    both = [pc.is_in(changed[name], fantasy) for name in ("position", "position_before")]
    moved: dict[str, list[str]] = defaultdict(list)
    for row in changed.filter(pc.and_(*both)).to_pylist():
        text = f"{row['player_name']} ({row['position_before']}, now {row['position']})"
        moved[row["team"]].append(text)
    return [
        Problem(
            week,
            f"{len(players)} players of {team} have another position than the week before, e.g. "
            f"{', '.join(sorted(players)[:_SHOWN])}",
            len(players) > MAX_MOVED_OF_TEAM_REFUSED,
        )
        for team, players in sorted(moved.items())
        if len(players) > MAX_MOVED_OF_TEAM
    ]


def _on_rosters(rows: pa.Table) -> pa.Table:
    """Return the players of weekly rosters whose team has a game."""
    return playing(rows.filter(pc.equal(rows["roster_source"], "weekly_roster")))


def _is_in(values: pa.ChunkedArray, wanted: Iterable[str]) -> pa.ChunkedArray:
    return pc.is_in(values, pa.array(list(wanted), pa.string())).cast(pa.float64())


def _share(players: pa.Table, status: str | None) -> float:
    """Return the share of players with a roster status; None: without one."""
    if status is None:
        return players["roster_status"].null_count / players.num_rows
    return float(pc.mean(_is_in(players["roster_status"], [status])).as_py())


def _any_valid(rows: pa.Table, names: Sequence[str]) -> pa.ChunkedArray:
    found = pc.is_valid(rows[names[0]])
    for name in names[1:]:
        found = pc.or_(found, pc.is_valid(rows[name]))
    return found


def _same(rows: pa.Table, before: pa.Table, names: Sequence[str]) -> int:
    """Return the number of rows that another table has too, in some columns; nulls are equal."""
    keys = ["player_id", *names]
    filled = [
        pa.table({name: pc.fill_null(table[name], "") for name in keys}) for table in (rows, before)
    ]
    return filled[0].join(filled[1], keys, join_type="left semi").num_rows


def _weeks(rows: pa.Table) -> Iterator[tuple[SeasonWeek, pa.Table]]:
    """Yield each week that has rows, with its rows."""
    for week in weeks_in(rows):
        yield week, of_week(rows, week)


def _pairs(rows: pa.Table, past: pa.Table) -> Iterator[tuple[SeasonWeek, pa.Table, pa.Table]]:
    """Yield each week that has rows, with its rows and those of the week before it."""
    columns = [name for name in past.column_names if name in rows.column_names]
    both = pa.concat_tables([past.select(columns), rows.select(columns)])
    stored = set(weeks_in(both))
    for week in weeks_in(rows):
        before = SeasonWeek(week.season, week.week - 1) if week.week > 1 else None
        if before in stored and before is not None:
            yield week, of_week(both, week), of_week(both, before)

"""Rules for projections, other sources' and ours, and for the ids that join them.

Pure functions of Arrow tables; each returns what it found wrong, nothing if all is well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.checks.guards import regular_weeks
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in

if TYPE_CHECKING:
    import pyarrow as pa

PLATFORMS = ("sleeper_id", "espn_id", "yahoo_id", "fantasypros_id", "pfr_id", "mfl_id")
LEAST_MAPPED = {**dict.fromkeys(PLATFORMS, 0.9), "yahoo_id": 0.75}
"""Share of active fantasy players with an id below which a platform's users miss players; 0.93 is
the least of a week in 2015-2024. Of Yahoo the id table has few rookies of 2025, and 0.81."""
ACTIVE = ("ACT", "INA", None)
"""Roster statuses of players whom somebody may start; null where there are no rosters."""
KNOWN_BEFORE = ("weekly_roster", "carried_forward")
"""Where a row of raw_players must come from for the player to be projected."""
LISTED = 20
SAME = 0.95
"""Share of players projected the very same from which on one file is another's copy."""
FEW_PLAYERS = 50
LINE_APART = 0.05
"""Points that may lie between a projection and its stat line: both are rounded."""
SAID = (
    *("points_std", "points_half", "points_ppr"),
    *("ecr", "ecr_sd", "ecr_best", "ecr_worst"),
)
"""What a source says about a player that nobody else would say by chance."""


def id_coverage(rows: pa.Table) -> dict[str, float]:
    """Share of active fantasy players who have an id, by platform."""
    active = _active(rows)
    size = max(active.num_rows, 1)
    return {name: round(1 - active[name].null_count / size, 4) for name in PLATFORMS}


def unmapped_players(rows: pa.Table) -> list[Problem]:
    """Platforms that lack too many active fantasy players of a week; who they are."""
    import pyarrow.compute as pc

    active = _active(rows)
    problems = []
    for week in weeks_in(active):
        players = of_week(active, week)
        for name, least in LEAST_MAPPED.items():
            without = players.filter(pc.is_null(players[name]))
            share = 1 - without.num_rows / players.num_rows
            if share < least:
                names = sorted(str(player) for player in without["player_name"].to_pylist())
                text = (
                    f"{name} of {share:.0%} of active fantasy players; without: "
                    f"{', '.join(names[:LISTED])}"
                )
                problems.append(Problem(week, text, serious=False))
    return problems


def unmapped_names(rows: pa.Table) -> dict[str, str]:
    """Active fantasy players without an id, by platform: how many, and their names."""
    import pyarrow.compute as pc

    active = _active(rows)
    out = {}
    for name in PLATFORMS:
        without = active.filter(pc.is_null(active[name]))
        names = sorted({str(player) for player in without["player_name"].to_pylist()})
        if names:
            out[name] = f"{len(names)}: {', '.join(names)}"
    return out


def _active(rows: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    fantasy = pc.is_in(rows["position"], pa.array(FANTASY_POSITIONS))
    status = pc.is_in(rows["roster_status"], pa.array(ACTIVE, pa.string()))
    return rows.filter(pc.and_(fantasy, status))


def not_projected(projections: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Rostered fantasy players, not on a bye, whom nobody projects."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fantasy = pc.is_in(raw_players["position"], pa.array(FANTASY_POSITIONS))
    known = pc.is_in(raw_players["roster_source"], pa.array(KNOWN_BEFORE))
    plays = pc.invert(raw_players["on_bye"])
    wanted = raw_players.filter(pc.and_(pc.and_(fantasy, known), plays))
    keys = list(PLAYER_WEEK)
    absent = wanted.join(projections.select(keys), keys, join_type="left anti")
    by_week: dict[SeasonWeek, list[str]] = defaultdict(list)
    for season, week, player in zip(*(absent[name].to_pylist() for name in keys), strict=True):
        by_week[SeasonWeek(season, week)].append(player)
    return [
        Problem(week, f"{len(ids)} rostered players without a projection, e.g. {sorted(ids)[:5]}")
        for week, ids in sorted(by_week.items())
    ]


def crossed_quantiles(projections: pa.Table) -> list[Problem]:
    """Rows without p10 <= p50 <= p90, or with a null among them, in any scoring."""
    import pyarrow.compute as pc

    problems = []
    for scoring in SCORINGS:
        end = suffix(scoring)
        low, middle, high = (projections[f"{name}{end}"] for name in ("p10", "p50", "p90"))
        right = pc.and_(pc.less_equal(low, middle), pc.less_equal(middle, high))
        wrong = projections.filter(pc.invert(pc.fill_null(right, False)))
        problems += [
            Problem(
                SeasonWeek(row["season"], row["week"]),
                f"{row['player_name']}: p10 {row['p10' + end]}, p50 {row['p50' + end]}, "
                f"p90 {row['p90' + end]} ({scoring})",
            )
            for row in wrong.to_pylist()
        ]
    return problems


def other_than_the_line(projections: pa.Table) -> list[Problem]:
    """Projected points that the row's own stat line does not come to, where it has one."""
    import numpy as np
    import pyarrow.compute as pc

    from fantasy_pipeline.projections.model.stat_line import WEIGHTS, points

    names = [*WEIGHTS, "receptions"]
    stats = [name for name in names if name in projections.column_names]
    told = np.zeros(projections.num_rows, dtype=bool)
    line = {}
    for name in stats:
        told |= pc.is_valid(projections[name]).to_numpy()
        line[name] = projections[name].fill_null(0.0).to_numpy()
    problems = []
    for scoring in SCORINGS:
        end = suffix(scoring)
        projected = projections[f"projected_points{end}"].fill_null(np.nan).to_numpy()
        expected = np.maximum(points(line, scoring), 0.0)
        # Written so that a NaN is a difference too.
        apart = told & ~(np.abs(projected - expected) <= LINE_APART)
        for index in np.flatnonzero(apart):
            row = projections.slice(int(index), 1).to_pylist()[0]
            text = (
                f"{row['player_name']}: {projected[index]:.2f} points, stat line "
                f"{expected[index]:.2f} ({scoring})"
            )
            problems.append(Problem(SeasonWeek(row["season"], row["week"]), text))
    return problems


def without_a_line(projections: pa.Table) -> list[Problem]:
    """Weeks with players of whom our model expects a point or more, but has no stat line.

    The baseline has none, and of a player of whom the model expects next to nothing the consensus
    leaves it out.
    """
    import pyarrow.compute as pc

    from fantasy_pipeline.projections.model_projections import BASELINE

    consensus = "model_half" in projections.column_names
    own = projections["model_half" if consensus else "projected_points_half"]
    modelled = pc.invert(pc.match_substring(projections["source"], BASELINE))
    wanted = projections.filter(pc.and_(pc.greater_equal(own, 1.0), modelled))
    # The stat of each position that no line of it lacks.
    stats = [wanted[name] for name in ("carries", "kicking_points")]
    absent = wanted.filter(pc.and_(*(pc.is_null(stat) for stat in stats)))
    return [
        Problem(week, f"{len(names)} players without a stat line, e.g. {', '.join(names[:3])}")
        for week in weeks_in(absent)
        for names in [sorted(map(str, of_week(absent, week)["player_name"].to_pylist()))]
    ]


def nobody_said_anything(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]
) -> list[Problem]:
    """Weeks of the regular season that no other source projects, since one does; warnings.

    But for a season's last: the one source that keeps past weeks never has it.
    """
    from fantasy_pipeline.ingest.sites.base import FIRST_SEASON

    seasons = {week.season for week in weeks if week.season >= FIRST_SEASON}
    regular = {week for season in seasons for week in regular_weeks(games, season)}
    last = {week.season: week for week in sorted(regular)}
    told = {*weeks_in(rows), *last.values()}
    return [
        Problem(week, "games, but no source has said anything of them", serious=False)
        for week in sorted(regular & set(weeks) - told)
    ]


def same_projections(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Sources whose week is the one before over again, or another source's; warnings."""
    import pyarrow as pa

    by_file: dict[tuple[str, SeasonWeek], dict[str, dict[str, float]]] = defaultdict(dict)
    names = ["season", "week", "source", "player_id", *SAID]
    both = pa.concat_tables([past.select(names), rows.select(names)])
    for season, week, source, player, *values in zip(
        *(both[name].to_pylist() for name in names), strict=True
    ):
        # 0 is how sources say that they have no projection.
        said = {name: value for name, value in zip(SAID, values, strict=True) if value}
        by_file[(source, SeasonWeek(season, week))][player] = said
    problems = []
    weeks = weeks_in(rows)
    for (source, week), told in sorted(by_file.items()):
        before = by_file.get((source, SeasonWeek(week.season, week.week - 1)))
        if week in weeks and before and _same(told, before):
            text = f"{source} says what it said the week before: its file is old"
            problems.append(Problem(week, text, serious=False))
    for at in weeks:
        sources = sorted(source for source, week in by_file if week == at)
        problems += [
            Problem(at, f"{other} says what {one} says: one is a copy", serious=False)
            for one, other in combinations(sources, 2)
            if _same(by_file[(one, at)], by_file[(other, at)])
        ]
    return problems


def _same(one: Mapping[str, Mapping[str, float]], other: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether two files say the same of nearly all players whom both say something about."""
    players = same = 0
    for player in one.keys() & other.keys():
        if common := one[player].keys() & other[player].keys():
            players += 1
            same += all(one[player][name] == other[player][name] for name in common)
    return players >= FEW_PLAYERS and same >= SAME * players

"""Rules for projections, from other sources and our own, and for the ids that join their players.

Pure functions of Arrow tables; each returns the problems that it found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.checks.guards import regular_weeks
from fantasy_pipeline.football.positions import DST, PROJECTED_POSITIONS
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.ingest.projection_record import latest_statements
from fantasy_pipeline.ingest.sites.base import FIRST_SEASON
from fantasy_pipeline.ingest.source_copies import find_equal_sources, find_stale_sources
from fantasy_pipeline.projections.model.stat_line import WEIGHTS, points
from fantasy_pipeline.projections.model_projections import BASELINE

PLATFORMS = ("sleeper_id", "espn_id", "yahoo_id", "fantasypros_id", "pfr_id", "mfl_id")
MIN_MAPPED = {**dict.fromkeys(PLATFORMS, 0.9), "yahoo_id": 0.75}
"""Share of active fantasy players who must have the platform's id; the lowest of any week in
2015-2024 is 0.93. The id table has few Yahoo ids of the 2025 rookies: 0.81."""
ACTIVE = ("ACT", "INA", None)
"""Roster statuses of players whom a fantasy team may start; null where there are no rosters."""
ROSTER_SOURCES = ("weekly_roster", "carried_forward")
"""Roster sources of players who must be projected: their row exists before the game."""
LISTED = 20
"""Players without an id that a problem names."""
MAX_ROUNDING = 0.0002
"""Largest difference of two projected stats that rounding explains."""
MAX_LINE_GAP = 0.01
"""Points by which a projection may differ from its stat line: both are rounded."""
USUAL_SUFFIXES: Mapping[str, str] = {scoring: suffix(scoring) for scoring in SCORINGS}
"""Suffixes of the columns of `PROJECTIONS`."""


def id_coverage(rows: pa.Table) -> dict[str, float]:
    """Return the share (0-1) of active fantasy players who have an id, by platform."""
    active = _active(rows)
    size = max(active.num_rows, 1)
    return {name: round(1 - active[name].null_count / size, 4) for name in PLATFORMS}


def unmapped_players(rows: pa.Table) -> list[Problem]:
    """Return platforms without ids for too many active fantasy players of a week, with names."""
    active = _active(rows)
    problems = []
    for week in weeks_in(active):
        players = of_week(active, week)
        for name, least in MIN_MAPPED.items():
            without = players.filter(pc.is_null(players[name]))
            share = 1 - without.num_rows / players.num_rows
            if share < least:
                names = sorted(str(player) for player in without["player_name"].to_pylist())
                text = (
                    f"{name}: {share:.0%} of active fantasy players have one; without: "
                    f"{', '.join(names[:LISTED])}"
                )
                problems.append(Problem(week, text, serious=False))
    return problems


def unmapped_names(rows: pa.Table) -> dict[str, str]:
    """Return the number and names of active fantasy players without an id, by platform."""
    active = _active(rows)
    out = {}
    for name in PLATFORMS:
        without = active.filter(pc.is_null(active[name]))
        names = sorted({str(player) for player in without["player_name"].to_pylist()})
        if names:
            out[name] = f"{len(names)}: {', '.join(names)}"
    return out


def _active(rows: pa.Table) -> pa.Table:
    """Return the rows of fantasy players with an active roster status."""
    fantasy = pc.is_in(rows["position"], pa.array(FANTASY_POSITIONS))
    status = pc.is_in(rows["roster_status"], pa.array(ACTIVE, pa.string()))
    return rows.filter(pc.and_(fantasy, status))


def unprojected_players(
    projections: pa.Table, raw_players: pa.Table, positions: Sequence[str] = PROJECTED_POSITIONS
) -> list[Problem]:
    """Return the weeks in which rostered players with a game have no projection.

    Args:
        positions: positions of the players who must be projected.
    """
    fantasy = pc.is_in(raw_players["position"], pa.array(positions))
    rostered = pc.is_in(raw_players["roster_source"], pa.array(ROSTER_SOURCES))
    has_game = pc.invert(raw_players["on_bye"])
    expected = raw_players.filter(pc.and_(pc.and_(fantasy, rostered), has_game))
    keys = list(PLAYER_WEEK)
    missing = expected.join(projections.select(keys), keys, join_type="left anti")
    by_week: dict[SeasonWeek, list[str]] = defaultdict(list)
    for season, week, player in zip(*(missing[name].to_pylist() for name in keys), strict=True):
        by_week[SeasonWeek(season, week)].append(player)
    return [
        Problem(
            week,
            f"rostered players without a projection: {len(ids)}, e.g. {', '.join(sorted(ids)[:5])}",
        )
        for week, ids in sorted(by_week.items())
    ]


def unordered_quantiles(
    projections: pa.Table, suffixes: Mapping[str, str] = USUAL_SUFFIXES
) -> list[Problem]:
    """Return rows that break p10 <= p50 <= p90 in any scoring; a null breaks it, too.

    Args:
        suffixes: suffixes of the columns by the name of the scoring.
    """
    problems = []
    for scoring, end in suffixes.items():
        low, middle, high = (projections[f"{name}{end}"] for name in ("p10", "p50", "p90"))
        ordered = pc.and_(pc.less_equal(low, middle), pc.less_equal(middle, high))
        wrong = projections.filter(pc.invert(pc.fill_null(ordered, False)))
        problems += [
            Problem(
                SeasonWeek(row["season"], row["week"]),
                f"{row['player_name']}: p10 {row['p10' + end]}, p50 {row['p50' + end]}, "
                f"p90 {row['p90' + end]} are out of order ({scoring})",
            )
            for row in wrong.to_pylist()
        ]
    return problems


def stat_line_mismatches(projections: pa.Table) -> list[Problem]:
    """Return rows whose projected points differ from the fantasy points of their own stat line."""
    names = [*WEIGHTS, "receptions"]
    stats = [name for name in names if name in projections.column_names]
    # (rows,): rows with any stat; line: (rows,) values of each stat, null as 0.
    has_line = np.zeros(projections.num_rows, dtype=bool)
    line = {}
    for name in stats:
        has_line |= pc.is_valid(projections[name]).to_numpy()
        line[name] = projections[name].fill_null(0.0).to_numpy()
    problems = []
    for scoring in SCORINGS:
        projected = projections[f"projected_points{suffix(scoring)}"].fill_null(np.nan).to_numpy()
        of_line = np.maximum(points(line, scoring), 0.0)
        # "Not within the gap" instead of "beyond it": NaN counts as a mismatch.
        mismatch = has_line & ~(np.abs(projected - of_line) <= MAX_LINE_GAP)
        for index in np.flatnonzero(mismatch):
            row = projections.slice(int(index), 1).to_pylist()[0]
            text = (
                f"{row['player_name']}: projected {projected[index]:.2f} points, but the stat line "
                f"is worth {of_line[index]:.2f} ({scoring})"
            )
            problems.append(Problem(SeasonWeek(row["season"], row["week"]), text))
    return problems


def parts_exceed_totals(projections: pa.Table) -> list[Problem]:
    """Return rows with more projected receptions than targets, or completions than attempts."""
    problems = []
    for part, total in (("receptions", "targets"), ("completions", "attempts")):
        # Both are rounded to four digits. A null compares as null, and is left out.
        excess = pc.subtract(projections[part], projections[total])
        for row in projections.filter(pc.greater(excess, MAX_ROUNDING)).to_pylist():
            text = (
                f"{row['player_name']}: {row[part]:.2f} projected {part}, but {row[total]:.2f} "
                f"{total}"
            )
            problems.append(Problem(SeasonWeek(row["season"], row["week"]), text))
    return problems


def missing_stat_lines(projections: pa.Table) -> list[Problem]:
    """Return the weeks with players whom our model projects a point or more, without a stat line.

    The baseline has no stat lines, and neither have team defences. The consensus omits those of
    players with less than a point.
    """
    consensus = "model_half" in projections.column_names
    own = projections["model_half" if consensus else "projected_points_half"]
    modelled = pc.invert(pc.match_substring(projections["source"], BASELINE))
    players = pc.not_equal(projections["position"], DST)
    modelled = pc.and_(modelled, players)
    expected = projections.filter(pc.and_(pc.greater_equal(own, 1.0), modelled))
    # Every stat line has carries or, for kickers, kicking points.
    stats = [expected[name] for name in ("carries", "kicking_points")]
    missing = expected.filter(pc.and_(*(pc.is_null(stat) for stat in stats)))
    return [
        Problem(
            week,
            f"projected players without a stat line: {len(names)}, e.g. {', '.join(names[:3])}",
        )
        for week in weeks_in(missing)
        for names in [sorted(map(str, of_week(missing, week)["player_name"].to_pylist()))]
    ]


def weeks_without_sources(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]
) -> list[Problem]:
    """Return warnings for weeks of the regular season that no other source projects.

    Seasons before the first source are skipped, and so is a season's last week: the only source
    that keeps past weeks never has it.
    """
    seasons = {week.season for week in weeks if week.season >= FIRST_SEASON}
    regular = {week for season in seasons for week in regular_weeks(games, season)}
    last = {week.season: week for week in sorted(regular)}
    covered = {*weeks_in(rows), *last.values()}
    return [
        Problem(week, "the week has games, but no source has projections for it", serious=False)
        for week in sorted(regular & set(weeks) - covered)
    ]


def same_projections(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return warnings about sources that repeat their week before or equal another source.

    Args:
        rows: keys and `COMPARED` columns of `SOURCE_PROJECTIONS`; latest statements count.
        past: the same columns of the weeks before.
    """
    weeks = weeks_in(rows)
    statements = latest_statements(pa.concat_tables([past, rows.select(past.column_names)]))
    stale, equal = find_stale_sources(statements), find_equal_sources(statements)
    repeats = [
        (week, f"{source} repeats its projections of the week before: its file is old")
        for week in weeks
        for source in stale.get(week, [])
    ]
    copies = [
        (week, f"{other} has the same projections as {one}: one is a copy")
        for week in weeks
        for one, other in equal.get(week, [])
    ]
    return [Problem(week, text, serious=False) for week, text in repeats + copies]

"""Detect sources that copy another source, and files that repeat the week before.

The consensus, the import's warnings and the checks of the lake use this one detector. Their
thresholds differ because their consequences do: a lost vote, or a warning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.sites import FROZEN
from fantasy_pipeline.lake.duck import arrow, database, query

POINTS = ("points_std", "points_half", "points_ppr")
RANKS = ("ecr", "ecr_sd", "ecr_best", "ecr_worst")
COMPARED = (*POINTS, *RANKS)
"""Columns of `SOURCE_PROJECTIONS` that two independent sources do not share by chance. The
consensus and the import compare points only; the checks compare ranks where points are missing."""


@dataclass(frozen=True)
class Threshold:
    """When two files of projections count as the same.

    Args:
        players: least number of players whom both files project.
        share: least share of those players on whom the files agree.
        apart: points that are less than this apart agree; 0: equal points only.
    """

    players: int
    share: float
    apart: float = 0.0


CONSENSUS_COPY = Threshold(players=50, share=0.98, apart=0.05)
"""A copy loses its vote in the consensus, so nearly every player must agree. Copied points may be
rounded or rescored on the way, which moves them by less than 0.05."""
SAME_FILE = Threshold(players=50, share=0.95)
"""The checks only warn about a repeated or copied file. They compare the numbers as stored: no
rounding, but one player in twenty may have been corrected."""
SAME_POSITION = Threshold(players=10, share=0.95)
"""The import warns about single positions. Two weeks of a position have few players in common, but
in real files at most a sixth of them have equal points in both weeks."""


def find_copies(
    statements: pa.Table, threshold: Threshold = CONSENSUS_COPY
) -> dict[SeasonWeek, dict[str, str]]:
    """Return the sources that copy another source, with their original, by week.

    Of two equal sources the one with frozen files is the original, else the first by name. A copy
    is never an original itself.

    Args:
        statements: `SOURCE_PROJECTIONS` rows, one per source, player and week at most, as
            `as_known_at` returns; only their keys and points are needed.
    """
    found: dict[SeasonWeek, dict[str, str]] = {}
    for week, pairs in _pairs_by_week(statements, threshold, POINTS).items():
        names = {name for pair in pairs for name in pair}
        originals: list[str] = []
        for source in sorted(names, key=lambda name: (name not in FROZEN, name)):
            original = next((name for name in originals if (source, name) in pairs), None)
            if original is None:
                originals.append(source)
            else:
                found.setdefault(week, {})[source] = original
    return found


def find_equal_sources(
    statements: pa.Table, threshold: Threshold = SAME_FILE
) -> dict[SeasonWeek, list[tuple[str, str]]]:
    """Return every pair of sources that project the same, by week; names in order.

    Args:
        statements: as for `find_copies`.
    """
    return {
        week: sorted((one, other) for one, other in pairs if one < other)
        for week, pairs in _pairs_by_week(statements, threshold, COMPARED).items()
    }


def find_stale_sources(
    statements: pa.Table, threshold: Threshold = SAME_FILE
) -> dict[SeasonWeek, list[str]]:
    """Return the sources whose projections repeat their week before, by week.

    Args:
        statements: as for `find_copies`, of the weeks in question and the week before each.
    """
    found: dict[SeasonWeek, list[str]] = defaultdict(list)
    for week, source, _, _ in _same_files(statements, threshold, COMPARED, weeks_back=1):
        found[week].append(source)
    return dict(found)


def find_stale(
    statements: pa.Table, threshold: Threshold = SAME_POSITION
) -> dict[SeasonWeek, dict[str, list[str]]]:
    """Return the positions whose projections repeat the week before, by week and source.

    NFL.com publishes one file per position, and a single one of them may be old.

    Args:
        statements: as for `find_stale_sources`.
    """
    found: dict[SeasonWeek, dict[str, list[str]]] = {}
    same = _same_files(statements, threshold, POINTS, weeks_back=1, parts=statements["position"])
    for week, source, _, position in same:
        found.setdefault(week, {}).setdefault(source, []).append(position)
    return found


def _pairs_by_week(
    statements: pa.Table, threshold: Threshold, columns: Sequence[str]
) -> dict[SeasonWeek, set[tuple[str, str]]]:
    """Return the pairs of equal sources by week, each pair in both directions."""
    pairs: dict[SeasonWeek, set[tuple[str, str]]] = defaultdict(set)
    for week, source, other, _ in _same_files(statements, threshold, columns, weeks_back=0):
        pairs[week].add((source, other))
    return pairs


def _same_files(
    statements: pa.Table,
    threshold: Threshold,
    columns: Sequence[str],
    weeks_back: int,
    parts: pa.ChunkedArray | None = None,
) -> list[tuple[SeasonWeek, str, str, str]]:
    """Return week, source, other source and part of every pair of files that are the same.

    Args:
        columns: those of `COMPARED` that count.
        weeks_back: 0: compare two sources in one week; 1: compare a source with its week before.
        parts: the part of the source's week that each row belongs to; None: a week is one file.
    """
    rows = statements.num_rows
    files = statements.select(["season", "week", "source", "player_id"])
    files = files.append_column("part", pa.repeat("", rows) if parts is None else parts)
    for name in COMPARED:
        values = statements[name] if name in columns else pa.nulls(rows, pa.float64())
        files = files.append_column(name, values)
    with database() as connection:
        connection.register("statements", files)
        same = arrow(
            connection,
            query(__package__, "source_agreement"),
            weeks_back=weeks_back,
            players=threshold.players,
            share=threshold.share,
            apart=threshold.apart,
        )
    return [
        (SeasonWeek(row["season"], row["week"]), row["source"], row["other"], row["part"])
        for row in same.to_pylist()
    ]

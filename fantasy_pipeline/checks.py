"""What is checked of each table, before it is written and in the lake: named checks of some rules.

A rule is a pure function that returns the problems it found. Rules of one check share a result:
a backfill of a season has some ten results, not a thousand. Nothing here knows Dagster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fantasy_pipeline import checks_projections as projections
from fantasy_pipeline import checks_schedule as schedule
from fantasy_pipeline import checks_stats as stats
from fantasy_pipeline import tables
from fantasy_pipeline.checks_schedule import Problem
from fantasy_pipeline.contracts import Table
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.season_week import SeasonWeek

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.lake import Lake

SHOWN = 20
"""Problems that a result names; it counts all of them."""


@dataclass(frozen=True)
class Evidence:
    """What rules look at.

    Args:
        rows: the table's rows of `weeks`.
        weeks: weeks under test; none for tables without weeks.
        now: the moment that the run stands for.
        games: the schedule of those weeks' seasons.
        past: the table's rows of up to a season of weeks before, as far as the lake has them.
        beside: rows of other tables of those weeks, by name.
    """

    rows: pa.Table
    weeks: list[SeasonWeek]
    now: datetime
    games: pa.Table
    past: pa.Table
    beside: Mapping[str, pa.Table] = field(default_factory=dict)


Rule = Callable[[Evidence], Iterable[Problem]]


@dataclass(frozen=True)
class Check:
    """Rules with one result.

    Args:
        blocking: rows with a serious problem are not written; where the lake has some all the
            same, nothing is made of them.
        facts: what the result tells beside its problems.
    """

    name: str
    description: str
    rules: Mapping[str, Rule]
    blocking: bool = True
    facts: Callable[[Evidence], Mapping[str, Any]] | None = None

    def result(self, evidence: Evidence) -> Result:
        """Apply every rule."""
        found = {name: sorted(rule(evidence)) for name, rule in self.rules.items()}
        return Result(found, dict(self.facts(evidence)) if self.facts else {})


@dataclass(frozen=True)
class Result:
    """Problems by rule; every rule is named."""

    found: Mapping[str, list[Problem]]
    facts: Mapping[str, Any]

    @property
    def problems(self) -> list[Problem]:
        """All problems, serious ones first."""
        return sorted(
            (problem for problems in self.found.values() for problem in problems),
            key=lambda problem: not problem.serious,
        )

    @property
    def serious(self) -> bool:
        return any(problem.serious for problem in self.problems)

    @property
    def texts(self) -> list[str]:
        """The first problems in words, with the week each is in."""
        return [
            f"{problem.week}: {problem.text}" if problem.week else problem.text
            for problem in self.problems[:SHOWN]
        ]

    @property
    def failing_weeks(self) -> list[SeasonWeek]:
        return sorted({problem.week for problem in self.problems if problem.week})


@dataclass(frozen=True)
class TableChecks:
    """Checks of a table, and what of the lake they read.

    Args:
        columns: columns read; empty: all.
        has_past: whether weeks before are read, too.
        beside: other tables, and their columns.
    """

    table: Table
    checks: tuple[Check, ...]
    columns: tuple[str, ...] = ()
    has_past: bool = False
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def refuse_wrong(
        self, lake: Lake, rows: pa.Table, weeks: list[SeasonWeek], now: datetime
    ) -> None:
        """Raise if a blocking check finds rows wrong that are to be written.

        Args:
            rows: as `Table.checked` returns them, of `weeks`.

        Raises:
            PipelineError: the checks, the week of each, and what is wrong.
        """
        evidence = self.evidence(lake, weeks, now, rows)
        results = {check.name: check.result(evidence) for check in self.checks if check.blocking}
        wrong = []
        for name, result in results.items():
            if result.serious:
                more = len(result.problems) - 1
                text = f"{name}: {self.table.name} {result.texts[0]}"
                wrong.append(f"{text} (and {more} more problems)" if more else text)
        if wrong:
            raise PipelineError(
                f"{' | '.join(wrong)}. Nothing was written. Upstream is wrong or not whole yet: "
                "run again later."
            )

    def evidence(
        self,
        lake: Lake,
        weeks: list[SeasonWeek],
        now: datetime,
        rows: pa.Table | None = None,
    ) -> Evidence:
        """Read what the rules need: of each file once, and only the columns they name.

        Args:
            rows: of those weeks; default: the lake's.

        Raises:
            NotMaterializedError: the table, or a week, is not in the lake.
        """
        names = list(self.columns) or None
        if rows is None:
            rows = lake.read(self.table, weeks if self.table.weekly else None, names)
        elif names:
            rows = rows.select(names)
        past = rows.slice(0, 0)
        if self.has_past:
            first = weeks[0]
            earliest = SeasonWeek(first.season - 1, first.week)
            before = [week for week in lake.weeks(self.table) if earliest <= week < first]
            past = lake.read(self.table, before, names)
        beside = {
            name: lake.read(tables.BY_NAME[name], weeks, columns)
            for name, columns in self.beside.items()
        }
        games = rows if self.table is tables.GAMES else _games_of(lake, weeks)
        return Evidence(rows, weeks, now, games, past, beside)


def _games_of(lake: Lake, weeks: list[SeasonWeek]) -> pa.Table:
    """The schedule of the weeks' seasons: Python looks at each game of it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    games = lake.read(tables.GAMES)
    seasons = pa.array(sorted({week.season for week in weeks}), games["season"].type)
    return games.filter(pc.is_in(games["season"], seasons))


def _contract(table: Table, columns: tuple[str, ...] = ()) -> Rule:
    """Rule that the values in the lake are those that the contract allows."""
    part = tuple(column for column in table.columns if not columns or column.name in columns)
    contract = Table(table.name, table.description, table.key, part, table.weekly)
    return lambda evidence: [Problem(None, text) for text in contract.violations(evidence.rows)]


def _keys(table: Table) -> Rule:
    """Rule that no key repeats, across weeks either."""
    return lambda evidence: (
        [Problem(None, text)] if (text := table.repeated_keys(evidence.rows)) else []
    )


_STATS = tuple(
    dict.fromkeys(
        (
            *tables.PLAYER_WEEK,
            *("player_name", "team", "opponent"),
            *("fantasy_points", "fantasy_points_ppr"),
            *("upstream_fantasy_points", "upstream_fantasy_points_ppr"),
            *(name for pair in stats.PARTS for name in pair),
            *stats.LINE,
            *("rushing_tds", "receiving_tds", "target_share", "receiving_yards"),
        )
    )
)
_PLAYERS = (
    *tables.PLAYER_WEEK,
    *("player_name", "position", "team", "opponent", "on_bye", "roster_status", "roster_source"),
    *("snap_share", *projections.PLATFORMS),
)
_ROSTER = (*tables.PLAYER_WEEK, "position", "roster_source", "on_bye")


def _projected(table: Table, label: str) -> TableChecks:
    return TableChecks(
        table,
        (
            Check(
                f"{table.name}_complete",
                f"{label}: every rostered fantasy player not on a bye has a row; no NaN; "
                "p10 <= p50 <= p90; points are what the stat line comes to.",
                {
                    "keys": _keys(table),
                    "contract": _contract(table),
                    "everybody": lambda e: projections.not_projected(
                        e.rows, e.beside["raw_players"]
                    ),
                    "quantiles": lambda e: projections.crossed_quantiles(e.rows),
                    "stat_line": lambda e: projections.other_than_the_line(e.rows),
                },
            ),
        ),
        beside={"raw_players": _ROSTER},
    )


GAMES = TableChecks(
    tables.GAMES,
    (
        Check(
            "games_sound",
            "A team plays one game a week, against another, and both have a score or neither; "
            "teams play as many games as the others.",
            {
                "keys": _keys(tables.GAMES),
                "contract": _contract(tables.GAMES),
                "one_game_a_week": lambda e: schedule.odd_schedule(e.rows),
                "even": lambda e: schedule.uneven_schedule(e.rows),
            },
        ),
    ),
)

RAW_PLAYERS = TableChecks(
    tables.RAW_PLAYERS,
    (
        Check(
            "raw_players_against_schedule",
            "Every team with a game has players; opponents and byes are the schedule's.",
            {
                "keys": _keys(tables.RAW_PLAYERS),
                "contract": _contract(tables.RAW_PLAYERS, _PLAYERS),
                "teams": lambda e: schedule.absent_teams(e.rows, e.games, e.weeks, e.now, False),
                "opponents": lambda e: schedule.wrong_opponents(e.rows, e.games, e.weeks),
                "byes": lambda e: schedule.wrong_byes(e.rows, e.games, e.weeks),
            },
        ),
        Check(
            "raw_players_ids",
            "Active fantasy players have the ids of the fantasy platforms; those without are "
            "listed.",
            {"mapped": lambda e: projections.unmapped_players(e.rows)},
            blocking=False,
            facts=lambda e: {
                "coverage": projections.id_coverage(e.rows),
                "without": projections.unmapped_names(e.rows),
            },
        ),
    ),
    _PLAYERS,
)

WEEKLY_STATS = TableChecks(
    tables.WEEKLY_STATS,
    (
        Check(
            "weekly_stats_against_schedule",
            "Every team that played has stat lines, none has on a bye; opponents are the "
            "schedule's; nobody plays for another team than his roster's; no team's lines score "
            "more than the team did. A team whose lines are still to come is a warning for a week.",
            {
                "keys": _keys(tables.WEEKLY_STATS),
                "teams": lambda e: schedule.absent_teams(e.rows, e.games, e.weeks, e.now, True),
                "byes": lambda e: schedule.not_scheduled(e.rows, e.games, e.weeks),
                "opponents": lambda e: schedule.wrong_opponents(e.rows, e.games, e.weeks),
                "one_team": lambda e: schedule.on_two_teams(e.rows, e.beside["raw_players"]),
                "score": lambda e: stats.beyond_the_score(e.rows, e.games),
            },
        ),
        Check(
            "weekly_stats_bounds",
            "Stats are within what one game can hold, shares within 0-1, parts no more than the "
            "whole; lines are of a week, not of a season, and not another week's.",
            {
                "contract": _contract(tables.WEEKLY_STATS, _STATS),
                "parts": lambda e: stats.beyond_the_whole(e.rows),
                "weekly": lambda e: stats.season_totals(e.rows, e.past),
                "copied": lambda e: stats.copied_weeks(e.rows, e.past),
            },
        ),
        Check(
            "points_match_upstream",
            "Points by our scoring equal upstream's own, to 0.01, in every stat line; a few that "
            "do not are a warning.",
            {"points": lambda e: stats.other_points(e.rows)},
            facts=lambda e: {"rows": e.rows.num_rows},
        ),
        Check(
            "weekly_stats_anomalies",
            "Stat lines, points and passing yards per team are what they were in the season "
            "before.",
            {"trailing": lambda e: stats.anomalies(e.rows, e.past)},
            blocking=False,
        ),
    ),
    _STATS,
    has_past=True,
    beside={"raw_players": (*tables.PLAYER_WEEK, "team", "roster_source")},
)

SOURCE_PROJECTIONS = TableChecks(
    tables.SOURCE_PROJECTIONS,
    (
        Check(
            "source_projections_fresh",
            "No source repeats its week before, or another source.",
            {
                "keys": _keys(tables.SOURCE_PROJECTIONS),
                "copies": lambda e: projections.same_projections(e.rows, e.past),
            },
        ),
    ),
    (*tables.SOURCE_PROJECTIONS.key, *projections.SAID),
    has_past=True,
)

ALL_CHECKS = (
    GAMES,
    RAW_PLAYERS,
    WEEKLY_STATS,
    SOURCE_PROJECTIONS,
    _projected(tables.MODEL_PROJECTIONS, "Our model"),
    _projected(tables.PROJECTIONS, "Consensus"),
)
BY_TABLE = {part.table.name: part for part in ALL_CHECKS}

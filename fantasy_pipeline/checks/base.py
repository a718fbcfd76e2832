"""Define what a check is: named rules over a table's rows, before a write and in the lake.

A rule is a pure function that returns the problems it found, in all weeks of a run at once. The
rules of one check share a result, which is then split by week.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.team_games import covered_games
from fantasy_pipeline.lake.reads import Reads

SEASON_OF_WEEKS = 23
"""Weeks of a season, and the one that they are compared with."""
SHOWN = 20
"""Problems that a result lists; it counts all of them."""
WRONG_UPSTREAM = "The upstream data are wrong or still incomplete: re-run later."
"""Advice of every refusal of a check."""
ENFORCED = ("keys", "contract")
"""Rules that `Table.validated` has already applied to rows that are about to be written."""

Facts = Mapping[str, str | int | float | dict[str, float] | dict[str, str]]
"""Metadata that a result has in addition to its problems."""


class Problem(NamedTuple):
    """One problem that a rule found; `serious` if it would mislead readers of the table."""

    week: SeasonWeek | None
    text: str
    serious: bool = True


class NotCompared(NamedTuple):
    """Weeks that a rule could not compare with anything, and the reason."""

    weeks: list[SeasonWeek]
    reason: str


@dataclass(frozen=True)
class Evidence:
    """The tables that rules look at.

    Args:
        rows: the table's rows of `weeks`.
        weeks: weeks under test; empty for tables without weeks.
        now: the moment that the run stands for.
        games: the schedule of the seasons of those weeks.
        past: the table's stored rows of some weeks before `weeks`, perhaps with fewer columns.
        other_tables: rows of other tables of those weeks, by table name.
    """

    rows: pa.Table
    weeks: list[SeasonWeek]
    now: datetime
    games: pa.Table
    past: pa.Table
    other_tables: Mapping[str, pa.Table] = field(default_factory=dict)

    @cached_property
    def covered_games(self) -> pa.Table:
        """The schedule; of weeks in progress, only the games that are over."""
        return covered_games(self.games, self.weeks, self.now)

    def of_week(self, week: SeasonWeek) -> Evidence:
        """Return the evidence with the table's rows of one of its weeks only."""
        return replace(self, rows=of_week(self.rows, week), weeks=[week])


Rule = Callable[[Evidence], Iterable[Problem]]


@dataclass(frozen=True)
class Check:
    """Rules that share one result.

    Args:
        blocking: a serious problem stops the write; in the lake, it stops the assets downstream.
        facts: returns metadata that the result shows beside its problems.
        not_compared: by rule, a function that returns the weeks that the rule cannot compare; a
            rule that compared no week at all has no result.
    """

    name: str
    description: str
    rules: Mapping[str, Rule]
    blocking: bool = True
    facts: Callable[[Evidence], Facts] | None = None
    not_compared: Mapping[str, Callable[[Evidence], NotCompared]] = field(default_factory=dict)

    def result(self, evidence: Evidence, passed: Container[str] = ()) -> Result:
        """Apply the rules; those named in `passed` are known to find nothing."""
        found: dict[str, list[Problem]] = {
            name: [] if name in passed else sorted(rule(evidence))
            for name, rule in self.rules.items()
        }
        skipped = {name: skips(evidence) for name, skips in self.not_compared.items()}
        whole = self._result(evidence, found, skipped)
        return replace(
            whole,
            by_week={
                week: self._result(self._of_week(evidence, week), found, skipped)
                for week in evidence.weeks
            },
        )

    def _of_week(self, evidence: Evidence, week: SeasonWeek) -> Evidence:
        """Return the evidence of one week; only facts look at the rows again."""
        return evidence.of_week(week) if self.facts else replace(evidence, weeks=[week])

    def _result(
        self,
        evidence: Evidence,
        found: Mapping[str, list[Problem]],
        skipped: Mapping[str, NotCompared],
    ) -> Result:
        """Return the part of a result that is about the weeks of the evidence."""
        weeks = {None, *evidence.weeks}
        part = {
            name: [problem for problem in problems if not evidence.weeks or problem.week in weeks]
            for name, problems in found.items()
        }
        facts = dict(self.facts(evidence)) if self.facts else {}
        for name, (not_compared, reason) in skipped.items():
            missing = [week for week in not_compared if week in weeks]
            if not missing:
                continue
            facts["not compared"] = f"{name}: {', '.join(map(str, missing[:SHOWN]))}: {reason}"
            if set(missing) == set(evidence.weeks):
                del part[name]
        return Result(part, facts)


@dataclass(frozen=True)
class Result:
    """The problems by rule; a rule that compared rows and found nothing has an empty list.

    Args:
        by_week: the result of each week; empty for tables without weeks and for one week's result.
    """

    found: Mapping[str, list[Problem]]
    facts: Facts
    by_week: Mapping[SeasonWeek, Result] = field(default_factory=dict)

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
        """The first `SHOWN` problems in words, each with its week."""
        return [
            f"{problem.week}: {problem.text}" if problem.week else problem.text
            for problem in self.problems[:SHOWN]
        ]

    @property
    def failing_weeks(self) -> list[SeasonWeek]:
        return sorted({problem.week for problem in self.problems if problem.week})


def merged(results: Sequence[Result]) -> Result:
    """Return the problems of several results of one check; the facts are the number of weeks."""
    found: dict[str, list[Problem]] = {}
    for result in results:
        for name, problems in result.found.items():
            found.setdefault(name, []).extend(problems)
    return Result(found, {"weeks": sum(len(result.by_week) for result in results)})


@dataclass(frozen=True)
class TableChecks:
    """The checks of one table, and the lake columns that they read.

    Args:
        columns: columns of the table to read; empty: all.
        past_weeks: how many weeks before the weeks under test to read, at most a season of them.
        past_columns: columns to read of those weeks; empty: `columns`.
        other_tables: columns to read of other tables, by table name.
        optional_tables: the same of tables that may lack some of the weeks.
    """

    table: Table
    checks: tuple[Check, ...]
    columns: tuple[str, ...] = ()
    past_weeks: int = 0
    past_columns: tuple[str, ...] = ()
    other_tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional_tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def results(self, evidence: Evidence, written: bool = False) -> Mapping[str, Result]:
        """Return the result of each check, by its name.

        Args:
            written: the rows were just accepted by `Table.validated`, which applies `ENFORCED`.
        """
        passed = ENFORCED if written else ()
        return {check.name: check.result(evidence, passed) for check in self.checks}

    def refused_weeks(self, results: Mapping[str, Result]) -> dict[SeasonWeek, str]:
        """Return the weeks with a serious problem of a blocking check, each with its problems.

        Raises:
            PipelineError: a serious problem belongs to no single week.
        """
        failed = [result for result in self._blocking(results) if result.serious]
        if any(problem.serious and problem.week is None for r in failed for problem in r.problems):
            self.refuse_wrong(results)
        weeks = sorted({p.week for r in failed for p in r.problems if p.serious and p.week})
        of_weeks = {
            week: self._failures({name: result.by_week[week] for name, result in results.items()})
            for week in weeks
        }
        return {week: f"{' | '.join(texts)}. {WRONG_UPSTREAM}" for week, texts in of_weeks.items()}

    def refuse_wrong(self, results: Mapping[str, Result]) -> None:
        """Raise if a blocking check found a serious problem in rows that are about to be written.

        Raises:
            PipelineError: names each failed check, the week and the first problem.
        """
        if failed := self._failures(results, named=True):
            raise PipelineError(f"{' | '.join(failed)}. Nothing was written. {WRONG_UPSTREAM}")

    def _blocking(self, results: Mapping[str, Result]) -> list[Result]:
        return [results[check.name] for check in self.checks if check.blocking]

    def _failures(self, results: Mapping[str, Result], named: bool = False) -> list[str]:
        """Return each failed blocking check with its first problem.

        Args:
            named: name the table and the week, too.
        """
        failed = []
        for check in self.checks:
            result = results[check.name]
            if check.blocking and result.serious:
                more = len(result.problems) - 1
                first = f"{self.table.name} {result.texts[0]}" if named else result.problems[0].text
                text = f"{check.name}: {first}"
                plural = "s" if more > 1 else ""
                failed.append(f"{text} (and {more} more problem{plural})" if more else text)
        return failed

    def evidence(
        self,
        lake: Reads,
        weeks: list[SeasonWeek],
        now: datetime,
        rows: pa.Table | None = None,
    ) -> Evidence:
        """Read the tables that the rules need; each file once, and only the named columns.

        Args:
            rows: the table's rows of those weeks; default: the stored ones.

        Raises:
            NotMaterializedError: the table, or one of the weeks, is not in the lake.
        """
        names = list(self.columns) or None
        if rows is None:
            rows = lake.read(self.table, weeks if self.table.weekly else None, names)
        elif names:
            rows = rows.select(names)
        past_names = list(self.past_columns) or names or self.table.column_names
        past = rows.slice(0, 0).select(past_names)
        if self.past_weeks:
            first = weeks[0]
            earliest = SeasonWeek(first.season - 1, first.week)
            before = [week for week in lake.weeks(self.table) if earliest <= week < first]
            past = lake.read(self.table, before[-self.past_weeks :], past_names)
        other_tables = {
            name: lake.read(tables.BY_NAME[name], weeks, columns)
            for name, columns in self.other_tables.items()
        }
        for name, columns in self.optional_tables.items():
            table = tables.BY_NAME[name]
            stored = set(lake.weeks(table)).intersection(weeks)
            nothing = table.arrow_schema.empty_table().select(list(columns))
            other_tables[name] = lake.read(table, sorted(stored), columns) if stored else nothing
        games = rows if self.table is tables.GAMES else _games_of(lake, weeks)
        return Evidence(rows, weeks, now, games, past, other_tables)


def _games_of(lake: Reads, weeks: list[SeasonWeek]) -> pa.Table:
    """Return the schedule of the weeks' seasons only: rules loop over its games in Python."""
    games = lake.read(tables.GAMES)
    seasons = pa.array(sorted({week.season for week in weeks}), games["season"].type)
    return games.filter(pc.is_in(games["season"], seasons))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two columns, (rows,); 0 if one of them is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])

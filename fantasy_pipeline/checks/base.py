"""What a check is: named rules over a table's rows, before they are written and in the lake.

A rule is a pure function that returns the problems it found. Rules of one check share a result:
a backfill of a season has some ten results, not a thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.lake import Lake

SHOWN = 20
"""Problems that a result names; it counts all of them."""
ENFORCED = ("keys", "contract")
"""Rules that `Table.checked` has applied to what is to be written."""


class Problem(NamedTuple):
    """What a rule found: in which week, in words, and whether readers would be misled."""

    week: SeasonWeek | None
    text: str
    serious: bool = True


class NotCompared(NamedTuple):
    """Weeks that a rule could not look at, and why."""

    weeks: list[SeasonWeek]
    reason: str


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
        without: by rule, the weeks that it has nothing to compare with, and why: a rule that
            looked at no week at all has no result.
    """

    name: str
    description: str
    rules: Mapping[str, Rule]
    blocking: bool = True
    facts: Callable[[Evidence], Mapping[str, Any]] | None = None
    without: Mapping[str, Callable[[Evidence], NotCompared]] = field(default_factory=dict)

    def result(self, evidence: Evidence, omit: Container[str] = ()) -> Result:
        """Apply every rule but those named in `omit`."""
        found = {
            name: sorted(rule(evidence)) for name, rule in self.rules.items() if name not in omit
        }
        facts = dict(self.facts(evidence)) if self.facts else {}
        for name, weeks_without in self.without.items():
            weeks, reason = weeks_without(evidence)
            if not weeks:
                continue
            facts["not compared"] = f"{name}: {', '.join(map(str, weeks[:SHOWN]))}: {reason}"
            if set(weeks) == set(evidence.weeks):
                del found[name]
        return Result(found, facts)


@dataclass(frozen=True)
class Result:
    """Problems by rule; every rule that looked at something is named."""

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
            rows: as `Table.checked` found them good, of `weeks`.

        Raises:
            PipelineError: the checks, the week of each, and what is wrong.
        """
        evidence = self.evidence(lake, weeks, now, rows)
        results = {
            check.name: check.result(evidence, omit=ENFORCED)
            for check in self.checks
            if check.blocking
        }
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

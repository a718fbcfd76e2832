"""Build `source_projections`: ask the sources about some weeks and add their answers to the record.

This module decides which source is asked about which week, and what a missing answer means. A
site's format belongs in `ingest/sites`, the rules of the record in `ingest/projection_record.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import PipelineError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.calendar import ScheduledWeek, games_from_table, season_schedule
from fantasy_pipeline.football.season_week import ranges
from fantasy_pipeline.football.tables import PLAYER_WEEK, SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.projections import SHOWN_SINCE
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.projection_record import (
    MAX_MISSING_SHARE,
    as_known_at,
    merge_snapshot,
    missing_players,
)
from fantasy_pipeline.ingest.sites import FROZEN
from fantasy_pipeline.ingest.sites.base import ProjectionSource, SourceResponse, unusable
from fantasy_pipeline.ingest.source_copies import find_copies, find_stale

MIN_PLAYERS = 20
"""Least number of stored players of a source and week to judge an answer by those it lacks."""


@dataclass
class FetchResult:
    """The record of some weeks of a season after a fetch, and its gaps.

    Args:
        table: `SOURCE_PROJECTIONS` rows.
        warnings: gaps and oddities, one line per source.
        present: by week, sources in the record.
        missing: by week, sources that cover the week and are not in the record.
        failed: by week, sources whose download failed now; the record may have older statements.
        late: by week, sources whose statements were all made after kick-off and do not count.
        shown_since: by week, archives whose statements were made after kick-off and count.
        copies: by week, sources that copy another source, and their original.
    """

    table: pa.Table
    warnings: list[str] = field(default_factory=list)
    present: dict[int, list[str]] = field(default_factory=dict)
    missing: dict[int, list[str]] = field(default_factory=dict)
    failed: dict[int, list[str]] = field(default_factory=dict)
    late: dict[int, list[str]] = field(default_factory=dict)
    shown_since: dict[int, list[str]] = field(default_factory=dict)
    copies: dict[int, dict[str, str]] = field(default_factory=dict)

    def metadata(self, week: int) -> dict[str, str]:
        """Return one week's sources and gaps by label; labels without content are left out."""
        facts = {
            "sources": ", ".join(self.present.get(week, [])) or "none",
            "sources missing": ", ".join(self.missing.get(week, [])),
            "sources failed": ", ".join(self.failed.get(week, [])),
            "sources late": ", ".join(self.late.get(week, [])),
            "sources as shown since": ", ".join(self.shown_since.get(week, [])),
            "copies": ", ".join(
                f"{copy} = {original}" for copy, original in self.copies.get(week, {}).items()
            ),
        }
        return {name: text for name, text in facts.items() if text}


@dataclass
class _Answers:
    """The sources' answers about some weeks, by source name.

    Args:
        covered: weeks that each source covers, whether it was asked or not.
        failed: weeks whose download failed, with the error.
        parts: `SOURCE_PROJECTIONS` rows of one source and week each; all of them are usable.
        answered: sources with a usable week.
        warnings: gaps and oddities.
    """

    covered: dict[str, set[int]] = field(default_factory=dict)
    failed: dict[str, dict[int, SourceError]] = field(default_factory=dict)
    parts: list[pa.Table] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)


def source_projections(
    sources: Sequence[ProjectionSource],
    raw_players: pa.Table,
    games: pa.Table,
    stored: pa.Table,
    season: int,
    weeks: Sequence[int],
    now: datetime,
    before: pa.Table | None = None,
) -> FetchResult:
    """Ask each source about the weeks of a season that it covers, and return the new record.

    A week whose games have all kicked off is asked about once: later statements are all late.

    Args:
        sources: one adapter per site.
        raw_players: names, positions, teams and ids of `RAW_PLAYERS` of those weeks.
        games: `GAMES`.
        stored: the record of those weeks so far, `SOURCE_PROJECTIONS`.
        now: the moment that decides which weeks are over, UTC.
        before: the record of the weeks before those, to find files that repeat them.

    Raises:
        SourceError: a week has no statement of any source, and a source failed that should have
            had one; see `_require_some_source`.
    """
    of_season = games.filter(pc.equal(games["season"], season))
    schedule = season_schedule(games_from_table(of_season), season, now)
    wanted = [schedule[week] for week in weeks if week in schedule]
    answers = _ask(sources, raw_players, stored, season, wanted)
    stated = pa.concat_tables([SOURCE_PROJECTIONS.arrow_schema.empty_table(), *answers.parts])
    table = merge_snapshot(stored, stated, _kickoffs(games, raw_players))
    result = FetchResult(table, answers.warnings)
    _describe(result, answers, wanted)
    result.warnings += _stale_files(table, before, weeks)
    for week in wanted:
        _require_some_source(result, answers, week)
    return result


def _ask(
    sources: Sequence[ProjectionSource],
    raw_players: pa.Table,
    stored: pa.Table,
    season: int,
    wanted: Sequence[ScheduledWeek],
) -> _Answers:
    """Ask each source about the weeks that it covers and that may have news."""
    answers = _Answers()
    for source in sources:
        covered = [week for week in wanted if source.covers(week)]
        answers.covered[source.name] = {week.at.week for week in covered}
        recorded = _weeks_of(stored, source.name)
        due = [
            week
            for week in covered
            if source.frozen or not (week.all_kicked_off and week.at.week in recorded)
        ]
        if not due:
            continue
        response = _drop_invalid_weeks(source.fetch(due, raw_players), source.name)
        answers.failed[source.name] = response.failed
        usable = _drop_broken_weeks(response, stored, source.name, answers.warnings)
        if usable:
            answers.answered.add(source.name)
        answers.parts += usable
        answers.warnings += _gaps(source.name, season, response)
        answers.warnings += response.warnings
    return answers


def _weeks_of(table: pa.Table, source: str) -> set[int]:
    return set(pc.unique(table.filter(pc.equal(table["source"], source))["week"]).to_pylist())


def _drop_invalid_weeks(response: SourceResponse, source: str) -> SourceResponse:
    """Return a response in parts of one week each, without weeks that break the table's contract.

    A value out of range in one source's file must not stop the write of the other sources.
    """
    try:
        shaped = map(SOURCE_PROJECTIONS.shaped, response.parts)
        all_weeks = pa.concat_tables([SOURCE_PROJECTIONS.arrow_schema.empty_table(), *shaped])
        rows = SOURCE_PROJECTIONS.validated(all_weeks).rows
        weekly = [of_week(rows, week) for week in weeks_in(rows)]
    except PipelineError:
        weekly = [of_week(part, week) for part in response.parts for week in weeks_in(part)]
        valid = (_valid(part, source, response) for part in weekly)
        weekly = [part for part in valid if part is not None]
    return replace(response, parts=weekly)


def _valid(part: pa.Table, source: str, response: SourceResponse) -> pa.Table | None:
    """Return the rows of one week of an answer; None, and a failure, if they break the contract."""
    try:
        return SOURCE_PROJECTIONS.validated(part).rows
    except PipelineError as error:
        [week] = weeks_in(part)
        cause = f"the answer breaks the contract of {str(error).rstrip('.')}"
        response.failed[week.week] = unusable(source, week, cause)
        return None


def _drop_broken_weeks(
    response: SourceResponse, stored: pa.Table, source: str, warnings: list[str]
) -> list[pa.Table]:
    """Return a response's weeks without those that lack most stored players; add a warning each."""
    usable = []
    recorded = stored.filter(pc.equal(stored["source"], source))
    for part in response.parts:
        (week,) = weeks_in(part)
        missing, expected = missing_players(of_week(recorded, week), part)
        if expected >= MIN_PLAYERS and missing > expected * MAX_MISSING_SHARE:
            warnings.append(
                f"{source} {week}: {missing} of {expected} players are gone from its answer, so "
                "the answer counts as broken and the record stays as it was. Run the week again"
            )
            continue
        usable.append(part)
    return usable


def _gaps(source: str, season: int, response: SourceResponse) -> list[str]:
    """Return one warning about the weeks without projections, and one about those that failed."""
    failed = {week: f"{e.cause}. {e.advice}" for week, e in response.failed.items()}
    warnings = []
    for verb, reasons in (("has nothing about", response.absent), ("failed for", failed)):
        if reasons:
            first = reasons[min(reasons)]
            warnings.append(f"{source} {season}: {verb} week {ranges(reasons)}: {first}")
    return warnings


def _stale_files(table: pa.Table, before: pa.Table | None, weeks: Sequence[int]) -> list[str]:
    """Return one warning per source and week in which some positions repeat the week before."""
    both = table if before is None else pa.concat_tables([before, table])
    return [
        f"{source} {week}: its {', '.join(positions)} projections are those of the week before: "
        "the file is old. Run the week again when upstream has the right one"
        for week, sources in find_stale(as_known_at(both)).items()
        if week.week in weeks
        for source, positions in sources.items()
    ]


def _kickoffs(games: pa.Table, raw_players: pa.Table) -> pa.Table:
    """Return season, week, player_id and kick-off of every player who has a game."""
    keys = ["season", "week", "team"]
    kickoffs = team_games(games).select([*keys, "kickoff"])
    players = raw_players.select([*PLAYER_WEEK, "team"])
    both = players.join(kickoffs, keys, join_type="inner")
    return both.select([*PLAYER_WEEK, "kickoff"])


def _describe(result: FetchResult, answers: _Answers, wanted: Sequence[ScheduledWeek]) -> None:
    """Fill in the sources that are present, missing, failed, late, shown since or copies."""
    for source, errors in answers.failed.items():
        for week in errors:
            result.failed.setdefault(week, []).append(source)
    in_time = as_known_at(result.table)
    since = in_time.filter(pc.equal(in_time["basis"], SHOWN_SINCE))
    copies = find_copies(in_time)
    for scheduled in wanted:
        week = scheduled.at.week
        present = _sources_of(result.table, week)
        known_in_time = _sources_of(in_time, week)
        result.present[week] = present
        result.late[week] = [name for name in present if name not in known_in_time]
        result.shown_since[week] = _sources_of(since, week)
        result.missing[week] = [
            name for name, weeks in answers.covered.items() if week in weeks and name not in present
        ]
        result.copies[week] = copies.get(scheduled.at, {})


def _sources_of(table: pa.Table, week: int) -> list[str]:
    return sorted(pc.unique(table.filter(pc.equal(table["week"], week))["source"]).to_pylist())


def _require_some_source(result: FetchResult, answers: _Answers, week: ScheduledWeek) -> None:
    """Raise the sources' errors if the record has no statement about a week that should have one.

    Before the week's last kick-off, every source should have one. Later, only a source with frozen
    files must still have one. If it delivers other weeks in this run and a broken file of this
    week, it leaves a gap without an error, so that the other weeks are stored.
    """
    number = week.at.week
    if result.present[number]:
        return

    def matters(name: str, error: SourceError) -> bool:
        if not week.all_kicked_off:
            return True
        broken_file = isinstance(error, UnusableAnswerError) and name in answers.answered
        return name in FROZEN and not broken_file

    errors = [
        errors[number]
        for name, errors in answers.failed.items()
        if number in errors and matters(name, errors[number])
    ]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SourceError(
            "source_projections",
            "every source failed: " + "; ".join(f"{e.dataset}: {e.cause}" for e in errors),
            errors[0].advice,
            *week.at,
        )

"""`source_projections`: who is asked about which weeks, and what it means when one does not answer.

What one source says is its adapter's (`sources.projections`), what is kept of it `source_record`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.calendar import ScheduledWeek, games_from_table, season_schedule
from fantasy_pipeline.football.season_week import ranges
from fantasy_pipeline.football.tables import PLAYER_WEEK, SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.projection_record import (
    LEAST_SHARE,
    as_known_at,
    merge_snapshot,
    missing_players,
)
from fantasy_pipeline.ingest.sites import ARCHIVED
from fantasy_pipeline.ingest.sites.base import (
    ProjectionSource,
    SourceResponse,
    unusable,
)
from fantasy_pipeline.ingest.source_copies import find_copies, find_stale

if TYPE_CHECKING:
    import pyarrow as pa

FEW = 20
"""Players of a source and week below which nothing is made of those it leaves out."""


@dataclass
class FetchResult:
    """The record of some weeks of a season, and how whole it is.

    Args:
        table: `SOURCE_PROJECTIONS` rows.
        warnings: gaps and oddities, one line per source.
        present: by week, sources that the record has.
        missing: by week, sources that could have said something and of which the record has
            nothing.
        failed: by week, sources that were asked in vain; the record may have them of before.
        late: by week, sources of which everything was said after kick-off.
        same: by week, sources that copy another, and whom.
    """

    table: pa.Table
    warnings: list[str] = field(default_factory=list)
    present: dict[int, list[str]] = field(default_factory=dict)
    missing: dict[int, list[str]] = field(default_factory=dict)
    failed: dict[int, list[str]] = field(default_factory=dict)
    late: dict[int, list[str]] = field(default_factory=dict)
    same: dict[int, dict[str, str]] = field(default_factory=dict)

    def metadata(self, week: int) -> dict[str, str]:
        """What a reader of one week must know."""
        facts = {
            "sources": ", ".join(self.present.get(week, [])) or "none",
            "sources missing": ", ".join(self.missing.get(week, [])),
            "sources failed": ", ".join(self.failed.get(week, [])),
            "sources late": ", ".join(self.late.get(week, [])),
            "copies": ", ".join(
                f"{one} = {other}" for one, other in self.same.get(week, {}).items()
            ),
        }
        return {name: text for name, text in facts.items() if text}


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
    """Ask every source that can say something about some weeks of a season; add it to the record.

    A week whose games have all kicked off is asked about once: nothing said later was said before.

    Args:
        raw_players: names, positions, teams and ids of `RAW_PLAYERS` of those weeks.
        games: `GAMES`.
        stored: the record of those weeks so far, `SOURCE_PROJECTIONS`.
        now: the moment that decides which weeks are over.
        before: the record of the weeks before those, to see whether a source repeats itself.

    Raises:
        SourceError: of a week, no source has anything, and one failed that should have; see
            `_refuse_nothing`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    schedule = season_schedule(
        games_from_table(games.filter(pc.equal(games["season"], season))), season, now
    )
    wanted = [schedule[week] for week in weeks if week in schedule]
    told = FetchResult(stored)
    asked: dict[str, dict[int, ScheduledWeek]] = {}
    failed: dict[str, dict[int, SourceError]] = {}
    heard: set[str] = set()
    parts = [SOURCE_PROJECTIONS.arrow_schema.empty_table()]
    for source in sources:
        had = _weeks_of(stored, source.name)
        can = {week.at.week: week for week in wanted if source.covers(week)}
        asked[source.name] = can
        due = [
            w
            for w in can.values()
            if source.archived or not (w.all_kicked_off and w.at.week in had)
        ]
        if not due:
            continue
        answer = _drop_invalid_weeks(source.fetch(due, raw_players), source.name)
        failed[source.name] = answer.failed
        for number in answer.failed:
            told.failed.setdefault(number, []).append(source.name)
        whole = _drop_broken_weeks(answer, stored, source.name, told.warnings)
        if whole:
            heard.add(source.name)
        parts += whole
        told.warnings += _gaps(source.name, season, answer)
        told.warnings += answer.warnings
    told.table = merge_snapshot(stored, pa.concat_tables(parts), _kickoffs(games, raw_players))
    _describe(told, asked, wanted)
    told.warnings += _repeats(told.table, before, weeks)
    for week in wanted:
        _require_some_source(told, failed, heard, week)
    return told


def _weeks_of(table: pa.Table, source: str) -> set[int]:
    import pyarrow.compute as pc

    return set(pc.unique(table.filter(pc.equal(table["source"], source))["week"]).to_pylist())


def _drop_invalid_weeks(answer: SourceResponse, source: str) -> SourceResponse:
    """An answer in parts of one week each, without weeks that break the table's contract: one
    source's 85 points must not keep the others from being written."""
    kept = []
    for part in answer.parts:
        for at in weeks_in(part):
            said = of_week(part, at)
            try:
                kept.append(SOURCE_PROJECTIONS.validated(said).rows)
            except PipelineError as error:
                cause = f"the answer breaks the contract of {str(error).rstrip('.')}"
                answer.failed[at.week] = unusable(source, at, cause)
    return replace(answer, parts=kept)


def _drop_broken_weeks(
    answer: SourceResponse, stored: pa.Table, source: str, warnings: list[str]
) -> list[pa.Table]:
    """The weeks of an answer, without those in which most players have gone missing."""
    import pyarrow.compute as pc

    kept = []
    ours = stored.filter(pc.equal(stored["source"], source))
    for said in answer.parts:
        (at,) = weeks_in(said)
        gone, all_ = missing_players(of_week(ours, at), said)
        if all_ >= FEW and gone > all_ * LEAST_SHARE:
            warnings.append(
                f"{source} {at}: {gone} of {all_} players are gone from its "
                "answer, which is taken for broken; the record stays as it was"
            )
            continue
        kept.append(said)
    return kept


def _gaps(source: str, season: int, answer: SourceResponse) -> list[str]:
    """One line about the weeks without an answer, one about those that failed."""
    out = []
    for verb, reasons in (
        ("has nothing about", answer.absent),
        ("failed for", {w: f"{e.cause}. {e.advice}" for w, e in answer.failed.items()}),
    ):
        if reasons:
            week = min(reasons)
            out.append(f"{source} {season}: {verb} week {ranges(reasons)}: {reasons[week]}")
    return out


def _repeats(table: pa.Table, before: pa.Table | None, weeks: Sequence[int]) -> list[str]:
    """One line per week of a source whose files of some positions are those of the week before."""
    import pyarrow as pa

    both = table if before is None else pa.concat_tables([before, table])
    return [
        f"{source} {at}: its {', '.join(positions)} projections are those of the week before: "
        "the file is old. Run the week again when upstream has the right one"
        for at, sources in find_stale(as_known_at(both)).items()
        if at.week in weeks
        for source, positions in sources.items()
    ]


def _kickoffs(games: pa.Table, raw_players: pa.Table) -> pa.Table:
    """Kick-off of every player who has a game."""
    keys = ["season", "week", "team"]
    kickoffs = team_games(games).select([*keys, "kickoff"])
    players = raw_players.select([*PLAYER_WEEK, "team"])
    both = players.join(kickoffs, keys, join_type="inner")
    return both.select([*PLAYER_WEEK, "kickoff"])


def _describe(
    told: FetchResult, asked: dict[str, dict[int, ScheduledWeek]], wanted: Sequence[ScheduledWeek]
) -> None:
    """Who is present, missing, late or a copy, week by week."""
    in_time = as_known_at(told.table)
    copies = find_copies(in_time)
    for week in wanted:
        number = week.at.week
        present = _sources_of(told.table, number)
        on_time = _sources_of(in_time, number)
        told.present[number] = present
        told.late[number] = [name for name in present if name not in on_time]
        told.missing[number] = [
            name for name, weeks in asked.items() if number in weeks and name not in present
        ]
        told.same[number] = copies.get(week.at, {})


def _sources_of(table: pa.Table, week: int) -> list[str]:
    import pyarrow.compute as pc

    return sorted(pc.unique(table.filter(pc.equal(table["week"], week))["source"]).to_pylist())


def _require_some_source(
    told: FetchResult,
    failed: dict[str, dict[int, SourceError]],
    heard: set[str],
    week: ScheduledWeek,
) -> None:
    """Raise if nobody has said anything about a week that somebody should have.

    About a past week only an archive can still say what counts. If it tells of others in this run
    and has a broken file of this one, the week is a gap: the others are not lost for it.
    """
    number = week.at.week
    if told.present[number]:
        return

    def matters(name: str, error: SourceError) -> bool:
        if not week.all_kicked_off:
            return True
        broken_file = isinstance(error, UnusableAnswerError) and name in heard
        return name in ARCHIVED and not broken_file

    errors = [
        errors[number]
        for name, errors in failed.items()
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

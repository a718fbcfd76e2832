"""One real week as upstream's frames, and the outcome of its import when a frame is wrong.

A week is imported without Dagster: the frames are converted as the nflverse adapter does it, the
tables are made, and `accepted` decides what may be written, as the I/O manager does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from fantasy_pipeline.checks import BY_TABLE
from fantasy_pipeline.checks.acceptance import accepted
from fantasy_pipeline.checks.fixtures import moved_games
from fantasy_pipeline.checks.guards import refuse_lost_games
from fantasy_pipeline.errors import NotPublishedError, PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.calendar import games_from_table, season_schedule
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites.base import SourceResponse, WebSource
from fantasy_pipeline.ingest.sites.espn import projections_in
from fantasy_pipeline.ingest.sites.nflcom import nflcom_projections
from fantasy_pipeline.ingest.sources import canonical, schema
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.duck import database
from fantasy_pipeline_tests import real_lake

SEASON, WEEK, COMING = 2024, 12, 13
"""Week 12 of 2024 is played, week 13 is to come; six teams have a bye in week 12."""
NOW = datetime(2024, 11, 27, 12, tzinfo=timezone.utc)
Noted = tuple[pa.Table, list[str]]
"""A table and notes on it."""
Frames = dict[str, pa.Table]
"""Upstream's frames by data set; those of NFL.com are in our contract already."""


def real_frames(mirror: Path) -> Frames:
    """Return the frames of the weeks around `WEEK`, as upstream had them at `NOW`."""
    names = {
        "schedule": f"{real_lake.RELEASES}/schedules/games.parquet",
        "weekly_stats": real_lake.STATS,
        "weekly_rosters": real_lake.ROSTERS,
        "injuries": real_lake.INJURIES,
        "snap_counts": real_lake.SNAPS,
        "players": real_lake.PLAYERS,
    }
    frames = {
        name: pq.read_table(mirror / path.format(season=SEASON), partitioning=None)
        for name, path in names.items()
    }
    texts = pa.csv.ConvertOptions(strings_can_be_null=True, null_values=["NA", ""])
    frames["player_ids"] = pa.csv.read_csv(mirror / real_lake.IDS[0], convert_options=texts)
    for name, last in (("weekly_stats", WEEK), ("snap_counts", WEEK), ("weekly_rosters", COMING)):
        week = frames[name]["week"]
        near = pc.and_(pc.greater_equal(week, WEEK - 1), pc.less_equal(week, last))
        frames[name] = frames[name].filter(near)
    near = pc.is_in(frames["injuries"]["week"].cast(pa.int32()), pa.array([WEEK - 1, WEEK, COMING]))
    frames["injuries"] = frames["injuries"].filter(near)
    games = frames["schedule"].filter(pc.equal(frames["schedule"]["season"], SEASON))
    games = games.filter(pc.equal(games["game_type"], "REG"))
    to_come = pc.greater(games["week"], WEEK)
    for name in ("home_score", "away_score"):
        values = pc.if_else(to_come, pa.scalar(None, games[name].type), games[name])
        games = games.set_column(games.schema.get_field_index(name), name, values)
    frames["schedule"] = games
    transport = Transport(mirror, mirror=str(mirror), offline=True)
    source = Nflverse(transport, "auto")
    frames["nflcom"] = source.nflcom_projections(SEASON, [WEEK])
    frames["nflcom_before"] = source.nflcom_projections(SEASON, [WEEK - 1])
    frames["nflcom_last_year"] = source.nflcom_projections(SEASON - 1, [WEEK])
    for name, number in (("espn", WEEK), ("espn_before", WEEK - 1)):
        path = mirror / real_lake.ESPN.format(season=SEASON, week=number)
        frames[name] = _espn_frame(json.loads(path.read_bytes()))
    return frames


ESPN_NAMES = ("id", "fullName", "defaultPositionId", "proTeamId")
ESPN_STATS = ("seasonId", "scoringPeriodId", "statSourceId", "statSplitTypeId", "appliedTotal")


def _espn_frame(answer: dict[str, Any]) -> pa.Table:
    """Return ESPN's answer, one row per player and entry of his stats."""
    return pa.Table.from_pylist(
        [
            {
                **{name: entry["player"].get(name) for name in ESPN_NAMES},
                **{name: stats[name] for name in ESPN_STATS},
            }
            for entry in answer["players"]
            for stats in entry["player"]["stats"]
        ]
    )


def _espn_answer(frame: pa.Table) -> dict[str, Any]:
    """Return the answer that `_espn_frame` reads, one entry of stats per player."""
    return {
        "players": [
            {
                "player": {
                    **{name: row[name] for name in ESPN_NAMES},
                    "stats": [{name: row[name] for name in ESPN_STATS}],
                }
            }
            for row in frame.to_pylist()
        ]
    }


class FrameSource:
    """A `Source` over upstream's frames; frames that did not change are converted once."""

    def __init__(self, frames: Frames, converted: dict[int, Noted]) -> None:
        self.frames = frames
        self._converted = converted
        self._notes: dict[str, list[str]] = {}

    def _once(self, name: str, convert: Callable[..., pa.Table | Noted], *more: object) -> pa.Table:
        frame = self.frames[name]
        if frame.num_rows == 0:
            raise NotPublishedError(name, "HTTP 404", "Wait.", SEASON)
        key = id(frame)
        if key not in self._converted:
            with database() as connection:
                found = convert(connection, frame, *more)
            self._converted[key] = found if isinstance(found, tuple) else (found, [])
        table, self._notes[name] = self._converted[key]
        return table

    def schedule(self) -> pa.Table:
        return self._once("schedule", canonical.schedule)

    def weekly_stats(self, season: int) -> pa.Table:
        return self._once("weekly_stats", canonical.weekly_stats, season)

    def weekly_rosters(self, season: int) -> pa.Table:
        known = self._players_if_published()
        return self._once("weekly_rosters", canonical.weekly_rosters, known, season)

    def injuries(self, season: int) -> pa.Table:
        return self._once("injuries", canonical.injuries, season)

    def snap_counts(self, season: int) -> pa.Table:
        return self._once("snap_counts", canonical.snap_counts, season)

    def player_ids(self) -> pa.Table:
        return self._once("player_ids", canonical.player_ids, self._players_if_published())

    def players(self) -> pa.Table:
        return self._once("players", canonical.players)

    def _players_if_published(self) -> pa.Table:
        if self.frames["players"].num_rows:
            return self.players()
        return schema.PLAYERS.arrow_schema.empty_table()

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        rows = self.frames["nflcom"]
        return rows.filter(pc.is_in(rows["week"], pa.array(list(weeks), pa.int32())))

    def nflcom_defenders(self, season: int, weeks: Iterable[int]) -> pa.Table:
        rows = self.nflcom_projections(season, weeks)
        return rows.filter(pc.is_in(rows["position"], pa.array(["DL", "LB", "DB"])))

    def reader_of(self, dataset: str) -> str:
        return "nflreadpy"

    def notes(self, dataset: str, season: int) -> list[str]:
        return self._notes.get(dataset, [])


class Stored:
    """The lake, read once, with the tables that the import made on top of it."""

    def __init__(self, lake: Lake, read: dict[object, pa.Table]) -> None:
        self._lake = lake
        self._read = read
        self.made: dict[str, pa.Table] = {}

    def weeks(self, table: Table) -> list[SeasonWeek]:
        return self._lake.weeks(table)

    def read(
        self,
        table: Table,
        weeks: Sequence[SeasonWeek] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        if table.name in self.made:
            rows = self.made[table.name]
            return rows if columns is None else rows.select(list(columns))
        key = (table.name, tuple(weeks or ()), tuple(columns or ()))
        if key not in self._read:
            self._read[key] = self._lake.read(table, weeks, columns)
        return self._read[key]


@dataclass
class Outcome:
    """What an import said and made.

    Args:
        refused: errors of tables that were not written.
        warned: warnings.
        made: accepted rows by table and week.
    """

    refused: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    made: dict[tuple[str, int], pa.Table] = field(default_factory=dict)

    def kind(self, sound: Outcome) -> str:
        """Return refused, warned, mended or allowed, compared with the import of sound frames."""
        if self.refused:
            return "refused"
        if self.texts(sound):
            return "warned"
        same = all(rows.equals(sound.made[key]) for key, rows in self.made.items())
        return "mended" if same else "allowed"

    def texts(self, sound: Outcome) -> list[str]:
        """Return the errors and warnings that sound frames do not give."""
        return [*self.refused, *(text for text in self.warned if text not in sound.warned)]


@dataclass
class RealWeek:
    """One real week and a lake with the weeks before it."""

    frames: Frames
    lake: Lake
    converted: dict[int, Noted] = field(default_factory=dict)
    read: dict[object, pa.Table] = field(default_factory=dict)
    players: pa.Table = field(default_factory=tables.RAW_PLAYERS.arrow_schema.empty_table)

    def imported(
        self,
        changed: str = "",
        frame: pa.Table | None = None,
        weeks: Sequence[int] = (WEEK, COMING),
    ) -> Outcome:
        """Return the outcome of an import with one other frame; only tables made of it are made."""
        frames = {**self.frames, **({changed: frame} if frame is not None else {})}
        # Rosters and ids are converted with the players.
        converted = {} if changed == "players" else dict(self.converted)
        source, stored = FrameSource(frames, converted), Stored(self.lake, self.read)
        outcome = Outcome()
        try:
            self._import(changed, weeks, source, stored, outcome)
        except PipelineError as error:
            outcome.refused.append(str(error))
        if not changed:
            self.converted = source._converted
        return outcome

    def _import(
        self,
        changed: str,
        weeks: Sequence[int],
        source: FrameSource,
        stored: Stored,
        outcome: Outcome,
    ) -> None:
        games = source.schedule()
        if changed in ("", "schedule"):
            known = self.lake.read(tables.GAMES)
            known = known.filter(pc.equal(known["season"], SEASON))
            refuse_lost_games(known, games)
            outcome.warned += moved_games(known, games)
            self._accept(tables.GAMES, games, [], stored, outcome)
        stored.made["games"] = games
        players = self.players
        for week in () if changed in ("weekly_stats", "nflcom", "espn") else reversed(weeks):
            players, warnings = raw_players(source, games, SEASON, [week], asks_nflcom=False)
            outcome.warned += warnings
            self._accept(tables.RAW_PLAYERS, players, [week], stored, outcome)
        stored.made["raw_players"] = players
        if not changed:
            self.players = players
        if changed not in ("nflcom", "espn") and WEEK in weeks:
            lines = weekly_stats(source, games, players, SEASON, [WEEK])
            self._accept(tables.WEEKLY_STATS, lines, [WEEK], stored, outcome)
        if changed in ("", "nflcom", "espn"):
            answers = [
                nflcom_projections(source, players, SEASON, [WEEK]),
                self._espn(source.frames["espn"], games, players),
            ]
            for answer in answers:
                outcome.refused += map(str, answer.failed.values())
                outcome.warned += [*answer.warnings, *answer.absent.values()]
            stated = pa.concat_tables([part for answer in answers for part in answer.parts])
            self._accept(tables.SOURCE_PROJECTIONS, stated, [WEEK], stored, outcome)

    def _espn(self, frame: pa.Table, games: pa.Table, players: pa.Table) -> SourceResponse:
        """Return the adapter's response to an answer of ESPN."""
        week = season_schedule(games_from_table(games), SEASON, NOW)[WEEK]
        answer = _espn_answer(frame)
        site = WebSource(
            "espn", "espn_id", lambda at: (projections_in(answer, at), NOW), measured=True
        )
        return site.fetch([week], players)

    def _accept(
        self, table: Table, rows: pa.Table, weeks: list[int], stored: Stored, outcome: Outcome
    ) -> None:
        """Validate and check rows as the I/O manager does; add what is said to the outcome."""
        at = [SeasonWeek(SEASON, week) for week in weeks]
        try:
            found = accepted(table, BY_TABLE[table.name], rows, at, NOW, stored)
        except PipelineError as error:
            outcome.refused.append(str(error))
            return
        outcome.made[table.name, weeks[0] if weeks else 0] = found.rows.rows
        for name, result in found.results.items():
            outcome.warned += [f"{name}: {text}" for text in result.texts]


def real_week(mirror: Path, root: Path) -> RealWeek:
    """Import the weeks before `WEEK` into a lake, and return the week with its frames."""
    lake = real_lake.import_seasons(mirror, root, (SEASON,), SeasonWeek(SEASON, WEEK))
    week = RealWeek(real_frames(mirror), lake)
    with database() as connection:
        lake.write(tables.GAMES, canonical.schedule(connection, week.frames["schedule"]))
    return week

"""Store reports in the lake, under ``reports/season=2025/week=10/``.

The files are ``report.html``, ``report.md`` (PPR), ``report-half.md``, ``report-std.md`` and
``state.json``. The state has the points of the report and those of the previous refresh; the movers
are their differences, so a report made again from the same projections has the same movers. The
state also has a digest of everything that the report shows; it tells if the report is out of date.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.scoring import SCORINGS, Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake import Lake

Format = Literal["html", "md"]
PointsById = Mapping[Scoring, Mapping[str, float]]
"""Expected points by scoring and player id."""


@dataclass(frozen=True)
class Refresh:
    """Points by scoring and player id as of a moment; a scoring that was not stored is missing."""

    as_of: datetime
    points: PointsById


@dataclass(frozen=True)
class State:
    """The refresh that a report shows, and the last one before it with other points, if any.

    Args:
        made_from: digest of the rows that the stored report shows; None: no report is stored yet.
        at: moment that the stored report was made for with ``--at``; None: it was made for the
            present.
        stamp: `stamp.stamp` of the files that the stored report was made from, if there is one.
    """

    shown: Refresh
    before: Refresh | None = None
    made_from: str | None = field(default=None, compare=False)
    at: datetime | None = field(default=None, compare=False)
    stamp: str | None = field(default=None, compare=False)


def projected_points(projections: pa.Table) -> PointsById:
    """Return the points of `PROJECTIONS` rows by scoring and player id; 0: out or on a bye."""
    columns: dict[Scoring, str] = {s: f"projected_points{suffix(s)}" for s in SCORINGS}
    ids = projections["player_id"].to_pylist()
    return {
        scoring: dict(zip(ids, projections[name].to_pylist(), strict=True))
        for scoring, name in columns.items()
    }


def advance(state: State | None, points: PointsById, as_of: datetime) -> State:
    """Return the state after a refresh; the same points as before leave it unchanged.

    So does a refresh as of an earlier moment than the one shown, as ``--at`` makes them.
    """
    if state is None:
        return State(Refresh(as_of, points))
    if as_of < state.shown.as_of:
        return state
    if all(points[scoring] == shown for scoring, shown in state.shown.points.items()):
        return replace(state, shown=Refresh(state.shown.as_of, points))
    return State(Refresh(as_of, points), state.shown)


def name(week: SeasonWeek, file: str) -> str:
    """Return the path of a report's file under the lake's root."""
    return f"reports/season={week.season}/week={week.week:02d}/{file}"


def file_of(format: Format, scoring: Scoring = "ppr") -> str:
    """Return the name of a report's file: one page for all scorings, one Markdown file for each."""
    return f"report-{scoring}.md" if format == "md" and scoring != "ppr" else f"report.{format}"


def path(lake: Lake, week: SeasonWeek, file: str) -> str:
    """Return the location of a report's file: a path, or a URL if the lake is on object storage."""
    return f"{lake.root}/{name(week, file)}"


def read_state(lake: Lake, week: SeasonWeek) -> State | None:
    """Return the state of a week's report; None if no state is stored.

    Raises:
        PipelineError: the state file is broken.
    """
    text = lake.read_bytes(name(week, "state.json"))
    if text is None:
        return None
    try:
        content = json.loads(text)
        shown, before = (
            Refresh(datetime.fromisoformat(item["as_of"]), _by_scoring(item["points"]))
            if item
            else None
            for item in (content["shown"], content["before"])
        )
        if shown is None:
            raise ValueError("no refresh is shown")
        at = content.get("at")
        moment = datetime.fromisoformat(at) if at else None
        return State(shown, before, content.get("made_from"), moment, content.get("stamp"))
    except (ValueError, KeyError, TypeError) as error:
        raise PipelineError(
            f"weekly_report {week}: {lake.root}/{name(week, 'state.json')} is broken. Delete it "
            "and make the report again; only the movers of that report are lost."
        ) from error


def _by_scoring(points: Mapping[Any, Any]) -> PointsById:
    """Return the points of a state by scoring; earlier versions stored PPR points only."""
    if all(isinstance(value, dict) for value in points.values()):
        return points
    return {"ppr": points}


def write(
    lake: Lake,
    week: SeasonWeek,
    texts: Mapping[str, str],
    state: State,
    made_from: str,
    at: datetime | None = None,
    stamp: str | None = None,
) -> None:
    """Replace the files of a week's report.

    The state is written last: a run that is killed before leaves the old state, and so the movers.

    Args:
        texts: contents by file name, see `file_of`.
        made_from: `fingerprint` of the rows that the report shows.
        at, stamp: as for `State`; `at` only if it is not the present.
    """
    lake.write_all_bytes({name(week, file): text.encode() for file, text in texts.items()})
    refreshes = {"shown": state.shown, "before": state.before}
    content: dict[str, object] = {
        key: {"as_of": item.as_of.isoformat(), "points": item.points} if item else None
        for key, item in refreshes.items()
    }
    content["made_from"] = made_from
    content["at"] = at.isoformat() if at else None
    content["stamp"] = stamp
    lake.write_bytes(name(week, "state.json"), json.dumps(content, sort_keys=True).encode())


def read(lake: Lake, week: SeasonWeek, file: str) -> str | None:
    """Return a file of the stored report; None if it is not stored."""
    content = lake.read_bytes(name(week, file))
    return None if content is None else content.decode()

"""Reports in the lake, under ``reports/season=2025/week=10/``.

``report.html``, ``report.md`` in PPR, ``report-half.md``, ``report-std.md``, ``state.json``.
The state keeps the points that the report was made from, and those of the refresh before: the
movers are what differs. A report made again from the same projections says the same. It also keeps
a digest of everything that the report shows, to tell whether the report is stale.
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
    """Points by scoring and player id, as of a moment; a scoring that was not kept is missing."""

    as_of: datetime
    points: PointsById


@dataclass(frozen=True)
class State:
    """The refresh that a report shows, and the different one before it, if there was one.

    Args:
        made_from: digest of what the stored report shows; None: it was not stored yet.
    """

    shown: Refresh
    before: Refresh | None = None
    made_from: str | None = field(default=None, compare=False)


def projected_points(projections: pa.Table) -> PointsById:
    """Return the points of `PROJECTIONS` rows by scoring and player id; 0: out or on a bye."""
    columns: dict[Scoring, str] = {s: f"projected_points{suffix(s)}" for s in SCORINGS}
    ids = projections["player_id"].to_pylist()
    return {
        scoring: dict(zip(ids, projections[name].to_pylist(), strict=True))
        for scoring, name in columns.items()
    }


def advance(state: State | None, points: PointsById, as_of: datetime) -> State:
    """The state after projecting `points`; unchanged if they are what was shown."""
    if state is None:
        return State(Refresh(as_of, points))
    if all(points[scoring] == shown for scoring, shown in state.shown.points.items()):
        return replace(state, shown=Refresh(state.shown.as_of, points))
    return State(Refresh(as_of, points), state.shown)


def name(week: SeasonWeek, file: str) -> str:
    """Path of a report's file under the lake's root."""
    return f"reports/season={week.season}/week={week.week:02d}/{file}"


def file_of(format: Format, scoring: Scoring = "ppr") -> str:
    """Name of a report's file; a page has every scoring, Markdown is a file for each."""
    return f"report-{scoring}.md" if format == "md" and scoring != "ppr" else f"report.{format}"


def path(lake: Lake, week: SeasonWeek, file: str) -> str:
    """Where a report's file is: a path, or a URL where the lake is one."""
    return f"{lake.root}/{name(week, file)}"


def read_state(lake: Lake, week: SeasonWeek) -> State | None:
    """The state of a week's report; None if there is none.

    Raises:
        PipelineError: the file is broken.
    """
    text = lake.read_bytes(name(week, "state.json"))
    if text is None:
        return None
    try:
        found = json.loads(text)
        shown, before = (
            Refresh(datetime.fromisoformat(item["as_of"]), _by_scoring(item["points"]))
            if item
            else None
            for item in (found["shown"], found["before"])
        )
        if shown is None:
            raise ValueError("nothing is shown")
        return State(shown, before, found.get("made_from"))
    except (ValueError, KeyError, TypeError) as error:
        raise PipelineError(
            f"weekly_report {week}: {lake.root}/{name(week, 'state.json')} is broken. Delete it; "
            "only the movers of the next report are lost."
        ) from error


def _by_scoring(points: Mapping[Any, Any]) -> PointsById:
    """Points as a state has them; earlier versions kept those of PPR alone."""
    if all(isinstance(value, dict) for value in points.values()):
        return points
    return {"ppr": points}


def write(
    lake: Lake, week: SeasonWeek, texts: Mapping[str, str], state: State, made_from: str
) -> None:
    """Replace the files of a week's report; the state last, so that a killed run loses none.

    Args:
        texts: by name of the file, see `file_of`.
        made_from: `fingerprint` of the rows that the report shows.
    """
    for file, text in texts.items():
        lake.write_bytes(name(week, file), text.encode())
    refreshes = {"shown": state.shown, "before": state.before}
    content: dict[str, object] = {
        key: {"as_of": item.as_of.isoformat(), "points": item.points} if item else None
        for key, item in refreshes.items()
    }
    content["made_from"] = made_from
    lake.write_bytes(name(week, "state.json"), json.dumps(content, sort_keys=True).encode())


def read(lake: Lake, week: SeasonWeek, file: str) -> str | None:
    """A file of the stored report; None if there is none."""
    content = lake.read_bytes(name(week, file))
    return None if content is None else content.decode()

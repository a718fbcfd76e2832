"""Files of the lake: their names, their bytes, and what is said of one that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table

if TYPE_CHECKING:
    import pyarrow as pa

PART = "/part.parquet"


def file_name(table: Table, week: SeasonWeek | None = None) -> str:
    """Path under the root of a table, or of one of its weeks."""
    if week is None:
        return f"{table.name}{PART}"
    return f"{table.name}/season={week.season}/week={week.week:02d}{PART}"


def parquet(data: pa.Table) -> bytes:
    """The same rows give the same bytes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    # Of numbers a dictionary takes twice the time and more room.
    texts = [field.name for field in data.schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(sink, data.schema, compression="zstd", use_dictionary=texts) as writer:
        # Rows are in order of their season: each is a row group, read without the others.
        seasons = data["season"].to_numpy()
        starts = np.flatnonzero(np.diff(seasons, prepend=-1))
        for start, size in zip(starts, np.diff(starts, append=len(seasons)), strict=True):
            writer.write_table(data.slice(start, size), row_group_size=size)
    return sink.getvalue().to_pybytes()


def older_layout(root: str, table: Table) -> PipelineError:
    """Error of a file whose columns are those of another version of the contract."""
    return PipelineError(
        f"{table.name} in the lake at {root} has weeks of an older layout; "
        f"materialize them anew, e.g. `fantasy-pipeline backfill`."
    )


def damaged(path: str, table: Table, week: SeasonWeek | None, reason: str) -> PipelineError:
    """Error of a file that is not whole, or not parquet."""
    reason = " ".join(reason.split())[:200].rstrip(".")
    what, command = table.name, "run"
    if week is not None:
        what = f"{table.name} {week}"
        command = f"run --season {week.season} --week {week.week}"
    return PipelineError(
        f"{what}: the file {path} is damaged: {reason}. Restore it from a backup; or remove it "
        f"and make it anew: `fantasy-pipeline {command}`, or `fantasy-pipeline backfill` for many "
        f"weeks."
    )


def not_materialized(
    root: str, table: Table, missing: Sequence[str], command: str = "run"
) -> NotMaterializedError:
    """Error of files that are not there; `command` makes the first."""
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return NotMaterializedError(
        f"{', '.join(missing[:3])}{more}: not in the lake at {root}. "
        f"Materialize {table.name} for it first, e.g. `fantasy-pipeline {command}`."
    )

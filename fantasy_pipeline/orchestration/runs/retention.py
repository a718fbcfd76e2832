"""Delete old runs from run history: their records, events, logs and left-over files.

The lake is never touched. A run stays if it is the newest one to have written a table or a week of
a table, so that Dagster and `import_state` answer after it what they answered before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.import_calendar import SO_FAR
from fantasy_pipeline.orchestration.runs.import_state import (
    is_empty_week,
    label_of,
    phase_of,
    succeeded_runs,
)
from fantasy_pipeline.orchestration.runs.record import OVER

USUAL_AGE = timedelta(days=180)
LEAST_AGE = timedelta(days=14)
"""Health rules and alerts look at the runs of the last 8 days."""
_PAGE = 500
_HISTORY_FOLDERS = ("history", "schedules", "storage")
"""Folders of a Dagster home: runs and their events, ticks, logs of steps."""


@dataclass(frozen=True)
class Pruned:
    """Result of a deletion.

    Args:
        deleted: ids of the runs that were deleted, oldest last.
        kept: number of runs of the same age that stay.
        freed_bytes: size of the files that were deleted.
    """

    deleted: list[str]
    kept: int
    freed_bytes: int


def check_age(age: timedelta) -> None:
    """Check that runs of this age may be deleted.

    Raises:
        PipelineError: the age is less than `LEAST_AGE`.
    """
    if age < LEAST_AGE:
        raise PipelineError(
            f"runs of the last {LEAST_AGE.days} days cannot be deleted: health and alerts need "
            f"them. Choose {LEAST_AGE.days} days or more."
        )


def prune(instance: dg.DagsterInstance, before: datetime, dry_run: bool = False) -> Pruned:
    """Delete the runs that were requested before a moment and have ended, and their files.

    Args:
        dry_run: delete nothing; `freed_bytes` is then an estimate.
    """
    # Whole records, too, of which the next lines read a part: a broken history is left alone.
    instance.get_run_records(limit=1)
    old = dict.fromkeys(_ended_runs(instance, before))
    needed = _needed_runs(instance) if old else set()
    deleted = [run_id for run_id in old if run_id not in needed]
    freed = 0
    for run_id in deleted:
        freed += _files_bytes(instance, run_id)
        if not dry_run:
            instance.delete_run(run_id)
            _delete_files(instance, run_id)
    for run_id in _old_file_names(instance, before).difference(deleted):
        if not instance.has_run(run_id):
            # Dagster's own deletion, in the UI, leaves the files.
            freed += _files_bytes(instance, run_id)
            if not dry_run:
                _delete_files(instance, run_id)
        elif run_id in old:
            freed += _write_back(instance, run_id, dry_run)
    return Pruned(deleted, len(old) - len(deleted), freed)


def history_bytes(instance: dg.DagsterInstance) -> int:
    """Return the size of a home's history on disk: events, ticks, and logs of steps."""
    folders = [Path(instance.root_directory) / name for name in _HISTORY_FOLDERS]
    return sum(folder_bytes(folder) for folder in folders)


def folder_bytes(folder: Path) -> int:
    """Return the size of all files in a folder; 0 if the folder does not exist."""
    return sum(_size(path) for path in folder.rglob("*") if path.is_file())


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        # Another process removed the file.
        return 0


def _ended_runs(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """Yield the ids of the runs requested before a moment that have ended, newest first."""
    filters = dg.RunsFilter(statuses=OVER, created_before=before)
    cursor = None
    while True:
        runs = instance.get_runs(filters, cursor=cursor, limit=_PAGE)
        yield from (run.run_id for run in runs)
        if len(runs) < _PAGE:
            return
        cursor = runs[-1].run_id


def _needed_runs(instance: dg.DagsterInstance) -> set[str]:
    """Return the runs that last wrote an asset, or a partition of an asset.

    Of each partition, these are the newest run, and the newest run that succeeded; of imports, one
    of each phase. An import of a week in progress is needed until the week is imported.
    """
    needed = set()
    for key in instance.all_asset_keys():
        seen, written = set(), set()
        for page in _materializations(instance, key):
            succeeded = succeeded_runs(instance, {record.run_id for record in page})
            for record in page:
                event = record.asset_materialization
                if event is None:
                    continue
                phase = event.metadata.get("phase")
                kind = (label_of(event), phase and phase.value, is_empty_week(event))
                if phase_of(event) == SO_FAR and event.partition in written:
                    continue
                if record.run_id in succeeded and not is_empty_week(event):
                    written.add(event.partition)
                for state in ("any", "success")[: 1 + (record.run_id in succeeded)]:
                    if (event.partition, kind, state) not in seen:
                        seen.add((event.partition, kind, state))
                        needed.add(record.run_id)
    return needed


def _materializations(
    instance: dg.DagsterInstance, key: dg.AssetKey
) -> Iterator[list[dg.EventLogRecord]]:
    """Yield the materializations of an asset in pages, newest first."""
    cursor = None
    while True:
        result = instance.fetch_materializations(key, limit=_PAGE, cursor=cursor)
        yield list(result.records)
        if not result.has_more:
            return
        cursor = result.cursor


def _log_folder(instance: dg.DagsterInstance, run_id: str = "") -> Path:
    """Return the folder with the output of a run's steps, or of all runs."""
    return Path(instance.storage_directory()) / run_id


def _shard_files(instance: dg.DagsterInstance, run_id: str) -> list[Path]:
    """Return the files of a run's events; none if the history is not in SQLite."""
    path_for_shard = getattr(instance.event_log_storage, "path_for_shard", None)
    if path_for_shard is None:
        return []
    path = str(path_for_shard(run_id))
    return [Path(path + suffix) for suffix in ("", "-wal", "-shm", "-journal")]


def _files_bytes(instance: dg.DagsterInstance, run_id: str) -> int:
    events = sum(_size(file) for file in _shard_files(instance, run_id))
    return events + folder_bytes(_log_folder(instance, run_id))


def _delete_files(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete the files of a run that is no longer in the history.

    Dagster empties the file of a run's events, but leaves the file, its -wal and its -shm.
    """
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    for file in _shard_files(instance, run_id):
        file.unlink(missing_ok=True)


def _old_file_names(instance: dg.DagsterInstance, before: datetime) -> set[str]:
    """Return the ids of the runs whose files were last changed before a moment."""
    folders = [_log_folder(instance), *(file.parent for file in _shard_files(instance, "x")[:1])]
    found: dict[str, float] = {}
    for folder in folders:
        for path in folder.glob("*"):
            run_id = path.name.partition(".")[0]
            if _is_run_id(run_id):
                changed = path.stat().st_mtime if path.exists() else 0.0
                found[run_id] = max(changed, found.get(run_id, 0.0))
    return {run_id for run_id, changed in found.items() if changed < before.timestamp()}


def _write_back(instance: dg.DagsterInstance, run_id: str, dry_run: bool) -> int:
    """Write back what a killed process left in the -wal of a run's events; return its size."""
    files = _shard_files(instance, run_id)
    size = _size(files[1]) if files else 0
    if size and not dry_run:
        with closing(sqlite3.connect(files[0])) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return size


def _is_run_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False

"""The parquet lake: files on disk or in object storage, DuckDB connections over them, and locks.

Other packages use `Lake`, the SQL helpers in `duck` and the locks in `locks`. What the rows mean
does not belong here: tables are defined in `football/tables`, and `ingest` and `projections` make
their rows.
"""

from fantasy_pipeline.lake.lake import Lake

__all__ = ["Lake"]

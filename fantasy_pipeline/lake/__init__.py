"""The parquet lake: what the pipeline keeps. `Lake` is all that the rest of the code uses."""

from fantasy_pipeline.lake.lake import Lake

__all__ = ["Lake"]

"""What Dagster loads. `orchestration/build.py` builds it."""

from fantasy_pipeline.orchestration.build import defs

__all__ = ["defs"]

"""Dagster runs: started in this process, what they came to, their history, and their end."""

from fantasy_pipeline.runs.running import (
    RunOutcome,
    execute,
    moment_of,
    run_config,
    run_tags,
    summarize,
)

__all__ = ["RunOutcome", "execute", "moment_of", "run_config", "run_tags", "summarize"]

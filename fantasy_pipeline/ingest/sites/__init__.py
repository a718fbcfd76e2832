"""Adapters of the sites that publish projections, one module per site (`base.ProjectionSource`).

A site's addresses, format and players' ids belong here. Which site is asked when
(`ingest/source_projections.py`) and nflverse's data sets (`ingest/sources`) do not.
"""

from fantasy_pipeline.settings import PROJECTION_SOURCES

NAMES = PROJECTION_SOURCES
NFLCOM, ESPN = NAMES[0], NAMES[-1]
"""NFL.com is the yardstick: its files of past weeks are frozen, so every other source is compared
with it."""
FROZEN = (NFLCOM,)
"""Sources whose files of past weeks were saved before the games and do not change."""
ARCHIVED = (*FROZEN, ESPN)
"""Sources whose projections of past weeks count although they are downloaded after the games.

ESPN shows its projections of past weeks on request. They correlate with the results as NFL.com's
do, so they are no results, but nothing proves that they are those of kick-off. Sleeper also answers
for past weeks. Its rows of played weeks were modified after the games, so they do not count.
"""

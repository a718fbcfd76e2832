"""Adapters of the sites that publish projections, one module per site (`base.ProjectionSource`).

A site's addresses, format and players' ids belong here. Which site is asked when
(`ingest/source_projections.py`) and nflverse's data sets (`ingest/sources`) do not.
"""

NFLCOM = "nflcom"
"""The yardstick: the only source with an archive, so every other source is compared with it."""
NAMES = (NFLCOM, "sleeper", "fantasypros", "espn")
ARCHIVED = (NFLCOM,)
"""Sources that keep their files of past weeks as they were before the games."""

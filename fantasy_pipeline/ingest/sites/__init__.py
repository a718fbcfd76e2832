"""Other people's projections: one adapter per site, behind `base.ProjectionSource`.

What has no adapter here does not exist for the consensus. Weekly rosters, stats and schedules
belong in `sources`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from fantasy_pipeline.ingest.sites.base import ProjectionSource
    from fantasy_pipeline.ingest.sources.base import Source
    from fantasy_pipeline.settings import Settings

NFLCOM = "nflcom"
"""The yardstick: the one source with an archive, by which all others are compared."""
NAMES = (NFLCOM, "sleeper", "fantasypros", "espn")
ARCHIVED = (NFLCOM,)
"""Sources that keep their files of past weeks as they were before the games."""


def open_projection_sources(
    settings: Settings, source: Source, is_sample: bool
) -> list[ProjectionSource]:
    """The sources that the settings name; of the sample league only its own.

    Raises:
        PipelineError: a name is none of `NAMES`.
    """
    from fantasy_pipeline.ingest.download.transport import Transport
    from fantasy_pipeline.ingest.sites.espn import espn
    from fantasy_pipeline.ingest.sites.fantasypros import FantasyPros
    from fantasy_pipeline.ingest.sites.nflcom import NflCom
    from fantasy_pipeline.ingest.sites.sleeper import sleeper

    wanted = chosen(settings.projection_sources)
    if is_sample:
        return [NflCom(source)]
    # Other sites than nflverse's, none essential: less patience, smaller files.
    transport = Transport(
        settings.cache_dir,
        mirror=settings.mirror,
        offline=settings.offline,
        attempts=2,
        connect_timeout=5,
        read_timeout=30,
        total_timeout=60,
        max_bytes=64 * 2**20,
        backoff_max=10,
    )
    made: dict[str, ProjectionSource] = {
        NFLCOM: NflCom(source),
        "sleeper": sleeper(transport),
        "fantasypros": FantasyPros(transport),
        "espn": espn(transport),
    }
    return [made[name] for name in wanted]


def chosen(names: str) -> Sequence[str]:
    """Names in a setting, in the order of `NAMES`; empty or ``all``: every one."""
    wanted = {name.strip().lower() for name in names.split(",") if name.strip()}
    if not wanted or wanted == {"all"}:
        return NAMES
    if unknown := sorted(wanted - set(NAMES)):
        raise PipelineError(
            f"FANTASY_PROJECTION_SOURCES: {', '.join(unknown)} is none of {', '.join(NAMES)}."
        )
    return [name for name in NAMES if name in wanted]

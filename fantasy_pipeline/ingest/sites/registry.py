"""Open the projection sources that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites import NAMES, NFLCOM
from fantasy_pipeline.ingest.sites.base import ProjectionSource
from fantasy_pipeline.ingest.sites.espn import espn
from fantasy_pipeline.ingest.sites.fantasypros import FantasyPros
from fantasy_pipeline.ingest.sites.nflcom import NflCom
from fantasy_pipeline.ingest.sites.sleeper import sleeper
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.settings import Settings, names_in


def open_projection_sources(
    settings: Settings,
    source: Source,
    is_sample: bool,
    transport: Callable[..., Transport] = Transport,
) -> list[ProjectionSource]:
    """Return the sources that the settings name; the sample league has NFL.com's only.

    Args:
        transport: makes the transport of the sites' answers.
    """
    wanted = asked(settings, is_sample)
    if is_sample:
        return [NflCom(source)]
    answers = site_transport(settings, transport)
    adapters: dict[str, ProjectionSource] = {
        NFLCOM: NflCom(source),
        "sleeper": sleeper(answers),
        "fantasypros": FantasyPros(answers),
        "espn": espn(answers),
    }
    return [adapters[name] for name in wanted]


def asked(settings: Settings, is_sample: bool) -> Sequence[str]:
    """Return the names of the sources that are asked, in the order of `NAMES`."""
    wanted = chosen(settings.projection_sources)
    return (NFLCOM,) if is_sample else wanted


def site_transport(settings: Settings, transport: Callable[..., Transport]) -> Transport:
    """Return a transport of sites' answers.

    No site is essential, and their files are small: it gives up earlier than on nflverse.
    """
    return transport(
        settings.cache_dir,
        mirror=settings.mirror,
        offline=settings.offline,
        attempts=2,
        total_timeout=60,
        max_bytes=64 * 2**20,
        backoff_max=10,
    )


def chosen(names: str) -> Sequence[str]:
    """Return the names in a comma-separated setting, in the order of `NAMES`.

    An empty setting or ``all`` means every source.
    """
    wanted = names_in(names)
    if not wanted or wanted == ["all"]:
        return NAMES
    return [name for name in NAMES if name in wanted]

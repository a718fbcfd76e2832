"""Open the adapters of the platforms, which download what `registry` stores."""

from __future__ import annotations

from collections.abc import Callable

from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.base import Adapter
from fantasy_pipeline.ingest.leagues.espn import Espn
from fantasy_pipeline.ingest.leagues.files import File
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.settings import Settings


def open_adapters(
    settings: Settings, transport: Callable[..., Transport] = Transport
) -> dict[str, Adapter]:
    """Return the adapter of each platform; they share one transport."""
    answers = _answers(settings, transport)
    cookies = None
    if settings.espn_s2 is not None and settings.espn_swid is not None:
        cookies = (settings.espn_s2.get_secret_value(), settings.espn_swid.get_secret_value())
    return {"sleeper": Sleeper(answers), "espn": Espn(answers, cookies), "file": File()}


def open_sleeper(settings: Settings) -> Sleeper:
    """Return Sleeper's adapter alone, for answers that belong to no league."""
    return Sleeper(_answers(settings, Transport))


def _answers(settings: Settings, transport: Callable[..., Transport]) -> Transport:
    return transport(
        settings.cache_dir,
        mirror=settings.mirror,
        offline=settings.offline,
        total_timeout=settings.download_timeout,
        max_bytes=64 * 2**20,
    )

"""Open the sources of news."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.ingest.news.base import NewsSource
from fantasy_pipeline.ingest.news.espn import EspnNews
from fantasy_pipeline.ingest.news.sample import SampleNews
from fantasy_pipeline.ingest.news.sleeper import SleeperNews
from fantasy_pipeline.ingest.sites.registry import site_transport
from fantasy_pipeline.settings import Settings


def names(is_sample: bool) -> Sequence[str]:
    """Return the names of the sources of news."""
    return (SampleNews.name,) if is_sample else (EspnNews.name, SleeperNews.name)


def open_news_sources(
    settings: Settings, is_sample: bool, transport: Callable[..., Transport] = Transport
) -> list[NewsSource]:
    """Return the sources of news; the sample league has its own.

    Args:
        transport: makes the transport of the sites' answers.
    """
    if is_sample:
        return [SampleNews()]
    answers = site_transport(settings, transport)
    return [EspnNews(answers), SleeperNews(Sleeper(answers))]

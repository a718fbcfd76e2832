"""Bytes of an answer: the format that a client accepts, its ETag, compressed if the client can."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fastapi import Request, Response

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FORMATS = (JSON, CSV, PARQUET)
"""Media types of data, the default first."""
HTML = "text/html"
_LEAST_BYTES = 1000
"""Bytes from which an answer is compressed."""
_LEVEL, _LEVEL_OF_PAGES = 6, 9
"""Pages are sent to phones, so they are compressed more; data are rebuilt more often."""


@dataclass(frozen=True)
class Representation:
    """An answer in one format.

    Args:
        headers: further headers.
    """

    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def etag(self) -> str:
        """A weak tag: the compressed and the plain answer share it."""
        return f'W/"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> bytes:
        # Without a time, the same bytes each time.
        level = _LEVEL_OF_PAGES if self.media_type == HTML else _LEVEL
        return gzip.compress(self.body, level, mtime=0)

    def ready(self) -> Representation:
        """Return it with tag and compressed bytes made: the thread of all requests needs both."""
        _ = self.etag
        if self.is_compressed:
            _ = self.compressed
        return self

    @property
    def is_compressed(self) -> bool:
        """Return whether clients that can get it compressed."""
        return len(self.body) >= _LEAST_BYTES


def respond(request: Request, found: Representation) -> Response:
    """Return the response to a request: 304 if the client has these bytes already."""
    headers = {
        "ETag": found.etag,
        "Vary": "Accept, Accept-Encoding, Authorization, Cookie",
        # A client keeps the answer, and asks each time whether it is still the same.
        "Cache-Control": "private, no-cache",
        **found.headers,
    }
    if _has_tag(request.headers.get("if-none-match", ""), found.etag):
        return Response(status_code=304, headers=headers)
    body = found.body
    if found.is_compressed and _takes_gzip(request):
        body, headers["Content-Encoding"] = found.compressed, "gzip"
    return Response(body, headers=headers, media_type=found.media_type)


def accepted(header: str | None, formats: Sequence[str] = FORMATS) -> str | None:
    """Return the format to answer in, by a request's Accept header; None: the client takes none.

    Args:
        formats: media types that can be answered, the default first.
    """
    if header is None or not header.strip():
        return formats[0]
    ranges = _ranges(header)

    def quality(name: str) -> float:
        whole, any_of = name, f"{name.partition('/')[0]}/*"
        return next((ranges[key] for key in (whole, any_of, "*/*") if key in ranges), 0.0)

    # The first of equal formats wins: max keeps the order.
    best = max(formats, key=quality)
    return best if quality(best) > 0 else None


def _takes_gzip(request: Request) -> bool:
    return _ranges(request.headers.get("accept-encoding", "")).get("gzip", 0.0) > 0


def _ranges(header: str) -> dict[str, float]:
    """Return the entries of an Accept or Accept-Encoding header with their quality."""
    found: dict[str, float] = {}
    for entry in header.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if name:
            found[name] = quality
    return found


def _has_tag(header: str, etag: str) -> bool:
    """Return whether an If-None-Match header names a tag; strong and weak tags compare equal."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags

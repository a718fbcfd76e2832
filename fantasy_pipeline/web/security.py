"""Access control: the server's names, the size of a body, the token that starting a run needs.

Reading needs no token. Listen on loopback, or behind a proxy that authenticates its users.
"""

import hmac

from fastapi import Request, Response
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from fantasy_pipeline.settings import ApiSettings, is_loopback
from fantasy_pipeline.web.problems import problem

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
ALL_INTERFACES = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
TRIGGER = "/api/jobs/trigger"
"""Path of the one route that starts runs."""
MAX_BODY_BYTES = 4096
BEARER = HTTPBearer(auto_error=False, description="FANTASY_API_TOKEN of the server")
"""States the token in the API's documentation; `refusal` checks it."""


def own_names(host: str = "127.0.0.1") -> list[str]:
    """Return the names that the Host header of a request may have, without ports.

    A web page whose own name was made to lead to this machine (DNS rebinding) sends its own name,
    so it cannot read anything through a browser of this machine.

    Args:
        host: address that the server listens on. An address for all interfaces is no name.
    """
    further = [name.strip() for name in ApiSettings().hosts.split(",") if name.strip()]
    bound = [] if host in ALL_INTERFACES else [f"[{host}]" if ":" in host else host]
    return [*LOOPBACK_NAMES, *bound, *further]


def exposure(host: str) -> str | None:
    """Return a warning if a server at this address can be reached from other machines."""
    if is_loopback(host):
        return None
    return (
        f"the server listens on {host}, beyond this machine: everybody who reaches the port reads "
        "the run history, health and error traces without a password, and the token of POST "
        "requests travels unencrypted. Put a proxy with TLS and a login before it. It answers to "
        f"the names {', '.join(own_names(host))} only; FANTASY_API_HOSTS adds others."
    )


def refusal(request: Request) -> Response | None:
    """Return the refusal of a request, judged by its headers alone, or None to admit it.

    The middleware calls it before FastAPI parses the body; a dependency of the route would run
    after that.
    """
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        return problem(413, f"the body is too large; send at most {MAX_BODY_BYTES} bytes")
    if "transfer-encoding" in request.headers:
        return problem(411, "the length of the body is unknown; send a Content-Length")
    if (request.method, request.url.path) == ("POST", TRIGGER):
        return _refusal_of_token(request.headers.get("authorization", ""))
    return None


def _refusal_of_token(header: str) -> Response | None:
    """Return 503 without a configured token, 401 if the header has another one, else None."""
    # Read the token per request: removing it takes effect at once.
    token = ApiSettings().token
    if token is None or not token.get_secret_value():
        return problem(503, "starting runs is off: FANTASY_API_TOKEN is not set on the server")
    scheme, credentials = get_authorization_scheme_param(header)
    if scheme.lower() != "bearer":
        credentials = ""
    # Compare in constant time, so that the time of a response says nothing about the token.
    if not hmac.compare_digest(credentials.encode(), token.get_secret_value().encode()):
        detail = "the bearer token is missing or wrong; send the server's FANTASY_API_TOKEN"
        return problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
    return None

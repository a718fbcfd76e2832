"""Access control: the server's names, the size of a body, the token, and requests of other sites.

On loopback, reading needs no token. A server that is bound elsewhere needs the token for every
answer, as a bearer token or by a login. Starting and cancelling runs always needs the token.
"""

import hmac
import os
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from urllib.parse import unquote_plus, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from fantasy_pipeline.settings import ApiSettings, is_loopback, names_in
from fantasy_pipeline.web.problems import problem
from fantasy_pipeline.web.representations import FORMATS, HTML, accepted

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
ALL_INTERFACES = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
TRIGGER = "/api/jobs/trigger"
"""Path of the route that starts runs."""
LOGIN = "/login"
OPEN_PATHS = (LOGIN, "/healthz")
"""Paths that a server bound beyond loopback answers without a token; `/healthz` omits details."""
STATIC = "/static/"
MAX_BODY_BYTES = 4096
BEARER = HTTPBearer(auto_error=False, description="FANTASY_API_TOKEN of the server")
"""States the token in the API's documentation; `refusal` checks it."""
COOKIE = "fantasy_session"
SESSION_SECONDS = 12 * 3600
"""Seconds for which a login lasts."""
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""Headers of every answer. Nothing is loaded from another host, and nothing inline runs."""
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")
"""A Host header: the name, and perhaps a port."""
_TOKEN_NAMES = re.compile(r"(^|&)(access_|api_|auth_|bearer_?)?(token|api[-_]?key|password)=", re.I)


def own_names(host: str = "127.0.0.1") -> list[str]:
    """Return the names that the Host header of a request may have, without ports.

    A web page whose own name was made to lead to this machine (DNS rebinding) sends its own name,
    so it cannot read anything through a browser of this machine.

    Args:
        host: address that the server listens on. An address for all interfaces is no name.
    """
    further = names_in(ApiSettings().hosts)
    bound = [] if host in ALL_INTERFACES else [f"[{host}]" if ":" in host else host]
    return [*LOOPBACK_NAMES, *bound, *further]


def refusal_of_name(connection: HTTPConnection, names: Sequence[str]) -> Response | None:
    """Return the refusal of a request or WebSocket to another server's name, else None.

    Args:
        names: names of this server in lower case; `*.example.org` has every name that ends so.
    """
    found = _HOST.fullmatch(connection.headers.get("host", ""))
    host = found[1].lower() if found else ""
    if any(host == n or (n.startswith("*.") and host.endswith(n[1:])) for n in names):
        return None
    detail = (
        "the Host header is no name of this server; use the address at which it was started, or "
        "add the name to FANTASY_API_HOSTS"
    )
    return problem(400, detail)


def exposure(host: str) -> str | None:
    """Return a warning if a server at this address can be reached from other machines."""
    if is_loopback(host):
        return None
    needs = "every request needs FANTASY_API_TOKEN"
    if not configured_token():
        needs = "it answers nothing until FANTASY_API_TOKEN is set, which every request needs then"
    return (
        f"the server listens on {host}, beyond this machine: {needs}. The token and all answers "
        "travel unencrypted. Put a proxy with TLS before it. It answers to "
        f"the names {', '.join(own_names(host))} only; FANTASY_API_HOSTS adds others."
    )


def configured_token() -> str:
    """Return the server's token; empty if there is none. Removing it takes effect at once."""
    return _token_of(os.environ.get("FANTASY_API_TOKEN", ""))


@lru_cache(maxsize=1)
def _token_of(variable: str) -> str:
    """Return the token in the settings; every request asks, so they are read on a change only."""
    token = ApiSettings().token
    return token.get_secret_value() if token else ""


def refusal(request: Request, is_protected: bool = False) -> Response | None:
    """Return the refusal of a request, judged by its headers alone, or None to admit it.

    The middleware calls it before FastAPI parses the body; a dependency of the route would run
    after that.

    Args:
        is_protected: the server is bound beyond loopback, so that reading needs the token.
    """
    if names_token(request.scope):
        detail = (
            "a token does not belong in an address, which logs and histories keep; send it as the "
            "header Authorization: Bearer, and replace it if it was a real one"
        )
        return problem(400, detail)
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
        return problem(413, f"the body is too large; send at most {MAX_BODY_BYTES} bytes")
    if "transfer-encoding" in request.headers:
        return problem(411, "the length of the body is unknown; send a Content-Length")
    path = request.url.path
    if request.method == "POST":
        if foreign_origin(request.headers.get("origin"), request.headers.get("host")):
            return problem(403, "the request comes from a page of another site; use this server's")
        if path.startswith("/api/"):
            return _refusal_of_token(request.headers.get("authorization", ""), "starting runs")
    if is_protected and not (path in OPEN_PATHS or path.startswith(STATIC) or may_read(request)):
        return _refusal_of_reading(request)
    return None


def names_token(scope: object) -> bool:
    """Return whether the address of a request has the token, or a parameter named like one.

    Args:
        scope: the ASGI scope of the request.
    """
    assert isinstance(scope, dict)  # noqa: S101 - ASGI
    query = unquote_plus(scope.get("query_string", b"").decode("latin-1"))
    if _TOKEN_NAMES.search(query):
        return True
    token = configured_token()
    return bool(token) and (token in query or token in str(scope.get("path", "")))


def foreign_origin(origin: str | None, host: str | None) -> bool:
    """Return whether a connection comes from a page of another server.

    Browsers send the origin of the page with every WebSocket and let any page open one; programs
    send none.
    """
    if origin is None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    return parts.scheme not in ("http", "https") or parts.netloc.lower() != (host or "").lower()


def may_read(connection: HTTPConnection) -> bool:
    """Return whether a request or WebSocket has the server's token, or the cookie of a login."""
    token = configured_token()
    if not token:
        return False
    header = connection.headers.get("authorization", "")
    return _is_token(header, token) or is_logged_in(connection)


def is_logged_in(connection: HTTPConnection) -> bool:
    """Return whether a request has the cookie of a login that has not ended."""
    token = configured_token()
    expires, _, _ = (cookie := connection.cookies.get(COOKIE, "")).partition(".")
    if not token or not (expires.isascii() and expires.isdigit()) or len(expires) > 12:
        return False
    expected = session_cookie(token, int(expires))
    return hmac.compare_digest(cookie.encode(), expected.encode()) and time.time() < int(expires)


def session_cookie(token: str, expires: int) -> str:
    """Return the cookie of a login: its end (seconds since 1970), signed with the token."""
    return f"{expires}.{_signature(token, f'session {expires}')}"


def form_key(connection: HTTPConnection) -> str:
    """Return the key that the forms of a logged-in reader must send (CSRF); empty without login.

    Another site can make a browser send a form, but it cannot read the key.
    """
    if not is_logged_in(connection):
        return ""
    return _signature(configured_token(), f"form {connection.cookies[COOKIE]}")


def _signature(token: str, text: str) -> str:
    return hmac.new(token.encode(), text.encode(), sha256).hexdigest()


def is_the_token(text: str) -> bool:
    """Return whether a text is the server's token."""
    token = configured_token()
    # Compare in constant time, so that the time of a response says nothing about the token.
    return bool(token) and hmac.compare_digest(text.encode(), token.encode())


def _is_token(header: str, token: str) -> bool:
    """Return whether an Authorization header has the bearer token."""
    scheme, credentials = get_authorization_scheme_param(header)
    return scheme.lower() == "bearer" and hmac.compare_digest(credentials.encode(), token.encode())


def _refusal_of_token(header: str, what: str) -> Response | None:
    """Return 503 without a configured token, 401 if the header has another one, else None.

    Args:
        what: what the token is needed for.
    """
    token = configured_token()
    if not token:
        return problem(503, f"{what} is off: FANTASY_API_TOKEN is not set on the server")
    if not _is_token(header, token):
        detail = "the bearer token is missing or wrong; send the server's FANTASY_API_TOKEN"
        return problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
    return None


def _refusal_of_reading(request: Request) -> Response:
    """Return the refusal of a reader without token: people are sent to the login."""
    is_page = accepted(request.headers.get("accept"), (*FORMATS, HTML)) == HTML
    if is_page and request.method == "GET" and configured_token():
        return RedirectResponse(LOGIN, 303)
    refused = _refusal_of_token("", "reading beyond this machine")
    assert refused is not None  # noqa: S101 - there is no such token
    return refused

"""Refusals of every layer: bytes that are no request, names, addresses, methods, WebSockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.web.api import create_app
from fantasy_pipeline.web.security import SECURITY_HEADERS
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS
from fantasy_pipeline_tests.web.servers import TOKEN, Client, listening_to

pytestmark = pytest.mark.loopback

HOST = "Host: localhost\r\n"
UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
SOCKET = f"{UPGRADE}{KEY}Sec-WebSocket-Version: 13\r\n"
LIVE = "GET /api/jobs/progress HTTP/1.1\r\n"
FORM = "Content-Type: application/json\r\nContent-Length: 2\r\n"
BEARER = f"Authorization: Bearer {TOKEN}\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a server with one route more, which has a defect."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("FANTASY_SOURCE", "sample")
        session = Session()
        Path(session.lake.root).parent.mkdir(parents=True, exist_ok=True)
        # The lake cannot be read.
        Path(session.lake.root).write_text("not a folder")
        app = create_app(lambda source: session)

        @app.get("/defect", include_in_schema=False)
        def defect() -> None:
            raise RuntimeError("a defect of this test")

        with listening_to(app) as chosen:
            yield chosen


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)


def exchange(port: int, request: str) -> tuple[int, dict[str, str], str]:
    """Send the bytes of a request; return status, headers and body of the answer."""
    with socket.create_connection(("127.0.0.1", port), LONGEST_SECONDS) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = b""
        while chunk := connection.recv(2**16):
            answer += chunk
    head, _, body = answer.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


def request(line: str, headers: str = HOST, body: str = "") -> str:
    return f"{line} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n{body}"


REFUSALS = {
    "no request": ("\x16\x03\x01 hello\r\n\r\n", 400, "no HTTP/1.1 request"),
    "large headers": (f"GET / HTTP/1.1\r\n{HOST}X: {'x' * 20_000}", 431, "16 KiB"),
    "transfer encoding": (
        request("POST /api/jobs/trigger", f"{HOST}Transfer-Encoding: gzip\r\n"),
        501,
        "send a Content-Length",
    ),
    "unknown length": (
        request("POST /api/jobs/trigger", f"{HOST}Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        411,
        "send a Content-Length",
    ),
    "large body": (
        request("POST /api/jobs/trigger", f"{HOST}Content-Length: 5000\r\n", "x" * 5000),
        413,
        "send at most 4096 bytes",
    ),
    "no name": ("GET / HTTP/1.0\r\n\r\n", 400, "FANTASY_API_HOSTS"),
    "another name": (request("GET /", "Host: evil.example\r\n"), 400, "FANTASY_API_HOSTS"),
    "a name in brackets": (request("GET /", "Host: [\r\n"), 400, "FANTASY_API_HOSTS"),
    "unknown address": (request("GET /nowhere"), 404, "/docs lists all addresses"),
    "unknown data": (request("GET /api/nowhere"), 404, "/docs lists all addresses"),
    "unknown file": (request("GET /static/nowhere.css"), 404, "there is no file"),
    "another file": (request("GET /static/../../../etc/passwd"), 404, "/docs lists"),
    "a whole address": (request("GET http://localhost/nowhere"), 404, "/docs lists"),
    "a WebSocket's address": (request("GET /api/jobs/progress"), 404, "/docs lists"),
    "another method": (request("DELETE /api/weeks"), 405, "does not take DELETE; use GET"),
    "a method of files": (request("PUT /static/site.css"), 405, "does not take PUT; use GET"),
    "a method of a form": (request("GET /api/jobs/trigger"), 405, "does not take GET; use POST"),
    "a foreign form": (
        request("POST /login", f"{HOST}Origin: https://evil.example\r\n{FORM}", "{}"),
        403,
        "page of another site",
    ),
    "no token": (request("POST /api/jobs/trigger", f"{HOST}{FORM}", "{}"), 401, "send the"),
    "a token in the address": (request("GET /?token=x"), 400, "Authorization: Bearer"),
    "a body that is no text": (
        request("POST /api/jobs/trigger", f"{HOST}{BEARER}{FORM}", "\xff\xff"),
        400,
        "not JSON in UTF-8",
    ),
    "a body that is no JSON": (
        request("POST /api/jobs/trigger", f"{HOST}{BEARER}{FORM}", "{x"),
        422,
        "JSON decode error",
    ),
    "another format": (
        request("GET /api/weeks", f"{HOST}Accept: image/png\r\n"),
        406,
        "accept one",
    ),
    "an unreadable lake": (request("GET /api/weeks"), 503, "the lake cannot be read"),
    "a defect": (request("GET /defect"), 500, "log of the server"),
    "WebSocket elsewhere": (
        f"GET /nowhere HTTP/1.1\r\n{HOST}{SOCKET}\r\n",
        404,
        "connect to /api/jobs/progress",
    ),
    "WebSocket of another name": (
        f"{LIVE}Host: evil.example\r\n{SOCKET}\r\n",
        400,
        "FANTASY_API_HOSTS",
    ),
    "WebSocket of another site": (
        f"{LIVE}{HOST}{SOCKET}Origin: https://evil.example\r\n\r\n",
        403,
        "of another server",
    ),
    "WebSocket with a token": (
        f"GET /api/jobs/progress?token=x HTTP/1.1\r\n{HOST}{SOCKET}\r\n",
        400,
        "Authorization: Bearer",
    ),
    "WebSocket without a key": (f"{LIVE}{HOST}{UPGRADE}\r\n", 400, "use a WebSocket client"),
    "WebSocket of an old version": (
        f"{LIVE}{HOST}{UPGRADE}{KEY}Sec-WebSocket-Version: 8\r\n\r\n",
        400,
        "use a WebSocket client",
    ),
    "WebSocket with a long header": (
        f"{LIVE}{HOST}{SOCKET}X: {'x' * 9000}\r\n\r\n",
        400,
        "use a WebSocket client",
    ),
}
"""What is sent, the status of the answer, and a part of its sentence."""


@pytest.mark.parametrize(("sent", "code", "text"), REFUSALS.values(), ids=REFUSALS)
def test_every_refusal_is_one_sentence_in_json(port: int, sent: str, code: int, text: str) -> None:
    status, headers, body = exchange(port, sent)
    assert status == code, body
    assert headers["content-type"] == "application/json"
    problem = json.loads(body)
    assert set(problem) == {"detail"}
    assert text in problem["detail"]
    assert problem["detail"] != HTTPStatus(code).phrase
    assert "\n" not in problem["detail"]
    if "Sec-WebSocket-Key" not in sent:
        assert {name.lower(): headers[name.lower()] for name in SECURITY_HEADERS}
    if code == HTTPStatus.METHOD_NOT_ALLOWED:
        assert headers["allow"].upper() in problem["detail"]


def test_a_head_request_gets_the_headers_of_its_refusal(port: int) -> None:
    _, of_get, body = exchange(port, request("GET /nowhere"))
    status, headers, nothing = exchange(port, request("HEAD /nowhere"))
    assert (status, nothing) == (404, "")
    assert headers["content-length"] == of_get["content-length"] == str(len(body))


def test_a_post_opens_no_websocket(port: int) -> None:
    line = "POST /api/jobs/progress HTTP/1.1\r\n"
    status, _, body = exchange(port, f"{line}{HOST}{SOCKET}\r\n")
    assert status in (400, 405)
    assert "use a WebSocket client" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("/nowhere", 404, "There is nothing at this address"),
        ("/accuracy", 503, "The lake cannot be read"),
        ("/weeks/2025/3", 503, "The lake cannot be read"),
    ],
)
def test_people_get_a_page(port: int, path: str, code: int, text: str) -> None:
    answer = Client(port).page(path)
    assert answer.status_code == code
    assert answer.headers["Content-Type"].startswith("text/html")
    assert text in answer.text


def test_people_get_a_page_about_another_method(port: int) -> None:
    answer = Client(port).post("/players", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert "This address does not take POST; use GET" in answer.text

"""Who may read, start and cancel: logins, forms, other sites, tokens in addresses."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.web.security import COOKIE, SESSION_SECONDS, session_cookie
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.orchestration.alerts.receivers import free_port
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until
from fantasy_pipeline_tests.web.servers import Client, serving

pytestmark = pytest.mark.loopback

TOKEN = "a-token-of-the-tests"  # noqa: S105 - of the tests
BEARER = {"Authorization": f"Bearer {TOKEN}"}
READ = ("/", "/api/weeks", "/api/jobs/history", "/openapi.json", "/docs", "/players", "/nowhere")


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    return TOKEN


@pytest.fixture
def beyond(deployed: Session) -> Iterator[Client]:
    """Return a client of a server that acts as if it were bound beyond loopback."""
    with serving(deployed, is_protected=True) as client:
        yield client


def cookie_of(site: Client) -> str:
    """Log in, and return the Cookie header of the login."""
    answer = site.post("/login", data={"token": TOKEN})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    set_cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=strict" in set_cookie
    assert TOKEN not in set_cookie
    return set_cookie.split(";")[0]


def key_of(site: Client, cookie: str) -> str:
    """Return the key that the forms of a login send."""
    (key, *_) = re.findall(r'name="form_key" value="(\w+)"', site.page("/", Cookie=cookie).text)
    return str(key)


@pytest.mark.parametrize("path", READ)
def test_a_server_beyond_loopback_needs_the_token(beyond: Client, token: str, path: str) -> None:
    refused = beyond.get(path)
    assert refused.status_code == 401
    assert refused.json()["detail"].startswith("the bearer token is missing or wrong")
    to_login = beyond.page(path)
    assert (to_login.status_code, to_login.headers["Location"]) == (303, "/login")
    for wrong in ("Bearer wrong", "Basic x", f"{COOKIE}=1.2"):
        assert beyond.get(path, Authorization=wrong, Cookie=wrong).status_code == 401
    found = 404 if path == "/nowhere" else 200
    assert beyond.get(path, **BEARER).status_code == found
    assert beyond.page(path, Cookie=cookie_of(beyond)).status_code == found


@pytest.mark.parametrize("path", READ)
def test_without_a_token_nothing_is_read_beyond_loopback(beyond: Client, path: str) -> None:
    for answer in (beyond.get(path), beyond.page(path), beyond.get(path, Authorization="Bearer ")):
        assert answer.status_code == 503
        assert "FANTASY_API_TOKEN is not set" in answer.json()["detail"]


def test_health_beyond_loopback_is_the_level_alone(beyond: Client, token: str) -> None:
    answer = beyond.get("/healthz?daemon=false")
    assert answer.json()["findings"] == []
    assert beyond.get("/healthz?daemon=false", **BEARER).json()["findings"] != []


def test_the_login_page_works_beyond_loopback(beyond: Client, token: str) -> None:
    page = beyond.page("/login")
    assert page.status_code == 200
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        assert beyond.get(address).status_code == 200


def test_a_wrong_token_does_not_log_in(site: Client, token: str) -> None:
    for sent in ("wrong", "", TOKEN + "x"):
        answer = site.post("/login", data={"token": sent})
        assert answer.status_code == 401
        assert "Set-Cookie" not in answer.headers
        assert "not the token of the server" in answer.text


def test_a_login_needs_a_token_on_the_server(site: Client) -> None:
    assert site.post("/login", data={"token": ""}).status_code == 503
    assert "The server has no token" in site.page("/login").text


def test_a_login_ends(site: Client, token: str) -> None:
    now = int(time.time())
    ended, valid = (session_cookie(TOKEN, now + more) for more in (-1, SESSION_SECONDS))
    other = session_cookie("another token", now + SESSION_SECONDS)
    forged = f"{now + 10 * SESSION_SECONDS}.{valid.split('.')[1]}"
    for cookie, is_in in ((ended, False), (valid, True), (other, False), (forged, False)):
        text = site.page("/", Cookie=f"{COOKIE}={cookie}").text
        assert ("Log out" in text) is is_in
    cookie = f"{COOKIE}={valid}"
    answer = site.post(
        "/logout", data={"form_key": key_of(site, cookie)}, headers={"Cookie": cookie}
    )
    assert answer.status_code == 303
    assert f'{COOKIE}=""' in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/runs", "/logout", "/runs/00000000/cancel"])
def test_forms_need_a_login_and_its_key(
    site: Client, deployed: Session, token: str, path: str
) -> None:
    before = len(list(executions(deployed.instance)))
    assert site.post(path, data={"week": "2025|10"}).status_code == 401
    # The bearer token is for programs, which have /api.
    assert site.post(path, headers=BEARER).status_code == 401
    cookie = {"Cookie": cookie_of(site)}
    for sent in ({}, {"form_key": "wrong"}, {"form_key": ""}):
        refused = site.post(path, data=sent, headers=cookie)
        assert refused.status_code == 403
        assert "not of this login" in refused.text
    assert len(list(executions(deployed.instance))) == before


def test_forms_say_what_is_wrong(site: Client, deployed: Session, token: str) -> None:
    cookie = cookie_of(site)
    sent = {"data": {"form_key": key_of(site, cookie)}, "headers": {"Cookie": cookie}}
    over = next(executions(deployed.instance)).run.run_id
    for path, code, text in (
        (f"/runs/{over}/cancel", 409, "is over"),
        ("/runs/00000000/cancel", 404, "There is no run"),
    ):
        refused = site.post(path, **sent)
        assert (refused.status_code, text in refused.text) == (code, True)
    sent["data"]["week"] = "2025-10"
    assert "is not a season and week" in site.post("/runs", **sent).text
    sent["data"]["week"] = "2025|22"
    assert site.post("/runs", **sent).status_code == 422
    many = {**sent, "data": "&".join(f"a{n}=1" for n in range(30))}
    assert site.post("/runs", **many).status_code == 403


@pytest.mark.parametrize("path", ["/login", "/runs", "/api/jobs/trigger"])
def test_a_page_of_another_site_is_refused(site: Client, token: str, path: str) -> None:
    for origin in ("https://rebinding.example", "null", f"http://127.0.0.1:{site.port + 1}"):
        refused = site.post(path, headers={**BEARER, "Origin": origin})
        assert refused.status_code == 403
        assert "a page of another site" in refused.json()["detail"]
    own = site.post("/login", data={"token": TOKEN}, headers={"Origin": site.url})
    assert own.status_code == 303


@pytest.mark.parametrize(
    "query",
    ["token=x", "access_token=x", "limit=1&api_key=x", "API-Key=x", "password=x", f"q={TOKEN}"],
)
def test_a_token_in_an_address_is_refused(site: Client, token: str, query: str) -> None:
    for path in ("/", "/api/projections", "/login", "/static/site.css"):
        refused = site.get(f"{path}?{query}")
        assert refused.status_code == 400
        assert "a token does not belong in an address" in refused.json()["detail"]
        assert TOKEN not in refused.text
    assert site.get(f"/runs/{TOKEN}").status_code == 400


def test_large_forms_are_refused_unread(site: Client, token: str) -> None:
    assert site.post("/login", data={"token": "x" * 5000}).status_code == 413
    assert site.post("/login", data=(b"x" for _ in range(3))).status_code == 411


def test_cancelling_needs_the_token_and_a_run(site: Client, deployed: Session, token: str) -> None:
    over = next(executions(deployed.instance)).run.run_id
    path = f"/api/jobs/history/{over}/cancel"
    assert site.post(path).status_code == 401
    refused = site.post(path, headers=BEARER)
    assert (refused.status_code, refused.json()["run_id"]) == (409, over)
    unknown = "/api/jobs/history/00000000-0000-0000-0000-000000000000/cancel"
    assert site.post(unknown, headers=BEARER).status_code == 404


@pytest.mark.slow
def test_the_token_is_in_no_log(
    deployed: Session, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server process that is asked with the token everywhere prints it nowhere."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fantasy_pipeline.cli", "api", "--port", str(port)],
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    site = Client(port)

    def answers() -> bool:
        assert process.poll() is None
        try:
            return site.get("/login").ok
        except requests.ConnectionError:
            return False

    try:
        until(answers, "the server answers")
        assert site.get(f"/?token={TOKEN}").status_code == 400
        assert site.get(f"/{TOKEN}").status_code == 400
        address = site.url.replace("http", "ws") + f"/api/jobs/progress?token={TOKEN}"
        with pytest.raises(InvalidStatus, match="400"):
            connect(address)
        assert site.post("/login", data={"token": TOKEN}).status_code == 303
        assert site.post(f"/api/jobs/trigger?x={TOKEN}", headers=BEARER).status_code == 400
        assert site.post("/api/jobs/trigger", headers=BEARER, data="{").status_code == 422
    finally:
        process.terminate()
        process.wait(LONGEST_SECONDS)
    assert "Uvicorn running" in log.read_text()
    assert TOKEN not in log.read_text()

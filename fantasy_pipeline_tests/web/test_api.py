"""The HTTP interface: a real server, and every reason to refuse a request."""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error, positive_data_acceptance

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake.locks import locked
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.session import TRIGGER_LOCK, Session
from fantasy_pipeline.operations.trigger import trigger, wait_for
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.web.api import create_app, serve
from fantasy_pipeline.web.health import Results
from fantasy_pipeline.web.security import MAX_BODY_BYTES, exposure, own_names
from fantasy_pipeline.web.sessions import Sessions
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.operations.test_execute import run as run_some_job
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory
from fantasy_pipeline_tests.waiting import until
from fantasy_pipeline_tests.web.servers import TOKEN, Client, serving, serving_process

pytestmark = pytest.mark.loopback

BEARER = {"Authorization": f"Bearer {TOKEN}"}
WEEK = {"year": 2025, "week": 5}


@pytest.fixture
def session(tmp_path: Path, with_history: WithHistory, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    monkeypatch.setenv("DAGSTER_HOME", str(with_history(tmp_path)))
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    return Session()


@pytest.fixture
def client(session: Session) -> Iterator[Client]:
    """Return a client of a real server that runs in a thread."""
    with serving(session) as client:
        yield client
    for run in executions(session.instance, status="running"):
        wait_for(session.instance, run.run.run_id)


def test_an_address_that_is_taken_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PipelineError, match=rf"127\.0\.0\.1 port {port}: .* another port with"):
            serve("127.0.0.1", port)


def test_post_is_off_without_a_token(client: Client) -> None:
    answer = client.post("/api/jobs/trigger", json=WEEK, headers=BEARER)
    assert answer.status_code == 503
    assert "FANTASY_API_TOKEN is not set" in answer.json()["detail"]


@pytest.mark.parametrize(
    "header", [None, TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x"]
)
def test_post_needs_the_token(
    client: Client, monkeypatch: pytest.MonkeyPatch, header: str | None
) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    headers = {"Authorization": header} if header else {}
    answer = client.post("/api/jobs/trigger", json=WEEK, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert TOKEN not in answer.text


def test_the_token_is_asked_for_before_the_body_is_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {"data": b'{"year": 20', "headers": {"Content-Type": "application/json"}}
    assert client.post("/api/jobs/trigger", **sent).status_code == 503
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    assert client.post("/api/jobs/trigger", **sent).status_code == 401
    sent["headers"] |= BEARER
    assert client.post("/api/jobs/trigger", **sent).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"year": 2025},
        {"week": 5},
        {"year": "2025", "week": 5},
        {"year": 2025, "week": 0},
        {"year": 2025, "week": 23},
        {"year": 1998, "week": 1},
        {"year": 2025, "week": 5, "source": "elsewhere"},
        {"year": 2025, "week": 5, "shell": "rm"},
        [],
    ],
)
def test_bad_bodies(client: Client, monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    answer = client.post("/api/jobs/trigger", json=body, headers=BEARER)
    assert answer.status_code == 422


@pytest.mark.slow
def test_post_starts_a_run_and_returns_its_id(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    body = {**WEEK, "source": "sample"}
    answer = client.post("/api/jobs/trigger", json=body, headers=BEARER)
    assert answer.status_code == 202
    run_id = answer.json().pop("run_id")
    assert answer.json() == {"run_id": run_id, "season": 2025, "week": 5, "source": "sample"}
    assert wait_for(session.instance, run_id).run.is_success
    run = client.get(f"/api/jobs/history/{run_id}").json()
    assert (run["season"], run["week"], run["source"]) == (2025, 5, "sample")


@pytest.mark.slow
def test_neither_year_nor_week_is_the_week_due(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    started = client.post("/api/jobs/trigger", json={}, headers=BEARER).json()
    assert (started["season"], started["week"]) == (2025, 9)
    assert wait_for(session.instance, started["run_id"]).run.is_success
    # The upcoming week is projected next, as on the command line.
    runs = until(
        lambda: list(executions(session.instance, week=10, status="success")),
        "week 10 is projected",
    )
    assert [(run.job_id, run.tags["trigger"]) for run in runs] == [("weekly_projections", "api")]


def test_a_start_that_waits_too_long_says_so(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    monkeypatch.setattr("fantasy_pipeline.operations.trigger.START_SECONDS", 0.2)
    with locked(session.home / TRIGGER_LOCK):
        answer = client.post("/api/jobs/trigger", json=WEEK, headers=BEARER)
    assert answer.status_code == 503
    assert "was not started: other runs have been starting" in answer.json()["detail"]


def test_week_not_in_the_schedule_names_the_allowed_weeks(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    for week in ({"year": 2025, "week": 22}, {"year": 2031, "week": 1}):
        answer = client.post("/api/jobs/trigger", json=week, headers=BEARER)
        assert answer.status_code == 422
        assert answer.json()["allowed"] == {
            "2023": "1-22",
            "2024": "1-22",
            "2025": "1-18",
        }


def test_a_week_that_cannot_be_made_yet_starts_no_run(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    answer = client.post("/api/jobs/trigger", json={"year": 2025, "week": 12}, headers=BEARER)
    assert answer.status_code == 422
    assert "2025 week 11 is the last week that can be made" in answer.json()["detail"]
    assert list(executions(session.instance)) == []


def test_large_and_unannounced_bodies(client: Client) -> None:
    assert client.post("/api/jobs/trigger", data=b"x" * 5000).status_code == 413
    chunks = (b"x" for _ in range(3))
    assert client.post("/api/jobs/trigger", data=chunks).status_code == 411
    assert MAX_BODY_BYTES < 5000


def test_history_and_its_parameters(client: Client, session: Session) -> None:
    assert client.get("/api/jobs/history").json() == {"executions": [], "cursor": None}
    for query in ("limit=0", "limit=201", "status=odd", "cursor=x"):
        assert client.get(f"/api/jobs/history?{query}").status_code == 422
    unknown = "00000000-0000-0000-0000-000000000000"
    assert client.get(f"/api/jobs/history?cursor={unknown}").status_code == 404
    assert client.get(f"/api/jobs/history/{unknown}").status_code == 404
    assert list(executions(session.instance)) == []


@pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")
def test_history_has_each_run_on_one_page(client: Client, session: Session) -> None:
    first, failed, last = (run_some_job(session.instance, fail) for fail in (False, True, False))

    def walk(query: str) -> list[str]:
        """Return the ids of the runs, page by page to the last."""
        found: list[str] = []
        cursor = ""
        while True:
            page = client.get(f"/api/jobs/history?limit=1{query}{cursor}").json()
            found += [item["id"] for item in page["executions"]]
            assert len(page["executions"]) == 1
            assert len(found) <= 3, "the cursor leads to an earlier page"
            if page["cursor"] is None:
                return found
            cursor = f"&cursor={page['cursor']}"

    assert walk("") == [last, failed, first]
    assert walk("&status=success") == [last, first]
    assert walk("&status=failure") == [failed]
    assert client.get("/api/jobs/history?status=running").json()["executions"] == []


ADDRESSES = (
    "GET /",
    "GET /api/jobs/status",
    "GET /api/jobs/history",
    "GET /api/jobs/history/00000000-0000-0000-0000-000000000000",
    "GET /healthz",
    "GET /metrics",
    "GET /api/leagues/friends/lineup",
    "GET /api/leagues/friends/odds",
    "GET /api/leagues/friends/trade",
    "GET /api/leagues/friends/waivers",
    "GET /api/players/compare",
    "GET /api/players/search",
    "GET /api/players/00-0000000",
    "GET /api/projections",
    "GET /api/stats",
    "GET /api/accuracy",
    "GET /api/weeks",
    "GET /api/jobs/history/00000000-0000-0000-0000-000000000000/log",
    "POST /api/jobs/history/00000000-0000-0000-0000-000000000000/cancel",
    "POST /api/jobs/trigger",
)


@pytest.mark.parametrize("request_line", ADDRESSES)
def test_an_unknown_query_parameter_is_refused(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch, request_line: str
) -> None:
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    method, path = request_line.split()
    answer = requests.request(
        method, f"{client.url}{path}?seson=2025", timeout=120, headers=BEARER, json=WEEK
    )
    assert answer.status_code == 422
    assert "seson: Extra inputs are not permitted" in answer.json()["detail"]
    assert list(executions(session.instance)) == []


def test_every_address_refuses_unknown_query_parameters(client: Client) -> None:
    """The test above has every address of the server."""
    tried = {re.sub(r"/[0-9a-f-]{36}\b", "/{run_id}", line) for line in ADDRESSES}
    tried = {line.replace("/friends/", "/{name}/") for line in tried}
    tried = {line.replace("/00-0000000", "/{player_id}") for line in tried}
    assert tried == set(client.get("/").json()["addresses"])


def test_the_root_leads_to_every_address(client: Client) -> None:
    index = client.get("/").json()
    assert client.get(index["documentation"]).status_code == 200
    assert index["addresses"]["GET /api/jobs/history"] == "Return a page of runs, newest first."
    assert all(text.endswith(".") for text in index["addresses"].values())


@pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")
def test_history_by_season_week_and_time(client: Client, session: Session) -> None:
    weeks = (("2024", "5"), ("2025", "5"), ("2025", "6"))
    runs = [run_some_job(session.instance, season=season, week=week) for season, week in weeks]

    def found(query: str) -> list[str]:
        page = client.get(f"/api/jobs/history?{query}").json()
        return [run["id"] for run in reversed(page["executions"])]

    assert found("season=2025") == runs[1:]
    assert found("week=5") == runs[:2]
    assert found("season=2025&week=6&since=1d") == runs[2:]
    requested = session.instance.get_run_record_by_id(runs[0])
    assert requested is not None
    for since in ("2025-01-01", "2025-01-01T00:00Z", "1h", "90m", "999999999d"):
        assert found(f"since={since}") == runs
    later = requested.create_timestamp.replace(tzinfo=timezone.utc).isoformat()
    assert found(f"since={later.replace('+00:00', 'Z')}") == runs[1:]
    assert found("since=2100-01-01T00:00") == []
    for query in ("since=yesterday", "season=25", "week=23", "week=x"):
        assert client.get(f"/api/jobs/history?{query}").status_code == 422


def test_status_and_health(client: Client) -> None:
    names = {job["name"] for job in client.get("/api/jobs/status").json()["jobs"]}
    assert "tuesday_import" in names
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "critical"


def test_healthz_without_a_daemon_leaves_its_rules_out(client: Client) -> None:
    rules = [found["rule"] for found in client.get("/healthz?daemon=false").json()["findings"]]
    assert "due_week" in rules
    assert {"daemon_running", "schedule_on"}.isdisjoint(rules)
    assert client.get("/healthz?daemon=perhaps").status_code == 422


def test_healthz_with_warnings_only_is_200(client: Client, session: Session) -> None:
    """The due week is imported, earlier weeks are missing, and no daemon is required."""
    due = SeasonWeek(2025, 9)
    assert execute(session.instance, "games_refresh", "sample", {}).success
    assert execute(session.instance, "season_ingest", "sample", {}, due, due).success
    answer = client.get("/healthz?daemon=false")
    levels = {found["rule"]: found["level"] for found in answer.json()["findings"]}
    assert (answer.status_code, answer.json()["status"]) == (200, "warning"), answer.text
    assert (levels["due_week"], levels["recent_success"]) == ("warning", "ok")
    assert client.get("/healthz").status_code == 503


def test_probes_share_a_result_until_it_is_old(session: Session) -> None:
    shared, old_at_once = Results(session, seconds=3600), Results(session, seconds=0)
    before = shared.of(daemon=False)
    assert old_at_once.of(daemon=False).findings[0].rule != "storage"
    history = session.home / "history"
    history.rename(session.home / "elsewhere")
    history.write_text("not a folder")
    assert shared.of(daemon=False) is before
    assert [found.rule for found in old_at_once.of(daemon=False).findings] == ["storage"]
    # Another question has its own result.
    assert [found.rule for found in shared.of(daemon=True).findings] == ["storage"]
    history.unlink()
    (session.home / "elsewhere").rename(history)


def test_healthz_of_a_history_that_cannot_be_reached(client: Client, session: Session) -> None:
    (session.home / "history").rename(session.home / "elsewhere")
    (session.home / "history").write_text("not a folder")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "critical"
    (finding,) = answer.json()["findings"]
    assert (finding["rule"], finding["level"]) == ("storage", "critical")
    assert finding["message"].startswith("cannot be reached: ")
    (session.home / "history").unlink()


schema = schemathesis.openapi.from_dict(
    create_app(lambda source: None).openapi()  # type: ignore[arg-type, return-value]
)


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=20,
    deadline=None,
    database=None,
    # The document's example starts a real run, and so may a random week: the same each time.
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_openapi_document_is_kept(
    case: Any, client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Schemathesis tests what the document allows and forbids, for every operation."""
    monkeypatch.setenv("FANTASY_API_TOKEN", TOKEN)
    # The schedule limits the weeks of a season, the document does not. Without a daemon, health is
    # critical and its status is 503.
    allowed = {
        "/api/jobs/trigger": [positive_data_acceptance],
        "/healthz": [not_a_server_error],
    }.get(case.path, [])
    # Nor does it say that season and week are given together, which players go with a trade, which
    # cursor belongs to which rows, or that teams have no pool.
    if not case.path.startswith(("/api/jobs/", "/healthz")) or case.path.endswith("/log"):
        allowed = [positive_data_acceptance]
    answer = case.call_and_validate(
        base_url=client.url, headers=BEARER, excluded_checks=allowed, timeout=120
    )
    if case.method == "POST" and answer.status_code in (202, 409):
        assert session.instance.get_run_by_id(_run_id(answer.json())) is not None


def _run_id(answer: dict[str, Any]) -> str:
    """Return the id of the run that was started or was running already."""
    return str(answer["run_id"])


def listening(port: int) -> set[str]:
    """Return the addresses that a port listens on, in the kernel's form: 0100007F is 127.0.0.1."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    lines += Path("/proc/net/tcp6").read_text().splitlines()[1:]
    sockets = [line.split()[1:4] for line in lines]
    return {
        local.split(":")[0]
        for local, _, state in sockets
        if state == "0A" and int(local.split(":")[1], 16) == port
    }


@pytest.mark.parametrize(
    ("names", "allowed", "refused"),
    [
        (
            "",
            ["127.0.0.1", "localhost:8000", "[::1]:8000", "LOCALHOST"],
            # Pages of these names, whose addresses their owner changed to 127.0.0.1.
            ["rebinding.example", "rebinding.example:8000", "localhost.rebinding.example"],
        ),
        (
            "nfl.example.org, *.example.net",
            ["127.0.0.1", "nfl.example.org", "a.example.net:443"],
            ["example.org", "example.net.rebinding.example"],
        ),
    ],
)
def test_a_request_to_another_name_is_refused(
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    names: str,
    allowed: list[str],
    refused: list[str],
) -> None:
    """Otherwise a web page reads the history through a browser of this machine (DNS rebinding)."""
    monkeypatch.setenv("FANTASY_API_HOSTS", names)
    with serving(session) as client:
        for host, status in [*((h, 200) for h in allowed), *((h, 400) for h in refused)]:
            for path in ("/", "/docs", "/api/jobs/history"):
                answer = requests.get(client.url + path, headers={"Host": host}, timeout=120)
                assert (host, answer.status_code) == (host, status)


def test_a_server_beyond_this_machine_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [exposure(host) for host in ("127.0.0.1", "::1", "localhost")] == [None] * 3
    monkeypatch.setenv("FANTASY_API_HOSTS", "nfl.example.org")
    warning = exposure("0.0.0.0") or ""  # noqa: S104 - compared, not bound
    assert "it answers nothing until FANTASY_API_TOKEN is set" in warning
    assert "the names localhost, 127.0.0.1, [::1], nfl.example.org only" in warning
    assert own_names("192.0.2.1")[3:] == ["192.0.2.1", "nfl.example.org"]
    assert own_names("2001:db8::1")[3:] == ["[2001:db8::1]", "nfl.example.org"]


def test_the_documentation_needs_no_other_server(client: Client) -> None:
    page = client.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    files = [address for address in addresses if address.startswith("/static/")]
    assert len(files) == 4
    for address in (*files, "/openapi.json"):
        assert address in addresses
        assert client.get(address).status_code == 200
    assert "://" not in page.replace("http://www.w3.org", "")


@pytest.mark.slow
def test_server_process(tmp_path: Path) -> None:
    """Trigger a week with the curl of the operations guide; a second trigger is refused; the run
    succeeds."""
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    started = datetime.now(timezone.utc)
    with serving_process(tmp_path) as client:
        guide = (ROOT / "docs" / "operations.md").read_text()
        (curl,) = re.findall(r"```text\n(curl .*?)```", guide, flags=re.S)
        assert "http://127.0.0.1:8000/" in curl
        done = subprocess.run(
            ["bash", "-c", curl.replace("http://127.0.0.1:8000", client.url)],
            env={**os.environ, "FANTASY_API_TOKEN": TOKEN},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert listening(client.port) == {"0100007F"}
        run_id = json.loads(done.stdout)["run_id"]
        again = client.post("/api/jobs/trigger", json={}, headers=BEARER)
        assert again.status_code == 409
        assert again.json()["run_id"] == run_id
        while (run := client.get(f"/api/jobs/history/{run_id}").json())["status"] in (
            "queued",
            "not_started",
            "starting",
            "started",
        ):
            time.sleep(0.3)
        assert run["status"] == "success"
        assert run["trigger"] == "api"
        assert run["result"]["stats_imported"] > 100
        assert datetime.fromisoformat(run["executed_at"].replace("Z", "+00:00")) >= started.replace(
            microsecond=0
        )
        page = client.get("/api/jobs/history?job_id=whole_week&status=success&limit=1").json()
        assert [item["id"] for item in page["executions"]] == [run_id]
        assert page["cursor"] is None
        assert client.get("/docs").status_code == 200


@pytest.mark.slow
def test_sample_league_keeps_its_own_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of the sample league leaves the history of a server of real data unchanged."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    sessions = Sessions(Session)
    sample = sessions.of("sample")
    assert sessions.of("sample") is sample
    assert sessions.of(None) is sessions.of("auto") is sessions.shared
    assert os.environ["DAGSTER_HOME"] == str(tmp_path)
    assert sample.home == tmp_path / "sample"
    assert sample.lake.root.startswith(str(tmp_path / "sample"))
    run_id = trigger(sample, SeasonWeek(2025, 5), "api")
    assert sessions.execution(run_id).source == "sample"
    assert wait_for(sample.instance, run_id).run.is_success
    assert list(executions(sessions.shared.instance)) == []


def test_sample_league_keeps_out_of_the_database_of_the_outer_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    outer = (ROOT / "deploy" / "postgres" / "dagster.yaml").read_text()
    assert "postgres" in outer
    (tmp_path / "dagster.yaml").write_text(outer)
    sample = Session("sample")
    sample.make_home()
    inner = (sample.home / "dagster.yaml").read_text()
    assert "storage" not in inner
    assert "run_retries" in inner

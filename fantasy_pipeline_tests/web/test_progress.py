"""Live progress: a real server, a real WebSocket client, real runs."""

import asyncio
import json
import logging
import os
import secrets
import subprocess
import sys
import time
from contextlib import suppress
from threading import Thread
from typing import Any

import dagster as dg
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.progress import RunProgress
from fantasy_pipeline.orchestration.runs.tags import run_config, run_tags
from fantasy_pipeline.web import progress
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.operations.test_execute import run as run_some_job
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS
from fantasy_pipeline_tests.web.servers import Client, serving, serving_process
from fantasy_pipeline_tests.web.test_api import client, session

__all__ = ["client", "session"]

pytestmark = pytest.mark.loopback
NOBODY = "00000000-0000-0000-0000-000000000000"
WEEKS = SeasonWeek(2025, 4), SeasonWeek(2025, 5)
Messages = list[dict[str, Any]]
_LOG = logging.getLogger(__name__)


def address(client: Client, path: str) -> str:
    return f"ws://127.0.0.1:{client.port}/api/jobs/{path}"


async def messages_of(socket: ClientConnection) -> Messages:
    """Return all messages until the server closes the connection."""
    found = []
    with suppress(websockets.ConnectionClosed):
        while True:
            found.append(json.loads(await socket.recv()))
    return found


async def listen(client: Client, path: str) -> tuple[Messages, int, str]:
    """Return the messages, and the code and reason with which the server closed."""
    async with connect(address(client, path), open_timeout=60) as socket:
        found = await messages_of(socket)
        return found, socket.close_code or 0, socket.close_reason or ""


def heard(client: Client, path: str) -> tuple[Messages, int, str]:
    return asyncio.run(listen(client, path))


def ingest(instance: dg.DagsterInstance) -> str:
    """Import two weeks of the sample league in one run; return its id."""
    tags = dict(run_tags(WEEKS[0], "sample", "manual"))
    for end, week in zip(("start", "end"), WEEKS, strict=True):
        tags[f"dagster/asset_partition_range_{end}"] = week.key
    del tags["week"]
    # Not with `execute`, which needs the main thread.
    done = defs.resolve_job_def("season_ingest").execute_in_process(
        instance=instance, run_config=run_config("sample"), tags=tags
    )
    assert done.success
    return done.run_id


@pytest.fixture
def run_id(session: Session) -> str:
    assert execute(session.instance, "games_refresh", "sample", {"trigger": "manual"}).success
    return ingest(session.instance)


def test_a_run_from_its_beginning_to_its_end(client: Client, run_id: str) -> None:
    found, code, reason = heard(client, f"history/{run_id}/progress")
    assert (code, reason) == (1000, "the run is over")
    assert [one["cursor"] for one in found] == list(range(1, len(found) + 1))
    assert {one["run_id"] for one in found} == {run_id}
    events = [(one["event"], one["text"]) for one in found]
    assert events[0] == ("started", "season_ingest")
    assert events[-1] == ("ended", "success")
    assets = ["raw_players", "weekly_stats", "team_defense_stats", "source_projections"]
    assert sorted(text for event, text in events if event == "made") == sorted(assets)
    assert sorted(text for event, text in events if event == "asset") == sorted(assets)
    first, last = found[0], found[-1]
    assert (first["weeks_done"], first["weeks"], first["assets"]) == (0, 2, 4)
    assert (last["weeks_done"], last["assets_done"], last["eta_seconds"]) == (2, 4, 0.0)
    assert last["status"] == "success"
    middle = next(one for one in found if one["assets_done"] == 2)
    assert middle["weeks_done"] == 1
    assert middle["eta_seconds"] > 0
    running = next(one for one in found if one["event"] == "asset")
    assert running["asset"] == running["text"]


def test_a_client_that_connects_again_gets_what_it_missed(client: Client, run_id: str) -> None:
    every, _, _ = heard(client, f"history/{run_id}/progress")
    for cursor in (1, 4, len(every) - 1):
        missed, _, _ = heard(client, f"history/{run_id}/progress?cursor={cursor}")
        assert missed == every[cursor:]
    nothing, code, _ = heard(client, f"history/{run_id}/progress?cursor={len(every)}")
    assert (nothing, code) == ([], 1000)


def test_messages_are_the_same_in_every_process(
    client: Client, session: Session, run_id: str
) -> None:
    every = messages_in(session, run_id)
    assert heard(client, f"history/{run_id}/progress")[0] == every


def test_messages_do_not_depend_on_when_they_are_read(
    session: Session, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = session.instance.get_run_by_id(run_id)
    assert run is not None
    whole = RunProgress(session.instance, run).read()
    monkeypatch.setattr("fantasy_pipeline.orchestration.runs.progress._PAGE", 3)
    assert RunProgress(session.instance, run).read() == whole


def test_a_run_is_followed_while_it_goes_on(client: Client, session: Session) -> None:
    assert execute(session.instance, "games_refresh", "sample", {"trigger": "manual"}).success

    async def follow() -> Messages:
        async with connect(address(client, "progress"), open_timeout=60) as socket:
            found = [json.loads(await socket.recv())]
            assert found == [{"event": "running", "runs": [], "backfills": []}]
            worker = Thread(target=ingest, args=[session.instance])
            worker.start()
            # The news that nothing is running comes after the run's end.
            while not (
                "ended" in {one["event"] for one in found} and found[-1]["event"] == "running"
            ):
                found.append(json.loads(await asyncio.wait_for(socket.recv(), 60)))
            worker.join()
            return found

    found = asyncio.run(follow())
    states = [one for one in found if one["event"] == "running"]
    [started] = states[1]["runs"]
    assert (started["job_id"], started["weeks"]) == ("season_ingest", "2025 weeks 4-5")
    assert found[-1]["runs"] == []
    assert found[-2]["event"] == "ended"
    of_run = [one for one in found if one["event"] != "running"]
    assert [one["cursor"] for one in of_run] == list(range(1, len(of_run) + 1))
    # A client of all runs goes on where it stopped, although the run is over.
    cursor = f"{started['run_id']}:5"
    missed = asyncio.run(some(client, f"progress?cursor={cursor}", len(of_run) - 5))
    assert missed == of_run[5:]
    # One that was away for the whole run gets all of it.
    since = of_run[0]["at"].replace("+00:00", "Z")
    whole = asyncio.run(some(client, f"progress?since={since}", len(of_run)))
    assert [one for one in whole if one["run_id"] == started["run_id"]] == of_run


async def some(client: Client, path: str, number: int) -> Messages:
    """Return a number of messages about runs."""
    found: Messages = []
    async with connect(address(client, path), open_timeout=60) as socket:
        while len(found) < number:
            message = json.loads(await asyncio.wait_for(socket.recv(), 60))
            found += [message] if message["event"] != "running" else []
    return found


def test_failures_and_warnings_come_as_they_happen(client: Client, session: Session) -> None:
    failed = run_some_job(session.instance, fail=True)
    found, _, _ = heard(client, f"history/{failed}/progress")
    events = [(one["event"], one["text"]) for one in found]
    assert events[0][0] == "started"
    assert events[-1] == ("ended", "failure")
    assert [event for event, _ in events if event == "error"]


def test_no_run_has_an_unknown_id(client: Client) -> None:
    assert heard(client, f"history/{NOBODY}/progress") == (
        [],
        4404,
        f"there is no run {NOBODY}",
    )
    found, code, reason = heard(client, f"history/{'x' * 500}/progress")
    assert (found, code) == ([], 4404)
    assert reason == f"there is no run {'x' * 64}"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"history/{NOBODY}/progress?cursor=-1", "cursor is not the number of a message"),
        (f"history/{NOBODY}/progress?cursor=abc", "cursor is not the number of a message"),
        (f"history/{NOBODY}/progress?cursor={'9' * 30}", "cursor is not the number of a message"),
        ("progress?cursor=5", "cursor is not a run and the number"),
        ("progress?cursor=:5", "cursor is not a run and the number"),
        (f"progress?{'&'.join(f'cursor=r{n}:1' for n in range(51))}", "at most 50 times"),
        ("progress?since=soon", "since is not an ISO 8601 time"),
        ("progress?limit=x", "the query has another name than cursor and since"),
    ],
)
def test_wrong_queries_are_closed_with_a_sentence(client: Client, path: str, says: str) -> None:
    found, code, reason = heard(client, path)
    assert (found, code) == ([], 1008)
    assert says in reason


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1:1", "null", "http://[::1", "file://127.0.0.1"],
)
def test_page_of_another_server_is_refused(client: Client, origin: str) -> None:
    async def attempt() -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with connect(address(client, "progress"), additional_headers={"Origin": origin}):
                """Not reached."""
        assert b"of another server" in refused.value.response.body
        return refused.value.response.status_code

    assert asyncio.run(attempt()) == 403


def test_token_in_an_address_is_refused(client: Client) -> None:
    async def attempt() -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with connect(address(client, "progress?token=x")):
                """Not reached."""
        return refused.value.response.status_code

    assert asyncio.run(attempt()) == 400


def test_own_page_is_admitted(client: Client) -> None:
    async def attempt() -> Any:
        headers = {"Origin": client.url}
        async with connect(address(client, "progress"), additional_headers=headers) as socket:
            return json.loads(await socket.recv())

    assert asyncio.run(attempt())["event"] == "running"


def test_other_host_is_refused(client: Client) -> None:
    async def attempt() -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with connect(
                "ws://evil.example/api/jobs/progress", host="127.0.0.1", port=client.port
            ):
                """Not reached."""
        return refused.value.response.status_code

    assert asyncio.run(attempt()) == 400


def test_server_keeps_a_websocket_open(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes connections whose request does not arrive, which a WebSocket's never does."""
    monkeypatch.setattr("fantasy_pipeline.web.server.REQUEST_SECONDS", 0.2)

    async def attempt(client: Client) -> None:
        async with connect(address(client, "progress")) as socket:
            await socket.recv()
            await asyncio.sleep(1)
            await (await socket.ping())

    with serving(session) as client:
        asyncio.run(attempt(client))


def test_number_of_clients_is_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_CLIENTS", 2)

    async def attempt() -> tuple[int, str]:
        async with (
            connect(address(client, "progress")) as one,
            connect(address(client, "progress")) as two,
        ):
            await one.recv()
            await two.recv()
            _, code, reason = await listen(client, "progress")
        # Those who leave make room.
        for _ in range(100):
            async with connect(address(client, "progress")) as socket:
                with suppress(websockets.ConnectionClosed):
                    await socket.recv()
                    return code, reason
            await asyncio.sleep(0.05)
        raise AssertionError("no room")

    code, reason = asyncio.run(attempt())
    assert code == 1013
    assert reason == "2 clients are connected already; try again later"


def many_warnings(instance: dg.DagsterInstance, pause: float = 0.0) -> str:
    """Return the id of a run with 1,500 warnings of 20 kB each.

    Args:
        pause: seconds between each hundred of them.
    """

    @dg.asset
    def noisy(context: dg.AssetExecutionContext) -> None:
        for first in range(0, 1500, 100):
            # Not of equal letters: connections compress what they send.
            texts = [f"{n} {secrets.token_hex(10_000)}" for n in range(first, first + 100)]
            context.log_event(dg.AssetMaterialization("noisy", metadata={"warnings": texts}))
            time.sleep(pause)

    job = dg.define_asset_job("noisy_job", selection=[noisy])
    noise = dg.Definitions([noisy], jobs=[job]).resolve_job_def("noisy_job")
    return noise.execute_in_process(instance=instance).run_id


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make messages so long that they do not fit into the buffers of a connection."""
    monkeypatch.setattr("fantasy_pipeline.orchestration.runs.progress.LONGEST_TEXT", 20_000)


UNREAD: dict[str, Any] = {
    "max_queue": 1,
    "ping_interval": None,
    "open_timeout": 60,
    "compression": None,
}
"""Options of a client that reads no more than it is asked for."""


@pytest.mark.slow
@pytest.mark.usefixtures("loud")
def test_a_slow_client_holds_nobody_up_and_loses_nothing(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOST_BEHIND", 600)

    async def until_the_end(socket: ClientConnection) -> Messages:
        found: Messages = []
        while not found or found[-1]["event"] != "ended":
            message = json.loads(await asyncio.wait_for(socket.recv(), 60))
            found += [message] if message["event"] != "running" else []
        return found

    async def watch() -> tuple[str, Messages, Messages]:
        path = address(client, "progress")
        async with connect(path, **UNREAD) as slow, connect(path, compression=None) as quick:
            await quick.recv()
            loop = asyncio.get_running_loop()
            worker = loop.run_in_executor(None, many_warnings, session.instance, 0.8)
            found = await until_the_end(quick)
            # Only now the slow one reads.
            return await worker, found, await until_the_end(slow)

    run_id, found, late = asyncio.run(watch())
    assert [one["cursor"] for one in found] == list(range(1, len(found) + 1))
    assert len(found) > 1500
    # It was sent the latest message in place of those that it was too slow for.
    left_out = [one for one in late if "skipped" in one]
    assert left_out
    assert sum(one["skipped"] for one in left_out) + len(late) == len(found)
    before = late[late.index(left_out[0]) - 1]["cursor"]
    missed, _, _ = heard(client, f"history/{run_id}/progress?cursor={before}")
    assert missed == found[before:]


@pytest.mark.usefixtures("loud")
def test_client_that_never_reads_is_dropped(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SEND_SECONDS", 0.5)
    run_id = many_warnings(session.instance)

    async def attempt() -> tuple[int, int]:
        async with connect(address(client, f"history/{run_id}/progress"), **UNREAD) as socket:
            await asyncio.sleep(4)
            found = await asyncio.wait_for(messages_of(socket), 60)
            return len(found), socket.close_code or 0

    number, code = asyncio.run(attempt())
    assert number < 1500
    assert code != 1000
    # The server serves the others.
    assert heard(client, f"history/{run_id}/progress?cursor=1500")[1] == 1000


def test_history_that_cannot_be_read_closes_the_connection(
    client: Client, session: Session, run_id: str
) -> None:
    (session.home / "history" / "runs" / f"{run_id}.db").write_bytes(b"no database" * 1000)
    found, code, reason = heard(client, f"history/{run_id}/progress")
    assert (found, code) == ([], 1000)
    assert reason == "the run history cannot be read; connect again later"


def watch_runs(session: Session, client: Client, seconds: float) -> tuple[Any, Any, list[int]]:
    """Run jobs for some seconds while thirty clients in another process watch.

    Return what each client was sent, the number of messages of each run, and the memory of the
    server after each run.
    """
    command = [sys.executable, "-m", "fantasy_pipeline_tests.web.crowd"]
    crowd = subprocess.Popen(
        [*command, address(client, "progress"), "30"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert crowd.stdout is not None
        assert crowd.stdout.readline() == "connected\n"
        runs, memory = [], []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            runs.append(run_some_job(session.instance))
            memory.append(client.resident_bytes())
            time.sleep(2)
        sent = {run_id: len(messages_in(session, run_id)) for run_id in runs}
        output, _ = crowd.communicate(json.dumps(sent) + "\n", timeout=LONGEST_SECONDS)
        return json.loads(output), sent, memory
    finally:
        crowd.kill()
        crowd.wait()


def messages_in(session: Session, run_id: str) -> Messages:
    """Return the messages of a run, read from its log."""
    run = session.instance.get_run_by_id(run_id)
    assert run is not None
    return [one.to_json() for one in RunProgress(session.instance, run).read()]


def check_crowd(session: Session, seconds: float) -> None:
    with serving_process(session.home) as client:
        seen, sent, memory = watch_runs(session, client, seconds)
    late = sorted(second for one in seen for second in one["late"])
    # Flat: after the first runs have loaded what they need.
    settled = memory[len(memory) // 3 :]
    _LOG.info(
        "%d runs, %d messages, %d connections; late by median %.2f, p99 %.2f s; "
        "MiB: %d after a third, %d at the end, at most %d",
        *(len(sent), len(late), sum(one["connections"] for one in seen)),
        *(late[len(late) // 2], late[len(late) * 99 // 100]),
        *(size >> 20 for size in (settled[0], settled[-1], max(settled))),
    )
    assert len(memory) >= 3
    for one in seen:
        assert one["wrong"] == []
        assert one["messages"] == sent
        # A loaded machine, and a slow client beside it, are no reason to close a connection.
        assert one["connections"] == 1
    assert max(settled) - settled[0] < 20 * 2**20, [size >> 20 for size in memory]


@pytest.mark.slow
def test_thirty_clients_for_a_minute(session: Session) -> None:
    check_crowd(session, seconds=60)


@pytest.mark.soak
def test_thirty_clients_for_an_hour(session: Session) -> None:
    check_crowd(session, seconds=3600)

"""Live progress over WebSocket: of one run, and of all runs.

Each run that somebody watches has one `Feed`, which reads Dagster's event log and keeps the run's
messages in order. A client has no queue: it has the number of the last message that it was sent,
and takes the next ones at its own pace. A slow client therefore costs no memory and holds nobody
up. One that falls `MOST_BEHIND` messages behind gets the latest message, with the number of those
left out. Nothing is lost: a client that connects again with the cursor of the last message that it
handled gets every message after it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timezone
from typing import Any

import dagster as dg
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute

from fantasy_pipeline.football.season_week import week_ranges
from fantasy_pipeline.operations.status import backfills
from fantasy_pipeline.orchestration.history_errors import in_words
from fantasy_pipeline.orchestration.runs.import_state import weeks_of_tags
from fantasy_pipeline.orchestration.runs.progress import Message, RunProgress, running
from fantasy_pipeline.web.problems import problem
from fantasy_pipeline.web.progress_queries import (
    LONGEST_ID,
    MOST_RUNS,
    AllQuery,
    all_query,
    cursor_in,
)
from fantasy_pipeline.web.security import foreign_origin, may_read, names_token
from fantasy_pipeline.web.sessions import Sessions

POLL_SECONDS = 0.5
"""Pause between two looks at the event log of a watched run."""
MOST_CLIENTS = 100
MOST_BEHIND = 1000
"""Messages that a client may be behind before it gets the latest one only."""
SEND_SECONDS = 30.0
"""Time that a client may take to read a message."""
_CLOSE_SECONDS = 2.0
_LONGEST_PAUSE, _MOST_ENDED = 30.0, 200
NORMAL, REFUSED, BUSY, UNKNOWN = 1000, 1008, 1013, 4404
"""Codes of a closed connection: the run is over, the client is at fault, too many clients, unknown
run."""
_UNREADABLE = "the run history cannot be read; connect again later"
_NO_SOCKET = (
    "there is no WebSocket at this address; connect to /api/jobs/progress, or for one run to "
    "/api/jobs/history/{run_id}/progress"
)
_LOG = logging.getLogger(__name__)


class Feed:
    """The messages of one run, read while at least one client watches it."""

    def __init__(self, progress: RunProgress, poll_seconds: float) -> None:
        self.messages: list[Message] = []
        self.failure: str | None = None
        self.is_over = False
        """No message will follow. Set after the last one: the reader works in another thread."""
        self._progress = progress
        self._poll_seconds = poll_seconds
        self._changed = asyncio.Event()
        self._watchers = 0
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Read the event log while the context is open."""
        self._watchers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._read())
        try:
            yield
        finally:
            self._watchers -= 1
            if self._watchers == 0 and self._task is not None:
                self._task.cancel()
                with suppress(asyncio.CancelledError):
                    await self._task
                self._task = None

    async def _read(self) -> None:
        """Read the log until the run is over; wake the clients after each new message."""
        while not self.is_over:
            try:
                found = await run_in_threadpool(self._progress.read)
            except Exception as error:
                _LOG.warning("progress of run %s: %s", self._progress.run.run_id, error)
                self.failure = _UNREADABLE
                found = []
            self.messages += found
            self.is_over = self._progress.is_over or self.failure is not None
            if found or self.is_over:
                self._wake()
            if not self.is_over:
                await asyncio.sleep(self._poll_seconds)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def beyond(self, cursor: int) -> Sequence[Message]:
        """Return the messages after a cursor, once there are any; none if none will follow."""
        while len(self.messages) <= cursor and not self.is_over:
            await self._changed.wait()
        return self.messages[cursor:]


class Feeds:
    """The feeds of the watched runs, one per run, and the number of clients."""

    def __init__(self, sessions: Sessions, poll_seconds: float = POLL_SECONDS) -> None:
        self.sessions = sessions
        self.poll_seconds = poll_seconds
        self.clients = 0
        self._feeds: dict[str, Feed] = {}
        self._users: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self._state: tuple[float, dict[str, Any]] | None = None
        self._looked_at = 0.0
        self.ended: dict[str, float] = {}
        """When runs ended that may have begun and ended between two looks."""

    async def state(self) -> dict[str, Any]:
        """Return the runs and backfills that are running; clients share one look at them."""
        async with self._lock:
            if self._state is None or time.monotonic() - self._state[0] > self.poll_seconds:
                self._state = time.monotonic(), await run_in_threadpool(self._running)
            return self._state[1]

    def _running(self) -> dict[str, Any]:
        instance = self.sessions.shared.instance
        now = time.time()
        since = max(self._looked_at, now - _LONGEST_PAUSE) - 1
        self._looked_at = now
        filters = dg.RunsFilter(updated_after=datetime.fromtimestamp(since, timezone.utc))
        for record in instance.get_run_records(filters, limit=MOST_RUNS):
            if record.end_time:
                self.ended[record.dagster_run.run_id] = record.end_time
        for run_id in list(self.ended)[:-_MOST_ENDED]:
            del self.ended[run_id]
        runs = [
            {
                "run_id": run.run_id,
                "job_id": run.job_name,
                "weeks": week_ranges(weeks_of_tags(run.tags)),
            }
            for run in running(instance, MOST_RUNS)
        ]
        return {"runs": runs, "backfills": backfills(instance)}

    async def ended_since(self, since: datetime | None) -> list[str]:
        """Return the ids of the runs that ended after a moment; none without one."""
        if since is None:
            return []
        instance = self.sessions.shared.instance
        filters = dg.RunsFilter(updated_after=since)
        found = await run_in_threadpool(lambda: instance.get_runs(filters, limit=MOST_RUNS))
        return [run.run_id for run in found if run.is_finished]

    @asynccontextmanager
    async def of(self, run_id: str) -> AsyncIterator[Feed | None]:
        """Yield the feed of a run, which is read while the context is open; None: no such run."""
        if run_id not in self._feeds:
            progress = await run_in_threadpool(self._progress, run_id)
            # Another client may have opened the feed in the meantime.
            if progress is not None and run_id not in self._feeds:
                self._feeds[run_id] = Feed(progress, self.poll_seconds)
        feed = self._feeds.get(run_id)
        if feed is None:
            yield None
            return
        self._users[run_id] = self._users.get(run_id, 0) + 1
        async with feed.watched():
            try:
                yield feed
            finally:
                # Before its reader is stopped: no other client may take a feed without one.
                self._users[run_id] -= 1
                if not self._users[run_id]:
                    del self._users[run_id], self._feeds[run_id]

    def _progress(self, run_id: str) -> RunProgress | None:
        session = self.sessions.holding(run_id)
        run = None if session is None else session.instance.get_run_by_id(run_id)
        return None if session is None or run is None else RunProgress(session.instance, run)


async def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    """Send a message.

    Raises:
        TimeoutError: the client does not read.
    """
    await asyncio.wait_for(
        socket.send_text(json.dumps(message, separators=(",", ":"))), SEND_SECONDS
    )


async def _pass_on(socket: WebSocket, found: Sequence[Message], cursor: int, waiting: int) -> int:
    """Send messages, or the latest of too many; return the cursor after them.

    Args:
        waiting: how many of them were waiting already when the client had read the ones before.
    """
    skipped = len(found) - 1 if waiting > MOST_BEHIND else 0
    for message in found[skipped:]:
        more = {"skipped": skipped} if skipped else {}
        await _send(socket, message.to_json() | more)
        skipped, cursor = 0, message.cursor
    return cursor


async def _follow(socket: WebSocket, feed: Feed, cursor: int) -> None:
    """Send the messages of a run after a cursor until the run is over."""
    waiting = 0
    while found := await feed.beyond(cursor):
        cursor = await _pass_on(socket, found, cursor, waiting)
        waiting = len(feed.messages) - cursor
    await socket.close(NORMAL, feed.failure or "the run is over")


async def _follow_all(socket: WebSocket, feeds: Feeds, query: AllQuery) -> None:
    """Send the messages of all running runs, those of new ones included, until the client goes.

    Runs that the client names by a cursor are followed to their end, although they may be over.
    """
    cursors, over, told = dict(query.cursors), set(), None
    asked = [*cursors, *await feeds.ended_since(query.since)]
    waiting: dict[str, int] = {}
    began = time.time()
    followed: dict[str, tuple[Feed, AsyncExitStack]] = {}
    try:
        while True:
            state = await feeds.state()
            running_now = [run["run_id"] for run in state["runs"]]
            # The last messages of a run come before the news that it is over.
            if state != told and followed.keys() <= set(running_now):
                await _send(socket, {"event": "running", **state})
                told = state
            ended = [run_id for run_id, at in list(feeds.ended.items()) if at >= began]
            for run_id in dict.fromkeys([*asked, *running_now, *ended]):
                if run_id not in followed and run_id not in over:
                    stack = AsyncExitStack()
                    feed = await stack.enter_async_context(feeds.of(run_id))
                    if feed is None:
                        over.add(run_id)
                        await stack.aclose()
                    else:
                        followed[run_id] = feed, stack
            asked = []
            for run_id, (feed, stack) in list(followed.items()):
                # Before the messages are looked at: none may come between the two.
                is_over, cursor = feed.is_over, cursors.get(run_id, 0)
                if found := feed.messages[cursor:]:
                    cursors[run_id] = await _pass_on(socket, found, cursor, waiting.get(run_id, 0))
                waiting[run_id] = len(feed.messages) - cursors.get(run_id, 0)
                if is_over:
                    over.add(run_id)
                    # A client may stay for months.
                    for known in (cursors, waiting, followed):
                        known.pop(run_id, None)
                    await stack.aclose()
            await asyncio.sleep(feeds.poll_seconds)
    finally:
        for _, stack in followed.values():
            await stack.aclose()


async def _until_closed(socket: WebSocket) -> None:
    """Wait until the client closes the connection; what it sends is not read."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _serve(socket: WebSocket, send: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a sender until it ends or the client closes the connection."""
    tasks = [asyncio.create_task(send()), asyncio.create_task(_until_closed(socket))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except (asyncio.TimeoutError, TimeoutError):
        text = f"no message was read for {SEND_SECONDS:g} s; connect again with the last cursor"
        # The message about the end waits, too, if the client reads nothing at all.
        with suppress(RuntimeError, asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(socket.close(REFUSED, text), _CLOSE_SECONDS)
    except WebSocketDisconnect:
        """The client is gone."""
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def add_progress(
    app: FastAPI,
    sessions: Sessions,
    is_protected: bool = False,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Add the two WebSocket routes.

    Args:
        app: the application.
        sessions: the histories whose runs are followed.
        is_protected: reading needs the token, or a login.
        poll_seconds: pause between two looks at an event log.
    """
    feeds = Feeds(sessions, poll_seconds)

    @app.websocket("/api/jobs/history/{run_id}/progress")
    async def run_progress(socket: WebSocket, run_id: str, cursor: str | None = None) -> None:
        """Send the messages of a run, those so far first, until the run is over."""
        async with _admitted(socket, feeds, is_protected) as is_admitted:
            if not is_admitted:
                return
            number = cursor_in(cursor)
            if number is None:
                await socket.close(REFUSED, "cursor is not the number of a message")
                return
            async with feeds.of(run_id[:LONGEST_ID]) as feed:
                if feed is None:
                    await socket.close(UNKNOWN, f"there is no run {run_id[:LONGEST_ID]}")
                    return
                await _serve(socket, lambda: _follow(socket, feed, number))

    @app.websocket("/api/jobs/progress")
    async def all_progress(socket: WebSocket) -> None:
        """Send the messages of all running runs, and which runs and backfills are running."""
        async with _admitted(socket, feeds, is_protected) as is_admitted:
            if not is_admitted:
                return
            query = all_query(socket.query_params.multi_items())
            if isinstance(query, str):
                await socket.close(REFUSED, query)
                return
            await _serve(socket, lambda: _follow_all(socket, feeds, query))

    app.router.routes.append(WebSocketRoute("/{path:path}", _no_progress))


async def _no_progress(socket: WebSocket) -> None:
    """Refuse a WebSocket at any other address."""
    await socket.send_denial_response(problem(404, _NO_SOCKET))


@asynccontextmanager
async def _admitted(socket: WebSocket, feeds: Feeds, is_protected: bool) -> AsyncIterator[bool]:
    """Accept a connection and count it while the context is open; yield False if it is refused."""
    if foreign_origin(socket.headers.get("origin"), socket.headers.get("host")):
        detail = "the page that opened this WebSocket is of another server"
        await socket.send_denial_response(problem(403, detail))
        yield False
        return
    if names_token(socket.scope):
        detail = "a token does not belong in an address; send it as Authorization: Bearer"
        await socket.send_denial_response(problem(400, detail))
        yield False
        return
    if is_protected and not may_read(socket):
        detail = "reading needs the server's FANTASY_API_TOKEN as bearer token, or a login"
        await socket.send_denial_response(problem(401, detail))
        yield False
        return
    await socket.accept()
    if feeds.clients >= MOST_CLIENTS:
        await socket.close(BUSY, f"{MOST_CLIENTS} clients are connected already; try again later")
        yield False
        return
    feeds.clients += 1
    try:
        yield True
    except WebSocketDisconnect:
        """The client is gone."""
    except Exception as error:
        if in_words(error) is None:
            raise
        with suppress(RuntimeError):
            await socket.close(BUSY, _UNREADABLE)
    finally:
        feeds.clients -= 1

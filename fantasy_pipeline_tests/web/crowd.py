"""Clients of live progress in a process of their own: `python -m fantasy_pipeline_tests.web.crowd`.

Arguments are the address of the progress of all runs, and the number of quick clients; a slow one
watches, too. The process prints a line when all are connected. It reads a line with the runs to
wait for and the number of their messages, waits until each quick client has got them, and prints
what each was sent.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from websockets import ConnectionClosed
from websockets.asyncio.client import connect

SLOW_SECONDS = 5.0
"""Pause of a slow client after each message; more are sent than it reads."""
LATEST_SECONDS = 120
"""Ends the wait for messages that do not come."""
_MOST_CURSORS = 40


class Watcher:
    """A client that connects again, and goes on where it was, whenever it loses its connection."""

    def __init__(self, address: str, pause: float = 0.0) -> None:
        self.messages: dict[str, int] = {}
        """Number of messages by run; each has the number of the message before it plus one."""
        self.wrong: list[str] = []
        self.late: list[float] = []
        """Seconds from each event to its message."""
        self.connections = 0
        self.is_connected = asyncio.Event()
        self._address = address
        self._pause = pause
        self._latest: str | None = None

    async def watch(self) -> None:
        """Listen without an end."""
        while True:
            with suppress(ConnectionClosed):
                async with connect(f"{self._address}?{self._query()}", open_timeout=120) as socket:
                    self.connections += 1
                    async for text in socket:
                        self._add(json.loads(text))
                        await asyncio.sleep(self._pause)

    def _add(self, message: dict[str, Any]) -> None:
        self.is_connected.set()
        if message["event"] == "running":
            return
        run_id, cursor = message["run_id"], message["cursor"]
        if cursor != self.messages.get(run_id, 0) + 1 and not self._pause:
            self.wrong.append(f"{run_id}: {cursor} after {self.messages.get(run_id, 0)}")
        self.messages[run_id] = cursor
        self._latest = message["at"]
        sent = datetime.fromisoformat(message["at"])
        self.late.append((datetime.now(timezone.utc) - sent).total_seconds())

    def _query(self) -> str:
        recent = list(self.messages.items())[-_MOST_CURSORS:]
        known = [f"cursor={run_id}:{cursor}" for run_id, cursor in recent]
        return "&".join([*known, *([f"since={self._latest}"] if self._latest else [])])

    async def until(self, expected: dict[str, int]) -> None:
        """Wait until all messages of some runs are there."""
        while any(self.messages.get(run_id, 0) < number for run_id, number in expected.items()):
            await asyncio.sleep(0.1)


async def main(address: str, clients: int) -> None:
    """Watch until the line on stdin, and print what each quick client was sent."""
    quick = [Watcher(address) for _ in range(clients)]
    every = [*quick, Watcher(address, SLOW_SECONDS)]
    tasks = [asyncio.create_task(watcher.watch()) for watcher in every]
    await asyncio.gather(*(watcher.is_connected.wait() for watcher in every))
    print("connected", flush=True)  # noqa: T201
    expected = json.loads(await asyncio.to_thread(sys.stdin.readline))
    with suppress(asyncio.TimeoutError):
        there = asyncio.gather(*(watcher.until(expected) for watcher in quick))
        await asyncio.wait_for(there, LATEST_SECONDS)
    seen = [
        {key: vars(one)[key] for key in ("messages", "wrong", "late", "connections")}
        for one in quick
    ]
    print(json.dumps(seen), flush=True)  # noqa: T201
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

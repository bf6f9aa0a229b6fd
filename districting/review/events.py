"""What the browsers hear: every move as it is written, progress of searches, who is here. Server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

#: A sign of life to keep proxies from closing a quiet line, s.
HEARTBEAT_S = 15.0

#: Messages that a browser may lag behind before it is told to ask for everything again.
MOST_WAITING = 500


class Hub:
    """Sends messages from any thread to every browser that listens."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lines: dict[asyncio.Queue[str | None], str] = {}

    @property
    def present(self) -> list[str]:
        """Names of those who listen, sorted."""
        return sorted(Counter(self._lines.values()))

    def begin(self) -> None:
        """Take the running event loop as the one that sends."""
        self._loop = asyncio.get_running_loop()

    def tell(self, kind: str, message: Any, *, number: int | None = None) -> None:
        """Send a message to everybody; safe from any thread, silent while nobody can listen."""
        head = "" if number is None else f"id: {number}\n"
        text = f"{head}event: {kind}\ndata: {json.dumps(message, ensure_ascii=False)}\n\n"
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # the loop ends while we ask
                self._loop.call_soon_threadsafe(self._send, text)

    def _send(self, text: str | None) -> None:
        for line in self._lines:
            if line.qsize() < MOST_WAITING:
                line.put_nowait(text)
            else:
                line.put_nowait("event: again\ndata: {}\n\n")

    def end(self) -> None:
        """Close every line; safe from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._send, None)

    async def listen(self, name: str) -> AsyncIterator[str]:
        """Messages for one browser until it leaves or the server ends."""
        line: asyncio.Queue[str | None] = asyncio.Queue()
        self._lines[line] = name
        self.tell("present", self.present)
        try:
            yield "retry: 1000\n\n"
            while True:
                try:
                    text = await asyncio.wait_for(line.get(), HEARTBEAT_S)
                except TimeoutError:
                    text = ": \n\n"
                if text is None:
                    return
                yield text
        finally:
            del self._lines[line]
            self.tell("present", self.present)

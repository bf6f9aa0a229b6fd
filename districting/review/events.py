"""What the browsers hear: every move as it is written, progress of searches, who is here. Server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

#: A sign of life keeps proxies from closing a quiet line, s; as often it is asked whether the session stands.
HEARTBEAT_S = 15.0

#: Messages that a browser may lag behind before they are dropped and it is told to ask for everything again.
MOST_WAITING = 500

_AGAIN = "event: again\ndata: {}\n\n"


@dataclass(frozen=True)
class Ear:
    """Whose browser listens; ``session`` tells the browsers of one person apart."""

    name: str
    session: str


class Hub:
    """Sends messages from any thread to every browser that listens."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lines: dict[asyncio.Queue[str | None], Ear] = {}

    @property
    def present(self) -> list[str]:
        """Names of those who listen, sorted, each once."""
        return sorted({ear.name for ear in list(self._lines.values())})

    def begin(self) -> None:
        """Take the running event loop as the one that sends."""
        self._loop = asyncio.get_running_loop()

    def tell(self, kind: str, message: Any, *, number: int | None = None) -> None:
        """Send a message to everybody; safe from any thread, silent while nobody can listen."""
        head = "" if number is None else f"id: {number}\n"
        text = f"{head}event: {kind}\ndata: {json.dumps(message, ensure_ascii=False)}\n\n"
        self._soon(self._send, text)

    def dismiss(self, name: str | None = None, *, session: str | None = None) -> None:
        """Close every line of a person, or of one session, at once; safe from any thread.

        What waits in such a line is dropped: it may tell what the person may no longer see.
        """
        self._soon(self._close, name, session)

    def end(self) -> None:
        """Close every line, after what waits in it; safe from any thread."""
        self._soon(self._close_all)

    def _soon(self, work: Callable[..., None], *values: Any) -> None:
        """Have the loop do something; orders are kept."""
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # the loop ends while we ask
                self._loop.call_soon_threadsafe(work, *values)

    def _send(self, text: str) -> None:
        for line in self._lines:
            if line.qsize() < MOST_WAITING:
                line.put_nowait(text)
            else:
                _empty(line)
                line.put_nowait(_AGAIN)

    def _close(self, name: str | None, session: str | None) -> None:
        for line, ear in list(self._lines.items()):
            if ear.name == name or ear.session == session:
                _empty(line)
                line.put_nowait(None)
                del self._lines[line]  # nothing may follow: a later message could push the end out

    def _close_all(self) -> None:
        for line in self._lines:
            line.put_nowait(None)
        self._lines.clear()

    async def listen(self, ear: Ear, *, stands: Callable[[], bool]) -> AsyncIterator[str]:
        """Messages for one browser until it leaves, its session ends, or the server does.

        Parameters
        ----------
        stands
            Whether the session is still good; asked at the beginning and then every ``HEARTBEAT_S``, however much
            there is to tell, since a session may also just run out, or be ended by another process.
        """
        clock = asyncio.get_running_loop().time
        line: asyncio.Queue[str | None] = asyncio.Queue()
        self._lines[line] = ear
        self.tell("present", self.present)
        try:
            if not stands():  # it may have ended between the request and the line
                return
            due = clock() + HEARTBEAT_S
            yield "retry: 1000\n\n"
            while True:
                try:
                    text = await asyncio.wait_for(line.get(), due - clock())  # gives up at once if that is past
                except TimeoutError:
                    text = ": \n\n" if stands() else None
                    due = clock() + HEARTBEAT_S
                if text is None:
                    return
                yield text
        finally:
            self._lines.pop(line, None)  # one that was closed is gone already
            self.tell("present", self.present)


def _empty(line: asyncio.Queue[str | None]) -> None:
    """Drop what waits in a line."""
    while not line.empty():
        line.get_nowait()

"""The compare page made live: nothing that the server writes of a plan is forgotten when the plan is told anew."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

from districting.review.page import live_page, payload_of
from districting.review.serving import Address, listening


def letter_of(page: str) -> dict[str, Any]:
    """The JSON letter of a page."""
    raw = gzip.decompress(base64.b64decode(payload_of(page)))
    letter: dict[str, Any] = json.loads(raw[4 : 4 + struct.unpack_from("<I", raw)[0]])
    return letter


def test_the_live_page_keeps_every_field_of_a_plan(handed_over: Path) -> None:
    page = (handed_over / "index.html").read_text(encoding="utf-8")
    script = (resources.files("districting.review") / "assets" / "relabel.js").read_text(encoding="utf-8")
    found = re.search(r"const LETTER = new Set\(\[(.*?)\]\)", script, re.DOTALL)
    assert found is not None
    kept = set(re.findall(r'"(\w+)"', found[1]))
    assert set().union(*(plan.keys() for plan in letter_of(page)["plans"])) <= kept


def test_a_draft_is_called_the_same_in_both_languages(handed_over: Path) -> None:
    page = (handed_over / "index.html").read_text(encoding="utf-8")
    titled = letter_of(live_page(page, titles={"adjust": "王芳的草案"}).html)
    at = next(at for at, plan in enumerate(titled["plans"]) if plan["id"] == "adjust")
    assert titled["plans"][at]["title"] == "王芳的草案"
    assert "title" not in titled["other"]["plans"][str(at)]


def test_answers_leave_at_once_and_wait_for_no_acknowledgement() -> None:
    async def at_once() -> int:
        """Whether a connection that the server accepts sends small packets at once."""
        found: asyncio.Queue[int] = asyncio.Queue()

        def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = writer.get_extra_info("socket")
            found.put_nowait(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(met, sock=listening(Address(port=0))) as server:
            host, port = server.sockets[0].getsockname()
            _, writer = await asyncio.open_connection(host, port)
            told = await found.get()
            writer.close()
            await writer.wait_closed()
            return told

    with ThreadPoolExecutor(1) as thread:  # a browser of another test may have its own loop running in this one
        assert thread.submit(lambda: asyncio.run(at_once())).result()

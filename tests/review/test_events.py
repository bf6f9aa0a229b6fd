"""Lines to the browsers: they close when they must, however much there is to tell or to catch up with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from districting.review.events import MOST_WAITING, Ear, Hub


def apart(told: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives, in a thread of its own: a browser of another test may keep this one's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, told).result()


async def opened(hub: Hub) -> AsyncIterator[str]:
    """A line that has begun and has not been read since."""
    hub.begin()
    line = hub.listen(Ear("Wang", "s"), stands=lambda: True)
    await anext(line)
    return line


async def rest(line: AsyncIterator[str]) -> list[str]:
    """Everything until the line closes, as it must."""
    async with asyncio.timeout(5):
        return [text async for text in line]


async def settled() -> None:
    """What was asked of the hub until now has been done."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_a_line_whose_session_ran_out_closes_while_news_never_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("districting.review.events.HEARTBEAT_S", 0.1)

    async def heard() -> int:
        hub, asked, count = Hub(), 0, 0
        hub.begin()

        def stands() -> bool:
            nonlocal asked
            asked += 1
            return asked <= 2

        async for _ in hub.listen(Ear("Wang", "s"), stands=stands):
            hub.tell("move", {})  # the next message waits before anybody could ask for it
            await asyncio.sleep(0.01)
            count += 1
            assert count < 1000, "it is never asked whether the session stands"
        return count

    assert apart(heard()) > 2


def test_a_browser_that_lags_far_behind_is_told_once_to_ask_for_everything() -> None:
    async def heard() -> list[str]:
        hub = Hub()
        line = await opened(hub)
        for number in range(MOST_WAITING + 100):
            hub.tell("move", number)
        await settled()
        hub.end()
        await settled()
        return await rest(line)

    told = apart(heard())
    assert told[0].startswith("event: again")
    assert [text for text in told if "again" in text] == told[:1]
    assert len(told) < MOST_WAITING
    assert told[-1] == f"event: move\ndata: {MOST_WAITING + 99}\n\n"


@pytest.mark.parametrize("how", ["the server ends", "the person is dismissed"])
def test_a_line_that_is_full_closes_and_nothing_told_later_keeps_it_open(how: str) -> None:
    async def heard() -> list[str]:
        hub = Hub()
        line = await opened(hub)
        for number in range(MOST_WAITING):
            hub.tell("move", number)
        if how == "the server ends":
            hub.end()
        else:
            hub.dismiss("Wang")
        for _ in range(2 * MOST_WAITING):
            hub.tell("later", {})
        await settled()
        return await rest(line)

    told = apart(heard())
    assert not any("later" in text for text in told)
    if how == "the person is dismissed":
        assert told == []

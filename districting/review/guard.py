"""What stands before every request: whom we answer, how much we read, and what a browser may do with our pages."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from districting.language import Language, say

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Longest body of a request, bytes: a selection of every atom of a large city fits.
LONGEST_BODY = 1_000_000

#: Names under which this machine calls itself.
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

#: Sent with every answer; the compare page brings its own content policy.
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"cache-control": b"no-store",
}
_CONTENT_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Guard:
    """Refuses strange hosts, other sites' requests and long bodies; adds safety headers to every answer.

    Parameters
    ----------
    app
        What is guarded.
    hosts
        Names that the server answers to, without port; empty for any (a server bound to an address of a network,
        where every request needs a session). Another name is a page of another site that points its name at us.
    language
        Of refusals.
    """

    def __init__(self, app: App, *, hosts: frozenset[str], language: Language) -> None:
        self.app, self.hosts, self.language = app, hosts, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = _with_headers(send)
        refused = self._refused(scope, headers)
        if refused is not None:
            await _refuse(answer, refused[0], say(refused[1], self.language))
            return
        body = await _body(receive) if scope["method"] not in ("GET", "HEAD") else b""
        if body is None:
            await _refuse(answer, 413, say("review.no.long", self.language))
            return
        await self.app(scope, _replayed(body, receive), answer)

    def _refused(self, scope: Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        """Status and sentence for a request that is not answered; None for one that is."""
        host = headers.get(b"host", "")
        if self.hosts and _name_of(host) not in self.hosts:
            return 421, "review.no.host"
        if scope["method"] not in ("GET", "HEAD"):
            origin = headers.get(b"origin")
            if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return 403, "review.no.origin"
            if origin is not None and origin.partition("://")[2] != host:
                return 403, "review.no.origin"
        length = headers.get(b"content-length", "0")
        if not length.isdecimal():
            return 400, "review.no.long"
        return (413, "review.no.long") if int(length) > LONGEST_BODY else None


async def _body(receive: Receive) -> bytes | None:
    """All that a request brings; None if it is too long, whatever length it states, or if the browser left."""
    parts: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > LONGEST_BODY:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A line that brings a body that has been read, then what else comes."""
    waiting = [body]

    async def next_message() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return next_message


def _with_headers(send: Send) -> Send:
    """The same line, with our headers on every answer that does not bring them."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", []))
            present = {name.lower() for name, _ in given}
            wanted = {**_HEADERS, b"content-security-policy": _CONTENT_POLICY}
            message["headers"] = given + [(name, value) for name, value in wanted.items() if name not in present]
        await send(message)

    return answer


async def _refuse(send: Send, status: int, sentence: str) -> None:
    """A refusal as every other."""
    body = json.dumps({"error": [sentence]}, ensure_ascii=False).encode("utf-8")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _name_of(host: str) -> str:
    """A host header without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host

"""Running the server: the address it is bound to, and a clean end."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from districting.errors import Fault, InputError
from districting.review.app import create_app
from districting.review.desk import Desk
from districting.review.guard import LOCAL_HOSTS
from districting.review.start import StartToken

#: How long open answers may take at the end, s.
_LAST_CALL_S = 2


@dataclass(frozen=True)
class Address:
    """Where the server listens.

    Parameters
    ----------
    host
        ``127.0.0.1`` by default: this machine only.
    port
        0: any that is free.
    certificate, key
        Files for https; without them a network can read along.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    certificate: Path | None = None
    key: Path | None = None

    @property
    def local(self) -> bool:
        """Only this machine can come."""
        return self.host in ("127.0.0.1", "localhost", "::1")

    @property
    def scheme(self) -> str:
        """``https`` with a certificate, else ``http``."""
        return "https" if self.certificate else "http"


def serve(desk: Desk, address: Address, *, begun: Callable[[str, str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Parameters
    ----------
    begun
        Told the address of the page and the start link once they can be opened.

    Raises
    ------
    InputError
        If the address cannot be used, or the case file turns out to be wrong: it is read while the page stands.
    """
    start = StartToken()
    line = listening(address)
    host, port = line.getsockname()[:2]
    named = address.host if address.local else _outward(str(host))
    hosts = LOCAL_HOSTS if address.local else frozenset()
    app = create_app(desk, start=start, hosts=hosts, secure=address.scheme == "https")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_LAST_CALL_S,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    url = f"{address.scheme}://{f'[{named}]' if ':' in named else named}:{port}/"
    begun(url, f"{url}join/{start.token}")
    _Server(config, desk).run(sockets=[line])
    if desk.refusal is not None:
        raise desk.refusal


class _Server(uvicorn.Server):
    """Ends with a wrong case file, and closes the lines of the browsers first: the end waits for none."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self.desk = desk

    async def on_tick(self, counter: int) -> bool:
        """Whether to end; asked ten times a second."""
        if self.desk.refusal is not None:
            self.desk.hub.end()
            return True
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to end. Answers that are cut off are what was asked for, no faults to be told at length."""
        self.desk.hub.end()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        super().handle_exit(sig, frame)


def listening(address: Address) -> socket.socket:
    """A socket that listens already: a browser that comes early waits instead of being turned away.

    Raises
    ------
    InputError
        If the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # Named as TCP: only on such sockets does asyncio switch off the waiting that held each answer back 40 ms.
    line = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        line.bind((address.host, address.port))
        line.listen(128)
    except OSError as error:
        line.close()
        values = {"host": address.host, "port": address.port, "why": error.strerror or str(error)}
        raise InputError([Fault("fault.address", values)]) from error
    return line


def _outward(host: str) -> str:
    """A name under which others reach this machine."""
    return socket.gethostname() if host in ("0.0.0.0", "::") else host

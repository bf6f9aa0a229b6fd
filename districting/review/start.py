"""The start link: whoever started the server shows with it, once, that the browser is theirs."""

from __future__ import annotations

import hmac
import secrets
import threading


class StartToken:
    """A secret that signs the planner at this machine in; good for one use, kept nowhere.

    That somebody comes from this machine proves nothing: other accounts work on it, and a proxy before the server
    makes everybody come from it.

    Parameters
    ----------
    token
        None: a fresh one of 192 bits.
    """

    def __init__(self, token: str | None = None) -> None:
        self._token: str | None = token or secrets.token_urlsafe(24)
        self._lock = threading.Lock()

    @property
    def token(self) -> str:
        """The secret; empty once it has been used."""
        return self._token or ""

    def take(self, token: str) -> bool:
        """Whether this is the secret; from then on it is no more.

        Examples
        --------
        >>> start = StartToken("s")
        >>> start.take("t"), start.take("s"), start.take("s")
        (False, True, False)
        """
        with self._lock:
            held = self._token
            if held is None or not hmac.compare_digest(token.encode(), held.encode()):
                return False
            self._token = None
            return True

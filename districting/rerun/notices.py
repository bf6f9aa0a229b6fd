"""Who is told of a rerun: a command and an address of the case. A notice that fails never loses the result.

Posts are signed as the Standard Webhooks specification 1.0.0 asks, so that receivers can check them with a library
of their language: headers ``webhook-id``, ``webhook-timestamp``, and ``webhook-signature`` where a secret is set.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import string
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException, HTTPMessage, InvalidURL
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from districting import __version__
from districting.flow.case_tables import RerunSettings, is_address
from districting.language import Language, say

#: proposals: there are some. no_plan: something asks for a change, and none was found. failed: no result at all.
#: lists: nothing to do, but a list of the case can no longer be read and goes back.
Event = Literal["proposals", "no_plan", "failed", "lists", "nothing_to_do"]
Channel = Literal["hook", "webhook"]

#: Environment variable that holds the secret of the signature; it is not handed on to the command.
SECRET_NAME = "DISTRICTING_WEBHOOK_SECRET"
#: Seconds that the command may take, that an address may take to answer, and between two tries.
HOOK_S, ANSWER_S, PAUSES_S = 60.0, 10.0, (1.0, 4.0)
#: Answers after which another try is worth while: too early, too many, and faults of the other side.
_TRY_AGAIN = frozenset({408, 425, 429, *range(500, 600)})
#: Characters of an answer, or of the command's last words, that a log line quotes.
_QUOTED = 200
#: Bytes of an answer that are read, so that an address that it repeats is read whole.
_READ = 4096


@dataclass(frozen=True)
class Notice:
    """How one notice went.

    Parameters
    ----------
    channel, name
        ``hook`` and the command's first word, or ``webhook`` and the address's host: the rest may be secret.
    told
        True if the other side took it.
    tries, seconds
        How often and how long it was tried.
    why, values
        Where it failed: the sentence ``notice.<why>`` and its values.
    """

    channel: Channel
    name: str
    told: bool
    tries: int
    seconds: float
    why: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """One line for the log."""
        where = say(f"notice.{self.channel}", language, name=self.name)
        if self.told:
            return say("notice.told", language, where=where, seconds=self.seconds)
        why = say(f"notice.{self.why}", language, **self.values)
        return say("notice.failed", language, where=where, tries=self.tries, why=why)


def announce(
    report: Mapping[str, Any],
    *,
    event: Event,
    case: Path,
    settings: RerunSettings,
    out: Path | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Notice, ...]:
    """Tell the command and the address of a case how a rerun ended. Call it after the result is written.

    Both get the same JSON document, the command on its stdin: ``event``, ``case``, ``out`` (empty where nothing
    was written), ``at``, ``program``, ``report``. The command also finds ``DISTRICTING_EVENT``,
    ``DISTRICTING_CASE`` and ``DISTRICTING_OUT`` in its environment.
    It is started without a shell, in the case's folder. The address is tried three times; a repeated post has the
    same ``webhook-id``. Redirects are followed on the same host only.

    Parameters
    ----------
    report
        Plain data: what ``districting rerun --json`` prints.
    event
        How it ended. That there is nothing to do is told only where ``settings.always``.
    case, out
        The case file, and the folder that was written; None: nothing was.
    settings
        ``[rerun]`` of the case.
    pause
        Waits so many seconds between two tries.

    Returns
    -------
    tuple of Notice
        One per channel, for the log; empty where nobody is to be told. Nothing is raised for a notice that fails.
    """
    if event == "nothing_to_do" and not settings.always:
        return ()
    where = {"event": event, "case": str(case.resolve()), "out": "" if out is None else str(out.resolve())}
    document = {
        **where,
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "program": f"districting {__version__}",
        "report": dict(report),
    }
    body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
    notices = []
    if settings.hook:
        told = {f"DISTRICTING_{key.upper()}": value for key, value in where.items()}
        notices.append(_run_hook(settings.hook, body, folder=case.resolve().parent, told=told))
    if settings.webhook is not None:
        notices.append(_post(settings.webhook, body, secret=os.environ.get(SECRET_NAME, ""), pause=pause))
    return tuple(notices)


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Value of ``webhook-signature``: HMAC-SHA256 of ``id.timestamp.body`` in base64, after ``v1,``.

    Parameters
    ----------
    secret
        ``whsec_`` and the key in base64, or any other text, whose UTF-8 bytes are the key.

    Raises
    ------
    ValueError
        If no base64 follows ``whsec_``.

    References
    ----------
    Standard Webhooks specification 1.0.0, "Signature scheme", https://www.standardwebhooks.com.

    Examples
    --------
    The example of the specification's own libraries:

    >>> signature(
    ...     "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ...     message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...     timestamp=1614265330,
    ...     body=b'{"test": 2432232314}',
    ... )
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _run_hook(command: tuple[str, ...], body: bytes, *, folder: Path, told: Mapping[str, str]) -> Notice:
    """Start the command and wait for its end; what it leaves running is stopped with it."""
    name, began = Path(command[0]).name, time.monotonic()
    environment = {key: value for key, value in os.environ.items() if key != SECRET_NAME} | dict(told)

    def notice(fault: str = "", **values: Any) -> Notice:
        return Notice("hook", name, not fault, 1, time.monotonic() - began, fault, values)

    # files and no pipes: a command that does not read, or leaves a child behind, keeps nobody waiting
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(body)
        given.seek(0)
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=given,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # no such command; a word that no command can be given
            return notice("hook_missing", why=getattr(error, "strerror", None) or str(error))
        try:
            code = process.wait(timeout=HOOK_S)
        except subprocess.TimeoutExpired:
            _end(process)
            return notice("hook_slow", seconds=HOOK_S)
        said.seek(0)
        words = said.read().decode(errors="replace").split()
    return notice("hook_code", code=code, said=" ".join(words)[-_QUOTED:]) if code else notice()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a command and what it started."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _post(address: str, body: bytes, *, secret: str, pause: Callable[[float], None]) -> Notice:
    """Post the document until it is taken, or further tries are of no use."""
    if not is_address(address):
        return Notice("webhook", "rerun.webhook", False, 0, 0.0, "unusable")
    name, began = urlsplit(address).hostname or "", time.monotonic()
    address = _encoded(address)
    message_id = f"msg_{hashlib.sha256(body).hexdigest()[:24]}"
    opener = urllib.request.build_opener(_SameHost)
    tries, why, values = 0, "", dict[str, Any]()
    for rest in (*PAUSES_S, None):
        tries += 1
        again, why, values = _try(opener, address, body, message_id=message_id, secret=secret)
        if not why:
            return Notice("webhook", name, True, tries, time.monotonic() - began)
        if not again or rest is None:
            break
        pause(rest)
    return Notice("webhook", name, False, tries, time.monotonic() - began, why, values)


def _encoded(address: str) -> str:
    """The address in ASCII, as HTTP takes it; what is percent-encoded already stays."""
    parts = urlsplit(address)
    host = parts.netloc
    if not host.isascii():
        host = (parts.hostname or "").encode("idna").decode() + (f":{parts.port}" if parts.port else "")
    path, query = (quote(part, safe=string.punctuation) for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, host, path, query, ""))


def _try(
    opener: urllib.request.OpenerDirector, address: str, body: bytes, *, message_id: str, secret: str
) -> tuple[bool, str, dict[str, Any]]:
    """One post: whether another is worth while, and what went wrong, if anything."""
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"districting/{__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
    }
    if secret:
        try:
            headers["webhook-signature"] = signature(secret, message_id=message_id, timestamp=timestamp, body=body)
        except ValueError:
            return False, "secret", {"variable": SECRET_NAME}
    try:
        request = urllib.request.Request(address, data=body, headers=headers, method="POST")
        with opener.open(request, timeout=ANSWER_S):
            return False, "", {}
    except urllib.error.HTTPError as error:
        with error:
            if error.code in (301, 302, 303, 307, 308):
                return False, "elsewhere", {"code": error.code}
            said = " ".join(_answer(error, request).split())
        return error.code in _TRY_AGAIN, "answer", {"code": error.code, "said": said}
    except InvalidURL:  # its text quotes the address
        return False, "unusable", {}
    except (OSError, HTTPException) as error:  # refused, no such host, too slow, no certificate, no HTTP
        return True, "silent", {"why": str(getattr(error, "reason", error))}
    except ValueError:
        return False, "unusable", {}


def _answer(error: urllib.error.HTTPError, request: urllib.request.Request) -> str:
    """How the answer begins; many servers repeat the path of the address in it, which may be secret."""
    with suppress(OSError, HTTPException):  # the code alone says enough
        text = error.read(_READ).decode(errors="replace")
        parts = urlsplit(request.full_url)
        for secret in (request.selector, parts.path, parts.query):
            text = text.replace(secret, "…") if len(secret) > 1 else text
        return text[:_QUOTED]
    return ""


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only where the post stays what it is, and goes to the same host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """The same post at the new address; None, which is an error for the caller, elsewhere."""
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if code not in (307, 308) or (old.scheme, old.netloc) != (new.scheme, new.netloc):
            return None
        return urllib.request.Request(newurl, data=req.data, headers=dict(req.header_items()), method="POST")

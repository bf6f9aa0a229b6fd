"""One run per case: whoever writes results of a case holds its lock while it runs.

The lock is the operating system's, on a hidden file beside the case, so it ends with its process, however that
ends. A second file says who holds it, for the sentence that others read.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from districting.errors import CaseError, Fault
from districting.language import Language, say
from districting.reports.atomic import write_text

#: Seconds between taking the lock and having said who did, at most.
_PATIENCE_S = 0.5
#: Mode of the locked file: whoever may write in the folder of a case may take its lock.
_FOR_ALL = 0o666


@dataclass(frozen=True)
class Holder:
    """Who holds, or held, the lock of a case.

    Parameters
    ----------
    verb
        What it runs: ``rerun``, ``propose`` …
    pid, host
        The process and its machine.
    since
        Local time in ISO 8601.
    """

    verb: str
    pid: int
    host: str
    since: str

    @classmethod
    def here(cls, verb: str) -> Holder:
        """Us, now."""
        return cls(
            verb, os.getpid(), socket.gethostname(), datetime.now().astimezone().isoformat(timespec="seconds")
        )

    def sentence(self, language: Language) -> str:
        """That this run ended before it was done, for the log of the one that takes over."""
        return say("lock.taken_over", language, **asdict(self))


@contextmanager
def holding(case: Path, *, verb: str, wait_s: float = 0.0) -> Iterator[Holder | None]:
    """Hold the lock of a case while the block runs.

    Parameters
    ----------
    case
        The case file. Where its folder cannot be written, the lock stands in the folder for temporary files and
        binds the runs of this user on this machine.
    verb
        What runs, for the sentence that others get.
    wait_s
        How long to wait for whoever holds it; 0: not at all.

    Yields
    ------
    Holder or None
        Who held it and died before it was done, or None. What it was to write was not written.

    Raises
    ------
    CaseError
        If another run holds it: which one, where and since when. If the files of the lock cannot be written.
    """
    place = lock_place(case)
    told = place.with_name(place.name + ".json")
    lock = FileLock(place, timeout=wait_s, mode=_FOR_ALL)
    try:
        lock.acquire()
    except Timeout as error:
        holder = _read(told, patience_s=_PATIENCE_S) or Holder("?", 0, "?", "?")
        raise CaseError([Fault("fault.case_locked", {"file": case.name, **asdict(holder)})]) from error
    except OSError as error:
        raise _denied(case, place, error) from error
    try:
        with suppress(OSError):  # the umask, or an earlier version, may have left it to its owner alone
            place.chmod(_FOR_ALL)
        try:
            left = _read(told)  # whoever ends in good order takes it away
            write_text(told, json.dumps(asdict(Holder.here(verb))))
        except OSError as error:
            raise _denied(case, told, error) from error
        try:
            yield left
        finally:
            with suppress(OSError):  # what was run is done; the next one is told wrongly that it was cut off
                told.unlink(missing_ok=True)
    finally:
        lock.release()


def _denied(case: Path, place: Path, error: OSError) -> CaseError:
    """The error for a lock that cannot be taken, however often one tries."""
    values = {"file": case.name, "lock": str(place), "why": error.strerror or str(error)}
    return CaseError([Fault("fault.lock_denied", values)])


def lock_place(case: Path) -> Path:
    """The file that is locked for a case: beside it, else among the temporary files."""
    path = case.resolve()
    if os.access(path.parent, os.W_OK):
        return path.with_name(f".{path.name}.lock")
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"districting-{user}-{name}.lock"


def _read(path: Path, *, patience_s: float = 0.0) -> Holder | None:
    """Who wrote the file; None where there is none, or it was cut off. A holder that has just begun is awaited."""
    end = time.monotonic() + patience_s
    while True:
        with suppress(OSError, ValueError, TypeError):
            return Holder(**json.loads(path.read_text(encoding="utf-8")))
        if time.monotonic() >= end:
            return None
        time.sleep(0.05)

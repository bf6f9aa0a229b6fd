"""Why the file of records cannot be used: told by SQLite's own error code, not by its words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from districting.errors import Fault

#: Beginning of the name of SQLite's error → the sentence; https://www.sqlite.org/rescode.html.
_TOLD = {
    "SQLITE_BUSY": "fault.store_busy",
    "SQLITE_LOCKED": "fault.store_busy",
    "SQLITE_READONLY": "fault.store_rights",
    "SQLITE_CANTOPEN": "fault.store_rights",
    "SQLITE_PERM": "fault.store_rights",
    "SQLITE_FULL": "fault.store_full",
    "SQLITE_NOTADB": "fault.store_damaged",
    "SQLITE_CORRUPT": "fault.store_damaged",
    "SQLITE_IOERR": "fault.store_unreadable",
}


def store_fault(path: Path, error: sqlite3.Error) -> Fault | None:
    """What is wrong with a file of records; None for an error that is not the file's, as of a wrong statement.

    SQLite's own words stand in ``why``, which only ``--json`` shows.
    """
    name = getattr(error, "sqlite_errorname", None) or ""
    key = next((key for begin, key in _TOLD.items() if name.startswith(begin)), None)
    return None if key is None else Fault(key, {"file": str(path), "why": str(error)})

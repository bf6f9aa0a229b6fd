"""The one file beside a run in which a review is kept: SQLite, every change together with its audit entry.

A change and what the audit log says of it are one transaction: a process that is killed leaves both or neither.
The tables stand in ``store.sql``; who reads and writes them, by subject, in ``districting/review``.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from districting.errors import Fault, InputError

#: Version of the tables, kept in the file (``PRAGMA user_version``).
SCHEMA = 1


class StoreError(InputError):
    """The file of the review cannot be used."""


@dataclass(frozen=True)
class Entry:
    """One move, as the audit log keeps it.

    Parameters
    ----------
    entry_id
        Rises by one from move to move.
    moment
        UTC, ISO 8601.
    person
        Name of who did it.
    action
        What was done, as a key of the sentences (``review.action.<action>``).
    plan_id
        Where; empty for what concerns no plan.
    before, after
        Revision of the plan; None where no revision is concerned.
    detail
        What else there is to tell, plain data.
    """

    entry_id: int
    moment: str
    person: str
    action: str
    plan_id: str
    before: int | None
    after: int | None
    detail: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "detail": dict(self.detail)}


class Store:
    """The file of a review. One per process; any thread may use it.

    Parameters
    ----------
    path
        Made if absent. SQLite keeps two more files beside it while it is open (``-wal``, ``-shm``).
    heard
        Told of every entry once it is safely written.

    Raises
    ------
    StoreError
        If the file is of a later program, or no store.
    """

    def __init__(self, path: Path, *, heard: Callable[[Entry], None] = lambda entry: None) -> None:
        self.path = path
        self.heard = heard
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10.0)
            self._file.row_factory = sqlite3.Row
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise StoreError([Fault("fault.store_unreadable", {"file": str(path), "why": str(error)})]) from error

    def _prepare(self) -> None:
        """Set the file up; write the tables into an empty one."""
        version = int(self._file.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            values = {"file": str(self.path), "version": version, "known": SCHEMA}
            raise StoreError([Fault("fault.store_later", values)])
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")  # a move that was answered survives a power cut, too
        self._file.execute("PRAGMA foreign_keys = ON")
        if version == 0:
            tables = (resources.files("districting.records") / "store.sql").read_text(encoding="utf-8")
            self._file.executescript(f"BEGIN IMMEDIATE;\n{tables}\nPRAGMA user_version = {SCHEMA};\nCOMMIT;")

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """What a query finds."""
        with self._lock:
            return self._file.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row that a query finds, or None."""
        found = self.rows(query, values)
        return found[0] if found else None

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A change that is written whole at a good end of the block, and not at all after an error."""
        with self._lock:
            change = Change(self._file)
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield change
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")
            for entry in change.entries:  # under the lock: everybody hears them in their order
                self.heard(entry)

    def entries(self, *, plan_id: str | None = None, after: int = 0, last: int | None = None) -> list[Entry]:
        """The audit log, oldest first.

        Parameters
        ----------
        plan_id
            Only of this plan.
        after
            Only entries with a higher number.
        last
            At most so many, the latest.
        """
        query = (
            "SELECT * FROM (SELECT * FROM audit WHERE entry_id > ?1 AND (?2 IS NULL OR plan_id = ?2) "
            "ORDER BY entry_id DESC LIMIT ?3) ORDER BY entry_id"
        )
        return [_entry(row) for row in self.rows(query, (after, plan_id, -1 if last is None else last))]

    def close(self) -> None:
        """Fold the log into the file, so that one file remains."""
        with self._lock:
            self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._file.close()


class Change:
    """What one transaction writes."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self.entries: list[Entry] = []

    def write(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._file.execute(statement, values)

    def write_all(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows."""
        self._file.executemany(statement, rows)

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row, as this transaction sees it."""
        found: sqlite3.Row | None = self._file.execute(query, values).fetchone()
        return found

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows, as this transaction sees them."""
        return self._file.execute(query, values).fetchall()

    def log(
        self,
        person: str,
        action: str,
        *,
        plan_id: str = "",
        before: int | None = None,
        after: int | None = None,
        **detail: Any,
    ) -> Entry:
        """Say in the audit log who did what."""
        moment = now()
        told = json.dumps(detail, ensure_ascii=False, sort_keys=True)
        cursor = self.write(
            "INSERT INTO audit (moment, person, action, plan_id, before, after, detail) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (moment, person, action, plan_id, before, after, told),
        )
        entry = Entry(int(cursor.lastrowid or 0), moment, person, action, plan_id, before, after, detail)
        self.entries.append(entry)
        return entry


def now() -> str:
    """The moment, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _entry(row: sqlite3.Row) -> Entry:
    """A row of the log as a noun."""
    return Entry(**{**dict(row), "detail": json.loads(row["detail"])})

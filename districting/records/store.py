"""The one file beside a case in which everything about it is kept: a GeoPackage, so that any GIS opens it.

A change and what the audit log says of it are one transaction: a process that is killed leaves both or neither.
The tables stand in ``store.sql``; who reads and writes them, by subject, in this room and in ``review/``.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from districting.errors import Fault, InputError
from districting.records.damage import store_fault

#: Version of our tables, kept in ``facts``: ``PRAGMA user_version`` is the GeoPackage's own.
SCHEMA = 2

#: ``PRAGMA application_id`` of a GeoPackage, "GPKG", and ``user_version`` of version 1.3.0 (OGC 12-128r19, R2).
APPLICATION_ID = 0x47504B47
GPKG_VERSION = 10300

_ENDING = ".records.gpkg"

#: How long a writer waits for another one, s: an adopted plan of a large city takes seconds to write.
PATIENCE_S = 30.0


class StoreError(InputError):
    """The file of records cannot be used."""


def records_path(case: Path) -> Path:
    """Where the records of a case lie: ``<stem>.records.gpkg`` beside it; cases can share a folder."""
    return case.with_name(f"{case.stem}{_ENDING}")


def is_records(path: Path) -> bool:
    """Whether a file is the records of some case, by its name."""
    return path.name.endswith(_ENDING)


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
    """The file of a case's records. One per process; any thread may use it.

    Parameters
    ----------
    path
        Made if absent. SQLite keeps two more files beside it while it is open (``-wal``, ``-shm``); they stay
        after a crash, and belong to it then.
    review_id
        Run whose review is meant: the audit log is read and written for it. Empty: the case itself.
    heard
        Told of every entry once it is safely written.

    Raises
    ------
    StoreError
        If the file is of a later or an earlier program, no store of ours, or cannot be written.
    """

    def __init__(
        self, path: Path, *, review_id: str = "", heard: Callable[[Entry], None] = lambda entry: None
    ) -> None:
        self.path = path
        self.review_id = review_id
        self.heard = heard
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with _told_of(path):
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=PATIENCE_S)
            self._file.row_factory = sqlite3.Row
            try:
                self._prepare()
            except BaseException:
                self._file.close()
                raise

    @classmethod
    def to_read(cls, path: Path) -> Store | None:
        """The file for reading only, also on a medium that cannot be written; None if there is none."""
        if not path.is_file():
            return None
        store = cls.__new__(cls)
        store.path, store.review_id, store.heard = path, "", lambda entry: None
        store._lock = threading.RLock()
        with _told_of(path):
            store._file = _read_only(path)
            try:
                check_version(store._file, path)
            except BaseException:
                store._file.close()
                raise
        return store

    def _prepare(self) -> None:
        """Set the file up; write the tables into an empty one."""
        if not check_version(self._file, self.path):
            self._file.execute("BEGIN IMMEDIATE")
            try:
                if not check_version(self._file, self.path):  # another process may have been quicker
                    _write_tables(self._file)
            except BaseException:
                _undo(self._file)
                raise
            self._file.execute("COMMIT")
        if not self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'quiet_runs'"):
            with self.change():  # a store of an earlier program; whoever is quicker writes the same
                _run_statements(self._file, "quiet.sql")
        elif "lists" not in {row["name"] for row in self.rows("SELECT name FROM pragma_table_info('quiet_runs')")}:
            with self.change(), suppress(sqlite3.OperationalError):  # whoever is quicker adds it
                self._file.execute("ALTER TABLE quiet_runs ADD COLUMN lists TEXT NOT NULL DEFAULT '{}'")
        if not self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'review_taken'"):
            with self.change():  # likewise
                _run_statements(self._file, "proposals.sql")
        _keep_log(self._file)
        self._file.execute("PRAGMA synchronous = FULL")  # a move that was answered survives a power cut, too
        self._file.execute("PRAGMA foreign_keys = ON")

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """What a query finds."""
        with self._lock, _told_of(self.path):
            return self._file.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row that a query finds, or None."""
        found = self.rows(query, values)
        return found[0] if found else None

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A change that is written whole at a good end of the block, and not at all after an error."""
        with self._lock, _told_of(self.path):
            change = Change(self._file, self.review_id)
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield change
            except BaseException:
                _undo(self._file)
                raise
            self._file.execute("COMMIT")
            for entry in change.entries:  # under the lock: everybody hears them in their order
                self.heard(entry)

    @contextmanager
    def still(self) -> Iterator[None]:
        """One state for all queries of the block, whatever other processes write meanwhile."""
        with self._lock:
            self._file.execute("BEGIN")
            try:
                yield
            finally:
                self._file.execute("COMMIT")

    def entries(self, *, plan_id: str | None = None, after: int = 0, last: int | None = None) -> list[Entry]:
        """The audit log of this review, or of the case, oldest first.

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
            "SELECT entry_id, moment, person, action, plan_id, before, after, detail FROM (SELECT * FROM audit "
            "WHERE review_id = ?1 AND entry_id > ?2 AND (?3 IS NULL OR plan_id = ?3) "
            "ORDER BY entry_id DESC LIMIT ?4) ORDER BY entry_id"
        )
        found = self.rows(query, (self.review_id, after, plan_id, -1 if last is None else last))
        return [Entry(**{**dict(row), "detail": json.loads(row["detail"])}) for row in found]

    def close(self) -> None:
        """Fold the log into the file: one file remains, which also opens where nothing can be written."""
        with self._lock:
            if not self._file.execute("PRAGMA query_only").fetchone()[0]:
                self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._file.execute("PRAGMA busy_timeout = 0")
                with suppress(sqlite3.OperationalError):  # another process has it open: it keeps its log
                    self._file.execute("PRAGMA journal_mode = DELETE")
            self._file.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Change:
    """What one transaction writes."""

    def __init__(self, file: sqlite3.Connection, review_id: str) -> None:
        self._file = file
        self.review_id = review_id
        self.entries: list[Entry] = []

    def write(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._file.execute(statement, values)

    def write_all(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows."""
        self._file.executemany(statement, rows)

    def insert(self, table: str, values: Mapping[str, Any], *, more: str = "") -> sqlite3.Cursor:
        """Write one row, its columns by name; ``more`` follows, e.g. what to do with a row that is there."""
        marks = ", ".join("?" * len(values))
        statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks}) {more}"
        return self.write(statement, tuple(values.values()))

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
            "INSERT INTO audit (review_id, moment, person, action, plan_id, before, after, detail) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.review_id, moment, person, action, plan_id, before, after, told),
        )
        entry = Entry(int(cursor.lastrowid or 0), moment, person, action, plan_id, before, after, detail)
        self.entries.append(entry)
        return entry


def now() -> str:
    """The moment, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def check_version(file: sqlite3.Connection, path: Path) -> bool:
    """Whether the file holds our tables; False: it is empty.

    Raises
    ------
    StoreError
        If it is somebody else's, of a later program, or a review of an earlier one
        (`districting.records.takeover`).
    """
    tables = {str(row[0]) for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return False
    if {"audit", "labels"} <= tables and "gpkg_contents" not in tables:
        raise StoreError([Fault("fault.store_earlier", {"file": str(path)})])
    found = None
    if "facts" in tables:
        with suppress(sqlite3.OperationalError):  # somebody else's table of that name
            found = file.execute("SELECT value FROM facts WHERE key = 'schema'").fetchone()
    if found is None:
        raise StoreError([Fault("fault.store_foreign", {"file": str(path)})])
    if int(found[0]) > SCHEMA:
        values = {"file": str(path), "version": int(found[0]), "known": SCHEMA}
        raise StoreError([Fault("fault.store_later", values)])
    return True


def _undo(file: sqlite3.Connection) -> None:
    """Roll back; a full disk has made SQLite do so already."""
    if file.in_transaction:
        file.execute("ROLLBACK")


def _keep_log(file: sqlite3.Connection) -> None:
    """Write ahead: readers and a writer do not wait for each other. Several processes may ask at once."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            file.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:  # SQLite does not wait for its turn here
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _write_tables(file: sqlite3.Connection) -> None:
    """Everything that an empty file needs, inside the transaction that is open."""
    file.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    file.execute(f"PRAGMA user_version = {GPKG_VERSION}")
    for name in ("geopackage.sql", "store.sql", "quiet.sql", "proposals.sql"):
        _run_statements(file, name)
    file.execute("INSERT INTO facts VALUES ('schema', ?)", (str(SCHEMA),))


def _run_statements(file: sqlite3.Connection, name: str) -> None:
    """Run the statements of a file of this room; ``executescript()`` would end the transaction."""
    statement = ""
    for line in (resources.files("districting.records") / name).read_text(encoding="utf-8").splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            file.execute(statement)
            statement = ""


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; where the medium lets no ``-shm`` be made, one that locks nothing."""
    for more in ("", "&immutable=1"):
        file = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro{more}",
            uri=True,
            check_same_thread=False,
            isolation_level=None,
            timeout=PATIENCE_S,
        )
        try:
            file.row_factory = sqlite3.Row
            file.execute("SELECT count(*) FROM sqlite_master").fetchone()
            file.execute("PRAGMA query_only = ON")
        except sqlite3.OperationalError:
            file.close()
            if more:
                raise
        else:
            return file
    raise AssertionError


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """What SQLite says of the file, as a fault; mistakes in a statement are ours and pass."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        fault = store_fault(path, error)
        if fault is None:
            raise
        raise StoreError([fault]) from error


@contextmanager
def reading(case: Path) -> Iterator[Store | None]:
    """The records of a case, open for reading while the block runs; None where it has none."""
    store = Store.to_read(records_path(case))
    if store is None:
        yield None
        return
    with store:
        yield store

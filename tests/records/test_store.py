"""The file of a case's records: a GeoPackage, whole or not at all, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from districting.records.quiet import quiet_runs
from districting.records.store import SCHEMA, Store, StoreError

#: Writes one revision after the other and says each number once it is safely written.
_WRITER = """
import sys
from pathlib import Path
from districting.review.drafts import Drafts
from districting.records.store import Store

drafts = Drafts(Store(Path(sys.argv[1])))
atoms = [f"a{n}" for n in range(400)]
drafts.begin("draft-1", title="t", status="draft", labels=dict.fromkeys(atoms, "A"), communities=[], person="p")
for turn in range(100000):
    moves = dict.fromkeys(atoms, "AB"[turn % 2])
    print(drafts.revise("draft-1", expected=turn, kind="move", moves=moves, person="p"), flush=True)
"""

#: Quiet runs as the version before lists wrote them.
_QUIET_BEFORE_LISTS = """
CREATE TABLE quiet_runs (
  quiet_key INTEGER PRIMARY KEY,
  first TEXT NOT NULL,               -- moment of the first of them, UTC
  last TEXT NOT NULL,
  times INTEGER NOT NULL,
  verb TEXT NOT NULL,
  person TEXT NOT NULL,
  reference TEXT NOT NULL,           -- the plan in force, as people know it
  reason TEXT NOT NULL,              -- key of the sentence history.quiet.<reason>
  basis TEXT NOT NULL,               -- hash of everything that went in
  inputs TEXT NOT NULL               -- layer → hash of its rows, JSON
)
"""

#: Opens the records, writes an entry and closes them, twenty times.
_OPENER = """
import sys
from pathlib import Path
from districting.records.store import Store

for turn in range(20):
    with Store(Path(sys.argv[1])) as store, store.change() as change:
        change.log(sys.argv[2], "move")
"""


def test_a_change_and_its_audit_entry_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    heard: list[str] = []
    store = Store(tmp_path / "s.gpkg", heard=lambda entry: heard.append(entry.action))
    with pytest.raises(ZeroDivisionError), store.change() as change:
        change.write("INSERT INTO facts VALUES ('a', 'b')")
        change.log("p", "move")
        raise ZeroDivisionError
    assert store.rows("SELECT * FROM facts WHERE key = 'a'") == store.entries() == heard == []
    with store.change() as change:
        change.write("INSERT INTO facts VALUES ('a', 'b')")
        change.log("p", "move", plan_id="x", before=1, after=2, atoms=3)
    (entry,) = store.entries(plan_id="x")
    assert (entry.person, entry.before, entry.after, entry.detail) == ("p", 1, 2, {"atoms": 3})
    assert heard == ["move"]
    store.close()


@pytest.mark.parametrize("statement", ["UPDATE audit SET person = 'q'", "DELETE FROM audit"])
def test_the_audit_log_only_grows(tmp_path: Path, statement: str) -> None:
    store = Store(tmp_path / "s.gpkg")
    with store.change() as change:
        change.log("p", "move")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.change() as change:
        change.write(statement)
    assert store.entries()[0].person == "p"
    store.close()


def test_a_file_of_a_later_program_and_a_file_that_is_no_store_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.gpkg"
    Store(path).close()
    with sqlite3.connect(path) as file:
        file.execute("UPDATE facts SET value = ? WHERE key = 'schema'", (SCHEMA + 1,))
    file.close()
    with pytest.raises(StoreError):
        Store(path)
    (tmp_path / "text.gpkg").write_text("no database" * 200, encoding="utf-8")
    with pytest.raises(StoreError):
        Store(tmp_path / "text.gpkg")


def test_quiet_runs_of_an_earlier_program_are_read_as_they_are_and_kept_when_the_file_is_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "case.records.gpkg"
    with Store(path) as store, store.change() as change:
        change.write("DROP TABLE quiet_runs")
        change.write(_QUIET_BEFORE_LISTS)
        told = {"first": "t1", "last": "t2", "times": 3, "verb": "rerun", "person": "p", "reference": "adjust"}
        change.insert("quiet_runs", {**told, "reason": "unchanged", "basis": "b", "inputs": '{"roads": "1"}'})
    before = path.read_bytes()
    store = Store.to_read(path)
    assert store is not None
    with store:
        (read,) = quiet_runs(store)
    assert (read.times, read.inputs, read.lists) == (3, {"roads": "1"}, {})
    assert path.read_bytes() == before  # reading changes nothing
    for _ in range(2):
        with Store(path) as store:
            assert quiet_runs(store) == [read]
            assert store.rows("SELECT lists FROM quiet_runs")[0]["lists"] == "{}"


def test_what_is_wrong_with_the_file_is_said_by_cause_and_in_no_words_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "case.records.gpkg"
    with Store(path) as store, store.change() as change:
        change.log("p", "move")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"x" * (len(whole) - 4096))
    with pytest.raises(StoreError) as damaged:
        Store.to_read(path).entries()  # type: ignore[union-attr]
    path.write_bytes(whole)
    with sqlite3.connect(path, isolation_level=None) as other, Store(path) as store:
        store._file.execute(f"PRAGMA max_page_count = {store._file.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(StoreError) as full, store.change() as change:
            change.write("INSERT INTO facts VALUES ('a', ?)", ("b" * 100_000,))
        assert store.entries()[0].action == "move"
        store._file.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as busy, store.change():
            pass
        other.execute("ROLLBACK")
    other.close()
    told = [fault.value.faults[0].key for fault in (damaged, full, busy)]
    assert told == ["fault.store_damaged", "fault.store_full", "fault.store_busy"]
    for fault in (damaged, full, busy):
        sentence = fault.value.sentences("en")[0]
        assert str(path) in sentence and str(fault.value.faults[0].values["why"]) not in sentence


def test_a_process_killed_while_it_writes_leaves_every_revision_that_it_told_of_and_no_half_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s.gpkg"
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(25)]
    os.kill(writer.pid, signal.SIGKILL)
    told += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    writer.stdout.close()
    store = Store(path)
    head = store.rows("SELECT revision FROM review_plans")[0][0]
    assert head >= told[-1] == len(told)
    assert store.rows("PRAGMA integrity_check")[0][0] == "ok"
    rows = store.rows(
        "SELECT revision, count(*), min(community_id), max(community_id) FROM review_labels GROUP BY revision"
    )
    assert [tuple(row)[:2] for row in rows] == [(revision, 400) for revision in range(head + 1)]
    assert all(row[2] == row[3] for row in rows)
    assert [entry.after for entry in store.entries()] == list(range(head + 1))
    store.close()


def test_several_processes_open_write_and_close_at_once_and_leave_one_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "case.records.gpkg"
    writers = [subprocess.Popen([sys.executable, "-c", _OPENER, path, name]) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    store = Store.to_read(path)
    assert store is not None
    with store:
        told = [entry.person for entry in store.entries()]
        assert store.rows("PRAGMA integrity_check")[0][0] == "ok"
        with pytest.raises(StoreError), store.change() as change:
            change.log("p", "move")
    assert sorted(told) == ["a"] * 20 + ["b"] * 20
    assert [file.name for file in tmp_path.iterdir()] == [path.name]

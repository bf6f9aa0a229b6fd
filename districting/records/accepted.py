"""Lists of households as a run last took them, so that a file that was saved wrongly moves nobody.

A list that can no longer be read goes back to its sender; until it is sent again, what it said last still counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from districting.case import Case
from districting.records.facts import read_facts
from districting.records.store import Change, Store, now, reading, records_path
from districting.territory.files import file_hash
from districting.territory.list_cells import AcceptedList

#: Before the path of a list, among the facts of a case's records.
_KEY = "accepted"


def read_accepted(case: Case, path: str) -> AcceptedList | None:
    """A list as a run last took it; None where none did.

    Parameters
    ----------
    path
        As the case has it.

    Raises
    ------
    StoreError
        If the records cannot be read.
    """
    told = read_facts(case, _KEY).get(path)
    if told is None:
        return None
    known: dict[str, Any] = json.loads(told)
    with reading(case.path) as store:
        row = None
        if store is not None:
            row = store.row("SELECT content FROM archives WHERE sha256 = ?", (known["sha256"],))
    return None if row is None else AcceptedList(known["moment"], row["content"])


def keep_accepted(case: Case, taken: Iterable[tuple[str, str]]) -> None:
    """Keep the lists that a run took, the latest of each.

    Parameters
    ----------
    taken
        Path in the case, and hash of the content that was taken. Where the file is another by now, or the content
        was kept before, nothing is written.

    Raises
    ------
    OSError
        If a file cannot be read.
    StoreError
        If the records cannot be written.
    """
    known = {path: json.loads(told)["sha256"] for path, told in read_facts(case, _KEY).items()}
    fresh = {
        path: sha256
        for path, sha256 in sorted(taken)
        if known.get(path) != sha256 and (file := case.folder / path).is_file() and file_hash(file) == sha256
    }
    if not fresh:
        return
    with Store(records_path(case.path)) as store, store.change() as change:
        for path, sha256 in fresh.items():
            content = (case.folder / path).read_bytes()
            change.write("INSERT OR IGNORE INTO archives VALUES (?, ?)", (sha256, content))
            told = json.dumps({"moment": now(), "sha256": sha256})
            change.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"{_KEY}:{path}", told))
        _let_go(change, {known[path] for path in fresh if path in known})


def _let_go(change: Change, old: set[str]) -> None:
    """Forget the content of lists that later ones have replaced."""
    rows = change.rows("SELECT value FROM facts WHERE key GLOB ?", (f"{_KEY}:*",))
    held = {json.loads(row["value"])["sha256"] for row in rows}
    for sha256 in sorted(old - held):
        change.write("DELETE FROM archives WHERE sha256 = ?", (sha256,))

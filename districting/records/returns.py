"""What went back to whom: rows of lists that were returned, so that they go back once and fail no run after.

A list is known by the hash of its file: who sends a row again, sends another file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from districting.case import Case
from districting.records.facts import read_facts
from districting.records.store import Store, now, records_path

#: Before the hash of a file and the name of its sheet, among the facts of a case's records.
_KEY = "returned"

#: What went back of one table: what it is of - a line, a line of totals, the file - and why, as the key of its
#: sentence.
Items = Mapping[str, str]
#: Hash of the file and name of the sheet; no sheet for a file that cannot be read.
TableKey = tuple[str, str]


def read_returned(case: Case) -> dict[TableKey, dict[str, tuple[str, str]]]:
    """What went back: by table and item when (UTC, ISO 8601) and why; nothing where the case has no records.

    Raises
    ------
    StoreError
        If the records cannot be read.
    """
    found = {}
    for key, value in read_facts(case, _KEY).items():
        sha256, sheet = key.split(":", 1)
        told: dict[str, Any] = json.loads(value)["items"]
        found[sha256, sheet] = {item: (moment, why) for item, (moment, why) in told.items()}
    return found


def keep_returned(case: Case, tables: Mapping[TableKey, Items]) -> None:
    """Write down what went back; what did before keeps its day.

    Raises
    ------
    StoreError
        If the records cannot be written.
    """
    known, moment = read_returned(case), now()
    fresh = {
        key: {item: why for item, why in items.items() if known.get(key, {}).get(item, ("", ""))[1] != why}
        for key, items in tables.items()
    }
    if not any(fresh.values()):
        return
    with Store(records_path(case.path)) as store, store.change() as change:
        for (sha256, sheet), items in sorted(fresh.items()):
            if not items:
                continue
            told = {**known.get((sha256, sheet), {}), **{item: (moment, why) for item, why in items.items()}}
            text = json.dumps({"items": told}, ensure_ascii=False, sort_keys=True)
            change.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"{_KEY}:{sha256}:{sheet}", text))

"""Reviews of an earlier program (schema 1), in files of their own: taken over into the case's records once."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from districting.errors import Fault
from districting.records.damage import store_fault
from districting.records.store import Store, StoreError

#: Table of schema 1 → ours, with the columns that both have. Parents come before what refers to them.
_TABLES = {
    "people": ("review_people", "person_id, name, role, token_hash, moment, revoked"),
    "plans": ("review_plans", "plan_id, title, parent_id, parent_revision, status, revision, moment, person"),
    "revisions": ("review_revisions", "plan_id, revision, kind, about, person, moment"),
    "labels": ("review_labels", "plan_id, atom_id, revision, community_id"),
    "communities": (
        "review_communities",
        "plan_id, community_id, revision, name, subdistrict_id, origin, seat_x, seat_y, seat_kind",
    ),
    "verdicts": ("review_verdicts", "plan_id, revision, adoptable, findings"),
    "locks": ("review_locks", "lock_id, plan_id, kind, community_id, atoms, person, moment"),
    "comments": (
        "review_comments",
        "comment_id, plan_id, community_id, x, y, text, answers, person, moment, settled",
    ),
    "votes": ("review_votes", "plan_id, community_id, person, verdict, moment"),
    "names": ("review_names", "name_id, plan_id, community_id, name, person, moment"),
    "audit": ("audit", "entry_id, moment, person, action, plan_id, before, after, detail"),
}

#: Tables without a review of their own: they belong to a row that has one.
_FURTHER = {
    "sessions": ("review_sessions", "session_hash, person_id, csrf, expires"),
    "name_votes": ("review_name_votes", "name_id, person"),
}

#: Numbers that are given anew, since the records may hold other reviews, and where they are referred to.
_NUMBERS = {
    "people": "person_id",
    "locks": "lock_id",
    "comments": "comment_id",
    "names": "name_id",
    "audit": "entry_id",
}


def take_over(store: Store, old: Path) -> bool:
    """Enter a review of schema 1 as the review of ``store``; True if that was done now, False if before.

    The old file stays as it is. What it holds comes whole or not at all, with an entry ``take_over`` in the audit
    log.

    Raises
    ------
    StoreError
        If the old file cannot be read.
    """
    if not old.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{old.resolve().as_uri()}?mode=ro", uri=True)) as file:
            if int(file.execute("PRAGMA user_version").fetchone()[0]) != 1:
                raise StoreError([Fault("fault.store_foreign", {"file": str(old)})])
            key = f"taken_over:{_identity(file)}"
            if store.row("SELECT 1 FROM facts WHERE key = ?", (key,)):
                return False
            tables = {
                table: file.execute(f"SELECT {columns} FROM {table}").fetchall()
                for table, (_, columns) in {**_TABLES, **_FURTHER}.items()
            }
    except sqlite3.DatabaseError as error:
        foreign = Fault("fault.store_foreign", {"file": str(old)})
        raise StoreError([store_fault(old, error) or foreign]) from error
    with store.change() as change:
        if change.row("SELECT 1 FROM facts WHERE key = ?", (key,)):
            return False
        change.write("PRAGMA defer_foreign_keys = ON")  # a plan may stand before its parent
        later: dict[str, int] = {}
        for table, number in _NUMBERS.items():
            mine = _TABLES[table][0]
            found = change.row(f"SELECT coalesce(max({number}), 0) FROM {mine}")
            assert found is not None
            later[number] = int(found[0])
        later["answers"] = later["comment_id"]
        for table, (mine, columns) in {**_TABLES, **_FURTHER}.items():
            names = columns.split(", ")
            own = "" if table in _FURTHER else "review_id, "
            first = () if table in _FURTHER else (change.review_id,)
            marks = ", ".join("?" * (len(names) + len(first)))
            rows = [
                (*first, *(value if value is None else value + later.get(name, 0) if name in later else value
                           for name, value in zip(names, row, strict=True)))
                for row in tables[table]
            ]  # fmt: skip
            change.write_all(f"INSERT INTO {mine} ({own}{columns}) VALUES ({marks})", rows)
        change.write("INSERT INTO facts VALUES (?, ?)", (key, change.review_id))
        change.log("districting", "take_over", file=old.name, entries=len(tables["audit"]))
    return True


def _identity(file: sqlite3.Connection) -> str:
    """What a review is known by wherever its file lies: its first move."""
    first = file.execute("SELECT moment, person, action, plan_id, detail FROM audit ORDER BY entry_id LIMIT 1")
    return hashlib.sha256(repr(first.fetchone()).encode("utf-8")).hexdigest()

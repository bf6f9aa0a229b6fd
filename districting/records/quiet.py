"""Reruns that had nothing to do: a line in the records where something differs, and a count where nothing does.

Who leaves a service alone for years wants to see that it ran; a row every night would bury everything else.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from districting.case import Case
from districting.records.manifest import content_id
from districting.records.store import Change, Store, now, records_path

#: Why there was nothing to do: no input differs; what differs asks for nothing; it asks only for what the plan in
#: force was approved with; it asks for what an earlier run has proved to have no answer.
QuietReason = Literal["unchanged", "no_trigger", "accepted", "standing"]


@dataclass(frozen=True)
class QuietRun:
    """Reruns in a row that found the same, and nothing to do.

    Parameters
    ----------
    first, last
        When, UTC.
    times
        How many.
    verb, person
        What was run, and by whom first.
    reference
        The plan in force, as people know it.
    reason
        Why there was nothing to do.
    basis
        Hash of everything that went in.
    inputs
        Hash of the rows of each layer.
    lists
        Lists that could not be read → when each was taken last (UTC; empty: never).
    """

    first: str
    last: str
    times: int
    verb: str
    person: str
    reference: str
    reason: QuietReason
    basis: str
    inputs: Mapping[str, str]
    lists: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "inputs": dict(self.inputs), "lists": dict(self.lists)}


_COLUMNS = tuple(field.name for field in dataclasses.fields(QuietRun))
#: Columns that hold JSON; an earlier program wrote no ``lists``.
_JSON = ("inputs", "lists")
#: What rows have in common that are one row.
_SAME = ("verb", "reference", "reason", "basis", "lists")


def enter_quiet(
    case: Case,
    *,
    verb: str,
    person: str,
    reference: str,
    reason: QuietReason,
    basis: Mapping[str, Any],
    lists: Mapping[str, str] | None = None,
) -> None:
    """Enter a run that had nothing to do.

    Parameters
    ----------
    reference
        The plan in force, as people know it.
    basis
        What the run stood on (`districting.rerun.basis.basis_of`).
    lists
        Lists that could not be read, and when each was taken last.

    Raises
    ------
    StoreError
        If the records cannot be written.
    """
    moment = now()
    told = QuietRun(
        moment, moment, 1, verb, person, reference, reason, content_id(basis), basis["layers"], lists or {}
    ).to_json()
    for name in _JSON:
        told[name] = json.dumps(told[name], ensure_ascii=False, sort_keys=True)
    with Store(records_path(case.path)) as store, store.change() as change:
        latest = change.row("SELECT * FROM quiet_runs ORDER BY quiet_key DESC LIMIT 1")
        if latest is not None and all(latest[key] == told[key] for key in _SAME) and not _run_since(change):
            change.write(
                "UPDATE quiet_runs SET last = ?, times = times + 1 WHERE quiet_key = ?",
                (moment, latest["quiet_key"]),
            )
            return
        change.insert("quiet_runs", told)
        change.log(person, "quiet_run", verb=verb, reason=reason, reference=reference)


def quiet_runs(store: Store) -> list[QuietRun]:
    """Every entry, oldest first; none in records of an earlier program."""
    if store.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'quiet_runs'") is None:
        return []
    found = []
    for row in store.rows("SELECT * FROM quiet_runs ORDER BY quiet_key"):
        told = {name: row[name] for name in row.keys() if name in _COLUMNS}  # noqa: SIM118  # a row is no mapping
        found.append(QuietRun(**told | {name: json.loads(told[name]) for name in _JSON if name in told}))
    return found


def _run_since(change: Change) -> bool:
    """Whether a run with results stands between: then a row of its own tells the order."""
    row = change.row(
        "SELECT action FROM audit WHERE review_id = '' AND action IN ('run', 'quiet_run') "
        "ORDER BY entry_id DESC LIMIT 1"
    )
    return row is not None and row["action"] == "run"

"""Every run of a case in its records: what went in, what came out, who made it, and what became of its plans."""

from __future__ import annotations

import dataclasses
import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from districting.case import Case
from districting.errors import Fault, PlanError
from districting.flow.case_tables import without_webhook
from districting.flow.case_text import to_toml
from districting.language import Language, say
from districting.records.accepted import keep_accepted
from districting.records.adoption import Move, PlanEntry, Plans
from districting.records.archive import Archive, keep
from districting.records.manifest import outputs_of, run_id_of, seen_from
from districting.records.quiet import QuietRun, quiet_runs
from districting.records.store import Store, StoreError, now, reading, records_path
from districting.territory.database_urls import without_passwords

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunEntry:
    """A run in the records.

    Parameters
    ----------
    run_id
        Hash of its content (`districting.records.manifest`).
    moment, person, verb
        When it was made first (UTC), by whom, and by which verb.
    folder, made
        Where it was written last, seen from the case; how often an equal run was made.
    policy_id, seed
        Of the case.
    manifest
        Its ``run.json``.
    made_from
        What it takes to make it again: ``case`` (text of the case file, without secrets), ``language``,
        ``subdistricts`` (ids; empty: all); of a rerun ``rerun`` (`districting.rerun.again`).
    outputs
        SHA-256 by file of its folder.
    """

    run_id: str
    moment: str
    verb: str
    person: str
    folder: str
    made: int
    policy_id: str
    seed: int
    manifest: Mapping[str, Any]
    made_from: Mapping[str, Any]
    outputs: Mapping[str, str]

    @property
    def plans(self) -> list[Mapping[str, Any]]:
        """Its plans with their figures, as ``run.json`` has them."""
        return list(self.manifest.get("plans", ()))

    def to_json(self, *, whole: bool = False) -> dict[str, Any]:
        """Plain data; ``whole``: with manifest, case and hashes."""
        told = {key: value for key, value in vars(self).items() if whole or not isinstance(value, Mapping)}
        figures = ("plan_id", "mode", "profile", "households_moved", "communities", "findings_must", "adoptable")
        return told | {"plans": [{key: plan.get(key) for key in figures} for plan in self.plans]}


@dataclass(frozen=True)
class History:
    """What the records tell: runs, plans, moves, and runs that had nothing to do, each oldest first."""

    runs: tuple[RunEntry, ...] = ()
    plans: tuple[PlanEntry, ...] = ()
    moves: tuple[Move, ...] = ()
    quiet: tuple[QuietRun, ...] = ()

    @property
    def adopted(self) -> PlanEntry | None:
        """The plan that the case has adopted."""
        return next((plan for plan in self.plans if plan.status == "approved"), None)

    def run(self, named: str) -> RunEntry:
        """The run that an id, or the beginning of one, names.

        Raises
        ------
        PlanError
            If there is none, or several could be meant.
        """
        found = [one for one in self.runs if one.run_id.startswith(named)] if named else []
        if len(found) != 1:
            known = ", ".join(one.run_id for one in (found or self.runs)[-8:]) or "–"
            raise PlanError([Fault("fault.history_run", {"run": named, "known": known})])
        return found[0]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "adopted": None if self.adopted is None else self.adopted.plan_ref,
            "runs": [one.to_json() for one in self.runs],
            "plans": [one.to_json() for one in self.plans],
            "moves": [one.to_json() for one in self.moves],
            "quiet": [one.to_json() for one in self.quiet],
        }


def read_history(case: Case) -> History:
    """What the records of a case tell; empty where it has none. Also from a medium that cannot be written.

    Raises
    ------
    StoreError
        If the records cannot be read.
    """
    with reading(case.path) as store:
        if store is None:
            return History()
        with store.still():
            plans = Plans(store)
            return History(tuple(_runs(store)), tuple(plans.all()), tuple(plans.moves()), tuple(quiet_runs(store)))


def enter_run(
    case: Case,
    folder: Path,
    *,
    verb: str,
    person: str,
    language: Language,
    subdistricts: Sequence[str] = (),
    origin: Mapping[str, Any] | None = None,
    reference: Archive | None = None,
) -> str | None:
    """Enter a run that stands in ``folder``; returns its id.

    Parameters
    ----------
    origin
        What else it takes to make it again, by verb, for ``made_from``.
    reference
        The plan that it started from, kept beside it.

    Notes
    -----
    Where the records cannot be written - a medium for reading only, no room, a file that is not ours - the run
    stands all the same: a warning says why it is not in the history, and the answer is None.
    """
    path = records_path(case.path)
    entered: list[str] = []
    with unless_unwritable(path, language):
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        made_from = {
            "case": _without_secrets(_case_text(case)),
            "language": language,
            "subdistricts": list(subdistricts),
            **(origin or {}),
        }
        with Store(path) as store:
            entered.append(_enter(store, case, folder, record, made_from, reference, verb=verb, person=person))
        lists = [(one["path"], one["sha256"]) for one in record["inputs"] if one["role"] == "lists"]
        keep_accepted(case, lists)
    return entered[0] if entered else None


@contextmanager
def unless_unwritable(path: Path, language: Language) -> Iterator[None]:
    """Let a run stand where the records cannot be written: a warning says why it is not in them."""
    try:
        yield
    except (StoreError, OSError, sqlite3.Error) as error:
        why = "; ".join(error.sentences(language)) if isinstance(error, StoreError) else str(error)
        _LOG.warning("%s", say("history.not_entered", language, file=path, why=why))


def _enter(
    store: Store,
    case: Case,
    folder: Path,
    record: Mapping[str, Any],
    made_from: Mapping[str, Any],
    reference: Archive | None,
    *,
    verb: str,
    person: str,
) -> str:
    """Write the rows of a run."""
    run_id = run_id_of(record)
    place = seen_from(case.folder, folder)
    with store.change() as change:
        values = {
            "run_id": run_id,
            "moment": now(),
            "verb": verb,
            "person": person,
            "folder": place,
            "made": 1,
            "policy_id": str(record["policy"]["policy_id"]),
            "seed": int(record["seed"]),
            "manifest": _text(record),
            "made_from": _text(made_from),
            "outputs": _text(outputs_of(folder)),
        }
        if reference is not None:
            keep(change, reference)
        again = "ON CONFLICT (run_id) DO UPDATE SET made = made + 1, folder = excluded.folder"
        change.insert("runs", values, more=again)
        change.log(person, "run", verb=verb, run=run_id, folder=place)
    return run_id


def _runs(store: Store) -> list[RunEntry]:
    """Every run, oldest first."""
    names = [field.name for field in dataclasses.fields(RunEntry)]
    found = []
    for row in store.rows(f"SELECT {', '.join(names)} FROM runs ORDER BY run_key"):
        told = {key: json.loads(row[key]) for key in ("manifest", "made_from", "outputs")}
        if "case" in told["made_from"]:  # of an earlier version it may hold more than is kept today
            told["made_from"]["case"] = _without_secrets(str(told["made_from"]["case"]))
        found.append(RunEntry(**{**dict(row), **told}))
    return found


def _without_secrets(text: str) -> str:
    """The text of a case file as the records keep it; it can still be read."""
    return without_webhook(without_passwords(text))


def _case_text(case: Case) -> str:
    """The case file as people wrote it; where the case at hand is another one, as the program would write it.

    Settings of ``[solve]`` may be others: the manifest has those that held.
    """
    try:
        text = case.path.read_text(encoding="utf-8-sig")
        told = Case.parse(text, case.path)
    except (OSError, ValueError):
        return to_toml(case)
    return text if dataclasses.replace(told, solve=case.solve) == case else to_toml(case)


def _text(value: Any) -> str:
    """Plain data as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

"""Plans in the records: their way from draft to approval, and the one that a case has adopted.

What is written here is written in one transaction: status, move, archive, GIS layers and audit entry agree always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from districting.errors import Fault, PlanError
from districting.records.adopted_layers import AdoptedLayers, clear
from districting.records.archive import Archive, archived, keep
from districting.records.states import APPROVED, SUPERSEDED, Step, step_of
from districting.records.store import Change, Store, now, reading

if TYPE_CHECKING:
    from districting.case import Case


@dataclass(frozen=True)
class PlanEntry:
    """A plan in the records.

    Parameters
    ----------
    plan_ref
        Its id there, ``<run_id>/<plan_id>``.
    title
        What people call it; of a run's plan its id, which `districting.reports.words.plan_title` says in words.
    status
        One of `districting.records.states`.
    document, date
        Number of the document that its last move rests on, and the day (``YYYY-MM-DD``).
    moment, person
        When it entered the records (UTC), and who entered it.
    households_moved, communities, findings_must
        Its figures, as the checker found them when it entered.
    archive
        Hash of its files (`districting.records.archive.Archive.sha256`).
    """

    plan_ref: str
    run_id: str
    plan_id: str
    title: str
    status: str
    document: str
    date: str
    moment: str
    person: str
    households_moved: int
    communities: int
    findings_must: int
    archive: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Asked:
    """What somebody asks for a plan.

    Parameters
    ----------
    status
        To which it is to move; None: one step onward.
    document, date, note
        Number of the document, its day (``YYYY-MM-DD``; empty: none), and whatever else there is to say: the
        reason where the step needs one.
    person
        Who asks; empty: the user of this machine.
    despite
        Why it may be approved in spite of broken must-rules; empty: it may not.
    """

    person: str = ""
    status: str | None = None
    document: str = ""
    date: str = ""
    note: str = ""
    despite: str = ""


@dataclass(frozen=True)
class Move:
    """One step that a plan took."""

    move_key: int
    plan_ref: str
    moment: str
    person: str
    was: str
    status: str
    document: str
    date: str
    note: str
    despite: str
    findings_must: int

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class AdoptedPlan:
    """The plan that a case has adopted, with its files."""

    entry: PlanEntry
    archive: Archive

    @property
    def plan_id(self) -> str:
        """Its id inside its run."""
        return self.entry.plan_id

    @property
    def run_id(self) -> str:
        """The run that made it."""
        return self.entry.run_id

    def unpack(self, folder: Path) -> Path:
        """Write its files as an output folder has them, ``run.json`` and ``plans/<plan_id>/…``.

        Returns
        -------
        Path
            The plan's own folder.
        """
        return self.archive.unpack(folder)


def adopted_plan(case: Case) -> AdoptedPlan | None:
    """The plan that a case has adopted; None where it has none. Also from a medium that cannot be written.

    Raises
    ------
    StoreError
        If the records cannot be read.
    """
    with reading(case.path) as store:
        row = (
            None
            if store is None
            else store.row(
                f"SELECT {_columns(PlanEntry, 'plans.')}, content FROM plans JOIN archives ON archive = sha256 "
                "WHERE status = ?",
                (APPROVED,),
            )
        )
    if row is None:
        return None
    told = dict(row)
    content = told.pop("content")
    return AdoptedPlan(PlanEntry(**told), Archive(told["archive"], content))


class Plans:
    """The plans in a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def all(self) -> list[PlanEntry]:
        """Every plan, in the order in which they entered."""
        rows = self.store.rows(f"SELECT {_columns(PlanEntry)} FROM plans ORDER BY plan_key")
        return [PlanEntry(**dict(row)) for row in rows]

    def find(self, named: str) -> PlanEntry | None:
        """The plan that a text names: its id, the beginning of it, or its plan id alone where only one bears it.

        The beginning of the run's id goes with the plan id, or its beginning: ``3b37/adjust``.

        Raises
        ------
        PlanError
            If several could be meant; says which.
        """
        known = self.all()
        run, _, plan = named.partition("/")
        theirs = [one for one in known if run and plan and one.run_id.startswith(run)]
        for fits in (
            [one for one in known if one.plan_ref == named],
            [one for one in theirs if one.plan_id == plan],
            [one for one in known if one.plan_ref.startswith(named) or one.plan_id == named],
            [one for one in theirs if one.plan_id.startswith(plan)],
        ):
            if len(fits) > 1:
                told = ", ".join(one.plan_ref for one in fits)
                raise PlanError([Fault("fault.adopt_ambiguous", {"plan": named, "known": told})])
            if fits:
                return fits[0]
        return None

    def moves(self, plan_ref: str | None = None) -> list[Move]:
        """Every step that plans took, or one plan, oldest first."""
        query = f"SELECT {_columns(Move)} FROM moves WHERE ?1 IS NULL OR plan_ref = ?1 ORDER BY move_key"
        return [Move(**dict(row)) for row in self.store.rows(query, (plan_ref,))]

    def archive(self, entry: PlanEntry) -> Archive:
        """The files of a plan."""
        found = archived(self.store, entry.archive)
        assert found is not None
        return found

    def enter(
        self, plan_ref: str, title: str, archive: Archive, asked: Asked, *, figures: Mapping[str, int]
    ) -> Move:
        """Enter a plan as a draft.

        Parameters
        ----------
        figures
            ``households_moved``, ``communities`` and ``findings_must``.

        Raises
        ------
        PlanError
            If another status is asked for: nothing skips a step.
        """
        run_id, _, plan_id = plan_ref.partition("/")
        step = step_of("", asked.status, plan=plan_ref)
        with self.store.change() as change:
            keep(change, archive)
            entry = PlanEntry(
                plan_ref=plan_ref,
                run_id=run_id,
                plan_id=plan_id,
                title=title,
                status=step.to,
                document=asked.document,
                date=asked.date,
                moment=now(),
                person=asked.person,
                archive=archive.sha256,
                **figures,
            )
            change.insert("plans", entry.to_json())
            return _moved(change, entry, step, asked, figures["findings_must"])

    def move(
        self, plan_ref: str, asked: Asked, *, findings_must: int, layers: AdoptedLayers | None = None
    ) -> Move:
        """Move a plan that is in the records.

        Parameters
        ----------
        findings_must
            Broken must-rules as the checker finds them now.
        layers
            The plan as GIS layers, which an approval needs.

        Raises
        ------
        PlanError
            If there is no such step, it lacks its reason, or broken must-rules stand in the way.
        """
        with self.store.change() as change:
            row = change.row(f"SELECT {_columns(PlanEntry)} FROM plans WHERE plan_ref = ?", (plan_ref,))
            if row is None:
                raise PlanError([Fault("fault.adopt_unknown", {"plan": plan_ref, "known": ""})])
            entry = PlanEntry(**dict(row))
            step = step_of(entry.status, asked.status, plan=plan_ref, reason=asked.note)
            if step.judged and findings_must and not asked.despite.strip():
                raise PlanError([Fault("fault.adopt_must", {"plan": plan_ref, "count": findings_must})])
            if step.to == APPROVED:
                if layers is None:
                    raise ValueError("an approval needs the plan's layers")
                _supersede(change, plan_ref, asked.person)
                layers.write(change, plan_ref=plan_ref, document=asked.document, date=asked.date)
            elif entry.status == APPROVED:
                clear(change)
            change.write(
                "UPDATE plans SET status = ?1, document = coalesce(nullif(?2, ''), document), "
                "date = coalesce(nullif(?3, ''), date) WHERE plan_ref = ?4",
                (step.to, asked.document, asked.date, plan_ref),
            )
            return _moved(change, entry, step, asked, findings_must)


def _supersede(change: Change, plan_ref: str, person: str) -> None:
    """Let the plan that was adopted so far give way."""
    row = change.row(f"SELECT {_columns(PlanEntry)} FROM plans WHERE status = ?", (APPROVED,))
    if row is None:
        return
    earlier = PlanEntry(**dict(row))
    change.write("UPDATE plans SET status = ? WHERE plan_ref = ?", (SUPERSEDED, earlier.plan_ref))
    asked = Asked(person, SUPERSEDED, note=plan_ref)
    _moved(change, earlier, Step(APPROVED, SUPERSEDED, program=True), asked, earlier.findings_must)


def _moved(change: Change, entry: PlanEntry, step: Step, asked: Asked, findings_must: int) -> Move:
    """Write a step down, for people and for the audit log."""
    told: dict[str, Any] = {
        "plan_ref": entry.plan_ref,
        "moment": now(),
        "person": asked.person,
        "was": step.origin,
        "status": step.to,
        "document": asked.document,
        "date": asked.date,
        "note": asked.note,
        "despite": asked.despite if step.judged and findings_must else "",
        "findings_must": findings_must,
    }
    cursor = change.insert("moves", told)
    detail = {key: value for key, value in told.items() if key not in ("plan_ref", "moment", "person")}
    change.log(asked.person, "adopt", plan_id=entry.plan_ref, **detail)
    return Move(move_key=int(cursor.lastrowid or 0), **told)


def _columns(noun: type[PlanEntry | Move], table: str = "") -> str:
    """The columns of a noun, which bear the names of its fields."""
    return ", ".join(f"{table}{field.name}" for field in fields(noun))

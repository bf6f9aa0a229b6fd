"""How far a plan of the review has come on its way to approval, and the command that takes its next step.

An approval is an act of the office with the number and the day of a document: no button of a page makes it. The
page shows how things stand, and the exact command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from districting.records.states import APPROVED, steps
from districting.records.store import records_path
from districting.review.desk import Desk
from districting.review.drafts import PlanNote
from districting.review.people import Person


@dataclass(frozen=True)
class Standing:
    """How a plan stands in the records of the case.

    Parameters
    ----------
    status
        One of `districting.records.states`; empty: the plan is not in the records yet.
    revision
        Revision of the draft that the records have; None for a plan of the run.
    document, date
        Number of the document that its last step rests on, and the day; empty: none.
    ahead
        Status after the next step onward; empty: there is none.
    named
        Whether that step needs a document's number: an approval does.
    words
        The command that takes it, word by word, unquoted; empty for whoever may not, and where there is none.
    apart
        The review is kept apart from the records of its case, which therefore do not know its drafts.
    """

    status: str = ""
    revision: int | None = None
    document: str = ""
    date: str = ""
    ahead: str = ""
    named: bool = False
    words: tuple[str, ...] = ()
    apart: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the shell that the words are for: its quotes differ."""
        return {**asdict(self), "shell": "windows" if os.name == "nt" else "posix"}


def standings(desk: Desk, person: Person) -> dict[str, dict[str, Any]]:
    """How each plan stands that can be adopted or has entered the records, by id.

    A plan can be adopted as the run made it, or once people have marked it final.
    """
    entered, notes = _entered(desk), desk.drafts.all()
    orders = person.may("planner")
    told: dict[str, dict[str, Any]] = {}
    for note in notes:
        if note.status != "computed":
            standing = _of_draft(desk, note, entered)
        elif not _outlived(note, notes):
            standing = _of_run(desk, note, entered)
        else:
            continue
        if standing is not None:
            told[note.plan_id] = (standing if orders else replace(standing, words=())).to_json()
    return told


def _of_run(desk: Desk, note: PlanNote, entered: Mapping[str, Standing]) -> Standing:
    """A plan of the run: its folder, and its id once it is in the records."""
    own_id = note.plan_id.rstrip("+")
    ref = f"{desk.store.review_id}/{own_id}"
    return _onward(desk, entered.get(ref), ref if ref in entered else str(desk.out / "plans" / own_id))


def _of_draft(desk: Desk, note: PlanNote, entered: Mapping[str, Standing]) -> Standing | None:
    """A draft as it stands now; while it is at work, what the records have of it, and None if that is nothing."""
    ref = f"{desk.store.review_id}/{note.plan_id}"
    if note.status != "final":
        earlier = [one for named, one in entered.items() if named.startswith(f"{ref}@")]
        return earlier[-1] if earlier else None
    if desk.store.path.resolve() != records_path(desk.case_path).resolve():
        return Standing(revision=note.revision, apart=True)
    ref = f"{ref}@{note.revision}"
    return replace(_onward(desk, entered.get(ref), ref), revision=note.revision)


def _onward(desk: Desk, entry: Standing | None, named: str) -> Standing:
    """How a plan stands, with the command for its next step."""
    standing = entry or Standing()
    ahead = next((step.to for step in steps() if step.origin == standing.status and step.onward), "")
    words = ("districting", "adopt", str(desk.case_path.resolve()), named)
    return replace(standing, ahead=ahead, named=ahead == APPROVED, words=words if ahead else ())


def _entered(desk: Desk) -> dict[str, Standing]:
    """What the records have of the plans of this run, by their ids there, in the order in which they entered."""
    rows = desk.store.rows(
        "SELECT plan_ref, status, document, date FROM plans WHERE run_id = ? ORDER BY plan_key",
        (desk.store.review_id,),
    )
    told: dict[str, Standing] = {}
    for row in rows:
        revision = row["plan_ref"].rpartition("@")[2]
        number = int(revision) if revision.isdecimal() else None
        told[row["plan_ref"]] = Standing(row["status"], number, row["document"] or "", row["date"] or "")
    return told


def _outlived(note: PlanNote, notes: Sequence[PlanNote]) -> bool:
    """Whether a later run wrote another plan into the folder of this one (`Opened.take_over`)."""
    return any(other.plan_id == f"{note.plan_id}+" for other in notes)

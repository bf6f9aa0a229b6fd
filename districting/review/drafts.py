"""Plans of a review and their revisions: branch, move, undo, redo. Nothing is ever overwritten."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from districting.records.store import Change, Store, now
from districting.review.refusals import ConflictError, MissingError, RefusedError, StaleError

#: Of a plan: as the optimizer found it (never changed), worked at, handed to the reviewers, settled.
Status = Literal["computed", "draft", "for_review", "final"]

#: What made a revision; all but begin, undo and redo can be undone.
Kind = Literal["begin", "move", "mend", "best", "rename", "undo", "redo"]

Labels = dict[str, str | None]

#: What the table says of a plan, in the order of `PlanNote`.
_NOTE = "plan_id, title, parent_id, parent_revision, status, revision, moment, person"


@dataclass(frozen=True)
class PlanNote:
    """A plan of the review, without its labels."""

    plan_id: str
    title: str
    parent_id: str | None
    parent_revision: int | None
    status: Status
    revision: int
    moment: str
    person: str

    @property
    def editable(self) -> bool:
        """Only drafts change; a computed plan keeps its proof, and what is out for review holds still."""
        return self.status == "draft"


@dataclass(frozen=True)
class CommunityNote:
    """What a plan says of a community besides its land; seats in m, None without one."""

    community_id: str
    name: str
    subdistrict_id: str | None
    origin: str | None
    seat_x: float | None = None
    seat_y: float | None = None
    seat_kind: str | None = None


@dataclass(frozen=True)
class Revision:
    """One revision of a plan; ``about`` is the revision that an undo or redo concerns."""

    revision: int
    kind: Kind
    about: int | None
    person: str
    moment: str


class Drafts:
    """The plans in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._naming = threading.Lock()  # two who branch at once get two ids and two titles

    def all(self) -> list[PlanNote]:
        """Every plan: computed ones first, then in the order in which they were begun."""
        query = f"SELECT {_NOTE} FROM review_plans WHERE review_id = ? ORDER BY status <> 'computed', rowid"
        rows = self.store.rows(query, (self.store.review_id,))
        return [PlanNote(**dict(row)) for row in rows]

    def get(self, plan_id: str) -> PlanNote:
        """One plan.

        Raises
        ------
        MissingError
            If there is no such plan.
        """
        query = f"SELECT {_NOTE} FROM review_plans WHERE review_id = ? AND plan_id = ?"
        row = self.store.row(query, (self.store.review_id, plan_id))
        if row is None:
            raise MissingError("plan", plan=plan_id)
        return PlanNote(**dict(row))

    def labels(self, plan_id: str, revision: int | None = None) -> Labels:
        """Community by atom at a revision; None: as it stands. Sorted by atom."""
        at = self.get(plan_id).revision if revision is None else revision
        # SQLite gives the other columns of the row that holds the maximum (lang_select, "bare columns").
        query = (
            "SELECT atom_id, community_id, max(revision) FROM review_labels "
            "WHERE review_id = ? AND plan_id = ? AND revision <= ? GROUP BY atom_id ORDER BY atom_id"
        )
        found = self.store.rows(query, (self.store.review_id, plan_id, at))
        return {row["atom_id"]: row["community_id"] for row in found}

    def communities(self, plan_id: str, revision: int | None = None) -> dict[str, CommunityNote]:
        """What is said of each community at a revision, also of those without land there; sorted by id."""
        at = self.get(plan_id).revision if revision is None else revision
        query = (
            "SELECT community_id, name, subdistrict_id, origin, seat_x, seat_y, seat_kind, max(revision) "
            "FROM review_communities WHERE review_id = ? AND plan_id = ? AND revision <= ? "
            "GROUP BY community_id ORDER BY community_id"
        )
        found = self.store.rows(query, (self.store.review_id, plan_id, at))
        notes = [CommunityNote(*tuple(row)[:7]) for row in found]
        return {note.community_id: note for note in notes}

    def history(self, plan_id: str) -> list[Revision]:
        """Every revision, oldest first."""
        query = (
            "SELECT revision, kind, about, person, moment FROM review_revisions "
            "WHERE review_id = ? AND plan_id = ? ORDER BY revision"
        )
        return [Revision(*row) for row in self.store.rows(query, (self.store.review_id, plan_id))]

    def begin(
        self,
        plan_id: str,
        *,
        title: str,
        status: Status,
        labels: Mapping[str, str | None],
        communities: Iterable[CommunityNote],
        person: str,
        parent: tuple[str, int] | None = None,
    ) -> PlanNote:
        """Write a new plan as its revision 0.

        Parameters
        ----------
        parent
            Plan and revision that it comes from.
        """
        with self.store.change() as change:
            change.write(
                "INSERT INTO review_plans VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
                (change.review_id, plan_id, title, *(parent or (None, None)), status, now(), person),
            )
            _revise(change, plan_id, 0, "begin", labels, communities, person=person)
            action = "branch" if parent else "begin"
            change.log(person, action, plan_id=plan_id, after=0, title=title, parent=list(parent or ()))
        return self.get(plan_id)

    def branch(self, plan_id: str, *, title: str, person: str, revision: int | None = None) -> PlanNote:
        """A draft that begins as a plan stands, or stood at a revision."""
        parent = self.get(plan_id)
        at = parent.revision if revision is None else revision
        if not 0 <= at <= parent.revision:
            raise MissingError("revision", plan=parent.title, revision=at)
        with self._naming:
            return self.begin(
                self._unused_id(),
                title=self.unused_title(title),
                status="draft",
                labels=self.labels(plan_id, at),
                communities=self.communities(plan_id, at).values(),
                person=person,
                parent=(plan_id, at),
            )

    def revise(
        self,
        plan_id: str,
        *,
        expected: int,
        kind: Kind,
        moves: Mapping[str, str | None],
        communities: Iterable[CommunityNote] = (),
        person: str,
        **detail: Any,
    ) -> int:
        """Write a new revision and say so in the audit log; returns its number.

        Parameters
        ----------
        expected
            Revision that the person saw.
        moves
            Community by atom, only of atoms that change.
        communities
            New communities, or those of which something else is said.
        detail
            For the audit log.

        Raises
        ------
        StaleError
            If the plan has moved on, with the difference.
        ConflictError
            If the plan is no draft.
        """
        with self.store.change() as change:
            before = self._expect(plan_id, expected)
            after = before.revision + 1
            was = self.labels(plan_id)
            told = [[atom, was.get(atom), to] for atom, to in sorted(moves.items())]
            _revise(change, plan_id, after, kind, moves, communities, person=person)
            change.log(person, kind, plan_id=plan_id, before=before.revision, after=after, moves=told, **detail)
        return after

    def undo(self, plan_id: str, *, expected: int, person: str) -> int:
        """Take back the latest move that stands; returns the new revision."""
        return self._turn("undo", plan_id, expected, person)

    def redo(self, plan_id: str, *, expected: int, person: str) -> int:
        """Make the move again that was taken back last; returns the new revision."""
        return self._turn("redo", plan_id, expected, person)

    def _turn(self, kind: Literal["undo", "redo"], plan_id: str, expected: int, person: str) -> int:
        """Undo or redo."""
        with self.store.change() as change:
            before = self._expect(plan_id, expected)
            done, undone = open_moves(self.history(plan_id))
            waiting = done if kind == "undo" else undone
            if not waiting:
                raise ConflictError(f"{kind}_empty")
            about, after = waiting[-1], before.revision + 1
            at = about - 1 if kind == "undo" else about
            touched = {row[0] for row in change.rows(
                "SELECT atom_id FROM review_labels WHERE review_id = ? AND plan_id = ? AND revision = ?",
                (change.review_id, plan_id, about),
            )}  # fmt: skip
            said = {row[0] for row in change.rows(
                "SELECT community_id FROM review_communities WHERE review_id = ? AND plan_id = ? AND revision = ?",
                (change.review_id, plan_id, about),
            )}  # fmt: skip
            moves = {atom: to for atom, to in self.labels(plan_id, at).items() if atom in touched}
            notes = [note for note in self.communities(plan_id, at).values() if note.community_id in said]
            was = self.labels(plan_id)
            told = [[atom, was.get(atom), to] for atom, to in sorted(moves.items())]
            _revise(change, plan_id, after, kind, moves, notes, person=person, about=about)
            change.log(person, kind, plan_id=plan_id, before=before.revision, after=after, moves=told, about=about)
        return after

    def difference(self, plan_id: str, since: int) -> StaleError:
        """What has changed since a revision."""
        note = self.get(plan_id)
        then, here = self.labels(plan_id, since), self.labels(plan_id)
        moves = {atom: (then.get(atom), to) for atom, to in here.items() if then.get(atom) != to}
        people = {one.person for one in self.history(plan_id) if one.revision > since}
        return StaleError(revision=note.revision, moves=moves, people=tuple(sorted(people)))

    def retitle(self, plan_id: str, title: str, *, person: str) -> None:
        """Give a plan another title."""
        with self.store.change() as change:
            note = self.get(plan_id)
            if note.status == "computed":
                raise ConflictError("computed", plan=note.title)
            if any(other.title == title and other.plan_id != plan_id for other in self.all()):
                raise ConflictError("title_taken", title=title)
            change.write(
                "UPDATE review_plans SET title = ? WHERE review_id = ? AND plan_id = ?",
                (title, change.review_id, plan_id),
            )
            change.log(person, "retitle", plan_id=plan_id, was=note.title, title=title)

    def mark(self, plan_id: str, status: Status, *, expected: int, person: str) -> None:
        """Mark a plan as a draft, for review, or final."""
        with self.store.change() as change:
            note = self.get(plan_id)
            if note.status == "computed" or status == "computed" or status not in get_args(Status):
                raise ConflictError("computed", plan=note.title)
            if note.revision != expected:
                raise self.difference(plan_id, expected)
            change.write(
                "UPDATE review_plans SET status = ? WHERE review_id = ? AND plan_id = ?",
                (status, change.review_id, plan_id),
            )
            change.log(
                person, "mark", plan_id=plan_id, before=expected, after=expected, was=note.status, status=status
            )

    def write_verdict(
        self, plan_id: str, revision: int, *, adoptable: bool, findings: str, must: int, person: str
    ) -> None:
        """Keep what the checks say of a revision, and say so in the audit log; ``findings`` as JSON text."""
        with self.store.change() as change:
            change.write(
                "INSERT OR REPLACE INTO review_verdicts VALUES (?, ?, ?, ?, ?)",
                (change.review_id, plan_id, revision, adoptable, findings),
            )
            change.log(person, "judge", plan_id=plan_id, after=revision, adoptable=adoptable, must=must)

    def unjudged(self) -> list[tuple[str, int]]:
        """Plans and revisions that have no verdict, in the order in which they were written."""
        query = (
            "SELECT r.plan_id, r.revision FROM review_revisions r LEFT JOIN review_verdicts v "
            "USING (review_id, plan_id, revision) WHERE r.review_id = ? AND v.revision IS NULL "
            "ORDER BY r.moment, r.plan_id, r.revision"
        )
        return [(row["plan_id"], row["revision"]) for row in self.store.rows(query, (self.store.review_id,))]

    def verdict(self, plan_id: str, revision: int) -> tuple[bool, str] | None:
        """Whether a revision is adoptable, and its findings as JSON text; None while it is not judged."""
        row = self.store.row(
            "SELECT adoptable, findings FROM review_verdicts WHERE review_id = ? AND plan_id = ? AND revision = ?",
            (self.store.review_id, plan_id, revision),
        )
        return None if row is None else (bool(row["adoptable"]), str(row["findings"]))

    def unused_title(self, title: str) -> str:
        """The title, numbered where another plan bears it."""
        taken = {note.title for note in self.all()}
        made, number = title, 2
        while made in taken:
            made, number = f"{title} ({number})", number + 1
        return made

    def _unused_id(self) -> str:
        """The next of ``draft-1``, ``draft-2`` and so on."""
        taken = [re.fullmatch(r"draft-(\d+)", note.plan_id) for note in self.all()]
        return f"draft-{1 + max((int(found[1]) for found in taken if found), default=0)}"

    def _expect(self, plan_id: str, expected: int) -> PlanNote:
        """The plan, if it may be changed and stands where the person saw it."""
        note = self.get(plan_id)
        if not note.editable:
            raise ConflictError(note.status, plan=note.title)
        if not 0 <= expected <= note.revision:
            raise RefusedError("revision", plan=note.title, revision=expected)
        if note.revision != expected:
            raise self.difference(plan_id, expected)
        return note


def open_moves(history: Sequence[Revision]) -> tuple[list[int], list[int]]:
    """Revisions that undo would take back, and those that redo would make again; the next one last.

    Examples
    --------
    >>> kinds = ("begin", "move", "move", "undo")
    >>> open_moves([Revision(i, kind, None, "", "") for i, kind in enumerate(kinds)])
    ([1], [2])
    """
    done: list[int] = []
    undone: list[int] = []
    for one in history:
        if one.kind == "undo":
            undone.append(done.pop())
        elif one.kind == "redo":
            done.append(undone.pop())
        elif one.kind != "begin":
            done.append(one.revision)
            undone.clear()
    return done, undone


def _revise(
    change: Change,
    plan_id: str,
    revision: int,
    kind: Kind,
    moves: Mapping[str, str | None],
    communities: Iterable[CommunityNote],
    *,
    person: str,
    about: int | None = None,
) -> None:
    """The rows of one revision."""
    change.write(
        "INSERT INTO review_revisions VALUES (?, ?, ?, ?, ?, ?, ?)",
        (change.review_id, plan_id, revision, kind, about, person, now()),
    )
    change.write_all(
        "INSERT INTO review_labels VALUES (?, ?, ?, ?, ?)",
        [(change.review_id, plan_id, atom, revision, to) for atom, to in moves.items()],
    )
    notes = [asdict(note) for note in communities]
    change.write_all(
        "INSERT INTO review_communities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(change.review_id, plan_id, row.pop("community_id"), revision, *row.values()) for row in notes],
    )
    change.write(
        "UPDATE review_plans SET revision = ? WHERE review_id = ? AND plan_id = ?",
        (revision, change.review_id, plan_id),
    )

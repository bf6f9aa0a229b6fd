"""What people ask of the next plan: locks that everybody sees, and what planners make of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from districting.records.store import Store, now
from districting.review.people import Person
from districting.review.refusals import ConflictError, DeniedError, MissingError

#: Waiting for an answer, taken back by who made it, answered with no, or written into the case file.
State = Literal["open", "withdrawn", "declined", "case"]

#: Kinds of lock, as `districting.plans.problem.LockKind`; said again, since the first page waits for no map.
Kind = Literal["keep", "together", "apart", "seat", "split", "merge"]

_COLUMNS = "proposal_id, plan_id, kind, named, text, reason, x, y, person, moment, state"


@dataclass(frozen=True)
class Wish:
    """A lock as a case names it, by ids: communities of today, atoms, compounds."""

    kind: Kind
    communities: tuple[str, ...] = ()
    atoms: tuple[str, ...] = ()
    compounds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """A lock that somebody asks for.

    Parameters
    ----------
    plan_id
        The plan before which it was made.
    text
        What it is called, in the language of who made it.
    place
        Where, in the case's CRS, m.
    drafts
        Plans that hold to it, whatever has become of it since.
    """

    proposal_id: int
    plan_id: str
    wish: Wish
    text: str
    reason: str
    place: tuple[float, float] | None
    person: str
    moment: str
    state: State
    drafts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, with what is wished for beside the rest."""
        plain = asdict(self)
        return {**plain.pop("wish"), **plain}


class Proposals:
    """The proposals in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def all(self) -> list[Proposal]:
        """Every proposal, oldest first."""
        review = (self.store.review_id,)
        taken: dict[int, list[str]] = {}
        query = (
            "SELECT proposal_id, t.plan_id FROM review_taken t JOIN review_proposals USING (proposal_id) "
            "WHERE review_id = ? ORDER BY proposal_id, t.plan_id"
        )
        for row in self.store.rows(query, review):
            taken.setdefault(row["proposal_id"], []).append(row["plan_id"])
        query = f"SELECT {_COLUMNS} FROM review_proposals WHERE review_id = ? ORDER BY proposal_id"
        return [_proposal(dict(row), taken) for row in self.store.rows(query, review)]

    def get(self, proposal_id: int) -> Proposal:
        """One proposal.

        Raises
        ------
        MissingError
            If there is no such proposal.
        """
        for one in self.all():
            if one.proposal_id == proposal_id:
                return one
        raise MissingError("no_proposal", number=proposal_id)

    def held_to(self, plan_id: str) -> list[Proposal]:
        """Proposals that a plan holds to."""
        return [one for one in self.all() if plan_id in one.drafts]

    def binding(self, plan_id: str) -> list[Proposal]:
        """Those, and what has been written into the case since it was read."""
        return [one for one in self.all() if plan_id in one.drafts or one.state == "case"]

    def make(
        self,
        person: Person,
        plan_id: str,
        wish: Wish,
        *,
        text: str,
        reason: str,
        place: tuple[float, float] | None,
    ) -> int:
        """Ask for a lock; several people may ask for the same one. Returns the number of the proposal.

        Raises
        ------
        ConflictError
            If the same person asks for it already.
        """
        if any(one.wish == wish and one.person == person.name and one.state == "open" for one in self.all()):
            raise ConflictError("proposed", text=text)
        x, y = place or (None, None)
        named = {key: list(ids) for key, ids in asdict(wish).items() if key != "kind" and ids}
        with self.store.change() as change:
            cursor = change.insert(
                "review_proposals",
                {
                    "review_id": change.review_id,
                    "plan_id": plan_id,
                    "kind": wish.kind,
                    "named": json.dumps(named, ensure_ascii=False),
                    "text": text,
                    "reason": reason,
                    "x": x,
                    "y": y,
                    "person": person.name,
                    "moment": now(),
                    "state": "open",
                },
            )
            number = int(cursor.lastrowid or 0)
            change.log(person.name, "propose", plan_id=plan_id, proposal=number, text=text, reason=reason)
        return number

    def withdraw(self, person: Person, proposal_id: int) -> None:
        """Take one's own proposal back; a draft that holds to it goes on until a planner lets it go.

        Raises
        ------
        DeniedError
            If it is somebody else's.
        ConflictError
            If it has been answered.
        """
        one = self.get(proposal_id)
        if one.person != person.name:
            raise DeniedError("not_yours")
        if one.state != "open":
            raise ConflictError("answered", text=one.text)
        self._mark(person, one, "withdrawn", "withdraw")

    def answer(self, person: Person, proposal_id: int, *, declined: bool) -> None:
        """Decline a proposal, or open it again.

        Raises
        ------
        ConflictError
            If its author has taken it back, or the case holds to it.
        """
        one = self.get(proposal_id)
        if one.state not in ("open", "declined"):
            raise ConflictError("answered", text=one.text)
        if declined != (one.state == "declined"):
            self._mark(person, one, "declined" if declined else "open", "decline" if declined else "reconsider")

    def take(self, person: Person, proposal_id: int, plan_id: str) -> None:
        """Let a draft hold to a proposal.

        Raises
        ------
        ConflictError
            If it is not open.
        """
        one = self.get(proposal_id)
        if one.state != "open":
            raise ConflictError("answered", text=one.text)
        with self.store.change() as change:
            change.write(
                "INSERT OR IGNORE INTO review_taken VALUES (?, ?, ?, ?)",
                (proposal_id, plan_id, person.name, now()),
            )
            change.log(person.name, "take", plan_id=plan_id, proposal=proposal_id, text=one.text)

    def leave(self, person: Person, proposal_id: int, plan_id: str) -> None:
        """Let a draft no longer hold to a proposal.

        Raises
        ------
        MissingError
            If it does not.
        """
        one = self.get(proposal_id)
        if plan_id not in one.drafts:
            raise MissingError("lock")
        with self.store.change() as change:
            change.write("DELETE FROM review_taken WHERE proposal_id = ? AND plan_id = ?", (proposal_id, plan_id))
            change.log(person.name, "leave", plan_id=plan_id, proposal=proposal_id, text=one.text)

    def written(self, person: Person, wish: Wish) -> None:
        """Say that the case file holds a lock: everybody who asked for it has been answered."""
        for one in self.all():
            if one.wish == wish and one.state == "open":
                self._mark(person, one, "case", "into_case")

    def _mark(self, person: Person, one: Proposal, state: State, action: str) -> None:
        """Write another state, and say so in the audit log."""
        with self.store.change() as change:
            change.write("UPDATE review_proposals SET state = ? WHERE proposal_id = ?", (state, one.proposal_id))
            change.log(
                person.name, action, plan_id=one.plan_id, proposal=one.proposal_id, text=one.text, of=one.person
            )


def _proposal(row: Mapping[str, Any], taken: Mapping[int, list[str]]) -> Proposal:
    """A row of the table."""
    named = {key: tuple(ids) for key, ids in json.loads(row["named"]).items()}
    return Proposal(
        proposal_id=row["proposal_id"],
        plan_id=row["plan_id"],
        wish=Wish(row["kind"], **named),
        text=row["text"],
        reason=row["reason"],
        place=None if row["x"] is None else (row["x"], row["y"]),
        person=row["person"],
        moment=row["moment"],
        state=row["state"],
        drafts=tuple(taken.get(row["proposal_id"], ())),
    )

"""The doors for what people ask of the next plan: locks, and whether a draft or the case holds to them."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from districting.review import bodies
from districting.review.doors import Doors
from districting.review.people import Person
from districting.review.proposals import Wish
from districting.review.refusals import ConflictError


def proposing(doors: Doors) -> APIRouter:
    """Proposals: reviewers and planners make them, planners answer them."""
    desk, router = doors.desk, APIRouter(prefix="/api/proposals")
    reviewer, planner = Depends(doors.role("reviewer")), Depends(doors.role("planner"))

    @router.post("", status_code=201)
    def propose(body: bodies.Proposal, person: Person = reviewer) -> bodies.Numbered:
        """Ask the next plan for a lock; who agrees asks for the same one."""
        desk.drafts.get(body.plan)
        ids = {key: tuple(sorted(set(getattr(body, key)))) for key in ("communities", "atoms", "compounds")}
        wish = Wish(body.kind, **ids)
        desk.opened.standards.check(wish)
        number = desk.proposals.make(person, body.plan, wish, text=body.text, reason=body.reason, place=body.place)
        return bodies.Numbered(number=number)

    @router.delete("/{number}", status_code=204)
    def withdraw(number: bodies.PathNumber, person: Person = reviewer) -> None:
        """Take one's own proposal back."""
        desk.proposals.withdraw(person, number)

    @router.patch("/{number}", status_code=204)
    def answer(number: bodies.PathNumber, body: bodies.Answer, person: Person = planner) -> None:
        """Decline a proposal, or open it again."""
        desk.proposals.answer(person, number, declined=body.declined)

    @router.put("/{number}/drafts/{plan}", status_code=204)
    def take(number: bodies.PathNumber, plan: str, person: Person = planner) -> None:
        """Let a draft hold to a proposal: no edit breaks what holds, and the next search keeps it."""
        note = desk.drafts.get(plan)
        if not note.editable:
            raise ConflictError(note.status, plan=note.title)
        desk.proposals.take(person, number, plan)

    @router.delete("/{number}/drafts/{plan}", status_code=204)
    def leave(number: bodies.PathNumber, plan: str, person: Person = planner) -> None:
        """Let a draft no longer hold to it."""
        desk.drafts.get(plan)
        desk.proposals.leave(person, number, plan)

    @router.put("/{number}/case", status_code=204)
    def into_case(number: bodies.PathNumber, person: Person = planner) -> None:
        """Write it into the case file, where the next run finds it."""
        from districting.review.case_file import write_lock

        one = desk.proposals.get(number)
        if one.state != "open":
            raise ConflictError("answered", text=one.text)
        alike = [other for other in desk.proposals.all() if other.wish == one.wish and other.state == "open"]
        write_lock(desk.case_path, one.wish, alike, language=desk.language)
        desk.proposals.written(person, one.wish)

    return router

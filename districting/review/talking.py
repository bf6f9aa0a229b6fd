"""The doors for what people say: comments, votes, names."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from districting.review import bodies
from districting.review.doors import Doors
from districting.review.people import Person
from districting.review.refusals import MissingError


def talking(doors: Doors) -> APIRouter:
    """Comments, votes and names; reviewers and planners may."""
    desk, router = doors.desk, APIRouter(prefix="/api")
    reader = Depends(doors.role("reader"))
    reviewer, planner = Depends(doors.role("reviewer")), Depends(doors.role("planner"))

    def known(plan_id: str, community_id: str | None) -> None:
        """Refuse a plan or community that does not exist."""
        desk.drafts.get(plan_id)
        if community_id is not None and community_id not in desk.communities(plan_id):
            raise MissingError("community", community=community_id)

    @router.get("/comments", response_class=Response, responses=bodies.REFUSALS_OF_FILES)
    def file(person: Person = reader) -> Response:
        """Everything that people said, as one file for ``districting comments``."""
        from districting.review.exporting import as_json
        from districting.review.said import said

        disposition = {"content-disposition": 'attachment; filename="comments.json"'}
        return Response(as_json(said(desk)), media_type="application/json", headers=disposition)

    @router.post("/comments", status_code=201)
    def comment(body: bodies.Comment, person: Person = reviewer) -> bodies.Numbered:
        """Say something of a plan."""
        known(body.plan, body.community)
        number = desk.talk.comment(
            person,
            body.plan,
            body.text,
            community_id=body.community,
            place=body.place,
            answers=body.answers,
        )
        return bodies.Numbered(number=number)

    @router.patch("/comments/{number}", status_code=204)
    def settle(number: bodies.PathNumber, body: bodies.Settle, person: Person = reviewer) -> None:
        """Settle a comment, or open it again."""
        desk.talk.settle(person, number, settled=body.settled)

    @router.put("/votes", status_code=204)
    def vote(body: bodies.Vote, person: Person = reviewer) -> None:
        """Approve or reject what a plan does with a community."""
        known(body.plan, body.community)
        desk.talk.vote(person, body.plan, body.community, body.verdict)

    @router.post("/names", status_code=201)
    def name(body: bodies.Name, person: Person = reviewer) -> bodies.Numbered:
        """Put a name forward."""
        known(body.plan, body.community)
        return bodies.Numbered(number=desk.talk.propose_name(person, body.plan, body.community, body.name))

    @router.put("/names/{number}/vote", status_code=204)
    def vote_name(number: bodies.PathNumber, body: bodies.NameVote, person: Person = reviewer) -> None:
        """Vote for a name."""
        desk.talk.vote_name(person, number, wanted=body.wanted)

    @router.post("/names/{number}/adopt")
    def adopt(number: bodies.PathNumber, body: bodies.Adopt, person: Person = planner) -> bodies.Moved:
        """Give a name to its community, as a revision of the draft."""
        chosen = desk.talk.name(number)
        revision = doors.editor.rename(
            chosen["plan_id"],
            revision=body.revision,
            community_id=chosen["community_id"],
            name=chosen["name"],
            person=person.name,
        )
        return bodies.Moved(revision=revision)

    return router

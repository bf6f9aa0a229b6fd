"""The doors for edits by hand: look, move, mend, undo, lock, search, branch, mark, take away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response

from districting.language import Language, say
from districting.review import bodies
from districting.review.doors import Doors
from districting.review.people import Person
from districting.review.telling import plan_of


def editing(doors: Doors) -> APIRouter:
    """Plans and their revisions; readers look, planners edit."""
    desk, editor, searches = doors.desk, doors.editor, doors.searches
    router = APIRouter(prefix="/api")
    reader, planner = Depends(doors.role("reader")), Depends(doors.role("planner"))

    @router.get("/ground")
    def ground(person: Person = reader) -> dict[str, Any]:
        """Atoms by position, as the page draws them, with what an edit needs of each."""
        own = desk.opened.ground
        return {
            "atoms": own.atom_ids,
            "households": own.households.tolist(),
            "compounds": own.compound,
            "low": own.windows[0].low,
            "high": own.windows[0].high,
            "measure": own.windows[0].measure,
        }

    @router.get("/plans/{plan}")
    def plan(plan: str, person: Person = reader) -> dict[str, Any]:
        """A plan as it stands: label of each atom, communities, verdict, history."""
        return plan_of(desk, plan)

    @router.get("/plans/{plan}/shown", response_class=PlainTextResponse, responses=bodies.REFUSALS_OF_FILES)
    def shown(plan: str, person: Person = reader) -> str:
        """A plan's figures and findings as the page's own script opens them."""
        return desk.shown(plan)

    @router.post("/plans/{plan}/look")
    def look(plan: str, body: bodies.Look, request: Request, person: Person = reader) -> list[bodies.Choice]:
        """What a move would do, before it is made."""
        language = doors.language(request)
        options = editor.options(plan, body.revision, body.atoms, body.community)
        names = {one.community_id: one.name for one in desk.communities(plan).values()}
        return [
            bodies.Choice(
                community=option.community_id,
                name=names.get(option.community_id, say("review.new", language)),
                before={one: bodies.Sum(**asdict(totals)) for one, totals in option.before.items()},
                after={one: bodies.Sum(**asdict(totals)) for one, totals in option.after.items()},
                doubts=[
                    bodies.Doubt(
                        key=doubt.key,
                        strength=doubt.strength,
                        sentence=say(f"review.objection.{doubt.key}", language, **_named(doubt.values, language)),
                    )
                    for doubt in option.objections
                ],
            )
            for option in options
        ]

    @router.post("/plans/{plan}/moves")
    def move(plan: str, body: bodies.Move, person: Person = planner) -> bodies.Moved:
        """Move atoms; a revision that others have passed gets 409 and the difference."""
        revision = editor.edit(
            plan, revision=body.revision, atoms=body.atoms, community_id=body.community, person=person.name
        )
        return bodies.Moved(revision=revision)

    @router.post("/plans/{plan}/mend")
    def mend(plan: str, body: bodies.Mend, person: Person = planner) -> bodies.Moved:
        """Give the loose parts of a community to its neighbours."""
        revision = editor.mend(plan, revision=body.revision, community_id=body.community, person=person.name)
        return bodies.Moved(revision=revision)

    @router.post("/plans/{plan}/undo")
    def undo(plan: str, body: bodies.At, person: Person = planner) -> bodies.Moved:
        """Take the latest move back."""
        return bodies.Moved(revision=editor.turn("undo", plan, revision=body.revision, person=person.name))

    @router.post("/plans/{plan}/redo")
    def redo(plan: str, body: bodies.At, person: Person = planner) -> bodies.Moved:
        """Make it again."""
        return bodies.Moved(revision=editor.turn("redo", plan, revision=body.revision, person=person.name))

    @router.post("/plans/{plan}/locks", status_code=204)
    def lock(plan: str, body: bodies.Hold, person: Person = planner) -> None:
        """Lock communities, all of them, or let atoms stay together."""
        editor.hold(plan, body.kind, communities=body.communities, atoms=body.atoms, person=person.name)

    @router.delete("/plans/{plan}/locks", status_code=204)
    def unlock_all(plan: str, person: Person = planner) -> None:
        """End every lock of a plan."""
        desk.drafts.get(plan)
        desk.locks.release(plan, None, person=person.name)

    @router.delete("/plans/{plan}/locks/{number}", status_code=204)
    def unlock(plan: str, number: bodies.PathNumber, person: Person = planner) -> None:
        """End one lock."""
        desk.drafts.get(plan)
        desk.locks.release(plan, number, person=person.name)

    @router.post("/plans/{plan}/best", status_code=202)
    def best(plan: str, body: bodies.Best, person: Person = planner) -> bodies.Numbered:
        """Let the optimizer do the rest; it goes on by itself and tells of its progress."""
        search = searches.begin(
            plan, revision=body.revision, subdistricts=body.subdistricts, mode=body.mode, person=person.name
        )
        return bodies.Numbered(number=search.search_id)

    @router.post("/searches/{number}/end", status_code=204)
    def end(number: bodies.PathNumber, body: bodies.End, person: Person = planner) -> None:
        """Stop a search and keep the best plan so far, or drop it."""
        searches.end(number, keep=body.keep)

    @router.post("/plans", status_code=201)
    def branch(body: bodies.Branch, person: Person = planner) -> dict[str, str]:
        """A new draft from a plan."""
        return {"plan": editor.branch(body.plan, title=body.title, revision=body.revision, person=person.name)}

    @router.patch("/plans/{plan}", status_code=204)
    def change(plan: str, body: bodies.Change, person: Person = planner) -> None:
        """Another title, or another mark."""
        editor.change(plan, title=body.title, status=body.status, revision=body.revision, person=person.name)

    @router.get("/difference")
    def difference(a: str, b: str, person: Person = reader) -> dict[str, Any]:
        """Where two plans differ: atoms, households, communities."""
        return editor.difference(a, b)

    @router.get("/plans/{plan}/export", response_class=Response, responses=bodies.REFUSALS_OF_FILES)
    def taken(plan: str, person: Person = reader) -> Response:
        """The plan with its verdict, what was said of it, and the audit log, as a zip."""
        from districting.review.exporting import export

        desk.judge_all(plan)
        name = "".join(letter for letter in plan if letter.isascii() and (letter.isalnum() or letter in "-_"))
        disposition = {"content-disposition": f'attachment; filename="{name}.zip"'}
        return Response(export(desk, plan), media_type="application/zip", headers=disposition)

    @router.get("/page", response_class=Response, responses=bodies.REFUSALS_OF_FILES)
    def offline(person: Person = reader) -> Response:
        """The compare page as one offline file, drafts included as they were last drawn."""
        disposition = {"content-disposition": 'attachment; filename="index.html"'}
        return Response(desk.offline(), media_type="text/html", headers=disposition)

    return router


def _named(values: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Values of a sentence, with a word for a community that has no name yet."""
    return {key: value or say("review.new", language) if key == "name" else value for key, value in values.items()}

"""The review server: its page, its files, invitations, and how it says no. OpenAPI is made from its doors."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from districting import __version__
from districting.errors import InputError
from districting.language import say, sentences
from districting.review import bodies
from districting.review.desk import Desk
from districting.review.doors import COOKIE, Doors
from districting.review.editing import editing
from districting.review.guard import LOCAL_HOSTS, Guard
from districting.review.page import ASSETS, live_page, own_asset
from districting.review.people import SESSION_DAYS, Person
from districting.review.refusals import MissingError, RefusedError, UnreadyError
from districting.review.talking import talking
from districting.review.telling import state_of


def create_app(desk: Desk, *, hosts: frozenset[str] = LOCAL_HOSTS, secure: bool = False) -> Any:
    """The server of one desk, guarded.

    Parameters
    ----------
    hosts
        Names that the server answers to; those of this machine by default. Whoever comes by them is the planner
        at this machine; with other names, or none, everybody needs an invitation.
    secure
        True where browsers come by https only: then the cookie goes nowhere else.
    """
    doors = Doors(desk, local=hosts == LOCAL_HOSTS)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        desk.hub.begin()
        desk.begin()
        yield
        doors.searches.close()
        desk.end()

    app = FastAPI(
        title="districting review",
        version=__version__,
        description="Comments, votes and edits on one run. Changes need a session and the header X-Review.",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        responses=bodies.REFUSALS,
    )
    _tell_refusals(app, desk)
    _pages(app, doors, secure=secure)
    _people(app, doors)
    app.include_router(talking(doors))
    app.include_router(editing(doors))
    return Guard(app, hosts=hosts, language=desk.language)


def _tell_refusals(app: FastAPI, desk: Desk) -> None:
    """Every refusal as sentences in the language of the case."""

    @app.exception_handler(InputError)
    def refused(request: Request, error: InputError) -> JSONResponse:
        told: dict[str, Any] = {"error": error.sentences(desk.language)}
        status = 422
        if isinstance(error, RefusedError):
            told |= {"key": error.key, **error.more}
            status = error.status
        return JSONResponse(told, status)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        where = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
        sentence = say("review.no.malformed", desk.language, fields=", ".join(where))
        return JSONResponse({"error": [sentence], "key": "malformed"}, 422)

    @app.exception_handler(HTTPException)
    def unknown(request: Request, error: HTTPException) -> JSONResponse:
        key = "way" if error.status_code in (404, 405) else "malformed"
        sentence = say(f"review.no.{key}", desk.language, fields="")
        return JSONResponse({"error": [sentence], "key": key}, error.status_code, headers=error.headers)


def _pages(app: FastAPI, doors: Doors, *, secure: bool) -> None:
    """The page, its own files, and what it hears."""
    desk, reader = doors.desk, Depends(doors.role("reader"))

    def signed_in(answer: Response, secret: str) -> Response:
        answer.set_cookie(
            COOKIE, secret, max_age=SESSION_DAYS * 86400, httponly=True, samesite="lax", secure=secure, path="/"
        )
        return answer

    def plainly(sentence: str, status: int, *, more: str = "") -> Response:
        """A page that only says something."""
        head = f"<!doctype html><meta charset=utf-8><title>districting</title>{more}"
        return HTMLResponse(f"{head}<p>{html.escape(sentence)}</p>", status)

    @app.get("/", response_class=HTMLResponse, responses=bodies.PAGES)
    def page(request: Request) -> Response:
        """The compare page, live."""
        secret = None
        if desk.people.of_session(request.cookies.get(COOKIE, "")) is None:
            if not doors.local or _came_by_proxy(request):
                return plainly(say("review.page.invitation", desk.language), 401)
            resident = desk.people.resident(say("review.resident", desk.language))
            secret = desk.people.begin_session(resident)
        try:
            made = live_page(desk.page(), titles=desk.titles())
        except UnreadyError as error:
            return plainly(error.sentences(desk.language)[0], 503, more='<meta http-equiv="refresh" content="2">')
        answer = HTMLResponse(made.html, headers={"content-security-policy": made.policy})
        return answer if secret is None else signed_in(answer, secret)

    @app.get("/join/{token}", response_class=RedirectResponse, status_code=303, responses=bodies.PAGES)
    def join(token: str) -> Response:
        """Sign in with an invitation link."""
        secret = desk.people.join(token)
        if secret is None:
            return plainly(say("review.page.invitation", desk.language), 401)
        return signed_in(RedirectResponse("/", 303), secret)

    @app.get("/assets/{name}", response_class=Response, responses=bodies.REFUSALS_OF_FILES)
    def asset(name: str) -> Response:
        """A file of the page."""
        if name not in ASSETS:
            raise MissingError("way")
        return Response(own_asset(name), media_type=ASSETS[name])

    @app.get("/api/events", response_class=StreamingResponse, responses=bodies.REFUSALS_OF_FILES)
    async def events(person: Person = reader) -> StreamingResponse:
        """What happens, as it happens: server-sent events."""
        return StreamingResponse(desk.hub.listen(person.name), media_type="text/event-stream")

    @app.get("/api/state")
    def state(person: Person = reader) -> dict[str, Any]:
        """Everything that the page shows beside the maps."""
        return state_of(desk, doors.searches, person)

    @app.get("/api/words")
    def words(person: Person = reader) -> dict[str, str]:
        """The page's own words."""
        mine = (key for key in sentences() if key.startswith("review."))
        return {key.removeprefix("review."): sentences()[key][desk.language] for key in mine}

    @app.get("/api/audit")
    def audit(person: Person = reader, plan: str | None = None) -> list[dict[str, Any]]:
        """Every move, oldest first."""
        return [entry.to_json() for entry in desk.store.entries(plan_id=plan)]


def _people(app: FastAPI, doors: Doors) -> None:
    """Invitations."""
    desk, planner = doors.desk, Depends(doors.role("planner"))

    @app.post("/api/invitations", status_code=201)
    def invite(body: bodies.Invitation, request: Request, person: Person = planner) -> bodies.Link:
        """A link for somebody; a second one ends the first."""
        token = desk.people.invite(body.name, body.role, by=person.name)
        return bodies.Link(link=f"{request.url.scheme}://{request.headers['host']}/join/{token}")

    @app.delete("/api/people/{number}", status_code=204)
    def revoke(number: bodies.PathNumber, person: Person = planner) -> None:
        """End somebody's invitation and sessions."""
        desk.people.revoke(number, by=person)


def _came_by_proxy(request: Request) -> bool:
    """Whether a proxy passed the request on: then who asks may sit anywhere."""
    return any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-forwarded-host", "via"))

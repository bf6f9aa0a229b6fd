"""The review server: its page, its files, invitations, and how it says no. OpenAPI is made from its doors."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from districting import __version__
from districting.errors import InputError
from districting.language import Language, say, sentences
from districting.review import bodies
from districting.review.desk import Desk
from districting.review.doors import Doors
from districting.review.editing import editing
from districting.review.events import Ear
from districting.review.guard import LOCAL_HOSTS, Guard
from districting.review.page import ASSETS, live_page, own_asset
from districting.review.people import SESSION_DAYS, Person
from districting.review.proposing import proposing
from districting.review.refusals import MissingError, RefusedError, UnreadyError
from districting.review.start import StartToken
from districting.review.talking import talking
from districting.review.telling import state_of

#: Content policy of pages that only say something.
_PLAIN_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def create_app(desk: Desk, *, start: StartToken, hosts: frozenset[str] = LOCAL_HOSTS, secure: bool = False) -> Any:
    """The server of one desk, guarded. Whoever brings no session is nobody, wherever the request comes from.

    Parameters
    ----------
    start
        What signs the planner at this machine in, once.
    hosts
        Names that the server answers to; those of this machine by default, none for any.
    secure
        True where browsers come by https only: then the cookie goes nowhere else.
    """
    doors = Doors(desk, secure=secure)

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
    _tell_refusals(app, doors)
    _pages(app, doors)
    _joining(app, doors, start)
    _people(app, doors)
    app.include_router(talking(doors))
    app.include_router(proposing(doors))
    app.include_router(editing(doors))
    return Guard(app, hosts=hosts, language=desk.language)


def _tell_refusals(app: FastAPI, doors: Doors) -> None:
    """Every refusal as sentences in the language of who asks."""

    @app.exception_handler(InputError)
    def refused(request: Request, error: InputError) -> JSONResponse:
        told: dict[str, Any] = {"error": error.sentences(doors.language(request))}
        status = 422
        if isinstance(error, RefusedError):
            told |= {"key": error.key, **error.more}
            status = error.status
        return JSONResponse(told, status)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        where = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
        sentence = say("review.no.malformed", doors.language(request), fields=", ".join(where))
        return JSONResponse({"error": [sentence], "key": "malformed"}, 422)

    @app.exception_handler(HTTPException)
    def unknown(request: Request, error: HTTPException) -> JSONResponse:
        key = "way" if error.status_code in (404, 405) else "malformed"
        sentence = say(f"review.no.{key}", doors.language(request), fields="")
        return JSONResponse({"error": [sentence], "key": key}, error.status_code, headers=error.headers)


def _pages(app: FastAPI, doors: Doors) -> None:
    """The page, its own files, and what it hears."""
    desk, reader = doors.desk, Depends(doors.role("reader"))

    @app.get("/", response_class=HTMLResponse, responses=bodies.PAGES)
    def page(request: Request) -> Response:
        """The compare page, live."""
        if desk.people.of_session(doors.secret(request)) is None:
            return _plainly(say("review.page.invitation", desk.language), 401, desk.language)
        try:
            made = live_page(desk.page(), titles=desk.titles())
        except UnreadyError as error:
            wait = '<meta http-equiv="refresh" content="2">'
            return _plainly(error.sentences(desk.language)[0], 503, desk.language, more=wait)
        return HTMLResponse(made.html, headers={"content-security-policy": made.policy})

    @app.get("/assets/{name}", response_class=Response, responses=bodies.REFUSALS_OF_FILES)
    def asset(name: str) -> Response:
        """A file of the page."""
        if name not in ASSETS:
            raise MissingError("way")
        return Response(own_asset(name), media_type=ASSETS[name])

    @app.get("/api/events", response_class=StreamingResponse, responses=bodies.REFUSALS_OF_FILES)
    async def events(request: Request, person: Person = reader) -> StreamingResponse:
        """What happens, as it happens: server-sent events, until the session ends."""
        secret = doors.secret(request)
        heard = desk.hub.listen(
            Ear(person.name, person.csrf), stands=lambda: desk.people.of_session(secret) is not None
        )
        return StreamingResponse(heard, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    @app.get("/api/state")
    def state(person: Person = reader) -> dict[str, Any]:
        """Everything that the page shows beside the maps."""
        return state_of(desk, doors.searches, person)

    @app.get("/api/words")
    def words(person: Person = reader) -> dict[Language, dict[str, str]]:
        """The page's own words, in every language that it can be switched to."""
        mine = {
            key.removeprefix("review."): said
            for key, said in sentences().items()
            if key.startswith(("review.", "status_of_plan."))
        }
        return {language: {key: said[language] for key, said in mine.items()} for language in get_args(Language)}

    @app.get("/api/audit")
    def audit(person: Person = reader, plan: str | None = None) -> list[dict[str, Any]]:
        """Every move, oldest first."""
        return [entry.to_json() for entry in desk.store.entries(plan_id=plan)]


def _joining(app: FastAPI, doors: Doors, start: StartToken) -> None:
    """In and out: the start link, invitation links, signing out."""
    desk, reader = doors.desk, Depends(doors.role("reader"))

    def session_of(token: str) -> str | None:
        """A session for the bearer of a link; None for a link that is not good, or no more."""
        if not start.take(token):
            return desk.people.join(token)
        return desk.people.begin_session(desk.people.resident(say("review.resident", desk.language)))

    @app.get("/join/{token}", response_class=RedirectResponse, status_code=303, responses=bodies.PAGES)
    def join(token: str, request: Request) -> Response:
        """Sign in with the start link or an invitation; whoever is signed in already just goes on."""
        secret = session_of(token)
        answer: Response = RedirectResponse("/", 303)
        if secret is not None:
            answer.set_cookie(
                doors.cookie,
                secret,
                max_age=SESSION_DAYS * 86400,
                httponly=True,
                samesite="lax",
                secure=doors.secure,
                path="/",
            )
        elif desk.people.of_session(doors.secret(request)) is None:
            answer = _plainly(say("review.page.spent", desk.language), 401, desk.language)
        return answer

    @app.delete("/api/session", status_code=204)
    def leave(request: Request, response: Response, person: Person = reader) -> None:
        """Sign this browser out."""
        desk.people.end_session(doors.secret(request))
        desk.hub.dismiss(session=person.csrf)
        response.delete_cookie(doors.cookie, path="/", secure=doors.secure, httponly=True, samesite="lax")


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


def _plainly(sentence: str, status: int, language: Language, *, more: str = "") -> Response:
    """A page that only says something."""
    head = f'<title>districting</title><link rel="stylesheet" href="/assets/plain.css">{more}'
    said = f"<main><h1>{html.escape(say('review.word.title', language))}</h1><p>{html.escape(sentence)}</p></main>"
    page = f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
    return HTMLResponse(f"{page}{head}{said}", status, headers={"content-security-policy": _PLAIN_POLICY})

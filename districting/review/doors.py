"""What every door of the server needs: the desk, what is done there, and who stands before it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import cast, get_args

from fastapi import Request

from districting.language import Language
from districting.review.desk import Desk
from districting.review.editor import Editor
from districting.review.people import Person, Role
from districting.review.refusals import DeniedError
from districting.review.searches import Searches


class Doors:
    """What every door needs: the desk, what is done there, and who stands before it.

    Parameters
    ----------
    secure
        Browsers come by https only; the cookie goes nowhere else.
    """

    def __init__(self, desk: Desk, *, secure: bool) -> None:
        self.desk, self.secure = desk, secure
        self.searches, self.editor = Searches(desk), Editor(desk)
        place = hashlib.sha256(f"{desk.store.path.resolve()}\n{desk.out}".encode()).hexdigest()[:10]
        #: Cookies know no ports: two reviews on one machine need two names.
        self.cookie = f"{'__Host-' if secure else ''}districting-{place}"

    def secret(self, request: Request) -> str:
        """The session that a browser brings; empty for none."""
        return request.cookies.get(self.cookie, "")

    def language(self, request: Request) -> Language:
        """The language that our page asks for; the case's own for whoever names none that we speak."""
        asked = request.headers.get("accept-language", "")
        return cast(Language, asked) if asked in get_args(Language) else self.desk.language

    def person(self, request: Request) -> Person:
        """Who asks, by the session cookie; where a request comes from proves nothing.

        Raises
        ------
        DeniedError
            Without a session.
        """
        found = self.desk.people.of_session(self.secret(request))
        if found is None:
            raise DeniedError("session")
        return found

    def role(self, role: Role) -> Callable[[Request], Person]:
        """A check that who asks may do what a role may, and that the page itself asks."""

        def allowed(request: Request) -> Person:
            person = self.person(request)
            if request.method != "GET":
                word = request.headers.get("x-review", "")
                if not hmac.compare_digest(word.encode("latin-1", "replace"), person.csrf.encode()):
                    raise DeniedError("csrf")
            person.must_be(role)
            return person

        return allowed

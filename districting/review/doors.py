"""What every door of the server needs: the desk, what is done there, and who stands before it."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from fastapi import Request

from districting.review.desk import Desk
from districting.review.editor import Editor
from districting.review.people import Person, Role
from districting.review.refusals import DeniedError
from districting.review.searches import Searches

#: The cookie that holds a session.
COOKIE = "districting_review"


class Doors:
    """What every door needs: the desk, what is done there, and who stands before it.

    Parameters
    ----------
    local
        True where whoever comes by a name of this machine is its planner.
    """

    def __init__(self, desk: Desk, *, local: bool) -> None:
        self.desk, self.local = desk, local
        self.searches, self.editor = Searches(desk), Editor(desk)

    def person(self, request: Request) -> Person:
        """Who asks, by the session cookie.

        Raises
        ------
        DeniedError
            Without a session.
        """
        found = self.desk.people.of_session(request.cookies.get(COOKIE, ""))
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

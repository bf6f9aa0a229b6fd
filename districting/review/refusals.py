"""What the server says no to: each refusal is a sentence for people and a status for the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from districting.errors import Fault, InputError
from districting.language import Language, say
from districting.review.resident import called


class RefusedError(InputError):
    """Something that was asked for and is not done.

    Parameters
    ----------
    key
        Sentence ``review.no.<key>``.
    values
        What the sentence names.
    """

    status: ClassVar[int] = 422

    def __init__(self, key: str, /, **values: Any) -> None:
        self.key = key
        super().__init__([Fault(f"review.no.{key}", values)])

    @property
    def more(self) -> Mapping[str, Any]:
        """What the browser needs beside the sentence."""
        return {}


class MissingError(RefusedError):
    """What was asked for does not exist: a plan, a community, a comment."""

    status = 404


class DeniedError(RefusedError):
    """The person's role does not allow it, or the request does not come from our own page."""

    status = 403


class ConflictError(RefusedError):
    """The state of the plan does not allow it: locked, computed, final, at work."""

    status = 409


class UnreadyError(RefusedError):
    """The case is still being read."""

    status = 503


class StaleError(RefusedError):
    """Somebody was quicker: the plan has moved on since the revision that the move was made for.

    Parameters
    ----------
    revision
        Where the plan stands.
    moves
        Atom → (community then, community now) for every atom that differs.
    people
        Who moved them.
    """

    status = 409

    def __init__(
        self, *, revision: int, moves: Mapping[str, tuple[str | None, str | None]], people: tuple[str, ...]
    ) -> None:
        self.revision = revision
        self.moves = dict(moves)
        self.people = people
        super().__init__("stale", people=", ".join(people), count=len(moves))

    def sentences(self, language: Language) -> list[str]:
        """The refusal, with names as a reader of the language reads them."""
        names = say("review.name_stop", language).join(called(name, language) for name in self.people)
        return [say("review.no.stale", language, people=names, count=len(self.moves))]

    @property
    def more(self) -> Mapping[str, Any]:
        """The difference, for the page to show."""
        moves = [{"atom": atom, "then": then, "now": now} for atom, (then, now) in sorted(self.moves.items())]
        return {"revision": self.revision, "moves": moves, "people": list(self.people)}

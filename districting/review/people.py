"""Who takes part: roles, invitation links and sessions. Tokens are kept as hashes only."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from districting.records.store import Change, Store, now
from districting.review.refusals import ConflictError, DeniedError, MissingError, RefusedError
from districting.review.resident import resident_names

#: Planners edit, branch and invite; reviewers comment, vote and propose names; readers look.
Role = Literal["planner", "reviewer", "reader"]

_RANK: dict[str, int] = {role: rank for rank, role in enumerate(reversed(get_args(Role)))}

#: How long a browser stays signed in.
SESSION_DAYS = 30


@dataclass(frozen=True)
class Person:
    """Somebody who takes part; ``csrf`` is the word that this browser must send with every change."""

    person_id: int
    name: str
    role: Role
    csrf: str = ""

    def may(self, role: Role) -> bool:
        """Whether the role covers another's rights."""
        return _RANK[self.role] >= _RANK[role]

    def must_be(self, role: Role) -> None:
        """Refuse what the role does not allow.

        Raises
        ------
        DeniedError
            With a sentence that names the role needed.
        """
        if not self.may(role):
            raise DeniedError(f"role_{role}")


class People:
    """Invitations and sessions in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def invite(self, name: str, role: Role, *, by: str) -> str:
        """Invite somebody, or give a new link to somebody known; returns the token, which is kept nowhere.

        An older link of the same person ends, and so do the sessions made with it.

        Raises
        ------
        RefusedError
            For no name, no such role, or the name of the planner at this machine, in any language: that person
            becomes a planner whenever the server starts.
        """
        if role not in _RANK or not name.strip():
            raise RefusedError("invitation")
        if name.strip() in resident_names():
            raise RefusedError("name_resident", name=name.strip())
        token = secrets.token_urlsafe(24)
        with self.store.change() as change:
            change.write(
                "INSERT INTO review_people (review_id, name, role, token_hash, moment) "
                "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (review_id, name) "
                "DO UPDATE SET role = ?3, token_hash = ?4, revoked = NULL",
                (change.review_id, name.strip(), role, _hash(token), now()),
            )
            change.write(
                "DELETE FROM review_sessions WHERE person_id = "
                "(SELECT person_id FROM review_people WHERE review_id = ? AND name = ?)",
                (change.review_id, name.strip()),
            )
            change.log(by, "invite", name=name.strip(), role=role)
        return token

    def revoke(self, person_id: int, *, by: Person) -> None:
        """End somebody's invitation and sessions.

        Nobody ends one's own, so that a planner is always left, nor that of the planner at this machine, who could
        not come back before the server starts again.
        """
        if person_id == by.person_id:
            raise ConflictError("oneself")
        with self.store.change() as change:
            row = change.row(
                "SELECT name FROM review_people WHERE review_id = ? AND person_id = ?",
                (change.review_id, person_id),
            )
            if row is None:
                raise MissingError("person")
            if row["name"] in resident_names():
                raise ConflictError("resident_stays")
            change.write(
                "UPDATE review_people SET revoked = ?, token_hash = NULL WHERE person_id = ?", (now(), person_id)
            )
            change.write("DELETE FROM review_sessions WHERE person_id = ?", (person_id,))
            change.log(by.name, "revoke", name=row["name"])

    def resident(self, name: str) -> int:
        """The planner at this machine, who needs no invitation, signs in; returns the person's number.

        It is the same person whatever language the server was started in. Whoever was once invited under this name
        loses link and sessions: they are not to grow to a planner's.
        """
        with self.store.change() as change:
            known = change.row(
                "SELECT name FROM review_people WHERE review_id = ? AND name IN (?, ?) ORDER BY person_id LIMIT 1",
                (change.review_id, *resident_names()),
            )
            name = name if known is None else str(known["name"])
            change.write(
                "DELETE FROM review_sessions WHERE person_id = (SELECT person_id FROM review_people WHERE "
                "review_id = ? AND name = ? AND (role <> 'planner' OR token_hash IS NOT NULL))",
                (change.review_id, name),
            )
            change.write(  # whoever is at this machine holds the files anyway: the role is not to be lost
                "INSERT INTO review_people (review_id, name, role, moment) VALUES (?1, ?2, 'planner', ?3) "
                "ON CONFLICT (review_id, name) DO UPDATE SET role = 'planner', token_hash = NULL, revoked = NULL",
                (change.review_id, name, now()),
            )
            row = change.row(
                "SELECT person_id FROM review_people WHERE review_id = ? AND name = ?", (change.review_id, name)
            )
            change.log(name, "start")
        assert row is not None
        return int(row["person_id"])

    def join(self, token: str) -> str | None:
        """A session for the bearer of an invitation; None for a token that nobody holds."""
        with self.store.change() as change:  # one transaction: a link that ends meanwhile opens no session
            row = change.row(
                "SELECT person_id FROM review_people WHERE review_id = ? AND token_hash = ?",
                (change.review_id, _hash(token)),
            )
            return None if row is None else _begin_session(change, int(row["person_id"]))

    def begin_session(self, person_id: int) -> str:
        """A new session; returns its secret, for the cookie."""
        with self.store.change() as change:
            return _begin_session(change, person_id)

    def end_session(self, secret: str) -> None:
        """Sign a browser out; no session, no change."""
        with self.store.change() as change:
            change.write("DELETE FROM review_sessions WHERE session_hash = ?", (_hash(secret),))

    def of_session(self, secret: str) -> Person | None:
        """Who a cookie belongs to; None for none, an old or a revoked one."""
        row = self.store.row(
            "SELECT p.person_id, p.name, p.role, s.csrf FROM review_sessions s "
            "JOIN review_people p USING (person_id) "
            "WHERE p.review_id = ? AND s.session_hash = ? AND s.expires >= ? AND p.revoked IS NULL",
            (self.store.review_id, _hash(secret), now()),
        )
        return None if row is None else Person(**dict(row))

    def all(self) -> list[dict[str, object]]:
        """Everybody who takes part, without their secrets."""
        query = (
            "SELECT person_id, name, role, moment, revoked FROM review_people WHERE review_id = ? "
            "ORDER BY person_id"
        )
        rows = self.store.rows(query, (self.store.review_id,))
        return [dict(row) for row in rows]


def _begin_session(change: Change, person_id: int) -> str:
    """A new session, inside a change that is open; returns its secret."""
    secret = secrets.token_urlsafe(32)
    expires = (datetime.now(UTC) + timedelta(days=SESSION_DAYS)).isoformat(timespec="seconds")
    change.write("DELETE FROM review_sessions WHERE expires < ?", (now(),))
    change.write(
        "INSERT INTO review_sessions VALUES (?, ?, ?, ?)",
        (_hash(secret), person_id, secrets.token_urlsafe(16), expires),
    )
    return secret


def _hash(secret: str) -> str:
    """What is kept of a secret: 192 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()

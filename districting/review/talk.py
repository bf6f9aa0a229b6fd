"""What people say of a plan: comments at a place, votes on communities, names for new ones."""

from __future__ import annotations

from typing import Any

from districting.records.store import Store, now
from districting.review.people import Person
from districting.review.refusals import ConflictError, DeniedError, MissingError, RefusedError

#: Longest comment and name, in characters.
LONGEST_COMMENT = 4000
LONGEST_NAME = 40

#: What browsers hear of a comment and of a name.
_COMMENT = "comment_id, plan_id, community_id, x, y, text, answers, person, moment, settled"
_NAME = "name_id, plan_id, community_id, name, person, moment"


class Talk:
    """Comments, votes and names in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def comment(
        self,
        person: Person,
        plan_id: str,
        text: str,
        *,
        community_id: str | None = None,
        place: tuple[float, float] | None = None,
        answers: int | None = None,
    ) -> int:
        """Say something of a plan, of one of its communities, at a place, or in answer; returns its number."""
        text = text.strip()
        if not text or len(text) > LONGEST_COMMENT:
            raise RefusedError("comment", longest=LONGEST_COMMENT)
        if answers is not None:
            self._comment(answers)
        x, y = place or (None, None)
        with self.store.change() as change:
            cursor = change.write(
                "INSERT INTO review_comments "
                "(review_id, plan_id, community_id, x, y, text, answers, person, moment) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (change.review_id, plan_id, community_id, x, y, text, answers, person.name, now()),
            )
            number = int(cursor.lastrowid or 0)
            change.log(person.name, "comment", plan_id=plan_id, comment=number, community=community_id, text=text)
        return number

    def settle(self, person: Person, comment_id: int, *, settled: bool) -> None:
        """Mark a comment as settled, or open it again: its author or a planner may."""
        row = self._comment(comment_id)
        if row["person"] != person.name and not person.may("planner"):
            raise DeniedError("role_planner")
        with self.store.change() as change:
            moment = now() if settled else None
            change.write("UPDATE review_comments SET settled = ? WHERE comment_id = ?", (moment, comment_id))
            action = "settle" if settled else "reopen"
            change.log(person.name, action, plan_id=row["plan_id"], comment=comment_id, text=row["text"])

    def vote(self, person: Person, plan_id: str, community_id: str, verdict: str | None) -> None:
        """Approve or reject what a plan does with a community; None takes the vote back."""
        with self.store.change() as change:
            if verdict is None:
                change.write(
                    "DELETE FROM review_votes "
                    "WHERE review_id = ? AND plan_id = ? AND community_id = ? AND person = ?",
                    (change.review_id, plan_id, community_id, person.name),
                )
            else:
                change.write(
                    "INSERT OR REPLACE INTO review_votes VALUES (?, ?, ?, ?, ?, ?)",
                    (change.review_id, plan_id, community_id, person.name, verdict, now()),
                )
            change.log(person.name, "vote", plan_id=plan_id, community=community_id, verdict=verdict)

    def propose_name(self, person: Person, plan_id: str, community_id: str, name: str) -> int:
        """Put a name for a community forward, with one's own vote for it; returns its number."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise RefusedError("name", longest=LONGEST_NAME)
        with self.store.change() as change:
            known = change.row(
                "SELECT name_id FROM review_names "
                "WHERE review_id = ? AND plan_id = ? AND community_id = ? AND name = ?",
                (change.review_id, plan_id, community_id, name),
            )
            if known is not None:
                raise ConflictError("name_taken", name=name)
            cursor = change.write(
                "INSERT INTO review_names (review_id, plan_id, community_id, name, person, moment) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (change.review_id, plan_id, community_id, name, person.name, now()),
            )
            number = int(cursor.lastrowid or 0)
            change.write("INSERT INTO review_name_votes VALUES (?, ?)", (number, person.name))
            change.log(person.name, "name", plan_id=plan_id, community=community_id, name=name)
        return number

    def vote_name(self, person: Person, name_id: int, *, wanted: bool) -> None:
        """Vote for a name, or take the vote back."""
        row = self.name(name_id)
        with self.store.change() as change:
            if wanted:
                change.write("INSERT OR IGNORE INTO review_name_votes VALUES (?, ?)", (name_id, person.name))
            else:
                change.write(
                    "DELETE FROM review_name_votes WHERE name_id = ? AND person = ?", (name_id, person.name)
                )
            change.log(
                person.name,
                "vote_name",
                plan_id=row["plan_id"],
                community=row["community_id"],
                name=row["name"],
                wanted=wanted,
            )

    def name(self, name_id: int) -> dict[str, Any]:
        """One name that was put forward."""
        query = f"SELECT {_NAME} FROM review_names WHERE review_id = ? AND name_id = ?"
        row = self.store.row(query, (self.store.review_id, name_id))
        if row is None:
            raise MissingError("no_name", number=name_id)
        return dict(row)

    def comments(self) -> list[dict[str, Any]]:
        """Every comment, oldest first."""
        query = f"SELECT {_COMMENT} FROM review_comments WHERE review_id = ? ORDER BY comment_id"
        return [dict(row) for row in self.store.rows(query, (self.store.review_id,))]

    def votes(self) -> list[dict[str, Any]]:
        """Every vote that stands."""
        query = (
            "SELECT plan_id, community_id, person, verdict, moment FROM review_votes WHERE review_id = ? "
            "ORDER BY plan_id, community_id, person"
        )
        return [dict(row) for row in self.store.rows(query, (self.store.review_id,))]

    def names(self) -> list[dict[str, Any]]:
        """Every name put forward, with who is for it; the most wanted first."""
        voters: dict[int, list[str]] = {}
        query = (
            "SELECT name_id, v.person FROM review_name_votes v JOIN review_names USING (name_id) "
            "WHERE review_id = ? ORDER BY name_id, v.person"
        )
        for row in self.store.rows(query, (self.store.review_id,)):
            voters.setdefault(row["name_id"], []).append(row["person"])
        names = [
            {**dict(row), "voters": voters.get(row["name_id"], [])}
            for row in self.store.rows(
                f"SELECT {_NAME} FROM review_names WHERE review_id = ? ORDER BY name_id", (self.store.review_id,)
            )
        ]
        return sorted(
            names,
            key=lambda one: (one["plan_id"], one["community_id"], -len(one["voters"]), one["name_id"]),
        )

    def _comment(self, comment_id: int) -> dict[str, Any]:
        query = f"SELECT {_COMMENT} FROM review_comments WHERE review_id = ? AND comment_id = ?"
        row = self.store.row(query, (self.store.review_id, comment_id))
        if row is None:
            raise MissingError("no_comment", number=comment_id)
        return dict(row)

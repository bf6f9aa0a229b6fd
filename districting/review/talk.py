"""What people say of a plan: comments at a place, votes on communities, names for new ones."""

from __future__ import annotations

from typing import Any

from districting.records.store import Store, now
from districting.review.people import Person
from districting.review.refusals import ConflictError, DeniedError, MissingError, RefusedError

#: Longest comment and name, in characters.
LONGEST_COMMENT = 4000
LONGEST_NAME = 40


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
                "INSERT INTO comments (plan_id, community_id, x, y, text, answers, person, moment) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (plan_id, community_id, x, y, text, answers, person.name, now()),
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
            change.write("UPDATE comments SET settled = ? WHERE comment_id = ?", (moment, comment_id))
            action = "settle" if settled else "reopen"
            change.log(person.name, action, plan_id=row["plan_id"], comment=comment_id, text=row["text"])

    def vote(self, person: Person, plan_id: str, community_id: str, verdict: str | None) -> None:
        """Approve or reject what a plan does with a community; None takes the vote back."""
        with self.store.change() as change:
            if verdict is None:
                change.write(
                    "DELETE FROM votes WHERE plan_id = ? AND community_id = ? AND person = ?",
                    (plan_id, community_id, person.name),
                )
            else:
                change.write(
                    "INSERT OR REPLACE INTO votes VALUES (?, ?, ?, ?, ?)",
                    (plan_id, community_id, person.name, verdict, now()),
                )
            change.log(person.name, "vote", plan_id=plan_id, community=community_id, verdict=verdict)

    def propose_name(self, person: Person, plan_id: str, community_id: str, name: str) -> int:
        """Put a name for a community forward, with one's own vote for it; returns its number."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise RefusedError("name", longest=LONGEST_NAME)
        with self.store.change() as change:
            known = change.row(
                "SELECT name_id FROM names WHERE plan_id = ? AND community_id = ? AND name = ?",
                (plan_id, community_id, name),
            )
            if known is not None:
                raise ConflictError("name_taken", name=name)
            cursor = change.write(
                "INSERT INTO names (plan_id, community_id, name, person, moment) VALUES (?, ?, ?, ?, ?)",
                (plan_id, community_id, name, person.name, now()),
            )
            number = int(cursor.lastrowid or 0)
            change.write("INSERT INTO name_votes VALUES (?, ?)", (number, person.name))
            change.log(person.name, "name", plan_id=plan_id, community=community_id, name=name)
        return number

    def vote_name(self, person: Person, name_id: int, *, wanted: bool) -> None:
        """Vote for a name, or take the vote back."""
        row = self.name(name_id)
        with self.store.change() as change:
            if wanted:
                change.write("INSERT OR IGNORE INTO name_votes VALUES (?, ?)", (name_id, person.name))
            else:
                change.write("DELETE FROM name_votes WHERE name_id = ? AND person = ?", (name_id, person.name))
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
        row = self.store.row("SELECT * FROM names WHERE name_id = ?", (name_id,))
        if row is None:
            raise MissingError("no_name", number=name_id)
        return dict(row)

    def comments(self) -> list[dict[str, Any]]:
        """Every comment, oldest first."""
        return [dict(row) for row in self.store.rows("SELECT * FROM comments ORDER BY comment_id")]

    def votes(self) -> list[dict[str, Any]]:
        """Every vote that stands."""
        query = "SELECT * FROM votes ORDER BY plan_id, community_id, person"
        return [dict(row) for row in self.store.rows(query)]

    def names(self) -> list[dict[str, Any]]:
        """Every name put forward, with who is for it; the most wanted first."""
        voters: dict[int, list[str]] = {}
        for row in self.store.rows("SELECT name_id, person FROM name_votes ORDER BY name_id, person"):
            voters.setdefault(row["name_id"], []).append(row["person"])
        names = [
            {**dict(row), "voters": voters.get(row["name_id"], [])}
            for row in self.store.rows("SELECT * FROM names ORDER BY name_id")
        ]
        return sorted(
            names,
            key=lambda one: (one["plan_id"], one["community_id"], -len(one["voters"]), one["name_id"]),
        )

    def _comment(self, comment_id: int) -> dict[str, Any]:
        row = self.store.row("SELECT * FROM comments WHERE comment_id = ?", (comment_id,))
        if row is None:
            raise MissingError("no_comment", number=comment_id)
        return dict(row)

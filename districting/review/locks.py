"""What is locked in a draft: communities that gain and lose nothing, atoms that stay together.

The same locks bind edits by hand and, as locks of the case, the optimizer (`districting.review.best`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from districting.records.store import Store, now
from districting.review.refusals import ConflictError, MissingError, RefusedError

#: community: it gains and loses nothing. together: these atoms lie in one community.
LockKind = Literal["community", "together"]


@dataclass(frozen=True)
class Held:
    """One lock of a draft."""

    lock_id: int
    plan_id: str
    kind: LockKind
    community_id: str | None
    atoms: tuple[str, ...]
    person: str
    moment: str


class Locks:
    """The locks in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def of(self, plan_id: str) -> list[Held]:
        """Locks of a plan, oldest first."""
        query = (
            "SELECT lock_id, plan_id, kind, community_id, atoms, person, moment FROM review_locks "
            "WHERE review_id = ? AND plan_id = ? ORDER BY lock_id"
        )
        rows = self.store.rows(query, (self.store.review_id, plan_id))
        return [Held(**{**dict(row), "atoms": tuple(json.loads(row["atoms"]))}) for row in rows]

    def hold(self, plan_id: str, communities: Iterable[str], *, person: str) -> None:
        """Lock communities; those that are locked already stay so."""
        held = {lock.community_id for lock in self.of(plan_id)}
        fresh = sorted(set(communities) - held)
        with self.store.change() as change:
            change.write_all(
                "INSERT INTO review_locks (review_id, plan_id, kind, community_id, atoms, person, moment) "
                "VALUES (?, ?, 'community', ?, '[]', ?, ?)",
                [(change.review_id, plan_id, one, person, now()) for one in fresh],
            )
            change.log(person, "lock", plan_id=plan_id, communities=fresh)

    def join(self, plan_id: str, atoms: Sequence[str], *, person: str) -> None:
        """Let atoms stay together."""
        if len(set(atoms)) < 2:
            raise RefusedError("together")
        with self.store.change() as change:
            change.write(
                "INSERT INTO review_locks (review_id, plan_id, kind, atoms, person, moment) "
                "VALUES (?, ?, 'together', ?, ?, ?)",
                (change.review_id, plan_id, json.dumps(sorted(set(atoms))), person, now()),
            )
            change.log(person, "together", plan_id=plan_id, atoms=sorted(set(atoms)))

    def release(self, plan_id: str, lock_id: int | None, *, person: str) -> None:
        """End a lock, or all of a plan for None."""
        known = [lock for lock in self.of(plan_id) if lock_id is None or lock.lock_id == lock_id]
        if lock_id is not None and not known:
            raise MissingError("lock")
        with self.store.change() as change:
            change.write_all("DELETE FROM review_locks WHERE lock_id = ?", [(lock.lock_id,) for lock in known])
            told = [lock.community_id or list(lock.atoms) for lock in known]
            change.log(person, "unlock", plan_id=plan_id, locks=told)


def check_moves(
    locks: Sequence[Held],
    before: Mapping[str, str | None],
    moves: Mapping[str, str | None],
    names: Mapping[str, str],
) -> None:
    """Refuse moves that a lock forbids.

    Raises
    ------
    ConflictError
        Naming the first lock in the way.
    """
    held = {lock.community_id for lock in locks if lock.kind == "community"}
    for atom, to in moves.items():
        if before.get(atom) == to:
            continue
        for one in (before.get(atom), to):
            if one is not None and one in held:
                raise ConflictError("locked", name=names.get(one, one))
    after = {**before, **moves}
    for lock in locks:
        if lock.kind == "together" and len({after.get(atom) for atom in lock.atoms}) > 1:
            raise ConflictError("parted", count=len(lock.atoms))

"""What is locked in a draft: communities that gain and lose nothing, atoms that stay together.

The same locks bind edits by hand and, as locks of the case, the optimizer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from districting.plans.posing import LockRequest
from districting.plans.problem import Ints
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
        rows = self.store.rows("SELECT * FROM locks WHERE plan_id = ? ORDER BY lock_id", (plan_id,))
        return [Held(**{**dict(row), "atoms": tuple(json.loads(row["atoms"]))}) for row in rows]

    def hold(self, plan_id: str, communities: Iterable[str], *, person: str) -> None:
        """Lock communities; those that are locked already stay so."""
        held = {lock.community_id for lock in self.of(plan_id)}
        fresh = sorted(set(communities) - held)
        with self.store.change() as change:
            change.write_all(
                "INSERT INTO locks (plan_id, kind, community_id, atoms, person, moment) "
                "VALUES (?, 'community', ?, '[]', ?, ?)",
                [(plan_id, one, person, now()) for one in fresh],
            )
            change.log(person, "lock", plan_id=plan_id, communities=fresh)

    def join(self, plan_id: str, atoms: Sequence[str], *, person: str) -> None:
        """Let atoms stay together."""
        if len(set(atoms)) < 2:
            raise RefusedError("together")
        with self.store.change() as change:
            change.write(
                "INSERT INTO locks (plan_id, kind, atoms, person, moment) VALUES (?, 'together', ?, ?, ?)",
                (plan_id, json.dumps(sorted(set(atoms))), person, now()),
            )
            change.log(person, "together", plan_id=plan_id, atoms=sorted(set(atoms)))

    def release(self, plan_id: str, lock_id: int | None, *, person: str) -> None:
        """End a lock, or all of a plan for None."""
        known = [lock for lock in self.of(plan_id) if lock_id is None or lock.lock_id == lock_id]
        if lock_id is not None and not known:
            raise MissingError("lock")
        with self.store.change() as change:
            change.write_all("DELETE FROM locks WHERE lock_id = ?", [(lock.lock_id,) for lock in known])
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


def requests(
    locks: Sequence[Held],
    labels: Mapping[str, str | None],
    today: Mapping[str, str | None],
    *,
    atom_ids: Sequence[str],
    edges: Ints,
) -> tuple[LockRequest, ...]:
    """The locks of a draft as locks of the case, which `propose` keeps.

    A community that stands as today is kept. Any other is asked for by its atoms: they stay together, and each
    atom that touches them stays out. With contiguity that is the community exactly.

    Parameters
    ----------
    labels, today
        Community by atom, in the draft and today.
    atom_ids, edges
        Land by position, and pairs of positions that people can walk between.
    """
    label = np.array([labels.get(atom) or "" for atom in atom_ids], dtype=object)
    standing = np.array([today.get(atom) or "" for atom in atom_ids], dtype=object)
    made: list[LockRequest] = []
    for lock in locks:
        if lock.kind == "together":
            made.append(LockRequest("together", atoms=lock.atoms))
            continue
        inside = label == lock.community_id
        if not inside.any():
            continue
        if np.array_equal(inside, standing == lock.community_id):
            made.append(LockRequest("keep", communities=(str(lock.community_id),)))
            continue
        own = [atom for atom, here in zip(atom_ids, inside, strict=True) if here]
        made.append(LockRequest("together", atoms=tuple(own)))
        across = edges[inside[edges[:, 0]] != inside[edges[:, 1]]]
        outside = np.unique(across[~inside[across]])
        made += [LockRequest("apart", atoms=(own[0], atom_ids[int(pos)])) for pos in outside]
    return tuple(made)

"""What the optimizer makes of a draft: its locks as locks of the case, and what would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from districting.language import Language
from districting.plans.posing import LockRequest
from districting.plans.problem import Ints
from districting.progress import Progress, Stop
from districting.review.asked import lock_of
from districting.review.computed import note_of
from districting.review.drafts import CommunityNote, Labels
from districting.review.locks import Held
from districting.review.opened import Opened
from districting.review.proposals import Proposal


@dataclass(frozen=True)
class Found:
    """How a search ended.

    Parameters
    ----------
    solved
        Sub-districts with a plan, by id.
    moves
        Community by atom, only of atoms that change.
    communities
        What the plan says of the communities that it uses there.
    why
        Why some sub-districts have none, as sentences in every language.
    """

    solved: frozenset[str]
    moves: Labels
    communities: tuple[CommunityNote, ...]
    why: dict[Language, list[str]]


def best_from_here(
    opened: Opened,
    labels: Labels,
    locks: Sequence[Held],
    *,
    asked: Sequence[Proposal],
    subdistricts: Sequence[str],
    mode: str,
    stop: Stop,
    progress: Progress,
) -> Found:
    """Let the optimizer divide some sub-districts anew, with what is locked in a draft and what it holds to.

    Raises
    ------
    DistrictingError
        If it cannot be asked so.
    """
    ground, case = opened.ground, opened.study.case
    land = [atom for atom, dry in zip(ground.atom_ids, ground.land, strict=True) if dry]
    order = {atom: at for at, atom in enumerate(land)}
    edges = ground.edges[ground.land[ground.edges].all(axis=1)]
    places = [order.get(atom, -1) for atom in ground.atom_ids]
    held = requests(locks, labels, ground.today, atom_ids=land, edges=_renumbered(edges, places))
    every = [*case.locks, *held, *(lock_of(one.wish) for one in asked)]
    study = opened.study.with_locks(list(dict.fromkeys(every)), progress=progress)
    found = study.propose(subdistricts=subdistricts, modes=[mode], stop=stop).alternatives[0]
    solved = set(subdistricts) - set(found.plan.unresolved)
    table = study.territory.atoms.table["subdistrict_id"]
    inside = set(map(str, table.index[table.isin(list(solved))]))
    new: Labels = {
        str(atom): None if one is None else str(one)
        for atom, one in found.plan.assignment.items()
        if atom in inside
    }
    moves: Labels = {atom: one for atom, one in new.items() if labels.get(atom) != one}
    used = found.plan.communities.loc[sorted({one for one in new.values() if one is not None})]
    notes = tuple(note_of(str(community_id), row) for community_id, row in used.iterrows())
    why = {language: list(found.conflict_sentences(language)) for language in get_args(Language)}
    return Found(frozenset(solved), moves, notes, why)


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


def _renumbered(edges: Ints, places: Sequence[int]) -> Ints:
    """Pairs of positions among all atoms as pairs of positions among land."""
    return np.asarray(places, dtype=np.int64)[edges].reshape(-1, 2)

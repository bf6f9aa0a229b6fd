"""Locks that contradict each other, the rules of size and reach, or the ground: seen without solving.

The same for every mode: what is asked of a lock does not depend on how plans are made.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from districting.plans.problem import Lock, Problem
from districting.solvers.exact.contiguity import components, neighbours_of
from districting.solvers.exact.parts.sites import groups, kept
from districting.solvers.result import Conflict


def locks_at_odds(problem: Problem) -> Iterator[Conflict]:
    """Causes that lie in the locks (and compounds): each is exact, no plan gets round it."""
    frozen = kept(problem)
    yield from _pairs(problem, frozen)
    yield from _seats(problem, frozen)
    yield from _splits(problem)
    yield from _many_apart(problem)
    group = np.array(groups(problem))
    for first in np.unique(group).tolist():
        members = np.flatnonzero(group == first).tolist()
        if len(members) > 1:
            yield from _group(problem, members, frozen)


def _pairs(problem: Problem, frozen: frozenset[int]) -> Iterator[Conflict]:
    """Communities of which two locks ask opposite things."""
    split = {pos for lock in problem.locks if lock.kind == "split" for pos in lock.communities}
    both = sorted(frozen & split)
    if both:
        yield Conflict("lock_keep_split", (), _names(problem, both))
    for lock in problem.locks:
        if lock.kind == "merge" and len(set(lock.communities)) > 1:
            still = sorted(set(lock.communities) & frozen)
            if still:
                yield Conflict("lock_keep_merge", (), _names(problem, still))
        if lock.kind == "merge":
            torn = sorted(set(lock.communities) & split)
            if torn:
                yield Conflict("lock_split_merge", (), _names(problem, torn))
        if lock.kind == "apart":
            for pos in sorted(frozen):
                inside = [atom for atom in lock.atoms if problem.today[atom] == pos]
                if len(inside) > 1:
                    yield Conflict("lock_keep_apart", _ids(problem, inside), _names(problem, [pos]))


def _seats(problem: Problem, frozen: frozenset[int]) -> Iterator[Conflict]:
    """Seats that are asked where they cannot stand."""
    taken: dict[int, set[int]] = {}
    for lock in problem.locks:
        if lock.kind != "seat" or not lock.atoms:
            continue
        for pos in lock.communities:
            # A kept community keeps its land, so its seat can only stand there; nobody else's can.
            foreign = [
                atom
                for atom in lock.atoms
                if int(problem.today[atom]) != pos and (pos in frozen or int(problem.today[atom]) in frozen)
            ]
            if len(foreign) == len(lock.atoms):
                yield Conflict("lock_keep_seat", _ids(problem, foreign), _names(problem, [pos]))
            if len(lock.atoms) == 1:
                taken.setdefault(lock.atoms[0], set()).add(pos)
    for atom, owners in sorted(taken.items()):
        if len(owners) > 1:
            yield Conflict("lock_seats_merged", _ids(problem, [atom]), _names(problem, sorted(owners)))
    if problem.number is not None:
        living = sorted(frozen | {p for lock in problem.locks if lock.kind == "seat" for p in lock.communities})
        if len(living) > problem.number[1]:
            names, most = _names(problem, living), float(problem.number[1])
            yield Conflict("lock_seats_number", (), names, float(len(living)), most, "communities")


def _splits(problem: Problem) -> Iterator[Conflict]:
    """Communities to be split that have one inhabited atom, or none: an atom is never cut."""
    for lock in problem.locks:
        if lock.kind == "split":
            for pos in lock.communities:
                own = np.flatnonzero((problem.today == pos) & (problem.households > 0)).tolist()
                if len(own) < 2:
                    yield Conflict("lock_split_atom", _ids(problem, own), _names(problem, [pos]))


def _many_apart(problem: Problem) -> Iterator[Conflict]:
    """More atoms to be kept apart than there may be communities."""
    for lock in problem.locks:
        count = len(set(lock.atoms))
        if lock.kind == "apart" and problem.number is not None and count > problem.number[1]:
            most = float(problem.number[1])
            yield Conflict("lock_apart_number", _ids(problem, lock.atoms), (), float(count), most, "communities")


def _group(problem: Problem, members: list[int], frozen: frozenset[int]) -> Iterator[Conflict]:
    """What is wrong with atoms that must stay together: by locks, or as one compound."""
    ids, names = _ids(problem, members), _communities_of(problem, members)
    inside = set(members)
    for lock in problem.locks:
        torn = sorted(set(lock.atoms) & inside) if lock.kind == "apart" else []
        if len(torn) > 1:
            yield Conflict("lock_together_apart", _ids(problem, torn), names)
        if lock.kind == "split":
            for pos in lock.communities:
                own = set(np.flatnonzero((problem.today == pos) & (problem.households > 0)).tolist())
                if len(own) > 1 and own <= inside:
                    yield Conflict("lock_together_split", ids, _names(problem, [pos]))
    owners = {int(problem.today[atom]) for atom in members}
    if owners & frozen and len(owners) > 1:
        yield Conflict("lock_keep_together", ids, _names(problem, sorted(owners & frozen)))
        return
    if owners <= frozen:
        return  # a kept community stays as it is, whatever its size and reach
    living = {
        pos for lock in problem.locks if lock.kind == "seat" for pos in _seated_inside(problem, lock, inside)
    }
    if len(living) > 1:
        yield Conflict("lock_seats_merged", ids, _names(problem, sorted(living)))
    for windows, cause in ((problem.windows, "lock_over_max"), (problem.horizon, "lock_over_max_horizon")):
        sums = [float(window.weights[members].sum()) for window in windows]
        if windows and all(total > w.high for w, total in zip(windows, sums, strict=True)):
            first = windows[0]
            yield Conflict(cause, ids, names, sums[0], first.high, first.measure)
    free = np.flatnonzero(~np.isin(problem.today, sorted(frozen))).tolist()
    joined = [piece for piece in components(neighbours_of(problem), free) if inside & set(piece)]
    if len(joined) > 1:
        yield Conflict("lock_in_pieces", ids, names)
    elif problem.reach_limit_m is not None:
        lived = [atom for atom in members if problem.households[atom] > 0]
        columns = np.concatenate((problem.site_reach_m[lived], problem.seat_reach_m[lived]), axis=1)
        nearest = float(columns.max(axis=0, initial=0.0).min(initial=np.inf))
        if lived and nearest > problem.reach_limit_m:
            yield Conflict("lock_out_of_reach", ids, names, nearest, problem.reach_limit_m, "m")


def _seated_inside(problem: Problem, lock: Lock, inside: set[int]) -> list[int]:
    """Communities whose seat a lock puts, or leaves, among some atoms."""
    if lock.atoms:
        return list(lock.communities) if set(lock.atoms) <= inside else []
    return [
        seat.community_pos
        for seat in problem.seats
        if seat.community_pos in lock.communities and seat.atom_pos in inside
    ]


def _ids(problem: Problem, atoms: list[int] | tuple[int, ...]) -> tuple[str, ...]:
    """Atom ids."""
    return tuple(problem.atom_ids[atom] for atom in atoms)


def _names(problem: Problem, positions: list[int]) -> tuple[str, ...]:
    """Community ids."""
    return tuple(problem.community_ids[pos] for pos in positions)


def _communities_of(problem: Problem, atoms: list[int]) -> tuple[str, ...]:
    """Ids of the communities of today that atoms lie in."""
    return _names(problem, sorted({int(problem.today[atom]) for atom in atoms} - {-1}))

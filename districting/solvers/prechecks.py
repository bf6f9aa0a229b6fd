"""What makes a plan impossible at first sight: exact where it fires, and said before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from districting.plans.problem import Bools, Problem
from districting.solvers.exact.contiguity import components, neighbours_of
from districting.solvers.exact.separations import Minimum
from districting.solvers.exact.sites import groups, kept
from districting.solvers.result import Conflict


def prechecks(problem: Problem) -> tuple[Conflict, ...]:
    """Causes that no plan of any mode can get round; empty if none is seen.

    One atom above the maximum, the whole or a separate piece below the minimum, an atom that no seat reaches, a
    number of communities that sizes rule out, locks that contradict each other. Kept communities are exempt from
    size and reach: they stay as they are.
    """
    free = ~np.isin(problem.today, sorted(kept(problem)))
    return (
        *_atoms_over_max(problem, free),
        *_too_few_households(problem, free),
        *_out_of_reach(problem, free),
        *_number(problem, free),
        *_locks(problem),
    )


def _atoms_over_max(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """Atoms above the maximum of every window, today or at the horizon."""
    for windows, when in ((problem.windows, "today"), (problem.horizon, "horizon")):
        if not windows:
            continue
        over = free & np.all([window.weights > window.high for window in windows], axis=0)
        first = windows[0]
        for atom in np.flatnonzero(over).tolist():
            cause = "atom_over_max" if when == "today" else "atom_over_max_horizon"
            ids, measured = (problem.atom_ids[atom],), float(first.weights[atom])
            yield Conflict(cause, ids, _communities_of(problem, [atom]), measured, first.high, first.measure)


def _too_few_households(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """The whole below the minimum, or a piece that nothing joins to the rest."""
    minimum = Minimum.of(problem)
    atoms = np.flatnonzero(free).tolist()
    if not atoms:
        return
    first = problem.windows[0]
    if minimum.missed_by_atoms(atoms):
        total = float(first.weights[atoms].sum())
        yield Conflict("total_below_min", (), (), total, first.low, first.measure)
        return
    for piece in components(neighbours_of(problem), atoms):
        if minimum.missed_by_atoms(piece):
            ids = tuple(problem.atom_ids[atom] for atom in piece)
            total = float(first.weights[piece].sum())
            names = _communities_of(problem, piece)
            yield Conflict("piece_below_min", ids, names, total, first.low, first.measure)


def _out_of_reach(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """Inhabited atoms that neither a centre of today nor a seat in any atom reaches."""
    if problem.reach_limit_m is None:
        return
    nearest = np.minimum(problem.site_reach_m.min(axis=1), problem.seat_reach_m.min(axis=1, initial=np.inf))
    out = free & (problem.households > 0) & (nearest > problem.reach_limit_m)
    for atom in np.flatnonzero(out).tolist():
        ids, names = (problem.atom_ids[atom],), _communities_of(problem, [atom])
        yield Conflict("atom_out_of_reach", ids, names, float(nearest[atom]), problem.reach_limit_m, "m")


def _number(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """A number of communities that the sizes rule out."""
    if problem.number is None:
        return
    fewest, most = problem.number
    alone = len(kept(problem))
    sums = [float(window.weights[free].sum()) for window in problem.windows]
    pairs = list(zip(problem.windows, sums, strict=True))
    if len(pairs) == 1:
        window, total = pairs[0]
        possible_most = alone + int(total // window.low) if window.low > 0 else problem.n
        possible_fewest = alone + int(np.ceil(total / window.high - 1e-9))
        if fewest > possible_most:
            detail = {"total": total, "bound": window.low}
            yield Conflict("number_too_many", (), (), float(fewest), float(possible_most), "communities", detail)
        if most < possible_fewest:
            detail = {"total": total, "bound": window.high}
            yield Conflict("number_too_few", (), (), float(most), float(possible_fewest), "communities", detail)
    if fewest > most:
        yield Conflict("number_range", (), (), float(fewest), float(most), "communities")


def _locks(problem: Problem) -> Iterator[Conflict]:
    """Locks that contradict each other, or that ask for a community above the maximum."""
    frozen = kept(problem)
    split = {pos for lock in problem.locks if lock.kind == "split" for pos in lock.communities}
    both = sorted(frozen & split)
    if both:
        yield Conflict("lock_keep_split", (), _names(problem, both))
    for lock in problem.locks:
        if lock.kind == "merge":
            still = sorted(set(lock.communities) & frozen)
            if still and len(set(lock.communities)) > 1:
                yield Conflict("lock_keep_merge", (), _names(problem, still))
            torn = sorted(set(lock.communities) & split)
            if torn:
                yield Conflict("lock_split_merge", (), _names(problem, torn))
    group = np.array(groups(problem))
    for first in np.unique(group).tolist():
        members = np.flatnonzero(group == first).tolist()
        if len(members) > 1:
            yield from _group(problem, members, frozen)


def _group(problem: Problem, members: list[int], frozen: frozenset[int]) -> Iterator[Conflict]:
    """What is wrong with atoms that must stay together."""
    ids = tuple(problem.atom_ids[atom] for atom in members)
    names = _communities_of(problem, members)
    for lock in problem.locks:
        torn = sorted(set(lock.atoms) & set(members)) if lock.kind == "apart" else []
        if len(torn) > 1:
            yield Conflict("lock_together_apart", tuple(problem.atom_ids[atom] for atom in torn), names)
    owners = {int(problem.today[atom]) for atom in members}
    if owners & frozen and len(owners) > 1:
        yield Conflict("lock_keep_together", ids, _names(problem, sorted(owners & frozen)))
    living = sorted(
        pos
        for lock in problem.locks
        if lock.kind == "seat"
        for pos in lock.communities
        for seat in problem.seats
        if seat.community_pos == pos and not lock.atoms and seat.atom_pos in members
    )
    if len(set(living)) > 1:
        yield Conflict("lock_seats_merged", ids, _names(problem, living))
    first = problem.windows[0]
    sums = [float(window.weights[members].sum()) for window in problem.windows]
    if not owners <= frozen and all(s > w.high for w, s in zip(problem.windows, sums, strict=True)):
        yield Conflict("lock_over_max", ids, names, sums[0], first.high, first.measure)


def _names(problem: Problem, positions: list[int]) -> tuple[str, ...]:
    """Community ids."""
    return tuple(problem.community_ids[pos] for pos in positions)


def _communities_of(problem: Problem, atoms: list[int]) -> tuple[str, ...]:
    """Ids of the communities of today that atoms lie in."""
    return _names(problem, sorted({int(problem.today[atom]) for atom in atoms} - {-1}))

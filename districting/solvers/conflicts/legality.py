"""What a plan of positions breaks of what a problem asks: counted anew from the plan, trusting no model.

An explanation rests on plans that break exactly one rule; this is where they are read. The judge of finished
divisions is `districting.plans.checks`; it looks at buildings and outlines, this module at numbers only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from districting.plans.problem import Floats, Ints, Lock, Problem, Window
from districting.solvers.exact.contiguity import components, neighbours_of
from districting.solvers.exact.parts.sites import kept, oversized
from districting.solvers.result import Chosen, Solution

ModeName = Literal["whole", "adjust", "redraw"]

#: Sums of counts are exact; this only forgives the last bit of a product.
HAIR = 1e-6


@dataclass(frozen=True)
class Breach:
    """One demand that a plan breaks, with its place.

    Parameters
    ----------
    kind
        A kind of `districting.solvers.conflicts.demands`, or ``cover`` or ``contiguity``, which nobody can waive.
    part
        Position among the plan's communities; −1 where it is a matter of the whole.
    atoms
        Whom it concerns, positions.
    measured, allowed
        In households or whatever the first window counts, metres, or communities.
    pos
        Position of the lock or compound; −1 otherwise.
    """

    kind: str
    part: int = -1
    atoms: tuple[int, ...] = ()
    measured: float = 0.0
    allowed: float = 0.0
    pos: int = -1


def breaches(problem: Problem, solution: Solution, *, mode: ModeName = "adjust") -> tuple[Breach, ...]:
    """Everything that a plan breaks; empty if it is legal.

    Parameters
    ----------
    mode
        In ``adjust`` every new community keeps the headroom, in ``whole`` only what oversized communities are
        split into does, and a compound across communities binds nobody. ``redraw`` asks for no headroom.
    """
    if solution.part.min(initial=0) < 0 or solution.part.max(initial=-1) >= len(solution.chosen):
        return (Breach("cover"),)
    return (*_of_parts(problem, solution, mode), *_of_the_whole(problem, solution, mode))


def _of_parts(problem: Problem, solution: Solution, mode: ModeName) -> Iterator[Breach]:
    """Contiguity, size and reach, part by part; kept communities are exempt from all three."""
    frozen, over, neighbours = kept(problem), oversized(problem), neighbours_of(problem)
    for part, chosen in enumerate(solution.chosen):
        atoms = np.flatnonzero(solution.part == part)
        where = tuple(atoms.tolist())
        if chosen.community_pos in frozen:
            continue
        if not where or chosen.atom_pos not in where or len(components(neighbours, where)) > 1:
            yield Breach("contiguity", part, where)
            continue
        tight = chosen.community_pos in over or (chosen.community_pos < 0 and mode == "adjust")
        room = 1.0 - problem.headroom if tight and mode != "redraw" else 1.0
        yield from _size(problem.windows, part, atoms, room, later=False)
        yield from _size(problem.horizon, part, atoms, room, later=True)
        yield from _reach(problem, part, chosen, atoms)


def _size(windows: Sequence[Window], part: int, atoms: Ints, room: float, *, later: bool) -> Iterator[Breach]:
    """The first window that is broken, where none holds."""
    sums = [float(window.weights[atoms].sum()) for window in windows]
    pairs = list(zip(windows, sums, strict=True))
    if not pairs or any(w.low - HAIR <= s <= w.high * room + HAIR for w, s in pairs):
        return
    first, total = pairs[0]
    low = total < first.low - HAIR
    allowed = first.low if low else first.high * room
    kind = "min" if low else "headroom" if total <= first.high + HAIR else "max"
    yield Breach("horizon" if later else kind, part, tuple(atoms.tolist()), total, allowed)


def _reach(problem: Problem, part: int, chosen: Chosen, atoms: Ints) -> Iterator[Breach]:
    """Inhabited atoms beyond the limit of the part's seat, the farthest distance measured."""
    if problem.reach_limit_m is None:
        return
    reach = seat_reach(problem, chosen)
    far = [a for a in atoms.tolist() if problem.households[a] > 0 and reach[a] > problem.reach_limit_m + HAIR]
    if far:
        yield Breach("reach", part, tuple(far), float(reach[far].max()), problem.reach_limit_m)


def seat_reach(problem: Problem, chosen: Chosen) -> Floats:
    """Farthest inhabited building of every atom from a community's seat, m, shape (n,)."""
    for pos, seat in enumerate(problem.seats):
        if chosen.existing_seat and (seat.atom_pos, seat.x, seat.y) == (chosen.atom_pos, chosen.x, chosen.y):
            return problem.seat_reach_m[:, pos]
    return problem.site_reach_m[:, chosen.atom_pos]


def _of_the_whole(problem: Problem, solution: Solution, mode: ModeName) -> Iterator[Breach]:
    """Number of communities, names carried twice, compounds and locks."""
    count = float(len(solution.chosen))
    if problem.number is not None:
        fewest, most = problem.number
        if count < fewest:
            yield Breach("fewest", measured=count, allowed=float(fewest))
        if count > most:
            yield Breach("most", measured=count, allowed=float(most))
    names = [chosen.community_pos for chosen in solution.chosen if chosen.community_pos >= 0]
    if len(names) != len(set(names)):
        yield Breach("cover")
    frozen = kept(problem)
    for pos, compound in enumerate(problem.compounds):
        bound = [atom for atom in compound if problem.today[atom] not in frozen]
        across = mode == "whole" and len(set(problem.today[bound].tolist())) > 1
        if not across and len(set(solution.part[bound].tolist())) > 1:
            yield Breach("compound", atoms=tuple(bound), pos=pos)
    for pos, lock in enumerate(problem.locks):
        if not _holds(problem, solution, lock):
            yield Breach("lock", atoms=lock.atoms, pos=pos)


def _holds(problem: Problem, solution: Solution, lock: Lock) -> bool:
    """Whether a plan keeps a lock."""
    part = solution.part
    own = [np.flatnonzero((problem.today == pos) & (problem.households > 0)) for pos in lock.communities]
    at = {chosen.community_pos: chosen for chosen in solution.chosen}
    match lock.kind:
        case "together":
            return len(set(part[list(lock.atoms)].tolist())) <= 1
        case "apart":
            return len(set(part[list(lock.atoms)].tolist())) == len(set(lock.atoms))
        case "merge":
            return len({label for atoms in own for label in part[atoms].tolist()}) <= 1
        case "split":
            return all(len(set(part[atoms].tolist())) > 1 for atoms in own)
        case "seat":
            return all(
                pos in at and (not lock.atoms or at[pos].atom_pos in lock.atoms) for pos in lock.communities
            )
        case "keep":
            return all(
                pos in at
                and np.array_equal(
                    np.flatnonzero(problem.today == pos),
                    np.flatnonzero(part == solution.chosen.index(at[pos])),
                )
                for pos in lock.communities
            )

"""How many communities `redraw` makes, and what no plan can mend, before anything is searched."""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Bools, Problem
from districting.solvers.exact.parts.sites import kept
from districting.solvers.redraw.ground import frozen_atoms
from districting.solvers.result import Conflict


def number_range(problem: Problem) -> tuple[int, int]:
    """Fewest and most communities that the windows and the case allow, kept ones included.

    Where either of several measures suffices, each community may hold by another: their totals bound no number.
    """
    free, frozen = ~frozen_atoms(problem), len(kept(problem))
    fewest, most = 0, int(free.sum())
    if len(problem.windows) == 1:
        (window,) = problem.windows
        total = float(window.weights[free].sum())
        fewest = int(np.ceil(total / window.high - 1e-9))
        most = int(total / window.low + 1e-9) if window.low > 0 else most
    low, high = max(1 if free.any() else 0, fewest) + frozen, min(most, int(free.sum())) + frozen
    if problem.number is not None:
        low, high = max(low, problem.number[0]), min(high, problem.number[1])
    return low, high


def number_asked(problem: Problem) -> int:
    """The case's number, or the sub-district's size over the target."""
    number = int(np.floor(problem.windows[0].weights.sum() / problem.target + 0.5))
    if problem.number is not None:
        number = min(max(number, problem.number[0]), problem.number[1])
    return max(1, number)


def numbers_to_try(problem: Problem, asked: int) -> list[int]:
    """Numbers worth trying, the one asked for first, then its neighbours."""
    low, high = number_range(problem)
    return sorted(range(low, high + 1), key=lambda k: (abs(k - asked), k))[:5]


def precheck(problem: Problem) -> tuple[Conflict, ...]:
    """What no plan can mend, said before anything is searched."""
    found = []
    free = ~frozen_atoms(problem)
    over: Bools = np.all([w.weights > w.high for w in problem.windows], axis=0) & free
    first = problem.windows[0]
    unit = first.measure
    for atom in np.flatnonzero(over):
        ids = (problem.atom_ids[atom],)
        found.append(Conflict("atom_over_max", ids, (), float(first.weights[atom]), first.high, unit))
    if free.any() and all(w.weights[free].sum() < w.low for w in problem.windows):
        total = float(first.weights[free].sum())
        found.append(Conflict("total_below_min", (), (), total, first.low, unit))
    if problem.reach_limit_m is not None:
        nearest = np.minimum(problem.site_reach_m.min(axis=1), problem.seat_reach_m.min(axis=1, initial=np.inf))
        for atom in np.flatnonzero((nearest > problem.reach_limit_m) & (problem.households > 0) & free):
            ids = (problem.atom_ids[atom],)
            found.append(Conflict("atom_out_of_reach", ids, (), float(nearest[atom]), problem.reach_limit_m, "m"))
    return tuple(found)

"""Why no plan exists: what is seen at first sight, else what would have to give, and by how much."""

from __future__ import annotations

from dataclasses import replace

from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.exact.cutting import Clock
from districting.solvers.exact.elastic import Given, give_way
from districting.solvers.params import Params
from districting.solvers.prechecks import prechecks
from districting.solvers.result import Conflict

#: Seconds for the elastic model: an explanation is worth waiting for, not for long.
LIMIT_S = 20.0


def explain(
    problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never
) -> tuple[Conflict, ...]:
    """Causes, with places and figures; never empty.

    Prechecks come first: they are exact. Otherwise sizes and reach are made elastic; where that does not help,
    the locks or the number of communities are left off in turn, and the first whose absence helps is named.
    """
    seen = prechecks(problem)
    if seen:
        return seen
    clock = Clock(LIMIT_S, params.threads, params.seed, progress, stop, problem.name)
    given = give_way(problem, clock, limit_s=LIMIT_S / 2)
    if given:
        return tuple(_conflict(problem, one) for one in given)
    if problem.number is not None:
        without = give_way(replace(problem, number=None), clock, limit_s=LIMIT_S / 4)
        if without is not None and not without:
            fewest, most = problem.number
            return (Conflict("number", (), (), float(fewest), float(most), "communities"),)
    for pos, lock in enumerate(problem.locks):
        others = problem.locks[:pos] + problem.locks[pos + 1 :]
        without = give_way(replace(problem, locks=others), clock, limit_s=LIMIT_S / 4)
        if without is not None and not without:
            atoms = tuple(problem.atom_ids[atom] for atom in lock.atoms)
            communities = tuple(problem.community_ids[community] for community in lock.communities)
            return (Conflict(f"lock_{lock.kind}", atoms, communities),)
    return (Conflict("unexplained"),)


def _conflict(problem: Problem, given: Given) -> Conflict:
    """One figure that would have to give, with names."""
    unit = "m" if given.what == "out_of_reach" else problem.windows[0].measure
    atoms = tuple(problem.atom_ids[atom] for atom in given.atoms)
    if given.community_pos >= 0:
        names = (problem.community_ids[given.community_pos],)
        return Conflict(given.what, atoms, names, given.measured, given.allowed, unit)
    return Conflict(f"{given.what}_new", atoms, (), given.measured, given.allowed, unit)

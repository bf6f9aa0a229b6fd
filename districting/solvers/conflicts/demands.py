"""The demands of a problem that may be waived one by one, and the problem that is left without some of them.

Nobody can waive that every atom lies in one community and that communities are in one piece: with all else waived
there is always a plan. All other demands are here, coarse ones first: a demand is left off as a whole, and reach
and compounds may be left off place by place as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.conflicts.legality import ModeName

#: ``most``, ``fewest``: number of communities. ``whole``: communities are joined or split as wholes.
DemandKind = Literal["compound", "headroom", "horizon", "reach", "whole", "min", "max", "lock", "fewest", "most"]


@dataclass(frozen=True, order=True)
class Demand:
    """One thing asked: ``pos`` is the atom of a reach, the position of a lock or compound, else −1."""

    kind: DemandKind
    pos: int = -1


@dataclass(frozen=True)
class Asked:
    """A problem and its mode, as a solver is asked."""

    problem: Problem
    mode: ModeName

    @classmethod
    def of(cls, problem: Problem, mode: ModeName) -> Asked:
        """`redraw` may have any plan that `adjust` may, and needs no headroom: where there is one for the one
        without headroom, there is one for the other."""
        return cls(replace(problem, headroom=0.0) if mode == "redraw" else problem, mode)

    def families(self) -> tuple[tuple[Demand, ...], ...]:
        """All demands, in groups of one rule each; the first are waived first when a conflict is sought.

        What the policy asks everywhere comes before what the planner asks here: of two conflicts, the one that
        names his own locks and numbers tells him more.
        """
        problem = self.problem
        lived = np.flatnonzero(problem.households > 0)  # of kept communities too: their locks may be waived
        groups: list[tuple[Demand, ...]] = [
            tuple(Demand("compound", pos) for pos in range(len(problem.compounds)))
        ]
        if problem.headroom > 0:
            groups.append((Demand("headroom"),))
        if problem.horizon:
            groups.append((Demand("horizon"),))
        if problem.reach_limit_m is not None:
            groups.append(tuple(Demand("reach", atom) for atom in lived.tolist()))
        if self.mode == "whole":
            groups.append((Demand("whole"),))
        groups += [(Demand("min"),), (Demand("max"),)]
        groups += [(Demand("lock", pos),) for pos in range(len(problem.locks))]
        if problem.number is not None:
            groups += [(Demand("fewest"),), (Demand("most"),)]
        return tuple(group for group in groups if group)

    def without(self, waived: Collection[Demand]) -> Asked:
        """What is left to ask once ``waived`` is left off."""
        kinds = {demand.kind for demand in waived}
        mode: ModeName = "adjust" if "whole" in kinds else self.mode
        problem = _without_places(self.problem, waived)
        if "headroom" in kinds:
            problem = replace(problem, headroom=0.0)
        if "horizon" in kinds:
            problem = replace(problem, horizon=())
        if "min" in kinds:
            problem = replace(problem, windows=tuple(replace(w, low=0.0) for w in problem.windows))
        if "max" in kinds:
            room = 1.0 - problem.headroom
            problem = replace(
                problem,
                windows=tuple(replace(w, high=float(w.weights.sum()) / room + 1.0) for w in problem.windows),
            )
        if problem.number is not None:
            fewest, most = problem.number
            problem = replace(
                problem,
                number=(0 if "fewest" in kinds else fewest, problem.n if "most" in kinds else most),
            )
            if {"fewest", "most"} <= kinds:
                problem = replace(problem, number=None)
        return Asked(problem, mode)

    def only(self, demands: Collection[Demand]) -> Asked:
        """What is left to ask once everything but ``demands`` is waived."""
        return self.without(self.all() - set(demands))

    def all(self) -> frozenset[Demand]:
        """Every demand."""
        return frozenset(demand for family in self.families() for demand in family)


def _without_places(problem: Problem, waived: Iterable[Demand]) -> Problem:
    """Locks and compounds left off; atoms whose reach is waived are near every seat."""
    off: dict[str, set[int]] = {"lock": set(), "compound": set(), "reach": set()}
    for demand in waived:
        if demand.kind in off:
            off[demand.kind].add(demand.pos)
    problem = replace(
        problem,
        locks=tuple(lock for pos, lock in enumerate(problem.locks) if pos not in off["lock"]),
        compounds=tuple(one for pos, one in enumerate(problem.compounds) if pos not in off["compound"]),
    )
    far = sorted(off["reach"])
    if not far or problem.reach_limit_m is None:
        return problem
    if set(np.flatnonzero(problem.households > 0).tolist()) <= off["reach"]:
        return replace(problem, reach_limit_m=None)
    sites, seats = problem.site_reach_m.copy(), problem.seat_reach_m.copy()
    sites[far] = 0.0
    seats[far] = 0.0
    return replace(problem, site_reach_m=sites, seat_reach_m=seats)

"""Plans that truly differ: how far apart two plans are, and what a further alternative is asked.

Two plans may give the same community another shape or another name; what counts is who is put together with whom.
So the parts of one are matched with those of the other as well as can be, and everybody outside the overlap is
placed differently.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from districting.plans.problem import Floats, Ints, Problem, Unlike
from districting.solvers.result import Solution


def unlike(solution: Solution, households: float) -> Unlike:
    """What a further alternative is asked: so many households placed differently than in this plan."""
    owner = np.array([chosen.community_pos for chosen in solution.chosen], dtype=np.int64)
    return Unlike(solution.part, owner, households)


def differs(problem: Problem, part: Ints) -> bool:
    """Whether a plan differs enough from every plan that the problem wants it to differ from."""
    return all(
        placed_differently(part, other.part, problem.households) >= other.households - 1e-9
        for other in problem.unlike
    )


def overlap(part: Ints, other: Ints, households: Ints) -> Floats:
    """Households that each part of one plan shares with each part of the other, shape (parts, other's parts)."""
    shared = np.zeros((int(part.max()) + 1, int(other.max()) + 1))
    np.add.at(shared, (part, other), households)
    return shared


def placed_differently(part: Ints, other: Ints, households: Ints) -> float:
    """Households outside the best matching of one plan's parts with the other's; 0 for the same plan."""
    shared = overlap(part, other, households)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return float(households.sum() - shared[rows, columns].sum())

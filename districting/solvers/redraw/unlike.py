"""A further plan of `redraw`: the best of the columns known that places enough households differently."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from districting.plans.problem import Floats, Problem, Unlike
from districting.solvers.columns import Columns
from districting.solvers.generation.generation import Generation
from districting.solvers.generation.stage import Proved
from districting.solvers.redraw.ground import Posed

#: Near enough to the optimum that the columns around it are known.
NEAR_SHARE = 0.02


def differing(
    problem: Problem, posed: Posed, generation: Generation, plan: Columns, weights: Sequence[Floats]
) -> tuple[Proved, ...] | None:
    """A plan that differs from those of ``problem.unlike``, its first stage with the bound of all plans.

    ``weights``: of each stage. None if the columns known make no such plan.
    """
    first = generation.settle(weights[0], (), plan=plan, gap_share=NEAR_SHARE, time_limit_s=0.5 * generation.left)
    found = generation.cheapest_within(weights[0], budgets(problem, posed), time_limit_s=generation.left)
    if found is None:
        return None
    values = [float(found.terms.sum(axis=0) @ one) for one in weights]
    lowest = [first.bound, *(-np.inf for _ in values[1:])]
    return tuple(Proved(found, value, bound, first.priced) for value, bound in zip(values, lowest, strict=True))


def budgets(problem: Problem, posed: Posed) -> Callable[[Columns], list[tuple[Floats, float]]]:
    """Per known plan: the largest overlap of each column with one of its parts, and the most in all.

    Never less than the best matching, so keeping it is enough.
    """
    free = posed.node >= 0
    nodes = posed.measured.ground.n
    weights = problem.households[free].astype(np.float64)
    homes = np.bincount(posed.node[free], weights=weights, minlength=nodes).astype(np.float64)

    def of(columns: Columns) -> list[tuple[Floats, float]]:
        return [_shared(columns, other, posed, homes) for other in problem.unlike]

    return of


def _shared(columns: Columns, other: Unlike, posed: Posed, homes: Floats) -> tuple[Floats, float]:
    """Overlaps with one known plan, and the most that they may sum to."""
    part = np.zeros(len(homes), dtype=np.int64)
    free = posed.node >= 0
    part[posed.node[free]] = other.part[free]
    many = int(other.part.max()) + 1
    members, pointers = columns.regions.members, columns.regions.pointers
    column = np.repeat(np.arange(len(columns)), np.diff(pointers))
    shared = np.zeros((len(columns), many))
    np.add.at(shared, (column, part[members]), homes[members])
    return shared.max(axis=1), max(float(homes.sum()) - other.households, 0.0)

"""Every division of a few atoms, by dynamic programming over sets: exact, also where no legal division exists.

For each set of atoms and each number of parts the best division is that of the part with the first atom and of the
rest: f(S, k) = min over connected P ⊆ S with the first atom of S of c(P) + f(S − P, k − 1). Values are pairs, by
how much parts miss their bounds, then what is wanted of them; both add up over parts.
"""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Ints, Problem
from districting.solvers.nearest_fit.pockets import links_of, nodes_of
from districting.solvers.params import Params
from districting.solvers.profile import Stage
from districting.solvers.result import Chosen, Result, Solution, Term

#: Atoms, with those of a compound as one, up to which every division is looked at: 3^9 pairs of a set and a part.
MOST_NODES = 9

Worth = tuple[float, float]


def is_small(problem: Problem) -> bool:
    """Whether every division can be looked at."""
    return problem.n > 0 and int(nodes_of(problem).max()) < MOST_NODES


def divide_small(problem: Problem, params: Params, stage: Stage) -> Result | None:
    """The division that misses the bounds by least, among such the best; None if none has parts in one piece.

    Of divisions that miss the bounds by the same, those with the number of parts nearest to size over target.

    Parameters
    ----------
    problem
        Small (`is_small`), with one window.
    params
        For the seed in the result.
    stage
        What is wanted: distance, border and deviation are weighed.
    """
    node, links = nodes_of(problem), links_of(problem)
    n = int(node.max()) + 1
    near = np.zeros(n, dtype=np.int64)
    for a, b in node[links].tolist():
        near[a] |= 1 << b
        near[b] |= 1 << a
    worth = {one: _worth(problem, node, one, stage) for one in _connected(near.tolist(), n)}
    parts = _best(worth, n, problem)
    if parts is None:
        return None
    label = np.zeros(n, dtype=np.int64)
    for at, one in enumerate(parts):
        label[[v for v in range(n) if one >> v & 1]] = at
    part = label[node]
    chosen = tuple(_seat(problem, np.flatnonzero(part == at)) for at in range(len(parts)))
    value = sum(worth[one][1] for one in parts)
    terms = (Term(stage.name, value, value),)
    solution = Solution(part, chosen)
    return Result(problem.name, "redraw", "optimal", solution, value, value, terms, 0.0, params.seed)


def _connected(near: list[int], n: int) -> list[int]:
    """Every connected set of nodes, as bits."""
    found = []
    for one in range(1, 1 << n):
        reached, before = one & -one, 0
        while reached != before:
            before = reached
            for v in range(n):
                if before >> v & 1:
                    reached |= near[v] & one
        if reached == one:
            found.append(one)
    return found


def _worth(problem: Problem, node: Ints, one: int, stage: Stage) -> Worth:
    """By how much a part misses its bounds, and its share of what is wanted."""
    inside = (one >> node & 1).astype(bool)
    window = problem.windows[0]
    size = float(window.weights[inside].sum())
    missed = max(size - window.high, window.low - size, 0.0)
    ends = inside[problem.edges]
    served = problem.site_distance_m[np.ix_(inside, inside)] * (problem.households[inside, None] + 1.0)
    values = {
        "distance_m_households": float(served.sum(axis=0).min()),
        "open_border_km": float(
            problem.open_km[ends.sum(axis=1) == 1].sum() / 2 + problem.crossing_km[ends.all(axis=1)].sum()
        ),
        "deviation_households": abs(size - problem.target),
        "communities": 1.0,
    }
    return missed, sum(weight * values.get(name, 0.0) for name, weight in stage.weights.items())


def _best(worth: dict[int, Worth], n: int, problem: Problem) -> list[int] | None:
    """Parts of the best division of all nodes."""
    by_first: list[list[int]] = [[one for one in worth if one & -one == 1 << v] for v in range(n)]
    best: list[dict[int, tuple[Worth, int]]] = [{} for _ in range(1 << n)]
    best[0][0] = ((0.0, 0.0), 0)
    for left in range(1, 1 << n):
        first = (left & -left).bit_length() - 1
        for one in by_first[first]:
            if one & ~left:
                continue
            missed, cost = worth[one]
            for number, ((off, rest), _) in best[left ^ one].items():
                value = (off + missed, rest + cost)
                known = best[left].get(number + 1)
                if known is None or value < known[0]:
                    best[left][number + 1] = (value, one)
    whole = best[-1]
    if not whole:
        return None
    asked = problem.windows[0].weights.sum() / problem.target
    least = min(value[0] for value, _ in whole.values())
    number = min((k for k in whole if whole[k][0][0] <= least + 1e-9), key=lambda k: (abs(k - asked), k))
    parts, left = [], (1 << n) - 1
    while left:
        one = best[left][number][1]
        parts.append(one)
        left, number = left ^ one, number - 1
    return parts


def _seat(problem: Problem, atoms: Ints) -> Chosen:
    """The atom from which the ways of a part are shortest."""
    served = problem.site_distance_m[np.ix_(atoms, atoms)] * (problem.households[atoms, None] + 1.0)
    at = int(atoms[int(np.argmin(served.sum(axis=0)))])
    return Chosen(at, float(problem.xy[at, 0]), float(problem.xy[at, 1]), -1, False)

"""Minimum cut around one seat: which nodes pay together, borders counted, and what every other choice costs more.

Maximum flow on a small graph by shortest augmenting paths; compiled.
"""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Floats, Ints
from districting.solvers.annealing.moves import inner

_LITTLE = 1e-9


@inner
def push(
    pointers: Ints, neighbours: Ints, half: Floats, nodes: Ints, where: Ints, local: int, home: int, starts: Ints,
    heads: Ints, charge: Floats, gains: Floats, weight: Floats, lam: float, const: float, take: Floats,
    leave: Floats,
) -> float:  # fmt: skip
    """Least value of Σ_{i in S} (gain_i − λ w_i) + ½ border of S over all S that hold ``home``.

    ``take``, ``leave`` (one per node) and ``charge`` (one per arc, u→v: u inside, v outside) are filled with
    charges ≥ 0 so that every S is worth the least value plus its charges: the residual of the maximum flow.
    ``where`` is the local number of a node, −1 elsewhere; ``const`` holds what does not depend on S, the home's
    own gain included.
    """
    base = const
    for i in range(local):
        gain = 0.0
        if i != home:
            gain = gains[i] - lam * weight[i]
        for a in range(pointers[nodes[i]], pointers[nodes[i] + 1]):
            other = where[neighbours[a]]
            if other < 0:
                # always outside: to take i is to cut this edge
                if i == home:
                    base += half[a]
                else:
                    gain += half[a]
            elif other == home and i != home:
                # always inside: to leave i is to cut this edge
                base += half[a]
                gain -= half[a]
        take[i] = max(0.0, gain)
        leave[i] = max(0.0, -gain)
        base += min(0.0, gain)
    back = np.empty(starts[local], np.int64)
    for i in range(local):
        for a in range(starts[i], starts[i + 1]):
            if i == home or heads[a] == home:
                charge[a] = 0.0
            for b in range(starts[heads[a]], starts[heads[a] + 1]):
                if heads[b] == i:
                    back[a] = b
                    break
    queue = np.empty(local, np.int64)
    by = np.empty(local, np.int64)  # arc over which a node was reached; −1 a source, −2 not yet
    while True:
        size, head, goal = 0, 0, -1
        for i in range(local):
            by[i] = -2
            if leave[i] > _LITTLE:
                if take[i] > _LITTLE:
                    goal = i
                by[i] = -1
                queue[size] = i
                size += 1
        while head < size and goal < 0:
            here = queue[head]
            head += 1
            for a in range(starts[here], starts[here + 1]):
                other = heads[a]
                if by[other] == -2 and charge[a] > _LITTLE:
                    by[other] = a
                    queue[size] = other
                    size += 1
                    if take[other] > _LITTLE:
                        goal = other
                        break
        if goal < 0:
            return base
        amount = take[goal]
        here = goal
        while by[here] >= 0:
            amount = min(amount, charge[by[here]])
            here = heads[back[by[here]]]
        amount = min(amount, leave[here])
        base += amount
        take[goal] -= amount
        leave[here] -= amount
        here = goal
        while by[here] >= 0:
            arc = by[here]
            charge[arc] -= amount
            charge[back[arc]] += amount
            here = heads[back[arc]]

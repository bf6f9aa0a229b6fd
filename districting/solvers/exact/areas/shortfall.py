"""Separators that the fractional areas of a relaxation break, where most of an area is whole already.

`separations.separator_cuts` asks for a flow through every atom; here the whole part of an area that hangs together
with its host is drawn into one node first, so that thousands of atoms leave a few dozen to ask about.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from districting.plans.problem import Bools, Floats
from districting.solvers.exact.contiguity import Cut, Neighbours, separator
from districting.solvers.exact.separations import FLOW_SCALE

#: By how much a row must be broken to be worth adding.
_VIOLATION = 0.02
_WHOLE = 1.0 - 1e-6


def broken_separators(neighbours: Neighbours, share: Floats, root: int, allowed: Bools) -> list[Cut]:
    """Separator cuts that the shares break, at most one per node.

    Parameters
    ----------
    neighbours
        Of every node.
    share
        Shape (n,): how much of each node lies in the area.
    root
        Host of the seat.
    allowed
        Shape (n,): nodes that may lie in the area; cuts name only these.
    """
    solid = _grown(neighbours, root, share >= _WHOLE)
    loose = [v for v in np.flatnonzero(share > 1e-6).tolist() if v not in solid]
    asked = [v for v in loose if share[v] > _VIOLATION and not any(near in solid for near in neighbours[v])]
    if not asked:
        return []
    # each loose node is an arc from its entry (2k) to its exit (2k + 1); the solid part is the source
    place = {v: k for k, v in enumerate(loose)}
    source = 2 * len(loose)
    tails, heads, room = [], [], []
    for v, k in place.items():
        tails.append(2 * k)
        heads.append(2 * k + 1)
        room.append(round(float(share[v]) * FLOW_SCALE))
        for near in neighbours[v]:
            if near in place:
                tails.append(2 * k + 1)
                heads.append(2 * place[near])
                room.append(2 * FLOW_SCALE)
        if any(near in solid for near in neighbours[v]):
            tails.append(source)
            heads.append(2 * k)
            room.append(2 * FLOW_SCALE)
    graph = csr_array((np.array(room, dtype=np.int32), (tails, heads)), shape=(source + 1, source + 1))
    inside = set(np.flatnonzero(allowed).tolist())
    cuts = []
    for v in asked:
        flow = maximum_flow(graph, source, 2 * place[v])
        if flow.flow_value >= (share[v] - _VIOLATION) * FLOW_SCALE:
            continue
        residual = graph - flow.flow
        residual.data = (residual.data > 0).astype(np.int32)
        residual.eliminate_zeros()
        reached = set(breadth_first_order(residual, source, return_predecessors=False).tolist())
        full = {u for u, k in place.items() if 2 * k in reached and 2 * k + 1 not in reached}
        # what still hangs together with v once the full nodes are taken out is one side of the cut
        side = _grown(neighbours, v, (share > 1e-6) & ~_mask(len(share), full | solid))
        found = separator(neighbours, side, root, inside)
        if root not in found and share[v] - share[list(found)].sum() > _VIOLATION:
            cuts.append(Cut(root, v, found))
    return cuts


def _grown(neighbours: Neighbours, start: int, inside: Bools) -> set[int]:
    """The start and what it reaches inside."""
    seen, stack = {start}, [start]
    while stack:
        for near in neighbours[stack.pop()]:
            if near not in seen and inside[near]:
                seen.add(near)
                stack.append(near)
    return seen


def _mask(n: int, nodes: Collection[int]) -> Bools:
    """The nodes as truth values."""
    mask = np.zeros(n, dtype=np.bool_)
    mask[list(nodes)] = True
    return mask

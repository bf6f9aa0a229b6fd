"""What the region search, the bound and the exact models of `redraw` see: numbers by node, nothing else.

A `Ground` is a problem after every name has been taken away: nodes (atoms, or compounds joined to one node),
candidate seats with their cost, size windows, and how many districts are asked. `redraw` makes it from a
`Problem`, `bare` from a benchmark file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from districting.plans.problem import Floats, Ints, Window


def _no_pairs() -> Ints:
    return np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True)
class Ground:
    """min Σ cost[i, seat of i] + Σ border[e] over cut edges, exactly ``number`` connected districts.

    Parameters
    ----------
    cost
        Shape (n, m): what it costs to serve node i from seat j; inf where that is not allowed.
    host
        Shape (m,): node in which the seat stands. A district uses one seat that stands inside it. Several seats
        may stand in one node; without ``fixed`` every node hosts at least one.
    edges
        Shape (e, 2): contiguity is asked on these.
    border
        Shape (e,), ≥ 0: charged when the edge is cut.
    windows
        Size bounds, either suffices.
    number
        Districts, exactly.
    horizon
        Further windows of which one must hold too, or empty.
    capacity
        Shape (m,): upper bound of the first window per seat, where ``fixed``.
    fixed
        True if every seat is used: district d is that of seat d, and ``number`` is m.
    apart, together
        Shape (·, 2): nodes that never, or always, lie in one district.
    broken
        Sets of nodes that may not all lie in one district.
    contiguous
        False drops contiguity: Hess's own model.
    """

    cost: Floats
    host: Ints
    edges: Ints
    border: Floats
    windows: tuple[Window, ...]
    number: int
    horizon: tuple[Window, ...] = ()
    capacity: Floats | None = None
    fixed: bool = False
    apart: Ints = field(default_factory=_no_pairs)
    together: Ints = field(default_factory=_no_pairs)
    broken: tuple[tuple[int, ...], ...] = ()
    contiguous: bool = True

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit: a bug of ours."""
        n, m = self.cost.shape
        if self.host.shape != (m,) or self.border.shape != (len(self.edges),):
            raise ValueError("ground: host and border must fit cost and edges")
        if self.fixed and self.number != m:
            raise ValueError("ground: fixed seats are all used")
        if not self.fixed and len(np.unique(self.host)) != n:
            raise ValueError("ground: every node needs a seat unless seats are fixed")
        # one layout, one compiled version of everything that reads it
        for name, kind in (("cost", np.float64), ("host", np.int64), ("edges", np.int64), ("border", np.float64)):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=kind))

    @property
    def n(self) -> int:
        """Nodes."""
        return int(self.cost.shape[0])

    @property
    def m(self) -> int:
        """Candidate seats."""
        return int(self.cost.shape[1])

    @cached_property
    def neighbours(self) -> tuple[Ints, Ints, Floats]:
        """Adjacency in compressed rows: (pointers, neighbours in ascending order, border of each)."""
        return _compress(self.n, self.edges, self.border)

    @cached_property
    def seats_in(self) -> tuple[Ints, Ints]:
        """Seats by node in compressed rows: (pointers, seats)."""
        order = np.argsort(self.host, kind="stable").astype(np.int64)
        counts = np.bincount(self.host, minlength=self.n)
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), order

    @property
    def total(self) -> float:
        """Sum of the first window's weights."""
        return float(self.windows[0].weights.sum())

    def highs(self, window: Window) -> Floats:
        """Upper bound of one window per seat, shape (m,)."""
        high = np.full(self.m, window.high)
        if self.capacity is not None and window is self.windows[0]:
            high = np.minimum(high, self.capacity)
        return high

    def hangs_together(self, part: Ints) -> bool:
        """Whether districts are connected, ties hold and nodes to be apart are; ``part``: shape (n,)."""
        inside = self.edges[part[self.edges[:, 0]] == part[self.edges[:, 1]]]
        net = sparse.csr_array((np.ones(len(inside)), (inside[:, 0], inside[:, 1])), shape=(self.n, self.n))
        if csgraph.connected_components(net, directed=False)[0] != len(np.unique(part)):
            return False
        tied, apart = part[self.together], part[self.apart]
        return bool((tied[:, 0] == tied[:, 1]).all() and (apart[:, 0] != apart[:, 1]).all())


def _compress(n: int, edges: Ints, values: Floats) -> tuple[Ints, Ints, Floats]:
    """Both directions of each edge, sorted by node and neighbour."""
    tails = np.concatenate((edges[:, 0], edges[:, 1]))
    heads = np.concatenate((edges[:, 1], edges[:, 0]))
    both = np.concatenate((values, values))
    order = np.lexsort((heads, tails))
    pointers = np.concatenate(([0], np.cumsum(np.bincount(tails, minlength=n)))).astype(np.int64)
    return pointers, heads[order].astype(np.int64), both[order]

"""Exact pricing: for every seat, and every name a region may carry, the columns that cost less than a limit.

Seat j asks for min Σ_{i in S} (a c_ij − π_i) + (b/2) border(S) − m · retained(S) + ... over connected S that hold
its host, with the weights a, b, m of the stage and of the ceilings before it. `growth` answers exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from districting.plans.problem import Bools, Floats, Ints
from districting.progress import Stop, never
from districting.solvers.annealing.search import Regions
from districting.solvers.columns import (
    BORDER,
    DEVIATION,
    DISTANCE,
    MOVED,
    NUMBER,
    Columns,
    Measured,
    count_terms,
)
from districting.solvers.exact.regions.master import Prices
from districting.solvers.generation.growth import Soil, grow_regions
from districting.solvers.ground import Ground

_ROOM = 400_000
_MOST_REGIONS = 30_000


@dataclass(frozen=True)
class Priced:
    """Columns found and what is proved of all others.

    Parameters
    ----------
    columns
        Below the limit.
    least
        Shape (m,): no column of this seat has a lower reduced cost (inf: it has none).
    complete
        True if every column below the limit was found, or, where only the best was asked, the best of each.
    steps
        Branches looked at.
    ended
        Shape (m,): seats that more branches would tell nothing new of, at the same prices.
    """

    columns: Columns
    least: Floats
    complete: bool
    steps: int
    ended: Bools


def _back(pointers: Ints, neighbours: Ints) -> Ints:
    """Position of the opposite arc."""
    tail = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
    place = {(int(u), int(v)): a for a, (u, v) in enumerate(zip(tail, neighbours, strict=True))}
    return np.array(
        [place[int(v), int(u)] for u, v in zip(tail, neighbours, strict=True)], dtype=np.int64
    ).reshape(-1)


def _near_enough(ground: Ground) -> Bools:
    """Shape (n, m): whether the lightest way from the seat's host to the node fits into a district at all."""
    tails = np.concatenate((ground.edges[:, 0], ground.edges[:, 1]))
    heads = np.concatenate((ground.edges[:, 1], ground.edges[:, 0]))
    near = np.zeros((ground.n, ground.n), dtype=np.bool_)
    for window in ground.windows:
        # a hair on each step, so that a step of weight 0 is a step; fewer than n of them stay under one unit
        hair = 1e-6 * max(1.0, window.high) / ground.n
        steps = sparse.csr_array((window.weights[heads] + hair, (tails, heads)), shape=(ground.n, ground.n))
        weight = csgraph.dijkstra(steps) + window.weights[:, None]
        near |= weight <= window.high + 2e-6 * max(1.0, window.high)
    return np.ascontiguousarray(near[ground.host].T)


def _rows(n: int, sets: list[list[int]]) -> tuple[Ints, Ints]:
    """For each node, the sets that it lies in, in compressed rows."""
    of: list[list[int]] = [[] for _ in range(n)]
    for at, nodes in enumerate(sets):
        for node in nodes:
            of[node].append(at)
    pointers = np.concatenate(([0], np.cumsum([len(row) for row in of]))).astype(np.int64)
    return pointers, np.array([at for row in of for at in row], dtype=np.int64)


class Pricer:
    """Prices all seats of one ground, again and again.

    ``host``: node of each seat, as `Priced.least` counts them.
    """

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        ground = measured.ground
        self.host = ground.host
        windows = ground.windows + ground.horizon
        pointers, neighbours, border = ground.neighbours
        ties = [(int(a), int(b), 1) for a, b in ground.apart] + [(int(a), int(b), 0) for a, b in ground.together]
        ties += [(b, a, kind) for a, b, kind in ties]
        ties.sort()
        tails = np.array([a for a, _, _ in ties], dtype=np.int64)
        self._pointers, self._neighbours, self._border = pointers, neighbours, border
        _, _, self._crossing = replace(ground, border=measured.crossing).neighbours
        self._back = _back(pointers, neighbours)
        self._weights = np.array([w.weights for w in windows], dtype=np.float64)
        self._low = np.array([w.low for w in windows], dtype=np.float64)
        self._highest = np.array([w.high for w in windows], dtype=np.float64)
        self._high = np.minimum(self._highest, self._weights.sum(axis=1))
        self._tie_pointers = np.concatenate(([0], np.cumsum(np.bincount(tails, minlength=ground.n)))).astype(
            np.int64
        )
        self._tie_to = np.array([b for _, b, _ in ties], dtype=np.int64)
        self._tie_apart = np.array([kind for _, _, kind in ties], dtype=np.int64)
        self._set_pointers = np.concatenate(([0], np.cumsum([len(s) for s in ground.broken]))).astype(np.int64)
        self._set_nodes = np.array([node for s in ground.broken for node in s], dtype=np.int64)
        self._finite = np.isfinite(ground.cost) & _near_enough(ground)
        self._members = np.empty(_ROOM, dtype=np.int32)
        self._starts = np.zeros(_MOST_REGIONS + 1, dtype=np.int64)
        self._prices = np.empty(_MOST_REGIONS)

    def _soil(self, prices: Prices, cuts: Ints) -> Soil:
        """The ground at these prices."""
        ground, border = self.measured.ground, prices.weights[BORDER]
        paid = np.flatnonzero(prices.cuts < -1e-12) if len(cuts) else np.zeros(0, dtype=np.int64)
        cut_pointers, cut_of = _rows(ground.n, cuts[paid].tolist() if len(paid) else [])
        return Soil(
            self._pointers, self._neighbours, 0.5 * border * self._border,
            border * self._crossing, self._back,
            self._weights, self._low, self._high, len(ground.windows), self._tie_pointers, self._tie_to,
            self._tie_apart, self._set_pointers, self._set_nodes, cut_pointers, cut_of,
            -prices.cuts[paid] if len(paid) else np.zeros(0), self.measured.size, self.measured.target,
            float(prices.weights[DEVIATION]),
        )  # fmt: skip

    def count(self, regions: Regions) -> Columns:
        """Regions as the columns that are priced here."""
        return count_terms(self.measured, regions)

    def price(
        self, prices: Prices, *, cuts: Ints, limit: float, every: bool, most_steps: int = 2_000_000,
        most_columns: int = 2_000_000, stop: Stop = never, before: Priced | None = None,
    ) -> Priced:  # fmt: skip
        """Columns whose reduced cost is at most ``limit``: all, or for each seat and name ever better ones.

        ``before``: an earlier answer at the same prices; seats that had ended then are not looked at again.
        """
        measured, ground = self.measured, self.measured.ground
        soil = self._soil(prices, cuts)
        least = np.full(ground.m, np.inf)
        ended = np.zeros(ground.m, dtype=np.bool_)
        if before is not None:
            least[before.ended], ended = before.least[before.ended], before.ended.copy()
        found_members: list[Ints] = []
        found_sizes: list[Ints] = []
        complete, steps, many = True, 0, 0
        names = [-1]
        if prices.weights[MOVED] > 0.0:
            names += np.flatnonzero(measured.own.any(axis=0)).tolist()
        for seat in range(ground.m):
            if ended[seat]:
                continue
            ended[seat] = True
            host = int(ground.host[seat])
            base = (
                prices.weights[DISTANCE] * np.where(self._finite[:, seat], ground.cost[:, seat], 0.0)
                - prices.nodes
            )
            for name in names:
                gains, allowed, must = base, self._finite[:, seat], -1
                start = float(prices.weights[NUMBER] - prices.number)
                if name >= 0:
                    must = int(measured.home[name])
                    gains = base - prices.weights[MOVED] * measured.own[:, name]
                    others = measured.locked & (measured.home >= 0)
                    others[name] = False
                    if others.any():
                        allowed = allowed.copy()
                        allowed[measured.home[others]] = False
                    start -= float(prices.labels[name])
                count, done, bound, tried = grow_regions(
                    soil, host, must, gains, allowed, start, limit, not every, most_steps, self._members,
                    self._starts, self._prices,
                )  # fmt: skip
                steps += tried
                if not done:
                    complete = ended[seat] = False
                    least[seat] = min(least[seat], bound)
                elif count and not every:
                    least[seat] = min(least[seat], float(self._prices[count - 1]))
                else:
                    least[seat] = min(least[seat], max(bound, limit))
                if count:
                    first = 0 if every else max(0, count - 5)
                    begin, end = int(self._starts[first]), int(self._starts[count])
                    found_members.append(self._members[begin:end].astype(np.int64))
                    found_sizes.append(np.diff(self._starts[first : count + 1]))
                    many += count - first
            if stop() or many > most_columns:
                least[seat + 1 :] = np.where(ended[seat + 1 :], least[seat + 1 :], -np.inf)
                complete = False
                break
        columns = self.count(distinct(found_members, found_sizes))
        return Priced(columns, least, complete, steps, ended)


def distinct(members: list[Ints], sizes: list[Ints]) -> Regions:
    """Regions sorted inside, each once, in a stable order."""
    if not members:
        return Regions(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    flat, size = np.concatenate(members), np.concatenate(sizes)
    owner = np.repeat(np.arange(len(size)), size)
    flat = flat[np.lexsort((flat, owner))]
    pointers = np.concatenate(([0], np.cumsum(size))).astype(np.int64)
    seen: dict[bytes, int] = {}
    for at in range(len(size)):
        seen.setdefault(flat[pointers[at] : pointers[at + 1]].tobytes(), at)
    kept = np.array(sorted(seen.values()), dtype=np.int64)
    size = size[kept]
    fresh = np.concatenate(([0], np.cumsum(size))).astype(np.int64)
    shift = np.repeat(pointers[kept] - fresh[:-1], size)
    return Regions(fresh, flat[np.arange(fresh[-1]) + shift])

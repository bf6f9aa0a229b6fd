"""The fewest cut edges, proved by dividing: every plan falls into two connected parts over few of its cut edges.

Let T be what a plan of k ≥ 2 districts charges, and Q the graph of its districts, connected as the ground is. A
block of Q with s districts, whose edges charge T_b, parts the plan at each of its districts v: on one side v with
all that hangs on it by other blocks, on the other the rest, both connected, at the charge of the block's edges at
v. These add up to 2 T_b over the block, so the least is at most 2 T_b / s. If every such parting charged more than
m, then T = Σ T_b > m Σ s / 2 ≥ m k / 2, for the sizes of the blocks of a connected graph add up to k − 1 plus
their number. So some parting into two unions of whole districts charges at most 2 T / k (`bonds` lists them all),
and what remains is the same question on either side, with fewer districts and what is left of the budget.

The budget is raised from below until a plan is met: every budget without a plan is a proved bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from districting.plans.problem import Floats, Ints
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.cut_edges.bonds import Net, TooLongError, bonds, net_of, part_of
from districting.solvers.ground import Ground
from districting.solvers.lists.connected import suits

#: The charge of a parting is raised by this share of it, and by one at least.
_RAISE = 10
#: Sums of weights are compared with this slack, relative to their total.
_SLACK = 1e-12


@dataclass(frozen=True)
class Division:
    """The best plan that was met, its charge, and a bound on every plan (inf: there is none)."""

    part: Ints | None
    cost: float
    bound: float

    @property
    def proved(self) -> bool:
        """Whether nothing is open."""
        return self.bound >= self.cost


def divides(ground: Ground) -> bool:
    """Whether only cut edges cost, in whole numbers, under rules that a division keeps, on connected ground."""
    if ground.cost.any() or not suits(ground) or ground.number < 2 or ground.n < 2:
        return False
    whole = bool((ground.border == np.floor(ground.border)).all()) and ground.border.sum() < 2**52
    return whole and _connected(ground.n, ground.edges)


def _connected(n: int, edges: Ints) -> bool:
    """Whether the edges join all nodes."""
    return bool(
        csgraph.connected_components(
            sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n)), directed=False
        )[0]
        == 1
    )


@dataclass
class _Divider:
    """What is asked, and what is known of the parts that were looked at."""

    net: Net
    low: float
    high: float
    least: int
    stop: Stop
    number: int
    incumbent: tuple[int, tuple[Ints, ...]] | None = None
    #: by nodes and number: the cheapest division, or a budget within which there is none
    best: dict[tuple[bytes, int], tuple[int, tuple[Ints, ...]]] = field(default_factory=dict)
    barren: dict[tuple[bytes, int], int] = field(default_factory=dict)

    def divide(self, nodes: Ints, number: int, budget: int) -> tuple[int, tuple[Ints, ...]] | None:
        """The cheapest division of connected nodes into a number of districts, None if it exceeds the budget."""
        if number == 1:
            return 0, (nodes,)
        if budget < self.least * (number - 1):
            return None
        held = np.zeros(self.net.n, dtype=np.bool_)
        held[nodes] = True
        key = np.packbits(held).tobytes(), number
        if key in self.best:
            return self.best[key] if self.best[key][0] <= budget else None
        if self.barren.get(key, -1) >= budget:
            return None
        found = self._search(nodes, number, budget)
        if found is None:
            self.barren[key] = budget
        else:
            self.best[key] = found
        return found

    def _search(self, nodes: Ints, number: int, budget: int) -> tuple[int, tuple[Ints, ...]] | None:
        """Part the nodes in two in every way that the budget allows, and divide both sides."""
        if self.stop():
            raise TooLongError
        net = part_of(self.net, nodes)
        total, sides = float(net.weights.sum()), np.arange(1, number)
        lows, highs = self._ranges(total, sides, number)
        open_ = lows <= highs
        if not open_.any():
            return None
        best = None
        for bond in bonds(
            net, lows[open_], highs[open_], 2 * budget // number, best_only=number == 2, stop=self.stop
        ):
            weight = float(net.weights[bond.side].sum())
            rest = np.setdiff1d(np.arange(net.n), bond.side, assume_unique=True)
            for share in sides[(weight >= lows) & (weight <= highs)].tolist():
                halves = [(nodes[bond.side], share), (nodes[rest], number - share)]
                halves.sort(key=lambda half: half[1])
                met = self._both(halves, budget - bond.charge)
                if met is not None:
                    best = met[0] + bond.charge, met[1]
                    budget = best[0] - 1
                    if number == self.number:
                        self.incumbent = best
            if bond.charge > 2 * budget // number:
                break
        return best

    def _both(self, halves: list[tuple[Ints, int]], budget: int) -> tuple[int, tuple[Ints, ...]] | None:
        """The cheapest division of two parts within a common budget; the one with fewer districts first."""
        (one, few), (other, many) = halves
        first = self.divide(one, few, budget - self.least * (many - 1))
        second = self.divide(other, many, budget - first[0]) if first is not None else None
        return None if first is None or second is None else (first[0] + second[0], first[1] + second[1])

    def _ranges(self, total: float, sides: Ints, number: int) -> tuple[Floats, Floats]:
        """Weights that a side of some districts may have, so that the other side may be in its windows too."""
        slack = _SLACK * total
        lows = np.maximum(sides * self.low, total - (number - sides) * self.high) - slack
        highs = np.minimum(sides * self.high, total - (number - sides) * self.low) + slack
        return lows, highs


def solve_by_division(
    ground: Ground, *, upper: float = np.inf, progress: Progress = silent, stop: Stop = never
) -> Division:
    """The fewest cut edges (or the least charge), and the proof, as far as ``stop`` allows.

    Parameters
    ----------
    ground
        For which `divides` holds.
    upper
        Charge of a plan that is known, or inf: only cheaper plans are looked for.
    progress, stop
        Told and asked on the way.

    Returns
    -------
    Division
        ``part`` is None if no plan cheaper than ``upper`` was met; ``bound`` never exceeds ``upper``.
    """
    window = ground.windows[0]
    charge = ground.border.astype(np.int64)
    unit = max(int(np.gcd.reduce(charge)), 1)
    charge = charge // unit
    weights = np.ascontiguousarray(window.weights, dtype=np.float64)
    divider = _Divider(
        net_of(ground.edges, charge, weights), window.low, window.high, int(charge.min()), stop, ground.number
    )
    most = int(charge.sum())
    last = most if np.isinf(upper) else min(most, int(np.ceil(upper / unit - 1e-9)) - 1)
    everything, bound = np.arange(ground.n), divider.least * (ground.number - 1)
    reach = 2 * bound // ground.number
    try:
        while bound <= last:
            # the most that a plan may charge whose cheapest parting is within reach
            budget = min(last, (ground.number * (reach + 1) + 1) // 2 - 1)
            if divider.divide(everything, ground.number, budget) is not None:
                break
            bound = budget + 1
            reach += max(1, reach // _RAISE)
            progress(
                Step("stage.solve", incumbent=upper if np.isfinite(upper) else None, bound=float(bound * unit))
            )
    except TooLongError:
        met = divider.incumbent
        cost = upper if met is None else float(met[0] * unit)
        return Division(_part(met, ground.n), cost, min(float(bound * unit), cost))
    met = divider.incumbent
    cost = upper if met is None else float(met[0] * unit)
    return Division(_part(met, ground.n), cost, cost)


def _part(met: tuple[int, tuple[Ints, ...]] | None, n: int) -> Ints | None:
    """District of each node."""
    if met is None:
        return None
    part = np.full(n, -1, dtype=np.int64)
    for district, nodes in enumerate(met[1]):
        part[nodes] = district
    return part

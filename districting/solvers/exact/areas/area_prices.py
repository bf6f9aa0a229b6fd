"""A bound for fixed seats from connected areas: column generation around the prices of the linear program.

For any prices π of the nodes, with v_s(π) the cheapest connected area of seat s within its capacity,

    Σ π_i + Σ_s v_s(π),    v_s(π) = min Σ_{i in S} (c_is − π_i)

is a lower bound on every plan, for a plan is one area per seat that serve each node once. It is never below the
linear program of assignment, capacity and contiguity, and far above it where areas are small: an area is whole.
Prices are kept in a box around the best ones known (du Merle et al. 1999, doi:10.1016/S0012-365X(98)00213-1),
which moves and widens until it no longer binds. Areas are priced by the exact walk of `connected`; seats for
which it takes too long by the area model, with all other land given to nobody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import highspy
import numpy as np

from districting.errors import SolverError
from districting.plans.problem import Bools, Floats, Ints, Window
from districting.progress import Stop
from districting.solvers.exact.areas.areas import AreaModel
from districting.solvers.ground import Ground
from districting.solvers.lists.around import Field, Pairs
from districting.solvers.lists.connected import walk

_STEPS = 30_000
_ROOM = 64
#: Half width of the box at first, as a share of the price.
_WIDTH = 0.3
#: Weight of the best prices in the mean at which areas are priced, and how fast it falls where nothing is new.
_SMOOTH, _LESS = 0.6, 0.2
#: The bound is taken as converged within this share.
_CLOSE = 2e-5


def price_areas(
    ground: Ground, keep: Bools, *, duals: Floats, stop: Stop, seed: int = 0, threads: int = 1
) -> float:
    """Lower bound on every plan of a plain fixed ground that uses these pairs only; −inf if nothing was proved.

    Parameters
    ----------
    ground
        Fixed seats, one window with ``low`` 0, contiguous.
    keep
        Shape (n, m): pairs that matter.
    duals
        Shape (n,): prices to begin with, those of the linear program.
    stop
        Asked between seats.
    """
    return _Generation(ground, keep & np.isfinite(ground.cost), duals, seed, threads).run(stop)


class _Generation:
    """The linear program of areas, and the pricing of new ones."""

    def __init__(self, ground: Ground, keep: Bools, duals: Floats, seed: int, threads: int) -> None:
        self.ground, self.keep = ground, keep
        self._seed, self._threads = seed, threads
        self._is_host = np.zeros(ground.n, dtype=np.bool_)
        self._is_host[ground.host] = True
        # a host lies in its own area only: its price and that of the seat are one
        self.centre = np.where(self._is_host, 0.0, duals)
        self.width = _WIDTH * np.abs(self.centre) + 1e-3 * np.abs(duals).mean()
        self._areas: list[tuple[int, Ints]] = []
        self._of_seat: list[list[int]] = [[] for _ in range(ground.m)]
        self._cost: list[float] = []
        self._known: set[tuple[int, bytes]] = set()
        self._prepare_walk()
        self._prepare_program(threads)

    def _prepare_walk(self) -> None:
        ground = self.ground
        pointers, neighbours, border = ground.neighbours
        seat_pointers, seats = ground.seats_in
        window = ground.windows[0]
        weights = window.weights.astype(np.float64)
        self._field = Field(
            ground.cost, ground.host, weights, 0.0, np.minimum(ground.highs(window), weights.sum()), pointers,
            neighbours, 0.5 * border, seat_pointers, seats, False,
        )  # fmt: skip
        seat, node = np.nonzero(self.keep.T)
        starts = np.concatenate(([0], np.cumsum(np.bincount(seat, minlength=ground.m)))).astype(np.int64)
        self._pairs = Pairs(starts, node.astype(np.int32), np.ascontiguousarray(ground.cost[node, seat]))

    def _prepare_program(self, threads: int) -> None:
        """Rows of nodes and seats, and two columns a node that hold its price in the box."""
        n, m = self.ground.n, self.ground.m
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # the door is typed in part only
        for option, value in (("output_flag", False), ("threads", threads)):
            self.highs.setOptionValue(option, value)
        nobody, nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
        for row in range(n + m):
            low = 0.0 if row < n and self._is_host[row] else 1.0
            self.highs.addRow(low, 1.0, 0, nobody, nothing)
        for i in range(n):
            for sign in (1.0, -1.0):
                self.highs.addCol(0.0, 0.0, highspy.kHighsInf, 1, np.array([i], dtype=np.int32), np.array([sign]))
        dear = 1.0 + float(np.where(self.keep, self.ground.cost, 0.0).max(axis=1).sum())
        for j in range(m):
            self.highs.addCol(dear, 0.0, highspy.kHighsInf, 1, np.array([n + j], dtype=np.int32), np.ones(1))
        self._box()

    def _box(self) -> None:
        """Put the box where centre and width say."""
        costs = np.column_stack((self.centre + self.width, self.width - self.centre)).ravel()
        self.highs.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)

    def _add(self, seat: int, nodes: Ints) -> bool:
        """Take an area into the program; False if it is there."""
        key = (seat, nodes.tobytes())
        if key in self._known:
            return False
        self._known.add(key)
        self._of_seat[seat].append(len(self._areas))
        self._areas.append((seat, nodes))
        self._cost.append(float(self.ground.cost[nodes, seat].sum()))
        rows = np.concatenate((nodes[~self._is_host[nodes]], [self.ground.n + seat])).astype(np.int32)
        self.highs.addCol(self._cost[-1], 0.0, highspy.kHighsInf, len(rows), rows, np.ones(len(rows)))
        return True

    def _ask(self, seat: int, prices: Floats) -> tuple[float, float, list[Ints]]:
        """Value of the best area known or met, a proved bound on all, and new areas below the known ones."""
        known = min((self._cost[a] - prices[self._areas[a][1]].sum() for a in self._of_seat[seat]), default=1e9)
        limits = np.full(self.ground.m, known - 1e-9 * max(1.0, abs(known)))
        pointers, members = np.zeros(_ROOM + 1, dtype=np.int64), np.zeros(_ROOM * self.ground.n, dtype=np.int32)
        seats, values = np.zeros(_ROOM, dtype=np.int64), np.zeros(_ROOM)
        least, floor, found, _ = walk(
            self._field, self._pairs, prices, np.array([seat]), limits, False, _STEPS, 0, pointers,
            members, seats, values, np.zeros(0, dtype=np.bool_),
        )  # fmt: skip
        new = [np.sort(members[pointers[r] : pointers[r + 1]]).astype(np.int64) for r in range(found)]
        return min(float(least[seat]), known), float(floor[seat]), new

    def _ask_model(self, seat: int, prices: Floats, stop: Stop) -> tuple[float, Ints | None]:
        """The same by the area model: a second seat outside, next to every node, takes what the area leaves."""
        ground = self.ground
        nodes = np.flatnonzero(self.keep[:, seat])
        host = int(np.flatnonzero(nodes == ground.host[seat])[0])
        local = np.full(ground.n, -1, dtype=np.int64)
        local[nodes] = np.arange(len(nodes))
        ends = local[ground.edges]
        outside = len(nodes)
        links = np.column_stack((np.arange(outside), np.full(outside, outside)))
        window = ground.windows[0]
        weights = np.append(window.weights[nodes], 0.0)
        cost = np.zeros((outside + 1, 2))
        cost[:-1, 0] = ground.cost[nodes, seat] - prices[nodes]
        cost[host, 1] = cost[outside, 0] = np.inf
        edges = np.concatenate((ends[(ends >= 0).all(axis=1)], links))
        small = replace(
            ground, cost=cost, host=np.array([host, outside]), edges=edges, border=np.zeros(len(edges)),
            windows=(Window(window.measure, weights, 0.0, float(weights.sum())),), number=2,
            capacity=np.array([ground.highs(window)[seat], weights.sum()]),
        )  # fmt: skip
        model = AreaModel(small, np.isfinite(cost), seed=self._seed, threads=self._threads)
        settled = model.solve(part=None, time_limit_s=5.0, gap_abs=1e-6 * max(1.0, abs(prices).sum()), stop=stop)
        return settled.bound, None if settled.part is None else nodes[np.flatnonzero(settled.part[:-1] == 0)]

    def run(self, stop: Stop) -> float:
        """Price until the program and the bound meet, or nobody wants to wait."""
        ground = self.ground
        proved, mean, best, weight = -np.inf, self.centre, -np.inf, 1.0
        prices, value = self.centre, np.inf
        while not stop():
            asked = [self._ask(seat, prices) for seat in range(ground.m)]
            total = float(prices.sum())
            met = total + sum(a[0] for a in asked)
            floor = total + sum(min(a[0], a[1]) for a in asked)
            new = sum(self._add(seat, nodes) for seat, a in enumerate(asked) for nodes in a[2])
            converged = not new and weight == 0.0
            near = np.isfinite(value) and value - met <= _CLOSE * abs(value)
            if converged or near:
                for seat, (least, low, _) in enumerate(asked):
                    if low < least - 1e-7 * max(1.0, abs(least)) and not stop():
                        bound, nodes = self._ask_model(seat, prices, stop)
                        floor += max(0.0, min(bound, least) - low)
                        new += nodes is not None and self._add(seat, nodes)
            proved = max(proved, floor)
            if met > best:
                best, mean = met, prices
            closed = np.isfinite(value) and value - floor <= _CLOSE * abs(value)
            if (closed or (converged and not new)) and not self._move(mean):
                return proved
            if self.highs.run() == highspy.HighsStatus.kError:
                raise SolverError("HiGHS failed on the linear program of areas")
            solution = self.highs.getSolution()
            value = self.highs.getObjectiveValue()
            inner = np.where(self._is_host, 0.0, np.asarray(solution.row_dual)[: ground.n])
            weight = _SMOOTH if new else max(0.0, min(weight, _SMOOTH) - _LESS)
            prices = weight * mean + (1.0 - weight) * inner
        return proved

    def _move(self, centre: Floats) -> bool:
        """Move the box where it binds, and widen it there; False if it binds nowhere."""
        held = np.asarray(self.highs.getSolution().col_value)[: 2 * self.ground.n].reshape(-1, 2).max(axis=1)
        if held.max() < 1e-7:
            return False
        self.width = np.where(held > 1e-7, 3.0 * self.width, self.width)
        self.centre = centre
        self._box()
        return True

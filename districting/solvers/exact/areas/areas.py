"""Service areas of fixed seats as one compact model, straight in HiGHS: relaxed for a bound, or solved.

    min Σ c_is x_is;   Σ_s x_is = 1;   low ≤ Σ_i w_i x_is ≤ high_s;   x_{host s, s} = 1
    x_is ≤ Σ_{u next to i} x_us              (i not next to the host of s)
    x_is ≤ Σ_{u in C} x_us                   (C separates i from the host of s among the pairs: on demand)

The pairs given decide what is asked: all of them the whole problem, those of a few seats and their nodes a window
of it. HiGHS calls no lazy constraints, so rounds of solving and cutting. PuLP is not used: windows are solved by
the hundred, and building them would take longer than solving.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from districting.errors import SolverError
from districting.plans.problem import Bools, Floats, Ints
from districting.progress import Stop, never
from districting.solvers.exact.areas.shortfall import broken_separators
from districting.solvers.exact.backend import ASK_EVERY_S
from districting.solvers.exact.contiguity import cuts_for, neighbour_lists
from districting.solvers.ground import Ground

_MOST_CUT_ROUNDS = 40
#: Solutions of a round that are looked at besides its last.
_REMEMBERED = 30


@dataclass(frozen=True)
class Relaxed:
    """Optimum of the linear program with the cuts found.

    Parameters
    ----------
    value
        Lower bound on every plan that uses these pairs only; inf if there is none.
    reduced
        Shape (n, m): reduced cost of each pair, ≥ 0 where the pair is not used; inf where it is not allowed.
    share
        Shape (n, m): how much of each node each seat serves.
    duals
        Shape (n,): price of each node.
    steepest
        What a unit more of the scarcest capacity would save.
    """

    value: float
    reduced: Floats
    share: Floats
    duals: Floats
    steepest: float


@dataclass(frozen=True)
class Settled:
    """How a model ended.

    Parameters
    ----------
    part
        Shape (n,): seat of each node of the model, −1 for the others; None if no plan better than the one given.
    bound
        Proved lower bound on the cost of the model's nodes; inf if no plan exists.
    done
        Whether the model was carried to its end: nothing cheaper by more than the gap is left in it.
    """

    part: Ints | None
    bound: float
    done: bool


def _nothing_known(ground: Ground, value: float, reduced: Floats) -> Relaxed:
    """A relaxation without a solution."""
    return Relaxed(value, reduced, np.zeros(ground.cost.shape), np.zeros(ground.n), 0.0)


class AreaModel:
    """The model on some pairs (node, seat)."""

    def __init__(
        self, ground: Ground, keep: Bools, *, excess_price: float | None = None, seed: int = 0, threads: int = 1
    ) -> None:
        """Build it; with a price, capacities may be exceeded at so much a unit of weight."""
        self.ground = ground
        self.keep = keep & np.isfinite(ground.cost)
        self.node, self.seat = np.nonzero(self.keep)
        self.position = np.full(ground.cost.shape, -1, dtype=np.int64)
        self.position[self.node, self.seat] = np.arange(len(self.node))
        self.near = neighbour_lists(ground.n, ground.edges.tolist())
        self._cut_keys: set[tuple[int, int, tuple[int, ...]]] = set()
        self._stop: Stop = never
        self._met: list[Floats] = []
        self._neighbour_rows_in = False
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # the door is typed in part only
        for option, value in (("output_flag", False), ("threads", threads), ("random_seed", seed % 2**31)):
            self.highs.setOptionValue(option, value)
        self._seats = np.unique(self.seat)
        self._soft = excess_price is not None
        self._pass(excess_price or 0.0)
        self._listen()

    @property
    def pairs(self) -> int:
        """Variables that assign."""
        return len(self.node)

    def _pass(self, excess_price: float) -> None:
        """Hand over variables, assignment and capacity rows."""
        ground, many = self.ground, self.pairs
        nodes, node_row = np.unique(self.node, return_inverse=True)
        seat_row = np.searchsorted(self._seats, self.seat)
        window = ground.windows[0]
        extra = len(self._seats) if self._soft else 0
        rows = np.concatenate((node_row, len(nodes) + seat_row, len(nodes) + np.arange(extra)))
        columns = np.concatenate((np.tile(np.arange(many), 2), many + np.arange(extra)))
        values = np.concatenate((np.ones(many), window.weights[self.node], np.full(extra, -1.0)))
        order = np.lexsort((columns, rows))
        height = len(nodes) + len(self._seats)
        self._capacity_rows = slice(len(nodes), height)
        at_home = (ground.host[self.seat] == self.node).astype(np.float64)
        self.highs.passModel(
            many + extra,
            height,
            len(values),
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            np.concatenate((ground.cost[self.node, self.seat], np.full(extra, excess_price))),
            np.concatenate((at_home, np.zeros(extra))),
            np.concatenate((np.ones(many), np.full(extra, highspy.kHighsInf))),
            np.concatenate((np.ones(len(nodes)), np.full(len(self._seats), window.low))),
            np.concatenate((np.ones(len(nodes)), ground.highs(window)[self._seats])),
            np.searchsorted(rows[order], np.arange(height + 1)).astype(np.int32),
            columns[order].astype(np.int32),
            values[order].astype(np.float64),
            np.zeros(many + extra, dtype=np.int32),
        )

    def _listen(self) -> None:
        """Ask now and then whether to stop."""
        asked = time.monotonic()

        def ask(event: Any) -> None:
            nonlocal asked
            now = time.monotonic()
            if now - asked >= ASK_EVERY_S:
                asked = now
                if self._stop():
                    event.interrupt()

        def remember(event: Any) -> None:
            self._met.append(np.array(event.data_out.mip_solution))

        self.highs.cbMipImprovingSolution += remember
        self.highs.cbMipInterrupt += ask
        self.highs.cbSimplexInterrupt += ask

    def cut(self, seat: int, node: int, separator: Sequence[int]) -> bool:
        """The node lies in the seat's area only with a node of the separator; False if that was known."""
        key = (seat, node, tuple(separator))
        if key in self._cut_keys:
            return False
        self._cut_keys.add(key)
        others = [int(self.position[v, seat]) for v in separator if self.position[v, seat] >= 0]
        index = np.array([self.position[node, seat], *others], dtype=np.int32)
        values = np.full(len(index), -1.0)
        values[0] = 1.0
        self.highs.addRow(-highspy.kHighsInf, 0.0, len(index), index, values)
        return True

    def add_neighbour_rows(self) -> None:
        """A node that is not next to the host needs a neighbour in the area."""
        if self._neighbour_rows_in or not self.ground.contiguous:
            return
        self._neighbour_rows_in = True
        for node, seat in zip(self.node.tolist(), self.seat.tolist(), strict=True):
            host = int(self.ground.host[seat])
            if node != host and host not in self.near[node]:
                self.cut(seat, node, [v for v in self.near[node] if self.keep[v, seat]])

    def relax(self, *, stop: Stop = never) -> Relaxed:
        """Solve the linear program, cutting off fractional areas that fall apart, as long as it helps."""
        ground, highs = self.ground, self.highs
        self._stop = stop
        best: Relaxed | None = None
        for _ in range(_MOST_CUT_ROUNDS):
            if highs.run() == highspy.HighsStatus.kError:
                raise SolverError("HiGHS failed on the linear program of areas")
            if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
                return _nothing_known(ground, float("inf"), np.full(ground.cost.shape, np.inf))
            if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                break
            solution = highs.getSolution()
            reduced = np.full(ground.cost.shape, np.inf)
            reduced[self.node, self.seat] = np.asarray(solution.col_dual)[: self.pairs]
            share = np.zeros(ground.cost.shape)
            share[self.node, self.seat] = np.asarray(solution.col_value)[: self.pairs]
            gain = highs.getObjectiveValue() - (best.value if best is not None else -np.inf)
            rows = np.asarray(solution.row_dual)
            duals = np.zeros(ground.n)
            duals[np.unique(self.node)] = rows[: self._capacity_rows.start]
            steepest = float(-rows[self._capacity_rows].min(initial=0.0))
            best = Relaxed(float(highs.getObjectiveValue()), reduced, share, duals, steepest)
            if not ground.contiguous or stop() or gain <= 1e-6 * abs(best.value):
                break
            found = [
                self.cut(seat, cut.atom, cut.separator)
                for seat in self._seats.tolist()
                for cut in broken_separators(self.near, share[:, seat], int(ground.host[seat]), self.keep[:, seat])
            ]
            if not any(found):
                break
        if best is None:
            return _nothing_known(ground, -np.inf, np.where(self.keep, 0.0, np.inf))
        return best

    def solve(
        self,
        *,
        part: Ints | None,
        time_limit_s: float,
        gap_abs: float = 0.0,
        most_nodes: int | None = None,
        most_rounds: int | None = None,
        stop: Stop = never,
    ) -> Settled:
        """Find the cheapest plan of the model, in rounds of solving and cutting.

        Parameters
        ----------
        part
            A plan to start from, shape (n,), or None.
        time_limit_s
            Wall time.
        gap_abs
            Each round ends when proved within this much.
        most_nodes, most_rounds
            Of a round's search tree, and of rounds: limits that do not depend on the machine. None: no limit.
        stop
            Asked often.
        """
        ends = time.monotonic() + time_limit_s
        highs = self.highs
        self._stop = lambda: stop() or time.monotonic() > ends
        self.add_neighbour_rows()
        integer = np.full(self.pairs, highspy.HighsVarType.kInteger)
        highs.changeColsIntegrality(self.pairs, np.arange(self.pairs, dtype=np.int32), integer)
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue("mip_abs_gap", max(gap_abs, 1e-9))
        if most_nodes is not None:
            highs.setOptionValue("mip_max_nodes", most_nodes)
        bound, rounds = -np.inf, 0
        found: Ints | None = None
        least = np.inf
        while most_rounds is None or rounds < most_rounds:
            rounds += 1
            left = ends - time.monotonic()
            if left <= 0.02 or stop():
                return Settled(found, bound, False)
            # some versions count from the first run, others from each; `_stop` holds for all
            highs.setOptionValue("time_limit", highs.getRunTime() + left)
            if part is not None:
                self._start(part)
            self._met.clear()
            if highs.run() == highspy.HighsStatus.kError:
                raise SolverError("HiGHS failed on the model of areas")
            ended, info = highs.getModelStatus(), highs.getInfo()
            if ended == highspy.HighsModelStatus.kInfeasible:
                return Settled(None, float("inf"), True)
            proved = ended == highspy.HighsModelStatus.kOptimal
            # stopped before the root is done HiGHS leaves 0, which is no bound (method §7, trap 8)
            if info.valid and (proved or info.mip_node_count > 0):
                bound = max(bound, info.mip_dual_bound)
            if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                return Settled(found, bound, False)
            trial, whole = self._read(np.asarray(highs.getSolution().col_value))
            if whole:
                return Settled(trial, bound, proved)
            # solutions met on the way: the whole ones are plans, the others show what to cut off
            for values in self._met[-_REMEMBERED:]:
                trial, whole = self._read(values)
                value = self._value(values)
                if whole and value < least:
                    found, least = trial, value
            if found is not None and proved and least <= bound + gap_abs:
                return Settled(found, bound, True)
            part = part if found is None else found
        return Settled(found, bound, False)

    def _value(self, values: Floats) -> float:
        """Objective of a solution."""
        return float(np.asarray(self.highs.getLp().col_cost_) @ values)

    def _start(self, part: Ints) -> None:
        """Offer a plan to HiGHS."""
        solution = highspy.HighsSolution()
        values = (part[self.node] == self.seat).astype(np.float64)
        if self._soft:
            window = self.ground.windows[0]
            loads = np.bincount(self.seat, weights=values * window.weights[self.node], minlength=self.ground.m)
            excess = np.maximum(0.0, loads - self.ground.highs(window))[self._seats]
            values = np.concatenate((values, excess))
        solution.col_value = values.tolist()
        solution.value_valid = True
        self.highs.setSolution(solution)

    def _read(self, values: Floats) -> tuple[Ints, bool]:
        """The plan in a solution, and whether every area holds together; what does not is cut off."""
        ground = self.ground
        taken = values[: self.pairs] > 0.5
        trial: Ints = np.full(ground.n, -1, dtype=np.int64)
        trial[self.node[taken]] = self.seat[taken]
        if not ground.contiguous:
            return trial, True
        whole = True
        weights = ground.windows[0].weights.tolist()
        for seat in self._seats.tolist():
            allowed = set(np.flatnonzero(self.keep[:, seat]).tolist())
            area = np.flatnonzero(trial == seat).tolist()
            for cut in cuts_for(self.near, area, int(ground.host[seat]), allowed, weights):
                self.cut(seat, cut.atom, cut.separator)
                whole = False
        return trial, whole

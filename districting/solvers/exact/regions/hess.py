"""Hess's assignment model on the pairs that the bound has left: the proof, with contiguity cut in on demand.

    min Σ c_ij x_ij + Σ_e b_e (1 − Σ_j s_ej)
    Σ_j x_ij = 1;  x_ij ≤ y_j = x_{host j, j};  Σ y_j = k;  low y_j ≤ Σ_i w_i x_ij ≤ high y_j
    s_ej ≤ x_uj, s_ej ≤ x_vj      (edge e = uv inside the district of j; only where borders cost)

Nodes that are not next to their seat need a neighbour in the district; what still falls apart is cut off by
minimal separators and solved again (HiGHS calls no lazy constraints). Each round's bound holds for the ground.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pulp

from districting.errors import SolverError
from districting.plans.problem import Bools, Floats, Ints, Window
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.annealing.search import total_cost
from districting.solvers.exact.backend import solve_model
from districting.solvers.exact.contiguity import cuts_for, neighbour_lists, neighbour_rows
from districting.solvers.ground import Ground


@dataclass(frozen=True)
class Proof:
    """How the model ended.

    Parameters
    ----------
    part
        Shape (n,), district of each node in the best plan known, or None.
    cost
        Of that plan, inf without.
    bound
        Proved lower bound; inf if there is no plan at all, and if ``upper`` or ``cutoff`` was given, that if there
        is none cheaper.
    rounds
        Models solved.
    """

    part: Ints | None
    cost: float
    bound: float
    rounds: int


def reachable_pairs(ground: Ground, keep: Bools) -> Bools:
    """Pairs (node, seat) that a connected district light enough for some window can hold.

    Dijkstra on node weights inside the seat's own pairs (Validi et al. 2022, U-path fixing).
    """
    if not ground.contiguous:
        return keep
    pointers, neighbours, _ = ground.neighbours
    left = np.zeros_like(keep)
    for window in ground.windows:
        highs = ground.highs(window)
        weights = window.weights.tolist()
        for seat in range(ground.m):
            root = int(ground.host[seat])
            if not keep[root, seat]:
                continue
            distance = {root: weights[root]}
            heap = [(weights[root], root)]
            while heap:
                amount, node = heapq.heappop(heap)
                if amount > distance[node]:
                    continue
                for other in neighbours[pointers[node] : pointers[node + 1]].tolist():
                    further = amount + weights[other]
                    if (
                        keep[other, seat]
                        and further <= highs[seat] + 1e-9
                        and further < distance.get(other, np.inf)
                    ):
                        distance[other] = further
                        heapq.heappush(heap, (further, other))
            left[[node for node, amount in distance.items() if amount <= highs[seat] + 1e-9], seat] = True
    return left


def _sum(terms: list[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """Add the terms up; PuLP keeps only the last of a variable that comes twice, as a seat's own node does."""
    total: dict[pulp.LpVariable, float] = {}
    for variable, factor in terms:
        total[variable] = total.get(variable, 0.0) + factor
    return pulp.LpAffineExpression(list(total.items()))


class _Model:
    """The PuLP model with its variables by pair."""

    def __init__(self, ground: Ground, keep: Bools, bordered: bool) -> None:
        self.ground = ground
        self.keep = keep
        self.seats = [int(j) for j in range(ground.m) if keep[ground.host[j], j]]
        self.inside: dict[int, list[int]] = {j: np.flatnonzero(keep[:, j]).tolist() for j in self.seats}
        self.model = pulp.LpProblem("hess", pulp.LpMinimize)
        self.x = {
            (i, j): self.model.add_variable(f"x{i}_{j}", cat="Binary") for j in self.seats for i in self.inside[j]
        }
        self.opened = {j: self.x[int(ground.host[j]), j] for j in self.seats}
        self.kept_edges: dict[tuple[int, int], pulp.LpVariable] = {}
        constant, terms = 0.0, [(variable, float(ground.cost[pair])) for pair, variable in self.x.items()]
        if bordered:
            constant = float(ground.border.sum())
            terms += self._add_edges()
        self.model.setObjective(pulp.LpAffineExpression(terms, constant=constant))
        self._add_assignment()
        self._add_sizes(ground.windows, "")
        self._add_sizes(ground.horizon, "h")
        self._add_ties()
        if ground.contiguous:
            self.near = neighbour_lists(ground.n, ground.edges.tolist())
            for j in self.seats:
                for cut in neighbour_rows(self.near, int(ground.host[j]), set(self.inside[j])):
                    self.cut(j, cut.atom, cut.separator)

    def cut(self, seat: int, node: int, separator: Sequence[int]) -> None:
        """The node lies in the seat's district only with a node of the separator."""
        terms = [(self.x[node, seat], 1.0)] + [(self.x[v, seat], -1.0) for v in separator]
        self.model += pulp.LpAffineExpression(terms) <= 0

    def cut_off(self, cost: float) -> None:
        """Only plans up to this cost."""
        self.model += self.model.objective <= cost

    def _add_edges(self) -> list[tuple[pulp.LpVariable, float]]:
        """Uncut edges, and what they save."""
        terms = []
        for e, (u, v) in enumerate(self.ground.edges.tolist()):
            charge = float(self.ground.border[e])
            if charge <= 0:
                continue
            for j in self.seats:
                if (u, j) in self.x and (v, j) in self.x:
                    uncut = self.model.add_variable(f"s{e}_{j}", 0, 1)
                    self.kept_edges[e, j] = uncut
                    for end in (u, v):
                        self.model += pulp.LpAffineExpression([(uncut, 1.0), (self.x[end, j], -1.0)]) <= 0
                    terms.append((uncut, -charge))
        return terms

    def _add_assignment(self) -> None:
        """Every node once, to an open seat; exactly k districts."""
        for i in range(self.ground.n):
            row = [(self.x[i, int(j)], 1.0) for j in np.flatnonzero(self.keep[i]) if int(j) in self.inside]
            self.model += pulp.LpAffineExpression(row) == 1
        for (_, j), variable in self.x.items():
            if variable is not self.opened[j]:
                self.model += pulp.LpAffineExpression([(variable, 1.0), (self.opened[j], -1.0)]) <= 0
        self.model += pulp.LpAffineExpression([(y, 1.0) for y in self.opened.values()]) == self.ground.number

    def _add_sizes(self, windows: tuple[Window, ...], mark: str) -> None:
        """One window holds; with two, a choice per seat."""
        for j in self.seats:
            choices = [self.opened[j]]
            if len(windows) > 1:
                choices = [self.model.add_variable(f"t{mark}{j}_{q}", cat="Binary") for q in range(len(windows))]
                row = [(choice, 1.0) for choice in choices]
                self.model += pulp.LpAffineExpression([*row, (self.opened[j], -1.0)]) == 0
            for window, choice in zip(windows, choices[: len(windows)], strict=True):
                weights = window.weights
                high = float(self.ground.highs(window)[j])
                body = [(self.x[i, j], float(weights[i])) for i in self.inside[j]]
                if window.low > 0:
                    self.model += _sum([*body, (choice, -window.low)]) >= 0
                total = float(weights[self.inside[j]].sum())
                if total <= high:
                    continue
                if choice is self.opened[j]:
                    self.model += _sum([*body, (choice, -high)]) <= 0
                else:
                    loose = [(self.opened[j], -total), (choice, total - high)]
                    self.model += _sum([*body, *loose]) <= 0

    def _add_ties(self) -> None:
        """Nodes never together, always together, or never all together."""
        for u, v in self.ground.apart.tolist():
            for j in self.seats:
                if (u, j) in self.x and (v, j) in self.x:
                    self.model += _sum([(self.x[u, j], 1.0), (self.x[v, j], 1.0), (self.opened[j], -1.0)]) <= 0
        for u, v in self.ground.together.tolist():
            for j in self.seats:
                row = [(self.x[i, j], sign) for i, sign in ((u, 1.0), (v, -1.0)) if (i, j) in self.x]
                if row:
                    self.model += pulp.LpAffineExpression(row) == 0
        for nodes in self.ground.broken:
            for j in self.seats:
                if all((i, j) in self.x for i in nodes):
                    row = [(self.x[i, j], 1.0) for i in nodes]
                    self.model += pulp.LpAffineExpression(row) <= len(nodes) - 1

    def start(self, part: Ints, seats: Ints) -> dict[str, float]:
        """Values of a plan's assignment variables; empty if it uses a pair that is ruled out."""
        using = {(i, int(seats[part[i]])) for i in range(self.ground.n)}
        if not using <= self.x.keys():
            return {}
        values = {variable.name: float(pair in using) for pair, variable in self.x.items()}
        for (e, j), variable in self.kept_edges.items():
            u, v = self.ground.edges[e].tolist()
            values[variable.name] = float((u, j) in using and (v, j) in using)
        return values


def solve_hess(
    ground: Ground,
    *,
    keep: Bools,
    part: Ints | None = None,
    upper: float = np.inf,
    cutoff: float = np.inf,
    gap_rel: float = 0.0,
    time_limit_s: float = 60.0,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
    stop: Stop = never,
) -> Proof:
    """Solve Hess's model on some pairs until it is proved or time is up.

    Parameters
    ----------
    ground
        What is asked.
    keep
        Shape (n, m): pairs that a plan cheaper than ``upper`` may use.
    part, upper
        The best plan known and its cost, or None and inf.
    cutoff
        In place of ``part``: plans dearer than this are of no interest. Where there is none up to it, the bound
        is the cutoff. HiGHS prunes by it from the first node on.
    gap_rel
        Stop when proved within this share.
    """
    began = time.monotonic()
    best, cost, bound = part, upper, -np.inf
    bordered = bool((ground.border > 0).any())
    keep = reachable_pairs(ground, keep & np.isfinite(ground.cost))
    if not keep.any(axis=1).all():
        return Proof(best, cost, cutoff if part is None else cost, 0)
    built = _Model(ground, keep, bordered)
    start = {} if part is None else built.start(part, total_cost(ground, part)[1])
    if part is None and np.isfinite(cutoff):
        built.cut_off(cutoff)
    rounds = 0
    while True:
        left = time_limit_s - (time.monotonic() - began)
        if left <= 0.05 or stop():
            return Proof(best, cost, bound, rounds)
        rounds += 1
        solved = solve_model(
            built.model,
            time_limit_s=left,
            gap_rel=gap_rel,
            start=start,
            seed=seed,
            threads=threads,
            stop=stop,
        )
        if solved.status == "infeasible":
            if start:
                raise SolverError("the assignment model refuses a plan that keeps every rule")
            return Proof(best, cost, cost if part is not None else cutoff, rounds)
        bound = max(bound, solved.bound)
        if not solved.found:
            return Proof(best, cost, min(bound, cost), rounds)
        trial, broken = _read(built, solved.values)
        progress(Step("stage.solve", rounds, 0, incumbent=cost if np.isfinite(cost) else None, bound=bound))
        if not broken:
            value, seats = total_cost(ground, trial)
            if value < cost - 1e-9 * max(1.0, abs(value)):
                best, cost = trial, value
                start = built.start(trial, seats)
            return Proof(best, cost, min(bound, cost), rounds)
        if bound >= cost - max(gap_rel, 1e-9) * abs(cost):
            return Proof(best, cost, min(bound, cost), rounds)


def _read(built: _Model, values: Mapping[str, float]) -> tuple[Ints, bool]:
    """The plan in a solution, and whether contiguity had to be cut in."""
    ground = built.ground
    opened = [j for j in built.seats if values[built.opened[j].name] > 0.5]
    trial: Ints = np.full(ground.n, -1, dtype=np.int64)
    weights: Floats = ground.windows[0].weights
    broken = False
    for d, j in enumerate(opened):
        nodes = [i for i in built.inside[j] if values[built.x[i, j].name] > 0.5]
        trial[nodes] = j if ground.fixed else d
        if not ground.contiguous:
            continue
        for cut in cuts_for(built.near, nodes, int(ground.host[j]), set(built.inside[j]), weights.tolist()):
            built.cut(j, cut.atom, cut.separator)
            broken = True
    return trial, broken

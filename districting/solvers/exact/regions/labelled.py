"""The labelled model, for grounds where only cut edges cost: no seats, so no assignment model.

    min Σ_e b_e (1 − Σ_l s_el);  Σ_l x_il = 1;  low ≤ Σ_i w_i x_il ≤ high;  s_el ≤ x_ul, s_el ≤ x_vl

Labels are interchangeable: the r-th heaviest node takes one of the first r labels. Contiguity is cut in where a
district falls apart: two nodes a, b of one label need a node of the separator between them,
x_al + x_bl ≤ 1 + Σ_sep x_vl (Validi and Buchanan 2022, doi:10.1007/s12532-022-00221-5).
"""

from __future__ import annotations

import time

import numpy as np
import pulp

from districting.errors import SolverError
from districting.plans.problem import Ints
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.exact.backend import solve_model
from districting.solvers.exact.contiguity import components, neighbour_lists, separator
from districting.solvers.exact.regions.hess import Proof
from districting.solvers.ground import Ground


def solve_labelled(
    ground: Ground,
    *,
    part: Ints | None,
    upper: float,
    time_limit_s: float,
    lower: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
    stop: Stop = never,
) -> Proof:
    """Prove the fewest cut edges (or the least charge) as far as time goes.

    Parameters
    ----------
    ground
        Without costs, free of seats, contiguous, with one window and no ties.
    part, upper
        The best plan known and its charge, or None and inf.
    lower
        A bound on every plan that is proved already.
    """
    began = time.monotonic()
    n, k = ground.n, ground.number
    whole = bool((ground.border == np.floor(ground.border)).all())
    window = ground.windows[0]
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(-window.weights, kind="stable")] = np.arange(n)
    model = pulp.LpProblem("labelled", pulp.LpMinimize)
    x = [
        [model.add_variable(f"x{i}_{label}", 0, 1 if label <= rank[i] else 0, cat="Binary") for label in range(k)]
        for i in range(n)
    ]
    terms = []
    ends = ground.edges.tolist()
    s = [[model.add_variable(f"s{e}_{label}", 0, 1) for label in range(k)] for e in range(len(ends))]
    for e, (u, v) in enumerate(ends):
        for label in range(k):
            terms.append((s[e][label], -float(ground.border[e])))
            for end in (u, v):
                model += pulp.LpAffineExpression([(s[e][label], 1.0), (x[end][label], -1.0)]) <= 0
    model.setObjective(pulp.LpAffineExpression(terms, constant=float(ground.border.sum())))
    for i in range(n):
        model += pulp.lpSum(x[i]) == 1
    for label in range(k):
        size = pulp.LpAffineExpression([(x[i][label], float(window.weights[i])) for i in range(n)])
        model += size >= window.low
        model += size <= window.high
    near = neighbour_lists(n, ends)
    everywhere = set(range(n))
    best, cost, bound, rounds = part, upper, lower, 0
    while True:
        left = time_limit_s - (time.monotonic() - began)
        if left <= 0.05 or stop() or bound >= cost - 1e-9:
            return Proof(best, cost, min(bound, cost), rounds)
        rounds += 1
        solved = solve_model(
            model,
            time_limit_s=left,
            gap_abs=0.999 if whole else 0.0,
            start=_start(x, s, best, ends, rank) if best is not None else {},
            threads=threads,
            seed=seed,
            stop=stop,
        )
        if solved.status == "infeasible":
            if best is not None:
                raise SolverError("the labelled model refuses a plan that keeps every rule")
            return Proof(None, cost, float("inf"), rounds)
        bound = max(bound, float(np.ceil(solved.bound - 1e-6)) if whole else solved.bound)
        progress(Step("stage.solve", rounds, 0, incumbent=cost if np.isfinite(cost) else None, bound=bound))
        if not solved.found:
            return Proof(best, cost, min(bound, cost), rounds)
        trial = np.array([next(c for c in range(k) if solved.values[x[i][c].name] > 0.5) for i in range(n)])
        broken = False
        for label in range(k):
            pieces = components(near, np.flatnonzero(trial == label).tolist())
            heaviest = [max(piece, key=lambda i: (window.weights[i], -i)) for piece in pieces]
            order = sorted(range(len(pieces)), key=lambda c: -float(window.weights[pieces[c]].sum()))
            for c in order[1:]:
                a, b = heaviest[c], heaviest[order[0]]
                between = separator(near, pieces[c], b, everywhere)
                broken = True
                for other in range(k):
                    row = [(x[a][other], 1.0), (x[b][other], 1.0)] + [(x[v][other], -1.0) for v in between]
                    model += pulp.LpAffineExpression(row) <= 1
        value = float(ground.border[trial[ground.edges[:, 0]] != trial[ground.edges[:, 1]]].sum())
        if not broken:
            if value < cost - 1e-9:
                best, cost = trial.astype(np.int64), value
            return Proof(best, cost, min(bound, cost), rounds)


def _start(
    x: list[list[pulp.LpVariable]], s: list[list[pulp.LpVariable]], part: Ints, ends: list[list[int]], rank: Ints
) -> dict[str, float]:
    """The plan with its districts numbered by their heaviest node, as the labels ask."""
    label = np.full(int(part.max()) + 1, -1, dtype=np.int64)
    for node in np.argsort(rank):
        if label[part[node]] < 0:
            label[part[node]] = label.max() + 1
    of = label[part]
    values = {variable.name: float(of[i] == c) for i, row in enumerate(x) for c, variable in enumerate(row)}
    for (u, v), row in zip(ends, s, strict=True):
        values |= {variable.name: float(of[u] == c and of[v] == c) for c, variable in enumerate(row)}
    return values

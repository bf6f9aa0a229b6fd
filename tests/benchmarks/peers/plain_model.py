"""The textbook way: Hess's model in PuLP as it stands, given to HiGHS or CBC, contiguity cut in between solves."""

from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pulp

from districting.solvers.bare import Instance


def hess(instance: Instance, *, solver: str, time_limit_s: float) -> tuple[float | None, float | None, float]:
    """Value and bound (None where the solver gives none) of the full model, and the seconds it took.

    ``solver``: ``HiGHS`` or ``PULP_CBC_CMD``. No pruning: every pair of nodes is a variable.
    """
    began = time.monotonic()
    n, pop = instance.n, instance.pop
    cost = pop[:, None] * instance.distance() / instance.cost_scale
    program = pulp.LpProblem("hess", pulp.LpMinimize)
    x = [[program.add_variable(f"x_{i}_{j}", cat="Binary") for j in range(n)] for i in range(n)]
    program += pulp.lpSum(cost[i, j] * x[i][j] for i in range(n) for j in range(n))
    for i in range(n):
        program += pulp.lpSum(x[i]) == 1
    program += pulp.lpSum(x[j][j] for j in range(n)) == instance.number
    for j in range(n):
        size = pulp.lpSum(pop[i] * x[i][j] for i in range(n))
        program += size >= instance.low * x[j][j]
        program += size <= instance.high * x[j][j]
        for i in range(n):
            if i != j:
                program += x[i][j] <= x[j][j]
    graph = nx.Graph(instance.edges.tolist())
    while True:
        left = time_limit_s - (time.monotonic() - began)
        if left <= 1:
            return None, None, time.monotonic() - began
        program.solve(pulp.getSolver(solver, msg=False, timeLimit=left))
        value = program.objective.value() if program.status == 1 else None
        if value is None:
            return None, None, time.monotonic() - began
        part = np.array([max(range(n), key=lambda j: x[i][j].value() or 0.0) for i in range(n)])
        cuts = 0
        for j in np.unique(part):
            members = set(np.flatnonzero(part == j).tolist())
            for piece in nx.connected_components(graph.subgraph(members)):
                if j in piece:
                    continue
                a = max(piece, key=lambda i: pop[i])
                around = {v for u in piece for v in graph[u]} - piece
                program += x[a][j] <= pulp.lpSum(x[v][j] for v in around)
                cuts += 1
        if not cuts:
            proved = time.monotonic() - began < time_limit_s - 1 and program.sol_status == 1
            return value, value if proved else None, time.monotonic() - began

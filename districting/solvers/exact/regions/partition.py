"""The master: which regions of a pool make the cheapest plan, and what its linear program says of each node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pulp
from scipy import optimize, sparse

from districting.plans.problem import Bools, Floats, Ints
from districting.progress import Stop, never
from districting.solvers.annealing.pool import Pool
from districting.solvers.exact.backend import solve_model
from districting.solvers.ground import Ground

_ROUNDS = 12
_CHEAP = 4000
_ADDED = 4000


@dataclass(frozen=True)
class Relaxed:
    """Optimum of the pool's linear program. Says nothing about plans outside the pool.

    ``duals`` shape (n,) of the nodes; ``seat_duals`` shape (m,) of the seats, one value for all unless fixed;
    ``reduced`` shape (r,) the reduced cost of each region.
    """

    value: float
    duals: Floats
    seat_duals: Floats
    reduced: Floats


def _rows(ground: Ground, pool: Pool) -> sparse.csc_array:
    """One row per node, then one for the number of districts, or one per seat where fixed."""
    many = len(pool)
    size = np.diff(pool.regions.pointers)
    column = np.repeat(np.arange(many), size)
    seat_row = ground.n + (pool.seat if ground.fixed else np.zeros(many, dtype=np.int64))
    height = ground.n + (ground.m if ground.fixed else 1)
    return sparse.csc_array(
        (
            np.ones(len(column) + many),
            (np.concatenate((pool.regions.members, seat_row)), np.concatenate((column, np.arange(many)))),
        ),
        shape=(height, many),
    )


def relax(ground: Ground, pool: Pool, *, first: Ints) -> Relaxed | None:
    """Solve the linear program over the pool, column by column; None if the pool holds no plan.

    Parameters
    ----------
    ground
        What is asked.
    pool
        Columns.
    first
        Positions of a plan's regions, so that the program is feasible from the start.
    """
    matrix = _rows(ground, pool)
    ask = np.concatenate((np.ones(ground.n), np.ones(ground.m) if ground.fixed else [float(ground.number)]))
    size = np.diff(pool.regions.pointers)
    cheap = np.argsort(pool.cost / size, kind="stable")[:_CHEAP]
    active = np.zeros(len(pool), dtype=np.bool_)
    active[cheap] = True
    active[first] = True
    for _ in range(_ROUNDS):
        positions = np.flatnonzero(active)
        solved = optimize.linprog(
            pool.cost[positions], A_eq=matrix[:, positions], b_eq=ask, bounds=(0, None), method="highs"
        )
        if not solved.success:
            return None
        prices = np.asarray(solved.eqlin.marginals, dtype=np.float64)
        reduced = pool.cost - matrix.T @ prices
        outside = np.flatnonzero(~active & (reduced < -1e-7 * max(1.0, abs(solved.fun))))
        if not len(outside):
            break
        active[outside[np.argsort(reduced[outside], kind="stable")[:_ADDED]]] = True
    seat_duals = prices[ground.n :] if ground.fixed else np.full(ground.m, prices[ground.n])
    return Relaxed(float(solved.fun), prices[: ground.n], seat_duals, reduced)


def choose(
    ground: Ground,
    pool: Pool,
    *,
    relaxed: Relaxed,
    incumbent: Ints,
    time_limit_s: float,
    seed: int = 0,
    threads: int = 1,
    most: int = 5000,
    stop: Stop = never,
) -> tuple[Ints, bool]:
    """Cheapest plan made of regions of the pool.

    Only columns whose reduced cost fits under the incumbent can be in a better plan; of those at most ``most``
    are tried first, and all that still fit once more, so that the answer is complete over the pool.

    Returns
    -------
    positions, complete
        Regions chosen, ascending; True if no plan of the pool is cheaper.
    """
    best = np.sort(incumbent)
    complete = False
    for limit in (most, 4 * most):
        gap = float(pool.cost[best].sum()) - relaxed.value
        fits = np.flatnonzero(relaxed.reduced <= gap + 1e-9 * max(1.0, abs(relaxed.value)))
        tried = fits[np.argsort(relaxed.reduced[fits], kind="stable")[:limit]]
        tried = np.union1d(tried, best)
        found, proved = _choose_among(
            ground, pool, tried, best, time_limit_s=time_limit_s, seed=seed, threads=threads, stop=stop
        )
        best = found
        complete = proved and len(fits) <= limit
        if complete or not proved:
            break
    return best, complete


def _choose_among(
    ground: Ground,
    pool: Pool,
    tried: Ints,
    incumbent: Ints,
    *,
    time_limit_s: float,
    seed: int,
    threads: int,
    stop: Stop,
) -> tuple[Ints, bool]:
    """Set partitioning over some columns."""
    model = pulp.LpProblem("partition", pulp.LpMinimize)
    columns = [model.add_variable(f"z{r}", cat="Binary") for r in tried]
    model.setObjective(pulp.LpAffineExpression(list(zip(columns, pool.cost[tried].tolist(), strict=True))))
    rows: list[list[pulp.LpVariable]] = [[] for _ in range(ground.n + (ground.m if ground.fixed else 0))]
    for column, position in zip(columns, tried, strict=True):
        for node in pool.region(int(position)):
            rows[node].append(column)
        if ground.fixed:
            rows[ground.n + int(pool.seat[position])].append(column)
    for row in rows:
        model += pulp.lpSum(row) == 1
    if not ground.fixed:
        model += pulp.lpSum(columns) == ground.number
    inside = np.isin(tried, incumbent)
    solved = solve_model(
        model,
        time_limit_s=time_limit_s,
        gap_rel=1e-7,
        start={column.name: float(chosen) for column, chosen in zip(columns, inside, strict=True)},
        seed=seed,
        threads=threads,
        stop=stop,
    )
    if not solved.found:
        return incumbent, False
    chosen = tried[[solved.values[column.name] > 0.5 for column in columns]]
    better: Bools = pool.cost[chosen].sum() < pool.cost[incumbent].sum() - 1e-9
    return (np.sort(chosen) if better else incumbent), solved.status == "optimal"

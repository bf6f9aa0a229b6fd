"""Long lists of districts made short: cuts raise the linear program, reduced costs throw out, one program decides.

Bounds hold for plans made of listed districts, and for all plans up to a ceiling: a plan with a district that the
list does not reach costs more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from districting.plans.problem import Floats, Ints
from districting.solvers.exact.regions.covering import Master, choose_whole, cut_rows, separate
from districting.solvers.ground import Ground
from districting.solvers.lists.standing import LITTLE, Clock, Standing
from districting.solvers.lists.windows import improve

#: Columns with which an integer program is tried, one size after the other.
_SIZES = (1_500, 6_000, 24_000)
#: Rounds of cuts that raise the bound by less than `_RISE` of the gap before the cuts end.
_PATIENCE, _RISE = 3, 0.02
#: Share of the time left that windows may take before there is a longer list.
_WINDOWS = 0.35


@dataclass
class Table:
    """A list of districts: cost of each, and its column in the rows of nodes, number and cuts."""

    cost: Floats
    columns: sparse.csc_array


def close(
    ground: Ground, table: Table, standing: Standing, *, ceiling: float, searched: bool, clock: Clock, seed: int,
    threads: int,
) -> None:  # fmt: skip
    """Improve plan and bound by a list, as far as it goes.

    Parameters
    ----------
    table
        The districts of the standing plan come first. Cuts are added to its rows.
    ceiling
        No plan with a district that is not in the list costs less.
    searched
        A plan has been looked for in a shorter list: once the bound is at the ceiling, windows are enough.
    """
    n, k = ground.n, ground.number
    master = Master(n, k)
    score = table.cost - table.columns.T @ np.append(standing.duals, standing.number)
    active = np.zeros(len(table.cost), dtype=np.bool_)
    active[:k] = True
    active[np.argsort(score, kind="stable")[: 6 * n]] = True
    order = np.flatnonzero(active)
    master.add(table.cost[order], sparse.csc_array(table.columns[:, order]))
    stalled, last = 0, standing.bound
    while not clock.over():
        priced = master.solve(time_limit_s=clock.left)
        if priced is None:
            return
        reduced = table.cost - table.columns.T @ priced.prices
        outside = np.flatnonzero(~active & (reduced < -1e-7 * abs(priced.value) / k))
        if len(outside):
            outside = outside[np.argsort(reduced[outside], kind="stable")[: 2 * n]]
            active[outside] = True
            order = np.concatenate((order, outside))
            master.add(table.cost[outside], sparse.csc_array(table.columns[:, outside]))
            continue
        least = priced.bound(k, reduced)
        standing.raise_bound(min(least, ceiling))
        whole = order[priced.shares > 0.5]
        if (np.abs(priced.shares - np.round(priced.shares)) < 1e-6).all():
            standing.better(_part_of(table.columns[:, whole], n), float(table.cost[whole].sum()))
        if standing.done:
            return
        stalled = stalled + 1 if least - last < _RISE * (standing.upper - least) else 0
        last = max(last, least)
        left = int((reduced <= standing.upper - least).sum())
        triples = np.zeros((0, 3), dtype=np.int64)
        if left > _SIZES[0] and stalled < _PATIENCE:
            triples = separate(sparse.csc_array(table.columns[:, order]), priced.shares, n=n, most=n // 3 + 30)
        if searched and least >= ceiling:
            _redraw_windows(ground, table, reduced, np.arange(k), standing, clock, seed, share=1.0)
            return
        if not len(triples):
            _decide(ground, table, reduced, least, standing, ceiling, clock, seed, threads)
            return
        rows = cut_rows(table.columns, triples, n)
        table.columns = sparse.csc_array(sparse.vstack([table.columns, rows]))
        master.cut(sparse.csr_array(rows[:, order]))


def _decide(
    ground: Ground, table: Table, reduced: Floats, least: float, standing: Standing, ceiling: float, clock: Clock,
    seed: int, threads: int,
) -> None:  # fmt: skip
    """The integer program: first the most promising columns, then all that fit under the plan.

    Where the list does not reach up to the plan, it is only asked for better plans, and windows end it.
    """
    incumbent = np.arange(ground.number)
    for size in _SIZES:
        if clock.over() or standing.done:
            return
        fits = np.flatnonzero(reduced <= standing.upper - least + LITTLE * abs(standing.upper))
        tried = np.union1d(fits[np.argsort(reduced[fits], kind="stable")[:size]], incumbent)
        chosen, bound = choose_whole(
            table.cost[tried],
            sparse.csc_array(table.columns[:, tried]),
            n=ground.n,
            number=ground.number,
            incumbent=np.searchsorted(tried, incumbent),
            time_limit_s=(0.6 if np.isinf(ceiling) else 0.5) * clock.left,
            seed=seed,
            threads=threads,
            stop=clock.stop,
        )
        cost = float(table.cost[tried[chosen]].sum())
        if standing.better(_part_of(table.columns[:, tried[chosen]], ground.n), cost):
            incumbent = np.sort(tried[chosen])
        # a plan with a column that was left out costs at least what its reduced cost says
        others = np.partition(reduced[fits], size)[size] + least if len(fits) > size else np.inf
        standing.raise_bound(min(bound, others, ceiling, standing.upper))
        if len(fits) <= size or (np.isfinite(ceiling) and size == _SIZES[1]):
            break
    if np.isfinite(ceiling) and not standing.done:
        _redraw_windows(ground, table, reduced, incumbent, standing, clock, seed, share=_WINDOWS)


def _redraw_windows(
    ground: Ground, table: Table, reduced: Floats, incumbent: Ints, standing: Standing, clock: Clock, seed: int,
    *, share: float,
) -> None:  # fmt: skip
    """Improve the plan by windows over the list."""
    positions = improve(
        ground, table.columns, table.cost, np.maximum(reduced, 0.0), incumbent=incumbent, seed=seed,
        time_limit_s=share * clock.left, stop=clock.stop,
    )  # fmt: skip
    standing.better(_part_of(table.columns[:, positions], ground.n), float(table.cost[positions].sum()))


def _part_of(columns: sparse.csc_array, n: int) -> Ints:
    """The plan that some columns make."""
    part = np.full(n, -1, dtype=np.int64)
    for d in range(columns.shape[1]):
        rows = columns.indices[columns.indptr[d] : columns.indptr[d + 1]]
        part[rows[rows < n]] = d
    return part

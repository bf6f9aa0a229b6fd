"""Windows: some neighbouring districts at a time, redrawn as well as a list of districts allows. Never worse.

With reduced costs ≥ 0, a better way to divide the land of a window uses no district whose reduced cost is above
the sum of those that stand there now: so few columns are left, and each window is a small integer program.
"""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse

from districting.plans.problem import Floats, Ints
from districting.progress import Stop, never
from districting.solvers.exact.regions.covering import choose_whole
from districting.solvers.ground import Ground

#: Districts in a window, and columns that one may have. Wide ones: the programs end at their root in half a second
#: either way, and from one plan of 98 districts windows of 48 reached 11,645,149 in 24 s, of 16 11,696,059 in 20.
_DISTRICTS = 48
_MOST_COLUMNS = 4_000
#: No window is worth more than this.
_LONGEST_S = 10.0


def neighbouring(ground: Ground, part: Ints) -> list[list[int]]:
    """Neighbours of each district, those with most borders in common first."""
    ends = part[ground.edges]
    ends = ends[ends[:, 0] != ends[:, 1]]
    pairs, shared = np.unique(np.concatenate((ends, ends[:, ::-1])), axis=0, return_counts=True)
    near: list[list[int]] = [[] for _ in range(ground.number)]
    for at in np.lexsort((pairs[:, 1], -shared)):
        near[pairs[at, 0]].append(int(pairs[at, 1]))
    return near


def window_of(ground: Ground, part: Ints, centre: int, *, most: int) -> Ints:
    """Districts nearest to ``centre`` by borders crossed, those that share most borders first; ascending."""
    near = neighbouring(ground, part)
    found, reached = [centre], {centre}
    for district in found:
        for other in near[district]:
            if other not in reached and len(found) < most:
                reached.add(other)
                found.append(other)
    return np.sort(np.array(found, dtype=np.int64))


def improve(
    ground: Ground,
    columns: sparse.csc_array,
    cost: Floats,
    reduced: Floats,
    *,
    incumbent: Ints,
    seed: int,
    time_limit_s: float,
    stop: Stop = never,
) -> Ints:
    """Redraw windows until a round over all of them changes nothing.

    Parameters
    ----------
    columns, cost, reduced
        The list: rows of nodes and of the number first; cost and reduced cost of each column.
    incumbent
        Positions of a plan in the list.

    Returns
    -------
    Ints
        Positions of a plan that costs no more.
    """
    began = time.monotonic()
    n = ground.n
    # cheapest first: a window reads the columns up to its slack only
    rank = np.argsort(reduced, kind="stable")
    columns, cost, reduced = sparse.csc_array(columns[:, rank]), cost[rank], reduced[rank]
    place = np.empty(len(rank), dtype=np.int64)
    place[rank] = np.arange(len(rank))
    positions = place[incumbent]
    nodes = sparse.csc_array(columns[:n])
    order = np.random.default_rng(seed).permutation(len(positions))
    part = np.empty(n, dtype=np.int64)
    settled: set[tuple[int, ...]] = set()
    quiet, turn = 0, 0
    while quiet < len(order):
        left = time_limit_s - (time.monotonic() - began)
        if left <= 0.0 or stop():
            break
        for d, position in enumerate(positions):
            part[nodes.indices[nodes.indptr[position] : nodes.indptr[position + 1]]] = d
        window = window_of(ground, part, int(order[turn % len(order)]), most=_DISTRICTS)
        now = np.sort(positions[window])
        turn, quiet = turn + 1, quiet + 1
        if tuple(now.tolist()) in settled:
            continue
        settled.add(tuple(now.tolist()))
        land = np.isin(part, window)
        many = max(1, int(np.searchsorted(reduced, reduced[now].sum() * (1.0 + 1e-9), side="right")))
        outside = np.add.reduceat(
            (~land[nodes.indices[: nodes.indptr[many]]]).astype(np.int64), nodes.indptr[:many]
        )
        fits = np.union1d(np.flatnonzero(outside == 0)[:_MOST_COLUMNS], now)
        part_of_list = sparse.csr_array(columns[:, fits])
        cuts = n + 1 + np.flatnonzero(np.diff(part_of_list.indptr)[n + 1 :] > 1)
        rows = np.concatenate((np.flatnonzero(land), [n], cuts))
        chosen, _ = choose_whole(
            cost[fits],
            sparse.csc_array(part_of_list[rows]),
            n=int(land.sum()),
            number=len(window),
            incumbent=np.searchsorted(fits, now),
            time_limit_s=min(left, _LONGEST_S),
            seed=seed,
            stop=stop,
        )
        if len(chosen) == len(window) and cost[fits[chosen]].sum() < cost[now].sum() - 1e-7:
            positions[window] = fits[chosen]
            quiet = 0
    return rank[positions]

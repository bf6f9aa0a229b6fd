"""A ground too large for one master: proved piece by piece, and the prices of the pieces put together.

A piece is some neighbouring districts with their land. Within it lists find a better plan and prices. Put
together, the prices are prices of the whole ground, and what they prove holds for every plan (`enumeration`):
districts across the pieces are walked as well. Steps along the subgradient mend the prices where pieces meet.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from districting.plans.problem import Floats, Ints
from districting.progress import Progress, Stop, never, silent
from districting.solvers.annealing.pool import Pool, joined, price_regions, regions_of
from districting.solvers.annealing.search import Regions, total_cost
from districting.solvers.ground import Ground
from districting.solvers.lists.connected import Listed, field_of
from districting.solvers.lists.enumeration import Covered, Oracle, open_seats, prove_by_lists
from districting.solvers.lists.standing import Clock, Standing
from districting.solvers.lists.windows import neighbouring

#: Nodes of a piece: its linear programs take a second.
_NODES = 500
#: A piece is good enough within this share; prices get hardly better.
_ENOUGH = 0.004
#: Share of the time for the pieces; the rest is for steps on the whole.
_SHARE = 0.6
_STEPS = 20_000


def pieces_of(ground: Ground, part: Ints, *, most: int = _NODES) -> list[Ints]:
    """Districts by piece: each hangs together and has about ``most`` nodes, less where nothing is left around."""
    near = neighbouring(ground, part)
    size = np.bincount(part, minlength=ground.number)
    free = np.ones(ground.number, dtype=np.bool_)
    found = []
    # the district with the fewest free neighbours first, so that nobody is left alone in a corner
    while free.any():
        open_around = np.array([sum(free[o] for o in near[d]) for d in range(ground.number)])
        first = int(np.where(free, open_around, ground.number).argmin())
        piece, weight = [first], int(size[first])
        free[first] = False
        for district in piece:
            for other in near[district]:
                if free[other] and weight < most:
                    free[other] = False
                    piece.append(other)
                    weight += int(size[other])
        found.append(np.sort(np.array(piece, dtype=np.int64)))
    return found


def _cut_out(ground: Ground, nodes: Ints, number: int) -> Ground:
    """The ground of some nodes; borders to the rest are cut in any case and left out."""
    new = np.full(ground.n, -1, dtype=np.int64)
    new[nodes] = np.arange(len(nodes))
    seats = np.flatnonzero(new[ground.host] >= 0)
    inside = (new[ground.edges] >= 0).all(axis=1)
    return replace(
        ground,
        cost=ground.cost[np.ix_(nodes, seats)],
        host=new[ground.host[seats]],
        edges=new[ground.edges[inside]],
        border=ground.border[inside],
        windows=tuple(replace(w, weights=w.weights[nodes]) for w in ground.windows),
        number=number,
    )


def _regions_within(regions: Regions, nodes: Ints, n: int) -> Regions:
    """Regions that lie in some nodes, in the numbers of those."""
    if not len(regions):
        return regions
    new = np.full(n, -1, dtype=np.int64)
    new[nodes] = np.arange(len(nodes))
    here = np.add.reduceat((new[regions.members] < 0).astype(np.int64), regions.pointers[:-1]) == 0
    size = np.diff(regions.pointers)
    members = regions.members[np.repeat(here, size)]
    return Regions(np.concatenate(([0], np.cumsum(size[here]))).astype(np.int64), new[members])


def prove_by_pieces(
    ground: Ground,
    *,
    pool: Pool,
    part: Ints,
    upper: float,
    time_limit_s: float,
    gap_share: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
    stop: Stop = never,
) -> Covered:
    """Improve a plan and prove a bound, piece by piece. Parameters as of `enumeration.prove_by_lists`."""
    clock = Clock(time_limit_s, stop)
    part = part.copy()
    standing = Standing(part, upper, np.zeros(ground.n), 0.0, np.zeros(ground.m), progress, gap_share)
    duals, sigma = np.zeros(ground.n), np.zeros(ground.number)
    pieces = pieces_of(ground, part)
    listed = 0
    for at, districts in enumerate(pieces):
        nodes = np.flatnonzero(np.isin(part, districts))
        piece = _cut_out(ground, nodes, len(districts))
        local = np.searchsorted(districts, part[nodes])
        cost = total_cost(piece, local)[0]
        regions = joined(regions_of(local, len(districts)), _regions_within(pool.regions, nodes, ground.n))
        covered = prove_by_lists(
            piece,
            pool=price_regions(piece, regions),
            part=local,
            upper=cost,
            time_limit_s=(clock.left - (1.0 - _SHARE) * time_limit_s) / (len(pieces) - at),
            gap_share=max(gap_share, _ENOUGH),
            seed=seed,
            threads=threads,
            stop=stop,
        )
        listed += covered.listed
        duals[nodes], sigma[districts] = covered.duals, covered.number
        if covered.cost < cost:
            part[nodes] = districts[covered.part]
            standing.better(part.copy(), standing.upper - cost + covered.cost)
        if clock.over():
            break
    _put_together(ground, part, duals, sigma)
    standing.number = float(np.median(sigma))
    standing.duals = duals
    _ascend(ground, standing, clock)
    bound = min(standing.bound, standing.upper)
    return Covered(standing.part, standing.upper, bound, listed, standing.duals, standing.number)


def _put_together(ground: Ground, part: Ints, duals: Floats, sigma: Floats) -> None:
    """Bring the pieces' prices to one price of a district, and let nodes pay for borders between pieces."""
    weights = ground.windows[0].weights
    share = weights / np.maximum(np.bincount(part, weights=weights, minlength=ground.number)[part], 1e-12)
    duals += (sigma[part] - np.median(sigma)) * share
    across = part[ground.edges[:, 0]] != part[ground.edges[:, 1]]
    apart = across & (sigma[part[ground.edges[:, 0]]] != sigma[part[ground.edges[:, 1]]])
    for end in (0, 1):
        np.add.at(duals, ground.edges[apart, end], 0.5 * ground.border[apart])


def _covered(ground: Ground, listed: Listed, number: float) -> tuple[Floats, int]:
    """How often each node is missed by the districts that pay, one to a host, and how many pay."""
    slope, opened = np.ones(ground.n), 0
    taken = np.zeros(ground.n, dtype=np.bool_)
    for r in np.argsort(listed.value, kind="stable"):
        host = int(ground.host[listed.seat[r]])
        if listed.value[r] < number and not taken[host]:
            taken[host] = True
            opened += 1
            slope[listed.members[listed.pointers[r] : listed.pointers[r + 1]]] -= 1.0
    return slope, opened


def _ascend(ground: Ground, standing: Standing, clock: Clock) -> None:
    """Raise the bound by subgradient steps on all prices at once, aimed at the plan (Polyak)."""
    oracle = Oracle(ground, field_of(ground), None, clock)
    duals, number, scale, idle = standing.duals, standing.number, 0.7, 0
    onward, count = np.zeros(ground.n), 0.0
    while not clock.over() and not standing.done:
        floor, listed, _ = oracle.ask(
            duals, np.full(ground.m, number), everything=False, steps=_STEPS, room=ground.m + 2
        )
        value = float(duals.sum() + ground.number * number + open_seats(ground, floor, number).sum())
        if value > standing.base:
            standing.base, standing.duals, standing.number, standing.floor, idle = value, duals, number, floor, 0
            standing.raise_bound(value)
        else:
            idle += 1
            if idle >= 6:
                scale, idle = 0.7 * scale, 0
                duals, number = standing.duals, standing.number
                onward, count = np.zeros(ground.n), 0.0
                continue
        if not np.isfinite(value):
            return
        slope, opened = _covered(ground, listed, number)
        # a district holds as many nodes as it does: one unit of its price weighs as much as theirs together
        onward = slope + 0.6 * onward
        count = (ground.number - opened) * ground.number / ground.n + 0.6 * count
        length = float(onward @ onward) + count * count * ground.n / ground.number
        step = scale * (standing.upper - value) / max(length, 1e-12)
        duals, number = duals + step * onward, number + step * count

"""The proof by lists: prices by column generation, every district within the gap, cuts, the cheapest of the list.

For prices π of the nodes and σ of a district, with v_j the cheapest connected district of seat j (`connected`),

    bound(π, σ) = Σ π_i + k σ + Σ over hosts of min(0, v_j − σ)

A plan that holds the district (S, j) costs at least bound + v_j(S) − σ − min(0, v_j − σ). So a plan cheaper than
bound + T is made of districts with v_j(S) ≤ σ + T + min(0, v_j − σ) alone, and all of those are listed. If T
reaches up to the best plan known, the list holds every better plan; if it is less, min(bound over the list,
bound + T) is still a bound on all plans. Over the list, subset-row cuts raise the linear program, and what costs
too much by its reduced cost leaves the list, until the rest is small enough for an integer program (as Baldacci,
Christofides and Mingozzi 2008, doi:10.1007/s10107-007-0178-5, do for vehicle routes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from districting.plans.problem import Floats, Ints
from districting.progress import Progress, Stop, never, silent
from districting.solvers.annealing.pool import Pool, price_regions, regions_of
from districting.solvers.exact.regions.covering import Master, rows_of
from districting.solvers.ground import Ground
from districting.solvers.lists.around import Field, Pairs
from districting.solvers.lists.connected import Listed, field_of, walk
from districting.solvers.lists.shortening import Table, close
from districting.solvers.lists.standing import LITTLE, Clock, Standing

#: Districts that a short list and a long one may hold: a plan is looked for in the first, proved in the second.
_SHORT_PER_NODE = 200
_LONG = 1_500_000
#: Seats that are asked between two looks at the clock, and pairs that are kept in memory.
_AT_ONCE = 16
_MOST_PAIRS = 5_000_000
#: Steps of one walk when everything is listed: a second or so at the worst.
_STEPS = 3_000_000


@dataclass(frozen=True)
class Covered:
    """How the proof ended: the best plan known, its cost, a bound on every plan, and the prices π and σ."""

    part: Ints
    cost: float
    bound: float
    listed: int
    duals: Floats
    number: float


def _pairs(ground: Ground) -> Pairs:
    """All pairs of a ground whose cost fits into memory twice."""
    seat, node = np.nonzero(np.isfinite(ground.cost.T))
    pointers = np.concatenate(([0], np.cumsum(np.bincount(seat, minlength=ground.m)))).astype(np.int64)
    return Pairs(pointers, node.astype(np.int32), np.ascontiguousarray(ground.cost[node, seat]))


def _pairs_of(ground: Ground, seats: Ints, duals: Floats, limits: Floats) -> Pairs:
    """Pairs of some seats that a district below its limit may hold: the sum of all that pays is a bound."""
    cost = np.ascontiguousarray(ground.cost[:, seats].T)
    gains = cost - duals
    least = np.minimum(gains, 0.0).sum(axis=1)
    row, node = np.nonzero(gains <= (limits[seats] - least)[:, None])
    pointers = np.zeros(ground.m + 1, dtype=np.int64)
    pointers[seats + 1] = np.bincount(row, minlength=len(seats))
    return Pairs(np.cumsum(pointers), node.astype(np.int32), cost[row, node])


@dataclass
class Oracle:
    """The walk with what it needs of a ground; ``pairs`` is None where they are too many to be kept."""

    ground: Ground
    field: Field
    pairs: Pairs | None
    clock: Clock

    def ask(
        self, duals: Floats, limits: Floats, *, everything: bool, steps: int, room: int, narrow: bool = False
    ) -> tuple[Floats, Listed, bool]:
        """Bounds on min(v_j, limit), districts below the limits, and whether these are all.

        Some seats at a time, so that somebody who wants an end does not wait; seats that were not asked are bound
        by −inf. With ``narrow`` the pairs that no district below the limits holds are dropped for good.
        """
        ground = self.ground
        pointers = np.zeros(room + 1, dtype=np.int64)
        members = np.zeros(min(room * (3 * ground.n // ground.number + 8), 80_000_000) + ground.n, dtype=np.int32)
        seat, value = np.zeros(room, dtype=np.int64), np.zeros(room)
        keep = np.zeros(len(self.pairs.nodes) if narrow and self.pairs is not None else 0, dtype=np.bool_)
        floor = np.full(ground.m, -np.inf)
        found, complete = 0, True
        for first in range(0, ground.m, _AT_ONCE):
            if self.clock.over() or (not complete and everything):
                complete = False
                break
            seats = np.arange(first, min(first + _AT_ONCE, ground.m))
            pairs = self.pairs if self.pairs is not None else _pairs_of(ground, seats, duals, limits)
            _, here, found, whole = walk(
                self.field,
                pairs,
                duals,
                seats,
                limits,
                everything,
                steps,
                found,
                pointers,
                members,
                seat,
                value,
                keep,
            )
            floor[seats] = here[seats]
            complete = complete and whole
        if len(keep) and complete and self.pairs is not None:
            owner = np.repeat(np.arange(ground.m), np.diff(self.pairs.pointers))[keep]
            fewer = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=ground.m)))).astype(np.int64)
            self.pairs = Pairs(fewer, self.pairs.nodes[keep], self.pairs.cost[keep])
        last = int(pointers[found])
        return floor, Listed(pointers[: found + 1], members[:last], seat[:found], value[:found]), complete


def open_seats(ground: Ground, floor: Floats, number: float) -> Floats:
    """min(0, v_j − σ) of each seat's host; one seat in a host at most is ever open. Shape (n,)."""
    by_host = np.zeros(ground.n)
    np.minimum.at(by_host, ground.host, floor - number)
    return by_host


def _cost(listed: Listed, duals: Floats) -> Floats:
    """Cost of districts from their value."""
    if not len(listed.value):
        return np.zeros(0)
    return listed.value + np.add.reduceat(duals[listed.members], listed.pointers[:-1])


def _generate(oracle: Oracle, standing: Standing, pool: Pool) -> None:
    """Raise the bound by column generation with smoothed prices."""
    ground, clock = oracle.ground, oracle.clock
    n, k = ground.n, ground.number
    columns = rows_of(pool.regions.pointers, pool.regions.members, n)
    master = Master(n, k)
    active = np.zeros(len(pool), dtype=np.bool_)
    size = np.diff(pool.regions.pointers)
    active[:k] = True  # the plan
    active[np.argsort(pool.cost / size, kind="stable")[: 4 * n]] = True
    master.add(pool.cost[active], sparse.csc_array(columns[:, active]))
    known = {pool.region(int(r)).astype(np.int32).tobytes() for r in np.flatnonzero(active)}
    steps, own = 2_000, False
    while True:
        priced = master.solve(time_limit_s=clock.left)
        if priced is None or clock.over():
            return
        reduced = pool.cost - columns.T @ priced.prices
        outside = np.flatnonzero(~active & (reduced < -1e-7 * abs(priced.value)))
        if not len(outside):
            break
        outside = outside[np.argsort(reduced[outside], kind="stable")[: 4 * n]]
        active[outside] = True
        known |= {pool.region(int(r)).astype(np.int32).tobytes() for r in outside}
        master.add(pool.cost[outside], sparse.csc_array(columns[:, outside]))
    while not clock.over():
        gap = standing.upper - standing.base
        if np.isfinite(gap) and priced.value - standing.base <= max(0.01 * gap, 1e-9 * abs(standing.upper)):
            return
        # far from the end the program's prices are wild: small steps from the best prices known
        weight = 1.0 if own else (0.2 if priced.value - standing.base > 0.01 * abs(standing.upper) else 0.5)
        duals = weight * priced.duals + (1.0 - weight) * standing.duals
        number = weight * priced.number + (1.0 - weight) * standing.number
        floor, listed, complete = oracle.ask(
            duals, np.full(ground.m, number), everything=False, steps=steps, room=ground.m + 2
        )
        value = float(duals.sum() + k * number + open_seats(ground, floor, number).sum())
        if value <= standing.base and not complete and steps < _STEPS:
            steps *= 4
        if value > standing.base:
            standing.base = value
            standing.duals, standing.number, standing.floor = duals, number, floor
            standing.raise_bound(value)
        fresh = []
        for r in range(len(listed.value)):
            name = np.sort(listed.members[listed.pointers[r] : listed.pointers[r + 1]]).tobytes()
            if name not in known:
                known.add(name)
                fresh.append(r)
        if fresh:
            cost = _cost(listed, duals)
            new = rows_of(listed.pointers, listed.members, n)
            master.add(cost[fresh], sparse.csc_array(new[:, fresh]))
            again = master.solve(time_limit_s=clock.left)
            if again is None:
                return
            priced, own = again, False
        elif not own:
            own = True  # nothing new at the smoothed prices: ask at the program's own
        elif complete or steps >= _STEPS:
            return


def _enumerate(oracle: Oracle, standing: Standing, most: int) -> tuple[Listed, float]:
    """All districts within as much of the gap as ``most`` allows, and that reach."""
    ground = oracle.ground
    gap = standing.upper - standing.base
    aside = open_seats(ground, standing.floor, standing.number)[ground.host]
    reach, best = 0.0, Listed(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0))
    trial, count = 0.01 * gap, 0
    while True:
        trial = min(trial, gap)
        # a hair more, so that rounding loses nothing
        limits = standing.number + trial * (1.0 + 1e-9) + LITTLE * abs(standing.upper) + aside
        _, listed, complete = oracle.ask(
            standing.duals, limits, everything=True, steps=_STEPS, room=most, narrow=trial >= gap
        )
        if not complete:
            return best, reach
        growth = (len(listed.value) + 1) / (count + 1) if count else 2.0
        count = len(listed.value)
        best, reach = listed, trial
        if trial >= gap or oracle.clock.over() or count * max(growth, 1.5) > most:
            return best, reach
        trial *= 1.5


def prove_by_lists(
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
    """Prove a plan, or find a better one, as far as time goes.

    Parameters
    ----------
    ground
        One that `connected.suits`.
    pool
        Regions to begin with; the districts of the plan come first.
    part, upper
        The best plan known and its cost.
    time_limit_s
        Wall time.
    gap_share
        Enough once bound and plan are within this share.
    seed, threads
        Of HiGHS.
    progress, stop
        Told and asked on the way.
    """
    clock = Clock(time_limit_s, stop)
    few = ground.n * ground.m <= _MOST_PAIRS
    oracle = Oracle(ground, field_of(ground), _pairs(ground) if few else None, clock)
    standing = Standing(part, upper, _centre(ground, pool), 0.0, np.full(ground.m, -np.inf), progress, gap_share)
    _generate(oracle, standing, pool)
    count, before = 0, np.inf
    for most in (_SHORT_PER_NODE * ground.n, _LONG, _LONG):
        if clock.over() or standing.done or not np.isfinite(standing.base) or standing.upper >= before:
            break
        before = standing.upper if most == _LONG else np.inf
        listed, reach = _enumerate(oracle, standing, most)
        # the plan's own districts stay in, within reach or not
        mine = price_regions(ground, regions_of(standing.part, ground.number))
        own = rows_of(mine.regions.pointers, mine.regions.members, ground.n)
        rows = sparse.csc_array(sparse.hstack([own, rows_of(listed.pointers, listed.members, ground.n)]))
        table = Table(np.concatenate((mine.cost, _cost(listed, standing.duals))), rows)
        count = len(table.cost)
        ceiling = standing.base + reach if reach < standing.upper - standing.base else np.inf
        close(
            ground,
            table,
            standing,
            ceiling=ceiling,
            searched=most == _LONG,
            clock=clock,
            seed=seed,
            threads=threads,
        )
        if np.isinf(ceiling):
            break
    return Covered(
        standing.part, standing.upper, min(standing.bound, standing.upper), count, standing.duals, standing.number
    )


def _centre(ground: Ground, pool: Pool) -> Floats:
    """Prices at which every district of the plan is worth nothing: a first centre for the smoothing."""
    duals = np.zeros(ground.n)
    for d in range(ground.number):
        inside, own = pool.region(d), float(pool.cost[d])
        share = ground.cost[inside, pool.seat[d]] + own / len(inside)
        duals[inside] = share * own / max(share.sum(), 1e-12)
    return duals

"""A tree over where the seats of few districts stand; each leaf is a set of seats whose land is shared out.

What is open is a `Seating`: groups of candidates and how many seats each group opens. It is bounded by fractional
knapsacks (`lagrange`) and by an envelope, divided until every seat is known, and then decided by Hess's model on
the few pairs that the sharing out (`sharing`) cannot rule out. The least bound of all that is open is a bound of
the whole.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Floats, Ints
from districting.progress import Progress, Step, Stop
from districting.solvers.annealing.search import total_cost
from districting.solvers.exact.regions.hess import Proof, solve_hess
from districting.solvers.few_large.lagrange import Knapsacks, Priced, Seating, raise_bound
from districting.solvers.few_large.sharing import Shares, duals_of, share_out
from districting.solvers.few_large.survivors import surviving_pairs
from districting.solvers.ground import Ground

#: Steps of the duals at each node of the tree.
_ROUNDS = 15
#: First time limit of one set of seats, s; each return to it gets four times as much.
_FIRST_LEAF_S = 15.0
#: Two values closer than this share are one: what HiGHS proves is as exact as that.
_SAME = 1e-7


@dataclass(frozen=True)
class OpenSeats:
    """A part of the question that is not settled.

    Parameters
    ----------
    value
        Lower bound of every plan in it.
    seating
        Where its seats may stand.
    duals
        Shape (n,), to go on from.
    tried
        How often Hess's model was started on it, its seats being known.
    """

    value: float
    seating: Seating
    duals: Floats
    tried: int = 0

    @property
    def known(self) -> bool:
        """Whether every seat is known."""
        return len(self.seating.seats) == int(self.seating.quota.sum())


class SeatTree:
    """What is open, best bound first, and the best plan so far.

    Parameters
    ----------
    ground
        Free seats, one a node, one window, finite costs; no borders, ties or horizon.
    tolerance
        Share of the cost within which a plan counts as proved, > 0.
    seed, threads
        Of HiGHS.
    progress, stop
        Told and asked on the way.
    """

    def __init__(
        self, ground: Ground, *, tolerance: float, seed: int, threads: int, progress: Progress, stop: Stop
    ) -> None:
        self.ground, self.window = ground, ground.windows[0]
        self.knapsacks = Knapsacks(ground)
        self.tolerance, self.seed, self.threads = tolerance, seed, threads
        self.progress, self.stop = progress, stop
        self.part: Ints | None = None
        self.cost = np.inf
        self.hoped = np.inf  # what the duals aim at while there is no plan
        self.reported = -np.inf  # the bound last told
        self._floor = np.inf  # least bound of what was given up within the tolerance
        self._heap: list[tuple[float, int, OpenSeats]] = []
        self._ticks = itertools.count()

    @property
    def bound(self) -> float:
        """Least of what is open, given up, and found; inf if there is provably no plan. Not while a step runs."""
        return min(self._heap[0][0] if self._heap else np.inf, self._floor, self.cost)

    @property
    def open(self) -> bool:
        """Whether anything is open."""
        return bool(self._heap)

    def offer(self, part: Ints | None) -> None:
        """Take a plan if it is better."""
        if part is not None:
            cost, _ = total_cost(self.ground, part)
            if cost < self.cost:
                self.part, self.cost = part, cost
                self.tell(self.reported)

    def tell(self, bound: float) -> None:
        """Say where the search stands."""
        self.reported = max(self.reported, bound)
        self.progress(
            Step(
                "stage.solve",
                incumbent=self.cost if self.part is not None else None,
                bound=min(self.reported, self.cost) if np.isfinite(self.reported) else None,
            )
        )

    def push(self, item: OpenSeats) -> None:
        """Keep a part of the question, unless nothing in it is worth the search."""
        if np.isfinite(item.value) and not self._given_up(item.value):
            heapq.heappush(self._heap, (item.value, next(self._ticks), item))

    def step(self, time_left_s: float) -> None:
        """Settle or divide what has the least bound."""
        item = heapq.heappop(self._heap)[2]
        if self._given_up(item.value):
            return
        if item.known:
            self._settle(item, min(time_left_s, _FIRST_LEAF_S * 4.0**item.tried))
        else:
            self._divide(item)
        self.tell(self.bound)

    def raised(self, seating: Seating, duals: Floats, rounds: int) -> tuple[Priced, Seating]:
        """Better duals, and the seats that they leave open."""
        aim = self.cost if self.part is not None else self.hoped
        priced = raise_bound(self.knapsacks, seating, duals, aim=aim, rounds=rounds, stop=self.stop)
        finite = np.isfinite(priced.values)
        least = np.full(len(finite), np.inf)
        least[finite] = priced.value + priced.values[finite] - priced.replaced[finite]
        return priced, Seating(np.where(least < self.cost, seating.group, -1), seating.quota)

    def decide(
        self, seats: Ints, *, upper: float, time_limit_s: float, gap_rel: float, cutoff: float = np.inf
    ) -> Proof:
        """Hess's model on known seats and the pairs that a plan cheaper than ``upper`` may use."""
        duals = duals_of(self.ground.cost[:, seats], seats, self.window.weights, self._share(seats).slopes)
        group = np.full(self.ground.m, -1, dtype=np.int64)
        group[seats] = np.arange(len(seats))
        priced = self.knapsacks.at(duals, Seating(group, np.ones(len(seats), dtype=np.int64)))
        keep = surviving_pairs(self.knapsacks, self.ground, priced, upper).T
        return solve_hess(
            self.ground, keep=keep, cutoff=cutoff, gap_rel=gap_rel, time_limit_s=time_limit_s, seed=self.seed,
            threads=self.threads, stop=self.stop,
        )  # fmt: skip

    def _given_up(self, value: float) -> bool:
        """Whether nothing above this bound is worth the search; if so the bound is remembered."""
        if self.part is None or value < self.cost - self.tolerance * abs(self.cost):
            return False
        self._floor = min(self._floor, value)
        return True

    def _share(self, seats: Ints) -> Shares:
        """Share out among known seats."""
        w = self.window
        return share_out(self.ground.cost[:, seats], seats, w.weights, w.low, w.high)

    def _settle(self, item: OpenSeats, time_limit_s: float) -> None:
        """Decide what has its seats known, or come back to it with more time."""
        upper = self.cost
        cutoff = upper if np.isinf(upper) else upper - self.tolerance * abs(upper)
        proof = self.decide(
            item.seating.seats, upper=upper, cutoff=cutoff, gap_rel=self.tolerance / 2.0, time_limit_s=time_limit_s
        )
        self.offer(proof.part)
        # a plan on the pairs left out costs at least ``upper``, one that was cut off at least ``cutoff``
        value = max(item.value, min(proof.bound, cutoff))
        least = min(proof.cost, cutoff)
        if value >= least - (_SAME * abs(least) if np.isfinite(least) else 0.0):
            self._floor = min(self._floor, value)
        else:
            self.push(replace(item, value=value, tried=item.tried + 1))

    def _divide(self, item: OpenSeats) -> None:
        """Replace a part of the question by smaller ones."""
        for seating in self._branches(item.seating):
            value, duals = self._envelope(seating)
            value = max(item.value, value)
            if np.isinf(value) or self._given_up(value):
                continue
            if self.knapsacks.at(item.duals, seating).value > self.knapsacks.at(duals, seating).value:
                duals = item.duals
            priced, smaller = self.raised(seating, duals, _ROUNDS)
            inside = np.bincount(smaller.group[smaller.group >= 0], minlength=len(smaller.quota))
            if (inside < smaller.quota).any():
                continue  # no plan cheaper than the best one
            child = OpenSeats(max(value, priced.value), smaller, priced.duals)
            if child.known:
                child = replace(child, value=max(child.value, self._share(smaller.seats).value))
            self.push(child)

    def _envelope(self, seating: Seating) -> tuple[float, Floats]:
        """Bound and duals of sharing out as if each node had the cheapest seat of its group.

        No plan with these quotas costs less; where groups are small it beats a few steps of the duals, and its
        own duals are good ones to step from.
        """
        used = np.flatnonzero(seating.quota)
        cheapest = [self.ground.cost[:, seating.group == g].min(axis=1) for g in used]
        columns = np.repeat(cheapest, seating.quota[used], axis=0).T
        nowhere = np.full(columns.shape[1], -1, dtype=np.int64)
        w = self.window
        shares = share_out(columns, nowhere, w.weights, w.low, w.high)
        return shares.value, duals_of(columns, nowhere, w.weights, shares.slopes)

    def _branches(self, seating: Seating) -> Iterator[Seating]:
        """Divide the widest group in two, and its quota in every way."""
        chosen, widest = None, -1.0
        for g, quota in enumerate(seating.quota.tolist()):
            inside = np.flatnonzero(seating.group == g)
            if len(inside) <= quota:
                continue
            near_a, near_b = self._poles(inside)
            # groups of several seats first: until those are told apart the bound is weak
            spread = float(np.abs(near_a - near_b).max()) * (1.0 if quota == 1 else 1e3)
            if spread > widest:
                chosen, widest = (g, inside, near_a <= near_b), spread
        if chosen is None:
            return
        g, inside, side = chosen
        fresh = len(seating.quota)
        for first in range(int(seating.quota[g]) + 1):
            second = int(seating.quota[g]) - first
            if first > side.sum() or second > (~side).sum():
                continue
            group, quotas = seating.group.copy(), np.append(seating.quota, second)
            group[inside[~side]] = fresh if second else -1
            quotas[g] = first
            if not first:
                group[inside[side]] = -1
            yield Seating(group, quotas)

    def _poles(self, inside: Ints) -> tuple[Floats, Floats]:
        """How far each seat of a group lies, in costs, from two that lie far apart."""
        columns = self.ground.cost[:, inside]

        def away(pole: int) -> Floats:
            return np.asarray(np.abs(columns - columns[:, [pole]]).sum(axis=0))

        a = int(np.argmax(away(0)))
        b = int(np.argmax(away(a)))
        if a == b:  # all cost the same: one against the rest
            near_b = np.ones(len(inside))
            near_b[1:] = 0.0
            return 1.0 - near_b, near_b
        return away(a), away(b)

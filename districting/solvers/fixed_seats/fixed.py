"""Fixed seats with capacities: plans, what they and the linear program agree on, and a proof.

The linear program of assignment, capacity and contiguity serves most nodes whole, and its reduced costs say what
a pair (node, seat) costs at least. Plans come from walks. Where the linear program and several plans agree, the
best plan will too, mostly: the model on the pairs that any of them uses is small, and its solution is far better
than each of them. Windows of neighbouring seats (`seat_windows`) polish it on more pairs, and the whole ground on
every pair that a cheaper plan can use is the proof (method: *fixed seats*).
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import numpy as np

from districting.plans.problem import Bools, Floats, Ints
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.exact.areas.area_prices import price_areas
from districting.solvers.exact.areas.areas import AreaModel, Relaxed, Settled
from districting.solvers.exact.regions.hess import reachable_pairs
from districting.solvers.fixed_seats.seat_windows import Windows
from districting.solvers.fixed_seats.walks import walk
from districting.solvers.ground import Ground
from districting.solvers.lists.standing import LITTLE, Clock

#: Below this share of nodes divided by the linear program, the pairs nearest to it hold a good plan.
_NEARLY_WHOLE = 0.05
#: Plans to be walked to, and after how many they are joined; pairs per node in the first model after them.
_PLANS, _JOINED_AFTER = 12, 4
_FIRST_PAIRS = 2.0
#: By what factor overloads become dearer where their price has not sufficed.
_DEARER = 3.0
#: Within what share of the cost the pairs of several plans are solved.
_JOINED_GAP = 1e-3
#: Search nodes and rounds of a model that only looks for plans.
_NODES, _ROUNDS = 100, 10
#: Above this gap the linear program is weak here, and the bound comes from whole areas.
_WEAK = 5e-3
#: Shares of the time by which walks, and windows, have to be over.
_WALKED_BY, _POLISHED_BY = 0.55, 0.7


@dataclass(frozen=True)
class Served:
    """How it ended.

    Parameters
    ----------
    part
        Shape (n,): seat of each node, or None.
    cost, bound
        Of the plan (inf without), and what is proved of every plan (inf: there is none).
    pairs
        Pairs (node, seat) that a cheaper plan could still use.
    """

    part: Ints | None
    cost: float
    bound: float
    pairs: int


def is_plain(ground: Ground) -> bool:
    """Whether `solve_fixed` knows every rule of the ground: fixed seats, one window, no borders, no ties."""
    tied = len(ground.apart) + len(ground.together) + len(ground.broken)
    return (
        ground.fixed
        and len(ground.windows) == 1
        and not ground.horizon
        and not tied
        and not (ground.border > 0).any()
    )


def way_costs(ground: Ground, reduced: Floats) -> Floats:
    """What a plan costs above the relaxation's bound at least if it serves the node from the seat, shape (n, m).

    A plan that uses the pairs P costs at least bound + Σ_P max(0, reduced), for reduced costs of used pairs only
    add up. It uses (i, s) only together with a whole way from the host of s to i, so the cheapest such way counts
    (Dijkstra on nodes). Without contiguity the pair counts alone.
    """
    if not ground.contiguous:
        return np.maximum(reduced, 0.0)
    pointers, neighbours, _ = ground.neighbours
    steps = [neighbours[a:b].tolist() for a, b in itertools.pairwise(pointers.tolist())]
    cost = np.full(reduced.shape, np.inf)
    for seat in range(ground.m):
        toll = np.maximum(reduced[:, seat], 0.0).tolist()
        root = int(ground.host[seat])
        known = [np.inf] * ground.n
        known[root] = 0.0
        heap = [(0.0, root)]
        while heap:
            so_far, node = heapq.heappop(heap)
            if so_far > known[node]:
                continue
            for other in steps[node]:
                further = so_far + toll[other]
                if further < known[other]:
                    known[other] = further
                    heapq.heappush(heap, (further, other))
        cost[:, seat] = known
    return cost


def solve_fixed(
    ground: Ground,
    *,
    time_limit_s: float,
    seed: int,
    gap_share: float = 0.0,
    threads: int = 1,
    first: Ints | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> Served:
    """Find the cheapest plan of fixed seats and prove it, as far as the time goes.

    Parameters
    ----------
    ground
        One that `is_plain`.
    time_limit_s
        Wall time of all steps.
    seed
        Of everything random.
    gap_share
        Enough once plan and bound are within this share of the cost.
    threads
        Of HiGHS.
    first
        A legal plan to improve on besides those found here, or None.
    progress, stop
        Told and asked on the way.
    """
    clock = Clock(time_limit_s, stop)
    keep = reachable_pairs(ground, np.isfinite(ground.cost))
    if not keep.any(axis=1).all():
        return Served(None, np.inf, np.inf, 0)
    relaxed = AreaModel(ground, keep, seed=seed, threads=threads).relax(stop=clock.over)
    if np.isinf(relaxed.value) and relaxed.value > 0:
        return Served(None, np.inf, np.inf, 0)
    work = _Work(ground, keep, relaxed, clock, gap_share, seed, threads, progress)
    if first is not None:
        work.take(first)
    split = float((relaxed.share.max(axis=1) < 1.0 - 1e-6).mean())
    if split <= _NEARLY_WHOLE:
        work.try_pairs(work.nearest(_FIRST_PAIRS), gap=2e-3, nodes=10, rounds=3)
    if work.part is None:
        work.walk(_WALKED_BY * time_limit_s)
    if work.part is not None:
        work.polish(_POLISHED_BY * time_limit_s)
    work.price()
    work.prove()
    return Served(work.part, work.cost, min(work.bound, work.cost), int(work.useful().sum()))


class _Work:
    """The best plan, what is proved, and the means to better both."""

    def __init__(
        self, ground: Ground, keep: Bools, relaxed: Relaxed, clock: Clock, gap_share: float, seed: int,
        threads: int, progress: Progress,
    ) -> None:  # fmt: skip
        self.ground = ground
        self.relaxed = relaxed
        self.clock = clock
        self.bound = relaxed.value
        self.part: Ints | None = None
        self.cost = float("inf")
        self.ways = np.where(keep, way_costs(ground, relaxed.reduced), np.inf)
        weights = ground.windows[0].weights
        mean = abs(relaxed.value) / max(float(weights.sum()), 1e-9)
        #: What a unit of weight above a capacity costs; dearer each time it does not suffice.
        self._price = 2.0 * max(relaxed.steepest, mean, 1e-9)
        self.legal = False
        #: Pairs that the linear program or a walk's plan uses; empty before the walks.
        self._agreed = np.zeros_like(keep)
        self._gap_share, self._seed, self._threads, self._progress = gap_share, seed, threads, progress
        self._began = clock.left

    @property
    def done(self) -> bool:
        """Whether nothing is left to do, or no time."""
        if self.clock.over():
            return True
        return self.legal and self.cost - self.bound <= max(self._gap_share, LITTLE) * abs(self.cost)

    def spent(self) -> float:
        """Seconds since the beginning of the work."""
        return self._began - self.clock.left

    def overloads(self, part: Ints) -> Floats:
        """Weight above the capacity of each seat, shape (m,)."""
        window = self.ground.windows[0]
        loads = np.bincount(part, weights=window.weights, minlength=self.ground.m)
        over: Floats = np.maximum(0.0, loads - self.ground.highs(window))
        return np.where(over > 1e-6, over, 0.0)

    def take(self, part: Ints) -> bool:
        """Keep a connected plan if it is cheaper, overloads priced."""
        over = float(self.overloads(part).sum())
        cost = float(self.ground.cost[np.arange(self.ground.n), part].sum()) + self._price * over
        legal = over == 0.0
        if (legal, -cost) <= (self.legal, -self.cost + LITTLE * abs(cost)):
            return False
        self.part, self.cost, self.legal = part, cost, legal
        if legal:
            self._tell()
        return True

    def _make_overloads_dearer(self) -> None:
        """Raise the price of overloads where the plan at hand still has some."""
        if self.part is not None and not self.legal:
            self.cost += (_DEARER - 1.0) * self._price * float(self.overloads(self.part).sum())
            self._price *= _DEARER

    def _tell(self) -> None:
        known = self.legal
        bound = min(self.bound, self.cost) if known else self.bound
        self._progress(
            Step(
                "stage.solve",
                incumbent=self.cost if known else None,
                bound=bound if np.isfinite(bound) else None,
            )
        )

    def useful(self) -> Bools:
        """Pairs that a cheaper plan can use: none with a way that costs more than the gap."""
        gap = self.cost - self.relaxed.value if self.legal else np.inf
        return np.isfinite(self.ways) & (self.ways <= gap + LITTLE * max(1.0, abs(self.relaxed.value)))

    def nearest(self, per_node: float) -> Bools:
        """The useful pairs with the cheapest ways, so many per node, ties included, and the best plan's own."""
        useful = self.useful()
        sorted_ways = np.sort(self.ways[useful])
        wanted = min(len(sorted_ways) - 1, int(per_node * self.ground.n))
        return self.with_plan(useful & (self.ways <= sorted_ways[wanted]))

    def with_plan(self, pairs: Bools, part: Ints | None = None) -> Bools:
        """The pairs and those of a plan; of the best one by default."""
        part = self.part if part is None else part
        if part is None:
            return pairs
        more = pairs.copy()
        more[np.arange(self.ground.n), part] = True
        return more

    def try_pairs(
        self, pairs: Bools, *, gap: float, nodes: int | None = _NODES, rounds: int | None = _ROUNDS
    ) -> Settled:
        """Look for a better plan on some pairs; a plan of a few seats' nodes completes the best one.

        It ends when proved within this share of the bound on the whole; a legal plan comes before a good one.
        """
        if self.part is not None and not self.legal:
            gap = max(gap, 2.0 * _JOINED_GAP)
        model = AreaModel(
            self.ground, pairs, excess_price=self._soft_price, seed=self._seed, threads=self._threads
        )
        if model.relax(stop=self.clock.over).value == np.inf:
            return Settled(None, float("inf"), True)
        settled = model.solve(
            part=self.part,
            time_limit_s=self.clock.left,
            gap_abs=max(gap, self._gap_share / 2.0) * abs(self.relaxed.value),
            most_nodes=nodes,
            most_rounds=rounds,
            stop=self.clock.over,
        )
        if settled.part is not None:
            self.take(settled.part if self.part is None else np.where(settled.part >= 0, settled.part, self.part))
        return settled

    @property
    def _soft_price(self) -> float | None:
        """Overloads are allowed as long as the plan at hand has some."""
        return None if self.part is None or self.legal else self._price

    def walk(self, until_s: float) -> None:
        """Walk to plans and join what they and the linear program use, now and then on the way."""
        self._agreed = np.isfinite(self.ways) & (self.relaxed.share > LITTLE)
        met = 0
        for seed in range(self._seed, self._seed + _PLANS):
            if self.spent() >= until_s or self.done:
                return
            found = walk(self.ground, seed=seed, mean=abs(self.relaxed.value))
            if found is None:
                continue
            met += 1
            self.take(found.part)
            self._agreed = self.with_plan(self._agreed, found.part) & np.isfinite(self.ways)
            if met % _JOINED_AFTER == 0:
                self.try_pairs(self.with_plan(self._agreed), gap=2.0 * _JOINED_GAP / met)
                self._make_overloads_dearer()

    def polish(self, until_s: float) -> None:
        """The whole on few pairs and windows of neighbouring seats on more, in turn, each time on more pairs."""
        windows = Windows(self.ground, np.random.default_rng(self._seed))
        per_node, gap = _FIRST_PAIRS, 0.2 * _JOINED_GAP
        while not self.done and self.spent() < until_s:
            useful = int(self.useful().sum())
            before = self.cost
            if self._agreed.any():
                whole = self.nearest(0.7 * per_node) | self._agreed
                settled = self.try_pairs(whole, gap=gap)
                if settled.done and int(whole.sum()) >= useful:
                    return
            self._pass_windows(windows, per_node=1.5 * per_node, gap=gap / 4.0, until_s=until_s)
            if self.cost < before:
                continue
            self._make_overloads_dearer()
            if windows.budget >= useful:
                return
            windows.budget = int(1.6 * windows.budget)
            per_node, gap = 1.25 * per_node, gap / 2.0

    def _pass_windows(self, windows: Windows, *, per_node: float, gap: float, until_s: float) -> None:
        """Solve a window around every seat, or around the overloaded ones."""
        assert self.part is not None
        pairs = self.nearest(per_node)
        for centre in windows.order(self.overloads(self.part)):
            if self.done or self.spent() >= until_s:
                return
            window = windows.around(centre, self.with_plan(pairs), self.part)
            if window is not None:
                self.try_pairs(window, gap=gap)
                windows.remember(window, self.part)

    def price(self) -> None:
        """Where the linear program is weak, the bound from connected areas."""
        ground = self.ground
        weak = not self.legal or self.cost - self.bound > _WEAK * abs(self.cost)
        if self.done or not weak or ground.windows[0].low > 0 or not ground.contiguous:
            return
        # only useful pairs are asked: no plan cheaper than the one known has others
        proved = price_areas(
            ground, self.with_plan(self.useful()), duals=self.relaxed.duals, stop=self.clock.over,
            seed=self._seed, threads=self._threads,
        )  # fmt: skip
        if proved > self.bound:
            self.bound = min(proved, self.cost) if self.legal else proved
            self._tell()

    def prove(self) -> None:
        """The whole ground on every pair that a cheaper plan can use, to the end or to the last second."""
        if not self.legal:
            self.part, self.cost = None, float("inf")
        while not self.done:
            pairs = self.with_plan(self.useful())
            before = self.cost
            settled = self.try_pairs(pairs, gap=0.0, nodes=None, rounds=None)
            if settled.bound > self.bound:
                # pairs left out cannot be in a cheaper plan, so the bound holds for every plan
                self.bound = min(settled.bound, before)
                self._tell()
            if settled.done or self.cost >= before:
                return

"""Column generation with exact pricing: proved plans where borders, names or earlier stages enter the price.

Here a ground's stages share what they learn; how one of them is proved is `stage`'s affair.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from districting.plans.problem import Floats, Ints, Window
from districting.progress import Progress, Stop, never, silent
from districting.solvers.annealing.pool import regions_of
from districting.solvers.annealing.search import Regions, total_cost
from districting.solvers.columns import BORDER, DISTANCE, Columns, Measured, count_terms
from districting.solvers.exact.regions.master import Ceiling, choose_columns
from districting.solvers.generation.pricing import Pricer
from districting.solvers.generation.stage import Gathered, Proved, StageProof
from districting.solvers.ground import Ground


@dataclass(frozen=True)
class Settled:
    """A ground's plan after the proof; see `Proved`."""

    part: Ints | None
    seats: Ints
    cost: float
    bound: float
    columns: int


def prove_by_columns(
    ground: Ground,
    *,
    part: Ints | None,
    regions: Regions,
    time_limit_s: float,
    gap_share: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
    stop: Stop = never,
) -> Settled:
    """Prove the cheapest plan of a ground with free seats, border charges included.

    Parameters
    ----------
    ground
        What is asked; seats free, contiguity asked.
    part
        Best plan known, or None.
    regions
        Legal regions that a search has seen.
    time_limit_s
        Wall time.
    gap_share
        Stop once proved within this share of the cost.
    seed, threads
        Of HiGHS.
    progress, stop
        Told and asked on the way.

    Raises
    ------
    ValueError
        If seats are fixed or contiguity is not asked: those grounds have models of their own.
    """
    if ground.fixed or not ground.contiguous:
        raise ValueError("columns are for free seats and connected districts")
    measured = Measured.bare(ground)
    generation = Generation(
        measured, regions, time_limit_s=time_limit_s, seed=seed, threads=threads, progress=progress, stop=stop
    )
    weights = np.zeros(5)
    weights[[DISTANCE, BORDER]] = 1.0
    plan = None if part is None else generation.plan_of(part)
    proved = generation.settle(weights, (), plan=plan, gap_share=gap_share)
    if proved.columns is None:
        return Settled(None, np.zeros(0, dtype=np.int64), np.inf, proved.bound, proved.priced)
    part = part_of(proved.columns, ground.n)
    cost, seats = total_cost(ground, part)
    return Settled(part, seats, cost, min(proved.bound, cost), proved.priced)


@cache
def warm_up_columns() -> None:
    """Compile the pricing before anybody's clock runs."""
    window = Window("households", np.ones(4), 1.0, 2.0)
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    steps = np.abs(np.arange(4.0)[:, None] - np.arange(4.0))
    tiny = Ground(steps, np.arange(4), edges, np.ones(3), (window,), 2)
    part = np.array([0, 0, 1, 1])
    prove_by_columns(tiny, part=part, regions=regions_of(part, 2), time_limit_s=60.0)


def part_of(plan: Columns, n: int) -> Ints:
    """District of each node."""
    part = np.full(n, -1, dtype=np.int64)
    for district in range(len(plan)):
        part[plan.region(district)] = district
    return part


class Generation:
    """Stage after stage on the columns of one measured ground; see `stage`."""

    def __init__(
        self,
        measured: Measured,
        regions: Regions,
        *,
        time_limit_s: float,
        seek: Callable[[Floats], Regions] | None = None,
        pricer: Pricer | None = None,
        seed: int = 0,
        threads: int = 1,
        progress: Progress = silent,
        stop: Stop = never,
    ) -> None:
        self.measured = measured
        self._until = time.monotonic() + time_limit_s
        self._gathered = Gathered(
            measured, seek=seek, pricer=pricer, seed=seed, threads=threads, progress=progress, stop=stop
        )
        self.learn_regions(regions)

    @property
    def left(self) -> float:
        """Seconds left."""
        return self._until - time.monotonic()

    def learn(self, columns: Columns) -> Ints:
        """Take new columns into the pool; return their positions."""
        return self._gathered.learn(columns)

    def learn_regions(self, regions: Regions) -> None:
        """Take every column of some regions into the pool."""
        self._gathered.learn(self._gathered.pricer.count(regions))

    @property
    def regions(self) -> Regions:
        """Every region known."""
        return self._gathered.pool.regions

    def plan_of(self, part: Ints) -> Columns | None:
        """A plan as columns, without labels; None if one of its districts is not legal."""
        many = int(part.max()) + 1
        columns = count_terms(self.measured, regions_of(part, many))
        columns = columns.taken(np.flatnonzero(columns.label < 0))
        return columns if len(columns) == many else None

    def possible(self, *, time_limit_s: float = np.inf) -> bool:
        """False if there is provably no plan: not even a fractional one; columns that make one are learnt."""
        stage = StageProof(
            self._gathered, np.zeros(5), (), None, 0.0, 0.0, min(self.left, time_limit_s), slack=True
        )
        return stage.fractional()

    def settle(
        self,
        weights: Floats,
        ceilings: Sequence[Ceiling],
        *,
        plan: Columns | None,
        gap_share: float = 0.0,
        gap_abs: float = 0.0,
        time_limit_s: float = np.inf,
    ) -> Proved:
        """The cheapest plan by these weights that keeps the ceilings.

        Parameters
        ----------
        weights
            Shape (5,).
        ceilings
            Of the stages before.
        plan
            A plan that keeps them, or None.
        gap_share, gap_abs
            Proved within this share of the value, or within so much, is enough.
        time_limit_s
            For this stage, within that of all.
        """
        stage = StageProof(
            self._gathered, weights, tuple(ceilings), plan, gap_share, gap_abs, min(self.left, time_limit_s)
        )
        return stage.run()

    def cheapest_within(
        self, weights: Floats, budgets: Callable[[Columns], Sequence[tuple[Floats, float]]], *, time_limit_s: float
    ) -> Columns | None:
        """The cheapest plan of the columns known that keeps budgets of theirs; None if there is none.

        ``budgets``: told the columns, says each one's figures and the most that a plan may have of them.
        """
        pool = self._gathered.pool
        chosen, _ = choose_columns(
            self.measured, pool, weights=weights, ceilings=(), cuts=np.zeros((0, 3), dtype=np.int64),
            incumbent=None, budgets=budgets(pool), time_limit_s=min(self.left, time_limit_s),
            seed=self._gathered.seed, threads=self._gathered.threads, stop=self._gathered.stop,
        )  # fmt: skip
        return None if chosen is None else pool.taken(chosen)

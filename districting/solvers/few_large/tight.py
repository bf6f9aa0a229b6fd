"""Few large districts in a narrow window: branch on where the seats stand, then share out the land exactly.

The hard choice is that of the seats, and there are few. Divisible nodes bound it well, also where nodes are large
against the window: then the sets of seats that remain are more, but each is a small model. Nothing is pruned but
by proof (method: *seats first*).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from districting.plans.problem import Ints
from districting.progress import Progress, Stop, never, silent
from districting.solvers.annealing.search import search
from districting.solvers.exact.regions.hess import Proof
from districting.solvers.few_large.lagrange import Seating
from districting.solvers.few_large.placing import Placed, place_seats
from districting.solvers.few_large.seat_tree import OpenSeats, SeatTree
from districting.solvers.few_large.sharing import duals_of
from districting.solvers.ground import Ground

#: A window wider than this share of its middle leaves the region search enough plans.
_NARROW = 0.05
#: With more districts the ways to place their seats are too many.
_MOST_DISTRICTS = 12
_STARTS = 30
#: Duals before the tree: stages with seats ruled out between them, and steps of each.
_STAGES, _ROUNDS = 3, 80
#: Plans at the beginning: for how many sets of seats, how far above their bound, how well, for how long (s).
_FIRST_PLANS, _FIRST_SLACK, _FIRST_GAP, _FIRST_S = 3, 2e-3, 1e-4, 10.0


def is_tight(ground: Ground) -> bool:
    """Whether a ground is of the kind that is solved here.

    Free seats, one in each node; few districts; one narrow window; no borders, no ties.
    """
    if ground.fixed or len(ground.windows) != 1 or ground.horizon or ground.broken or ground.number < 2:
        return False
    window = ground.windows[0]
    plain = not len(ground.apart) and not len(ground.together) and not (ground.border > 0).any()
    return (
        plain
        and ground.number <= _MOST_DISTRICTS
        and window.high - window.low <= _NARROW * (window.high + window.low) / 2.0
        and bool(np.array_equal(ground.host, np.arange(ground.n)))
        and bool(np.isfinite(ground.cost).all())
        and bool(ground.cost.any())
    )


def solve_tight(
    ground: Ground,
    *,
    time_limit_s: float,
    seed: int = 0,
    gap_share: float = 0.0,
    threads: int = 1,
    first: Ints | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> Proof:
    """Find the cheapest plan and prove it, as far as the time goes.

    Parameters
    ----------
    ground
        For which `is_tight` holds; the width of its window and the number of districts only decide how fast.
    time_limit_s
        Wall time.
    seed
        Of everything random.
    gap_share
        The proof may end within this share of the cost.
    threads
        Of HiGHS.
    first
        A legal plan to begin with, or None.
    progress, stop
        Told and asked on the way.

    Returns
    -------
    Proof
        ``bound`` inf without a plan: there is none. ``rounds``: nodes of the tree.
    """
    began = time.monotonic()

    def left() -> float:
        return time_limit_s - (time.monotonic() - began)

    def late() -> bool:
        return stop() or left() <= 0.0

    tree = SeatTree(
        ground, tolerance=max(gap_share, 1e-9), seed=seed, threads=threads, progress=progress, stop=late
    )
    tree.offer(first)
    placed = place_seats(ground.cost, ground.windows[0], ground.number, seed=seed, starts=_STARTS, stop=late)
    duals = ground.cost.min(axis=1)
    if placed:
        best = placed[0]
        tree.hoped = best.shares.value + 0.01 * abs(best.shares.value)
        duals = duals_of(ground.cost[:, best.seats], best.seats, ground.windows[0].weights, best.shares.slopes)
        _first_plans(tree, placed, left)
    if tree.part is None:
        tree.offer(search(ground, seed=seed, starts=4, time_left=late).part)
    seating = Seating(np.zeros(ground.m, dtype=np.int64), np.array([ground.number], dtype=np.int64))
    value = -np.inf
    for _ in range(_STAGES):
        priced, seating = tree.raised(seating, duals, _ROUNDS)
        value, duals = max(value, priced.value), priced.duals
        tree.tell(value)
    tree.push(OpenSeats(value, seating, duals))
    steps = 0
    while tree.open and not late():
        tree.step(left())
        steps += 1
    return Proof(tree.part, tree.cost, tree.bound, steps)


def _first_plans(tree: SeatTree, placed: list[Placed], left: Callable[[], float]) -> None:
    """Plans for the best seats, on the pairs near the bound of their sharing out, wider where there is none."""
    for place in placed[:_FIRST_PLANS]:
        value, slack = place.shares.value, _FIRST_SLACK
        while slack < 1.0 and value < tree.cost and not tree.stop():
            upper = min(value + slack * abs(value), tree.cost)
            proof = tree.decide(place.seats, upper=upper, gap_rel=_FIRST_GAP, time_limit_s=min(_FIRST_S, left()))
            tree.offer(proof.part)
            if proof.part is not None or upper >= tree.cost:
                break
            slack *= 5.0

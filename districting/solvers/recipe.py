"""The way from a ground to a proved plan: search, master, bound, proof; each hands the next a smaller question."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from districting.plans.problem import Bools, Floats, Ints, Window
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.annealing.pool import enumerate_plans, joined, price_regions, regions_of
from districting.solvers.annealing.search import search, total_cost
from districting.solvers.bound import lower_bound
from districting.solvers.cut_edges.division import Division, divides, solve_by_division
from districting.solvers.exact.regions.hess import reachable_pairs, solve_hess
from districting.solvers.exact.regions.labelled import solve_labelled
from districting.solvers.exact.regions.partition import choose, relax
from districting.solvers.few_large.tight import is_tight, solve_tight
from districting.solvers.fixed_seats.fixed import is_plain, solve_fixed
from districting.solvers.fixed_seats.walks import walk
from districting.solvers.ground import Ground
from districting.solvers.lists.connected import suits
from districting.solvers.lists.enumeration import prove_by_lists
from districting.solvers.lists.pieces import prove_by_pieces

#: Up to here the proof is always carried to the end; beyond, the gap asked for is enough.
SMALL_PAIRS = 4_000
#: Beyond this many variables the assignment model does not get past its root in a minute.
_MOST_PAIRS = 30_000
_MOST_EDGE_VARIABLES = 60_000
_LISTED_NODES = 20
#: Share of the time limit after which a division that has not ended leaves the rest to the other ways.
_DIVIDING = 0.6
#: Nodes per district up to which the districts within a gap can be listed.
_WIDEST = 25
#: Walks of the search before the lists: they need a plan and prices to begin with, not the best ones.
_STARTS = 2
#: Up to here lists are carried to the end whatever the gap asked.
_SMALL_NODES = 300
#: Nodes up to which one linear program holds the whole ground.
_ONE_MASTER = 2_000


@dataclass(frozen=True)
class Answer:
    """The best plan of a ground and what is proved of it.

    Parameters
    ----------
    part
        Shape (n,), district of each node, or None.
    seats
        Seat of each district.
    cost, bound
        Of the plan (inf without), and the proved lower bound (inf: there is no plan).
    regions
        Regions in the pool.
    pairs
        Pairs (node, seat), or listed districts, that the bound left to the proof.
    """

    part: Ints | None
    seats: Ints
    cost: float
    bound: float
    regions: int
    pairs: int

    @property
    def gap_share(self) -> float:
        """(cost − bound) / |cost|; inf without a plan."""
        return (self.cost - self.bound) / max(abs(self.cost), 1e-12) if self.part is not None else float("inf")


@cache
def warm_up() -> None:
    """Compile the kernels before anybody's clock runs: the first time on a machine that takes some ten seconds.

    Within the time limit it would leave proofs open on a fresh machine that are closed on any other.
    """
    columns, rows = 4, 3
    n = columns * rows
    x, y = np.arange(n) % columns, np.arange(n) // columns
    steps = (np.abs(x[:, None] - x) + np.abs(y[:, None] - y)).astype(np.float64)
    near = np.argwhere(np.triu(steps == 1.0)).astype(np.int64)
    window = Window("households", np.ones(n), 3.0, 5.0)
    tiny = Ground(steps, np.arange(n), near, np.zeros(len(near)), (window,), 3)
    solve_ground(tiny, time_limit_s=60.0, seed=0)
    narrow = replace(tiny, windows=(Window("households", np.ones(n), 4.0, 4.0),))
    solve_ground(narrow, time_limit_s=60.0, seed=0)
    edges_only = replace(tiny, cost=np.zeros((n, n)), border=np.ones(len(near)))
    solve_ground(edges_only, time_limit_s=60.0, seed=0)
    seats = np.array([0, 5, 11])
    at_seats = steps[:, seats]
    at_seats[seats] = np.where(np.eye(len(seats), dtype=np.bool_), 0.0, np.inf)
    walk(
        replace(tiny, cost=at_seats, host=seats, capacity=np.full(len(seats), 5.0), fixed=True),
        seed=0,
        mean=float(n),
    )


def solve_ground(
    ground: Ground,
    *,
    time_limit_s: float,
    seed: int,
    gap_share: float = 0.0,
    threads: int = 1,
    first: Ints | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> Answer:
    """Find the cheapest plan and prove it, as far as the time goes.

    Parameters
    ----------
    ground
        What is asked.
    time_limit_s
        Wall time of all steps.
    seed
        Of everything random.
    gap_share
        A proof of a large ground ends within this share of the cost; a small one always goes to the end.
    threads
        Of HiGHS.
    first
        A plan to search from besides those grown here, or None.
    progress, stop
        Told and asked on the way.
    """
    began = time.monotonic()

    def left() -> float:
        return time_limit_s - (time.monotonic() - began)

    if is_plain(ground):
        served = solve_fixed(
            ground, time_limit_s=left(), seed=seed, gap_share=gap_share, threads=threads, first=first,
            progress=progress, stop=stop,
        )  # fmt: skip
        seats = np.arange(ground.m if served.part is not None else 0, dtype=np.int64)
        return Answer(served.part, seats, served.cost, served.bound, 0, served.pairs)
    if is_tight(ground):
        proof = solve_tight(
            ground, time_limit_s=left(), seed=seed, gap_share=gap_share, threads=threads, first=first,
            progress=progress, stop=stop,
        )  # fmt: skip
        if proof.part is not None or proof.bound == np.inf:
            seats = np.zeros(0, dtype=np.int64) if proof.part is None else total_cost(ground, proof.part)[1]
            return Answer(proof.part, seats, proof.cost, proof.bound, 0, 0)
    if ground.cost.any() and suits(ground) and ground.n <= _WIDEST * ground.number:
        answer = _by_lists(
            ground, time_limit_s=left(), seed=seed, gap_share=gap_share, threads=threads, first=first,
            progress=progress, stop=stop,
        )  # fmt: skip
        if answer is not None:
            return answer
    if divides(ground):
        return _by_division(
            ground, time_limit_s=left(), seed=seed, threads=threads, first=first, progress=progress, stop=stop
        )
    part, cost, duals, regions = _search_and_choose(ground, time_limit_s, seed, threads, first, progress, stop)
    if part is None and _enumerable(ground):
        return _best_of_all(ground)
    if not ground.cost.any() and suits(ground):
        return _by_labels(ground, Division(part, cost, 0.0), left(), seed, threads, progress, stop)
    progress(Step("stage.solve", incumbent=cost if part is not None else None))
    bound = lower_bound(
        ground, upper=cost, duals=duals, time_limit_s=max(0.5, min(0.35 * time_limit_s, left())), stop=stop
    )
    value, pairs = bound.value, int(bound.keep.sum())
    wanted = 1e-9 if pairs <= SMALL_PAIRS else max(gap_share, 1e-9)
    if np.isinf(value) and value > 0 and part is None:
        return Answer(None, np.zeros(0, dtype=np.int64), np.inf, np.inf, regions, 0)
    solved_by_bound = part is not None and cost - value <= wanted * abs(cost)
    if not solved_by_bound and left() > 0.1 and not stop() and _affordable(ground, bound.keep):
        proof = solve_hess(
            ground, keep=bound.keep, part=part, upper=cost, gap_rel=wanted if wanted > 1e-9 else 0.0,
            time_limit_s=left(), seed=seed, threads=threads, progress=progress, stop=stop,
        )  # fmt: skip
        part, cost, value = proof.part, proof.cost, max(value, proof.bound)
    if part is None:
        return Answer(None, np.zeros(0, dtype=np.int64), np.inf, value, regions, pairs)
    cost, seats = total_cost(ground, part)
    # the solver's arithmetic may end a hair above the plan's own cost
    return Answer(part, seats, cost, min(value, cost), regions, pairs)


def _by_lists(
    ground: Ground, *, time_limit_s: float, seed: int, gap_share: float, threads: int, first: Ints | None,
    progress: Progress, stop: Stop,
) -> Answer | None:  # fmt: skip
    """Search, then the proof by lists; None if the search met no plan."""
    began = time.monotonic()

    def late() -> bool:
        return stop() or time.monotonic() - began > 0.2 * time_limit_s

    found = search(ground, seed=seed, starts=_STARTS, first=first, time_left=late, progress=progress)
    if found.part is None:
        return None
    pool = price_regions(ground, joined(regions_of(found.part, ground.number), found.regions))
    prove = prove_by_lists if ground.n <= _ONE_MASTER else prove_by_pieces
    covered = prove(
        ground,
        pool=pool,
        part=found.part,
        upper=found.cost,
        time_limit_s=time_limit_s - (time.monotonic() - began),
        gap_share=gap_share if ground.n > _SMALL_NODES else 0.0,
        seed=seed,
        threads=threads,
        progress=progress,
        stop=stop,
    )
    cost, seats = total_cost(ground, covered.part)
    nearest = float(ground.cost.min(axis=1).sum())  # stopped before any price: everyone at the cheapest seat
    return Answer(covered.part, seats, cost, min(max(covered.bound, nearest), cost), len(pool), covered.listed)


def _by_division(
    ground: Ground,
    *,
    time_limit_s: float,
    seed: int,
    threads: int,
    first: Ints | None,
    progress: Progress,
    stop: Stop,
) -> Answer:
    """Divide as long as that may end; then search, and let the labelled model take over the bound."""
    began = time.monotonic()

    def late() -> bool:
        return stop() or time.monotonic() - began > _DIVIDING * time_limit_s

    division = solve_by_division(ground, progress=progress, stop=late)
    if division.proved:
        seats = np.zeros(0, dtype=np.int64) if division.part is None else total_cost(ground, division.part)[1]
        return Answer(division.part, seats, division.cost, division.bound, 0, 0)
    left = time_limit_s - (time.monotonic() - began)
    known = first if division.part is None else division.part
    part, cost, _, _ = _search_and_choose(ground, left, seed, threads, known, progress, stop)
    if part is not None and cost < division.cost:
        division = Division(part, cost, division.bound)
    left = time_limit_s - (time.monotonic() - began)
    return _by_labels(ground, division, left, seed, threads, progress, stop)


def _by_labels(
    ground: Ground, known: Division, time_limit_s: float, seed: int, threads: int, progress: Progress, stop: Stop
) -> Answer:
    """What the labelled model adds to a plan and a bound."""
    proof = solve_labelled(
        ground, part=known.part, upper=known.cost, lower=known.bound, time_limit_s=time_limit_s, seed=seed,
        threads=threads, progress=progress, stop=stop,
    )  # fmt: skip
    seats = np.zeros(0, dtype=np.int64) if proof.part is None else total_cost(ground, proof.part)[1]
    return Answer(proof.part, seats, proof.cost, proof.bound, 0, 0)


def _enumerable(ground: Ground) -> bool:
    """Whether all plans can be listed: the way out where hardly any exists and no walk meets one."""
    plain = len(ground.windows) == 1 and not ground.horizon and not ground.broken
    tied = len(ground.apart) + len(ground.together)
    return plain and not tied and not ground.fixed and ground.contiguous and ground.n <= _LISTED_NODES


def _best_of_all(ground: Ground) -> Answer:
    """The cheapest of all plans."""
    best, cost = None, np.inf
    for plan in enumerate_plans(ground):
        part = np.full(ground.n, -1, dtype=np.int64)
        for district, nodes in enumerate(plan):
            part[nodes] = district
        value, _ = total_cost(ground, part)
        if value < cost:
            best, cost = part, value
    seats = np.zeros(0, dtype=np.int64) if best is None else total_cost(ground, best)[1]
    return Answer(best, seats, float(cost), float(cost), 0, 0)


def _search_and_choose(
    ground: Ground,
    time_limit_s: float,
    seed: int,
    threads: int,
    first: Ints | None,
    progress: Progress,
    stop: Stop,
) -> tuple[Ints | None, float, Floats | None, int]:
    """Best plan of the search and of the master over its regions; its cost; duals; size of the pool."""
    began = time.monotonic()

    def late() -> bool:
        return stop() or time.monotonic() - began > 0.3 * time_limit_s

    found = search(ground, seed=seed, first=first, time_left=late, progress=progress)
    if found.part is None and not late():
        found = search(ground, seed=seed + 1, starts=20, first=first, time_left=late, progress=progress)
    if found.part is None:
        return None, float("inf"), None, len(found.regions)
    own = regions_of(found.part, ground.number)
    pool = price_regions(ground, joined(own, found.regions))
    incumbent = np.arange(ground.number)
    if len(pool) < ground.number or not np.array_equal(
        np.sort(pool.regions.members[: ground.n]), np.arange(ground.n)
    ):
        # a district of the plan is against a rule that the search does not know (a set to be broken)
        return None, float("inf"), None, len(pool)
    relaxed = relax(ground, pool, first=incumbent)
    if relaxed is None:
        return found.part, found.cost, None, len(pool)
    chosen, _ = choose(
        ground, pool, relaxed=relaxed, incumbent=incumbent, time_limit_s=0.2 * time_limit_s, seed=seed,
        threads=threads, stop=stop,
    )  # fmt: skip
    part = np.full(ground.n, -1, dtype=np.int64)
    for district, position in enumerate(chosen):
        part[pool.region(int(position))] = int(pool.seat[position]) if ground.fixed else district
    cost, _ = total_cost(ground, part)
    progress(Step("stage.solve", incumbent=cost))
    return part, cost, relaxed.duals, len(pool)


def _affordable(ground: Ground, keep: Bools) -> bool:
    """Whether the assignment model on these pairs is worth starting."""
    pairs = reachable_pairs(ground, keep)
    charged = ground.edges[ground.border > 0]
    both = pairs[charged[:, 0]] & pairs[charged[:, 1]]
    return int(pairs.sum()) <= _MOST_PAIRS and int(both.sum()) <= _MOST_EDGE_VARIABLES

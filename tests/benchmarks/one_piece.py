"""Scale in one piece: a generated sub-district of 10,000 atoms in every mode."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator

import numpy as np

from districting.plans.problem import Problem, Seat, Window
from districting.solvers.params import Params
from districting.solvers.profile import preset
from districting.solvers.strategy import SolveMode, solve

#: Side of the ground in atoms, side of a community in atoms, share of communities that are joined to the next.
SIDE, BLOCK, JOINED = 100, 4, 0.15
#: Seconds for each mode.
LIMIT_S = 400.0


def one_piece(side: int = SIDE, seed: int = 0) -> Problem:
    """Streets in a grid of 150 m, communities of 16 atoms each, one in seven of them twice as large as it may be."""
    rng = np.random.default_rng(seed)
    n, wide = side * side, -(-side // BLOCK)
    at = np.arange(n).reshape(side, side)
    edges = np.concatenate(
        [
            np.column_stack((at[:, :-1].ravel(), at[:, 1:].ravel())),
            np.column_stack((at[:-1].ravel(), at[1:].ravel())),
        ]
    )
    row, column = np.divmod(np.arange(n), side)
    xy = np.column_stack((column, row)) * 150.0 + rng.uniform(-30, 30, (n, 2))
    households = rng.integers(60, 450, n)
    block = (row // BLOCK) * wide + column // BLOCK
    joined = rng.random(block.max() + 1) < JOINED
    joined[wide - 1 :: wide] = False
    joined[1:] &= ~joined[:-1]
    owner = np.arange(block.max() + 1) + joined
    today = np.unique(owner[block], return_inverse=True)[1].astype(np.int64)
    ways = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    places = [int(own[len(own) // 2]) for own in (np.flatnonzero(today == pos) for pos in range(today.max() + 1))]
    return Problem(
        name="10,000 atoms",
        atom_ids=tuple(f"a{pos:05d}" for pos in range(n)),
        community_ids=tuple(f"c{pos:04d}" for pos in range(len(places))),
        households=households,
        xy=xy,
        today=today,
        edges=edges,
        open_km=rng.choice([0.0, 0.15], len(edges)),
        crossing_km=np.zeros(len(edges)),
        windows=(Window("households", households.astype(np.float64), 1000.0, 5000.0),),
        target=3500.0,
        seats=tuple(Seat(place, *xy[place].tolist(), pos) for pos, place in enumerate(places)),
        seat_distance_m=ways[:, places],
        seat_reach_m=ways[:, places],
        site_distance_m=ways,
        site_reach_m=ways,
        piece=np.zeros(n, dtype=np.int64),
        headroom=0.0,
    )


def one_piece_rows(modes: tuple[SolveMode, ...] = ("whole", "adjust", "redraw")) -> Iterator[str]:
    """Each mode with the profile *least change*."""
    problem = one_piece()
    yield "## One sub-district of 10,000 atoms"
    yield ""
    yield (
        f"{problem.n:,} atoms, {len(problem.community_ids)} communities, {problem.households.sum():,} households; *least change*, {LIMIT_S:.0f} s a mode, one core."
    )
    yield ""
    yield "| mode | communities | households moved | lower bound | gap | s | memory GiB |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for mode in modes:
        clock = time.perf_counter()
        result = solve(problem, mode, Params(time_limit_s=LIMIT_S, profile=preset("least-change")))
        seconds, memory = time.perf_counter() - clock, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        if result.solution is None:
            yield f"| {mode} | – | – | {result.lower_bound:,.0f} | – | {seconds:.0f} | {memory:.1f} |"
            continue
        moved = next(term for term in result.terms if term.name == "moved_households")
        gap = (moved.value - moved.lower_bound) / max(moved.value, 1.0)
        yield (
            f"| {mode} | {len(problem.community_ids)} → {len(result.solution.chosen)} | {moved.value:,.0f} | {moved.lower_bound:,.0f} | "
            f"{100 * gap:.2f} % | {seconds:.0f} | {memory:.1f} |"
        )
    yield ""

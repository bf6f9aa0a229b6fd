"""Which step in which stage: the question and a first answer; `districting.solvers.exact.staging` proves one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.problem import Floats, Ints

Steps = frozenset[int]

#: Shares of caps are proved no closer than this.
_SLACK = 1e-4


@dataclass(frozen=True, eq=False)
class Cap:
    """What one stage may hold: the weights of the communities that change and of the steps taken, in all.

    Parameters
    ----------
    limit
        Largest sum, > 0.
    communities
        Shape (c,): weight of each community that changes.
    steps
        Shape (n,): weight of each step taken.
    """

    limit: float
    communities: Floats
    steps: Floats

    def load(self, communities: Sequence[int], steps: Sequence[int]) -> float:
        """Weight of some communities and steps together."""
        return float(self.communities[list(communities)].sum() + self.steps[list(steps)].sum())


@dataclass(frozen=True, eq=False)
class StagingProblem:
    """n steps, c communities.

    Parameters
    ----------
    touching
        For each community, the steps that touch it. One that counts nowhere may tie steps together.
    forbidden
        For each community, sets of its steps after which it is not legal, when just these are done.
    caps
        Of every stage.
    urgency
        Tiers, the most urgent first; each of shape (c,): what waits for as long as no step has touched the
        community.
    lateness
        Shape (n,): weight of each step for coming early, the last wish.
    """

    touching: tuple[tuple[int, ...], ...]
    forbidden: tuple[frozenset[Steps], ...]
    caps: tuple[Cap, ...]
    urgency: tuple[Floats, ...]
    lateness: Floats

    @property
    def n(self) -> int:
        """Number of steps."""
        return len(self.lateness)

    def allowed(self, community: int) -> list[Steps]:
        """Every set of a community's steps that may be the ones done: up to 2 to the number of steps."""
        steps = self.touching[community]
        sets = chain.from_iterable(combinations(steps, size) for size in range(len(steps) + 1))
        return [found for found in map(frozenset, sets) if found not in self.forbidden[community]]


def components(problem: StagingProblem) -> list[list[int]]:
    """Steps tied by communities, in the order of their first step."""
    pairs = [(steps[0], other) for steps in problem.touching for other in steps[1:]]
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(a)), (a, b)), shape=(problem.n, problem.n))
    label = connected_components(links, directed=False)[1]
    return [list(map(int, np.flatnonzero(label == one))) for one in dict.fromkeys(label.tolist())]


def part_of(problem: StagingProblem, steps: list[int]) -> StagingProblem:
    """The problem of some steps alone, which no community ties to others."""
    place = {step: number for number, step in enumerate(steps)}
    kept = [c for c, members in enumerate(problem.touching) if members and members[0] in place]
    return StagingProblem(
        touching=tuple(tuple(place[i] for i in problem.touching[c]) for c in kept),
        forbidden=tuple(
            frozenset(frozenset(place[i] for i in members) for members in problem.forbidden[c]) for c in kept
        ),
        caps=tuple(
            replace(cap, communities=cap.communities[kept], steps=cap.steps[steps]) for cap in problem.caps
        ),
        urgency=tuple(tier[kept] for tier in problem.urgency),
        lateness=problem.lateness[steps],
    )


def loads_of(problem: StagingProblem, stage: Ints) -> Floats:
    """Load of every cap in every stage, shape (caps, stages)."""
    count = int(stage.max(initial=-1)) + 1
    loads = np.zeros((len(problem.caps), count))
    for s in range(count):
        steps = np.flatnonzero(stage == s).tolist()
        communities = [c for c, mine in enumerate(problem.touching) if any(stage[i] == s for i in mine)]
        for k, cap in enumerate(problem.caps):
            loads[k, s] = cap.load(communities, steps)
    return loads


def excess_of(problem: StagingProblem, stage: Ints) -> float:
    """Sum over stages and caps of what exceeds a cap, as a share of it."""
    loads = loads_of(problem, stage)
    return sum(
        float(np.maximum(loads[k] / cap.limit - 1.0 - 1e-9, 0.0).sum()) for k, cap in enumerate(problem.caps)
    )


def fewest_by_load(problem: StagingProblem, excess: float) -> int:
    """No fewer stages: every community that is touched changes at least once, every step is taken once."""
    touched = [c for c, steps in enumerate(problem.touching) if steps]
    shares = [cap.load(touched, range(problem.n)) / cap.limit - excess for cap in problem.caps]
    return max(1, *(math.ceil(share - _SLACK) for share in shares)) if shares else 1


def least_waiting(problem: StagingProblem, tier: Floats, *, stages: int, excess: float) -> float:
    """What waits at least, summed over the stages: those most urgent for their weight go first, parts of them too.

    Parameters
    ----------
    tier
        Urgency of each community, shape (c,).
    stages, excess
        Number of stages; and what may exceed the caps in all, as shares of them.
    """
    least = 0.0
    for cap in problem.caps:
        urgent = np.flatnonzero((tier > 0) & (cap.communities > 0))
        weight = cap.communities[urgent]
        order = np.argsort(-tier[urgent] / weight, kind="stable")
        room, mended = (np.r_[0.0, np.cumsum(one[urgent][order])] for one in (cap.communities, tier))
        held = cap.limit * (np.arange(1, stages) + excess)
        least = max(least, float((mended[-1] - np.interp(held, room, mended)).sum()))
    return least


def first_fit(problem: StagingProblem, moves: Sequence[Sequence[int]]) -> Ints:
    """Stages by taking every move, the most urgent first, into the first stage that has room for it.

    Parameters
    ----------
    moves
        Steps that are taken together; those of one component in the order in which they may follow each other.

    Returns
    -------
    ndarray
        Stage of each step, shape (n,), from 0. What no stage can hold gets one of its own.
    """
    of_step = {step: number for number, steps in enumerate(components(problem)) for step in steps}
    of_move = [of_step[steps[0]] for steps in moves]
    touched = [[c for c, mine in enumerate(problem.touching) if set(mine) & set(steps)] for steps in moves]
    rank: dict[int, tuple[float, ...]] = {}
    for component, communities in zip(of_move, touched, strict=True):
        urgent = tuple(-float(tier[communities].sum()) for tier in problem.urgency)
        rank[component] = min(rank.get(component, urgent), urgent)
    limits = np.array([cap.limit for cap in problem.caps]) + 1e-9
    held: list[Floats] = []
    closed: set[int] = set()
    earliest: dict[int, int] = {}
    stage = np.zeros(problem.n, dtype=np.int64)
    for m in sorted(range(len(moves)), key=lambda m: (rank[of_move[m]], of_move[m], m)):
        load = np.array([cap.load(touched[m], moves[m]) for cap in problem.caps])
        too_large = bool((load > limits).any())
        s = earliest.get(of_move[m], 0)
        while s < len(held) and (too_large or s in closed or bool((held[s] + load > limits).any())):
            s += 1
        held += [np.zeros(len(limits)) for _ in range(s + 1 - len(held))]
        held[s] = held[s] + load
        closed |= {s} if too_large else set()
        stage[list(moves[m])] = s
        earliest[of_move[m]] = s + 1
    return np.asarray(np.unique(stage, return_inverse=True)[1], dtype=np.int64)

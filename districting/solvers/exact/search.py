"""What a search for an `adjust` plan knows, the models that it asks, and the measures of a plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from districting.errors import SolverError
from districting.plans.problem import Ints, Problem
from districting.solvers.exact import constraints as ask
from districting.solvers.exact.cutting import Clock, Pool
from districting.solvers.exact.model import PartModel, site_distances
from districting.solvers.exact.sites import Site, nearest_only, new_sites
from districting.solvers.params import Params
from districting.solvers.result import Chosen, Solution


@dataclass
class Search:
    """What is known so far."""

    problem: Problem
    params: Params
    clock: Clock
    owned: list[Site]
    gap: float
    bound: float
    pool: Pool = field(default_factory=Pool)
    best: Solution | None = None
    moved: float = np.inf
    sites: set[int] = field(default_factory=set)

    @property
    def proved(self) -> bool:
        """Whether the best plan is proved within the gap."""
        return self.moved - self.bound <= self.gap

    def offer(self, solution: Solution) -> None:
        """Keep a plan if it moves fewer households."""
        named = settled(self.problem, solution)
        if moved_households(self.problem, named) < self.moved:
            self.take(named)

    def take(self, solution: Solution) -> None:
        """Keep a plan that a later term has bettered, unless its names do not hold and it moves more for that."""
        named = settled(self.problem, solution)
        moved = moved_households(self.problem, named)
        if moved <= max(self.moved, moved_households(self.problem, solution)):
            self.best, self.moved = named, moved
            self.tell()

    def raise_bound(self, bound: float) -> None:
        """Keep a better bound."""
        if bound > self.bound:
            self.bound = bound
            self.tell()

    def tell(self) -> None:
        """Say where the search stands."""
        self.clock.tell(incumbent=self.moved if self.best is not None else None, bound=self.bound)

    def left(self, share: float) -> float:
        """Seconds that a stage may use."""
        return min(share * self.params.time_limit_s, self.clock.left_s)

    def with_new(self, atoms: Collection[int]) -> list[Site]:
        """Owned sites, and new ones at these atoms."""
        return [*self.owned, *new_sites(self.problem, atoms)]

    def near(self, sites: list[Site], near: int) -> list[Site]:
        """Sites with the atoms near them, and those that the best plan gives them."""
        also: dict[tuple[int, int], list[int]] = {}
        if self.best is not None:
            for part, chosen in enumerate(self.best.chosen):
                atoms = np.flatnonzero(self.best.part == part).tolist()
                also[chosen.community_pos, chosen.atom_pos] = atoms
        return nearest_only(self.problem, sites, near, also)

    @property
    def plan(self) -> Solution:
        """The best plan, where there is one."""
        if self.best is None:
            raise SolverError(f"{self.problem.name}: no plan yet")
        return self.best


def open_land_model(search: Search) -> PartModel:
    """Old parts exactly, new ones as land: a relaxation over every site."""
    model = PartModel.of(search.problem, search.owned, open_land=True)
    ask_all(model)
    ask.land_size(model)
    ask.neighbours_first(model)
    model.program += ask.moved(model)
    return model


def ask_all(model: PartModel) -> None:
    """Everything but contiguity and the objective."""
    ask.every_atom_in_one_part(model)
    ask.only_open_parts(model)
    ask.one_successor(model)
    ask.hold_old_seat(model)
    ask.size_windows(model)
    ask.stay_apart(model)
    ask.split_in_two(model)
    ask.number_of_communities(model)


def settled(problem: Problem, solution: Solution) -> Solution:
    """The same parts with names that hold: without a centre of its own, a successor has most of the households.

    A community that a lock asks to live on keeps its name. A new part with most of the households of a community
    without a centre whose name nobody carries takes the name.
    """
    named = {seat.community_pos for seat in problem.seats}
    named |= {pos for lock in problem.locks if lock.kind in ("seat", "keep") for pos in lock.communities}
    chosen = list(solution.chosen)
    shares = {}
    for pos in range(len(problem.community_ids)):
        own = problem.today == pos
        if pos not in named and problem.households[own].any():
            shares[pos] = np.bincount(solution.part[own], weights=problem.households[own], minlength=len(chosen))
    for part, place in enumerate(chosen):
        share = shares.get(place.community_pos)
        if share is not None and share[part] < share.max():
            chosen[part] = replace(place, community_pos=-1)
    carried = {place.community_pos for place in chosen}
    for pos in sorted(shares.keys() - carried, key=lambda pos: (-shares[pos].max(), pos)):
        most = [
            part for part in np.flatnonzero(shares[pos] == shares[pos].max()) if chosen[part].community_pos < 0
        ]
        if most:
            chosen[most[0]] = _renamed(problem, np.flatnonzero(solution.part == most[0]), chosen[most[0]], pos)
    return Solution(solution.part, tuple(chosen))


def _renamed(problem: Problem, atoms: Ints, place: Chosen, community_pos: int) -> Chosen:
    """A new part as the successor of a community without a centre: at the site that `owned_sites` has for it."""
    if problem.reach_limit_m is not None:
        return replace(place, community_pos=community_pos)
    own = atoms[problem.today[atoms] == community_pos]
    atom = int(own[np.argmax(problem.households[own])])
    return Chosen(atom, float(problem.xy[atom, 0]), float(problem.xy[atom, 1]), community_pos, False)


def moved_households(problem: Problem, solution: Solution) -> float:
    """Households whose community is not the successor of the one they live in today."""
    successor = np.array([chosen.community_pos for chosen in solution.chosen], dtype=np.int64)
    moves = (problem.today >= 0) & (successor[solution.part] != problem.today)
    return float(problem.households[moves].sum())


def distance_m(problem: Problem, solution: Solution) -> float:
    """Sum of (households + 1) × distance from the seat, m."""
    return float((problem.households + 1.0) @ site_distances(problem, solution))


def open_border_km(problem: Problem, solution: Solution) -> float:
    """Km of border off the policy's lines, plus km of main road inside communities."""
    cut = solution.part[problem.edges[:, 0]] != solution.part[problem.edges[:, 1]]
    return float(problem.open_km[cut].sum() + problem.crossing_km[~cut].sum())

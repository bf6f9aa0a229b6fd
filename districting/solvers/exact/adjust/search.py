"""What a search for an `adjust` plan knows, stage by stage, and the models that it asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from districting.errors import SolverError
from districting.plans.problem import Ints, Problem
from districting.solvers.exact.contiguity import neighbours_of
from districting.solvers.exact.parts import constraints as ask
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import Clock, Pool
from districting.solvers.exact.parts.differing import differ
from districting.solvers.exact.parts.model import Key, PartModel
from districting.solvers.exact.parts.sites import Site, companions, nearest_only, new_sites, owned_sites
from districting.solvers.params import Params
from districting.solvers.profile import Stage
from districting.solvers.result import Chosen, Solution
from districting.solvers.variety import differs

#: Above so many rows on borders the relaxation gets them as cuts.
MOST_BORDER_ROWS = 40_000
#: Two sums closer than this share are the same.
SAME = 1e-9


@dataclass
class Search:
    """What is known so far of one problem under one order of stages.

    Parameters
    ----------
    stages
        First the most important; ``at`` is the one being settled.
    bounds
        Of each stage: proved of every plan that keeps the ceilings of those before.
    ceilings, settled_at
        Of the stages settled: how large their sums may become later, and what they were.
    worth
        The best plan's sum in each stage.
    sites
        Atoms where land came out open: a new seat may well stand there.
    pool
        Cuts that hold for every site that may be in the current stage.
    alive
        Atoms that may lie in the part of each site in any plan that keeps the ceilings; None before any is ruled
        out.
    """

    problem: Problem
    params: Params
    clock: Clock
    stages: tuple[Stage, ...]
    at: int = 0
    bounds: list[float] = field(default_factory=list)
    ceilings: list[float] = field(default_factory=list)
    settled_at: list[float] = field(default_factory=list)
    worth: list[float] = field(default_factory=list)
    best: Solution | None = None
    sites: set[int] = field(default_factory=set)
    pool: Pool = field(default_factory=Pool)
    alive: dict[Key, frozenset[int]] | None = None
    _owned: dict[bool, list[Site]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Every sum is at least 0 until more is proved."""
        self.bounds = [0.0] * len(self.stages)

    @cached_property
    def beside(self) -> tuple[tuple[int, ...], ...]:
        """Neighbours of every atom."""
        return neighbours_of(self.problem)

    @property
    def stage(self) -> Stage:
        """The stage being settled."""
        return self.stages[self.at]

    @property
    def value(self) -> float:
        """The best plan's sum in the current stage; inf without a plan."""
        return self.worth[self.at] if self.best is not None else np.inf

    @property
    def gap(self) -> float:
        """Within this the current stage counts as proved."""
        least = terms.tolerance(self.problem, self.params, self.stage)
        share = terms.share_of_value(self.params, self.stage)
        return max(least, share * self.value) if np.isfinite(self.value) else least

    @property
    def proved(self) -> bool:
        """Whether the best plan is proved within the gap in the current stage."""
        if self.best is None:
            return False
        return self.value - self.bounds[self.at] <= self.gap + SAME * max(abs(self.value), 1.0)

    @property
    def plan(self) -> Solution:
        """The best plan, where there is one."""
        if self.best is None:
            raise SolverError(f"{self.problem.name}: no plan yet")
        return self.best

    def offer(self, solution: Solution) -> bool:
        """Keep a plan that holds the ceilings and is better in this stage, or as good and better later."""
        named = settled(self.problem, solution, any_seat=self.seats_matter)
        if self.seats_matter:
            named = terms.reseat(self.problem, named)
        if not differs(self.problem, named.part) or not keeps_room(self.problem, solution, named):
            return False
        worth = [terms.worth(self.problem, stage, named) for stage in self.stages]
        for earlier in range(self.at):
            if worth[earlier] > self.ceilings[earlier] + 1e-6 * max(abs(self.ceilings[earlier]), 1.0):
                return False
        if self.best is not None and not _less(worth[self.at :], self.worth[self.at :]):
            return False
        self.best, self.worth = named, worth
        self.tell()
        return True

    def raise_bound(self, bound: float) -> None:
        """Keep a better bound of the current stage. That there is no plan at all is told otherwise."""
        if np.isfinite(bound) and bound > self.bounds[self.at]:
            self.bounds[self.at] = bound
            self.tell()

    def tell(self) -> None:
        """Say where the search stands in its stage."""
        incumbent = self.value if self.best is not None else None
        self.clock.tell(incumbent=incumbent, bound=self.bounds[self.at], term=self.stage.name if self.at else "")

    @property
    def ceiling(self) -> float:
        """What later stages may make of the current sum: its tolerance, and what its gap leaves open."""
        bound = self.bounds[self.at]
        closed = self.value - bound <= SAME * max(abs(self.value), 1.0)
        reachable = self.value if closed else max(self.value, bound + self.gap)
        if terms.whole_numbers(self.stage):
            reachable = max(self.value, float(np.floor(reachable + 1e-9)))
        return self.stage.ceiling(reachable)

    def next_stage(self) -> None:
        """The current stage is settled."""
        self.ceilings.append(self.ceiling)
        self.settled_at.append(self.value)
        matters = self.seats_matter
        self.at += 1
        if self.at < len(self.stages) and self.seats_matter != matters:
            self.pool, self.alive = Pool(), None  # other sites stand for the same parts from here on
            self.offer(self.plan)

    def rooted(self) -> Solution:
        """The best plan with new communities at the atoms that `every_site` has for them."""
        if self.problem.reach_limit_m is not None or self.seats_matter:
            return self.plan
        chosen = list(self.plan.chosen)
        for part, place in enumerate(chosen):
            if place.community_pos < 0:
                atoms = np.flatnonzero(self.plan.part == part)
                atom = int(atoms[np.argmax(self.problem.households[atoms])])
                chosen[part] = replace(place, atom_pos=atom)
        return Solution(self.plan.part, tuple(chosen))

    @property
    def seats_matter(self) -> bool:
        """Whether this stage or one before asks where seats stand."""
        return terms.seats_matter(self.stages[: self.at + 1])

    @property
    def owned(self) -> list[Site]:
        """What may become of the communities of today in this stage."""
        if self.seats_matter not in self._owned:
            self._owned[self.seats_matter] = owned_sites(self.problem, any_seat=self.seats_matter)
        return self._owned[self.seats_matter]

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

    def every_site(self) -> list[Site]:
        """All sites that may be, with all atoms that may lie in them, as far as nothing is ruled out yet.

        A new community's seat may stand at any atom, as in the other modes: a park may reach where no home does.
        Where nobody asks where its seat stands, any atom would do as its root: the most populous one is taken,
        which leaves one way to write each plan down.
        """
        problem = self.problem
        if problem.reach_limit_m is None and not self.seats_matter:
            inhabited = np.flatnonzero(problem.households > 0).tolist()
            found = _most_populous_first(problem, new_sites(problem, inhabited))
        else:
            found = new_sites(problem, range(problem.n))
        return alive_only(problem, [*self.owned, *found], self.alive)


def alive_only(problem: Problem, sites: Sequence[Site], alive: Mapping[Key, frozenset[int]] | None) -> list[Site]:
    """Sites with the atoms that are not ruled out; those that lost their own seat are gone."""
    if alive is None:
        return list(sites)
    together, kept = companions(problem), []
    for site in sites:
        atoms = site.atoms & alive.get((site.community_pos, site.atom_pos), frozenset())
        if site.frozen or together[site.atom_pos].union(site.holds) <= atoms:
            kept.append(site if site.frozen else replace(site, atoms=atoms))
    return kept


def _most_populous_first(problem: Problem, sites: Sequence[Site]) -> list[Site]:
    """Each site without the atoms that hold more households than its own."""
    together = companions(problem)
    order = np.lexsort((np.arange(problem.n), -problem.households))
    rank = np.empty(problem.n, dtype=np.int64)
    rank[order] = np.arange(problem.n)
    narrowed = []
    for site in sites:
        behind = frozenset(np.flatnonzero(rank >= rank[site.atom_pos]).tolist())
        if together[site.atom_pos] <= site.atoms & behind:
            narrowed.append(replace(site, atoms=site.atoms & behind))
    return narrowed


def open_land_model(search: Search) -> PartModel:
    """Old parts exactly, new ones as land: a relaxation over every site, with the current stage as objective."""
    model = PartModel.of(search.problem, search.owned, open_land=True)
    ask_all(model)
    ask.land_size(model)
    ask.neighbours_first(model)
    _ask_stages(model, search)
    return model


def candidate_model(search: Search, sites: Sequence[Site]) -> PartModel:
    """Some sites, contiguous without a cut: for finding plans, its bound is not that of the problem."""
    model = PartModel.of(search.problem, sites)
    ask_all(model)
    ask.hop_ordered(model)
    _ask_stages(model, search)
    return model


def whole_model(search: Search, sites: Sequence[Site], pool: Pool) -> PartModel:
    """All of the problem that ``sites`` leave: neighbours first, every cut known, every ceiling."""
    model = PartModel.of(search.problem, sites)
    model.lazy_border = 2 * len(model.x) * len(search.problem.edges) > MOST_BORDER_ROWS * search.problem.n
    ask_all(model)
    ask.neighbours_first(model)
    _ask_stages(model, search)
    pool.pour_into(model)
    return model


def _ask_stages(model: PartModel, search: Search) -> None:
    """Ceilings of the stages before, and the current one as objective."""
    for stage, ceiling in zip(search.stages, search.ceilings, strict=False):
        terms.hold(model, stage, ceiling)
    model.program.setObjective(terms.asked(model, search.stage))


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
    differ(model)


def settled(problem: Problem, solution: Solution, *, any_seat: bool = False) -> Solution:
    """The same parts with names that hold: without a centre of its own, a successor has most of the households.

    A community that a lock asks to live on keeps its name. A new part with most of the households of a community
    without a centre whose name nobody carries takes the name, with ``any_seat`` at its own seat.
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
            atoms = np.flatnonzero(solution.part == most[0])
            chosen[most[0]] = _renamed(problem, atoms, chosen[most[0]], pos, any_seat=any_seat)
    return Solution(solution.part, tuple(chosen))


def keeps_room(problem: Problem, solution: Solution, named: Solution) -> bool:
    """Whether parts that lost their name in `settled` are small enough for new ones, which keep room to grow."""
    room = 1.0 - problem.headroom
    for part, (before, after) in enumerate(zip(solution.chosen, named.chosen, strict=True)):
        if after.community_pos >= 0 or before.community_pos < 0:
            continue
        inside = named.part == part
        for windows in (problem.windows, problem.horizon):
            sums = [(float(one.weights[inside].sum()), one) for one in windows]
            if sums and not any(total <= one.high * room + 1e-9 * max(1.0, one.high) for total, one in sums):
                return False
    return True


def _renamed(problem: Problem, atoms: Ints, place: Chosen, community_pos: int, *, any_seat: bool) -> Chosen:
    """A new part as the successor of a community without a centre: at the site that `owned_sites` has for it."""
    if problem.reach_limit_m is not None or any_seat:
        return replace(place, community_pos=community_pos)
    own = atoms[problem.today[atoms] == community_pos]
    atom = int(own[np.argmax(problem.households[own])])
    return Chosen(atom, float(problem.xy[atom, 0]), float(problem.xy[atom, 1]), community_pos, False)


def _less(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one plan's sums are lexicographically less, rounding aside."""
    for a, b in zip(one, other, strict=True):
        if abs(a - b) > SAME * max(abs(a), abs(b), 1.0):
            return a < b
    return False

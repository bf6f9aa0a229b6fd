"""`adjust` by columns with titles (method §8.7): every stage exactly, for the whole problem.

A part is a region under a title: the community whose successor it is, with its own seat and maximum, or new at any
atom. Every term is data of such a column, so column generation (method §8) proves a stage under
the ceilings of those before, over every site. Plans and bounds go to the `Search`, which may close the rest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from districting.plans.problem import Floats, Ints, Problem
from districting.solvers.annealing.pool import joined, regions_of
from districting.solvers.annealing.search import Regions
from districting.solvers.annealing.search import search as search_regions
from districting.solvers.columns import BORDER, NUMBER, Columns, weights_of
from districting.solvers.exact.adjust.search import Search
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.sites import Site, kept, locked_to_live
from districting.solvers.exact.regions.master import Ceiling, choose_columns
from districting.solvers.generation.generation import Generation, part_of, warm_up_columns
from districting.solvers.generation.titles import TitledPricer, Titles, without_homes
from districting.solvers.profile import Stage
from districting.solvers.recipe import warm_up
from districting.solvers.redraw.ground import frozen_atoms, pose_redraw
from districting.solvers.redraw.guiding import guide
from districting.solvers.redraw.numbers import number_asked, number_range
from districting.solvers.result import Chosen, Solution

#: Share of the time that the search for regions may use. Its walks end by themselves well before, so that the same
#: columns begin every run; only where time is very short they are cut off.
GUIDED = 0.4
#: Columns of that search to begin with.
KNOWN = 20_000
#: The linear programs tell sums apart down to this share.
ALIKE = 2e-8
#: Walks of that search for each number of communities tried, and moves of each for every node.
STARTS, MOVES = 2, 1_000
#: Seconds to find the names for the parts of one plan: a model of as many columns as there are names.
NAMING_S = 1.0


def compile_first() -> None:
    """Compile what columns need, before anybody's clock runs."""
    warm_up()
    warm_up_columns()


class Named:
    """The columns of one problem, gathered over the stages of a profile."""

    def __init__(self, search: Search, *, limit_s: float) -> None:
        self.search, problem = search, search.problem
        low, high = number_range(problem)
        free = not frozen_atoms(problem).all() and high > len(kept(problem))
        self.possible = low <= high and free and not _beyond_columns(problem, search.owned)
        if not self.possible:
            return
        # Of each border only what a cut costs more than a road inside, or the other way round, is charged by the
        # column; the rest is charged always.
        more = problem.open_km - problem.crossing_km
        charged = replace(problem, open_km=np.maximum(more, 0.0), crossing_km=np.maximum(-more, 0.0))
        self.posed = pose_redraw(charged, numbers=(low, high))
        self.aside = self.posed.aside.copy()
        self.aside[BORDER] += float(np.minimum(problem.open_km, problem.crossing_km).sum())
        due = locked_to_live(problem) - kept(problem)
        self.measured = without_homes(self.posed.measured, due=due)
        self._matters = search.seats_matter
        self._begin()
        today = self._today()
        if self.measured.ground.hangs_together(today):
            self._offer_regions(regions_of(today, int(today.max()) + 1))
        columns = self.pricer.count(self._look_around(limit_s=GUIDED * limit_s))
        worth = columns.terms @ weights_of(search.stages[0].weights)
        each = worth / np.maximum(np.diff(columns.regions.pointers), 1)
        self.generation.learn(columns.taken(np.sort(np.argsort(each, kind="stable")[:KNOWN])))

    def _begin(self) -> None:
        """Titles of the current stage, and no column yet."""
        search = self.search
        self.sites = [site for site in search.every_site() if not site.frozen]
        titles, self.sites = _titles(search.problem, self.posed.node, self.sites)
        self.pricer = TitledPricer(self.measured, titles)
        self.generation = Generation(
            self.measured,
            Regions(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64)),
            time_limit_s=search.clock.left_s,
            pricer=self.pricer,
            seed=search.params.seed,
            threads=search.params.threads,
            stop=search.clock.stop,
        )

    def settle(self, *, limit_s: float) -> bool:
        """Raise the bound of the current stage and offer better plans; True if there is provably no plan."""
        search = self.search
        if not self.possible or search.proved or min(limit_s, search.clock.left_s) <= 0:
            return False
        if search.seats_matter != self._matters:
            self._matters = search.seats_matter
            known = self.generation.regions
            self._begin()
            self.generation.learn_regions(known)
        weights = weights_of(search.stage.weights)
        ceilings = [
            self._ceiling(stage, ceiling) for stage, ceiling in zip(search.stages, search.ceilings, strict=False)
        ]
        plan, clock = self._plan_in_hand(ceilings), search.clock
        until = clock.seconds + min(limit_s, clock.left_s)
        if (
            plan is None
            and search.best is None
            and not self.generation.possible(time_limit_s=until - clock.seconds)
        ):
            return True
        proved = self.generation.settle(
            weights,
            ceilings,
            plan=plan,
            gap_abs=search.gap if not terms.whole_numbers(search.stage) else 1.0 - 1e-5,
            time_limit_s=max(until - clock.seconds, 0.0),
        )
        if proved.columns is not None:
            self._offer(proved.columns)
        if np.isposinf(proved.bound):
            return search.best is None
        if np.isfinite(proved.bound):
            bound = proved.bound + float(weights @ self.aside)
            if terms.whole_numbers(search.stage):
                bound = float(np.ceil(bound - 1e-5))
            if search.best is not None and search.value - bound <= ALIKE * max(abs(search.value), 1.0):
                bound = search.value
            search.raise_bound(min(bound, search.value))
        return False

    def _look_around(self, *, limit_s: float) -> Regions:
        """Regions of plans that are good by the first stage, for the columns to begin with."""
        search = self.search
        clock, until = search.clock, search.clock.seconds + limit_s
        weights = weights_of(search.stages[0].weights)
        aside, (low, high) = int(self.aside[NUMBER]), self.measured.numbers
        found = Regions(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
        today = len(np.unique(search.problem.today[search.problem.today >= 0]))
        tried = [number_asked(search.problem), today, (number_asked(search.problem) + today) // 2]
        for at, number in enumerate(dict.fromkeys(min(max(one - aside, low, 1), high) for one in tried)):
            one = search_regions(
                guide(self.posed, weights, number),
                seed=search.params.seed + at,
                starts=STARTS,
                moves=max(20_000, MOVES * self.measured.ground.n),
                time_left=lambda: clock.seconds > until or clock.left_s <= 0,
            )
            found = joined(found, one.regions)
            if one.part is not None:
                plan = regions_of(one.part, int(one.part.max()) + 1)
                self._offer_regions(plan)
                found = joined(plan, found)
        return found

    def _today(self) -> Ints:
        """Nodes by the communities of today, shape (n,); what lies in none, or in several, counts as one more."""
        node, today = self.posed.node, self.search.problem.today
        free = node >= 0
        part = np.full(self.measured.ground.n, -1, dtype=np.int64)
        part[node[free]] = today[free]
        mixed = np.zeros(len(part), dtype=np.bool_)
        mixed[node[free & (part[node] != today)]] = True
        return np.unique(np.where(mixed, -1, part), return_inverse=True)[1].astype(np.int64)

    def _offer_regions(self, regions: Regions) -> None:
        """Some regions that part the ground as a plan, under the names that are best; if they are all legal."""
        columns = self.pricer.count(regions)
        if len(np.unique(columns.regions.members)) < self.measured.ground.n:
            return
        chosen, _ = choose_columns(
            self.measured,
            columns,
            weights=weights_of(self.search.stage.weights),
            ceilings=(),
            cuts=np.zeros((0, 3), dtype=np.int64),
            incumbent=None,
            time_limit_s=NAMING_S,
            seed=self.search.params.seed,
            stop=self.search.clock.stop,
        )
        if chosen is not None:
            self._offer(columns.taken(chosen))

    def _ceiling(self, stage: Stage, ceiling: float) -> Ceiling:
        """An earlier stage, as columns count it."""
        weights: Floats = weights_of(stage.weights)
        hair = 1e-6 * max(abs(ceiling), 1.0)
        return Ceiling(weights, ceiling + hair - float(weights @ self.aside))

    def _plan_in_hand(self, ceilings: list[Ceiling]) -> Columns | None:
        """The best plan as columns; None where there is none, or where it is none of columns."""
        search, node = self.search, self.posed.node
        if search.best is None:
            return None
        frozen = kept(search.problem)
        parts = [at for at, place in enumerate(search.best.chosen) if place.community_pos not in frozen]
        nodes = [np.unique(node[search.best.part == at]) for at in parts]
        sizes = np.array([len(one) for one in nodes], dtype=np.int64)
        regions = Regions(np.concatenate(([0], np.cumsum(sizes))).astype(np.int64), np.concatenate(nodes))
        if regions.members.min() < 0:
            return None
        columns = self.pricer.count(regions)
        place = {key: at for at, key in enumerate(columns.keys())}
        keys = [
            (one.tobytes(), search.best.chosen[at].community_pos) for at, one in zip(parts, nodes, strict=True)
        ]
        if not all(key in place for key in keys):
            return None
        plan = columns.taken(np.array([place[key] for key in keys], dtype=np.int64))
        totals = plan.terms.sum(axis=0)
        return plan if all(float(totals @ one.weights) <= one.most + 1e-9 for one in ceilings) else None

    def _offer(self, columns: Columns) -> None:
        """A plan of columns, with kept communities as they are."""
        problem, posed = self.search.problem, self.posed
        part = np.full(problem.n, -1, dtype=np.int64)
        free = posed.node >= 0
        part[free] = part_of(columns, self.measured.ground.n)[posed.node[free]]
        chosen = []
        for title in columns.seat.tolist():
            site = self.sites[title]
            chosen.append(Chosen(site.atom_pos, site.x, site.y, site.community_pos, site.existing))
        for pos, (atom, seat) in zip(sorted(kept(problem)), posed.places, strict=True):
            part[problem.today == pos] = len(chosen)
            x, y = problem.xy[atom] if seat < 0 else (problem.seats[seat].x, problem.seats[seat].y)
            chosen.append(Chosen(atom, float(x), float(y), pos, seat >= 0))
        self.search.offer(Solution(part, tuple(chosen)))


def _beyond_columns(problem: Problem, owned: list[Site]) -> bool:
    """Whether something is asked that columns do not know.

    A plan unlike others; a seat that a lock leaves several places while no centre says who the community is;
    several old centres to hold; two gaps between the same pieces, of which the ground has one; other locks on land
    of a kept community, which leaves the ground.
    """
    frozen = kept(problem)
    for lock in problem.locks:
        held = {int(problem.today[atom]) for atom in lock.atoms} | set(lock.communities)
        if lock.kind in ("together", "apart", "split", "merge") and held & frozen:
            return True
    pairs = [tuple(sorted((int(problem.piece[a]), int(problem.piece[b])))) for a, b in problem.gaps]
    if problem.unlike or len(set(pairs)) < len(pairs) or any(len(site.holds) > 1 for site in owned):
        return True
    with_centre = {seat.community_pos for seat in problem.seats}
    return any(
        lock.kind == "seat" and len(lock.atoms) > 1 and not with_centre.issuperset(lock.communities)
        for lock in problem.locks
    )


def _titles(problem: Problem, node: Ints, sites: list[Site]) -> tuple[Titles, list[Site]]:
    """Sites as titles on nodes, those that can hold their own seat, and these sites."""
    n = int(node.max(initial=-1)) + 1
    free = np.flatnonzero(node >= 0)
    with_centre = {seat.community_pos for seat in problem.seats}
    weight = problem.households + 1.0
    usable, costs = [], []
    for site in sites:
        inside = np.zeros(problem.n, dtype=np.bool_)
        inside[list(site.atoms)] = True
        barred = np.bincount(node[free], weights=~inside[free], minlength=n) > 0
        known = np.isfinite(site.distance_m)
        far = float(site.distance_m[known].max(initial=0.0))
        ways = weight * np.where(known, site.distance_m, far)
        cost = np.bincount(node[free], weights=ways[free], minlength=n)
        cost[barred] = np.inf
        held = [node[site.atom_pos], *(node[atom] for atom in site.holds)]
        if min(held) >= 0 and np.isfinite(cost[held]).all():
            usable.append(site)
            costs.append(cost)
    also = [int(node[site.holds[0]]) if site.holds else -1 for site in usable]
    titles = Titles(
        np.array([site.community_pos for site in usable], dtype=np.int64),
        np.array([node[site.atom_pos] for site in usable], dtype=np.int64),
        np.array(also, dtype=np.int64),
        np.array(costs, dtype=np.float64).reshape(len(usable), n).T,
        np.array([site.room for site in usable]),
        np.array(
            [
                site.community_pos >= 0 and not site.must_open and site.community_pos not in with_centre
                for site in usable
            ],
            dtype=np.bool_,
        ),
    )
    return titles, usable

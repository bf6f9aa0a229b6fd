"""The same land without names: column generation as a second proof of `adjust`, and plans to begin with.

Take the names away, and an `adjust` plan is a `redraw` plan: its parts are connected, within the windows and in
reach of a seat, the nearest seat is at most as far as its own, and a part keeps at least the households that its
name keeps. So what column generation (method §8) proves of a stage under the same ceilings holds for `adjust`,
whatever the stage. It is at its best where nobody asks first who moves; room to grow is not asked of it. The other
way round its plans are `adjust` plans once every part has found a name that allows its size and its seat.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from districting.plans.problem import Floats, Ints, Problem, Window
from districting.solvers.annealing.pool import joined, regions_of
from districting.solvers.annealing.search import Regions
from districting.solvers.annealing.search import search as search_regions
from districting.solvers.columns import BORDER, DISTANCE, NUMBER, Columns, count_terms, weights_of
from districting.solvers.exact.adjust.search import Search
from districting.solvers.exact.parts.model import site_distances
from districting.solvers.exact.parts.sites import kept, oversized
from districting.solvers.exact.regions.master import Ceiling
from districting.solvers.generation.generation import Generation, part_of, warm_up_columns
from districting.solvers.profile import Stage
from districting.solvers.recipe import warm_up
from districting.solvers.redraw.ground import pose_redraw
from districting.solvers.redraw.numbers import number_asked, number_range
from districting.solvers.result import Chosen, Solution

#: Share of the time that the search for regions may use.
GUIDED = 0.2
#: Starts of that search.
STARTS = 4


def compile_first() -> None:
    """Compile what columns need, before anybody's clock runs."""
    warm_up()
    warm_up_columns()


class Afresh:
    """The columns of one problem without names, gathered over the stages of a profile."""

    def __init__(self, search: Search, *, limit_s: float) -> None:
        self.search, problem = search, search.problem
        low, high = number_range(problem)
        self.possible = low <= high and not _seated_freely(problem)
        if not self.possible:
            return
        # Of each border only what a cut costs more than a road inside is charged by the column, the rest always:
        # exact but where a cut is wished, and never more than the term.
        gain = problem.open_km - problem.crossing_km
        charged = replace(problem, open_km=np.maximum(gain, 0.0), crossing_km=np.zeros(len(gain)))
        self.posed = pose_redraw(charged, numbers=(low, high))
        self.aside = self.posed.aside.copy()
        self.aside[BORDER] += float(np.minimum(problem.open_km, problem.crossing_km).sum())
        nothing = np.zeros(0, dtype=np.int64)
        self.generation = Generation(
            self.posed.measured,
            Regions(np.zeros(1, dtype=np.int64), nothing),
            time_limit_s=search.clock.left_s,
            seed=search.params.seed,
            threads=search.params.threads,
            stop=search.clock.stop,
        )
        self._look_around(limit_s=GUIDED * limit_s)

    def help(self, *, limit_s: float) -> None:
        """Raise the bound of the current stage, and offer what plans turn up."""
        search = self.search
        if not self.possible or search.proved or min(limit_s, search.clock.left_s) <= 0:
            return
        weights = weights_of(search.stage.weights)
        ceilings = [
            self._ceiling(stage, ceiling) for stage, ceiling in zip(search.stages, search.ceilings, strict=False)
        ]
        proved = self.generation.settle(
            weights,
            ceilings,
            plan=self._plan_in_hand(ceilings),
            gap_abs=search.gap,
            time_limit_s=min(limit_s, search.clock.left_s),
        )
        if proved.columns is not None:
            self._offer(proved.columns)
        if np.isfinite(proved.bound):
            bound = proved.bound + float(weights @ self.aside)
            search.raise_bound(min(bound, search.value))

    def _look_around(self, *, limit_s: float) -> None:
        """Regions of good plans by the first stage, for the columns to begin with."""
        search, measured = self.search, self.posed.measured
        clock, until = search.clock, search.clock.seconds + limit_s
        weights = weights_of(search.stages[0].weights)
        ground = measured.ground
        reached = np.isfinite(ground.cost)
        ways = np.where(reached, max(weights[DISTANCE], 1e-3) * np.nan_to_num(ground.cost, posinf=0.0), np.inf)
        number = number_asked(search.problem) - int(self.posed.aside[NUMBER])
        found = search_regions(
            replace(ground, cost=ways, border=weights[BORDER] * ground.border, number=max(number, 1)),
            seed=search.params.seed,
            starts=STARTS,
            time_left=lambda: clock.seconds > until or clock.left_s <= 0,
        )
        regions = found.regions
        if found.part is not None:
            regions = joined(regions_of(found.part, int(found.part.max()) + 1), regions)
        self.generation.learn(count_terms(measured, regions))
        if found.part is not None:
            plan = self.generation.plan_of(found.part)
            if plan is not None:
                self._offer(plan)

    def _ceiling(self, stage: Stage, ceiling: float) -> Ceiling:
        """An earlier stage, as columns count it."""
        weights: Floats = weights_of(stage.weights)
        hair = 1e-6 * max(abs(ceiling), 1.0)
        return Ceiling(weights, ceiling + hair - float(weights @ self.aside))

    def _plan_in_hand(self, ceilings: list[Ceiling]) -> Columns | None:
        """The best plan as columns; None where there is none."""
        search, posed = self.search, self.posed
        if search.best is None:
            return None
        part = np.full(posed.measured.ground.n, -1, dtype=np.int64)
        free = posed.node >= 0
        part[posed.node[free]] = search.best.part[free]
        _, part = np.unique(part, return_inverse=True)
        plan = self.generation.plan_of(part.astype(np.int64).ravel())
        if plan is None:
            return None
        totals = plan.terms.sum(axis=0)
        return plan if all(float(totals @ one.weights) <= one.most + 1e-9 for one in ceilings) else None

    def _offer(self, columns: Columns) -> None:
        """A plan of columns with the best names that it can have."""
        search, posed = self.search, self.posed
        problem = search.problem
        part = np.full(problem.n, -1, dtype=np.int64)
        free = posed.node >= 0
        part[free] = part_of(columns, posed.measured.ground.n)[posed.node[free]]
        choices: list[list[Chosen]] = []
        for district in range(len(columns)):
            atoms = np.flatnonzero(part == district)
            choices.append(_names(problem, atoms, int(posed.atom[columns.seat[district]])))
        for pos, (atom, seat) in zip(sorted(kept(problem)), posed.places, strict=True):
            part[problem.today == pos] = len(choices)
            x, y = problem.xy[atom] if seat < 0 else (problem.seats[seat].x, problem.seats[seat].y)
            choices.append([Chosen(atom, float(x), float(y), pos, seat >= 0)])
        if part.min(initial=0) < 0 or not all(choices):
            return
        # First everyone keeps what name keeps most; then, part by part, what is better.
        chosen = [names[0] for names in choices]
        search.offer(Solution(part, tuple(chosen)))
        nearest = [min(names, key=lambda name: _way(problem, part, at, name)) for at, names in enumerate(choices)]
        search.offer(Solution(part, tuple(nearest)))
        for at, names in enumerate(choices):
            for name in names:
                if name != nearest[at]:
                    other = (*nearest[:at], name, *nearest[at + 1 :])
                    if search.offer(Solution(part, other)):
                        nearest[at] = name


def _seated_freely(problem: Problem) -> bool:
    """Whether a lock leaves the seat of a community without a centre several places, which columns do not know."""
    with_centre = {seat.community_pos for seat in problem.seats}
    return any(
        lock.kind == "seat" and len(lock.atoms) > 1 and not with_centre.issuperset(lock.communities)
        for lock in problem.locks
    )


def _names(problem: Problem, atoms: Ints, seat_atom: int) -> list[Chosen]:
    """Whom a part may succeed, most households kept first, and as new last: where size and reach allow it."""
    found = []
    locks = {pos: lock.atoms for lock in problem.locks if lock.kind == "seat" for pos in lock.communities}
    over, limit = oversized(problem), problem.reach_limit_m
    inhabited = atoms[problem.households[atoms] > 0]
    must = [seat.community_pos for seat in problem.seats if seat.community_pos in locks and seat.atom_pos in atoms]
    for at, seat in enumerate(problem.seats):
        pos = seat.community_pos
        if pos < 0 or seat.atom_pos not in atoms or (must and pos not in must):
            continue
        if locks.get(pos) and seat.atom_pos not in locks[pos]:
            continue
        far = limit is not None and bool((problem.seat_reach_m[inhabited, at] > limit).any())
        room = 1.0 - problem.headroom if pos in over else 1.0
        if not far and _roomy(problem.windows, atoms, room) and _roomy(problem.horizon, atoms, room):
            stays = float(problem.households[atoms[problem.today[atoms] == pos]].sum())
            found.append((-stays, pos, Chosen(seat.atom_pos, seat.x, seat.y, pos, True)))
    names = [name for _, _, name in sorted(found, key=lambda one: one[:2])]
    room = 1.0 - problem.headroom
    lived = problem.households[seat_atom] > 0
    if not must and lived and _roomy(problem.windows, atoms, room) and _roomy(problem.horizon, atoms, room):
        x, y = problem.xy[seat_atom].tolist()
        reach = problem.site_reach_m[inhabited, seat_atom].max(initial=0.0)
        if limit is None or reach <= limit:
            names.append(Chosen(seat_atom, x, y, -1, False))
    return names


def _roomy(windows: tuple[Window, ...], atoms: Ints, room: float) -> bool:
    """Whether the size fits one of the windows, if there are any."""
    sums = [(window, float(window.weights[atoms].sum())) for window in windows]
    return not sums or any(window.low <= total <= window.high * room + 1e-9 for window, total in sums)


def _way(problem: Problem, part: Ints, at: int, name: Chosen) -> float:
    """Household-metres of one part under one name."""
    one = Solution(np.where(part == at, 0, 1), (name, name))
    ways = site_distances(problem, one)[part == at]
    return float((problem.households[part == at] + 1.0) @ ways)

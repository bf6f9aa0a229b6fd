"""The later terms of `adjust`: number, distance, border, each within what was proved of the ones before.

Their models keep to candidate sites: those of the best plan, those where land came out open, and the atoms near
them. Their bounds say so, except for the number of communities: its bound comes from the open-land model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.exact import constraints as ask
from districting.solvers.exact.cutting import cut_root, solve_connected
from districting.solvers.exact.land import fewest_parts, share_out
from districting.solvers.exact.model import PartModel
from districting.solvers.exact.search import Search, ask_all, distance_m, open_border_km, open_land_model
from districting.solvers.exact.sites import kept
from districting.solvers.result import Chosen, Solution, Term

#: Shares of the time limit that the terms may use at most.
NUMBER, DISTANCE, BORDER = 0.05, 0.2, 0.1
#: Border may cost this share of distance: below it, planners see no difference on the ground.
DISTANCE_SLACK = 0.05
#: Border is settled within this share of what it was.
BORDER_GAP = 0.005
#: Up to so many atoms, every site and every pair is a candidate, and the bounds cover all.
ALL_PAIRS = 12
#: Above so many new candidate sites the models keep to the chosen ones and the first others.
MOST_SITES = 24
#: An atom may join its own community or one of so many nearest sites; more while communities are counted.
NEAR, NEAR_IN_NUMBER = 6, 12


def later_terms(search: Search) -> tuple[Term, ...]:
    """Number, distance and border in turn, each within what was proved before it."""
    cap = max(search.moved, np.floor(search.bound + search.gap))
    number = _fewest(search, cap)
    distance = _nearest(search, cap, number.value)
    border = _borders(search, cap, number.value, distance.value)
    return number, replace(distance, value=distance_m(search.problem, search.plan)), border


def later_bounds_cover(problem: Problem) -> str:
    """Which sites the bounds on distance and border cover."""
    return "all sites" if problem.n <= ALL_PAIRS else "near candidate sites"


def _fewest(search: Search, cap: float) -> Term:
    """Fewest communities. Its bound, from the open-land model, covers every site."""
    problem, have = search.problem, float(len(search.plan.chosen))
    relaxed = open_land_model(search)
    search.pool.pour_into(relaxed)
    ask.at_most(relaxed, ask.moved(relaxed), cap + ask.LIGHT)
    relaxed.program.setObjective(ask.communities(relaxed))
    bound = _whole(cut_root(relaxed, search.pool, search.clock, limit_s=search.left(NUMBER)))
    if len(problem.windows) == 1:
        free = np.flatnonzero(~np.isin(problem.today, sorted(kept(problem))))
        bound = max(bound, len(kept(problem)) + fewest_parts(replace(problem, headroom=0.0), free.tolist()))
    if bound < have:
        outcome = solve_connected(
            relaxed,
            search.pool,
            search.clock,
            limit_s=search.left(NUMBER),
            gap_abs=0.9,
            enough=lambda value: _whole(value) >= have,
        )
        bound = max(bound, _whole(outcome.bound))
        if outcome.values is not None:
            shared = share_out(relaxed, outcome.values, search.clock, limit_s=search.left(NUMBER))
            search.sites |= shared.sites
            if shared.solution is not None and len(shared.solution.chosen) < have:
                search.take(shared.solution)
    if bound < len(search.plan.chosen):

        def shape(model: PartModel) -> None:
            model.program += ask.communities(model)

        _improve(
            search,
            cap,
            shape,
            lambda plan: float(len(plan.chosen)),
            share=NUMBER,
            gap_abs=0.9,
            near=NEAR_IN_NUMBER,
        )
    value = float(len(search.plan.chosen))
    return Term("communities", value, min(bound, value))


def _nearest(search: Search, cap: float, number: float) -> Term:
    """Shortest ways, in household-metres; the bound covers the candidate sites."""

    def shape(model: PartModel) -> None:
        ask.at_most(model, ask.communities(model), number)
        model.program += ask.distance(model)

    def value(plan: Solution) -> float:
        return distance_m(search.problem, plan) / 1000.0

    _reseat(search)
    gap = search.params.gap_share * value(search.plan)
    bound = _improve(search, cap, shape, value, share=DISTANCE, gap_abs=gap)
    _reseat(search)
    best = value(search.plan)
    return Term("distance_m_households", best * 1000.0, min(max(bound, 0.0), best) * 1000.0)


def _borders(search: Search, cap: float, number: float, most_m: float) -> Term:
    """Least border off the policy's lines and main road inside communities."""

    def shape(model: PartModel) -> None:
        ask.at_most(model, ask.communities(model), number)
        ask.at_most(model, ask.distance(model), most_m / 1000.0 * (1.0 + DISTANCE_SLACK))
        model.program += ask.open_border(model)

    def value(plan: Solution) -> float:
        return open_border_km(search.problem, plan)

    gap = BORDER_GAP * value(search.plan)
    bound = _improve(search, cap, shape, value, share=BORDER, gap_abs=gap)
    best = value(search.plan)
    return Term("open_border_km", best, min(max(bound, 0.0), best))


def _improve(
    search: Search,
    cap: float,
    shape: Callable[[PartModel], None],
    value: Callable[[Solution], float],
    *,
    share: float,
    gap_abs: float,
    near: int = NEAR,
) -> float:
    """Better the plan in one term, hop-ordered first, as that never stalls. Return the free model's bound."""
    bound = -np.inf
    for ordered in (True, False):
        model = _model(search, cap, ordered=ordered, near=near)
        shape(model)
        if not ordered:
            root = cut_root(model, search.pool, search.clock, limit_s=search.left(share / 4))
            bound = root if np.isfinite(root) else bound
            if value(search.plan) - bound <= gap_abs:
                break
        outcome = solve_connected(
            model,
            search.pool,
            search.clock,
            limit_s=search.left(share / 2),
            gap_abs=gap_abs,
            start=model.start_from(search.plan),
        )
        if outcome.values is not None:
            plan = model.solution(outcome.values)
            if value(plan) < value(search.plan):
                search.take(plan)
        if not ordered and np.isfinite(outcome.bound):
            bound = max(bound, outcome.bound)
    return bound


def _model(search: Search, cap: float, *, ordered: bool, near: int) -> PartModel:
    """The model with candidate sites, every cut known, and households moved capped."""
    small = search.problem.n <= ALL_PAIRS
    new = {chosen.atom_pos for chosen in search.plan.chosen if chosen.community_pos < 0}
    for atom in range(search.problem.n) if small else sorted(search.sites):
        if len(new) < MOST_SITES:
            new.add(atom)
    sites = search.with_new(new)
    model = PartModel.of(search.problem, sites if small else search.near(sites, near))
    ask_all(model)
    (ask.hop_ordered if ordered else ask.neighbours_first)(model)
    search.pool.pour_into(model)
    ask.at_most(model, ask.moved(model), cap + ask.LIGHT)
    return model


def _whole(bound: float) -> float:
    """A bound on a number of communities, rounded up; 0 without one."""
    return float(np.ceil(bound - 1e-6)) if np.isfinite(bound) else 0.0


def _reseat(search: Search) -> None:
    """Move the seats of new communities to the atom of their part nearest to all, and within reach of all."""
    problem, plan = search.problem, search.plan
    weight = problem.households + 1.0
    chosen = []
    for part, place in enumerate(plan.chosen):
        atoms = np.flatnonzero(plan.part == part)
        if place.community_pos < 0:
            ways = weight[atoms] @ problem.site_distance_m[np.ix_(atoms, atoms)]
            if problem.reach_limit_m is not None:
                inhabited = atoms[problem.households[atoms] > 0]
                far = problem.site_reach_m[np.ix_(inhabited, atoms)].max(axis=0, initial=0.0)
                ways = np.where(far <= problem.reach_limit_m, ways, np.inf)
            atom = int(atoms[np.argmin(ways)])
            place = Chosen(atom, float(problem.xy[atom, 0]), float(problem.xy[atom, 1]), -1, False)
        chosen.append(place)
    search.best = Solution(plan.part, tuple(chosen))

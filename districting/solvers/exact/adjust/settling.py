"""One stage of a profile: plans first, then bounds, then both at once over every site.

Where a stage counts only what open land measures exactly (households moved, communities), the model with open land
proves most: it is small and covers every site. Its land is then shared out. Plans of every kind of stage come from
the hop-ordered model, which is contiguous without cuts and never stalls; what is left open, `closing` closes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pulp

from districting.solvers.exact.adjust.closing import close, rule_out
from districting.solvers.exact.adjust.search import Search, candidate_model, open_land_model
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import Outcome, Pool, cut_root, solve_connected
from districting.solvers.exact.parts.land import fewest_parts, share_out
from districting.solvers.exact.parts.model import PartModel
from districting.solvers.exact.parts.sites import medoids, oversized

#: Shares of a stage's time that its steps may use at most; what one leaves, the next may have.
ROOT, ORDERED, PROOF, RULING = 0.15, 0.25, 0.25, 0.1
#: In the ordered model an atom may join its own community or one of so many nearest sites, for each that may open.
NEAR = 6


def settle(search: Search, *, limit_s: float) -> bool:
    """Settle the current stage as well as its time allows; True if there is proved to be no plan at all."""
    clock = search.clock
    until = clock.seconds + min(limit_s, clock.left_s)

    def left(share: float) -> float:
        return min(share * limit_s, until - clock.seconds, clock.left_s)

    on_land = set(search.stage.weights) <= terms.ON_LAND
    if search.proved:
        return False
    relaxed = open_land_model(search) if on_land or search.best is None else None
    if relaxed is not None:
        search.pool.pour_into(relaxed)
        root = cut_root(relaxed, search.pool, clock, limit_s=left(ROOT))
        if root == np.inf and search.best is None:
            return True
        search.raise_bound(min(terms.proved(relaxed, search.stage, root), search.value))
    for near in (NEAR, None):
        if not search.proved:
            _plan_in_hops(search, near=near, limit_s=left(ORDERED))
        proving = relaxed is not None and (on_land or search.best is None)
        if proving and not search.proved and relaxed is not None and _prove(search, relaxed, limit_s=left(PROOF)):
            return search.best is None
        if search.at > 0 or left(1.0) <= 0:
            break  # with a plan in hand, wider candidates find less than `close` does
    if search.proved or left(1.0) <= 0:
        return False
    return close(search, limit_s=left(1.0))


def plan_at_hand(search: Search, *, limit_s: float) -> None:
    """A plan of the hop-ordered model among near sites: it starts from the plan known, if there is one."""
    _plan_in_hops(search, near=NEAR, limit_s=min(limit_s, search.clock.left_s))


def rule_out_for_later(search: Search, *, limit_s: float) -> None:
    """Before the next stage: the pairs that the ceiling of this one rules out."""
    after = search.at + 2
    if after <= len(search.stages) and terms.seats_matter(search.stages[:after]) == search.seats_matter:
        rule_out(search, limit_s=RULING * limit_s)


def _prove(search: Search, relaxed: PartModel, *, limit_s: float) -> bool:
    """Raise the bound with the open-land model, and share out its land: True if there is no plan at all."""
    clock = search.clock
    until = clock.seconds + limit_s
    while not search.proved and clock.seconds < until and clock.left_s > 0:
        outcome = solve_connected(
            relaxed,
            search.pool,
            clock,
            limit_s=until - clock.seconds,
            gap_abs=max(search.gap / 2, 0.0) / terms.scale(search.stage),
            start=None if search.best is None else relaxed.start_from(search.best),
            enough=lambda bound: search.value - terms.proved(relaxed, search.stage, bound) <= search.gap,
        )
        if outcome.closed:
            search.raise_bound(search.value if search.best is not None else 0.0)
            return True
        search.raise_bound(min(terms.proved(relaxed, search.stage, outcome.bound), search.value))
        if outcome.values is None or not _share_out(search, relaxed, outcome, limit_s=until - clock.seconds):
            break
    return False


def _share_out(search: Search, relaxed: PartModel, outcome: Outcome, *, limit_s: float) -> bool:
    """Make a plan of an open-land solution; True if its land cannot be shared out and was cut off."""
    shared = share_out(relaxed, outcome.values or {}, search.clock, limit_s=limit_s)
    search.sites |= shared.sites
    if shared.impossible:
        _cut_off(relaxed, shared.impossible)
        return True
    if shared.solution is not None:
        search.offer(shared.solution)
    return False


def _cut_off(relaxed: PartModel, component: Sequence[int]) -> None:
    """Never again exactly these atoms as a component of land: nobody can share it out."""
    around = {near for atom in component for near in relaxed.neighbours[atom]} - set(component)
    # By name: PuLP's == makes a constraint, so `in` on a list of variables is always true.
    inside = {relaxed.land[atom].name: relaxed.land[atom] for atom in component}
    beside = {relaxed.land[atom].name: relaxed.land[atom] for atom in sorted(around)}
    row = [(n, 1.0) for n in inside.values()]
    row += [(n, -1.0) for name, n in beside.items() if name not in inside]
    relaxed.program += pulp.LpAffineExpression(row) <= len(inside) - 1


def _plan_in_hops(search: Search, *, near: int | None, limit_s: float) -> None:
    """A plan from the hop-ordered model: with likely sites first, then with every inhabited atom."""
    problem, until = search.problem, search.clock.seconds + limit_s
    inhabited = set(np.flatnonzero(problem.households > 0).tolist())
    likely = _likely_sites(search)
    for new in (likely, inhabited) if search.best is None or search.at == 0 else (likely,):
        if search.clock.seconds >= until:
            return
        sites = search.with_new(new)
        if near is not None:
            opened = len(search.best.chosen) if search.best is not None else max(len(sites) // 2, 1)
            sites = search.near(sites, max(near, near * len(sites) // (2 * opened)))
        model = candidate_model(search, sites)
        outcome = solve_connected(
            model,
            Pool(),  # its parts cannot fall apart
            search.clock,
            limit_s=until - search.clock.seconds,
            gap_abs=max(search.gap / 4 / terms.scale(search.stage), 0.0),
            start=None if search.best is None else model.start_from(search.best),
        )
        if outcome.values is not None:
            search.offer(model.solution(outcome.values))
            return


def _likely_sites(search: Search) -> set[int]:
    """Medoids of oversized communities, of those to be split and of land in none; and where land came out open."""
    problem = search.problem
    asked = set(oversized(problem)) | {-1}
    asked |= {pos for lock in problem.locks if lock.kind == "split" for pos in lock.communities}
    sites = set(search.sites)
    if search.best is not None:
        sites |= {chosen.atom_pos for chosen in search.best.chosen if chosen.community_pos < 0}
    if search.seats_matter and search.best is not None:
        return sites | {near for atom in sites for near in search.beside[atom]}
    for community in sorted(asked):
        own = np.flatnonzero((problem.today == community) & (problem.households > 0)).tolist()
        if own:
            sites |= set(medoids(problem, own, fewest_parts(problem, own) + 2))
    return sites

"""`adjust`: today's communities keep their seats, as few households as possible change community.

In order: households moved, number of communities, distance, open border; each within what was proved of the
ones before. The bound on households moved covers every site: it comes from the model with open land, where a
new community may stand anywhere (method §5). Plans come from that model, with its land shared out, or from the
hop-ordered model, which is contiguous without cuts and never stalls.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pulp

from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.exact import constraints as ask
from districting.solvers.exact.bounds import moved_at_least
from districting.solvers.exact.closing import close
from districting.solvers.exact.cutting import Clock, Outcome, cut_root, solve_connected
from districting.solvers.exact.land import fewest_parts, share_out
from districting.solvers.exact.model import PartModel
from districting.solvers.exact.search import Search, ask_all, open_land_model
from districting.solvers.exact.sites import medoids, oversized, owned_sites
from districting.solvers.exact.terms import later_bounds_cover, later_terms
from districting.solvers.params import Params
from districting.solvers.result import Result, Status, Term

#: Shares of the time limit that the stages may use at most; what one leaves, the next may have.
ROOT, ORDERED, PROOF, CLOSING = 0.1, 0.15, 0.15, 0.5
#: In the ordered model an atom may join its own community or one of so many nearest sites; then of all.
NEAR = (6, 12)


def solve_adjust(problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never) -> Result:
    """The plan that moves the fewest households, then the fewest communities, then the shortest ways.

    Parameters
    ----------
    problem
        One sub-district.
    params
        Time limit, gaps, seed.
    progress, stop
        Whom to tell and to ask; after a stop the best legal plan so far comes back.

    Returns
    -------
    Result
        ``notes["bound_covers"]`` says for each term which sites its bound covers: ``"all sites"`` or
        ``"near candidate sites"``.
    """
    clock = Clock(params.time_limit_s, params.threads, params.seed, progress, stop, problem.name)
    gap = max(params.gap_households, params.gap_share * float(problem.households.sum()))
    search = Search(problem, params, clock, owned_sites(problem), gap, moved_at_least(problem))

    relaxed = open_land_model(search)
    root = cut_root(relaxed, search.pool, clock, limit_s=search.left(ROOT))
    if root == np.inf:
        return _result(search, "infeasible", ())
    search.raise_bound(ask.moved_bound(relaxed, root))
    for reaches in (NEAR, (problem.n + len(search.owned),)):
        for near in reaches:
            if not search.proved:
                _plan_in_hops(search, near=near)
        if _prove(search, relaxed, limit_s=search.left(PROOF)):
            return _result(search, "infeasible", ())
    if not search.proved and close(search, limit_s=search.left(CLOSING)):
        return _result(search, "infeasible", ())
    if search.best is None:
        return _result(search, "unknown", ())
    later = later_terms(search)
    return _result(search, "optimal" if search.proved else "feasible", later)


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
            gap_abs=search.gap / 2,
            start=None if search.best is None else relaxed.start_from(search.best),
            enough=lambda bound: search.moved - ask.moved_bound(relaxed, bound) <= search.gap,
        )
        if outcome.closed:
            return True
        search.raise_bound(ask.moved_bound(relaxed, outcome.bound))
        if outcome.values is None or not _share_out(search, relaxed, outcome):
            break
    return False


def _share_out(search: Search, relaxed: PartModel, outcome: Outcome) -> bool:
    """Make a plan of an open-land solution; True if its land cannot be shared out and was cut off."""
    shared = share_out(relaxed, outcome.values or {}, search.clock, limit_s=search.left(ROOT))
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


def _plan_in_hops(search: Search, *, near: int) -> None:
    """A plan from the hop-ordered model: with likely sites first, then with every inhabited atom."""
    problem = search.problem
    for sites in (_likely_sites(search), set(np.flatnonzero(problem.households > 0).tolist())):
        model = PartModel.of(problem, search.near(search.with_new(sites), near))
        ask_all(model)
        ask.hop_ordered(model)
        search.pool.pour_into(model)
        model.program += ask.moved(model)
        outcome = solve_connected(
            model,
            search.pool,
            search.clock,
            limit_s=search.left(ORDERED),
            gap_abs=search.gap / 4,
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
    for community in sorted(asked):
        own = np.flatnonzero((problem.today == community) & (problem.households > 0)).tolist()
        if own:
            sites |= set(medoids(problem, own, fewest_parts(problem, own) + 2))
    return sites


def _result(search: Search, status: Status, later: tuple[Term, ...]) -> Result:
    """The result as others read it."""
    bound = min(search.bound, search.moved)
    terms = (Term("moved_households", search.moved, bound), *later) if search.best is not None else ()
    notes = {
        "gap_households": search.gap,
        "bound_covers": {
            "moved_households": "all sites",
            "communities": "all sites",
            "distance_m_households": later_bounds_cover(search.problem),
            "open_border_km": later_bounds_cover(search.problem),
        },
    }
    return Result(
        name=search.problem.name,
        mode="adjust",
        status=status,
        solution=search.best,
        objective=search.moved,
        lower_bound=bound if search.best is not None else search.bound,
        terms=terms,
        seconds=search.clock.seconds,
        seed=search.params.seed,
        notes=notes,
    )

"""What is left open is closed by the model with every site: exact, larger, and therefore last.

A new community may stand at every inhabited atom, contiguity is cut in on demand, so both its plan and its bound
hold for the whole problem. Where reach is no rule, any atom of a community would do as its root: the most populous
one is taken, which leaves one way to write each plan down instead of many.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from districting.solvers.exact import constraints as ask
from districting.solvers.exact.cutting import cut_root, solve_connected
from districting.solvers.exact.model import PartModel
from districting.solvers.exact.search import Search, ask_all
from districting.solvers.exact.sites import Site, companions, new_sites

#: Share of the stage that the root may use.
ROOT = 0.25


def close(search: Search, *, limit_s: float) -> bool:
    """Solve the model with every site for ``limit_s`` seconds; True if it proves that there is no plan."""
    clock = search.clock
    until = clock.seconds + limit_s
    model = PartModel.of(search.problem, [*search.owned, *every_site(search)])
    ask_all(model)
    ask.neighbours_first(model)
    search.pool.pour_into(model)
    model.program += ask.moved(model)
    root = cut_root(model, search.pool, clock, limit_s=ROOT * limit_s)
    if root == np.inf:
        return search.best is None
    search.raise_bound(ask.moved_bound(model, root))
    if search.proved or clock.seconds >= until:
        return False
    outcome = solve_connected(
        model,
        search.pool,
        clock,
        limit_s=until - clock.seconds,
        gap_abs=search.gap,
        start=None if search.best is None else model.start_from(search.best),
        enough=lambda bound: search.moved - ask.moved_bound(model, bound) <= search.gap,
    )
    if outcome.closed:
        return search.best is None
    search.raise_bound(ask.moved_bound(model, outcome.bound))
    if outcome.values is not None:
        search.offer(model.solution(outcome.values))
    return False


def every_site(search: Search) -> list[Site]:
    """A new community's seat at every inhabited atom; without reach, only as the most populous of its part."""
    problem = search.problem
    sites = new_sites(problem, np.flatnonzero(problem.households > 0).tolist())
    if problem.reach_limit_m is not None:
        return sites
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

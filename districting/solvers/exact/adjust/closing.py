"""What is left open is closed by the model with every site, after safe fixing: exact for the whole problem.

Its linear relaxation, with contiguity, size and border cut in, gives a bound over every site and reduced costs.
These rule out most pairs of atom and site for any plan better than the one in hand, and what is left is small
enough for branch and bound. Held against the ceiling of a stage that is settled, they rule out pairs for all later
stages.
"""

from __future__ import annotations

import numpy as np

from districting.solvers.exact.adjust.search import Search, alive_only, whole_model
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import relax_root, solve_connected
from districting.solvers.exact.parts.fixing import survivors
from districting.solvers.exact.parts.model import PartModel
from districting.solvers.exact.relaxation import Relaxed

#: Share of the time that the root may use.
ROOT = 0.4
#: Rounds of cuts before pairs are ruled out for later stages: most of the bound comes with the first.
RULING_ROUNDS = 6


def close(search: Search, *, limit_s: float) -> bool:
    """Settle the current stage over every site for ``limit_s`` seconds; True if there is provably no plan."""
    clock = search.clock
    until = clock.seconds + min(limit_s, clock.left_s)
    model = whole_model(search, search.every_site(), search.pool)
    relaxed = _root(search, model, limit_s=ROOT * (until - clock.seconds))
    if relaxed.status == "infeasible":
        return search.best is None
    if search.proved or clock.seconds >= until:
        return False
    # A plan must be better than this to be worth finding: the rest is within the gap.
    cutoff = search.value - search.gap
    sites = list(model.sites)
    if relaxed.status == "optimal" and np.isfinite(cutoff):
        sites = alive_only(search.problem, sites, survivors(model, relaxed, cutoff=_in_model(search, cutoff)))
    pool = search.pool.copy()  # cuts that are found from here on hold only where these pairs are left
    model = whole_model(search, sites, pool)
    if _nowhere(model):
        search.raise_bound(min(cutoff, search.value))
        return search.best is None
    outcome = solve_connected(
        model,
        pool,
        clock,
        limit_s=until - clock.seconds,
        gap_abs=max(search.gap / terms.scale(search.stage), 1e-9),
        start=None if search.best is None else model.start_from(search.rooted()),
        enough=lambda bound: terms.proved(model, search.stage, bound) >= cutoff,
    )
    if outcome.closed:
        search.raise_bound(min(cutoff, search.value))
        return search.best is None
    search.raise_bound(min(terms.proved(model, search.stage, outcome.bound), cutoff))
    if outcome.values is not None:
        search.offer(model.solution(outcome.values))
    return False


def rule_out(search: Search, *, limit_s: float) -> None:
    """Leave the pairs of atom and site off that no plan within this stage's ceiling has, in every later stage.

    Called once the stage is settled, before the next one begins.
    """
    model = whole_model(search, search.every_site(), search.pool)
    relaxed = _root(search, model, limit_s=limit_s, rounds=RULING_ROUNDS)
    if relaxed.status == "optimal":
        search.alive = survivors(model, relaxed, cutoff=_in_model(search, search.ceiling))


def _root(search: Search, model: PartModel, *, limit_s: float, rounds: int = 40) -> Relaxed:
    """The relaxation of a model over every site; raises the stage's bound."""
    relaxed = relax_root(
        model,
        search.pool,
        search.clock,
        limit_s=limit_s,
        rounds=rounds,
        enough=lambda bound: search.value - terms.proved(model, search.stage, bound) <= search.gap,
    )
    if relaxed.status == "optimal":
        search.raise_bound(min(terms.proved(model, search.stage, relaxed.bound), search.value))
    return relaxed


def _in_model(search: Search, value: float) -> float:
    """A sum in the units of the model's objective; empty land may add less than one household."""
    light = search.stage.weights.get("moved_households", 0.0)
    return (value + light) / terms.scale(search.stage)


def _nowhere(model: PartModel) -> bool:
    """Whether some atom has no part left at all."""
    return bool(model.scope - {atom for _, atom in model.x})

"""Explanations on real land: the cases that a first study of Xi'an Beilin worked through, and what they come to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from districting.plans.problem import Lock
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.params import Params
from districting.solvers.strategy import solve
from districting.solvers.wording import conflict_sentence
from tests.places import needs_shared
from tests.solvers.rough_beilin import beilin

PARAMS = Params(time_limit_s=60)


@needs_shared
def test_two_atoms_around_which_400_m_gather_too_few_are_named_at_sight() -> None:
    """A015 and A020: all that a centre within 400 m of them reaches sums to 711 and 791, by hand from the tables."""
    problem = beilin("东关南街街道", reach_m=400.0)
    result = solve(problem, "adjust", PARAMS)
    assert result.status == "infeasible" and len(result.conflicts) == 2
    for conflict in result.conflicts:
        assert conflict.cause == "atom_gathers_too_few"
        atom = problem.atom_ids.index(conflict.atoms[0])
        reach = np.concatenate((problem.site_reach_m, problem.seat_reach_m), axis=1)
        served = reach[:, reach[atom] <= 400.0] <= 400.0
        assert (problem.households @ served).max() < 1000  # contiguity and maximum apart


@needs_shared
def test_an_atom_of_5600_households_is_named_and_nothing_else() -> None:
    """A deletion filter alone would name five rules here; the atom is the cause."""
    problem = beilin("东关南街街道", reach_m=1200.0)
    households = problem.households.copy()
    households[int(np.argmax(households))] = 5600
    grown = replace(
        problem,
        households=households,
        windows=(replace(problem.windows[0], weights=households.astype(np.float64)),),
    )
    (conflict,) = solve(grown, "adjust", PARAMS).conflicts
    assert (conflict.cause, conflict.measured, conflict.allowed) == ("atom_over_max", 5600, 5000)


@needs_shared
def test_an_oversized_community_without_a_new_one_says_how_far_the_maximum_must_give() -> None:
    """C033 has 12,028 households; all nine communities stay with their seats and no tenth is allowed."""
    problem = beilin("长乐坊街道", reach_m=1200.0)
    count = len(problem.community_ids)
    seats = tuple(Lock("seat", communities=(pos,)) for pos in range(count))
    problem = replace(problem, locks=seats, number=(count, count))
    result = solve(problem, "adjust", PARAMS)
    conflict = result.conflicts[0]
    assert result.status == "infeasible" and conflict.detail["minimal"] and conflict.detail["confirmed"]
    rules = {rule["kind"]: rule for rule in conflict.detail["rules"]}
    assert {"max", "most"} <= set(rules) and rules["most"]["loosened"] == count + 1
    most = rules["max"]["loosened"]
    assert rules["max"]["least"] and rules["max"]["where"]["communities"] == ("C033",)
    assert f"{most:,.0f}" in conflict_sentence(conflict, "zh")
    window = problem.windows[0]
    for high, status in ((most, {"optimal", "feasible"}), (most - 1, {"infeasible"})):
        tried = replace(problem, windows=(replace(window, high=high),))
        assert solve_adjust(tried, replace(PARAMS, gap_households=1e6)).status in status

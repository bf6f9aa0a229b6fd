"""One door for the three modes: prechecks first, a plan or the reason."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from districting.plans.problem import Lock
from districting.policies.rules import RULE_KINDS
from districting.solvers.exact.parts.constraints import ASKED
from districting.solvers.params import Params
from districting.solvers.strategy import SolveMode, solve
from tests.solvers.towns import faults, town

PARAMS = Params(time_limit_s=20)


@pytest.mark.parametrize("mode", get_args(SolveMode))
def test_every_mode_gives_a_legal_plan(mode: SolveMode) -> None:
    problem = town("A A B B\nA A B B\nC C D D", 100, low=200, high=500)
    result = solve(problem, mode, PARAMS)
    assert result.mode == mode and result.status == "optimal" and faults(problem, result) == []


@pytest.mark.parametrize("mode", get_args(SolveMode))
def test_what_is_seen_at_first_sight_is_not_solved(mode: SolveMode) -> None:
    result = solve(town("A A B", "600 100 200", low=100, high=500), mode, PARAMS)
    assert (result.status, result.solution) == ("infeasible", None)
    assert [conflict.cause for conflict in result.conflicts] == ["atom_over_max"]


def test_no_plan_comes_with_a_reason() -> None:
    result = solve(town("A B C", 300, low=400, high=500), "adjust", PARAMS)
    assert result.status == "infeasible" and result.conflicts
    locked = town("A A B B", 100, low=200, high=400, locks=(Lock("apart", atoms=(0, 1, 2)),))
    assert solve(locked, "adjust", PARAMS).conflicts


def test_a_stop_before_anything_was_found_is_no_verdict() -> None:
    result = solve(town("A A B B", 100, low=150, high=200), "adjust", PARAMS, stop=lambda: True)
    assert result.status == "unknown" and result.conflicts == ()


def test_every_kind_of_rule_says_how_it_is_asked() -> None:
    assert set(ASKED) == set(RULE_KINDS)


def test_parts_are_numbered_by_their_first_atoms() -> None:
    """However a plan was found, its new communities get the same ids."""
    result = solve(town("A A A A A A", 100, low=100, high=200), "redraw", Params(time_limit_s=20))
    assert result.solution is not None
    firsts = [int(np.flatnonzero(result.solution.part == at)[0]) for at in range(len(result.solution.chosen))]
    assert firsts == sorted(firsts)
    assert all(result.solution.part[place.atom_pos] == at for at, place in enumerate(result.solution.chosen))


@pytest.mark.parametrize("mode", get_args(SolveMode))
def test_where_every_community_is_kept_the_plan_is_today(mode: SolveMode) -> None:
    locks = (Lock("keep", communities=(0, 1)),)
    problem = town("A A B B", 100, low=300, high=400, locks=locks)
    result = solve(problem, mode, Params(time_limit_s=20))
    assert result.status == "optimal" and result.solution is not None
    assert result.solution.part.tolist() == [0, 0, 1, 1]

"""What the solvers claim, against every legal plan of small random towns with all rules and terms together.

CI draws a fixed list of towns. For a hunt, ``EVERY_PLAN=FIRST:LAST`` draws those seeds in every mode instead, and
``EVERY_PLAN_LIMIT_S`` ends each search early.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from districting.plans.problem import Lock, Problem, Window
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage, TermName
from districting.solvers.result import Result
from districting.solvers.strategy import solve
from tests.solvers.claims import false_claims, may_leave, unfinished
from tests.solvers.legal_plans import legal_plans, partitions
from tests.solvers.part_rules import MODES, Mode
from tests.solvers.random_towns import drawn
from tests.solvers.towns import town

_HUNT = os.environ.get("EVERY_PLAN", "")
_LIMIT_S = float(os.environ.get("EVERY_PLAN_LIMIT_S", "600"))


def seeds(fixed: range) -> range:
    """The seeds to draw: CI's, or those of a hunt."""
    first, _, last = _HUNT.partition(":")
    return range(int(first), int(last)) if _HUNT else fixed


def stopping_after(calls: int) -> Callable[[], bool]:
    """Whoever asks so often whether to stop is told to."""
    left = iter(range(calls))
    return lambda: next(left, None) is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", seeds(range(14)))
def test_nothing_that_is_claimed_is_false(seed: int, mode: Mode) -> None:
    asked = drawn(seed, mode)
    result = solve(asked.problem, mode, asked.params(time_limit_s=_LIMIT_S))
    assert false_claims(asked.problem, mode, asked.profile, result) == []
    if _LIMIT_S >= 600 and not _HUNT:
        assert unfinished(asked.problem, mode, asked.profile, result) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", seeds(range(100, 104)))
def test_a_search_that_is_stopped_claims_nothing_false(seed: int, mode: Mode) -> None:
    asked = drawn(seed, mode)
    result = solve(asked.problem, mode, asked.params(), stop=stopping_after(1 + seed % 7))
    assert false_claims(asked.problem, mode, asked.profile, result) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", seeds(range(200, 203)))
def test_a_search_without_time_claims_nothing_false(seed: int, mode: Mode) -> None:
    asked = drawn(seed, mode)
    result = solve(asked.problem, mode, asked.params(time_limit_s=0.05))
    assert false_claims(asked.problem, mode, asked.profile, result) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", seeds(range(300, 304)))
def test_whoever_is_left_alone_is_the_least_that_a_plan_leaves(seed: int, mode: Mode) -> None:
    asked = drawn(seed, mode)
    problem = replace(asked.problem, may_stay=True, unlike=())
    result = solve(problem, mode, asked.params(time_limit_s=_LIMIT_S))
    assert false_claims(problem, mode, asked.profile, result) == []
    assert result.status != "infeasible" or not may_leave(problem, mode)


def test_the_nine_cells_of_a_grid_have_1434_connected_partitions() -> None:
    """OEIS A068416: partitions of an n × n grid into connected pieces: 1, 12, 1434."""
    assert len(list(partitions(town("A A A\nA A A\nA A A", low=1, high=9)))) == 1434


def test_every_legal_plan_of_three_cells_by_hand() -> None:
    """A B B, 100 each, 100 to 200: A|BB, A|B|B, AB|B; the part without B's seat is new, or A's."""
    table = legal_plans(town("A B B", 100, low=100, high=200), "adjust")
    best = {communities: table[table[:, 1] == communities, 0].min() for communities in (2.0, 3.0)}
    assert best == {2.0: 0.0, 3.0: 100.0} and table[:, 1].min() == 2


def answer(problem: Problem, mode: Mode, *terms: TermName) -> Result:
    """The plan that is best by these terms, to the end."""
    profile = Profile("mine", tuple(Stage({term: 1.0}) for term in terms))
    return solve(problem, mode, Params(gap_households=0.0, gap_share=0.0, profile=profile))


# What the hunt has found, each in the smallest town that shows it.


def test_a_split_meets_across_open_land_where_that_moves_fewer() -> None:
    """By hand: on its own land A keeps 100 at its seat; across the empty cell 200."""
    result = answer(town("A . A A", "100 0 100 200", low=100, high=300), "whole", "moved_households")
    assert (result.status, result.objective, result.lower_bound) == ("optimal", 200, 200)


def test_land_that_will_be_lived_on_goes_to_whom_it_fits() -> None:
    """150 to come on empty land: with A's 100 they would be above 200, with B's 40 they are not."""
    problem = town("A . B", "100 0 40", low=30, high=200)
    later = (Window("households", problem.households + np.array([0.0, 150.0, 0.0]), 30, 200),)
    result = answer(replace(problem, horizon=later), "whole", "moved_households")
    assert result.solution is not None and result.solution.part.tolist() == [0, 1, 1]


def test_atoms_apart_from_others_stay_apart_from_each_other_inside_a_split() -> None:
    """Four cells of 100 and at most 250: without the lock A keeps two cells, with it only the first."""
    locks = (Lock("apart", atoms=(0, 1, 4)),)
    result = answer(town("A A A A B", 100, low=100, high=250, locks=locks), "whole", "moved_households")
    assert (result.status, result.objective) == ("optimal", 300)


def test_whole_asks_no_compound_across_communities_to_stay_together() -> None:
    """A and B share a compound that outgrows the maximum; today's map parts it, and is legal."""
    problem = town("A B", 100, low=50, high=300, compounds=((0, 1),))
    later = (Window("households", np.array([200.0, 150.0]), 50, 300),)
    result = answer(replace(problem, horizon=later), "whole", "moved_households")
    assert (result.status, result.objective) == ("optimal", 0)


def test_what_suffices_in_either_measure_bounds_what_an_oversized_community_gives_away() -> None:
    """A's 400 households are 100 too many, its 800 people 20: the cell of 20 households goes to B, and that is all."""
    problem = town("A A B", "380 20 100", low=50, high=300)
    people = Window("people", 2.0 * problem.households, 100, 780)
    result = answer(replace(problem, windows=(*problem.windows, people)), "adjust", "moved_households")
    assert (result.status, result.objective, result.lower_bound) == ("optimal", 20, 20)


def test_no_place_on_kept_land_frees_redraw_from_a_seat_lock() -> None:
    """C must live on at the first cell, which is kept for A, or at the last: with two communities that is the last."""
    locks = (Lock("keep", communities=(0,)), Lock("seat", atoms=(0, 2), communities=(2,)))
    problem = town("A B C", 100, low=100, high=200, seats="A B .", locks=locks)
    result = answer(problem, "redraw", "communities")
    assert result.solution is not None and 2 in {chosen.community_pos for chosen in result.solution.chosen}

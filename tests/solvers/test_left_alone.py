"""Who is left alone: fewest households out of bounds, by brute force; and only where the policy allows it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from districting.plans.problem import Lock, Problem
from districting.solvers.left_alone import amiss
from districting.solvers.params import Params
from districting.solvers.strategy import SolveMode, solve
from districting.solvers.wording import conflict_sentence
from tests.solvers.towns import town

EXACT = Params(gap_households=0.0, gap_share=0.0, time_limit_s=600.0, whole_may_join=False)


def lopsided(seed: int) -> Problem:
    """Six communities in a row of twelve cells, some too small and some too large for a narrow window."""
    homes = np.random.default_rng(seed).integers(20, 160, 12)
    return town("A A B B C C\nD D E E F F", " ".join(map(str, homes)), low=170, high=260)


def fewest_out(problem: Problem, mode: SolveMode) -> float:
    """Fewest households out of bounds that some set of communities left alone allows; inf if none does."""
    out = amiss(problem)
    wrong = np.flatnonzero(out > 0).tolist()
    best = np.inf
    for count in range(len(wrong) + 1):
        for alone in combinations(wrong, count):
            cost = float(out[list(alone)].sum())
            if cost < best:
                locks = (Lock("keep", communities=alone),) if alone else ()
                if solve(replace(problem, locks=locks), mode, EXACT).solution is not None:
                    best = cost
    return best


@pytest.mark.parametrize("mode", ["whole", "adjust", "redraw"])
@pytest.mark.parametrize("seed", [4, 5, 7])
def test_no_set_that_leaves_fewer_households_out_of_bounds_has_a_plan(mode: SolveMode, seed: int) -> None:
    problem = lopsided(seed)
    result = solve(replace(problem, may_stay=True), mode, EXACT)
    least = fewest_out(problem, mode)
    if result.solution is None:
        assert least == np.inf
        return
    assert result.notes.get("left_alone_out", 0.0) == least
    for name in result.notes.get("left_alone", []):
        pos = problem.community_ids.index(name)
        parts = np.unique(result.solution.part[problem.today == pos])
        assert len(parts) == 1
        assert (problem.today[result.solution.part == parts[0]] == pos).all()
        assert result.solution.chosen[parts[0]].community_pos == pos


def test_nobody_is_left_alone_where_the_policy_makes_every_size_a_must() -> None:
    problem = town("A A B B", "10 10 90 90", low=60, high=100)
    assert solve(problem, "whole", EXACT).status == "infeasible"


def test_who_stays_is_named_with_size_and_bound_and_then_the_reason() -> None:
    problem = replace(town("A A B B", "10 10 90 90", low=60, high=180), may_stay=True)
    result = solve(problem, "whole", EXACT)
    assert result.solution is not None
    told = result.conflicts[0]
    assert (told.cause, told.communities, told.measured, told.allowed) == ("left_alone", ("A",), 20.0, 60.0)
    assert len(result.conflicts) > 1
    assert "A" in conflict_sentence(told, "zh")
    assert "A" in conflict_sentence(told, "en")


def test_a_community_that_a_lock_names_is_the_planners_to_settle() -> None:
    problem = town("A A B B", "10 10 90 90", low=60, high=180, locks=(Lock("seat", communities=(0,)),))
    result = solve(replace(problem, may_stay=True), "whole", EXACT)
    assert "A" not in result.notes.get("left_alone", [])


JOINING = replace(EXACT, whole_may_join=True)


def test_a_join_is_tried_for_everybody_before_there_is_said_to_be_no_plan() -> None:
    for homes in ("140 140 40 100 80 140 140", "140 140 80 100 40 140 140"):  # one town and its mirror image
        problem = town("B B A M C D D", homes, low=100, high=200)
        assert solve(problem, "whole", JOINING).status == "optimal"


def test_a_failed_join_makes_nobody_hopeless_who_has_another_way() -> None:
    problem = replace(town("B B A M C D D", "140 140 80 100 70 140 140", low=100, high=200), may_stay=True)
    result = solve(problem, "whole", JOINING)
    assert result.solution is not None
    assert result.notes.get("left_alone_out", 0.0) <= 20.0


def test_one_that_breaks_more_than_a_size_is_not_excused() -> None:
    problem = replace(town("A A B B", "10 10 90 90", low=60, high=180, reach_limit_m=250.0), may_stay=True)
    assert solve(problem, "whole", EXACT).notes["left_alone"] == ["A"]
    far = replace(problem, seat_reach_m=np.where(problem.today[:, None] == 0, 900.0, problem.seat_reach_m))
    assert "A" not in solve(far, "whole", EXACT).notes.get("left_alone", [])

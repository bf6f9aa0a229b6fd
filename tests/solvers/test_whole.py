"""`whole` joins and splits communities as wholes, exactly, and names what it cannot cover."""

from __future__ import annotations

import numpy as np
import pytest

from districting.language import say
from districting.plans.problem import Lock
from districting.solvers.exact.unions import connected_sets, units_of
from districting.solvers.exact.whole import solve_whole
from districting.solvers.params import Params
from districting.solvers.wording import conflict_sentence
from tests.solvers.rough_beilin import FOLDER, beilin
from tests.solvers.towns import contiguous_partitions, faults, graph_of, least_moved, town

EXACT = Params(gap_households=0.0, gap_share=0.0, time_limit_s=20)
NINE = "A B C\nD E F\nG H I"


@pytest.mark.parametrize("seed", range(8))
def test_unions_of_nine_communities_match_brute_force(seed: int) -> None:
    """Each cell a community: the contiguous partitions of the grid are all that may be done."""
    rng = np.random.default_rng(seed)
    people = " ".join(str(v) for v in rng.integers(50, 400, 9))
    problem = town(NINE, people, low=300, high=900)
    expected = least_moved(problem, list(contiguous_partitions(graph_of(problem))))
    result = solve_whole(problem, EXACT)
    assert expected is not None
    assert (result.status, result.objective, len(result.solution.chosen)) == ("optimal", *expected)  # type: ignore[union-attr]
    assert faults(problem, result) == []


def test_every_connected_set_is_enumerated_once() -> None:
    """218 connected sets of the 3×3 grid: OEIS A059525."""
    problem = town(NINE, low=1, high=900)
    units, near = units_of(problem)
    sets = [tuple(sorted(one)) for one in connected_sets(near, range(len(units)), lambda _: True)]
    assert len(sets) == len(set(sets)) == 218


def test_an_oversized_community_is_split_by_itself_and_keeps_its_seat() -> None:
    problem = town("A A A A B B\nA A A A B B", 100, low=200, high=500)
    result = solve_whole(problem, EXACT)
    assert result.status == "optimal" and faults(problem, result) == []
    # 800 with at most 500: 300 leave A, B is left alone although it could have taken 100.
    assert result.objective == 300
    part = result.solution.part  # type: ignore[union-attr]
    assert len({part[4], part[5], part[10], part[11]}) == 1


def test_a_community_that_no_union_covers_is_named_with_the_sum_that_is_too_large() -> None:
    problem = town("A B B B B B", 100, low=200, high=500)
    result = solve_whole(problem, EXACT)
    (conflict,) = result.conflicts
    assert (result.status, result.solution) == ("infeasible", None)
    assert (conflict.cause, conflict.communities) == ("no_union_over_max", ("A",))
    assert (conflict.measured, conflict.allowed, conflict.detail["neighbour"]) == (600, 500, "B")
    for language in ("zh", "en"):
        assert "600" in conflict_sentence(conflict, language)  # type: ignore[arg-type]


def test_a_small_neighbour_of_an_oversized_community_may_join_a_part_of_it_if_allowed() -> None:
    problem = town("A B B B B B B", 100, low=200, high=400, seats="A . . B . . .")
    strict = solve_whole(problem, EXACT)
    assert strict.status == "infeasible" and strict.conflicts[0].cause == "no_union_oversized"
    allowed = solve_whole(problem, Params(gap_households=0.0, gap_share=0.0, whole_may_join=True, time_limit_s=20))
    assert allowed.status == "optimal" and faults(problem, allowed) == []


def test_land_in_no_community_joins_a_union_and_counts_as_no_move() -> None:
    problem = town("A A . B B\nA A . B B", "100 100 50 100 100\n100 100 0 100 100", low=300, high=500)
    result = solve_whole(problem, EXACT)
    assert result.objective == 0 and faults(problem, result) == []


def test_out_of_every_centres_reach_is_a_reason() -> None:
    problem = town("A A B", "150 100 60", low=200, high=500, reach_limit_m=100.0)
    result = solve_whole(problem, EXACT)
    assert [c.cause for c in result.conflicts] == ["no_union_reach"]


def test_a_number_that_no_choice_of_unions_gives_is_the_conflict() -> None:
    problem = town("A B C D", 100, low=100, high=200, number=(1, 1))
    result = solve_whole(problem, EXACT)
    assert result.status == "infeasible" and [c.cause for c in result.conflicts] == ["number"]
    two = solve_whole(town("A B C D", 100, low=100, high=200, number=(2, 2)), EXACT)
    assert len(two.solution.chosen) == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "lock", [Lock("keep", communities=(0,)), Lock("merge", communities=(0, 1)), Lock("split", communities=(4,))]
)
def test_locks_are_honoured(lock: Lock) -> None:
    problem = town("A A B B\nC C D D\nE E E E", 100, low=200, high=600, locks=(lock,))
    result = solve_whole(problem, EXACT)
    assert result.status == "optimal" and faults(problem, result) == []


def test_a_community_that_cannot_be_split_on_its_own_land_is_named() -> None:
    """Three atoms of 400 with 500 the most and 450 the least: no atom can stand alone, no two fit together."""
    problem = town("A A A", 400, low=450, high=500)
    result = solve_whole(problem, EXACT)
    assert result.status == "infeasible" and [c.cause for c in result.conflicts] == ["split_impossible"]
    assert say("conflict.split_impossible", "en", communities="A", measured=1200.0, allowed=500.0)


@pytest.mark.shared
@pytest.mark.skipif(not FOLDER.exists(), reason="reference data not beside the checkout")
def test_a_real_subdistrict_names_the_community_that_fits_nowhere() -> None:
    """change-model §3: C069's only neighbour C068 gives 5,496 > 5,000."""
    result = solve_whole(beilin("文艺路街道"), Params(time_limit_s=20))
    (conflict,) = result.conflicts
    assert conflict.communities == ("C069",)
    assert (conflict.measured, conflict.detail["neighbour"]) == (5496, "C068")

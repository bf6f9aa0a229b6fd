"""`redraw`: proved plans that keep every rule, and who succeeds whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.problem import Lock, Problem, Window
from districting.solvers.params import Params
from districting.solvers.recipe import solve_ground
from districting.solvers.redraw.redraw import solve_redraw
from tests.places import needs_shared
from tests.solvers.grids import cheapest, drawn, faults_of, grid_ground
from tests.solvers.rough_beilin import beilin

TOWN = "A A B B\nA A B B\nC C D D\nC C D D"
EVEN = "5 5 5 5\n5 5 5 5\n5 5 5 5\n5 5 5 5"
QUICK = Params(time_limit_s=20.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_of_all_plans_of_a_3x3_grid_is_found_and_proved(seed: int) -> None:
    # oracle: brute force over the 258 partitions into three
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 10, 9).tolist()
    low, high = [(1, 99), (0.7 * sum(weights) / 3, 1.3 * sum(weights) / 3)][seed % 2]
    ground = grid_ground(3, 3, weights, low, high, 3)
    if seed % 3 == 0:
        ground = replace(ground, border=rng.integers(0, 9, len(ground.edges)).astype(float))
    answer = solve_ground(ground, time_limit_s=20.0, seed=seed)
    best = cheapest(ground)
    assert answer.cost == pytest.approx(best) if np.isfinite(best) else answer.part is None
    assert answer.bound == pytest.approx(answer.cost)


@settings(max_examples=12, deadline=None)
@given(
    households=st.lists(st.integers(0, 60), min_size=16, max_size=16),
    reach=st.sampled_from([None, 500.0, 700.0]),
)
def test_every_plan_is_connected_in_its_window_and_in_reach(households: list[int], reach: float | None) -> None:
    rows = "\n".join(" ".join(map(str, households[row : row + 4])) for row in range(0, 16, 4))
    total = max(1, sum(households))
    problem = drawn(TOWN, rows, low=total / 6, high=total / 2.5, number=4, reach_limit_m=reach)
    result = solve_redraw(problem, QUICK)
    if result.solution is not None:
        assert faults_of(problem, result) == []
        assert result.lower_bound <= result.objective + 1e-6


def test_the_same_seed_gives_the_same_plan() -> None:
    problem = drawn(TOWN, EVEN, low=10, high=30, number=4)
    one, two = (solve_redraw(problem, QUICK).solution for _ in range(2))
    assert one is not None
    assert two is not None
    assert np.array_equal(one.part, two.part)
    assert one.chosen == two.chosen


def test_an_even_town_falls_into_four_t_shapes() -> None:
    # by hand: in a T the three others touch the seat's cell, 300 m each; no four cells lie closer, and four Ts
    # tile the 4 × 4 square
    problem = drawn(TOWN, EVEN, low=20, high=20)
    result = solve_redraw(problem, QUICK)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(4 * 6 * 3 * 300.0)


def test_nobody_moves_where_the_best_plan_is_the_one_of_today() -> None:
    problem = drawn("A A B B", "5 5 5 5", low=10, high=10, seats={"A": (0, 0), "B": (0, 3)})
    result = solve_redraw(problem, QUICK)
    assert [(term.name, term.value) for term in result.terms] == [
        ("distance_m_households", 2 * 6 * 300.0),
        ("open_border_km", pytest.approx(0.3)),
        ("moved_households", 0.0),
        ("communities", 2.0),
    ]
    assert result.solution is not None
    assert sorted(chosen.community_pos for chosen in result.solution.chosen) == [0, 1]


def test_the_seat_decides_who_goes_on_and_the_larger_share_when_two_claim() -> None:
    # one community remains: A and B both have their centre in it; B has more households there
    problem = drawn("A B B", "5 5 5", low=15, high=15, number=1, seats={"A": (0, 0), "B": (0, 2)})
    result = solve_redraw(problem, QUICK)
    assert result.solution is not None
    assert [chosen.community_pos for chosen in result.solution.chosen] == [1]
    assert {term.name: term.value for term in result.terms}["moved_households"] == 5


def test_an_existing_centre_serves_where_it_is_better_than_the_middle_of_an_atom() -> None:
    problem = drawn("A A A", "5 5 5", low=15, high=15, number=1, seats={"A": (0, 1)})
    nearer = replace(problem, seat_distance_m=problem.seat_distance_m * 0.5)
    chosen = solve_redraw(nearer, QUICK).solution.chosen[0]  # type: ignore[union-attr]
    assert chosen.existing_seat
    farther = replace(problem, seat_distance_m=problem.seat_distance_m + 50.0)
    chosen = solve_redraw(farther, QUICK).solution.chosen[0]  # type: ignore[union-attr]
    assert not chosen.existing_seat


def _parts(problem: Problem) -> list[set[int]]:
    result = solve_redraw(problem, QUICK)
    assert result.solution is not None
    assert faults_of(problem, result) == []
    part = result.solution.part
    return [set(np.flatnonzero(part == d).tolist()) for d in range(len(result.solution.chosen))]


def test_locks_and_compounds_hold() -> None:
    base: dict[str, Any] = {"low": 10, "high": 30, "number": 4}
    together = drawn(TOWN, EVEN, **base, locks=(Lock("together", atoms=(0, 2)),))  # not neighbours
    assert any({0, 2} <= part for part in _parts(together))
    compound = drawn(TOWN, EVEN, **base, compounds=((0, 1, 2),))
    assert any({0, 1, 2} <= part for part in _parts(compound))
    apart = drawn(TOWN, EVEN, **base, locks=(Lock("apart", atoms=(0, 1)),))
    assert not any({0, 1} <= part for part in _parts(apart))
    merge = drawn(TOWN, EVEN, low=10, high=50, number=3, locks=(Lock("merge", communities=(0, 1)),))
    assert any({0, 1, 2, 3, 4, 5, 6, 7} <= part for part in _parts(merge))
    split = drawn(TOWN, EVEN, low=20, high=20, number=4, locks=(Lock("split", communities=(0,)),))
    assert not any({0, 1, 4, 5} <= part for part in _parts(split))


def test_a_kept_community_stays_as_it_is_under_its_own_name() -> None:
    # D is far above the maximum and kept all the same; the rest is drawn anew around it
    town = "A A B B\nA A B B\nC C D D\nC C D D"
    many = "5 5 5 5\n5 5 5 5\n5 5 90 90\n5 5 90 90"
    problem = drawn(town, many, low=20, high=40, number=3, locks=(Lock("keep", communities=(3,)),))
    result = solve_redraw(problem, QUICK)
    assert result.solution is not None
    kept = [d for d, chosen in enumerate(result.solution.chosen) if chosen.community_pos == 3]
    assert np.flatnonzero(result.solution.part == kept[0]).tolist() == [10, 11, 14, 15]
    assert len(result.solution.chosen) == 3


def test_a_seat_lock_puts_a_seat_there() -> None:
    problem = drawn(TOWN, EVEN, low=10, high=30, number=4, locks=(Lock("seat", atoms=(0,), communities=(0,)),))
    result = solve_redraw(problem, QUICK)
    assert result.solution is not None
    assert 0 in [chosen.atom_pos for chosen in result.solution.chosen]


def test_the_horizon_holds_as_well_as_today() -> None:
    # today any halves serve; in ten years the right cell holds 30, so it stands alone
    problem = drawn("A A A A", "5 5 5 5", low=5, high=15, number=2)
    later = Window("households", np.array([5.0, 5.0, 5.0, 30.0]), 5, 30)
    assert sorted(map(len, _parts(replace(problem, horizon=(later,))))) == [1, 3]


def test_land_without_people_needs_no_reach_but_belongs_somewhere() -> None:
    problem = drawn("A A . .", "9 9 0 0", low=5, high=20, number=1, reach_limit_m=350.0)
    assert _parts(problem) == [{0, 1, 2, 3}]


def test_what_no_plan_can_mend_is_said_at_once() -> None:
    over = solve_redraw(drawn("A A B", "50 5 5", low=5, high=20), QUICK)
    assert over.status == "infeasible"
    assert [(c.cause, c.atoms, c.measured, c.allowed) for c in over.conflicts] == [
        ("atom_over_max", ("A000",), 50.0, 20.0)
    ]
    small = solve_redraw(drawn("A A B", "1 1 1", low=5, high=20), QUICK)
    assert [c.cause for c in small.conflicts] == ["total_below_min"]


def test_a_number_that_cannot_be_met_gives_way_to_its_neighbour_and_says_so() -> None:
    # four cells of five at 10 to 15 each: only two districts fit, the target of 7 asks for three
    result = solve_redraw(drawn("A A B B", "5 5 5 5", low=10, high=15, target=7.0), QUICK)
    assert result.status == "optimal"
    assert (result.notes["number_asked"], result.notes["number"]) == (3, 2)


@needs_shared
def test_sub_districts_of_xian_beilin_are_proved_optimal() -> None:
    for name in ("东关南街街道", "南院门街道", "长乐坊街道"):
        problem = beilin(name, reach_m=1200.0)
        result = solve_redraw(problem, Params())
        assert result.status == "optimal"
        assert faults_of(problem, result) == []


def test_a_community_with_a_locked_seat_lives_on_though_it_brings_fewer_households() -> None:
    # one district of both; by households B would go on in it
    lock = Lock("seat", communities=(0,))
    result = solve_redraw(drawn("A B B", "5 9 9", low=5, high=30, number=1, locks=(lock,)), QUICK)
    assert [chosen.community_pos for chosen in result.solution.chosen] == [0]  # type: ignore[union-attr]


def test_a_moved_seat_keeps_the_old_centre_in_its_district() -> None:
    # A's centre is in the first cell; its successor sits in the fourth and holds both
    lock = Lock("seat", atoms=(3,), communities=(0,))
    row = ("A B B B B B", "5 5 5 5 5 5")
    problem = drawn(*row, low=10, high=20, number=2, seats={"A": (0, 0), "B": (0, 1)}, locks=(lock,))
    solution = solve_redraw(problem, QUICK).solution
    assert solution is not None
    home = [chosen.community_pos for chosen in solution.chosen].index(0)
    assert solution.chosen[home].atom_pos == 3
    assert solution.part[0] == solution.part[3] == home


def test_a_stopped_search_tells_no_bound_below_the_nearest_seats() -> None:
    result = solve_redraw(drawn(TOWN, EVEN, low=10, high=30, number=4), QUICK, stop=lambda: True)
    assert result.lower_bound >= 0.0

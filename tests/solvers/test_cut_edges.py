"""The fewest cut edges: brute force on small grids, and what is published on real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.problem import Ints
from districting.progress import Step
from districting.solvers.bare import read_instance, solve_instance
from districting.solvers.cut_edges.bonds import bonds, net_of
from districting.solvers.cut_edges.division import divides, solve_by_division
from districting.solvers.exact.regions.labelled import solve_labelled
from districting.solvers.ground import Ground
from districting.solvers.recipe import solve_ground
from tests.places import INSTANCES, needs_shared
from tests.solvers.grids import cheapest, grid_ground, partitions

NINE = st.lists(st.integers(0, 9), min_size=9, max_size=9)
TWELVE = st.lists(st.integers(0, 3), min_size=12, max_size=12)


def costless(
    rows: int,
    columns: int,
    weights: list[int],
    low: float,
    high: float,
    number: int,
    border: list[int] | None = None,
) -> Ground:
    """A grid where only cut edges cost, one each unless told."""
    ground = grid_ground(rows, columns, weights, low, high, number)
    charge = np.ones(len(ground.edges)) if border is None else np.array(border, dtype=float)
    return replace(ground, cost=np.zeros_like(ground.cost), border=charge)


def charged(ground: Ground, part: Ints) -> float:
    """What the cut edges of a plan charge."""
    ends = part[ground.edges]
    return float(ground.border[ends[:, 0] != ends[:, 1]].sum())


@settings(max_examples=40, deadline=None)
@given(NINE, st.integers(2, 5), st.integers(0, 6), TWELVE)
def test_the_division_is_the_brute_force_optimum(
    weights: list[int], number: int, width: int, border: list[int]
) -> None:
    middle = sum(weights) / number
    ground = costless(3, 3, weights, middle - width, middle + width, number, border)
    assert divides(ground)
    division = solve_by_division(ground)
    assert division.proved
    assert division.cost == cheapest(ground)
    if division.part is not None:
        parts = tuple(frozenset(np.flatnonzero(division.part == d).tolist()) for d in range(number))
        assert set(parts) in [set(plan) for plan in partitions(ground)]
        assert charged(ground, division.part) == division.cost


@pytest.mark.parametrize(("number", "expected"), [(2, 4), (4, 8), (6, 14), (8, 16), (16, 24)])
def test_a_chessboard_in_equal_parts_is_cut_as_by_hand(number: int, expected: int) -> None:
    # expected: 24 edges less those inside: 10 + 10, 4 × 4, 4 × 2 + 2 × 1, 8 × 1, none
    size = 16 / number
    ground = costless(4, 4, [1] * 16, np.floor(size), np.ceil(size), number)
    assert solve_by_division(ground).cost == expected


def test_every_bond_is_listed_once() -> None:
    # expected: brute force over the two sides of 3 × 3, told by the one that holds the first cell
    ground = costless(3, 3, [1] * 9, 1, 8, 2)
    net = net_of(ground.edges, np.ones(12, dtype=np.int64), ground.windows[0].weights)
    for budget in range(8):
        listed = [
            frozenset(bond.side.tolist()) if 0 in bond.side else frozenset(range(9)) - set(bond.side.tolist())
            for bond in bonds(net, np.array([1.0]), np.array([8.0]), budget)
        ]
        expected = set()
        for plan in partitions(ground):
            side = next(part for part in plan if 0 in part)
            part = np.array([0 if i in side else 1 for i in range(9)])
            if charged(ground, part) <= budget:
                expected.add(side)
        assert len(listed) == len(expected)
        assert set(listed) == expected


def test_only_plans_cheaper_than_the_known_one_are_looked_for() -> None:
    ground = costless(4, 4, [1] * 16, 8, 8, 2)
    assert solve_by_division(ground, upper=4.0).part is None
    assert solve_by_division(ground, upper=4.0).bound == 4.0
    assert solve_by_division(ground, upper=5.0).cost == 4.0


def test_stopped_early_the_bound_is_not_above_the_truth() -> None:
    ground = costless(4, 4, [1] * 16, 4, 4, 4)
    for allowed in range(12):
        told = list[Step]()
        asked = iter(range(100))
        division = solve_by_division(
            ground, progress=told.append, stop=lambda left=asked, at=allowed: next(left) >= at
        )
        assert division.bound <= 8.0 <= division.cost
        assert all(step.bound is not None and step.bound <= 8.0 for step in told)


def test_where_no_plan_exists_that_is_proved() -> None:
    # expected: two cells of 5 and seven of 0 make no three districts of 3 to 4
    ground = costless(3, 3, [5, 0, 0, 0, 0, 0, 0, 0, 5], 3, 4, 3)
    answer = solve_ground(ground, time_limit_s=10, seed=0)
    assert answer.part is None
    assert answer.bound == np.inf


def test_what_it_cannot_divide_is_left_alone() -> None:
    ground = costless(3, 3, [1] * 9, 3, 3, 3)
    assert not divides(replace(ground, border=ground.border / 2))
    assert not divides(replace(ground, cost=np.ones_like(ground.cost)))
    assert not divides(replace(ground, together=np.array([[0, 8]])))
    cut_off = ~(ground.edges == 8).any(axis=1)
    assert not divides(replace(ground, edges=ground.edges[cut_off], border=ground.border[cut_off]))


def test_a_fraction_of_a_charge_is_still_proved() -> None:
    # expected: brute force; the labelled model takes what the division cannot
    ground = costless(3, 3, [1] * 9, 3, 3, 3)
    halves = replace(ground, border=np.where(np.arange(12) % 2 == 0, 0.5, 1.0))
    answer = solve_ground(halves, time_limit_s=20, seed=0)
    assert answer.cost == pytest.approx(cheapest(halves))
    assert answer.bound == pytest.approx(answer.cost)


def test_the_labelled_model_goes_on_from_a_bound_and_a_plan() -> None:
    ground = costless(4, 4, [1] * 16, 8, 8, 2)
    stripes = np.arange(16) // 2 % 2
    proof = solve_labelled(ground, part=stripes, upper=8.0, lower=3.0, time_limit_s=20)
    assert (proof.cost, proof.bound) == (4.0, 4.0)
    assert solve_labelled(ground, part=proof.part, upper=4.0, lower=4.0, time_limit_s=20).rounds == 0


@needs_shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [("ME", 16), ("ID", 10), ("NM", 17), ("NE", 19), ("WV", 23), ("AR", 33), ("OK", 40)],
)
def test_counties_are_cut_as_published(name: str, expected: float) -> None:
    # Validi and Buchanan 2022, doi:10.1007/s12532-022-00221-5, tables 8 and 9; IA (33) takes longer
    instance = read_instance(INSTANCES / f"county2010_{name}.json")
    result = solve_instance(instance, objective="cut_edges", time_limit_s=300)
    assert result.objective == expected
    assert result.lower_bound == expected

"""The lower bound: never above the truth, and what it rules out is never needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.problem import Window
from districting.solvers.bound import lower_bound
from districting.solvers.exact.regions.hess import reachable_pairs, solve_hess
from tests.solvers.grids import cheapest, grid_ground, partitions

WEIGHTS = st.lists(st.integers(0, 9), min_size=9, max_size=9)


@settings(max_examples=25, deadline=None)
@given(weights=WEIGHTS, number=st.integers(2, 4))
def test_the_bound_is_never_above_the_brute_force_optimum(weights: list[int], number: int) -> None:
    total = sum(weights)
    ground = grid_ground(3, 3, weights, 0.5 * total / number, 1.6 * total / number, number)
    best = cheapest(ground)
    bound = lower_bound(ground, upper=float("inf"), stages=(40,))
    assert bound.value <= best + 1e-9 * max(1.0, best)


@settings(max_examples=15, deadline=None)
@given(weights=WEIGHTS)
def test_an_optimal_plan_survives_the_ruling_out(weights: list[int]) -> None:
    total = sum(weights)
    ground = grid_ground(3, 3, weights, 0.5 * total / 3, 1.6 * total / 3, 3)
    best = cheapest(ground)
    if not np.isfinite(best):
        return
    keep = reachable_pairs(ground, lower_bound(ground, upper=best).keep)
    survives = []
    for parts in partitions(ground):
        pairs = []
        cost = 0.0
        for part in parts:
            inside = sorted(part)
            seat = min(inside, key=lambda j: ground.cost[inside, j].sum())
            cost += ground.cost[inside, seat].sum()
            pairs += [(i, seat) for i in inside]
        if cost <= best + 1e-9:
            survives.append(all(keep[pair] for pair in pairs))
    assert any(survives)


def test_coarse_cells_widen_the_window_and_keep_the_bound_valid() -> None:
    # weights far above the number of cells, so that each is rounded; the optimum from brute force
    weights = (np.random.default_rng(1).integers(1, 10_000, 9) * 97 + 13).tolist()
    total = sum(weights)
    ground = grid_ground(3, 3, weights, 0.6 * total / 3, 1.4 * total / 3, 3)
    best = cheapest(ground)
    assert np.isfinite(best)
    assert 0.5 * best < lower_bound(ground, upper=best).value <= best


@pytest.mark.parametrize("seed", range(4))
def test_the_assignment_model_finds_the_brute_force_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 9, 9).tolist()
    total = sum(weights)
    ground = grid_ground(3, 3, weights, 0.6 * total / 3, 1.5 * total / 3, 3)
    ground = replace(ground, border=rng.integers(0, 5, len(ground.edges)).astype(float))
    proof = solve_hess(ground, keep=np.ones((9, 9), dtype=bool))
    assert proof.cost == pytest.approx(cheapest(ground))
    assert proof.bound == pytest.approx(proof.cost)


def test_of_two_windows_either_suffices() -> None:
    # a row of four: by households no cut serves, by people the middle one does; by hand 2 + 2
    ground = grid_ground(1, 4, [1, 1, 1, 1], 3, 3, 2)
    people = Window("people", np.array([10.0, 10.0, 10.0, 10.0]), 20, 20)
    assert not np.isfinite(solve_hess(ground, keep=np.ones((4, 4), dtype=bool)).cost)
    either = replace(ground, windows=(*ground.windows, people))
    proof = solve_hess(either, keep=np.ones((4, 4), dtype=bool))
    assert proof.part is not None
    assert [set(np.flatnonzero(proof.part == d).tolist()) for d in sorted({*proof.part.tolist()})] in (
        [{0, 1}, {2, 3}],
        [{2, 3}, {0, 1}],
    )
    assert lower_bound(either, upper=proof.cost).value <= proof.cost

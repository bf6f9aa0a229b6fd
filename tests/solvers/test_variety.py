"""How far apart two plans are."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from districting.solvers.variety import placed_differently

HOMES = st.lists(st.integers(0, 50), min_size=6, max_size=6).map(np.array)
PLANS = st.lists(st.integers(0, 2), min_size=6, max_size=6).map(np.array)


def test_a_plan_with_other_names_is_the_same_plan() -> None:
    homes = np.array([10, 20, 30, 40])
    assert placed_differently(np.array([0, 0, 1, 2]), np.array([2, 2, 0, 1]), homes) == 0


def test_one_block_that_changes_sides_counts_with_its_households() -> None:
    homes = np.array([10, 20, 30, 40])
    assert placed_differently(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), homes) == 20


@given(HOMES, PLANS, PLANS)
def test_the_distance_is_the_least_over_all_ways_to_match_names(
    homes: np.ndarray, one: np.ndarray, other: np.ndarray
) -> None:
    least = min(int(homes[np.array(names)[one] != other].sum()) for names in permutations(range(3)))
    assert placed_differently(one, other, homes) == least == placed_differently(other, one, homes)

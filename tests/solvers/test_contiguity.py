"""Rows and cuts that hold parts together: valid for every connected part, broken by those that fall apart."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.solvers.exact.contiguity import (
    components,
    cuts_for,
    hops,
    neighbour_rows,
    neighbours_of,
    separator,
)
from districting.solvers.exact.separations import Minimum, separator_cuts, size_cut
from tests.solvers.towns import graph_of, town

GRID = town("A A A\nA A A\nA A A", 100, low=100, high=900)
NEAR = neighbours_of(GRID)
ALL = set(range(9))


def connected_sets_with(root: int) -> list[set[int]]:
    """Every connected set of the 3×3 grid that holds ``root``, by trying all subsets."""
    graph = graph_of(GRID)
    others = sorted(ALL - {root})
    return [
        {root, *more}
        for size in range(9)
        for more in combinations(others, size)
        if nx.is_connected(graph.subgraph({root, *more}))
    ]


def test_components_and_hops_of_a_drawn_set() -> None:
    assert components(NEAR, [0, 1, 8, 5, 6]) == [[0, 1], [5, 8], [6]]
    assert hops(NEAR, 0, ALL)[8] == 4  # two right, two down


def test_the_separator_between_two_corners_is_the_near_corners_two_neighbours() -> None:
    assert separator(NEAR, [8], 0, ALL) == (5, 7)
    assert separator(NEAR, [8], 0, ALL - {5}) == (7,)


@pytest.mark.parametrize("root", [0, 1, 4])
def test_rows_and_cuts_hold_for_every_connected_part_and_cut_off_every_other(root: int) -> None:
    good = connected_sets_with(root)
    for cut in neighbour_rows(NEAR, root, ALL):
        assert all(cut.atom not in part or part & set(cut.separator) for part in good)
    graph = graph_of(GRID)
    for size in range(8):
        for more in combinations(sorted(ALL - {root}), size):
            part = {root, *more}
            cuts = cuts_for(NEAR, part, root, ALL, [1] * 9)
            assert bool(cuts) != nx.is_connected(graph.subgraph(part))
            for cut in cuts:
                assert cut.atom in part and not part & set(cut.separator)
                assert all(cut.atom not in one or one & set(cut.separator) for one in good)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=9, max_size=9), st.integers(0, 8))
def test_cuts_on_shares_hold_for_every_connected_part_that_is_large_enough(shares: list[float], root: int) -> None:
    problem = town("A A A\nA A A\nA A A", "100 300 50 120 80 200 60 90 150", low=400, high=900)
    share = dict(enumerate(shares))
    weights = problem.windows[0].weights
    good = connected_sets_with(root)
    for cut in separator_cuts(NEAR, root, ALL, share):
        assert sum(share[atom] for atom in cut.separator) < share[cut.atom]
        assert all(cut.atom not in part or part & set(cut.separator) for part in good)
    cut = size_cut(NEAR, root, ALL, share, Minimum.of(problem))
    if cut is not None:
        assert sum(share[atom] for atom in cut.separator) < share[root]
        large = [part for part in good if weights[sorted(part)].sum() >= 400]
        assert all(part & set(cut.separator) for part in large)


def test_gaps_join_pieces() -> None:
    problem = town("A A . B", 100, low=100, high=400, without_edges=((1, 2), (2, 3)), gaps=((1, 3),))
    assert components(neighbours_of(problem), range(4)) == [[0, 1, 3], [2]]
    assert np.array_equal(problem.piece, [0, 0, 1, 2])

"""Land that must be divided whatever its size: within the bounds, or as near to them as arithmetic and land allow."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.problem import Problem, Window
from districting.solvers.nearest_fit.nearest import Excess, excess_of, least_excess, solve_nearest
from districting.solvers.nearest_fit.pockets import settle_pockets
from districting.solvers.nearest_fit.small import divide_small
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage
from districting.solvers.redraw.redraw import solve_redraw
from tests.solvers.grids import drawn
from tests.solvers.towns import contiguous_partitions

WANTED = Profile("test", (Stage({"distance_m_households": 1.0, "deviation_households": 100.0}),), "target")
QUICK = Params(time_limit_s=10.0, profile=WANTED)


def row(*households: int) -> Problem:
    """Atoms in a row, to be divided into parts of 300 to 500."""
    letters = " ".join("." for _ in households)
    return drawn(letters, " ".join(map(str, households)), low=300, high=500)


def divided(problem: Problem) -> tuple[list[int], Excess]:
    """Sizes of the parts, and by how much they miss the bounds."""
    result, excess = solve_nearest(problem, QUICK)
    assert result.solution is not None
    graph: nx.Graph[int] = nx.Graph(problem.edges.tolist())
    graph.add_nodes_from(range(problem.n))
    for part in range(len(result.solution.chosen)):
        assert nx.is_connected(graph.subgraph(np.flatnonzero(result.solution.part == part).tolist()))
    sizes = np.bincount(result.solution.part, weights=problem.windows[0].weights)
    return sizes.astype(int).tolist(), excess


def by_brute_force(problem: Problem) -> float:
    """The least that any contiguous partition misses the bounds by."""
    graph: nx.Graph[int] = nx.Graph(problem.edges.tolist())
    graph.add_nodes_from(range(problem.n))
    window = problem.windows[0]
    sizes = (
        np.array([window.weights[sorted(part)].sum() for part in parts]) for parts in contiguous_partitions(graph)
    )
    return min(excess_of(one, window) for one in sizes)


def test_what_fits_is_divided_within_the_bounds() -> None:
    sizes, excess = divided(row(200, 200, 200, 200))
    assert sorted(sizes) == [400, 400]
    assert excess == Excess(0.0, 0.0, 2, "")


@pytest.mark.parametrize(("total", "parts", "missed"), [(540, 1, 40), (560, 2, 40)])
def test_between_one_grid_and_two_the_fewest_households_out_of_bounds_are_found_and_proved(
    total: int, parts: int, missed: int
) -> None:
    """501 to 599 fit no number of grids: one is over by total − 500, two are short by 600 − total."""
    half = total // 2
    sizes, excess = divided(row(half, total - half))
    assert len(sizes) == parts
    assert excess.total == pytest.approx(missed)
    assert excess.lower_bound == pytest.approx(missed)
    assert excess.cause == "arithmetic"


def test_less_than_one_grid_is_one_grid_and_says_what_it_lacks() -> None:
    sizes, excess = divided(row(100, 102))
    assert sizes == [202]
    assert (excess.total, excess.lower_bound, excess.cause) == (98.0, 98.0, "arithmetic")


def test_a_single_building_above_the_maximum_stays_alone_and_the_rest_is_divided() -> None:
    result, excess = solve_nearest(row(200, 200, 700, 200, 180), QUICK)
    assert result.solution is not None
    part = result.solution.part
    assert np.count_nonzero(part == part[2]) == 1
    assert excess.total == 0.0


def test_a_dead_end_too_small_alone_and_too_large_with_its_neighbour_does_not_spoil_the_rest() -> None:
    """100 behind 450: alone it is short by 200, together over by 50; the rest is divided as if it fitted."""
    sizes, excess = divided(row(100, 450, 200, 200, 210, 210, 190, 205, 195, 205))
    assert sorted(sizes)[-1] == 550
    assert (excess.total, excess.lower_bound) == (50.0, 50.0)


def test_a_dead_end_that_lacks_little_stands_alone() -> None:
    """A path of compounds 315, 418 and 281: the last is short by 19, no other way misses less."""
    sizes, excess = divided(row(315, 418, 281))
    assert sorted(sizes) == [281, 315, 418]
    assert (excess.total, excess.lower_bound) == (19.0, 19.0)


def test_pockets_leave_alone_what_fits() -> None:
    problem = row(200, 200, 300, 200, 200)
    pockets = settle_pockets(problem)
    assert pockets.least == 0.0
    assert (pockets.weights == problem.windows[0].weights).all()


def test_an_end_of_the_search_leaves_a_division() -> None:
    result, _ = solve_nearest(row(250, 250, 250, 250), QUICK, stop=lambda: True)
    assert result.solution is not None


def two_rows(households: list[int]) -> Problem:
    """Two rows of atoms."""
    half = len(households) // 2
    grid = "\n".join(" ".join(map(str, row)) for row in (households[:half], households[half:]))
    return drawn("\n".join([" ".join("." * half)] * 2), grid, low=300, high=500)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 480), min_size=6, max_size=6))
def test_few_atoms_are_divided_as_near_to_the_bounds_as_any_contiguous_partition(households: list[int]) -> None:
    """The oracle is brute force over all contiguous partitions of two rows of three."""
    problem = two_rows(households)
    if sum(households) == 0:
        return
    _, excess = divided(problem)
    assert excess.total == pytest.approx(by_brute_force(problem))
    assert excess.lower_bound == pytest.approx(excess.total)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(20, 480), min_size=6, max_size=6))
def test_dead_ends_never_claim_more_than_is_true(households: list[int]) -> None:
    problem = row(*households)
    assert settle_pockets(problem).least <= by_brute_force(problem) + 1e-6


def test_many_atoms_that_cannot_be_divided_come_near_and_say_how_near_at_least() -> None:
    """Eleven atoms of 250: two each fit, one is left over; three of 250 are over by 250, one alone short by 50."""
    sizes, excess = divided(row(*[250] * 11))
    assert sorted(sizes) == [250, 500, 500, 500, 500, 500]
    assert excess.total == 50.0
    assert 0.0 < excess.lower_bound <= 50.0
    assert excess.cause == "land"


def test_the_exact_way_and_the_solver_agree_on_what_is_best() -> None:
    problem = two_rows([210, 190, 150, 260, 200, 190])
    small = divide_small(problem, QUICK, WANTED.stages[0])
    solved = solve_redraw(problem, QUICK)
    assert small is not None
    assert small.objective == pytest.approx(solved.objective)


@given(st.integers(1, 5000), st.integers(1, 20))
def test_arithmetic_alone_bounds_every_division(total: int, parts: int) -> None:
    """Equal shares miss the bounds by exactly what arithmetic says."""
    window = Window("households", np.zeros(0), 300.0, 500.0)
    equal = np.full(parts, total / parts)
    assert excess_of(equal, window) == pytest.approx(least_excess(total, parts, window))

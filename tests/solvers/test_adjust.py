"""`adjust` finds the least change, proves it over every site, and keeps what it is told to keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from districting.plans.problem import Lock, Problem, Window
from districting.progress import Step
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.adjust.search import settled
from districting.solvers.exact.parts.bounds import moved_at_least
from districting.solvers.exact.parts.terms import moved_households
from districting.solvers.params import Params
from districting.solvers.result import Chosen, Solution
from tests.solvers.towns import contiguous_partitions, faults, graph_of, least_moved, town

EXACT = Params(gap_households=0.0, gap_share=0.0, time_limit_s=20)
THREE = "A A B\nA C B\nC C B"
PARTITIONS = list(contiguous_partitions(graph_of(town(THREE, low=1, high=900))))


def test_there_are_258_contiguous_partitions_of_the_3_by_3_grid_into_3() -> None:
    assert sum(len(parts) == 3 for parts in PARTITIONS) == 258  # design, conventions §15


def test_a_legal_town_stays_as_it_is() -> None:
    problem = town(THREE, low=200, high=400)
    result = solve_adjust(problem, EXACT)
    assert result.status == "optimal" and result.objective == result.lower_bound == 0
    assert faults(problem, result) == []
    assert [c.community_pos for c in result.solution.chosen] == [0, 1, 2]  # type: ignore[union-attr]


MAPS = [
    THREE,
    "A A A\nA A A\nB B B",
    "A A A A A\nA A B B B",
    "A B C\nA B C\nA B C",
    "A . B\nA . B\nC C C",
]
EVERY = [list(contiguous_partitions(graph_of(town(drawn, low=1, high=9)))) for drawn in MAPS]


@pytest.mark.parametrize("seed", range(60))
def test_least_moved_and_fewest_communities_match_brute_force(seed: int) -> None:
    """All contiguous partitions of small grids; seats anywhere, some with reach, room to grow, or no plan at all."""
    rng = np.random.default_rng(seed)
    drawn = MAPS[seed % len(MAPS)]
    names = drawn.split()
    seats = ["."] * len(names)
    for name in sorted(set(names) - {"."}):
        seats[rng.choice([atom for atom, one in enumerate(names) if one == name])] = name
    low = int(rng.choice([60, 100, 200]))
    problem = town(
        drawn,
        " ".join(str(v) for v in rng.choice([0, 40, 90, 130, 200, 310], len(names))),
        low=low,
        high=int(low * rng.choice([2, 3, 5])),
        seats=" ".join(seats),
        reach_limit_m=rng.choice([None, 150.0, 210.0]),
        headroom=float(rng.choice([0, 0.1, 0.2])),
    )
    expected = least_moved(problem, EVERY[seed % len(MAPS)])
    result = solve_adjust(problem, EXACT)
    if expected is None:
        assert result.status == "infeasible" and result.solution is None
        return
    assert (result.status, result.objective, result.lower_bound) == ("optimal", expected[0], expected[0])
    assert result.terms[1].value == expected[1]
    assert faults(problem, result) == []


def test_land_that_cannot_be_shared_out_is_given_up_only_as_it_is() -> None:
    """Reach forbids to share out some land; larger land around it can be (brute force: 460 move)."""
    problem = town(
        "A A A\nA A A\nB B B",
        "200 90 90\n40 130 90\n0 90 40",
        low=200,
        high=400,
        seats=". . A\n. . .\nB . .",
        reach_limit_m=150.0,
    )
    expected = least_moved(problem, EVERY[1])
    result = solve_adjust(problem, EXACT)
    assert expected == (460, 3)
    assert (result.objective, result.lower_bound) == (460, 460)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_fixed_number_matches_brute_force(number: int) -> None:
    problem = town(THREE, "90 210 130 60 170 240 110 150 80", low=150, high=900, number=(number, number))
    expected = least_moved(problem, PARTITIONS)
    result = solve_adjust(problem, EXACT)
    assert expected is not None
    assert (result.objective, len(result.solution.chosen)) == expected  # type: ignore[union-attr]


def test_the_bound_covers_sites_that_are_no_candidates() -> None:
    """One oversized community on a 2×6 strip: brute force over every partition agrees with the bound."""
    problem = town("A A A A A A\nA A A A A B", "90 70 200 40 90 130\n120 30 80 160 50 300", low=250, high=560)
    every = list(contiguous_partitions(graph_of(problem)))
    expected = least_moved(problem, every)
    result = solve_adjust(problem, EXACT)
    assert expected is not None and result.lower_bound == result.objective == expected[0]
    assert result.notes["bound_covers"]["moved_households"] == "all sites"


def test_an_oversized_community_keeps_room_to_grow() -> None:
    """16 atoms of 100, at most 1,000: without room 600 move; with 10 % of room no part exceeds 900: 700 move."""
    grid = "\n".join(["A A A A"] * 4)
    tight = solve_adjust(town(grid, 100, low=200, high=1000), EXACT)
    roomy = solve_adjust(town(grid, 100, low=200, high=1000, headroom=0.1), EXACT)
    assert (tight.objective, roomy.objective) == (600, 700)
    sums = np.bincount(roomy.solution.part) * 100  # type: ignore[union-attr]
    assert sums.max() <= 900


def test_of_two_windows_either_suffices() -> None:
    """A has 600 households, above 500, but 900 people, within 2,000: nothing needs to move."""
    problem = town("A A A B B B", "200 200 200 100 100 100", low=200, high=500)
    people = Window("people", np.array([300.0, 300, 300, 300, 300, 300]), 500, 2000)
    assert solve_adjust(problem, EXACT).objective > 0
    both = replace(problem, windows=(problem.windows[0], people))
    assert moved_at_least(both) == 0
    result = solve_adjust(both, EXACT)
    assert result.objective == 0 and faults(both, result) == []


def test_the_horizon_must_hold_too() -> None:
    """A grows from 300 to 600 where 500 is the most: its last atom, 100 today, goes to B."""
    problem = town("A A A B B", 100, low=100, high=500)
    later = Window("households", np.array([100.0, 200, 300, 100, 100]), 100, 500)
    grown = replace(problem, horizon=(later,))
    result = solve_adjust(grown, EXACT)
    assert result.objective == 100 and faults(grown, result) == []


def test_nobody_is_placed_out_of_reach() -> None:
    """With 200 m of reach A may not take the atom 300 m away, so B, too small alone, takes from A."""
    problem = town("A A A B", 100, low=200, high=400, reach_limit_m=200.0)
    result = solve_adjust(problem, EXACT)
    assert result.objective == 100 and faults(problem, result) == []
    chosen = {c.community_pos for c in result.solution.chosen}  # type: ignore[union-attr]
    assert chosen == {0, 1}


def test_land_in_no_community_joins_freely() -> None:
    problem = town("A A . B B", 100, low=200, high=300)
    result = solve_adjust(problem, EXACT)
    assert result.objective == 0 and faults(problem, result) == []


def test_an_empty_community_without_a_centre_is_absorbed() -> None:
    problem = town("A A B C C", "100 100 0 100 100", low=200, high=300, seats="A . . C .")
    result = solve_adjust(problem, EXACT)
    assert result.objective == 0 and len(result.solution.chosen) == 2  # type: ignore[union-attr]


def test_a_community_without_a_centre_may_live_on() -> None:
    problem = town("A A B B", 100, low=200, high=300, seats="A . . .")
    result = solve_adjust(problem, EXACT)
    assert result.objective == 0 and faults(problem, result) == []


def test_a_name_without_a_centre_stays_with_most_of_its_households() -> None:
    """No centre anywhere, A oversized: its name may not go to the smaller part."""
    problem = town("A A A A\nB B B B", "300 90 80 70\n200 40 30 20", low=200, high=400, seats="")
    result = solve_adjust(problem, EXACT)
    part = result.solution.part  # type: ignore[union-attr]
    for pos, chosen in enumerate(result.solution.chosen):  # type: ignore[union-attr]
        if chosen.community_pos >= 0:
            own = problem.today == chosen.community_pos
            shares = np.bincount(part[own], weights=problem.households[own], minlength=pos + 1)
            assert shares[pos] == shares.max()


def test_a_compound_and_locked_atoms_stay_together() -> None:
    problem = town("A A A B\nA A A B", 100, low=200, high=500, compounds=((2, 6),))
    free = solve_adjust(replace(problem, compounds=()), EXACT)
    result = solve_adjust(problem, EXACT)
    assert (free.objective, result.objective) == (100, 200)
    assert faults(problem, result) == []


LOCKS = {
    "keep": Lock("keep", communities=(1,)),
    "together": Lock("together", atoms=(0, 8)),
    "apart": Lock("apart", atoms=(0, 1)),
    "seat": Lock("seat", communities=(1,)),
    "seat elsewhere": Lock("seat", atoms=(8,), communities=(1,)),
    "split": Lock("split", communities=(0,)),
    "merge": Lock("merge", communities=(0, 2)),
}


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_locks_are_honoured(name: str) -> None:
    problem = town(THREE, 100, low=100, high=700, locks=(LOCKS[name],))
    result = solve_adjust(problem, EXACT)
    assert result.status == "optimal" and faults(problem, result) == []


def test_a_kept_community_may_be_too_large() -> None:
    problem = town("A A A A B B", 100, low=100, high=300, locks=(Lock("keep", communities=(0,)),))
    result = solve_adjust(problem, EXACT)
    assert result.objective == 0 and faults(problem, result) == []


@st.composite
def towns(draw: st.DrawFn) -> Problem:
    """Random 3×4 towns with seats anywhere in their community, sometimes with reach, headroom, locks, empty land."""
    letters = draw(
        st.sampled_from(["A A B B\nA C C B\nC C B B", "A A A A\nA A A B\nC C B B", "A . B B\nA A B .\nC C C C"])
    )
    people = " ".join(
        str(v) for v in draw(st.lists(st.sampled_from([0, 40, 80, 130, 200]), min_size=12, max_size=12))
    )
    low = draw(st.sampled_from([100, 200]))
    lock = draw(st.sampled_from([(), (Lock("apart", atoms=(0, 11)),), (Lock("together", atoms=(1, 2)),)]))
    return town(
        letters,
        people,
        low=low,
        high=low * draw(st.sampled_from([3, 5])),
        reach_limit_m=draw(st.sampled_from([None, 250.0])),
        headroom=draw(st.sampled_from([0.0, 0.1])),
        locks=lock,
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_whatever_is_solved_is_legal_and_proved(problem: Problem) -> None:
    result = solve_adjust(problem, Params(time_limit_s=10))
    assert result.status in ("optimal", "feasible", "infeasible", "unknown")
    if result.solution is not None:
        assert faults(problem, result) == []


def test_the_same_seed_gives_the_same_plan() -> None:
    problem = town(THREE, "90 210 130 60 170 240 110 150 80", low=300, high=700)
    first, second = (solve_adjust(problem, EXACT) for _ in range(2))
    assert np.array_equal(first.solution.part, second.solution.part)  # type: ignore[union-attr]


def test_progress_tells_where_the_search_stands() -> None:
    told: list[Step] = []
    solve_adjust(town(THREE, 100, low=400, high=900), EXACT, progress=told.append)
    known = [step for step in told if step.incumbent is not None and step.bound is not None]
    assert known and all(step.bound <= step.incumbent for step in known)  # type: ignore[operator]


def test_a_community_without_a_centre_whose_land_is_one_compound_is_solved() -> None:
    """Its seat may stand at any atom of the compound; none of them may lose the others of its compound."""
    problem = town(
        "A A A A A B B B",
        "30 30 30 30 30 20 10 20",
        low=60,
        high=110,
        seats="A . . . . . . .",
        compounds=((5, 6, 7),),
    )
    result = solve_adjust(problem, Params(time_limit_s=10))
    # by hand: A has 150 and must lose 60 at least for B's 50 to reach the minimum and A to come under 110·0.95
    assert result.status == "optimal"
    assert faults(problem, result) == []
    assert len(set(result.solution.part[[5, 6, 7]])) == 1


def test_a_community_without_a_centre_may_have_its_seat_on_land_that_it_takes_in() -> None:
    """Only the middle, B's atom, has all 500 within 100 m; A, three fifths of them, lives on there: 200 move."""
    problem = town("A B B", "300 100 100", low=500, high=500, seats="", reach_limit_m=100.0)
    result = solve_adjust(problem, EXACT)
    assert (result.status, result.objective, result.lower_bound) == ("optimal", 200, 200)
    assert faults(problem, result) == []


def test_a_community_that_must_live_on_keeps_its_name_where_most_of_its_households_are_not() -> None:
    """A's seat is asked for on B's land, two communities, no centre anywhere.

    By hand: B's 500 exceed 400. Four atoms with A's name and two more move A nobody and B all (500), for most of
    B's households lie in A's part; any other cut leaves A's name without A.
    """
    lock = Lock("seat", atoms=(3,), communities=(0,))
    problem = town("A B B B B B", 100, low=200, high=400, seats="", locks=(lock,), number=(2, 2))
    result = solve_adjust(problem, EXACT)
    assert result.solution is not None and result.lower_bound <= result.objective <= 600
    assert faults(problem, result) == []


def test_a_new_part_with_most_of_a_community_whose_name_is_free_takes_the_name() -> None:
    problem = town("A A B B", 100, low=200, high=200, seats="A . . .")
    seat = Chosen(0, 0.0, 0.0, 0, True)
    new = Solution(np.array([0, 0, 1, 1]), (seat, Chosen(3, 300.0, 0.0, -1, False)))
    named = settled(problem, new)
    assert moved_households(problem, new) == 200 and moved_households(problem, named) == 0
    assert [chosen.community_pos for chosen in named.chosen] == [0, 1]

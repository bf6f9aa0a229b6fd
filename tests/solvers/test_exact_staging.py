"""Steps into stages: the integer program against every order there is, on small cases."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.solvers.exact.staging import solve_staging
from districting.solvers.staging import (
    Cap,
    StagingProblem,
    components,
    excess_of,
    first_fit,
    least_waiting,
    loads_of,
)


def problem(
    touching: list[tuple[int, ...]],
    *,
    forbidden: dict[int, list[set[int]]] | None = None,
    cap: float = 2,
    urgency: list[list[float]] | None = None,
) -> StagingProblem:
    """Every community counts 1 against one cap; every step is as late as any other."""
    n = 1 + max(i for steps in touching for i in steps)
    c = len(touching)
    return StagingProblem(
        touching=tuple(touching),
        forbidden=tuple(frozenset(frozenset(one) for one in (forbidden or {}).get(k, [])) for k in range(c)),
        caps=(Cap(cap, np.ones(c), np.zeros(n)),),
        urgency=tuple(np.array(tier, dtype=float) for tier in urgency or []),
        lateness=np.ones(n),
    )


def is_legal(asked: StagingProblem, stage: np.ndarray) -> bool:
    """No community stands on a forbidden set of its steps after any stage."""
    return all(
        frozenset(i for i in steps if stage[i] <= s) not in forbidden
        for s in range(int(stage.max()))
        for steps, forbidden in zip(asked.touching, asked.forbidden, strict=True)
    )


def worth(asked: StagingProblem, stage: np.ndarray) -> tuple[float, ...]:
    """Excess, stages, and what waits by tier: what is wanted little of, in its order."""
    count = int(stage.max()) + 1
    waits = [
        sum(
            tier[c]
            for s in range(count - 1)
            for c, steps in enumerate(asked.touching)
            if all(stage[i] > s for i in steps)
        )
        for tier in asked.urgency
    ]
    return (round(excess_of(asked, stage), 6), count, *(round(float(one), 6) for one in waits))


def best_of_all(asked: StagingProblem) -> tuple[float, ...]:
    """The best worth of every assignment of steps to stages."""
    orders = (np.array(one) for one in product(range(asked.n), repeat=asked.n))
    return min(
        worth(asked, stage)
        for stage in orders
        if set(stage.tolist()) == set(range(int(stage.max()) + 1)) and is_legal(asked, stage)
    )


@st.composite
def small_problems(draw: st.DrawFn) -> StagingProblem:
    """Up to 5 steps between up to 5 communities, with sets forbidden and urgency at random."""
    n = draw(st.integers(1, 5))
    ends = st.lists(st.integers(0, 4), min_size=2, max_size=2, unique=True)
    steps = [draw(ends) for _ in range(n)]
    touching = [tuple(i for i in range(n) if c in steps[i]) for c in range(5)]
    forbidden = {}
    for c, mine in enumerate(touching):
        sets = [
            {i for i, kept in zip(mine, bits, strict=True) if kept} for bits in product([0, 1], repeat=len(mine))
        ]
        forbidden[c] = [one for one in sets if 0 < len(one) < len(mine) and draw(st.booleans())]
    tier = st.lists(st.integers(0, 3).map(float), min_size=5, max_size=5)
    return problem(touching, forbidden=forbidden, cap=draw(st.integers(1, 5)), urgency=[draw(tier), draw(tier)])


@settings(max_examples=50, deadline=None)
@given(small_problems())
def test_the_stages_found_are_the_best_of_all_orders(asked: StagingProblem) -> None:
    found = solve_staging(asked)
    assert is_legal(asked, found.stage)
    assert worth(asked, found.stage) == best_of_all(asked)
    assert (found.status, found.fewest) == ("optimal", found.stages)
    assert found.waiting_bound == pytest.approx(found.waiting, abs=1e-4)
    assert found.least_excess == pytest.approx(found.excess, abs=1e-4)


def test_the_most_urgent_comes_first() -> None:
    found = solve_staging(problem([(0,), (1,), (2,)], cap=1, urgency=[[0, 0, 9], [0, 5, 0]]))
    assert found.stage.tolist() == [2, 1, 0]


def test_steps_without_a_legal_state_between_them_stay_together_and_stand_alone_above_the_cap() -> None:
    tied = {1: [{0}, {1}], 2: [{1}, {2}]}
    found = solve_staging(problem([(0,), (0, 1), (1, 2), (2,), (3,)], forbidden=tied, cap=2))
    assert found.stage[0] == found.stage[1] == found.stage[2] != found.stage[3]
    assert loads_of(problem([(0,), (0, 1), (1, 2), (2,), (3,)], cap=2), found.stage).max() == 4
    assert found.excess == pytest.approx(1.0)  # 4 communities where 2 may change
    assert found.stages == found.fewest == 2


def test_a_large_group_is_broken_where_its_communities_are_legal_in_between() -> None:
    chain = [(0,), (0, 1), (1, 2), (2,)]
    found = solve_staging(problem(chain, forbidden={1: [{1}], 2: [{2}]}, cap=2))
    assert (found.excess, found.stage.tolist()) == (0.0, [0, 1, 2])


def test_what_waits_at_least_goes_by_urgency_alone() -> None:
    asked = problem([(0,), (1,), (2,), (3,)], cap=2, urgency=[[1, 4, 2, 3]])
    assert least_waiting(asked, asked.urgency[0], stages=3, excess=0.0) == 3.0  # 2 and 1 after the first stage
    assert least_waiting(asked, asked.urgency[0], stages=3, excess=0.5) == 1.0  # one more fits into the first


def test_nothing_to_do_needs_no_stage() -> None:
    nothing = StagingProblem((), (), (Cap(1, np.zeros(0), np.zeros(0)),), (np.zeros(0),), np.zeros(0))
    assert (solve_staging(nothing).stages, solve_staging(nothing).status) == (0, "optimal")


def test_first_fit_keeps_the_cap_and_the_order_of_moves() -> None:
    asked = problem([(0, 1), (0,), (1,), (2,), (3,)], cap=2, urgency=[[0, 0, 0, 0, 1]])
    moves = [[0], [1], [2], [3]]
    stage = first_fit(asked, moves)
    assert components(asked) == [[0, 1], [2], [3]]
    assert stage[0] < stage[1]
    assert stage[3] == 0
    assert (loads_of(asked, stage) <= 2).all()

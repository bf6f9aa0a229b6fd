"""Columns with titles prove every stage of `adjust` by themselves; brute force agrees."""

from __future__ import annotations

import numpy as np
import pytest

from districting.plans.problem import Lock
from districting.solvers.exact.adjust import adjust
from districting.solvers.params import Params
from tests.solvers.towns import contiguous_partitions, faults, graph_of, least_moved, town

EXACT = Params(gap_households=0.0, gap_share=0.0, time_limit_s=20)
DRAWN = "A A B\nA C B\nC C ."
PARTITIONS = list(contiguous_partitions(graph_of(town(DRAWN, low=1, high=9))))


@pytest.mark.parametrize("seed", range(12))
def test_without_the_models_of_pairs_every_stage_is_still_proved(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seats, reach, empty atoms, land of nobody, room to grow: nothing is left for the compact models to close."""

    def nothing(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(adjust, "settle", nothing)
    rng = np.random.default_rng(seed)
    problem = town(
        DRAWN,
        " ".join(str(v) for v in rng.choice([0, 40, 90, 130, 200, 310], 9)),
        low=100,
        high=int(rng.choice([250, 400])),
        seats=". . B\nA . .\nC . .",
        reach_limit_m=rng.choice([None, 210.0]),
        headroom=float(rng.choice([0, 0.1])),
    )
    expected = least_moved(problem, PARTITIONS)
    result = adjust.solve_adjust(problem, EXACT)
    if expected is None:
        assert result.status == "infeasible"
        return
    assert (result.objective, result.lower_bound) == (expected[0], expected[0])
    assert result.terms[1].value == result.terms[1].lower_bound == expected[1]
    assert faults(problem, result) == []


@pytest.mark.parametrize(("headroom", "moved"), [(0.0, 300), (0.2, 400)])
def test_a_successor_of_a_legal_community_may_fill_the_maximum_and_a_new_part_may_not(
    headroom: float, moved: int
) -> None:
    """600 of A in a row of six, at most 300 in a part: halves without room to grow, thirds with it."""
    problem = town("A A A A A A", 100, low=100, high=300, seats="A . . . . .", headroom=headroom)
    result = adjust.solve_adjust(problem, EXACT)
    assert (result.objective, result.lower_bound) == (moved, moved)


def test_where_everything_is_kept_nothing_is_left_to_columns() -> None:
    locks = (Lock("keep", communities=(0, 1)),)
    result = adjust.solve_adjust(town("A A B B", 100, low=300, high=400, locks=locks), EXACT)
    assert (result.status, result.objective) == ("optimal", 0)

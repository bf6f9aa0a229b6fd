"""Columns with titles prove every stage of `adjust` by themselves; brute force agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from districting.plans.problem import Lock, Problem, Window
from districting.progress import never, silent
from districting.solvers.exact.adjust import adjust
from districting.solvers.exact.adjust.named import Named
from districting.solvers.exact.adjust.search import Search
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.generation.generation import Generation
from districting.solvers.generation.stage import Proved
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage, preset
from districting.solvers.redraw.redraw import solve_redraw
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


def test_plans_come_from_columns_before_any_model_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A split that has little time needs a plan at once; the models of pairs only close what columns leave."""
    monkeypatch.setattr(adjust, "settle", lambda *_, **__: False)
    split = adjust.solve_adjust(town("A A A A A A A A", 100, low=200, high=500), EXACT)
    assert split.solution is not None and len(split.solution.chosen) == 2
    kept = adjust.solve_adjust(town("A A A A B B B B", 100, low=200, high=500), EXACT)
    assert (kept.status, kept.objective) == ("optimal", 0)


def both_measures(first: str, second: list[float], *, high: float, low: float) -> Problem:
    """Four atoms, two of today's communities, of which either of two measures must lie in the window."""
    problem = town("A A B B", first, low=int(low), high=int(high))
    return replace(problem, windows=(problem.windows[0], Window("people", np.array(second), low, high)))


def test_either_measure_may_hold_so_totals_bound_no_number() -> None:
    """A holds by the first measure and B by the second: nobody moves, though both totals ask for more communities."""
    problem = both_measures("50 50 300 300", [900, 900, 50, 50], low=1, high=100)
    result = adjust.solve_adjust(problem, EXACT)
    assert [(term.value, term.lower_bound) for term in result.terms[:2]] == [(0, 0), (2, 2)]
    exactly = both_measures("50 50 300 300", [300, 300, 50, 50], low=100, high=100)
    assert adjust.solve_adjust(exactly, replace(EXACT, profile=preset("best-service"))).status == "optimal"
    assert solve_redraw(exactly, EXACT).solution is not None


def test_no_number_near_the_one_asked_for_does_not_prove_that_there_is_no_plan() -> None:
    """One community is the target, eight are asked for by a lock: five numbers around one prove nothing."""
    apart = (Lock("apart", atoms=tuple(range(8))),)
    problem = replace(town("A A A A A A A A", 100, low=100, high=900, locks=apart), target=800.0)
    result = adjust.solve_adjust(problem, replace(EXACT, profile=preset("best-service")))
    assert result.solution is not None and len(result.solution.chosen) == 8


def test_a_locked_community_that_can_stand_nowhere_is_not_forgotten() -> None:
    locks = (Lock("seat", atoms=(5,), communities=(0,)),)
    problem = town("A A A B B B", 100, low=200, high=400, reach_limit_m=200.0, locks=locks)
    assert adjust.solve_adjust(problem, EXACT).status == "infeasible"


def test_a_part_that_loses_its_name_keeps_room_to_grow_or_is_no_plan() -> None:
    """Only as A's successor may a part fill 150 of 180, and another part has more of A."""
    problem = town("A A A .", "90 50 40 110", low=120, high=180, seats=". . . .", headroom=0.2)
    result = adjust.solve_adjust(problem, EXACT)
    assert result.solution is None or faults(problem, result) == []


def test_a_kept_community_without_a_centre_has_one_seat() -> None:
    distance = Profile("d", (Stage({"distance_m_households": 1.0}), Stage({"moved_households": 1.0})))
    locks = (Lock("keep", communities=(0,)),)
    households = "300 100 200 100 200 100 100 100"
    problem = town("A A A A A B B B", households, low=200, high=1000, seats=". . . . . B . .", locks=locks)
    result = adjust.solve_adjust(problem, replace(EXACT, profile=distance))
    assert result.terms[0].value == result.terms[0].lower_bound == pytest.approx(140_800)  # brute force


def test_a_maximum_less_its_headroom_is_met_to_a_hair() -> None:
    """0.7 · 90 is a little less than 63 in binary; two parts of 63 keep their room all the same."""
    problem = town("A A A A", "43 20 43 20", low=10, high=90, headroom=0.3)
    result = adjust.solve_adjust(problem, EXACT)
    assert (result.objective, result.terms[1].value) == (63, 2)


def test_a_new_community_may_be_served_from_a_park() -> None:
    """Nobody lives in the middle, and only from there everybody lies within reach."""
    problem = town(". . . . .", "100 100 0 100 100", low=400, high=400, reach_limit_m=210.0)
    for solve in (adjust.solve_adjust, solve_redraw):
        result = solve(problem, EXACT)
        assert result.solution is not None
        assert [place.atom_pos for place in result.solution.chosen] == [2]


def test_a_bound_without_a_plan_does_not_prove_the_plan_that_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that ran out of time before any plan once passed infinity on, and whatever came next was 'optimal'."""
    monkeypatch.setattr(Generation, "settle", lambda *_, **__: Proved(None, np.inf, -300.0, 0))
    monkeypatch.setattr(Named, "_offer_regions", lambda *_: None)
    problem, profile = town("A A A A A A A A", 100, low=200, high=500), preset("least-change")
    clock = Clock(60.0, 1, 0, silent, never, "")
    search = Search(problem, EXACT, clock, profile.stages)
    Named(search, limit_s=10.0).settle(limit_s=10.0)
    assert (search.best, search.bounds[0]) == (None, 800.0 - 300.0)

"""Where no plan exists, the cause is named with figures, in both languages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from districting.plans.problem import Lock, Window
from districting.solvers.conflicts import explain
from districting.solvers.params import Params
from districting.solvers.prechecks import prechecks
from districting.solvers.result import Conflict
from districting.solvers.wording import conflict_sentence
from tests.solvers.towns import town

PARAMS = Params(time_limit_s=20)


def only(**settings: Any) -> Conflict:
    """The one precheck that fires."""
    (conflict,) = prechecks(town(**settings))
    return conflict


def test_nothing_is_said_of_a_sound_town() -> None:
    assert prechecks(town("A A B B", 100, low=100, high=300, reach_limit_m=300.0, number=(2, 3))) == ()


def test_an_atom_above_the_maximum_is_named() -> None:
    conflict = only(today="A A B", households="600 100 200", low=100, high=500)
    assert (conflict.cause, conflict.atoms, conflict.communities) == ("atom_over_max", ("a00",), ("A",))
    assert (conflict.measured, conflict.allowed) == (600, 500)


def test_an_atom_above_the_maximum_is_fine_where_another_measure_suffices() -> None:
    problem = town("A A B", "600 100 200", low=100, high=500)
    people = Window("people", np.array([900.0, 200, 300]), 200, 1500)
    assert prechecks(town("A A B", "600 100 200", low=100, high=500, windows=(*problem.windows, people))) == ()


def test_an_atom_that_will_outgrow_the_maximum_is_named() -> None:
    later = (Window("households", np.array([600.0, 100, 200]), 100, 500),)
    assert only(today="A A B", households=100, low=100, high=500, horizon=later).cause == "atom_over_max_horizon"


def test_too_few_households_in_all_are_said_once() -> None:
    conflict = only(today="A A B", households=100, low=400, high=500)
    assert (conflict.cause, conflict.measured, conflict.allowed) == ("total_below_min", 300, 400)


def test_a_piece_that_cannot_stand_alone_is_named_unless_a_gap_joins_it() -> None:
    cut = {"today": "A A A B", "households": 100, "low": 200, "high": 500, "without_edges": ((2, 3),)}
    conflict = only(**cut)
    assert (conflict.cause, conflict.communities, conflict.measured) == ("piece_below_min", ("B",), 100)
    assert prechecks(town(**cut, gaps=((2, 3),))) == ()  # type: ignore[arg-type]


def test_an_atom_out_of_every_reach_is_named() -> None:
    far = np.full((3, 3), 100.0)
    far[2] = [900, 800, 700]
    conflict = only(
        today="A A B",
        households=100,
        low=100,
        high=300,
        reach_limit_m=500.0,
        site_reach_m=far,
        seat_reach_m=far[:, [0, 2]],
    )
    assert (conflict.cause, conflict.atoms, conflict.measured) == ("atom_out_of_reach", ("a02",), 700)


@pytest.mark.parametrize(
    ("number", "cause", "measured", "allowed"),
    [((4, 5), "number_too_many", 4, 3), ((1, 1), "number_too_few", 1, 2), ((3, 2), "number_range", 3, 2)],
)
def test_numbers_that_sizes_rule_out(number: tuple[int, int], cause: str, measured: float, allowed: float) -> None:
    """600 households at 200 to 400 each: two or three communities."""
    conflict = only(today="A A A B B B", households=100, low=200, high=400, number=number)
    assert (conflict.cause, conflict.measured, conflict.allowed) == (cause, measured, allowed)


@pytest.mark.parametrize(
    ("locks", "cause"),
    [
        ((Lock("keep", communities=(0,)), Lock("split", communities=(0,))), "lock_keep_split"),
        ((Lock("split", communities=(0,)), Lock("merge", communities=(0, 1))), "lock_split_merge"),
        ((Lock("together", atoms=(0, 1)), Lock("apart", atoms=(0, 1))), "lock_together_apart"),
        ((Lock("keep", communities=(0,)), Lock("together", atoms=(1, 2))), "lock_keep_together"),
        ((Lock("together", atoms=(0, 1, 2, 3, 4)),), "lock_over_max"),
        (
            (Lock("seat", communities=(0,)), Lock("seat", communities=(1,)), Lock("together", atoms=(0, 2))),
            "lock_seats_merged",
        ),
    ],
)
def test_locks_that_contradict_each_other(locks: tuple[Lock, ...], cause: str) -> None:
    found = prechecks(town("A A B B C C", 100, low=100, high=400, locks=locks))
    assert cause in [conflict.cause for conflict in found]


def test_what_would_have_to_give_is_said_with_its_figure() -> None:
    """A strip 300-300-300 with 400 the least and 500 the most: no two atoms fit, none stands alone."""
    (*conflicts,) = explain(town("A B C", 300, low=400, high=500), PARAMS)
    assert {c.cause for c in conflicts} <= {"below_min", "over_max"}
    # Two together have 100 too many, the third 100 too few; three together would have 400 too many.
    assert sorted(abs(c.measured - c.allowed) for c in conflicts) == [100, 100]


def test_a_lock_that_leaves_no_plan_is_named() -> None:
    """With B kept, A and C, 100 each and cut off by it, are below the minimum."""
    problem = town("A B C", "100 200 100", low=150, high=400, locks=(Lock("keep", communities=(1,)),))
    causes = [c.cause for c in explain(problem, PARAMS)]
    assert causes == ["piece_below_min", "piece_below_min"]


def test_every_conflict_is_a_sentence_in_both_languages() -> None:
    problem = town("A A B", "600 100 200", low=100, high=500, number=(9, 9))
    for conflict in prechecks(problem):
        zh, en = (conflict_sentence(conflict, language) for language in ("zh", "en"))  # type: ignore[arg-type]
        assert zh.endswith("。") and en.endswith(".") and "{" not in zh + en

"""Where no plan exists, the cause is named with figures, in both languages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from districting.plans.problem import Lock, Window
from districting.solvers.conflicts.explanation import explain
from districting.solvers.conflicts.legality import ModeName
from districting.solvers.conflicts.prechecks import prechecks
from districting.solvers.params import Params
from districting.solvers.result import Conflict
from districting.solvers.strategy import solve
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
        ((Lock("seat", (2,), (0,)), Lock("seat", (2,), (1,))), "lock_seats_merged"),
        ((Lock("merge", communities=(0, 1)), Lock("apart", atoms=(1, 2))), "lock_together_apart"),
        ((Lock("keep", communities=(0,)), Lock("apart", atoms=(0, 1))), "lock_keep_apart"),
        ((Lock("keep", communities=(0,)), Lock("seat", (2,), (0,))), "lock_keep_seat"),
        ((Lock("keep", communities=(0,)), Lock("seat", (1,), (2,))), "lock_keep_seat"),
        ((Lock("split", communities=(0,)), Lock("together", atoms=(0, 1))), "lock_together_split"),
        ((Lock("keep", communities=(1,)), Lock("together", atoms=(1, 4))), "lock_in_pieces"),
        ((Lock("merge", communities=(0, 1, 2)),), "lock_over_max"),
    ],
)
def test_locks_that_contradict_each_other(locks: tuple[Lock, ...], cause: str) -> None:
    found = prechecks(town("A A B B C C", 100, low=100, high=400, locks=locks))
    assert cause in [conflict.cause for conflict in found]


def test_locks_that_the_number_of_communities_cannot_hold() -> None:
    town_of_three: dict[str, Any] = {"today": "A A B B C C", "households": 100, "low": 100, "high": 400}
    seats = tuple(Lock("seat", communities=(pos,)) for pos in range(3))
    conflict = only(**town_of_three, number=(2, 2), locks=seats)
    assert (conflict.cause, conflict.measured, conflict.allowed) == ("lock_seats_number", 3, 2)
    conflict = only(**town_of_three, number=(2, 2), locks=(Lock("apart", atoms=(0, 2, 4)),))
    assert (conflict.cause, conflict.atoms) == ("lock_apart_number", ("a00", "a02", "a04"))


def test_a_community_of_one_inhabited_atom_cannot_be_split() -> None:
    conflict = only(today="A A B", households="0 200 200", low=100, high=400, locks=(Lock("split", (), (0,)),))
    assert (conflict.cause, conflict.atoms, conflict.communities) == ("lock_split_atom", ("a01",), ("A",))


def test_atoms_locked_together_that_no_seat_reaches_are_named() -> None:
    """On a strip of five the middle is 200 m from both ends: within 150 m of both no seat stands."""
    locks = (Lock("together", atoms=(0, 4)),)
    conflict = only(today="A A A A A", households=100, low=100, high=900, reach_limit_m=150.0, locks=locks)
    assert (conflict.cause, conflict.atoms, conflict.measured) == ("lock_out_of_reach", ("a00", "a04"), 200)


def test_an_atom_around_which_no_seat_gathers_the_minimum_is_named() -> None:
    """The first atom of the strip is served from itself or the second; these reach 300 households, not 400."""
    problem = town("A A A A A A", "50 50 200 200 200 200", low=400, high=600, reach_limit_m=100.0)
    (conflict,) = prechecks(problem)
    assert (conflict.cause, conflict.atoms) == ("atom_gathers_too_few", ("a00",))
    assert (conflict.measured, conflict.allowed) == (300, 400)


def test_a_kept_community_may_be_illegal() -> None:
    locks = (Lock("keep", communities=(0,)),)
    assert prechecks(town("A A A B B", "900 0 0 100 100", low=150, high=500, locks=locks)) == ()


def rules(conflict: Conflict) -> dict[str, Any]:
    """Members of a conflict by kind, locks by theirs."""
    return {rule["lock"] or rule["kind"]: rule for rule in conflict.detail["rules"]}


@pytest.mark.parametrize("mode", ["adjust", "redraw", "whole"])
def test_the_demands_that_cannot_stand_together_are_named_with_what_is_enough(mode: ModeName) -> None:
    """A strip of five atoms of 300 and just 600 asked of each: one of 300, or one of 900, must be let through."""
    (first,) = explain(town("A B C D E", 300, low=600, high=600), mode, PARAMS)
    assert (first.cause, first.detail["minimal"], first.detail["confirmed"]) == ("together", True, True)
    found = rules(first)
    assert {name: (rule["loosened"], rule["least"]) for name, rule in found.items()} == {
        "min": (300, True),
        "max": (900, True),
    }
    for language in ("zh", "en"):
        sentence = conflict_sentence(first, language)  # type: ignore[arg-type]
        assert "300" in sentence and "900" in sentence and "600" in sentence


def test_what_sizes_give_in_several_places_is_said_place_by_place() -> None:
    """Two strips of three atoms of 300, 600 asked of each: in either one part of 300 stays, or one of 900."""
    problem = town("A B C D E F", 300, low=600, high=600, without_edges=((2, 3),))
    first, *given = explain(problem, "adjust", PARAMS)
    assert first.cause == "together" and len(given) == 2
    assert [abs(c.measured - c.allowed) for c in given] == [300, 300]


def test_a_lock_that_leaves_no_plan_is_named_with_the_rule_that_it_meets() -> None:
    """Three atoms of 100 apart, and the minimum 200: the strip of four has no three communities of 200."""
    problem = town("A A B B", 100, low=200, high=400, locks=(Lock("apart", atoms=(0, 1, 2)),))
    (conflict,) = explain(problem, "adjust", PARAMS)
    assert set(rules(conflict)) == {"apart", "min"} and conflict.detail["confirmed"]
    sentence = conflict_sentence(conflict, "en")
    assert "lower the minimum to 100 households" in sentence and "drop the lock" in sentence
    assert "解除" in conflict_sentence(conflict, "zh")


def test_communities_joined_as_wholes_are_a_demand_like_others() -> None:
    """A alone is too small and with B too large; taken apart, B gives it an atom."""
    problem = town("A B B", "100 200 200", low=200, high=400)
    result = solve(problem, "whole", PARAMS)
    assert [c.cause for c in result.conflicts] == ["no_union_over_max", "together"]
    found = rules(result.conflicts[1])
    assert set(found) == {"whole", "min", "max"} and found["max"]["loosened"] == 500
    assert "adjust" in conflict_sentence(result.conflicts[1], "en")


def test_two_conflicts_that_have_nothing_to_do_with_each_other_are_both_named() -> None:
    """Two separate strips: each has 500 households, at least 300 and at most 400 a community; relaxing one lock in
    one strip does not help the other."""
    apart = (Lock("apart", atoms=(0, 1)), Lock("apart", atoms=(3, 4)))
    cut = ((2, 3),)
    problem = town("A A A B B B", 100, low=200, high=300, without_edges=cut, locks=apart)
    found = explain(problem, "adjust", PARAMS)
    assert {c.cause for c in found} >= {"together"}
    assert all(conflict_sentence(c, "zh") for c in found)


def test_a_search_that_has_no_time_claims_nothing() -> None:
    problem = town("A B C D E", 300, low=600, high=600)
    found = explain(problem, "adjust", PARAMS, stop=lambda: True)
    assert not any(c.detail["minimal"] or c.detail["confirmed"] for c in found if c.cause == "together")
    assert "Time ran out" in conflict_sentence(found[0], "en")


def test_every_conflict_is_a_sentence_in_both_languages() -> None:
    problem = town("A A B", "600 100 200", low=100, high=500, number=(9, 9))
    for conflict in prechecks(problem):
        zh, en = (conflict_sentence(conflict, language) for language in ("zh", "en"))  # type: ignore[arg-type]
        assert zh.endswith("。") and en.endswith(".") and "{" not in zh + en

"""One plan of the whole case: what was not solved stays as it is, whatever happened next door."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from towns import town

from districting.plans.plan import Plan
from districting.solvers.assembly import Answer, assemble
from districting.solvers.result import Chosen, Result, Solution


def _two_subdistricts() -> Any:
    """Sub-district 1 holds a00 (A) and a01 (B), sub-district 2 the rest of A, C, and a pond of C beside A."""
    table = pd.DataFrame(
        {
            "subdistrict_id": ["1", "1", "2", "2", "2"],
            "community_id": ["A", "B", "A", "C", "C"],
            "water": [False, False, False, False, True],
        },
        index=["a00", "a01", "b00", "b01", "b02"],
    )
    edges = pd.DataFrame({"atom_a": ["b00", "b01"], "atom_b": ["b02", "b02"], "shared_m": [90.0, 20.0]})
    communities = pd.DataFrame(
        {"name": ["Aa", "Bb", "Cc"], "subdistrict_id": ["1", "1", "2"]}, index=["A", "B", "C"]
    )
    layers = SimpleNamespace(
        communities=communities, subdistricts=pd.DataFrame({"name": ["One", "Two"]}, index=["1", "2"])
    )
    return SimpleNamespace(atoms=SimpleNamespace(table=table), graph=SimpleNamespace(edges=edges), layers=layers)


def _plan() -> Plan:
    """Sub-district 1 alone is solved: A ends in B."""
    territory = _two_subdistricts()
    problem = town("A B", 100, low=100, high=300)
    solution = Solution(np.array([0, 0]), (Chosen(1, 100.0, 0.0, 1, True),))
    result = Result("1", "whole", "optimal", solution, 100.0, 100.0, (), 0.0, 7)
    today = territory.layers.communities.assign(seat_x=[1.0, 2.0, np.nan], seat_y=0.0, seat_kind="existing")
    return assemble("whole", "whole", {"1": Answer(problem, result)}, territory, today=today)


def test_a_community_that_spans_two_subdistricts_stays_on_where_nothing_was_solved() -> None:
    plan = _plan()
    assert plan.assignment.to_dict() == {"a00": "B", "a01": "B", "b00": "A", "b01": "C", "b02": "C"}
    assert plan.communities["subdistrict_id"].to_dict() == {"A": "2", "B": "1", "C": "2"}


def test_what_was_not_solved_keeps_the_centre_of_today_and_its_water() -> None:
    plan = _plan()
    assert plan.communities.at["A", "seat_x"] == 1.0
    assert plan.assignment["b02"] == "C"  # the longer shore is A's

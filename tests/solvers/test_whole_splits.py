"""`whole` where communities must be split: what is proved holds for every split, whatever it uses of the tolerances."""

from __future__ import annotations

from dataclasses import replace

import pytest

from districting.plans.problem import Problem, Window
from districting.solvers.exact.whole.whole import solve_whole
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage, TermName
from tests.solvers.towns import town


def drawn(today: str, households: str, seats: str, *, low: float, high: float, target: float) -> Problem:
    """A town of which some communities are above the maximum."""
    problem = town(today, households, low=low, high=high, seats=seats, target=target)
    return replace(problem, windows=(Window("households", problem.households.astype(float), low, high),))


def exact(*stages: tuple[TermName, float]) -> Params:
    """To the end, each stage with its share of tolerance."""
    profile = Profile("mine", tuple(Stage({term: 1.0}, slack_share=share) for term, share in stages))
    return Params(gap_households=0.0, gap_share=0.0, time_limit_s=600.0, profile=profile)


def test_one_split_may_use_the_tolerance_of_all() -> None:
    """By brute force over every plan: within 20 % of the least deviation (200) the ways sum to 32,226.7 at least.

    Each split within 20 % of its own deviation would come to 33,510.8.
    """
    problem = drawn(
        "A A A A\nA A B B\nA B B B", "30 40 30 130 130 60 30 30 40 60 90 60", ". . . .\n. A B .\n. . . .",
        low=31, high=207, target=186,
    )  # fmt: skip
    result = solve_whole(problem, exact(("deviation_households", 0.2), ("distance_m_households", 0.05)))
    assert [stage["settled_at"] for stage in result.notes["stages"]] == pytest.approx([200.0, 32226.7027])
    assert [term.lower_bound for term in result.terms] == pytest.approx([200.0, 32226.7027])


def test_a_split_into_any_number_of_parts_counts_towards_the_number_asked() -> None:
    """Six communities are asked: A into five and B, by brute force; four parts of A around its size are not enough."""
    problem = drawn(
        "A A A\nA A A\nA B B", "40 60 60 30 130 60 90 30 90", ". . A\n. . .\n. B .", low=42, high=282, target=141
    )
    result = solve_whole(replace(problem, number=(6, 6)), exact(("moved_households", 0.0)))
    assert result.status == "optimal" and result.objective == 350

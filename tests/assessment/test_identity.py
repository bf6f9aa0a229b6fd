"""Who succeeds whom in divisions drawn by hand."""

from __future__ import annotations

from districting.assessment.identity import derive_identity
from districting.assessment.proposal import propose_steps
from districting.plans.checks import check
from districting.plans.division import Division
from tests.plans.drawn import flat, town
from tests.plans.judging import policy


def drawn_over(text: str, before: str, **options: object):
    """A division with ids of its own over a town, with the identities that follow."""
    ground = town(before, **options)
    names = ground.layers.buildings["community_id"].copy()
    names[:] = flat(text)
    today = Division.today(ground)
    return derive_identity(today, Division.of_buildings(names, ground), ground), today, ground


def test_the_part_with_the_centre_succeeds_even_if_it_is_smaller() -> None:
    made, *_ = drawn_over("x y y z", "A A A B", seats={"A": (0.5, 0.5)})
    assert made.outlines["origin"].to_dict() == {"x": "A", "y": None, "z": "B"}


def test_without_a_centre_most_of_the_households_succeed() -> None:
    made, *_ = drawn_over("x y y z", "A A A B")
    assert made.outlines["origin"].to_dict() == {"x": None, "y": "A", "z": "B"}


def test_a_union_takes_the_identity_of_the_larger() -> None:
    made, today, ground = drawn_over("x x x y", "A B B C", seats={"A": (0.5, 0.5), "B": (1.5, 0.5)})
    assert made.outlines["origin"].to_dict() == {"x": "B", "y": "C"}
    assert made.outlines.loc["x", ["seat_x", "seat_kind"]].tolist() == [300.0, "existing"]
    assert propose_steps(today, made, ground).actions == {"A": "abolish", "x": "merge", "y": "keep"}


def test_the_identities_that_follow_break_no_rule_of_identity() -> None:
    for text in ("x x y y\nz z z y", "x y z w\nx y z w", "x x x x\nx x x x"):
        made, today, ground = drawn_over(text, "A A B B\nC C C B", seats={"A": (0.5, 1.5), "C": (2.5, 0.5)})
        assert [f for f in check(made, ground, policy(), today=today) if f.rule == "identity"] == []


def test_names_of_one_day_do_not_stick_to_other_land() -> None:
    made, *_ = drawn_over("B B A", "A A B", seats={"A": (0.5, 0.5), "B": (2.5, 0.5)})
    assert made.outlines["origin"].to_dict() == {"A": "B", "B": "A"}

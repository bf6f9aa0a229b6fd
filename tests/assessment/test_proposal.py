"""What becomes of each community, and steps that end in the new division."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.assessment.proposal import Proposal, apply_steps, households_moved, propose_steps
from districting.assessment.wording import step_sentence
from districting.plans.checks import check
from districting.plans.division import Division
from districting.policies.policy import Policy
from districting.policies.sizes import SizeRule
from tests.plans.drawn import flat, plan, town
from tests.plans.judging import policy

BEFORE = "A A B\nA B B\nC D D"


def proposal(after: str, *, before: str = BEFORE, households: str | int = 100, **options: object):
    ground = town(before, households=households)
    today = Division.today(ground)
    division = Division.of_plan(plan(ground, after), ground)
    return propose_steps(today, division, ground, **options), today, division, ground


def test_nothing_changes() -> None:
    made, *_ = proposal(BEFORE)
    assert made.steps == ()
    assert made.counts == {"keep": 4, "adjust": 0, "split": 0, "merge": 0, "new": 0, "abolish": 0}
    assert made.households_moved == 0


def test_every_community_has_its_action_and_the_arithmetic_closes() -> None:
    # E is founded from B; D goes to C; A gives a building to C.
    made, *_ = proposal("A A E\nC B E\nC C C")
    assert made.actions == {"A": "adjust", "B": "split", "C": "merge", "D": "abolish", "E": "new"}
    assert (made.before, made.after) == (4, 4)
    assert made.before - made.counts["abolish"] + made.counts["new"] == made.after
    assert made.households_moved == 500
    assert made.changes.loc["C", ["households_before", "households_after", "moved_in", "moved_out"]].tolist() == [
        100, 400, 300, 0,
    ]  # fmt: skip
    assert made.changes.loc["D", ["households_before", "households_after", "moved_out"]].tolist() == [200, 0, 200]


def test_the_steps_say_who_founds_gives_and_ends() -> None:
    made, *_ = proposal("A A E\nC B E\nC C C")
    assert [(step.kind, step.subject, step.households) for step in made.steps] == [
        ("found", "E", 200),
        ("transfer", "C", 100),
        ("dissolve", "D", 200),
    ]
    assert [step_sentence(step, "zh") for step in made.steps] == [
        "新设E社区：由B社区 200 户组成。",
        "调整：将A社区 100 户划入C社区。",
        "撤销D社区：并入C社区 200 户。",
    ]
    assert step_sentence(made.steps[2], "en") == "Abolish D社区: into C社区 (200 households)."


def test_the_steps_together_end_in_the_new_division() -> None:
    made, today, division, _ = proposal("A A E\nC B E\nC C C")
    assert apply_steps(today, division, made.steps).equals(division.buildings)
    assert apply_steps(today, division, made.steps[:1]).tolist() == flat("A A E\nA B E\nC D D")
    assert apply_steps(today, division, ()).tolist() == flat(BEFORE)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from("ABCDEF"), min_size=9, max_size=9),
    st.lists(st.integers(0, 300), min_size=9, max_size=9),
)
def test_any_division_is_reached_by_its_steps(letters: list[str], homes: list[int]) -> None:
    def drawn(values: list[str]) -> str:
        return "\n".join(" ".join(values[row : row + 3]) for row in (0, 3, 6))

    made, today, division, ground = proposal(drawn(letters), households=drawn(list(map(str, homes))))
    assert apply_steps(today, division, made.steps).equals(division.buildings)
    assert made.before - made.counts["abolish"] + made.counts["new"] == made.after == len(division.outlines)
    assert made.before == len(today.outlines)
    assert made.households_moved == households_moved(today, division, ground)
    named = [building for step in made.steps for flow in step.flows for building in flow.buildings]
    assert len(named) == len(set(named))
    assert [step.number for step in made.steps] == list(range(1, len(made.steps) + 1))
    json.dumps(made.to_json())


def test_land_in_no_community_moves_nobody() -> None:
    made, _, division, ground = proposal("A A A", before="A A .")
    assert made.households_moved == 0
    assert households_moved(Division.today(ground), division, ground) == 0
    assert [(flow.from_id, flow.to_id, flow.households) for flow in made.steps[0].flows] == [("", "A", 100)]


def test_a_step_tells_the_findings_that_it_mends() -> None:
    rules = policy(SizeRule(rule_id="size", strength="must", clause="1", min=200, max=400))
    ground = town("A A A A A B", households=100)
    today = Division.today(ground)
    division = Division.of_plan(plan(ground, "A A A A B B"), ground)
    made = propose_steps(
        today,
        division,
        ground,
        policy=rules,
        findings_before=check(today, ground, rules, today=today),
        findings_after=check(division, ground, rules, today=today),
    )
    assert [(f.aspect, f.community_id) for f in made.steps[0].reasons] == [
        ("split_trigger", "A"),
        ("merge_trigger", "B"),
    ]


@pytest.mark.parametrize(("low", "groups"), [(150, [1, 1]), (0, [1, 2])])
def test_steps_that_only_work_together_by_size_are_one_group(low: int, groups: list[int]) -> None:
    # B takes 100 from A and gives 100 to C: giving first, alone, would leave it with 100.
    rules = policy(SizeRule(rule_id="size", strength="must", clause="1", min=low, max=400))
    made = _chain(rules)
    assert [step.group for step in made.steps] == groups


def _chain(rules: Policy) -> Proposal:
    ground = town("A A A B B C C", households=100)
    today = Division.today(ground)
    division = Division.of_plan(plan(ground, "A A B B C C C"), ground)
    return propose_steps(today, division, ground, policy=rules)


def test_steps_that_only_work_together_by_land_are_one_group() -> None:
    # B moves one square to the west in two steps; the first square alone would be cut off from it.
    ground = town("A A A B B")
    today = Division.today(ground)
    far = Division.of_plan(plan(ground, "A B A B B"), ground)
    assert [step.group for step in propose_steps(today, far, ground).steps] == [1]
    ring = town("A C B\nA A B")
    both = Division.of_plan(plan(ring, "B C B\nB A B"), ring)
    assert {step.group for step in propose_steps(Division.today(ring), both, ring).steps} == {1}
    swap = town("A C B")
    made = propose_steps(Division.today(swap), Division.of_plan(plan(swap, "C B A"), swap), swap)
    assert len(made.steps) == 3


def test_an_empty_community_ends_in_a_step_of_its_own() -> None:
    made, *_ = proposal("A A A", before="A A B", households="5 5 0")
    assert made.actions == {"A": "merge", "B": "abolish"}
    assert made.households_moved == 0

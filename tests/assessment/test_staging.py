"""Plans in stages: every stage legal by the judge's word, caps held, and all stages together the plan."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from districting.assessment.identities import identify
from districting.assessment.interim import interim_division
from districting.assessment.proposal import propose_steps
from districting.assessment.staging import Caps, StagedPlan
from districting.assessment.staging_words import staged_text
from districting.flow.staging import StageMaker
from districting.plans.checks import check
from districting.plans.division import Division
from districting.policies.land import ContiguityRule, CoverageRule
from districting.policies.policy import Policy
from districting.policies.sizes import SizeRule
from districting.territory.territory import Territory
from tests.plans.drawn import plan, town
from tests.plans.judging import policy

#: A row of communities, the first too large and the last too small; the plan hands a square down the row.
ROW = ("A A A B B C C D", "A A B B C C D D")


def rules(low: int, high: int) -> Policy:
    """Sizes and connected land, both musts; a community left as it is only should keep them."""
    size = SizeRule(rule_id="size", strength="must", untouched="should", clause="1", min=low, max=high)
    return policy(
        size,
        ContiguityRule(rule_id="contiguity", strength="must", clause="2"),
        CoverageRule(rule_id="coverage", strength="must", clause="3"),
    )


def maker(ground: Territory, after: str, asked: Policy, caps: Caps) -> StageMaker:
    """A plan drawn over a town, ready to be staged."""
    today, division = Division.today(ground), Division.of_plan(plan(ground, after), ground)
    verdicts = [check(one, ground, asked, today=today) for one in (today, division)]
    steps = propose_steps(today, division, ground, policy=asked)
    return StageMaker(
        today,
        division,
        steps,
        ground,
        asked,
        findings_before=verdicts[0],
        findings_after=verdicts[1],
        identities=identify(division, today, ground, language="zh")[1],
        caps=caps,
    )


def staged(before: str, after: str, *, low: int, high: int, caps: Caps, **options: object) -> StagedPlan:
    """The stages of a plan drawn over a town."""
    return maker(town(before, **options), after, rules(low, high), caps).stages()


def gives(found: StagedPlan) -> list[list[str]]:
    """Who gives to whom, by stage."""
    return [
        sorted(f"{flow.from_id}{flow.to_id}" for step in stage.steps for flow in step.flows)
        for stage in found.stages
    ]


def test_a_chain_of_gifts_is_broken_where_everyone_keeps_the_size_in_between() -> None:
    found = staged(*ROW, low=150, high=300, caps=Caps(2))
    assert gives(found) == [["AB"], ["BC"], ["CD"]]
    assert (found.fewest, found.proved, found.legal) == (3, True, True)
    assert [stage.above for stage in found.stages] == [{}, {}, {}]


def test_a_second_measure_excuses_a_part_only_where_it_is_known() -> None:
    ground = town(*ROW[:1], people_each=3.0)
    size = SizeRule(
        rule_id="size", strength="must", clause="1", min=150, max=250,
        alternative="people", alternative_min=0, alternative_max=9_000,
    )  # fmt: skip
    either = maker(ground, ROW[1], policy(size), Caps(2))
    assert len(either.stages().stages) == 3
    buildings = ground.layers.buildings.assign(people=np.nan)
    blind = dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, buildings=buildings))
    assert len(maker(blind, ROW[1], policy(size), Caps(2)).stages().stages) == 1


def test_what_only_works_together_is_one_stage_that_says_it_is_above_the_cap() -> None:
    found = staged(*ROW, low=150, high=250, caps=Caps(2))
    assert gives(found) == [["AB", "BC", "CD"]]
    assert found.stages[0].above == {"communities": 4}
    assert "超过限额 2 个" in staged_text(found, "方案", "zh")
    assert "above the cap of 2" in staged_text(found, "The plan", "en")


def test_land_may_not_be_torn_between_two_stages() -> None:
    # B gives its middle to A only when C has taken B's far end; otherwise B would lie in two pieces.
    found = staged("A A B B B C C", "A A A B C C C", low=100, high=400, caps=Caps(2))
    assert len(found.stages) == 2
    found = staged("A B B B C", "A A B C C", low=100, high=300, caps=Caps(2))
    assert all(stage.new_must == () for stage in found.stages)


def test_too_large_communities_come_before_too_small_ones_and_the_waiting_are_told() -> None:
    before = "A A A A . B . C\nA A A A . B . D".replace(".", "E")
    after = "A A N N E B E C\nA A N N E B E C"
    found = staged(before, after, low=150, high=600, caps=Caps(2))
    assert gives(found) == [["AN"], ["DC"]]
    assert [[one.community_id for one in stage.waiting] for stage in found.stages] == [["C", "D"], []]
    assert found.waiting == (0.0, 100.0, 0.0, 0.0)  # C and D are 50 short each, for one stage


def test_households_and_sub_districts_have_caps_of_their_own() -> None:
    ground = {"subdistricts": "S S S S T T T T"}
    before, after = "A B C D E F G H", "A A C C E E G G"
    assert len(staged(before, after, low=0, high=900, caps=Caps(8), **ground).stages) == 1
    assert len(staged(before, after, low=0, high=900, caps=Caps(8, households=100), **ground).stages) == 4
    found = staged(before, after, low=0, high=900, caps=Caps(8, per_subdistrict=2), **ground)
    assert [sorted(stage.changes["subdistrict_id"]) for stage in found.stages] == [["S", "S", "T", "T"]] * 2


def test_the_changes_of_all_stages_are_those_of_the_plan() -> None:
    before, after = "A A A B B C C D\nE E F F G G H H", "A A B B C C D D\nE E E N G H H H"
    made = maker(town(before), after, rules(100, 400), Caps(3))
    found = made.stages()
    assert [step.number for stage in found.stages for step in stage.steps] != []
    assert {step.number for stage in found.stages for step in stage.steps} == {s.number for s in made.steps}
    whole = propose_steps(made.before, made.after, made.territory)
    assert found.households_moved == whole.households_moved
    assert found.stages[-1].division.buildings.equals(made.after.buildings)
    assert found.table.groupby("action")["community_id"].count()["new"] == whole.counts["new"]
    moved = found.table[["moved_in", "moved_out"]].sum()
    assert moved["moved_in"] == moved["moved_out"] == whole.households_moved


def test_a_plan_that_changes_nothing_has_no_stage() -> None:
    found = staged("A A B B", "A A B B", low=0, high=900, caps=Caps(1))
    assert (found.stages, found.fewest, found.proved) == ((), 0, True)


@pytest.mark.parametrize(("low", "high"), [(150, 300), (150, 250), (0, 900)])
def test_no_order_at_all_has_fewer_stages_by_the_judges_own_word(low: int, high: int) -> None:
    asked, caps = rules(low, high), Caps(2)
    made = maker(town(ROW[0]), ROW[1], asked, caps)
    found = made.stages()
    orders = (np.array(one) for one in product(range(3), repeat=len(made.steps)))
    legal = [
        int(order.max()) + 1
        for order in orders
        if set(order.tolist()) == set(range(int(order.max()) + 1)) and _is_legal(made, order)
    ]
    if legal:
        assert (len(found.stages), found.fewest) == (min(legal), min(legal))
    assert bool(legal) != any(stage.above for stage in found.stages)


def _is_legal(made: StageMaker, order: np.ndarray) -> bool:
    """Caps held in every stage, and no must-finding on what has been touched."""
    for s in range(int(order.max()) + 1):
        taken = [made.steps[i] for i in np.flatnonzero(order == s)]
        done = [made.steps[i] for i in np.flatnonzero(order <= s)]
        changed = frozenset().union(*(step.communities for step in taken))
        if len(changed) > made.caps.communities:
            return False
        division = interim_division(made.before, made.after, done, made.territory, name="x")
        touched = frozenset().union(*(step.communities for step in done))
        findings = check(division, made.territory, made.policy, today=made.before)
        if any(f.strength == "must" and f.community_id in touched for f in findings):
            return False
    return True


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from("ABCDN"), min_size=12, max_size=12), st.integers(1, 5))
def test_whatever_the_plan_every_stage_is_legal_and_the_last_is_the_plan(letters: list[str], cap: int) -> None:
    rows = "\n".join(" ".join(letters[k : k + 4]) for k in (0, 4, 8))
    made = maker(town("A A B B\nA A B B\nC C D D"), rows, rules(100, 500), Caps(cap))
    found = made.stages()
    assert found.legal
    assert len(found.stages) >= found.fewest
    for stage in found.stages:
        assert stage.above.keys() <= {"communities"}
        assert len(stage.changes) <= stage.above.get("communities", cap)
    last = found.stages[-1].division if found.stages else made.before
    assert last.buildings.fillna("").equals(made.after.buildings.fillna(""))
    assert found.households_moved == propose_steps(made.before, made.after, made.territory).households_moved

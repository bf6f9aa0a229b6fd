"""What a policy forbids a community to straddle, as a solver is asked: borders that are no adjacency, and charges."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.parting import asked_in_full, parted_zones
from districting.plans.posing import LockRequest, PoseSettings, pose
from districting.plans.problem import Problem
from districting.policies.access import ReachRule
from districting.policies.land import CompoundRule, ContiguityRule, CrossingRule, NestingRule
from districting.policies.rule import Rule
from districting.territory.territory import Territory
from tests.plans.drawn import SIDE, plan, town
from tests.plans.judging import of_plan, policy

SCHOOL = NestingRule(rule_id="school", strength="must", clause="1", inside="school")
WISH = dataclasses.replace(SCHOOL, strength="prefer")


def asked(ground: Territory, *rules: Rule, sub: str = "S", locks: tuple[LockRequest, ...] = ()) -> Problem:
    """The problem of one sub-district."""
    return pose(ground, policy(*rules), sub, PoseSettings(locks=locks)).problem


def ties(problem: Problem) -> set[tuple[str, str]]:
    """Borders that a community may lie across, by atom ids."""
    return {(problem.atom_ids[a], problem.atom_ids[b]) for a, b in problem.edges.tolist()}


class TestZones:
    GROUND = town("A A B B", zones="y y z z")

    def test_a_must_takes_the_borders_between_zones_out_of_the_graph(self) -> None:
        assert ties(asked(self.GROUND, SCHOOL)) == {("a000", "a001"), ("a002", "a003")}

    def test_a_wish_charges_them_like_a_main_road(self) -> None:
        problem = asked(self.GROUND, WISH)
        assert len(problem.edges) == 3
        assert problem.crossing_km.tolist() == [0.0, SIDE / 1000, 0.0]

    def test_without_zones_of_that_kind_nothing_is_asked(self) -> None:
        police = dataclasses.replace(SCHOOL, inside="police")
        assert len(asked(self.GROUND, police).edges) == 3

    def test_land_in_no_zone_ties_no_two_zones_together(self) -> None:
        ground = town("A A A A", zones="y . . z")
        assert parted_zones(ground, "school", ground.atoms.table.index).tolist() == [0, 0, 1, 1]

    def test_a_corner_where_nobody_lives_counts_to_the_zone_beside_it(self) -> None:
        ground = town("A A A\nA A A", households="9 9 0\n9 9 0", zones="y y z\ny y z")
        assert len(asked(ground, SCHOOL).edges) == 7

    @settings(deadline=None, max_examples=20)
    @given(
        zones=st.lists(st.sampled_from("yz"), min_size=6, max_size=6),
        made=st.lists(st.sampled_from("ABC"), min_size=6, max_size=6),
    )
    def test_contiguous_on_what_is_asked_is_contiguous_and_in_one_zone(
        self, zones: list[str], made: list[str]
    ) -> None:
        ground = town("A A A\nB B B", zones=_drawn(zones))
        problem = asked(ground, SCHOOL)
        findings = of_plan(
            ground, plan(ground, _drawn(made)), SCHOOL, ContiguityRule(rule_id="one", strength="must", clause="2")
        )
        legal = not {"across_zones", "pieces"} & {finding.aspect for finding in findings}
        assert _contiguous(problem, made) == legal


def _drawn(letters: list[str]) -> str:
    return " ".join(letters[:3]) + "\n" + " ".join(letters[3:])


def _contiguous(problem: Problem, letters: list[str]) -> bool:
    """Whether each letter is one piece on the problem's edges."""
    a, b = problem.edges.T
    same = np.array([letters[i] == letters[j] for i, j in zip(a, b, strict=True)], dtype=bool)
    links = coo_array((np.ones(same.sum()), (a[same], b[same])), shape=(problem.n, problem.n))
    return bool(connected_components(links, directed=False)[0] == len(set(letters)))


class TestCrossing:
    ROADS = (("primary", "长安路", [(2, -1), (2, 2)]),)

    def test_a_main_road_that_must_not_be_crossed_parts(self) -> None:
        ground = town("A A B B", roads=self.ROADS)
        must = CrossingRule(rule_id="road", strength="must", clause="1", classes=("primary",))
        assert ties(asked(ground, must)) == {("a000", "a001"), ("a002", "a003")}
        wish = dataclasses.replace(must, strength="should")
        assert asked(ground, wish).crossing_km.tolist() == [0.0, SIDE / 1000, 0.0]

    def test_a_railway_with_a_crossing_parts_nobody(self) -> None:
        rail = [("rail", "陇海铁路", [(2, -1), (2, 2)])]
        ground = town("A A B B", barriers=rail, roads=[("tertiary", "道口", [(1.5, 0.5), (2.5, 0.5)])])
        must = CrossingRule(rule_id="rail", strength="must", clause="1", classes=("rail",))
        assert len(asked(ground, must).edges) == 3


class TestCompounds:
    def test_one_across_a_forbidden_border_is_asked_only_if_that_is_a_must_too(self) -> None:
        ground = town("A A B B", zones="y y z z", compounds=". c c .")
        whole = CompoundRule(rule_id="compound", strength="should", clause="1")
        assert asked(ground, whole).compounds == ((1, 2),)
        assert asked(ground, whole, SCHOOL).compounds == ()
        assert asked(ground, dataclasses.replace(whole, strength="must"), SCHOOL).compounds == ((1, 2),)


class TestReach:
    def test_a_share_of_the_households_is_told_and_not_asked(self) -> None:
        every = ReachRule(rule_id="reach", strength="must", clause="1", limit_m=500.0)
        most = dataclasses.replace(every, share=0.9)
        ground = town("A A B B")
        assert asked(ground, every).reach_limit_m == 500.0
        assert asked(ground, most).reach_limit_m is None
        assert [asked_in_full(rule) for rule in (every, most)] == [True, False]

    def test_minutes_are_asked_as_metres(self) -> None:
        rule = ReachRule(rule_id="reach", strength="must", clause="1", limit_min=10.0, speed_m_per_min=70.0)
        assert asked(town("A A B B"), rule).reach_limit_m == 700.0


class TestAgreements:
    RULE = ContiguityRule(rule_id="contiguity", strength="must", clause="1", exceptions=("A社区",))

    def test_an_excepted_community_in_parts_stays_as_it_is(self) -> None:
        ground = town("A B A C")
        assert [(lock.kind, lock.communities) for lock in asked(ground, self.RULE).locks] == [("keep", (0,))]
        assert asked(ground, dataclasses.replace(self.RULE, exceptions=())).locks == ()

    def test_one_in_one_piece_is_free_like_any_other(self) -> None:
        assert asked(town("A A B C"), self.RULE).locks == ()

    def test_a_lock_of_the_case_says_otherwise(self) -> None:
        asks = asked(town("A B A C"), self.RULE, locks=(LockRequest("merge", communities=("A", "B")),))
        assert [lock.kind for lock in asks.locks] == ["merge"]

    @pytest.mark.parametrize("named", ["A", "A社区"])
    def test_land_managed_for_another_sub_district_stays_out_of_the_problem(self, named: str) -> None:
        ground = town("A A A B B", subdistricts="S S T T T")
        rule = NestingRule(rule_id="subdistrict", strength="must", clause="1", exceptions=(named,))
        assert asked(ground, rule, sub="T").atom_ids == ("a003", "a004")
        assert asked(ground, dataclasses.replace(rule, exceptions=()), sub="T").n == 3

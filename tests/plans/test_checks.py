"""For every aspect one town that has it and one that has not. Figures by hand from the drawings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely

from districting.plans.checks import TOLD, Verdict, adoptable, check
from districting.plans.division import Division
from districting.policies.access import OfficeRule, ReachRule
from districting.policies.land import (
    BorderRule,
    CompoundRule,
    ContiguityRule,
    CoverageRule,
    CrossingRule,
    NestingRule,
)
from districting.policies.rules import RULE_KINDS
from districting.policies.sizes import GrowthRule, SizeRule
from tests.plans.drawn import SIDE, plan, town
from tests.plans.judging import of_plan, of_today, policy, told

MUST = {"strength": "must", "clause": "1"}
SIZE = SizeRule(rule_id="size", **MUST, min=200, max=400, untouched="should")


def test_every_kind_of_rule_is_told() -> None:
    assert set(TOLD) == set(RULE_KINDS)


class TestSize:
    def test_bounds_are_included(self) -> None:
        ground = town("A A A A B B", households=100)
        assert of_today(ground, SIZE) == []

    def test_today_one_household_beyond_a_bound_fires_its_trigger(self) -> None:
        ground = town("A A A A B B", households="100 100 100 101 100 99")
        findings = of_today(ground, SIZE)
        assert told(findings) == [("split_trigger", "A"), ("merge_trigger", "B")]
        assert [(f.measured, f.allowed, f.unit, f.strength) for f in findings] == [
            (401, 400, "households", "should"),
            (199, 200, "households", "should"),
        ]

    def test_a_plan_fires_no_trigger_but_breaks_its_bounds(self) -> None:
        ground = town("A A A A B B", households=100)
        findings = of_plan(ground, plan(ground, "A A A A A B"), SIZE)
        assert told(findings) == [("over_max", "A"), ("below_min", "B")]
        assert {f.strength for f in findings} == {"must"}

    def test_a_community_left_as_it_is_carries_the_milder_strength(self) -> None:
        ground = town("A B B C C C", households="50 150 150 100 100 100")
        findings = of_plan(ground, plan(ground, "A B B B C C"), SIZE)
        assert [(f.aspect, f.community_id, f.strength) for f in findings] == [("below_min", "A", "should")]
        changed = of_plan(ground, plan(ground, "B B B C C C"), SIZE)
        assert changed == []

    def test_a_trigger_away_from_the_bound_is_told_beside_it(self) -> None:
        rule = dataclasses.replace(SIZE, split_trigger=500, merge_trigger=100)
        ground = town("A A B B C D", households="300 300 225 225 150 50")
        assert sorted(told(of_today(ground, rule))) == [
            ("below_min", "C"),
            ("below_min", "D"),
            ("merge_trigger", "D"),
            ("over_max", "A"),
            ("over_max", "B"),
            ("split_trigger", "A"),
        ]

    def test_either_measure_suffices(self) -> None:
        ground = town("A A A A A B B", households=100, people_each=2.0)
        rule = dataclasses.replace(SIZE, alternative="people", alternative_min=300, alternative_max=1000)
        assert of_today(ground, rule) == []  # A: 500 households, but 1,000 people
        tight = dataclasses.replace(rule, alternative_max=999)
        assert told(of_today(ground, tight)) == [("split_trigger", "A")]

    def test_an_empty_community_is_no_violation_but_one_with_a_centre_is(self) -> None:
        ground = town("A A B", households="100 100 0")
        assert of_today(ground, SIZE) == []
        seated = town("A A B", households="100 100 0", seats={"B": (2.5, 0.5)})
        assert told(of_today(seated, SIZE)) == [("merge_trigger", "B")]

    def test_a_size_that_is_not_known_is_said_and_not_guessed(self) -> None:
        ground = town("A A B B", households=100)
        buildings = ground.layers.buildings.copy()
        buildings.loc["b000", "dwellings"] = np.nan
        ground = dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, buildings=buildings))
        rule = dataclasses.replace(SIZE, measure="dwellings")
        findings = of_today(ground, rule)
        assert told(findings) == [("size_unknown", "A")]
        assert findings[0].measured == 1


class TestGrowth:
    RULE = GrowthRule(rule_id="growth", strength="should", clause="2")

    def test_planned_housing_that_breaks_the_maximum_is_told(self) -> None:
        ground = town("A A B B", households=150, horizon="150 260 150 150")
        findings = of_today(ground, SIZE, self.RULE)
        assert [(f.aspect, f.community_id, f.measured, f.allowed) for f in findings] == [
            ("horizon_over_max", "A", 410, 400)
        ]

    def test_a_community_that_grows_out_of_the_minimum_is_fine_then(self) -> None:
        ground = town("A A B B", households="50 50 100 100", horizon="50 150 100 100")
        assert told(of_today(ground, SIZE, self.RULE)) == [("merge_trigger", "A")]

    def test_without_planned_housing_nothing_is_said_twice(self) -> None:
        ground = town("A A B B", households="50 50 100 100")
        assert told(of_today(ground, SIZE, self.RULE)) == [("merge_trigger", "A")]


class TestReach:
    RULE = ReachRule(rule_id="reach", **MUST, limit_m=500.0)

    def test_the_farthest_inhabited_building_counts(self) -> None:
        ground = town("A A A A", households=100, seats={"A": (0.5, 0.5)})
        findings = of_today(ground, self.RULE)
        assert told(findings) == [("out_of_reach", "A")]
        finding = findings[0]
        assert (finding.measured, finding.allowed, finding.households) == (600.0, 500.0, 100)
        assert finding.place == (700.0, 100.0)
        assert finding.detail["path"] == "straight"
        assert finding.detail["share_within"] == 0.75

    def test_a_building_where_nobody_lives_needs_no_reach(self) -> None:
        ground = town("A A A A", households="100 100 100 0", seats={"A": (0.5, 0.5)})
        assert of_today(ground, self.RULE) == []

    def test_a_share_of_the_households_may_be_enough(self) -> None:
        ground = town("A A A A", households=100, seats={"A": (0.5, 0.5)})
        assert of_today(ground, dataclasses.replace(self.RULE, share=0.75)) == []
        assert told(of_today(ground, dataclasses.replace(self.RULE, share=0.76))) == [("out_of_reach", "A")]

    def test_beyond_the_target_is_a_wish_where_a_limit_stands(self) -> None:
        ground = town("A A A", households=100, seats={"A": (0.5, 0.5)})
        findings = of_today(ground, dataclasses.replace(self.RULE, target_m=300.0))
        assert [(f.aspect, f.strength, f.measured) for f in findings] == [("beyond_target", "prefer", 400.0)]
        alone = ReachRule(rule_id="reach", **MUST, target_m=300.0)
        assert [f.strength for f in of_today(ground, alone)] == ["must"]

    def test_walks_follow_the_roads(self) -> None:
        around = [("tertiary", "绕行路", [(0.5, 0.5), (0.5, 3), (1.5, 3), (1.5, 0.5)])]
        ground = town("A A", seats={"A": (0.5, 0.5)}, roads=around)
        rule = dataclasses.replace(self.RULE, path="walk")
        findings = of_today(ground, rule)
        # 2.5 squares up, 1 across, 2.5 down
        assert [f.measured for f in findings] == [pytest.approx(1200.0)]
        assert findings[0].detail["path"] == "walk"
        assert of_today(ground, self.RULE) == []

    def test_without_a_seat_only_land_too_wide_for_any_site_is_out_of_reach(self) -> None:
        ground = town("A A A A A A A", households=100)
        findings = of_today(ground, self.RULE)
        assert [(f.aspect, f.measured) for f in findings] == [("no_site", 600.0)]
        assert of_today(town("A A A A A A", households=100), self.RULE) == []


class TestOffice:
    RULE = OfficeRule(rule_id="office", strength="should", clause="3")

    def test_a_centre_on_other_land_is_told_with_its_host(self) -> None:
        ground = town("A A B B", seats={"A": (2.25, 0.5), "B": (3.5, 0.5)})
        findings = of_today(ground, self.RULE)
        assert told(findings) == [("office_outside", "A")]
        assert (findings[0].measured, findings[0].place) == (50.0, (450.0, 100.0))
        assert findings[0].detail["host"] == "B社区"

    def test_a_centre_at_home_is_fine_and_none_at_all_is_told(self) -> None:
        ground = town("A A B B", seats={"A": (1.0, 0.5)})
        assert told(of_today(ground, self.RULE)) == [("no_centre", "B")]

    def test_a_community_where_nobody_lives_needs_no_centre(self) -> None:
        assert of_today(town("A B", households="10 0", seats={"A": (0.5, 0.5)}), self.RULE) == []


class TestBorder:
    def test_a_share_below_the_one_asked_for_is_told(self) -> None:
        ground = town("A A B B\nA A B B", roads=[("primary", "长安路", [(2, 0), (2, 2)])])
        rule = BorderRule(rule_id="border", strength="prefer", clause="4", share=0.30)
        findings = of_today(ground, rule)
        # One of the four sides of each community is on the road.
        assert told(findings) == [("border_share", "A"), ("border_share", "B")]
        assert [f.measured for f in findings] == [pytest.approx(0.25, abs=0.01)] * 2
        assert of_today(ground, dataclasses.replace(rule, share=0.24)) == []
        assert of_today(ground, dataclasses.replace(rule, share=None)) == []


ROAD = [("primary", "长安路", [(-1, 1), (5, 1)])]
CROSSING = CrossingRule(rule_id="main_roads", strength="prefer", clause="5", classes=("primary",))


class TestCrossing:
    def test_today_on_both_sides_of_a_main_road(self) -> None:
        ground = town("A A B B\nA A C C", households="10 20 1 1\n15 20 1 1", roads=ROAD)
        findings = of_today(ground, CROSSING)
        assert told(findings) == [("crossing", "A")]
        # 400 m wide, less 20 m at both ends where it runs into the outline; 30 of 65 households to the north
        assert findings[0].measured == pytest.approx(360.0)
        assert findings[0].households == 30
        assert findings[0].detail["line_name"] == "长安路"

    def test_a_plan_of_atoms_on_both_sides_of_a_main_road(self) -> None:
        ground = town("A A B B\nC C B B", households="10 20 1 1\n15 20 2 2", roads=ROAD)
        findings = of_plan(ground, plan(ground, "A A B B\nA A B B"), CROSSING)
        assert told(findings) == [("crossing", "A"), ("crossing", "B")]
        assert [f.households for f in findings] == [30, 2]
        assert findings[0].measured == 400.0
        assert findings[0].place[1] == SIDE
        assert of_plan(ground, plan(ground, "A A A A\nC C C C"), CROSSING) == []

    def test_land_across_where_nobody_lives_is_no_crossing(self) -> None:
        ground = town("A A\nA A", households="0 0\n10 10", roads=ROAD)
        assert of_today(ground, CROSSING) == []
        assert of_plan(ground, plan(ground, "A A\nA A"), CROSSING) == []

    def test_a_road_of_another_class_or_one_that_ends_inside_parts_nobody(self) -> None:
        lesser = town("A A\nA A", roads=[("residential", "小巷", [(-1, 1), (5, 1)])])
        assert of_today(lesser, CROSSING) == []
        ending = town("A A\nA A", roads=[("primary", "断头路", [(-1, 1), (1.5, 1)])])
        assert of_today(ending, CROSSING) == []

    def test_a_road_in_a_tunnel_parts_nobody(self) -> None:
        ground = town("A A\nA A", roads=ROAD)
        roads = ground.layers.roads.assign(tunnel=True)
        ground = dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, roads=roads))
        assert of_today(ground, CROSSING) == []

    @pytest.mark.parametrize("drawn", ["today", "plan"])
    def test_a_railway_parts_only_where_nobody_can_cross(self, drawn: str) -> None:
        rule = CrossingRule(rule_id="barriers", strength="should", clause="6", classes=("rail", "water"))
        rail = [("rail", "陇海铁路", [(-1, 1), (5, 1)])]
        closed = town("A A B\nA A B", barriers=rail)
        crossed = town("A A B\nA A B", barriers=rail, roads=[("tertiary", "道口", [(0.5, 0.2), (0.5, 1.8)])])

        def findings(ground: object) -> list[tuple[str, str]]:
            if drawn == "today":
                return told(of_today(ground, rule))
            return told(of_plan(ground, plan(ground, "A A A\nA A A"), rule))

        assert findings(closed) == (
            [("crossing", "A"), ("crossing", "B")] if drawn == "today" else [("crossing", "A")]
        )
        assert ("crossing", "A") not in findings(crossed)


class TestContiguity:
    RULE = ContiguityRule(rule_id="contiguity", **MUST)

    @pytest.mark.parametrize("drawn", ["today", "plan"])
    def test_a_loose_piece_is_told_at_its_place(self, drawn: str) -> None:
        text = "A B A\nA B B"
        ground = town(text if drawn == "today" else "A A B\nA B B", households="100 1 30\n100 1 1")
        findings = (
            of_today(ground, self.RULE) if drawn == "today" else of_plan(ground, plan(ground, text), self.RULE)
        )
        pieces = [f for f in findings if f.aspect == "pieces"]
        assert told(pieces) == [("pieces", "A")]
        assert (pieces[0].measured, pieces[0].allowed, pieces[0].households) == (2, 1, 30)
        assert pieces[0].place == pytest.approx((500.0, 300.0))

    @pytest.mark.parametrize("drawn", ["today", "plan"])
    def test_touching_at_a_corner_is_not_one_piece(self, drawn: str) -> None:
        ground = town("A B\nB A" if drawn == "today" else "A A\nB B")
        findings = (
            of_today(ground, self.RULE)
            if drawn == "today"
            else of_plan(ground, plan(ground, "A B\nB A"), self.RULE)
        )
        assert [f.aspect for f in findings if f.rule == "contiguity"] == ["pieces", "pieces"]

    def test_one_piece_is_fine(self) -> None:
        ground = town("A A B\nA B B")
        assert of_today(ground, self.RULE) == []
        assert of_plan(ground, plan(ground, "A B B\nA A B"), self.RULE) == []

    @pytest.mark.parametrize("drawn", ["today", "plan"])
    def test_the_pieces_of_the_sub_district_itself_are_expected_and_reported(self, drawn: str) -> None:
        ground = town("A A X A B", households="9 9 1 5 9", subdistricts="S S T S S")
        findings = (
            of_today(ground, self.RULE)
            if drawn == "today"
            else of_plan(ground, plan(ground, "A A X A B"), self.RULE)
        )
        assert [(f.aspect, f.community_id, f.strength, f.households) for f in findings] == [
            ("across_gap", "A", "prefer", 5)
        ]

    def test_a_community_excepted_by_name_is_reported_only(self) -> None:
        rule = dataclasses.replace(self.RULE, exceptions=("A社区",))
        assert [f.aspect for f in of_today(town("A B A"), rule)] == ["across_gap"]

    def test_a_plan_across_a_river_needs_its_bridge(self) -> None:
        river = [("water", "渭河", [(1, -1), (1, 3)])]
        apart = town("A B\nA B", barriers=river)
        assert [f.aspect for f in of_plan(apart, plan(apart, "A A\nA A"), self.RULE)] == ["across_gap"]
        joined = town("A B\nA B", barriers=river, bridges=[("tertiary", "渭河桥", [(0.5, 0.5), (1.5, 0.5)])])
        assert of_plan(joined, plan(joined, "A A\nA A"), self.RULE) == []

    def test_today_two_banks_are_one_piece_with_a_bridge(self) -> None:
        ground = town("A B A\nB B B")
        assert told(of_today(ground, self.RULE)) == [("pieces", "A")]
        bridge = [("tertiary", "高架桥", [(0.5, 1.5), (2.5, 1.5)])]
        assert of_today(town("A B A\nB B B", bridges=bridge), self.RULE) == []


class TestCoverage:
    RULE = CoverageRule(rule_id="coverage", **MUST)

    def test_households_and_land_in_no_community(self) -> None:
        findings = of_today(town("A A .\nA A A", households="1 1 40\n1 1 1"), self.RULE)
        assert told(findings) == [("building_in_none", ""), ("land_in_none", "")]
        assert (findings[0].measured, findings[0].households, findings[0].subdistrict) == (1, 40, "S街道")
        assert findings[1].measured == pytest.approx(SIDE * SIDE, rel=1e-3)
        assert findings[1].place == pytest.approx((500.0, 300.0))

    def test_full_cover_is_fine(self) -> None:
        ground = town("A A B\nA A B")
        assert of_today(ground, self.RULE) == []
        assert of_plan(ground, plan(ground, "A B B\nA B B"), self.RULE) == []

    def test_a_plan_that_leaves_an_atom_out_is_told(self) -> None:
        ground = town("A A B\nA A B")
        assert told(of_plan(ground, plan(ground, "A A B\nA A ."), self.RULE)) == [
            ("building_in_none", ""),
            ("land_in_none", ""),
        ]

    def test_open_water_needs_no_community(self) -> None:
        lake = [[(2, 1), (3, 1), (3, 2), (2, 2)]]
        assert of_today(town("A A .\nA A A", households="1 1 0\n1 1 1", lakes=lake), self.RULE) == []

    def test_overlapping_polygons_are_told_in_pairs(self) -> None:
        ground = town("A A B B")
        drawn = ground.layers.communities[["name", "geometry"]].copy()
        drawn.loc["A", "geometry"] = shapely.box(0, 0, 2.5 * SIDE, SIDE)
        findings = check(Division.of_polygons(drawn, ground), ground, policy(self.RULE))
        assert told(list(findings)) == [("overlap", "A")]
        assert findings[0].measured == pytest.approx(0.5 * SIDE * SIDE, rel=1e-3)
        assert findings[0].detail["other"] == "B社区"


class TestNesting:
    RULE = NestingRule(rule_id="subdistrict", **MUST)

    def test_households_in_another_sub_district(self) -> None:
        ground = town("A A B B", households="9 9 9 4", subdistricts="S S S T")
        findings = of_today(ground, self.RULE)
        assert told(findings) == [("across_subdistricts", "B")]
        assert (findings[0].measured, findings[0].unit, findings[0].detail["other"]) == (4, "households", "T街道")

    def test_a_community_excepted_by_name_is_reported_only(self) -> None:
        ground = town("A A B B", households="9 9 9 4", subdistricts="S S S T")
        findings = of_today(ground, dataclasses.replace(self.RULE, exceptions=("B社区",)))
        assert [(f.aspect, f.community_id, f.strength) for f in findings] == [("managed_elsewhere", "B", "prefer")]

    def test_empty_land_in_another_sub_district(self) -> None:
        findings = of_today(town("A A B B", households="9 9 9 0", subdistricts="S S S T"), self.RULE)
        assert [(f.aspect, f.unit, f.measured) for f in findings] == [("across_subdistricts", "m2", SIDE * SIDE)]

    def test_inside_is_fine(self) -> None:
        assert of_today(town("A A B B", subdistricts="S S T T"), self.RULE) == []

    def test_a_community_across_school_zones(self) -> None:
        rule = NestingRule(rule_id="school", strength="prefer", clause="8", inside="school")
        ground = town("A A A B", households="9 9 3 9", zones="y y z z")
        findings = of_today(ground, rule)
        assert told(findings) == [("across_zones", "A")]
        assert (findings[0].households, findings[0].detail["zones"]) == (3, ["y学区", "z学区"])
        assert of_today(town("A A B B", zones="y y z z"), rule) == []
        assert of_today(town("A A A B"), rule) == []


class TestCompound:
    RULE = CompoundRule(rule_id="compound", strength="should", clause="9")

    def test_a_compound_cut_in_two_is_told_at_its_smaller_part(self) -> None:
        ground = town("A A B B", households="9 9 4 9", compounds="c c c .")
        findings = of_today(ground, self.RULE)
        assert told(findings) == [("compound_split", "A")]
        assert (findings[0].households, findings[0].place) == (4, (500.0, 100.0))
        assert findings[0].detail["others"] == ["B社区"]
        assert of_today(town("A A A B", compounds="c c c ."), self.RULE) == []

    def test_one_above_the_maximum_may_be_cut_and_says_so(self) -> None:
        ground = town("A A B B", households="200 200 200 100", compounds="c c c .")
        findings = of_today(ground, SIZE, self.RULE)
        assert [(f.aspect, f.strength) for f in findings if f.rule == "compound"] == [
            ("compound_oversized", "prefer")
        ]

    def test_an_empty_building_elsewhere_cuts_nothing(self) -> None:
        assert of_today(town("A A B B", households="9 9 0 9", compounds="c c c ."), self.RULE) == []


class TestIdentity:
    def test_who_holds_the_old_centre_carries_the_id(self) -> None:
        ground = town("A A A B", seats={"A": (0.5, 0.5), "B": (3.5, 0.5)})
        assert of_plan(ground, plan(ground, "A C C B")) == []
        findings = of_plan(ground, plan(ground, "C A A B"))
        assert [(f.rule, f.aspect, f.community_id, f.strength) for f in findings] == [
            ("identity", "identity", "A", "must")
        ]
        assert findings[0].detail["successor"] == "C社区"
        assert findings[0].place == (100.0, 100.0)

    def test_without_a_centre_most_of_the_households_carry_it(self) -> None:
        ground = town("A A A B")
        assert of_plan(ground, plan(ground, "A A C B")) == []
        assert told(of_plan(ground, plan(ground, "C C A B"))) == [("identity", "A")]

    def test_a_centre_that_stood_outside_leaves_it_to_the_households(self) -> None:
        ground = town("A A A B", seats={"A": (3.4, 0.5)})
        assert of_plan(ground, plan(ground, "A A C B")) == []
        assert told(of_plan(ground, plan(ground, "C C A B"))) == [("identity", "A")]

    def test_one_old_community_has_one_successor(self) -> None:
        ground = town("A A A B")
        made = plan(ground, "A A C B")
        communities = made.communities.copy()
        communities.loc["C", "origin"] = "A"
        findings = of_plan(ground, dataclasses.replace(made, communities=communities))
        assert told(findings) == [("identity_twice", "A"), ("identity_twice", "C")]

    def test_a_union_may_carry_either_name(self) -> None:
        ground = town("A A B B", seats={"A": (0.5, 0.5), "B": (3.5, 0.5)})
        assert of_plan(ground, plan(ground, "A A A A")) == []
        assert of_plan(ground, plan(ground, "B B B B")) == []


def test_a_division_that_loses_buildings_is_told() -> None:
    ground = town("A A B B", households="9 9 9 4")
    today = Division.today(ground)
    short = dataclasses.replace(today, buildings=today.buildings.iloc[:-1])
    findings = check(short, ground, policy(), today=today)
    assert [(f.aspect, f.measured, f.allowed, f.households) for f in findings] == [
        ("households_differ", 27, 31, 4)
    ]
    assert check(today, ground, policy(), today=today) == ()


def test_findings_come_strongest_first_and_in_the_same_order_every_time() -> None:
    ground = town("A A A A B B C", households="100 100 100 101 100 99 300", seats={"A": (0.5, 0.5)})
    rules = (
        OfficeRule(rule_id="office", strength="should", clause="3"),
        dataclasses.replace(SIZE, untouched="must"),
    )
    findings = of_today(ground, *rules)
    assert [f.strength for f in findings] == ["must", "must", "should", "should"]
    assert [f.to_json() for f in findings] == [f.to_json() for f in of_today(ground, *rules)]


def test_a_plan_is_adoptable_when_no_must_is_left() -> None:
    ground = town("A A B", households=100)
    findings = of_today(ground, SIZE)
    assert told(findings) == [("merge_trigger", "B")]
    assert adoptable(findings)
    must = [dataclasses.replace(finding, strength="must") for finding in findings]
    assert not adoptable(must)
    assert Verdict(tuple(must)).counts == {"must": 1, "should": 0, "prefer": 0}
    assert Verdict(tuple(must)).by_aspect == {"merge_trigger": 1}


def test_relabelled_communities_break_the_same_rules() -> None:
    ground = town("A B A\nA B B\n. C C", households="300 1 30\n150 1 1\n5 1 1", roads=ROAD)
    swap = {"A": "Z", "B": "Y", "C": "X"}
    other = town("Z Y Z\nZ Y Y\n. X X", households="300 1 30\n150 1 1\n5 1 1", roads=ROAD)
    rules = (
        SIZE,
        CROSSING,
        ContiguityRule(rule_id="contiguity", **MUST),
        CoverageRule(rule_id="coverage", **MUST),
        OfficeRule(rule_id="office", strength="should", clause="3"),
    )
    one = pd.Series(told(of_today(ground, *rules))).map(lambda pair: (pair[0], swap.get(pair[1], "")))
    assert sorted(one) == sorted(told(of_today(other, *rules)))

"""Whole units, stability and names, told against today. Figures by hand from the drawings."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.checks import check
from districting.plans.division import Division
from districting.policies.change import NamingRule, StabilityRule, WholeUnitRule
from tests.plans.drawn import plan, town
from tests.plans.judging import of_plan, of_today, policy, told

WHOLE = WholeUnitRule(rule_id="whole_unit", strength="must", clause="1")
STABLE = StabilityRule(rule_id="stability", strength="should", clause="2", max_moved_share=0.2)
NAMES = NamingRule(rule_id="naming", strength="should", clause="3")


class TestWholeUnit:
    def test_a_split_and_a_union_are_whole(self) -> None:
        ground = town("A A A A B C")
        assert told(of_plan(ground, plan(ground, "A A X X B B"), WHOLE)) == []

    def test_a_piece_that_changes_hands_is_told_where_it_went(self) -> None:
        ground = town("A A A A B B", households="10 10 10 7 10 10")
        findings = of_plan(ground, plan(ground, "A A A B B B"), WHOLE)
        assert told(findings) == [("piece_changed_hands", "B")]
        finding = findings[0]
        assert (finding.measured, finding.households, finding.unit) == (7, 7, "households")
        assert finding.place == (700.0, 100.0)
        assert finding.detail["origins"] == ["A社区"]

    def test_a_community_made_of_pieces_of_two_is_told_with_both(self) -> None:
        ground = town("A A A B B B", households="10 10 3 4 10 10")
        findings = of_plan(ground, plan(ground, "A A X X B B"), WHOLE)
        assert [(f.aspect, f.community_id, f.measured) for f in findings] == [("piece_changed_hands", "X", 7)]
        assert findings[0].detail["origins"] == ["A社区", "B社区"]
        assert findings[0].place == (500.0, 100.0)  # at the smaller piece

    def test_land_of_no_community_joins_anyone(self) -> None:
        ground = town("A A . . B B")
        assert told(of_plan(ground, plan(ground, "A A A B B B"), WHOLE)) == []

    def test_empty_land_may_change_hands(self) -> None:
        ground = town("A A A B B", households="10 10 0 10 10")
        assert told(of_plan(ground, plan(ground, "A A B B B"), WHOLE)) == []

    def test_today_changes_nothing(self) -> None:
        assert of_today(town("A A B B"), WHOLE, STABLE, NAMES) == []

    def test_a_list_of_buildings_is_told_building_by_building(self) -> None:
        ground = town("A A B B", households="10 10 5 10")
        owner = ground.layers.buildings["community_id"].where(ground.layers.buildings.index != "b002", "A")
        drawn = Division.of_buildings(owner, ground)
        findings = check(drawn, ground, policy(WHOLE), today=Division.today(ground))
        assert [(f.community_id, f.measured) for f in findings] == [("A", 5)]

    @settings(deadline=None, max_examples=40)
    @given(old=st.lists(st.sampled_from("AB."), min_size=6, max_size=6), data=st.data())
    def test_it_agrees_with_the_definition_on_any_plan(self, old: list[str], data: st.DataObject) -> None:
        new = data.draw(st.lists(st.sampled_from("ABX"), min_size=6, max_size=6))
        if set(old) == {"."}:
            return
        ground = town(" ".join(old), households="1 2 4 8 16 32")
        made = of_plan(ground, plan(ground, " ".join(new)), WHOLE)
        measured = {f.community_id: f.measured for f in made if f.rule == "whole_unit"}
        # Pair by pair: all of the old in the new, or all of the new (but free land) from the old, or it is broken.
        olds, news = defaultdict(set), defaultdict(set)
        for place, (was, becomes) in enumerate(zip(old, new, strict=True)):
            if was != ".":
                olds[was].add(place)
                news[becomes].add(place)
        expected: dict[str, int] = defaultdict(int)
        for places in olds.values():
            for becomes, theirs in news.items():
                both = places & theirs
                if both and not places <= theirs and not theirs <= places:
                    expected[becomes] += sum(2**place for place in both)
        assert measured == expected


class TestStability:
    def test_the_share_of_a_sub_district_that_moves(self) -> None:
        ground = town("A A B B\nC C D D", households="10 10 10 10\n10 10 10 10", subdistricts="S S S S\nT T T T")
        findings = of_plan(ground, plan(ground, "A A A B\nC C D D"), STABLE)
        assert [(f.aspect, f.subdistrict, f.community_id) for f in findings] == [("moved_share", "S街道", "")]
        finding = findings[0]
        assert (finding.measured, finding.allowed, finding.unit) == (0.25, 0.2, "share")
        assert (finding.households, finding.place) == (10, (500.0, 300.0))

    def test_the_cap_itself_is_allowed(self) -> None:
        ground = town("A A A B B")
        assert of_plan(ground, plan(ground, "A A A A B"), STABLE) == []

    def test_who_goes_on_under_the_same_community_has_not_moved(self) -> None:
        ground = town("A A A B B")
        made = plan(ground, "Q Q Q B B")
        communities = made.communities.copy()
        communities.loc["Q", "origin"] = "A"
        findings = of_plan(ground, dataclasses.replace(made, communities=communities), STABLE)
        assert findings == []

    def test_who_was_in_no_community_does_not_move(self) -> None:
        ground = town("A A . . .")
        assert of_plan(ground, plan(ground, "A A A A A"), STABLE) == []


class TestNaming:
    def renamed(self, **names: str) -> list[tuple[str, str]]:
        """What is told of a town of A and B, A split, with some names changed."""
        ground = town("A A A B B", households="10 10 5 10 10")
        made = plan(ground, "A A X B B")
        communities = made.communities.copy()
        for key, name in names.items():
            communities.loc[key, "name"] = name
        return told(of_plan(ground, dataclasses.replace(made, communities=communities), NAMES))

    def test_kept_names_and_a_fresh_one_are_fine(self) -> None:
        assert self.renamed() == []

    def test_a_successor_that_lost_its_name_is_told(self) -> None:
        assert self.renamed(A="新社区") == [("name_lost", "A")]

    def test_a_new_community_with_the_name_of_another_is_told(self) -> None:
        assert self.renamed(X="B社区") == [("name_taken", "X")]

    def test_two_that_swap_their_names_break_both(self) -> None:
        assert sorted(self.renamed(A="B社区", B="A社区")) == [
            ("name_lost", "A"),
            ("name_lost", "B"),
            ("name_taken", "A"),
            ("name_taken", "B"),
        ]


@pytest.mark.parametrize("rule", [WHOLE, STABLE, NAMES], ids=lambda rule: rule.kind)
def test_a_plan_that_leaves_everything_is_fine(rule: WholeUnitRule | StabilityRule | NamingRule) -> None:
    ground = town("A A B B\n. C C .")
    assert of_plan(ground, plan(ground, "A A B B\n. C C ."), rule) == []

"""Names for new communities: from what stands there, in the manner of the case, never one that is or was borne."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from districting.assessment.identities import identify
from districting.assessment.naming import propose_names
from districting.plans.division import Division
from tests.plans.drawn import plan, town

AVENUE = [("primary", "长安路", [(0, 0), (6, 0)])]


def names_of(before: str, after: str, **options: object) -> dict[str, list[tuple[str, str]]]:
    """Names and their sources for the communities of a plan that have no letter of today."""
    taken = options.pop("taken", ())
    ground = town(before, **options)
    division = Division.of_plan(plan(ground, after), ground)
    new = sorted(set(division.outlines.index) - set(ground.layers.communities.index))
    found = propose_names(division, new, ground, language="zh", taken=taken)
    return {key: [(one.name, one.source) for one in offers] for key, offers in found.items()}


def test_the_largest_compound_names_it_then_the_road_that_it_has_most_of() -> None:
    found = names_of("A A A A A A", "A A A N N N", compounds=". . . 翠园 翠园 芳林", roads=AVENUE)
    assert found["N"] == [("翠园社区", "compound"), ("长安路社区", "road"), ("芳林社区", "compound")]


def test_a_name_that_is_borne_today_or_was_abolished_is_never_proposed() -> None:
    found = names_of(
        "A A A 翠园 B B", "A A N N B B", compounds=". . . 翠园 . .", roads=AVENUE, taken=["长安路社区居委会"]
    )
    assert [source for _, source in found["N"]] == ["place", "place"]


def test_no_name_is_proposed_twice_and_everyone_gets_a_first_before_anyone_a_second() -> None:
    found = names_of("A A A A A A", "A A N N M M", compounds=". . 翠园 翠园 翠园 翠园", roads=AVENUE)
    every = [name for offers in found.values() for name, _ in offers]
    assert len(set(every)) == len(every)
    assert [found[key][0][0] for key in ("M", "N")] == ["翠园社区", "长安路社区"]


def test_sections_phases_and_the_words_for_any_estate_are_left_off() -> None:
    found = names_of(
        "A A A A A A",
        "A A A N N N",
        compounds=". . . 翠园 翠园 .",
        roads=[("primary", "长安路南段", [(0, 0), (6, 0)]), ("trunk", "环城北路高架", [(3, 1), (5, 1)])],
    )
    assert [name for name, _ in found["N"]] == ["翠园社区", "长安路社区", "环城北路社区"]


def test_ids_in_the_place_of_names_say_nothing_of_how_names_are_made() -> None:
    ground = town("A A A A", roads=[("primary", "长安路", [(0, 0), (4, 0)])])
    communities = ground.layers.communities.assign(name=["A"])
    ground = dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, communities=communities))
    division = Division.of_plan(plan(ground, "A A N N"), ground)
    assert propose_names(division, ["N"], ground, language="zh")["N"][0].name == "长安路社区"


def test_where_nothing_has_a_name_the_place_names_it() -> None:
    found = names_of("A A A A A A", "A A A A N N")
    assert found["N"] == [("S东社区", "place"), ("S东2社区", "place")]


def test_english_data_get_english_names() -> None:
    ground = town("A A A A", roads=[("primary", "High Street", [(0, 0), (4, 0)])])
    layers = dataclasses.replace(
        ground.layers,
        communities=ground.layers.communities.assign(name="Mill Neighbourhood"),
        subdistricts=ground.layers.subdistricts.assign(name="Riverside"),
    )
    ground = dataclasses.replace(ground, layers=layers)
    division = Division.of_plan(plan(ground, "A A N N"), ground)
    found = propose_names(division, ["N"], ground, language="en")["N"]
    assert [one.name for one in found] == ["High Street Neighbourhood", "Riverside East Neighbourhood"]
    assert found[0].reason("en") == "runs along High Street (420 m)"


class TestIdentities:
    """Names and codes together."""

    @pytest.fixture
    def ground(self):
        ground = town("A A B B C C", compounds=". . . 翠园 . .")
        communities = ground.layers.communities.assign(code=[f"6101030010{n:02d}" for n in (1, 2, 3)])
        return dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, communities=communities))

    def test_the_successor_keeps_both_a_new_one_gets_provisional_ones_the_ended_is_listed(self, ground) -> None:
        drawn = plan(ground, "A A N N N A")
        drawn.communities.loc["N", "name"] = "N"  # as a plan file tells it: by id alone
        division, told = identify(Division.of_plan(drawn, ground), Division.today(ground), ground, language="zh")
        assert told.table.loc["A"].tolist() == ["A社区", "610103001001", False]
        assert told.table.loc["N"].tolist() == ["翠园社区", "610103001004", True]
        assert division.outlines.at["N", "name"] == "翠园社区"
        assert told.abolished["code"].tolist() == ["610103001002", "610103001003"]

    def test_what_was_abolished_before_stays_on_the_list_and_is_not_given_again(self, ground) -> None:
        retired = pd.DataFrame(
            {"code": ["610103001020"], "name": ["翠园社区"], "community_id": ["Z"], "subdistrict_id": ["S"]}
        )
        drawn = plan(ground, "A A B N C C")
        drawn.communities.loc["N", "name"] = "N"
        _, told = identify(
            Division.of_plan(drawn, ground), Division.today(ground), ground, language="zh", retired=retired
        )
        assert told.table.at["N", "code"] == "610103001021"
        assert told.table.at["N", "name"] != "翠园社区"
        assert told.abolished["code"].tolist() == ["610103001020"]

    def test_a_name_that_people_gave_stays(self, ground) -> None:
        drawn = plan(ground, "A A B N C C")
        drawn.communities.loc["N", "name"] = "新风社区"
        division, told = identify(Division.of_plan(drawn, ground), Division.today(ground), ground, language="zh")
        assert division.outlines.at["N", "name"] == "新风社区"
        assert (told.proposals, bool(told.table.at["N", "provisional"])) == ({}, True)

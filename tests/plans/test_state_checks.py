"""Hollow and remote communities, and what planned housing makes of them. Figures by hand from the drawings."""

from __future__ import annotations

import dataclasses
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from districting.plans.division import Division
from districting.plans.growth import outgrows_year
from districting.policies.access import RemoteRule
from districting.policies.change import HollowRule
from districting.policies.sizes import GrowthRule, SizeRule
from districting.territory.territory import Territory
from tests.plans.drawn import CRS, SIDE, town
from tests.plans.judging import of_today, told

HOLLOW = HollowRule(rule_id="hollow", strength="should", clause="1", below=0.7)
REMOTE = RemoteRule(rule_id="remote", strength="should", clause="2", beyond_m=500.0)
SIZE = SizeRule(rule_id="size", strength="must", clause="3", min=10, max=400)


def with_buildings(ground: Territory, **columns: list[float]) -> Territory:
    """The town with other figures of its buildings."""
    buildings = ground.layers.buildings.assign(**columns)
    return dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, buildings=buildings))


class TestHollow:
    def test_few_residents_for_those_registered(self) -> None:
        ground = with_buildings(
            town("A A B B"), people=[60.0, 9.0, 200.0, 80.0], registered_people=[80.0, 20.0, 200.0, 200.0]
        )
        findings = of_today(ground, HOLLOW)
        # A: 69 of 100; B: 280 of 400 is not below 0.7
        assert told(findings) == [("hollow", "A")]
        assert (findings[0].measured, findings[0].allowed, findings[0].unit) == (0.69, 0.7, "ratio")

    def test_few_households_for_the_dwellings(self) -> None:
        rule = dataclasses.replace(HOLLOW, measure="households_per_dwelling")
        ground = with_buildings(town("A A B B", households="30 30 50 50"), dwellings=[50.0, 50.0, 50.0, 50.0])
        assert [(f.community_id, f.measured) for f in of_today(ground, rule)] == [("A", 0.6)]

    def test_what_is_not_known_is_counted_and_not_guessed(self) -> None:
        ground = with_buildings(
            town("A A B B", households="30 20 5 5"), registered_people=[np.nan, 10.0, np.nan, 10.0]
        )
        findings = of_today(ground, HOLLOW)
        assert [(f.aspect, f.community_id, f.measured, f.households) for f in findings] == [
            ("hollow_unknown", "", 2, 60)
        ]

    def test_where_nobody_lives_nothing_is_hollow(self) -> None:
        assert of_today(town("A A B", households="1 1 0"), dataclasses.replace(HOLLOW, below=1.0)) == []


class TestRemote:
    def test_half_of_the_households_beyond(self) -> None:
        ground = town("A A B B B", households="9 9 1 5 5", seats={"A": (0.5, 0.5)})
        findings = of_today(ground, REMOTE)
        # B lives 400, 600 and 800 m from the only centre: half of its 11 households within 600 m.
        assert told(findings) == [("remote", "B")]
        assert (findings[0].measured, findings[0].allowed, findings[0].households) == (600, 500, 10)
        assert of_today(ground, dataclasses.replace(REMOTE, beyond_m=600.0)) == []

    def test_the_centre_of_another_community_is_near_enough(self) -> None:
        ground = town("A A B B", seats={"A": (1.5, 0.5)})
        assert of_today(ground, REMOTE) == []

    def test_homes_of_no_community_are_nobodys(self) -> None:
        assert of_today(town("A A . . .", seats={"A": (0.5, 0.5)}), REMOTE) == []

    def test_without_any_centre_nothing_can_be_told(self) -> None:
        assert of_today(town("A A B B"), REMOTE) == []


def planned(ground: Territory, *housing: tuple[float, float, int, int]) -> Territory:
    """The town with housing to come: x, y in squares, households, year; all of it within the horizon."""
    x, y, households, year = zip(*housing, strict=True)
    points = gpd.points_from_xy(np.array(x) * SIDE, np.array(y) * SIDE)
    table = gpd.GeoDataFrame({"households": households, "year": year}, geometry=points, crs=CRS)
    return dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, planned=table))


class TestOutgrowing:
    def years(self, ground: Territory, size: SizeRule = SIZE) -> dict[str, Any]:
        return outgrows_year(Division.today(ground), ground, size).dropna().to_dict()

    def test_the_year_in_which_the_sum_passes_the_maximum(self) -> None:
        ground = planned(
            town("A A B B", households=150), (0.5, 0.4, 60, 2027), (1.5, 0.4, 41, 2029), (1.5, 0.6, 9, 2031)
        )
        assert self.years(ground) == {"A": 2029}  # 300, 360, 401

    def test_the_maximum_itself_is_not_above(self) -> None:
        assert self.years(planned(town("A A B B", households=150), (0.5, 0.4, 100, 2027))) == {}

    def test_one_that_is_above_already_does_not_outgrow(self) -> None:
        assert self.years(planned(town("A A B B", households=201), (0.5, 0.4, 60, 2027))) == {}

    def test_housing_on_new_ground_belongs_to_whose_land_it_is(self) -> None:
        ground = planned(town("A A A A A A B", households="150 150 0 0 0 0 9"), (4.9, 0.5, 101, 2028))
        far = with_buildings(ground)
        buildings = far.layers.buildings.drop(index=["b002", "b003", "b004", "b005", "b006"])
        far = dataclasses.replace(far, layers=dataclasses.replace(far.layers, buildings=buildings))
        assert self.years(far) == {"A": 2028}

    def test_with_two_measures_both_must_be_above(self) -> None:
        both = dataclasses.replace(SIZE, alternative="people", alternative_min=0, alternative_max=1200)
        ground = planned(town("A A B B", households=150), (0.5, 0.4, 101, 2027), (0.5, 0.6, 10, 2030))
        assert self.years(ground) == {"A": 2027}
        # 900 people today, 3 to a household: 1,203 in 2027
        assert self.years(ground, both) == {"A": 2027}
        assert self.years(ground, dataclasses.replace(both, alternative_max=1210)) == {"A": 2030}


def test_newcomers_on_new_ground_are_counted_as_people_too() -> None:
    size = SizeRule(rule_id="size", strength="must", clause="1", min=0, max=1000, measure="people")
    ground = town("A A B B", households="150 0 150 150", horizon="150 200 150 150")
    findings = of_today(ground, size, GrowthRule(rule_id="growth", strength="should", clause="2"))
    # 450 people today and 200 households to come, 3 to each
    assert [(f.aspect, f.community_id, f.measured) for f in findings] == [("horizon_over_max", "A", 1050)]


def test_places_are_where_people_should_look() -> None:
    ground = town("A A B B B", households="9 9 1 5 5", seats={"A": (0.5, 0.5)})
    x, y = of_today(ground, REMOTE)[0].place
    assert shapely.box(2 * SIDE, 0, 5 * SIDE, SIDE).contains(shapely.Point(x, y))
    assert y == pytest.approx(SIDE / 2)

"""No interlocking: holes, enclaves, necks, compactness. Figures by hand from the drawings."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.division import Division
from districting.plans.necks import narrow_places
from districting.policies.land import ShapeRule
from districting.territory.territory import Territory
from tests.plans.drawn import CRS, town
from tests.plans.judging import of_today, told

RULE = ShapeRule(rule_id="shape", strength="prefer", clause="7")


def homes(*places: tuple[float, float, int]) -> gpd.GeoDataFrame:
    """Buildings as points with households."""
    x, y, households = zip(*places, strict=True)
    return gpd.GeoDataFrame({"households": households}, geometry=gpd.points_from_xy(x, y), crs=CRS)


def outlines(*shapes: object) -> gpd.GeoDataFrame:
    """Communities by their land."""
    return gpd.GeoDataFrame(geometry=list(shapes), crs=CRS)


class TestHoles:
    def test_a_community_wholly_inside_another_is_told_once_as_an_enclave(self) -> None:
        ground = town("A A A\nA B A\nA A A", households="1 1 1\n1 70 1\n1 1 1")
        findings = of_today(ground, RULE)
        assert told(findings) == [("enclave", "B")]
        assert (findings[0].households, findings[0].place) == (70, (300.0, 300.0))
        assert findings[0].detail["other"] == "A社区"
        assert of_today(ground, dataclasses.replace(RULE, holes=True)) == []

    def test_a_hole_that_two_communities_share_is_told_of_the_one_around_them(self) -> None:
        ground = town("A A A A\nA B C A\nA A A A")
        findings = of_today(ground, RULE)
        assert told(findings) == [("hole", "A")]
        assert (findings[0].measured, findings[0].detail["inside"]) == (1, ["B社区", "C社区"])

    def test_land_of_no_community_inside_is_a_hole(self) -> None:
        findings = of_today(town("A A A\nA . A\nA A A"), RULE)
        assert told(findings) == [("hole", "A")]
        assert findings[0].detail["inside"] == []

    def test_a_piece_of_a_larger_community_inside_is_a_hole_not_an_enclave(self) -> None:
        assert told(of_today(town("A A A B\nA B A B\nA A A B"), RULE)) == [("hole", "A")]

    def test_around_land_of_another_sub_district_there_is_none(self) -> None:
        assert of_today(town("A A A\nA B A\nA A A", subdistricts="S S S\nS T S\nS S S"), RULE) == []

    def test_a_community_at_the_edge_is_not_surrounded(self) -> None:
        assert of_today(town("A A A\nA B A"), RULE) == []


def test_interlocking_outlines_are_told_at_their_deepest_bay() -> None:
    rule = dataclasses.replace(RULE, min_compactness=0.5)
    ground = town("A B B\nA A B\nA B B\nA A B")
    findings = [f for f in of_today(ground, rule) if f.community_id == "A"]
    # A: six squares, perimeter 14 sides: 4 pi 6 / 14^2
    assert findings[0].measured == pytest.approx(4 * np.pi * 6 / 14**2)
    assert of_today(town("A A\nA A"), rule) == []


class TestNecks:
    #: Two rooms of 100 m and a corridor 60 m long between them.
    ROOMS = (shapely.box(0, 0, 100, 100), shapely.box(160, 0, 260, 100))

    def dumbbell(self, width_m: float) -> object:
        corridor = shapely.box(100, 50 - width_m / 2, 160, 50 + width_m / 2)
        return shapely.union_all([*self.ROOMS, corridor])

    @settings(deadline=None, max_examples=20)
    @given(width_m=st.floats(4.0, 80.0), threshold_m=st.floats(10.0, 90.0))
    def test_a_corridor_is_as_narrow_as_it_is_wide(self, width_m: float, threshold_m: float) -> None:
        people = homes((50, 50, 30), (210, 50, 12))
        found = narrow_places(outlines(self.dumbbell(width_m)), people, np.array([0, 0]), below_m=threshold_m)
        if width_m >= threshold_m:
            assert found.empty
        elif width_m < threshold_m - 0.5:
            assert found["width_m"].iloc[0] == pytest.approx(width_m, abs=0.6)
            assert found["households"].iloc[0] == 12
            assert 100 <= found["x"].iloc[0] <= 160
            assert found["y"].iloc[0] == pytest.approx(50, abs=1.0)

    def test_a_neck_to_land_where_nobody_lives_holds_nothing_together(self) -> None:
        people = homes((50, 50, 30), (20, 20, 12))
        assert narrow_places(outlines(self.dumbbell(10)), people, np.array([0, 0]), below_m=50).empty

    def test_homes_far_out_on_a_tongue_hang_on_by_it(self) -> None:
        tongue = shapely.union_all([self.ROOMS[0], shapely.box(100, 40, 400, 60)])
        found = narrow_places(outlines(tongue), homes((50, 50, 30), (390, 50, 7)), np.array([0, 0]), below_m=50)
        assert found["households"].tolist() == [7]
        assert found["width_m"].iloc[0] == pytest.approx(20, abs=0.6)

    def test_a_ring_with_one_thin_side_is_not_held_together_there(self) -> None:
        ring = shapely.box(0, 0, 300, 300).difference(shapely.box(100, 100, 290, 200))
        people = homes((50, 50, 30), (250, 50, 12), (250, 250, 9))
        assert narrow_places(outlines(ring), people, np.zeros(3, dtype=np.int64), below_m=50).empty

    def test_of_many_communities_only_the_narrow_ones_are_told(self) -> None:
        wide = shapely.box(1000, 0, 1100, 100)
        people = homes((50, 50, 30), (210, 50, 12), (1050, 50, 5))
        found = narrow_places(outlines(wide, self.dumbbell(20)), people, np.array([1, 1, 0]), below_m=50)
        assert found.index.tolist() == [1]

    def test_the_check_names_the_place(self) -> None:
        ground = town("A B A\nA A A", households="50 50 20\n1 1 1")
        rule = dataclasses.replace(RULE, min_neck_m=150.0)
        assert of_today(ground, rule) == []
        findings = of_today(_notched(ground), rule)
        # The lower middle square is cut down to 60 m in height: the two arms of A hang together by it.
        assert told(findings) == [("neck", "A")]
        finding = findings[0]
        assert finding.measured == pytest.approx(60, abs=0.6)
        assert (finding.allowed, finding.unit, finding.households) == (150, "m", 21)
        assert 200 <= finding.place[0] <= 400
        assert 0 <= finding.place[1] <= 60


def _notched(ground: Territory) -> Territory:
    """The town with the lower middle square of A mostly given to B."""
    communities = ground.layers.communities.copy()
    bite = shapely.box(200, 60, 400, 200)
    communities.loc["A", "geometry"] = communities.geometry["A"].difference(bite)
    communities.loc["B", "geometry"] = communities.geometry["B"].union(bite)
    buildings = ground.layers.buildings.copy()
    buildings.loc["b004", "geometry"] = shapely.Point(300, 30)
    layers = dataclasses.replace(ground.layers, communities=communities, buildings=buildings)
    return dataclasses.replace(ground, layers=layers)


def test_a_community_that_is_thin_everywhere_is_told_whole() -> None:
    strip = shapely.box(0, 0, 300, 20)
    found = narrow_places(outlines(strip), homes((10, 10, 5), (290, 10, 6)), np.array([0, 0]), below_m=50)
    assert found["width_m"].iloc[0] == pytest.approx(20, abs=0.6)
    assert found["households"].iloc[0] == 11


def test_today_of_a_drawn_town_has_no_necks() -> None:
    ground = town("A A B\nA B B")
    division = Division.today(ground)
    assert narrow_places(division.outlines, ground.layers.buildings, division.codes, below_m=100).empty

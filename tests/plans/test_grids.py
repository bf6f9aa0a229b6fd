"""Grids: numbered in reading order, named, and judged by what they hold and where they lie."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from districting.plans.division import Division
from districting.plans.grid_checks import check_grids, fits_some_number
from districting.plans.grids import Grids, numeral, reading_order
from districting.policies.sizes import GridRule
from districting.territory.territory import Territory
from tests.plans.drawn import CRS, flat, town
from tests.plans.judging import told

RULE = GridRule(rule_id="grid", strength="must", clause="1", min=300, max=500)
TOWN = "A A B\nA A B"


def grids(territory: Territory, text: str) -> Grids:
    """Grids drawn over a town; the letter's case is the community: a, b in A; others in B."""
    owners = flat(text)
    buildings = pd.Series(owners, index=territory.layers.buildings.index, dtype=object)
    land = gpd.GeoDataFrame({"grid_id": owners}, geometry=territory.atoms.table.geometry.to_numpy(), crs=CRS)
    outlines = land[land["grid_id"].notna()].dissolve("grid_id")
    first = buildings.reset_index().dropna().drop_duplicates(0).set_index(0)["building_id"]
    homes = territory.layers.buildings["community_id"]
    outlines["community_id"] = [homes[first[one]] for one in outlines.index]
    outlines["community"] = outlines["community_id"] + "社区"
    outlines["name"] = outlines.index
    return Grids(buildings, outlines)


def judged(territory: Territory, drawn: Grids) -> list[tuple[str, str]]:
    """Aspect and grid or community of every finding."""
    return told(list(check_grids(drawn, Division.today(territory), territory.layers, RULE)))


def test_a_division_that_keeps_every_rule_has_no_finding() -> None:
    territory = town(TOWN, households=200)
    assert judged(territory, grids(territory, "a b c\na b c")) == []


def test_sizes_outside_the_bounds_are_told() -> None:
    territory = town(TOWN, households=200)
    assert judged(territory, grids(territory, "a a c\na b c")) == [
        ("grid_over_max", "a"),
        ("grid_below_min", "b"),
    ]


def test_households_and_land_in_no_grid_are_told() -> None:
    territory = town(TOWN, households=200)
    assert judged(territory, grids(territory, "a b c\na . c")) == [
        ("grid_home_in_none", "A"),
        ("grid_land_in_none", "A"),
        ("grid_below_min", "b"),
    ]


def test_households_that_the_plan_leaves_in_no_community_are_told() -> None:
    territory = town("A A .\nA A B", households="200 200 100\n200 200 400", subdistricts="S S S\nS S S")
    assert judged(territory, grids(territory, "a b .\na b c")) == [("grid_no_community", "")]


def test_a_grid_in_two_pieces_is_told() -> None:
    territory = town("A A A A\nB B B B", households=200)
    found = judged(territory, grids(territory, "a b b a\nc c d d"))
    assert found == [("grid_pieces", "a")]


def test_a_grid_that_follows_its_community_across_a_gap_is_reported_only() -> None:
    territory = town("A B A\nB B B", households="200 100 200\n100 100 300")
    drawn = grids(territory, "a b a\nb b c")
    findings = check_grids(drawn, Division.today(territory), territory.layers, RULE)
    assert [(one.aspect, one.strength) for one in findings] == [("grid_across_gap", "prefer")]


def test_a_grid_beyond_its_community_is_told() -> None:
    territory = town(TOWN, households=200)
    found = judged(territory, grids(territory, "a a c\nb b b"))
    assert ("grid_outside", "b") in found


def test_land_in_two_grids_is_told() -> None:
    territory = town(TOWN, households=200)
    drawn = grids(territory, "a b c\na b c")
    outlines = drawn.outlines.copy()
    outlines.loc["a", "geometry"] = shapely.union_all(outlines.geometry[["a", "b"]].to_numpy())
    assert judged(territory, replace(drawn, outlines=outlines)) == [("grid_overlap", "a")]


def test_a_compound_split_by_grids_is_told_unless_it_is_larger_than_a_grid() -> None:
    compounds = "k . m\nk . m"
    territory = town(TOWN, households="200 200 300\n200 200 300", compounds=compounds)
    findings = check_grids(grids(territory, "a a c\nb b d"), Division.today(territory), territory.layers, RULE)
    assert [(one.aspect, one.strength) for one in findings] == [
        ("grid_compound_split", "must"),
        ("grid_compound_oversized", "prefer"),
    ]
    told(list(findings))


def test_a_single_building_above_the_maximum_is_no_fault_of_the_division() -> None:
    territory = town(TOWN, households="200 200 700\n200 200 400")
    findings = check_grids(grids(territory, "a b c\na b d"), Division.today(territory), territory.layers, RULE)
    assert [(one.aspect, one.strength) for one in findings] == [("grid_building_over_max", "prefer")]
    assert findings[0].detail["building"] == "b002"


def test_a_community_that_no_number_of_grids_fits_is_told_once_and_excused() -> None:
    """B has 560 households: two grids of 280 miss the bounds by 40, one grid by 60."""
    territory = town(TOWN, households="200 200 280\n200 200 280")
    today, layers = Division.today(territory), territory.layers
    findings = check_grids(grids(territory, "a b c\na b d"), today, layers, RULE)
    assert [(one.aspect, one.strength, one.community_id) for one in findings] == [
        ("grid_arithmetic", "prefer", "B")
    ]
    assert findings[0].detail["missed"] == 40
    worse = check_grids(grids(territory, "a b c\na b c"), today, layers, RULE)
    assert [(one.aspect, one.strength) for one in worse] == [("grid_over_max", "must")]


@given(st.integers(1, 4000))
def test_a_size_fits_when_some_number_of_equal_grids_does(size: int) -> None:
    by_trial = any(300 * k <= size <= 500 * k for k in range(1, 20))
    assert fits_some_number(size, RULE) == by_trial


def test_numbers_run_from_north_to_south_and_from_west_to_east() -> None:
    places = [(0, 2), (1, 2), (2, 2), (0, 1), (1, 1), (2, 1), (0, 0), (1, 0), (2, 0)]
    shuffled = [4, 8, 0, 6, 2, 1, 7, 3, 5]
    order = reading_order(pd.DataFrame([places[at] for at in shuffled]).to_numpy(dtype=float))
    assert [shuffled[at] for at in order] == list(range(9))


@pytest.mark.parametrize(
    ("n", "written"), [(1, "一"), (10, "十"), (23, "二十三"), (100, "一百"), (207, "二百零七")]
)
def test_grids_are_numbered_as_chinese_offices_write_numbers(n: int, written: str) -> None:
    assert numeral(n, "zh") == written

"""四至 and flows: expected by hand from the drawn town."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import shapely

from districting.plans.division import Division
from districting.reports.flows import household_flows
from districting.reports.sides import SIDES, Limit, four_sides
from tests.reports.town import CRS, PLAN, SOUTH, WEST, plan, territory


def test_a_side_ends_at_the_line_along_it_else_at_the_neighbour_else_at_the_edge() -> None:
    ground = territory()
    sides = four_sides(Division.today(ground).outlines, ground.layers)
    # The road between A and B has no name; the river runs 10 m south of all, the wall on the northern edge.
    assert dict(sides.loc["A"]) == {
        "east": (Limit("community", "B<幸福>社区"),),
        "south": (Limit("line", "沣河"),),
        "west": (Limit("edge"),),
        "north": (Limit("barrier", "wall"),),
    }
    assert sides.loc["C", "west"] == (Limit("line", "友谊路"),)
    assert sides.loc["C", "east"] == (Limit("edge"),)


def test_a_road_inside_the_land_is_no_side() -> None:
    ground = territory()
    sides = four_sides(Division.today(ground).outlines, ground.layers)
    assert not any(Limit("line", "长安路") in held for held in sides.loc["A"])


def test_a_side_that_two_lines_share_names_both_the_longer_first() -> None:
    ground = territory()
    roads = ground.layers.roads.iloc[:2].copy()
    roads["name"] = ["北段路", "南段路"]
    x = WEST + 200
    roads["geometry"] = [
        shapely.LineString([(x, SOUTH + 120), (x, SOUTH + 300)]),
        shapely.LineString([(x, SOUTH), (x, SOUTH + 120)]),
    ]
    layers = dataclasses.replace(ground.layers, roads=roads)
    east = four_sides(Division.today(ground).outlines, layers).loc["A", "east"]
    assert east == (Limit("line", "北段路"), Limit("line", "南段路"))


def test_land_that_is_gone_has_no_sides() -> None:
    ground = territory()
    outlines = gpd.GeoDataFrame(
        {"name": ["A", "E"]},
        index=["A", "E"],
        geometry=[shapely.box(0, 0, 100, 100), shapely.Polygon()],
        crs=CRS,
    )
    sides = four_sides(outlines, ground.layers)
    assert list(sides.columns) == list(SIDES)
    assert set(sides.loc["E"]) == {()}
    assert set(sides.loc["A"]) == {(Limit("edge"),)}, "far from every line and neighbour"


def test_flows_tell_every_household_once() -> None:
    ground = territory()
    homes = ground.layers.buildings["households"]
    flows = household_flows(Division.today(ground), plan(ground, PLAN), homes)
    assert flows.values.tolist() == [["A", "A", 3000], ["A", "B", 600], ["B", "B", 1800], ["C", "C", 1800]]
    assert flows["households"].sum() == homes.sum()

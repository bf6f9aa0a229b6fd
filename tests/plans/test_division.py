"""Divisions from today's map, plans, lists and polygons agree with one another; expected values from drawings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from districting.plans.division import Division
from tests.plans.drawn import SIDE, flat, plan, town

TEXT = "A A B\nA B B\nC C ."


def test_today_is_the_polygons_and_the_buildings_own_column() -> None:
    ground = town(TEXT, seats={"A": (0.5, 2.5)})
    today = Division.today(ground)
    assert today.buildings.tolist() == flat(TEXT)
    assert today.outlines.index.tolist() == ["A", "B", "C"]
    assert today.outlines["origin"].tolist() == ["A", "B", "C"]
    assert today.outlines.loc["A", ["seat_x", "seat_y", "seat_kind"]].tolist() == [100.0, 500.0, "existing"]
    assert today.outlines.loc["B", "seat_kind"] is None
    assert np.isnan(today.outlines.loc["B", "seat_x"])


def test_a_centre_without_a_record_belongs_to_the_land_that_it_stands_in() -> None:
    ground = town(TEXT, seats={"A": (0.5, 2.5)})
    ground.layers.facilities["community_id"] = None
    assert Division.today(ground).outlines["seat_kind"].tolist() == ["existing", None, None]


def test_of_two_centres_the_one_on_the_own_land_comes_first() -> None:
    ground = town(TEXT, seats={"A": (2.5, 2.5)})
    more = ground.layers.facilities.copy()
    more.index = pd.Index(["f900"], name="facility_id")
    more = more.set_geometry([shapely.Point(50, 450)], crs=more.crs)
    both = pd.concat([ground.layers.facilities, more])
    object.__setattr__(ground.layers, "facilities", both)
    assert Division.today(ground).outlines.loc["A", ["seat_x", "seat_y"]].tolist() == [50.0, 450.0]


def test_a_plan_is_the_union_of_its_atoms() -> None:
    ground = town(TEXT)
    division = Division.of_plan(plan(ground, "A A A\nA B B\nD D D"), ground)
    assert division.buildings.tolist() == flat("A A A\nA B B\nD D D")
    assert shapely.area(division.outlines.geometry).tolist() == [4 * SIDE**2, 2 * SIDE**2, 3 * SIDE**2]
    assert division.outlines["origin"].tolist() == ["A", "B", None]
    assert division.atoms is not None
    assert division.atoms.tolist() == division.buildings.tolist()


def test_a_plan_for_other_atoms_is_refused() -> None:
    with pytest.raises(ValueError, match="other atoms"):
        Division.of_plan(plan(town("A B"), "A B"), town("A B B"))


def test_a_list_of_buildings_gives_the_same_land_as_the_plan_of_their_atoms() -> None:
    ground = town(TEXT)
    text = "A A A\nA B B\nD D D"
    by_plan = Division.of_plan(plan(ground, text), ground)
    by_list = Division.of_buildings(by_plan.buildings, ground)
    assert by_list.buildings.equals(by_plan.buildings)
    assert by_list.atoms is not None
    assert by_list.atoms.equals(by_plan.atoms)
    assert all(shapely.equals(by_list.outlines.geometry, by_plan.outlines.geometry))
    assert by_list.outlines["origin"].tolist() == ["A", "B", None]
    assert by_list.outlines["name"].tolist() == ["A社区", "B社区", "D"]


def test_a_list_that_cuts_an_atom_shares_its_land_and_loses_none() -> None:
    ground = town("A A B")
    # A second and a third building in the first square: west of the first, and at the same place as it.
    homes = ground.layers.buildings
    extra = homes.iloc[[0, 0]].set_axis(pd.Index(["b900", "b901"], name="building_id"))
    extra = extra.set_geometry([shapely.Point(50, 100), shapely.Point(100, 100)], crs=homes.crs)
    object.__setattr__(ground.layers, "buildings", pd.concat([homes, extra]))
    of_atom = pd.concat([ground.atoms.building_atom, pd.Series("a000", index=extra.index)])
    object.__setattr__(ground.atoms, "building_atom", of_atom)
    owners = pd.Series(["A", "A", "B", "B", "A"], index=ground.layers.buildings.index)
    division = Division.of_buildings(owners, ground)
    assert division.atoms is None
    # The border lies half-way between x = 50 and x = 100.
    assert shapely.area(division.outlines.geometry).tolist() == pytest.approx([(400 - 75) * 200, (200 + 75) * 200])
    assert not division.outlines.geometry["A"].intersects(shapely.Point(40, 100))


def test_land_without_buildings_stays_or_joins_its_longest_border() -> None:
    ground = town("A A E\nA B E")
    homes = ground.layers.buildings.drop(["b002", "b005"])
    object.__setattr__(ground.layers, "buildings", homes)
    object.__setattr__(ground.atoms, "building_atom", ground.atoms.building_atom.loc[homes.index])
    kept = Division.of_buildings(pd.Series(["A", "A", "A", "B"], index=homes.index), ground)
    assert kept.atoms is not None
    assert kept.atoms.tolist() == flat("A A A\nA B B")
    ground.atoms.table["community_id"] = flat("A A B\nA B B")
    stays = Division.of_buildings(pd.Series(["A", "A", "A", "B"], index=homes.index), ground)
    assert stays.atoms is not None
    assert stays.atoms.tolist() == flat("A A B\nA B B")


def test_drawn_polygons_are_judged_building_by_building() -> None:
    ground = town(TEXT, seats={"A": (0.5, 2.5)})
    drawn = ground.layers.communities[["geometry"]].copy()
    drawn.loc["A", "geometry"] = shapely.box(0, 200, 299.5, 600)  # the second building stands 0.5 m outside
    drawn.loc["N", "geometry"] = shapely.box(400, 0, 600, 200)
    division = Division.of_polygons(drawn.to_crs("EPSG:4490"), ground)
    assert division.buildings.tolist() == ["A", "A", "B", "A", "B", "B", "C", "C", "N"]
    assert division.outlines["name"].tolist() == ["A社区", "B社区", "C社区", "N"]
    assert division.outlines["subdistrict_id"].tolist() == ["S"] * 4
    assert division.outlines.loc["N", "origin"] is None
    assert division.atoms is None
    assert division.outlines.crs == ground.layers.crs


def test_a_community_without_an_outline_is_a_bug_of_ours() -> None:
    today = Division.today(town("A B"))
    with pytest.raises(ValueError, match="no outline"):
        Division("x", pd.Series(["A", "Z"]), today.outlines)


def test_nothing_that_was_given_is_changed() -> None:
    ground = town(TEXT, seats={"A": (0.5, 2.5)})
    before = [table.copy(deep=True) for table in (ground.layers.buildings, ground.layers.communities)]
    table = ground.atoms.table.copy(deep=True)
    Division.today(ground)
    Division.of_buildings(ground.layers.buildings["community_id"], ground)
    Division.of_polygons(ground.layers.communities, ground)
    pd.testing.assert_frame_equal(ground.layers.buildings, before[0])
    pd.testing.assert_frame_equal(ground.layers.communities, before[1])
    pd.testing.assert_frame_equal(ground.atoms.table, table)

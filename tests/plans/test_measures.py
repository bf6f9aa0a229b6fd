"""Measures on shapes whose answer is known: squares, rings, drawn towns."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.community_table import community_table
from districting.plans.distances import distance_to_seat_m, reach_table, smallest_radius_m, walk_network
from districting.plans.division import Division
from districting.plans.lines import border_share, border_shares
from districting.plans.measures import (
    area_m2,
    centres,
    compounds_split,
    estimated_share,
    holes,
    households_per_dwelling,
    perimeter_m,
    pieces,
    polsby_popper,
    total,
)
from districting.policies.reading import preset
from tests.plans.drawn import SIDE, town


def outline(shape: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[shape], index=["A"], crs="EPSG:4547")


def test_a_square_a_disc_and_a_strip_have_their_known_compactness() -> None:
    assert polsby_popper(outline(shapely.box(0, 0, 100, 100)))["A"] == pytest.approx(np.pi / 4)
    assert polsby_popper(outline(shapely.Point(0, 0).buffer(100, quad_segs=200)))["A"] == pytest.approx(
        1, abs=1e-4
    )
    assert polsby_popper(outline(shapely.box(0, 0, 9, 1)))["A"] == pytest.approx(4 * np.pi * 9 / 400)
    assert polsby_popper(outline(shapely.Polygon()))["A"] == 0


def test_a_ring_has_one_hole_and_both_outlines() -> None:
    ring = shapely.box(0, 0, 300, 300).difference(shapely.box(100, 100, 200, 200))
    assert holes(outline(ring))["A"] == 1
    assert pieces(outline(ring))["A"] == 1
    assert area_m2(outline(ring))["A"] == 80_000
    assert perimeter_m(outline(ring))["A"] == 1_600


def test_slips_of_the_drawing_are_neither_holes_nor_pieces() -> None:
    pinhole = shapely.box(0, 0, 300, 300).difference(shapely.box(100, 100, 105, 105))
    crumb = shapely.union_all([shapely.box(0, 0, 300, 300), shapely.box(400, 0, 405, 5)])
    assert holes(outline(pinhole))["A"] == 0
    assert pieces(outline(crumb))["A"] == 1


def test_totals_are_unknown_where_an_inhabited_building_is() -> None:
    division = Division.today(town("A A B B"))
    people = pd.Series([3.0, 4.0, np.nan, 5.0], index=division.buildings.index)
    homes = pd.Series([1, 1, 1, 1], index=division.buildings.index)
    assert total(division, people, homes).tolist() == pytest.approx([7.0, np.nan], nan_ok=True)
    homes["b002"] = 0
    assert total(division, people, homes).tolist() == [7.0, 5.0]


def test_estimated_share_weighs_households() -> None:
    ground = town("A A B", households="30 10 5")
    ground.layers.buildings["estimated"] = [True, False, False]
    assert estimated_share(Division.today(ground), ground).tolist() == [0.75, 0.0]


def test_a_hollow_community_has_few_households_for_its_dwellings() -> None:
    ground = town("A A B", households="10 10 5")
    ground.layers.buildings["dwellings"] = [50.0, 50.0, np.nan]
    assert households_per_dwelling(Division.today(ground), ground).tolist() == pytest.approx(
        [0.2, np.nan], nan_ok=True
    )


def test_compounds_are_split_where_two_communities_hold_them() -> None:
    ground = town("A A B B C", compounds="c c c d e")
    assert compounds_split(Division.today(ground), ground).tolist() == [1, 1, 0]


def test_the_centre_is_where_the_households_are() -> None:
    ground = town("A A B", households="30 10 0")
    found = centres(Division.today(ground), ground)
    assert found[0].tolist() == [150.0, 100.0]
    assert shapely.box(400, 0, 600, 200).contains(shapely.Point(found[1]))


def test_reach_is_mean_percentile_farthest_and_share() -> None:
    # 100 m squares apart: 0, 200, 400, 600 m with 90, 4, 4 and 2 households.
    ground = town("A A A A B", households="90 4 4 2 1", seats={"A": (0.5, 0.5)})
    division = Division.today(ground)
    metres = distance_to_seat_m(division, ground)
    assert metres.tolist() == pytest.approx([0, 200, 400, 600, np.nan], nan_ok=True)
    table = reach_table(division, ground, metres, limit_m=300)
    assert table.loc["A"].tolist() == pytest.approx([36.0, 400.0, 600.0, 0.94])
    assert table.loc["B"].isna().all()


def test_walks_are_never_shorter_than_straight_lines() -> None:
    streets = [
        ("tertiary", "", [(0.2, 0), (0.2, 3), (2.7, 3), (2.7, 0)]),
        ("service", "", [(0.2, 1.6), (2.7, 1.1)]),
    ]
    ground = town("A A B\nA A B\nA B B", seats={"A": (0.5, 2.5), "B": (2.5, 1.5)}, roads=streets)
    division = Division.today(ground)
    straight = distance_to_seat_m(division, ground)
    walked = distance_to_seat_m(division, ground, network=walk_network(ground))
    assert (walked >= straight - 1e-6).all()
    assert (walked > straight + 1).any()


def test_no_site_is_nearer_than_the_smallest_circle() -> None:
    ground = town("A A A\nB B .", households="5 5 5\n0 5 1")
    assert smallest_radius_m(Division.today(ground), ground).tolist() == [200.0, 0.0]


def test_a_border_follows_a_line_beside_it_but_not_one_that_crosses_it() -> None:
    along = town("A A\nA A", roads=[("primary", "", [(-0.05, 0), (-0.05, 2)])])  # 10 m beside the western side
    across = town("A A\nA A", roads=[("primary", "", [(-1, 1), (3, 1)])])
    for ground, expected in ((along, 0.25), (across, 0.0)):
        share = border_share(Division.today(ground).outlines, ground.layers, ["primary"])
        assert share["A"] == pytest.approx(expected, abs=0.02)
    assert border_share(Division.today(along).outlines, along.layers, ["rail"])["A"] == 0


def test_a_border_is_shared_out_among_the_classes_that_it_follows() -> None:
    roads = [("primary", "", [(0, 0), (0, 2)]), ("trunk", "", [(0, 1), (0, 2)]), ("service", "", [(0, 0), (2, 0)])]
    ground = town("A A\nA A", roads=roads)
    shares = border_shares(Division.today(ground).outlines, ground.layers, ["trunk", "primary", "rail"])
    # West side: the northern half follows both and counts for the trunk road, which is named first.
    assert shares.loc["A"].tolist() == pytest.approx([0.125, 0.125, 0.0], abs=0.02)
    assert border_share(Division.today(ground).outlines, ground.layers, ["trunk", "primary"])[
        "A"
    ] == pytest.approx(0.25, abs=0.01)


@settings(max_examples=15, deadline=None)
@given(
    turn=st.floats(0, 360, allow_nan=False),
    size=st.floats(50, 2000),
    x=st.floats(-1e5, 1e5),
    y=st.floats(-1e5, 1e5),
)
def test_compactness_does_not_change_with_place_turn_or_size(turn: float, size: float, x: float, y: float) -> None:
    square = outline(shapely.box(x, y, x + size, y + size)).rotate(turn)
    assert polsby_popper(gpd.GeoDataFrame(geometry=square))["A"] == pytest.approx(np.pi / 4, rel=1e-6)


def test_the_table_holds_every_measure_of_every_community() -> None:
    ground = town(
        "A A B\nA C C", households="10 20 30\n40 0 0", horizon="10 25 30\n40 0 0", seats={"A": (0.5, 0.5)}
    )
    policy = preset("xian-2023").override({"reach.path": "straight"}, because="test")
    table = community_table(Division.today(ground), ground, policy)
    assert table["households"].tolist() == [70, 30, 0]
    assert table["people"].tolist() == [210.0, 90.0, 0.0]
    assert table["horizon_households"].tolist() == [75, 30, 0]
    assert table["buildings"].tolist() == [3, 1, 2]
    assert table["area_m2"].tolist() == [3 * SIDE**2, SIDE**2, 2 * SIDE**2]
    assert table.loc["A", "share_within"] == 1.0
    assert table["border_share"].tolist() == [0, 0, 0]
    assert table["target_deviation"].tolist() == pytest.approx([70 / 3500 - 1, 30 / 3500 - 1, -1])
    assert table["people_per_registered_person"].tolist()[:2] == [1.2, 1.2]
    # 40 of A's 70 households live at its centre; B's two squares east of it and one north.
    assert table["nearest_centre_m"].tolist()[:2] == pytest.approx([0, np.hypot(400, 200)])
    assert table["outgrows_year"].isna().all()
    national = community_table(Division.today(ground), ground, preset("national-2026"))
    assert national["border_share"].isna().all()


def test_the_totals_of_the_table_are_the_totals_of_the_town() -> None:
    ground = town("A A B\nA C .", households="10 20 30\n40 3 7")
    table = community_table(Division.today(ground), ground, preset("national-2026"))
    assert table["households"].sum() == ground.layers.households - 7
    moved = dataclasses.replace(Division.today(ground), name="again")
    pd.testing.assert_frame_equal(community_table(moved, ground, preset("national-2026")), table)

"""Distances on foot: by hand on small networks, against straight lines on real ones."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from districting.territory.travel import DETOUR, WalkNetwork, distances
from tests.places import needs_shared
from tests.territory.drawn_towns import CRS, square, town
from tests.territory.shared_places import layers_from_shared


def buildings(*homes: tuple[float, float, int]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"households": [n for *_, n in homes]}, geometry=[Point(x, y) for x, y, _ in homes], crs=CRS
    )


def network(*roads: object) -> WalkNetwork:
    return WalkNetwork.from_roads(town({"S": square(10)}, homes=[], roads=roads).roads)  # type: ignore[arg-type]


def test_straight_mean_is_weighted_by_households_and_farthest_ignores_empty_buildings() -> None:
    homes = buildings((0, 0, 30), (0, 40, 10), (0, 900, 0), (0, 50, 0))
    mean, far = distances(homes, np.array([0, 0, 0, 1]), 3, np.array([[0.0, 0.0], [30.0, 0.0]]), network=None)
    # By hand: (30·0 + 10·40) / 40, (30·30 + 10·50) / 40; atoms 1 and 2 have no household.
    np.testing.assert_allclose(mean, [[10, 35], [0, 0], [0, 0]])
    np.testing.assert_allclose(far, [[40, 50], [0, 0], [0, 0]])


def test_a_walk_goes_along_the_roads_with_a_leg_at_either_end() -> None:
    net = network(("residential", [(0, 0), (300, 0), (300, 400)]))
    mean, far = distances(buildings((100, 5, 10)), np.array([0]), 1, np.array([[304.0, 300.0]]), network=net)
    # By hand: 5 to the road, 200 east, 300 north, 4 to the place.
    assert mean[0, 0] == pytest.approx(509)
    assert far[0, 0] == pytest.approx(509)


def test_both_on_one_edge_walk_straight_along_it() -> None:
    net = network(("residential", [(0, 0), (1000, 0)]))
    mean, _ = distances(buildings((400, 3, 1)), np.array([0]), 1, np.array([[550.0, 4.0]]), network=net)
    assert mean[0, 0] == pytest.approx(157)


def test_neighbours_do_not_walk_out_to_the_road_and_back() -> None:
    net = network(("residential", [(0, 0), (1000, 0)]))
    mean, _ = distances(buildings((400, 200, 1)), np.array([0]), 1, np.array([[430.0, 200.0]]), network=net)
    assert mean[0, 0] == pytest.approx(30)


def test_roads_on_the_ground_meet_where_they_cross_and_a_bridge_does_not() -> None:
    home, place = buildings((-500, 0, 1)), np.array([[0.0, 500.0]])
    level = network(("residential", [(-500, 0), (500, 0)]), ("residential", [(0, -500), (0, 500)]))
    above = network(
        ("residential", [(-500, 0), (500, 0)]),
        {"road_class": "residential", "line": [(0, -500), (0, 500)], "bridge": True},
        ("residential", [(500, 0), (500, -500), (0, -500)]),
    )
    pos = np.array([0])
    assert distances(home, pos, 1, place, network=level)[0][0, 0] == pytest.approx(1000)
    # By hand: 1000 east, 500 south, 500 west, 1000 over the bridge.
    assert distances(home, pos, 1, place, network=above)[0][0, 0] == pytest.approx(3000)


def test_a_bridge_is_entered_where_it_ends_in_the_middle_of_a_street() -> None:
    net = network(
        ("residential", [(-100, 0), (0, 0), (100, 0)]),
        {"road_class": "secondary", "line": [(0, 0), (0, 300)], "bridge": True},
        ("residential", [(-100, 300), (0, 300), (100, 300)]),
    )
    mean, _ = distances(buildings((-100, 0, 1)), np.array([0]), 1, np.array([[100.0, 300.0]]), network=net)
    assert mean[0, 0] == pytest.approx(500)


def test_what_the_network_does_not_reach_counts_as_a_detour() -> None:
    net = network(("residential", [(0, 0), (300, 0)]), ("residential", [(0, 1000), (300, 1000)]))
    mean, _ = distances(buildings((0, 0, 1)), np.array([0]), 1, np.array([[0.0, 1000.0]]), network=net)
    assert mean[0, 0] == pytest.approx(DETOUR * 1000)


def test_an_empty_network_measures_straight_lines() -> None:
    mean, _ = distances(buildings((0, 0, 1)), np.array([0]), 1, np.array([[30.0, 40.0]]), network=network())
    assert mean[0, 0] == pytest.approx(50)


def test_a_walk_on_a_grid_is_the_shortest_path_of_networkx() -> None:
    rng = np.random.default_rng(3)
    lines = [
        (a, b)
        for i in range(6)
        for j in range(6)
        for a, b in (((i, j), (i + 1, j)), ((i, j), (i, j + 1)))
        if max(b) < 6 and rng.random() < 0.8
    ]
    net = network(*(("residential", [(100 * x, 100 * y) for x, y in line]) for line in lines))
    graph = nx.Graph(lines)
    part = sorted(max(nx.connected_components(graph), key=len))
    homes = buildings(*((100.0 * x, 100.0 * y, 1) for x, y in part))
    places = 100.0 * np.array(part, dtype=float)
    mean, _ = distances(homes, np.arange(len(part)), len(part), places, network=net)
    lengths = dict(nx.all_pairs_shortest_path_length(graph))
    expected = np.array([[100.0 * lengths[a][b] for b in part] for a in part])
    np.testing.assert_allclose(mean, expected, atol=1e-6)


@needs_shared
def test_a_walk_is_never_shorter_than_the_straight_line_in_a_real_city() -> None:
    layers = layers_from_shared("xian_beilin")
    homes = layers.buildings.iloc[:1500]
    places = np.stack([layers.facilities.geometry.x, layers.facilities.geometry.y], axis=1)
    pos = pd.factorize(homes["community_id"])[0].astype(np.int64)
    n = int(pos.max()) + 1
    net = WalkNetwork.from_roads(layers.roads)
    walked = distances(homes, pos, n, places, network=net)
    straight = distances(homes, pos, n, places, network=None)
    for on_foot, line in zip(walked, straight, strict=True):
        assert (on_foot >= line - 1e-6).all()
        assert np.isfinite(on_foot).all()

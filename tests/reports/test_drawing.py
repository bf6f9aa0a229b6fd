"""Label points, the mosaic of atoms, and the ground: what maps draw."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from districting.reports.ground import draw_ground
from districting.reports.labels import label_points
from districting.reports.mosaic import Mosaic, draw_mosaic
from tests.reports.town import WEST, territory


def _areas(mosaic: Mosaic, n: int) -> np.ndarray:
    """Area of each atom put together again from its arcs; holes count against."""
    area = np.zeros(n)
    for ring, atom in enumerate(mosaic.ring_atom):
        points: list[np.ndarray] = []
        for ref in mosaic.refs[mosaic.ring_start[ring] : mosaic.ring_start[ring + 1]]:
            arc = ref if ref >= 0 else -1 - ref
            run = mosaic.xy[mosaic.arc_start[arc] : mosaic.arc_start[arc + 1]][:: 1 if ref >= 0 else -1]
            assert not points or np.array_equal(points[-1][-1], run[0])
            points.append(run)
        x, y = (np.concatenate(points) - points[0][0]).T
        area[atom] -= np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2
    return np.abs(area)


def test_a_name_stands_inside_bent_land_where_the_centroid_does_not() -> None:
    bent = shapely.box(0, 0, 90, 90).difference(shapely.box(30, 30, 90, 90))
    spot = label_points(gpd.GeoSeries([bent], index=["L"])).loc["L"]
    assert bent.contains(shapely.Point(spot["x"], spot["y"]))
    # Hand: the largest circle in an L with arms of 30 touches both outer edges and the inner corner (30, 30).
    assert abs(spot["radius_m"] - 30 * (2 - np.sqrt(2))) < 2.5


def test_empty_land_has_no_label() -> None:
    assert label_points(gpd.GeoSeries([shapely.Polygon()], index=["E"])).isna().all(axis=None)


def test_every_border_is_stored_once_and_every_atom_comes_back() -> None:
    atoms = territory().atoms.table.geometry
    mosaic = draw_mosaic(atoms)
    assert np.allclose(_areas(mosaic, len(atoms)), 100.0**2)
    length = sum(
        shapely.length(shapely.linestrings(mosaic.xy[mosaic.arc_start[i] : mosaic.arc_start[i + 1]]))
        for i in range(len(mosaic.left))
    )
    # Hand: 3 rows and 4 columns of 100 m have 4 lines of 400 m and 5 lines of 300 m.
    assert np.isclose(length, 4 * 400 + 5 * 300)


def test_an_atom_inside_another_and_mixed_windings_come_back() -> None:
    inner = shapely.box(40, 40, 60, 60)
    outer = shapely.box(0, 0, 100, 100).difference(inner)
    beside = shapely.reverse(shapely.box(100, 0, 200, 100))
    mosaic = draw_mosaic(gpd.GeoSeries([outer, inner, beside]))
    assert np.allclose(_areas(mosaic, 3), [9600, 400, 10000])
    assert (mosaic.right >= 0).sum() == 2  # around the inner one, and between the two large ones


def test_no_atoms_make_an_empty_drawing() -> None:
    assert len(draw_mosaic(gpd.GeoSeries([], dtype="geometry")).left) == 0


def test_roads_are_merged_by_class_and_name_and_tunnels_are_not_drawn() -> None:
    layers = territory().layers
    layers.roads.loc["r2", "tunnel"] = True
    ground = draw_ground(layers)
    assert list(ground.roads["road_class"]) == ["primary", "residential"]
    assert set(ground.barriers["kind"]) == {"water", "wall"}
    assert ground.names.empty  # no piece is as long as 350 m


def test_a_long_road_carries_its_name_at_its_middle() -> None:
    layers = territory().layers
    layers.roads.loc["r0", "geometry"] = shapely.LineString([(WEST, 0), (WEST + 1000, 0)])
    names = draw_ground(layers).names
    assert names[["name", "x", "angle"]].to_numpy().tolist() == [["长安路", WEST + 500, 0.0]]

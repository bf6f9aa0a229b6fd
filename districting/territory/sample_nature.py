"""The sample's river, lakes, railway and campus walls: what no street crosses without a bridge or a gate."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.territory.sample_blocks import CRS, GRID_M, Blocks, rail_line, river_line
from districting.territory.sample_ground import Ground

#: Between the two tracks of the railway, m.
TRACKS_M = 4.6

#: A campus wall stands this far inside the streets around it, m.
WALL_M = 20.0


@dataclass(frozen=True)
class Nature:
    """Water, railway and walls.

    Parameters
    ----------
    river
        Its surface.
    lakes
        Surfaces, one per park.
    lines, areas
        The barrier layers: ``kind`` (``river``, ``lake``, ``rail``, ``wall``), ``thing`` (key of its name).
    paths
        Walks around the lakes and to the streets.
    """

    river: shapely.Polygon
    lakes: npt.NDArray[np.object_]
    lines: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    paths: npt.NDArray[np.object_]


def make_nature(ground: Ground, blocks: Blocks, *, rng: np.random.Generator) -> Nature:
    """Water, railway and walls of a town."""
    river = _river(ground, rng)
    uses = blocks.table["use"]
    parks = blocks.table[(uses == "park") & (blocks.table["area_m2"] > 80_000)]
    lakes = _lakes(parks.geometry.to_numpy(), rng)
    rail = shapely.LineString(rail_line(ground))
    tracks = np.array([shapely.offset_curve(rail, side * TRACKS_M / 2) for side in (-1, 1)], dtype=object)
    campuses = blocks.table[(uses == "campus") & (blocks.table["area_m2"] > 20_000)].geometry.to_numpy()
    walls = shapely.buffer(campuses, -WALL_M, join_style="mitre")
    middle = shapely.LineString(river_line(ground))
    lines = gpd.GeoDataFrame(
        pd.DataFrame(
            {
                "kind": ["river", "rail", "rail", *["wall"] * len(walls)],
                "thing": ["river", "rail", "rail", *[f"campus-{i}" for i in range(len(walls))]],
            }
        ),
        geometry=shapely.set_precision([middle, *tracks, *shapely.boundary(walls)], GRID_M),
        crs=CRS,
    )
    areas = gpd.GeoDataFrame(
        {"kind": ["river", *["lake"] * len(lakes)], "thing": ["river", *[f"lake-{i}" for i in range(len(lakes))]]},
        geometry=shapely.set_precision([river, *lakes], GRID_M),
        crs=CRS,
    )
    return Nature(river, lakes, lines, areas, _paths(parks.geometry.to_numpy(), lakes))


def _river(ground: Ground, rng: np.random.Generator) -> shapely.Polygon:
    """The river's surface, between 56 and 84 m wide, over the whole height of the town."""
    middle = river_line(ground)
    along = np.gradient(middle, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    left = np.column_stack([-along[:, 1], along[:, 0]])
    at = np.linspace(0, ground.height, len(middle))
    banks = []
    for side in (1, -1):
        a, b = rng.uniform(0, 2 * np.pi, 2)
        width = 35 + 4.5 * np.sin(at / 140 + a) + 2.5 * np.sin(at / 57 + b)
        banks.append(middle + side * width[:, None] * left)
    return shapely.Polygon(np.concatenate([banks[0], banks[1][::-1]]))


def _lakes(parks: npt.NDArray[np.object_], rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """One lake in each park, with bays, on about a fifth of its land."""
    turn = np.linspace(0, 2 * np.pi, 49)[:-1]
    middle = shapely.get_coordinates(shapely.centroid(parks))
    size = np.sqrt(shapely.area(parks) * 0.17 / np.pi)[:, None]
    bays = np.ones((len(parks), len(turn)))
    for k in (2, 3, 5):
        bays += rng.uniform(0.05, 0.3 / np.sqrt(k), (len(parks), 1)) * np.sin(
            k * turn + rng.uniform(0, 2 * np.pi, (len(parks), 1))
        )
    stretch = rng.uniform(0.85, 1.25, (len(parks), 1))
    shore = size * bays
    points = np.stack([stretch * shore * np.cos(turn), shore / stretch * np.sin(turn)], axis=-1)
    blobs = shapely.polygons(middle[:, None, :] + points)
    made: npt.NDArray[np.object_] = shapely.intersection(blobs, shapely.buffer(parks, -45.0))
    return made


def _paths(parks: npt.NDArray[np.object_], lakes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """A walk around every lake, and four from there to the streets."""
    if not len(parks):
        return np.array([], dtype=object)
    walks = shapely.get_exterior_ring(shapely.simplify(shapely.buffer(lakes, 14.0), 2.0))
    middle = shapely.get_coordinates(shapely.centroid(parks))
    turn = np.deg2rad([20.0, 110.0, 200.0, 290.0])
    far = middle[:, None, :] + 900.0 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    spokes = shapely.linestrings(np.stack([np.repeat(middle, 4, axis=0), far.reshape(-1, 2)], axis=1))
    spokes = shapely.intersection(spokes, np.repeat(parks, 4))
    spokes = shapely.difference(spokes, np.repeat(shapely.buffer(lakes, 13.0), 4))
    spokes = spokes[shapely.get_type_id(spokes) == 1]
    return shapely.set_precision(np.concatenate([walks, spokes]), GRID_M)

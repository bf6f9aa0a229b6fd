"""The sample's blocks: the faces between the street axes, what runs along their borders, and what they are for."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.territory.sample_axes import Axes, as_lines, bend, cell_polygons
from districting.territory.sample_ground import Floats, Ground, Ints, Shapes

Texts = npt.NDArray[np.object_]

#: The sample's CRS: CGCS2000 / 3-degree Gauss-Kruger CM 114E, m.
CRS = "EPSG:4547"

#: Coordinates are whole centimetres, so that shared borders are shared to the last digit.
GRID_M = 0.01

#: What a block may be for, with the chance of it near the centre, half-way out and at the edge of the town.
USES = {
    "walkup": (0.30, 0.27, 0.06),
    "midrise": (0.20, 0.34, 0.34),
    "tower": (0.14, 0.15, 0.27),
    "village": (0.00, 0.02, 0.07),
    "office": (0.24, 0.10, 0.05),
    "school": (0.06, 0.06, 0.06),
    "park": (0.03, 0.03, 0.03),
    "industry": (0.01, 0.02, 0.06),
}

#: Uses in which people live.
LIVED_IN = ("walkup", "midrise", "tower", "village")


@dataclass(frozen=True)
class Blocks:
    """All land of the town, exactly once.

    Parameters
    ----------
    table
        Index position; geometry Polygon; ``cell``, ``quarter``, ``wet``, ``use``, ``area_m2``.
    borders
        Pieces of border: ``a`` < ``b`` (positions), ``length_m``, ``along`` (road class, ``river`` or ``rail``).
    """

    table: gpd.GeoDataFrame
    borders: pd.DataFrame


def river_line(ground: Ground, *, beyond_m: float = 0.0) -> Floats:
    """Middle of the river, south to north, shape (n, 2)."""
    y = np.linspace(-beyond_m, ground.height + beyond_m, max(30, int(ground.height / 30)))
    return ground.warp.points(np.column_stack([np.full_like(y, ground.river[1]), y]))


def rail_line(ground: Ground, *, beyond_m: float = 0.0) -> Floats:
    """Axis of the railway, west to east, shape (n, 2)."""
    x = np.linspace(-beyond_m, ground.width + beyond_m, max(30, int(ground.width / 30)))
    return ground.warp.points(np.column_stack([x, ground.rail(x)]))


def cut_blocks(ground: Ground, axes: Axes, *, rng: np.random.Generator) -> Blocks:
    """Blocks between streets, river and railway."""
    streets = as_lines(bend(axes.streets, ground.warp, grow_m=0.4))
    along = [*axes.streets["road_class"], "river", "rail"]
    natural = [shapely.linestrings(line(ground, beyond_m=3.0)) for line in (river_line, rail_line)]
    lines = np.concatenate([streets, natural])
    edges = shapely.get_parts(shapely.union_all(lines, grid_size=GRID_M))
    faces = _faces(edges)

    cells = shapely.STRtree(cell_polygons(axes.cells, ground.warp))
    inside = shapely.point_on_surface(faces)
    cell = cells.query_nearest(inside, all_matches=False)[1]
    table = gpd.GeoDataFrame({"cell": cell}, geometry=faces, crs=CRS)
    table["quarter"] = axes.cells["quarter"].to_numpy()[cell]
    table["wet"] = axes.cells["wet"].to_numpy()[cell]
    table["area_m2"] = shapely.area(faces)
    table["use"] = _uses(ground, axes, table, rng)
    return Blocks(table, _borders(edges, faces, lines, np.array(along, dtype=object)))


def neighbours(geometry: Shapes) -> Ints:
    """Pairs a < b of polygons that touch, at a corner too; shape (k, 2), sorted."""
    a, b = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    pairs: Ints = np.column_stack([a, b])[a < b].astype(np.int64)
    ordered: Ints = pairs[np.lexsort(pairs.T[::-1])]
    return ordered


def _faces(edges: Shapes) -> Shapes:
    """Faces of the arrangement, south-west first; crumbs where two street ends cross are given away."""
    faces = shapely.get_parts(shapely.polygonize(edges))
    crumbs = shapely.area(faces) < 200
    if crumbs.any():
        kept, lost = faces[~crumbs], faces[crumbs]
        mine, theirs = shapely.STRtree(kept).query(lost, predicate="intersects")
        shared = shapely.length(shapely.intersection(lost[mine], kept[theirs]))
        order = np.lexsort((theirs, -shared, mine))
        _, first = np.unique(mine[order], return_index=True)
        for i, j in zip(mine[order][first], theirs[order][first], strict=True):
            kept[j] = shapely.union(kept[j], lost[i], grid_size=GRID_M)
        faces = kept
    faces = shapely.normalize(faces)
    corner = shapely.bounds(faces)
    ordered: Shapes = faces[np.lexsort((corner[:, 0], corner[:, 1]))]
    return ordered


def _borders(
    edges: Shapes,
    faces: Shapes,
    lines: Shapes,
    along: Texts,
) -> pd.DataFrame:
    """What runs along each piece of border between two blocks."""
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, face = shapely.STRtree(faces).query(middle, predicate="dwithin", distance=GRID_M)
    line = shapely.STRtree(lines).query_nearest(middle, all_matches=False)[1]
    sides = pd.DataFrame({"edge": edge, "face": face}).groupby("edge")["face"].agg(["min", "max", "size"])
    sides = sides[(sides["size"] == 2) & (sides["min"] < sides["max"])]
    at = sides.index.to_numpy()
    return pd.DataFrame(
        {
            "a": sides["min"].to_numpy(),
            "b": sides["max"].to_numpy(),
            "length_m": shapely.length(edges[at]),
            "along": along[line[at]],
        }
    ).sort_values(["a", "b", "length_m"], ignore_index=True)


def _uses(ground: Ground, axes: Axes, table: gpd.GeoDataFrame, rng: np.random.Generator) -> Texts:
    """What each block is for: denser to the centre, compounds and villages to the edge."""
    cells = axes.cells
    x = (cells["x0"] + cells["x1"]).to_numpy() / 2 - ground.centre[0]
    y = (cells["y0"] + cells["y1"]).to_numpy() / 2 - ground.centre[1]
    out = np.clip(np.hypot(x / (0.62 * ground.width), y / (0.62 * ground.height)), 0, 1)
    out = np.clip(out + rng.normal(0, 0.1, len(cells)), 0, 1)[table["cell"].to_numpy()]
    chances = np.array(list(USES.values()))
    stops = np.array([0.0, 0.45, 0.9])
    weights = np.column_stack([np.interp(out, stops, row) for row in chances])
    # A superblock keeps to one character: half of its blocks follow the first draw.
    mood = rng.random(len(cells))[table["cell"].to_numpy()]
    follow = rng.random(len(table)) < 0.45
    draw = np.where(follow, mood, rng.random(len(table)))
    pick = (np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1) < draw[:, None]).sum(axis=1)
    uses = np.array(list(USES), dtype=object)[np.minimum(pick, len(USES) - 1)]
    small = table["area_m2"].to_numpy() < 9_000
    uses[small & (uses == "industry")] = "office"
    only = cells["only"].to_numpy()[table["cell"].to_numpy()]
    settled: Texts = np.where(only != "", only, uses)
    settled[table["wet"].to_numpy()] = "water"
    return settled

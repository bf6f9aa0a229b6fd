"""The sample's parcels, gated compounds and buildings: rows of footprints inside each block."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.territory.sample_blocks import CRS, GRID_M, Blocks
from districting.territory.sample_ground import Bools, Floats, Ints, Shapes

#: Land kept free beside each street axis, m: carriageways, pavement and green verge.
VERGE_M = {
    "trunk": 30.0,
    "primary": 24.0,
    "secondary": 17.0,
    "tertiary": 14.0,
    "residential": 10.0,
    "service": 8.0,
    "pedestrian": 9.0,
    "river": 60.0,
    "rail": 24.0,
}

#: Parcels that a wall surrounds.
GATED = ("midrise", "tower")


@dataclass(frozen=True)
class Kind:
    """How one use is built: metres, floors, and dwellings on each floor of a building.

    ``fill`` is the share of the places in a row that are built on, ``parcel_m2`` the usual size of a parcel,
    ``persons`` the mean size of a household, ``registered`` registered people per resident.
    """

    label: str
    length: tuple[float, float]
    depth: tuple[float, float]
    gap: tuple[float, float]
    floors: tuple[int, int]
    units: tuple[int, int]
    fill: float
    parcel_m2: float
    occupancy: tuple[float, float] = (0.0, 0.0)
    persons: float = 0.0
    registered: float = 0.0


KINDS = {
    "walkup": Kind("住宅", (46, 62), (11, 13), (7, 13), (5, 7), (4, 8), 0.96, 30_000, (0.80, 0.95), 2.3, 1.15),
    "midrise": Kind("住宅", (40, 58), (13, 15), (12, 21), (8, 18), (4, 6), 0.95, 40_000, (0.78, 0.96), 2.7, 0.75),
    "tower": Kind("住宅", (27, 31), (24, 27), (20, 27), (24, 33), (4, 6), 0.93, 48_000, (0.62, 0.93), 2.8, 0.55),
    "village": Kind("自建房", (10, 13), (10, 13), (3, 4), (3, 5), (1, 2), 0.88, 60_000, (0.75, 0.95), 2.4, 0.35),
    "office": Kind("办公", (36, 56), (26, 34), (26, 30), (6, 24), (0, 0), 0.7, 40_000),
    "school": Kind("学校", (50, 64), (13, 15), (16, 36), (3, 5), (0, 0), 0.55, 60_000),
    "industry": Kind("厂房", (60, 90), (30, 42), (20, 22), (1, 3), (0, 0), 0.75, 70_000),
    "campus": Kind("高校", (48, 70), (16, 20), (34, 44), (4, 9), (0, 0), 0.6, 90_000),
}


@dataclass(frozen=True)
class Homes:
    """Parcels and buildings.

    Parameters
    ----------
    parcels
        Index position; Polygon inside its block; ``block``, ``use``, ``gated``, ``part`` (0 … of its block),
        ``parts``, axes ``ux``, ``uy`` (unit vector of the building rows).
    buildings
        Polygon; ``parcel``, ``block``, ``use``, ``label``, ``floors``, ``dwellings``, ``households``, ``people``,
        ``registered_people``.
    spines
        Inner roads of large compounds, LineString, with the ``parcel`` they serve.
    """

    parcels: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    spines: gpd.GeoDataFrame


def build_homes(
    blocks: Blocks,
    *,
    streets: Shapes,
    classes: npt.NDArray[np.object_],
    kept_free: Shapes,
    rng: np.random.Generator,
) -> Homes:
    """Parcels in every built block, and buildings in rows on them.

    Parameters
    ----------
    streets, classes
        Every line that land must be kept free of (street axes, railway, river), and its class.
    kept_free
        Lakes and roundabouts: no building within 4.5 m.
    """
    parcels = _parcels(blocks, streets, classes, rng)
    spines = _spines(blocks, parcels, rng)
    dead_ends = streets[np.isin(classes, ["residential", "service", "pedestrian", "tertiary"])]
    lanes = np.concatenate([dead_ends, spines.geometry.to_numpy()])
    shapes, parcel = _footprints(
        parcels, parcels.index.isin(spines["parcel"]), np.concatenate([lanes, kept_free]), rng
    )
    return Homes(parcels, _people(parcels, shapes, parcel, rng), spines)


def _frames(shapes: Shapes) -> tuple[Floats, Floats, Floats, Floats]:
    """Oriented frames: corner, unit vector nearest to east, and the extents along it and across it."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shapes)).reshape(len(shapes), 5, 2)
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    flat = np.abs(first[:, 0]) * np.hypot(*second.T) >= np.abs(second[:, 0]) * np.hypot(*first.T)
    u = np.where(flat[:, None], first, second)
    u = u / np.hypot(*u.T)[:, None]
    u = np.where(u[:, :1] < 0, -u, u)
    v = np.column_stack([-u[:, 1], u[:, 0]])
    along = np.einsum("ijk,ik->ij", corners, u)
    across = np.einsum("ijk,ik->ij", corners, v)
    origin = along.min(axis=1)[:, None] * u + across.min(axis=1)[:, None] * v
    return origin, u, np.ptp(along, axis=1), np.ptp(across, axis=1)


def _quads(origin: Floats, u: Floats, x0: Floats, x1: Floats, y0: Floats, y1: Floats) -> Shapes:
    """Rectangles in the frames (``origin``, ``u``)."""
    v = np.column_stack([-u[:, 1], u[:, 0]])
    xs, ys = np.column_stack([x0, x1, x1, x0]), np.column_stack([y0, y0, y1, y1])
    rings = origin[:, None, :] + xs[..., None] * u[:, None, :] + ys[..., None] * v[:, None, :]
    return np.asarray(shapely.polygons(rings), dtype=object)


def _parcels(
    blocks: Blocks, streets: Shapes, classes: npt.NDArray[np.object_], rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Blocks sliced across their long side, pulled back from the streets."""
    table = blocks.table[blocks.table["use"].isin(KINDS)]
    shapes = table.geometry.to_numpy()
    origin, u, wide, deep = _frames(shapes)
    usual = table["use"].map({use: kind.parcel_m2 for use, kind in KINDS.items()}).to_numpy()
    parts = np.clip(np.round(table["area_m2"].to_numpy() / usual * rng.uniform(0.6, 1.1, len(table))), 1, 4)
    parts = parts.astype(np.int64)
    block = np.repeat(np.arange(len(table)), parts)
    part = np.arange(len(block)) - np.repeat(np.cumsum(parts) - parts, parts)
    low, high = part / parts[block], (part + 1) / parts[block]
    lying = (wide >= deep)[block]
    w, d = wide[block], deep[block]
    zero = np.zeros(len(block))
    slices = _quads(
        origin[block],
        u[block],
        np.where(lying, low * w, zero - 5),
        np.where(lying, high * w, w + 5),
        np.where(lying, zero - 5, low * d),
        np.where(lying, d + 5, high * d),
    )
    cut = shapely.buffer(shapely.intersection(shapes[block], slices), -3.0, join_style="mitre")
    cut = _clear_of(cut, streets, np.array([VERGE_M[c] for c in classes]))
    cut = shapely.set_precision(shapely.simplify(_largest_part(cut), 0.3), GRID_M)
    cut = _largest_part(cut)
    kept = shapely.area(cut) > 1_500
    uses = table["use"].to_numpy()[block]
    frame = gpd.GeoDataFrame(
        {
            "block": table.index.to_numpy()[block],
            "use": uses,
            "gated": np.isin(uses, GATED),
            "part": part,
            "parts": parts[block],
            "ux": u[block, 0],
            "uy": u[block, 1],
        },
        geometry=cut,
        crs=CRS,
    )
    return frame[kept].reset_index(drop=True)


def _clear_of(shapes: Shapes, lines: Shapes, widths: Floats) -> Shapes:
    """Shapes without the corridors of the lines near them; one bulk difference per nearby line in turn."""
    corridors = shapely.buffer(lines, widths, quad_segs=4)
    shape, line = shapely.STRtree(corridors).query(shapes, predicate="intersects")
    order = np.lexsort((line, shape))
    shape, line = shape[order], line[order]
    turn = np.arange(len(shape)) - np.searchsorted(shape, shape)
    made = shapes.copy()
    for k in range(int(turn.max(initial=-1)) + 1):
        now = turn == k
        made[shape[now]] = shapely.difference(made[shape[now]], corridors[line[now]])
    return made


def _largest_part(shapes: Shapes) -> Shapes:
    """The largest polygon of each shape; an empty one where nothing is left."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    polygon = shapely.get_type_id(parts) == 3
    parts, owner = parts[polygon], owner[polygon]
    order = np.lexsort((-shapely.area(parts), owner))
    found, first = np.unique(owner[order], return_index=True)
    made = np.full(len(shapes), shapely.Polygon(), dtype=object)
    made[found] = parts[order][first]
    return made


def _spines(blocks: Blocks, parcels: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """A road through the middle of large lived-in parcels, across the rows, from street to street."""
    large = (parcels.area > 21_000) & parcels["use"].isin(["walkup", "midrise", "tower", "village"])
    chosen = parcels[large & (rng.random(len(parcels)) < 0.7)]
    middle = shapely.get_coordinates(shapely.centroid(chosen.geometry.to_numpy()))
    v = np.column_stack([-chosen["uy"], chosen["ux"]])
    reach = rng.choice([900.0, 25.0], len(chosen), p=[0.55, 0.45])[:, None]
    lines = shapely.linestrings(np.stack([middle - 900 * v, middle + reach * v], axis=1))
    inside = shapely.intersection(lines, blocks.table.geometry.to_numpy()[chosen["block"]])
    single = shapely.get_type_id(inside) == 1
    lines = shapely.set_precision(inside[single], GRID_M)
    return gpd.GeoDataFrame({"parcel": chosen.index[single]}, geometry=lines, crs=CRS)


def _footprints(
    parcels: gpd.GeoDataFrame, divided: Bools, obstacles: Shapes, rng: np.random.Generator
) -> tuple[Shapes, Ints]:
    """Footprints in rows on every parcel, clear of its edge and of obstacles, and the parcel of each."""
    shapes = parcels.geometry.to_numpy()
    made, p = _rows(parcels, divided, rng)
    shapely.prepare(shapes)
    fits = shapely.contains_properly(shapes[p], made)
    fits &= rng.random(len(p)) < np.array([KINDS[use].fill for use in parcels["use"]])[p]
    near = np.unique(shapely.STRtree(made).query(obstacles, predicate="dwithin", distance=4.5)[1])
    fits[near] = False
    return shapely.set_precision(made[fits], GRID_M), p[fits]


def _rows(parcels: gpd.GeoDataFrame, divided: Bools, rng: np.random.Generator) -> tuple[Shapes, Ints]:
    """Every place in the rows over the extent of each parcel, and its parcel; many lie partly outside."""
    u = parcels[["ux", "uy"]].to_numpy()
    v = np.column_stack([-u[:, 1], u[:, 0]])
    points, owner = shapely.get_coordinates(parcels.geometry.to_numpy(), return_index=True)
    starts = np.searchsorted(owner, np.arange(len(parcels)))
    along, across = (points * u[owner]).sum(axis=1), (points * v[owner]).sum(axis=1)
    a0, c0 = np.minimum.reduceat(along, starts), np.minimum.reduceat(across, starts)
    wide, deep = np.maximum.reduceat(along, starts) - a0, np.maximum.reduceat(across, starts) - c0

    kinds = [KINDS[use] for use in parcels["use"]]
    length = rng.uniform(*np.array([k.length for k in kinds]).T)
    depth = rng.uniform(*np.array([k.depth for k in kinds]).T)
    gap = np.array([k.gap for k in kinds]) * rng.uniform(0.85, 1.15, (len(kinds), 1))
    nx = np.maximum(1, ((wide - 8 + gap[:, 0]) // (length + gap[:, 0])).astype(int))
    ny = np.maximum(1, ((deep - 8 + gap[:, 1]) // (depth + gap[:, 1])).astype(int))
    nx -= np.where(divided & (nx > 1), nx % 2, 0)  # no row through the inner road
    # Spread what is left over between the rows: rows of a compound use its whole depth.
    px, py = (wide - 8 + gap[:, 0]) / nx, (deep - 8 + gap[:, 1]) / ny

    count = nx * ny
    p = np.repeat(np.arange(len(parcels)), count)
    k = np.arange(len(p)) - np.repeat(np.cumsum(count) - count, count)
    column, row = k % nx[p], k // nx[p]
    row_shift = rng.uniform(-0.5, 0.5, ny.sum())[(np.cumsum(ny) - ny)[p] + row]
    slack = np.maximum(px - length, 0)[p]
    x = a0[p] + 4 + column * px[p] + slack * (0.25 + 0.3 * row_shift) + rng.uniform(-0.08, 0.08, len(p)) * slack
    y = c0[p] + 4 + row * py[p] + rng.uniform(0, 0.12, len(p)) * np.maximum(py - depth, 0)[p]
    long = length[p] * rng.choice([1.0, 1.0, 0.86, 0.72], len(p))
    origin = x[:, None] * u[p] + y[:, None] * v[p]
    zero = np.zeros(len(p))
    made = _quads(origin, u[p], zero, long, zero, depth[p])
    tall = parcels["use"].to_numpy()[p] == "tower"
    made[tall] = _crosses(origin[tall], u[p][tall], long[tall], depth[p][tall])
    return made, p


def _crosses(origin: Floats, u: Floats, long: Floats, deep: Floats) -> Shapes:
    """Towers in the shape of a fat cross, as their stairwells and light wells make them."""
    v = np.column_stack([-u[:, 1], u[:, 0]])
    s = np.array([0.25, 0.75, 0.75, 1, 1, 0.75, 0.75, 0.25, 0.25, 0, 0, 0.25])
    t = np.array([0, 0, 0.22, 0.22, 0.8, 0.8, 1, 1, 0.8, 0.8, 0.22, 0.22])
    xs, ys = s * long[:, None], t * deep[:, None]
    rings = origin[:, None, :] + xs[..., None] * u[:, None, :] + ys[..., None] * v[:, None, :]
    return np.asarray(shapely.polygons(rings), dtype=object)


def _people(parcels: gpd.GeoDataFrame, shapes: Shapes, parcel: Ints, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Floors, dwellings, households and people of every building; parcels have a character of their own."""
    uses = parcels["use"].to_numpy()
    kinds = [KINDS[use] for use in uses]

    def drawn(name: str) -> Floats:
        low, high = np.array([getattr(kind, name) for kind in kinds], dtype=float).T
        values: Floats = low + (high - low) * rng.random(len(kinds))
        return values

    floors = np.clip(np.round(drawn("floors")[parcel] + rng.choice([-1, 0, 0, 0, 1], len(parcel))), 1, 33)
    units = np.round(drawn("units"))[parcel]
    occupancy, persons = drawn("occupancy")[parcel], np.array([k.persons for k in kinds])[parcel]
    registered = (np.array([k.registered for k in kinds]) * rng.uniform(0.8, 1.2, len(kinds)))[parcel]
    # Some buildings at the gate are shops: floors, but nobody lives there.
    shop = (rng.random(len(parcel)) < 0.06) & np.isin(uses[parcel], ("walkup", "midrise"))
    floors = np.where(shop, rng.integers(2, 5, len(parcel)), floors)
    dwellings = np.where(shop, 0, floors * units).astype(np.int64)
    households = rng.binomial(dwellings, occupancy)
    people = np.round(households * persons * rng.uniform(0.93, 1.07, len(parcel))).astype(np.int64)
    labels = np.where(shop, "商铺", np.array([k.label for k in kinds], dtype=object)[parcel])
    table: pd.DataFrame = pd.DataFrame(
        {
            "parcel": parcel,
            "block": parcels["block"].to_numpy()[parcel],
            "use": uses[parcel],
            "label": labels,
            "floors": floors.astype(np.int64),
            "dwellings": dwellings,
            "households": households,
            "people": people,
            "registered_people": np.round(people * registered).astype(np.int64),
        }
    )
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)

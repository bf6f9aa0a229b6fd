"""Xi'an Beilin as problems of realistic size, one per sub-district, from rough atoms made here.

The atoms are blocks, cut between building groups where they hold more than a thousand households, and joined
where nobody lives. The real cutting is tested elsewhere; solvers only need land of the right size and shape.
"""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.cluster.vq import kmeans2
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.problem import Problem, Seat, Window
from tests.places import DATA

FOLDER = DATA / "xian_beilin"
CAP = 1000
MAIN = ("motorway", "trunk", "primary", "secondary")


@cache
def rough_atoms() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Atoms (subdistrict, community_id, households, geometry) and buildings with their atom."""
    blocks = gpd.read_file(FOLDER / "blocks.gpkg")
    buildings = gpd.read_file(FOLDER / "buildings.gpkg")
    cells = []
    for block in blocks.itertuples():
        mine = buildings[buildings["block_id"] == block.block_id]
        parts = int(np.ceil(mine["households"].sum() / CAP))
        if parts < 2:
            cells.append((block.block_id, block.subdistrict, block.community_id, block.geometry))
            continue
        xy = np.column_stack([mine.geometry.x, mine.geometry.y])
        centres, _ = kmeans2(xy, parts, minit="++", rng=np.random.default_rng(7))
        voronoi = shapely.voronoi_polygons(shapely.MultiPoint(centres), extend_to=block.geometry)
        for cell in voronoi.geoms:
            piece = cell.intersection(block.geometry)
            cells.append((block.block_id, block.subdistrict, block.community_id, piece))
    atoms = gpd.GeoDataFrame(
        cells, columns=["block_id", "subdistrict", "community_id", "geometry"], geometry="geometry", crs=blocks.crs
    )
    nearest = buildings[["building_id", "households", "geometry"]].sjoin_nearest(atoms[["geometry"]])
    buildings = buildings.assign(atom=nearest.groupby(level=0)["index_right"].first())
    atoms["households"] = buildings.groupby("atom")["households"].sum().reindex(atoms.index, fill_value=0)
    return atoms, buildings


def _edges(atoms: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that face each other within 2 m, and the length on which they do."""
    shapes = atoms.geometry.to_numpy()
    wide = shapely.buffer(shapes, 1.0)
    a, b = shapely.STRtree(wide).query(wide, predicate="intersects")
    a, b = a[a < b], b[a < b]
    length = shapely.length(shapely.intersection(shapely.boundary(shapes[a]), shapely.buffer(shapes[b], 2.0)))
    keep = length >= 10.0
    return np.column_stack([a, b])[keep], length[keep]


@cache
def beilin(
    subdistrict: str, low: int = 1000, high: int = 5000, reach_m: float | None = None, headroom: float = 0.0
) -> Problem:
    """One sub-district (``"太乙路街道"`` …) with straight distances."""
    all_atoms, all_buildings = rough_atoms()
    atoms = all_atoms[all_atoms["subdistrict"] == subdistrict].copy()
    buildings = all_buildings[all_buildings["atom"].isin(atoms.index)].copy()
    # Empty land joins the neighbour of its own community with which it shares most border.
    while True:
        atoms = atoms.reset_index(names="old")
        buildings["atom"] = buildings["atom"].map(pd.Series(atoms.index, index=atoms["old"]))
        atoms = atoms.drop(columns="old")
        edges, length = _edges(atoms)
        into: dict[int, int] = {}
        for atom in atoms.index[atoms["households"] < 30]:
            touching = (edges == atom).any(axis=1)
            other = edges[touching].sum(axis=1) - atom
            same = atoms["community_id"].to_numpy()[other] == atoms["community_id"][atom]
            if same.any() and atom not in into.values():
                target = int(other[same][np.argmax(length[touching][same])])
                if target not in into:
                    into[int(atom)] = target
        if not into:
            break
        buildings["atom"] = buildings["atom"].replace(into)
        joined = atoms.assign(group=[into.get(i, i) for i in atoms.index])
        households = joined.groupby("group")["households"].sum()
        atoms = joined.dissolve("group", aggfunc="first").assign(households=households)
    n = len(atoms)
    households = atoms["households"].to_numpy().astype(np.int64)
    community_ids = tuple(
        sorted(gpd.read_file(FOLDER / "communities.gpkg").query("subdistrict == @subdistrict")["community_id"])
    )
    today = pd.Index(community_ids).get_indexer(pd.Index(atoms["community_id"])).astype(np.int64)

    weight = buildings["households"].to_numpy(dtype=float)
    where = buildings["atom"].to_numpy().astype(int)
    bxy = np.column_stack([buildings.geometry.x, buildings.geometry.y])
    inside = shapely.get_coordinates(atoms.geometry.representative_point().to_numpy())
    total = np.bincount(where, weight, n)
    xy = np.column_stack([np.bincount(where, weight * bxy[:, k], n) for k in (0, 1)])
    xy = np.where(total[:, None] > 0, xy / np.maximum(total, 1)[:, None], inside)

    facilities = gpd.read_file(FOLDER / "facilities.gpkg")
    tree = shapely.STRtree(atoms.geometry.to_numpy())
    seats = []
    for row in facilities[facilities["community_id"].isin(community_ids)].itertuples():
        atom = int(tree.nearest(row.geometry))
        owner = community_ids.index(row.community_id)
        if today[atom] != owner:
            atom = int(
                np.flatnonzero(today == owner)[
                    np.argmin(shapely.distance(atoms.geometry.to_numpy()[today == owner], row.geometry))
                ]
            )
        seats.append(Seat(atom, row.geometry.x, row.geometry.y, owner))

    def distances(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        d = np.hypot(bxy[:, None, 0] - points[None, :, 0], bxy[:, None, 1] - points[None, :, 1])
        lived = weight > 0
        far = np.zeros((n, len(points)))
        np.maximum.at(far, where[lived], d[lived])
        mean = np.zeros((n, len(points)))
        np.add.at(mean, where, d * weight[:, None])
        centre = np.hypot(xy[:, None, 0] - points[None, :, 0], xy[:, None, 1] - points[None, :, 1])
        return np.where(total[:, None] > 0, mean / np.maximum(total, 1)[:, None], centre), far

    seat_mean, seat_far = distances(np.array([[s.x, s.y] for s in seats]).reshape(-1, 2))
    site_mean, site_far = distances(xy)
    roads = gpd.read_file(FOLDER / "roads.gpkg")
    main = shapely.buffer(roads[roads["road_class"].isin(MAIN)].union_all(), 15.0)
    shapes = atoms.geometry.to_numpy()
    shared = shapely.intersection(shapely.boundary(shapes[edges[:, 0]]), shapely.buffer(shapes[edges[:, 1]], 2.0))
    along = shapely.length(shapely.intersection(shared, main))
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    piece = connected_components(graph, directed=False)[1].astype(np.int64)
    gaps = []
    pieces = piece.max() + 1
    for a in range(pieces):
        for b in range(a + 1, pieces):
            pa, pb = np.flatnonzero(piece == a), np.flatnonzero(piece == b)
            if min(total[pa].sum(), total[pb].sum()) >= low:
                continue
            d = shapely.distance(shapes[pa][:, None], shapes[pb][None, :])
            i, j = np.unravel_index(np.argmin(d), d.shape)
            gaps.append((int(pa[i]), int(pb[j])))
    return Problem(
        name=subdistrict,
        atom_ids=tuple(f"A{i:03d}" for i in range(n)),
        community_ids=community_ids,
        households=households,
        xy=xy,
        today=today,
        edges=edges.astype(np.int64),
        open_km=np.maximum(length - along, 0.0) / 1000,
        crossing_km=along / 1000,
        windows=(Window("households", households.astype(float), low, high),),
        target=(low + high) / 2,
        seats=tuple(seats),
        seat_distance_m=seat_mean,
        seat_reach_m=seat_far,
        site_distance_m=site_mean,
        site_reach_m=site_far,
        reach_limit_m=reach_m,
        piece=piece,
        gaps=tuple(gaps),
        headroom=headroom,
    )


SUBDISTRICTS = (
    "东关南街街道",
    "南院门街道",
    "太乙路街道",
    "张家村街道",
    "文艺路街道",
    "柏树林街道",
    "长乐坊街道",
    "长安路街道",
)

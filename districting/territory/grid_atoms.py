"""The ground of the grid level: every community is what a sub-district is one level up, and is cut finer.

Each step of the cut keeps to one sub-district, and atoms of two sub-districts are never joined. Communities are
therefore handed to the same recipe in the place of sub-districts: what comes out nests in communities by
construction, whether they are today's, unions of atoms or polygons drawn by hand. Method §22.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.progress import Progress, silent
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.borders import Ints, Shapes, polygon_parts
from districting.territory.cutting import cut_atoms
from districting.territory.joining import join_atoms
from districting.territory.layers import Layers
from districting.territory.territory import Territory

#: A building counts as inside its community once it lies this far from the border, m.
INSIDE_M = 0.5
#: Overlaps of drawn communities, and land left of them, below this are rounding, m².
ROUNDING_M2 = 1.0


@dataclass(frozen=True)
class GridGround:
    """Communities cut into atoms for grids.

    Parameters
    ----------
    territory
        The ground with communities in the place of sub-districts (``subdistrict_id`` is the community's id) and
        no communities in it. Buildings in no community are left out. A building outside the land of its own
        community stands at the nearest place inside.
    strayed_m
        Index ``building_id``: how far each of those was from its community, m.
    """

    territory: Territory
    strayed_m: pd.Series[float]

    def by_community(self) -> Iterator[tuple[str, Territory]]:
        """The ground of each community alone, by id, so that posing one does not look at the whole city."""
        atoms, graph, layers = self.territory.atoms, self.territory.graph, self.territory.layers
        ids = layers.subdistricts.index
        of_atom = atoms.table["subdistrict_id"]
        rows = _grouped(ids, of_atom)
        homes = _grouped(ids, layers.buildings["subdistrict_id"])
        edges = _grouped(ids, of_atom.reindex(graph.edges["atom_a"]))
        runs = _grouped(pd.RangeIndex(len(graph.edges)), graph.runs["edge_pos"])
        gaps = _grouped(ids, of_atom.reindex(graph.gaps["atom_a"]))
        for at, community_id in enumerate(ids):
            buildings = layers.buildings.iloc[homes[at]]
            own_runs = [runs[edge] for edge in edges[at]]
            mine = graph.runs.iloc[np.concatenate(own_runs) if own_runs else []]
            yield (
                str(community_id),
                Territory(
                    replace(layers, buildings=buildings, subdistricts=layers.subdistricts.iloc[[at]]),
                    replace(
                        atoms,
                        table=atoms.table.iloc[rows[at]],
                        building_atom=atoms.building_atom.iloc[homes[at]],
                        notes=(),
                    ),
                    AdjacencyGraph(
                        graph.edges.iloc[edges[at]].reset_index(drop=True).rename_axis("edge_pos"),
                        mine.assign(edge_pos=np.searchsorted(edges[at], mine["edge_pos"])).reset_index(drop=True),
                        graph.outer.iloc[:0],
                        graph.gaps.iloc[gaps[at]].reset_index(drop=True),
                    ),
                ),
            )


def cut_grid_ground(
    layers: Layers,
    communities: gpd.GeoDataFrame,
    members: pd.Series[str],
    *,
    cap: int,
    whole: int,
    progress: Progress = silent,
) -> GridGround:
    """Cut the land of each community for its grids.

    Parameters
    ----------
    layers
        The case, in one metric CRS.
    communities
        Index ``community_id`` (sorted); column ``name``, (Multi)Polygons in the same CRS. Of land drawn twice the
        first by id keeps what it claims.
    members
        Index ``building_id`` (every building of the case); the community of each, None in none.
    cap
        Households that an atom may hold, unless it is a single building or a compound.
    whole
        Households up to which a compound is one atom.
    progress
        Told of the cut and the join.

    Raises
    ------
    LayerError
        If ``cap`` is below 1 or no community has land.
    """
    land = _without_overlaps(communities)
    outlines = gpd.GeoDataFrame(
        {"name": communities["name"].loc[land.index].astype(object)}, geometry=land, crs=layers.crs
    ).rename_axis("subdistrict_id")
    home = outlines.index.get_indexer(pd.Index(members.reindex(layers.buildings.index).fillna("")))
    buildings = layers.buildings[home >= 0].copy()
    home = home[home >= 0].astype(np.int64)
    points, strayed = _inside(buildings.geometry, outlines.geometry.to_numpy(), home)
    buildings = buildings.set_geometry(points)
    buildings["subdistrict_id"] = outlines.index.to_numpy(dtype=object)[home]
    buildings["community_id"] = None
    buildings, compounds = _compounds_by_community(buildings, layers.compounds, outlines)
    finer = replace(
        layers,
        buildings=buildings,
        footprints=layers.footprints[layers.footprints.index.isin(buildings.index)],
        communities=layers.communities.iloc[:0],
        subdistricts=outlines,
        facilities=layers.facilities.iloc[:0],
        compounds=compounds,
        sources=(),
        notes=(),
    )
    atoms = cut_atoms(finer, cap=cap, whole=whole, progress=progress)
    graph = join_atoms(finer, atoms, progress=progress)
    return GridGround(Territory(finer, atoms, graph), strayed)


def _without_overlaps(communities: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Land of each community; what two claim belongs to the first by id. Communities without land drop out."""
    shapes: Shapes = communities.geometry.to_numpy().copy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    later = one < other
    one, other = one[later], other[later]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other])) > ROUNDING_M2
    for first, second in sorted(zip(one[shared].tolist(), other[shared].tolist(), strict=True)):
        parts = polygon_parts(shapely.difference(shapes[second], shapes[first]))
        shapes[second] = shapely.union_all(parts[shapely.area(parts) > ROUNDING_M2])
    land = gpd.GeoSeries(shapes, index=communities.index, crs=communities.crs)
    return land[shapely.area(shapes) > ROUNDING_M2]


def _inside(points: gpd.GeoSeries, outlines: Shapes, home: Ints) -> tuple[gpd.GeoSeries, pd.Series[float]]:
    """Buildings on the land of their own community, and how far outside those stand that had to be moved, m."""
    inner = shapely.buffer(outlines, -2 * INSIDE_M)
    narrow = shapely.is_empty(inner)
    inner[narrow] = shapely.point_on_surface(outlines[narrow])
    shapely.prepare(outlines)
    where = points.to_numpy().copy()
    outside = ~shapely.contains_properly(outlines[home], where)
    outside |= shapely.distance(where, shapely.boundary(outlines)[home]) < INSIDE_M
    moved = np.flatnonzero(outside)
    apart = pd.Series(shapely.distance(where[moved], outlines[home[moved]]), index=points.index[moved])
    where[moved] = shapely.get_point(shapely.shortest_line(where[moved], inner[home[moved]]), -1)
    return gpd.GeoSeries(where, index=points.index, crs=points.crs), apart[apart > INSIDE_M]


def _compounds_by_community(
    buildings: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Compounds as each community holds them: a part of one that lies in two is a compound of its own there."""
    given, community = buildings["compound_id"], buildings["subdistrict_id"]
    known = given.notna().to_numpy()
    named = given.astype(object).where(~known, given.astype(str) + "\n" + community.astype(str))
    buildings = buildings.assign(compound_id=named.where(known, None).astype(object))
    pairs = pd.DataFrame({"row": given[known], "community": community[known]}).drop_duplicates()
    pairs = pairs[pairs["row"].isin(compounds.index)].sort_values(["row", "community"])
    found = compounds.loc[pairs["row"]].copy()
    found.index = pd.Index(pairs["row"].astype(str) + "\n" + pairs["community"].astype(str), name="compound_id")
    if "name" in found:
        names = found["name"].astype(object)
        found["name"] = names.where(names.isna(), names.astype(str) + "\n" + pairs["community"].to_numpy())
    land = outlines.geometry.loc[pairs["community"]].to_numpy()
    clipped = shapely.intersection(found.geometry.to_numpy(), land)
    own = np.array([shapely.union_all(polygon_parts(shape)) for shape in clipped], dtype=object)
    return buildings, found.set_geometry(gpd.GeoSeries(own, index=found.index, crs=compounds.crs))


def _grouped(groups: pd.Index[Any], of: Any) -> list[Ints]:
    """Positions of the rows of each group, ascending, in the order of the groups; rows of none drop out."""
    at = groups.get_indexer(pd.Index(of))
    order = np.argsort(at, kind="stable")
    begins = np.searchsorted(at[order], np.arange(len(groups) + 1))
    return [np.sort(order[begins[k] : begins[k + 1]]).astype(np.int64) for k in range(len(groups))]

"""Xi'an Beilin as a territory with its street blocks as atoms, for judging today on real streets."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.land import as_text, largest_overlap, named
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.layers import Layers
from districting.territory.territory import Territory
from tests.places import DATA
from tests.territory.shared_places import layers_from_shared

_RUNS = ["edge_pos", "border_class", "border_name", "length_m"]


def beilin() -> Territory:
    """The territory; borders of its rough atoms are known by length only, not by what runs along them."""
    layers = beilin_layers()
    blocks = gpd.read_file(DATA / "xian_beilin" / "blocks.gpkg").set_index("block_id").sort_index()
    homes = layers.buildings
    table = gpd.GeoDataFrame(
        {
            "households": homes.groupby("block_id")["households"].sum().reindex(blocks.index, fill_value=0),
            "area_m2": blocks.area,
            "x": blocks.representative_point().x,
            "y": blocks.representative_point().y,
            "subdistrict_id": blocks["subdistrict"].astype(object),
            "community_id": blocks["community_id"].astype(object),
        },
        geometry=blocks.geometry,
        crs=blocks.crs,
    )
    table.index.name = "atom_id"
    atoms = Atoms(table, homes["block_id"].astype(object), cap=20_000)
    return Territory(layers, atoms, _graph(table))


def beilin_layers() -> Layers:
    """The layers, with the columns that the plain reading leaves out."""
    layers = layers_from_shared("xian_beilin")
    communities, facilities = layers.communities.copy(), layers.facilities.copy()
    districts = layers.subdistricts
    pos = largest_overlap(communities.geometry.to_numpy(), districts.geometry.to_numpy())
    communities["subdistrict_id"] = named(districts.index, pos, communities.index)
    facilities = facilities[facilities["kind"] == "community_service_centre"]
    facilities = facilities.assign(name=None, floor_area_m2=np.nan)
    buildings = layers.buildings.copy()
    buildings["community_id"] = as_text(buildings["community_id"])
    return replace(layers, communities=communities, facilities=facilities, buildings=buildings)


def _graph(table: gpd.GeoDataFrame) -> AdjacencyGraph:
    """Blocks that face each other across at most 2 m."""
    shapes = table.geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=2.0)
    a, b = a[a < b], b[a < b]
    shared = shapely.length(shapely.intersection(shapely.boundary(shapes[a]), shapely.buffer(shapes[b], 2.0)))
    kept = np.lexsort((b, a))
    kept = kept[shared[kept] > 0]
    edges = pd.DataFrame(
        {
            "atom_a": table.index[a[kept]],
            "atom_b": table.index[b[kept]],
            "shared_m": shared[kept],
            "border_class": "none",
            "border_name": None,
            "crossable": shared[kept] >= 10,
        }
    ).rename_axis("edge_pos")
    return AdjacencyGraph(
        edges, pd.DataFrame(columns=_RUNS), pd.DataFrame(columns=["atom_id", *_RUNS[1:]]), pd.DataFrame()
    )

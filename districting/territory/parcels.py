"""Sub-districts divided along the borders of zones that no community may straddle, before land is cut. Method §2.

Every step of the cut keeps to one sub-district; what is to be cut apart is therefore given to it as sub-districts,
and named again afterwards.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.territory.atoms import Atoms
from districting.territory.borders import Ints, Shapes, border_segments, dissolved, neighbour_lengths
from districting.territory.compounds import Units
from districting.territory.layers import Layers
from districting.territory.slivers import inscribed_radius_m

#: Empty strips between two drawings of what is meant as one line are no parcel, largest inscribed circle, m.
STRIP_M = 15.0


@dataclass(frozen=True)
class Parcels:
    """The ground by parcels: connected or not, each lies in one sub-district and in one zone of every kind.

    Parameters
    ----------
    layers
        The case's layers with the parcels in place of the sub-districts.
    subdistrict_id
        Shape (parcels,), object.
    """

    layers: Layers
    subdistrict_id: Shapes

    def split(self, units: Units) -> Units:
        """Whole units, those that lie in several parcels taken apart: a compound yields to a forbidden border."""
        points = self.layers.buildings.geometry.to_numpy()
        building, parcel = shapely.STRtree(self.layers.subdistricts.geometry.to_numpy()).query(
            points, predicate="intersects"
        )
        lies_in = np.full(len(points), len(self.subdistrict_id), dtype=np.int64)
        np.minimum.at(lies_in, building, parcel)
        inside = np.flatnonzero(units.of_building >= 0)
        pairs, number = np.unique(
            np.stack([units.of_building[inside], lies_in[inside]], axis=1), axis=0, return_inverse=True
        )
        of_building = np.full(len(points), -1, dtype=np.int64)
        of_building[inside] = number.reshape(-1)
        return Units(land=units.land[pairs[:, 0]], of_building=of_building, compound=units.compound)

    def named_again(self, atoms: Atoms) -> Atoms:
        """Atoms cut by parcels, with the sub-districts that they lie in."""
        known = pd.Series(self.subdistrict_id, index=self.layers.subdistricts.index, dtype=object)
        names = atoms.table["subdistrict_id"].map(known).astype(object)
        return replace(atoms, table=atoms.table.assign(subdistrict_id=names))


def parcels(layers: Layers, kinds: Collection[str]) -> Parcels:
    """Divide the sub-districts along the borders of the zones of some kinds.

    Where zones overlap, the first by id counts. Land in no zone is a parcel of its own. Empty strips under
    ``STRIP_M``, which two drawings of one line leave, join the neighbour with the longest common border.

    Parameters
    ----------
    layers
        In one metric CRS.
    kinds
        Kinds of zone; those that the layer does not have divide nothing.
    """
    districts: Shapes = layers.subdistricts.geometry.to_numpy()
    zones = [layers.zones.geometry[layers.zones["kind"] == kind].to_numpy() for kind in sorted(kinds)]
    zones = [shapes for shapes in zones if len(shapes)]
    lines = shapely.boundary(np.concatenate([districts, *zones]))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    inner = shapely.point_on_surface(faces)
    labels = np.stack([_first_around(inner, shapes) for shapes in (districts, *zones)], axis=1)
    land = labels[:, 0] >= 0
    faces, labels = faces[land], labels[land]
    labels = _without_strips(faces, labels, layers.buildings)
    names, group = np.unique(labels, axis=0, return_inverse=True)
    parts, number = dissolved(faces, group.reshape(-1).astype(np.int64))
    whole = np.array([shapely.multipolygons(parts[number == at]) for at in range(len(names))], dtype=object)
    ids = layers.subdistricts.index.to_numpy(dtype=object)[names[:, 0]]
    table = gpd.GeoDataFrame(
        {"name": ids},
        geometry=whole,
        index=pd.Index([f"parcel {at:06d}" for at in range(len(names))], name="subdistrict_id", dtype=object),
        crs=layers.crs,
    )
    return Parcels(replace(layers, subdistricts=table), ids)


def _first_around(points: Shapes, shapes: Shapes) -> Ints:
    """Position of the first shape that holds each point, -1 for none."""
    found = np.full(len(points), len(shapes), dtype=np.int64)
    point, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
    np.minimum.at(found, point, shape)
    return np.where(found == len(shapes), -1, found)


def _without_strips(faces: Shapes, labels: Ints, buildings: gpd.GeoDataFrame) -> Ints:
    """Labels with empty strips given to the neighbour of the same sub-district that they touch most."""
    homes = buildings.geometry[buildings["horizon_households"] > 0].to_numpy()
    lived_in = np.zeros(len(faces), dtype=bool)
    lived_in[shapely.STRtree(faces).query(homes, predicate="intersects")[1]] = True
    strip = (2 * inscribed_radius_m(faces) < STRIP_M) & ~lived_in
    touching = neighbour_lengths(border_segments(faces))
    pairs = pd.concat([touching, touching.rename(columns={"first": "second", "second": "first"})])
    first, second = pairs["first"].to_numpy(), pairs["second"].to_numpy()
    pairs = pairs[strip[first] & (labels[first, 0] == labels[second, 0])]
    labels = labels.copy()
    while True:
        ready = pairs[strip[pairs["first"]] & ~strip[pairs["second"]]]
        if ready.empty:
            return labels
        best = ready.sort_values(["shared_m", "second"]).drop_duplicates("first", keep="last")
        labels[best["first"]] = labels[best["second"]]
        strip[best["first"]] = False

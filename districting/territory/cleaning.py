"""What is doubtful in layers that could be read: the further checks of ``districting doctor``.

Nothing here stops a run or changes a layer. What reading itself mended stands in ``Layers.notes``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.errors import Fault
from districting.territory.columns import examples
from districting.territory.crs import to_degrees
from districting.territory.gcj02 import shift_deg
from districting.territory.layers import Layers

#: Buildings nearer than this to the line of a main road, in m, stand on it.
ON_ROAD_M = 3.0
#: A building without households that has this many floors, or dwellings, is worth a question.
TOWER_FLOORS, TOWER_DWELLINGS = 10, 20
#: Households of one building point above which it is more likely a whole compound.
ONE_POINT_HOUSEHOLDS = 1000
#: A building is not where its community is if it stands further away than this, in m.
FAR_M = 100.0
#: Parts of a community smaller than this, in m², are drawing noise.
PART_M2 = 100.0

_MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
_SAMPLE = 4000


def inspect_layers(layers: Layers) -> tuple[Fault, ...]:
    """Everything doubtful in the layers, each as a warning with its count, examples and a place on the map."""
    checks: tuple[Callable[[Layers], Fault | None], ...] = (
        _empty_towers,
        _heavy_points,
        _fewer_people,
        _same_place,
        _on_roads,
        _shifted,
        _away_from_community,
        _centres_outside,
        _without_centre,
        _without_households,
        _in_pieces,
    )
    return tuple(found for check in checks if (found := check(layers)) is not None)


def _warning(key: str, table: gpd.GeoDataFrame, wrong: npt.NDArray[np.bool_], **values: Any) -> Fault | None:
    """A warning about some rows, with the place of the first; None if there are none."""
    if not wrong.any():
        return None
    rows = table[wrong]
    told = {"count": len(rows), "total": len(table), "examples": examples(rows.index), **values}
    point = shapely.point_on_surface(rows.geometry.iloc[0])
    return Fault(key, told, "warning", (float(shapely.get_x(point)), float(shapely.get_y(point))))


def _empty_towers(layers: Layers) -> Fault | None:
    """Towers in which nobody is said to live."""
    homes = layers.buildings
    tall = (homes["floors"] >= TOWER_FLOORS) & ~(homes["dwellings"] == 0)
    large = homes["dwellings"] >= TOWER_DWELLINGS
    wrong = ((homes["households"] == 0) & (tall | large)).to_numpy()
    return _warning("note.check_empty_towers", homes, wrong, floors=TOWER_FLOORS, dwellings=TOWER_DWELLINGS)


def _heavy_points(layers: Layers) -> Fault | None:
    """Single buildings with the households of a whole compound."""
    homes = layers.buildings
    wrong = (homes["households"] > ONE_POINT_HOUSEHOLDS).to_numpy()
    most = int(homes["households"].max()) if len(homes) else 0
    return _warning("note.check_heavy_points", homes, wrong, limit=ONE_POINT_HOUSEHOLDS, most=most)


def _fewer_people(layers: Layers) -> Fault | None:
    """Buildings with fewer people than households: registered but not living there, or columns exchanged."""
    homes = layers.buildings
    return _warning("note.check_fewer_people", homes, (homes["people"] < homes["households"]).to_numpy())


def _same_place(layers: Layers) -> Fault | None:
    """Buildings at identical coordinates."""
    homes = layers.buildings
    xy = pd.DataFrame(shapely.get_coordinates(homes.geometry.to_numpy()))
    wrong = xy.duplicated(keep=False).to_numpy()
    return _warning("note.check_same_place", homes, wrong, places=len(xy[wrong].drop_duplicates()))


def _main_roads(layers: Layers) -> npt.NDArray[np.object_]:
    """Lines of main roads on the ground."""
    roads = layers.roads
    chosen = roads[roads["road_class"].isin(_MAIN_ROADS) & ~roads["tunnel"]]
    return np.asarray(chosen.geometry.to_numpy(), dtype=object)


def _on_roads(layers: Layers) -> Fault | None:
    """Inhabited buildings that stand on the line of a main road."""
    homes = layers.buildings[layers.buildings["households"] > 0]
    roads = _main_roads(layers)
    if not len(roads) or not len(homes):
        return None
    near = np.unique(shapely.STRtree(roads).query(homes.geometry.to_numpy(), "dwithin", distance=ON_ROAD_M)[0])
    wrong = np.zeros(len(homes), dtype=bool)
    wrong[near] = True
    households = int(homes["households"].to_numpy()[wrong].sum())
    return _warning("note.check_on_roads", homes, wrong, near_m=ON_ROAD_M, households=households)


def _shifted(layers: Layers) -> Fault | None:
    """Buildings that avoid the roads far better once shifted by the difference of GCJ-02 and WGS 84."""
    homes = layers.buildings
    roads = layers.roads.geometry.to_numpy()[~layers.roads["tunnel"].to_numpy(dtype=bool)]
    if len(homes) < 200 or len(roads) < 50:
        return None
    x, y = shapely.get_coordinates(homes.geometry.to_numpy()).mean(axis=0)
    degrees = to_degrees(layers.crs)
    longitude, latitude = degrees.transform(x, y)
    if not (73 <= longitude <= 136 and 17 <= latitude <= 54):
        return None
    east, north = shift_deg(longitude, latitude)
    moved = degrees.transform(longitude + east, latitude + north, direction="INVERSE")
    vector = np.subtract(moved, (x, y))
    every = max(1, len(homes) // _SAMPLE)
    xy = shapely.get_coordinates(homes.geometry.to_numpy()[::every])
    tree = shapely.STRtree(roads)

    def on_road(points: npt.NDArray[np.float64]) -> float:
        return len(np.unique(tree.query(shapely.points(points), "dwithin", distance=5.0)[0])) / len(points)

    here = on_road(xy)
    best = min(on_road(xy + vector), on_road(xy - vector))
    if here < 0.02 or here < 3 * best:
        return None
    told = {"share": here, "after": best, "metres": float(np.hypot(*vector))}
    return Fault("note.check_shifted", told, "warning", (float(x), float(y)))


def _away_from_community(layers: Layers) -> Fault | None:
    """Buildings that stand far outside the community that they are said to belong to."""
    homes = layers.buildings[layers.buildings["community_id"].isin(layers.communities.index)]
    land = layers.communities.geometry.reindex(homes["community_id"]).to_numpy()
    wrong = shapely.distance(homes.geometry.to_numpy(), land) > FAR_M
    households = int(homes["households"].to_numpy()[wrong].sum())
    return _warning("note.check_away", homes, wrong, near_m=FAR_M, households=households)


def _centres_outside(layers: Layers) -> Fault | None:
    """Service centres that stand outside the community that they serve."""
    centres = layers.centres[layers.centres["community_id"].isin(layers.communities.index)]
    land = layers.communities.geometry.reindex(centres["community_id"]).to_numpy()
    wrong = ~shapely.intersects(land, centres.geometry.to_numpy())
    return _warning("note.check_centres_outside", centres, wrong)


def _without_centre(layers: Layers) -> Fault | None:
    """Communities without a service centre."""
    communities = layers.communities
    if not len(layers.centres):
        return None
    return _warning(
        "note.check_without_centre", communities, ~communities.index.isin(layers.centres["community_id"])
    )


def _without_households(layers: Layers) -> Fault | None:
    """Communities in which nobody lives."""
    communities = layers.communities
    lived_in = layers.buildings.loc[layers.buildings["households"] > 0, "community_id"]
    return _warning("note.check_without_households", communities, ~communities.index.isin(lived_in))


def _in_pieces(layers: Layers) -> Fault | None:
    """Communities in several pieces."""
    communities = layers.communities
    parts, owner = shapely.get_parts(communities.geometry.to_numpy(), return_index=True)
    pieces = np.bincount(owner[shapely.area(parts) >= PART_M2], minlength=len(communities))
    return _warning("note.check_in_pieces", communities, pieces > 1)

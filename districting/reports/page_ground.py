"""What lies beneath the communities on the compare page, as arrays of its payload: roads, water, rail, homes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.reports.ground import Ground, draw_ground
from districting.reports.payload import Payload
from districting.territory.layers import ROAD_CLASSES, Layers

#: Above this many buildings the page leaves them out: it stays under about 6 MB.
_MOST_BUILDINGS = 250_000

#: Largest detail of lines that is lost, m.
_TOLERANCE_M = 1.5


def ground_letter(layers: Layers, payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Roads by class from lowest to highest, barriers by kind, areas, compounds, and where road names stand."""
    ground = draw_ground(layers, tolerance_m=_TOLERANCE_M)
    lines, areas = [], []
    for (kind, area), group in ground.barriers.groupby(["kind", "area"]):
        parts = shapely.get_parts(group.geometry.to_numpy())
        if area:
            areas.append({"kind": kind, **lines_letter(shapely.get_rings(parts), payload, origin)})
        else:
            lines.append({"kind": kind, **lines_letter(parts, payload, origin)})
    compounds = shapely.simplify(layers.compounds.geometry.to_numpy(), _TOLERANCE_M)
    return {
        **_roads(ground, payload, origin),
        "barriers": lines,
        "areas": areas,
        "compound_rings": lines_letter(shapely.get_rings(shapely.get_parts(compounds)), payload, origin),
        "road_names": _names(ground, origin),
    }


def _roads(ground: Ground, payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Roads by class; each line with the position of its name among ``streets``, −1 for none."""
    streets = pd.Index(sorted(set(ground.roads["name"]) - {""}))
    roads = []
    for kind in reversed(ROAD_CLASSES):
        of_kind = ground.roads[ground.roads["road_class"] == kind]
        if len(of_kind):
            parts, row = shapely.get_parts(of_kind.geometry.to_numpy(), return_index=True)
            street = streets.get_indexer(pd.Index(of_kind["name"].to_numpy()[row]))
            drawn = lines_letter(parts, payload, origin)
            roads.append({"kind": kind, **drawn, "street": payload.put(street)})
    return {"roads": roads, "streets": list(streets)}


def _names(ground: Ground, origin: tuple[float, float]) -> list[dict[str, Any]]:
    """Where names of roads stand, the longest first."""
    spots = ground.names.sort_values(["length_m", "name"], ascending=[False, True])
    places = spots[["x", "y"]].to_numpy() - np.asarray(origin)
    return [
        {
            "name": name,
            "kind": kind,
            "x": round(float(place[0]), 1),
            "y": round(float(place[1]), 1),
            "angle": round(float(angle), 3),
            "length": round(float(length)),
        }
        for name, kind, place, angle, length in zip(
            spots["name"], spots["road_class"], places, spots["angle"], spots["length_m"], strict=True
        )
    ]


def buildings_letter(layers: Layers, payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Inhabited buildings as points, in an order that compresses (by place)."""
    lived_in = layers.buildings[layers.buildings["households"] > 0]
    if len(lived_in) > _MOST_BUILDINGS:
        lived_in = lived_in.iloc[:0]
    xy = shapely.get_coordinates(lived_in.geometry.to_numpy())
    order = np.lexsort((xy[:, 1], np.floor(xy[:, 0] / 100)))
    return {
        "xy": payload.put_points(xy[order], origin),
        "households": payload.put(lived_in["households"].to_numpy()[order]),
    }


def lines_letter(lines: npt.NDArray[np.object_], payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Slips of lines or rings, one after another."""
    counts = shapely.get_num_coordinates(lines)
    return {
        "xy": payload.put_points(shapely.get_coordinates(lines), origin),
        "start": payload.put(np.r_[0, np.cumsum(counts)]),
    }

"""What lies beneath the communities on the compare page, as arrays: roads, water, rail, compounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.reports.ground import Ground
from districting.reports.labels import label_points
from districting.reports.payload import Payload
from districting.territory.layers import ROAD_CLASSES, Layers

#: Largest detail of lines that is lost, m.
TOLERANCE_M = 1.5


def ground_letter(ground: Ground, layers: Layers, payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Roads by class from lowest to highest, barriers by kind, areas, compounds; with the names they have."""
    lines, areas = [], []
    for (kind, area), group in ground.barriers.groupby(["kind", "area"]):
        if area:
            parts = shapely.get_parts(group.geometry.to_numpy())
            rings = lines_letter(shapely.get_rings(parts), payload, origin)
            areas.append({"kind": kind, **rings, "names": _area_names(group, origin)})
        else:
            lines.append({"kind": kind, **_named_lines(group, payload, origin)})
    compounds = shapely.simplify(layers.compounds.geometry.to_numpy(), TOLERANCE_M)
    return {
        **_roads(ground, payload, origin),
        "barriers": lines,
        "areas": areas,
        "compound_rings": lines_letter(shapely.get_rings(shapely.get_parts(compounds)), payload, origin),
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


def _named_lines(group: pd.DataFrame, payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Lines of one kind of barrier; each with the position of its name among ``names``, −1 for none."""
    parts, row = shapely.get_parts(group.geometry.to_numpy(), return_index=True)
    names = pd.Index(sorted(set(group["name"]) - {""}))
    street = names.get_indexer(pd.Index(group["name"].to_numpy()[row]))
    return {**lines_letter(parts, payload, origin), "names": list(names), "street": payload.put(street)}


def _area_names(group: pd.DataFrame, origin: tuple[float, float]) -> list[dict[str, Any]]:
    """Where names of areas stand, and how far from the spot their land reaches, m."""
    named = group[group["name"] != ""]
    spots = label_points(named.geometry) if len(named) else pd.DataFrame(columns=["x", "y", "radius_m"])
    return [
        {"name": name, "x": round(x - origin[0], 1), "y": round(y - origin[1], 1), "radius": round(radius, 1)}
        for name, x, y, radius in zip(named["name"], spots["x"], spots["y"], spots["radius_m"], strict=True)
    ]


def lines_letter(lines: npt.NDArray[np.object_], payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Slips of lines or rings, one after another."""
    counts = shapely.get_num_coordinates(lines)
    return {
        "xy": payload.put_points(shapely.get_coordinates(lines), origin),
        "start": payload.put(np.r_[0, np.cumsum(counts)]),
    }

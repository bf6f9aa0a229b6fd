"""How the rule on shape (no interlocking, 犬牙交错) is told: holes, enclaves, necks and compactness."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from districting.plans.evidence import Evidence
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.plans.measures import SLIVER_M2, polsby_popper
from districting.plans.necks import narrow_places
from districting.policies.land import ShapeRule

#: A community lies in another's hole with this share of its land, and fills it with this share of the hole.
ENCLOSED_SHARE, FILLED_SHARE = 0.99, 0.95


def check_shape(rule: ShapeRule, evidence: Evidence) -> Iterator[Finding]:
    """No hole that holds land of the own sub-district, no neck, and at least the compactness asked for."""
    if not rule.holes:
        yield from _holes(rule, evidence)
    if rule.min_neck_m:
        yield from _necks(rule, evidence, rule.min_neck_m)
    if rule.min_compactness is not None:
        yield from _loose_outlines(rule, evidence, rule.min_compactness)


def _loose_outlines(rule: ShapeRule, evidence: Evidence, least: float) -> Iterator[Finding]:
    """Communities less compact than asked for, at their deepest bay."""
    outlines = evidence.division.outlines
    compactness = polsby_popper(outlines).to_numpy()
    found = np.flatnonzero((compactness < least) & ~evidence.is_empty)
    shapes = outlines.geometry.to_numpy()[found]
    for pos, shape, bays in zip(
        found, shapes, shapely.difference(shapely.convex_hull(shapes), shapes), strict=True
    ):
        parts = shapely.get_parts(bays)
        deepest = shapely.point_on_surface(parts[np.argmax(shapely.area(parts))]) if len(parts) else shape.centroid
        yield evidence.finding(
            rule,
            "interlocking",
            pos,
            measured=compactness[pos],
            allowed=least,
            unit="ratio",
            place=(deepest.x, deepest.y),
        )


def _necks(rule: ShapeRule, evidence: Evidence, least_m: float) -> Iterator[Finding]:
    """Communities whose homes a narrow place holds together, at that place."""
    buildings = evidence.territory.layers.buildings
    found = narrow_places(evidence.division.outlines, buildings, evidence.division.codes, below_m=least_m)
    for pos, neck in found.iterrows():
        yield evidence.finding(
            rule,
            "neck",
            int(str(pos)),
            measured=neck["width_m"],
            allowed=least_m,
            unit="m",
            place=(neck["x"], neck["y"]),
            households=neck["households"],
        )


def _holes(rule: ShapeRule, evidence: Evidence) -> Iterator[Finding]:
    """Holes: where one other community fills it, that one is told as an enclave; else the one around it, once.

    A hole that mostly holds another sub-district's land is none.
    """
    outlines, layers = evidence.division.outlines, evidence.territory.layers
    shapes = outlines.geometry.to_numpy()
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part_pos = shapely.get_rings(parts, return_index=True)
    inner = np.flatnonzero(part_pos[1:] == part_pos[:-1]) + 1
    found, community = np.asarray(shapely.polygons(rings[inner])), owner[part_pos[inner]]
    own = positions(layers.subdistricts.index, outlines["subdistrict_id"])[community]
    known = own >= 0
    land = np.asarray(shapely.area(found))
    shared = np.where(
        known, shapely.area(shapely.intersection(found, layers.subdistricts.geometry.to_numpy()[own])), land
    )
    large = np.flatnonzero((land >= SLIVER_M2) & (shared > 0.5 * land))
    hole, guest = shapely.STRtree(shapes).query(found[large], predicate="intersects")
    hole, guest = large[hole], guest.astype(np.int64)
    held = shapely.area(shapely.intersection(found[hole], shapes[guest]))
    fills = (held >= ENCLOSED_SHARE * shapely.area(shapes[guest])) & (held >= FILLED_SHARE * land[hole])
    fills &= guest != community[hole]
    for at in np.flatnonzero(fills):
        around = int(community[hole[at]])
        yield evidence.finding(
            rule,
            "enclave",
            int(guest[at]),
            measured=1,
            allowed=0,
            unit="enclaves",
            other=str(outlines["name"].iloc[around]),
        )
    large = np.setdiff1d(large, hole[fills])
    tree = shapely.STRtree(layers.buildings.geometry.to_numpy())
    for pos in np.unique(community[large]):
        members = large[community[large] == pos]
        biggest = found[members[np.argmax(land[members])]]
        _, inside = tree.query(found[members], predicate="intersects")
        place = shapely.point_on_surface(biggest)
        codes = np.unique(evidence.division.codes[inside])
        names = outlines["name"].iloc[codes[(codes >= 0) & (codes != pos)]]
        yield evidence.finding(
            rule,
            "hole",
            int(pos),
            measured=len(members),
            allowed=0,
            unit="holes",
            place=(place.x, place.y),
            households=layers.buildings["households"].to_numpy()[inside].sum(),
            inside=[str(name) for name in names],
        )

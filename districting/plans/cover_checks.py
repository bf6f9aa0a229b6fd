"""How the rules on cover are told: everyone in one community, inside its sub-district, compounds whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import shapely

from districting.plans.evidence import Evidence
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.plans.measures import SIZE_COLUMNS, SLIVER_M2, compound_parts
from districting.policies.land import CompoundRule, CoverageRule, NestingRule

#: Land outside the own sub-district below this is the drawing's, m² and share of the community.
STRAY_M2, STRAY_SHARE = 1000.0, 0.005


#: Overlays of equal coverages are computed on this grid, m: in plain floating point GEOS can return a whole
#: sub-district as the difference of two equal outlines.
OVERLAY_GRID_M = 0.001


def check_coverage(rule: CoverageRule, evidence: Evidence) -> Iterator[Finding]:
    """Every household and all land in exactly one community; open water needs none."""
    yield from _homes_in_none(rule, evidence)
    yield from _land_in_none(rule, evidence)
    yield from _overlaps(rule, evidence)


def check_nesting(rule: NestingRule, evidence: Evidence) -> Iterator[Finding]:
    """Each community inside one sub-district, or inside one zone of the kind named; exceptions are reported."""
    outlines = evidence.division.outlines
    excepted = outlines.index.isin(rule.exceptions) | outlines["name"].isin(rule.exceptions).to_numpy()
    told = _across_subdistricts if rule.inside == "subdistrict" else _across_zones
    for pos, finding in told(rule, evidence):
        if not excepted[pos]:
            yield finding
        elif rule.inside == "subdistrict":
            yield replace(finding, aspect="managed_elsewhere", strength="prefer")
        else:
            yield replace(finding, strength="prefer")


def check_compound(rule: CompoundRule, evidence: Evidence) -> Iterator[Finding]:
    """Each compound in one community, by its inhabited buildings; one above the maximum may be cut and says so."""
    size, layers = evidence.policy.size, evidence.territory.layers
    parts = compound_parts(evidence.division, evidence.territory).sort_values(
        ["compound_id", "households", "community_id"]
    )
    parts = parts[parts["compound_id"].duplicated(keep=False)]
    column = layers.buildings[SIZE_COLUMNS[size.measure]]
    whole = column.groupby(layers.buildings["compound_id"].to_numpy()).sum()
    names = layers.compounds["name"] if "name" in layers.compounds else pd.Series(dtype=object)
    for compound_id, members in parts.groupby("compound_id"):
        main = members.iloc[-1]
        lesser = members.iloc[:-1]
        held = (layers.buildings["compound_id"] == compound_id) & (layers.buildings["households"] > 0)
        away = np.flatnonzero((held & (evidence.division.buildings == lesser["community_id"].iloc[-1])).to_numpy())
        too_large = bool(whole[compound_id] > size.max)
        name = names.get(compound_id)
        yield evidence.finding(
            rule,
            "compound_oversized" if too_large else "compound_split",
            int(positions(evidence.division.outlines.index, [main["community_id"]])[0]),
            measured=len(members),
            allowed=1,
            unit="communities",
            strength="prefer" if too_large else None,
            place=evidence.points[away].mean(axis=0),
            households=lesser["households"].sum(),
            compound=str(compound_id) if pd.isna(name) else str(name),
            compound_size=int(whole[compound_id]),
            others=[str(evidence.division.outlines.at[other, "name"]) for other in lesser["community_id"]],
        )


def _homes_in_none(rule: CoverageRule, evidence: Evidence) -> Iterator[Finding]:
    """Inhabited buildings in no community: one finding per sub-district, at the largest."""
    buildings = evidence.territory.layers.buildings
    homes = buildings["households"].to_numpy()
    left_out = np.flatnonzero((evidence.division.codes < 0) & (homes > 0))
    where = positions(evidence.territory.layers.subdistricts.index, buildings["subdistrict_id"])[left_out]
    for subdistrict in np.unique(where):
        members = left_out[where == subdistrict]
        largest = members[np.argmax(homes[members])]
        yield evidence.finding_of_subdistrict(
            rule,
            "building_in_none",
            evidence.territory.layers.subdistricts.index[subdistrict] if subdistrict >= 0 else None,
            measured=len(members),
            unit="buildings",
            place=evidence.points[largest],
            households=int(homes[members].sum()),
        )


def _land_in_none(rule: CoverageRule, evidence: Evidence) -> Iterator[Finding]:
    """Land of a sub-district under no outline: one finding per sub-district, at the largest gap.

    Gaps that a 1 m brush closes, and under ``SLIVER_M2``, are slips of the drawing.
    """
    layers, outlines = evidence.territory.layers, evidence.division.outlines
    districts = layers.subdistricts.geometry.to_numpy()
    shapes = outlines.geometry.to_numpy()
    water = layers.barriers[layers.barriers["kind"] == "water"].geometry.to_numpy()
    covering = np.concatenate([shapes, water[shapely.get_dimensions(water) == 2]])
    district, cover = shapely.STRtree(covering).query(districts, predicate="intersects")
    order = np.argsort(district, kind="stable")
    for pos in range(len(districts)):
        members = cover[
            order[np.searchsorted(district[order], pos) : np.searchsorted(district[order], pos, "right")]
        ]
        gaps = np.array(
            _gaps(shapely.to_wkb(districts[pos]), tuple(shapely.to_wkb(covering[members]))), dtype=object
        )
        if len(gaps):
            place = shapely.point_on_surface(gaps[np.argmax(shapely.area(gaps))])
            yield evidence.finding_of_subdistrict(
                rule,
                "land_in_none",
                layers.subdistricts.index[pos],
                measured=float(shapely.area(gaps).sum()),
                unit="m2",
                place=(place.x, place.y),
                households=0,
            )


@lru_cache(maxsize=128)
def _gaps(district: bytes, covering: tuple[bytes, ...]) -> tuple[shapely.Geometry, ...]:
    """What shapes leave of a sub-district; an edit by hand changes one, and the others keep their answer."""
    held = shapely.union_all(shapely.from_wkb(np.array(covering, dtype=object)), grid_size=OVERLAY_GRID_M)
    bare = shapely.difference(shapely.from_wkb(district), held, grid_size=OVERLAY_GRID_M)
    parts = shapely.get_parts(shapely.buffer(shapely.buffer(bare, -0.5), 0.5))
    return tuple(parts[shapely.area(parts) >= SLIVER_M2])


def _overlaps(rule: CoverageRule, evidence: Evidence) -> Iterator[Finding]:
    """Pairs of communities that both claim land, or a building."""
    shapes = evidence.division.outlines.geometry.to_numpy()
    names = evidence.division.outlines["name"]
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    both = shapely.intersection(shapes[one], shapes[other])
    area = shapely.area(shapely.buffer(shapely.buffer(both, -0.5), 0.5))
    buildings = evidence.territory.layers.buildings
    homes = buildings["households"].to_numpy()
    tree = shapely.STRtree(buildings.geometry.to_numpy())
    for pair in np.flatnonzero(area >= SLIVER_M2):
        place = shapely.point_on_surface(both[pair])
        yield evidence.finding(
            rule,
            "overlap",
            int(one[pair]),
            measured=area[pair],
            allowed=0,
            unit="m2",
            place=(place.x, place.y),
            households=homes[tree.query(both[pair], predicate="intersects")].sum(),
            other=str(names.iloc[other[pair]]),
        )


def _across_subdistricts(rule: NestingRule, evidence: Evidence) -> Iterator[tuple[int, Finding]]:
    """Communities with households, or more than stray land, in another sub-district."""
    layers, outlines = evidence.territory.layers, evidence.division.outlines
    ids = layers.subdistricts.index
    own = positions(ids, outlines["subdistrict_id"])
    codes = evidence.division.codes
    stands = positions(ids, layers.buildings["subdistrict_id"])
    homes = layers.buildings["households"].to_numpy()
    abroad = (codes >= 0) & (stands >= 0) & (stands != own[codes])
    count = np.bincount(codes[abroad], weights=homes[abroad], minlength=len(outlines))
    shapes, districts = outlines.geometry.to_numpy(), layers.subdistricts.geometry.to_numpy()
    who, where = shapely.STRtree(districts).query(shapes, predicate="intersects")
    foreign = where != own[who]
    who, where = who[foreign], where[foreign]
    land = shapely.intersection(shapes[who], districts[where])
    area = shapely.area(land)
    outside = np.bincount(who, weights=area, minlength=len(outlines))
    stray = np.maximum(STRAY_M2, STRAY_SHARE * shapely.area(shapes))
    for pos in np.flatnonzero((count > 0) | (outside > stray)):
        members = np.flatnonzero(abroad & (codes == pos) & (homes > 0))
        if len(members):
            place, host = evidence.points[members[0]], stands[members[0]]
        else:
            largest = np.flatnonzero(who == pos)[np.argmax(area[who == pos])]
            point, host = shapely.point_on_surface(land[largest]), where[largest]
            place = np.array([point.x, point.y])
        yield (
            int(pos),
            evidence.finding(
                rule,
                "across_subdistricts",
                int(pos),
                measured=count[pos] if len(members) else outside[pos],
                allowed=0,
                unit="households" if len(members) else "m2",
                place=place,
                households=count[pos],
                other=evidence.subdistrict_name(ids[host]),
            ),
        )


def _across_zones(rule: NestingRule, evidence: Evidence) -> Iterator[tuple[int, Finding]]:
    """Communities whose households lie in more than one zone of a kind."""
    layers = evidence.territory.layers
    if layers.zones.empty:
        return
    zones = layers.zones[layers.zones["kind"] == rule.inside]
    buildings = layers.buildings
    tree = shapely.STRtree(zones.geometry.to_numpy())
    building_pos, zone = tree.query(buildings.geometry.to_numpy(), predicate="intersects")
    building_pos, first = np.unique(building_pos, return_index=True)
    table = pd.DataFrame(
        {
            "community": evidence.division.codes[building_pos],
            "zone": zone[first],
            "households": buildings["households"].to_numpy()[building_pos],
            "building": building_pos,
        }
    )
    table = table[(table["community"] >= 0) & (table["households"] > 0)]
    by_zone = table.groupby(["community", "zone"])["households"].sum()
    for pos in np.unique(by_zone.index.get_level_values(0)):
        homes = by_zone.loc[[pos]]
        if len(homes) > 1:
            main = homes.index.get_level_values(1)[int(np.argmax(homes))]
            away = table[(table["community"] == pos) & (table["zone"] != main)]
            yield (
                int(pos),
                evidence.finding(
                    rule,
                    "across_zones",
                    int(pos),
                    measured=len(homes),
                    allowed=1,
                    unit="zones",
                    place=evidence.points[away["building"].iloc[0]],
                    households=away["households"].sum(),
                    zones=[str(name) for name in zones["name"].iloc[homes.index.get_level_values(1)]],
                ),
            )

"""How a division into grids is told: everyone in one grid, all land, in one piece, nested, compounds whole, sizes.

Judged on buildings and outlines alone, against the communities of the plan; nothing here knows atoms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.evidence import STRENGTHS
from districting.plans.finding import Finding
from districting.plans.grids import Grids
from districting.plans.land import positions
from districting.plans.lines import joined
from districting.plans.measures import SIZE_COLUMNS, SLIVER_M2
from districting.plans.problem import Floats, Ints
from districting.policies.rule import Strength
from districting.policies.sizes import GridRule
from districting.territory.layers import Layers

#: Aspects of findings on grids are those on communities with this before them.
LEVEL = "grid_"
#: A building farther from the land of its own community than this is told, m.
STRAY_M = 5.0


@dataclass(frozen=True, eq=False)
class _Evidence:
    """Grids before their judge."""

    grids: Grids
    communities: Division
    layers: Layers
    rule: GridRule

    @cached_property
    def sizes(self) -> Floats:
        """What the rule counts, per grid."""
        return self.grids.total(self.layers.buildings[SIZE_COLUMNS[self.rule.measure]])

    @cached_property
    def homes(self) -> Ints:
        """Households per grid."""
        return self.grids.total(self.layers.buildings["households"]).astype(np.int64)

    @cached_property
    def owner(self) -> Ints:
        """Position in the communities of each grid's community, −1 for one that is not there."""
        return positions(self.communities.outlines.index, self.grids.outlines["community_id"])

    @cached_property
    def points(self) -> Floats:
        """Coordinates of the buildings, m."""
        return np.asarray(shapely.get_coordinates(self.layers.buildings.geometry.to_numpy()))

    @cached_property
    def inside(self) -> Any:
        """A point inside each grid."""
        shapes = self.grids.outlines.geometry.to_numpy().copy()
        shapes[shapely.is_empty(shapes)] = shapely.Point(0, 0)
        return shapely.get_coordinates(shapely.point_on_surface(shapes))

    def told(
        self, aspect: str, grid: int | np.integer[Any], *, measured: float, allowed: float | None, unit: str,
        strength: Strength | None = None, place: Any = None, households: float | None = None, **detail: Any,
    ) -> Finding:  # fmt: skip
        """A finding on one grid."""
        row = self.grids.outlines.iloc[int(grid)]
        where = self.inside[int(grid)] if place is None else place
        name = f"{row['community']} {row['name']}"
        return Finding(
            self.rule.rule_id,
            LEVEL + aspect,
            strength or self.rule.strength,
            self.rule.clause,
            self._subdistrict(int(self.owner[int(grid)])),
            str(self.grids.outlines.index[int(grid)]),
            float(measured),
            None if allowed is None else float(allowed),
            unit,
            (float(where[0]), float(where[1])),
            int(self.homes[int(grid)] if households is None else households),
            {"name": name, **detail},
        )

    def told_of_community(
        self, aspect: str, community: int | np.integer[Any], *, measured: float, allowed: float | None, unit: str,
        place: Any, households: float, strength: Strength | None = None, **detail: Any,
    ) -> Finding:  # fmt: skip
        """A finding on a community as a whole."""
        outlines = self.communities.outlines
        return Finding(
            self.rule.rule_id,
            LEVEL + aspect,
            strength or self.rule.strength,
            self.rule.clause,
            self._subdistrict(int(community)),
            str(outlines.index[int(community)]),
            float(measured),
            None if allowed is None else float(allowed),
            unit,
            (float(place[0]), float(place[1])),
            int(households),
            {"name": str(outlines["name"].iloc[int(community)]), **detail},
        )

    def _subdistrict(self, community: int) -> str:
        """Name of the sub-district of a community."""
        if community < 0:
            return ""
        known = self.communities.outlines["subdistrict_id"].iloc[community]
        name = self.layers.subdistricts["name"].get(known)
        return str(name) if name is not None and not pd.isna(name) else str(known or "")


def check_grids(grids: Grids, communities: Division, layers: Layers, rule: GridRule) -> tuple[Finding, ...]:
    """Everything that a division into grids breaks.

    Parameters
    ----------
    grids
        On the buildings of the case.
    communities
        The plan that it divides further.
    layers
        The case.
    rule
        Its bounds and its measure. What no division can mend, a single building above the maximum or a community
        whose size no whole number of grids fits, is told as ``prefer``.

    Returns
    -------
    tuple of Finding
        Strongest first, then in the order of the checks, by grid. ``community_id`` holds the grid's code where a
        finding is about a grid. Empty if nothing is broken.
    """
    evidence = _Evidence(grids, communities, layers, rule)
    checks = (_homes, _homeless, _land, _overlaps, _nesting, _pieces, _sizes, _compounds, _strays)
    found = [(order, one) for order, told in enumerate(checks) for one in told(evidence)]
    found.sort(key=lambda pair: (STRENGTHS.index(pair[1].strength), pair[0], pair[1].community_id, pair[1].aspect))
    return tuple(one for _, one in found)


def fits_some_number(size: float, rule: GridRule) -> bool:
    """Whether k · min ≤ size ≤ k · max for some whole k.

    Examples
    --------
    >>> rule = GridRule(rule_id="grid", strength="must", clause="", min=300, max=500)
    >>> [fits_some_number(size, rule) for size in (299, 300, 500, 501, 599, 600, 5000)]
    [False, True, True, False, False, True, True]
    """
    return bool(np.ceil(size / rule.max) <= np.floor(size / rule.min)) if rule.min else True


def _homes(evidence: _Evidence) -> Iterator[Finding]:
    """Inhabited buildings of a community in none of its grids."""
    homes = evidence.layers.buildings["households"].to_numpy()
    own, grid = evidence.communities.codes, evidence.grids.positions
    lost = np.flatnonzero((homes > 0) & (own >= 0) & (grid < 0))
    for community in np.unique(own[lost]):
        members = lost[own[lost] == community]
        yield evidence.told_of_community(
            "home_in_none", community, measured=len(members), allowed=0, unit="buildings",
            place=evidence.points[members[np.argmax(homes[members])]], households=homes[members].sum(),
        )  # fmt: skip


def _homeless(evidence: _Evidence) -> Iterator[Finding]:
    """Inhabited buildings that the plan leaves in no community, in the sub-districts that it divides."""
    buildings, rule = evidence.layers.buildings, evidence.rule
    divided = set(evidence.communities.outlines["subdistrict_id"].dropna())
    homes = buildings["households"].to_numpy()
    lost = (homes > 0) & (evidence.communities.codes < 0) & buildings["subdistrict_id"].isin(divided).to_numpy()
    names = evidence.layers.subdistricts["name"]
    for subdistrict_id, members in pd.Series(np.flatnonzero(lost)).groupby(
        buildings["subdistrict_id"].to_numpy()[lost]
    ):
        largest = members.iloc[int(np.argmax(homes[members]))]
        place = (float(evidence.points[largest, 0]), float(evidence.points[largest, 1]))
        name = str(names.get(subdistrict_id, subdistrict_id))
        held, count = int(homes[members].sum()), float(len(members))
        yield Finding(
            rule.rule_id, LEVEL + "no_community", rule.strength, rule.clause, name, "", count, 0.0, "buildings",
            place, held, {"name": name},
        )  # fmt: skip


def _land(evidence: _Evidence) -> Iterator[Finding]:
    """Land of a community under no grid, slips of the drawing apart; land drawn twice counts once."""
    shapes, grids = evidence.communities.outlines.geometry.to_numpy(), evidence.grids.outlines.geometry.to_numpy()
    owner, cover = shapely.STRtree(grids).query(shapes, predicate="intersects")
    order = np.argsort(owner, kind="stable")
    begins = np.searchsorted(owner[order], np.arange(len(shapes) + 1))
    for community, shape in enumerate(shapes):
        members = cover[order[begins[community] : begins[community + 1]]]
        bare = shapely.difference(shape, shapely.union_all(grids[members]))
        gaps = shapely.get_parts(shapely.buffer(shapely.buffer(bare, -0.5), 0.5))
        gaps = gaps[shapely.area(gaps) >= SLIVER_M2]
        if len(gaps):
            place = shapely.point_on_surface(gaps[np.argmax(shapely.area(gaps))])
            yield evidence.told_of_community(
                "land_in_none", community, measured=shapely.area(gaps).sum(), allowed=0, unit="m2",
                place=(place.x, place.y), households=0,
            )  # fmt: skip


def _overlaps(evidence: _Evidence) -> Iterator[Finding]:
    """Land in two grids."""
    shapes = evidence.grids.outlines.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    shared = shapely.intersection(shapes[one], shapes[other])
    for at in np.flatnonzero(shapely.area(shared) >= SLIVER_M2):
        place = shapely.point_on_surface(shared[at])
        row = evidence.grids.outlines.iloc[other[at]]
        yield evidence.told(
            "overlap", one[at], measured=shared[at].area, allowed=0, unit="m2", place=(place.x, place.y),
            households=0, other=f"{row['community']} {row['name']}",
        )  # fmt: skip


def _nesting(evidence: _Evidence) -> Iterator[Finding]:
    """Land of a grid outside its community, and households that belong to another."""
    outlines = evidence.communities.outlines.geometry.to_numpy()
    shapes, owner = evidence.grids.outlines.geometry.to_numpy(), evidence.owner
    known = np.flatnonzero(owner >= 0)
    beyond = shapely.area(shapely.difference(shapes[known], outlines[owner[known]]))
    homes = evidence.layers.buildings["households"].to_numpy()
    grid, own = evidence.grids.positions, evidence.communities.codes
    away = (grid >= 0) & (homes > 0)
    away[away] = owner[grid[away]] != own[away]
    strangers = np.bincount(grid[away], weights=homes[away], minlength=len(shapes))
    land = np.zeros(len(shapes))
    land[known] = beyond
    for at in np.flatnonzero((land >= SLIVER_M2) | (strangers > 0) | (owner < 0)):
        yield evidence.told("outside", at, measured=land[at], allowed=0, unit="m2", households=strangers[at])


def _pieces(evidence: _Evidence) -> Iterator[Finding]:
    """Grids in several parts; parts in different parts of the community (代管) are reported only."""
    shapes, owner = evidence.grids.outlines.geometry.to_numpy(), evidence.owner
    many = np.flatnonzero((shapely.get_num_geometries(shapes) > 1) & (owner >= 0))
    parts, which = shapely.get_parts(shapes[many], return_index=True)
    homes = evidence.layers.buildings
    part_pos, building = shapely.STRtree(homes.geometry.to_numpy()).query(parts, predicate="intersects")
    mine = evidence.grids.positions[building] == many[which[part_pos]]
    held = np.bincount(
        part_pos[mine], weights=homes["households"].to_numpy()[building[mine]], minlength=len(parts)
    )
    kept = (shapely.area(parts) >= SLIVER_M2) | (held > 0)
    parts, which, held = parts[kept], which[kept], held[kept]
    bridges = evidence.layers.roads[evidence.layers.roads["bridge"].astype(bool)].geometry.to_numpy()
    bridge, reached = shapely.STRtree(parts).query(bridges, predicate="intersects")
    together = joined(len(parts), bridge * len(shapes) + which[reached], reached)
    middle = shapely.point_on_surface(parts)
    for at, grid in enumerate(many):
        members = np.flatnonzero(which == at)
        count = len(np.unique(together[members]))
        if count < 2:
            continue
        ground = shapely.get_parts(evidence.communities.outlines.geometry.iloc[owner[grid]])
        home = shapely.STRtree(ground).nearest(middle[members])
        apart = len(np.unique(home)) >= count
        least = members[np.argmin(held[members] + 1e-9 * shapely.area(parts[members]))]
        yield evidence.told(
            "across_gap" if apart else "pieces", grid, measured=count, allowed=1, unit="pieces",
            strength="prefer" if apart else None, place=(middle[least].x, middle[least].y),
            households=held[members].sum() - held[members].max(),
        )  # fmt: skip


def _sizes(evidence: _Evidence) -> Iterator[Finding]:
    """Grids outside the bounds; what arithmetic or a single building makes unavoidable is told as such."""
    rule, sizes, owner = evidence.rule, evidence.sizes, evidence.owner
    counted = evidence.layers.buildings[SIZE_COLUMNS[rule.measure]].fillna(0).to_numpy(dtype=np.float64)
    grid = evidence.grids.positions
    largest = np.zeros(len(sizes))
    np.maximum.at(largest, grid[grid >= 0], counted[grid >= 0])
    lived = np.bincount(grid[(grid >= 0) & (counted > 0)], minlength=len(sizes))
    alone = (largest > rule.max) & (lived == 1)
    missed = np.maximum(sizes - rule.max, 0.0) + np.where(sizes > 0, np.maximum(rule.min - sizes, 0.0), 0.0)
    kept = ~alone & (owner >= 0)
    total = np.bincount(owner[kept], weights=sizes[kept], minlength=len(evidence.communities.outlines))
    off = np.bincount(owner[kept], weights=missed[kept], minlength=len(total))
    impossible = np.array([size > 0 and not fits_some_number(size, rule) for size in total], dtype=bool)
    excused = impossible & (off <= [_least_missed(size, rule) + 1e-9 for size in total])
    for at in np.flatnonzero((missed > 0) & alone):
        building = np.flatnonzero((grid == at) & (counted > 0))[0]
        yield evidence.told(
            "building_over_max", at, measured=sizes[at], allowed=rule.max, unit=rule.measure, strength="prefer",
            place=evidence.points[building], building=str(evidence.layers.buildings.index[building]),
        )  # fmt: skip
    for community in np.flatnonzero(excused):
        own = np.flatnonzero((owner == community) & ~alone)
        yield evidence.told_of_community(
            "arithmetic", community, measured=total[community], allowed=rule.max, unit=rule.measure,
            strength="prefer", place=evidence.inside[own[np.argmax(missed[own])]], households=total[community],
            low=rule.min, high=rule.max, missed=int(off[community]), grids=len(own),
        )  # fmt: skip
    for at in np.flatnonzero((missed > 0) & ~alone & ~np.where(owner >= 0, excused[owner], False)):
        over = sizes[at] > rule.max
        yield evidence.told(
            "over_max" if over else "below_min", at, measured=sizes[at],
            allowed=rule.max if over else rule.min, unit=rule.measure,
        )  # fmt: skip


def _least_missed(size: float, rule: GridRule) -> float:
    """What any number of grids misses the bounds by at least."""
    numbers = np.arange(1, int(size // max(rule.min, 1)) + 2)
    return float(np.maximum(np.maximum(size - numbers * rule.max, numbers * rule.min - size), 0.0).min())


def _compounds(evidence: _Evidence) -> Iterator[Finding]:
    """Compounds in several grids of one community; one above the maximum may be cut and says so."""
    buildings, rule = evidence.layers.buildings, evidence.rule
    held = pd.DataFrame(
        {
            "compound": buildings["compound_id"],
            "community": evidence.communities.codes,
            "grid": evidence.grids.positions,
            "size": buildings[SIZE_COLUMNS[rule.measure]].astype(float),
        }
    )
    held = held[(buildings["households"] > 0) & (held["grid"] >= 0) & (held["community"] >= 0)].dropna()
    by_grid = held.groupby(["compound", "community", "grid"], as_index=False)["size"].sum()
    names = evidence.layers.compounds["name"] if "name" in evidence.layers.compounds else pd.Series(dtype=object)
    for (compound, _), members in by_grid.groupby(["compound", "community"]):
        if len(members) < 2:
            continue
        members = members.sort_values(["size", "grid"])
        whole, name = float(members["size"].sum()), names.get(compound)
        yield evidence.told(
            "compound_oversized" if whole > rule.max else "compound_split", int(members["grid"].iloc[-1]),
            measured=len(members), allowed=1, unit="grids", strength="prefer" if whole > rule.max else None,
            households=members["size"].iloc[:-1].sum(), compound_size=int(whole),
            compound=str(compound) if name is None or pd.isna(name) else str(name),
        )  # fmt: skip


def _strays(evidence: _Evidence) -> Iterator[Finding]:
    """Households that stand off the land of their own community: counted at the nearest place inside."""
    homes, own = evidence.layers.buildings, evidence.communities.codes
    lived = np.flatnonzero((homes["households"].to_numpy() > 0) & (own >= 0))
    land = evidence.communities.outlines.geometry.to_numpy()
    apart = shapely.distance(homes.geometry.to_numpy()[lived], land[own[lived]])
    away = lived[apart > STRAY_M]
    for community in np.unique(own[away]):
        members = away[own[away] == community]
        farthest = members[np.argmax(apart[np.isin(lived, members)])]
        yield evidence.told_of_community(
            "stray", community, measured=len(members), allowed=0, unit="buildings", strength="prefer",
            place=evidence.points[farthest], households=homes["households"].to_numpy()[members].sum(),
        )  # fmt: skip

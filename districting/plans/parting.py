"""Which borders no community may lie across, and which it had better not, as it is asked.

How the same rules are told from a finished division: `districting.plans.outline_checks` and `cover_checks`.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.agreements import Ids, walkable_pieces
from districting.plans.problem import Bools, Floats, Ints
from districting.policies.access import ReachRule
from districting.policies.land import CrossingRule, NestingRule
from districting.policies.policy import Policy
from districting.policies.rule import Rule
from districting.territory.layers import Layers
from districting.territory.territory import Territory

#: Lines that part a community only where nobody can cross them; there no two atoms are joined anyway.
PASSABLE = frozenset({"rail", "water", "wall"})
#: A border follows a line if at least this share of it does.
MOSTLY = 0.5

#: Kinds of rule that the models ask in full of every plan, where they are a must.
_IN_FULL = frozenset({"size", "growth", "reach", "contiguity", "nesting", "coverage"})


def asked_in_full(rule: Rule) -> bool:
    """True if no plan of ours may break this rule: then a must-finding on it is a bug.

    Not so of a reach that concerns a share of the households only, which the models do not ask, nor of zones: a
    home on the water between two zones counts where it stands, and belongs to the nearest land.
    """
    if isinstance(rule, ReachRule):
        return rule.share >= 1.0
    if isinstance(rule, NestingRule):
        return rule.inside == "subdistrict"
    return rule.kind in _IN_FULL


def zone_kinds(policy: Policy, *, forbidden: bool) -> tuple[str, ...]:
    """Kinds of zone that no community may straddle, or those that none had better straddle; sorted."""
    rules = [rule for rule in policy.of_kind(NestingRule) if rule.inside != "subdistrict"]
    return tuple(sorted({rule.inside for rule in rules if (rule.strength == "must") == forbidden}))


def zones_of(places: gpd.GeoSeries, layers: Layers, kind: str) -> Ints:
    """Position of the zone of a kind that each point lies in, the first by id where they overlap; -1 in none."""
    zones = layers.zones.geometry[layers.zones["kind"] == kind].to_numpy()
    found = np.full(len(places), len(zones), dtype=np.int64)
    point, zone = shapely.STRtree(zones).query(places.to_numpy(), predicate="intersects")
    np.minimum.at(found, point, zone)
    return np.where(found == len(zones), -1, found)


def atom_zones(territory: Territory, kind: str, index: Ids) -> Ints:
    """Zone of each of some atoms: of most of its households, of a point inside where nobody lives; -1 in none."""
    layers, lands = territory.layers, territory.atoms.table.geometry.loc[index]
    found = zones_of(lands.representative_point(), layers, kind)
    atom_of = territory.atoms.building_atom
    homes = layers.buildings.loc[atom_of.index[atom_of.isin(index)]]
    counted = pd.DataFrame(
        {
            "atom": index.get_indexer(pd.Index(atom_of.loc[homes.index])),
            "zone": zones_of(homes.geometry, layers, kind),
            "households": homes["households"].to_numpy(),
        }
    )
    counted = counted[(counted["zone"] >= 0) & (counted["households"] > 0)]
    most = counted.groupby(["atom", "zone"])["households"].sum().reset_index()
    most = most.sort_values(["atom", "households", "zone"], ascending=[True, False, True]).drop_duplicates("atom")
    found[most["atom"]] = most["zone"]
    return found


def parted_zones(territory: Territory, kind: str, index: Ids) -> Ints:
    """The zone that each of some atoms counts to where no community may straddle two.

    Land must not tie two zones together: what lies in none counts to the nearest, and a corner of a zone in which
    nobody lives, cut off from the rest by the sub-district's border, to the zone that it borders on most.
    """
    found, layers, table = atom_zones(territory, kind, index), territory.layers, territory.atoms.table.loc[index]
    zones = layers.zones.geometry[layers.zones["kind"] == kind].to_numpy()
    outside = np.flatnonzero(found < 0)
    if len(zones) and len(outside):
        lands: Any = table.geometry.to_numpy()[outside]
        place, zone = shapely.STRtree(zones).query_nearest(lands, all_matches=False)
        found[outside[place]] = zone
    a, b, rows = inner_edges(territory, index)
    walked = rows["crossable"].to_numpy(dtype=np.bool_)
    a, b, shared = a[walked], b[walked], rows["shared_m"].to_numpy()[walked]
    ties = pd.DataFrame({"from": np.r_[a, b], "to": np.r_[b, a], "shared_m": np.tile(shared, 2)})
    while True:
        corner = walkable_pieces(len(found), np.column_stack([a, b])[found[a] == found[b]])
        vacant = np.bincount(corner, weights=table["households"])[corner] == 0
        open_ = ties[vacant[ties["from"]] & ~vacant[ties["to"]]]
        if open_.empty:
            return found
        open_ = open_.assign(corner=corner[open_["from"]], zone=found[open_["to"]])
        lengths = open_.groupby(["corner", "zone"])["shared_m"].sum().reset_index()
        best = lengths.sort_values(["corner", "shared_m", "zone"], ascending=[True, False, True])
        best = best.drop_duplicates("corner")
        zone_of = np.full(len(found), -1, dtype=np.int64)
        zone_of[best["corner"]] = best["zone"]
        found = np.where(zone_of[corner] >= 0, zone_of[corner], found)


def inner_edges(territory: Territory, index: Ids) -> tuple[Ints, Ints, pd.DataFrame]:
    """Edges between two of some atoms: positions of both ends in ``index``, and their rows of the graph."""
    edges = territory.graph.edges
    a, b = (index.get_indexer(pd.Index(edges[side])).astype(np.int64) for side in ("atom_a", "atom_b"))
    inside = (a >= 0) & (b >= 0)
    return a[inside], b[inside], edges[inside]


def barred_borders(territory: Territory, policy: Policy, index: Ids) -> Bools:
    """Borders that no community may lie across: between zones, and along main roads, where the rule is a must.

    Communities are contiguous: with these borders taken out of the graph, none can straddle them.

    Returns
    -------
    array
        bool, shape (edges,), in the order of `inner_edges`.
    """
    _, _, rows = inner_edges(territory, index)
    zones = [parted_zones(territory, kind, index) for kind in zone_kinds(policy, forbidden=True)]
    barred: Bools = np.asarray(_differ(territory, index, zones).any(axis=0))
    lines = _classes(policy, forbidden=True) - PASSABLE
    if lines:
        shared = rows["shared_m"].to_numpy(dtype=np.float64)
        along = territory.graph.length_along(lines).loc[rows.index].to_numpy(dtype=np.float64)
        barred |= (along >= MOSTLY * shared) & (shared > 0)
    return barred


def charged_m(territory: Territory, policy: Policy, index: Ids) -> Floats:
    """Metres of each border that a community had better not lie across: main roads, and borders of zones.

    Returns
    -------
    array
        Shape (edges,), in the order of `inner_edges`.
    """
    _, _, rows = inner_edges(territory, index)
    lines = _classes(policy, forbidden=True) | _classes(policy, forbidden=False)
    along = territory.graph.length_along(lines).loc[rows.index].to_numpy(dtype=np.float64)
    zones = [atom_zones(territory, kind, index) for kind in zone_kinds(policy, forbidden=False)]
    between = _differ(territory, index, zones).sum(axis=0)
    charged: Floats = along + rows["shared_m"].to_numpy(dtype=np.float64) * between
    return charged


def _classes(policy: Policy, *, forbidden: bool) -> frozenset[str]:
    """Classes of line that no community may cross, or those that none had better cross."""
    rules = [rule for rule in policy.of_kind(CrossingRule) if (rule.strength == "must") == forbidden]
    return frozenset().union(*(rule.classes for rule in rules))


def _differ(territory: Territory, index: Ids, zones: list[Ints]) -> Bools:
    """For each kind of zone, whether the two atoms of each inner edge lie in two zones; shape (kinds, edges)."""
    a, b, _ = inner_edges(territory, index)
    differ = np.zeros((len(zones), len(a)), dtype=np.bool_)
    for row, zone in enumerate(zones):
        differ[row] = (zone[a] != zone[b]) & (zone[a] >= 0) & (zone[b] >= 0)
    return differ

"""From the ground, the policy and the case's settings to the numbers a solver is asked: `pose`.

Definitions that the checks share in words, not in code, stand in method §4: reach, identity, either suffices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.errors import CaseError, Fault
from districting.plans.agreements import kept_in_pieces, managed_for_another, walkable_pieces
from districting.plans.parting import barred_borders, charged_m, inner_edges, parted_zones, zone_kinds
from districting.plans.problem import Floats, Ints, Lock, LockKind, Problem, Seat, Window
from districting.plans.windows import grows, size_windows
from districting.policies.access import ReachRule
from districting.policies.land import BorderRule, CompoundRule
from districting.policies.policy import Policy
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork, distances


@dataclass(frozen=True)
class LockRequest:
    """A lock as the case names it: by what people know. Ids are text; ``place`` is (x, y) in the case's CRS.

    ``roads`` go with ``apart``: no community has land on both sides of these roads.
    """

    kind: LockKind
    communities: tuple[str, ...] = ()
    buildings: tuple[str, ...] = ()
    compounds: tuple[str, ...] = ()
    atoms: tuple[str, ...] = ()
    roads: tuple[str, ...] = ()
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class PoseSettings:
    """What the case adds to the policy.

    Parameters
    ----------
    headroom
        Room to grow that a part made by a split keeps, as a share of the maximum.
    number
        (fewest, most) communities by sub-district id.
    locks
        All locks of the case; those of other sub-districts are passed over.
    horizon
        True: the size bounds also hold for the horizon households.
    """

    headroom: float = 0.05
    number: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    locks: tuple[LockRequest, ...] = ()
    horizon: bool = False


@dataclass(frozen=True)
class Posed:
    """A problem and what it leaves out.

    Parameters
    ----------
    problem
        What the solver is asked.
    forced_households
        Households of a community whose main part lies in another sub-district: they move in every plan.
    """

    problem: Problem
    forced_households: int


def pose(
    territory: Territory,
    policy: Policy,
    subdistrict_id: str,
    settings: PoseSettings,
    *,
    network: WalkNetwork | None = None,
) -> Posed:
    """The problem of one sub-district.

    Parameters
    ----------
    territory, policy
        The ground and the rules.
    subdistrict_id
        Which sub-district.
    settings
        Headroom, numbers, locks and horizon of the case.
    network
        Walking network; needed where the policy's reach rule is walked.

    Raises
    ------
    CaseError
        If a lock names something that does not exist, or the policy counts what the buildings do not tell.
    """
    table = territory.atoms.table
    # Open water belongs to whoever borders it: the plan gives it away afterwards (solvers.assembly).
    atoms = table[(table["subdistrict_id"] == subdistrict_id) & ~table["water"]]
    communities = territory.layers.communities
    atoms = atoms[~managed_for_another(atoms, policy, communities, subdistrict_id)]
    index = pd.Index(atoms.index)
    atom_of = territory.atoms.building_atom
    mine = territory.layers.buildings.loc[atom_of.index[atom_of.isin(index)]]
    atom_pos = index.get_indexer(pd.Index(atom_of.loc[mine.index])).astype(np.int64)

    own = communities.index[communities["subdistrict_id"] == subdistrict_id]
    community_index = pd.Index(sorted(own))
    today = community_index.get_indexer(pd.Index(atoms["community_id"].fillna(""))).astype(np.int64)
    strayed = (today < 0) & atoms["community_id"].notna().to_numpy()

    edges, open_km, crossing_km = _borders(territory, policy, index)
    windows, horizon = size_windows(
        policy, mine, atom_pos, len(atoms), case=territory.layers.buildings, horizon=settings.horizon
    )
    seats = _seats(territory, atoms, community_index, today)
    reach = next((rule for rule in policy.of_kind(ReachRule)), None)
    walked = network if reach is not None and reach.path == "walk" else None
    xy = atoms[["x", "y"]].to_numpy(dtype=np.float64)
    points = np.array([[seat.x, seat.y] for seat in seats], dtype=np.float64).reshape(-1, 2)
    seat_mean, seat_far = distances(mine, atom_pos, len(atoms), points, network=walked)
    site_mean, site_far = distances(mine, atom_pos, len(atoms), xy, network=walked)
    piece = walkable_pieces(len(atoms), edges)
    limit = _reach_limit(reach)
    locks = _locks(territory, settings.locks, index, community_index)
    problem = Problem(
        name=subdistrict_id,
        atom_ids=tuple(index),
        community_ids=tuple(community_index),
        households=atoms["households"].to_numpy(dtype=np.int64),
        xy=xy,
        today=today,
        edges=edges,
        open_km=open_km,
        crossing_km=crossing_km,
        windows=windows,
        target=float(policy.size.ideal),
        seats=seats,
        seat_distance_m=seat_mean,
        seat_reach_m=seat_far,
        site_distance_m=site_mean,
        site_reach_m=site_far,
        reach_limit_m=limit,
        horizon=horizon,
        piece=piece,
        gaps=_gaps(territory, policy, index, piece, windows),
        headroom=0.0 if grows(windows, horizon) else settings.headroom,
        number=settings.number.get(subdistrict_id),
        locks=locks + kept_in_pieces(policy, communities.loc[community_index], today, edges, locks),
        compounds=_compounds(territory, policy, atoms, windows),
        may_stay=(policy.size.untouched or policy.size.strength) != "must",
    )
    return Posed(problem, int(atoms.loc[strayed, "households"].sum()))


def _borders(territory: Territory, policy: Policy, index: pd.Index[str]) -> tuple[Ints, Floats, Floats]:
    """Edges that a community may lie across, km off the policy's lines, km that it had better not lie across."""
    graph = territory.graph
    a, b, rows = inner_edges(territory, index)
    used = rows["crossable"].to_numpy(dtype=bool) & ~barred_borders(territory, policy, index)
    shared = rows["shared_m"].to_numpy(dtype=np.float64)
    lines = frozenset().union(*(rule.classes for rule in policy.of_kind(BorderRule)))
    along = graph.length_along(lines).loc[rows.index].to_numpy(dtype=np.float64) if lines else shared
    charged = charged_m(territory, policy, index)
    edges = np.column_stack([a, b])[used].astype(np.int64).reshape(-1, 2)
    return edges, np.maximum(shared - along, 0.0)[used] / 1000.0, charged[used] / 1000.0


def _reach_limit(reach: ReachRule | None) -> float | None:
    """Farthest building allowed, None where reach is no must.

    The models ask it of every building. Of a share only, they would ask too much, and call impossible what the
    document allows: then they ask nothing, and the checks tell.
    """
    if reach is None or reach.strength != "must" or reach.share < 1.0:
        return None
    return reach.limit_distance_m or reach.target_distance_m


def _seats(
    territory: Territory, atoms: gpd.GeoDataFrame, community_index: pd.Index[str], today: Ints
) -> tuple[Seat, ...]:
    """One existing seat per community: its centre on its own land, the one with most floor area.

    A centre that stands on another community's land cannot hold its own community together; that community is
    asked to find a seat on its own land (method §4, *Identity*).
    """
    facilities = territory.layers.centres
    if facilities.empty:
        return ()
    tree = shapely.STRtree(atoms.geometry.to_numpy())
    point_pos, atom_pos = tree.query(facilities.geometry.to_numpy(), predicate="intersects")
    found = pd.DataFrame({"facility": facilities.index[point_pos], "atom_pos": atom_pos})
    found = found.drop_duplicates("facility").set_index("facility")
    centres = facilities.loc[found.index, ["community_id", "floor_area_m2", "geometry"]].join(found)
    centres["owner"] = community_index.get_indexer(pd.Index(centres["community_id"].fillna("")))
    centres = centres[(centres["owner"] >= 0) & (today[centres["atom_pos"].to_numpy()] == centres["owner"])]
    centres = centres.assign(name=centres.index, area=centres["floor_area_m2"].fillna(0.0))
    centres = centres.sort_values(["owner", "area", "name"], ascending=[True, False, True]).drop_duplicates(
        "owner"
    )
    return tuple(
        Seat(int(row.atom_pos), float(row.geometry.x), float(row.geometry.y), int(row.owner))
        for row in centres.itertuples()
    )


def _gaps(
    territory: Territory, policy: Policy, index: pd.Index[str], piece: Ints, windows: tuple[Window, ...]
) -> tuple[tuple[int, int], ...]:
    """Shortest gaps at pieces that cannot stand alone, below the minimum in every measure; none between zones."""
    gaps = territory.graph.gaps
    if gaps.empty:
        return ()
    alone = np.zeros(piece.max(initial=0) + 1, dtype=bool)
    for window in windows:
        alone |= np.bincount(piece, weights=window.weights, minlength=len(alone)) >= window.low
    a, b = (index.get_indexer(pd.Index(gaps[side])) for side in ("atom_a", "atom_b"))
    use = (a >= 0) & (b >= 0)
    use[use] = ~alone[piece[a[use]]] | ~alone[piece[b[use]]]
    for zone in _forbidden_zones(territory, policy, index):
        use[use] = zone[a[use]] == zone[b[use]]
    return tuple((int(i), int(j)) for i, j in zip(a[use], b[use], strict=True))


def _compounds(
    territory: Territory, policy: Policy, atoms: gpd.GeoDataFrame, windows: tuple[Window, ...]
) -> tuple[tuple[int, ...], ...]:
    """Atoms of each compound of at least two atoms that fits into one community.

    One that lies across a forbidden zone border is asked for only if keeping it whole is a must, too.
    """
    rules = policy.of_kind(CompoundRule)
    if not rules:
        return ()
    zones = (
        [] if any(rule.strength == "must" for rule in rules) else _forbidden_zones(territory, policy, atoms.index)
    )
    positions = pd.Series(np.arange(len(atoms)), index=atoms.index)
    groups = []
    for _, members in positions.groupby(atoms["compound_id"], sort=True):
        where = members.to_numpy()
        fits = any(window.weights[where].sum() <= window.high for window in windows)
        if len(where) > 1 and fits and all(len(np.unique(zone[where])) == 1 for zone in zones):
            groups.append(tuple(int(pos) for pos in where))
    return tuple(groups)


def _forbidden_zones(territory: Territory, policy: Policy, index: pd.Index[str]) -> list[Ints]:
    """Zone of each atom of the sub-district, for every kind of zone that no community may straddle."""
    return [parted_zones(territory, kind, index) for kind in zone_kinds(policy, forbidden=True)]


def check_locks(territory: Territory, requests: tuple[LockRequest, ...]) -> None:
    """Refuse locks that name nothing.

    Raises
    ------
    CaseError
        One fault per kind of name, with the names that are unknown.
    """
    known: dict[str, Any] = {
        "communities": territory.layers.communities.index,
        "buildings": territory.layers.buildings.index,
        "compounds": territory.layers.compounds.index,
        "atoms": territory.atoms.table.index,
        "roads": pd.Index(territory.graph.edges["border_name"].dropna().unique()),
    }
    faults = []
    ground = territory.layers.subdistricts.geometry.to_numpy()
    for request in requests:
        if request.place is not None and not shapely.intersects(ground, shapely.Point(request.place)).any():
            place = ", ".join(f"{metres:.10g}" for metres in request.place)
            faults.append(Fault("fault.lock_unknown", {"kind": request.kind, "role": "place", "names": place}))
        if request.roads and request.kind != "apart":
            faults.append(Fault("fault.lock_roads", {"kind": request.kind, "names": ", ".join(request.roads)}))
        for role, names in known.items():
            unknown = [name for name in getattr(request, role) if name not in names]
            if unknown:
                values = {"kind": request.kind, "role": role, "names": ", ".join(unknown)}
                faults.append(Fault("fault.lock_unknown", values))
    if faults:
        raise CaseError(faults)


def _locks(
    territory: Territory,
    requests: tuple[LockRequest, ...],
    index: pd.Index[str],
    community_index: pd.Index[str],
) -> tuple[Lock, ...]:
    """The locks that concern this sub-district, by position."""
    check_locks(territory, requests)
    atom_of = territory.atoms.building_atom
    locks = []
    for request in requests:
        names = [*request.atoms, *(atom_of[building] for building in request.buildings)]
        if request.compounds:
            names += list(
                territory.atoms.table.index[territory.atoms.table["compound_id"].isin(request.compounds)]
            )
        if request.place is not None:
            hit = territory.atoms.table.sindex.query(shapely.Point(request.place), predicate="intersects")
            names += list(territory.atoms.table.index[hit])
        atoms = tuple(sorted({int(pos) for pos in index.get_indexer(pd.Index(names, dtype=object)) if pos >= 0}))
        found = community_index.get_indexer(pd.Index(list(request.communities), dtype=object))
        communities = tuple(sorted({int(pos) for pos in found if pos >= 0}))
        if atoms or communities:
            locks.append(Lock(request.kind, atoms, communities))
        locks += [Lock("apart", pair) for pair in _across(territory, request.roads, index)]
    return tuple(locks)


def _across(territory: Territory, roads: tuple[str, ...], index: pd.Index[str]) -> list[tuple[int, int]]:
    """Pairs of atoms that face each other across these roads."""
    edges = territory.graph.edges
    along = edges[edges["border_name"].isin(roads)]
    a, b = (index.get_indexer(pd.Index(along[side])) for side in ("atom_a", "atom_b"))
    return [(int(i), int(j)) for i, j in zip(a, b, strict=True) if i >= 0 and j >= 0]

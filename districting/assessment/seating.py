"""Where the service centre of each community stands: the one it has, else the best site, else the best place.

Solvers place seats at existing centres and at centres of atoms. Here come the sites that people know of
(facilities marked as candidates) and the rooms of centres whose community ends; a site goes before a place without
rooms even where the place is nearer, as long as everyone stays within reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from districting.plans.distances import distance_to_seat_m, reach_table, walk_network
from districting.plans.division import Division
from districting.plans.evidence import carried_ids
from districting.plans.land import as_text
from districting.plans.problem import Floats, Ints
from districting.policies.access import ReachRule
from districting.policies.policy import Policy
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork, distances

#: Where a seat stands: the community's own centre of today; that of one that ends; a site that people marked; a
#: place without rooms.
SITES = ("own_centre", "former_centre", "candidate_site", "place")


@dataclass(frozen=True, eq=False)
class Seating:
    """Seats, and how far people go to them, today and in the division.

    Parameters
    ----------
    table
        Index ``community_id``: ``seat_x``, ``seat_y`` (m), ``site`` (one of `SITES`, None without a seat),
        ``site_id`` (the facility; None for a place), then ``mean_before_m``, ``p95_before_m``,
        ``farthest_before_m`` (how far the same households go to their centres of today) and ``mean_m``,
        ``p95_m``, ``farthest_m``. NaN where unknown.
    """

    table: pd.DataFrame


def choose_seats(
    division: Division,
    today: Division,
    territory: Territory,
    policy: Policy,
    *,
    network: WalkNetwork | None = None,
) -> Division:
    """The division with better seats where it has no centre of its own to keep.

    A community keeps its centre of today where that lies on its land and serves everyone within the limit of the
    reach rule, if one is named. Else it takes the site on its land with the least mean distance of those that
    serve; where no site does, its centre or place stays; an inhabited community without any seat takes the centre
    of the atom with the least mean distance. Communities that nothing changes, and that no solver has given a
    seat, stay as they are.

    Parameters
    ----------
    network
        For walked distances, where the reach rule is walked.
    """
    outlines = division.outlines.copy()
    along, limit = _path_and_limit(territory, policy, network)
    metres = distance_to_seat_m(division, territory, network=along)
    reach = reach_table(division, territory, metres, limit_m=None)
    served = (reach["farthest_m"] <= (np.inf if limit is None else limit)).to_numpy()
    own = (outlines["seat_kind"] == "existing").to_numpy() & _on_own_land(division)
    changed = ~_untouched(division, today) | (outlines["seat_kind"] == "candidate").to_numpy()
    wanting = np.flatnonzero(changed & ~(own & served))
    sites = _sites(division, today, territory)
    found = _best(division, territory, wanting, sites, along, limit)
    seatless = [pos for pos in wanting.tolist() if pos not in found and np.isnan(division.seats[pos, 0])]
    lived_in = division.sum_by_community(territory.layers.buildings["households"]) > 0
    places = _atom_centres(division, territory, [pos for pos in seatless if lived_in[pos]])
    found |= _best(division, territory, np.array(sorted(set(places["pos"])), dtype=np.int64), places, along, None)
    for pos, (x, y) in found.items():
        key = outlines.index[pos]
        outlines.loc[key, ["seat_x", "seat_y"]] = [x, y]
        outlines.loc[key, "seat_kind"] = "candidate"
    outlines["seat_kind"] = as_text(outlines["seat_kind"])
    return replace(division, outlines=outlines)


def seating(
    division: Division,
    today: Division,
    territory: Territory,
    policy: Policy,
    *,
    network: WalkNetwork | None = None,
) -> Seating:
    """What each seat is, and the distances to it beside those of today."""
    along, _ = _path_and_limit(territory, policy, network)
    now, then = (distance_to_seat_m(one, territory, network=along) for one in (today, division))
    before, after = (reach_table(division, territory, metres, limit_m=None) for metres in (now, then))
    table = pd.DataFrame(division.outlines[["seat_x", "seat_y"]]).astype(float)
    table = table.join(_sites_of(division, territory))
    for measure in ("mean", "p95", "farthest"):
        table[f"{measure}_before_m"] = before[f"{measure}_m"]
    return Seating(table.join(after[["mean_m", "p95_m", "farthest_m"]]))


def _path_and_limit(
    territory: Territory, policy: Policy, network: WalkNetwork | None
) -> tuple[WalkNetwork | None, float | None]:
    """The network where the reach rule is walked, and its limit, m (of a must its target, too); None for none."""
    rule = next(iter(policy.of_kind(ReachRule)), None)
    if rule is None:
        return None, None
    walks = rule.path == "walk"
    target = rule.target_distance_m if rule.strength == "must" else None
    return ((network or walk_network(territory)) if walks else None), rule.limit_distance_m or target


def _on_own_land(division: Division) -> np.ndarray:
    """Whether each seat stands on its community's land, within 1 m."""
    seats = division.seats
    points = np.asarray(shapely.points(np.nan_to_num(seats)))
    away = shapely.distance(points, division.outlines.geometry.to_numpy())
    return np.asarray(~np.isnan(seats[:, 0]) & (away <= 1.0))


def _untouched(division: Division, today: Division) -> np.ndarray:
    """Whether each community holds exactly the buildings that it holds today."""
    carried = carried_ids(division, today)
    then = division.buildings.map(carried).fillna("")
    now = today.buildings.reindex(division.buildings.index).fillna("")
    moved = then != now
    touched = set(division.buildings[moved].dropna()) | set(
        carried.index[carried.isin(set(now[moved]))] if moved.any() else []
    )
    return np.asarray(carried.notna() & ~carried.index.isin(list(touched)))


def _sites(division: Division, today: Division, territory: Territory) -> pd.DataFrame:
    """Sites on the land of each community: candidates, and centres of communities that have ended."""
    layers = territory.layers
    ended = set(today.outlines.index) - set(carried_ids(division, today).dropna())
    former = layers.centres[layers.centres["community_id"].isin(list(ended))]
    marked = layers.candidate_sites
    points = np.concatenate([marked.geometry.to_numpy(), former.geometry.to_numpy()])
    if not len(points):
        return pd.DataFrame({"pos": np.zeros(0, dtype=np.int64), "x": np.zeros(0), "y": np.zeros(0)})
    pos, at = shapely.STRtree(points).query(division.outlines.geometry.to_numpy(), predicate="intersects")
    table = pd.DataFrame({"pos": pos, "x": shapely.get_x(points[at]), "y": shapely.get_y(points[at])})
    return table.sort_values(["pos", "x", "y"], ignore_index=True)


def _atom_centres(division: Division, territory: Territory, communities: list[int]) -> pd.DataFrame:
    """Centres of the inhabited atoms of some communities, by where their buildings belong."""
    atom = territory.atoms.building_atom.reindex(division.buildings.index)
    held = pd.DataFrame({"pos": division.codes, "atom": atom.to_numpy()})
    lived = territory.layers.buildings["households"].to_numpy() > 0
    held = held[lived & held["pos"].isin(communities).to_numpy()].drop_duplicates().sort_values(["pos", "atom"])
    xy = territory.atoms.table.loc[held["atom"], ["x", "y"]].to_numpy(dtype=np.float64).reshape(-1, 2)
    return pd.DataFrame({"pos": held["pos"].to_numpy(), "x": xy[:, 0], "y": xy[:, 1]})


def _best(
    division: Division,
    territory: Territory,
    wanting: Ints,
    sites: pd.DataFrame,
    network: WalkNetwork | None,
    limit: float | None,
) -> dict[int, tuple[float, float]]:
    """For each community that wants one, the site with the least mean distance that serves within the limit."""
    buildings = territory.layers.buildings
    lived = buildings["households"].to_numpy() > 0
    mine = sites[sites["pos"].isin(wanting)]
    district = pd.factorize(division.outlines["subdistrict_id"])[0]
    best: dict[int, tuple[float, float]] = {}
    # One call per sub-district, as distances are measured everywhere: a walk may leave its community.
    for _, group in mine.groupby(district[mine["pos"].to_numpy()]):
        members = np.flatnonzero(lived & np.isin(division.codes, group["pos"].unique()))
        xy = group[["x", "y"]].to_numpy(dtype=np.float64)
        owner, codes = np.unique(division.codes[members], return_inverse=True)
        mean, farthest = distances(buildings.iloc[members], codes, len(owner), xy, network=network)
        row = np.searchsorted(owner, group["pos"].to_numpy()).clip(max=max(len(owner) - 1, 0))
        inhabited = np.isin(group["pos"].to_numpy(), owner)
        if not len(owner):
            continue
        take = np.arange(len(group))
        table = group.assign(mean=mean[row, take], far=farthest[row, take])[inhabited]
        if limit is not None:
            table = table[table["far"] <= limit]
        first = table.sort_values(["pos", "mean", "x", "y"]).drop_duplicates("pos")
        best |= {
            int(p): (float(x), float(y)) for p, x, y in zip(first["pos"], first["x"], first["y"], strict=True)
        }
    return best


def _sites_of(division: Division, territory: Territory) -> pd.DataFrame:
    """``site`` and ``site_id`` of each seat."""
    layers, outlines = territory.layers, division.outlines
    places: dict[tuple[float, float], tuple[str, str]] = {}
    for kind, table in (("former_centre", layers.centres), ("candidate_site", layers.candidate_sites)):
        for key, x, y in zip(table.index, table.geometry.x.round(3), table.geometry.y.round(3), strict=True):
            places[float(x), float(y)] = (kind, str(key))
    seats: Floats = division.seats
    kinds: list[str | None] = []
    ids: list[str | None] = []
    for (x, y), stated in zip(seats.round(3), outlines["seat_kind"], strict=True):
        kind, key = places.get((float(x), float(y)), ("place", ""))
        kinds.append(None if np.isnan(x) else "own_centre" if stated == "existing" else kind)
        ids.append(key or None)
    return pd.DataFrame({"site": kinds, "site_id": ids}, index=outlines.index, dtype=object)

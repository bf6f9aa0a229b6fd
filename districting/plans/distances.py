"""How far people go to their community's service centre: building by building, straight or walked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.problem import Floats
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork, distances


def walk_network(territory: Territory) -> WalkNetwork | None:
    """The walking network of the roads; None without roads: then distances are straight lines."""
    roads = territory.layers.roads
    return None if roads.empty else WalkNetwork.from_roads(roads)


def distance_to_seat_m(
    division: Division, territory: Territory, *, network: WalkNetwork | None = None
) -> pd.Series[float]:
    """Distance from every inhabited building to the seat of its community.

    Parameters
    ----------
    network
        Shortest walk along it; None: straight line.

    Returns
    -------
    Series
        m, index ``building_id``; NaN where nobody lives, the building is in no community, or that has no seat.
    """
    buildings = territory.layers.buildings
    points = shapely.get_coordinates(buildings.geometry.to_numpy())
    codes, seats = division.codes, division.seats
    asked = (codes >= 0) & (buildings["households"].to_numpy() > 0)
    asked &= ~np.isnan(seats[codes, 0])
    metres = np.full(len(buildings), np.nan)
    if network is None:
        metres[asked] = np.hypot(*(points[asked] - seats[codes[asked]]).T)
        return pd.Series(metres, index=buildings.index)
    # One call per sub-district, as the ground is posed to the solvers: a walk may leave its community.
    district = pd.factorize(division.outlines["subdistrict_id"])[0][codes]
    for group in np.unique(district[asked]):
        members = np.flatnonzero(asked & (district == group))
        mine, seat = np.unique(codes[members], return_inverse=True)
        singly = np.arange(len(members), dtype=np.int64)
        mean, _ = distances(buildings.iloc[members], singly, len(members), seats[mine], network=network)
        metres[members] = mean[singly, seat]
    return pd.Series(metres, index=buildings.index)


def reach_table(
    division: Division, territory: Territory, metres: pd.Series[float], *, limit_m: float | None
) -> pd.DataFrame:
    """How far people of each community go.

    Parameters
    ----------
    metres
        As `distance_to_seat_m` gives it.
    limit_m
        For the share; None: no share.

    Returns
    -------
    DataFrame
        Index ``community_id``: ``mean_m`` (weighted by households), ``p95_m`` (95 of 100 households live no
        farther), ``farthest_m`` (the farthest inhabited building), ``share_within`` (households within
        ``limit_m``). NaN without seat or households.
    """
    weights = territory.layers.buildings["households"].to_numpy(dtype=np.float64)
    values = metres.to_numpy(dtype=np.float64)
    known = ~np.isnan(values)
    table = pd.DataFrame(
        np.nan, index=division.outlines.index, columns=["mean_m", "p95_m", "farthest_m", "share_within"]
    )
    if not known.any():
        return table
    group, far, homes = division.codes[known], values[known], weights[known]
    order = np.lexsort((far, group))
    group, far, homes = group[order], far[order], homes[order]
    present, start = np.unique(group, return_index=True)
    households = np.add.reduceat(homes, start)
    table.iloc[present, 0] = np.add.reduceat(far * homes, start) / households
    table.iloc[present, 1] = far[_first_at_share(homes, start, households, 0.95)]
    table.iloc[present, 2] = np.maximum.reduceat(far, start)
    if limit_m is not None:
        table.iloc[present, 3] = np.add.reduceat(homes * (far <= limit_m), start) / households
    return table


def nearest_centre_m(division: Division, territory: Territory) -> pd.Series[float]:
    """Straight distance from every inhabited building to the nearest service centre of any community, m.

    Centres are the seats of the division and every service centre that stands today.

    Returns
    -------
    Series
        Index ``building_id``; NaN where nobody lives, and everywhere without any centre.
    """
    buildings, seats = territory.layers.buildings, division.seats
    standing = territory.layers.facilities.geometry.to_numpy()
    centres = np.concatenate([standing, shapely.points(seats[~np.isnan(seats[:, 0])])])
    asked = np.flatnonzero(buildings["households"].to_numpy() > 0)
    metres = np.full(len(buildings), np.nan)
    if len(centres):
        homes = buildings.geometry.to_numpy()[asked]
        (home, _), away = shapely.STRtree(centres).query_nearest(homes, return_distance=True, all_matches=False)
        metres[asked[home]] = away
    return pd.Series(metres, index=buildings.index)


def weighted_median(metres: pd.Series[float], division: Division, territory: Territory) -> pd.Series[float]:
    """Distance within which half of each community's households live, m.

    Parameters
    ----------
    metres
        Index ``building_id``; NaN is left out.

    Returns
    -------
    Series
        Index ``community_id``; NaN without households.
    """
    weights = territory.layers.buildings["households"].to_numpy(dtype=np.float64)
    values = metres.to_numpy(dtype=np.float64)
    known = ~np.isnan(values) & (division.codes >= 0) & (weights > 0)
    medians = np.full(len(division.outlines), np.nan)
    if known.any():
        group, far, homes = division.codes[known], values[known], weights[known]
        order = np.lexsort((far, group))
        group, far, homes = group[order], far[order], homes[order]
        present, start = np.unique(group, return_index=True)
        medians[present] = far[_first_at_share(homes, start, np.add.reduceat(homes, start), 0.5)]
    return pd.Series(medians, index=division.outlines.index)


def smallest_radius_m(division: Division, territory: Territory) -> pd.Series[float]:
    """Radius of the smallest circle around each community's inhabited buildings, m; 0 where nobody lives.

    No site whatever is nearer to the farthest of them, in a straight line or walked.
    """
    buildings = territory.layers.buildings
    asked = np.flatnonzero((division.codes >= 0) & (buildings["households"].to_numpy() > 0))
    asked = asked[np.argsort(division.codes[asked], kind="stable")]
    radius = np.zeros(len(division.outlines))
    if len(asked):
        present, group = np.unique(division.codes[asked], return_inverse=True)
        homes: Any = shapely.multipoints(buildings.geometry.to_numpy()[asked], indices=group)
        radius[present] = shapely.minimum_bounding_radius(homes)
    return pd.Series(radius, index=division.outlines.index)


def _first_at_share(homes: Floats, start: Any, households: Floats, share: float) -> Any:
    """Position, in each sorted group, of the first building at which ``share`` of the households are reached."""
    running = np.cumsum(homes)
    before = running[start] - homes[start]
    return np.searchsorted(running, before + share * households - 1e-9)

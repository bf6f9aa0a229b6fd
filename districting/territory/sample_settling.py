"""Who lives in the sample's homes when the numbers are given: exactly so many households in each community.

Where there are too many homes, houses are lower and some parcels stay open; where there are too few, taller.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from districting.errors import Fault, InputError
from districting.territory.sample_ground import Bools, Floats, Ints
from districting.territory.sample_homes import Homes

#: No more of the dwellings of a house than this are lived in.
FULL = 0.97

#: Houses grow at most so many times as tall as they were drawn.
TALLER = 4.0

#: Floors of the tallest house.
_FLOORS = 33

#: Thinly settled land has houses at least this share as tall as the sample's.
_LOWEST = 0.2


@dataclass(frozen=True)
class Wish:
    """What one community, or land in none, is to hold.

    Parameters
    ----------
    households, people
        Residents, exactly.
    hollow_share
        Households per dwelling, and residents per registered person; None where homes are lived in as usual.
    remote
        True: the homes farthest from everybody else's middle are the ones that stand.
    """

    households: int
    people: int
    hollow_share: float | None = None
    remote: bool = False


def settle(homes: Homes, holder: Ints, wishes: Sequence[Wish], *, town_id: str, rng: np.random.Generator) -> Homes:
    """The homes with exactly the wished residents.

    Parameters
    ----------
    holder
        Position in ``wishes`` for each building, −1 for none; shape (buildings,).
    town_id
        For the fault.

    Raises
    ------
    InputError
        If the homes of a wish cannot hold its households.
    """
    made = homes.buildings.copy()
    xy = shapely.get_coordinates(shapely.centroid(made.geometry.to_numpy()))
    middles = _middles(xy, made["households"].to_numpy(), holder, len(wishes))
    columns = ["floors", "dwellings", "households", "people", "registered_people"]
    table = made[columns].to_numpy(np.int64, copy=True)
    lived_in = table[:, 1] > 0
    kept = ~lived_in
    chance = rng.random(len(homes.parcels))[made["parcel"].to_numpy()]
    for at, wish in enumerate(wishes):
        own = np.flatnonzero((holder == at) & lived_in)
        others = np.delete(middles, at, axis=0)
        order = _order(xy[own], chance[own], made["parcel"].to_numpy()[own], others if wish.remote else None)
        own = own[order]
        wanted = wish.households / (wish.hollow_share or 1.0)
        homes_there = table[own, 2].sum()
        if homes_there * TALLER < wanted:
            times = wanted / max(homes_there, 1)
            values = {"town": town_id, "community": at, "households": wish.households, "times": times}
            raise InputError([Fault("fault.town_room", values)])
        # A remote community keeps taller houses: they stand together, where it is far from everybody.
        table[own] = _lower(table[own], wanted, at_least=0.5 if wish.remote else _LOWEST)
        enough = int(np.searchsorted(np.cumsum(table[own, 2]), wanted * 1.02)) + 1
        own = own[: max(enough, 3)]
        kept[own] = True
        table[own] = _fill(table[own], wish, wanted)
    made[columns] = table
    left = made[kept].reset_index(drop=True)
    return dataclasses.replace(homes, buildings=gpd.GeoDataFrame(left, geometry="geometry", crs=made.crs))


def share_out(total: int, weights: Floats | Ints, *, most: Ints | None = None) -> Ints:
    """Whole numbers in proportion to ``weights`` that add up to ``total``, none above ``most``; largest remainder.

    Raises
    ------
    ValueError
        If ``most`` leaves no room.

    Examples
    --------
    >>> share_out(10, np.array([1.0, 1.0, 1.0]))
    array([4, 3, 3])
    >>> share_out(10, np.array([8.0, 1.0, 1.0]), most=np.array([5, 4, 4]))
    array([5, 3, 2])
    """
    most = np.full(len(weights), total) if most is None else most
    if most.sum() < total:
        raise ValueError(f"room for {most.sum()} of {total}")
    given = np.zeros(len(weights), dtype=np.int64)
    while (left := total - int(given.sum())) > 0:
        open_ = np.asarray(weights, dtype=np.float64) * (given < most)
        open_ = open_ if open_.sum() > 0 else (given < most).astype(np.float64)
        parts = left * open_ / open_.sum()
        more = np.floor(parts).astype(np.int64)
        rest = np.argsort(-(parts - more) * (open_ > 0), kind="stable")[: left - int(more.sum())]
        more[rest] += 1
        given = np.minimum(given + more, most)
    return given


def _middles(xy: Floats, households: Ints, holder: Ints, n: int) -> Floats:
    """Where the households of each wish live on average; shape (n, 2)."""
    weight = np.where(holder >= 0, households, 0).astype(np.float64)
    at = np.maximum(holder, 0)
    total = np.maximum(np.bincount(at, weight, n), 1e-9)
    return np.column_stack([np.bincount(at, weight * xy[:, k], n) / total for k in (0, 1)])


def _order(xy: Floats, chance: Floats, parcel: Ints, others: Floats | None) -> Ints:
    """The order in which buildings are kept: parcel by parcel, or the farthest from everybody else first."""
    if others is not None:
        away = np.linalg.norm(xy[:, None, :] - others[None, :, :], axis=2).min(axis=1)
        return np.argsort(-away, kind="stable")
    return np.lexsort((parcel, chance))


def _lower(rows: Ints, wanted: float, *, at_least: float) -> Ints:
    """Where there are far too many homes, the houses are lower: by the square root of what is too much."""
    low = max(np.sqrt(min(1.0, wanted / max(int(rows[:, 2].sum()), 1))), at_least)
    made: Ints = np.ceil(rows * low).astype(np.int64)
    made[:, 2] = np.minimum(made[:, 2], made[:, 1])
    return made


def _fill(rows: Ints, wish: Wish, wanted: float) -> Ints:
    """Floors, dwellings, households, people and registered people of the houses of one wish."""
    floors, dwellings, households, people, registered = rows.T
    times = max(1.0, wanted / (households.sum() * 1.0))
    needs: Bools = np.full(len(rows), times > 1.0)
    floors = np.where(needs, np.minimum(np.ceil(floors * times), _FLOORS), floors)
    dwellings = np.where(needs, np.ceil(dwellings * times), dwellings)
    most = np.floor(dwellings * FULL).astype(np.int64) if wish.hollow_share is None else dwellings.astype(np.int64)
    if most.sum() < wish.households:
        most = dwellings.astype(np.int64)
    if most.sum() < wish.households:
        dwellings = np.ceil(dwellings * wish.households / most.sum())
        most = dwellings.astype(np.int64)
    lived = share_out(wish.households, households, most=most)
    # People stand where households do: nobody lives in an empty house.
    persons = np.divide(people, households, out=np.full(len(rows), 1.0), where=households > 0)
    size = share_out(wish.people, lived * persons)
    per_resident = registered.sum() / max(people.sum(), 1)
    if wish.hollow_share is None:
        registered = np.round(size * per_resident)
    else:
        registered = share_out(round(wish.people / wish.hollow_share), np.maximum(dwellings, 1))
    return np.column_stack([floors, dwellings, lived, size, registered]).astype(np.int64)

"""Measures of communities: one function, one formula, on the index of the outlines. Judges nothing.

How far people go is `districting.plans.distances`; what runs along and across is `districting.plans.lines`; all
of them in one table is `districting.plans.community_table`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.problem import Floats
from districting.policies.change import HollowMeasure
from districting.policies.rule import Measure
from districting.territory.territory import Territory

#: Column of the buildings behind each measure of size.
SIZE_COLUMNS: dict[Measure, str] = {
    "households": "households",
    "dwellings": "dwellings",
    "people": "people",
    "registered_people": "registered_people",
}

#: Holes and separate parts smaller than this are slips of the drawing, not land, m².
SLIVER_M2 = 100.0


def area_m2(outlines: gpd.GeoDataFrame) -> pd.Series[float]:
    """Area of each community, m²."""
    return pd.Series(shapely.area(outlines.geometry.to_numpy()), index=outlines.index)


def perimeter_m(outlines: gpd.GeoDataFrame) -> pd.Series[float]:
    """Length of each community's outline, holes included, m."""
    return pd.Series(shapely.length(outlines.geometry.to_numpy()), index=outlines.index)


def polsby_popper(outlines: gpd.GeoDataFrame) -> pd.Series[float]:
    """Compactness 4πA / P²: 1 for a circle, π/4 for a square, towards 0 for a thread. Method §4.

    Returns
    -------
    Series
        float in [0, 1] on the index of ``outlines``; 0 for an empty outline.

    References
    ----------
    Polsby, D. D., and Popper, R. D. (1991), The third criterion. Yale Law & Policy Review 9(2).

    Examples
    --------
    >>> square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], index=["A"])
    >>> bool(np.isclose(polsby_popper(square)["A"], np.pi / 4))
    True
    """
    area, perimeter = area_m2(outlines), perimeter_m(outlines)
    return (4 * np.pi * area / (perimeter**2).where(perimeter > 0)).fillna(0.0)


def holes(outlines: gpd.GeoDataFrame) -> pd.Series[int]:
    """Number of holes of at least ``SLIVER_M2`` in each community.

    Examples
    --------
    >>> ring = shapely.box(0, 0, 90, 90).difference(shapely.box(30, 30, 60, 60))
    >>> int(holes(gpd.GeoDataFrame(geometry=[ring], index=["A"]))["A"])
    1
    """
    parts, owner = shapely.get_parts(outlines.geometry.to_numpy(), return_index=True)
    rings, part_pos = shapely.get_rings(parts, return_index=True)
    inner = np.r_[False, part_pos[1:] == part_pos[:-1]] if len(rings) else np.zeros(0, dtype=bool)
    large = inner & (shapely.area(shapely.polygons(rings)) >= SLIVER_M2)
    return pd.Series(np.bincount(owner[part_pos[large]], minlength=len(outlines)), index=outlines.index)


def pieces(outlines: gpd.GeoDataFrame) -> pd.Series[int]:
    """Number of separate parts of at least ``SLIVER_M2`` of each community.

    Examples
    --------
    >>> apart = shapely.union_all([shapely.box(0, 0, 90, 90), shapely.box(100, 0, 190, 90)])
    >>> int(pieces(gpd.GeoDataFrame(geometry=[apart], index=["A"]))["A"])
    2
    """
    parts, owner = shapely.get_parts(outlines.geometry.to_numpy(), return_index=True)
    large = shapely.area(parts) >= SLIVER_M2
    return pd.Series(np.bincount(owner[large], minlength=len(outlines)), index=outlines.index)


def total(division: Division, values: pd.Series[Any], households: pd.Series[int]) -> pd.Series[float]:
    """Sum of a building column per community; NaN where an inhabited building's value is unknown.

    Parameters
    ----------
    values, households
        Index ``building_id``.
    """
    sums = division.sum_by_community(values)
    unknown = division.sum_by_community((values.isna() & (households > 0)).astype(float))
    return pd.Series(np.where(unknown > 0, np.nan, sums), index=division.outlines.index)


def estimated_share(division: Division, territory: Territory) -> pd.Series[float]:
    """Share of each community's households that were estimated rather than counted; 0 where nobody lives."""
    buildings = territory.layers.buildings
    guessed = division.sum_by_community(buildings["households"].where(buildings["estimated"].astype(bool), 0))
    return _share(guessed, division.sum_by_community(buildings["households"]), division)


def households_per_dwelling(division: Division, territory: Territory) -> pd.Series[float]:
    """Resident households per dwelling: low in a hollow community (空心社区); NaN where dwellings are unknown."""
    buildings = territory.layers.buildings
    dwellings = total(division, buildings["dwellings"], buildings["households"])
    lived_in = pd.Series(division.sum_by_community(buildings["households"]), index=division.outlines.index)
    return lived_in / dwellings.where(dwellings > 0)


def people_per_registered_person(division: Division, territory: Territory) -> pd.Series[float]:
    """Resident people per registered person: low in a hollow community (空心社区); NaN where either is unknown."""
    buildings = territory.layers.buildings
    resident, registered = (
        total(division, buildings[column], buildings["households"]) for column in ("people", "registered_people")
    )
    return resident / registered.where(registered > 0)


#: How each measure of a hollow community is taken.
HOLLOW_MEASURES: Mapping[HollowMeasure, Callable[[Division, Territory], pd.Series[float]]] = {
    "people_per_registered_person": people_per_registered_person,
    "households_per_dwelling": households_per_dwelling,
}


def compounds_split(division: Division, territory: Territory) -> pd.Series[int]:
    """Number of compounds of which each community holds a part only, counted by inhabited buildings."""
    split = compound_parts(division, territory)
    split = split[split.groupby("compound_id")["households"].transform("size") > 1]
    counts = split.groupby("community_id").size()
    return counts.reindex(division.outlines.index, fill_value=0).astype(int)


def compound_parts(division: Division, territory: Territory) -> pd.DataFrame:
    """Households of each compound by community: ``compound_id``, ``community_id``, ``households``; sorted."""
    buildings = territory.layers.buildings
    held = pd.DataFrame(
        {
            "compound_id": buildings["compound_id"],
            "community_id": division.buildings,
            "households": buildings["households"],
        }
    )
    held = held[held["households"] > 0].dropna()
    return held.groupby(["compound_id", "community_id"])["households"].sum().reset_index()


def centres(division: Division, territory: Territory) -> Floats:
    """Household-weighted centre of each community, shape (n, 2), m; a point inside where nobody lives."""
    buildings = territory.layers.buildings
    weights = division.sum_by_community(buildings["households"])
    inside = shapely.get_coordinates(shapely.point_on_surface(_never_empty(division.outlines)))
    points = shapely.get_coordinates(buildings.geometry.to_numpy())
    for axis in (0, 1):
        moments = pd.Series(points[:, axis] * buildings["households"].to_numpy(), index=buildings.index)
        sums = division.sum_by_community(moments)
        inside[:, axis] = np.where(weights > 0, sums / np.maximum(weights, 1), inside[:, axis])
    return inside


def _share(part: Floats, whole: Floats, division: Division) -> pd.Series[float]:
    """Quotient of two sums on the index of the outlines; 0 where the whole is 0."""
    share = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return pd.Series(share, index=division.outlines.index)


def _never_empty(outlines: gpd.GeoDataFrame) -> Any:
    """Outlines with a point at the origin for empty ones, so that each has a place."""
    geometries = outlines.geometry.to_numpy().copy()
    geometries[shapely.is_empty(geometries)] = shapely.Point(0, 0)
    return geometries

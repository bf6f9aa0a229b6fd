"""What planned housing makes of communities, year by year. Judges nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.measures import SIZE_COLUMNS, total
from districting.plans.problem import Bools, Floats
from districting.policies.sizes import SizeRule
from districting.territory.homes import planned_homes
from districting.territory.planned import arrivals
from districting.territory.territory import Territory


def usual_per_household(buildings: pd.DataFrame, column: str) -> float:
    """A measure per household over all buildings of the case of which it is known; 0 if of none."""
    homes = buildings["households"].to_numpy(dtype=np.float64)
    values = buildings[column].to_numpy(dtype=np.float64)
    told = (homes > 0) & ~np.isnan(values)
    return float(values[told].sum() / homes[told].sum()) if told.any() else 0.0


def per_household(buildings: pd.DataFrame, column: str) -> Floats:
    """What one household more brings of a measure, shape (buildings,): as much as each that lives there.

    Where nobody lives or the figure is unknown: as much as a household of the whole case.

    Parameters
    ----------
    buildings
        With ``households`` and ``column``, e.g. ``people``.
    """
    homes = buildings["households"].to_numpy(dtype=np.float64)
    values = buildings[column].to_numpy(dtype=np.float64)
    told = (homes > 0) & ~np.isnan(values)
    usual = np.full_like(homes, usual_per_household(buildings, column))
    each: Floats = np.divide(values, homes, out=usual, where=told)
    return each


def size_to_come(division: Division, territory: Territory, column: str) -> pd.DataFrame:
    """What planned housing adds to a measure of each community, by the year in which it comes.

    Planned housing belongs to the community of the building that it joins, as `horizon_households` counts it; far
    from any building, to the community whose land it stands on. What stands in none is left out.

    Returns
    -------
    DataFrame
        Columns ``community`` (position in the outlines), ``year``, ``more``; sorted, one row per pair.
    """
    layers = territory.layers
    places, joins = planned_homes(layers.buildings, layers.planned, layers.compounds)
    community = np.full(len(places), -1, dtype=np.int64)
    community[joins >= 0] = division.codes[joins[joins >= 0]]
    alone = np.flatnonzero(joins < 0)
    tree = shapely.STRtree(division.outlines.geometry.to_numpy())
    place, outline = tree.query(places[alone], predicate="intersects")
    place, first = np.unique(place, return_index=True)
    community[alone[place]] = outline[first]
    each = np.append(per_household(layers.buildings, column), usual_per_household(layers.buildings, column))
    come = arrivals(layers.planned)
    project = come["project"].to_numpy()
    more = come["households"].to_numpy(dtype=np.float64) * each[joins[project]]  # -1, on new ground, is the last
    table = pd.DataFrame({"community": community[project], "year": come["year"].to_numpy(), "more": more})
    table = table[table["community"] >= 0]
    return table.groupby(["community", "year"])["more"].sum().reset_index()


def outgrows_year(division: Division, territory: Territory, size: SizeRule) -> pd.Series[float]:
    """The year in which each community grows above the maximum, with the housing that is planned so far.

    Any year counts, not only those up to the case's horizon. Where either of two measures suffices, both must be
    above.

    Returns
    -------
    Series
        Index ``community_id``; NaN for one that never does, is above already, or whose size is not known.
    """
    years = np.full(len(division.outlines), np.nan)
    if territory.layers.planned.empty:
        return pd.Series(years, index=division.outlines.index)
    buildings = territory.layers.buildings

    def above(column: str, high: float) -> tuple[pd.DataFrame, Bools, Bools]:
        now = total(division, buildings[column], buildings["households"]).to_numpy(dtype=np.float64)
        coming = size_to_come(division, territory, column)
        later = now[coming["community"]] + coming.groupby("community")["more"].cumsum().to_numpy()
        return coming, np.asarray(now > high), np.asarray(later > high)

    coming, already, then = above(SIZE_COLUMNS[size.measure], size.max)
    if size.alternative is not None and size.alternative_max is not None:
        _, other_already, other_then = above(SIZE_COLUMNS[size.alternative], size.alternative_max)
        already, then = already & other_already, then & other_then
    first = coming[then & ~already[coming["community"]]].drop_duplicates("community")
    years[first["community"]] = first["year"]
    return pd.Series(years, index=division.outlines.index)

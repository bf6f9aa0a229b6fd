"""Households where nobody counted them, and those that are still to come."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.errors import Fault
from districting.territory.borders import Ints, Shapes
from districting.territory.columns import examples, fault_of
from districting.territory.files import FileTable
from districting.territory.planned import moved_in

#: Planned housing joins the nearest building of its compound, or one within this distance in m.
PLANNED_WITHIN_M = 300.0


def estimated_households(
    found: FileTable, columns: Mapping[str, pd.Series], *, homes: pd.Series | None, named: pd.Series
) -> tuple[pd.Series, list[Fault]]:
    """Households of buildings that nobody counted, by the formula of `Estimate`.

    Parameters
    ----------
    found
        Buildings in the case's CRS (m), as footprints, or as points with ``dwellings``.
    columns
        Their ``dwellings`` and ``floors``, NaN where unknown.
    homes
        Whether people may live there; None: everywhere.
    named
        What to call each row.

    Returns
    -------
    tuple
        int64, shape (n,), and a note with the figures used; a fault if there is neither footprint nor dwellings.
    """
    figures = found.spec.estimate
    shapes = found.table.geometry.to_numpy()
    drawn = np.isin(shapely.get_type_id(shapes), (3, 6))
    told = columns["dwellings"].notna().to_numpy()
    unknown = ~drawn & ~told & ~shapely.is_missing(shapes)
    if unknown.any():
        known = ", ".join(str(name) for name in found.table.columns if name != found.table.geometry.name)
        return pd.Series(0, index=named.index), [
            fault_of("fault.layer_no_households", found, unknown, named, known=known)
        ]
    floors = columns["floors"].fillna(figures.floors).to_numpy()
    area = np.where(drawn, np.nan_to_num(shapely.area(shapes)), 0.0)
    area[area < figures.min_footprint_m2] = 0.0
    dwellings = area * floors * figures.residential_share / figures.mean_dwelling_m2
    dwellings = np.where(told, columns["dwellings"].fillna(0).to_numpy(), dwellings)
    lived_in = homes.to_numpy() if homes is not None else np.ones(len(shapes), dtype=bool)
    households = np.where(lived_in | told, np.round(dwellings * figures.occupancy), 0.0).astype("int64")
    guessed = columns["floors"].isna().to_numpy() & ~told & (households > 0)
    note = Fault(
        "note.households_estimated",
        {
            **found.values,
            "count": int((households > 0).sum()),
            "total": len(households),
            "households": int(households.sum()),
            "from_dwellings": int(told.sum()),
            "floors_guessed": int(guessed.sum()),
            **figures.formula_values(),
        },
        severity="warning",
    )
    return pd.Series(households, index=named.index), [note]


def with_planned(
    buildings: gpd.GeoDataFrame, planned: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, *, horizon: int | None
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Buildings with ``horizon_households``: today's and those planned up to the horizon year.

    Planned households join the nearest building of the compound that they are built in, else the nearest
    within `PLANNED_WITHIN_M`, else a row of their own (``planned-`` and the planned id) without households today.

    Parameters
    ----------
    buildings
        Points, index ``building_id``, with ``households`` and ``compound_id``.
    planned
        As `Layers` holds it; points or polygons.
    compounds
        Index ``compound_id``; may be empty.
    horizon
        Year whose end counts; None: nothing planned counts.

    Returns
    -------
    tuple
        The buildings, sorted by id, and notes on the rows that were added.
    """
    buildings = buildings.assign(horizon_households=buildings["households"])
    due = planned.iloc[:0] if horizon is None else planned.assign(households=moved_in(planned, horizon))
    due = due[due["households"] > 0]
    if not len(due):
        return buildings, []
    places, joins = planned_homes(buildings, due, compounds)
    joined = joins >= 0
    more = np.bincount(joins[joined], weights=due["households"].to_numpy()[joined], minlength=len(buildings))
    buildings["horizon_households"] += more.astype("int64")
    if joined.all():
        return buildings, []
    alone = due[~joined]
    rows = gpd.GeoDataFrame(
        {
            "households": 0,
            "horizon_households": alone["households"].to_numpy(),
            "estimated": False,
            **dict.fromkeys(("people", "registered_people", "dwellings", "floors"), np.nan),
            **{
                name: np.full(len(alone), None, dtype=object)
                for name in ("address", "compound_id", "community_id", "subdistrict_id", "footprint")
            },
        },
        geometry=places[~joined],
        crs=buildings.crs,
        index=pd.Index("planned-" + alone.index.astype(str), name="building_id", dtype=object),
    )
    told = {"count": len(alone), "households": int(alone["households"].sum()), "examples": examples(alone.index)}
    note = Fault("note.planned_alone", told, severity="warning")
    return pd.concat([buildings, rows[buildings.columns]]).sort_index(), [note]


def planned_homes(
    buildings: gpd.GeoDataFrame, planned: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame
) -> tuple[Shapes, Ints]:
    """Where planned households come: a point each, and the position of the building that they join.

    That is the nearest building of the compound that they are built in, else the nearest within
    `PLANNED_WITHIN_M`, else -1: a row of their own. Arguments as in `with_planned`.
    """
    places: Shapes = np.asarray(shapely.point_on_surface(planned.geometry.to_numpy()), dtype=object)
    homes = buildings.geometry.to_numpy()
    joins = np.full(len(planned), -1, dtype=np.int64)
    if len(homes):
        near, home = shapely.STRtree(homes).query_nearest(places, max_distance=PLANNED_WITHIN_M, all_matches=False)
        joins[near] = home
    if len(compounds):
        inside, compound = shapely.STRtree(compounds.geometry.to_numpy()).query(places, predicate="intersects")
        for i, compound_id in zip(inside, compounds.index.to_numpy()[compound], strict=True):
            members = np.flatnonzero((buildings["compound_id"] == compound_id).to_numpy())
            if len(members):
                joins[i] = members[np.argmin(shapely.distance(homes[members], places[i]))]
    return places, joins


def count_points(
    buildings: gpd.GeoDataFrame, points: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Buildings with the household points that lie in their footprints counted, and the points left over.

    A count replaces an estimate: once households were counted, an estimated footprint without a point is empty.

    Parameters
    ----------
    buildings
        With ``footprint`` (None where a building came as a point), ``households`` and ``estimated``.
    points
        One household each.

    Returns
    -------
    tuple
        Both tables; neither argument is changed.
    """
    shapes = buildings["footprint"].to_numpy(dtype=object)
    drawn = np.flatnonzero(~shapely.is_missing(shapes) & buildings["estimated"].to_numpy(dtype=bool))
    if not len(drawn) or not len(points):
        return buildings, points
    point_pos, shape_pos = shapely.STRtree(shapes[drawn]).query(points.geometry.to_numpy(), predicate="intersects")
    order = np.lexsort((shape_pos, point_pos))
    inside, first = np.unique(point_pos[order], return_index=True)
    households = buildings["households"].to_numpy(dtype=np.int64).copy()
    households[drawn] = np.bincount(shape_pos[order][first], minlength=len(drawn))
    estimated = buildings["estimated"].to_numpy(dtype=bool).copy()
    estimated[drawn] = False
    rest = np.ones(len(points), dtype=bool)
    rest[inside] = False
    return buildings.assign(households=households, estimated=estimated), points[rest]

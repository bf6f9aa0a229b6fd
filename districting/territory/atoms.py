"""The atoms: the smallest pieces of land that move between communities. How they are cut: method §2."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from districting.errors import Fault


@dataclass(frozen=True)
class Atoms:
    """An exact cover of the sub-districts by pieces that stay whole.

    Parameters
    ----------
    table
        Index ``atom_id`` (text, unique, sorted, stable from run to run); geometry Polygon, a valid coverage
        of the sub-districts. Columns ``households``, ``horizon_households``, ``dwellings`` (int64),
        ``people`` (float, NaN where unknown), ``area_m2``, ``x``, ``y`` (household-weighted centre of the
        buildings, m; a point inside the atom where nobody lives), ``subdistrict_id``, ``community_id``
        (today's community of most of its households, of most of its area where nobody lives; None on land
        in no community), ``compound_id`` (object, None), ``water`` (bool: open water, no land).
    building_atom
        Index ``building_id`` of every building, value ``atom_id``.
    cap
        Households that an atom may hold; larger ones are single buildings and stand in ``notes``.
    minority_households
        Households whose community today is not the one of their atom.
    notes
        Buildings moved to the nearest atom, atoms above the cap by one building, thin land that stayed,
        compounds that had to be cut.
    """

    table: gpd.GeoDataFrame
    building_atom: pd.Series[str]
    cap: int
    minority_households: int = 0
    notes: tuple[Fault, ...] = ()

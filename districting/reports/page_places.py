"""What the search of the compare page finds besides communities: compounds and addresses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from districting.reports.payload import Payload
from districting.territory.layers import Layers

#: Above this many different addresses the page knows one house of each street only.
_MOST_ADDRESSES = 40_000


def compound_places(
    layers: Layers, atom_compound: pd.Series[str], payload: Payload, origin: tuple[float, float]
) -> dict[str, Any]:
    """Compounds of the case: names, middles, and the compound of each atom.

    Parameters
    ----------
    atom_compound
        Index ``atom_id``, value ``compound_id`` or None.

    Returns
    -------
    dict
        ``ids``, ``names``, ``xy`` (a slip of points inside), ``of_atom`` (a slip of positions, −1 for none).
    """
    compounds = layers.compounds
    names = compounds["name"].fillna("").astype(str)
    inside = shapely.get_coordinates(shapely.point_on_surface(compounds.geometry.to_numpy()))
    return {
        "ids": list(map(str, compounds.index)),
        "names": list(names),
        "xy": payload.put_points(inside, origin),
        "of_atom": payload.put(compounds.index.get_indexer(pd.Index(atom_compound.fillna("").astype(object)))),
    }


def address_places(layers: Layers, payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Addresses of buildings, each once, and where they are; of a large city one house of each street.

    Returns
    -------
    dict
        ``names``, sorted, and ``xy``, a slip of points.
    """
    told = layers.buildings["address"]
    told = told[told.notna() & (told != "")].astype(str)
    told = told[~told.duplicated()]
    if len(told) > _MOST_ADDRESSES:
        told = told[~told.str.replace(r"[0-9０-９-]+号?.*$", "", regex=True).duplicated()].iloc[:_MOST_ADDRESSES]
    told = told.sort_values(kind="stable")
    xy = shapely.get_coordinates(layers.buildings.geometry.loc[told.index].to_numpy())
    return {"names": list(told), "xy": payload.put_points(np.asarray(xy), origin)}

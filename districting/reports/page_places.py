"""What the search of the compare page finds besides communities: compounds and buildings, by address or id."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.reports.payload import Payload
from districting.territory.layers import Layers

#: Above this many buildings the page leaves them out: it stays under about 6 MB.
_MOST_HOMES = 250_000

#: Ids that are longer than this on the average are for machines: nobody types them, and they compress badly.
_LONGEST_ID = 20


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


def known_homes(layers: Layers) -> gpd.GeoDataFrame:
    """Buildings that the page draws and finds: inhabited ones and those with an address, street by street.

    Sorted by address, then by place: neighbours stand together, which compresses best.
    """
    buildings = layers.buildings
    address = buildings["address"].fillna("").astype(str).str.replace(r"\s+", " ", regex=True).str.strip()
    known = ((buildings["households"] > 0) | (address != "")).to_numpy()
    if known.sum() > _MOST_HOMES:
        known = np.zeros(len(buildings), dtype=bool)
    kept = buildings[known].assign(address=address[known])
    xy = shapely.get_coordinates(kept.geometry.to_numpy())
    order = np.lexsort((xy[:, 1], np.floor(xy[:, 0] / 100), kept["address"].to_numpy(dtype=object)))
    homes: gpd.GeoDataFrame = kept.iloc[order]
    return homes


def homes_letter(homes: gpd.GeoDataFrame, payload: Payload, origin: tuple[float, float]) -> dict[str, Any]:
    """Places and households of buildings; their addresses and ids as lines of text, empty where there are none."""
    ids = list(map(str, homes.index))
    short = sum(map(len, ids)) <= _LONGEST_ID * len(ids)
    return {
        "xy": payload.put_points(shapely.get_coordinates(homes.geometry.to_numpy()), origin),
        "households": payload.put(homes["households"]),
        "addresses": "\n".join(homes["address"]) if (homes["address"] != "").any() else "",
        "ids": "\n".join(ids) if short else "",
    }

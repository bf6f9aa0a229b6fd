"""Which small water is land after all, and which small land is water. Method §2.5."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from districting.territory.borders import border_segments
from districting.territory.grouping import SCRAP_AREA_M2
from districting.territory.pieces import Homes, Pieces


def settle_water(pieces: Pieces, homes: Homes) -> Pieces:
    """Ponds become land and islets water, so that they can be joined to what surrounds them.

    A pond is water inside one block of the main roads, which parts nobody, or a scrap of water with no other water
    beside it. An islet is a scrap of land without households and without land beside it.
    """
    segments = border_segments(pieces.polygons)
    inner = segments.second >= 0
    first, second = segments.first[inner], segments.second[inner]
    sides = pd.DataFrame({"at": np.concatenate([first, second]), "other": np.concatenate([second, first])})
    sides["same"] = pieces.subdistrict[sides["at"]] == pieces.subdistrict[sides["other"]]
    sides["main"] = np.where(sides["same"], pieces.main[sides["other"]], -1)
    sides["alike"] = (pieces.water[sides["at"]] == pieces.water[sides["other"]]) & sides["same"]
    around = sides.groupby("at").agg(low=("main", "min"), high=("main", "max"), alike=("alike", "any"))
    around = around.reindex(range(len(pieces.polygons)))
    open_ended = np.zeros(len(pieces.polygons), dtype=bool)
    open_ended[segments.first[~inner]] = True
    low, high = around["low"].to_numpy(dtype=float), around["high"].to_numpy(dtype=float)
    enclosed = (low == high) & (low >= 0) & ~open_ended
    # With a neighbour in its sub-district, but none of its own kind.
    lonely = ~around["alike"].eq(True).to_numpy(dtype=bool) & (high >= 0)
    scrap = (shapely.area(pieces.polygons) < SCRAP_AREA_M2) & (pieces.households(homes) == 0)
    turned = (pieces.water & enclosed) | (scrap & lonely)
    if not turned.any():
        return pieces
    main = pieces.main.copy()
    pond = turned & pieces.water & enclosed
    main[pond] = low[pond].astype(np.int64)
    return Pieces(pieces.polygons, pieces.subdistrict, pieces.water ^ turned, main, pieces.home)

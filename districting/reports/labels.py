"""Where a community's name stands on a map."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

#: A name need not stand more exactly than this; half the time of 1 m.
_TOLERANCE_M = 2.0


def label_points(outlines: gpd.GeoSeries) -> pd.DataFrame:
    """Pole of inaccessibility of each outline: the centre of its largest inscribed circle.

    Unlike the centroid it lies inside also where the land is bent or in several pieces (Garcia-Castellanos &
    Lombardo 2007).

    Parameters
    ----------
    outlines
        Polygons or multipolygons in a metric CRS. Empty ones get NaN.

    Returns
    -------
    DataFrame
        Columns ``x``, ``y`` (m) and ``radius_m`` (room for the name), index of ``outlines``.

    Examples
    --------
    >>> square = gpd.GeoSeries([shapely.box(0, 0, 10, 10)], index=["a"])
    >>> label_points(square).round(0).loc["a"].tolist()
    [5.0, 5.0, 5.0]
    """
    table = pd.DataFrame(np.nan, index=outlines.index, columns=["x", "y", "radius_m"])
    drawn = ~(outlines.is_empty | outlines.isna()).to_numpy()
    if drawn.any():
        spokes = shapely.maximum_inscribed_circle(outlines.to_numpy()[drawn], tolerance=_TOLERANCE_M)
        ends = shapely.get_coordinates(spokes).reshape(-1, 2, 2)
        table.loc[drawn, ["x", "y"]] = ends[:, 0, :]
        table.loc[drawn, "radius_m"] = shapely.length(spokes)
    return table

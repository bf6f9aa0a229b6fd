"""Where the households of each community come from and go to: today's communities against a plan's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from districting.plans.division import Division


def household_flows(before: Division, after: Division, households: pd.Series[int]) -> pd.DataFrame:
    """Households by community before and after, building by building.

    Parameters
    ----------
    before, after
        Two divisions of the same buildings.
    households
        Index ``building_id``.

    Returns
    -------
    DataFrame
        ``before``, ``after`` (community ids; empty for none) and ``households`` > 0, one row per pair, sorted. The
        sums over either column are the households of that division.
    """
    homes = households.reindex(before.buildings.index).fillna(0).to_numpy(dtype=np.int64)
    pairs = pd.DataFrame(
        {
            "before": before.buildings.fillna("").astype(str).to_numpy(),
            "after": after.buildings.reindex(before.buildings.index).fillna("").astype(str).to_numpy(),
            "households": homes,
        }
    )
    return pairs[homes > 0].groupby(["before", "after"], sort=True)["households"].sum().reset_index()

"""A division and its ground as they will be at the end of a year, with the planned housing lived in by then.

So a later year meets the same judge as today does. Land, outlines and seats stay as they are; method §25.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.growth import per_household
from districting.plans.measures import SIZE_COLUMNS
from districting.plans.problem import Floats, Ints
from districting.territory.homes import planned_homes
from districting.territory.planned import arrivals, moved_in
from districting.territory.territory import Territory


@dataclass(frozen=True, eq=False)
class Growing:
    """What planned housing makes of a division, year by year.

    Parameters
    ----------
    division, territory
        As they stand. Planned housing joins buildings as `horizon_households` does; far from any, it stands alone
        and belongs to the community on whose land it stands.
    """

    division: Division
    territory: Territory

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Every year in which somebody moves in."""
        return tuple(int(year) for year in np.unique(arrivals(self.territory.layers.planned)["year"]))

    def at(self, year: int) -> tuple[Division, Territory]:
        """The division and its ground at the end of a year.

        Returns
        -------
        tuple
            Both know the buildings of the case and one more, ``planned-`` and the planned id, for each project far
            from any building. Every measure of size grows with the households that move in.
        """
        division, buildings, homes = self._ground
        layers = self.territory.layers
        more = np.zeros(len(buildings), dtype=np.int64)
        np.add.at(more, homes, moved_in(layers.planned, year))
        grown = buildings.assign(households=buildings["households"] + more)
        for column in set(SIZE_COLUMNS.values()) - {"households"}:
            known = buildings[column].to_numpy(dtype=np.float64)
            nobody = (buildings["households"] == 0).to_numpy()
            # unknown stays unknown where people live; where nobody did, the measure begins with those who come
            known = np.where(nobody & np.isnan(known) & (more > 0), 0.0, known)
            grown[column] = known + more * self._each[column]
        return division, replace(self.territory, layers=replace(layers, buildings=grown))

    @cached_property
    def unplaced(self) -> int:
        """Households of planned housing that stands on the land of no community."""
        division, _, homes = self._ground
        outside = division.codes[homes] < 0
        return int(self.territory.layers.planned["households"].to_numpy()[outside].sum())

    @cached_property
    def _ground(self) -> tuple[Division, gpd.GeoDataFrame, Ints]:
        """The division and the buildings with those to come, and the position of the building of each project."""
        layers = self.territory.layers
        places, homes = planned_homes(layers.buildings, layers.planned, layers.compounds)
        alone = np.flatnonzero(homes < 0)
        homes = homes.copy()
        homes[alone] = len(layers.buildings) + np.arange(len(alone))
        if not len(alone):
            return self.division, layers.buildings, homes
        names = "planned-" + layers.planned.index[alone].astype(str)
        bare = layers.buildings.iloc[:0].reindex(pd.Index(names, name="building_id"))
        bare = bare.assign(households=0, horizon_households=0, estimated=False)
        bare = bare.astype({name: layers.buildings[name].dtype for name in ("households", "horizon_households")})
        bare = bare.set_geometry(gpd.GeoSeries(places[alone], index=bare.index, crs=layers.buildings.crs))
        outlines = self.division.outlines
        place, outline = shapely.STRtree(outlines.geometry.to_numpy()).query(places[alone], predicate="intersects")
        place, first = np.unique(place, return_index=True)
        stands = pd.Series(None, index=bare.index, dtype=object)
        stands.iloc[place] = outlines.index.to_numpy(dtype=object)[outline[first]]
        division = replace(self.division, buildings=pd.concat([self.division.buildings, stands]))
        return division, gpd.GeoDataFrame(pd.concat([layers.buildings, bare]), crs=layers.crs), homes

    @cached_property
    def _each(self) -> dict[str, Floats]:
        """What one household more brings of each measure, by building."""
        buildings = self._ground[1]
        return {column: per_household(buildings, column) for column in SIZE_COLUMNS.values()}

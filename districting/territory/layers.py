"""The named inputs, as the rest of the program sees them: frozen tables in one metric CRS.

Reading them from files is `districting.territory.sources`; mending them is
`districting.territory.cleaning`. Column contracts stand in the docstring of `Layers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyproj

from districting.errors import Fault
from districting.territory.database_urls import is_database

if TYPE_CHECKING:
    from districting.territory.address_lists import ListOutcome

#: Road classes from highest to lowest, as OSM names them. Other vocabularies are mapped on reading.
ROAD_CLASSES = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "service",
    "pedestrian",
    "path",
)

#: Kinds of barrier after reading. ``expressway``: an elevated or fenced road; ``wall``: of a city or campus.
BARRIER_KINDS = ("rail", "water", "expressway", "wall")


#: What a room or a place of a community is for: the whole premises (综合服务设施), offices open to residents, the
#: staff's own offices, residents' activities, care of the elderly, an outdoor square, a one-stop station, a hall.
ROOM_USES = ("service", "office", "staff_office", "activity", "elderly", "outdoor", "one_stop", "hall")

#: Of these, where residents come to be served: only these are service centres, and may be a community's seat.
CENTRE_USES = ("service", "office", "one_stop", "hall")


@dataclass(frozen=True)
class LayerSource:
    """Where a layer came from: ``path`` relative to the case, SHA-256 of the file, features, CRS there.

    Of a database: its address without the password, its table, and the SHA-256 of the rows.
    """

    role: str
    path: str
    layer: str | None
    sha256: str
    features: int
    crs: str

    @property
    def title(self) -> str:
        """What people call it: the file's name; the table of a database."""
        return (self.layer or self.path) if is_database(self.path) else PurePath(self.path).name


@dataclass(frozen=True)
class Layers:
    """Everything that was read, in one projected CRS in metres. Every index is text, unique and sorted.

    Parameters
    ----------
    crs
        The metric CRS of the case.
    buildings
        Index ``building_id``; geometry Point. Columns ``households`` (int64 ≥ 0), ``people``,
        ``registered_people``, ``dwellings``, ``floors`` (float, NaN where unknown), ``estimated`` (bool: the
        households are ours, not counted), ``address``, ``compound_id``, ``community_id``, ``subdistrict_id``
        (object, None where unknown), ``horizon_households`` (int64: households plus planned housing up to the
        horizon year; equal to ``households`` where nothing is planned).
    footprints
        Index ``building_id``, Polygon; only those buildings that came as polygons. May be empty.
    roads
        Index ``road_id``; LineString. Columns ``road_class`` (one of `ROAD_CLASSES`), ``name`` (object, None
        where unnamed), ``bridge``, ``tunnel`` (bool), ``level`` (int: OSM layer tag, 0 on the ground).
    barriers
        Index ``barrier_id``; LineString or Polygon. Columns ``kind`` (one of `BARRIER_KINDS`), ``name``.
    communities
        Index ``community_id``; Polygon or MultiPolygon. Columns ``name``, ``code``, ``subdistrict_id``, and who
        works there today, `specs.STAFF_COLUMNS` (float, NaN where unknown). Where the case gives communities
        only as a column of the buildings, their land is the union of the Voronoi cells of their buildings,
        clipped to the sub-district (``derived_communities`` is True).
    subdistricts
        Index ``subdistrict_id``; columns ``name`` and geometry (Multi)Polygon.
    facilities
        Index ``facility_id``; Point. Rooms and places of communities, after the case's ``where``; the service
        centres among them are `centres`. Columns ``name``, ``community_id`` (None where the file does not say:
        then the community that it stands in), ``use`` (one of `ROOM_USES`; ``service`` where the file says
        nothing), ``floor_area_m2`` (float, NaN where unknown; of an outdoor place its ground), ``candidate``
        (bool: no centre yet, but a site for one).
    compounds, zones, planned
        Optional: gated compounds (index ``compound_id``; ``name``, ``phase``, polygon); zones such as school
        zones (index ``zone_id``; ``kind``, ``name``, polygon); planned housing, whatever is not among the
        buildings yet (index ``planned_id``; ``households``, ``dwellings``, ``year``, ``occupied``, as
        `planned.planned_columns` gives them; point or polygon). Empty tables where the case has none.
    sources
        One per file layer read.
    notes
        The cleaning log: everything that was repaired, joined, moved or assumed while reading (severity
        ``"warning"``), as data.
    generated
        True if the data say of themselves that they were generated; then every page says so.
    lists
        What came of the lists of households (``[[lists]]``); None where the case has none.
    """

    crs: pyproj.CRS
    buildings: gpd.GeoDataFrame
    footprints: gpd.GeoSeries
    roads: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    subdistricts: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    planned: gpd.GeoDataFrame
    sources: tuple[LayerSource, ...] = ()
    notes: tuple[Fault, ...] = field(default=())
    derived_communities: bool = False
    generated: bool = False
    lists: ListOutcome | None = None

    @property
    def households(self) -> int:
        """Households of all buildings."""
        return int(self.buildings["households"].sum())

    @property
    def centres(self) -> gpd.GeoDataFrame:
        """The facilities that are service centres: those where residents come to be served."""
        found = self.facilities
        if "candidate" in found.columns:
            found = found[~found["candidate"].astype(bool)]
        return found[found["use"].isin(CENTRE_USES)] if "use" in found.columns else found

    @property
    def candidate_sites(self) -> gpd.GeoDataFrame:
        """The facilities that are no centres yet: sites where one could be set up."""
        marked = self.facilities["candidate"] if "candidate" in self.facilities.columns else False
        return self.facilities[np.zeros(len(self.facilities), dtype=bool) | np.asarray(marked, dtype=bool)]

    @property
    def estimated_share(self) -> float:
        """Share of the households that were estimated rather than counted, in [0, 1]."""
        estimated = self.buildings.loc[self.buildings["estimated"], "households"].sum()
        return float(estimated / self.households) if self.households else 0.0

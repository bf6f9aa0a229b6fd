"""The named inputs, as the rest of the program sees them: frozen tables in one metric CRS.

Reading them from files is `districting.territory.sources`; mending them is
`districting.territory.cleaning`. Column contracts stand in the docstring of `Layers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pyproj

from districting.errors import Fault

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


@dataclass(frozen=True)
class LayerSource:
    """Where a layer came from: ``path`` relative to the case, SHA-256 of the file, features, CRS there."""

    role: str
    path: str
    layer: str | None
    sha256: str
    features: int
    crs: str


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
        Index ``community_id``; Polygon or MultiPolygon. Columns ``name``, ``code``, ``subdistrict_id``.
        Where the case gives communities only as a column of the buildings, their land is the union of the
        Voronoi cells of their buildings, clipped to the sub-district (``derived_communities`` is True).
    subdistricts
        Index ``subdistrict_id``; columns ``name`` and geometry (Multi)Polygon.
    facilities
        Index ``facility_id``; Point. Service centres only, after the case's ``where``. Columns ``name``,
        ``community_id`` (None where the file does not say: then the community that it stands in),
        ``floor_area_m2`` (float, NaN where unknown).
    compounds, zones, planned
        Optional: gated compounds (index ``compound_id``; ``name``, ``phase``, polygon); zones such as school
        zones (index ``zone_id``; ``kind``, ``name``, polygon); planned housing (index ``planned_id``;
        ``households``, ``year``, point or polygon). Empty tables where the case has none.
    sources
        One per file layer read.
    notes
        The cleaning log: everything that was repaired, joined, moved or assumed while reading (severity
        ``"warning"``), as data.
    generated
        True if the data say of themselves that they were generated; then every page says so.
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

    @property
    def households(self) -> int:
        """Households of all buildings."""
        return int(self.buildings["households"].sum())

    @property
    def estimated_share(self) -> float:
        """Share of the households that were estimated rather than counted, in [0, 1]."""
        estimated = self.buildings.loc[self.buildings["estimated"], "households"].sum()
        return float(estimated / self.households) if self.households else 0.0

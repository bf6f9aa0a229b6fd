"""The sample's files: one GeoPackage per role and the case file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pyogrio

from districting.language import Language
from districting.territory.sample_blocks import CRS
from districting.territory.sample_names import SOURCE

#: What every GeoPackage says about when it was written: the same bytes must come from the same seed.
_WRITTEN = "2026-01-01T00:00:00.000Z"

_CASE = """\
# {town}：{source}
# The sample town: generated, no real place. Made for trying out; nothing in it may be quoted.
generated = true
policy = "{policy}"
crs = "{crs}"
language = "{language}"

[layers.buildings]
path = "buildings.gpkg"
columns = {{ building_id = "building_id", households = "households", people = "people", \
registered_people = "registered_people", dwellings = "dwellings", floors = "floors", address = "address", \
compound_id = "compound_id" }}

[layers.roads]
path = "roads.gpkg"
columns = {{ road_id = "road_id", road_class = "road_class", name = "name", bridge = "bridge", tunnel = "tunnel", \
level = "level" }}

[[layers.barriers]]
path = "barriers.gpkg"
layer = "barrier_lines"
columns = {{ barrier_id = "barrier_id", kind = "kind", name = "name" }}

[[layers.barriers]]
path = "barriers.gpkg"
layer = "barrier_areas"
columns = {{ barrier_id = "barrier_id", kind = "kind", name = "name" }}

[layers.communities]
path = "communities.gpkg"
columns = {{ community_id = "community_id", name = "name", code = "code", subdistrict_id = "subdistrict_id" }}

[layers.subdistricts]
path = "subdistricts.gpkg"
columns = {{ subdistrict_id = "subdistrict_id", name = "name" }}

[layers.facilities]
path = "facilities.gpkg"
where = "kind = 'community_service_centre'"
columns = {{ facility_id = "facility_id", name = "name", community_id = "community_id", \
floor_area_m2 = "floor_area_m2" }}

[layers.compounds]
path = "compounds.gpkg"
columns = {{ compound_id = "compound_id", name = "name", phase = "phase" }}

[layers.zones]
path = "school_zones.gpkg"
columns = {{ zone_id = "zone_id", kind = "kind", name = "name" }}

[layers.planned]
path = "planned_housing.gpkg"
columns = {{ planned_id = "planned_id", households = "households", year = "year" }}

{solve}"""

_SOLVE = """\
[solve]
modes = ["whole", "adjust", "redraw"]
time_limit_s = 20
whole_may_join = true
seed = {seed}
"""


def write_layers(
    folder: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    town: str,
    seed: int,
    language: Language,
    policy: str = "xian-2023",
    solve: str | None = None,
) -> Path:
    """Write the layers and ``case.toml`` into ``folder``; returns the case file.

    Parameters
    ----------
    layers
        By name; ``file.layer`` where a file holds several.
    policy
        Preset of the case.
    solve
        ``[solve]`` of the case as text; None: all modes, with ``seed``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _fixed_date():
        written: set[str] = set()
        for name, layer in layers.items():
            file, _, inner = name.partition(".")
            path = folder / f"{file}.gpkg"
            if file not in written:
                path.unlink(missing_ok=True)
            pyogrio.write_dataframe(layer, path, layer=inner or file, driver="GPKG", append=file in written)
            written.add(file)
    case = folder / "case.toml"
    case.write_text(
        _CASE.format(
            town=town,
            source=SOURCE,
            crs=CRS,
            language=language,
            policy=policy,
            solve=solve or _SOLVE.format(seed=seed),
        ),
        encoding="utf-8",
        newline="\n",
    )
    return case


@contextmanager
def _fixed_date() -> Iterator[None]:
    """GDAL writes ``OGR_CURRENT_DATE`` instead of now while this lasts."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _WRITTEN})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})

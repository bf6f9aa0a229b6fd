"""Land cut along the borders of zones that no community may straddle."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from districting.study import Study
from districting.territory.cutting import cut_atoms
from districting.territory.layers import Layers
from districting.territory.parcels import parcels
from tests.plans.drawn import CRS, SIDE, town


def zoned(*zones: tuple[str, object], base: str = "A A A A") -> Layers:
    """A drawn town with zones of its own; shapes in squares."""
    layers = town(base, subdistricts="S S T T").layers
    scaled = [shapely.transform(shape, lambda xy: xy * SIDE) for _, shape in zones]
    table = gpd.GeoDataFrame({"kind": [kind for kind, _ in zones], "name": ""}, geometry=scaled, crs=CRS)
    return dataclasses.replace(layers, zones=table)


def test_each_parcel_lies_in_one_sub_district_and_one_zone_of_every_kind() -> None:
    layers = zoned(
        ("school", shapely.box(0, 0, 1, 1)),
        ("school", shapely.box(1, 0, 4, 1)),
        ("police", shapely.box(0, 0, 3, 1)),
        ("police", shapely.box(3, 0, 4, 1)),
    )
    made = parcels(layers, {"school", "police"})
    assert made.subdistrict_id.tolist() == ["S", "S", "T", "T"]
    assert np.allclose(made.layers.subdistricts.area, SIDE * SIDE)
    assert len(parcels(layers, {"school"}).subdistrict_id) == 3
    assert len(parcels(layers, {"market"}).subdistrict_id) == 2


def test_two_drawings_of_one_line_leave_no_strip() -> None:
    # The zones meet 8 m to the east of the sub-district border.
    layers = zoned(("school", shapely.box(0, 0, 2.04, 1)), ("school", shapely.box(2.04, 0, 4, 1)))
    made = parcels(layers, {"school"})
    assert made.layers.subdistricts.area.tolist() == pytest.approx([2 * SIDE**2] * 2)


def test_an_inhabited_strip_stays_in_its_zone() -> None:
    layers = zoned(("school", shapely.box(0, 0, 2.53, 1)), ("school", shapely.box(2.53, 0, 4, 1)))
    thin = parcels(
        zoned(("school", shapely.box(0, 0, 2.04, 1)), ("school", shapely.box(2.04, 0, 4, 1))), {"school"}
    )
    assert len(parcels(layers, {"school"}).subdistrict_id) == len(thin.subdistrict_id) + 1


def test_overlapping_zones_and_land_in_none() -> None:
    layers = zoned(("school", shapely.box(0, 0, 1.5, 1)), ("school", shapely.box(1, 0, 2, 1)))
    areas = parcels(layers, {"school"}).layers.subdistricts.area / SIDE**2
    assert sorted(areas.round(6)) == [0.5, 1.5, 2.0]


def test_atoms_of_a_town_keep_to_their_zone_and_cover_everything(hamlet_folder: Path) -> None:
    layers = Study.open(hamlet_folder / "case.toml").layers
    free, cut = (cut_atoms(layers, cap=1500, zones=zones) for zones in ((), ("school",)))
    zones = layers.zones.geometry.to_numpy()

    def zones_held(lands: gpd.GeoSeries) -> int:
        atom, zone = shapely.STRtree(zones).query(lands.to_numpy(), predicate="intersects")
        area = shapely.area(shapely.intersection(lands.to_numpy()[atom], zones[zone]))
        return int(np.bincount(atom[area > 1.0]).max())

    assert zones_held(free.table.geometry) > 1
    assert zones_held(cut.table.geometry) == 1
    assert cut.table.area.sum() == pytest.approx(layers.subdistricts.area.sum(), rel=1e-6)
    assert shapely.coverage_is_valid(cut.table.geometry.to_numpy())
    assert cut.table["households"].sum() == layers.households
    assert set(cut.table["subdistrict_id"]) == set(layers.subdistricts.index)
    homes = layers.buildings.geometry.to_numpy()
    building, zone = shapely.STRtree(zones).query(homes, predicate="within")
    own = cut.table.geometry.representative_point().loc[cut.building_atom.iloc[building]].to_numpy()
    assert shapely.within(own, zones[zone]).all()

"""Fingerprints tell content from its form: another file of the same content has the same one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.case import Case
from districting.territory.fingerprints import canonical_shapes, fingerprints
from districting.territory.layers import Layers
from districting.territory.sources import read_layers


def read(case: Case) -> Layers:
    """The layers of a case."""
    return read_layers(case.layers, crs=case.crs, folder=case.folder)


@pytest.fixture(scope="module")
def layers(hamlet_folder: Path) -> Layers:
    """The layers of the smallest sample town."""
    return read(Case.read(hamlet_folder / "case.toml"))


def test_a_file_saved_again_in_another_format_and_order_has_the_same_fingerprint(
    hamlet: Path, layers: Layers
) -> None:
    case = Case.read(hamlet)
    changed = []
    for spec in case.layers:
        if spec.role in ("buildings", "roads"):
            table = gpd.read_file(hamlet.parent / spec.path)
            shuffled = table.sample(frac=1.0, random_state=1)
            shuffled = shuffled.set_geometry(shapely.reverse(shuffled.geometry.to_numpy()))
            shuffled.to_parquet(hamlet.parent / f"again-{spec.role}.parquet")
            spec = replace(spec, path=f"again-{spec.role}.parquet")
        changed.append(spec)
    assert fingerprints(read(replace(case, layers=tuple(changed)))) == fingerprints(layers)


def test_one_household_more_changes_its_layer_and_nothing_else(layers: Layers) -> None:
    before = fingerprints(layers)
    homes = layers.buildings["households"].copy()
    homes.iloc[3] += 1
    after = fingerprints(replace(layers, buildings=layers.buildings.assign(households=homes)))
    assert [role for role in before.layers if before.layers[role] != after.layers[role]] == ["buildings"]
    (only,) = before.subdistricts
    parts = before.subdistricts[only], after.subdistricts[only]
    assert [role for role in parts[0] if parts[0][role] != parts[1][role]] == ["buildings"]


def test_who_moves_into_planned_housing_when_is_content(layers: Layers) -> None:
    row = {"households": [900], "dwellings": [1000.0], "year": [2028], "occupied": [None]}
    spot = layers.buildings.geometry.iloc[[0]].centroid
    planned = gpd.GeoDataFrame(row, geometry=spot.to_numpy(), index=["P1"], crs=layers.buildings.crs)
    told = {
        fingerprints(replace(layers, planned=table)).layers["planned"]
        for table in (planned, planned.assign(occupied="300 600 900"), planned.assign(dwellings=1200.0))
    }
    assert len(told) == 3


def test_what_the_program_settles_itself_is_no_content(layers: Layers) -> None:
    nowhere = layers.buildings.assign(community_id=None, horizon_households=0)
    assert fingerprints(replace(layers, buildings=nowhere)) == fingerprints(layers)


def test_a_road_that_moves_by_a_centimetre_is_another(layers: Layers) -> None:
    moved = layers.roads.copy()
    moved.geometry = shapely.transform(moved.geometry.to_numpy(), lambda xy: xy + 0.01)
    assert fingerprints(replace(layers, roads=moved)).layers["roads"] != fingerprints(layers).layers["roads"]


@settings(max_examples=50, deadline=None)
@given(corners=st.integers(3, 9), start=st.integers(0, 8), backwards=st.booleans(), noise=st.floats(-4e-4, 4e-4))
def test_a_ring_is_the_same_wherever_it_begins_and_whichever_way_it_runs(
    corners: int, start: int, backwards: bool, noise: float
) -> None:
    angles = 2 * np.pi * np.arange(corners) / corners
    ring = np.round(np.stack([500_000 + 80 * np.cos(angles), 3_300_000 + 80 * np.sin(angles)], axis=1), 3)
    turned = np.roll(ring, start % corners, axis=0)[:: -1 if backwards else 1] + noise
    one, other = shapely.polygons([ring, turned])
    assert canonical_shapes(np.array([one])) == canonical_shapes(np.array([shapely.MultiPolygon([other])]))

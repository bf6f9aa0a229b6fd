"""A grid is of the type on whose land more than half of its households live."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from districting.assessment.grid_types import grid_types, kinds_of_buildings
from districting.plans.grids import Grids
from districting.territory.layers import Layers
from tests.plans.drawn import CRS, town


def layers_of(compounds: str, *, names: dict[str, str], addresses: dict[str, str] | None = None) -> Layers:
    """Six buildings of 100 households in compounds with these names."""
    layers = town("A A A\nA A A", households=100, compounds=compounds).layers
    named = layers.compounds.copy()
    named["name"] = [names[one] for one in named.index]
    buildings = layers.buildings.copy()
    for building, text in (addresses or {}).items():
        buildings.loc[building, "address"] = text
    return replace(layers, compounds=named, buildings=buildings)


def one_grid(layers: Layers) -> Grids:
    """All buildings in one grid."""
    land = layers.communities.geometry.to_numpy()
    outlines = gpd.GeoDataFrame(
        {"community_id": ["A"], "community": ["甲"], "name": ["第一网格"]}, geometry=land, index=["g"], crs=CRS
    )
    return Grids(pd.Series("g", index=layers.buildings.index, dtype=object), outlines)


def test_most_households_in_compounds_make_a_property_managed_grid() -> None:
    layers = layers_of("k k k\nk . .", names={"k": "梅园小区"})
    table = grid_types(one_grid(layers), layers)
    assert table.loc["g", "type"] == "property_managed"
    assert table.loc["g", "share_property_managed"] == 4 / 6


def test_half_is_not_most() -> None:
    layers = layers_of("k k k\n. . .", names={"k": "梅园小区"})
    assert grid_types(one_grid(layers), layers).loc["g", "type"] == "mixed"


def test_a_compound_named_after_a_work_unit_makes_a_work_unit_grid() -> None:
    layers = layers_of("k k k\nk m m", names={"k": "棉纺厂家属院", "m": "梅园小区"})
    table = grid_types(one_grid(layers), layers)
    assert table.loc["g", "type"] == "work_unit"
    assert table.loc["g", "share_property_managed"] == 2 / 6


def test_outside_compounds_the_address_tells_a_work_unit_but_not_a_street_named_after_one() -> None:
    layers = layers_of(". . .\n. . .", names={}, addresses={"b000": "建设路5号师范大学宿舍", "b001": "大学路12号"})
    kinds = kinds_of_buildings(layers)
    assert (kinds["b000"], kinds["b001"], kinds["b002"]) == ("work_unit", "mixed", "mixed")

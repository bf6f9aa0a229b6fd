"""OpenStreetMap: extracts from disk, and what osmnx would give, in the words of the roles. No network."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from districting.errors import LayerError
from districting.territory.osm import download_place, read_extract, rows_from_features
from districting.territory.sources import LayerSpec, read_layers
from tests.places import DATA, needs_shared

OSM = DATA / "osm"


@needs_shared
def test_liechtenstein_has_all_its_buildings() -> None:
    table, lost = read_extract(OSM / "liechtenstein.osm.pbf", "buildings")
    assert len(table) == 8_994 and lost == 0  # README of the data
    assert table["building_id"].is_unique and table.is_valid.all()


@needs_shared
def test_the_helsinki_extract_that_gdal_cannot_read_is_read() -> None:
    table, _ = read_extract(OSM / "helsinki_centre.osm.pbf", "buildings")
    assert set(table.geom_type) == {"MultiPolygon"} and len(table) > 400
    assert "no" in set(table["residential"])
    roads, cut = read_extract(OSM / "helsinki_centre.osm.pbf", "roads")
    assert cut > 0 and "Mannerheimintie" in set(roads["name"])


@needs_shared
def test_an_extract_serves_as_layers_around_drawn_land(tmp_path: Path) -> None:
    """Vaduz by hand: a box of 0.02° around its middle; the extract holds the whole country."""
    land = gpd.GeoDataFrame({"name": ["Vaduz"]}, geometry=[shapely.box(9.51, 47.13, 9.53, 47.15)], crs=4326)
    land.to_crs(32632).to_parquet(tmp_path / "land.parquet")
    extract = str((OSM / "liechtenstein.osm.pbf").resolve())
    country, _ = read_extract(Path(extract), "buildings")
    inside = country[country.representative_point().intersects(land.geometry.iloc[0])]
    inside.to_parquet(tmp_path / "homes.parquet")
    specs = [
        LayerSpec("subdistricts", "land.parquet"),
        LayerSpec("buildings", "homes.parquet"),
        LayerSpec("roads", extract),
        LayerSpec("barriers", extract),
    ]
    layers = read_layers(specs, crs="EPSG:32632", folder=tmp_path)
    assert len(layers.buildings) == len(inside) == len(layers.footprints)
    assert layers.buildings["estimated"].all() and layers.households > 0
    assert {"primary", "residential", "path"} <= set(layers.roads["road_class"])
    assert set(layers.barriers["kind"]) <= {"water", "rail"}


def test_an_extract_cannot_serve_as_communities(tmp_path: Path) -> None:
    with pytest.raises(LayerError) as raised:
        read_extract(tmp_path / "x.osm.pbf", "communities")
    assert "x.osm.pbf" in raised.value.sentences("zh")[0]


def test_a_small_xml_extract_is_read(tmp_path: Path) -> None:
    """Drawn: an elevated road, a tunnel railway (no barrier), a river, a block of flats of twelve floors."""
    nodes = "".join(
        f'<node id="{i + 1}" version="1" lat="{34.8 + y / 1000}" lon="{113.7 + x / 1000}"/>'
        for i, (x, y) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)])
    )

    def way(number: int, refs: str, **tags: str) -> str:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs.split())
        inner += "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items())
        return f'<way id="{number}" version="1">{inner}</way>'

    address = {"addr__street": "中州大道", "addr__housenumber": "8号"}
    ways = (
        way(1, "1 2", highway="trunk_link", bridge="viaduct", layer="1", name="高架路")
        + way(2, "1 3", railway="rail", tunnel="yes")
        + way(3, "2 3", waterway="river", name="金水河")
        + way(4, "1 2 3 4 1", building="apartments", building__levels="12", **address)
    )
    path = tmp_path / "town.osm"
    path.write_text(f'<osm version="0.6">{nodes}{ways}</osm>', encoding="utf-8")
    roads, _ = read_extract(path, "roads")
    assert roads.drop(columns="geometry").to_dict("records") == [
        {
            "road_id": "w1",
            "road_class": "trunk_link",
            "name": "高架路",
            "bridge": "viaduct",
            "tunnel": None,
            "level": "1",
        }
    ]
    barriers, _ = read_extract(path, "barriers")
    assert list(zip(barriers["kind"], barriers["name"], strict=True)) == [("water", "金水河")]
    buildings, _ = read_extract(path, "buildings")
    assert buildings.loc[0, ["floors", "address", "residential"]].tolist() == ["12", "中州大道8号", "yes"]


def features() -> gpd.GeoDataFrame:
    """As osmnx gives them: index element and id, NaN for absent tags."""
    index = pd.MultiIndex.from_tuples([("way", 7), ("way", 3), ("node", 9), ("way", 5)], names=["element", "id"])
    return gpd.GeoDataFrame(
        {
            "highway": ["primary", float("nan"), "crossing", float("nan")],
            "name": ["人民路", float("nan"), float("nan"), "东湖"],
            "building": [float("nan"), "yes", float("nan"), float("nan")],
            "building:levels": [float("nan"), "6", float("nan"), float("nan")],
            "natural": [float("nan"), float("nan"), float("nan"), "water"],
        },
        geometry=[
            shapely.LineString([(0, 0), (1, 1)]),
            shapely.box(0, 0, 1, 1),
            shapely.Point(0, 0),
            shapely.box(2, 2, 3, 3),
        ],
        index=index,
        crs=4326,
    )


def test_features_of_the_network_speak_as_an_extract_does() -> None:
    assert list(rows_from_features(features(), "buildings")["building_id"]) == ["w3"]
    assert list(rows_from_features(features(), "buildings")["floors"]) == ["6"]
    assert list(rows_from_features(features(), "barriers")["kind"]) == ["water"]


def test_a_place_is_written_as_geopackages_and_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    osmnx = pytest.importorskip("osmnx")
    asked = []

    def from_place(place: str, *, tags: dict[str, object]) -> gpd.GeoDataFrame:
        asked.append(place)
        return features()

    monkeypatch.setattr(osmnx, "features_from_place", from_place)
    specs = download_place("样例市", tmp_path / "osm")
    assert asked == ["样例市"] * 3
    assert [(spec.role, spec.path) for spec in specs] == [
        ("roads", "roads.gpkg"),
        ("barriers", "barriers.gpkg"),
        ("buildings", "buildings.gpkg"),
    ]
    assert len(gpd.read_file(tmp_path / "osm" / "buildings.gpkg")) == 1


def test_a_place_that_cannot_be_had_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    osmnx = pytest.importorskip("osmnx")

    def no_network(place: str, *, tags: dict[str, object]) -> gpd.GeoDataFrame:
        raise ConnectionError("no route")

    monkeypatch.setattr(osmnx, "features_from_place", no_network)
    with pytest.raises(LayerError) as raised:
        download_place("样例市", tmp_path)
    assert "样例市" in raised.value.sentences("zh")[0] and "no route" in raised.value.sentences("en")[0]

"""Reading: what goes in as a file comes out as `Layers` promises, whatever the format."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.progress import Step
from districting.territory.layers import ROAD_CLASSES
from districting.territory.sources import LayerSpec, read_layers
from districting.territory.specs import STAFF_COLUMNS
from tests.places import DATA, needs_shared
from tests.territory.drawn_files import CRS, X, Y, frame, read, town, with_role, write

BUILDING_TYPES = {
    "households": "int64",
    "people": "float64",
    "registered_people": "float64",
    "dwellings": "float64",
    "floors": "float64",
    "estimated": "bool",
    "address": "object",
    "compound_id": "object",
    "community_id": "object",
    "subdistrict_id": "object",
    "horizon_households": "int64",
    "geometry": "geometry",
}


def assert_keeps_the_promise(layers) -> None:  # type: ignore[no-untyped-def]
    """Every index text, unique and sorted; the columns of buildings in their types; one CRS."""
    for name in (
        "buildings",
        "roads",
        "barriers",
        "communities",
        "subdistricts",
        "facilities",
        "compounds",
        "zones",
    ):
        table = getattr(layers, name)
        ids = list(table.index)
        assert ids == sorted(set(ids)) and all(isinstance(one, str) for one in ids), name
        assert table.crs == layers.crs, name
    assert {name: str(dtype) for name, dtype in layers.buildings.dtypes.items()} == BUILDING_TYPES
    assert set(layers.roads["road_class"]) <= set(ROAD_CLASSES)
    assert set(layers.roads.geometry.geom_type) <= {"LineString"}
    assert set(layers.barriers.geometry.geom_type) <= {"LineString", "Polygon"}


def test_a_town_is_read_as_promised(tmp_path: Path) -> None:
    layers = read(tmp_path, town())
    assert_keeps_the_promise(layers)
    assert layers.households == 280
    # by hand: two buildings a community, two communities a sub-district, 50 m apart from the west
    assert list(layers.buildings["community_id"]) == ["001", "001", "002", "002", "003", "003", "004", "004"]
    assert list(layers.buildings["subdistrict_id"]) == ["西街街道"] * 4 + ["东街街道"] * 4
    assert list(layers.communities["subdistrict_id"]) == ["西街街道"] * 2 + ["东街街道"] * 2
    assert list(layers.roads["road_class"]) == ["primary", "tertiary"]
    assert list(layers.roads["bridge"]) == [False, True]
    assert list(layers.roads["name"]) == ["中心路", None]
    assert list(layers.barriers["kind"]) == ["water"]
    assert list(layers.facilities["name"]) == ["甲站"]
    assert list(layers.facilities["community_id"]) == ["001"]
    assert not layers.generated and layers.notes == ()
    assert [source.role for source in layers.sources][:1] == ["buildings"]
    assert all(len(source.sha256) == 64 and source.crs == "EPSG:4547" for source in layers.sources)


@needs_shared
def test_xian_beilin_is_read_whole() -> None:
    specs = [
        LayerSpec(
            "buildings", "buildings.gpkg", columns={"estimated": "hh_source", "subdistrict_id": "subdistrict"}
        ),
        LayerSpec("roads", "roads.gpkg"),
        LayerSpec("barriers", "barriers.gpkg", layer="barrier_lines"),
        LayerSpec("communities", "communities.gpkg", columns={"subdistrict_id": "subdistrict"}),
        LayerSpec("subdistricts", "subdistricts.gpkg"),
        LayerSpec("facilities", "facilities.gpkg", where="kind = 'community_service_centre'"),
    ]
    layers = read_layers(specs, crs="EPSG:32649", folder=DATA / "xian_beilin")
    assert_keeps_the_promise(layers)
    # figures of the data's own README
    assert layers.households == 266_894
    assert (len(layers.buildings), len(layers.communities), len(layers.roads)) == (10_057, 88, 1_909)
    assert layers.estimated_share == 1.0 and layers.generated
    assert set(layers.barriers["kind"]) == {"expressway", "wall"}


@needs_shared
def test_cambridge_is_read_whole_and_its_repairs_are_logged() -> None:
    specs = [
        LayerSpec("buildings", "buildings.gpkg", columns={"estimated": "hh_source"}),
        LayerSpec("roads", "roads.gpkg"),
        LayerSpec("barriers", "barriers.gpkg", layer="barrier_lines"),
        LayerSpec("barriers", "barriers.gpkg", layer="barrier_polygons"),
        LayerSpec("communities", "communities.gpkg"),
        LayerSpec("subdistricts", "subdistricts.gpkg"),
        LayerSpec("facilities", "facilities.gpkg", where="kind = 'community_centre'"),
    ]
    layers = read_layers(specs, crs="EPSG:26986", folder=DATA / "cambridge_ma")
    assert_keeps_the_promise(layers)
    assert layers.households == 43_100  # README of the data
    assert int(layers.buildings["households"][~layers.buildings["estimated"]].sum()) == 41_902
    assert set(layers.barriers["kind"]) == {"rail", "water"}
    logged = {note.key: note for note in layers.notes}
    assert logged["note.buildings_near"].values["count"] == 13
    # 12 m² of overlap between two sub-districts, measured with a plain pairwise intersection
    assert logged["note.layer_closed"].values["overlap_m2"] == pytest.approx(11.7, abs=0.1)
    assert shapely.coverage_is_valid(layers.subdistricts.geometry.to_numpy())


ids = st.text("0123456789ABC社区甲乙-", min_size=1, max_size=8).filter(lambda text: text != "-")
homes = st.lists(
    st.tuples(ids, st.integers(0, 5000), st.integers(0, 39_999), st.integers(0, 19_999)),
    min_size=1,
    max_size=12,
    unique_by=lambda home: home[0],
)


@settings(max_examples=15, deadline=None)
@given(homes, st.sampled_from(["gpkg", "csv", "csv-gbk", "parquet", "xlsx", "geojson"]))
def test_written_and_read_again_is_the_same(rows: list[tuple[str, int, int, int]], form: str) -> None:
    """Points, ids (leading zeros too) and households survive every format."""
    table = frame(
        {"building_id": [row[0] for row in rows], "households": [row[1] for row in rows]},
        [shapely.Point(row[2] / 100, row[3] / 100) for row in rows],
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        specs = write(folder, {key: value for key, value in town().items() if key == "subdistricts"})
        layers = read_layers([*specs, _written(table, folder, form)], crs=CRS, folder=folder)
    back = layers.buildings
    expected = table.set_index("building_id").sort_index()
    assert list(back.index) == list(expected.index)
    assert list(back["households"]) == list(expected["households"])
    apart = shapely.distance(back.geometry.to_numpy(), expected.geometry.to_numpy())
    assert apart.max() < (0.02 if form == "geojson" else 1e-6)


def _written(table: gpd.GeoDataFrame, folder: Path, form: str) -> LayerSpec:
    """The buildings in one format, and the spec that reads them."""
    rows = pd.DataFrame(table.drop(columns="geometry")).assign(x=table.geometry.x, y=table.geometry.y)
    if form.startswith("csv"):
        rows.to_csv(folder / "b.csv", index=False, encoding="gb18030" if form == "csv-gbk" else "utf-8-sig")
        return LayerSpec("buildings", "b.csv", crs=CRS)
    if form == "xlsx":
        rows.to_excel(folder / "b.xlsx", index=False)
        return LayerSpec("buildings", "b.xlsx", crs=CRS, columns={"x": "x", "y": "y"})
    if form == "parquet":
        table.to_parquet(folder / "b.parquet")
    elif form == "geojson":
        table.to_crs(4326).to_file(folder / "b.geojson")
    else:
        table.to_file(folder / "b.gpkg")
    return LayerSpec("buildings", f"b.{form}")


def shapefile(table: gpd.GeoDataFrame, path: Path, *, households: str, encoding: str) -> LayerSpec:
    """Buildings as a shapefile, whose field names hold ten bytes."""
    columns = {"building_id": "bid", "households": households, "address": "地址"}
    named = table.assign(address=[f"中心路{i}号" for i in range(len(table))]).rename(columns=columns)
    named.to_file(path, encoding=encoding)
    return LayerSpec("buildings", path.name, columns=columns)


@pytest.mark.parametrize("cpg", [True, False])
def test_a_gbk_shapefile_is_read_with_and_without_its_cpg(tmp_path: Path, cpg: bool) -> None:
    tables = town()
    specs = write(tmp_path, tables)
    spec = shapefile(tables["buildings"], tmp_path / "楼栋.shp", households="户数", encoding="GBK")
    if not cpg:
        (tmp_path / "楼栋.cpg").unlink()
    layers = read_layers(with_role(specs, spec), crs=CRS, folder=tmp_path)
    assert layers.households == 280
    assert layers.buildings.loc["03", "address"] == "中心路3号"
    assert [note.key for note in layers.notes] == ([] if cpg else ["note.layer_decoded"])


def test_a_utf8_shapefile_with_a_field_name_cut_inside_a_letter_is_read(tmp_path: Path) -> None:
    """As writers cut 常住户数量合计 after ten bytes; plain readers then refuse the file."""
    tables = town()
    specs = write(tmp_path, tables)
    spec = shapefile(tables["buildings"], tmp_path / "b.shp", households="常住户x", encoding="UTF-8")
    table = tmp_path / "b.dbf"
    whole, cut = "常住户x".encode(), "常住户数".encode()[:10]
    table.write_bytes(table.read_bytes().replace(whole, cut))
    with pytest.raises(UnicodeDecodeError):
        gpd.read_file(tmp_path / "b.shp")
    spec = replace(spec, columns={**spec.columns, "households": "常住户"})
    layers = read_layers(with_role(specs, spec), crs=CRS, folder=tmp_path)
    assert layers.households == 280
    assert layers.buildings.loc["03", "address"] == "中心路3号"


@pytest.mark.parametrize("file", ["b.gdb", "b.kml", "b.shp.zip", "b.fgb"])
def test_other_gis_formats_are_read(tmp_path: Path, file: str) -> None:
    tables = town()
    specs = write(tmp_path, tables)
    table = tables["buildings"].rename(columns={"building_id": "bid"})
    options = {
        "b.gdb": {"driver": "OpenFileGDB", "TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"},
        "b.kml": {"driver": "KML"},
        "b.shp.zip": {"driver": "ESRI Shapefile"},
        "b.fgb": {"driver": "FlatGeobuf"},
    }[file]
    table = table.to_crs(4326) if file == "b.kml" else table
    table.to_file(tmp_path / file, **options)
    spec = LayerSpec("buildings", file, columns={"building_id": "bid"})
    layers = read_layers(with_role(specs, spec), crs=CRS, folder=tmp_path)
    assert layers.households == 280 and "03" in layers.buildings.index


def test_one_condition_means_the_same_in_every_format(tmp_path: Path) -> None:
    specs = write(tmp_path, town())
    rows = pd.DataFrame({"编号": ["001", "002", "003"], "户数": [5, 50, 500], "类": ["住宅", "住宅", "商铺"]})
    table = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy([X + 5, X + 6, X + 7], [Y + 5] * 3), crs=CRS)
    table.to_file(tmp_path / "b.gpkg")
    table.to_parquet(tmp_path / "b.parquet")
    rows.assign(x=table.geometry.x, y=table.geometry.y).to_csv(tmp_path / "b.csv", index=False)
    for file in ("b.gpkg", "b.parquet", "b.csv"):
        spec = LayerSpec(
            "buildings",
            file,
            columns={"building_id": "编号", "households": "户数"},
            where="类 = '住宅' AND 户数 > 9",
            crs=CRS,
        )
        layers = read_layers(with_role(specs, spec), crs=CRS, folder=tmp_path)
        assert list(layers.buildings.index) == ["002"], file


@pytest.mark.parametrize("code", [4490, 4526, 4547, 4326, 32649])
def test_layers_in_cgcs2000_and_others_land_on_the_same_spot(tmp_path: Path, code: int) -> None:
    """4490 is CGCS2000 in degrees, 4526 the 3° zone 38 with its prefix, 4547 the same without."""
    tables = town()
    specs = write(tmp_path, tables)
    tables["buildings"].to_crs(code).to_file(tmp_path / "other.gpkg")
    layers = read_layers(with_role(specs, LayerSpec("buildings", "other.gpkg")), crs=CRS, folder=tmp_path)
    apart = shapely.distance(layers.buildings.geometry.to_numpy(), tables["buildings"].geometry.to_numpy())
    assert apart.max() < 0.01


def test_buildings_without_ids_get_ids_that_outlast_a_new_order(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"] = tables["buildings"].drop(columns="building_id")
    first = read(tmp_path, tables).buildings
    tables["buildings"] = tables["buildings"].iloc[::-1]
    again = read(tmp_path, tables).buildings
    assert first["households"].to_dict() == again["households"].to_dict()


def test_footprints_become_points_inside_and_stay_beside(tmp_path: Path) -> None:
    tables = town()
    shapes = [shapely.box(50 * i + 20, 20, 50 * i + 30, 40) for i in range(7)]
    u_shape = shapely.difference(shapely.box(370, 20, 390, 40), shapely.box(375, 25, 385, 40))
    tables["buildings"] = frame({"building_id": list("abcdefgh"), "households": [1] * 8}, [*shapes, u_shape])
    layers = read(tmp_path, tables)
    assert list(layers.footprints.index) == list("abcdefgh")
    assert layers.footprints.contains(layers.buildings.geometry).all()


def test_communities_known_only_by_a_column_get_the_land_nearest_their_buildings(tmp_path: Path) -> None:
    tables = town()
    del tables["communities"]
    # a community of each 100 m strip; the points lie symmetric to its middle only in x, so cells meet midway
    tables["buildings"] = frame(
        {"building_id": list("abcd"), "households": [1] * 4, "community_id": ["甲", "乙", "丙", "丁"]},
        [shapely.Point(100 * i + 50, 100) for i in range(4)],
    )
    layers = read(tmp_path, tables)
    assert layers.derived_communities
    assert layers.communities.geometry.area.to_dict() == pytest.approx(dict.fromkeys("甲乙丙丁", 20_000.0))
    assert shapely.area(shapely.union_all(layers.communities.geometry.to_numpy())) == pytest.approx(80_000)
    assert layers.communities.loc["甲", "subdistrict_id"] == "西街街道"
    assert list(layers.communities.columns) == ["name", "code", "subdistrict_id", *STAFF_COLUMNS, "geometry"]


def test_without_subdistricts_the_communities_make_one(tmp_path: Path) -> None:
    tables = town()
    del tables["subdistricts"]
    layers = read(tmp_path, tables)
    assert len(layers.subdistricts) == 1 and layers.subdistricts.area.sum() == pytest.approx(80_000)
    assert set(layers.buildings["subdistrict_id"]) == set(layers.subdistricts.index)
    assert "note.subdistricts_from_communities" in {note.key for note in layers.notes}


def test_a_column_outranks_the_place_and_may_name_by_name(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"]["community_id"] = ["丁社区", None, *["002"] * 6]
    layers = read(tmp_path, tables)
    assert list(layers.buildings["community_id"]) == ["004", "001", *["002"] * 6]


def test_a_building_belongs_to_the_nearest_land_within_thirty_metres(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"].geometry = shapely.transform(
        tables["buildings"].geometry.to_numpy(), lambda xy: np.where(xy == xy.min(axis=0), xy - (50, 0), xy)
    )
    layers = read(tmp_path, tables)
    assert layers.buildings.loc["00", "community_id"] == "001"
    note = next(note for note in layers.notes if note.key == "note.buildings_near")
    assert note.values["count"] == 1


def test_several_files_of_a_role_are_joined(tmp_path: Path) -> None:
    tables = town()
    specs = write(tmp_path, tables)
    lake = frame({"水名": ["东湖"]}, [shapely.box(300, 150, 320, 170)])
    lake.to_file(tmp_path / "湖泊.gpkg")
    more = LayerSpec("barriers", "湖泊.gpkg", columns={"name": "水名"}, kind="water")
    layers = read_layers([*specs, more], crs=CRS, folder=tmp_path)
    assert list(layers.barriers.geometry.geom_type) == ["LineString", "Polygon"]
    assert list(layers.barriers["name"]) == ["护城河", "东湖"]


def test_lines_of_several_parts_become_single_lines(tmp_path: Path) -> None:
    tables = town()
    tables["roads"] = frame(
        {"road_id": ["r", "r"], "road_class": ["primary", "footway"]},
        [
            shapely.MultiLineString([[(0, 0), (9, 0)], [(0, 5), (9, 5)]]),
            shapely.LineString([(0, 9), (9, 9)]),
        ],
    )
    layers = read(tmp_path, tables)
    assert list(layers.roads.index) == ["r", "r#2", "r#3"]
    assert sorted(layers.roads["road_class"]) == ["path", "primary", "primary"]


def test_roads_far_from_the_case_are_left_out(tmp_path: Path) -> None:
    tables = town()
    tables["roads"] = frame(
        {"road_class": ["primary", "primary"]},
        [shapely.LineString([(0, 0), (9, 0)]), shapely.LineString([(5000, 0), (5009, 0)])],
    )
    layers = read(tmp_path, tables)
    assert len(layers.roads) == 1
    assert [note.key for note in layers.notes] == ["note.lines_left_out"]


def test_data_that_call_themselves_generated_are_marked(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"]["source"] = "合成数据"
    assert read(tmp_path, tables).generated
    assert read(tmp_path, town(), generated=True).generated


def test_progress_names_every_file(tmp_path: Path) -> None:
    steps: list[Step] = []
    read(tmp_path, town(), progress=steps.append)
    assert [step.where for step in steps][:2] == ["buildings.parquet", "roads.parquet"]
    assert steps[-1].done == steps[-1].total == 6

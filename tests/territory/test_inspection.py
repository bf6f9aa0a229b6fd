"""A first look into files that nobody has described."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from districting.errors import LayerError
from districting.territory.headings import guess_columns, guess_role
from districting.territory.inspection import guess_case, inspect_file
from districting.territory.sources import read_layers
from tests.places import DATA, needs_shared
from tests.territory.drawn_files import frame, town


@needs_shared
@pytest.mark.parametrize(
    ("place", "crs", "where", "households", "roles"),
    [
        (
            "xian_beilin",
            "EPSG:32649",
            "kind = 'community_service_centre'",
            266_894,
            ["barriers", "buildings", "communities", "facilities", "roads", "subdistricts"],
        ),
        (
            "cambridge_ma",
            "EPSG:26986",
            "kind = 'community_centre'",
            43_100,
            ["barriers", "barriers", "buildings", "communities", "facilities", "roads", "zones", "subdistricts"],
        ),
    ],
)
def test_every_role_of_the_reference_places_is_found(
    place: str, crs: str, where: str, households: int, roles: list[str]
) -> None:
    folder = DATA / place
    guessed = guess_case(sorted(folder.glob("*.gpkg")), folder=folder)
    assert guessed.crs == crs
    assert [spec.role for spec in guessed.layers] == roles  # blocks.gpkg of Xi'an plays none
    assert next(spec.where for spec in guessed.layers if spec.role == "facilities") == where
    assert read_layers(guessed.layers, crs=crs, folder=folder).households == households


def test_chinese_files_are_understood_and_read(tmp_path: Path) -> None:
    tables = town()
    homes = tables["buildings"].to_crs(4490)
    rows = homes.drop(columns="geometry").rename(columns={"building_id": "楼栋编号", "households": "常住户数"})
    rows.assign(经度=homes.geometry.x, 纬度=homes.geometry.y).to_csv(
        tmp_path / "楼栋.csv", index=False, encoding="gbk"
    )
    tables["communities"].rename(columns={"community_id": "社区代码", "name": "社区名称"}).to_parquet(
        tmp_path / "社区.parquet"
    )
    tables["subdistricts"].rename(columns={"name": "街道名称"}).to_parquet(tmp_path / "街道.parquet")
    tables["roads"].rename(columns={"road_class": "道路等级"}).to_parquet(tmp_path / "道路.parquet")
    tables["facilities"].rename(columns={"kind": "设施类型"}).to_parquet(tmp_path / "服务设施.parquet")
    tables["barriers"].drop(columns="kind").to_parquet(tmp_path / "河流.parquet")
    guessed = guess_case(sorted(tmp_path.iterdir()), folder=tmp_path)
    by_role = {spec.role: spec for spec in guessed.layers}
    assert set(by_role) == {"buildings", "communities", "subdistricts", "roads", "facilities", "barriers"}
    assert by_role["buildings"].columns == {"building_id": "楼栋编号", "households": "常住户数"}
    assert by_role["buildings"].crs == "EPSG:4490"
    assert by_role["communities"].columns["community_id"] == "社区代码"
    assert by_role["facilities"].where == "\"设施类型\" = '社区服务中心'"
    assert by_role["barriers"].kind == "water"
    assert guessed.crs == "EPSG:4547"
    remarks = [fault.key for fault in guessed.remarks]
    assert remarks == ["note.init_guessed_crs"]
    assert "GCJ-02" in guessed.remarks[0].sentence("zh")
    assert read_layers(guessed.layers, crs=guessed.crs, folder=tmp_path).households == 280


def test_a_file_is_described_layer_by_layer(tmp_path: Path) -> None:
    tables = town()
    tables["communities"].to_file(tmp_path / "city.gpkg", layer="社区")
    tables["roads"].to_file(tmp_path / "city.gpkg", layer="路网")
    first, second = inspect_file(tmp_path / "city.gpkg")
    assert (first.layer, first.geometry, first.crs, first.features, first.role) == (
        "社区",
        "polygon",
        "EPSG:4547",
        4,
        "communities",
    )
    assert first.columns[1].examples == ("甲社区", "乙社区", "丙社区")
    assert second.role == "roads" and second.spec is not None and second.spec.layer == "路网"
    # the corner of the town is drawn at about 113.7° E, 34.8° N
    assert first.middle == pytest.approx((113.7, 34.8), abs=0.02)


def test_what_is_not_understood_is_remarked_with_its_columns(tmp_path: Path) -> None:
    frame({"abc": [1]}, [shapely.box(0, 0, 9, 9)]).to_parquet(tmp_path / "x.parquet")
    (tmp_path / "broken.gpkg").write_bytes(b"not a geopackage")
    guessed = guess_case([tmp_path / "x.parquet", tmp_path / "broken.gpkg"], folder=tmp_path)
    keys = [fault.key for fault in guessed.remarks]
    assert "note.init_no_role" in keys and "fault.file_no_such" in keys and "fault.init_no_crs" in keys
    assert keys.count("note.init_no_layer") == 5
    for fault in guessed.remarks:
        assert fault.sentence("zh") and fault.sentence("en")
    with pytest.raises(LayerError):
        inspect_file(tmp_path / "absent.gpkg")


def test_names_of_columns_are_compared_without_case_and_blanks() -> None:
    assert guess_columns("buildings", ["HH", "Building ID", "住宅 套数"]) == {
        "building_id": "Building ID",
        "households": "HH",
        "dwellings": "住宅 套数",
    }


@pytest.mark.parametrize(
    ("layer", "geometry", "names", "role"),
    [
        ("铁路", "line", [], "barriers"),
        ("小区范围", "polygon", [], "compounds"),
        ("学区划分", "polygon", [], "zones"),
        ("规划住宅", "point", [], "planned"),
        ("社区用房", "point", [], "facilities"),
        ("layer1", "line", ["fclass"], "roads"),
        ("layer1", "point", ["户数"], "buildings"),
        ("layer1", "polygon", ["户数"], None),
        ("网格", "polygon", [], None),
    ],
)
def test_a_role_is_told_by_name_shape_and_columns(
    layer: str, geometry: str, names: list[str], role: str | None
) -> None:
    assert guess_role(layer=layer, file="file", geometry=geometry, names=names) == role

"""What is wrong with a layer is said in zh and en: file, layer, how many, which, and the mend. All at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from districting.errors import Fault
from districting.territory.sources import read_layers
from districting.territory.specs import Estimate, LayerSpec
from tests.territory.drawn_files import CRS, X, Y, faults_of, frame, read, town, with_role, write


def only(faults: tuple[Fault, ...], key: str) -> Fault:
    """The one fault, which must be the only one of the stage."""
    assert [fault.key for fault in faults] == [key], [fault.sentence("en") for fault in faults]
    return faults[0]


def says(fault: Fault, *parts: str, mend_zh: str, mend_en: str) -> None:
    """Both languages name every part and their mend."""
    for language, mend in (("zh", mend_zh), ("en", mend_en)):
        sentence = fault.sentence(language)  # type: ignore[arg-type]
        for part in (*parts, mend):
            assert part in sentence, sentence


Spoil = Callable[[dict], None]  # type: ignore[type-arg]


def households(values: list[object]) -> Spoil:
    def spoil(tables: dict) -> None:  # type: ignore[type-arg]
        tables["buildings"]["households"] = values

    return spoil


def communities(shapes: list[object]) -> Spoil:
    def spoil(tables: dict) -> None:  # type: ignore[type-arg]
        tables["communities"] = frame({"community_id": [f"00{i + 1}" for i in range(len(shapes))]}, shapes)

    return spoil


def columns(role: str, **values: object) -> Spoil:
    def spoil(tables: dict) -> None:  # type: ignore[type-arg]
        tables[role] = tables[role].assign(**values)

    return spoil


box = shapely.box
strips = [box(100 * i, 0, 100 * (i + 1), 200) for i in range(4)]
bow_tie = shapely.Polygon([(0, 0), (100, 200), (100, 0), (0, 200)])
overlapping = [box(0, 0, 150, 200), *strips[1:]]


@pytest.mark.parametrize(
    ("spoil", "key", "parts", "mend_zh", "mend_en"),
    [
        pytest.param(
            households([1, 2, 3, -4, 5, 6, 7, 8]),
            "fault.layer_negative",
            ["buildings.parquet", "'households'", "1 of 8", "03 (-4)"],
            "请更正",
            "correct",
            id="negative households",
        ),
        pytest.param(
            households(["1", "2", "三户", "4", "5", "6", "7", "8"]),
            "fault.layer_text_number",
            ["buildings.parquet", "1 of 8", "02 (三户)"],
            "请改为数字",
            "enter numbers",
            id="households in words",
        ),
        pytest.param(
            households([1, 2, np.nan, 4, 5, 6, np.nan, 8]),
            "fault.layer_empty_count",
            ["buildings.parquet", "2 of 8", "02, 06"],
            "请填 0",
            "enter 0",
            id="empty households",
        ),
        pytest.param(
            households([1, 2.5, 3, 4, 5, 6, 7, 8]),
            "fault.layer_fraction",
            ["buildings.parquet", "1 of 8", "01 (2.5)"],
            "整数",
            "whole numbers",
            id="half a household",
        ),
        pytest.param(
            columns("buildings", building_id=list("aabbcdef")),
            "fault.layer_duplicate_ids",
            ["buildings.parquet", "buildings", "2 ids", "a, b"],
            "请更正编号",
            "correct them",
            id="ids twice",
        ),
        pytest.param(
            columns("buildings", community_id=["001"] * 6 + ["幸福社区", "009"]),
            "fault.layer_unknown_id",
            ["buildings.parquet", "community_id", "2 of 8", "009, 幸福社区", "001, 002"],
            "按位置判断",
            "go by place",
            id="a community nobody knows",
        ),
        pytest.param(
            communities([bow_tie, *strips[1:]]),
            "fault.layer_self_crossing",
            ["communities.parquet", "1 of 4", "001", "Self-intersection"],
            "请在 GIS 软件中改正",
            "redraw it",
            id="an outline that crosses itself",
        ),
        pytest.param(
            communities(overlapping),
            "fault.layer_overlap",
            ["communities.parquet", "1 pair", "001–002", "10,000 m²"],
            "请改正边界",
            "redraw the borders",
            id="communities on one another",
        ),
        pytest.param(
            communities([None, *strips[1:]]),
            "fault.layer_no_geometry",
            ["communities.parquet", "1 of 4", "001"],
            "请补画或删除",
            "draw or drop",
            id="a community without land",
        ),
        pytest.param(
            communities([shapely.Point(5, 5), *strips[1:]]),
            "fault.layer_geometry",
            ["communities.parquet", "1 of 4", "Point", "001"],
            "请换用正确的图层",
            "use the right layer",
            id="a community that is a point",
        ),
        pytest.param(
            columns("roads", road_class=["5", "6"]),
            "fault.layer_words_roads",
            ["roads.parquet", "2 of 2", "5, 6"],
            "主干路",
            "common words",
            id="road classes in figures",
        ),
        pytest.param(
            columns("barriers", kind="绿化带"),
            "fault.layer_words_barriers",
            ["barriers.parquet", "1 of 1", "绿化带"],
            "请改用 rail",
            "use rail",
            id="a barrier of no kind",
        ),
    ],
)
def test_a_fault_is_said_with_its_mend(
    tmp_path: Path, spoil: Spoil, key: str, parts: list[str], mend_zh: str, mend_en: str
) -> None:
    tables = town()
    spoil(tables)
    fault = only(faults_of(write(tmp_path, tables), tmp_path), key)
    sentence = fault.sentence("en")
    for part in parts:
        assert part in sentence, sentence
    assert mend_en in sentence
    chinese = fault.sentence("zh")
    for value in (fault.values["file"], fault.values["count"]):
        assert str(value) in chinese, chinese
    assert mend_zh in chinese
    for example in str(fault.values["examples"]).split(" …")[0].split(", "):
        assert example in chinese


def test_buildings_beyond_every_subdistrict_are_named_with_their_distance(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"].loc[0, "geometry"] = shapely.Point(X - 1000, Y + 60)
    fault = only(faults_of(write(tmp_path, tables), tmp_path), "fault.buildings_outside")
    says(
        fault, "buildings.parquet", "1", "00 (1,000 m)", "10", mend_zh="请更正坐标", mend_en="correct their coord"
    )
    assert fault.place == (X - 1000, Y + 60)


def test_an_empty_house_far_outside_is_only_left_out(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"].loc[7, "geometry"] = shapely.Point(X + 5000, Y)
    layers = read(tmp_path, tables)
    assert "07" not in layers.buildings.index
    assert [note.key for note in layers.notes] == ["note.buildings_left_out"]


def test_missing_things_name_what_there_is(tmp_path: Path) -> None:
    """File, layer and column: each fault lists the alternatives, and all come at once."""
    tables = town()
    specs = write(tmp_path, tables)
    tables["communities"].to_file(tmp_path / "two.gpkg", layer="社区")
    tables["communities"].to_file(tmp_path / "two.gpkg", layer="楼栋")
    specs = with_role(specs, LayerSpec("roads", "road.parquet"))
    specs = with_role(specs, LayerSpec("communities", "two.gpkg", layer="shequ"))
    specs = with_role(specs, LayerSpec("barriers", "two.gpkg"))
    specs = with_role(specs, LayerSpec("buildings", "buildings.parquet", columns={"households": "户数"}))
    faults = {fault.key: fault for fault in faults_of(specs, tmp_path)}
    assert set(faults) == {
        "fault.layer_no_file",
        "fault.layer_no_layer",
        "fault.layer_which",
        "fault.layer_no_column",
    }
    says(
        faults["fault.layer_no_file"],
        "road.parquet",
        "roads.parquet",
        mend_zh="请更正 path",
        mend_en="Correct path",
    )
    says(
        faults["fault.layer_no_layer"],
        "two.gpkg",
        "shequ",
        "社区, 楼栋",
        mend_zh="请更正 layer",
        mend_en="Correct l",
    )
    says(faults["fault.layer_which"], "two.gpkg", "社区, 楼栋", mend_zh="[[layers.barriers]]", mend_en="Name one")
    says(
        faults["fault.layer_no_column"],
        "buildings.parquet",
        "户数",
        "households",
        mend_zh="请更正",
        mend_en="Correct",
    )


def test_an_empty_layer_says_which_condition_emptied_it(tmp_path: Path) -> None:
    specs = write(tmp_path, town())
    specs = with_role(specs, LayerSpec("facilities", "facilities.parquet", where="kind = '派出所'"))
    fault = only(faults_of(specs, tmp_path), "fault.layer_empty")
    says(fault, "facilities.parquet", "facilities", "kind = '派出所'", mend_zh="请核对", mend_en="check")


def test_an_empty_layer_that_nothing_needs_counts_as_none_and_is_noted(tmp_path: Path) -> None:
    tables = town()
    tables["facilities"], tables["subdistricts"] = tables["facilities"].iloc[:0], tables["subdistricts"].iloc[:0]
    specs = [replace(spec, where=None) for spec in write(tmp_path, tables)]
    layers = read_layers(specs, crs=CRS, folder=tmp_path)
    noted = [note.values["role"] for note in layers.notes if note.key == "note.layer_empty"]
    assert noted == ["subdistricts", "facilities"]
    assert not len(layers.facilities)
    tables["communities"] = tables["communities"].iloc[:0]
    specs = [replace(spec, where=None) for spec in write(tmp_path, tables)]
    refused = {fault.values["role"]: fault for fault in faults_of(specs, tmp_path) if fault.severity == "error"}
    assert set(refused) == {"subdistricts", "communities"}
    says(refused["subdistricts"], "subdistricts.parquet", mend_zh="请核对文件", mend_en="check the file")


def test_a_condition_that_cannot_be_run_says_why(tmp_path: Path) -> None:
    specs = write(tmp_path, town())
    specs = with_role(specs, LayerSpec("facilities", "facilities.parquet", where="sort = 1"))
    fault = only(faults_of(specs, tmp_path), "fault.layer_where_column")
    says(fault, "facilities.parquet", "sort = 1", "kind", mend_zh="请更正 where", mend_en="Correct where")
    specs = with_role(specs, LayerSpec("facilities", "facilities.parquet", where="kind ="))
    fault = only(faults_of(specs, tmp_path), "fault.layer_where")
    says(fault, "facilities.parquet", "kind =", mend_zh="请按 SQL", mend_en="texts in single quotes")


def test_buildings_without_any_figure_ask_for_one(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"] = tables["buildings"].rename(columns={"households": "常住户"})
    fault = only(faults_of(write(tmp_path, tables), tmp_path), "fault.layer_no_households")
    says(fault, "buildings.parquet", "8", "00, 01", "常住户", mend_zh="请写明 columns", mend_en="Name households")


def moved(tmp_path: Path, change: Callable) -> list[LayerSpec]:  # type: ignore[type-arg]
    """The town with its buildings changed in CRS or coordinates, in a GeoPackage."""
    tables = town()
    specs = write(tmp_path, tables)
    change(tables["buildings"]).to_parquet(tmp_path / "b.parquet")
    return with_role(specs, LayerSpec("buildings", "b.parquet"))


def swapped(table):  # type: ignore[no-untyped-def]
    return table.set_geometry(shapely.transform(table.geometry.to_numpy(), lambda xy: xy[:, ::-1]), crs=table.crs)


@pytest.mark.parametrize(
    ("change", "key", "mend_zh", "mend_en"),
    [
        (lambda t: t.set_crs(None, allow_override=True), "fault.layer_no_crs", "EPSG:4490", "add its .prj"),
        (
            lambda t: t.to_crs(4490).set_crs(4547, allow_override=True),
            "fault.layer_degrees",
            "EPSG:4490",
            "correct",
        ),
        (
            lambda t: t.set_crs(4490, allow_override=True),
            "fault.layer_metres",
            "投影坐标系",
            "correct the file's CRS",
        ),
        (swapped, "fault.layer_swapped_axes", "请对调坐标列", "exchange"),
        (lambda t: swapped(t.to_crs(4490)), "fault.layer_swapped_axes", "请对调坐标列", "exchange"),
        (lambda t: t.to_crs(4526).set_crs(4547, allow_override=True), "fault.layer_far", "带号", "zone prefix"),
    ],
)
def test_coordinates_that_cannot_be_right_are_refused(
    tmp_path: Path,
    change: Callable,  # type: ignore[type-arg]
    key: str,
    mend_zh: str,
    mend_en: str,
) -> None:
    fault = only(faults_of(moved(tmp_path, change), tmp_path), key)
    says(fault, "b.parquet", "buildings", mend_zh=mend_zh, mend_en=mend_en)


def test_a_stated_crs_serves_a_file_without_one_and_must_not_contradict_it(tmp_path: Path) -> None:
    specs = moved(tmp_path, lambda table: table.to_crs(4490).set_crs(None, allow_override=True))
    stated = [replace(spec, crs="EPSG:4490") if spec.role == "buildings" else spec for spec in specs]
    assert read_layers(stated, crs=CRS, folder=tmp_path).households == 280
    wrong = [replace(spec, crs="EPSG:4490") if spec.role == "roads" else spec for spec in stated]
    fault = only(faults_of(wrong, tmp_path), "fault.layer_crs_differs")
    says(fault, "roads.parquet", "EPSG:4490", "EPSG:4547", mend_zh="请核实", mend_en="check which is right")


@pytest.mark.parametrize(
    ("crs", "key"),
    [("EPSG:4490", "fault.crs_geographic"), ("EPSG:2249", "fault.crs_unit"), ("EPSG:0", "fault.crs_unknown")],
)
def test_the_case_must_be_in_metres(tmp_path: Path, crs: str, key: str) -> None:
    """EPSG:2249 is Massachusetts in US survey feet."""
    fault = only(faults_of(write(tmp_path, town()), tmp_path, crs=crs), key)
    says(
        fault,
        crs,
        mend_zh="EPSG" if "unknown" in key else "投影坐标系",
        mend_en="EPSG" if "unknown" in key else "projected",
    )


def test_garbled_text_is_refused_with_the_mend(tmp_path: Path) -> None:
    """UTF-8 that somebody saved as GBK can be told; text that is lost can too."""
    tables = town()
    tables["buildings"]["address"] = [f"中心路三十{i}号院".encode().decode("gb18030", "ignore") for i in range(8)]
    fault = only(faults_of(write(tmp_path, tables), tmp_path), "fault.layer_mojibake")
    says(fault, "buildings.parquet", "涓", mend_zh="encoding", mend_en="state the right encoding")
    tables["buildings"]["address"] = "\ufffd\ufffd路"
    only(faults_of(write(tmp_path, tables), tmp_path), "fault.layer_mojibake")


def test_accented_latin_text_is_left_alone(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"]["address"] = ["Évry", "Rue de l'Église", "São João", "Åäö", "ß", "é", "ü", "ñandú"]
    layers = read(tmp_path, tables)
    assert layers.buildings.loc["01", "address"] == "Rue de l'Église"


def test_a_csv_in_neither_encoding_and_one_without_place_are_refused(tmp_path: Path) -> None:
    specs = write(tmp_path, town())
    (tmp_path / "b.csv").write_bytes(b"id,x,y\n\xff\xff\xff,1,2\n")
    says(
        only(faults_of(with_role(specs, LayerSpec("buildings", "b.csv", crs=CRS)), tmp_path), "fault.layer_bytes"),
        "b.csv",
        mend_zh="encoding",
        mend_en="state encoding",
    )
    (tmp_path / "b.csv").write_text("编号,户数\n1,2\n", encoding="gb18030")
    fault = only(
        faults_of(with_role(specs, LayerSpec("buildings", "b.csv", crs=CRS)), tmp_path), "fault.layer_no_place"
    )
    says(fault, "b.csv", "编号, 户数", mend_zh="请在 columns 中写明 x 与 y", mend_en="Name x and y")
    (tmp_path / "b.csv").write_text("户数,x,y\n1,东,2\n", encoding="utf-8")
    fault = only(
        faults_of(with_role(specs, LayerSpec("buildings", "b.csv", crs=CRS)), tmp_path), "fault.layer_coordinates"
    )
    says(fault, "b.csv", "1", "东, 2", mend_zh="请更正", mend_en="correct them")


def test_the_words_of_the_case_are_checked_before_any_file(tmp_path: Path) -> None:
    specs = [
        LayerSpec("buildings", "b.gpkg", columns={"hushu": "户数"}, estimate=Estimate(occupancy=1.5)),
        LayerSpec("rivers", "r.gpkg"),  # type: ignore[arg-type]
    ]
    keys = [fault.key for fault in faults_of(specs, tmp_path)]
    assert keys == ["fault.layer_column_name", "fault.layer_estimate", "fault.layer_role"]


def test_a_case_needs_buildings_and_land(tmp_path: Path) -> None:
    specs = [spec for spec in write(tmp_path, town()) if spec.role == "roads"]
    keys = [fault.key for fault in faults_of(specs, tmp_path)]
    assert keys == ["fault.layers_no_buildings", "fault.layers_no_land"]


def test_a_layer_of_another_town_is_refused(tmp_path: Path) -> None:
    tables = town()
    tables["roads"] = tables["roads"].set_geometry(tables["roads"].translate(60_000, 0))
    fault = only(faults_of(write(tmp_path, tables), tmp_path), "fault.layer_elsewhere")
    says(fault, "roads.parquet", "2", mend_zh="请核对", mend_en="check that")


def test_every_fault_of_the_files_comes_at_once(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"]["households"] = [1, 2.5, -3, np.nan, 5, 6, 7, 8]
    tables["roads"]["road_class"] = "?"
    tables["subdistricts"].geometry = [box(X, Y, X + 250, Y + 200), box(X + 200, Y, X + 400, Y + 200)]
    keys = {fault.key for fault in faults_of(write(tmp_path, tables), tmp_path)}
    assert keys == {
        "fault.layer_fraction",
        "fault.layer_negative",
        "fault.layer_empty_count",
        "fault.layer_words_roads",
    }


def test_strips_between_communities_are_refused_unless_they_are_meant(tmp_path: Path) -> None:
    """A strip of 4 m × 200 m = 800 m² by hand between the first and the second community."""
    tables = town()
    communities([box(0, 0, 98, 200), box(102, 0, 200, 200), *strips[2:]])(tables)
    specs = write(tmp_path, tables)
    fault = only(faults_of(specs, tmp_path), "fault.communities_gapped")
    says(fault, "communities.parquet", "1", "800", "001", "002", mend_zh="捕捉对齐", mend_en="snap the borders")
    meant = next(replace(spec, gaps=True) for spec in specs if spec.role == "communities")
    layers = read_layers(with_role(specs, meant), crs=CRS, folder=tmp_path)
    assert "note.land_in_no_community" in {note.key for note in layers.notes}


# --- what is mended


def test_a_small_self_crossing_is_mended_and_logged(tmp_path: Path) -> None:
    """A triangle of 0.25 m² by hand (0.5 m wide, 1 m high) hangs on a corner."""
    tables = town()
    spike = shapely.Polygon([(0, 0), (100, 0), (100, 200), (0, 200), (0, 0), (-0.5, -1), (-0.5, 0), (0, 0)])
    tables["communities"] = frame({"community_id": ["001", "002", "003", "004"]}, [spike, *strips[1:]])
    assert not tables["communities"].is_valid.all()
    layers = read(tmp_path, tables)
    note = next(note for note in layers.notes if note.key == "note.layer_made_valid")
    says(note, "communities.parquet", "1", "001", mend_zh="请择时", mend_en="mend the source")
    assert layers.communities.is_valid.all()


def test_slivers_between_communities_are_closed_and_logged(tmp_path: Path) -> None:
    """An overlap of 0.5 m × 200 m = 100 m², half a per cent of a community, where nobody lives."""
    tables = town()
    communities([box(0, 0, 100.5, 200), *strips[1:]])(tables)
    layers = read(tmp_path, tables)
    assert shapely.coverage_is_valid(layers.communities.geometry.to_numpy())
    assert layers.communities.area.sum() == pytest.approx(80_000)
    note = next(note for note in layers.notes if note.key == "note.layer_closed")
    assert note.values["overlap_m2"] == pytest.approx(100)


def test_a_sliver_in_which_somebody_lives_is_refused(tmp_path: Path) -> None:
    tables = town()
    communities([box(0, 0, 100.5, 200), *strips[1:]])(tables)
    tables["buildings"].loc[0, "geometry"] = shapely.Point(X + 100.2, Y + 60)
    only(faults_of(write(tmp_path, tables), tmp_path), "fault.layer_overlap")


def test_land_in_no_community_is_noted_with_those_who_live_there(tmp_path: Path) -> None:
    """The gap is 100 m × 200 m; who stands in it belongs to no community, however near the next one is."""
    tables = town()
    communities(strips[:3])(tables)
    layers = read(tmp_path, tables)
    notes = {note.key: note for note in layers.notes}
    assert notes["note.land_in_no_community"].values["area_m2"] == pytest.approx(20_000)
    # the buildings at x = 325 and 375 stand in the gap: on the ground of the town, and in no community
    assert layers.buildings.loc["06", "community_id"] is None
    assert layers.buildings.loc["07", "community_id"] is None


def test_repeated_rows_are_kept_once_and_houses_without_ids_are_not_taken_for_repeats(tmp_path: Path) -> None:
    tables = town()
    rows = tables["buildings"]
    twice = rows.iloc[[0, 0, *range(1, 8)]].reset_index(drop=True)
    layers = read(tmp_path, {**tables, "buildings": twice})
    assert layers.households == 280
    assert [note.key for note in layers.notes] == ["note.layer_repeats"]
    layers = read(tmp_path, {**tables, "buildings": twice.drop(columns="building_id")})
    assert layers.households == 290


def test_a_road_class_or_two_that_nobody_knows_is_taken_as_ordinary_and_logged(tmp_path: Path) -> None:
    tables = town()
    lines = [shapely.LineString([(0, i), (400, i)]) for i in range(30)]
    tables["roads"] = frame({"road_class": ["支路"] * 29 + ["其他路"]}, lines)
    layers = read(tmp_path, tables)
    assert sorted(set(layers.roads["road_class"])) == ["residential", "tertiary"]
    note = next(note for note in layers.notes if note.key == "note.layer_words")
    says(
        note,
        "roads.parquet",
        "1",
        "其他路",
        "residential",
        mend_zh="请在源数据中更正",
        mend_en="Correct the source",
    )


def test_text_is_trimmed(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"]["community_id"] = [" 001 ", *["002 "] * 7]
    assert set(read(tmp_path, tables).buildings["community_id"]) == {"001", "002"}

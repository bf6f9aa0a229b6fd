"""Plans made by hand, from the files that people have; each fault names file, column, count, example and mend."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from districting.errors import PlanError
from districting.plans.division import Division
from districting.plans.reading import read_plan
from districting.territory.territory import Territory
from tests.plans.drawn import flat, plan, town

TEXT = "A A B\nA B B\nC C ."
NEW = "A A A\nA B B\nD D ."


@pytest.fixture
def ground() -> Territory:
    return town(TEXT, seats={"A": (0.5, 2.5)})


def atoms_table(ground: Territory, text: str = NEW) -> pd.DataFrame:
    return pd.DataFrame({"atom_id": ground.atoms.table.index, "community_id": flat(text)})


def faults(path: Path, ground: Territory) -> dict[str, str]:
    """Keys and English sentences of what is wrong with a file."""
    with pytest.raises(PlanError) as caught:
        read_plan(path, ground)
    for fault in caught.value.faults:
        assert path.name in fault.sentence("zh")
        assert path.name in fault.sentence("en")
    return {fault.key.removeprefix("fault.plan_"): fault.sentence("en") for fault in caught.value.faults}


@pytest.mark.parametrize("name", ["mine.csv", "mine.xlsx", "mine.tsv"])
def test_a_list_of_atoms_is_read_from_every_kind_of_table(tmp_path: Path, ground: Territory, name: str) -> None:
    table, path = atoms_table(ground), tmp_path / name
    if name.endswith("xlsx"):
        table.to_excel(path, index=False)
    else:
        table.to_csv(path, index=False, sep="\t" if name.endswith("tsv") else ",")
    division = read_plan(path, ground)
    assert division.name == "mine"
    assert division.buildings.tolist() == flat(NEW)
    assert division.atoms is not None
    assert division.outlines["origin"].tolist() == ["A", "B", None]
    assert division.outlines.loc["A", "seat_kind"] == "existing"


def test_a_gbk_list_of_buildings_by_community_names(tmp_path: Path, ground: Territory) -> None:
    names = {"A": "A社区", "B": "B社区", "D": "新社区", None: ""}
    table = pd.DataFrame(
        {"楼栋编号": ground.layers.buildings.index, "社区名称": [names[one] for one in flat(NEW)]}
    )
    path = tmp_path / "方案.csv"
    table.to_csv(path, index=False, encoding="gbk")
    division = read_plan(path, ground)
    assert division.buildings.tolist() == [one if one != "D" else "新社区" for one in flat(NEW)]
    assert division.outlines.loc["新社区", "name"] == "新社区"


def test_our_own_list_of_buildings_reads_back(tmp_path: Path, ground: Territory) -> None:
    division = Division.of_plan(plan(ground, NEW), ground)
    path = tmp_path / "buildings.csv"
    columns = {"community_before": ground.layers.buildings["community_id"], "community_after": division.buildings}
    pd.DataFrame(columns).rename_axis("building_id").to_csv(path)
    assert read_plan(path, ground).buildings.equals(division.buildings)


@pytest.mark.parametrize("name", ["mine.gpkg", "mine.geojson", "mine.parquet", "mine.shp"])
def test_polygons_are_read_from_any_file_and_crs(tmp_path: Path, ground: Territory, name: str) -> None:
    division = Division.of_plan(plan(ground, NEW), ground)
    drawn = division.outlines[["geometry"]].reset_index().rename(columns={"community_id": "社区编码"})
    drawn = drawn.rename(columns={"社区编码": "name"}).explode(ignore_index=True)
    path = tmp_path / name
    if name.endswith("parquet"):
        drawn.to_parquet(path)
    else:
        drawn.to_crs("EPSG:4490" if not name.endswith("json") else "EPSG:4326").to_file(path)
    read = read_plan(path, ground)
    assert read.buildings.tolist() == flat(NEW)
    assert read.outlines["subdistrict_id"].tolist() == ["S", "S", "S"]


def test_of_several_layers_the_communities_are_read(tmp_path: Path, ground: Territory) -> None:
    path = tmp_path / "plan.gpkg"
    ground.atoms.table[["geometry"]].reset_index().to_file(path, layer="atoms")
    ground.layers.communities.reset_index().to_file(path, layer="communities")
    assert read_plan(path, ground).buildings.tolist() == flat(TEXT)


def test_unknown_missing_and_doubled_ids_are_said_together(tmp_path: Path, ground: Territory) -> None:
    table = atoms_table(ground)
    table.loc[0, "atom_id"] = "zz9"
    table = pd.concat([table, pd.DataFrame({"atom_id": ["a003"], "community_id": ["B"]})])
    path = tmp_path / "mine.csv"
    table.to_csv(path, index=False)
    found = faults(path, ground)
    assert set(found) == {"unknown_ids", "missing_ids", "twice"}
    assert "zz9" in found["unknown_ids"]
    assert "1 id of 10 rows" in found["unknown_ids"]
    assert "a000" in found["missing_ids"]
    assert "a003" in found["twice"]


def test_zeros_that_excel_ate_are_recognised(tmp_path: Path) -> None:
    ground = town("A B")
    homes = ground.layers.buildings.set_axis(pd.Index(["0001", "0002"], name="building_id"))
    object.__setattr__(ground.layers, "buildings", homes)
    path = tmp_path / "mine.csv"
    pd.DataFrame({"building_id": [1, 2], "community_id": ["A", "B"]}).to_csv(path, index=False)
    found = faults(path, ground)
    assert set(found) == {"lost_zeros"}
    assert "Format the column as text" in found["lost_zeros"]


def test_a_file_without_the_columns_says_which_it_has(tmp_path: Path, ground: Territory) -> None:
    path = tmp_path / "mine.csv"
    pd.DataFrame({"编号": ["1"], "备注": ["x"]}).to_csv(path, index=False)
    assert "atom_id / building_id, community_id / name" in faults(path, ground)["columns"]
    assert "编号, 备注" in faults(path, ground)["columns"]


@pytest.mark.parametrize("name", ["no.csv", "no.xlsx", "no.gpkg"])
def test_a_file_that_is_not_there_or_not_what_it_says(tmp_path: Path, ground: Territory, name: str) -> None:
    path = tmp_path / name
    assert set(faults(path, ground)) == {"no_file"}
    if not name.endswith("csv"):
        path.write_bytes(b"nonsense")
        assert set(faults(path, ground)) == {"fault.file_no_such"}  # it holds not what its ending says


def test_geometry_that_is_no_plan(tmp_path: Path, ground: Territory) -> None:
    crs = ground.layers.crs
    cases = {
        "no_polygon": gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.Point(1, 1)], crs=crs),
        "crosses_itself": gpd.GeoDataFrame(
            {"name": ["A"]}, geometry=[shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])], crs=crs
        ),
        "elsewhere": gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.box(9e5, 9e5, 9.1e5, 9.1e5)], crs=crs),
        "columns": gpd.GeoDataFrame({"x": ["A"]}, geometry=[shapely.box(0, 0, 9, 9)], crs=crs),
    }
    for key, drawn in cases.items():
        path = tmp_path / f"{key}.gpkg"
        drawn.to_file(path)
        assert set(faults(path, ground)) == {key}
    path = tmp_path / "bare.shp"
    cases["columns"].rename(columns={"x": "name"}).to_file(path)
    path.with_suffix(".prj").unlink()
    assert set(faults(path, ground)) == {"no_crs"}

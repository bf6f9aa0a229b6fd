"""A broken file, condition or query is one sentence of ours in zh and en: the file, the place and the mend."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from districting.errors import Fault, LayerError
from districting.territory.files import read_file
from districting.territory.specs import LayerSpec

#: What no sentence for planners may hold: words of libraries, of their calls, and of the system.
FOREIGN = re.compile(r"Errno|sqlite3_|ExecuteSQL|GDAL|driver|tokeniz|engine|pyarrow|Traceback|/vsi|b'|SHAPE_|\n")
EXCEL_97 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a layer ``bau`` of three points, as GeoPackage and as shapefile, and an Excel table."""
    folder = tmp_path_factory.mktemp("good")
    points = shapely.points([[472000, 3852000], [472010, 3852000], [472020, 3852010]])
    table = gpd.GeoDataFrame({"id": ["a", "b", "c"], "households": [1, 2, 3]}, geometry=points, crs="EPSG:4547")
    table.to_file(folder / "bau.gpkg", layer="bau")
    table.to_file(folder / "bau.shp")
    pd.DataFrame({"id": ["a"], "x": [1], "y": [2]}).to_excel(folder / "bau.xlsx", index=False)
    return folder


def refused(spec: LayerSpec, folder: Path) -> Fault:
    """The one fault of reading a file; its sentences name the file and speak no library's words."""
    with pytest.raises(LayerError) as caught:
        read_file(spec, folder=folder)
    (fault,) = caught.value.faults
    for language in ("zh", "en"):
        sentence = fault.sentence(language)  # type: ignore[arg-type]
        assert spec.path in sentence and not FOREIGN.search(sentence), sentence
    return fault


def archive() -> bytes:
    """A ZIP that is no workbook."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as parts:
        parts.writestr(zipfile.ZipInfo("readme.txt", (2026, 1, 1, 0, 0, 0)), "nothing")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("file", "content", "key", "said"),
    [
        ("a.gpkg", b"", "file_empty", "empty"),
        ("a.gpkg", b"no database", "file_no_such", "GeoPackage"),
        ("a.gpkg", b"SQLite format 3\0" + bytes(90), "file_damaged", "export it again"),
        ("a.shp", b"\0\0\x27\x0a" + bytes(96), "file_parts", ".shx, .dbf"),
        ("a.geojson", b'{"type": "FeatureCollection",\n "features": [}', "file_json", "line 2, character 15"),
        ("a.geojson", b"<html>404</html>", "file_other", "HTML"),
        ("a.json", b'{"a": 1}', "file_no_such", "GeoJSON"),
        ("a.csv", b"id,x,y\na,1,2\nb,1,2,3\n", "csv_row", "line 3: the row has 4 cells, the headings 3"),
        ("a.csv", b'id,x,y\na,1,2\n"b,1,2\nc,1,2\n', "csv_quotes", "line 3"),
        ("a.csv", b"", "file_empty", "empty"),
        ("a.csv", bytes(range(256)) * 4, "file_no_such", "CSV"),
        ("a.csv", archive(), "file_other", "ZIP"),
        ("a.xlsx", archive()[:60], "file_damaged", "copy it again"),
        ("a.xlsx", archive(), "file_damaged", "copy it again"),
        ("a.xlsx", b"id,x,y\n", "file_no_such", "Excel"),
        ("a.xlsx", EXCEL_97 + "EncryptedPackage".encode("utf-16-le"), "file_locked", "password"),
        ("a.xls", EXCEL_97, "file_old_excel", ".xlsx"),
        ("a.parquet", b"PAR1" + bytes(90), "file_damaged", "copy it again"),
        ("a.parquet", b"text", "file_no_such", "Parquet"),
        ("a.osm", b"<osm><node id='1'", "file_damaged", "copy it again"),
        ("a.kml", b"<kml><Document></kml>", "file_damaged", "copy it again"),
        ("a.zip", archive(), "file_damaged", "copy it again"),
        ("a.docx", archive(), "file_unknown", "convert it"),
    ],
)
def test_a_broken_file_is_told_by_what_it_holds(
    file: str, content: bytes, key: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / file).write_bytes(content)
    fault = refused(LayerSpec("buildings", file), tmp_path)
    assert fault.key == f"fault.{key}"
    assert said in fault.sentence("en")


@pytest.mark.parametrize("name", ["folder.gpkg", "folder.csv", "folder.xlsx"])
def test_a_folder_in_the_place_of_a_file_is_said_to_be_one(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    assert refused(LayerSpec("roads", name), tmp_path).key == "fault.file_folder"


@pytest.mark.parametrize(
    ("spec", "key", "said"),
    [
        (LayerSpec("buildings", "bau.gpkg", layer="bua"), "layer_no_layer", "Did you mean 'bau'?"),
        (LayerSpec("buildings", "bou.gpkg"), "layer_no_file", "Did you mean 'bau.gpkg'?"),
        (LayerSpec("buildings", "bau.gpkg", where="househoulds > 1"), "layer_where_column", "mean 'households'?"),
        (LayerSpec("buildings", "bau.shp", where="househoulds > 1"), "layer_where_column", "mean 'households'?"),
        (LayerSpec("buildings", "bau.xlsx", where="idd = 1"), "layer_where_column", "Did you mean 'id'?"),
        (LayerSpec("buildings", "bau.shp", where='id = "a"'), "layer_where_column", "single quotes"),
        (LayerSpec("buildings", "bau.gpkg", where="households >"), "layer_where", "id, households"),
        (LayerSpec("buildings", "bau.shp", where="id = 'a"), "layer_where", "single quotes"),
        (LayerSpec("buildings", "bau.gpkg", sql="SELECT * FROM bav"), "layer_sql_table", "Did you mean 'bau'?"),
        (LayerSpec("buildings", "bau.shp", sql="SELECT * FROM bav"), "layer_sql_table", "Did you mean 'bau'?"),
        (LayerSpec("buildings", "bau.gpkg", sql="SELECT nam FROM bau"), "layer_sql_no_column", "'nam'"),
        (LayerSpec("buildings", "bau.gpkg", sql="SELEC * FROM bau"), "layer_sql", "SELECT … FROM"),
        (LayerSpec("buildings", "bau.xlsx", layer="Sheet"), "layer_no_layer", "Did you mean 'Sheet1'?"),
    ],
)
def test_a_wrong_name_or_condition_is_told_with_what_is_there(
    good: Path, spec: LayerSpec, key: str, said: str
) -> None:
    fault = refused(spec, good)
    assert fault.key == f"fault.{key}"
    assert said in fault.sentence("en")


def test_an_encoding_that_nobody_knows_is_told_before_any_file_is_opened() -> None:
    (fault,) = LayerSpec("buildings", "a.csv", encoding="GKB").faults()
    assert "GBK" in fault.sentence("en")

"""A file that somebody wrote or saved wrongly is told by what it holds and where, in words that name the mend."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from districting.case import Case
from districting.cli import main
from districting.errors import InputError
from districting.language import Language
from districting.plans.reading import read_plan
from districting.policies.reading import read_policy
from tests.plans.drawn import town

LANGUAGES: tuple[Language, Language] = ("zh", "en")
#: Words of libraries that no sentence holds.
FOREIGN = re.compile(r"codec|Errno|Traceback|tokeniz|zip file|Expected|Invalid|pyogrio|sqlalchemy|psycopg", re.I)


def told(error: InputError, *, file: str) -> str:
    """The one sentence of an error in English; none of a library's words stands in either language."""
    (fault,) = error.faults
    for language in LANGUAGES:
        sentence = fault.sentence(language)
        assert file in sentence and not FOREIGN.search(sentence), sentence
    return fault.sentence("en")


def test_a_case_that_was_saved_as_gbk_is_told_with_the_line_and_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_bytes('crs = "EPSG:4547"\n# 样例\n'.encode("gbk"))
    with pytest.raises(InputError) as caught:
        Case.read(path)
    sentence = told(caught.value, file="case.toml")
    assert "line 2" in sentence and "UTF-8" in sentence


def test_a_policy_that_was_saved_as_gbk_or_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_bytes('extends = "xian-2023"\nsource = "本市"\n'.encode("gbk"))
    with pytest.raises(InputError) as caught:
        read_policy("ours.toml", folder=tmp_path)
    assert "line 2" in told(caught.value, file="ours.toml")
    with pytest.raises(InputError) as caught:
        read_policy("theirs.toml", folder=tmp_path)
    assert "there is no file" in told(caught.value, file="theirs.toml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('crs = "EPSG:4547\npolicy = "xian-2023"\n', 1),  # a quotation mark that is not closed
        ('crs = "EPSG:4547"\npolicy = xian-2023\n', 2),  # a text without quotation marks
        ('crs = "EPSG:4547"\npolicy ＝ "xian-2023"\n', 2),  # an equals sign of full width
        ('crs = "EPSG:4547"\n[solve\nseed = 1\n', 2),  # a bracket that is not closed
        ('crs = "EPSG:4547"\ncrs = "EPSG:4548"\n', 2),  # a name that stands twice
    ],
)
def test_a_slip_in_a_case_is_told_with_its_line_and_what_stands_there(
    text: str, line: int, tmp_path: Path
) -> None:
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Case.read(path)
    sentence = told(caught.value, file="case.toml")
    assert f"line {line} " in sentence and text.splitlines()[line - 1] in sentence


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("plan.csv", b"building_id,community_id\nB1,C1\nB2,C1,C2,C3\n", "line 3"),
        ("plan.xlsx", b"torn", "should be Excel"),
        ("plan.gpkg", b"PK\x03\x04torn", "holds ZIP"),
        ("plan.geojson", b'{"type": ', "no correct JSON"),
        ("plan.gpkg", b"", "empty"),
    ],
)
def test_a_plan_file_that_cannot_be_read_is_told_by_what_it_holds(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_plan(path, town("A A B\nA B B\nC C ."))
    assert words in told(caught.value, file=name)


def test_init_says_which_columns_it_took_and_which_it_left_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    homes = gpd.GeoDataFrame(
        {"building_id": ["1", "2"], "总户数": [10, 20], "备注": ["", "x"]},
        geometry=shapely.points([[472025.0, 3852055.0], [472075.0, 3852065.0]]),
        crs="EPSG:4547",
    )
    homes.to_file(tmp_path / "buildings.gpkg", driver="GPKG")
    with pytest.raises(SystemExit) as caught:
        main(["init", str(tmp_path / "buildings.gpkg"), "-o", str(tmp_path / "case.toml"), "-l", "en"])
    text = capsys.readouterr().out
    assert not caught.value.code
    assert "总户数 → households" in text
    (aside,) = [line for line in text.splitlines() if "备注" in line]
    assert "households" not in aside
    assert Case.read(tmp_path / "case.toml").layers[0].columns["households"] == "总户数"

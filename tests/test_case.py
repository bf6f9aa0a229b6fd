"""The case file: it says what it means, reads back the same, and faults come all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from districting.case import Case, SolveSettings, numbers_by_subdistrict
from districting.errors import CaseError, PolicyError
from districting.plans.posing import LockRequest
from districting.territory.specs import Estimate, LayerSpec

GOOD = """
policy = "xian-2023"
crs = "EPSG:32649"
language = "en"

[layers.buildings]
path = "buildings.gpkg"
columns = { households = "households" }
[[layers.barriers]]
path = "barriers.gpkg"
layer = "barrier_lines"
[[layers.barriers]]
path = "rivers.shp"
encoding = "GBK"

[solve]
modes = ["adjust"]
time_limit_s = 30
atom_cap = 1000
communities = { "文艺路街道" = 9, "太乙路街道" = [20, 24] }

[[locks]]
kind = "keep"
communities = ["C012"]

[overrides]
"size.max" = { value = 5200, because = "agreed with the district for 2026" }
"""


def written(folder: Path, text: str) -> Path:
    """A case file."""
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_case_holds_what_the_file_says(tmp_path: Path) -> None:
    case = Case.read(written(tmp_path, GOOD))
    assert [spec.role for spec in case.layers] == ["buildings", "barriers", "barriers"]
    assert case.layers[2].encoding == "GBK"
    assert case.solve.modes == ("adjust",)
    assert case.solve.communities == {"文艺路街道": (9, 9), "太乙路街道": (20, 24)}
    assert case.locks == (LockRequest("keep", communities=("C012",)),)
    assert case.policy().size.max == 5200
    assert case.policy().overrides[0].because == "agreed with the district for 2026"


def test_a_written_case_reads_back_the_same(tmp_path: Path) -> None:
    case = Case(
        path=tmp_path / "case.toml",
        policy_name="xian-2023",
        crs="EPSG:4547",
        layers=(
            LayerSpec(
                role="buildings", path="a b.gpkg", columns={"households": "常住户数"}, estimate=Estimate(floors=5)
            ),
            LayerSpec(role="barriers", path="rail.gpkg"),
            LayerSpec(role="barriers", path="water.gpkg", layer='quo"ted'),
        ),
        solve=SolveSettings(modes=("redraw",), seed=3, communities={"": (4, 5)}),
        locks=(LockRequest("seat", communities=("C1",), place=(1.5, 2.0)),),
        overrides={"size.max": (5200, "why")},
        generated=True,
    )
    case.write()
    assert Case.read(case.path) == case


def test_a_case_of_an_editor_that_adds_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert Case.read(path).crs == "EPSG:32649"


def test_every_fault_of_a_case_comes_at_once(tmp_path: Path) -> None:
    text = """
policcy = "x"
language = "fr"
[layers.bildings]
path = "b"
[layers.roads]
layer = "x"
[layers.buildings]
path = "b.gpkg"
colums = {}
[solve]
modes = ["best"]
time_limit_s = -3
speed = 1
[[locks]]
kind = "freeze"
[overrides]
"size.max" = 5200
"""
    with pytest.raises(CaseError) as caught:
        Case.read(written(tmp_path, text))
    for language in ("zh", "en"):
        said = "\n".join(caught.value.sentences(language))
        for part in (
            "policcy",
            "crs",
            "fr",
            "layers.bildings",
            "layers.roads.path",
            "layers.buildings.colums",
            "best",
            "solve.time_limit_s",
            "solve.speed",
            "freeze",
            "overrides.size.max",
        ):
            assert part in said, part
        assert all("case.toml" in sentence for sentence in caught.value.sentences(language))


def test_a_broken_file_is_named_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"case\.toml.*line 2"):
        Case.read(written(tmp_path, 'crs = "EPSG:4547"\npolicy = \n'))
    with pytest.raises(CaseError, match=r"gone\.toml"):
        Case.read(tmp_path / "gone.toml")


def test_faults_of_all_overrides_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"size.max" = {', '"size.biggest" = { value = 1, because = "a" }\n"sise.max" = {')
    with pytest.raises(PolicyError) as caught:
        Case.read(written(tmp_path, text)).policy()
    assert len(caught.value.faults) == 2


def test_a_failed_write_leaves_the_old_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, GOOD)
    case = Case.read(path)

    def full(self: Path, *args: object, **kwargs: object) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        case.write()
    assert path.read_bytes().decode() == GOOD


def test_numbers_of_communities_are_one_or_a_range() -> None:
    assert numbers_by_subdistrict(25) == {"": (25, 25)}
    assert numbers_by_subdistrict({"a": 4, "b": [3, 5]}) == {"a": (4, 4), "b": (3, 5)}


@pytest.mark.parametrize(
    "lock",
    ['communities = "C012"', "communities = [12]", 'place = ["a", "b"]', "place = [1.0]", ""],
)
def test_a_lock_that_names_nothing_usable_is_refused(tmp_path: Path, lock: str) -> None:
    text = GOOD + f'\n[[locks]]\nkind = "keep"\n{lock}\n'
    with pytest.raises(CaseError, match="locks"):
        Case.read(written(tmp_path, text))

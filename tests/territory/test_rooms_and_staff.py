"""Uses of rooms, floor areas and staff as files tell them, and which of the facilities are service centres."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from districting.plans.division import seats_today
from districting.territory.headings import guess_columns
from tests.territory.drawn_files import faults_of, frame, read, town, write


def with_rooms(uses: list[str | None]) -> dict:  # type: ignore[type-arg]
    """The town with rooms in its first community."""
    tables = town()
    tables["facilities"] = frame(
        {"kind": "社区服务中心", "name": "x", "use": uses, "floor_area_m2": [100.0 + i for i in range(len(uses))]},
        [shapely.Point(20 + 10 * i, 50) for i in range(len(uses))],
    )
    return tables


def test_uses_are_read_in_our_words_and_nothing_said_is_the_whole_premises(tmp_path: Path) -> None:
    uses = ["居家养老服务中心", None, "室外健身广场", "图书阅览室", "office", "一站式服务大厅"]
    layers = read(tmp_path, with_rooms(uses))
    assert list(layers.facilities["use"]) == ["elderly", "service", "outdoor", "activity", "office", "one_stop"]


def test_only_service_centres_are_seats(tmp_path: Path) -> None:
    layers = read(tmp_path, with_rooms(["养老", "室外广场", "办公用房"]))  # the office is the smallest but one
    assert list(layers.centres["use"]) == ["office"]
    seat = seats_today(layers).loc["001"]
    assert seat["seat_x"] == layers.centres.geometry.iloc[0].x


def test_a_use_that_nobody_knows_is_a_fault_with_its_mend(tmp_path: Path) -> None:
    (fault,) = faults_of(write(tmp_path, with_rooms(["养老", "茶馆"])), tmp_path)
    assert fault.key == "fault.layer_words_facilities"
    for language, mend in (("zh", "留空"), ("en", "leave it empty")):
        sentence = fault.sentence(language)  # type: ignore[arg-type]
        assert "茶馆" in sentence
        assert "facilities.parquet" in sentence
        assert mend in sentence


def test_staff_is_read_where_the_file_tells_it_and_unknown_elsewhere(tmp_path: Path) -> None:
    tables = town()
    tables["communities"]["workers"] = [12.0, 0.0, np.nan, 8.0]
    layers = read(tmp_path, tables)
    assert layers.communities["workers"].to_list() == pytest.approx([12, 0, np.nan, 8], nan_ok=True)
    assert layers.communities["committee_members"].isna().all()


@pytest.mark.parametrize(
    ("values", "key"), [(["十二", "3", "4", "5"], "text_number"), ([-1, 3, 4, 5], "negative")]
)
def test_staff_that_is_no_number_is_a_fault(tmp_path: Path, values: list[object], key: str) -> None:
    tables = town()
    tables["communities"]["committee_members"] = values
    (fault,) = faults_of(write(tmp_path, tables), tmp_path)
    assert fault.key == f"fault.layer_{key}"
    assert "committee_members" in fault.sentence("en")


def test_common_chinese_headings_of_staff_and_rooms_are_recognised() -> None:
    assert (
        guess_columns("communities", ["社区名称", "社区工作者人数", "居委会成员数"])["workers"] == "社区工作者人数"
    )
    assert guess_columns("facilities", ["名称", "用房类型", "建筑面积"]) == {
        "name": "名称",
        "use": "用房类型",
        "floor_area_m2": "建筑面积",
    }

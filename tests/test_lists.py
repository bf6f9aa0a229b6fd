"""Lists of households as sub-districts send them: read in whatever form, matched surely or returned with the reason."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.case import Case
from districting.cli import main
from districting.errors import InputError
from districting.flow.lists import enter_lists, with_files
from districting.reports.returned_lists import reason_of
from districting.study import Study
from districting.territory.address_lists import ListOutcome, list_faults
from districting.territory.addresses import parse_address
from districting.territory.layers import Layers
from districting.territory.list_cells import ListSpec, counted
from districting.territory.list_tables import read_list
from tests.territory.drawn_files import CRS, X, Y, town

ADDRESSES = (
    "和平路12号1幢", "和平路12号2幢", "解放西路81号院3号楼", "解放东路81号院3号楼",
    "三学街5弄1号", "三学街5弄2号", "建国路7号A座", "书院巷9号",
)  # fmt: skip
HEAD = ("楼栋编号", "地址", "户数")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The drawn town, its buildings with addresses; two compounds of one name, told apart by phase."""
    tables = town()
    fences = [shapely.box(0, 0, 100, 200), shapely.box(200, 0, 300, 200)]
    moved = shapely.transform(fences, lambda xy: xy + np.array([X, Y]))
    tables["compounds"] = gpd.GeoDataFrame(
        {"compound_id": ["k1", "k2"], "name": ["安家小区"] * 2}, geometry=moved, crs=CRS
    )
    dwellings = [20, 30, 40, 50, 60, 70, 80, 0]
    tables["buildings"] = tables["buildings"].assign(address=ADDRESSES, dwellings=dwellings)
    lines = [f'crs = "{CRS}"', 'policy = "xian-2023"', 'language = "zh"', "# 一条说明，必须保留"]
    for role, table in tables.items():
        table.to_parquet(tmp_path / f"{role}.parquet")
        lines += [f"[layers.{role}]", f'path = "{role}.parquet"']
        lines += ["where = \"kind = '社区服务中心'\""] if role == "facilities" else []
    path = tmp_path / "case.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def layers(case: Path, *specs: ListSpec) -> Layers:
    """The layers of the case with lists."""
    read = Case.read(case)
    return Study(Case(read.path, read.policy_name, read.crs, read.layers, lists=specs)).layers


def outcome(case: Path, rows: Sequence[Sequence[object]], **options: object) -> ListOutcome:
    """What comes of a CSV list with the usual headings."""
    write(case.with_name("list.csv"), [options.pop("head", HEAD), *rows])
    found = layers(case, ListSpec("list.csv", **options)).lists  # type: ignore[arg-type]
    assert found is not None
    return found


def write(path: Path, rows: Sequence[Sequence[object]], *, separator: str = ",", encoding: str = "utf-8") -> Path:
    """A text table."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def reasons(found: ListOutcome) -> list[str]:
    """Why rows go back, by line."""
    return list(found.failed["reason"])


def run(*arguments: object) -> int:
    """A call of the command line; its exit code."""
    with pytest.raises(SystemExit) as caught:
        main([str(one) for one in arguments])
    return int(caught.value.code or 0)


def test_a_list_from_an_office_is_taken_as_it_is(case: Path) -> None:
    """GBK, semicolons, title rows, a unit in the heading, thousands, a total and a signature below the table."""
    rows = [["东街街道户数登记表", "", "", ""], ["填报单位：东街街道办事处", "", "", ""],
            ["序号", "楼栋 编号", "常住户数（户）", "备注"], ["1", "00", "1１", ""], ["2", "01", "21户", ""],
            ["3", "7", "1", "零被 Excel 吃掉"], ["", "合计", "33", ""], ["填表人：张三", "", "", ""]]  # fmt: skip
    write(case.with_name("东街.csv"), rows, separator=";", encoding="gbk")
    read = layers(case, ListSpec("东街.csv"))
    assert list(read.buildings["households"]) == [11, 21, 30, 40, 50, 60, 70, 1]
    assert read.lists is not None and not len(read.lists.failed) and not read.lists.totals
    (source,) = [one for one in read.sources if one.role == "lists"]
    assert source.path == "东街.csv" and source.features == 3 and len(source.sha256) == 64
    assert "note.list_taken" in {note.key for note in read.notes}


def test_an_excel_file_with_merged_cells_and_headings_in_two_rows_is_read(case: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["西街街道楼栋台账"])
    page.merge_cells("A1:E1")
    page.append(["小区名称", "楼号", "单元", "户数", None])
    page.append([None, None, None, "常住户数", "户籍户数"])
    for span in ("A2:A3", "B2:B3", "C2:C3", "D2:E2"):
        page.merge_cells(span)
    page.append(["和平路12号", "1幢", "一单元", 4, 99])
    page.append([None, None, "二单元", "５户", 99])
    page.append([None, "2", None, 17.0, 99])
    page.merge_cells("A4:A6")
    page.merge_cells("B4:B5")
    page.append(["备注：经社区审核"])
    page.merge_cells("A7:E7")
    book.create_sheet("说明").append(["这里没有表"])
    book.save(case.with_name("西街.xlsx"))
    read = layers(case, ListSpec("西街.xlsx"))
    assert list(read.buildings["households"][:3]) == [9, 17, 30]
    assert read.lists is not None and len(read.lists.rows) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_and_separator_gives_the_same_rows(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = [HEAD, ["007", "和平路12号，1幢", "1,234"], ["008", "书院巷9号", "0"]]
    write(tmp_path / "list.csv", rows, separator=separator, encoding=encoding)
    (table,) = read_list(ListSpec("list.csv"), folder=tmp_path)
    assert table.rows.to_numpy().tolist() == rows[1:] and list(table.rows.index) == [2, 3]


@pytest.mark.parametrize(
    ("said", "building"),
    [
        ("和平路１２号 1号楼", "00"),
        ("西街街道和平路12号第二栋", "01"),
        ("样例市样例区西街街道办事处甲社区解放西路81号院3#", "02"),
        ("解放东路八十一号院三栋2单元501室", "03"),
        ("3学街5弄1号楼1单元", "04"),
        ("建国路7号（a）座", "06"),
        ("书院巷9号", "07"),
    ],
)
def test_spellings_of_one_address_are_one_address(case: Path, said: str, building: str) -> None:
    found = outcome(case, [["", said, "5"]])
    assert list(found.rows["building_id"]) == [building] and list(found.rows["how"]) == ["address"]
    assert found.after[building] == 5


@given(
    st.from_regex(
        r"\A(?:[和平建国书院安家]{2,4})(?:路|街|巷|小区)[1-9][0-9]?(?:弄|号院)?[1-9][0-9]?(?:号|幢|栋|#|号楼)\Z"
    ),
    st.sampled_from(["", " ", "　", "·"]),
)
@settings(max_examples=80, deadline=None)
def test_an_address_in_our_spelling_stays_as_it_is(address: str, noise: str) -> None:
    key = parse_address(noise.join(address)).key
    assert parse_address(key).key == key == parse_address(address).key


def test_a_near_address_is_taken_only_if_it_is_the_only_one_and_is_reported(case: Path) -> None:
    rows = [["", "三学大街5弄1号", "6"], ["", "解放路81号院3号", "7"], ["", "三学街5弄9号", "8"]]
    found = outcome(case, rows)
    first = found.rows.iloc[0]
    # 3学大街 beside 3学街: twice three shared letters of seven
    assert (first["how"], first["building_id"], first["score"]) == ("near", "04", 85.7)
    assert found.after["02"] == 30 and found.after["03"] == 40  # 解放路 is neither 解放西路 nor 解放东路
    assert list(found.failed["line"]) == [3, 4]
    assert reasons(found) == ["list.unknown", "list.unknown"]  # numbers are never near
    notes = [note for note in layers(case, ListSpec("list.csv")).notes if note.key == "note.list_near"]
    assert len(notes) == 1 and "04" in notes[0].sentence("zh")
    assert "near" not in set(outcome(case, rows, near_score=100.0).rows["how"])


def test_a_place_finds_the_one_building_there(case: Path) -> None:
    corner = gpd.GeoSeries(shapely.points([[X + 27, Y + 55], [X + 50, Y + 60], [X + 390, Y + 5]]), crs=CRS).to_crs(
        4490
    )
    rows = [["新建", point.x, point.y, 8] for point in corner]
    head = ("楼栋名称", "经度", "纬度", "户数")
    found = outcome(case, rows, head=head, crs="EPSG:4490")
    assert list(found.rows["how"]) == ["place", "", ""] and found.after["00"] == 8
    wide = outcome(case, rows, head=head, crs="EPSG:4490", tolerance_m=30.0)
    assert wide.rows["reason"].iloc[1] == "list.several_places"
    assert list(outcome(case, rows, head=head).rows["how"]) == ["", "", ""]  # no CRS: no guess
    assert set(reasons(outcome(case, rows, head=head, crs="EPSG:4547"))) == {"list.place"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["00", "", "5"], ["00", "", "6"]], ["list.twice", "list.twice"]),
        ([["00", "", "1"]] * 3, ["list.twice"] * 3),  # one said again, or three households
        ([["", "和平路12号1幢1单元102室", "1"]] * 2, ["list.twice"] * 2),
        ([["", "和平路12号1幢1单元101室", "1"], ["", "和平路12号1幢1单元102室", "1"]], []),
        ([["", "和平路12号1幢1单元", "5"], ["", "和平路12号1幢2单元", "6"]], []),
        ([["", "和平路12号1幢", "11"], ["", "和平路12号1幢1单元", "5"], ["", "和平路12号1幢2单元", "6"]], []),
        ([["", "和平路12号1幢", "9"], ["", "和平路12号1幢1单元", "5"]], ["list.whole_and_parts"] * 2),
        ([["00", "", "-5"]], ["list.negative"]),
        ([["00", "", "约5"]], ["list.no_number"]),
        ([["00", "", ""]], ["list.no_count"]),
        ([["00", "", "61"]], ["list.absurd"]),  # 20 dwellings: at most 60
        ([["07", "", "3000"]], []),  # dwellings unknown
        ([["07", "", "3001"]], ["list.absurd"]),
        ([["00", "和平路12号2幢", "5"]], ["list.id_address"]),
        ([["", "", "5"]], ["list.nothing"]),
        ([["99", "", "5"]], ["list.unknown"]),
        ([["", "安家小区3号楼", "5"]], ["list.several"]),
    ],
)  # fmt: skip
def test_what_contradicts_itself_goes_back(case: Path, rows: list[list[str]], expected: list[str]) -> None:
    if expected == ["list.several"]:
        table = gpd.read_parquet(case.with_name("buildings.parquet"))
        table.loc[[0, 4], "address"] = ["甲弄3号楼", "乙弄3号楼"]
        table.to_parquet(case.with_name("buildings.parquet"))
    found = outcome(case, rows)
    assert reasons(found) == expected
    if expected:
        assert found.after.equals(found.before)
    else:
        told = sum(int(row[2]) for row in rows[-2:]) if len({row[1] for row in rows}) > 1 else int(rows[0][2])
        assert (found.after - found.before).sum() == told - found.before[rows[0][0] or "00"]


def test_a_sub_district_that_the_building_does_not_lie_in_is_a_contradiction(case: Path) -> None:
    head = ("街道", "地址", "户数")
    rows = [["东街街道", "和平路12号1幢", "5"], ["西街街办", "和平路12号2幢", "5"], ["北街街道", "书院巷9号", "5"]]
    found = outcome(case, rows, head=head)
    assert reasons(found) == ["list.elsewhere", "list.stranger"]


def test_a_count_over_several_buildings_is_not_split(case: Path) -> None:
    book = openpyxl.Workbook()
    for row in (HEAD, ("00", "", 30), ("01", "", None), ("02", "", 7)):
        book.active.append(row)
    book.active.merge_cells("C2:C3")
    book.save(case.with_name("list.xlsx"))
    found = layers(case, ListSpec("list.xlsx")).lists
    assert found is not None and reasons(found) == ["list.joined_count"] * 2 and found.after["02"] == 7


def test_a_later_list_replaces_an_earlier_one_and_one_of_the_same_day_contradicts_it(case: Path) -> None:
    for name, number in (("a", 5), ("b", 6)):
        write(case.with_name(f"{name}.csv"), [HEAD, ["00", "", number]])
    later = layers(case, ListSpec("b.csv", as_of="2026-11"), ListSpec("a.csv", as_of="2026-9")).lists
    same = layers(case, ListSpec("b.csv"), ListSpec("a.csv")).lists
    assert later is not None and later.after["00"] == 6
    assert same is not None and reasons(same) == ["list.twice"] * 2
    for date in ("2026/11", "2026-13", "2026-2-30", "2026年11月"):
        (fault,) = list_faults([ListSpec("a.csv", as_of=date)])
        assert fault.key == "fault.list_date" and date in fault.sentence("zh") and date in fault.sentence("en")


def test_two_files_that_agree_count_once_and_a_row_that_is_not_used_is_not_told_as_taken(case: Path) -> None:
    parts = [["", "和平路12号1幢1单元", "5"], ["", "和平路12号1幢2单元", "6"]]
    write(case.with_name("a.csv"), [HEAD, ["", "和平路12号1幢", "11"], *parts, ["01", "", "7"]])
    write(case.with_name("b.csv"), [HEAD, ["01", "", "7"]])
    found = layers(case, ListSpec("a.csv"), ListSpec("b.csv")).lists
    assert found is not None and not len(found.failed) and list(found.after[["00", "01"]]) == [11, 7]
    assert found.ways() == {"id": 1, "address": 2, "near": 0, "place": 0, "failed": 0}


def test_people_are_those_of_the_whole_building_or_stay(case: Path) -> None:
    write(
        case.with_name("list.csv"),
        [["地址", "单元", "户数", "人口"], ["和平路12号1幢", "1", "5", "13"], ["和平路12号1幢", "2", "6", ""],
         ["和平路12号2幢", "1", "5", "13"], ["和平路12号2幢", "2", "6", "16"],
         ["书院巷9号", "", "5", "-9"], ["建国路7号A座", "", "5", "约9"]],
    )  # fmt: skip
    read, plain = layers(case, ListSpec("list.csv")), layers(case)
    assert read.lists is not None and reasons(read.lists) == ["list.people"] * 2
    assert "约9" in reason_of(read.lists.failed.iloc[1].to_dict(), "zh")
    people, before = read.buildings["people"], plain.buildings["people"]
    assert read.buildings["households"]["00"] == 11 and people["01"] == 29
    assert people.drop("01").equals(before.drop("01"))


def test_a_row_of_another_district_is_not_ours_and_its_neighbours_still_are(case: Path) -> None:
    ours = [["", "样例市样例区和平路12号1幢", "5"], ["", "样例区建国路7号A座", "6"]]
    found = outcome(case, [*ours, ["", "样例市别区书院巷9号", "7"]])
    assert list(found.rows["building_id"]) == ["00", "06", ""]
    table = gpd.read_parquet(case.with_name("buildings.parquet"))
    table.loc[[0, 4, 7], "address"] = ["样例市样例区安康路1号", "样例市别区安康路1号", "样例市别区书院巷9号"]
    table.to_parquet(case.with_name("buildings.parquet"))
    rows = [["", "别区安康路1号", "5"], ["", "样例市样例区安康路1号", "6"], ["", "安康路1号", "7"],
            ["", "样例市样例区书院巷9号", "8"], ["", "样例市别区建国路7号A座", "9"], ["", "他区建国路7号A座", "9"]]  # fmt: skip
    found = outcome(case, rows)
    assert list(found.rows["building_id"]) == ["04", "00", "", "", "06", ""]
    assert reasons(found) == ["list.several", "list.unknown", "list.unknown"]


@pytest.mark.parametrize(
    ("said", "region", "key"),
    [
        ("铁路家属区12号楼", "", "铁路家属区12号"),
        ("纺织家属区12号楼", "", "纺织家属区12号"),
        ("小寨生活区A座", "", "小寨生活区a号"),
        ("铁路局南区3号楼", "", "铁路局南区3号"),
        ("西安市雁塔区铁路家属区 12栋", "西安市雁塔区", "铁路家属区12号"),
        ("未央区八号路5号", "未央区", "8号路5号"),
    ],
)
def test_a_compound_called_after_a_quarter_is_no_district(said: str, region: str, key: str) -> None:
    found = parse_address(said)
    assert (found.region, found.key) == (region, key)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('编号,户数,备注\n00,5,\n01,6,"坏\n02,7,\n', 3),
        ('编号,户数,备注\n00,5,"坏\n01,6,好"\n02,7,\n', 2),  # two stray marks make a pair
        ('编号,户数,备注\n00,5,"坏"了\n', 2),
        ('编号,户数,备注\n00,5,"坏\n' + "01,6,一二三四五六七八九十\n" * 9000, 2),  # above the limit of a cell
    ],
)
def test_a_stray_quotation_mark_never_swallows_rows(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "list.csv").write_text(text, encoding="gbk")
    with pytest.raises(InputError) as caught:
        read_list(ListSpec("list.csv"), folder=tmp_path)
    (fault,) = caught.value.faults
    assert (fault.key, fault.values["line"]) == ("fault.list_quotes", line)
    assert "list.csv" in fault.sentence("zh") and str(line) in fault.sentence("en")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_every_end_of_line_and_a_cell_of_two_lines_are_read(tmp_path: Path, end: str) -> None:
    lines = ["楼栋编号,户数,备注", '00,5,"一，二', '三"', "01,6,", ""]
    (tmp_path / "list.csv").write_bytes(end.join(lines).encode("gbk"))
    (table,) = read_list(ListSpec("list.csv"), folder=tmp_path)
    assert table.rows.to_numpy().tolist() == [["00", "5", "一，二\n三"], ["01", "6", ""]]


@pytest.mark.parametrize(
    ("write_file", "key"),
    [
        (lambda path: path.write_text("a,b\n1,2\n", encoding="utf-8"), "fault.list_no_columns"),
        (lambda path: path.write_bytes(b"\x81\xff\xff"), "fault.layer_bytes"),
    ],
)
def test_a_file_that_is_no_list_is_one_sentence_and_stops_no_other(case: Path, write_file, key: str) -> None:  # type: ignore[no-untyped-def]
    write_file(case.with_name("list.csv"))
    write(case.with_name("good.csv"), [HEAD, ["00", "", "5"]])
    read = layers(case, ListSpec("list.csv"), ListSpec("good.csv"))
    assert read.lists is not None and read.buildings["households"]["00"] == 5
    (fault,) = read.lists.refused
    assert fault.key == key and "list.csv" in fault.sentence("zh") and "list.csv" in fault.sentence("en")
    assert fault in read.notes
    alone = layers(case, ListSpec("list.csv")).lists
    assert alone is not None and not len(alone.rows) and alone.after.equals(alone.before)


def test_a_list_that_is_not_there_stops_the_run(case: Path) -> None:
    with pytest.raises(InputError) as caught:
        layers(case, ListSpec("list.csv"))
    (fault,) = caught.value.faults
    assert fault.key == "fault.list_no_file" and "list.csv" in fault.sentence("en")


def test_a_bad_list_goes_back_whole_the_others_are_entered_and_what_went_back_goes_back_once(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "october.csv", [HEAD, ["00", "", "5"], ["01", "", "约6"]])
    (tmp_path / "西街街道.xlsx").write_bytes(b"torn")
    write(tmp_path / "sums.csv", [HEAD, ["05", "", "7"], ["", "合计", "8"]])
    mail = [tmp_path / name for name in ("october.csv", "西街街道.xlsx", "sums.csv")]
    assert run("lists", case, *mail, "-o", tmp_path / "r", "--apply", "--json") == 2
    told, _ = json.JSONDecoder().raw_decode(capsys.readouterr().out)
    assert (told["applied"], told["left_out"]) == (True, ["sums.csv", "西街街道.xlsx"])
    assert told["households_after"] - told["households_before"] == 5 - 10  # sums of what was taken
    assert [one["file"] for one in told["refused"]] == ["西街街道.xlsx"]
    assert [spec.path for spec in Case.read(case).lists] == ["october.csv"]
    book = openpyxl.load_workbook(tmp_path / "r" / "西街街道退回清单.xlsx")
    assert book.sheetnames[0] == "整表退回"
    assert "西街街道.xlsx" in {cell.value for row in book.worksheets[0].iter_rows() for cell in row}

    write(tmp_path / "november.csv", [HEAD, ["02", "", "31"]])
    again = ("lists", case, tmp_path / "november.csv", "-o", tmp_path / "r", "--as-of", "2026-11", "--apply")
    assert run(*again, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["line"], len(one["since"][:10])) for one in told["returned"]] == [(3, 10)]
    files = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert files == ["lists.json", "sums.xlsx", "尚未报回.xlsx"]
    write(tmp_path / "october.csv", [HEAD, ["00", "", "5"], ["01", "", "约7"]])  # sent again, still wrong
    assert run(*again, "--json") == 2
    capsys.readouterr()


@given(
    st.integers(-(10**6), 10**6), st.sampled_from(["{}", "{:,}", " {} ", "{}户", "{}.0", "{:,} 户"]), st.booleans()
)
@settings(max_examples=60)
def test_a_count_is_read_as_it_was_written(number: int, form: str, wide: bool) -> None:
    text = form.format(number)
    wide_digits = str.maketrans("0123456789", "０１２３４５６７８９")
    assert counted(text.translate(wide_digits) if wide else text) == number


def test_rows_that_fail_go_back_as_they_came_with_the_reason_and_can_be_sent_again(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [["序号", *HEAD, "备注"], ["01", "00", "", "5", ""], ["02", "x", "无名路1号", "6", "=1+1"],
            ["03", "", "书院巷9号", "无", ""], ["04", "05", "", "-1", ""],
            ["05", "01", "", "20", ""], ["06", "02", "", "30", ""]]  # fmt: skip
    write(tmp_path / "mail.csv", rows)
    assert run("lists", case, tmp_path / "mail.csv", "-o", tmp_path / "returned") == 2
    assert "书院" not in case.read_text(encoding="utf-8") and "--apply" in capsys.readouterr().out
    files = sorted(path.name for path in (tmp_path / "returned").iterdir())
    assert files == ["lists.json", "sums.xlsx", "东街街道退回清单.xlsx", "西街街道退回清单.xlsx"]
    book = openpyxl.load_workbook(tmp_path / "returned" / "西街街道退回清单.xlsx")
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
    head = next(at for at, row in enumerate(cells) if row[0] == "原行号")
    assert cells[head] == ["原行号", "退回原因", "序号", *HEAD, "备注"]
    assert cells[head + 1][0] == "3" and cells[head + 1][2:] == ["02", "x", "无名路1号", "6", "'=1+1"]
    assert book.active.freeze_panes == f"C{head + 2}"
    east = tmp_path / "returned" / "东街街道退回清单.xlsx"
    book = openpyxl.load_workbook(east)
    page = book.active
    for row in page.iter_rows(min_row=head + 1):
        for cell in row:
            cell.value = {"无": "3", "-1": "4"}.get(cell.value, cell.value)
    book.save(tmp_path / "mended.xlsx")
    assert run("lists", case, tmp_path / "mended.xlsx", "-o", tmp_path / "again") == 0
    record = json.loads((tmp_path / "again" / "lists.json").read_text(encoding="utf-8"))
    assert record["households_after"] - record["households_before"] == 3 - 0 + 4 - 60
    assert [row["buildings"] for row in record["subdistricts"]] == [2, 0]
    capsys.readouterr()


def test_applied_lists_are_part_of_the_case_and_its_remarks_stay(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "mail.csv", [HEAD, ["00", "", "5"], ["", "合计", "5"]])
    for _ in range(2):
        assert (
            run("lists", case, tmp_path / "mail.csv", "-o", tmp_path / "r", "--apply", "--as-of", "2026-11") == 0
        )
    assert "# 一条说明，必须保留" in case.read_text(encoding="utf-8")
    read = Case.read(case)
    assert read.lists == (ListSpec("mail.csv", as_of="2026-11"),)
    assert Study(read).layers.buildings["households"]["00"] == 5
    read.write()
    assert Case.read(case).lists == read.lists
    capsys.readouterr()


def test_entering_a_list_leaves_remarks_within_the_others_and_the_mode_of_the_file(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    text += '\n[[lists]]\n# 文艺路街道报来\npath = "a.csv"\nnear_score = 85.0\nas_of = "2026-10"  # 第二次核实\n'
    case.write_text(text, encoding="utf-8")
    case.chmod(0o640)
    enter_lists(with_files(Case.read(case), [case.with_name("b.csv")], tolerance_m=9.0))
    assert case.read_text(encoding="utf-8").rstrip() == text + '\n[[lists]]\npath = "b.csv"\ntolerance_m = 9.0'
    assert case.stat().st_mode & 0o777 == 0o640 or os.name == "nt"
    enter_lists(with_files(Case.read(case), [case.with_name("a.csv")], as_of="2026-11"))
    assert 'as_of = "2026-11"  # 第二次核实' in case.read_text(encoding="utf-8")
    assert [spec.path for spec in Case.read(case).lists] == ["a.csv", "b.csv"]
    before = case.stat()
    enter_lists(with_files(Case.read(case), [case.with_name("a.csv")], as_of="2026-11"))
    assert (case.stat().st_ino, case.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_list_whose_total_differs_is_not_applied(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        tmp_path / "mail.csv",
        [HEAD, ["00", "", "5"], ["", "小计", "5"], ["01", "", "6"], ["", "小计", "7"], ["", "总计", "11"]],
    )
    before = case.read_bytes()
    assert run("lists", case, tmp_path / "mail.csv", "-o", tmp_path / "r", "--apply", "--json") == 2
    assert case.read_bytes() == before
    document, _ = json.JSONDecoder().raw_decode(capsys.readouterr().out)
    assert [(one["line"], one["stated"], one["counted"]) for one in document["totals"]] == [(5, 7, 6)]
    assert document["applied"] is False


def test_the_case_says_what_is_wrong_with_its_lists(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    case.write_text(text + '[[lists]]\nsheet = 3\nencode = "GBK"\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Case.read(case)
    assert {fault.values["key"] for fault in caught.value.faults} == {"lists.encode", "lists.sheet", "lists.path"}

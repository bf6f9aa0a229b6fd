"""The Excel tables of a plan, read back: what stands where, that sums close, and that codes stay text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from districting.assessment.proposal import propose_steps
from districting.assessment.resources import resources
from districting.language import Language
from districting.plans.checks import check
from districting.plans.community_table import community_table
from districting.plans.division import Division
from districting.policies.policy import Policy
from districting.policies.reading import preset
from districting.policies.wording import kind_title
from districting.reports.door_numbers import listed_numbers
from districting.reports.plan_tables import PlanTables
from districting.reports.sheets import Column, Sheet, write_workbook
from districting.reports.tables import write_tables
from districting.territory.territory import Territory
from tests.plans.drawn import plan, town


def ground() -> Territory:
    """Communities A (3,600 households), B and C (1,800 each), generated."""
    drawn = town("A A B C\nA A B C\nA A B C", households=600)
    return replace(drawn, layers=replace(drawn.layers, generated=True))


def tables(drawn: Territory, policy: Policy, *, language: Language = "zh") -> PlanTables:
    """The tables of a plan in which 600 households go from A to B."""
    today = Division.today(drawn)
    division = Division.of_plan(plan(drawn, "A A B C\nA A B C\nA B B C"), drawn)
    return PlanTables(
        territory=drawn,
        policy=policy,
        language=language,
        today=today,
        division=division,
        proposal=propose_steps(today, division, drawn, policy=policy),
        resources=resources(division, drawn, policy, before=today),
        figures_today=community_table(today, drawn, policy),
        figures=community_table(division, drawn, policy),
        findings_today=check(today, drawn, policy, today=today),
        findings=check(division, drawn, policy, today=today),
        date="2026-11-22T10:00:00+08:00",
    )


def policy() -> Policy:
    """Xi'an, in a straight line: the town is small."""
    return preset("xian-2023").override({"reach.path": "straight"}, because="the town is small")


def written(given: PlanTables, path: Path) -> openpyxl.Workbook:
    """The file, read back."""
    write_tables(path, given)
    return openpyxl.load_workbook(path)


def records(page: Worksheet) -> list[dict[str, Any]]:
    """Rows by heading; the heads of a group stand before theirs."""
    first, last = (int(part.strip("$")) for part in page.print_title_rows.split(":"))
    merged = {
        (row, column): page.cell(area.min_row, area.min_col).value
        for area in page.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    heads = []
    for column in range(1, page.max_column + 1):
        parts = [merged.get((row, column)) or page.cell(row, column).value for row in range(first, last + 1)]
        heads.append(" ".join(dict.fromkeys(str(part).replace("\n", "") for part in parts if part)))
    found = []
    for row in range(last + 1, page.max_row + 1):
        if (row, 1) in merged:
            break
        found.append(dict(zip(heads, (cell.value for cell in page[row]), strict=True)))
    return found


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    """The workbook of the drawn plan, in Chinese."""
    return written(tables(ground(), policy()), tmp_path_factory.mktemp("tables") / "tables.xlsx")


def test_the_workbook_holds_the_tables_of_a_proposal(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [
        "现状一览表",
        "调整前后对照表",
        "小区归属表",
        "门牌变更清单",
        "用房与人员配置表",
        "配置标准与增减汇总表",
        "合规检查表",
    ]


def test_every_sheet_names_plan_policy_and_date_and_says_that_the_data_are_generated(
    book: openpyxl.Workbook,
) -> None:
    for page in book:
        top = "\n".join(str(page.cell(row, 1).value) for row in range(1, 7))
        assert page.title in top
        assert "西安市" in top
        assert "2026-11-22" in top
        assert "合成数据" in top
        assert "the town is small" in top  # what the case changed, with its reason


def test_every_sheet_prints_landscape_with_its_header_on_each_page(book: openpyxl.Workbook) -> None:
    for page in book:
        assert page.page_setup.orientation == "landscape"
        assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 0)
        assert page.print_title_rows
        assert page.freeze_panes


def test_before_and_after_close(book: openpyxl.Workbook) -> None:
    *rows, total = records(book["调整前后对照表"])
    assert [row["社区"] for row in rows] == ["A社区", "B社区", "C社区"]
    assert [row["调整类型"] for row in rows] == ["调整", "调整", "保留"]
    assert [row["调整后 户数"] for row in rows] == [3000, 2400, 1800]  # 600 go from A to B
    for row in rows:
        assert row["调整前 户数"] + row["变动户数 划入"] - row["变动户数 划出"] == row["调整后 户数"]
    assert total["调整前 户数"] == total["调整后 户数"] == 7200
    assert "600 户" in rows[0]["调整内容"]


def test_doors_that_change_are_listed_once_and_with_their_households(book: openpyxl.Workbook) -> None:
    row, total = records(book["门牌变更清单"])
    assert (row["调整前社区"], row["调整后社区"]) == ("A社区", "B社区")
    assert (row["门牌（楼栋）"], row["户数"], total["户数"]) == (
        "b009",
        600,
        600,
    )  # no addresses: the building's id


def test_codes_and_numbers_that_look_like_text_stay_text(tmp_path: Path) -> None:
    drawn = ground()
    codes = drawn.layers.communities.assign(code=["001234567890", "002", "003"])
    drawn = replace(drawn, layers=replace(drawn.layers, communities=codes))
    page = written(tables(drawn, policy()), tmp_path / "t.xlsx")["现状一览表"]
    assert [row["社区编码"] for row in records(page)[:-1]] == ["001234567890", "002", "003"]
    assert page.cell(page.max_row - 3, 3).number_format == "@"


def test_resources_of_the_communities_sum_to_the_totals_and_unknown_is_a_dash(book: openpyxl.Workbook) -> None:
    *rows, total = records(book["用房与人员配置表"])
    required = "社区综合服务设施（平方米） 应有"
    assert [row[required] for row in rows] == [900, 720, 540]  # 30 m² per 100 of 3,000, 2,400, 1,800 households
    assert total[required] == 2160
    assert [row["居民委员会成员（人） 应有"] for row in rows] == [7, 7, 5]
    assert not any("现有" in head for head in total)  # no floor area is known …
    remarks = " ".join(str(cell.value) for (cell,) in book["用房与人员配置表"].iter_rows(max_col=1))
    assert "没有现有数" in remarks  # … and the table says so


def test_the_figures_stand_with_clause_and_difference(book: openpyxl.Workbook) -> None:
    rows = {row["项目"]: row for row in records(book["配置标准与增减汇总表"])}
    committee = rows["居民委员会成员"]
    # Today 3,600, 1,800, 1,800 households: 7 + 5 + 5; after 7 + 7 + 5.
    assert (committee["现状应有"], committee["应有"], committee["增减"]) == (17, 19, 2)
    assert "两委" in committee["依据条款"]
    assert rows["工作经费（市级）"]["应有"] == 3 * 130_000


def test_every_rule_of_the_policy_is_told_kept_or_broken(book: openpyxl.Workbook) -> None:
    rows = records(book["合规检查表"])
    assert {row["规则"] for row in rows} >= {kind_title(rule, "zh") for rule in policy().rules}
    (size,) = [row for row in rows if row["规则"] == "规模"]
    assert (size["核验结果"], size["依据条款"]) == ("符合", policy().size.clause)  # 3,000, 2,400, 1,800
    broken = [row for row in rows if row["核验结果"] != "符合"]
    assert all(row["依据条款"] for row in broken)
    assert any("A社区" in row["核验结果"] for row in broken)


def test_a_policy_without_figures_and_data_without_compounds_give_empty_tables_that_say_so(tmp_path: Path) -> None:
    book = written(tables(ground(), preset("national-2026"), language="en"), tmp_path / "t.xlsx")
    assert "None." in [cell.value for (cell,) in book["Compounds"].iter_rows(max_col=1)]
    assert "None." in [cell.value for (cell,) in book["Figures and changes"].iter_rows(max_col=1)]
    assert [row["Community"] for row in records(book["Rooms and staff"])][:3] == [f"{x}社区" for x in "ABC"]


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    sheet = Sheet(
        "t", "t", ("n",), (Column("甲（户）", [1, None], "count", total=True), Column("乙", ["001", "x"])), 1
    )
    for name in ("one", "two"):
        write_workbook(tmp_path / f"{name}.xlsx", [sheet], language="zh")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    page = openpyxl.load_workbook(tmp_path / "one.xlsx")["t"]
    assert [[cell.value for cell in row] for row in page.iter_rows(min_row=3)] == [
        ["甲（户）", "乙"],
        [1, "001"],
        ["—", "x"],
        ["合计", None],
    ]


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (["长安路1号", "长安路3号", "长安路2号", "长安路9号"], "长安路1-3号、9号"),
        (["长安路1号", "长安路1号2幢", "长安路1号1幢"], "长安路1号；长安路1号1-2幢"),
        (["长安路1弄2号", "长安路2弄2号"], "长安路1弄2号；长安路2弄2号"),
        (["钟楼", "b009", "b010"], "b009；b010；钟楼"),
    ],
)
def test_house_numbers_are_listed_as_runs_that_hold_every_number(addresses: list[str], told: str) -> None:
    assert listed_numbers(addresses) == told

"""Rooms, staff and money as they leave the program: the verb, the study, and the files of a run."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from districting.cli import main
from districting.flow.run import Run
from districting.study import Study


def run(*arguments: str | Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and stdout of one call."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return int(caught.value.code or 0), capsys.readouterr().out


@pytest.mark.parametrize(("language", "words"), [("zh", "社区工作者"), ("en", "community workers")])
def test_the_verb_tells_figures_with_clauses_and_who_lacks_what(
    hamlet_folder: Path, language: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run("resources", hamlet_folder / "case.toml", "-l", language, capsys=capsys)
    assert code == 0
    assert words in out
    assert {"zh": "建强社区服务阵地", "en": "Premises: standards of building"}[language] in out


def test_as_json_the_communities_add_up_to_the_figures(
    hamlet_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = run("resources", hamlet_folder / "case.toml", "--json", capsys=capsys)
    document = json.loads(out)
    figures = {(one["resource_id"], one["subject"]): one for one in document["figures"]}
    rows = [row for row in document["communities"] if row["resource_id"] == "committee"]
    assert sum(row["required"] for row in rows) == figures["committee", "committee"]["required"]
    assert len(rows) == figures["committee", "committee"]["communities"]


def test_a_plan_file_is_told_beside_today(handed_over: Path, solved: tuple[Study, Run]) -> None:
    study, run = solved
    adjust = next(one for one in run.alternatives if one.plan.plan_id == "adjust")
    table = study.resources(handed_over / "plans" / "adjust" / "plan.csv")
    assert table.before is not None
    assert adjust.resources is not None
    pd.testing.assert_frame_equal(table.sums, adjust.resources.sums)  # the file says the same as the run
    communities = len(adjust.plan.communities) - len(study.layers.communities)
    assert table.sums.loc[("yuan_per_year", "city"), "change"] == 130_000 * communities


def test_every_plan_folder_holds_the_tables_and_the_record_their_sums(handed_over: Path) -> None:
    record = json.loads((handed_over / "run.json").read_text(encoding="utf-8"))
    for plan in record["plans"]:
        place = handed_over / "plans" / plan["plan_id"]
        rows = pd.read_csv(place / "resources.csv", dtype={"community_id": str})
        told = {(one["resource_id"], one["subject"]): one for one in plan["resources"]["figures"]}
        sums = rows[rows["concern"] != "waiting"].groupby(["resource_id", "subject"])["required"].sum()
        for key, value in sums.items():
            assert value == pytest.approx(told[key]["required"], abs=1e-3)
        book = openpyxl.load_workbook(place / "tables.xlsx", read_only=True)
        assert len(book.sheetnames) == 7


def test_grids_that_were_drawn_are_counted_and_a_wrong_folder_says_what_to_give(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = hamlet.with_name("wuxue.toml")
    case.write_text(hamlet.read_text(encoding="utf-8").replace("xian-2023", "wuxue-2013-grid"), encoding="utf-8")
    ids = sorted(Study.open(case).layers.communities.index)
    pd.DataFrame({"grid_id": ["1", "2", "3"], "community_id": [ids[1], ids[1], ids[2]]}).to_csv(
        tmp_path / "grids.csv", index=False
    )
    _, out = run("resources", case, "--grids", tmp_path, "--json", capsys=capsys)
    rows = [row for row in json.loads(out)["communities"] if row["resource_id"] == "grid_workers"]
    told = {row["community_id"]: row["required"] for row in rows}
    assert (told[ids[1]], told[ids[2]], told[ids[0]]) == (2, 1, None)  # not in the file: unknown
    assert {row["measure"] for row in rows} == {"grids"}
    code, _ = run("resources", case, "--grids", tmp_path / "nowhere", capsys=capsys)
    assert code == 2

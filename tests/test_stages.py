"""From a plan's folder to its stages: what is written, what is printed, and what a later run must not give again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from districting.assessment.staging import Caps
from districting.case import Case
from districting.cli import main
from districting.errors import CaseError
from districting.flow.run import Run
from districting.study import Study


def test_the_stages_of_a_plan_file_are_written_each_with_its_verdict(
    solved: tuple[Study, Run], handed_over: Path, tmp_path: Path
) -> None:
    study, run = solved
    plan = handed_over / "plans" / "adjust" / "plan.csv"
    staged = study.stages(plan, caps=Caps(5))
    record = json.loads(study.write_stages(staged, tmp_path / "stages").read_text(encoding="utf-8"))
    assert record["plan"] == "adjust"
    assert record["legal"]
    assert record["proved"]
    assert record["households_moved"] == run.alternatives[1].judged.households_moved
    table = pd.read_csv(tmp_path / "stages" / "stages.csv", dtype={"community_id": str})
    assert table.groupby("stage").size().tolist() == [s["communities_changed"] for s in record["by_stage"]]
    listed = [
        pd.read_csv(tmp_path / "stages" / f"stage-{k + 1}" / "communities.csv", dtype=str)
        for k in range(record["stages"])
    ]
    assert [len(one) for one in listed] == [s["communities_after"] for s in record["by_stage"]]
    assert all(one["code"].is_unique and one["code"].notna().all() for one in listed)
    last = tmp_path / "stages" / f"stage-{record['stages']}"
    assert (last / "plan.csv").read_bytes() == plan.read_bytes()
    assert not [f for f in json.loads((last / "findings.json").read_text("utf-8")) if f["strength"] == "must"]
    assert "stages: " in (tmp_path / "stages" / "stages.txt").read_text(encoding="utf-8").splitlines()[0]


def test_the_verb_prints_each_stage_and_refuses_a_cap_of_none(
    hamlet_folder: Path, handed_over: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = handed_over / "plans" / "adjust"  # the folder, as resources, grids and adopt take it
    case = str(hamlet_folder / "case.toml")
    with pytest.raises(SystemExit) as ended:
        main(["stages", case, str(plan), "--cap", "5", "-l", "zh", "-o", str(tmp_path / "stages")])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "已证明" in said
    assert "第 1 阶段" in said
    with pytest.raises(SystemExit) as ended:
        main(["stages", case, str(plan), "--cap", "0"])
    assert ended.value.code == 2


def test_a_plan_names_its_communities_and_a_later_run_reads_them_from_beside_it(
    solved: tuple[Study, Run], handed_over: Path
) -> None:
    study, run = solved
    for alternative in run.alternatives:
        folder = handed_over / "plans" / alternative.plan.plan_id
        listed = pd.read_csv(folder / "communities.csv", dtype=str).set_index("community_id")
        assert listed["name"].is_unique
        assert listed["seat_x"].notna().all()
        gone = pd.read_csv(folder / "abolished.csv", dtype=str)
        assert len(gone) == alternative.judged.proposal.counts["abolish"]
        assert not set(gone["code"]) & set(listed["code"])
        told = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
        again = study.check(folder / "plan.csv")
        assert [f.aspect for f in again.findings] == [f["aspect"] for f in told]


def test_codes_that_the_case_lists_as_abolished_stay_on_the_list(
    solved: tuple[Study, Run], handed_over: Path, tmp_path: Path
) -> None:
    study, _ = solved
    (tmp_path / "gone.csv").write_text("code,name\n990101001150,旧名社区\n", encoding="utf-8")
    case = dataclasses.replace(study.case, path=tmp_path / "case.toml", abolished_codes="gone.csv")
    case.write()
    assert Case.read(case.path).abolished_codes == "gone.csv"
    other = study._of_case(case)
    judged = other.check(handed_over / "plans" / "adjust" / "plan.csv")
    assert judged.identities.abolished["code"].iloc[0] == "990101001150"
    (tmp_path / "gone.csv").write_text("number\n1\n", encoding="utf-8")
    with pytest.raises(CaseError, match=r"gone\.csv.*code"):
        study._of_case(case).check(handed_over / "plans" / "adjust" / "plan.csv")

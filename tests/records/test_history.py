"""Every run is on record, is told to people and programs, and comes out the same when it is made again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import geopandas as gpd
import pytest

from districting.case import Case
from districting.cli import main
from districting.flow.case_tables import Freeze
from districting.flow.freeze import changed_communities
from districting.flow.starting import start_case
from districting.records.adoption import Asked
from districting.records.history import enter_run, read_history
from districting.records.reproduction import case_of_run
from districting.records.store import Store, records_path
from districting.study import Study


def run(*arguments: str | Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and stdout of one call."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return int(caught.value.code or 0), capsys.readouterr().out


@pytest.fixture(scope="module")
def town(hamlet_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of one's own with a quick run in ``out``."""
    folder = Path(shutil.copytree(hamlet_folder, tmp_path_factory.mktemp("history") / "town"))
    case = folder / "case.toml"
    records_path(case).unlink(missing_ok=True)
    study = Study.open(case, language="en").with_settings({"modes": ("whole",)})
    study.write(study.propose(engine="serial"), folder / "out")
    study.adopt(folder / "out" / "plans" / "whole", Asked("Li", document="12", date="2026-12-01"))
    return case


def test_a_run_is_entered_with_all_that_went_in_and_came_out(town: Path) -> None:
    told = Study.open(town).history()
    (one,) = told.runs
    record = json.loads((town.parent / "out" / "run.json").read_text(encoding="utf-8"))
    assert one.run_id == record["run_id"]
    assert one.manifest == record
    assert (one.verb, one.folder, one.made, one.seed) == ("propose", "out", 1, 7)
    assert one.made_from["case"] == town.read_text(encoding="utf-8")
    assert set(one.outputs) == {
        path.relative_to(town.parent / "out").as_posix()
        for path in (town.parent / "out").rglob("*")
        if path.is_file()
    }


def test_a_run_made_again_is_the_same_byte_for_byte_and_a_changed_layer_is_named(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = Study.open(town).history().runs[0].run_id
    again = (
        "history",
        town,
        "--reproduce",
        run_id[:5],
        "-o",
        tmp_path / "again",
        "--engine",
        "serial",
        "-l",
        "en",
    )
    code, out = run(*again, "--json", capsys=capsys)
    told = json.loads(out)
    assert code == 0
    others = {name: outcome for name, outcome in told["files"].items() if outcome != "same"}
    assert others in ({}, {"run.json": "timed_same"})  # not even the rounded seconds need to differ
    assert len(told["files"]) > 10
    assert len(Study.open(town).history().runs) == 1

    zones = town.parent / "school_zones.gpkg"
    kept = zones.read_bytes()
    table = gpd.read_file(zones)
    table["name"] = table["name"] + " 2"
    table.to_file(zones, layer="school_zones")
    try:
        with pytest.raises(SystemExit) as caught:
            main([str(part) for part in again])
        assert caught.value.code == 2
        assert "zones: school_zones.gpkg" in capsys.readouterr().err
    finally:
        zones.write_bytes(kept)


def test_the_records_keep_no_token_of_the_webhook_and_the_run_can_still_be_made_again(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(town.parent, tmp_path / "town"))
    case = folder / "case.toml"
    records_path(case).unlink()
    address = "https://example.org/send?key=s3cret"
    case.write_text(f'{case.read_text(encoding="utf-8")}\n[rerun]\nwebhook = "{address}"\n', encoding="utf-8")
    known = Case.read(case)
    assert known.rerun.webhook == address
    run_id = enter_run(known, folder / "out", verb="propose", person="Li", language="en")
    assert b"s3cret" not in records_path(case).read_bytes()
    code, out = run("history", case, str(run_id), "--json", capsys=capsys)
    assert code == 0 and "s3cret" not in out and "https://example.org" in out
    (entry,) = read_history(known).runs
    assert case_of_run(entry, known).rerun.webhook == "https://example.org"


def test_history_tells_people_and_programs_the_same(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run("history", town, "--json", capsys=capsys)
    told = json.loads(out)
    run_id = told["runs"][0]["run_id"]
    assert (code, told["adopted"], len(told["moves"])) == (0, None, 1)
    assert told["plans"][0]["status"] == "draft"
    code, out = run("history", town, "-l", "zh", capsys=capsys)
    assert code == 0
    for word in (run_id, "成建制拆并", "草案", "12", "2026-12-01", "Li", "办理经过"):
        assert word in out
    code, out = run("history", town, run_id, "--json", capsys=capsys)
    assert json.loads(out)["manifest"]["run_id"] == run_id
    code, out = run("history", town, run_id, "-l", "en", capsys=capsys)
    assert "buildings.gpkg" in out
    with pytest.raises(SystemExit) as caught:
        main(["history", str(town), "nonsense"])
    assert caught.value.code == 2


def test_two_plans_of_the_records_are_compared_on_one_page(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = town.parent / "out" / "plans" / "whole" / "buildings.csv"
    page = tmp_path / "page.html"
    code, out = run("history", town, "--compare", "whole", file, "-o", page, "--json", capsys=capsys)
    assert code == 0
    assert page.is_file()
    first, second, third = json.loads(out)["plans"]
    assert (first, second.split()[0], third) == ("today", "whole", "buildings")


def test_a_run_stands_where_its_records_cannot_be_written(
    hamlet: Path, town: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records_path(hamlet).write_text("not ours" * 200, encoding="utf-8")
    case = dataclasses.replace(Study.open(hamlet).case)
    assert enter_run(case, town.parent / "out", verb="propose", person="p", language="en") is None
    assert "not entered" in caplog.text


def test_equal_runs_are_one_run_made_twice(town: Path) -> None:
    case = Study.open(town).case
    for _ in range(2):
        enter_run(case, town.parent / "out", verb="propose", person="q", language="en")
    (one,) = Study.open(town).history().runs
    assert one.made == 3
    with Store(records_path(town)) as store:
        assert [entry.action for entry in store.entries()].count("run") == 3
        with store.change() as change:
            change.write("UPDATE runs SET made = 1")


def test_a_freeze_keeps_a_community_and_says_so(town: Path, tmp_path: Path) -> None:
    study = Study.open(town, language="en").with_settings({"modes": ("whole",)})
    plan = study.check(town.parent / "out" / "plans" / "whole" / "plan.csv").division
    everybody = list(map(str, study.layers.communities.index))
    one = changed_communities(plan, study.today, study.territory, everybody)[0]
    freeze = Freeze("2027-06-30", "election of the residents' committees", communities=(one,))
    frozen = Study(dataclasses.replace(study.case, freeze=freeze), language="en").with_settings(
        {"date": "2027-01-01"}
    )
    frozen.__dict__.update({name: study.__dict__[name] for name in ("layers", "policy", "territory", "today")})
    made = frozen.propose(engine="serial")
    divided = made.alternatives[0].judged.division
    assert one not in changed_communities(divided, study.today, study.territory, everybody)
    frozen.write(made, tmp_path / "out", recorded=False)
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["freeze"] == {
        "until": "2027-06-30",
        "reason": "election of the residents' committees",
        "date": "2027-01-01",
        "in_force": True,
        "communities": [one],
    }
    thawed = frozen.with_settings({"date": "2027-06-30"})
    posed = thawed._pose(thawed.subdistrict_ids(()))
    assert not any(lock.kind == "keep" for ask in posed.values() for lock in ask.problem.locks)


def test_a_new_case_is_not_made_from_the_records_of_another(town: Path, tmp_path: Path) -> None:
    made, _, _ = start_case([town.parent], target=tmp_path / "case.toml", policy="xian-2023", language="en")
    assert records_path(town).is_file()
    assert not any("records" in layer.path for layer in made.layers)


def test_a_plan_is_adopted_from_the_command_line_one_step_a_call(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Path(shutil.copytree(town.parent, tmp_path / "town")) / "case.toml"
    code, out = run("adopt", case, "whole", "--by", "王芳", "-l", "zh", capsys=capsys)
    assert code == 0
    assert "草案 → 已报送" in out
    assert "下一步：已批准" in out
    with pytest.raises(SystemExit) as caught:
        main(["adopt", str(case), "whole", "--status", "draft", "-l", "zh"])
    assert caught.value.code == 2
    assert "--note" in capsys.readouterr().err
    code, out = run("adopt", case, "whole", "--document", "12号", "--despite", "试点", "--json", capsys=capsys)
    told = json.loads(out)
    assert (code, told["was"], told["status"], told["document"]) == (0, "submitted", "approved", "12号")
    code, out = run("history", case, "-l", "zh", capsys=capsys)
    assert "现行方案" in out
    assert "王芳" in out

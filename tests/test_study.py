"""The whole flow on one small town: nothing is lost, every plan is judged, and the files say what the plans are."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from districting.errors import CaseError, PlanError
from districting.flow.run import Judged, Run
from districting.study import Study
from tests.places import SHARED, beilin, cambridge, needs_shared


def strengths(judged: Judged) -> Counter[str]:
    """Findings by strength."""
    return Counter(finding.strength for finding in judged.findings)


def test_no_household_is_lost_in_any_plan(solved: tuple[Study, Run]) -> None:
    study, run = solved
    households = study.layers.buildings["households"]
    for alternative in run.alternatives:
        placed = alternative.judged.division.buildings
        assert placed.index.equals(households.index)
        assert households[placed.notna()].sum() == study.layers.households or alternative.plan.unresolved


def test_the_land_of_every_resolved_plan_is_the_land_of_the_town(solved: tuple[Study, Run]) -> None:
    study, run = solved
    land = study.layers.subdistricts.union_all()
    for alternative in run.alternatives:
        if alternative.plan.unresolved:
            continue
        outlines = alternative.judged.division.outlines
        assert outlines.union_all().symmetric_difference(land).area < 1.0
        assert outlines.area.sum() == pytest.approx(land.area, abs=1.0), "communities overlap"


def test_every_plan_that_claims_to_be_adoptable_breaks_no_must_rule(solved: tuple[Study, Run]) -> None:
    _, run = solved
    assert any(alternative.adoptable for alternative in run.alternatives)
    for alternative in run.alternatives:
        musts = [finding for finding in alternative.judged.findings if finding.strength == "must"]
        assert alternative.adoptable == (not musts and not alternative.plan.unresolved)


def test_moved_households_are_the_objective_plus_what_atoms_carry_along(solved: tuple[Study, Run]) -> None:
    study, run = solved
    slack = study.territory.atoms.minority_households
    for alternative in run.alternatives:
        if alternative.plan.mode == "redraw" or alternative.plan.unresolved:
            continue
        counted = sum(row["objective"] for row in alternative.certificates())
        assert abs(alternative.judged.households_moved - counted) <= slack


def test_every_certificate_has_a_bound_below_its_objective(solved: tuple[Study, Run]) -> None:
    _, run = solved
    for alternative in run.alternatives:
        for row in alternative.certificates():
            if row["objective"] is not None:
                assert row["lower_bound"] <= row["objective"] + 1e-6
                assert row["gap_abs"] >= -1e-6


def test_the_files_are_those_of_the_design(handed_over: Path) -> None:
    assert {path.name for path in handed_over.iterdir()} == {
        "index.html",
        "run.json",
        "diagnosis.json",
        "today.html",
        "plans",
    }
    for plan in (handed_over / "plans").iterdir():
        assert {path.name for path in plan.iterdir()} == {
            "plan.csv",
            "buildings.csv",
            "communities.csv",
            "abolished.csv",
            "resources.csv",
            "tables.xlsx",
            "findings.json",
            "proposal.json",
            "plan.gpkg",
            "map.html",
        }


def test_plan_csv_read_back_is_the_plan_and_is_judged_the_same(
    solved: tuple[Study, Run], handed_over: Path
) -> None:
    study, run = solved
    for alternative in run.alternatives:
        if alternative.plan.unresolved:
            continue
        judged = study.check(handed_over / "plans" / alternative.plan.plan_id / "plan.csv")
        assert judged.households_moved == alternative.judged.households_moved
        pd.testing.assert_series_equal(
            judged.division.buildings, alternative.judged.division.buildings, check_names=False
        )
        assert judged.adoptable == alternative.judged.adoptable
        assert strengths(judged) == strengths(alternative.judged)


def test_buildings_csv_adds_up_to_the_town(solved: tuple[Study, Run], handed_over: Path) -> None:
    study, run = solved
    for alternative in run.alternatives:
        path = handed_over / "plans" / alternative.plan.plan_id / "buildings.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(study.layers.buildings)
        assert sum(int(row["households"]) for row in rows) == study.layers.households
        # who was in no community before joins one, and has not moved
        placed = [row for row in rows if row["community_before"]]
        moved = sum(int(row["households"]) for row in placed if row["community_before"] != row["community_after"])
        assert moved == alternative.judged.households_moved


def test_plan_gpkg_holds_five_layers_that_add_up(solved: tuple[Study, Run], handed_over: Path) -> None:
    study, run = solved
    for alternative in run.alternatives:
        path = handed_over / "plans" / alternative.plan.plan_id / "plan.gpkg"
        sums = {name: gpd.read_file(path, layer=name) for name in ("communities", "atoms", "buildings")}
        for name in ("atoms", "buildings"):
            assert sums[name]["households"].sum() == study.layers.households
        assert {"seats", "changes"} <= set(gpd.list_layers(path)["name"])


def test_run_json_says_what_was_read_and_what_was_proved(solved: tuple[Study, Run], handed_over: Path) -> None:
    study, run = solved
    record = json.loads((handed_over / "run.json").read_text(encoding="utf-8"))
    assert record["schema"] == 1
    assert record["generated"] is True
    assert record["seed"] == study.case.solve.seed
    assert all(len(source["sha256"]) == 64 for source in record["inputs"])
    assert [plan["plan_id"] for plan in record["plans"]] == [a.plan.plan_id for a in run.alternatives]
    for plan in record["plans"]:
        for row in plan["subdistricts"]:
            assert row["status"] in {"optimal", "feasible", "infeasible", "unknown"}
            assert {"objective", "lower_bound", "gap_abs", "gap_proved", "terms", "seconds", "atoms"} <= set(row)


def test_pages_name_nothing_outside_themselves_and_say_that_data_are_generated(handed_over: Path) -> None:
    for page in handed_over.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "generated" in text.lower()
        # the source of Leaflet holds a link to its own site, which a page shows to nobody and never follows
        assert set(re.findall(r'(?:src|href)="(https?://[^"]*)"', text)) <= {"https://leafletjs.com"}


def test_the_same_case_gives_the_same_files_on_one_core_and_on_two(
    hamlet: Path, handed_over: Path, tmp_path: Path
) -> None:
    study = Study.open(hamlet, language="en")
    study.write(study.propose(engine="local"), tmp_path / "out")
    for path in sorted(handed_over.rglob("*")):
        if path.suffix in {".csv", ".gpkg"} or path.name in {"findings.json", "proposal.json", "diagnosis.json"}:
            assert path.read_bytes() == (tmp_path / "out" / path.relative_to(handed_over)).read_bytes(), path.name


def test_one_subdistrict_by_name_leaves_the_others_as_they_are(tmp_path: Path, solved: tuple[Study, Run]) -> None:
    study, _ = solved
    name = study.layers.subdistricts["name"].iloc[0]
    run = study.with_settings({"modes": ("adjust",)}).propose(subdistricts=[name], engine="serial")
    assert [row["name"] for row in run.alternatives[0].certificates()] == [name]


def test_an_unknown_subdistrict_is_named_with_those_there_are(solved: tuple[Study, Run]) -> None:
    study, _ = solved
    with pytest.raises(CaseError, match=str(study.layers.subdistricts["name"].iloc[0])):
        study.propose(subdistricts=["nowhere"])


def test_a_number_of_communities_is_kept(solved: tuple[Study, Run]) -> None:
    study, run = solved
    adjust = next(a for a in run.alternatives if a.plan.mode == "adjust")
    wanted = len(adjust.plan.communities) + 1
    fixed = study.with_settings({"modes": ("adjust",), "communities": {"": (wanted, wanted)}})
    (alternative,) = fixed.propose(engine="serial").alternatives
    assert len(alternative.plan.communities) == wanted


def test_stopping_at_once_still_hands_in_whole_files(hamlet: Path, tmp_path: Path) -> None:
    study = Study.open(hamlet, language="en")
    run = study.propose(engine="serial", stop=lambda: True)
    page = study.write(run, tmp_path / "out")
    assert page.exists()
    for alternative in run.alternatives:
        for row in alternative.certificates():
            assert row["status"] in {"optimal", "feasible", "infeasible", "unknown"}


def test_a_plan_file_that_is_no_plan_is_refused_with_a_sentence(solved: tuple[Study, Run], tmp_path: Path) -> None:
    study, _ = solved
    path = tmp_path / "plan.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.csv"):
        study.check(path)


@needs_shared
def test_xian_beilin_keeps_every_household_from_file_to_plan(tmp_path: Path) -> None:
    """266,894 households in 10,057 points, 88 communities: the figures of the data's own page."""
    study = Study(beilin(tmp_path)).with_settings({"modes": ("adjust",), "time_limit_s": 15.0})
    assert (study.layers.households, len(study.layers.buildings)) == (266_894, 10_057)
    assert study.territory.atoms.table["households"].sum() == 266_894
    (alternative,) = study.propose().alternatives
    assert alternative.adoptable
    table = study.layers.buildings["households"].groupby(alternative.judged.division.buildings).sum()
    assert table.sum() == 266_894
    assert table.between(1000, 5000).all()


@needs_shared
def test_cambridge_is_read_cut_and_diagnosed(tmp_path: Path) -> None:
    """43,100 households: the figure of the data's own page."""
    study = Study(cambridge(tmp_path))
    assert study.layers.households == 43_100
    assert study.territory.atoms.table["households"].sum() == 43_100
    assert study.diagnose().counts["merge_trigger"] > 50, "census block groups are far below 1,000 households"
    assert SHARED.is_dir()
    # block groups lie across neighbourhoods, and some neighbourhoods have no legal plan: the rest is still judged
    (whole,) = study.with_settings({"modes": ("whole",)}).propose(engine="serial").alternatives
    assert whole.plan.unresolved
    assert whole.judged.division.buildings.notna().all()


@needs_shared
def test_subdistricts_that_were_not_asked_for_stay_untouched(tmp_path: Path) -> None:
    """Not even the few who live over the border of their atom move, and nobody there is blamed."""
    study = Study(beilin(tmp_path)).with_settings({"modes": ("adjust",), "time_limit_s": 20.0})
    (alternative,) = study.propose(subdistricts=["东关南街街道"], engine="serial").alternatives
    before, after = study.today.buildings, alternative.judged.division.buildings
    elsewhere = study.layers.buildings["subdistrict_id"] != study.subdistrict_ids(["东关南街街道"])[0]
    assert (before[elsewhere] == after[elsewhere]).all()
    assert {finding.subdistrict for finding in alternative.judged.findings} <= {"东关南街街道"}
    assert alternative.adoptable


def test_plans_of_one_file_name_are_told_apart(
    solved: tuple[Study, Run], handed_over: Path, tmp_path: Path
) -> None:
    study, _ = solved
    paths = [handed_over / "plans" / mode / "plan.csv" for mode in ("adjust", "redraw")]
    today = tmp_path / "today.csv"
    today.write_bytes(paths[0].read_bytes())
    judged, comparison = study.compare([*paths, today, paths[0]])
    assert [one.division.name for one in judged] == ["adjust", "redraw", "today (2)", "adjust (2)"]
    assert list(comparison.table.index) == ["today", "adjust", "redraw", "today (2)", "adjust (2)"]
    moved = comparison.table["households_moved"]
    assert moved["today"] == 0
    assert moved["adjust"] == moved["today (2)"] == moved["adjust (2)"]

"""The grid level end to end on the smallest sample town: cover, nesting, codes, files and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from districting.cli.app import main
from districting.errors import CaseError
from districting.flow.gridding import GridRun
from districting.flow.run import Run
from districting.study import Study


@pytest.fixture(scope="module")
def divided(solved: tuple[Study, Run]) -> tuple[Study, GridRun]:
    """Today's communities of the hamlet in grids."""
    study, _ = solved
    return study, study.grids(engine="serial")


@pytest.fixture(scope="module")
def written(divided: tuple[Study, GridRun], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of that division."""
    study, run = divided
    return study.write_grids(run, tmp_path_factory.mktemp("grids") / "out").parent


def test_grids_cover_every_community_without_overlap(divided: tuple[Study, GridRun]) -> None:
    study, run = divided
    grids = run.grids.outlines
    for community_id, land in study.today.outlines.geometry.items():
        own = grids.geometry[grids["community_id"] == community_id].to_numpy()
        assert shapely.union_all(own).symmetric_difference(land).area < 1.0
        assert shapely.area(own).sum() == pytest.approx(land.area, abs=1.0)


def test_every_household_is_in_one_grid_of_its_own_community(divided: tuple[Study, GridRun]) -> None:
    study, run = divided
    homes = study.today.buildings.dropna()
    found = run.grids.buildings.reindex(homes.index).map(run.grids.outlines["community_id"])
    assert (found == homes).all()
    inside = study.layers.buildings["households"].reindex(homes.index).sum()
    assert run.figures["households"].sum() == inside


def test_what_is_out_of_bounds_is_proved_or_told(divided: tuple[Study, GridRun]) -> None:
    _, run = divided
    sizes = run.figures["households"]
    out = set(run.figures.loc[~sizes.between(300, 500) & (sizes > 0), "community_id"])
    certificates = pd.DataFrame(run.certificates).set_index("community_id")
    assert out == set(certificates.index[certificates["missed_households"] > 0])
    assert (certificates["missed_lower_bound"] <= certificates["missed_households"]).all()
    told = {run.grids.outlines["community_id"].get(one.community_id, one.community_id) for one in run.findings}
    assert out <= told


def test_codes_are_text_unique_and_say_the_community(divided: tuple[Study, GridRun]) -> None:
    study, run = divided
    codes = run.figures.index
    assert codes.is_unique
    assert all(isinstance(code, str) for code in codes)
    community = study.layers.communities["code"]
    for code, owner in run.figures["community_id"].items():
        assert str(code)[:-3] == community[owner]
    numbers = pd.Series([int(code[-3:]) for code in codes]).groupby(run.figures["community_id"].to_numpy())
    assert all(sorted(one) == list(range(1, len(one) + 1)) for _, one in numbers)


def test_files_agree_with_each_other(divided: tuple[Study, GridRun], written: Path) -> None:
    _, run = divided
    table = pd.read_csv(written / "grids.csv", dtype=str)
    homes = pd.read_csv(written / "buildings.csv", dtype={"grid_id": str})
    land = gpd.read_file(written / "grids.gpkg", layer="grids")
    record = json.loads((written / "grids.json").read_text(encoding="utf-8"))
    assert list(table["grid_id"]) == list(run.figures.index) == list(land["grid_id"])
    held = homes.groupby("grid_id")["households"].sum().reindex(table["grid_id"], fill_value=0)
    assert list(held) == list(table["households"].astype(int)) == list(land["households"])
    assert record["totals"]["grids"] == record["totals"]["workers"] == len(table)
    assert {row["community_id"] for row in record["communities"]} == set(table["community_id"])
    assert record["rule"]["borrowed"] is True
    findings = json.loads((written / "findings.json").read_text(encoding="utf-8"))
    assert len(findings) == len(run.findings)
    assert all(one["sentence"] for one in findings)


def test_the_excel_table_keeps_codes_as_text_and_sums_households(
    divided: tuple[Study, GridRun], written: Path
) -> None:
    _, run = divided
    sheet = openpyxl.load_workbook(written / "grids.xlsx").worksheets[0]
    values = list(sheet.iter_rows(values_only=True))
    first = next(at for at, row in enumerate(values) if row[0] == run.figures.index[0])
    assert [row[0] for row in values[first : first + len(run.figures)]] == list(run.figures.index)
    assert int(run.figures["households"].sum()) in values[first + len(run.figures)]


def test_the_map_opens_without_a_network_and_names_types(written: Path) -> None:
    page = (written / "map.html").read_text(encoding="utf-8")
    assert "Grid border" in page
    assert "property-managed" in page
    assert "per grid" in page


def test_a_plan_can_be_divided_from_its_folder(
    divided: tuple[Study, GridRun], handed_over: Path, hamlet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sorted((handed_over / "plans").iterdir())[0]
    out = hamlet.parent / "out" / "grids"
    with pytest.raises(SystemExit) as ended:
        main(["grids", str(hamlet), str(folder), "-o", str(out), "--engine", "serial", "--json"])
    assert ended.value.code in (0, 1)
    record = json.loads(capsys.readouterr().out)
    assert record["plan"] == folder.name
    communities = set(pd.read_csv(folder / "plan.csv", dtype=str)["community_id"].dropna())
    assert {row["community_id"] for row in record["communities"]} == communities


def test_a_policy_without_a_grid_rule_is_refused_with_the_mend(divided: tuple[Study, GridRun]) -> None:
    study, _ = divided
    with pytest.raises(CaseError) as refused:
        study.grids(policy="national-2026", engine="serial")
    assert "wuxue-2013-grid" in refused.value.sentences("en")[0]


def test_the_case_may_name_the_policy_of_its_grids(hamlet: Path) -> None:
    hamlet.write_text(
        hamlet.read_text(encoding="utf-8") + '\n[grids]\npolicy = "national-2026"\n', encoding="utf-8"
    )
    with pytest.raises(CaseError):
        Study.open(hamlet).grids(engine="serial")


def test_a_search_that_is_stopped_leaves_every_community_covered(divided: tuple[Study, GridRun]) -> None:
    study, _ = divided
    run = study.grids(engine="serial", stop=lambda: True)
    area = run.figures.groupby("community_id")["area_m2"].sum()
    land = study.today.outlines.geometry.area
    assert np.allclose(area, land.reindex(area.index), atol=len(run.figures))
    assert "unknown" in {row["status"] for row in run.certificates}

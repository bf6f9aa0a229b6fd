"""Files for other programs, and results that appear whole or not at all."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from districting.errors import InputError
from districting.plans.division import Division
from districting.plans.reading import read_plan
from districting.reports.atomic import OutputFolder, check_place, replacing
from districting.reports.colours import colour_communities
from districting.reports.exports import (
    write_buildings_csv,
    write_findings,
    write_plan_csv,
    write_plan_geopackage,
)
from districting.reports.plain import plain
from districting.reports.run_record import plan_record, run_record, subdistrict_record, write_run_record
from districting.solvers.result import Conflict, Result, Term
from tests.reports.town import Study, study, territory


def _geopackage(path: Path, given: Study) -> Path:
    today, plan = given.divisions
    write_plan_geopackage(
        path,
        plan,
        today=today,
        territory=given.territory,
        figures=given.figures["adjust"],
        colours=colour_communities([one.outlines.geometry for one in given.divisions]),
        language="zh",
        actions={"A": "adjust", "B": "adjust", "C": "keep"},
    )
    return path


def test_a_plan_written_as_csv_reads_back_as_the_same_plan(tmp_path: Path) -> None:
    given = study()
    plan = given.divisions[1]
    write_plan_csv(tmp_path / "plan.csv", plan)
    back = read_plan(tmp_path / "plan.csv", given.territory)
    assert (tmp_path / "plan.csv").read_bytes().startswith(b"atom_id,community_id\na00,A\n")
    assert back.buildings.to_dict() == plan.buildings.to_dict()


def test_the_list_of_buildings_tells_before_and_after(tmp_path: Path) -> None:
    given = study()
    today, plan = given.divisions
    write_buildings_csv(tmp_path / "b.csv", plan, today=today, territory=given.territory)
    table = pd.read_csv(tmp_path / "b.csv", dtype=str).set_index("building_id")
    moved = table[table["community_before"] != table["community_after"]]
    assert moved.to_dict("index") == {
        "b21": {"community_before": "A", "community_after": "B", "households": "600"}
    }


def test_a_division_of_polygons_has_no_list_of_atoms(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no plan of atoms"):
        write_plan_csv(tmp_path / "plan.csv", Division.today(territory()))


def test_the_geopackage_holds_the_five_layers_with_their_columns(tmp_path: Path) -> None:
    path = _geopackage(tmp_path / "plan.gpkg", study())
    columns = {
        name: list(pyogrio.read_info(path, layer=name)["fields"])
        for name in ("communities", "atoms", "buildings", "seats", "changes")
    }
    assert columns["communities"][:9] == [
        "community_id", "name", "subdistrict", "households", "people", "area_m2", "action", "seat_x", "seat_y",
    ]  # fmt: skip
    assert columns["atoms"] == ["atom_id", "community_id", "households", "subdistrict_id", "water"]
    assert columns["buildings"] == ["building_id", "atom_id", "community_id", "households"]
    assert columns["changes"] == ["atom_id", "community_before", "community_after", "households"]
    communities = gpd.read_file(path, layer="communities").set_index("community_id")
    assert communities["households"].to_dict() == {"A": 3000, "B": 2400, "C": 1800}
    assert communities["area_m2"].to_dict() == {"A": 50_000, "B": 40_000, "C": 30_000}
    assert communities["action"].to_dict() == {"A": "adjust", "B": "adjust", "C": "keep"}
    assert communities.crs.to_epsg() == 32649
    changes = gpd.read_file(path, layer="changes")
    assert changes.drop(columns="geometry").to_numpy().tolist() == [["a21", "A", "B", 600]]


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    given = study()
    one = _geopackage(tmp_path / "one.gpkg", given).read_bytes()
    assert one == _geopackage(tmp_path / "two.gpkg", given).read_bytes()


def test_qgis_finds_a_default_style_for_every_layer(tmp_path: Path) -> None:
    path = _geopackage(tmp_path / "plan.gpkg", study())
    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT f_table_name, styleQML, useAsDefault FROM layer_styles").fetchall()
    assert [row[0] for row in rows] == ["communities", "atoms", "buildings", "seats", "changes"]
    renderers = {name: ElementTree.fromstring(qml).find("renderer-v2") for name, qml, _ in rows}
    assert all(default for _, _, default in rows)
    assert renderers["communities"] is not None
    assert renderers["communities"].get("attr") == "colour"


def test_a_plan_without_changes_writes_an_empty_layer_of_changes(tmp_path: Path) -> None:
    given = study()
    today = given.divisions[0]
    write_plan_geopackage(
        tmp_path / "same.gpkg",
        today,
        today=today,
        territory=given.territory,
        figures=given.figures["today"],
        colours=colour_communities([today.outlines.geometry]),
        language="en",
    )
    assert len(gpd.read_file(tmp_path / "same.gpkg", layer="changes")) == 0


def test_findings_are_plain_json(tmp_path: Path) -> None:
    write_findings(tmp_path / "findings.json", study().findings["today"])
    (finding,) = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert finding["community_id"] == "A"
    assert (finding["measured"], finding["allowed"], finding["unit"]) == (3600, 3000, "households")
    assert finding["place"] == [310_100.0, 3_790_150.0]


def test_the_run_record_keeps_proofs_and_says_none_where_there_is_no_plan(tmp_path: Path) -> None:
    given = study()
    terms = (Term("moved_households", float("inf"), 12.0),)
    conflicts = (Conflict("atom_over_max", atoms=("a00",), measured=6000, allowed=5000),)
    failed = Result("S", "adjust", "infeasible", None, float("inf"), 12.0, terms, 0.5, 7, conflicts)
    entry = subdistrict_record(failed, atoms=12, communities_before=3, communities_after=3)
    plan = plan_record(
        plan_id="adjust", mode="adjust", profile="", households_moved=0, communities=3, findings_must=1,
        subdistricts=[entry],
    )  # fmt: skip
    record = run_record(policy=given.policy, layers=given.territory.layers, seed=7, plans=[plan])
    write_run_record(tmp_path / "run.json", record)
    read = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert read["schema"] == 1
    assert read["policy"]["overrides"][0]["because"] == "the town is small"
    (written,) = read["plans"][0]["subdistricts"]
    assert (written["status"], written["objective"], written["lower_bound"], written["gap_proved"]) == (
        "infeasible", None, 12.0, None,
    )  # fmt: skip
    assert written["conflicts"][0]["atoms"] == ["a00"]


def test_plain_knows_numpy_and_refuses_nothing_that_json_lacks() -> None:
    assert plain({"a": np.int64(3), "b": np.array([1.5, np.nan]), "c": (float("inf"), {"y", "x"})}) == {
        "a": 3,
        "b": [1.5, None],
        "c": [None, ["x", "y"]],
    }


def test_a_run_that_breaks_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with OutputFolder(out) as folder:
        (folder / "run.json").write_text("old")
    with pytest.raises(KeyboardInterrupt), OutputFolder(out) as folder:
        (folder / "run.json").write_text("new")
        raise KeyboardInterrupt
    assert (out / "run.json").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_new_run_replaces_the_folder_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("old.txt", "new.txt"):
        with OutputFolder(out) as folder:
            (folder / "run.json").write_text("{}")
            (folder / name).write_text(name)
    assert sorted(entry.name for entry in out.iterdir()) == ["new.txt", "run.json"]


def test_no_folder_but_a_result_is_ever_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case's own folder, people's files, the working folder, a file: each stays as it is."""
    for name in ("here", "mail", "case", "empty"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "mail" / "lists.xlsx").write_text("counted by hand")
    for name in ("case.toml", "run.json"):
        (tmp_path / "case" / name).write_text("")
    for name, key in (
        ("mail", "out_foreign"),
        ("mail/lists.xlsx", "out_foreign"),
        ("case", "out_foreign"),
        ("here", "out_holds"),
        ("", "out_holds"),
    ):
        with pytest.raises(InputError) as refused, OutputFolder(tmp_path / name):
            pytest.fail("nothing is written")
        assert [fault.key for fault in refused.value.faults] == [f"fault.{key}"]
    with pytest.raises(InputError), OutputFolder(Path()):
        pytest.fail("nothing is written")
    with pytest.raises(InputError):
        check_place(tmp_path / "empty", tmp_path / "empty" / "case.toml")
    for name in ("lists.json", "rerun.json", "comments.csv"):  # empty, then each time a result
        with OutputFolder(tmp_path / "empty") as folder:
            (folder / name).write_text("")
            (folder / "locks.toml").write_text("")
    assert (tmp_path / "mail" / "lists.xlsx").read_text() == "counted by hand"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["case", "empty", "here", "mail"]


def test_a_run_killed_between_the_two_renames_is_mended_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".out.old").mkdir()
    (tmp_path / ".out.old" / "run.json").write_text("old")
    with pytest.raises(ValueError), OutputFolder(tmp_path / "out"):
        raise ValueError
    assert (tmp_path / "out" / "run.json").read_text() == "old"


def test_what_a_killed_run_had_begun_to_write_goes_with_the_next_and_what_a_live_one_writes_stays(
    tmp_path: Path,
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    begun = [tmp_path / f".out.{socket.gethostname()}.{number}.abc" for number in (ended.pid, os.getppid())]
    elsewhere = tmp_path / f".out.another-machine.{ended.pid}.abc"
    for folder in (*begun, elsewhere):
        folder.mkdir()
        (folder / "run.json").write_text("half")
    with OutputFolder(tmp_path / "out") as folder:
        (folder / "run.json").write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([begun[1].name, elsewhere.name, "out"])


def test_a_file_that_breaks_half_way_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ValueError), replacing(path) as temporary:
        temporary.write_text("half")
        raise ValueError
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]

"""A rerun from files to files: what changed is found, the rest stays letter by letter, and as few as can be move."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from districting.case import Case
from districting.cli import main
from districting.errors import PlanError
from districting.records.adoption import Asked
from districting.rerun.proposals import SubdistrictProposal
from districting.rerun.reference import find_reference
from districting.rerun.rerunning import Rerun
from districting.rerun.writing import write_rerun
from districting.study import Study
from districting.territory.sample import Size, write_sample

TABLES = ("plan.csv", "buildings.csv", "communities.csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of two sub-districts, and the output folder of a plan for it; not to be changed."""
    place = tmp_path_factory.mktemp("rerun")
    study = Study.open(write_sample(place / "town", size=Size(2, 12, 12)), language="en")
    study = study.with_settings({"time_limit_s": 30.0})
    run = study.propose(modes=("adjust",), engine="serial")
    assert not run.alternatives[0].plan.unresolved
    study.write(run, place / "out", recorded=False)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy of one's own: ``town/`` to be changed, ``out/`` the plan in force."""
    for name in ("town", "out"):
        shutil.copytree(made / name, tmp_path / name)
    return tmp_path


def edited(place: Path, layer: str, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]) -> None:
    """Change a file of the town."""
    path = place / "town" / f"{layer}.gpkg"
    change(gpd.read_file(path)).to_file(path, driver="GPKG")


def rerun(place: Path, **options: Any) -> Rerun:
    """A rerun against the plan in force."""
    study = Study.open(place / "town" / "case.toml", language="en")
    return study.rerun(place / "out", engine="serial", **options)


def adopted(case: Path, plan: Path, *, document: str) -> Study:
    """Put a plan in force; the study of the case."""
    study = Study.open(case, language="en")
    for status in ("draft", "submitted", "approved"):
        study.adopt(plan, Asked(person="p", status=status, document=document, date="2026-11-20"))
    return study


def largest(place: Path) -> tuple[str, str, list[str]]:
    """The community with most households in the plan in force, its sub-district and its buildings."""
    table = pd.read_csv(place / "out/plans/adjust/communities.csv", dtype={"community_id": str})
    row = table.sort_values("households").iloc[-1]
    homes = pd.read_csv(place / "out/plans/adjust/buildings.csv", dtype=str)
    mine = homes.loc[homes["community_after"] == row["community_id"], "building_id"]
    return str(row["community_id"]), str(row["subdistrict_id"]), list(mine)


def rows(folder: Path, table: str) -> list[str]:
    """Rows of a table of the plan in an output folder."""
    return (folder / "plans/adjust" / table).read_text(encoding="utf-8").splitlines()


def grown(place: Path, factor: float) -> tuple[str, str]:
    """Let the largest community grow; its id and its sub-district."""
    community, subdistrict, homes = largest(place)

    def more(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        mine = table["building_id"].isin(homes)
        for column in ("households", "people", "registered_people", "dwellings"):
            table.loc[mine, column] = (table.loc[mine, column] * factor).round().astype("int64")
        return table

    edited(place, "buildings", more)
    return community, subdistrict


def made_again(text: str) -> bool:
    """Whether a rerun came out the same but for times, which its two records hold, and bounds proved another way."""
    others = {name: outcome for name, outcome in json.loads(text)["files"].items() if outcome != "same"}
    # where not even the rounded seconds differ, the records are the same as well
    told = others.pop("run.json", "same"), others.pop("rerun.json", "same")
    return told[0] in ("same", "timed_same", "timed_bounds") and told[1] in ("same", "timed_same") and not others


def call(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and stdout of one call."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return int(caught.value.code or 0), capsys.readouterr().out


def read(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_nothing_changed_is_nothing_to_do_also_when_a_file_is_saved_again(place: Path) -> None:
    edited(place, "buildings", lambda table: table.sample(frac=1.0, random_state=3))
    found = rerun(place)
    assert found.outcome == "nothing"
    assert not found.changes.inputs
    assert found.study is None  # nothing was cut, joined or judged
    written = write_rerun(found, place / "again", language="en")
    assert json.loads(written.read_text(encoding="utf-8"))["outcome"] == "nothing"
    assert sorted(path.name for path in written.parent.iterdir()) == ["carried.csv", "rerun.json"]


def test_a_community_over_its_trigger_is_split_and_the_other_sub_district_stays_letter_by_letter(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    community, subdistrict = grown(place, 1.7)
    case, out, new = place / "town/case.toml", place / "out", place / "new"
    code, text = call("rerun", case, "--previous", out, "-o", new, "--engine", "serial", "--json", capsys=capsys)
    assert code == 10
    told = json.loads(text)
    assert told == read(new / "rerun.json")
    assert told["outcome"] == "proposals"
    assert told["affected"] == told["touched"] == [subdistrict]
    fresh = [(one["kind"], one["community_id"]) for one in told["triggers"] if not one["accepted"]]
    assert fresh == [("split", community)]
    (proposal,) = told["proposals"]
    assert proposal["lower_bound"] <= proposal["households_moved"] < 0.5 * told["buildings"]["households_after"]
    assert (new / "index.html").is_file()

    (other,) = told["untouched"]
    then, now = (read(folder / "run.json")["fingerprints"]["subdistricts"] for folder in (out, new))
    assert then[other]["hash"] == now[other]["hash"]
    assert then[subdistrict]["hash"] != now[subdistrict]["hash"]
    atoms = gpd.read_file(new / "plans/adjust/plan.gpkg", layer="atoms").set_index("atom_id")["subdistrict_id"]
    homes = gpd.read_file(new / "plans/adjust/plan.gpkg", layer="buildings").set_index("building_id")
    lies_in = {"plan.csv": atoms, "buildings.csv": homes["atom_id"].map(atoms)}
    for table in TABLES:
        old, fresh_rows = rows(out, table), rows(new, table)
        assert old[0] == fresh_rows[0]
        assert fresh_rows[1:] == sorted(fresh_rows[1:], key=lambda line: line.split(",")[0])
        for line in set(old) ^ set(fresh_rows):
            here = (
                next(csv.reader([line]))[5] if table == "communities.csv" else lies_in[table][line.split(",")[0]]
            )
            assert here == subdistrict, (table, line)

    after = Study.open(case).rerun(new, engine="serial")
    assert after.outcome == "nothing"  # the proposal answers what asked for it
    assert not after.changes.inputs

    shutil.rmtree(out)  # the records have what the rerun started from
    run_id, again = read(new / "run.json")["run_id"], place / "again"
    code, text = call(
        "history", case, "--reproduce", run_id, "-o", again, "--engine", "serial", "--json", capsys=capsys
    )
    assert code == 0 and made_again(text)
    assert {*TABLES} < {path.name for path in (again / "plans/adjust").iterdir()}


@pytest.mark.parametrize(("accepted", "outcome"), [(False, "no_plan"), (True, "nothing")])
def test_a_search_that_leaves_all_as_it_is_answers_nothing_that_asks_for_a_change(
    accepted: bool, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with one building that is larger than any community may be."""
    finding = SimpleNamespace(subdistrict="S")
    found = object.__new__(Rerun)
    trigger = SimpleNamespace(finding=finding, accepted=accepted, fresh=not accepted, told="")
    object.__setattr__(found, "triggers", (trigger,))
    kept = SubdistrictProposal("1", "S", "optimal", 0, 0, 7, 7, 0.0)
    monkeypatch.setattr(Rerun, "proposals", (kept,))
    assert found.outcome == outcome


def test_what_was_accepted_with_the_plan_is_proposed_only_when_it_gets_worse(place: Path) -> None:
    community, subdistrict = grown(place, 1.7)
    path = place / "out/plans/adjust/communities.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    held = table["community_id"] == community
    size = int(float(table.loc[held, "households"].iloc[0]) * 1.8)
    table.loc[held, "households"] = str(size)  # as if it had been larger when the plan was made
    table.to_csv(path, index=False)
    found = rerun(place)
    assert found.outcome == "nothing"
    (told,) = [one for one in found.triggers if one.finding.community_id == community and one.kind == "split"]
    assert told.accepted
    assert told.before == size
    assert subdistrict in rerun(place, everything=True, stop=lambda: True).affected


def test_new_vanished_and_moved_buildings_keep_or_find_their_community(place: Path) -> None:
    community, _, homes = largest(place)

    def change(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        mine = table[table["building_id"].isin(homes) & (table["households"] > 0)]
        table = table[table["building_id"] != mine["building_id"].iloc[0]]
        extra = mine.iloc[[1]].assign(building_id="NEW1", community_id=None)
        other = table[~table["building_id"].isin(homes) & (table["households"] > 0)].index[0]
        shape = mine.geometry.iloc[2]
        table.loc[other, "geometry"] = shapely.affinity.translate(shape, 0.5, 0.5)
        return gpd.GeoDataFrame(pd.concat([table, extra], ignore_index=True), crs=table.crs)

    edited(place, "buildings", change)
    found = rerun(place)
    assert found.carried is not None
    told = found.carried.rows.set_index("kind")
    assert told.at["new", "building_id"] == "NEW1"
    assert told.at["new", "to_id"] == community
    assert told.at["vanished", "from_id"] == community
    assert told.at["moved", "to_id"] == community
    assert told.at["moved", "from_id"] != community
    buildings = found.carried.layers.buildings
    stayed = buildings.index.difference(["NEW1", told.at["moved", "building_id"]])
    before = pd.read_csv(place / "out/plans/adjust/buildings.csv", dtype=str, keep_default_na=False)
    after = buildings.loc[stayed, "community_id"].fillna("")
    assert (before.set_index("building_id")["community_after"].reindex(stayed) == after).all()


def test_new_homes_on_land_in_no_community_are_a_question_for_people(made: Path, tmp_path: Path) -> None:
    study = Study.open(made / "town" / "case.toml", language="en")
    shutil.copytree(made / "out", tmp_path / "out")
    path = tmp_path / "out/plans/adjust/plan.gpkg"
    layer = gpd.read_file(path, layer="communities")
    edge = layer.index[0]
    hole = layer.geometry[edge].representative_point().buffer(90)
    layer.geometry = layer.geometry.difference(hole)  # as if the plan had left this land out
    layer.to_file(path, layer="communities", driver="GPKG")
    home = study.layers.buildings.iloc[[0]].copy()
    home.index = pd.Index(["NEW1"], name="building_id")
    home.geometry = [hole.centroid]
    home["subdistrict_id"] = next(
        key for key, shape in study.layers.subdistricts.geometry.items() if shape.contains(hole.centroid)
    )
    buildings = gpd.GeoDataFrame(pd.concat([study.layers.buildings, home.assign(households=40)]).sort_index())
    study.__dict__["layers"] = replace(study.layers, buildings=buildings)
    found = study.rerun(tmp_path / "out", engine="serial")
    fresh = [one for one in found.triggers if not one.accepted]
    assert "unassigned" in {one.kind for one in fresh}
    assert all(one.finding.subdistrict == fresh[0].finding.subdistrict for one in fresh)
    assert found.alternative is not None
    assert found.alternative.judged.division.buildings["NEW1"] is not None
    assert found.carried is not None
    assert found.carried.counts["new_nowhere"] == {"rows": 1, "households": 40}


def test_a_new_road_cuts_its_own_sub_district_anew_and_leaves_the_other_its_atoms(place: Path) -> None:
    table = gpd.read_file(place / "out/plans/adjust/plan.gpkg", layer="atoms")
    land = gpd.read_file(place / "town/subdistricts.gpkg").geometry
    table["beyond"] = table.geometry.apply(lambda shape: max(one.boundary.distance(shape) for one in land))
    inner = table[table["beyond"] > 400].sort_values("households").iloc[-1]  # the road is not near the other one
    west, south, east, north = inner.geometry.bounds
    middle = (south + north) / 2
    road = shapely.LineString([(west - 30, middle), (east + 30, middle)])
    edited(
        place,
        "roads",
        lambda roads: gpd.GeoDataFrame(
            pd.concat(
                [
                    roads,
                    roads.iloc[[0]].assign(road_id="NEW", road_class="primary", name="新路").set_geometry([road]),
                ]
            ),
            crs=roads.crs,
        ),
    )
    found = rerun(place)
    assert [change.subject for change in found.changes.inputs] == ["roads"]
    assert found.recut == {inner["subdistrict_id"]}
    assert found.study is not None
    atoms = found.study.territory.atoms
    others = table[table["subdistrict_id"] != inner["subdistrict_id"]]
    assert set(others["atom_id"]) == set(
        atoms.table.index[atoms.table["subdistrict_id"] != inner["subdistrict_id"]]
    )
    assert atoms.table["households"].sum() == found.study.layers.households
    assert found.carried is not None
    assert inner["atom_id"] in set(found.carried.rows["atom_id"])
    standing = found.study.layers.buildings["community_id"].fillna("")
    before = pd.read_csv(place / "out/plans/adjust/buildings.csv", dtype=str, keep_default_na=False)
    assert (before.set_index("building_id")["community_after"].reindex(standing.index) == standing).all()


def test_a_changed_rule_a_setting_and_a_lock_are_changes_and_are_named(place: Path) -> None:
    community, _, _ = largest(place)
    case = place / "town" / "case.toml"
    text = case.read_text(encoding="utf-8").replace("[solve]", "[solve]\nheadroom = 0.1")
    text += '\n[overrides]\n"size.max" = { value = 5100, because = "agreed" }\n'
    text += f'\n[[locks]]\nkind = "keep"\ncommunities = ["{community}"]\n'
    case.write_text(text, encoding="utf-8")
    assert Case.read(case).locks
    found = rerun(place)
    told = {(change.kind, change.subject): (change.before, change.after) for change in found.changes.inputs}
    assert told["rule", "size.max"] == (5000, 5100)
    assert told["setting", "headroom"] == (0.05, 0.1)
    assert ("locks", "") in told
    assert found.changes.touched == set(found.names)


def test_the_command_ends_with_zero_or_two_and_never_eats_its_reference(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, out, new = place / "town/case.toml", place / "out", place / "new"
    code, text = call("rerun", case, "--previous", out, "-o", new, "-l", "en", capsys=capsys)
    assert code == 0
    assert "Nothing to do" in text
    assert call("rerun", case, "-o", new, capsys=capsys)[0] == 2  # no adopted plan, and none named
    assert call("rerun", case, "--previous", out, "-o", out, capsys=capsys)[0] == 2
    assert (out / "run.json").is_file()
    assert call("rerun", case, "--previous", out, "-o", place / "town", capsys=capsys)[0] == 2
    assert case.is_file()  # the case's own folder is no result


def test_a_reference_that_lacks_a_file_is_refused_by_name(place: Path) -> None:
    (place / "out/plans/adjust/plan.gpkg").unlink()
    with pytest.raises(PlanError) as caught:
        rerun(place, plan="adjust")
    assert "plan.gpkg" in caught.value.sentences("en")[0]
    with pytest.raises(PlanError) as caught:
        rerun(place, plan="whole")
    assert "adjust" in caught.value.sentences("en")[0]


def test_the_adopted_plan_is_the_reference_whatever_previous_says(place: Path) -> None:
    study = adopted(place / "town/case.toml", place / "out/plans/adjust", document="No. 1")
    found = find_reference(study.case, place / "elsewhere")
    assert (found.source, found.plan_id, found.label) == ("adopted", "adjust", "No. 1")
    assert found.basis == json.loads(json.dumps(study.basis))


def test_a_rerun_from_the_adopted_plan_is_made_again_also_when_another_plan_has_been_adopted_since(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, new, again = place / "town/case.toml", place / "new", place / "again"
    adopted(case, place / "out/plans/adjust", document="No. 1")
    _, subdistrict = grown(place, 1.7)
    shutil.rmtree(place / "out")  # the records have the plan
    code, text = call("rerun", case, "-o", new, "--engine", "serial", "--json", capsys=capsys)
    told = json.loads(text)
    assert (code, told["reference"]["source"], told["affected"]) == (10, "adopted", [subdistrict])
    run_id = read(new / "run.json")["run_id"]
    adopted(case, new / "plans/adjust", document="No. 2")

    code, text = call(
        "history", case, "--reproduce", run_id, "-o", again, "--engine", "serial", "--json", capsys=capsys
    )
    assert code == 0 and made_again(text)
    assert read(again / "rerun.json")["reference"]["label"] == "No. 1"
    for name in sorted({*TABLES, "plan.gpkg", "findings.json"}):
        assert (again / "plans/adjust" / name).read_bytes() == (new / "plans/adjust" / name).read_bytes()
    history = json.loads(call("history", case, "--json", capsys=capsys)[1])
    assert history["adopted"] == f"{run_id}/adjust"  # making a run again changes no record
    assert [one["verb"] for one in history["runs"]] == ["rerun"]

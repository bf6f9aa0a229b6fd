"""A plan on its way from draft to approval: step by step, judged, archived, on the map, and never two at once."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from districting.errors import PlanError
from districting.flow.case_tables import Freeze
from districting.flow.freeze import changed_communities
from districting.plans.division import Division
from districting.records.adoption import Asked, Plans, adopted_plan
from districting.records.archive import Archive, content_hash
from districting.records.store import Store, records_path
from districting.review.computed import read_computed
from districting.review.drafts import Drafts
from districting.study import Study

#: What the run of the town found depends on the machine; its approval is not to.
DESPITE = "the town is drawn for tests"

#: Parts of a study that are read once for all tests.
KEPT = ("layers", "policy", "territory", "today", "_diagnosis", "_network")


def key(error: pytest.ExceptionInfo[PlanError]) -> str:
    """The one sentence of a refusal, by its key."""
    (fault,) = error.value.faults
    return fault.key.removeprefix("fault.")


def files_of(place: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def town(
    solved: tuple[Study, object], handed_over: Path, hamlet_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Study, Path]:
    """The town with a run of its own beside it; what is read of it is kept."""
    folder = Path(shutil.copytree(hamlet_folder, tmp_path_factory.mktemp("adoption") / "town"))
    out = Path(shutil.copytree(handed_over, folder / "out"))
    study = Study(dataclasses.replace(solved[0].case, path=folder / "case.toml"), language="en")
    study.__dict__.update({name: getattr(solved[0], name) for name in KEPT})
    return study, out


@pytest.fixture
def fresh(town: tuple[Study, Path]) -> Iterator[tuple[Study, Path]]:
    """The same before anything was adopted."""
    yield town
    records_path(town[0].case.path).unlink(missing_ok=True)


def test_a_plan_is_adopted_step_by_step_and_stands_on_the_map_with_all_its_files(
    fresh: tuple[Study, Path], tmp_path: Path
) -> None:
    study, out = fresh
    place = out / "plans" / "adjust"
    with pytest.raises(PlanError) as skipped:
        study.adopt(place, Asked("Li", "approved"))
    assert key(skipped) == "adopt_step"
    assert adopted_plan(study.case) is None
    entered = study.adopt(place, Asked("Li"))
    assert (entered.was, entered.status) == ("", "draft")
    with pytest.raises(PlanError) as skipped:
        study.adopt("adjust", Asked("Li", "approved"))
    assert key(skipped) == "adopt_step"
    assert study.adopt(place / "plan.csv", Asked("Wang")).status == "submitted"
    assert adopted_plan(study.case) is None
    done = study.adopt(
        entered.plan_ref, Asked("Zhao", document="碑政发〔2026〕12号", date="2026-12-01", despite=DESPITE)
    )
    assert (done.was, done.status, done.person) == ("submitted", "approved", "Zhao")

    adopted = adopted_plan(study.case)
    assert adopted is not None
    assert (adopted.plan_id, adopted.entry.document, adopted.entry.date) == (
        "adjust",
        "碑政发〔2026〕12号",
        "2026-12-01",
    )
    unpacked = adopted.unpack(tmp_path / "again")
    assert unpacked == tmp_path / "again" / "plans" / "adjust"
    assert files_of(unpacked) == files_of(place)
    assert (tmp_path / "again" / "run.json").read_bytes() == (out / "run.json").read_bytes()

    told = study.history()
    assert told.adopted == adopted.entry
    assert [(move.status, move.person) for move in told.moves] == [
        ("draft", "Li"),
        ("submitted", "Wang"),
        ("approved", "Zhao"),
    ]


def test_the_records_are_a_geopackage_that_a_gis_opens_without_a_warning(fresh: tuple[Study, Path]) -> None:
    study, out = fresh
    for _ in range(3):
        study.adopt(out / "plans" / "adjust", Asked("Li", date="2026-12-01", document="12", despite=DESPITE))
    path = records_path(study.case.path)
    assert [one.name for one in path.parent.glob(f"{path.name}*")] == [path.name]  # no log is left beside it
    kinds = dict(pyogrio.list_layers(path))
    assert kinds == {
        "runs": None, "plans": None, "moves": None, "quiet_runs": None,
        "adopted_communities": "MultiPolygon", "adopted_buildings": "Point",
    }  # fmt: skip
    land = gpd.read_file(path, layer="adopted_communities").set_index("community_id")
    was = gpd.read_file(out / "plans/adjust/plan.gpkg", layer="communities").set_index("community_id")
    assert land.crs == was.crs
    assert land.geometry.geom_equals(was.geometry).all()
    shared = ["name", "code", "subdistrict", "households", "people", "seat_x"]
    pd.testing.assert_frame_equal(pd.DataFrame(land[shared]), pd.DataFrame(was[shared]), check_dtype=False)
    assert set(land["document"]) == {"12"}
    homes = gpd.read_file(path, layer="adopted_buildings").set_index("building_id")
    plan = pd.read_csv(out / "plans/adjust/buildings.csv", dtype=str).set_index("building_id")
    assert homes["community_id"].to_dict() == plan["community_after"].to_dict()
    assert list(gpd.read_file(path, layer="moves")["status"]) == ["draft", "submitted", "approved"]


def test_an_approval_supersedes_the_plan_before_and_a_withdrawal_leaves_none(fresh: tuple[Study, Path]) -> None:
    study, out = fresh
    for plan in ("adjust", "whole"):
        for _ in range(3):
            study.adopt(out / "plans" / plan, Asked("Li", despite=DESPITE))
    told = study.history()
    assert {one.plan_id: one.status for one in told.plans} == {"adjust": "superseded", "whole": "approved"}
    with pytest.raises(PlanError) as refused:
        study.adopt("whole", Asked("Li", "withdrawn"))
    assert key(refused) == "adopt_reason"
    study.adopt("whole", Asked("Li", "withdrawn", note="a complaint was upheld"))
    assert adopted_plan(study.case) is None
    assert "adopted_communities" not in pyogrio.list_layers(records_path(study.case.path))[:, 0]
    assert study.history().moves[-1].note == "a complaint was upheld"
    with pytest.raises(PlanError):
        study.adopt("adjust", Asked("Li", "superseded"))


def test_a_plan_that_breaks_must_rules_is_approved_only_for_a_reason_that_stays_on_record(
    fresh: tuple[Study, Path], tmp_path: Path
) -> None:
    study, _ = fresh
    table = pd.DataFrame({"community_id": study.today.buildings}).rename_axis("building_id")
    file = tmp_path / "today.csv"
    table.to_csv(file)
    broken = sum(finding.strength == "must" for finding in study.diagnose().findings)
    assert broken > 0
    entered = study.adopt(file, Asked("Li"))
    assert entered.findings_must == broken
    study.adopt(file, Asked("Li"))
    with pytest.raises(PlanError) as refused:
        study.adopt(entered.plan_ref, Asked("Li", "approved"))
    assert key(refused) == "adopt_must"
    assert adopted_plan(study.case) is None
    study.adopt(entered.plan_ref, Asked("Li", "approved", despite="until the new centre opens"))
    assert study.history().moves[-1].despite == "until the new centre opens"


def test_a_folder_that_was_changed_after_it_entered_is_not_taken_for_the_plan(
    fresh: tuple[Study, Path], tmp_path: Path
) -> None:
    study, out = fresh
    other = Path(shutil.copytree(out, tmp_path / "out"))
    study.adopt(other / "plans" / "adjust", Asked("Li"))
    with (other / "plans" / "adjust" / "communities.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(PlanError) as refused:
        study.adopt(other / "plans" / "adjust", Asked("Li"))
    assert key(refused) == "adopt_changed"


def test_runs_that_find_the_same_plan_keep_their_own_records_and_are_named_by_the_beginning_of_their_id(
    tmp_path: Path, places: tuple[Path, Path]
) -> None:
    """Another seed, the same plan: what an earlier program kept under the hash without a run still opens."""
    plan = places[0]
    with Store(tmp_path / "case.records.gpkg") as store:
        plans = Plans(store)
        for seed, run_id in enumerate(("f70e01", "a81b02")):
            record = tmp_path / f"{run_id}.json"
            record.write_text(json.dumps({"run_id": run_id, "seed": seed}))
            packed = Archive.pack(plan, record)
            figures = {"households_moved": 0, "communities": 3, "findings_must": 0}
            plans.enter(f"{run_id}/adjust", "adjust", packed, Asked("Li"), figures=figures)
        for seed, named in enumerate(("f70e/adjust", "a8/adj")):
            entry = plans.find(named)
            assert entry is not None
            plans.archive(entry).unpack(tmp_path / str(seed))
            assert json.loads((tmp_path / str(seed) / "run.json").read_text())["seed"] == seed
        assert plans.find("a81b/redraw") is None
    files = {f"plans/adjust/{name}": content for name, content in files_of(plan).items()}
    earlier = content_hash(files)
    assert earlier != packed.sha256
    assert packed.is_known_as(earlier)
    assert Archive(earlier, packed.content).unpack(tmp_path / "earlier").is_dir()


def test_a_plan_that_changes_a_frozen_community_waits_for_the_end_of_the_freeze(
    fresh: tuple[Study, Path], tmp_path: Path
) -> None:
    study, _ = fresh
    labels, owner, _ = with_bare_land_moved(study)
    file = tmp_path / "mine.csv"
    labels.rename("community_id").rename_axis("atom_id").to_csv(file)
    freeze = Freeze("2027-06-30", "election", communities=(owner,))
    frozen = Study(dataclasses.replace(study.case, freeze=freeze), language="en")
    frozen.__dict__.update({name: getattr(study, name) for name in KEPT})
    with pytest.raises(PlanError) as refused:
        frozen.adopt(file, Asked("Li", date="2027-06-29"))
    assert key(refused) == "adopt_frozen"
    assert "election" in str(refused.value)
    assert frozen.adopt(file, Asked("Li", date="2027-06-30")).status == "draft"


def test_a_draft_that_reviewers_have_settled_is_adopted_by_its_title(fresh: tuple[Study, Path]) -> None:
    study, out = fresh
    found = read_computed(out, "adjust", study.territory, study.today)
    assert found is not None
    labels, communities = found
    with Store(records_path(study.case.path), review_id="run1") as store:
        drafts = Drafts(store)
        told = {"labels": labels, "communities": communities, "person": "p"}
        drafts.begin("draft-1", title="Plan of the district", status="draft", **told)
        drafts.begin("draft-2", title="Not yet", status="draft", **told)
        drafts.mark("draft-1", "final", expected=0, person="p")
    with pytest.raises(PlanError) as refused:
        study.adopt("Not yet", Asked("Li"))
    assert key(refused) == "adopt_not_final"
    for _ in range(3):
        move = study.adopt("run1/draft-1@0" if _ else "Plan of the district", Asked("Li", despite=DESPITE))
    assert (move.plan_ref, move.status) == ("run1/draft-1@0", "approved")
    adopted = adopted_plan(study.case)
    assert adopted is not None
    table = pd.read_csv(out / "plans/adjust/buildings.csv", dtype=str).set_index("building_id")
    kept = gpd.read_file(records_path(study.case.path), layer="adopted_buildings").set_index("building_id")
    assert kept["community_id"].to_dict() == table["community_after"].to_dict()


def test_whoever_names_no_plan_is_told_which_there_are(fresh: tuple[Study, Path]) -> None:
    study, out = fresh
    with pytest.raises(PlanError) as refused:
        study.adopt("nothing", Asked("Li"))
    assert key(refused) == "adopt_unknown"
    with pytest.raises(PlanError) as refused:
        study.adopt(out, Asked("Li"))
    assert key(refused) == "adopt_no_plan"
    with pytest.raises(PlanError) as refused:
        study.adopt(out / "plans" / "adjust", Asked("Li", date="1.12.2026"))
    assert key(refused) == "adopt_day"


def test_land_that_changes_counts_as_a_change_also_where_nobody_lives(solved: tuple[Study, object]) -> None:
    study = solved[0]
    everybody = list(map(str, study.layers.communities.index))
    labels, owner, other = with_bare_land_moved(study)
    same = Division.of_atoms(study.territory.atoms.table["community_id"], study.territory)
    assert changed_communities(same, study.today, study.territory, everybody) == []
    changed = Division.of_atoms(labels, study.territory)
    assert changed_communities(changed, study.today, study.territory, everybody) == sorted([owner, other])


def with_bare_land_moved(study: Study) -> tuple[pd.Series[str], str, str]:
    """Today's atoms with one atom without a building in another community: labels, its owner, who gets it."""
    table = study.territory.atoms.table
    bare = table.index[(table["households"] == 0) & ~table["water"] & table["community_id"].notna()]
    atom = next(one for one in bare if one not in set(study.territory.atoms.building_atom))
    owner = str(table.loc[atom, "community_id"])
    other = next(str(one) for one in study.layers.communities.index if one != owner)
    labels = table["community_id"].copy()
    labels[atom] = other
    return labels, owner, other

"""What has no answer is proved and told once; runs with nothing to do are a line in the history and no more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest

from districting.records.adoption import Asked
from districting.records.store import Store, records_path
from districting.study import Study

#: Households of a building that nothing divides; a community has at most 5,000 under this policy.
GIANT, GROWN, WORSE = 12_000, 13_000, 13_500


def give(case: Path, households: int, *, building: str) -> None:
    """Let a building have so many households."""
    path = case.with_name("buildings.gpkg")
    table = gpd.read_file(path)
    mine = table["building_id"].astype(str) == building
    for column, share in (("households", 1.0), ("dwellings", 1.0), ("people", 2.6), ("registered_people", 2.6)):
        table.loc[mine, column] = int(share * households)
    table.to_file(path, driver="GPKG")


@pytest.fixture(scope="module")
def adopted(hamlet_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with one building of 12,000 households, and the plan that was approved for it; not to be changed."""
    folder = Path(shutil.copytree(hamlet_folder, tmp_path_factory.mktemp("standing") / "town"))
    case = folder / "case.toml"
    records_path(case).unlink(missing_ok=True)
    table = gpd.read_file(folder / "buildings.gpkg")
    giant = str(table.loc[table["households"].idxmax(), "building_id"])
    give(case, GIANT, building=giant)
    (folder / "giant").write_text(giant, encoding="utf-8")
    study = Study.open(case, language="en")
    study.write(study.propose(modes=("adjust",), engine="serial"), folder / "out")
    for status in ("draft", "submitted", "approved"):
        study.adopt(folder / "out/plans/adjust", Asked("Li", status, "No. 1", "2026-11-01", despite="one tower"))
    return case


@pytest.fixture
def town(adopted: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return Path(shutil.copytree(adopted.parent, tmp_path / "town")) / "case.toml"


def test_a_building_that_nothing_divides_is_told_once_and_again_only_when_it_gets_worse(
    town: Path, call: Callable[..., tuple[int, str]]
) -> None:
    giant = town.with_name("giant").read_text(encoding="utf-8")
    again = ("-o", town.with_name("new"), "--engine", "serial", "-l", "en")
    give(town, GROWN, building=giant)
    code, text = call("rerun", *again)
    assert code == 3
    assert "Proposals" not in text
    assert "proved that nothing is better" in text
    told = json.loads(town.with_name("new").joinpath("rerun.json").read_text(encoding="utf-8"))
    assert told["outcome"] == "no_plan"
    assert [(one["changed"], one["households_moved"]) for one in told["proposals"]] == [(0, 0)]

    code, text = call("rerun", *again, "--json")  # the next month, nothing else differs
    told = json.loads(text)
    assert (code, told["outcome"], told["reason"], told["affected"]) == (0, "nothing", "standing", [])
    (known,) = [one for one in told["triggers"] if one["told"]]
    assert known["measured"] > known["before"]
    assert told["spared"] == told["touched"]
    assert not town.with_name("new").joinpath("plans").exists()

    table = gpd.read_file(town.with_name("buildings.gpkg"))
    other = table[(table["households"] > 5) & (table["building_id"].astype(str) != giant)].iloc[0]
    give(town, int(other["households"]) - 1, building=str(other["building_id"]))
    code, text = call("rerun", *again)  # something else differs: searched again, with the same answer
    assert code == 0
    assert "proved that nothing is better" in text and "told on" in text and "Nothing to do" in text

    give(town, WORSE, building=giant)
    assert call("rerun", *again)[0] == 3
    history = json.loads(call("history", "--json")[1])
    assert [one["verb"] for one in history["runs"]] == ["propose", "rerun", "rerun"]
    assert [(one["reason"], one["times"]) for one in history["quiet"]] == [("standing", 1), ("standing", 1)]


def test_runs_with_nothing_to_do_are_one_line_as_long_as_they_find_the_same(
    town: Path, call: Callable[..., tuple[int, str]]
) -> None:
    for _ in range(3):
        assert call("rerun", "-o", town.with_name("new"))[0] == 0
    table = gpd.read_file(town.with_name("buildings.gpkg"))
    give(town, int(table["households"].iloc[0]) + 1, building=str(table["building_id"].iloc[0]))
    assert call("rerun", "-o", town.with_name("new"))[0] == 0
    first, second = json.loads(call("history", "--json")[1])["quiet"]
    assert (first["reason"], first["times"], first["reference"]) == ("unchanged", 3, "No. 1")
    assert second["reason"] in ("no_trigger", "accepted") and second["times"] == 1
    assert first["inputs"]["buildings"] != second["inputs"]["buildings"]
    assert first["inputs"]["roads"] == second["inputs"]["roads"]
    code, text = call("history", "-l", "zh")
    assert code == 0 and "无需调整的运行" in text and "输入没有变化" in text
    with Store(records_path(town)) as store:
        assert [one.action for one in store.entries()].count("quiet_run") == 2


def test_records_of_an_earlier_program_tell_no_quiet_runs_and_take_them(
    town: Path, call: Callable[..., tuple[int, str]]
) -> None:
    with Store(records_path(town)) as store, store.change() as change:
        change.write("DROP TABLE quiet_runs")
        change.write("DELETE FROM gpkg_contents WHERE table_name = 'quiet_runs'")
    assert json.loads(call("history", "--json")[1])["quiet"] == []
    assert call("rerun", "-o", town.with_name("new"))[0] == 0
    assert len(json.loads(call("history", "--json")[1])["quiet"]) == 1

"""A list that somebody saved wrongly moves nobody: what it said last counts, and it goes back once."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest

from districting.case import Case
from districting.flow.lists import enter_lists, with_files
from districting.records.accepted import keep_accepted, read_accepted
from districting.records.store import Store, records_path
from districting.reports.atomic import replacing
from districting.rerun.notices import Notice
from districting.rerun.writing import write_rerun
from districting.study import Study

LIST = "新安街道.csv"


def write_list(case: Path, counts: dict[str, int]) -> None:
    """The list of the sub-district: households by building."""
    rows = ["楼栋编号,户数", *(f"{key},{count}" for key, count in counts.items())]
    case.with_name(LIST).write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def planned(hamlet_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town whose list tells other counts than its layer, and its plan in ``out/``; not to be changed."""
    folder = Path(shutil.copytree(hamlet_folder, tmp_path_factory.mktemp("refused") / "town"))
    case = folder / "case.toml"
    records_path(case).unlink(missing_ok=True)
    table = gpd.read_file(folder / "buildings.gpkg")
    homes = table[table["households"] > 20].head(30)
    write_list(case, {str(row.building_id): int(row.households) + 2 for row in homes.itertuples()})
    enter_lists(with_files(Case.read(case), [case.with_name(LIST)]))
    study = Study.open(case, language="en")
    study.write(study.propose(modes=("adjust",), engine="serial"), folder / "out")
    return case


@pytest.fixture
def town(planned: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return Path(shutil.copytree(planned.parent, tmp_path / "town")) / "case.toml"


def test_a_list_that_can_no_longer_be_read_keeps_its_counts_goes_back_once_and_stands_in_the_history(
    town: Path, call: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def heard(report: Any, *, event: str, **_: Any) -> tuple[Notice, ...]:
        events.append(event)
        return ()

    monkeypatch.setattr("districting.cli.rerun.announce", heard)
    before = Study.open(town).layers.buildings["households"]
    town.with_name(LIST).write_bytes(b"\x81\xff\xff")  # a file that was torn on its way
    assert Study.open(town).layers.buildings["households"].equals(before)

    out = town.with_name("new")
    code, text = call("rerun", "--previous", town.with_name("out"), "-o", out, "--engine", "serial", "--json")
    told = json.loads(text)
    assert (code, told["outcome"], told["changes"], told["touched"]) == (0, "nothing", [], [])
    (one,) = told["lists"]
    assert one["file"] == LIST and one["kept"] and not one["told"]
    (returned,) = (out / "returned").iterdir()
    assert returned.name == "新安街道退回清单.xlsx"
    cells = [str(cell.value) for row in openpyxl.load_workbook(returned).worksheets[0].iter_rows() for cell in row]
    assert LIST in cells

    code, text = call(
        "rerun", "--previous", town.with_name("out"), "-o", out, "--engine", "serial", "-l", "en"
    )  # the next night
    assert code == 0 and "still counts" in text and "Returned on" in text
    assert not (out / "returned").exists()
    assert events == ["lists", "nothing_to_do"]

    (quiet,) = json.loads(call("history", "--json")[1])["quiet"]
    assert quiet["times"] == 2 and list(quiet["lists"]) == [LIST]
    assert LIST in call("history", "-l", "en")[1]

    code, text = call("lists", "-o", town.with_name("returned"), "-l", "en")
    assert code == 0 and "still counts" in text  # it went back with the rerun, and is remembered


def test_a_list_that_is_sent_again_is_taken_again_and_the_records_keep_the_latest_only(
    town: Path, call: Callable[..., tuple[int, str]]
) -> None:
    case = Case.read(town)
    first = read_accepted(case, LIST)
    assert first is not None and first.content == town.with_name(LIST).read_bytes()
    building = first.content.decode().splitlines()[1].split(",")[0]
    write_list(town, {building: 25})
    assert call("rerun", "--previous", town.with_name("out"), "-o", town.with_name("new"))[0] == 0
    again = read_accepted(case, LIST)
    assert again is not None and again.content == town.with_name(LIST).read_bytes()
    with Store(records_path(town)) as store:
        held = [row["content"] for row in store.rows("SELECT content FROM archives")]
    assert again.content in held and first.content not in held


def test_a_list_that_no_run_ever_took_leaves_the_counts_of_the_layer_and_says_so(
    hamlet: Path, tmp_path: Path
) -> None:
    records_path(hamlet).unlink(missing_ok=True)
    hamlet.with_name(LIST).write_bytes(b"\x81\xff\xff")
    enter_lists(with_files(Case.read(hamlet), [hamlet.with_name(LIST)]))
    lists = Study.open(hamlet).layers.lists
    assert lists is not None and not lists.kept and len(lists.refused) == 1


def test_what_is_kept_is_what_was_taken_and_not_what_the_file_holds_by_now(town: Path) -> None:
    case = Case.read(town)
    before = read_accepted(case, LIST)
    write_list(town, {"1": 1})
    keep_accepted(case, [(LIST, "0" * 64)])  # the file was written over between reading and keeping
    assert read_accepted(case, LIST) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_rerun_killed_at_20_random_times_leaves_whole_results_and_whole_records(town: Path) -> None:
    out, at = town.with_name("new"), town.with_name(LIST)
    first = at.read_bytes()
    contents = (first, first + b"B999999,1\n")  # a row of no building goes back, all others stay
    found = []
    for content in contents:
        at.write_bytes(content)
        found.append(Study.open(town, language="en").rerun(town.with_name("out")))
        write_rerun(found[-1], out, language="en")
    assert [one.outcome for one in found] == ["nothing", "nothing"]
    rng, told = random.Random(11), []
    for _ in range(20):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # later Pythons warn of threads, which idle here
            child = os.fork()
        if not child:
            for turn in range(100_000):
                with replacing(at) as draft:
                    draft.write_bytes(contents[turn % 2])
                write_rerun(found[turn % 2], out, language="en")
            os._exit(0)
        time.sleep(rng.uniform(0.0, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with sqlite3.connect(records_path(town)) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        file.close()
        known = read_accepted(Case.read(town), LIST)
        assert known is not None and known.content in contents
        left = out if out.exists() else out.with_name(f".{out.name}.old")  # the next run puts it back
        assert sorted(path.name for path in left.iterdir()) == ["carried.csv", "rerun.json"]
        assert json.loads((left / "rerun.json").read_text(encoding="utf-8"))["outcome"] == "nothing"
        with Store(records_path(town)) as store:
            told.append(store.rows("SELECT sum(times) AS n FROM quiet_runs")[0]["n"])
    assert told == sorted(told) and told[-1] > told[0]  # what was entered once stays
    at.write_bytes(first)
    write_rerun(found[0], out, language="en")
    assert out.is_dir()

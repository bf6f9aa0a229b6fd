"""Killed at any moment while it writes, a run leaves the old folder or the new one, and records that agree."""

from __future__ import annotations

import os
import random
import signal
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from districting.case import Case
from districting.records.history import read_history
from districting.records.manifest import outputs_of
from districting.records.store import Store, records_path
from districting.reports.atomic import recover
from districting.rerun.writing import write_rerun
from districting.study import Study

KILLS = 6


def test_propose_and_rerun_killed_at_random_times_leave_the_old_folder_or_the_new_and_the_next_needs_no_hand(
    hamlet: Path, tmp_path: Path
) -> None:
    study = Study.open(hamlet, language="en")
    run = study.propose(modes=("adjust",), engine="serial")
    study.write(run, tmp_path / "reference", recorded=False)
    _double_largest(hamlet, tmp_path / "reference/plans/adjust")
    found = Study.open(hamlet, language="en").rerun(tmp_path / "reference", engine="serial")
    assert found.outcome == "proposals"
    out, place = tmp_path / "work" / "out", tmp_path / "work"
    turns = (lambda: study.write(run, out), lambda: write_rerun(found, out, language="en"))
    whole, seconds = [], 0.0
    for turn in turns:
        clock = time.perf_counter()
        turn()
        seconds += time.perf_counter() - clock
        whole.append(outputs_of(out))
    rng, told = random.Random(20261123), [_made(hamlet)]
    for _ in range(KILLS):
        child = _forked(*turns)
        time.sleep(rng.uniform(0.0, seconds))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        recover(out)  # as the next run does first
        assert outputs_of(out) in whole
        told.append(_made(hamlet))
    assert told == sorted(told)  # what was entered stays
    turns[0]()
    assert outputs_of(out) == whole[0] and _made(hamlet) == told[-1] + 1
    assert [path.name for path in place.iterdir()] == ["out"]  # what was begun is gone


def _double_largest(case: Path, plan: Path) -> None:
    """Let everything in the largest community of a plan be there twice."""
    sizes = pd.read_csv(plan / "communities.csv").set_index("community_id")["households"]
    homes = pd.read_csv(plan / "buildings.csv").set_index("building_id")["community_after"]
    layer = gpd.read_file(case.with_name("buildings.gpkg"))
    mine = layer["building_id"].map(homes) == sizes.idxmax()
    for column in ("households", "people", "registered_people", "dwellings"):
        layer.loc[mine, column] *= 2
    layer.to_file(case.with_name("buildings.gpkg"), driver="GPKG")


def _forked(*turns: Callable[[], object]) -> int:
    """A process that takes turns until it is killed; its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # later Pythons warn of threads, which idle here
        child = os.fork()
    if not child:
        while True:
            for turn in turns:
                turn()
    return child


def _made(case: Path) -> int:
    """How often the runs of the records were made; they are whole, and tell the same of it everywhere."""
    with Store(records_path(case)) as store:
        assert store.rows("PRAGMA integrity_check")[0][0] == "ok"
        entered = Counter(entry.detail["run"] for entry in store.entries() if entry.action == "run")
    assert entered == Counter({run.run_id: run.made for run in read_history(Case.read(case)).runs})
    return entered.total()
